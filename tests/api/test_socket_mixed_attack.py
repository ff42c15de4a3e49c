"""Hostile clients of all kinds at once, while signals come: others miss nothing, and nothing of the
hostile ones is left. Each kind by itself is in test_socket_hostile.py."""

import contextlib
import os
import random
import signal
import socket
import threading

import pytest
from support.client import Client
from support.event_reader import follow
from support.pushd_metrics import metric
from support.wait import wait_for
from support.websocket import CONTINUED, PING, TEXT, make_frame, push_port

pytestmark = pytest.mark.slow("attacks for a while")

HANDSHAKES = 500
CLOSE = 8


def request(path, token, more=b""):
    return (f"GET {path} HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
            f"Authorization: Token {token}\r\n").encode() + more + b"\r\n"


class Attacker(threading.Thread):
    """Connects again and again, does something bad, and leaves in the middle of it."""

    def __init__(self, port, room, token, seed):
        super().__init__(daemon=True)
        self._port, self._room, self._token = port, room, token
        self._random = random.Random(seed)
        self.ended = threading.Event()

    def run(self):
        while not self.ended.is_set():
            # Refused, reset, or too slow: all of these are expected.
            with contextlib.suppress(OSError), \
                    socket.create_connection(("127.0.0.1", self._port), 5) as connection:
                connection.settimeout(0.2)
                self._attack(connection)

    def _attack(self, connection):
        number = self._random.randrange
        path = self._random.choice([f"/ws/chat/{self._room}/", "/ws/chat/notifications/"])
        whole = request(path, self._token)
        # Bad heads, and half ones.
        connection.sendall(self._random.choice([
            whole, whole, whole, whole[:number(len(whole))], os.urandom(number(1, 3000)),
            b"GET /" + b"a" * number(40000), request(path, self._token, b"X: y\r\n" * number(200))]))
        if number(2):
            connection.recv(4096)
        # Then frames, of which most are bad.
        room = self._room + number(3)
        connection.sendall(self._random.choice([
            make_frame(TEXT, b'{"type":"watch","room_id":%d}' % room) * 40,
            make_frame(PING, os.urandom(125)) * 400,
            make_frame(number(16), os.urandom(number(200))),
            make_frame(TEXT, b"\xff\xc0\xaf\xed\xa0\x80"),
            make_frame(TEXT, b'{"type":"typing"' + b"[" * 3000),
            make_frame(CLOSE, os.urandom(2)) + make_frame(TEXT, b"{}"),
            make_frame(CONTINUED, b"{}"), b"\x81\xff" + b"\x3f" * 12, os.urandom(500)]))
        if number(3) == 0:
            connection.shutdown(socket.SHUT_WR)
            connection.recv(4096)


@pytest.mark.parametrize("workers", [1, 2])
def test_others_miss_nothing_and_nothing_is_left(make_instance, workers):
    system = make_instance(CONFAB_RATE_LIMITS="off", CONFAB_PUSH_WORKERS=workers,
                           CONFAB_MAX_SOCKETS_ADDRESS=5000, CONFAB_MAX_SOCKETS_USER=5000)
    alice, eve = Client(system).register(), Client(system).register()
    room = alice.room()["room_id"]
    alice.invite(room, eve)
    pid = int((system.state / "run" / "push.pid").read_text().split()[0])
    attackers = [Attacker(push_port(system), room, eve.token, seed) for seed in range(8)]
    with follow(alice, room, direct=True) as listener:
        for attacker in attackers:
            attacker.start()
        while metric(system, "handshakes_total") < HANDSHAKES:
            for number in (signal.SIGHUP, signal.SIGUSR1):
                said = alice.say(room)
                assert listener.event()["message"] == said
                os.kill(pid, number)
        for attacker in attackers:
            attacker.ended.set()
        for attacker in attackers:
            attacker.join(20)
    for kind in ("room", "notifications"):
        wait_for(lambda kind=kind: metric(system, "sockets", kind=kind) == 0, 30, kind)
    for name in ("send_queue_bytes", "streams", "subscribers"):
        wait_for(lambda name=name: metric(system, name) == 0, 30, name)
    assert "killed by signal" not in (system.state / "log" / "push.log").read_text()
