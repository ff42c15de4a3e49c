"""Direct rooms: one for each pair of users, without an admin."""
import pytest

from support.rooms import ROOMS, url
from support.shapes import NOT_FOUND, a_member, a_page, a_room, wrong

DIRECT = "/api/chat/rooms/direct/"


def direct(client, other):
    return client.post(DIRECT, json={"user_id": other.id})


def user_events(instance, client):
    return instance.sql("SELECT seq, event_type, actor_id, subject_id FROM user_event "
                        "WHERE user_id = ? ORDER BY seq", client.id)


def test_a_new_direct_room_has_exactly_the_fields_of_a_room(user):
    alice, bob = user(), user()
    answer = direct(alice, bob)
    assert answer.status_code == 201
    assert answer.json() == a_room(name=bob.name, is_direct=True, may_pin="all", created_by_id=alice.id,
                                   members_count=2, is_admin=False)


def test_requesting_a_direct_room_again_returns_the_existing_one(user):
    alice, bob = user(), user()
    room = direct(alice, bob).json()
    again = direct(alice, bob)
    assert (again.status_code, again.json()) == (200, room)


def test_the_other_user_gets_the_same_room_named_after_the_requester(user):
    alice, bob = user(), user()
    room = direct(alice, bob).json()
    answer = direct(bob, alice)
    assert (answer.status_code, answer.json()) == (200, {**room, "name": alice.name})


def test_each_member_sees_the_name_of_the_other_in_every_answer(user):
    alice, bob = user(), user()
    room = direct(alice, bob).json()
    for client, other in ((alice, bob), (bob, alice)):
        assert client.get(url(room)).json()["name"] == other.name
        assert [entry["name"] for entry in client.get(ROOMS).json()["results"]] == [other.name]


def test_every_pair_has_its_own_room(user):
    alice, bob, carol = user(), user(), user()
    rooms = [direct(alice, bob), direct(alice, carol), direct(bob, carol)]
    assert [answer.status_code for answer in rooms] == [201] * 3
    assert len({answer.json()["room_id"] for answer in rooms}) == 3


def test_a_room_of_two_created_by_invitation_is_not_their_direct_room(user):
    alice, bob = user(), user()
    room = alice.room()
    alice.invite(room["room_id"], bob)
    assert direct(alice, bob).json()["room_id"] != room["room_id"]


def test_a_direct_room_is_private(user):
    alice, bob, eve = user(), user(), user()
    room = direct(alice, bob).json()
    assert room["is_private"] is True
    assert eve.get(url(room)).json() == NOT_FOUND


def test_a_direct_room_has_no_admin(user):
    alice, bob = user(), user()
    room = direct(alice, bob).json()
    assert alice.get(url(room, "members/")).json() == a_page([
        a_member(room_id=room["room_id"], user_id=alice.id, username=alice.name),
        a_member(room_id=room["room_id"], user_id=bob.id, username=bob.name)])


def test_both_members_can_post(user):
    alice, bob = user(), user()
    room = direct(alice, bob).json()
    first, second = alice.say(room["room_id"], "hi"), bob.say(room["room_id"], "hello")
    assert alice.get(url(room, "messages/")).json() == a_page([second, first])
    assert alice.get(url(room)).json()["unread_count"] == 1


def test_an_existing_direct_room_is_returned_with_its_last_message(user):
    alice, bob = user(), user()
    room = direct(alice, bob).json()
    message = bob.say(room["room_id"])
    assert direct(alice, bob).json() == {**room, "last_message": message, "message_count": 1,
                                         "unread_count": 1, "last_seq": 1}


def test_a_direct_room_with_oneself_is_refused(user):
    alice = user()
    answer = direct(alice, alice)
    assert (answer.status_code, answer.json()) == (400, wrong("user_id"))
    assert alice.get(ROOMS).json() == a_page([])


@pytest.mark.parametrize("value", [None, 0, -1, 2 ** 62, 2 ** 64 - 1, 1.0, True, "", "x", [], {}],
                         ids=repr)
def test_a_direct_room_with_an_unknown_user_is_refused(user, value):
    answer = user().post(DIRECT, json={"user_id": value})
    assert (answer.status_code, answer.json()) == (400, wrong("user_id"))


def test_a_disabled_user_is_refused(user, instance):
    alice, bob = user(), user()
    assert instance.confabctl("user", "disable", bob.name).returncode == 0
    answer = direct(alice, bob)
    assert (answer.status_code, answer.json()) == (400, wrong("user_id"))


@pytest.mark.parametrize("method, path, body", [
    ("PATCH", "", {"name": "mine"}), ("PATCH", "", {"is_private": False}), ("PATCH", "", {}),
    ("DELETE", "", None), ("POST", "invite/", {"user_id": "eve"}),
    ("POST", "invite/", {"user_id": "bob"}), ("POST", "join/", None),
    ("POST", "remove_member/", {"user_id": "alice"}),
    ("POST", "remove_member/", {"user_id": "bob"}), ("POST", "remove_member/", {"user_id": "eve"}),
    ("PATCH", "members/{alice}/", {"is_admin": True}),
    ("PATCH", "members/{bob}/", {"is_admin": True}),
    ("PATCH", "members/{bob}/", {"is_admin": False}),
    ("PATCH", "members/{eve}/", {"is_admin": True})])
def test_administration_is_403_for_members_and_404_for_others(user, method, path, body):
    people = {"alice": user(), "bob": user(), "eve": user()}
    ids = {name: client.id for name, client in people.items()}
    room = direct(people["alice"], people["bob"]).json()
    if body:
        body = {key: ids.get(value, value) for key, value in body.items()}
    for name, status in (("alice", 403), ("bob", 403), ("eve", 404)):
        answer = people[name].request(method, url(room, path.format(**ids)), json=body)
        assert answer.status_code == status, (name, answer.text)
    assert people["alice"].get(url(room)).json() == room


def test_the_other_user_gets_an_invitation_event_and_the_requester_a_room_event(user, instance):
    alice, bob = user(), user()
    room = direct(alice, bob).json()
    created, invitation = 20, 21
    assert user_events(instance, alice) == [(1, created, alice.id, room["room_id"])]
    assert user_events(instance, bob) == [(1, invitation, alice.id, room["room_id"])]


def test_requesting_an_existing_direct_room_sends_no_event(user, instance):
    alice, bob = user(), user()
    direct(alice, bob)
    direct(alice, bob)
    direct(bob, alice)
    assert len(user_events(instance, alice)) == len(user_events(instance, bob)) == 1


def test_a_new_direct_room_has_no_events_of_its_own(user):
    alice, bob = user(), user()
    assert alice.events(direct(alice, bob).json()["room_id"]) == []


def test_messages_can_be_deleted_by_their_sender_only(user):
    alice, bob = user(), user()
    room = direct(alice, bob).json()
    message = alice.say(room["room_id"])
    assert bob.delete(url(room, f"messages/{message['message_id']}/")).status_code == 403
