"""Listening to a room, or to what concerns a user, over a socket that was let in.

    with entered(bob, room_id) as live:
        alice.say(room_id)
        assert live.event()["type"] == "new_message"
"""

import time

from support.websocket import Closed


class Listener:
    """The frames of one socket, of which those with a number have to come one by one.

    first is the `connected` frame, seq the number of the last event (or of a resync), events
    all of them so far, notices the frames without a number that came before the last event.
    """

    def __init__(self, socket):
        self.socket = socket
        self.events = []
        self.notices = []
        try:
            assert socket.status == 101, (socket.status, socket.body)
            self.first = socket.next(30)
            assert self.first["type"] == "connected", self.first
        except BaseException:
            socket.abort()
            raise
        self.seq = self.first["seq"]

    def frame(self, seconds=10):
        """The next frame of any kind."""
        frame = self.socket.next(seconds)
        if frame["type"] == "resync":
            self.seq = frame["seq"]
        elif "seq" in frame:
            assert frame["seq"] == self.seq + 1, f"after {self.seq} comes {frame}"
            self.seq += 1
            self.events.append(frame)
        else:
            self.notices.append(frame)
        return frame

    def until(self, fits, seconds=10):
        """Reads on until there is a frame for which this is true, and returns it."""
        deadline = time.monotonic() + seconds
        while True:
            frame = self.frame(max(deadline - time.monotonic(), 0.001))
            if fits(frame):
                return frame

    def event(self, seconds=10):
        """The next event with a number."""
        return self.until(lambda frame: "seq" in frame, seconds)

    def up_to(self, seq, seconds=15):
        """Reads on until the event with that number, and returns all events so far."""
        deadline = time.monotonic() + seconds
        while self.seq < seq:
            self.event(max(deadline - time.monotonic(), 0.001))
        return list(self.events)

    def notice(self, kind, seconds=10):
        """The next frame of this type, one without a number."""
        return self.until(lambda frame: frame["type"] == kind, seconds)

    def no_event(self, seconds=0.3):
        """Asserts that nothing with a number comes in that time."""
        deadline = time.monotonic() + seconds
        while (left := deadline - time.monotonic()) > 0:
            try:
                frame = self.socket.next(left)
            except Closed:
                raise
            except AssertionError:  # nothing came
                return
            assert "seq" not in frame, f"an event where none was due: {frame}"

    def end(self, seconds=10):
        """Reads on until the other side closes, and returns its code."""
        deadline = time.monotonic() + seconds
        try:
            while True:
                self.frame(max(deadline - time.monotonic(), 0.001))
        except Closed as closed:
            return closed.code

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.abort()


def entered(client, room_id, **options):
    """Lets the user into a room; the options of Socket.open."""
    return Listener(client.socket(room_id, **options))


def notified(client, **options):
    """The user's notifications."""
    return Listener(client.notifications(**options))
