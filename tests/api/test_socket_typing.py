"""typing and stop_typing: who receives them, how often, and when typing ends."""
import contextlib
import time

import pytest

from support.sockets import BOTH_WAYS, in_room, notice, notified
from support.wait import wait_for

PING, PONG = {"type": "ping"}, {"type": "pong"}
TYPING, STOP = {"type": "typing"}, {"type": "stop_typing"}

EVERY, HOLDS = 2, 10  # seconds


class Pair:
    """Two members of a room with a socket each."""

    def __init__(self, alice, bob, room, stack, **options):
        self.alice, self.bob, self.room = alice, bob, room
        self.from_alice = stack.enter_context(in_room(alice, room, **options))
        self.to_bob = stack.enter_context(in_room(bob, room, **options))
        self.from_alice.until("user_joined")

    def heard(self, kind, seconds=10):
        """Asserts that the next frame of bob is this one, about alice."""
        assert self.to_bob.next(seconds) == notice(kind, self.alice, self.room)

    def nothing_heard(self):
        """Asserts that pushd has processed all frames of alice and sent bob nothing."""
        said(self.from_alice)
        self.to_bob.none()


def said(live):
    """Waits until pushd has read all frames sent."""
    live.send(PING)
    assert live.until("pong") == PONG


def heard_by(live):
    """The types of all frames up to a moment in which none comes."""
    heard = [live.next()["type"]]
    with contextlib.suppress(AssertionError):
        while True:
            heard.append(live.next(1)["type"])
    return heard


@pytest.fixture
def make_pair(user):
    with contextlib.ExitStack() as stack:
        def make(**options):
            alice, bob = user(), user()
            room = alice.room()["room_id"]
            alice.invite(room, bob)
            return Pair(alice, bob, room, stack, **options)
        yield make


@pytest.fixture
def pair(make_pair):
    return make_pair()


@BOTH_WAYS
def test_typing_is_sent_to_the_other_users_of_the_room(make_pair, direct):
    pair = make_pair(direct=direct)
    pair.from_alice.send(TYPING)
    pair.heard("typing")
    pair.from_alice.send(STOP)
    pair.heard("stop_typing")
    pair.nothing_heard()


@pytest.mark.everywhere
def test_typing_is_not_sent_to_any_socket_of_the_same_user(pair):
    with in_room(pair.alice, pair.room) as tab, in_room(pair.bob, pair.room) as other:
        pair.from_alice.send(TYPING)
        pair.from_alice.send(STOP)
        pair.heard("typing")
        for told in ("typing", "stop_typing"):
            assert other.next() == notice(told, pair.alice, pair.room)
        tab.none()
        pair.from_alice.none(0.1)


def test_a_role_holds_for_typing_at_once(pair):
    path = f"/api/chat/rooms/{pair.room}/members/{pair.bob.id}/"
    # Bob is the one who types here, and alice the admin.
    pair.from_alice, pair.to_bob = pair.to_bob, pair.from_alice
    for role, is_shown in (("reader", False), ("member", True)):
        answer = pair.alice.patch(path, json={"role": role})
        assert answer.status_code == 200
        for live in (pair.from_alice, pair.to_bob):
            assert live.until("member_updated")["membership"]["role"] == role
        pair.from_alice.send(TYPING)
        if is_shown:
            assert pair.to_bob.next() == notice("typing", pair.bob, pair.room)
        else:
            pair.nothing_heard()


def test_a_silence_holds_for_typing_until_it_is_ended(pair):
    path = f"/api/chat/rooms/{pair.room}/silence/"
    with notified(pair.bob) as typer:
        typer.send({"type": "watch", "room_id": pair.room})
        typer.until("connected")
        for act, minutes in ((pair.alice.post, {"minutes": 5}), (pair.alice.delete, {})):
            answer = act(path, json={"user_id": pair.bob.id, **minutes})
            assert answer.status_code in (200, 204)
            typer.until("silence_changed")
            typer.send({**TYPING, "room_id": pair.room})
            if minutes:
                said(typer)
                pair.from_alice.none()
        assert pair.from_alice.next() == notice("typing", pair.bob, pair.room)


def test_typing_is_sent_again_once_a_silence_is_over(pair, instance):
    answer = pair.alice.post(f"/api/chat/rooms/{pair.room}/silence/",
                             json={"user_id": pair.bob.id, "minutes": 5})
    assert answer.status_code == 200
    for table, column in (("silence", "until"), ("member", "silenced_until")):
        instance.sql(f"UPDATE {table} SET {column} = SYSDATE(6) + INTERVAL 2 SECOND "
                     "WHERE room_id = ? AND user_id = ?", pair.room, pair.bob.id)
    # Opened while the silence holds.
    with in_room(pair.bob, pair.room) as typer:
        wait_for(lambda: instance.sql("SELECT 1 FROM member WHERE room_id = ? AND user_id = ? "
                                      "AND silenced_until < SYSDATE(6)", pair.room, pair.bob.id))
        typer.send(TYPING)
        assert pair.from_alice.until("typing") == notice("typing", pair.bob, pair.room)


