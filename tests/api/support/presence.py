"""The presence of a room, over sockets and over REST."""

import contextlib

from support.sockets import in_room, person
from support.wait import wait_for


def by_id(people):
    return sorted(people, key=lambda someone: someone["user_id"])


def people(*clients):
    return by_id(person(client) for client in clients)


def rest(client, room):
    answer = client.get(f"/api/chat/rooms/{room}/presence/")
    assert answer.status_code == 200
    return by_id(answer.json()["online"])


def online_ids(client, room):
    return {someone["user_id"] for someone in rest(client, room)}


def wait_for_rest(client, room, *clients, seconds=30):
    wait_for(lambda: rest(client, room) == people(*clients), seconds,
             f"the presence of {[someone.name for someone in clients]}")


def wait_for_online(watcher, room, *clients, seconds=30, **options):
    """Waits until `connected` on a new socket of the watcher lists these clients and the
    watcher."""
    def shown():
        with in_room(watcher, room, **options) as live:
            return by_id(live.first["online"]) == people(watcher, *clients)
    wait_for(shown, seconds)


class Watcher:
    """Computes who is online from `connected` and the frames after it."""

    def __init__(self, live):
        self.live = live
        self.online = {someone["user_id"] for someone in live.first["online"]}
        self.wrong = []     # frames that contradict earlier ones

    def look(self):
        """Processes the frames that have arrived."""
        with contextlib.suppress(AssertionError):
            while True:
                frame = self.live.next(0.01)
                joined, who = frame["type"] == "user_joined", frame["user_id"]
                if joined == (who in self.online):
                    self.wrong.append(frame)
                (self.online.add if joined else self.online.discard)(who)

    def sees(self, *clients):
        self.look()
        return self.online == {client.id for client in clients}
