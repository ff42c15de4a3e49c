"""Frames of clients and the responses to them, also when they arrive in pieces."""
import contextlib
import json
import time

import pytest

from support.client import Client
from support.sockets import (BOTH_WAYS, PING_TEXT, PONG_FRAME, an_error, assert_let_in,
                             assert_well, in_room, notified)
from support.wait import wait_for
from support.websocket import (BINARY, CONTINUED, PING, PONG, TEXT, Closed, Socket,
                               make_frame, push_port)

LARGEST = 4096


@pytest.fixture(scope="module")
def system(make_instance):
    """An instance with low limits."""
    return make_instance(CONFAB_RATE_LIMITS="on", CONFAB_RATE_FRAMES=1, CONFAB_RATE_FRAMES_BURST=5,
                         CONFAB_RATE_REGISTRATIONS=1000, CONFAB_WS_PING=5)


@pytest.fixture(params=[False, True], ids=["lighttpd", "pushd"])
def limited(request, system):
    """A socket with the limits of `system`, through lighttpd and direct."""
    alice = Client(system).register()
    with in_room(alice, alice.room()["room_id"], direct=request.param) as socket:
        yield socket


# ---- ping ----

@pytest.mark.everywhere
@BOTH_WAYS
def test_ping_is_answered_pong(own_room, direct):
    with in_room(*own_room, direct=direct) as live:
        for _ in range(3):
            assert_well(live)
        live.none()


def test_ping_is_answered_on_a_notifications_socket(user):
    with notified(user()) as live:
        assert_well(live)


def test_other_keys_of_a_ping_are_ignored(live):
    live.send({"to": [{"deep": None}], "type": "ping", "id": 1.5})
    assert live.next() == PONG_FRAME


# ---- bad_json ----

@BOTH_WAYS
def test_malformed_json_is_bad_json_and_keeps_the_socket_open(own_room, direct):
    with in_room(*own_room, direct=direct) as live:
        live.send_frame(TEXT, b"typing")
        assert live.next() == an_error("bad_json")
        assert_well(live)


@pytest.mark.parametrize("text", [
    b"", b" ", b"{", b"[]", b'["ping"]', b"1", b'"ping"', b"null", b"true", b"{'type': 'ping'}",
    b'{"type": "ping"} {}', b'{"type": "ping",}', b'{"type": NaN}',
    b'{"type": "ping", "x": "\xff"}', b'{"type": "\xc0\xaf"}', b'{"type": "\\ud800"}',
    b'{"type": "ping\\u0000"}', b'{"type": "ping\0"}',
    b"\xef\xbb\xbf" + PING_TEXT, b'{"type": "ping", "x": 99999999999999999999}',
    b'{"type": "ping", "x": ' + b"[" * 32 + b"]" * 32 + b"}", b"\xff\xfe\xfd"])
def test_json_refused_by_the_api_is_bad_json(live, text):
    live.send_frame(TEXT, text)
    assert live.next() == an_error("bad_json")
    assert_well(live)


@BOTH_WAYS
def test_a_binary_frame_is_bad_json(own_room, direct):
    with in_room(*own_room, direct=direct) as live:
        live.send_frame(BINARY, PING_TEXT)
        assert live.next() == an_error("bad_json")
        assert_well(live)


def test_a_fragmented_binary_message_is_bad_json_once(live):
    live.send_frame(BINARY, PING_TEXT[:5], fin=False)
    live.send_frame(CONTINUED, PING_TEXT[5:])
    assert live.next() == an_error("bad_json")
    assert_well(live)


# ---- unknown_type ----

@BOTH_WAYS
def test_another_type_is_unknown_type_and_keeps_the_socket_open(own_room, direct):
    with in_room(*own_room, direct=direct) as live:
        live.send({"type": "shout"})
        assert live.next() == an_error("unknown_type")
        assert_well(live)


@pytest.mark.parametrize("message", [
    {}, {"type": None}, {"type": 1}, {"type": ["ping"]}, {"type": ""}, {"type": "Ping"},
    {"type": "ping "}, {"type": "pong"}, {"type": "connected"}, {"type": "new_message"},
    {"type": "user_joined"}, {"Type": "ping"}, {"type": "x" * 4000}])
