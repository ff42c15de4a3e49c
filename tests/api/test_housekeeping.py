"""Housekeeping: what fcgi-api deletes on its own, in small batches."""

import time

import pytest
from support.api_key import Program
from support.client import Client
from support.counters import spent
from support.load import Load, reading
from support.wait import wait_for

pytestmark = pytest.mark.slow("waits for housekeeping")

DUE = ("INSERT INTO housekeeping (task, ran_at) VALUES ('purge', '2000-01-01') "
       "ON DUPLICATE KEY UPDATE ran_at = '2000-01-01'")


@pytest.fixture(scope="module")
def system(make_instance):
    return make_instance(CONFAB_EVENT_RETENTION=30)


@pytest.fixture
def writer(system):
    return Client(system).register()


def new_processes(system):
    """Replaces the workers. A worker checks for housekeeping after its first request, and then once
    a minute."""
    before = set(system.api_workers())
    system.reload()
    wait_for(lambda: not before & set(system.api_workers()), 30, "new processes")


def purge(system, until):
    """Makes housekeeping due, and sends requests until the condition holds."""
    new_processes(system)
    system.sql(DUE)
    serve(system, until)


def serve(system, until):
    client = Client(system)

    def holds_after_a_request():
        assert client.get("/healthz").status_code == 200
        return until()
    wait_for(holds_after_a_request, 45, "the end of what is to be dropped")


def count(system, table, room):
    return system.sql(f"SELECT COUNT(*) FROM {table} WHERE room_id = ?", room)[0][0]


def age_events(system, room, up_to, days):
    system.sql("UPDATE event SET created_at = created_at - INTERVAL ? DAY "
               "WHERE room_id = ? AND seq <= ?", days, room, up_to)


def test_expired_events_are_deleted_and_messages_kept(system, writer):
    room = writer.room()["room_id"]
    for number in range(6):
        writer.say(room, f"number {number}")
    age_events(system, room, 4, 31)
    purge(system, lambda: count(system, "event", room) == 2)
    assert system.sql("SELECT oldest_seq, last_seq, message_count FROM room WHERE room_id = ?",
                      room) == [(5, 6, 6)]
    gone = writer.get(f"/api/chat/rooms/{room}/events/?after=3")
    assert gone.status_code == 410 and gone.json()["last_seq"] == 6
    assert [event["seq"] for event in writer.events(room, after=4)] == [5, 6]
    assert writer.get(f"/api/chat/rooms/{room}/messages/").json()["count"] == 6


def test_events_within_the_retention_are_kept(system, writer):
    room, old = writer.room()["room_id"], writer.room()["room_id"]
    writer.say(room), writer.say(old)
    age_events(system, room, 1, 29)
    age_events(system, old, 1, 31)
    purge(system, lambda: count(system, "event", old) == 0)
    assert count(system, "event", room) == 1
    assert len(writer.events(room)) == 1


def test_a_stream_whose_events_are_all_deleted_continues_with_the_next_number(system, writer):
    room = writer.room()["room_id"]
    writer.say(room), writer.say(room)
    age_events(system, room, 2, 31)
    purge(system, lambda: count(system, "event", room) == 0)
    assert writer.events(room, after=2) == []
    writer.say(room)
    assert [event["seq"] for event in writer.events(room, after=2)] == [3]


def test_expired_events_of_a_user_stream_are_deleted(system, writer):
    writer.room(), writer.room()
    system.sql("UPDATE user_event SET created_at = created_at - INTERVAL 31 DAY "
               "WHERE user_id = ? AND seq = 1", writer.id)
    purge(system, lambda: system.sql("SELECT seq FROM user_event WHERE user_id = ?",
                                     writer.id) == [(2,)])
    assert system.sql("SELECT oldest_seq, last_seq FROM user WHERE user_id = ?", writer.id) \
        == [(2, 2)]


def test_expired_sessions_are_deleted_and_others_kept(system, writer):
    other = Client(system).register()
    for client in (writer, other):
        answer = client.post("/api/auth/login/", json={"username": client.name,
                                                       "password": client.password})
        assert answer.status_code == 200
    system.sql("UPDATE session SET expires_at = SYSDATE(6) - INTERVAL 1 SECOND "
               "WHERE user_id = ?", writer.id)
    purge(system, lambda: not system.sql("SELECT 1 FROM session WHERE user_id = ?", writer.id))
    assert system.sql("SELECT COUNT(*) FROM session WHERE user_id = ?", other.id) == [(1,)]
    other.token = None
    assert other.get("/api/auth/me/").status_code == 200


def test_full_rate_buckets_are_deleted(system):
    later = int(time.time() * 1e6) + 3600 * 10**6
    system.sql("INSERT INTO rate (bucket, tat) VALUES (x'00', 1), (x'01', ?)", later)
    purge(system, lambda: system.sql("SELECT tat FROM rate") == [(later,)])


