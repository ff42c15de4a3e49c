"""The list of the user's rooms, latest activity first, and the public list."""
import pytest

from support.client import Client
from support.rooms import ROOMS
from support.shapes import a_page, a_room, wrong


def ids(answer):
    assert answer.status_code == 200, answer.text
    return [room["room_id"] for room in answer.json()["results"]]


def make_rooms(client, count, **fields):
    """Room ids in the order of the list, latest first."""
    return [client.room(f"room {i}", **fields)["room_id"] for i in range(count)][::-1]


@pytest.fixture
def closed_public_rooms(instance):
    """Makes public rooms of other tests private, so that the public list is known."""
    instance.sql("UPDATE room SET is_private = TRUE")
    instance.sql("UPDATE total SET number = 0 WHERE name = 'public_rooms'")


# ---- the user's rooms ----

def test_a_user_without_rooms_has_an_empty_list(user):
    assert user().get(ROOMS).json() == a_page([])


def test_the_list_shows_each_room_like_its_own_page(user):
    alice, bob = user(), user()
    room = alice.room("shared", is_private=False)
    alice.invite(room["room_id"], bob)
    alice.say(room["room_id"], "unread by bob")
    assert bob.get(ROOMS).json() == a_page([bob.get(f"{ROOMS}{room['room_id']}/").json()])
    assert bob.get(ROOMS).json()["results"] == [a_room(
        name="shared", is_private=False, created_by_id=alice.id, members_count=2,
        message_count=1, unread_count=1, is_admin=False, last_seq=2,
        last_message=alice.get(f"{ROOMS}{room['room_id']}/messages/").json()["results"][0])]


def test_the_list_has_only_rooms_of_the_user(user):
    alice, bob = user(), user()
    alice.room("hers")
    alice.room("hers too", is_private=False)
    his = bob.room("his")
    assert ids(bob.get(ROOMS)) == [his["room_id"]]


def test_a_new_room_comes_first(user):
    alice = user()
    assert ids(alice.get(ROOMS)) == []
    made = make_rooms(alice, 3)
    assert ids(alice.get(ROOMS)) == made


def test_a_message_moves_its_room_to_the_front(user):
    alice = user()
    third, second, first = make_rooms(alice, 3)
    alice.say(first)
    assert ids(alice.get(ROOMS)) == [first, third, second]
    alice.say(second)
    assert ids(alice.get(ROOMS)) == [second, first, third]


def test_a_message_of_another_member_moves_the_room_to_the_front(user):
    alice, bob = user(), user()
    second, first = make_rooms(alice, 2)
    alice.invite(first, bob)
    bob.say(first)
    assert ids(alice.get(ROOMS)) == [first, second]


def test_direct_rooms_are_in_the_list(user):
    alice, bob = user(), user()
    direct = alice.post(f"{ROOMS}direct/", json={"user_id": bob.id}).json()
    assert alice.get(ROOMS).json()["results"] == [direct]
    assert ids(bob.get(ROOMS)) == [direct["room_id"]]


def test_a_room_is_listed_from_the_invitation_until_the_removal(user):
    alice, bob = user(), user()
    room = alice.room()
    alice.invite(room["room_id"], bob)
    assert ids(bob.get(ROOMS)) == [room["room_id"]]
    alice.post(f"{ROOMS}{room['room_id']}/remove_member/", json={"user_id": bob.id})
    assert ids(bob.get(ROOMS)) == []


def test_a_joined_public_room_is_listed(user):
    alice, bob = user(), user()
    room = alice.room(is_private=False)
    assert ids(bob.get(ROOMS)) == []
    bob.post(f"{ROOMS}{room['room_id']}/join/")
    assert ids(bob.get(ROOMS)) == [room["room_id"]]


# ---- pages ----

def test_the_list_is_paginated(user, instance):
    alice = user()
    made = make_rooms(alice, 5)
    page = alice.get(f"{ROOMS}?limit=2&offset=2").json()
    assert [room["room_id"] for room in page["results"]] == made[2:4]
    assert page["count"] == 5
    assert page["next"] == f"{instance.url}{ROOMS}?limit=2&offset=4"
    assert page["previous"] == f"{instance.url}{ROOMS}?limit=2"


