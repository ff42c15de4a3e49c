"""Several worker processes of pushd on one port, and the supervisor that replaces them."""
import collections
import contextlib
import os
import signal
import time

import pytest

from support.instance import is_alive
from support.pushd import Pushd
from support.sockets import in_room, notice, person
from support.wait import wait_for
from support.websocket import Closed, push_port
from support.workers import serving, worker_of, workers_of

pytestmark = pytest.mark.slow("starts pushd for most tests")

WORKERS = 3

# Enough sockets that they are never all at one worker: the kernel chooses one at random.
MANY = 24


@pytest.fixture
def pushd(instance):
    with Pushd(instance, push_workers=WORKERS, drain_time=1, presence_grace=1) as running:
        yield running


@contextlib.contextmanager
def many(client, room, pushd, count=MANY):
    with contextlib.ExitStack() as stack:
        yield [stack.enter_context(in_room(client, room, direct=pushd.port))
               for _ in range(count)]


def on_two_workers(pushd, sockets):
    """Two of these sockets at different workers."""
    first = worker_of(pushd, sockets[0])
    return sockets[0], next(live for live in sockets if worker_of(pushd, live) != first)


# ---- workers act as one pushd ----

def test_the_configuration_sets_the_number_of_workers(pushd):
    assert len(workers_of(pushd)) == WORKERS
    assert pushd.metric("workers") == WORKERS


def test_the_command_line_sets_the_number_of_workers(instance):
    with Pushd(instance, arguments=["--workers", "2"], push_workers=5) as pushd:
        assert len(workers_of(pushd)) == 2


def test_sockets_are_distributed_over_the_workers(pushd, alice, room):
    with many(alice, room, pushd) as sockets:
        at = collections.Counter(worker_of(pushd, live) for live in sockets)
    assert len(at) >= 2 and set(at) <= set(workers_of(pushd))


def test_a_message_reaches_the_sockets_of_all_workers(pushd, alice, room):
    with many(alice, room, pushd) as sockets:
        sent = alice.say(room)
        for live in sockets:
            assert live.until("new_message")["message"]["message_id"] == sent["message_id"]


def test_typing_reaches_the_sockets_of_other_workers(pushd, alice, room, user):
    bob = user()
    alice.invite(room, bob)
    with many(alice, room, pushd) as sockets:
        one, other = on_two_workers(pushd, sockets)
        with in_room(bob, room, direct=pushd.port) as typing:
            typing.send({"type": "typing"})
            for live in (one, other):
                assert live.until("typing") == notice("typing", bob, room)


def test_a_user_with_sockets_on_two_workers_is_listed_once(pushd, alice, room, user):
    bob = user()
    alice.invite(room, bob)
    with in_room(alice, room, direct=pushd.port) as watching:
        with many(bob, room, pushd) as sockets:
            on_two_workers(pushd, sockets)
            assert watching.until("user_joined") == notice("user_joined", bob, room)
            for live in sockets:
                assert sorted(each["user_id"] for each in live.first["online"]) == \
                    sorted([alice.id, bob.id])
            with in_room(alice, room, direct=pushd.port) as later:
                assert person(bob) in later.first["online"]
                assert len(later.first["online"]) == 2
        # One user_joined, one user_left, and no other presence frame.
        kind = watching.until(lambda frame: frame["type"] in ("user_joined", "user_left"), 30)
        assert kind == notice("user_left", bob, room)
        watching.none(1)


def test_a_user_leaves_when_the_last_socket_on_any_worker_closes(pushd, alice, room, user):
    bob = user()
    alice.invite(room, bob)
    with in_room(alice, room, direct=pushd.port) as watching:
        with many(bob, room, pushd) as sockets:
            watching.until("user_joined")
            last = on_two_workers(pushd, sockets)[1]
            for live in sockets:
                if live is not last:
                    live.close()
            watching.none(2)  # the grace period is one second
        assert watching.until("user_left", 30) == notice("user_left", bob, room)


# ---- metrics ----

def test_every_worker_serves_the_metrics_of_all(pushd, alice, room):
    with many(alice, room, pushd) as sockets:
        assert len({worker_of(pushd, live) for live in sockets}) >= 2
        for _ in range(20):
            assert pushd.metric("sockets", kind="room") == MANY
            assert pushd.metric("handshakes_total") == MANY
            assert pushd.metric("subscribers") == 2 * MANY
    wait_for(lambda: pushd.metric("sockets", kind="room") == 0, 10)


def test_health_covers_all_workers(pushd):
    wait_for(lambda: pushd.get("/healthz").json() == {"status": "ok"}, 15)
    assert pushd.get("/healthz").status_code == 200
    assert pushd.metric("redis_up") == pushd.metric("database_up") == 1
    assert pushd.metric("resident_memory_bytes") > WORKERS * 1e6


def test_counters_never_decrease_when_a_worker_dies(pushd, alice, room):
    with many(alice, room, pushd) as sockets:
        alice.say(room)
        for live in sockets:
            live.until("new_message")
        before = pushd.metric("deliveries_total")
        for pid in workers_of(pushd):
            os.kill(pid, signal.SIGKILL)
        wait_for(lambda: not any(is_alive(pid) for pid in workers_of(pushd)) or
                 "killed by signal 9" in pushd.log(), 10)
        serving(pushd, WORKERS)
    assert pushd.metric("deliveries_total") >= before > 0
    assert pushd.metric("sockets", kind="room") == 0
    assert pushd.metric("subscribers") == 0


