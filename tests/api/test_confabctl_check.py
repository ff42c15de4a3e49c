"""confabctl check, stats and events purge."""

import re

import pytest

from support.client import Client
from support.confabctl import Tool, hold_housekeeping


@pytest.fixture(scope="module")
def own(make_instance):
    """An instance with known content."""
    return hold_housekeeping(make_instance())


@pytest.fixture(scope="module")
def tool(own):
    return Tool(own)


def states(report):
    return {check["check"]: check["state"] for check in report["checks"]}


def detail(report, name):
    return next(check for check in report["checks"] if check["check"] == name)


# ---- check ----

def test_all_checks_pass_on_a_running_instance(tool, own):
    report = tool.json("check")
    assert report["ok"] is True
    assert [(check["check"], check["state"], check["try"]) for check in report["checks"]] == [
        (name, "ok", None)
        for name in ("configuration", "files", "database", "schema", "changes", "redis")]
    assert detail(report, "configuration")["detail"] == str(own.config)
    assert f"{own.state}/sock/db.sock" in detail(report, "database")["detail"]
    assert detail(report, "redis")["detail"] == f"{own.state}/sock/redis.sock"
    assert report["differences"] is None


def test_every_check_prints_a_line(tool):
    lines = tool("check").splitlines()
    assert [line.split()[:2] for line in lines] == [
        ["ok", "configuration"], ["ok", "files"], ["ok", "database"], ["ok", "schema"],
        ["ok", "changes"], ["ok", "redis"]]
    assert [line.split()[:2] for line in tool("check", "--deep").splitlines()[6:]] == [
        ["ok", "counters"]]


def assert_failed(tool, name, fix, *args, **env):
    """The check fails and names the remedy, as text and as JSON."""
    report = tool.json("check", *args, code=1, **env)
    assert report["ok"] is False
    found = detail(report, name)
    assert found["state"] == "failed"
    assert fix in found["try"]
    lines = tool("check", *args, code=1, **env).splitlines()
    at = next(i for i, line in enumerate(lines) if line.split()[:2] == ["FAILED", name])
    assert lines[at].endswith(found["detail"])
    assert lines[at + 1].strip() == "fix: " + found["try"]
    assert tool.complaint == ""
    return report


def test_errors_in_the_configuration_are_reported_with_the_line(tool, tmp_path):
    path = tmp_path / "bad.conf"
    path.write_text("redis_timeout = 0\nnonsense\n")
    report = tool.json("check", "-c", path, code=1)
    assert [check["state"] for check in report["checks"]] == ["failed", "failed"]
    assert report["checks"][0]["detail"].startswith(f"{path}:1: ")
    assert report["checks"][1]["detail"].startswith(f"{path}:2: ")
    assert_failed(tool, "configuration", "--example-config", "-c", path)


def test_a_missing_configuration_file_fails(tool):
    assert_failed(tool, "configuration", "--example-config", "-c", "/nonexistent/confab.conf")


def test_a_secret_in_the_configuration_is_not_shown(tool, tmp_path):
    path = tmp_path / "bad.conf"
    path.write_text("database_password = opensesame\nredis_password = opensesame\nx\n")
    assert "opensesame" not in tool("check", "-c", path, code=1)


def test_an_unavailable_database_fails(tool):
    report = assert_failed(tool, "database", "start MariaDB",
                           CONFAB_DATABASE_SOCKET="/nonexistent/db.sock")
    assert states(report) == {"configuration": "ok", "files": "ok", "database": "failed",
                              "redis": "ok"}
    assert "/nonexistent/db.sock" in detail(report, "database")["detail"]


def test_a_database_that_does_not_exist_fails(tool):
    assert_failed(tool, "database", "CREATE DATABASE", CONFAB_DATABASE_NAME="no_such_database")


def test_a_database_that_denies_access_fails(tool):
    assert_failed(tool, "database", "database_user", CONFAB_DATABASE_USER="stranger")


def test_an_old_schema_fails(tool, own):
    own.sql("CREATE DATABASE IF NOT EXISTS bare_one")
    report = assert_failed(tool, "schema", "confabctl migrate", "--deep",
                           CONFAB_DATABASE_NAME="bare_one")
    assert report["differences"] is None