def test_invalid_and_server_types_are_unknown_type(live, message):
    live.send(message)
    assert live.next() == an_error("unknown_type")
    assert_well(live)


@pytest.mark.parametrize("kind", ["typing", "stop_typing"])
def test_typing_on_a_notifications_socket_is_unknown_type(user, kind):
    with notified(user()) as live:
        live.send({"type": kind})
        assert live.next() == an_error("unknown_type")


def test_an_error_never_echoes_the_message(live):
    live.send({"type": "abracadabra"})
    live.send_frame(TEXT, b"abracadabra")
    for _ in range(2):
        assert "abracadabra" not in json.dumps(live.next())


# ---- rate_limited, and 1008 when the client continues ----

def test_too_many_frames_are_rate_limited_and_keep_the_socket_open(limited):
    for _ in range(8):
        limited.send({"type": "ping"})
    for _ in range(5):
        assert limited.next() == PONG_FRAME
    assert limited.until("error") == an_error("rate_limited")

    def answers():
        limited.send({"type": "ping"})
        return limited.until(lambda frame: True, 2) == PONG_FRAME
    wait_for(answers, 30)


def test_a_client_that_continues_after_rate_limited_is_closed_with_1008(limited):
    limited.send_raw(b"".join(make_frame(TEXT, PING_TEXT) for _ in range(1000)))
    assert limited.until("error") == an_error("rate_limited")
    assert limited.closed() == 1008


def test_malformed_json_counts_against_the_rate(limited):
    limited.send_raw(b"".join(make_frame(TEXT, b"x") for _ in range(1000)))
    limited.until(lambda frame: frame == an_error("rate_limited"))
    assert limited.closed() == 1008


def test_the_rate_applies_to_each_socket_separately(system):
    alice = Client(system).register()
    room = alice.room()["room_id"]
    with in_room(alice, room) as one, in_room(alice, room) as other:
        one.send_raw(b"".join(make_frame(TEXT, PING_TEXT) for _ in range(1000)))
        assert one.closed() == 1008
        assert_well(other)


# ---- 1009 ----

@pytest.mark.everywhere
@BOTH_WAYS
def test_a_frame_of_the_largest_size_is_accepted(own_room, direct):
    with in_room(*own_room, direct=direct) as live:
        live.send_frame(TEXT, PING_TEXT.ljust(LARGEST))
        assert live.next() == PONG_FRAME


@pytest.mark.everywhere
@BOTH_WAYS
@pytest.mark.parametrize("size", [LARGEST + 1, 10 * LARGEST, 1 << 20])
def test_a_frame_above_the_largest_size_closes_with_1009(own_room, direct, size):
    with in_room(*own_room, direct=direct) as live:
        live.send_frame(TEXT, PING_TEXT.ljust(size))
        assert live.closed() == 1009


def test_a_frame_that_declares_a_large_size_closes_with_1009(live):
    live.send_raw(make_frame(TEXT, b" " * 70000)[:20])
    assert live.closed() == 1009


