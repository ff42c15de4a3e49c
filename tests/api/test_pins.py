"""Pinned messages: who may pin, how many, their order, and what ends a pin."""
import pytest

from support.rooms import message_url, public_room, url
from support.shapes import NOT_FOUND, a_page, refusal, wrong


@pytest.fixture
def pair(user):
    """The admin of a room, a member, and the room."""
    return public_room(user(), user())


def pin(client, message, status=200):
    answer = client.put(url(message, f"pins/{message['message_id']}/"))
    assert answer.status_code == status, answer.text
    return answer.json()


def unpin(client, message, status=204):
    answer = client.delete(url(message, f"pins/{message['message_id']}/"))
    assert answer.status_code == status, answer.text


def pins(client, room):
    answer = client.get(url(room, "pins/"))
    assert answer.status_code == 200, answer.text
    return answer.json()


def types(client, room):
    return [event["type"] for event in client.events(room["room_id"])]


def test_the_message_pinned_last_comes_first(pair):
    alice, bob, room = pair
    messages = [bob.say(room["room_id"], str(n)) for n in range(3)]
    assert pins(bob, room) == a_page([])
    for n in (1, 0, 2):
        assert pin(alice, messages[n]) == messages[n]
    assert pins(bob, room) == a_page([messages[2], messages[0], messages[1]])
    page = bob.get(url(room, "pins/?limit=1&offset=1")).json()
    assert (page["count"], page["results"]) == (3, [messages[0]])
    unpin(alice, messages[0])
    assert pins(bob, room) == a_page([messages[2], messages[1]])


def test_repeating_changes_nothing(pair):
    alice, bob, room = pair
    first, second = (bob.say(room["room_id"]) for _ in range(2))
    pin(alice, first)
    pin(alice, second)
    # It keeps its place.
    assert pin(alice, first) == first
    assert pins(bob, room)["results"] == [second, first]
    for _ in range(2):
        unpin(alice, first)
    assert types(alice, room)[3:] == ["message_pinned", "message_pinned", "message_unpinned"]


def test_members_pin_where_all_may(pair):
    alice, bob, room = pair
    message = alice.say(room["room_id"])
    assert pin(bob, message, 403) == refusal("permission_denied")
    changed = alice.patch(url(room), json={"may_pin": "all"}).json()
    assert changed["may_pin"] == "all"
    assert alice.events(room["room_id"])[-1]["room"]["may_pin"] == "all"
    pin(bob, message)
    assert alice.patch(url(room), json={"may_pin": "admins"}).json()["may_pin"] == "admins"
    unpin(bob, message, 403)
    assert pins(bob, room)["count"] == 1


@pytest.mark.parametrize("value", ["", "members", 1, None, True, []], ids=str)
def test_may_pin_is_one_of_two_words(pair, value):
    alice, _, room = pair
    answer = alice.patch(url(room), json={"may_pin": value, "name": "New"})
    assert (answer.status_code, answer.json()) == (400, wrong("may_pin"))


def test_the_same_may_pin_is_no_event(pair):
    alice, _, room = pair
    assert alice.patch(url(room), json={"may_pin": "admins"}).status_code == 200
    assert types(alice, room) == ["user_invited"]


def test_a_deletion_ends_the_pin(pair):
    alice, bob, room = pair
    message = bob.say(room["room_id"], "swordfish")
    pin(alice, message)
    bob.delete(message_url(message))
    assert pins(alice, room) == a_page([])
    assert pin(alice, message, 404) == NOT_FOUND
    unpin(alice, message)
    assert types(alice, room)[2:] == ["message_pinned", "message_deleted"]
    assert "swordfish" not in str(alice.events(room["room_id"]))


def test_a_room_has_at_most_a_hundred(user):
    client = user()
    room = client.room("Pins")
    messages = [client.say(room["room_id"], str(n)) for n in range(101)]
    for message in messages[:100]:
        pin(client, message)
    assert pin(client, messages[100], 400) == refusal("too_many")
    # Pinning a pinned message again does not count.
    pin(client, messages[0])
    assert pins(client, room)["count"] == 100
    unpin(client, messages[50])
    pin(client, messages[100])
    page = client.get(url(room, "pins/?limit=200")).json()
    assert (page["count"], len(page["results"])) == (100, 100)


def test_a_message_of_another_room_cannot_be_pinned(pair):
    alice, _, room = pair
    message = alice.say(alice.room("other")["room_id"])
    elsewhere = {**message, "room_id": room["room_id"]}
    assert pin(alice, elsewhere, 404) == NOT_FOUND
    unpin(alice, elsewhere, 404)
