"""Read marks: unread counts of each member; a mark never moves back."""
import pytest

from support.rooms import url
from support.shapes import wrong


def unread(client, room):
    return client.get(url(room)).json()["unread_count"]


def mark(client, room, message):
    answer = client.post(url(room, "read/"), json={"message_id": message["message_id"]})
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_messages_of_others_are_unread(pair):
    alice, bob, room = pair
    for _ in range(3):
        alice.say(room["room_id"])
    assert unread(bob, room) == 3


def test_own_messages_are_read(pair):
    alice, _, room = pair
    for _ in range(3):
        alice.say(room["room_id"])
    assert unread(alice, room) == 0


def test_posting_moves_the_read_mark_to_the_message_posted(pair):
    alice, bob, room = pair
    alice.say(room["room_id"])
    alice.say(room["room_id"])
    bob.say(room["room_id"])
    assert unread(bob, room) == 0
    alice.say(room["room_id"])
    assert (unread(alice, room), unread(bob, room)) == (0, 1)


def test_marking_returns_exactly_the_mark_and_the_unread_count(pair):
    alice, bob, room = pair
    messages = [alice.say(room["room_id"]) for _ in range(3)]
    assert mark(bob, room, messages[1]) == {
        "last_read_message_id": messages[1]["message_id"], "unread_count": 1}
    assert unread(bob, room) == 1


def test_marking_the_last_message_leaves_nothing_unread(pair):
    alice, bob, room = pair
    messages = [alice.say(room["room_id"]) for _ in range(3)]
    assert mark(bob, room, messages[-1])["unread_count"] == 0
    assert unread(bob, room) == 0


def test_a_read_mark_never_moves_back(pair):
    alice, bob, room = pair
    messages = [alice.say(room["room_id"]) for _ in range(3)]
    mark(bob, room, messages[2])
    assert mark(bob, room, messages[0]) == {
        "last_read_message_id": messages[2]["message_id"], "unread_count": 0}
    assert unread(bob, room) == 0


def test_marking_the_same_message_again_changes_nothing(pair):
    alice, bob, room = pair
    messages = [alice.say(room["room_id"]) for _ in range(2)]
    assert mark(bob, room, messages[0]) == mark(bob, room, messages[0])


def test_marking_a_message_before_a_later_own_one_keeps_the_mark(pair):
    alice, bob, room = pair
    first = alice.say(room["room_id"])
    own = bob.say(room["room_id"])
    assert mark(bob, room, first) == {"last_read_message_id": own["message_id"],
                                      "unread_count": 0}


def test_each_member_has_a_separate_mark(pair, user):
    alice, bob, room = pair
    carol = user()
    alice.invite(room["room_id"], carol)
    message = alice.say(room["room_id"])
    mark(bob, room, message)
    assert (unread(bob, room), unread(carol, room)) == (0, 1)


def test_marks_of_two_rooms_are_independent(pair):
    alice, bob, room = pair
    other = alice.room()
    alice.invite(other["room_id"], bob)
    message = alice.say(room["room_id"])
    alice.say(other["room_id"])
    mark(bob, room, message)
    assert (unread(bob, room), unread(bob, other)) == (0, 1)


def test_messages_from_before_joining_count_as_read(user):
    alice, bob = user(), user()
    room = alice.room()
    for _ in range(3):
        alice.say(room["room_id"])
    alice.invite(room["room_id"], bob)
    assert unread(bob, room) == 0
    alice.say(room["room_id"])
    assert unread(bob, room) == 1


def test_messages_from_before_joining_a_public_room_count_as_read(user):
    alice, bob = user(), user()
    room = alice.room(is_private=False)
    alice.say(room["room_id"])
    bob.post(url(room, "join/"))
    assert unread(bob, room) == 0


def test_messages_posted_between_two_memberships_count_as_read(pair):
    alice, bob, room = pair
    bob.post(url(room, "remove_member/"), json={"user_id": bob.id})
    alice.say(room["room_id"])
    alice.invite_back(room["room_id"], bob)
    assert unread(bob, room) == 0


def test_deleted_messages_stay_counted(pair):
    alice, bob, room = pair
    messages = [alice.say(room["room_id"]) for _ in range(3)]
    alice.delete(url(room, f"messages/{messages[1]['message_id']}/"))
    assert unread(bob, room) == 3
    assert mark(bob, room, messages[0])["unread_count"] == 2


def test_a_deleted_message_can_be_marked(pair):
    alice, bob, room = pair
    message = alice.say(room["room_id"])
    alice.delete(url(room, f"messages/{message['message_id']}/"))
    assert mark(bob, room, message) == {"last_read_message_id": message["message_id"],
                                        "unread_count": 0}


def test_editing_and_deleting_do_not_change_the_unread_count(pair):
    alice, bob, room = pair
    message = alice.say(room["room_id"])
    mark(bob, room, message)
    path = url(room, f"messages/{message['message_id']}/")
    alice.patch(path, json={"content": "other"})
    alice.delete(path)
    assert unread(bob, room) == 0


def test_a_read_mark_is_not_an_event_of_the_room(pair):
    alice, bob, room = pair
    mark(bob, room, alice.say(room["room_id"]))
    assert [event["type"] for event in alice.events(room["room_id"])] == ["user_invited",
                                                                         "new_message"]


def test_a_message_of_another_room_is_refused(pair):
    alice, bob, room = pair
    message = alice.say(alice.room()["room_id"])
    answer = bob.post(url(room, "read/"), json={"message_id": message["message_id"]})
    assert (answer.status_code, answer.json()) == (400, wrong("message_id"))


@pytest.mark.parametrize("body", [{}] + [{"message_id": value} for value in (
    None, 0, -1, 2 ** 62, 2 ** 64 - 1, 1.0, True, "", "x", [], {})], ids=repr)
def test_an_unknown_message_is_refused(pair, body):
    _, bob, room = pair
    answer = bob.post(url(room, "read/"), json=body)
    assert (answer.status_code, answer.json()) == (400, wrong("message_id"))


def test_a_read_mark_changes_the_etag_for_its_user_only(pair):
    alice, bob, room = pair
    message = alice.say(room["room_id"])
    tags = {client: {"If-None-Match": client.get(url(room)).headers["ETag"]} for client in pair[:2]}
    mark(bob, room, message)
    assert alice.get(url(room), headers=tags[alice]).status_code == 304
    assert bob.get(url(room), headers=tags[bob]).status_code == 200
