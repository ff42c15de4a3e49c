"""Many connects leave nothing behind in metrics, in memory, or for a sanitizer to report.

LEAK_CONNECTS is the number of connects. `make soak` sets 10,000; with MODE=asan the sanitizer
reports leaks at the end."""

import os
import signal

import pytest
from support.pushd import Pushd
from support.wait import wait_for
from support.websocket import Socket

CONNECTS = int(os.environ.get("LEAK_CONNECTS", "500"))

# Less than a leak of 100 bytes in each of 10,000 connects.
ROOM_TO_BREATHE = 1024 * 1024


def one_of_each_kind(alice, bob, room, port):
    """Seven connects: accepted and closed with or without a close frame, before or after
    `connected`, with events to replay, and refused ones."""
    def connect(path, client=alice, **options):
        return Socket.open(alice.instance, path, token=client.token, direct=port, **options)
    where = f"/ws/chat/{room}/"
    with connect(where) as live:
        assert live.next()["type"] == "connected"
        live.send({"type": "typing"})
        live.send({"type": "nonsense"})
        live.close()
    with connect(where, client=bob, since=1) as live:
        assert live.next()["type"] == "connected"
        live.until("new_message")
    with connect("/ws/chat/notifications/", since=0) as live:
        live.until("room_created")
        live.close()
    with connect("/ws/chat/notifications/", client=bob) as live:
        live.send({"type": "ping"})
    connect(where).abort()
    with connect("/ws/chat/999999999/") as live:
        assert live.closed() == 4404
    with Socket.open(alice.instance, where, token="0" * 40, direct=port) as live:
        assert live.closed() == 4401


@pytest.mark.slow("many connections")
def test_connecting_and_disconnecting_leaks_nothing(user):
    alice, bob = user(), user()
    room = alice.room()["room_id"]
    alice.invite(room, bob)
    alice.say(room)
    with Pushd(alice.instance, presence_grace=0, max_sockets_user=1000) as pushd:
        def is_empty():
            sockets = [pushd.metric("sockets", kind=kind) for kind in ("room", "notifications")]
            others = map(pushd.metric, ("streams", "subscribers", "send_queue_bytes"))
            return {*sockets, *others} == {0}

        def connect_all(times):
            for _ in range(times // 7):
                one_of_each_kind(alice, bob, room, pushd.port)
            wait_for(is_empty, 30, "the end of all sockets and streams")
            return pushd.metric("resident_memory_bytes")

        before = connect_all(CONNECTS // 4)
        after = connect_all(CONNECTS)
        # A sanitizer keeps freed memory.
        if "asan" not in pushd.instance.build.name:
            assert after < before + ROOM_TO_BREATHE
        pushd.signal(signal.SIGTERM)
        status = pushd.end()
        assert "Sanitizer" not in pushd.log(), pushd.log()
        assert status == 0
