"""Rooms that a notifications socket watches: one socket for everything."""
import contextlib

import pytest

from support.client import Client
from support.parallel import at_once
from support.pushd import Pushd
from support.shapes import A_TEXT
from support.sockets import BOTH_WAYS, PONG_FRAME, assert_well, in_room, notice, notified, person
from support.wait import wait_for

MESSAGES = 40


def watch(live, room, **members):
    """Watches a room and returns the answer: `connected` or an error."""
    live.send({"type": "watch", "room_id": room, **members})
    return live.until(lambda frame: frame["type"] in ("connected", "error"))


@contextlib.contextmanager
def watching(client, room, since=None, **options):
    """A notifications socket that watches a room; .watched is the answer."""
    with notified(client, **options) as live:
        live.watched = watch(live, room, **({} if since is None else {"since": since}))
        assert live.watched["type"] == "connected", live.watched
        yield live


def assert_error(live, code, **members):
    """Asserts that the next frame is this error, and that the socket stays open."""
    assert live.next() == {"type": "error", **members, "code": code, "detail": A_TEXT}
    assert_well(live)


def events_of(live, room, count):
    """The next sequenced events of a room; other frames are dropped."""
    found = []
    while len(found) < count:
        frame = live.next(10)
        if frame.get("room_id") == room and frame["type"] in (
                "new_message", "message_edited", "message_deleted", "room_updated",
                "user_invited", "user_removed", "member_updated"):
            found.append(frame)
    return found


# ---- what comes ----

@BOTH_WAYS
def test_the_answer_is_connected_of_the_room(duo, direct):
    alice, bob, room = duo
    with in_room(alice, room, direct=direct), watching(bob, room, direct=direct) as live:
        assert live.watched == {
            "type": "connected", "room_id": room, "user_id": bob.id, "seq": 1,
            "online": live.watched["online"]}
        assert sorted(live.watched["online"], key=lambda who: who["user_id"]) == [
            person(alice), person(bob)]


def test_frames_are_those_of_a_room_socket(duo):
    alice, bob, room = duo
    with in_room(bob, room) as live, watching(bob, room) as watcher:
        said = alice.say(room, "one")
        alice.patch(f"/api/chat/rooms/{room}/messages/{said['message_id']}/",
                    json={"content": "two"})
        alice.delete(f"/api/chat/rooms/{room}/messages/{said['message_id']}/")
        alice.patch(f"/api/chat/rooms/{room}/", json={"name": "renamed"})
        alice.patch(f"/api/chat/rooms/{room}/members/{bob.id}/", json={"is_admin": True})
        assert events_of(watcher, room, 5) == [live.next() for _ in range(5)]
        bob.post(f"/api/chat/rooms/{room}/read/", json={"message_id": said["message_id"]})
        assert watcher.until("message_read") == live.until("message_read")


def test_messages_of_others_are_notified_of_as_well(duo):
    alice, bob, room = duo
    with watching(bob, room) as live:
        alice.say(room)
        kinds = sorted([live.next()["type"], live.next()["type"]])
        assert kinds == ["new_message", "new_message_notification"]
        bob.say(room)
        assert live.next()["type"] == "new_message"
        assert_well(live)


def test_since_replays_each_missed_event_once_and_live_ones_follow(duo):
    alice, bob, room = duo
    for _ in range(5):
        bob.say(room)
    with watching(bob, room, since=2) as live:
        assert live.watched["seq"] == 2
        bob.say(room)
        assert [event["seq"] for event in events_of(live, room, 5)] == [3, 4, 5, 6, 7]
        assert_well(live)


@pytest.mark.parametrize("since", [2**63, 2**64 - 1, 8])
def test_a_since_beyond_the_stream_is_a_resync_with_the_room(duo, since):
    alice, _, room = duo
    with watching(alice, room, since=since) as live:
        assert live.next() == {"type": "resync", "seq": 1, "room_id": room}
        alice.say(room)
        assert live.next()["seq"] == 2