# ---- dead workers ----

def test_a_killed_worker_is_replaced_and_its_clients_miss_nothing(pushd, alice, room):
    with many(alice, room, pushd) as sockets:
        one, other = on_two_workers(pushd, sockets)
        seq = other.first["seq"]
        killed = worker_of(pushd, one)
        os.kill(killed, signal.SIGKILL)
        with pytest.raises(Closed) as end:
            one.until("new_message")
        assert end.value.code is None
        sent = alice.say(room)
        assert other.until("new_message")["message"]["message_id"] == sent["message_id"]
        wait_for(lambda: killed not in workers_of(pushd) and len(workers_of(pushd)) == WORKERS, 30)
        assert killed not in serving(pushd, WORKERS)
        with in_room(alice, room, direct=pushd.port, since=seq) as again:
            assert again.next()["message"]["message_id"] == sent["message_id"]


def test_a_new_worker_accepts_sockets(pushd, alice, room):
    old = set(workers_of(pushd))
    for pid in old:
        os.kill(pid, signal.SIGKILL)
    wait_for(lambda: not old & set(workers_of(pushd)), 30)
    new = set(serving(pushd, WORKERS))
    with in_room(alice, room, direct=pushd.port) as live:
        assert worker_of(pushd, live) in new
        alice.say(room)
        live.until("new_message")


def test_a_worker_ended_by_sigterm_closes_its_sockets_with_1012_and_is_replaced(pushd, alice,
                                                                                room):
    with many(alice, room, pushd, 6) as sockets:
        pid = worker_of(pushd, sockets[0])
        os.kill(pid, signal.SIGTERM)
        assert sockets[0].closed(30) == 1012
        wait_for(lambda: pid not in workers_of(pushd) and len(workers_of(pushd)) == WORKERS, 30)


# ---- signals to the supervisor ----

@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_sigterm_closes_all_sockets_with_1012_and_ends_all_workers(pushd, alice, room, number):
    pids = workers_of(pushd)
    with many(alice, room, pushd) as sockets:
        start = time.monotonic()
        pushd.signal(number)
        assert [live.closed(30) for live in sockets] == [1012] * MANY
        assert pushd.end(3 * (1 + 3)) == 0
        assert time.monotonic() - start < 3 * (1 + 3)
    assert not any(is_alive(pid) for pid in pids)


def test_no_worker_outlives_a_killed_parent(pushd):
    pids = workers_of(pushd)
    pushd.signal(signal.SIGKILL)
    pushd.end()
    wait_for(lambda: not any(is_alive(pid) for pid in pids), 10)


def test_sighup_reaches_all_workers(pushd, alice, room):
    with many(alice, room, pushd) as sockets:
        pushd.configure(ws_max_frame=128)
        pushd.signal(signal.SIGHUP)
        wait_for(lambda: pushd.log().count("configuration reloaded") == WORKERS, 10)
        for live in on_two_workers(pushd, sockets):
            live.send({"type": "ping", "x": "x" * 128})
            assert live.closed() == 1009


def test_a_replacement_worker_has_the_current_configuration(pushd, alice, room):
    pushd.configure(ws_max_frame=128)
    pushd.signal(signal.SIGHUP)
    wait_for(lambda: pushd.log().count("configuration reloaded") == WORKERS, 10)
    old = set(workers_of(pushd))
    for pid in old:
        os.kill(pid, signal.SIGKILL)
    wait_for(lambda: not old & set(workers_of(pushd)), 30)
    serving(pushd, WORKERS)
    with in_room(alice, room, direct=pushd.port) as live:
        live.send({"type": "ping", "x": "x" * 128})
        assert live.closed() == 1009


def test_sigusr1_writes_the_state_of_all_workers(pushd):
    pushd.signal(signal.SIGUSR1)
    pids = workers_of(pushd)

    def written():
        lines = [line for line in pushd.log().splitlines() if "state: sockets=" in line]
        return {pid for pid in pids if any(f"pushd[{pid}]:" in line for line in lines)}
    wait_for(lambda: written() == set(pids), 10)
    for pid in pids:
        assert f"pid={pid}" in pushd.log()


# ---- failed starts ----

@contextlib.contextmanager
def launched(instance, **options):
    """A pushd that is expected to end on its own."""
    pushd = Pushd(instance, push_workers=2, **options).launch()
    try:
        yield pushd
    finally:
        pushd.__exit__()


@pytest.mark.parametrize("option", ["push_listen", "metrics_listen"])
def test_workers_do_not_share_a_port_with_another_pushd(instance, pushd, option):
    address = f"127.0.0.1:{pushd.port if option == 'push_listen' else push_port(instance)}"
    with launched(instance, **{option: address}) as failed:
        assert failed.end(30) == 1
        assert f"cannot listen on {address}" in failed.log()


@pytest.mark.parametrize("number", ["0", "65", "-1", "two", ""])
def test_an_invalid_number_of_workers_is_reported(instance, number):
    failed = Pushd(instance, arguments=["--workers", number]).launch()
    try:
        assert failed.end(30) == 2
        assert "usage: pushd" in failed.log()
    finally:
        failed.__exit__()
