"""MariaDB is killed or restarted, closes connections, or holds locks for too long."""

import contextlib
import signal
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from support.client import Client
from support.counters import assert_counters_are_right
from support.load import Load, posting_surely, reading
from support.sql_session import SqlSession, lock_waits, statements
from support.wait import wait_for

pytestmark = pytest.mark.slow("stops the database")

SERVERS_ERRORS = ("sql", "mariadb", "mysql", "innodb", "socket", "sock", "lock", "select", "/")


@pytest.fixture(scope="module")
def system(make_instance):
    return make_instance()


@pytest.fixture
def writer(system):
    return Client(system).register()


def assert_unavailable(answer):
    assert answer.status_code == 503
    assert int(answer.headers["Retry-After"]) > 0
    assert answer.headers["Content-Type"] == "application/json; charset=utf-8"
    assert list(answer.json()) == ["detail", "code"]
    assert not any(word in answer.json()["detail"].lower() for word in SERVERS_ERRORS)


def post_once(room, **fields):
    yield "POST", f"/api/chat/rooms/{room}/messages/", {"content": "waits", **fields}


def on_all_workers(system, client, method, path, fields=None):
    """Sends the request concurrently, often enough that every worker serves some."""
    def several():
        for _ in range(5):
            yield method, path, fields
    with Load(system, client.token, [several() for _ in range(8)]) as load:
        load.join()
    return load


# ---- down and back ----

@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_requests_are_503_while_mariadb_is_down_and_succeed_afterwards_without_a_restart(
        system, writer, number):
    room = writer.room()["room_id"]
    on_all_workers(system, writer, "GET", "/api/auth/me/")
    workers = system.api_workers()
    system.end("database", number)
    writer.may_fail = True
    before = time.monotonic()
    for _ in range(5):
        assert_unavailable(writer.get("/api/auth/me/"))
        assert_unavailable(writer.post(f"/api/chat/rooms/{room}/messages/", json={"content": "x"}))
        assert_unavailable(ask_for_token(system))
    assert time.monotonic() - before < 15, "each is refused at once"
    system.start()
    writer.may_fail = False
    made = on_all_workers(system, writer, "POST", "/api/chat/rooms/", {"name": "afterwards"})
    assert made.failures == [] and made.statuses["POST", 201] == 40
    assert writer.say(room)["content"] == "hello"
    assert system.api_workers() == workers


def ask_for_token(system):
    someone = Client(system)
    someone.may_fail = True
    return someone.post("/api/auth/token/", json={"username": "someone", "password": "anything"})


def test_health_reports_that_the_database_is_down(make_instance):
    system = make_instance()
    client = Client(system)
    client.may_fail = True
    assert client.get("/healthz").json() == {"status": "ok"}
    system.end("database", signal.SIGKILL)
    answer = client.get("/healthz")
    assert answer.status_code == 503 and int(answer.headers["Retry-After"]) > 0
    said = answer.json()
    assert said.pop("detail") and said.pop("code") == "unavailable"
    assert said == {"status": "unavailable", "database": "unreachable", "redis": "ok"}
    system.end("redis", signal.SIGKILL)
    assert wait_for(lambda: client.get("/healthz").json()["redis"] == "unreachable")


def test_a_restart_of_mariadb_under_load_neither_loses_nor_duplicates_messages(system, writer):
    room = writer.room()["room_id"]
    scripts = [posting_surely(room, f"writer{i}", 150) for i in range(4)]
    with Load(system, writer.token, scripts) as load:
        load.wait_for(100)
        system.end("database", signal.SIGKILL)
        system.start()
        load.join()
    assert {failure.split(": ")[1][:3] for failure in load.failures} <= {"503"}
    assert system.sql("SELECT COUNT(*), COUNT(DISTINCT client_id), MAX(position) FROM message "
                      "WHERE room_id = ?", room) == [(600, 600, 600)]
    assert_counters_are_right(system)


# ---- killed connections ----

def cut_all(system):
    ids = system.sql("SELECT id FROM information_schema.processlist WHERE db = 'confab' "
                     "AND id <> CONNECTION_ID()")
    for (number,) in ids:
        with contextlib.suppress(RuntimeError):  # it has ended meanwhile
            system.sql("KILL CONNECTION ?", number)


