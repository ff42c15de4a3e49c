"""Rooms that the site knows by a key."""

import pytest

from support.api_key import Program
from support.client import fresh_name
from support.rooms import ROOMS
from support.shapes import a_page, a_room, in_event, wrong


def url(room_id):
    return f"{ROOMS}{room_id}/"


@pytest.fixture(scope="module")
def program(instance):
    return Program(instance, "rooms,messages,users")


@pytest.fixture
def keyed(program, user):
    """(key, room id, alice, bob): alice is the admin of a private room, bob is not in it."""
    alice, bob, key = user(), user(), fresh_name("key")
    room = program.put_room(key)["room"]["room_id"]
    answer = program.put(f"/api/site/rooms/{room}/members/",
                         {"add": [{"user_id": alice.id, "is_admin": True}]})
    assert answer.status_code == 200, answer.text
    return key, room, alice, bob


def by_key(client, key, **options):
    answer = client.get(f"{ROOMS}?key={key}", **options)
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_a_room_is_found_by_its_key(keyed):
    key, room, alice, bob = keyed
    found = a_room(room_id=room, key=key, last_seq=2, is_admin=True)
    assert by_key(alice, key) == a_page([found])
    assert alice.get(url(room)).json() == found
    assert alice.get(ROOMS).json()["results"] == [found]


def test_a_room_that_the_user_may_not_see_is_not_found(keyed):
    key, room, alice, bob = keyed
    assert by_key(bob, key) == a_page([])
    assert by_key(bob, "no-such-room") == a_page([])
    alice.patch(url(room), json={"is_private": False})
    assert [one["room_id"] for one in by_key(bob, key)["results"]] == [room]


def test_keys_are_compared_exactly(keyed):
    key, _, alice, _ = keyed
    for other in (key.upper(), key[:-1], f"{key}0", f"{key}-"):
        assert by_key(alice, other) == a_page([])


@pytest.mark.parametrize("key", ["", "a b", "ä", "a,b", "a" * 129, "a\\b", "a?", "%27"])
def test_what_cannot_be_a_key_is_an_error_of_the_field(user, program, key):
    answer = user().get(f"{ROOMS}?key={key}")
    assert (answer.status_code, answer.json()) == (400, wrong(key="invalid"))


def test_all_characters_of_keys_work(program, user):
    alice = user()
    key = f"Az09._:/-{fresh_name()}"
    room = program.put_room(key)["room"]["room_id"]
    program.put(f"/api/site/rooms/{room}/members/", {"add": [{"user_id": alice.id}]})
    for written in (key, key.replace("/", "%2F").replace(":", "%3A")):
        assert [one["key"] for one in by_key(alice, written)["results"]] == [key]


def test_the_page_has_a_tag_and_an_end(keyed):
    key, room, alice, _ = keyed
    answer = alice.get(f"{ROOMS}?key={key}")
    tag = {"If-None-Match": answer.headers["ETag"]}
    assert alice.get(f"{ROOMS}?key={key}", headers=tag).status_code == 304
    alice.say(room)
    assert alice.get(f"{ROOMS}?key={key}", headers=tag).status_code == 200
    beyond = alice.get(f"{ROOMS}?key={key}&offset=5").json()
    assert (beyond["count"], beyond["next"], beyond["results"]) == (1, None, [])
    assert alice.get(beyond["previous"][len(alice.instance.url):]).json()["count"] == 1


def test_a_hidden_room_is_found_by_its_key(keyed):
    key, room, alice, _ = keyed
    alice.patch(f"{url(room)}me/", json={"is_hidden": True})
    assert alice.get(ROOMS).json()["results"] == []
    assert by_key(alice, key)["count"] == 1


def test_users_cannot_set_a_key(user):
    alice, bob, key = user(), user(), fresh_name("key")
    room = alice.post(ROOMS, json={"name": "x", "key": key}).json()
    assert room["key"] is None
    assert alice.patch(url(room["room_id"]), json={"key": key, "name": "y"}).json()["key"] is None
    direct = alice.post(f"{ROOMS}direct/", json={"user_id": bob.id, "key": key}).json()
    assert direct["key"] is None
    assert by_key(alice, key) == a_page([])


def test_an_admin_cannot_change_a_key(keyed):
    key, room, alice, _ = keyed
    for value in (None, "another"):
        assert alice.patch(url(room), json={"name": "z", "key": value}).json()["key"] == key


def test_events_show_the_key(keyed):
    key, room, alice, _ = keyed
    changed = alice.patch(url(room), json={"name": "Renamed"}).json()
    assert alice.events(room)[-1]["room"] == in_event(changed)
    assert changed["key"] == key


def test_a_room_stays_without_members_and_keeps_its_messages(keyed, program):
    key, room, alice, bob = keyed
    alice.say(room, "kept")
    assert alice.post(f"{url(room)}remove_member/", json={"user_id": alice.id}).status_code == 204
    assert alice.get(url(room)).status_code == 404
    again = program.put_room(key)
    assert (again["status"], again["room"]["room_id"], again["room"]["members_count"]) == (
        200, room, 0)
    program.put(f"/api/site/rooms/{room}/members/", {"add": [{"user_id": bob.id}]})
    messages = bob.get(f"{url(room)}messages/").json()["results"]
    assert [one["content"] for one in messages] == ["kept"]


@pytest.mark.parametrize("by_site", [False, True])
def test_the_last_admin_who_leaves_has_a_successor_unless_the_site_removes_it(keyed, program,
                                                                              by_site):
    key, room, alice, bob = keyed
    program.put(f"/api/site/rooms/{room}/members/", {"add": [{"user_id": bob.id}]})
    if by_site:
        program.put(f"/api/site/rooms/{room}/members/", {"remove": [{"user_id": alice.id}]})
    else:
        alice.post(f"{url(room)}remove_member/", json={"user_id": alice.id})
    assert bob.get(url(room)).json()["is_admin"] is not by_site


def test_the_key_of_a_deleted_room_is_free(keyed, program):
    key, room, alice, _ = keyed
    assert alice.delete(url(room)).status_code == 204
    made = program.put_room(key)
    assert made["status"] == 201 and made["room"]["room_id"] != room

