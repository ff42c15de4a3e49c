"""Operation of pushd: signals, command line, limits and log."""
import contextlib
import json
import os
import resource
import signal
import subprocess
import threading
import time

import pytest

from support.client import Client
from support.pushd import Pushd
from support.shapes import refusal
from support.sockets import in_room, notified
from support.wait import wait_for
from support.websocket import Closed, push_port


# ---- signals ----

def test_sigusr1_writes_the_state_to_the_log(pushd, alice, new_room):
    with in_room(alice, new_room, direct=pushd.port), notified(alice, direct=pushd.port):
        pushd.signal(signal.SIGUSR1)
        wait_for(lambda: f"user {alice.id} " in pushd.log(), 10)
    lines = [line for line in pushd.log().splitlines() if "state: " in line]
    assert "sockets=2 streams=2 subscribers=4 " in lines[0] and "redis=up" in lines[0]
    [of_room] = [line for line in lines if f"room {new_room} " in line]
    assert "last_seq=0 subscribers=2 " in of_room
    assert alice.token not in pushd.log()


def test_sighup_reloads_the_configuration_and_keeps_the_sockets(pushd, alice, room):
    with in_room(alice, room, direct=pushd.port) as live:
        pushd.configure(ws_max_frame=128)
        pushd.signal(signal.SIGHUP)
        wait_for(lambda: "configuration reloaded" in pushd.log(), 10)
        live.send({"type": "ping"})
        assert live.next() == {"type": "pong"}
        live.send({"type": "ping", "x": "x" * 128})
        assert live.closed() == 1009


def test_sighup_with_an_invalid_configuration_changes_nothing(pushd, alice, room):
    pushd.configure(ws_max_frame="many")
    pushd.signal(signal.SIGHUP)
    wait_for(lambda: "ws_max_frame" in pushd.log(), 10)
    with in_room(alice, room, direct=pushd.port) as live:
        live.send({"type": "ping", "x": "x" * 3000})
        assert live.next() == {"type": "pong"}


def test_a_log_file_that_cannot_be_opened_is_an_error_at_the_start(instance):
    with Pushd(instance, log_file="/nowhere/at/all.log") as pushd:
        line = next(line for line in pushd.log().splitlines() if "/nowhere/at/all.log" in line)
        assert " error pushd[" in line and "No such file" in line
        wait_for(lambda: "listen" in pushd.log(), 10)


@pytest.mark.parametrize("workers", [1, 2])
def test_a_log_file_that_cannot_be_opened_is_a_warning_at_a_reload(instance, workers):
    with Pushd(instance, push_workers=workers) as pushd:
        pushd.configure(log_file="/nowhere/at/all.log")
        pushd.signal(signal.SIGHUP)
        wait_for(lambda: "/nowhere/at/all.log" in pushd.log(), 10)
        line = next(line for line in pushd.log().splitlines() if "/nowhere/at/all.log" in line)
        assert " warn pushd[" in line and "No such file" in line
        pushd.signal(signal.SIGUSR1)
        wait_for(lambda: "state: " in pushd.log(), 10)


def test_sighup_reopens_the_log(instance, tmp_path):
    log, moved = tmp_path / "log", tmp_path / "log.1"
    with Pushd(instance, log_file=log) as pushd:
        wait_for(lambda: "listening on port" in log.read_text(), 10)
        log.rename(moved)
        pushd.signal(signal.SIGHUP)
        wait_for(log.exists, 10)
        pushd.signal(signal.SIGUSR1)
        wait_for(lambda: "state: " in log.read_text(), 10)
        assert "state: " not in moved.read_text()


class Crowd:
    """Reads sockets in a thread each and records when and how each was closed."""

    def __init__(self, sockets):
        self.sockets = sockets
        self.ends = []      # (time, code)
        self._lock = threading.Lock()
        self._threads = [threading.Thread(target=self._read, args=[live]) for live in sockets]
        for thread in self._threads:
            thread.start()

    def _read(self, live):
        code = live.closed(60)
        with self._lock:
            self.ends.append((time.monotonic(), code))

    def end(self):
        for thread in self._threads:
            thread.join(60)
        return sorted(self.ends)


@contextlib.contextmanager
def many(client, room, pushd, count):
    with contextlib.ExitStack() as stack:
        yield [stack.enter_context(in_room(client, room, direct=pushd.port))
               for _ in range(count)]


