"""Presence when a pushd ends or Redis is unavailable."""
import contextlib
import signal

import pytest

from support.presence import Watcher, by_id, people, wait_for_online, wait_for_rest
from support.pushd import Pushd
from support.sockets import in_room, notice
from support.unavailable import OUTAGES, killed
from support.wait import wait_for

pytestmark = pytest.mark.slow("waits until leases end")

GRACE = 1        # presence_grace of `system`
DEAD_AFTER = 30  # seconds until the users of a killed pushd leave


@pytest.fixture(scope="module")
def system(make_instance):
    return make_instance(CONFAB_PRESENCE_GRACE=GRACE)


# ---- a pushd ends ----

@pytest.mark.slow("waits up to 30 seconds for a lease to expire")
def test_users_of_a_killed_pushd_leave_within_30_seconds(trio, system):
    alice, bob, room, carol = trio
    with Pushd(system) as doomed, in_room(alice, room) as here:
        with in_room(bob, room, direct=doomed.port), in_room(carol, room, direct=doomed.port), \
                in_room(carol, room):
            joined = [here.next(), here.next()]
            assert sorted(frame["user_id"] for frame in joined) == sorted([bob.id, carol.id])
            doomed.signal(signal.SIGKILL)
            assert here.next(3 * DEAD_AFTER) == notice("user_left", bob, room)
            # carol has a socket to the running one.
            wait_for_rest(alice, room, alice, carol, seconds=3 * DEAD_AFTER)
            here.none()
    wait_for_online(alice, room)


def test_users_of_a_stopped_pushd_leave(trio, system):
    alice, bob, room, _ = trio
    with Pushd(system, drain_time=0) as other, in_room(alice, room) as here, \
            in_room(bob, room, direct=other.port) as there:
        here.until("user_joined")
        other.signal(signal.SIGTERM)
        assert there.closed() == 1012
        assert here.next(3 * DEAD_AFTER) == notice("user_left", bob, room)


@pytest.mark.slow("waits for a lease to expire")
def test_a_room_open_only_on_a_killed_pushd_becomes_empty(trio, system):
    alice, bob, room, _ = trio
    with Pushd(system) as doomed, in_room(bob, room, direct=doomed.port):
        wait_for_rest(alice, room, bob)
        doomed.signal(signal.SIGKILL)
        wait_for_rest(alice, room, seconds=3 * DEAD_AFTER)
        wait_for_online(alice, room, seconds=3 * DEAD_AFTER)


# ---- Redis is unavailable ----

@OUTAGES
def test_without_redis_presence_works_within_one_pushd(trio, system, outage):
    alice, bob, room, carol = trio
    with in_room(alice, room) as live, in_room(bob, room) as theirs:
        live.until("user_joined")
        with outage(system):
            with in_room(carol, room) as new:
                assert by_id(new.first["online"]) == people(alice, bob, carol)
                assert live.next() == notice("user_joined", carol, room)
                theirs.send({"type": "typing"})
                assert live.next() == notice("typing", bob, room)
                theirs.send({"type": "stop_typing"})
                assert live.next() == notice("stop_typing", bob, room)
            assert live.next(3 * GRACE + 5) == notice("user_left", carol, room)
        live.none()


def test_presence_is_complete_when_redis_is_back(trio, system, second):
    alice, bob, room, carol = trio
    with in_room(alice, room) as here, in_room(bob, room, direct=second) as there:
        here.until("user_joined")
        with killed(system):
            pass
        wait_for_rest(carol, room, alice, bob, seconds=30)
        with in_room(carol, room, direct=second) as new:
            assert by_id(new.first["online"]) == people(alice, bob, carol)
            assert here.until(lambda frame: frame == notice("user_joined", carol, room), 30)
        assert here.until(lambda frame: frame == notice("user_left", carol, room), 30)
        there.until(lambda frame: frame == notice("user_left", carol, room), 30)


def test_changes_during_a_redis_outage_are_sent_when_it_is_back(trio, system, second):
    alice, bob, room, carol = trio
    with in_room(alice, room) as here, contextlib.ExitStack() as there:
        theirs = there.enter_context(in_room(bob, room, direct=second))
        here.until("user_joined")
        with killed(system):
            theirs.close()
            there.enter_context(in_room(carol, room, direct=second))
        watcher = Watcher(here)
        watcher.online.add(bob.id)
        wait_for(lambda: watcher.sees(alice, carol), 60)
        assert watcher.wrong == []
        wait_for_rest(alice, room, alice, carol, seconds=30)


@pytest.mark.slow("waits for a lease to be renewed")
def test_presence_works_after_script_flush(trio, system, second):
    alice, bob, room, _ = trio
    with in_room(alice, room) as here:
        system.redis("SCRIPT", "FLUSH")
        with in_room(bob, room, direct=second) as there:
            assert here.next(30) == notice("user_joined", bob, room)
            watcher = Watcher(there)
            wait_for(lambda: watcher.sees(alice, bob), 60)
            assert watcher.wrong == []
        assert here.next(30) == notice("user_left", bob, room)
