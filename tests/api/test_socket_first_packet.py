"""The response to a handshake and the first frame are sent in one packet."""

import socket

import pytest

from support.client import Client
from support.unavailable import hung

pytestmark = pytest.mark.slow("an instance of its own")

# Size of struct tcp_info (linux/tcp.h) and offset of tcpi_data_segs_in in it, the number of packets
# with data.
INFO_SIZE, SEGMENTS_IN = 160, 152

# The database may sometimes take longer than the kernel waits.
TRIES = 20


@pytest.fixture(scope="module")
def system(make_instance):
    return make_instance()


def packets_to(live):
    info = live.connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, INFO_SIZE)
    return int.from_bytes(info[SEGMENTS_IN:SEGMENTS_IN + 4], "little")


def test_the_answer_and_the_connected_frame_are_one_packet(alice, room):
    def packets():
        with alice.socket(room, direct=True) as live:
            assert live.next()["type"] == "connected"
            return packets_to(live)
    assert 1 in (packets() for _ in range(TRIES))


def test_later_frames_are_sent_without_delay(alice, room):
    """After the first frame the kernel delays nothing: two messages are two packets."""
    def packets():
        with alice.socket(room, direct=True) as live:
            live.until("connected")
            before = packets_to(live)
            for _ in range(2):
                alice.say(room)
                live.until("new_message")
            return packets_to(live) - before
    assert packets() >= 2


def test_an_error_and_its_close_frame_are_sent_without_delay(alice):
    with alice.socket(2 ** 40, direct=True) as live:
        assert live.next()["type"] == "error"
        assert live.closed() == 4404


def test_the_handshake_is_answered_while_the_database_hangs(system):
    alice = Client(system).register()
    room = alice.room()["room_id"]
    with hung(system, "database"):
        live = alice.socket(room, direct=True)
        assert live.status == 101
    with live:
        assert live.next(30)["type"] == "connected"