def test_a_newer_schema_fails(tool, own):
    own.sql("INSERT INTO schema_migration VALUES (999, 'from_the_future', '2030-01-01')")
    try:
        assert_failed(tool, "schema", "install the confab version")
    finally:
        own.sql("DELETE FROM schema_migration WHERE version = 999")


def test_a_newer_schema_may_be_for_older_programs_too(tool, own):
    """As the newer program has noted, for exactly this version."""
    own.sql("INSERT INTO schema_migration VALUES (999, 'from_the_future', '2030-01-01')")
    own.sql("REPLACE INTO site_value (name, value) VALUES ('schema_works_from', '999:1')")
    try:
        assert detail(tool.json("check"), "schema")["state"] == "ok"
        assert tool("migrate")
        for note in ("998:1", "999:998", "999", "x:1"):
            own.sql("UPDATE site_value SET value = ? WHERE name = 'schema_works_from'", note)
            assert_failed(tool, "schema", "install the confab version")
    finally:
        own.sql("DELETE FROM schema_migration WHERE version = 999")
        own.sql("DELETE FROM site_value WHERE name = 'schema_works_from'")


def test_an_unavailable_redis_fails(tool):
    report = assert_failed(tool, "redis", "start Redis",
                           CONFAB_REDIS_SOCKET="/nonexistent/redis.sock")
    assert states(report)["database"] == "ok"


def test_a_site_without_redis_gets_a_warning(tool):
    report = tool.json("check", CONFAB_REDIS_SOCKET="", CONFAB_REDIS_HOST="")
    assert report["ok"] is True
    assert detail(report, "redis")["state"] == "warning"
    assert "redis_socket" in detail(report, "redis")["try"]
    assert re.search("^warning  redis ", tool("check", CONFAB_REDIS_SOCKET="",
                                              CONFAB_REDIS_HOST=""), re.M)


# ---- stats and events purge ----

def stats_of(tool):
    return {line[:28].strip(): line[28:].strip()
            for line in tool("stats").splitlines()[1:]}


def test_stats_of_an_empty_site_are_zero(own):
    own.sql("CREATE DATABASE empty_site")
    tool = Tool(own)
    tool("migrate", CONFAB_DATABASE_NAME="empty_site")
    found = tool.json("stats", CONFAB_DATABASE_NAME="empty_site")
    assert found.pop("database_bytes") > 0
    assert found.pop("oldest_event_at") is None
    assert set(found.values()) == {0}


def test_stats_count_users_rooms_messages_and_events(tool, own):
    before = tool.json("stats")
    alice, bob, carol = (Client(own).register() for _ in range(3))
    tool("user", "disable", carol.name)
    tool("user", "staff", bob.name, "on")
    public = alice.room(is_private=False)["room_id"]
    gone = alice.room()["room_id"]
    alice.invite(public, bob)
    alice.post("/api/chat/rooms/direct/", json={"user_id": bob.id})
    message = alice.say(public)
    alice.say(gone)
    alice.delete(f"/api/chat/rooms/{public}/messages/{message['message_id']}/")
    alice.delete(f"/api/chat/rooms/{gone}/")
    assert bob.post("/api/auth/login/").status_code == 200
    after = tool.json("stats")
    grown = {key: after[key] - before[key] for key in before
             if key not in ("database_bytes", "oldest_event_at")}
    assert grown == {
        "users": 3, "active_users": 2, "staff_users": 1, "rooms": 2, "public_rooms": 1,
        "direct_rooms": 1, "deleted_rooms": 1, "memberships": 4, "messages": 1,
        # public: invitation, message, deletion; alice: three rooms made, one deleted; bob:
        # two invitations; carol: disabled
        "events": 3 + 4 + 2 + 1, "sessions": 1, "tokens": 3}
    shown = stats_of(tool)
    assert (shown["users"], shown["messages"]) == (str(after["users"]), str(after["messages"]))
    assert shown["oldest event (UTC)"] == after["oldest_event_at"][:19].replace("T", " ")
    assert re.fullmatch(r"\d+\.\d MiB", shown["database size"])