def test_following_next_and_previous_shows_every_room_once(user, instance):
    alice = user()
    made = make_rooms(alice, 7)
    seen, url = [], f"{instance.url}{ROOMS}?limit=3"
    while url:
        page = alice.get(url.removeprefix(instance.url)).json()
        seen += [room["room_id"] for room in page["results"]]
        last, url = page, page["next"]
    assert seen == made
    back = alice.get(last["previous"].removeprefix(instance.url)).json()
    assert [room["room_id"] for room in back["results"]] == made[3:6]


def test_without_a_limit_fifty_rooms_are_shown(user, instance):
    alice = user()
    made = make_rooms(alice, 51)
    page = alice.get(ROOMS).json()
    assert [room["room_id"] for room in page["results"]] == made[:50]
    assert (page["count"], page["next"]) == (51, f"{instance.url}{ROOMS}?limit=50&offset=50")


def test_a_limit_above_200_is_capped_at_200(user, instance):
    alice = user()
    make_rooms(alice, 1)
    page = alice.get(f"{ROOMS}?limit=1000&offset=300").json()
    assert page == a_page([], count=1, previous=f"{instance.url}{ROOMS}?limit=200&offset=100")


def test_a_page_after_the_end_of_the_list_is_empty(user, instance):
    alice = user()
    make_rooms(alice, 2)
    assert alice.get(f"{ROOMS}?limit=2&offset=2").json() == a_page(
        [], count=2, previous=f"{instance.url}{ROOMS}?limit=2")


@pytest.mark.parametrize("query, field", [
    ("limit=0", "limit"), ("limit=-1", "limit"), ("limit=x", "limit"), ("limit=", "limit"),
    ("limit=1.5", "limit"), ("offset=-1", "offset"), ("offset=x", "offset"),
    ("offset=", "offset"), ("public=maybe", "public")])
def test_an_invalid_page_is_refused(user, query, field):
    answer = user().get(f"{ROOMS}?{query}")
    assert (answer.status_code, answer.json()) == (400, wrong(field))


# ---- public rooms ----

def test_public_rooms_are_listed_for_non_members(user, closed_public_rooms):
    alice, eve = user(), user()
    room = alice.room("open", is_private=False)
    message = alice.say(room["room_id"])
    assert eve.get(f"{ROOMS}?public=1").json() == a_page([a_room(
        room_id=room["room_id"], name="open", is_private=False, created_by_id=alice.id,
        message_count=1, last_seq=1, last_message=message, unread_count=0, is_admin=False)])


def test_public_rooms_show_members_their_own_fields(user, closed_public_rooms):
    alice, bob = user(), user()
    room = alice.room(is_private=False)
    bob.post(f"{ROOMS}{room['room_id']}/join/")
    bob.say(room["room_id"])
    shown = alice.get(f"{ROOMS}?public=1").json()["results"]
    assert [(entry["is_admin"], entry["unread_count"]) for entry in shown] == [(True, 1)]


def test_private_and_direct_rooms_are_not_listed_as_public(user, closed_public_rooms):
    alice, bob = user(), user()
    alice.room()
    alice.post(f"{ROOMS}direct/", json={"user_id": bob.id})
    assert alice.get(f"{ROOMS}?public=1").json() == a_page([])


def test_public_rooms_are_sorted_by_activity(user, closed_public_rooms):
    alice, bob = user(), user()
    third, second, first = make_rooms(alice, 3, is_private=False)
    alice.say(first)
    assert ids(bob.get(f"{ROOMS}?public=1")) == [first, third, second]


def test_pages_of_public_rooms_link_to_pages_of_public_rooms(user, instance, closed_public_rooms):
    alice = user()
    make_rooms(alice, 3, is_private=False)
    page = alice.get(f"{ROOMS}?public=1&limit=1&offset=1").json()
    assert page["count"] == 3
    assert page["next"] == f"{instance.url}{ROOMS}?limit=1&offset=2&public=1"
    assert page["previous"] == f"{instance.url}{ROOMS}?limit=1&public=1"


