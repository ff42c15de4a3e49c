"""Consumers of events during the faults: a receiver of hooks that fails at random, and a program that
pulls. Each records what it took."""

import random
import threading
import time

import requests

from support.receiver import CUT, HANG, REDIRECT, RESET, SLOW, Receiver, check_order

# What a receiver does besides taking a delivery: one of these in a third of the cases.
TROUBLE = [500, 503, CUT, RESET, REDIRECT, 404]
# Rarely, since each takes ten seconds.
SLOW_TROUBLE = [HANG, SLOW]


class Book:
    """The numbers of the events of each room, in the order in which they were taken."""

    def __init__(self):
        self.rooms = {}         # room -> [seq, ...]
        self.violations = []
        self._seen = set()      # ids of deliveries

    def take(self, room, events, delivery_id=None):
        """Enters events, unless they come again under the same id."""
        if delivery_id in self._seen:
            return
        if delivery_id:
            self._seen.add(delivery_id)
        known = self.rooms.setdefault(room, [])
        for event in events:
            if event["type"] == "resync":
                self.violations.append(f"resync in room {room}")
                continue
            expected = known[-1] + 1 if known else 1
            if event["seq"] != expected:
                self.violations.append(f"room {room}: {event['seq']} came where {expected} was due")
            known.append(event["seq"])

    def compare(self, name, last):
        """Violations, given {room: last seq}."""
        return self.violations + [
            f"{name} has {len(self.rooms.get(room, []))} events of room {room}, and the room {seq}"
            for room, seq in last.items() if self.rooms.get(room, []) != list(range(1, seq + 1))]


class FailingReceiver:
    """A receiver with a hook of its own, which fails at random until calm() is called. A second
    server has a certificate that is not trusted: its hook fails all the time until then, when the
    hook gets the address of the first."""

    def __init__(self, instance, seed, certificates):
        self._instance = instance
        self._random = random.Random(seed)
        self._calm = False
        self._lock = threading.Lock()
        self.receiver = Receiver(self._answer)
        self.untrusted = Receiver(certificate=certificates.server, key=certificates.server_key)
        for name, url in (("storm", self.receiver.url("/storm")),
                          ("untrusted", self.untrusted.url("/untrusted"))):
            done = instance.confabctl("hook", "add", name, url)
            assert done.returncode == 0, done.stderr

    def _answer(self, _):
        with self._lock:
            chance = self._random.random()
            if self._calm or chance > 0.34:
                return 200
            return self._random.choice(SLOW_TROUBLE if chance < 0.01 else TROUBLE)

    def calm(self):
        """From now on every delivery is taken; what has failed is due at once."""
        self._calm = True
        self._instance.sql("UPDATE hook SET url = ? WHERE name = 'untrusted'",
                           self.receiver.url("/untrusted"))

    def hurry(self):
        self._instance.sql("UPDATE follower_room SET due_at = SYSDATE(6) "
                           "WHERE due_at > SYSDATE(6) AND worker_id IS NULL")

    def books(self):
        """(name, Book) of each hook."""
        books = {"/storm": Book(), "/untrusted": Book()}
        for delivery in list(self.receiver.deliveries):
            if delivery.was_taken:
                books[delivery.path].take(delivery.json["room_id"], delivery.json["events"],
                                          delivery.id)
        return books.items()

    def violations(self):
        taken = [one for one in self.receiver.deliveries if one.was_taken]
        repeated = len(taken) - len({one.id for one in taken})
        return repeated, check_order(list(self.receiver.deliveries))

    def close(self):
        self.receiver.close()
        self.untrusted.close()


class Puller(threading.Thread):
    """Asks for changes and acknowledges them; sometimes it forgets to, or asks twice."""

    def __init__(self, instance, key, seed, ended):
        super().__init__(daemon=True)
        self.book = Book()
        self.answers = 0
        self._url = f"{instance.url}/api/site/changes/"
        self._headers = {"Authorization": f"Token {key}"}
        self._random = random.Random(seed)
        self._ended = ended

    def run(self):
        while not self._ended.is_set():
            try:
                self.pull()
            except (requests.RequestException, ValueError):
                pass    # a server is down
            time.sleep(self._random.uniform(0.05, 0.5))

    def pull(self):
        """One turn; true if there was nothing."""
        answer = requests.get(self._url, params={"follower": "storm", "limit": 200},
                              headers=self._headers, timeout=15)
        if answer.status_code != 200:
            return False
        self.answers += 1
        results = answer.json()["results"]
        if self._random.random() < 0.2:
            return not results
        for result in results:
            # What was given before, and taken, but whose ack was lost, comes again.
            known = self.book.rooms.get(result["room_id"], [])
            fresh = [event for event in result["events"]
                     if event["type"] == "resync" or not known or event["seq"] > known[-1]]
            self.book.take(result["room_id"], fresh)
        requests.post(f"{self._url}ack/", headers=self._headers, timeout=15, json={
            "follower": "storm",
            "acks": [{"room_id": one["room_id"], "seq": one["last_seq"]} for one in results]})
        return not results
