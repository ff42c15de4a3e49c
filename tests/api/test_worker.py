"""confab-worker: deliveries to hooks, in order, signed, and none lost."""

import re
import signal
import time

import pytest

from support.client import Client
from support.counters import spent
from support.hooks import Hook, Worker, a_whole_step
from support.receiver import CUT, ENDLESS, HANG, REDIRECT, RESET, SLOW, check_order
from support.wait import wait_for

pytestmark = pytest.mark.slow("kills workers and waits for their leases")


@pytest.fixture(scope="module")
def system(make_instance):
    """An instance with a worker that may deliver to this host."""
    return make_instance(WORKER=1, CONFAB_HOOK_PRIVATE="on")


@pytest.fixture
def owner(system):
    return Client(system).register()


@pytest.fixture
def add_hook(system):
    added = []

    def add(*args):
        added.append(Hook(system, *args))
        return added[-1]

    yield add
    for hook in added:
        hook.remove()


def post(owner, room, count, start=0):
    return [owner.post(f"/api/chat/rooms/{room['room_id']}/messages/",
                       json={"content": f"message {start + i}"}).json()["message_id"]
            for i in range(count)]


def ids_of(events):
    return [event["message"]["message_id"] for event in events if event["type"] == "new_message"]


def test_a_message_is_delivered(owner, receiver, add_hook):
    room = owner.room()
    hook = add_hook("one", receiver.url("/path?x=y"))
    [message] = post(owner, room, 1)
    [delivery] = receiver.wait_for_deliveries(1)
    assert delivery.path == "/path?x=y"
    assert delivery.headers["content-type"] == "application/json"
    assert delivery.is_signed_by(hook.secret)
    content = delivery.json
    assert list(content) == ["hook_id", "room_id", "key", "first_seq", "last_seq", "events"]
    assert content["hook_id"] == hook.id and content["room_id"] == room["room_id"]
    assert content["key"] is None
    assert content["first_seq"] == content["last_seq"] == content["events"][0]["seq"]
    assert ids_of(content["events"]) == [message]


def test_a_delivery_has_the_events_as_polling_shows_them(owner, receiver, add_hook):
    room = owner.room()
    add_hook("all", receiver.url())
    path = f"/api/chat/rooms/{room['room_id']}"
    [message] = post(owner, room, 1)
    owner.patch(f"{path}/messages/{message}/", json={"content": "edited"})
    owner.invite(room["room_id"], Client(owner.instance).register())
    owner.patch(f"{path}/", json={"name": "Renamed"})
    owner.delete(f"{path}/messages/{message}/")
    events = receiver.wait_for_events(5)
    assert [event["type"] for event in events] == [
        "new_message", "message_edited", "user_invited", "room_updated", "message_deleted"]
    polled = owner.get(f"{path}/events/?after=0").json()["events"]
    assert [event["seq"] for event in events] == [event["seq"] for event in polled]
    # The others show the message and the room as they were then.
    assert [events[2], events[4]] == [polled[2], polled[4]]


def test_a_hook_begins_now(owner, receiver, add_hook):
    room = owner.room()
    post(owner, room, 3)
    add_hook("late", receiver.url())
    ids = post(owner, room, 2, 3)
    assert ids_of(receiver.wait_for_events(2)) == ids


def test_a_room_created_later_is_followed_from_its_first_event(owner, receiver, add_hook):
    add_hook("before", receiver.url())
    room = owner.room()
    ids = post(owner, room, 2)
    assert ids_of(receiver.wait_for_events(2)) == ids
    assert receiver.deliveries[0].json["first_seq"] == 1


def test_a_batch_has_at_most_a_hundred_events_of_one_room(owner, receiver, add_hook):
    rooms = [owner.room(), owner.room()]
    receiver.answer = lambda delivery: 500
    hook = add_hook("batches", receiver.url())
    post(owner, rooms[0], 1)
    receiver.wait_for_deliveries(1)
    ids = [post(owner, rooms[0], 129, 1), post(owner, rooms[1], 3)]
    receiver.answer = lambda delivery: 200
    hook.try_again()
    events = receiver.wait_for_events(133, 60)
    assert len(events) == 133
    for delivery in receiver.deliveries:
        content = delivery.json
        assert len(content["events"]) == content["last_seq"] - content["first_seq"] + 1 <= 100
        assert {event["room_id"] for event in content["events"]} == {content["room_id"]}
    assert check_order(receiver.deliveries) == []
    assert ids_of(event for event in events
                  if event["room_id"] == rooms[0]["room_id"])[1:] == ids[0]