def test_a_private_or_deleted_room_leaves_the_public_list(user, closed_public_rooms):
    alice = user()
    second, first = make_rooms(alice, 2, is_private=False)
    alice.patch(f"{ROOMS}{first}/", json={"is_private": True})
    assert ids(alice.get(f"{ROOMS}?public=1")) == [second]
    alice.delete(f"{ROOMS}{second}/")
    assert ids(alice.get(f"{ROOMS}?public=1")) == []


def test_public_0_is_the_users_own_list(user):
    alice = user()
    room = alice.room()
    assert ids(alice.get(f"{ROOMS}?public=0")) == [room["room_id"]]


# ---- unchanged ----

def latest_message(client, room):
    return client.get(f"{ROOMS}{room}/messages/").json()["results"][0]["message_id"]


CHANGES = {
    "a new room": lambda alice, bob, room: alice.room(is_private=False),
    "a room renamed": lambda alice, bob, room: alice.patch(f"{ROOMS}{room}/", json={"name": "n"}),
    "a message": lambda alice, bob, room: bob.say(room),
    "a message edited": lambda alice, bob, room: bob.patch(
        f"{ROOMS}{room}/messages/{latest_message(bob, room)}/", json={"content": "edited"}),
    "a message deleted": lambda alice, bob, room: bob.delete(
        f"{ROOMS}{room}/messages/{latest_message(bob, room)}/"),
    "what was read": lambda alice, bob, room: alice.post(
        f"{ROOMS}{room}/read/", json={"message_id": latest_message(alice, room)}),
    "a member gone": lambda alice, bob, room: bob.post(f"{ROOMS}{room}/remove_member/",
                                                       json={"user_id": bob.id}),
    "a member more": lambda alice, bob, room: alice.invite(room, Client(alice.instance).register()),
    "a role": lambda alice, bob, room: alice.patch(f"{ROOMS}{room}/members/{bob.id}/",
                                                   json={"is_admin": True}),
    "a room deleted": lambda alice, bob, room: alice.delete(f"{ROOMS}{room}/"),
    "left for another room of the same counters": lambda alice, bob, room: (
        alice.room("twin"), alice.post(f"{ROOMS}{room}/remove_member/",
                                       json={"user_id": alice.id})),
}


@pytest.mark.parametrize("query", ["", "?public=1", "?limit=1", "?limit=3"])
@pytest.mark.parametrize("change", CHANGES)
def test_an_unchanged_list_is_304_until_something_changes(user, query, change):
    alice, bob = user(), user()
    if "limit" in query:
        make_rooms(alice, 10)
    room = alice.room(is_private=False)["room_id"]
    alice.invite(room, bob)
    bob.say(room)
    tag = {"If-None-Match": alice.get(ROOMS + query).headers["ETag"]}
    unchanged = alice.get(ROOMS + query, headers=tag)
    assert (unchanged.status_code, unchanged.content) == (304, b"")
    CHANGES[change](alice, bob, room)
    changed = alice.get(ROOMS + query, headers=tag)
    assert changed.status_code == 200
    assert changed.json() == alice.get(ROOMS + query).json()


def test_any_unchanged_page_is_304(user):
    alice = user()
    make_rooms(alice, 12)
    for query in ("?limit=1", "?limit=2&offset=1", "?limit=2&offset=9", "?limit=5&offset=11",
                  "?limit=2&offset=12", "?limit=2&offset=500"):
        first = alice.get(ROOMS + query)
        again = alice.get(ROOMS + query, headers={"If-None-Match": first.headers["ETag"]})
        other = alice.get(ROOMS + query, headers={"If-None-Match": 'W/"2.other"'})
        assert (first.status_code, again.status_code, other.status_code) == (200, 304, 200)
        assert again.headers["ETag"] == other.headers["ETag"] == first.headers["ETag"]
        assert other.json() == first.json()


def test_a_page_with_another_room_has_another_etag(user, instance):
    """The rooms have the same fields otherwise."""
    alice = user()
    rooms = make_rooms(alice, 12)
    instance.sql("UPDATE room SET created_at = '2024-01-15 10:30:00', last_active_at = created_at "
                 "WHERE created_by_id = ?", alice.id)
    tags = set()
    for room in rooms[6:]:
        alice.say(room)
        tags.add(alice.get(f"{ROOMS}?limit=1").headers["ETag"])
    assert len(tags) == 6