@pytest.mark.slow("waits for drain_time")
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_sigterm_closes_every_socket_with_1012_spread_over_drain_time(instance, alice, room,
                                                                     number):
    count, seconds = 20, 4
    with Pushd(instance, drain_time=seconds) as pushd, many(alice, room, pushd, count) as sockets:
        crowd = Crowd(sockets)
        start = time.monotonic()
        pushd.signal(number)
        ends = crowd.end()
        assert pushd.end() == 0
    assert [code for _, code in ends] == [1012] * count
    # None is early. On a busy machine all may be late.
    for position, (when, _) in enumerate(ends):
        assert when - start >= seconds * position / count - 0.1
    assert ends[-1][0] - start <= 3 * seconds


def test_sigterm_stops_accepting_sockets(instance, alice, room):
    with Pushd(instance, drain_time=60) as pushd, in_room(alice, room, direct=pushd.port):
        port = pushd.port
        pushd.signal(signal.SIGTERM)

        def refused():
            try:
                alice.socket(room, direct=port).abort()
            except (ConnectionError, Closed):
                return True
        wait_for(refused, 30)
        assert pushd.process.poll() is None, "its socket is open still"


def test_without_sockets_sigterm_ends_pushd_at_once(pushd):
    start = time.monotonic()
    pushd.signal(signal.SIGTERM)
    assert pushd.end() == 0
    assert time.monotonic() - start < 3 * 5


def fill(pushd, client, room):
    """Posts large messages until some are in the send queue of a client that does not read;
    returns their number. The kernel buffers megabytes before that."""
    for count in range(1, 1000):
        client.say(room, "\U0001f4ac" * 8000)
        if pushd.metric("send_queue_bytes") >= 100000:
            return count
    raise AssertionError("the kernel takes it all")


def test_sigterm_sends_queued_frames_before_closing(instance, alice, new_room):
    with Pushd(instance, drain_time=1, ws_backlog=4096) as pushd, \
            in_room(alice, new_room, direct=pushd.port, rcvbuf=4096) as slow:
        count = fill(pushd, alice, new_room)
        pushd.signal(signal.SIGTERM)
        wait_for(lambda: "closing 1 sockets" in pushd.log(), 10)
        assert [slow.next()["seq"] for _ in range(count)] == list(range(1, count + 1))
        assert slow.closed() == 1012
        assert pushd.end() == 0


def test_pongs_and_events_do_not_interleave_in_a_full_send_buffer(instance, alice, new_room):
    with Pushd(instance, ws_backlog=65536) as pushd, \
            in_room(alice, new_room, direct=pushd.port, rcvbuf=4096) as slow:
        seq = 0
        for _ in range(3):
            first = seq
            while pushd.metric("send_queue_bytes") == 0:
                alice.say(new_room, "\U0001f4ac" * 8000)
                seq += 1
                slow.send_frame(9, b"?" * 125)
            read = [slow.next()["seq"] for _ in range(first, seq)]
            assert read == list(range(first + 1, seq + 1))
        slow.send({"type": "ping"})
        assert slow.next() == {"type": "pong"}


@pytest.mark.slow("waits for drain_time")
def test_pushd_ends_3_seconds_after_drain_time_whatever_clients_do(instance, alice, room):
    with Pushd(instance, drain_time=1, ws_backlog=4096) as pushd, \
            in_room(alice, room, direct=pushd.port, rcvbuf=4096), \
            in_room(alice, room, direct=pushd.port):
        fill(pushd, alice, room)
        start = time.monotonic()
        pushd.signal(signal.SIGTERM)
        assert pushd.end(3 * (1 + 3)) == 0
        assert time.monotonic() - start >= 1


@pytest.mark.slow("restarts pushd")
def test_sockets_reconnect_through_lighttpd_after_a_restart_of_pushd(make_instance):
    system = make_instance(CONFAB_DRAIN_TIME=0)
    alice = Client(system).register()
    room = alice.room()["room_id"]
    with in_room(alice, room) as live:
        alice.say(room)
        seq = live.next()["seq"]
        system.end("push")
        assert live.closed() == 1012
    alice.say(room)
    with alice.socket(room) as refused:
        assert refused.status == 503
        assert list(refused.json()) == ["detail", "code"]
        assert "retry-after" in refused.headers
    system.start()

    def missed():
        with in_room(alice, room, since=seq) as again:
            return again.next()["seq"]
    # lighttpd needs up to a second to detect that pushd is back.
    assert wait_for(missed, 10) == seq + 1


