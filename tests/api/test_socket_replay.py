"""Replay with ?since=: the missed events, then new ones, without a gap."""

import itertools
import json
import threading

import pytest

from support.client import Client
from support.event_reader import follow, follow_user
from support.parallel import twin
from support.pushd_metrics import metric
from support.rooms import ROOMS, message_url

LIMIT = 20


@pytest.fixture(scope="module")
def system(make_instance):
    """An instance with a low replay_limit, whose pushd tests restart."""
    return make_instance(CONFAB_REPLAY_LIMIT=LIMIT, CONFAB_DRAIN_TIME=0)


def said(events):
    return [event["message"]["content"] for event in events]


def restart(system):
    """Restarts pushd, which empties its cache of events."""
    system.end("push")
    system.start()


def restarted(system, client, room):
    restart(system)


def remembered(system, client, room):
    """Another client stays connected, so that pushd keeps the last events of the room."""


WHENCE = pytest.mark.parametrize("whence", [
    remembered, pytest.param(restarted, marks=pytest.mark.slow("restarts pushd"))])


@pytest.fixture
def witness(alice, room):
    """A connected client, which keeps the stream of the room cached in pushd."""
    with follow(alice, room) as live:
        yield live


# ---- missed events ----

@WHENCE
def test_missed_events_follow_connected_and_precede_new_ones(
        system, alice, bob, room, witness, whence):
    with follow(bob, room) as before:
        alice.say(room, "heard")
        seq = before.event()["seq"]
    missed = [alice.say(room, f"missed {i}") for i in range(3)]
    witness.up_to(seq + 3)
    whence(system, alice, room)
    with follow(bob, room, since=seq) as back:
        assert back.first["seq"] == seq
        new = alice.say(room, "new")
        received = back.up_to(seq + 4)
        assert [event["message"] for event in received] == [*missed, new]
        assert received == bob.events(room, after=seq)


@WHENCE
def test_a_client_that_missed_nothing_gets_nothing(system, alice, bob, room, witness, whence):
    alice.say(room)
    witness.up_to(2)
    whence(system, alice, room)
    with follow(bob, room, since=2) as back:
        assert back.first["seq"] == 2
        back.no_event()
        alice.say(room, "new")
        assert said([back.event()]) == ["new"]


@WHENCE
def test_since_0_replays_from_the_start_of_the_room(system, alice, bob, room, witness, whence):
    alice.say(room)
    witness.up_to(2)
    whence(system, alice, room)
    with follow(bob, room, since=0) as back:
        assert back.first["seq"] == 0
        assert [event["type"] for event in back.up_to(2)] == ["user_invited", "new_message"]


def live_through_all_kinds(system, alice, bob, room):
    """Creates ten events of all types."""
    carol = Client(system).register()
    message = alice.say(room, client_id="mine")
    alice.patch(message_url(message), json={"content": "changed"})
    alice.delete(message_url(bob.say(room, reply_to_id=message["message_id"])))
    alice.patch(f"{ROOMS}{room}/", json={"name": "renamed"})
    alice.invite(room, carol)
    alice.patch(f"{ROOMS}{room}/members/{carol.id}/", json={"is_admin": True})
    alice.post(f"{ROOMS}{room}/remove_member/", json={"user_id": carol.id})
    alice.say(room, "the end")


def test_replay_from_the_database_equals_the_events_endpoint(
        system, alice, bob, room):
    live_through_all_kinds(system, alice, bob, room)
    with follow(bob, room, since=1) as back:
        received = back.up_to(10)
    assert received == bob.events(room, after=1)
    assert {event["type"] for event in received} == {
        "new_message", "message_edited", "message_deleted", "room_updated", "user_invited",
        "user_removed", "member_updated"}


def test_replay_from_memory_equals_the_live_events(system, alice, bob, room, witness):
    """Only those after the deletion, at which pushd drops the cached ones."""
    live_through_all_kinds(system, alice, bob, room)
    live = witness.up_to(10)
    before = metric(system, "replayed_events_total")
    with follow(bob, room, since=5) as back:
        assert back.up_to(10) == [event for event in live if event["seq"] > 5]
    assert metric(system, "replayed_events_total") == before


def test_replay_from_memory_reads_no_event_from_the_database(
        system, alice, bob, room, witness):
    for _ in range(5):
        alice.say(room)
    witness.up_to(6)
    before = metric(system, "replayed_events_total")
    with follow(bob, room, since=3) as back:
        back.up_to(6)
    assert metric(system, "replayed_events_total") == before