def test_killed_connections_fail_no_read_and_duplicate_no_message(system, writer):
    room = writer.room()["room_id"]
    writers = [posting_surely(room, f"writer{i}") for i in range(4)]
    with Load(system, writer.token, writers) as posts, \
            Load(system, writer.token, [reading(room) for _ in range(4)]) as reads:
        for _ in range(15):
            cut_all(system)
            reads.wait_for(50)
    assert reads.failures == []
    assert {failure.split(": ")[1][:3] for failure in posts.failures} <= {"503"}
    count, different, last = system.sql("SELECT COUNT(*), COUNT(DISTINCT client_id), "
                                        "MAX(position) FROM message WHERE room_id = ?", room)[0]
    assert count == different == last
    assert posts.statuses["POST", 200] + posts.statuses["POST", 201] <= count
    assert_counters_are_right(system)


def test_a_killed_connection_does_not_duplicate_a_message_without_client_id(system, writer):
    """The store generates a key for the message, so it can retry the statement."""
    room = writer.room()["room_id"]
    with SqlSession(system) as session:
        session.run("BEGIN")
        session.run("SELECT room_id FROM room WHERE room_id = ? FOR UPDATE", room)
        with Load(system, writer.token, [post_once(room)]) as load:
            wait_for(lambda: lock_waits(system) == 1, 10, "a post that waits")
            system.sql("KILL CONNECTION ?", *statements(system))
            session.run("COMMIT")
            load.join()
    assert load.failures == [] and load.statuses["POST", 201] == 1
    assert [m["content"] for m in writer.get(f"/api/chat/rooms/{room}/messages/").json()
            ["results"]] == ["waits"]


def waits_for_tables(system, words):
    """The ids of connections whose statement contains this text and waits for a table lock."""
    return [number for (number,) in system.sql(
        "SELECT id FROM information_schema.processlist WHERE command = 'Execute' "
        "AND state = 'Waiting for table metadata lock' AND info LIKE ?", f"%{words}%")]


def test_a_connection_killed_while_reading_events_corrupts_none_of_them(system, writer):
    """The room of an event is read while later events still have to be written."""
    room = writer.room()["room_id"]
    writer.say(room, "before")
    writer.patch(f"/api/chat/rooms/{room}/", json={"name": "Another name"})
    writer.say(room, "after")
    expected = writer.events(room)
    with SqlSession(system) as one, SqlSession(system) as other, ThreadPoolExecutor() as pool:
        one.run("LOCK TABLES event WRITE")
        answer = pool.submit(writer.events, room)
        wait_for(lambda: waits_for_tables(system, "FROM event e"), 10, "events to be asked for")
        other.run("LOCK TABLES room WRITE")
        one.run("UNLOCK TABLES")
        waiting = wait_for(lambda: waits_for_tables(system, "FROM room r"), 10, "the room, too")
        system.sql("KILL CONNECTION ?", *waiting)
        other.run("UNLOCK TABLES")
        assert answer.result(30) == expected


def test_a_killed_statement_is_503_and_leaves_no_lock(system, writer):
    """The statement is killed after it locked the room and inserted the message."""
    room = writer.room()["room_id"]
    with SqlSession(system) as session:
        session.run("BEGIN")
        session.run("INSERT INTO event (room_id, seq, event_type, actor_id, subject_id, "
                    "created_at) VALUES (?, 1, 1, 1, 1, SYSDATE(6))", room)
        with Load(system, writer.token, [post_once(room)]) as load:
            wait_for(lambda: lock_waits(system) == 1, 10, "a post that waits")
            system.sql("KILL QUERY ?", *statements(system))
            load.join()
        session.run("ROLLBACK")
    assert load.statuses == {("POST", 503): 1}
    wait_for(lambda: system.sql("SELECT COUNT(*) FROM information_schema.innodb_trx") == [(0,)])
    assert writer.get(f"/api/chat/rooms/{room}/messages/").json()["count"] == 0
    assert writer.say(room, "first")["content"] == "first"
    assert_counters_are_right(system)


# ---- locks ----

