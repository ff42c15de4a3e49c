"""Leaving a room, being removed from it, and the effects on the room."""
import pytest

from support.rooms import remove, url
from support.shapes import NOT_FOUND, a_membership


def room_with(admin, *others):
    room = admin.room()
    for client in others:
        admin.invite(room["room_id"], client)
    return room


def roles(client, room):
    results = client.get(url(room, "members/")).json()["results"]
    return {member["user_id"]: member["is_admin"] for member in results}


def make_admin(client, room, other):
    path = url(room, f"members/{other.id}/")
    assert client.patch(path, json={"is_admin": True}).status_code == 200


def types(events):
    return [event["type"] for event in events]


# ---- leaving ----

def test_a_removed_member_has_no_access(user):
    alice, bob = user(), user()
    room = room_with(alice, bob)
    answer = remove(alice, room, bob.id)
    assert (answer.status_code, answer.content) == (204, b"")
    assert bob.get(url(room)).status_code == 404
    assert roles(alice, room) == {alice.id: True}
    assert alice.get(url(room)).json()["members_count"] == 1


def test_members_can_remove_themselves(user):
    alice, bob = user(), user()
    room = room_with(alice, bob)
    assert remove(bob, room, bob.id).status_code == 204
    assert roles(alice, room) == {alice.id: True}


def test_a_former_member_of_a_public_room_sees_it_as_a_non_member(user):
    alice, bob = user(), user()
    room = alice.room(is_private=False)
    bob.post(url(room, "join/"))
    remove(bob, room, bob.id)
    assert bob.get(url(room)).json()["members_count"] == 1
    assert bob.get(url(room, "messages/")).status_code == 403


def test_removing_a_former_member_is_refused(user):
    alice, bob = user(), user()
    room = room_with(alice, bob)
    assert remove(alice, room, bob.id).status_code == 204
    again = remove(alice, room, bob.id)
    assert (again.status_code, again.json()) == (404, NOT_FOUND)
    assert types(alice.events(room["room_id"])) == ["user_invited", "user_removed"]


def test_messages_of_a_former_member_keep_the_name(user):
    alice, bob = user(), user()
    room = room_with(alice, bob)
    message = bob.say(room["room_id"])
    remove(bob, room, bob.id)
    assert alice.get(url(room, "messages/")).json()["results"] == [message]


def test_a_returning_member_can_edit_earlier_messages(user):
    alice, bob = user(), user()
    room = room_with(alice, bob)
    path = url(room, f"messages/{bob.say(room['room_id'])['message_id']}/")
    remove(bob, room, bob.id)
    assert bob.patch(path, json={"content": "x"}).status_code == 404
    alice.invite_back(room["room_id"], bob)
    assert bob.patch(path, json={"content": "x"}).status_code == 200


def test_a_returning_admin_has_no_role(user):
    alice, bob = user(), user()
    room = room_with(alice, bob)
    make_admin(alice, room, bob)
    remove(bob, room, bob.id)
    assert alice.invite_back(room["room_id"], bob) == a_membership(user_id=bob.id, is_admin=False)


def test_an_admin_can_remove_another_admin(user):
    alice, bob = user(), user()
    room = room_with(alice, bob)
    make_admin(alice, room, bob)
    assert remove(bob, room, alice.id).status_code == 204
    assert roles(bob, room) == {bob.id: True}


# ---- the last admin ----

def test_when_the_last_admin_leaves_the_earliest_member_is_promoted(user):
    alice, bob, carol = user(), user(), user()
    room = room_with(alice, carol, bob)
    remove(alice, room, alice.id)
    assert roles(bob, room) == {carol.id: True, bob.id: False}


def test_the_promotion_event_follows_the_removal_event(user):
    alice, bob, carol = user(), user(), user()
    room = room_with(alice, carol, bob)
    remove(alice, room, alice.id)
    membership = a_membership(room_id=room["room_id"], user_id=carol.id, is_admin=True)
    assert bob.events(room["room_id"], after=2) == [
        {"type": "user_removed", "user_id": alice.id, "removed_by": alice.name, "seq": 3,
         "room_id": room["room_id"]},
        {"type": "member_updated", "membership": membership, "updated_by": alice.name,
         "seq": 4, "room_id": room["room_id"]}]
    assert bob.get(url(room)).json()["last_seq"] == 4


def test_the_earliest_member_is_determined_by_the_current_membership(user):
    alice, bob, carol = user(), user(), user()
    room = room_with(alice, bob, carol)
    remove(bob, room, bob.id)
    alice.invite_back(room["room_id"], bob)
    remove(alice, room, alice.id)
    assert roles(carol, room) == {carol.id: True, bob.id: False}


def test_no_member_is_promoted_while_an_admin_remains(user):
    alice, bob, carol = user(), user(), user()
    room = room_with(alice, bob, carol)
    make_admin(alice, room, carol)
    remove(alice, room, alice.id)
    assert roles(bob, room) == {bob.id: False, carol.id: True}
    assert types(bob.events(room["room_id"], after=3)) == ["user_removed"]


def test_no_member_is_promoted_when_a_member_without_a_role_leaves(user):
    alice, bob, carol = user(), user(), user()
    room = room_with(alice, bob, carol)
    remove(bob, room, bob.id)
    assert roles(alice, room) == {alice.id: True, carol.id: False}
    assert types(alice.events(room["room_id"], after=2)) == ["user_removed"]


def test_the_promoted_member_has_the_rights_of_an_admin(user):
    alice, bob, carol = user(), user(), user()
    room = room_with(alice, bob)
    remove(alice, room, alice.id)
    assert bob.invite(room["room_id"], carol)["user_id"] == carol.id


# ---- the last member ----

@pytest.fixture
def emptied(user):
    """A room whose last member left: (the member, the room)."""
    alice = user()
    room = alice.room()
    alice.say(room["room_id"])
    assert remove(alice, room, alice.id).status_code == 204
    return alice, room


def test_the_room_is_deleted_when_the_last_member_leaves(emptied, instance):
    alice, room = emptied
    assert alice.get(url(room)).json() == NOT_FOUND
    assert instance.sql("SELECT * FROM room WHERE room_id = ?", room["room_id"]) == []
    assert instance.sql("SELECT * FROM member WHERE room_id = ?", room["room_id"]) == []


def test_a_public_room_is_deleted_when_the_last_member_leaves(user):
    alice, bob = user(), user()
    room = alice.room(is_private=False)
    remove(alice, room, alice.id)
    assert bob.get(url(room)).status_code == 404
    assert bob.post(url(room, "join/")).status_code == 404


def test_the_last_member_gets_room_deleted_and_not_user_removed(emptied, instance):
    alice, room = emptied
    rows = instance.sql("SELECT seq, event_type, actor_id, subject_id FROM user_event "
                        "WHERE user_id = ? ORDER BY seq", alice.id)
    created, deleted = 20, 23
    assert rows == [(1, created, alice.id, room["room_id"]), (2, deleted, alice.id,
                                                              room["room_id"])]


def test_the_deletion_of_a_room_is_not_an_event_of_the_room(emptied, instance):
    _, room = emptied
    rows = instance.sql("SELECT seq, event_type FROM event WHERE room_id = ?", room["room_id"])
    assert rows == [(1, 1)]


def test_a_room_is_deleted_only_when_no_member_remains(user):
    alice, bob = user(), user()
    room = room_with(alice, bob)
    remove(alice, room, alice.id)
    assert bob.get(url(room)).status_code == 200
    remove(bob, room, bob.id)
    assert bob.get(url(room)).status_code == 404
