"""Concurrent clients that send requests continuously and count the responses."""

import itertools
import json
import threading
import time
from collections import Counter
from http.client import HTTPConnection, HTTPException

from support.wait import wait_for


class Load:
    """Runs each script in its own thread and connection until the `with` ends.

    A script is a generator of (method, path, JSON or None); each yield returns the response as
    (status, bytes). Status 0 means that the connection failed.

        with Load(instance, token, [reading(room), posting(room)]) as load:
            load.wait_for(2000)
        assert load.failures == []
    """

    def __init__(self, instance, token, scripts):
        self._place = (getattr(instance, "address", "127.0.0.1"), instance.port)
        self._headers = {"Authorization": f"Token {token}", "Content-Type": "application/json"}
        self._scripts = scripts
        self._lock = threading.Lock()
        self._ended = threading.Event()
        self._threads = []
        self.statuses = Counter()  # by (method, status)
        self.slowest = 0.0         # seconds until an answer
        self.failures = []         # "GET /path: 500 ..." for each failure and status >= 400

    @property
    def count(self):
        """The number of finished requests."""
        with self._lock:
            return sum(self.statuses.values())

    def wait_for(self, more, seconds=60):
        """Waits until this many more requests have finished."""
        enough = self.count + more
        wait_for(lambda: self.count >= enough, seconds, f"{more} more requests")

    def __enter__(self):
        for script in self._scripts:
            self._threads.append(threading.Thread(target=self._run, args=(script,), daemon=True))
            self._threads[-1].start()
        return self

    def __exit__(self, *_):
        self._ended.set()
        self.join()

    def join(self, seconds=60):
        """Waits until all scripts have ended."""
        for thread in self._threads:
            thread.join(seconds)
            assert not thread.is_alive(), f"a request is not answered within {seconds} s"

    def _run(self, script):
        connection = HTTPConnection(*self._place, timeout=50)
        try:
            request = next(script)
            while not self._ended.is_set():
                request = script.send(self._ask(connection, *request))
        except StopIteration:
            pass
        finally:
            connection.close()

    def _ask(self, connection, method, path, fields):
        body = None if fields is None else json.dumps(fields).encode()
        begin = time.monotonic()
        try:
            connection.request(method, path, body, self._headers)
            answer = connection.getresponse()
            text, status = answer.read(), answer.status
        except (OSError, HTTPException) as error:
            connection.close()
            text, status = repr(error).encode(), 0
        with self._lock:
            self.statuses[method, status] += 1
            self.slowest = max(self.slowest, time.monotonic() - begin)
            if status == 0 or status >= 400:
                self.failures.append(f"{method} {path}: {status} {text[:200]!r}")
        return status, text


# ---- scripts ----

def reading(room_id):
    """Sends various GET requests forever."""
    paths = ["/api/auth/me/", f"/api/chat/rooms/{room_id}/messages/?limit=5", "/api/chat/rooms/",
             f"/api/chat/rooms/{room_id}/events/?after=0&limit=5", f"/api/chat/rooms/{room_id}/"]
    for path in itertools.cycle(paths):
        yield "GET", path, None


def posting(room_id):
    """Posts messages without a client_id forever; a failed one is not repeated."""
    for number in itertools.count(1):
        yield "POST", f"/api/chat/rooms/{room_id}/messages/", {"content": f"number {number}"}


def posting_surely(room_id, name, count=None, pause=0):
    """Posts `count` messages (None: forever), each with its own client_id, with which it is
    repeated after a moment until it succeeds; then waits for `pause` seconds."""
    for number in itertools.count(1) if count is None else range(1, count + 1):
        time.sleep(pause)
        status = None
        while status not in (200, 201):
            if status is not None:
                time.sleep(0.1)
            status, _ = yield ("POST", f"/api/chat/rooms/{room_id}/messages/",
                               {"content": f"number {number}", "client_id": f"{name}-{number}"})


def mixed(room_id, clients=8):
    """Scripts of which half read and half post."""
    return [reading(room_id) if i % 2 else posting(room_id) for i in range(clients)]