def test_a_post_waits_for_a_short_lock(system, writer):
    room = writer.room()["room_id"]
    with SqlSession(system) as session:
        session.run("BEGIN")
        session.run("SELECT room_id FROM room WHERE room_id = ? FOR UPDATE", room)
        with Load(system, writer.token, [post_once(room) for _ in range(3)]) as load:
            wait_for(lambda: lock_waits(system) == 3, 10, "posts that wait")
            session.run("SELECT SLEEP(1)")
            session.run("COMMIT")
            load.join()
    assert load.failures == [] and load.statuses["POST", 201] == 3


def test_a_lock_wait_timeout_is_retried(system, writer):
    """InnoDB gives up after 5 seconds; the lock is released after 6."""
    room, logged = writer.room()["room_id"], len(system.log())
    with SqlSession(system) as session:
        session.run("BEGIN")
        session.run("SELECT room_id FROM room WHERE room_id = ? FOR UPDATE", room)
        with Load(system, writer.token, [post_once(room)]) as load:
            session.run("SELECT SLEEP(6)")
            session.run("COMMIT")
            load.join()
    assert load.failures == [] and load.statuses["POST", 201] == 1
    assert "error" not in system.log()[logged:]


def test_a_lock_held_too_long_is_503_in_bounded_time_and_blocks_no_other_request(system, writer):
    room, other = writer.room()["room_id"], writer.room()["room_id"]
    with SqlSession(system) as session:
        session.run("BEGIN")
        session.run("SELECT room_id FROM room WHERE room_id = ? FOR UPDATE", room)
        before = time.monotonic()
        with Load(system, writer.token, [post_once(room)]) as load:
            wait_for(lambda: lock_waits(system) == 1, 10, "a post that waits")
            assert writer.say(other)["room_id"] == other
            assert load.count == 0
            load.join()
        assert time.monotonic() - before < 30
        session.run("COMMIT")
    assert load.statuses == {("POST", 503): 1}
    assert writer.get(f"/api/chat/rooms/{room}/messages/").json()["count"] == 0
    assert writer.say(room)["room_id"] == room


def test_a_deadlock_is_retried(system, writer):
    """The post locks the room and waits for the member; a session locks them in the opposite order
    and has written enough that InnoDB chooses the post as the victim."""
    room = writer.room()["room_id"]
    before = deadlocks(system)
    with SqlSession(system) as session:
        session.run("BEGIN")
        session.run("INSERT INTO rate (bucket, tat) SELECT LEFT(UNHEX(SHA(seq)), 16), 0 "
                    "FROM seq_1_to_500")
        session.run("SELECT user_id FROM member WHERE room_id = ? FOR UPDATE", room)
        with Load(system, writer.token, [post_once(room)]) as load:
            wait_for(lambda: lock_waits(system) == 1, 10, "a post that waits")
            assert session.run("SELECT room_id FROM room WHERE room_id = ? FOR UPDATE", room) \
                == [str(room)], "the session was not the one to give way"
            session.run("ROLLBACK")
            load.join()
    assert deadlocks(system) == before + 1
    assert load.failures == [] and load.statuses["POST", 201] == 1


def deadlocks(system):
    return int(system.sql("SHOW GLOBAL STATUS LIKE 'Innodb_deadlocks'")[0][1])


def test_deadlocks_between_requests_are_invisible_to_clients(system):
    """Users invite and remove each other while all of them post, which locks rooms and users in
    every order that the API allows."""
    users = [Client(system).register() for _ in range(4)]
    rooms = [one.room()["room_id"] for one in users]
    for one, room in zip(users, rooms):
        for other in users:
            if other is not one:
                one.invite(room, other)
    failures = []

    def invite_and_remove(index):
        client = users[index]
        for turn in range(40):
            other = users[(index + 1 + turn) % 4]
            client.post(f"/api/chat/rooms/{rooms[index]}/remove_member/",
                        json={"user_id": other.id})
            client.post(f"/api/chat/rooms/{rooms[index]}/invite/", json={"user_id": other.id})
            client.post("/api/chat/rooms/direct/", json={"user_id": other.id})
            client.post(f"/api/chat/rooms/{rooms[turn % 4]}/messages/", json={"content": "x"})

    def run(index):
        try:
            invite_and_remove(index)
        except AssertionError as error:  # a 5xx
            failures.append(error)

    threads = [threading.Thread(target=run, args=(index,)) for index in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    assert failures == []
    assert_counters_are_right(system)