def test_rows_of_a_deleted_room_are_deleted(system, writer):
    room, kept = writer.room()["room_id"], writer.room()["room_id"]
    for _ in range(3):
        writer.say(room), writer.say(kept)
    # A program has pulled the events of both.
    program = Program(system, "hooks")
    program.get("/api/site/changes/?follower=program&from=oldest")
    assert count(system, "follower_room", room) == 1
    assert writer.delete(f"/api/chat/rooms/{room}/").status_code == 204
    purge(system, lambda: not system.sql("SELECT 1 FROM deleted_room WHERE room_id = ?", room))
    assert count(system, "message", room) == count(system, "event", room) == 0
    assert count(system, "message", kept) == count(system, "event", kept) == 3
    assert (count(system, "follower_room", room), count(system, "follower_room", kept)) == (0, 1)
    checked = system.confabctl("check", "--deep")
    assert checked.returncode == 0, checked.stdout


def test_deletions_are_logged(system, writer):
    room, logged = writer.room()["room_id"], len(system.log())
    writer.say(room), writer.say(room)
    age_events(system, room, 2, 31)
    purge(system, lambda: count(system, "event", room) == 0)
    wait_for(lambda: "housekeeping: deleted 2 expired rows" in system.log()[logged:])


# ---- batches ----

def make_large(system, room, user, rows):
    """A room with this many messages and events, all of them old."""
    system.sql("INSERT INTO message (room_id, position, sender_id, message_type, created_at, "
               "client_id, content) SELECT ?, seq, ?, 1, '2001-01-01', CONCAT('s', seq), 'x' "
               f"FROM seq_1_to_{rows}", room, user)
    system.sql("INSERT INTO event (room_id, seq, event_type, actor_id, subject_id, created_at) "
               f"SELECT ?, seq, 1, ?, 1, '2001-01-01' FROM seq_1_to_{rows}", room, user)
    system.sql("UPDATE room SET message_count = ?, last_seq = ? WHERE room_id = ?", rows, rows,
               room)


def deletions(system, table):
    """The number of DELETE statements on a table, from the general log of MariaDB."""
    return system.sql("SELECT COUNT(*) FROM mysql.general_log WHERE command_type = 'Execute' "
                      "AND argument LIKE ?", f"DELETE FROM {table} %")[0][0]


@pytest.mark.slow("deletes large rooms")
def test_large_deletions_run_in_batches_while_requests_are_served(system, writer):
    large, room = writer.room()["room_id"], writer.room()["room_id"]
    make_large(system, large, writer.id, 10000)
    assert writer.delete(f"/api/chat/rooms/{large}/").status_code == 204
    system.sql("SET GLOBAL log_output = 'TABLE'; TRUNCATE mysql.general_log; "
               "SET GLOBAL general_log = ON")
    try:
        new_processes(system)
        system.sql(DUE)
        with Load(system, writer.token, [reading(room) for _ in range(3)]) as load:
            serve(system, lambda: not system.sql("SELECT 1 FROM deleted_room WHERE room_id = ?",
                                                 large))
    finally:
        system.sql("SET GLOBAL general_log = OFF")
    assert load.failures == []
    assert count(system, "message", large) == count(system, "event", large) == 0
    assert deletions(system, "message") >= 10000 / 500
    assert deletions(system, "event") >= 10000 / 500


def test_housekeeping_does_not_run_before_it_is_due(system, writer):
    """It is due ten minutes after the last run in any worker."""
    room = writer.room()["room_id"]
    writer.say(room)
    age_events(system, room, 1, 31)
    system.sql("INSERT INTO housekeeping (task, ran_at) VALUES ('purge', SYSDATE(6)) "
               "ON DUPLICATE KEY UPDATE ran_at = SYSDATE(6) - INTERVAL 5 MINUTE")
    new_processes(system)
    with Load(system, writer.token, [reading(room) for _ in range(8)]) as load:
        load.wait_for(200)
    assert count(system, "event", room) == 1
    purge(system, lambda: count(system, "event", room) == 0)


def test_what_is_still_valid_is_not_read(system, writer):
    """Rows that expire later cost a run nothing: the deletions use their indexes."""
    def purge_all():
        assert system.confabctl("events", "purge").returncode == 0

    def rows_scanned():
        return spent(system, purge_all, "Handler_read_rnd_next")

    empty = rows_scanned()
    soon = "SYSDATE(6) + INTERVAL 1 DAY"
    hash_of = "UNHEX(SHA2(CONCAT(seq, 'x'), 256))"
    for table, columns, values in [
            ("token", "user_id, token_hash, created_at, expires_at",
             f"?, {hash_of}, SYSDATE(6), {soon}"),
            ("session", "user_id, session_hash, created_at, expires_at",
             f"?, {hash_of}, SYSDATE(6), {soon}"),
            ("used_jwt", "issuer_jti_hash, expires_at", f"{hash_of}, {soon} + INTERVAL ? * 0 DAY"),
            ("known_address", "user_id, address, seen_at",
             f"?, SUBSTRING({hash_of}, 1, 16), SYSDATE(6)"),
            ("departure", "room_id, user_id, admin_id, left_at", "seq, ?, 1, SYSDATE(6)")]:
        system.sql(f"INSERT INTO {table} ({columns}) SELECT {values} FROM seq_1_to_3000",
                   writer.id)
    assert rows_scanned() < empty + 1000
