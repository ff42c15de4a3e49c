"""A room is read and its reader authenticated by one statement, unless the client has a tag: both
ways give the same responses. (Errors of authentication: test_pages_repeated.py.)"""
import pytest

from support.answers import assert_error
from support.rooms import ROOMS, remove


@pytest.fixture(scope="module")
def system(one_process):
    return one_process


@pytest.fixture
def reader(alice, bob, room):
    """Bob, a member of the room; alice posted the last message."""
    alice.say(room, "the last word")
    assert get(bob, room).status_code == 200
    return bob


def get(client, room, **options):
    return client.get(f"{ROOMS}{room}/", **options)


def by_two_statements(client, room):
    """The answer to a client with an older ETag."""
    return get(client, room, headers={"If-None-Match": 'W/"old"'})


def test_body_and_etag_are_the_same_on_both_paths(alice, reader, room):
    for client in (alice, reader):
        one, two = get(client, room), by_two_statements(client, room)
        assert (one.status_code, two.status_code) == (200, 200)
        assert one.json() == two.json()
        assert one.headers["ETag"] == two.headers["ETag"]
    assert one.json()["last_message"]["sender_username"] == alice.name
    assert (one.json()["is_admin"], one.json()["unread_count"]) == (False, 1)
    assert get(reader, room, headers={"If-None-Match": one.headers["ETag"]}).status_code == 304


def test_head_has_the_same_headers(reader, room):
    head, whole = reader.request("HEAD", f"{ROOMS}{room}/"), get(reader, room)
    for name in ("ETag", "Content-Length", "Cache-Control", "Vary", "Allow"):
        assert head.headers[name] == whole.headers[name]


def test_new_messages_are_shown(alice, reader, room):
    said = alice.say(room, "a later word")
    assert get(reader, room).json()["last_message"] == said
    assert alice.patch(f"{ROOMS}{room}/", json={"name": "Another name"}).status_code == 200
    assert get(reader, room).json()["name"] == "Another name"


def test_a_direct_room_has_the_name_of_the_other(alice, bob):
    room = alice.post(f"{ROOMS}direct/", json={"user_id": bob.id}).json()["room_id"]
    alice.say(room)
    for _ in range(2):
        assert get(alice, room).json()["name"] == bob.name
        assert get(bob, room).json()["name"] == alice.name


def test_a_room_without_messages_is_shown(alice):
    room = alice.room("Silence")["room_id"]
    for _ in range(2):
        answer = get(alice, room).json()
        assert (answer["name"], answer["last_message"]) == ("Silence", None)


def test_a_removed_member_is_refused(alice, reader, room):
    assert remove(alice, {"room_id": room}, reader.id).status_code == 204
    assert_error(get(reader, room), 404)


def test_a_public_room_is_shown_to_non_members(alice, reader, room):
    assert alice.patch(f"{ROOMS}{room}/", json={"is_private": False}).status_code == 200
    assert remove(alice, {"room_id": room}, reader.id).status_code == 204
    answer = get(reader, room).json()
    assert (answer["unread_count"], answer["is_admin"]) == (0, False)


def test_a_deleted_room_is_not_found(alice, reader, room):
    assert alice.delete(f"{ROOMS}{room}/").status_code == 204
    assert_error(get(reader, room), 404)
