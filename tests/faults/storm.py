"""A run: clients start, faults happen, clients catch up, and the records are compared."""

import random
import threading
import time
from collections import Counter

from faults.clients import Reader, Writer
from faults.consumers import FailingReceiver, Puller
from faults.injection import all_faults, inject, plan
from support.api_key import Program
from support.certificates import Certificates
from support.client import Client
from support.wait import wait_for

ROOMS, WRITERS, READERS_PER_ROOM = 10, 6, 3

# Seconds in which readers must catch up once all servers work again: three times the promised delay
# of events that a killed server did not publish.
CAUGHT_UP_WITHIN = 15
# Seconds in which a message must be acknowledged.
ACKNOWLEDGED_WITHIN = 60
# Seconds in which the hooks must have everything, once the receiver works again.
DELIVERED_WITHIN = 60


class Storm:
    """Storm(instance, seed).run(seconds): the list of violations; say(text) is called with the
    progress. The replay_limit of the instance must be too large to be reached; it has a worker that
    may deliver to this host."""

    def __init__(self, instance, seed, say=print):
        self.instance = instance
        self.say = say
        self.rng = random.Random(seed)
        self.ended_writing, self.ended_reading = threading.Event(), threading.Event()
        # Before the rooms: they follow each from its first event on.
        folder = instance.state / "certificates"
        folder.mkdir()
        self.hooks = FailingReceiver(instance, seed, Certificates(folder))
        self.puller = Puller(instance, Program(instance, "hooks").token, seed, self.ended_reading)
        assert self.puller.pull()
        self.owner = Client(instance).register()
        self.rooms = [self.owner.room(f"Room {i}")["room_id"] for i in range(ROOMS)]
        self.writers = [Writer(instance, self._member().token, f"writer{i}", self.rooms,
                               self.ended_writing) for i in range(WRITERS)]
        self.readers = [Reader(instance, self.owner.token, room, i % 2 == 0, self.ended_reading)
                        for room in self.rooms for i in range(READERS_PER_ROOM)]
        self.faults = Counter()
        self.slowest = 0.0      # seconds until all readers caught up
        self.violations = []

    def _member(self):
        client = Client(self.instance).register()
        for room in self.rooms:
            self.owner.invite(room, client)
        return client

    def run(self, seconds):
        clients = [*self.readers, *self.writers, self.puller]
        for client in clients:
            client.start()
        try:
            wait_for(lambda: all(reader.connects for reader in self.readers), 30, "all readers")
            self._inject_faults(seconds)
            self._finish()
        finally:
            self.ended_writing.set()
            self.ended_reading.set()
            for client in clients:
                client.join(30)
        try:
            self._compare_books()
        finally:
            self.hooks.close()
        self._compare()
        return self.violations

    # ---- faults ----

    def _close_sockets(self, _):
        for reader in self.readers:
            if self.rng.random() < 0.5:
                reader.disconnect()

    def _inject_faults(self, seconds):
        """Each fault at least once, then more until the time is over."""
        faults = all_faults(self._close_sockets)
        began = time.monotonic()
        for number, together in enumerate(plan(faults, self.rng)):
            if number >= len(faults) and time.monotonic() - began > seconds:
                return
            name = " and ".join(fault.name for fault in together)
            self.say(f"{time.monotonic() - began:6.1f} s  {name}")
            inject(self.instance, together)
            self.faults.update(fault.name for fault in together)
            self._catch_up(name)
            time.sleep(self.rng.uniform(0, 0.7))

    # ---- afterwards ----

    def _finish(self):
        """All servers work again: writers get their last acknowledgement, readers all events."""
        self.ended_writing.set()
        for writer in self.writers:
            writer.join(ACKNOWLEDGED_WITHIN)
            if writer.is_alive():
                self.violations.append("a message of a writer is not acknowledged")
        for room, seq in self._catch_up("the end").items():
            self.violations += [
                f"a reader of room {room} is at {reader.seq}, and the room at {seq}"
                for reader in self.readers if reader.room == room and reader.seq != seq]

    def _catch_up(self, name):
        """Waits until every reader has the recorded events: {room: seq}. A reader that misses an
        event until the next fault disconnects it would have lost it."""
        began = time.monotonic()
        rooms = self.owner.get("/api/chat/rooms/?limit=200").json()["results"]
        last = {room["room_id"]: room["last_seq"] for room in rooms}
        for reader in self.readers:
            while reader.seq < last[reader.room]:
                if time.monotonic() > began + CAUGHT_UP_WITHIN:
                    self.violations.append(
                        f"after {name} a reader of room {reader.room} is still at {reader.seq}, "
                        f"and the room is at {last[reader.room]}")
                    return last
                time.sleep(0.01)
        self.slowest = max(self.slowest, time.monotonic() - began)
        return last

    def _compare_books(self):
        """The receiver works again: what each hook has taken is what each room has."""
        last = self._catch_up("the end")
        self.hooks.calm()
        began = time.monotonic()
        while time.monotonic() < began + DELIVERED_WITHIN:
            self.hooks.hurry()
            time.sleep(1)
            if not any(book.compare(name, last) for name, book in self.hooks.books()):
                break
        for name, book in self.hooks.books():
            self.violations += book.compare(name, last)
        wait_for(self.puller.pull, 30, "the last pull")
        self.violations += self.puller.book.compare("the puller", last)
        repeated, violations = self.hooks.violations()
        self.violations += violations
        self.say(f"        {len(self.hooks.receiver.deliveries)} deliveries, {repeated} of them taken "
                 f"again, all delivered {time.monotonic() - began:.1f} s after the end; "
                 f"{self.puller.answers} pulls")

    # ---- records ----

    def _history(self, room):
        """All messages of a room by REST, oldest first."""
        messages, before = [], f"/api/chat/rooms/{room}/messages/?limit=200"
        while before:
            page = self.owner.get(before.removeprefix(self.instance.url)).json()
            messages += page["results"]
            before = page["next"]
        return messages[::-1]

    def _compare(self):
        for client in self.readers + self.writers:
            self.violations += client.violations
        found = Counter()
        for room in self.rooms:
            history = self._history(room)
            found.update((message["client_id"], room, message["message_id"])
                         for message in history)
            ids = [message["message_id"] for message in history]
            for reader in self.readers:
                if reader.room == room and reader.messages != ids:
                    self.violations.append(
                        f"a reader of room {room} got other messages than the room has")
        for client_id, (room, message_id) in self._acknowledged():
            if found.pop((client_id, room, message_id), 0) != 1:
                self.violations.append(
                    f"{client_id}, acknowledged as {message_id}, does not exist exactly once")
        if found:
            self.violations.append(
                f"messages that were not posted or are duplicated: {list(found)[:5]}")
        checked = self.instance.confabctl("check", "--deep")
        if checked.returncode != 0:
            self.violations.append(f"counters are wrong: {checked.stdout}{checked.stderr}")
        self._report()

    def _acknowledged(self):
        return [item for writer in self.writers for item in writer.acknowledged.items()]

    def _report(self):
        statuses = sum((writer.statuses for writer in self.writers), Counter())
        connects = [reader.connects for reader in self.readers]
        self.say(f"        {len(self._acknowledged())} messages acknowledged, answers by status: "
                 f"{dict(sorted(statuses.items()))}")
        self.say(f"        {len(connects)} readers connected {min(connects)} to {max(connects)} "
                 f"times each, and caught up at most {self.slowest:.1f} s after each of "
                 f"{sum(self.faults.values())} faults")
