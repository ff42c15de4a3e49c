"""A silent chat on a shared host (Apache, plain CGI, no daemon) starts no program."""

import types

import pytest

from support.client import Client
from support.rooms import ROOMS
from support.shared_host import SharedHost

pytestmark = pytest.mark.slow("200 tabs behind an Apache of their own")

TABS = 200
# Ten minutes have forty such rounds of tabs that listen every 15 s; a tab keeps no time.
ROUNDS = 4


@pytest.fixture(scope="module")
def host(own_instance):
    with SharedHost(own_instance, "cgi") as made:
        yield made


@pytest.fixture(scope="module")
def chat(host):
    return types.SimpleNamespace(url=f"{host.instance.url}/chat", log=host.said)


def starts(host):
    """Requests that start a program, by the access log."""
    log = host.folder / "access.log"
    return sum(" /chat/api/" in line or " /chat/healthz" in line
               for line in log.read_text().splitlines())


class Tab:
    """A tab of the page as far as it asks."""

    def __init__(self, client, room):
        self.client = client
        self.room = room
        self.seq = self.room["last_seq"]
        self.texts = []

    def listen(self):
        """Reads the bell, and asks if the number is another; whether it was."""
        path = self.room["bell"].removeprefix("/chat")
        answer = self.client.get(path, headers={"Authorization": None})
        assert (answer.status_code, answer.headers["Cache-Control"]) == (200, "no-store")
        if int(answer.text) == self.seq:
            return False
        known = {"rooms": {self.room["room_id"]: self.seq}}
        for entry in self.client.post("/api/chat/sync/", json=known).json()["rooms"]:
            if entry.get("room_id") == self.room["room_id"]:
                self.texts += [event["message"]["content"] for event in entry["events"]]
                self.seq = entry["last_seq"]
        return True


def test_200_idle_tabs_start_no_program_and_get_a_message_at_their_next_poll(host, chat):
    people = [Client(chat).register() for _ in range(10)]
    room = people[0].room()["room_id"]
    for person in people[1:]:
        people[0].invite(room, person)

    shown = people[0].get(f"{ROOMS}{room}/").json()
    tabs = [Tab(Client(chat, people[number % len(people)].token), shown) for number in range(TABS)]
    before = starts(host)
    for _ in range(ROUNDS):
        assert not any(tab.listen() for tab in tabs)
    assert starts(host) == before

    people[0].say(room, "hello")
    assert all(tab.listen() for tab in tabs)
    assert all(tab.texts == ["hello"] for tab in tabs)
    assert not any(tab.listen() for tab in tabs)
    # One program for the message, and one for each tab.
    assert starts(host) == before + 1 + TABS


def test_the_bell_of_a_removed_member_is_silent_there(host, chat):
    alice, bob = Client(chat).register(), Client(chat).register()
    room = alice.room()["room_id"]
    alice.invite(room, bob)
    path = bob.get(f"{ROOMS}{room}/").json()["bell"].removeprefix("/chat")
    alice.post(f"{ROOMS}{room}/remove_member/", json={"user_id": bob.id})
    alice.say(room)
    assert bob.get(path).status_code == 404
