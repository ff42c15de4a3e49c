"""Clients that read a room while its pushd is replaced."""

import contextlib
import threading

from support.event_reader import EventReader
from support.sockets import ROOM
from support.wait import wait_for
from support.websocket import Closed, Socket

FOLLOWERS = 12


class Follower(threading.Thread):
    """Reads the room over a socket to this port or path and reconnects with `since` when it
    closes, until it has received the event with the number `last`. seen: the numbers received."""

    def __init__(self, client, room, place):
        super().__init__(daemon=True)
        self._client, self._room, self._place = client, room, place
        self.last = None
        self.seen, self.codes = [], []
        self.refused = 0  # connections refused
        self.failure = None

    def run(self):
        try:
            while self.last is None or self._seq < self.last:
                self._follow()
        except BaseException as failure:
            self.failure = failure

    @property
    def _seq(self):
        return self.seen[-1] if self.seen else 0

    def _follow(self):
        path = f"{ROOM.format(self._room)}?since={self._seq}"
        try:
            with EventReader(Socket.open(self._client.instance, path, token=self._client.token,
                                         direct=self._place)) as live:
                assert live.seq == self._seq
                while self.last is None or self._seq < self.last:
                    self.seen.append(live.event(60)["seq"])
        except Closed as closed:
            self.codes.append(closed.code)
        except (ConnectionRefusedError, FileNotFoundError):
            self.refused += 1
        except ConnectionError:
            pass  # reset while the old pushd stopped listening


class Crowd:
    """Followers of a room and a thread that posts to it continuously."""

    def __init__(self, client, place):
        self._client = client
        self._room = client.room()["room_id"]
        self._stop = threading.Event()
        self._writer = threading.Thread(target=self._write, daemon=True)
        self.followers = [Follower(client, self._room, place) for _ in range(FOLLOWERS)]

    def _write(self):
        # At a rate that keeps a slow reconnect within the replay limit.
        while not self._stop.wait(0.01):
            self._client.say(self._room)

    def start(self):
        for thread in [*self.followers, self._writer]:
            thread.start()
        self.read_on()

    def read_on(self):
        """Waits until each follower has received more events."""
        before = [len(one.seen) for one in self.followers]
        wait_for(lambda: all(len(one.seen) > many + 20
                             for one, many in zip(self.followers, before)), 60, "more events")

    def stop_writing(self):
        self._stop.set()
        self._writer.join(30)

    def end(self):
        """Asserts that each follower received every event once and was never refused."""
        self.stop_writing()
        events = self._client.get(f"/api/chat/rooms/{self._room}/events/?limit=1").json()
        last = events["last_seq"] + 1
        for one in self.followers:
            one.last = last
        self._client.say(self._room, "the last")
        for one in self.followers:
            one.join(60)
        for one in self.followers:
            assert one.failure is None and not one.is_alive()
            assert one.seen == list(range(1, last + 1))
            assert one.codes and set(one.codes) <= {1012, None}
            assert one.refused == 0


@contextlib.contextmanager
def crowd(client, place):
    """A running Crowd at a port or at the path of a Unix socket. end() checks what it received."""
    people = Crowd(client, place)
    try:
        people.start()
        yield people
    finally:
        people.stop_writing()
