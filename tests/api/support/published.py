"""Subscribes to the events that fcgi-api publishes on Redis (see common/event/event.h)."""

import json
import socket
import threading
from typing import NamedTuple

from support.wait import wait_for


class Published(NamedTuple):
    """One envelope: the fields of its header, its JSON (None when it has none) and the bytes
    of that."""

    channel: str
    version: int
    seq: int
    name: str
    actor_id: int
    subject_id: int
    logical_time: int
    actor: object
    message: bytes
    json: object
    text: bytes


def read_envelope(channel, payload):
    header, _, text = payload.partition(b"\n")
    version, seq, name, actor_id, subject, time, actor, start, length = header.decode().split(" ")
    content = json.loads(text) if text else None
    return Published(channel, int(version), int(seq), name, int(actor_id), int(subject), int(time),
                     None if actor == "-" else actor, text[int(start):int(start) + int(length)],
                     content, text)


class Subscription:
    """Collects the events on the channels that match a pattern.

        with instance.subscribe("room:*") as heard:
            ...
            event = heard.wait_for(lambda e: e.name == "new_message")
    """

    def __init__(self, path, pattern):
        self._path = str(path)
        self._pattern = pattern.encode()
        self._events = []
        self._lock = threading.Lock()
        self._thread = None
        self._socket = None
        self._error = None

    @property
    def events(self):
        """The events received, in order."""
        with self._lock:
            if self._error:
                raise self._error
            return list(self._events)

    def named(self, name):
        return [event for event in self.events if event.name == name]

    def wait_for(self, condition=lambda event: True, seconds=30):
        """Waits for an event that satisfies the condition, and returns the first one."""
        return self.wait_for_all(1, condition, seconds)[0]

    def wait_for_all(self, count, condition=lambda event: True, seconds=30):
        """Waits for `count` events that satisfy the condition; returns all that do."""
        def enough():
            found = [event for event in self.events if condition(event)]
            return found if len(found) >= count else None
        return wait_for(enough, seconds, f"{count} published events")

    def __enter__(self):
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.connect(self._path)
        self._socket.sendall(b"*2\r\n$10\r\nPSUBSCRIBE\r\n$%d\r\n%s\r\n"
                             % (len(self._pattern), self._pattern))
        self._file = self._socket.makefile("rb")
        self._read_reply()
        self._thread = threading.Thread(target=self._collect, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._socket.shutdown(socket.SHUT_RDWR)
        self._thread.join(10)
        self._file.close()
        self._socket.close()

    def _collect(self):
        try:
            while True:
                reply = self._read_reply()
                # The servers publish on channels `try:...` to see whether they may.
                if reply[0] == b"pmessage" and b":try:" not in reply[2]:
                    event = read_envelope(reply[2].decode(), reply[3])
                    with self._lock:
                        self._events.append(event)
        except (EOFError, OSError):
            pass
        except Exception as error:  # raised when the test reads events
            with self._lock:
                self._error = error

    def _read_reply(self):
        line = self._file.readline()
        if not line.endswith(b"\r\n"):
            raise EOFError
        kind, rest = line[:1], line[1:-2]
        if kind == b"*":
            return [self._read_reply() for _ in range(int(rest))]
        if kind == b"$":
            return self._file.read(int(rest) + 2)[:-2]
        return int(rest) if kind == b":" else rest
