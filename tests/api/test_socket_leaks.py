"""Much coming and going leaves nothing behind, in figures, in memory, or for a sanitizer.

LEAK_CONNECTS says how often somebody connects; `make soak` has 10,000, and a build (MODE=asan)
that finds at the end what was lost."""

import os
import signal

from support.metrics import parse, value
from support.pushd import Pushd
from support.wait import wait_for
from support.websocket import Socket

CONNECTS = int(os.environ.get("LEAK_CONNECTS", "500"))

# A leak of 100 bytes for each connect would be more, of 10,000.
ROOM_TO_BREATHE = 1024 * 1024


def one_of_each_kind(alice, bob, room, port):
    """Seven connects: those who are let in and say goodbye, or go without a word, before they
    are live or after, with something to catch up on, and those who are refused."""
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


def test_connecting_and_disconnecting_leaks_nothing(user):
    alice, bob = user(), user()
    room = alice.room()["room_id"]
    alice.invite(room, bob)
    alice.say(room)
    with Pushd(alice.instance, presence_grace=0, max_sockets_user=1000) as pushd:
        def figure(name, **labels):
            return value(parse(pushd.get("/metrics").text), f"confab_{name}", **labels)

        def is_empty():
            return figure("streams") == figure("subscribers") == figure("send_queue_bytes") == \
                figure("sockets", kind="room") == figure("sockets", kind="notifications") == 0

        def come_and_go(times):
            for _ in range(times // 7):
                one_of_each_kind(alice, bob, room, pushd.port)
            wait_for(is_empty, 30, "the end of all sockets and streams")
            return figure("resident_memory_bytes")

        before = come_and_go(CONNECTS // 4)
        after = come_and_go(CONNECTS)
        # A sanitizer keeps what was freed, to recognize it.
        if "asan" not in pushd.instance.build.name:
            assert after < before + ROOM_TO_BREATHE
        pushd.signal(signal.SIGTERM)
        status = pushd.end()
        assert "Sanitizer" not in pushd.log(), pushd.log()
        assert status == 0
