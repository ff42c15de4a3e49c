"""Reads the events of a room or of a user over an open socket.

    with entered(bob, room_id) as live:
        alice.say(room_id)
        assert live.event()["type"] == "new_message"
"""

import time

from support.websocket import Closed


class EventReader:
    """The frames of one socket. Asserts that events have consecutive numbers.

    first: the `connected` frame; seq: the number of the last event or resync; events: all
    events received; notices: all frames received that have no number.
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

    def frame(self, seconds=30):
        """Reads the next frame of any type."""
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

    def until(self, fits, seconds=30):
        """Reads until a frame for which fits(frame) is true, and returns it."""
        deadline = time.monotonic() + seconds
        while True:
            frame = self.frame(max(deadline - time.monotonic(), 0.001))
            if fits(frame):
                return frame

    def event(self, seconds=30):
        """Reads until the next event, and returns it."""
        return self.until(lambda frame: "seq" in frame, seconds)

    def up_to(self, seq, seconds=30):
        """Reads until the event with that number, and returns all events received."""
        deadline = time.monotonic() + seconds
        while self.seq < seq:
            self.event(max(deadline - time.monotonic(), 0.001))
        return list(self.events)

    def notice(self, kind, seconds=30):
        """Reads until the next frame of this type, which has no number, and returns it."""
        return self.until(lambda frame: frame["type"] == kind, seconds)

    def no_event(self, seconds=0.3):
        """Asserts that no event arrives in that time."""
        deadline = time.monotonic() + seconds
        while (left := deadline - time.monotonic()) > 0:
            try:
                frame = self.socket.next(left)
            except Closed:
                raise
            except AssertionError:  # no frame
                return
            assert "seq" not in frame, f"an event where none was due: {frame}"

    def end(self, seconds=30):
        """Reads until the server closes, and returns the close code."""
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


def follow(client, room_id, **options):
    """A Listener to a room; takes the options of Socket.open."""
    return EventReader(client.socket(room_id, **options))


def follow_user(client, **options):
    """A Listener to the user's notifications; takes the options of Socket.open."""
    return EventReader(client.notifications(**options))