def test_only_the_events_that_are_wanted_are_delivered(owner, receiver, add_hook):
    room = owner.room()
    add_hook("some", receiver.url(), "--events", "message_deleted, room_updated")
    [message, _] = post(owner, room, 2)
    owner.delete(f"/api/chat/rooms/{room['room_id']}/messages/{message}/")
    [event] = receiver.wait_for_events(1)
    assert event["type"] == "message_deleted"
    assert len(receiver.deliveries) == 1


def test_only_the_rooms_that_are_wanted_are_followed(owner, receiver, add_hook):
    rooms = [owner.room() for _ in range(3)]
    add_hook("rooms", receiver.url(), "--room", rooms[0]["room_id"], "--room", rooms[2]["room_id"])
    for room in rooms:
        post(owner, room, 1)
    events = receiver.wait_for_events(2)
    post(owner, rooms[0], 1)
    events = receiver.wait_for_events(3)
    assert {event["room_id"] for event in events} == {rooms[0]["room_id"], rooms[2]["room_id"]}


@pytest.mark.parametrize("fault", [500, 404, 302, REDIRECT, CUT, RESET])
def test_what_fails_is_sent_again_with_the_same_id_and_nothing_overtakes_it(
        owner, receiver, add_hook, fault):
    room = owner.room()
    receiver.answer = lambda delivery: fault
    hook = add_hook("fails", receiver.url())
    ids = post(owner, room, 1)
    receiver.wait_for_deliveries(1)
    ids += post(owner, room, 2, 1)
    wait_for(lambda: hook.state()["failing_rooms"] == 1)
    receiver.answer = lambda delivery: 200
    hook.try_again()
    assert ids_of(receiver.wait_for_events(3)) == ids
    first, again = receiver.deliveries[:2]
    assert first.id == again.id and first.body == again.body
    assert again.is_signed_by(hook.secret)
    assert len({delivery.id for delivery in receiver.deliveries[1:]}) == 2
    state = wait_for(lambda: hook.state()["lag_events"] == 0 and hook.state())
    assert state["failed_count"] == 1 and state["failing_rooms"] == 0


def test_tries_come_after_five_seconds_and_then_ten(owner, receiver, add_hook, system):
    """By the log: how late a try comes depends on the machine, but it is never early."""
    receiver.answer = lambda delivery: 500
    hook = add_hook("retries", receiver.url())
    post(owner, owner.room(), 1)
    first, second = receiver.wait_for_deliveries(2, 60)[:2]
    assert second.at - first.at > 4.4
    log = system.state / "log" / "worker.log"
    pauses = wait_for(lambda: (found := re.findall(
        rf"hook {hook.id}: delivery .* \(try (\d+)\): status 500; again in (\d+) s",
        log.read_text()))[1:] and found)
    assert [number for number, _ in pauses[:2]] == ["1", "2"]
    assert pauses[0][1] in ("4", "5") and pauses[1][1] in ("9", "10", "11")


@pytest.mark.parametrize("fault", [HANG, SLOW])
def test_a_receiver_that_is_too_slow_is_given_up_after_ten_seconds(
        owner, receiver, add_hook, fault):
    receiver.answer = lambda delivery: fault
    hook = add_hook("slow", receiver.url())
    room = owner.room()
    began = time.monotonic()
    post(owner, room, 1)
    wait_for(lambda: hook.state()["failed_count"] == 1, 60)
    assert time.monotonic() - began > 9
    assert "in time" in hook.state()["failure"]


@pytest.mark.parametrize("fault", ENDLESS)
def test_an_answer_without_end_is_a_failure_that_holds_up_no_other_hook(
        owner, receiver, add_hook, fault):
    receiver.answer = lambda delivery: fault if delivery.path == "/endless" else 200
    hook, other = add_hook(fault, receiver.url("/endless")), add_hook("other", receiver.url("/"))
    post(owner, owner.room(), 1)
    wait_for(lambda: hook.state()["failed_count"] == 1, 60)
    assert "too large" in hook.state()["failure"]
    wait_for(lambda: other.state()["delivered_count"] == 1)