def test_typing_is_sent_to_its_own_room_only(pair):
    other = pair.alice.room()["room_id"]
    pair.alice.invite(other, pair.bob)
    with in_room(pair.bob, other) as elsewhere, notified(pair.bob) as notifications:
        pair.from_alice.send(TYPING)
        pair.heard("typing")
        elsewhere.none()
        notifications.none(0.1)


def test_typing_is_not_recorded_as_an_event(pair):
    before = pair.alice.events(pair.room)
    pair.from_alice.send(TYPING)
    pair.heard("typing")
    assert pair.alice.events(pair.room) == before


def test_repeated_typing_is_sent_at_most_once_in_2_seconds(pair):
    start = time.monotonic()
    while time.monotonic() - start < 2.5 * EVERY:
        pair.from_alice.send(TYPING)
        time.sleep(0.1)  # keystrokes
    said(pair.from_alice)
    seconds = time.monotonic() - start
    pair.from_alice.send(STOP)
    passed = 0
    while (frame := pair.to_bob.next()) == notice("typing", pair.alice, pair.room):
        passed += 1
    assert frame == notice("stop_typing", pair.alice, pair.room)
    assert 2 <= passed <= seconds / EVERY + 1


@pytest.mark.slow("waits for a timeout of 10 seconds")
def test_stop_typing_is_sent_after_10_seconds_without_typing(pair):
    start = time.monotonic()
    pair.from_alice.send(TYPING)
    pair.heard("typing")
    pair.heard("stop_typing", 3 * HOLDS)
    assert time.monotonic() - start >= HOLDS
    pair.nothing_heard()


def test_stop_typing_is_sent_once(pair):
    pair.from_alice.send(TYPING)
    pair.heard("typing")
    pair.from_alice.send(STOP)
    pair.from_alice.send(STOP)
    pair.heard("stop_typing")
    pair.nothing_heard()
    pair.from_alice.abort()
    # Closing the socket of a user who does not type sends only user_left, later.
    pair.to_bob.none(0.3)


@pytest.mark.parametrize("end", ["close", "abort"])
def test_a_closed_socket_sends_stop_typing(pair, end):
    pair.from_alice.send(TYPING)
    pair.heard("typing")
    getattr(pair.from_alice, end)()
    pair.heard("stop_typing")


def test_a_removed_member_stops_typing(pair):
    pair.from_alice.send(TYPING)
    pair.heard("typing")
    pair.alice.post(f"/api/chat/rooms/{pair.room}/remove_member/", json={"user_id": pair.alice.id})
    assert pair.to_bob.until("stop_typing") == notice("stop_typing", pair.alice, pair.room)


def test_typing_can_start_again(pair):
    for _ in range(2):
        pair.from_alice.send(TYPING)
        pair.heard("typing")
        pair.from_alice.send(STOP)
        pair.heard("stop_typing")


def test_two_users_can_type_at_the_same_time(pair):
    pair.from_alice.send(TYPING)
    pair.to_bob.send(TYPING)
    pair.heard("typing")
    assert pair.from_alice.next() == notice("typing", pair.bob, pair.room)
    pair.from_alice.send(STOP)
    pair.heard("stop_typing")
    said(pair.from_alice)


def test_typing_and_stop_typing_in_turn_are_limited(pair):
    start = time.monotonic()
    while time.monotonic() - start < 1.5 * EVERY:
        pair.from_alice.send(TYPING)
        pair.from_alice.send(STOP)
        time.sleep(0.2)
    said(pair.from_alice)
    most = (time.monotonic() - start) / EVERY + 1
    heard = heard_by(pair.to_bob)
    assert heard == (["typing", "stop_typing"] * len(heard))[:len(heard)]
    assert heard.count("typing") <= most


def test_typing_is_limited_over_all_sockets_of_a_user(pair):
    with contextlib.ExitStack() as stack:
        tabs = [stack.enter_context(in_room(pair.alice, pair.room)) for _ in range(3)]
        watcher = stack.enter_context(notified(pair.alice))
        watcher.send({"type": "watch", "room_id": pair.room})
        watcher.until("connected")
        start = time.monotonic()
        while time.monotonic() - start < 1.2 * EVERY:
            for tab in tabs:
                tab.send(TYPING)
            watcher.send({**TYPING, "room_id": pair.room})
            time.sleep(0.3)
        for live in (*tabs, watcher):
            said(live)
        most = (time.monotonic() - start) / EVERY + 1
        heard = heard_by(pair.to_bob)
        assert heard == ["typing"] * len(heard) and len(heard) <= most