def test_a_replay_over_the_limit_is_a_resync_with_the_room(duo):
    alice, _, room = duo
    for _ in range(3):
        alice.say(room)
    with Pushd(alice.instance, replay_limit=2) as pushd, \
            watching(alice, room, since=1, direct=pushd.port) as live:
        assert live.next() == {"type": "resync", "seq": 4, "room_id": room}


def test_several_rooms_are_each_in_order_while_others_post(duo, user):
    alice, bob, first = duo
    second = alice.room()["room_id"]
    alice.invite(second, bob)
    with notified(bob) as live:
        def post(room):
            writer = Client(alice.instance, alice.token)
            for _ in range(MESSAGES):
                writer.say(room)
        for room in (first, second):
            live.send({"type": "watch", "room_id": room, "since": 1})
        at_once([lambda: post(first), lambda: post(second)])
        seqs = {first: [], second: []}
        while sum(map(len, seqs.values())) < 2 * MESSAGES:
            frame = live.next(10)
            if frame["type"] == "new_message":
                seqs[frame["room_id"]].append(frame["seq"])
        assert list(seqs.values()) == [list(range(2, MESSAGES + 2))] * 2


# ---- the end ----

def test_unwatch_ends_it(duo):
    alice, bob, room = duo
    with watching(bob, room) as live:
        live.send({"type": "unwatch", "room_id": room})
        assert_well(live)
        bob.say(room)
        live.none()
        live.send({"type": "unwatch", "room_id": room})
        assert_error(live, "not_watched", room_id=room)
        assert watch(live, room, since=1)["seq"] == 1
        assert live.next()["seq"] == 2


def test_a_removed_member_gets_the_event_and_the_socket_stays(duo):
    alice, bob, room = duo
    with watching(bob, room) as live:
        alice.post(f"/api/chat/rooms/{room}/remove_member/", json={"user_id": bob.id})
        alice.say(room)
        frames = [live.next(), live.next()]
        assert sorted(frame["type"] for frame in frames) == ["room_removed", "user_removed"]
        live.none()
        live.send({"type": "typing", "room_id": room})
        assert_error(live, "not_watched", room_id=room)
        assert watch(live, room)["code"] == "not_found"


def test_a_deleted_room_is_reported_once_and_the_socket_stays(duo):
    alice, bob, room = duo
    with watching(bob, room) as live, watching(alice, room) as owner:
        alice.delete(f"/api/chat/rooms/{room}/")
        for socket in (live, owner):
            frame = socket.until("room_deleted")
            assert frame["room_id"] == room and frame["deleted_by"] == alice.name
            assert_well(socket)
            assert watch(socket, room)["code"] == "not_found"


def test_a_revoked_token_closes_the_socket(duo):
    alice, _, room = duo
    with watching(alice, room) as live:
        alice.delete("/api/auth/token/")
        assert live.closed() == 4401


# ---- errors ----

def test_a_room_that_cannot_be_entered_is_an_error_with_its_id(duo, user):
    alice, _, room = duo
    stranger = user()
    public = alice.room(is_private=False)["room_id"]
    with notified(stranger) as live:
        for id, code in ((room, "not_found"), (public, "forbidden"), (2**62, "not_found"),
                         (0, "not_found"), (-1, "not_found"), (2**64 - 1, "not_found")):
            live.send({"type": "watch", "room_id": id})
            assert_error(live, code, room_id=id)


@pytest.mark.parametrize("room_id", [None, "1", 1.0, 1.5, True, [1], {"room_id": 1}, "x"])
def test_a_room_id_of_another_type_is_an_error(user, room_id):
    with notified(user()) as live:
        for kind in ("watch", "unwatch", "typing", "stop_typing"):
            live.send({"type": kind, "room_id": room_id})
            assert_error(live, "bad_room_id")


@pytest.mark.parametrize("since", [-1, None, "1", 1.0, True, [], {}])
def test_a_since_of_another_type_is_an_error(duo, since):
    alice, _, room = duo
    with notified(alice) as live:
        live.send({"type": "watch", "room_id": room, "since": since})
        assert_error(live, "bad_since", room_id=room)


