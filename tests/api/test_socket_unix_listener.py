"""The Unix socket on which pushd accepts connections of the web server: binding, permissions,
removal, and forwarded addresses."""

import contextlib
import os
import signal
import socket
import stat

import pytest

from support.port import free_port, leave_a_dead_socket
from support.pushd import Pushd
from support.sockets import assert_let_in, in_room
from support.wait import wait_for
from support.websocket import push_port
from support.workers import serving, taken_by, workers_of

WORKERS = 3


@pytest.fixture
def path(instance, request):
    """A short path, since the length is limited."""
    return instance.state / "tmp" / f"p{abs(hash(request.node.name)) % 10 ** 6}"


@pytest.fixture
def alice(user):
    return user()


@pytest.fixture
def room(alice):
    return alice.room()["room_id"]


def assert_serves(alice, room, path):
    with in_room(alice, room, direct=str(path)) as live:
        said = alice.say(room)
        assert live.until("new_message")["message"]["message_id"] == said["message_id"]


def is_connected_to(path):
    """Whether a process listens there."""
    with contextlib.closing(socket.socket(socket.AF_UNIX)) as knocking:
        return knocking.connect_ex(str(path)) == 0


def refusal(instance, path, **options):
    """The message of a pushd that ends with status 1."""
    failed = Pushd(instance, push_socket=path, **options).launch()
    try:
        assert failed.end(30) == 1
        return failed.log()
    finally:
        failed.__exit__()


# ---- connections ----

def test_the_web_server_uses_the_unix_socket_and_not_the_port(instance, alice, room):
    pid = int((instance.state / "run" / "push.pid").read_text().split()[0])
    before = taken_by(pid)
    with in_room(alice, room), in_room(alice, room), in_room(alice, room, direct=True):
        assert taken_by(pid) == before + 2


def test_pushd_serves_on_the_port_and_on_the_path(instance, alice, room, path):
    with Pushd(instance, push_socket=path) as pushd:
        assert_serves(alice, room, path)
        with in_room(alice, room, direct=pushd.port) as there, \
                in_room(alice, room, direct=str(path)) as here:
            said = alice.say(room)
            for live in (there, here):
                assert live.until("new_message")["message"]["message_id"] == said["message_id"]


def test_forwarded_addresses_are_trusted_on_the_unix_socket(instance, alice, room, path):
    """Every process with access to the socket counts as a web server of this machine."""
    def forwarded(address):
        return alice.socket(room, direct=str(path), headers={"X-Forwarded-For": address})

    with Pushd(instance, push_socket=path, push_proxies="", max_sockets_address=2), \
            contextlib.ExitStack() as stack:
        for address in ("192.0.2.1", "192.0.2.1", "192.0.2.2"):
            assert_let_in(stack.enter_context(forwarded(address)))
        assert forwarded("192.0.2.1").status == 429
        # Addresses added before the web server are not trusted.
        assert forwarded("192.0.2.9, 192.0.2.1").status == 429


def test_trusted_proxies_in_front_of_the_web_server_are_skipped(instance, alice, room, path):
    hops = {"X-Forwarded-For": "192.0.2.1, 10.1.1.1"}
    with Pushd(instance, push_socket=path, trusted_proxies="10.0.0.0/8",
               max_sockets_address=1), \
            in_room(alice, room, direct=str(path), headers=hops):
        assert alice.socket(room, direct=str(path), headers=hops).status == 429
        other = {"X-Forwarded-For": "192.0.2.2, 10.1.1.1"}
        with in_room(alice, room, direct=str(path), headers=other):
            pass


def test_the_unix_socket_is_not_accessible_to_other_users(instance, path):
    with Pushd(instance, push_socket=path):
        mode = path.stat().st_mode
    assert stat.S_ISSOCK(mode) and stat.S_IMODE(mode) == 0o660


# ---- binding ----

def test_a_socket_left_by_a_killed_pushd_is_replaced(instance, alice, room, path):
    with Pushd(instance, push_socket=path) as killed:
        killed.signal(signal.SIGKILL)
        killed.end()
    assert path.exists() and not is_connected_to(path)
    with Pushd(instance, push_socket=path):
        assert_serves(alice, room, path)