@pytest.mark.parametrize("answer", [
    b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    b"\0" * 100, b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n", b"", b"HTTP/1.1 2\r\n\r\n",
    b"HTTP/1.1 100 Continue\r\n\r\n"], ids=range(6))
def test_what_is_no_answer_of_http_1_is_a_failure(owner, receiver, add_hook, answer):
    receiver.answer = lambda delivery: answer
    hook = add_hook("odd", receiver.url())
    post(owner, owner.room(), 1)
    wait_for(lambda: hook.state()["failed_count"] == 1, 60)


def test_an_interim_answer_and_a_compressed_body_are_taken(owner, receiver, add_hook):
    """Nothing is unpacked, however much it would become."""
    receiver.answer = lambda delivery: (
        b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\nHTTP/1.1 200 OK\r\n"
        b"Content-Encoding: gzip\r\nContent-Length: 4\r\n\r\nnone")
    hook = add_hook("gzip", receiver.url())
    post(owner, owner.room(), 1)
    wait_for(lambda: hook.state()["delivered_count"] == 1)


def test_a_failing_room_holds_up_no_other(owner, receiver, add_hook):
    bad, good = owner.room(), owner.room()
    receiver.answer = lambda delivery: HANG if delivery.json["room_id"] == bad["room_id"] else 200
    add_hook("rooms", receiver.url())
    post(owner, bad, 1)
    receiver.wait_for_deliveries(1)
    ids = post(owner, good, 3)
    assert ids_of(receiver.wait_for_events(3)) == ids
    # Before the failing room was given up and tried again.
    assert [one.json["room_id"] for one in receiver.deliveries].count(bad["room_id"]) == 1


def test_a_hook_that_is_not_active_keeps_its_place(owner, receiver, add_hook, system):
    room = owner.room()
    hook = add_hook("paused", receiver.url())
    ids = post(owner, room, 1)
    receiver.wait_for_events(1)
    hook.set_active(False)
    ids += post(owner, room, 2, 1)
    other = owner.room()
    late = post(owner, other, 1)
    a_whole_step(system)
    assert len(receiver.events()) == 1
    hook.set_active(True)
    events = receiver.wait_for_events(4)
    assert ids_of(event for event in events if event["room_id"] == room["room_id"]) == ids
    assert ids_of(event for event in events if event["room_id"] == other["room_id"]) == late


def test_events_that_have_expired_become_resync(owner, receiver, add_hook, system):
    room = owner.room()
    receiver.answer = lambda delivery: 500
    hook = add_hook("expired", receiver.url())
    post(owner, room, 3)
    receiver.wait_for_deliveries(1)
    wait_for(lambda: hook.state()["failing_rooms"] == 1)
    system.sql("UPDATE event SET created_at = created_at - INTERVAL 31 DAY WHERE room_id = ?",
               room["room_id"])
    receiver.answer = lambda delivery: 200
    hook.try_again()
    [event] = receiver.wait_for_events(1)
    assert event == {"type": "resync", "last_seq": 3}
    ids = post(owner, room, 1)
    assert ids_of(receiver.wait_for_events(2)[1:]) == ids


def test_a_room_that_is_deleted_is_forgotten(owner, receiver, add_hook, system):
    room = owner.room()
    receiver.answer = lambda delivery: 500
    hook = add_hook("deleted", receiver.url())
    post(owner, room, 1)
    receiver.wait_for_deliveries(1)
    wait_for(lambda: hook.state()["failing_rooms"] == 1)
    owner.delete(f"/api/chat/rooms/{room['room_id']}/")
    hook.try_again()
    wait_for(lambda: system.sql("SELECT COUNT(*) FROM follower_room WHERE follower_id = ?",
                                hook.id) == [(0,)])
    assert len(receiver.deliveries) == 1


