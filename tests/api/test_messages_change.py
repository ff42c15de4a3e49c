"""Editing and deleting messages."""
import pytest

from support.rooms import ROOMS
from support.shapes import A_TIME, NOT_FOUND, a_message, wrong


@pytest.fixture
def said(user):
    """The admin of a room, another member, and path and fields of a message of the latter."""
    alice, bob = user(), user()
    room = alice.room()
    alice.invite(room["room_id"], bob)
    message = bob.say(room["room_id"], "first words", message_type="image", client_id="mine")
    return alice, bob, f"{ROOMS}{room['room_id']}/messages/{message['message_id']}/", message


def room_of(client, message):
    return client.get(f"{ROOMS}{message['room_id']}/").json()


def types(client, message):
    return [event["type"] for event in client.events(message["room_id"], after=2)]


# ---- editing ----

def test_an_edit_replaces_the_content_and_sets_the_time(said):
    alice, bob, path, message = said
    answer = bob.patch(path, json={"content": "  other words\n"})
    assert answer.status_code == 200
    assert answer.json() == {**message, "content": "other words", "edited_at": A_TIME}
    assert answer.json()["edited_at"] > message["created_at"]
    assert alice.get(path).json() == answer.json()


def test_a_second_edit_is_later_than_the_first(said):
    _, bob, path, _ = said
    first = bob.patch(path, json={"content": "2"}).json()
    second = bob.patch(path, json={"content": "3"}).json()
    assert second["edited_at"] > first["edited_at"]


def test_an_edit_keeps_position_count_and_activity(said):
    alice, bob, path, message = said
    later = alice.say(message["room_id"])
    other = alice.room()
    bob.patch(path, json={"content": "x"})
    listed = alice.get(f"{ROOMS}{message['room_id']}/messages/").json()
    assert [entry["message_id"] for entry in listed["results"]] == [later["message_id"],
                                                                    message["message_id"]]
    assert listed["count"] == 2
    assert alice.get(ROOMS).json()["results"][0]["room_id"] == other["room_id"]


def test_the_room_shows_an_edited_last_message(said):
    alice, bob, path, message = said
    edited = bob.patch(path, json={"content": "x"}).json()
    assert room_of(alice, message)["last_message"] == edited


def test_only_the_content_can_be_edited(said):
    _, bob, path, message = said
    answer = bob.patch(path, json={"content": "x", "message_type": "file", "reply_to_id": 1,
                                   "client_id": "other", "is_deleted": True, "sender_id": 1})
    assert answer.json() == {**message, "content": "x", "edited_at": A_TIME}


@pytest.mark.parametrize("body", [{}] + [{"content": value} for value in (
    "", " \u3000\n", None, True, [], {}, "x" * 8001)], ids=lambda body: repr(body)[:30])
def test_invalid_content_is_refused(said, body):
    alice, bob, path, message = said
    answer = bob.patch(path, json=body)
    assert (answer.status_code, answer.json()) == (400, wrong("content"))
    assert alice.get(path).json() == message
    assert types(alice, message) == []


def test_an_edit_may_have_8000_code_points_of_four_bytes(said):
    _, bob, path, _ = said
    assert bob.patch(path, json={"content": "\U0001f600" * 8000}).status_code == 200
    assert bob.get(path).json()["content"] == "\U0001f600" * 8000


def test_an_admin_cannot_edit_messages_of_others(said):
    alice, _, path, message = said
    assert alice.patch(path, json={"content": "x"}).status_code == 403
    assert alice.get(path).json() == message


def test_a_deleted_message_cannot_be_edited(said):
    alice, bob, path, message = said
    bob.delete(path)
    answer = bob.patch(path, json={"content": "x"})
    assert (answer.status_code, answer.json()) == (404, NOT_FOUND)
    assert types(alice, message) == ["message_deleted"]


# ---- deleting ----