def test_a_room_is_watched_once(duo):
    alice, _, room = duo
    with watching(alice, room) as live:
        live.send({"type": "watch", "room_id": room, "since": 0})
        assert_error(live, "already_watched", room_id=room)
        alice.say(room)
        assert live.next()["seq"] == 2
        assert_well(live)


def test_watched_rooms_are_limited(user):
    alice = user()
    rooms = [alice.room()["room_id"] for _ in range(3)]
    with Pushd(alice.instance, max_watched=2) as pushd, \
            notified(alice, direct=pushd.port) as live:
        assert [watch(live, room)["type"] for room in rooms] == ["connected", "connected", "error"]
        live.send({"type": "watch", "room_id": rooms[2]})
        assert_error(live, "too_many_watched", room_id=rooms[2])
        live.send({"type": "unwatch", "room_id": rooms[0]})
        assert watch(live, rooms[2])["type"] == "connected"


def test_twenty_rooms_can_be_watched(user):
    alice = user()
    rooms = [alice.room()["room_id"] for _ in range(21)]
    with notified(alice) as live:
        answers = [watch(live, room)["type"] for room in rooms]
    assert answers == ["connected"] * 20 + ["error"]


@pytest.mark.slow("an instance of its own")
def test_a_flood_of_watch_frames_is_limited_like_any_other(make_instance):
    system = make_instance(CONFAB_RATE_FRAMES_BURST=5, CONFAB_RATE_FRAMES=1,
                           CONFAB_RATE_LIMITS="on")
    alice = Client(system).register()
    room = alice.room()["room_id"]
    with watching(alice, room) as live:
        for _ in range(60):
            live.send({"type": "watch", "room_id": room})
        codes = [live.until("error")["code"] for _ in range(5)]
        assert codes[-1] == "rate_limited"
        assert set(codes[:-1]) == {"already_watched"}
        live.none()
        for _ in range(60):
            live.send({"type": "watch", "room_id": room})
        assert live.closed() == 1008


# ---- presence and typing ----

@pytest.mark.slow("fills an instance with sockets")
@BOTH_WAYS
def test_a_watch_counts_as_an_open_socket(duo, direct):
    alice, bob, room = duo
    with in_room(alice, room, direct=direct) as live:
        with watching(bob, room, direct=direct) as watcher:
            assert live.next() == notice("user_joined", bob, room)
            online = bob.get(f"/api/chat/rooms/{room}/presence/").json()["online"]
            assert person(bob) in online
            watcher.send({"type": "unwatch", "room_id": room})
            assert live.next(15) == notice("user_left", bob, room)
            assert watch(watcher, room)["type"] == "connected"
            assert live.next() == notice("user_joined", bob, room)
        assert live.next(15) == notice("user_left", bob, room)


def test_a_watcher_is_sent_presence_and_typing_of_others(duo):
    alice, bob, room = duo
    with watching(bob, room) as live, in_room(alice, room) as other:
        assert live.next() == notice("user_joined", alice, room)
        other.send({"type": "typing"})
        assert live.next() == notice("typing", alice, room)
        other.send({"type": "stop_typing"})
        assert live.next(9) == notice("stop_typing", alice, room)
        live.send({"type": "typing", "room_id": room})
        assert other.next() == notice("typing", bob, room)
        live.send({"type": "unwatch", "room_id": room})
        assert other.next(9) == notice("stop_typing", bob, room)


@pytest.mark.slow("starts an instance for each setting")
def test_both_endpoints_stay_as_they_are(duo):
    alice, _, room = duo
    with in_room(alice, room) as live:
        live.send({"type": "watch", "room_id": room})
        assert_error(live, "unknown_type")
    with notified(alice) as live:
        live.send({"type": "typing"})
        assert_error(live, "unknown_type")
        live.send({"type": "ping"})
        assert live.next() == PONG_FRAME
        alice.say(room)
        live.none()
    wait_for(lambda: not alice.get(f"/api/chat/rooms/{room}/presence/").json()["online"], 15)