def test_both_secrets_sign_while_one_is_replaced(owner, receiver, add_hook, system):
    hook = add_hook("secret", receiver.url())
    fresh = system.confabctl("hook", "secret", "secret").stdout.strip()
    assert fresh.startswith("whsec_") and fresh != hook.secret
    post(owner, owner.room(), 1)
    [delivery] = receiver.wait_for_deliveries(1)
    assert delivery.is_signed_by(hook.secret) and delivery.is_signed_by(fresh)
    system.sql("UPDATE hook SET old_secret_until = SYSDATE(6)")
    post(owner, owner.room(), 1)
    delivery = receiver.wait_for_deliveries(2)[1]
    assert not delivery.is_signed_by(hook.secret) and delivery.is_signed_by(fresh)


def test_a_test_is_delivered_and_its_result_reported(receiver, add_hook, system):
    hook = add_hook("tested", receiver.url())
    done = system.confabctl("hook", "test", "tested")
    assert (done.returncode, done.stdout) == (0, "Delivered.\n")
    [delivery] = receiver.deliveries
    assert delivery.json["events"] == [{"type": "test"}] and delivery.json["room_id"] is None
    assert delivery.is_signed_by(hook.secret)
    receiver.answer = lambda delivery: 503
    done = system.confabctl("hook", "test", hook.id)
    assert done.returncode == 1 and "not delivered: status 503" in done.stderr
    assert len({one.id for one in receiver.deliveries}) == 2
    a_whole_step(system)
    assert len(receiver.deliveries) == 2


# ---- several workers ----

def test_two_workers_share_the_work(owner, receiver, add_hook, system):
    hook = add_hook("shared", receiver.url())
    rooms = [owner.room() for _ in range(20)]
    with Worker(system) as worker:
        worker.started()
        for turn in range(5):
            for room in rooms:
                post(owner, room, 1, turn)
        receiver.wait_for_events(100, 60)
        wait_for(lambda: hook.state()["lag_events"] == 0)
    assert len(receiver.events()) == 100
    assert check_order(receiver.deliveries) == []


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGSTOP])
def test_a_dead_worker_is_replaced_within_ten_seconds(owner, receiver, add_hook, system, number):
    receiver.answer = lambda delivery: HANG
    system.end("worker")
    try:
        hook = add_hook("killed", receiver.url())
        room = owner.room()
        with Worker(system) as first:
            first.started()
            ids = post(owner, room, 1)
            receiver.wait_for_deliveries(1)
            # Then the next step is what it does first when it continues.
            a_whole_step(system)
            first.send(number)
            receiver.answer = lambda delivery: 200
            # By the database: how soon the second one notices depends on the machine.
            assert system.sql("SELECT COUNT(*) FROM worker WHERE alive_until > "
                              "SYSDATE(6) + INTERVAL 10 SECOND") == [(0,)]
            with Worker(system) as second:
                second.started()
                assert ids_of(receiver.wait_for_events(1, 60)) == ids
                wait_for(lambda: hook.state()["lag_events"] == 0)
                assert second.end() == 0
            if number == signal.SIGSTOP:
                # It notices that another one has taken over, and does not go back.
                ids += post(owner, room, 2, 1)
                first.send(signal.SIGCONT)
                wait_for(lambda: "the lease of this worker expired" in first.log, 60)
                ids += post(owner, room, 1, 3)
                assert ids_of(receiver.wait_for_events(4, 60)) == ids
                wait_for(lambda: hook.state()["lag_events"] == 0)
                a_whole_step(system)
                assert first.end() == 0
        assert ids_of(receiver.events()) == ids
        assert len({delivery.id for delivery in receiver.deliveries[:2]}) == 1
        assert check_order(receiver.deliveries) == []
        assert hook.state()["lag_events"] == 0
    finally:
        system.start()


def test_a_clock_that_was_ahead_holds_up_nothing(owner, receiver, add_hook, system):
    room = owner.room()["room_id"]
    receiver.answer = lambda delivery: 503
    hook = add_hook("later", receiver.url())
    owner.say(room)
    receiver.wait_for_deliveries(1)
    # The next try is in an hour, and so is the end of a worker that has died since.
    system.sql("INSERT INTO worker (name, started_at, alive_until) "
               "VALUES ('gone', SYSDATE(6), SYSDATE(6) + INTERVAL 1 HOUR)")
    wait_for(lambda: hook.state()["failed_count"] > 0)
    system.sql("UPDATE follower_room SET due_at = SYSDATE(6) + INTERVAL 1 HOUR, worker_id = "
               "(SELECT worker_id FROM worker WHERE name = 'gone') WHERE room_id = ?", room)
    receiver.answer = lambda delivery: 200
    receiver.wait_for_events(1, 60)
    wait_for(lambda: system.sql("SELECT due_at FROM follower_room WHERE room_id = ?", room)
             == [(None,)])
    system.sql("UPDATE follower_room SET due_at = SYSDATE(6) + INTERVAL 1 HOUR WHERE room_id = ?",
               room)
    owner.say(room)
    receiver.wait_for_events(2, 60)