# ---- the command line and failed starts ----

def run(instance, *args, before=()):
    return subprocess.run([*before, str(instance.build / "pushd"), *args], env=instance.env,
                          stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60)


def test_check_config_reports_whether_the_configuration_is_valid(instance, tmp_path):
    assert run(instance, "-c", str(instance.config), "--check-config").returncode == 0
    wrong = tmp_path / "wrong.conf"
    wrong.write_text("ws_ping = often\n")
    done = run(instance, "-c", str(wrong), "--check-config")
    assert done.returncode == 1
    assert "ws_ping" in done.stderr


def test_an_invalid_argument_is_reported(instance):
    for arguments in (["--nonsense"], ["more"], ["--workers"]):
        done = run(instance, *arguments)
        assert done.returncode == 2
        assert "usage: pushd" in done.stderr


@pytest.mark.parametrize("option", ["push_listen", "metrics_listen"])
@pytest.mark.parametrize("address", ["nonsense", "127.0.0.1:99999", "taken"])
def test_an_unusable_listen_address_is_reported(instance, option, address):
    if address == "taken":
        address = f"127.0.0.1:{push_port(instance)}"
    with contextlib.closing(Launched(Pushd(instance, **{option: address}))) as failed:
        assert failed.pushd.end(30) == 1
        assert option in failed.pushd.log() or "cannot listen on" in failed.pushd.log()


class Launched:
    """A pushd that is expected to end on its own."""

    def __init__(self, pushd):
        self.pushd = pushd.launch()

    def close(self):
        self.pushd.__exit__()


def without_privilege():
    """The command prefix that prevents root from raising hard limits."""
    return ["setpriv", "--bounding-set", "-sys_resource"] if os.geteuid() == 0 else []


def test_the_file_limit_is_raised_as_max_sockets_requires(instance):
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    wanted = min(hard, 5000) - 400
    with Pushd(instance, before=["prlimit", f"--nofile=256:{hard}"], max_sockets=wanted) as pushd:
        limits = resource.prlimit(pushd.process.pid, resource.RLIMIT_NOFILE)
        assert limits[0] >= wanted


def test_a_file_limit_that_is_too_low_is_reported_at_startup(instance):
    low = Pushd(instance, before=["prlimit", "--nofile=1000:1000", *without_privilege()],
                max_sockets=5000)
    with contextlib.closing(Launched(low)) as failed:
        assert failed.pushd.end(30) == 1
        assert "max_sockets = 5000" in failed.pushd.log()
        assert "1000" in failed.pushd.log()


def test_sockets_above_max_sockets_are_refused(instance, user):
    alice = user()
    room = alice.room()["room_id"]
    with Pushd(instance, max_sockets=10) as pushd, many(alice, room, pushd, 10) as sockets:
        with alice.socket(room, direct=pushd.port) as one_more:
            assert one_more.status == 503
            assert one_more.json() == refusal("too_many_sockets", "Too many sockets.")
            assert one_more.headers["retry-after"] == "5"
        assert pushd.metric("refusals_total", reason="full") == 1
        sockets[0].close()

        def another():
            with alice.socket(room, direct=pushd.port) as live, contextlib.suppress(Closed):
                return live.status == 101 and live.next()["type"] == "connected"
        wait_for(another, 10)


# ---- the log ----

@pytest.mark.slow("an instance of its own")
def test_the_log_contains_no_private_data(instance, alice, room):
    secret = "a word that no other user writes"
    with Pushd(instance, log_level="debug") as pushd:
        with in_room(alice, room, direct=pushd.port) as live:
            alice.say(room, secret)
            live.until("new_message")
            live.send_frame(1, json.dumps({"type": secret}).encode())
            live.until("error")
        alice.socket(room, direct=pushd.port, protocols=f"confab, token.{alice.token}").abort()
        pushd.signal(signal.SIGUSR1)
        wait_for(lambda: "state: " in pushd.log(), 10)
        assert secret not in pushd.log() and alice.token not in pushd.log()