def test_a_socket_of_a_running_pushd_is_refused_and_kept(instance, alice, room):
    path = instance.state / "sock" / "push.sock"
    for workers in (1, 2):
        said = refusal(instance, path, push_workers=workers)
        assert f"cannot listen on {path}: Address already in use" in said
    assert_serves(alice, room, path)
    assert [file.name for file in path.parent.iterdir() if file.name.startswith(".")] == []


@pytest.mark.parametrize("workers", [1, 2])
def test_of_two_concurrent_starts_one_gets_the_socket(instance, alice, room, path, workers):
    leave_a_dead_socket(path)
    both = [Pushd(instance, push_socket=path, push_workers=workers).launch() for _ in range(2)]
    try:
        wait_for(lambda: any(one.process.poll() is not None for one in both), 60,
                 "the end of one of the two")
        [first] = [one for one in both if one.process.poll() is None]
        [second] = [one for one in both if one is not first]
        assert second.end() == 1
        assert "Address already in use" in second.log()
        wait_for(lambda: is_connected_to(path))
        assert_serves(alice, room, path)
    finally:
        for one in both:
            one.__exit__()


def test_a_file_that_is_not_a_socket_is_kept(instance, path):
    path.write_text("words")
    assert f"cannot listen on {path}: File exists" in refusal(instance, path)
    assert path.read_text() == "words"


@pytest.mark.parametrize("wrong, reason", [
    ("/nowhere/at/all/push.sock", "No such file or directory"),
    ("/tmp/" + "x" * 120, "File name too long"),
])
def test_an_unusable_socket_path_is_reported_with_the_reason(instance, wrong, reason):
    assert f"cannot listen on {wrong}: {reason}" in refusal(instance, wrong)


def test_a_failed_start_leaves_no_socket(instance, path):
    said = refusal(instance, path, push_listen=f"127.0.0.1:{push_port(instance)}",
                   metrics_listen=f"127.0.0.1:{free_port()}")
    assert "cannot listen on 127.0.0.1" in said
    assert not path.exists()


# ---- removal ----

@pytest.mark.parametrize("workers", [1, 2])
def test_sigterm_removes_the_socket(instance, path, workers):
    with Pushd(instance, push_socket=path, push_workers=workers, drain_time=0) as pushd:
        assert path.exists()
        pushd.signal(signal.SIGTERM)
        assert pushd.end() == 0
    assert not path.exists()


@pytest.mark.parametrize("workers", [1, 2])
def test_a_replaced_pushd_keeps_the_socket_for_its_successor(instance, alice, room, path, workers):
    options = {"push_socket": path, "push_workers": workers, "drain_time": 0}
    with Pushd(instance, **options) as old:
        push, metrics = old.ports()
        with Pushd(instance, arguments=["--take-over", str(old.process.pid)],
                   push_listen=f"127.0.0.1:{push}", metrics_listen=f"127.0.0.1:{metrics}",
                   **options):
            assert old.end() == 0
            assert_serves(alice, room, path)


# ---- several workers ----

def test_all_workers_accept_from_the_socket(instance, alice, room, path):
    with Pushd(instance, push_socket=path, push_workers=WORKERS) as pushd, \
            contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(in_room(alice, room, direct=str(path))) for _ in range(24)]
        assert sum(taken_by(pid) for pid in workers_of(pushd)) == len(sockets)
        said = alice.say(room)
        for live in sockets:
            assert live.until("new_message")["message"]["message_id"] == said["message_id"]


def test_a_killed_worker_keeps_the_socket_for_the_others(instance, alice, room, path):
    with Pushd(instance, push_socket=path, push_workers=WORKERS) as pushd:
        os.kill(workers_of(pushd)[0], signal.SIGKILL)
        for _ in range(5):
            assert_serves(alice, room, path)
        serving(pushd, WORKERS)
        assert_serves(alice, room, path)