def test_a_worker_that_is_told_to_stop_waits_for_its_deliveries(owner, receiver, add_hook, system):
    system.end("worker")
    try:
        gate = {"answer": HANG}
        receiver.answer = lambda delivery: gate["answer"]
        add_hook("stopped", receiver.url())
        with Worker(system) as worker:
            worker.started()
            post(owner, owner.room(), 1)
            receiver.wait_for_deliveries(1)
            worker.send(signal.SIGTERM)
            wait_for(lambda: "1 deliveries are under way" in worker.log)
            assert worker.process.poll() is None
            receiver.release()
            assert worker.process.wait(60) == 0
        gate["answer"] = 200
    finally:
        system.start()
    receiver.wait_for_events(1, 60)


def test_once_delivers_what_is_due_and_exits(owner, receiver, add_hook, system):
    system.end("worker")
    try:
        hook = add_hook("cron", receiver.url())
        room = owner.room()
        ids = post(owner, room, 3)
        for _ in range(2):
            with Worker(system, "--once") as worker:
                assert worker.process.wait(60) == 0, worker.log
            assert ids_of(receiver.events()) == ids
            ids += post(owner, room, 1)
        assert hook.state()["lag_events"] in (0, 1)
        assert system.sql("SELECT COUNT(*) FROM worker") == [(0,)]
    finally:
        system.start()


# ---- many ----

def test_of_ten_thousand_rooms_only_the_busy_one_is_read(
        owner, receiver, add_hook, system):
    room = owner.room()
    system.sql("INSERT INTO room (name, is_private, created_by_id, created_at, last_active_at) "
               "SELECT CONCAT('r', seq), TRUE, ?, NOW(6) - INTERVAL 1 DAY, "
               "NOW(6) - INTERVAL 1 DAY FROM seq_1_to_10000", owner.id)
    try:
        add_hook("many", receiver.url())
        for turn in range(20):
            post(owner, room, 1, turn)
            receiver.wait_for_deliveries(turn + 1)
        assert system.sql("SELECT COUNT(*) FROM follower_room")[0][0] < 100
        # Found by an index: an idle worker reads none of the rooms.
        assert spent(system, lambda: a_whole_step(system), "Handler_read_rnd_next",
                     "Handler_read_next", times=2) < 5000
    finally:
        system.sql("DELETE FROM room WHERE name LIKE 'r%' AND members_count = 0")


def test_a_thousandth_hook_is_served_while_999_hang(owner, receiver, system):
    receiver.answer = lambda delivery: 200 if delivery.path == "/good" else HANG
    system.sql("INSERT INTO follower (follower_id, started_at, seen_at) "
               "SELECT 100000 + seq, SYSDATE(6), SYSDATE(6) FROM seq_1_to_1000")
    system.sql("INSERT INTO hook (hook_id, name, url, is_active, secret, created_at) "
               "SELECT 100000 + seq, 'many', CONCAT(?, IF(seq = 1000, '/good', '/bad')), TRUE, "
               "REPEAT('x', 32), SYSDATE(6) FROM seq_1_to_1000", receiver.url(""))
    try:
        room = owner.room()
        for turn in range(3):
            post(owner, room, 1, turn)
            wait_for(lambda: len(receiver.at("/good")) > turn, 60)
        # All others were tried, and none twice before: it has waited for none of them.
        wait_for(lambda: len(receiver.at("/bad")) >= 999, 60)
        third = receiver.deliveries.index(receiver.at("/good")[2])
        assert sum(one.path == "/bad" for one in receiver.deliveries[:third]) <= 999
    finally:
        system.sql("DELETE FROM hook WHERE hook_id > 100000; "
                   "DELETE FROM follower_room WHERE follower_id > 100000; "
                   "DELETE FROM follower WHERE follower_id > 100000")
