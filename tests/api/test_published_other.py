"""What else is published on Redis, and what is not published."""
import pytest

from support.client import Client
from support.recorder import header, room_channel, user_channel
from support.rooms import ROOMS


@pytest.fixture
def place(person):
    """The users and rooms for the changes below: a room with a message, and a direct room."""
    class Place:
        alice, bob, eve = person(), person(), person()

        def __init__(self):
            self.room = self.alice.room(is_private=False)
            self.alice.invite(self.room["room_id"], self.bob)
            self.message = self.alice.say(self.room["room_id"], client_id="1")
            self.direct = self.alice.post(f"{ROOMS}direct/", json={"user_id": self.bob.id}).json()

        def url(self, rest=""):
            return f"{ROOMS}{self.room['room_id']}/{rest}"

        def message_url(self):
            return self.url(f"messages/{self.message['message_id']}/")
    return Place()


SILENT = {
    "looking": lambda p: [p.bob.get(ROOMS), p.bob.get(p.url()), p.bob.get(p.url("members/")),
                          p.bob.get(p.url("messages/")), p.bob.get(p.url("events/")),
                          p.bob.get(p.url("presence/"))],
    "the same name again": lambda p: [p.alice.patch(p.url(), json={"name": p.room["name"]})],
    "inviting a member": lambda p: [p.alice.post(p.url("invite/"), json={"user_id": p.bob.id})],
    "joining again": lambda p: [p.bob.post(p.url("join/"))],
    "the same role again": lambda p: [p.alice.patch(p.url(f"members/{p.bob.id}/"),
                                                    json={"is_admin": False})],
    "the same client_id again": lambda p: [p.alice.post(p.url("messages/"), json={
        "content": "x", "client_id": "1"})],
    "the standing direct room": lambda p: [p.bob.post(f"{ROOMS}direct/",
                                                      json={"user_id": p.alice.id})],
    "reading what was read": lambda p: [p.alice.post(p.url("read/"), json={
        "message_id": p.message["message_id"]})],
}


@pytest.mark.parametrize("action", SILENT)
def test_an_ineffective_change_is_not_published(recorder, place, action):
    answers = []
    events = recorder.record(lambda: answers.extend(SILENT[action](place)))
    assert [answer.status_code for answer in answers] == [200] * len(answers)
    assert events == []


REFUSED = {
    "a stranger's message": lambda p: p.eve.post(p.url("messages/"), json={"content": "x"}),
    "an empty message": lambda p: p.bob.post(p.url("messages/"), json={"content": " "}),
    "another's message edited": lambda p: p.bob.patch(p.message_url(), json={"content": "x"}),
    "another's message deleted": lambda p: p.bob.delete(p.message_url()),
    "a room renamed by a member": lambda p: p.bob.patch(p.url(), json={"name": "x"}),
    "a room deleted by a member": lambda p: p.bob.delete(p.url()),
    "an invitation by a member": lambda p: p.bob.post(p.url("invite/"),
                                                      json={"user_id": p.eve.id}),
    "another user removed by a member": lambda p: p.bob.post(p.url("remove_member/"),
                                                         json={"user_id": p.alice.id}),
    "none removed": lambda p: p.alice.post(p.url("remove_member/"), json={"user_id": p.eve.id}),
    "the last admin stepping down": lambda p: p.alice.patch(p.url(f"members/{p.alice.id}/"),
                                                            json={"is_admin": False}),
    "no message read": lambda p: p.bob.post(p.url("read/"), json={"message_id": 2 ** 60}),
    "a direct room left": lambda p: p.alice.post(f"{ROOMS}{p.direct['room_id']}/remove_member/",
                                                 json={"user_id": p.alice.id}),
    "a direct room with oneself": lambda p: p.alice.post(f"{ROOMS}direct/",
                                                         json={"user_id": p.alice.id}),
}


@pytest.mark.parametrize("action", REFUSED)
def test_a_refused_change_is_not_published(recorder, place, action):
    answers = []
    events = recorder.record(lambda: answers.append(REFUSED[action](place)))
    assert 400 <= answers[0].status_code < 500
    assert events == []


def test_a_message_deleted_twice_is_published_once(recorder, place):
    def change():
        for _ in range(2):
            assert place.alice.delete(place.message_url()).status_code == 204
    assert [header(event) for event in recorder.record(change)] == [
        (2, 3, "message_deleted", place.alice.id, place.message["message_id"])]


def test_posting_moves_the_read_mark_without_a_message_read_event(recorder, place):
    events = recorder.record(lambda: place.bob.say(place.room["room_id"]))
    assert [event.name for event in events] == ["new_message"]


def test_many_changes_are_published_in_the_order_of_their_seq(recorder, place):
    events = recorder.record(lambda: [place.bob.say(place.room["room_id"]) for _ in range(50)])
    assert {event.channel for event in events} == {room_channel(place.room)}
    assert [event.seq for event in events] == list(range(3, 53))


# ---- credentials: an event without JSON, for the user's sockets only ----

def end_token(alice):
    alice.delete("/api/auth/token/")


def change_password(alice):
    alice.post("/api/auth/password/", json={"old_password": alice.password,
                                            "new_password": "another horse"})


@pytest.mark.parametrize("change", [end_token, change_password])
def test_the_end_of_a_credential_is_published_to_the_user_without_json(recorder, person, change):
    alice = person()
    [event] = recorder.record(lambda: change(alice))
    assert (event.channel, event.text) == (user_channel(alice), b"")
    assert header(event) == (2, 1, "credentials_changed", alice.id, 0)


def test_a_logout_is_published_to_the_user_without_json(recorder, person):
    alice = person()
    browser = Client(recorder.instance)
    browser.post("/api/auth/login/", json={"username": alice.name, "password": alice.password})
    [event] = recorder.record(lambda: browser.post("/api/auth/logout/",
                                                   headers={"Origin": recorder.instance.url}))
    assert (event.channel, event.text) == (user_channel(alice), b"")
    assert header(event) == (2, 1, "credentials_changed", alice.id, 0)


def test_registering_and_logging_in_are_not_published(recorder, person):
    def change():
        alice = person()
        Client(recorder.instance).post("/api/auth/login/", json={"username": alice.name,
                                                                 "password": alice.password})
    assert recorder.record(change) == []


# ---- changes by confabctl ----

def test_disabling_a_user_is_published_without_json(recorder, person):
    alice = person()
    with recorder.instance.subscribe(f"user:{alice.id}") as received:
        assert recorder.instance.confabctl("user", "disable", alice.name).returncode == 0
        event = received.wait_for()
    assert header(event)[:3] == (2, 1, "credentials_changed")
    assert event.text == b""


def test_the_deletion_of_a_room_by_confabctl_is_published_without_an_actor(recorder, place):
    number = place.room["room_id"]
    with recorder.instance.subscribe("*") as received:
        assert recorder.instance.confabctl("room", "delete", number, "--yes").returncode == 0
        events = received.wait_for_all(3, lambda event: event.name == "room_deleted")
    content = {"type": "room_deleted", "deleted_by": None, "room_id": number}
    assert [(event.channel, event.actor_id) for event in events] == [
        (user_channel(place.alice), 0), (user_channel(place.bob), 0),
        (room_channel(place.room), 0)]
    assert [event.json for event in events] == [{**content, "seq": 3}, {**content, "seq": 3},
                                                content]