def test_resuming_during_writes_leaves_no_gap_and_no_duplicate(
        system, alice, bob, room):
    """No other client is connected, so pushd drops the stream between two connects. The reader
    asserts consecutive numbers. The writer stays within the replay limit."""
    ended = threading.Event()
    ahead = threading.Semaphore(LIMIT // 2)

    def write(client, name):
        for number in itertools.count(1):
            ahead.acquire()
            if ended.is_set():
                return
            client.say(room, f"{name} {number}")

    writers = [threading.Thread(target=write, args=(twin(client), client.name))
               for client in (alice, bob)]
    received, since = [], 1
    for thread in writers:
        thread.start()
    try:
        for turn in range(40):
            with follow(bob, room, since=since, direct=turn % 2 == 0) as back:
                assert back.first["seq"] == since
                received += back.up_to(since + 1 + turn % 3)
                ahead.release(back.seq - since)
                since = back.seq
    finally:
        ended.set()
        ahead.release(len(writers))
        for thread in writers:
            thread.join()
    with follow(bob, room, since=since) as back:
        received += back.up_to(bob.get(f"{ROOMS}{room}/").json()["last_seq"])
    ids = [event["message"]["message_id"] for event in received]
    assert ids == [number for (number,) in system.sql(
        "SELECT message_id FROM message WHERE room_id = ? ORDER BY position", room)]


def test_a_member_invited_again_can_resume_across_the_removal(
        alice, bob, room, witness):
    """The removal predates this session and closes nothing."""
    alice.post(f"{ROOMS}{room}/remove_member/", json={"user_id": bob.id})
    alice.invite_back(room, bob)
    witness.up_to(3)
    with follow(bob, room, since=1) as back:
        assert [event["type"] for event in back.up_to(3)] == ["user_removed", "user_invited"]
        alice.say(room, "welcome back")
        assert said([back.event()]) == ["welcome back"]


# ---- resync ----

def assert_resync(client, room, since, last):
    """Asserts that resync follows `connected`, and then live events."""
    with follow(client, room, since=since) as back:
        assert back.first["seq"] == since
        assert back.until(lambda frame: frame["type"] == "resync") == {
            "type": "resync", "seq": last}
        client.say(room, "from here on")
        assert said([back.event()]) == ["from here on"]
        assert len(back.events) == 1


@WHENCE
def test_a_since_beyond_the_last_is_a_resync(system, alice, bob, room, witness, whence):
    witness.up_to(1)
    whence(system, alice, room)
    for beyond in (1, 1000, 2**63 - 10, 2**64 - 1):
        last = bob.get(f"{ROOMS}{room}/").json()["last_seq"]
        assert_resync(bob, room, min(last + beyond, 2**64 - 1), last)


@WHENCE
def test_missing_more_than_the_limit_is_a_resync(
        system, alice, bob, room, witness, whence):
    for number in range(LIMIT + 1):
        alice.say(room, f"number {number}")
    witness.up_to(LIMIT + 2)
    whence(system, alice, room)
    with follow(bob, room, since=2) as back:
        assert len(back.up_to(LIMIT + 2)) == LIMIT
    assert_resync(bob, room, 1, LIMIT + 2)


def test_missing_events_past_the_retention_is_a_resync(system, alice, bob, room):
    for _ in range(4):
        alice.say(room)
    system.sql("UPDATE event SET created_at = NOW(6) - INTERVAL 31 DAY "
               "WHERE room_id = ? AND seq <= 3", room)
    with follow(bob, room, since=3) as back:
        assert [event["seq"] for event in back.up_to(5)] == [4, 5]
    assert_resync(bob, room, 2, 5)


def test_missing_purged_events_is_a_resync(system, alice, bob, room):
    for _ in range(4):
        alice.say(room)
    system.sql("UPDATE event SET created_at = NOW(6) - INTERVAL 31 DAY WHERE room_id = ?", room)
    assert system.confabctl("events", "purge").returncode == 0
    assert_resync(bob, room, 4, 5)
    with follow(bob, room, since=6) as back:
        assert back.first["seq"] == 6
        alice.say(room)
        assert back.event()["seq"] == 7


# ---- deleted and edited text ----

@pytest.fixture
def words(alice, bob, room, witness):
    """words(): everything that a replay from before the first message sends."""
    def come():
        last = bob.get(f"{ROOMS}{room}/").json()["last_seq"]
        witness.up_to(last)
        with follow(bob, room, since=1) as back:
            return json.dumps(back.up_to(last))
    return come


def test_deleted_content_is_never_replayed(alice, bob, room, words):
    message = alice.say(room, "swordfish")
    assert "swordfish" in words()
    alice.delete(message_url(message))
    assert "swordfish" not in words()


def test_content_before_an_edit_is_never_replayed(alice, bob, room, words):
    message = alice.say(room, "swordfish")
    alice.say(room, "between")
    alice.patch(message_url(message), json={"content": "trout"})
    received = words()
    assert "swordfish" not in received and "trout" in received and "between" in received


def test_content_edited_and_then_deleted_is_never_replayed(alice, room, words):
    message = alice.say(room, "swordfish")
    alice.patch(message_url(message), json={"content": "trout"})
    alice.say(room, "behind")
    alice.delete(message_url(message))
    received = words()
    assert "swordfish" not in received and "trout" not in received and "behind" in received


def test_deleted_content_is_not_replayed_within_a_room(alice, room, words):
    """room_updated contains the room with its last message."""
    message = alice.say(room, "swordfish")
    alice.patch(f"{ROOMS}{room}/", json={"name": "renamed"})
    alice.delete(message_url(message))
    assert "swordfish" not in words()


# ---- the user's own stream ----

@WHENCE
def test_since_on_notifications_replays_the_users_stream(
        system, alice, bob, room, witness, whence):
    with follow_user(bob) as open_all_the_time:
        seq = open_all_the_time.seq
        assert seq == 1
        second = alice.room("Second")["room_id"]
        alice.invite(second, bob)
        own = bob.room("Own")
        bob.post(f"{ROOMS}{second}/remove_member/", json={"user_id": bob.id})
        bob.delete(f"{ROOMS}{own['room_id']}/")
        live = open_all_the_time.up_to(5)
        whence(system, alice, room)
        with follow_user(bob, since=seq) as back:
            assert back.first == {"type": "connected", "user_id": bob.id, "seq": seq}
            received = back.up_to(5)
            alice.invite_back(second, bob)
            assert back.event()["type"] == "room_invitation"
    assert [(event["type"], event["room_id"]) for event in received] == [
        ("room_invitation", second), ("room_created", own["room_id"]), ("room_removed", second),
        ("room_deleted", own["room_id"])]
    if whence is remembered:
        assert received == live


@WHENCE
def test_a_since_beyond_the_users_stream_is_a_resync(system, alice, bob, room, whence):
    with follow_user(bob) as open_all_the_time:
        whence(system, alice, room)
        for last, since in enumerate((2, 2**63, 2**64 - 1), 1):
            with follow_user(bob, since=since) as back:
                assert back.first["seq"] == since
                assert back.frame() == {"type": "resync", "seq": last}
                bob.room()
                assert back.event()["seq"] == last + 1
        assert open_all_the_time.first["seq"] == 1


@WHENCE
def test_a_notifications_client_that_missed_nothing_gets_nothing(system, alice, bob, room, whence):
    whence(system, alice, room)
    with follow_user(bob, since=1) as back:
        assert back.first["seq"] == 1
        back.no_event()
        bob.room()
        assert back.event()["seq"] == 2


def test_missing_more_than_the_limit_of_the_users_stream_is_a_resync(system, alice):
    for _ in range(LIMIT + 1):
        alice.room()
    with follow_user(alice, since=1) as back:
        assert len(back.up_to(LIMIT + 1)) == LIMIT
    with follow_user(alice, since=0) as back:
        assert back.frame() == {"type": "resync", "seq": LIMIT + 1}


def test_messages_arrive_on_resumed_notifications(system, alice, bob, room):
    with follow_user(bob, since=1) as back:
        alice.say(room, "new")
        assert back.notice("new_message_notification")["message"]["content"] == "new"


def test_a_gap_in_published_events_is_filled_before_later_events(
        system, alice, bob, room):
    """The missing events were never published."""
    before = metric(system, "gaps_filled_total")
    with follow(bob, room) as live:
        # In one transaction, or a gap check in between finds that the events do not exist.
        system.sql("BEGIN; UPDATE room SET last_seq = last_seq + 2 WHERE room_id = ?; "
                   "INSERT INTO event SELECT ?, seq, 6, ?, ?, NOW(6) FROM seq_2_to_3; COMMIT",
                   room, room, alice.id, 10**15)
        alice.say(room, "after the gap")
        kinds = [event["type"] for event in live.up_to(4)]
    assert kinds == ["user_removed", "user_removed", "new_message"]
    assert metric(system, "gaps_filled_total") > before
