"""Clients that do not read: they are closed, delay no other client, and can reconnect."""

import contextlib
import statistics
import time

import pytest

from support.client import Client
from support.event_reader import EventReader, follow, follow_user
from support.pushd_metrics import metric, room_sockets, slow_drops
from support.wait import wait_for
from support.websocket import Closed

pytestmark = pytest.mark.slow("waits for full sockets")

BACKLOG = 16                    # KiB
LONG = "\U0001f600" * 8000      # 32,000 bytes


@pytest.fixture(scope="module")
def system(make_instance):
    return make_instance(CONFAB_WS_BACKLOG=BACKLOG)


def sleeper(client, room, **options):
    """A socket that reads only its first frame, with the smallest receive buffer that the
    kernel allows."""
    options.setdefault("direct", True)
    return follow(client, room, rcvbuf=4096, **options)


def fill(system, alice, room, until, most=2000):
    """Posts long messages until the condition holds; returns their number."""
    for number in range(1, most):
        alice.say(room, LONG)
        if until():
            return number
    raise AssertionError(f"{most} long messages wait somewhere")


def dropped(system):
    """dropped(): whether a slow client was closed since then."""
    before = slow_drops(system)
    return lambda: slow_drops(system) > before


def fill_until_dropped(system, alice, room):
    return fill(system, alice, room, dropped(system))


def read_to_the_end(live):
    with contextlib.suppress(Closed):
        while True:
            live.frame()


# ---- the client that does not read ----

@pytest.mark.parametrize("direct", [True, False], ids=["direct", "through the web server"])
def test_a_client_that_stops_reading_is_closed_with_1013(system, alice, bob, room, direct):
    with sleeper(bob, room, direct=direct) as asleep:
        fill_until_dropped(system, alice, room)
        assert asleep.end() == 1013


def test_a_notifications_client_that_stops_reading_is_closed_with_1013(system, alice, bob, room):
    with EventReader(bob.notifications(direct=True, rcvbuf=4096)) as asleep:
        fill_until_dropped(system, alice, room)
        assert asleep.end() == 1013


def test_a_closed_slow_client_resumes_with_since_and_misses_nothing(system, alice, bob, room):
    with sleeper(bob, room) as asleep:
        fill_until_dropped(system, alice, room)
        assert asleep.end() == 1013
    last = bob.get(f"/api/chat/rooms/{room}/").json()["last_seq"]
    assert 1 <= asleep.seq < last
    with follow(bob, room, since=asleep.seq) as back:
        back.up_to(last)
        alice.say(room, "awake?")
        assert back.event()["message"]["content"] == "awake?"


def test_the_send_queue_of_a_closed_client_is_freed(system, alice, bob, room):
    with sleeper(bob, room) as asleep:
        fill_until_dropped(system, alice, room)
        wait_for(lambda: metric(system, "send_queue_bytes") == 0)
        read_to_the_end(asleep)


def test_a_client_that_does_not_read_the_close_frame_is_disconnected(system, alice, bob, room):
    """After 5 seconds."""
    wait_for(lambda: room_sockets(system) == 0)
    with sleeper(bob, room):
        assert room_sockets(system) == 1
        fill_until_dropped(system, alice, room)
        wait_for(lambda: room_sockets(system) == 0, 15, "the end of its socket")
    assert metric(system, "send_queue_bytes") == 0


def test_a_client_that_disconnects_with_a_full_queue_leaves_nothing(system, alice, bob, room):
    before = slow_drops(system)
    with sleeper(bob, room):
        fill(system, alice, room, lambda: metric(system, "send_queue_bytes") > 0
             or slow_drops(system) > before)
    wait_for(lambda: metric(system, "send_queue_bytes") == 0)
    wait_for(lambda: room_sockets(system) == 0)


def test_a_slow_client_that_resumes_reading_in_time_gets_everything(make_instance):
    """The queued events arrive in order, then the new ones."""
    system = make_instance(CONFAB_WS_BACKLOG=65536)
    alice = Client(system).register()
    room = alice.room()["room_id"]
    delivered = metric(system, "delivered_bytes_total")
    with sleeper(alice, room) as asleep:
        count = fill(system, alice, room, lambda: metric(system, "send_queue_bytes") > 100000)
        events = asleep.up_to(count)
        assert [event["message"]["content"] for event in events] == [LONG] * count
        assert slow_drops(system) == 0
        alice.say(room, "awake?")
        assert asleep.event()["message"]["content"] == "awake?"
        assert metric(system, "delivered_bytes_total") - delivered == asleep.socket.received
        wait_for(lambda: metric(system, "send_queue_bytes") == 0)


# ---- other clients ----

def times(alice, room, listeners, count=40):
    """The median of the seconds from a post until all of these have received it."""
    taken = []
    for _ in range(count):
        before = time.perf_counter()
        alice.say(room, "short")
        for live in listeners:
            live.event()
        taken.append(time.perf_counter() - before)
    return statistics.median(taken)


def test_other_clients_are_not_delayed_and_get_everything(system, alice, bob, room):
    with follow(alice, room) as hers, follow(bob, room, direct=True) as his, \
            follow_user(bob) as notes:
        before = times(alice, room, [hers, his])
        with sleeper(bob, room), sleeper(bob, room), sleeper(alice, room):
            is_dropped = dropped(system)
            while not is_dropped():
                alice.say(room, LONG)
                hers.up_to(his.event()["seq"])
            after = times(alice, room, [hers, his])
            while not notes.notices or \
                    notes.notices[-1]["message"] != his.events[-1]["message"]:
                notes.frame()
        assert after < 3 * before + 0.05, (before, after)
        assert hers.events == his.events
        assert len(notes.notices) == len(his.events)
    assert metric(system, "send_queue_bytes") == 0


def test_another_socket_of_the_same_user_stays_open(system, alice, bob, room):
    with follow(bob, room, direct=True) as awake, sleeper(bob, room) as asleep:
        is_dropped = dropped(system)
        while not is_dropped():
            alice.say(room, LONG)
            awake.event()
        assert asleep.end() == 1013
        alice.say(room, "awake?")
        assert awake.event()["message"]["content"] == "awake?"
