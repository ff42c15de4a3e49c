"""RFC 6455: control frames, extensions and protocol errors."""
import pytest

from support.sockets import BOTH_WAYS, PING_TEXT, PONG_FRAME, assert_well, in_room
from support.websocket import CLOSE, CONTINUED, PING, PONG, TEXT, Closed, make_frame


# ---- control frames ----

@BOTH_WAYS
@pytest.mark.parametrize("payload", [b"", b"x", bytes(range(125))])
def test_a_ping_of_the_client_is_answered_with_its_payload(own_room, direct, payload):
    with in_room(*own_room, direct=direct) as live:
        live.send_frame(PING, payload)
        assert live.read_frame() == (True, PONG, payload)
        assert_well(live)


def test_an_unsolicited_pong_is_ignored(live):
    live.send_frame(PONG, b"unasked")
    live.send_frame(PONG)
    assert_well(live)


@BOTH_WAYS
@pytest.mark.parametrize("code", [1000, 1001, 4999])
def test_a_close_frame_of_the_client_is_answered(own_room, direct, code):
    with in_room(*own_room, direct=direct) as live:
        live.send_frame(CLOSE, code.to_bytes(2, "big") + b"bye")
        assert live.closed() == code


def test_frames_after_the_close_frame_are_ignored(live):
    live.send_raw(make_frame(CLOSE, b"\x03\xe8") + make_frame(TEXT, PING_TEXT))
    with pytest.raises(Closed) as end:
        live.next()
    assert end.value.code == 1000


@pytest.mark.parametrize("extensions", ["permessage-deflate",
                                        "permessage-deflate; client_max_window_bits",
                                        "x-webkit-deflate-frame"])
def test_compression_is_not_negotiated(own_room, extensions):
    with in_room(*own_room, headers={"Sec-WebSocket-Extensions": extensions}) as live:
        assert "sec-websocket-extensions" not in live.headers
        live.send_raw(bytes([make_frame(TEXT, b"")[0] | 0x40]) + make_frame(TEXT, PING_TEXT)[1:])
        assert_broken(live)


# ---- protocol errors ----

def assert_broken(live):
    """Asserts a close for a protocol error, or a disconnect."""
    assert live.closed() in (1002, None)


@BOTH_WAYS
@pytest.mark.parametrize("opcode", [TEXT, PING, PONG])
@pytest.mark.parametrize("payload", [b"", PING_TEXT])
def test_an_unmasked_frame_closes_with_1002(own_room, direct, opcode, payload):
    with in_room(*own_room, direct=direct) as live:
        live.send_raw(make_frame(TEXT, PING_TEXT) + make_frame(opcode, payload, masked=False))
        assert live.closed(3) == 1002
        live.connection.settimeout(3)
        assert live.connection.recv(1) == b""


def test_an_unmasked_frame_in_pieces_closes_with_1002(live):
    for byte in make_frame(TEXT, PING_TEXT, masked=False):
        live.send_raw(bytes([byte]))
    assert live.closed(3) == 1002


def test_an_unmasked_fragment_closes_with_1002(live):
    live.send_frame(TEXT, b"{", fin=False)
    live.send_frame(CONTINUED, b"}", masked=False)
    assert live.closed(3) == 1002


# ---- several pings ----

def last_pong(live):
    """The payload of the last pong before the answer to a text message."""
    live.send({"type": "ping"})
    pong = None
    while True:
        _, opcode, payload = live.read_frame()
        if opcode == TEXT:
            return pong
        assert opcode == PONG
        pong = payload


@BOTH_WAYS
def test_the_last_of_several_pings_is_answered(own_room, direct):
    with in_room(*own_room, direct=direct) as live:
        live.send_raw(b"".join(make_frame(PING, b"%d" % number) for number in range(20)))
        assert last_pong(live) == b"19"
        assert_well(live)


@BOTH_WAYS
def test_pings_between_fragments_are_answered(own_room, direct):
    with in_room(*own_room, direct=direct) as live:
        live.send_raw(make_frame(TEXT, PING_TEXT[:5], fin=False) + make_frame(PING, b"one")
                      + make_frame(CONTINUED, PING_TEXT[5:9], fin=False)
                      + make_frame(PING, b"two"))
        pongs = []
        while not pongs or pongs[-1] != b"two":
            fin, opcode, payload = live.read_frame()
            assert (fin, opcode) == (True, PONG)
            pongs.append(payload)
        live.send_frame(CONTINUED, PING_TEXT[9:])
        assert live.next() == PONG_FRAME


def test_a_ping_in_pieces_is_answered(live):
    for byte in make_frame(PING, b"piece by piece"):
        live.send_raw(bytes([byte]))
    assert live.read_frame() == (True, PONG, b"piece by piece")
    assert_well(live)


@pytest.mark.parametrize("opcode", [3, 7, 11, 15])
def test_an_unknown_opcode_closes_the_socket(live, opcode):
    live.send_frame(opcode, PING_TEXT)
    assert_broken(live)


@pytest.mark.parametrize("opcode", [PING, PONG, CLOSE])
def test_a_control_frame_in_fragments_closes_the_socket(live, opcode):
    live.send_frame(opcode, b"\x03\xe8", fin=False)
    assert_broken(live)


@pytest.mark.parametrize("opcode", [PING, PONG, CLOSE])
def test_a_control_frame_over_125_bytes_closes_the_socket(live, opcode):
    live.send_frame(opcode, b"\x03\xe8" + b"x" * 124)
    assert_broken(live)


def test_a_close_frame_with_half_a_code_closes_with_1002(live):
    live.send_frame(8, b"\x03")
    assert live.closed() == 1002


def test_a_continuation_of_nothing_closes_the_socket(live):
    live.send_frame(CONTINUED, PING_TEXT)
    assert_broken(live)


def test_a_message_within_a_message_closes_the_socket(live):
    live.send_frame(TEXT, b"{", fin=False)
    live.send_frame(TEXT, PING_TEXT)
    assert_broken(live)


def test_a_length_beyond_63_bits_closes_the_socket(live):
    live.send_raw(b"\x81\xff" + b"\xff" * 8 + b"mask" + b"x" * 100)
    assert live.closed() in (1002, 1009, None)


def test_malformed_frames_close_that_socket_only(own_room):
    with in_room(*own_room) as one, in_room(*own_room) as other:
        one.send_raw(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        assert_broken(one)
        assert_well(other)