def test_the_oldest_event_may_be_on_a_room_or_a_user_stream(tool, own):
    alice = Client(own).register()
    room_id = alice.room()["room_id"]
    alice.say(room_id)
    own.sql("UPDATE event SET created_at = '2024-01-15 10:30:00.123456' WHERE room_id = ? "
            "AND seq = 1", room_id)
    assert tool.json("stats")["oldest_event_at"] == "2024-01-15T10:30:00.123456Z"
    own.sql("UPDATE user_event SET created_at = '2023-01-15 10:30:00' WHERE user_id = ? "
            "AND seq = 1", alice.id)
    assert tool.json("stats")["oldest_event_at"] == "2023-01-15T10:30:00.000000Z"
    own.sql("UPDATE event SET created_at = SYSDATE(6) WHERE room_id = ?; "
            "UPDATE user_event SET created_at = SYSDATE(6) WHERE user_id = ?", room_id, alice.id)


def test_purge_deletes_expired_rows_and_reports_the_numbers(tool, own):
    alice, bob = Client(own).register(), Client(own).register()
    kept, gone = alice.room()["room_id"], alice.room()["room_id"]
    for room_id in (kept, gone):
        alice.invite(room_id, bob)
        for number in range(3):
            alice.say(room_id, str(number))
    alice.delete(f"/api/chat/rooms/{gone}/")
    tool("events", "purge")
    assert tool("events", "purge").startswith("Rows deleted: 0 ")
    # Three of the room's four events have expired, and the first of bob's three.
    own.sql("UPDATE event SET created_at = SYSDATE(6) - INTERVAL 31 DAY WHERE room_id = ? "
            "AND seq <= 3", kept)
    own.sql("UPDATE user_event SET created_at = SYSDATE(6) - INTERVAL 31 DAY WHERE user_id = ? "
            "AND seq = 1", bob.id)
    assert tool("events", "purge", CONFAB_EVENT_RETENTION="40").startswith("Rows deleted: 0 ")
    assert tool("events", "purge").startswith("Rows deleted: 4 ")
    assert own.sql("SELECT oldest_seq, last_seq FROM room WHERE room_id = ?", kept) == [(4, 4)]
    assert own.sql("SELECT COUNT(*) FROM event WHERE room_id = ?", kept) == [(1,)]
    assert own.sql("SELECT (SELECT COUNT(*) FROM message WHERE room_id = ?), "
                   "(SELECT COUNT(*) FROM event WHERE room_id = ?)", gone, gone) == [(0, 0)]
    assert own.sql("SELECT COUNT(*) FROM message WHERE room_id = ?", kept) == [(3,)]
    assert tool.json("check", "--deep")["differences"] == []


def test_purge_deletes_expired_sessions(tool, own):
    alice = Client(own).register()
    alice.post("/api/auth/login/")
    before = tool.json("stats")["sessions"]
    own.sql("UPDATE session SET expires_at = SYSDATE(6) - INTERVAL 1 SECOND WHERE user_id = ?",
            alice.id)
    assert tool.json("stats")["sessions"] == before - 1
    tool("events", "purge")
    assert own.sql("SELECT COUNT(*) FROM session WHERE user_id = ?", alice.id) == [(0,)]


def test_purge_continues_until_nothing_is_left(tool, own):
    alice = Client(own).register()
    room_id = alice.room()["room_id"]
    own.sql("INSERT INTO message (room_id, position, sender_id, message_type, created_at, "
            "client_id, content) SELECT ?, seq, ?, 1, SYSDATE(6), CONCAT('x', seq), 'x' "
            "FROM seq_1_to_3000", room_id, alice.id)
    alice.delete(f"/api/chat/rooms/{room_id}/")
    said = tool("events", "purge")
    # The messages, and the row that marks the room for purging.
    assert said.startswith("Rows deleted: 3001 ")
    assert own.sql("SELECT COUNT(*) FROM deleted_room") == [(0,)]
