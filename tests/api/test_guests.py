"""Guests: users without a password, who come by a link or a key, and what they may not do."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from support.api_key import Program
from support.client import Client
from support.shapes import refusal, wrong

GUEST = "/api/auth/guest/"
ROOM = "/api/chat/rooms/{}/"


@pytest.fixture(scope="module")
def place(shared):
    return shared(CONFAB_GUESTS="on", CONFAB_TRUSTED_PROXIES="127.0.0.1, ::1",
                  CONFAB_RATE_LIMITS="off")


class Scene:
    def __init__(self, place, guests="write", **more):
        self.place = place
        self.admin = Client(place).register()
        self.id = self.admin.room()["room_id"]
        self.path = ROOM.format(self.id)
        self.admin.patch(self.path, json={"guests": guests})
        self.link = self.admin.post(f"{self.path}links/",
                                    json={"role": "member", **more}).json()["link"]

    def enter(self, address=None, name="Ann", **more):
        client = Client(self.place)
        headers = {"X-Forwarded-For": address} if address else {}
        client.answer = client.post(GUEST, headers=headers,
                                    json={"display_name": name, "link": self.link, **more})
        if client.answer.status_code == 201:
            client.token = client.answer.json()["token"]
            client.id = client.answer.json()["user"]["user_id"]
        return client

    def ban(self, client, path=None):
        return self.admin.post(path or f"{self.path}bans/", json={"user_id": client.id})


def fails(answer, status, code):
    assert (answer.status_code, answer.json()) == (status, refusal(code)), answer.text


def test_a_guest_is_in_the_room_at_once(place):
    scene = Scene(place)
    guest = scene.enter()
    assert guest.answer.status_code == 201, guest.answer.text
    assert guest.answer.json().keys() == {"token", "user"}
    user = guest.answer.json()["user"]
    assert (user["display_name"], user["is_guest"]) == ("Ann", True)
    assert guest.say(scene.id, "hello")["sender_id"] == guest.id
    assert scene.admin.get(scene.path).json()["members_count"] == 2
    event = scene.admin.events(scene.id)[-2]
    assert (event["type"], event["user_id"]) == ("user_invited", guest.id)


def test_a_room_says_what_guests_may(place):
    scene = Scene(place, guests="read", max_uses=1)
    guest = scene.enter()
    fails(guest.post(f"{scene.path}messages/", json={"content": "x"}), 403, "read_only")
    assert guest.get(f"{scene.path}messages/").status_code == 200
    fails(scene.enter().answer, 410, "link_used_up")
    fails(Scene(place, guests="none").enter().answer, 403, "no_guests")
    writing = Scene(place)
    other = writing.enter()
    writing.admin.patch(writing.path, json={"guests": "none"})
    fails(other.post(f"{writing.path}messages/", json={"content": "x"}), 403, "read_only")
    answer = writing.admin.patch(f"{writing.path}members/{other.id}/", json={"role": "admin"})
    assert answer.status_code == 403


def test_a_guest_comes_by_the_key_of_a_room(place):
    program = Program(place)
    [made] = program.put("/api/site/rooms/", json={
        "rooms": [{"key": "guests-1", "name": "Post"}]}).json()["results"]
    answer = Client(place).post(GUEST, json={"display_name": "Ann", "key": "guests-1"})
    fails(answer, 403, "no_guests")
    place.sql("UPDATE room SET guests = 2 WHERE room_key = 'guests-1'")
    guest = Client(place)
    answer = guest.post(GUEST, json={"display_name": "Ann", "key": "guests-1"})
    assert answer.status_code == 201, answer.text
    guest.token = answer.json()["token"]
    guest.say(made["room"]["room_id"], "hello")


@pytest.mark.parametrize("body, errors", [
    ({"display_name": "Ann"}, {"link": "required"}),
    ({"link": "x"}, {"display_name": "required"}),
    ({"display_name": "Ann", "link": "x", "key": "y"}, {"key": "conflicting"})])
def test_bad_fields_are_named(place, body, errors):
    answer = Client(place).post(GUEST, json=body)
    assert (answer.status_code, answer.json()) == (400, wrong(**errors))


def test_guests_are_off_unless_allowed(instance):
    fails(Client(instance).post(GUEST, json={"display_name": "Ann", "link": "x"}), 403,
          "guests_off")


@pytest.mark.parametrize("method, path, body", [
    ("POST", "/api/chat/rooms/", {"name": "x"}),
    ("POST", "/api/chat/rooms/direct/", {"user_id": 1}),
    ("POST", "/api/chat/rooms/{room}/files/", {"name": "a", "size": 1, "media_type": "text/plain"}),
    ("POST", "/api/auth/password/", {"old_password": "x", "new_password": "correct horse"})])
def test_what_guests_may_not_do(place, method, path, body):
    scene = Scene(place)
    guest = scene.enter()
    fails(guest.request(method, path.format(room=scene.id), json=body), 403, "not_for_guests")


@pytest.mark.parametrize("address, same, other", [
    ("192.0.2.1", "192.0.2.1", "192.0.2.2"),
    ("2001:db8:0:1::1", "2001:db8:0:1:ffff::2", "2001:db8:0:2::1")])
@pytest.mark.parametrize("where", ["room", "site"])
def test_a_banned_guest_does_not_come_back_from_the_same_address(place, address, same, other,
                                                                 where):
    scene, elsewhere = Scene(place), Scene(place)
    guest = scene.enter(address)
    if where == "room":
        scene.ban(guest)
    else:
        Program(place).post("/api/site/bans/", json={"user_id": guest.id})
    fails(scene.enter(same).answer, 403, "banned")
    assert scene.enter(other).answer.status_code == 201
    # Nor by way of another room.
    again = elsewhere.enter(same)
    if where == "site":
        fails(again.answer, 403, "banned")
        Program(place).delete(f"/api/site/bans/{guest.id}/")
    else:
        fails(again.post("/api/chat/links/use/", json={"link": scene.link}), 403, "banned")
        scene.admin.delete(f"{scene.path}bans/{guest.id}/")
    assert scene.enter(same).answer.status_code == 201
    assert address not in str(place.sql("SELECT address FROM guest"))


def test_registering_keeps_the_messages(place):
    scene = Scene(place)
    guest = scene.enter()
    message = guest.say(scene.id, "hello")["message_id"]
    name = f"was-guest-{guest.id}"
    old = guest.token
    with ThreadPoolExecutor(2) as threads:
        posting = threads.submit(lambda: Client(place, old).post(
            f"{scene.path}messages/", json={"content": "meanwhile"}).status_code)
        answer = guest.post("/api/auth/register/",
                            json={"username": name, "password": "correct horse"})
        assert posting.result() in (201, 401)
    assert (answer.status_code, answer.json()["user_id"]) == (201, guest.id)
    assert Client(place, old).get("/api/auth/me/").status_code == 401
    guest.token = answer.json()["token"]
    assert "is_guest" not in guest.get("/api/auth/me/").json()
    shown = guest.get(f"{scene.path}messages/{message}/").json()
    assert (shown["sender_id"], shown["sender_username"]) == (guest.id, name)
    assert guest.post("/api/chat/rooms/", json={"name": "x"}).status_code == 201


def test_guests_are_limited_by_address(shared):
    limited = shared(CONFAB_GUESTS="on", CONFAB_RATE_LIMITS="on", CONFAB_RATE_GUESTS="3")
    scene = Scene(limited)
    assert [scene.enter().answer.status_code for _ in range(4)] == [201] * 3 + [429]
