"""Replay of more than a socket takes at once: it continues as the client reads, at a bounded
memory, and live events wait behind it."""

import contextlib
import time

import pytest

from support.client import Client
from support.event_reader import follow
from support.parallel import at_once, twin
from support.pushd import Pushd
from support.pushd_metrics import slow_drops
from support.sockets import BOTH_WAYS, notified
from support.wait import wait_for

pytestmark = pytest.mark.slow("waits for slow readers")

LONG = "\U0001f600" * 8000      # 32,000 bytes
MISSED = 220


@pytest.fixture(scope="module")
def system(make_instance):
    return make_instance()


@pytest.fixture(scope="module")
def long_room(system):
    """(a user, a room with MISSED long messages)"""
    alice = Client(system).register()
    room = alice.room()["room_id"]
    writers = [twin(alice) for _ in range(2)]
    at_once([lambda writer=writer: [writer.say(room, LONG) for _ in range(MISSED // 2)]
             for writer in writers])
    return alice, room


def is_in_order(events, first):
    return [event["seq"] for event in events] == list(range(first, first + len(events)))


@BOTH_WAYS
def test_a_client_that_reads_gets_all_it_missed(system, long_room, direct):
    alice, room = long_room
    before = slow_drops(system)
    with follow(alice, room, since=0, direct=direct) as back:
        last = alice.get(f"/api/chat/rooms/{room}/").json()["last_seq"]
        told = back.up_to(last)
        assert len(told) == last and is_in_order(told, 1)
        live = twin(alice).say(room, "live")
        assert back.event()["message"] == live
    assert slow_drops(system) == before


def test_a_slow_reader_gets_all_and_live_events_wait_behind(system, long_room):
    alice, room = long_room
    writer = twin(alice)
    with follow(alice, room, since=0, direct=True, rcvbuf=4096) as back:
        last = alice.get(f"/api/chat/rooms/{room}/").json()["last_seq"]
        for number in range(20):
            writer.say(room, f"live {number}")
            time.sleep(0.05)
            back.up_to(2 + 5 * number)
        told = back.up_to(last + 20)
    assert is_in_order(told, 1)
    assert [event["message"]["content"] for event in told[-20:]] == [
        f"live {number}" for number in range(20)]


def test_several_watches_at_once_are_each_in_order(system, long_room):
    alice, room = long_room
    other = alice.room()["room_id"]
    for number in range(100):
        alice.say(other, f"{number}")
    with notified(alice, direct=True, rcvbuf=4096) as live:
        for id in (room, other):
            live.send({"type": "watch", "room_id": id, "since": 0})
        last = {id: alice.get(f"/api/chat/rooms/{id}/").json()["last_seq"]
                for id in (room, other)}
        seqs = {room: 0, other: 0}
        while seqs != last:
            frame = live.next(10)
            if "seq" in frame and frame["type"] == "new_message":
                assert frame["seq"] == seqs[frame["room_id"]] + 1
                seqs[frame["room_id"]] = frame["seq"]
        alice.say(other, "live")
        assert live.next()["message"]["content"] == "live"


def test_a_client_that_does_not_read_its_replay_is_closed_with_1013(system, long_room):
    alice, room = long_room
    before = slow_drops(system)
    with follow(alice, room, since=0, direct=True, rcvbuf=4096) as asleep:
        wait_for(lambda: slow_drops(system) > before, 20, "the end of its socket")
        assert asleep.end(30) == 1013
        assert asleep.seq < MISSED


def test_the_memory_of_many_replays_is_bounded(system, long_room):
    """40 clients that do not read, each of which missed 7 MB."""
    alice, room = long_room
    with Pushd(alice.instance, max_sockets_user=100) as pushd, contextlib.ExitStack() as stack:
        def memory():
            return pushd.metric("resident_memory_bytes")
        before = memory()
        for _ in range(40):
            stack.enter_context(
                follow(alice, room, since=0, direct=pushd.port, rcvbuf=4096))
        time.sleep(2)
        assert memory() - before < 30 << 20


def pss(process):
    """The proportional memory of a process in bytes."""
    with open(f"/proc/{process.pid}/smaps_rollup", encoding="ascii") as lines:
        return next(int(line.split()[1]) << 10 for line in lines if line.startswith("Pss:"))


def test_the_memory_of_replays_is_returned_within_a_minute(system, long_room):
    alice, room = long_room
    last = alice.get(f"/api/chat/rooms/{room}/").json()["last_seq"]
    with Pushd(alice.instance, max_sockets_user=100) as pushd:
        with follow(alice, room, direct=pushd.port):
            time.sleep(1)
        before = pss(pushd.process)
        with contextlib.ExitStack() as stack:
            lives = [stack.enter_context(follow(alice, room, since=0, direct=pushd.port))
                     for _ in range(50)]
            for live in lives[:5]:
                live.up_to(last, 60)
        wait_for(lambda: pss(pushd.process) < before + (6 << 20), 60)


def test_others_are_served_while_many_do_not_read(system, long_room):
    alice, room = long_room
    with Pushd(alice.instance, max_sockets_user=400) as pushd, contextlib.ExitStack() as stack:
        for _ in range(300):
            stack.enter_context(
                follow(alice, room, since=0, direct=pushd.port, rcvbuf=4096))
        with follow(alice, room, since=0, direct=pushd.port) as back:
            last = alice.get(f"/api/chat/rooms/{room}/").json()["last_seq"]
            assert is_in_order(back.up_to(last, 20), 1)


def test_gaps_of_many_bytes_do_not_fill_the_send_queue(system):
    """The events of another prefix do not arrive, so gap checks find them, many at a time."""
    alice = Client(system).register()
    room = alice.room()["room_id"]
    with Pushd(system, redis_prefix="other:") as pushd, \
            follow(alice, room, direct=pushd.port, rcvbuf=4096) as live:
        for last in (20, 40, 60):
            for _ in range(20):
                alice.say(room, LONG)
            wait_for(lambda last=last: pushd.metric("gap_check_events_total") == last, 10)
        assert len(live.up_to(60)) == 60