def test_the_limit_applies_to_a_fragmented_message_as_a_whole(live):
    live.send_frame(TEXT, PING_TEXT.ljust(LARGEST // 2), fin=False)
    live.send_frame(CONTINUED, b" " * (LARGEST // 2), fin=False)
    live.send_frame(CONTINUED, b"")
    assert live.next() == PONG_FRAME
    live.send_frame(TEXT, PING_TEXT.ljust(LARGEST // 2), fin=False)
    live.send_frame(CONTINUED, b" " * (LARGEST // 2 + 1), fin=False)
    assert live.closed() == 1009


def test_endless_fragments_close_with_1009(live):
    live.send_frame(TEXT, b"{", fin=False)
    live.send_raw(b"".join(make_frame(CONTINUED, b" ", fin=False) for _ in range(LARGEST)))
    assert live.closed() == 1009


# ---- pieces ----

@BOTH_WAYS
def test_a_handshake_sent_byte_by_byte_is_accepted(own_room, direct):
    alice, number = own_room
    port = push_port(alice.instance) if direct else alice.instance.port
    with Socket(("127.0.0.1", port)) as live:
        request = live.request(f"/ws/chat/{number}/", f"127.0.0.1:{port}",
                               {"Authorization": f"Token {alice.token}"})
        send_in_bytes(live, request)
        live.read_answer()
        assert_let_in(live)


@BOTH_WAYS
@pytest.mark.parametrize("text", [PING_TEXT, PING_TEXT.ljust(130)])
def test_frames_sent_byte_by_byte_are_accepted(own_room, direct, text):
    with in_room(*own_room, direct=direct) as live:
        send_in_bytes(live, make_frame(TEXT, text) + make_frame(TEXT, b"x"))
        assert live.next() == PONG_FRAME
        assert live.next() == an_error("bad_json")


def send_in_bytes(live, data):
    for byte in data:
        live.send_raw(bytes([byte]))
        time.sleep(0.0005)  # or the kernel joins them


@BOTH_WAYS
def test_frames_in_one_packet_are_all_accepted(own_room, direct):
    with in_room(*own_room, direct=direct) as live:
        live.send_raw(make_frame(TEXT, PING_TEXT) * 100 + make_frame(TEXT, b"x"))
        assert [live.next() for _ in range(101)] == [PONG_FRAME] * 100 + [an_error("bad_json")]


def test_a_first_frame_sent_with_the_handshake_is_accepted(own_room):
    alice, number = own_room
    port = push_port(alice.instance)
    with Socket(("127.0.0.1", port)) as live:
        live.send_raw(live.request(f"/ws/chat/{number}/", f"127.0.0.1:{port}",
                                   {"Authorization": f"Token {alice.token}"})
                      + make_frame(TEXT, PING_TEXT))
        live.read_answer()
        assert_let_in(live)
        live.send({"type": "ping"})
        assert live.next() == PONG_FRAME


@BOTH_WAYS
def test_a_fragmented_message_is_reassembled(own_room, direct):
    with in_room(*own_room, direct=direct) as live:
        live.send_frame(TEXT, PING_TEXT[:4], fin=False)
        live.send_frame(CONTINUED, b"", fin=False)
        live.send_frame(CONTINUED, PING_TEXT[4:9], fin=False)
        live.send_frame(CONTINUED, PING_TEXT[9:])
        assert live.next() == PONG_FRAME
        live.none()


def test_a_ping_between_fragments_is_answered_and_keeps_the_message_whole(live):
    live.send_frame(TEXT, PING_TEXT[:4], fin=False)
    live.send_frame(PING, b"between")
    assert live.read_frame() == (True, PONG, b"between")
    live.send_frame(CONTINUED, PING_TEXT[4:])
    assert live.next() == PONG_FRAME


def test_a_character_split_between_fragments_is_reassembled(live):
    text = '{"type":"ping","x":"\u20ac"}'.encode()
    live.send_frame(TEXT, text[:-4], fin=False)
    live.send_frame(CONTINUED, text[-4:])
    assert live.next() == PONG_FRAME


# ---- pings of the server ----

@pytest.mark.slow("waits for a timeout of 10 seconds")
def test_an_idle_socket_is_pinged_and_closed_without_an_answer(system):
    alice = Client(system).register()
    room = alice.room()["room_id"]
    with contextlib.ExitStack() as stack:
        living, dead = ([stack.enter_context(in_room(alice, room, direct=direct))
                         for direct in (False, True)] for _ in range(2))
        before = time.monotonic()
        for live in dead:
            live.answer_pings = False

        def is_dropped(live):
            try:
                live.none(0.02)
            except Closed:
                return True

        def all_dropped():
            for live in living:
                live.none(0.02)     # answers pings
            return all([is_dropped(live) for live in dead])
        wait_for(all_dropped, 3 * 10)
        assert time.monotonic() - before >= 5
        assert [live.pings for live in dead] == [1, 1]
        for live in living:
            assert live.pings >= 1
            assert_well(live)
