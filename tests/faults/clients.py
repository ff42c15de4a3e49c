"""The clients that write and read during the faults."""

import contextlib
import json
import random
import socket
import threading
import time
from collections import Counter
from http.client import HTTPConnection, HTTPException

from support.websocket import Closed, Socket

# Statuses of requests while a server is down; 0 is a lost connection.
STATUSES_WHILE_DOWN = {0, 500, 502, 503, 504}
# How a socket may end meanwhile: disconnected, server restart, or no database.
CODES_WHILE_DOWN = {None, 1011, 1012, 1013}


class Writer(threading.Thread):
    """Posts messages to rooms, each with a unique client_id and retried until it is
    acknowledged."""

    def __init__(self, instance, token, name, rooms, ended):
        super().__init__(daemon=True)
        self.acknowledged = {}      # client_id -> (room, message_id)
        self.violations = []        # what must not happen
        self.statuses = Counter()
        self._name = name
        self._rooms = rooms
        self._ended = ended
        self._port = instance.port
        self._headers = {"Authorization": f"Token {token}", "Content-Type": "application/json"}
        self._connection = None

    def run(self):
        number = 0
        while not self._ended.is_set():
            number += 1
            room = random.choice(self._rooms)
            client_id = f"{self._name}-{number}"
            self.acknowledged[client_id] = room, self._post_until_acknowledged(room, client_id)
            time.sleep(random.uniform(0, 0.1))

    def _post_until_acknowledged(self, room, client_id):
        body = json.dumps({"content": f"content of {client_id}", "client_id": client_id}).encode()
        while True:
            status, text = self._post(f"/api/chat/rooms/{room}/messages/", body)
            self.statuses[status] += 1
            if status in (200, 201):
                return json.loads(text)["message_id"]
            if status not in STATUSES_WHILE_DOWN:
                self.violations.append(f"{client_id}: {status} {text[:200]!r}")
                return None
            time.sleep(random.uniform(0.02, 0.2))

    def _post(self, path, body):
        try:
            if not self._connection:
                self._connection = HTTPConnection("127.0.0.1", self._port, timeout=15)
            self._connection.request("POST", path, body, self._headers)
            answer = self._connection.getresponse()
            return answer.status, answer.read()
        except (OSError, HTTPException) as error:
            self._connection.close()
            self._connection = None
            return 0, repr(error).encode()


class Reader(threading.Thread):
    """Keeps a socket to a room, reconnects with `since` whenever it is lost, and checks that the
    seq of events increases by one throughout."""

    def __init__(self, instance, token, room, direct, ended):
        super().__init__(daemon=True)
        self.seq = 0                # the last seq
        self.messages = []          # message ids in the order of arrival
        self.violations = []
        self.connects = 0
        self.room = room
        self._instance = instance
        self._token = token
        self._direct = direct
        self._ended = ended
        self._socket = None

    def run(self):
        while not self._ended.is_set():
            try:
                self._read()
            except Closed as end:
                if end.code not in CODES_WHILE_DOWN:
                    self.violations.append(f"closed with {end.code} at {self.seq}")
            except (OSError, TimeoutError, ValueError):
                pass  # nothing listens, or the server is too busy
            except AssertionError as error:
                self.violations.append(f"{error} at {self.seq}")
            self._ended.wait(random.uniform(0.02, 0.3))

    def _read(self):
        with Socket.open(self._instance, f"/ws/chat/{self.room}/", token=self._token,
                         direct=self._direct, since=self.seq) as live:
            if live.status in STATUSES_WHILE_DOWN:
                return
            assert live.status == 101, f"{live.status} {live.body!r}"
            self._socket = live
            while not self._ended.is_set():
                try:
                    frame = live.next(0.5)
                except Closed:
                    raise
                except AssertionError:  # nothing came
                    continue
                self._process(frame)

    def _process(self, frame):
        kind = frame["type"]
        if kind == "connected":
            self.connects += 1
            assert frame["seq"] == self.seq, f"connected at {frame['seq']}"
        elif kind == "error":
            assert frame["code"] == "unavailable", frame
        elif "seq" in frame:
            assert kind != "resync", frame
            assert frame["seq"] == self.seq + 1, f"{frame['seq']} arrived"
            self.seq += 1
            if kind == "new_message":
                self.messages.append(frame["message"]["message_id"])

    def disconnect(self):
        """Ends the connection without a close frame, as a killed client does."""
        live = self._socket
        if live:
            with contextlib.suppress(OSError):  # it has ended already
                live.connection.shutdown(socket.SHUT_RDWR)
