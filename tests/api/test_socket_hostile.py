"""Hostile clients connected directly to pushd: it keeps running in bounded memory, serves other
clients, and counts each."""

import contextlib
import socket
import threading
import time
from collections import Counter
from pathlib import Path

import pytest

from support.client import Client
from support.event_reader import follow
from support.pushd import Pushd
from support.pushd_metrics import metric
from support.shapes import refusal
from support.sockets import PING_TEXT, in_room
from support.wait import wait_for
from support.websocket import BINARY, CONTINUED, PING, TEXT, Socket, make_frame, push_port

pytestmark = pytest.mark.slow("opens thousands of connections")

# Far more than any test here needs, far less than a leak.
MORE_MEMORY = 16 * 1024 * 1024

LONG = "\U0001f600" * 8000      # 32,000 bytes


class Guarded:
    """Asserts that pushd is the same process at the end, not much larger, and that a
    well-behaved client missed nothing."""

    def __init__(self, system):
        self.system = system
        self.alice = Client(system).register()
        self.room = self.alice.room()["room_id"]
        # A sanitizer keeps up to 256 MiB of freed memory.
        self.bound = MORE_MEMORY * (20 if "asan" in system.build.name else 1)
        self.pid = int((system.state / "run" / "push.pid").read_text().split()[0])

    def memory(self):
        """The proportional set size in bytes."""
        for line in Path(f"/proc/{self.pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) * 1024
        raise AssertionError("no Pss")

    def __enter__(self):
        self.listener = follow(self.alice, self.room, direct=True)
        self.before = self.memory()
        return self

    def assert_served(self):
        """Asserts that a message reaches the well-behaved client."""
        said = self.alice.say(self.room, "still there?")
        assert self.listener.event()["message"] == said

    def count(self, name, **labels):
        return metric(self.system, name, **labels)

    def __exit__(self, kind, *_):
        with self.listener:
            if kind:
                return
            self.assert_served()
            wait_for(lambda: self.memory() < self.before + self.bound, 10, "a bounded memory")
            Path(f"/proc/{self.pid}/stat").read_text()


@pytest.fixture(scope="module")
def system(make_instance):
    return make_instance(CONFAB_RATE_LIMITS="on", CONFAB_RATE_MESSAGES=100000,
                         CONFAB_RATE_MESSAGES_BURST=100000, CONFAB_RATE_REQUESTS=100000,
                         CONFAB_RATE_REQUESTS_BURST=100000,
                         CONFAB_RATE_REGISTRATIONS=100000)


@pytest.fixture
def guarded(system):
    with Guarded(system) as guard:
        yield guard


def knock(system):
    made = socket.create_connection(("127.0.0.1", push_port(system)))
    made.settimeout(30)
    return made


def assert_cut_off(made, seconds=30):
    made.settimeout(seconds)
    with contextlib.suppress(ConnectionResetError, BrokenPipeError):
        assert made.recv(1000) == b""


# ---- before the handshake ----

def test_an_endless_handshake_sent_byte_by_byte_is_disconnected_and_counted(guarded):
    """After 10 seconds, although it keeps sending."""
    before = guarded.count("refusals_total", reason="incomplete")
    with contextlib.closing(knock(guarded.system)) as slow:
        began = time.monotonic()
        with contextlib.suppress(ConnectionResetError, BrokenPipeError):
            for byte in b"GET /ws/chat/1/ HTTP/1.1\r\nX-Slow: " + b"a" * 10000:
                slow.sendall(bytes([byte]))
                time.sleep(0.05)
                assert time.monotonic() < began + 30
        guarded.assert_served()
    wait_for(lambda: guarded.count("refusals_total", reason="incomplete") == before + 1)


def test_stalled_handshakes_are_disconnected_and_counted(guarded):
    before = guarded.count("refusals_total", reason="incomplete")
    with contextlib.ExitStack() as stack:
        knocking = [stack.enter_context(contextlib.closing(knock(guarded.system)))
                    for _ in range(200)]
        for half in knocking[::2]:
            half.sendall(b"GET /ws/chat/1/ HTTP/1.1\r\nHost: x\r\n")
        guarded.assert_served()
        for made in knocking:
            assert_cut_off(made)
    wait_for(lambda: guarded.count("refusals_total", reason="incomplete") == before + 200)


@pytest.mark.parametrize("noise", [b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\x00" * 500,
                                   b"\x00" * 5000, b"\xff" * 5000, b"\r\n" * 3000,
                                   b"GET /" + b"a" * 60000 + b" HTTP/1.1\r\n\r\n",
                                   b"GET /ws/chat/1/ HTTP/1.1\r\n" + b"X-A: b\r\n" * 20000],
                         ids=["TLS", "NULs", "high bytes", "empty lines", "a long path", "headers"])
def test_malformed_handshakes_are_disconnected_and_counted(guarded, noise):
    before = guarded.count("connections_total")
    refused = guarded.count("refusals_total", reason="incomplete")
    with contextlib.closing(knock(guarded.system)) as made:
        with contextlib.suppress(ConnectionResetError, BrokenPipeError):
            made.sendall(noise)
        guarded.assert_served()
        with contextlib.suppress(ConnectionResetError):
            while made.recv(65536):
                pass
    assert guarded.count("connections_total") == before + 1
    wait_for(lambda: guarded.count("refusals_total", reason="incomplete") == refused + 1)


@pytest.mark.parametrize("reason, status, changes",
                         [("plain_http", 426, {"Upgrade": None, "Connection": None}),
                          ("malformed", 400, {"Sec-WebSocket-Key": "short"}),
                          ("malformed", 400, {"Sec-WebSocket-Protocol": "other"}),
                          ("origin", 403, {"Cookie": "sessionid=" + "a" * 40,
                                           "Origin": "http://evil.example.net"})])
def test_every_refusal_is_counted_by_reason(guarded, reason, status, changes):
    before = guarded.count("refusals_total", reason=reason)
    with Socket.open(guarded.system, "/ws/chat/1/", headers=changes, direct=True) as made:
        assert made.status == status
    assert guarded.count("refusals_total", reason=reason) == before + 1


def test_an_unknown_path_is_counted(guarded):
    before = guarded.count("refusals_total", reason="path")
    with Socket.open(guarded.system, "/ws/chat/x/", direct=True) as made:
        assert made.status == 404
    assert guarded.count("refusals_total", reason="path") == before + 1


# ---- half-open connections ----

def test_a_vanished_peer_is_disconnected_and_counted(system):
    """Its system receives and never responds, like a host behind a pulled cable. The ping
    detects it."""
    alice = Client(system).register()
    room = alice.room()["room_id"]
    with Pushd(system, ws_ping=5) as pushd, follow(alice, room, direct=pushd.port) as listener, \
            in_room(alice, room, direct=pushd.port):
        def is_dropped():
            listener.no_event(0.05)     # answers pings
            return pushd.metric("drops_total", reason="dead") == 1
        wait_for(is_dropped, 3 * 10)
        said = alice.say(room)
        assert listener.event()["message"] == said


def fill_the_send_queue(pushd, alice, room, least=1):
    """Posts until this number of bytes waits for a socket that does not read."""
    for _ in range(200):
        alice.say(room, LONG)
        if pushd.metric("send_queue_bytes") >= least:
            return
    raise AssertionError("nothing waits")


def test_a_vanished_peer_with_a_full_send_queue_is_disconnected(system):
    """A ping would wait behind the rest; that nothing of it is taken shows the same."""
    alice = Client(system).register()
    room = alice.room()["room_id"]
    with Pushd(system, ws_ping=5, ws_backlog=65536) as pushd, \
            in_room(alice, room, direct=pushd.port, rcvbuf=4096):
        fill_the_send_queue(pushd, alice, room)
        wait_for(lambda: pushd.metric("drops_total", reason="dead") == 1, 3 * 10)
        wait_for(lambda: pushd.metric("send_queue_bytes") == 0)
        assert pushd.metric("drops_total", reason="slow") == 0


@pytest.mark.parametrize("least, count", [(1, 7), (1000000, 10)])
def test_a_peer_that_reads_slowly_is_not_disconnected(system, least, count):
    """The ping is behind what it has not read: in the kernel, or in the send queue all the
    time."""
    alice = Client(system).register()
    room = alice.room()["room_id"]
    with Pushd(system, ws_ping=5, ws_backlog=65536) as pushd, \
            in_room(alice, room, direct=pushd.port, rcvbuf=4096) as live:
        fill_the_send_queue(pushd, alice, room, least)
        for _ in range(count):
            time.sleep(1.8)
            live.next()
        assert pushd.metric("drops_total", reason="dead") == 0
        alice.say(room, "still there?")
        live.until(lambda frame: frame["message"]["content"] == "still there?")


def test_a_reset_connection_is_counted_as_an_abnormal_close(guarded):
    before = guarded.count("abnormal_closes_total")
    with in_room(guarded.alice, guarded.room, direct=True) as live:
        live.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        live.abort()
    wait_for(lambda: guarded.count("abnormal_closes_total") == before + 1)


# ---- floods ----

def send_for(live, data, seconds):
    """Sends without reading until sending blocks; returns the number of times."""
    until, sent = time.monotonic() + seconds, 0
    live.connection.settimeout(0.5)
    with contextlib.suppress(OSError):
        while time.monotonic() < until:
            live.connection.sendall(data)
            sent += 1
    return sent


def test_a_flood_of_pings_delays_no_other_socket_and_grows_no_memory(guarded):
    """Ping frames of RFC 6455; the pongs are not read."""
    before = guarded.count("pongs_total")
    with in_room(guarded.alice, guarded.room, direct=True) as live:
        flood = threading.Thread(target=send_for,
                                 args=(live, make_frame(PING, b"x" * 125) * 500, 3))
        flood.start()
        while flood.is_alive():
            guarded.assert_served()
            assert guarded.memory() < guarded.before + guarded.bound
        flood.join()
    assert guarded.count("pongs_total") > before


@pytest.mark.parametrize("message", [PING_TEXT, b"[", b'{"type":"typing"}', b"\xff\xfe"],
                         ids=["ping", "no JSON", "typing", "no UTF-8"])
def test_a_flood_of_messages_is_1008_and_counted(guarded, message):
    before = guarded.count("drops_total", reason="flood")
    limited = guarded.count("rate_limited_total")
    with in_room(guarded.alice, guarded.room, direct=True) as live:
        live.send_raw(make_frame(TEXT, message) * 2000)
        guarded.assert_served()
        assert live.closed() == 1008
    assert guarded.count("drops_total", reason="flood") == before + 1
    assert guarded.count("rate_limited_total") >= limited + 100


def test_a_flood_of_large_messages_with_unread_answers_grows_no_memory(guarded):
    before = guarded.count("drops_total", reason="flood")
    with in_room(guarded.alice, guarded.room, direct=True) as live:
        send_for(live, make_frame(BINARY, b"x" * 4096) * 100, 2)
        guarded.assert_served()
    wait_for(lambda: guarded.count("drops_total", reason="flood") == before + 1)


# ---- clients that do not read ----

def test_clients_that_never_read_use_no_more_than_their_send_queue(guarded):
    """Each is closed with 1013 or disconnected."""
    before = guarded.count("drops_total", reason="slow")
    with contextlib.ExitStack() as stack:
        for _ in range(20):
            stack.enter_context(in_room(guarded.alice, guarded.room, direct=True, rcvbuf=4096))
        for _ in range(2000):
            guarded.alice.say(guarded.room, "x" * 8000)
            guarded.listener.event()
            assert guarded.memory() < guarded.before + guarded.bound
            if guarded.count("drops_total", reason="slow") == before + 20:
                break
        assert guarded.count("drops_total", reason="slow") == before + 20
        guarded.assert_served()
    wait_for(lambda: guarded.count("send_queue_bytes") == 0)


# ---- frames ----

def test_a_declared_huge_length_allocates_nothing(guarded):
    before = guarded.count("drops_total", reason="too_big")
    with contextlib.ExitStack() as stack:
        liars = [stack.enter_context(in_room(guarded.alice, guarded.room, direct=True))
                 for _ in range(20)]
        for live in liars:
            live.send_raw(b"\x81\xff" + (2**62).to_bytes(8, "big") + b"mask" + b"x" * 200)
        guarded.assert_served()
        assert [live.closed() for live in liars] == [1009] * 20
    assert guarded.count("drops_total", reason="too_big") == before + 20


def test_endless_fragments_use_no_memory(guarded):
    before = guarded.count("drops_total", reason="too_big")
    with in_room(guarded.alice, guarded.room, direct=True) as live:
        live.send_frame(TEXT, b"{", fin=False)
        live.send_raw(make_frame(CONTINUED, b" " * 1000, fin=False) * 1000)
        assert live.closed() == 1009
    assert guarded.count("drops_total", reason="too_big") == before + 1


def test_endless_empty_fragments_use_no_memory(guarded):
    with in_room(guarded.alice, guarded.room, direct=True) as live:
        live.send_frame(TEXT, b"{", fin=False)
        send_for(live, make_frame(CONTINUED, b"", fin=False) * 1000, 2)
        guarded.assert_served()


@pytest.mark.parametrize("first_byte", [0xc1, 0xa1, 0x91, 0x83, 0x8b, 0x8f, 0x80],
                         ids=["bit 1", "bit 2", "bit 3", "opcode 3", "opcode 11", "opcode 15",
                              "continuation"])
def test_a_protocol_error_closes_that_socket_only(guarded, first_byte):
    lost = guarded.count("abnormal_closes_total")
    with in_room(guarded.alice, guarded.room, direct=True) as live:
        live.send_raw(bytes([first_byte]) + make_frame(TEXT, PING_TEXT)[1:])
        guarded.assert_served()
        assert live.closed() in (1002, None)
    wait_for(lambda: guarded.count("abnormal_closes_total") == lost + 1)


# ---- many connections from one address ----

def test_idle_connections_of_one_address_do_not_exhaust_files(system):
    """In particular file descriptors."""
    alice = Client(system).register()
    room = alice.room()["room_id"]
    with Pushd(system, before=["prlimit", "--nofile=400:400"], max_sockets=100,
               max_sockets_address=50, push_proxies="") as pushd, contextlib.ExitStack() as stack:
        first = stack.enter_context(follow(alice, room, direct=pushd.port))
        for _ in range(600):
            made = socket.create_connection(("127.0.0.1", pushd.port))
            stack.enter_context(contextlib.closing(made))
        wait_for(lambda: pushd.metric("refusals_total", reason="handshake_limit") >= 540)
        said = alice.say(room)
        assert first.event()["message"] == said
        assert "errno 24" not in pushd.log()


def test_ten_thousand_connections_from_one_address_are_refused_and_others_served(system):
    """The first thousand are accepted."""
    alice, bob = Client(system).register(), Client(system).register()
    room = alice.room()["room_id"]
    with Pushd(system, max_sockets_user=10000) as pushd, \
            contextlib.ExitStack() as stack:
        listener = stack.enter_context(follow(alice, room, direct=pushd.port,
                                              headers={"X-Forwarded-For": "192.0.2.1"}))
        answers = Counter()
        for number in range(10000):
            made = bob.notifications(direct=pushd.port, headers={"X-Forwarded-For": "192.0.2.66"})
            answers[made.status] += 1
            if made.status == 101:
                stack.enter_context(made)
            else:
                assert made.json() == refusal("too_many_sockets",
                                              "Too many sockets from this address.")
                made.abort()
            if number % 500 == 0:
                said = alice.say(room)
                assert listener.event()["message"] == said
        assert answers == {101: 1000, 429: 9000}
        assert pushd.metric("refusals_total", reason="address_limit") == 9000
        with alice.notifications(direct=pushd.port,
                                 headers={"X-Forwarded-For": "192.0.2.2"}) as other:
            assert other.next()["type"] == "connected"
