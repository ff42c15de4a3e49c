"""Erasing an account: what goes at once, what goes afterwards, and what stays."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from support.api_key import Program
from support.client import Client
from support.confabctl import PASSWORD, Tool
from support.hooks import Worker
from support.files import announce, on_disk, post, send
from support.rooms import url
from support.shapes import wrong
from support.sql_session import SqlSession, lock_waits
from support.wait import wait_for

ME = "/api/auth/me/"
MARKER = "Zq7Xmarker"


def erase(client, messages="erase", **options):
    return client.delete(ME, json={"messages": messages, "password": PASSWORD}, **options)


def erased(client, messages="erase"):
    answer = erase(client, messages)
    assert (answer.status_code, answer.json()) == (202, {}), answer.text
    system = client.instance
    wait_for(lambda: not left(system), 60, "the end of the erasure")
    return f"deleted-{client.id}"


def left(system):
    """Works off what a worker would do."""
    assert system.confabctl("events", "purge").returncode == 0
    return system.sql("SELECT user_id FROM erasure")


# ---- the proof ----

@pytest.mark.parametrize("body, codes", [
    ({}, {"messages": "required", "password": "required"}),
    ({"password": PASSWORD}, {"messages": "required"}),
    ({"password": PASSWORD, "messages": "some"}, {"messages": "invalid_choice"}),
    ({"messages": "keep"}, {"password": "required"}),
    ({"password": "something else", "messages": "keep"}, {"password": "wrong_password"}),
    ({"jwt": "a.b.c", "messages": "keep"}, {"jwt": "unknown_key"}),
])
def test_a_wrong_request_erases_nothing(user, body, codes):
    client = user()
    answer = client.delete(ME, json=body)
    assert (answer.status_code, answer.json()) == (400, wrong(**codes))
    assert client.get(ME).json()["username"] == client.name


# ---- what goes, and what stays ----

# Columns of text that nothing a user writes gets into: made by confab, or by the administrator.
MADE = {
    "api_key": {"name", "scopes", "addresses", "key_hash"},
    "account_mail": {"token_hash"}, "address_ban": {"address"}, "audit": {"action"},
    "export_job": {"name"}, "file": {"stored_as", "media_type"}, "guest": {"address"},
    "hook": {"name", "url", "rooms", "secret", "old_secret", "failure"}, "external_user": {"issuer"},
    "follower": {"pull_name"}, "hook_in": {"name", "secret_hash"}, "housekeeping": {"task"},
    "identity_ban": {"identity"},
    "invite_link": {"link"}, "jwks": {"url", "body", "failure"}, "known_address": {"address"},
    "search_posting": {"positions"}, "search_term": {"term"},    # the latter of former versions
    "message": {"mentions"}, "held": {"mentions", "files"},
    # While messages are being deleted; and kept for report_days.
    "clearing": {"last_key"}, "report": {"content"}, "migrating": {"holder"}, "rate": {"bucket"}, "reaction": {"emoji"},
    "reaction_total": {"emoji"}, "room": {"bell", "room_key"}, "schema_migration": {"name"},
    "session": {"session_hash"}, "site_value": {"name", "value"}, "token": {"token_hash"},
    "total": {"name"}, "used_jwt": {"issuer_jti_hash"}, "user": {"password_hash", "bell", "locale"},
    "user_totp": {"secret", "recovery"}, "worker": {"name"}}
TEXTS = ("SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = "
         "DATABASE() AND data_type IN ('char', 'varchar', 'tinytext', 'text', 'mediumtext', "
         "'longtext', 'binary', 'varbinary', 'blob', 'mediumblob', 'longblob')")


def marked(system):
    """The columns that have the marker."""
    found = set()
    for table, column in system.sql(TEXTS):
        count, = system.sql(f"SELECT COUNT(*) FROM `{table}` WHERE LOCATE(?, "
                            f"LOWER(CONVERT(`{column}` USING utf8mb4)))", MARKER.lower())[0]
        if count:
            found.add((table, column))
    return found


def marked_elsewhere(system):
    """What else of the instance has it: files, logs, bells, and what is in Redis."""
    places = [path for path in system.state.rglob("*")
              if path.is_file() and path.relative_to(system.state).parts[0] != "db"
              and MARKER.lower().encode() in path.read_bytes().lower()]
    return places + [key for key in system.redis("KEYS", "*").split()
                     if MARKER.lower() in key.lower()]


def write_marker_everywhere(system, mark, other):
    """Returns the rooms: one of the marked user, one of the other, and that of both."""
    room, place = mark.room(MARKER + " alone"), other.room("Common")
    other.invite(place["room_id"], mark)
    theirs = other.say(place["room_id"], "of the other")
    direct = mark.post("/api/chat/rooms/direct/", json={"user_id": other.id}).json()
    assert mark.patch(url(room), json={"topic": MARKER}).status_code == 200
    for target in (room, place, direct):
        message = mark.say(target["room_id"], f"{MARKER} and a {MARKER}word",
                           client_id=f"{MARKER}-1")
        mark.patch(url(target, f"messages/{message['message_id']}/"),
                   json={"content": MARKER + " edited"})
        gone = mark.say(target["room_id"], MARKER, client_id=f"{MARKER}-2")
        mark.delete(url(target, f"messages/{gone['message_id']}/"))
        file = send(mark, target, MARKER.encode() * 9, f"{MARKER}.txt")
        assert post(mark, target, [file["file_id"]], content=MARKER).status_code == 201
        assert mark.get(file["url"]).status_code == 200
        send(mark, target, MARKER.encode(), f"{MARKER}-unused.txt")
        announce(mark, target, f"{MARKER}-begun.txt", 5)
    assert mark.post(url(place, "messages/"), json={
        "content": f"holdme {MARKER}", "client_id": f"{MARKER}-3"}).status_code == 202
    assert mark.patch(ME, json={"display_name": MARKER, "locale": "de", "avatar_url":
                                f"https://example.org/{MARKER}.png"}).status_code == 200
    assert mark.post("/api/auth/me/export/").status_code == 202
    with Worker(system, "--once") as worker:
        assert worker.process.wait(60) == 0, worker.log
    assert mark.get("/api/auth/me/export/").json()["url"]
    assert mark.post("/api/auth/email/", json={"email": f"{MARKER}@example.org",
                                               "password": PASSWORD}).status_code == 202
    system.sql("UPDATE user SET email = ? WHERE user_id = ?", f"{MARKER}@example.org", mark.id)
    assert mark.post(url(place, f"messages/{theirs['message_id']}/report/"),
                     json={"reason": "spam", "note": MARKER}).status_code == 201
    assert mark.post(url(room, "bans/"), json={"user_id": other.id,
                                               "reason": MARKER}).status_code == 201
    assert mark.post("/api/chat/blocks/", json={"user_id": other.id}).status_code == 201
    assert mark.put(url(place, f"messages/{theirs['message_id']}/reactions/"),
                    json={"emoji": "👍"}).status_code == 200
    mark.get("/api/chat/search/", params={"q": MARKER})
    mark.get("/api/chat/users/", params={"search": MARKER})
    with mark.socket(place["room_id"]) as live, mark.notifications() as own:
        live.until("connected")
        own.until("connected")
    system.sql("INSERT INTO external_user (issuer, subject, user_id) VALUES ('site', ?, ?)",
               MARKER, mark.id)
    assert system.confabctl("search", "rebuild").returncode == 0
    return room, place, direct


@pytest.mark.slow("an instance of its own")
def test_nothing_of_the_user_is_left_in_tables_files_logs_and_caches(make_instance, tmp_path):
    words = tmp_path / "words"
    words.write_text("holdme hold\n")
    system = make_instance(CONFAB_FILTER_FILE=str(words), CONFAB_MAIL_FROM="chat@example.org",
                           CONFAB_MAIL_SERVER="smtp://127.0.0.1:9", CONFAB_LOG_LEVEL="debug")
    mark = Client(system).register(MARKER.lower(), PASSWORD)
    other = Client(system).register()
    _, place, direct = write_marker_everywhere(system, mark, other)
    # All columns for texts are looked at, also those that are new.
    texts = {(table, column) for table, column in system.sql(TEXTS)}
    made = {(table, column) for table, columns in MADE.items() for column in columns}
    assert texts - made - marked(system) == set(), "write the marker there, and erase it"

    name = erased(mark)
    assert marked(system) == set()
    assert marked_elsewhere(system) == []
    assert on_disk(system) == {}
    # The conversation keeps its shape.
    page = other.get(url(place, "messages/")).json()
    assert page["count"] == 4 and [
        (message["sender_username"], message["is_deleted"], message["content"], message["files"])
        for message in page["results"]] == 3 * [(name, True, "", [])] + [
            (other.name, False, "of the other", [])]
    assert other.get(url(place)).json()["members_count"] == 1
    assert other.get(url(direct)).json()["name"] == name
    Tool(system)("check", "--deep")


def test_kept_messages_are_shown_under_the_name_of_a_deleted_user(user):
    mark, other = user(), user()
    room = mark.room()["room_id"]
    mark.invite(room, other)
    mark.say(room, "stays")
    path = f"/api/chat/rooms/{room}/"
    # Every process of the server has the name.
    for _ in range(20):
        [message] = other.get(f"{path}messages/").json()["results"]
        assert message["sender_username"] == mark.name
    tag = other.get(f"{path}messages/").headers["ETag"]
    assert erase(mark, "keep").status_code == 202
    for _ in range(20):
        [message] = other.get(f"{path}messages/").json()["results"]
        assert (message["sender_username"], message["content"]) == (f"deleted-{mark.id}", "stays")
    assert other.get(f"{path}messages/", headers={"If-None-Match": tag}).status_code == 200
    # The last admin is followed by the member who joined first, as after leaving.
    [member] = other.get(f"{path}members/").json()["results"]
    assert (member["user_id"], member["role"]) == (other.id, "admin")


def test_credentials_and_sockets_end_at_once_and_the_name_is_free(user):
    mark = user()
    name, browser = mark.name, mark.browser()
    with mark.notifications() as socket:
        origin = {"Origin": mark.instance.url}
        assert erase(browser, "keep", headers=origin).status_code == 202
        assert socket.closed() == 4401
    assert mark.get(ME).status_code == 401
    assert browser.get(ME).status_code == 401
    login = {"username": name, "password": PASSWORD}
    assert Client(mark.instance).post("/api/auth/token/", json=login).status_code == 400
    assert user(name).id != mark.id
    answer = Client(mark.instance).post("/api/auth/register/", json={
        "username": "deleted-1", "password": PASSWORD})
    assert (answer.status_code, answer.json()) == (400, wrong(username="invalid"))


def test_messages_in_rooms_with_numbers_far_apart_are_erased(user, instance):
    """Rooms are gone through in slices."""
    mark, other = user(), user()
    first = mark.room()["room_id"]
    instance.sql(f"ALTER TABLE room AUTO_INCREMENT = {first + 25_000}")
    second = mark.room()["room_id"]
    assert second > first + 20_000
    for room in (first, second):
        mark.invite(room, other)
        mark.say(room, "words", client_id="mine")
    erased(mark)
    assert instance.sql("SELECT content, is_deleted, client_id LIKE 's-%' FROM message "
                        "WHERE sender_id = ?", mark.id) == 2 * [("", 1, 1)]


def test_a_process_that_is_late_skips_no_messages_of_the_next_room(user, instance):
    """Two processes delete at once; one has moved on to the next room when the other is done with a
    slice of the first."""
    mark = user()
    first, second = (mark.room()["room_id"] for _ in range(2))
    # As many as a slice has. Their keys come after that of the message in the next room.
    for number in range(50):
        mark.say(first, "words", client_id=f"z{number}")
    mark.say(second, "words", client_id="a")
    with SqlSession(instance) as session, ThreadPoolExecutor(1) as threads:
        session.run("BEGIN")
        session.run("SELECT room_id FROM room WHERE room_id = ? FOR UPDATE", first)
        instance.sql("INSERT INTO clearing (whole_site, room_id, user_id, actor_id, since) "
                     "VALUES (TRUE, ?, ?, 0, '1970-01-02')", first, mark.id)
        done = threads.submit(instance.confabctl, "events", "purge")
        wait_for(lambda: lock_waits(instance) > 0, 10, "a slice that waits for the room")
        instance.sql("UPDATE clearing SET room_id = ?, last_key = '' WHERE user_id = ?", second,
                     mark.id)
        session.run("COMMIT")
        assert done.result().returncode == 0
    wait_for(lambda: not instance.sql("SELECT 1 FROM clearing WHERE user_id = ?", mark.id))
    assert instance.sql("SELECT content, is_deleted FROM message WHERE sender_id = ? "
                        "GROUP BY content, is_deleted", mark.id) == [("", 1)]


# ---- by others ----

def test_the_site_erases_users_by_its_key(user, instance):
    site = Program(instance, "users")
    mark, other = user(), user()
    room = mark.room()["room_id"]
    mark.invite(room, other)
    mark.say(room, "words")
    path = f"/api/site/users/{mark.id}/"
    answer = site.request("DELETE", path, params={"erase": "all"})
    assert (answer.status_code, answer.json()) == (400, wrong(erase="invalid_choice"))
    for choice, words in (("keep", "words"), ("erase", "")):
        answer = site.request("DELETE", path, params={"erase": choice})
        assert (answer.status_code, answer.json()) == (202, {})
        [message] = other.get(f"/api/chat/rooms/{room}/messages/").json()["results"]
        assert (message["sender_username"], message["content"]) == (f"deleted-{mark.id}", words)
    assert site.request("DELETE", "/api/site/users/999999/",
                        params={"erase": "keep"}).status_code == 404


def test_confabctl_erases_and_reports_every_column_that_may_name_a_user(user, instance):
    tool = Tool(instance)
    mark = user()
    mark.say(mark.room()["room_id"], "words")
    assert f"as deleted-{mark.id}" in tool("user", "erase", mark.name, "--messages", "erase")
    name = f"deleted-{mark.id}"
    report = tool.json("user", "erase", "--report", name)
    assert (report["username"], report["is_done"]) == (name, True)
    assert {place["table"] for place in report["left"] if place["rows"]} <= {
        "audit", "event", "user", "user_event"}
    unknown = {(place["table"], place["column"]) for place in report["left"]
               if place["until"] == "unknown"}
    assert not unknown, "add these to common/store/privacy/erasure_report.c, and to erasure.c"
    assert "is erased" in tool("user", "erase", "--report", name)
    tool.misuse("user", "erase", name)
    tool.misuse("user", "erase", name, "--messages", "some")