@pytest.mark.parametrize("who", ["its sender", "an admin"])
def test_a_deleted_message_stays_in_the_list_without_its_content(said, who):
    alice, bob, path, message = said
    answer = {"its sender": bob, "an admin": alice}[who].delete(path)
    assert (answer.status_code, answer.content) == (204, b"")
    deleted = {**message, "content": "", "is_deleted": True}
    assert bob.get(path).json() == deleted
    listed = bob.get(f"{ROOMS}{message['room_id']}/messages/").json()
    assert (listed["results"], listed["count"]) == ([deleted], 1)


def test_deleting_again_is_204_without_an_event(said):
    alice, bob, path, message = said
    assert [client.delete(path).status_code for client in (bob, bob, alice)] == [204] * 3
    assert types(alice, message) == ["message_deleted"]


def test_the_content_of_a_deleted_message_is_in_no_row(said, instance):
    _, bob, path, message = said
    bob.delete(path)
    rows = instance.sql("SELECT content, is_deleted FROM message WHERE message_id = ?",
                        message["message_id"])
    assert rows == [("", 1)]


def test_deleting_keeps_the_message_count_and_the_unread_count(said):
    alice, bob, path, message = said
    before = room_of(alice, message)
    bob.delete(path)
    after = room_of(alice, message)
    assert (after["message_count"], after["unread_count"]) == (1, 1)
    assert after == {**before, "last_seq": before["last_seq"] + 1,
                     "last_message": {**message, "content": "", "is_deleted": True}}


def test_deleting_an_edited_message_keeps_the_time_of_the_edit(said):
    _, bob, path, _ = said
    edited = bob.patch(path, json={"content": "x"}).json()
    bob.delete(path)
    assert bob.get(path).json() == {**edited, "content": "", "is_deleted": True}


def test_a_member_without_a_role_cannot_delete_messages_of_others(said):
    alice, bob, _, message = said
    theirs = alice.say(message["room_id"])
    path = f"{ROOMS}{message['room_id']}/messages/{theirs['message_id']}/"
    assert bob.delete(path).status_code == 403
    assert bob.get(path).json() == theirs


def test_a_former_member_can_delete_own_messages_only(said):
    alice, bob, path, message = said
    theirs = alice.say(message["room_id"])
    bob.post(f"{ROOMS}{message['room_id']}/remove_member/", json={"user_id": bob.id})
    other = f"{ROOMS}{message['room_id']}/messages/{theirs['message_id']}/"
    assert bob.delete(other).status_code == 404
    assert alice.get(other).json() == theirs
    assert bob.delete(path).status_code == 204
    assert alice.get(path).json()["is_deleted"]


def test_an_admin_can_delete_messages_of_a_former_member(said):
    alice, bob, path, message = said
    bob.post(f"{ROOMS}{message['room_id']}/remove_member/", json={"user_id": bob.id})
    assert alice.delete(path).status_code == 204
    assert alice.get(path).json() == {**message, "content": "", "is_deleted": True}


def test_replies_to_a_deleted_message_keep_their_reference(said):
    alice, bob, path, message = said
    reply = alice.say(message["room_id"], reply_to_id=message["message_id"])
    bob.delete(path)
    assert bob.get(f"{ROOMS}{message['room_id']}/messages/{reply['message_id']}/").json() == {
        **reply, "reply_to": {**reply["reply_to"], "excerpt": "", "is_deleted": True}}


def test_deleting_does_not_change_the_last_activity(said):
    alice, bob, path, _ = said
    other = alice.room()
    bob.delete(path)
    assert alice.get(ROOMS).json()["results"][0]["room_id"] == other["room_id"]


def test_a_message_after_a_deletion_takes_the_next_position(said):
    _, bob, path, message = said
    bob.delete(path)
    later = bob.say(message["room_id"], "later")
    listed = bob.get(f"{ROOMS}{message['room_id']}/messages/").json()
    assert listed["count"] == 2
    assert listed["results"] == [a_message(**later), {**message, "content": "",
                                                      "is_deleted": True}]
