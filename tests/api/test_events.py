"""The events of a room: their numbers, their fields, and that they show the current state."""
import pytest

from support.rooms import remove, set_admin, url
from support.shapes import NOT_FOUND, a_membership, a_message, in_event, refusal, wrong


def last_event(client, room):
    return client.events(room["room_id"])[-1]


# ---- the envelope ----

def test_a_new_room_has_no_events(user):
    alice = user()
    answer = alice.get(url(alice.room(), "events/"))
    assert (answer.status_code, answer.json()) == (200, {"events": [], "last_seq": 0})


def test_events_come_oldest_first_with_the_last_number(pair):
    alice, _, room = pair
    said = [alice.say(room["room_id"]) for _ in range(3)]
    answer = alice.get(url(room, "events/")).json()
    assert answer.keys() == {"events", "last_seq"}
    assert [event["seq"] for event in answer["events"]] == [1, 2, 3, 4]
    assert [event["message"] for event in answer["events"][1:]] == said
    assert answer["last_seq"] == 4


@pytest.mark.everywhere
def test_every_change_takes_the_next_number_without_a_gap(pair, user):
    alice, bob, room = pair
    carol = user()
    message = bob.say(room["room_id"])                                              # 2
    path = url(room, f"messages/{message['message_id']}/")
    bob.patch(path, json={"content": "x"})                                          # 3
    alice.delete(path)                                                              # 4
    alice.patch(url(room), json={"name": "other", "is_private": False})             # 5
    carol.post(url(room, "join/"))                                                  # 6
    set_admin(alice, room, bob.id, True)                                            # 7
    remove(bob, room, carol.id)                                                     # 8
    set_admin(bob, room, alice.id, False)                                           # 9
    remove(bob, room, bob.id)                                                       # 10, 11
    events = alice.events(room["room_id"])
    assert [(event["seq"], event["type"]) for event in events] == list(enumerate([
        "user_invited", "new_message", "message_edited", "message_deleted", "room_updated",
        "user_invited", "member_updated", "user_removed", "member_updated", "user_removed",
        "member_updated"], start=1))
    assert {event["room_id"] for event in events} == {room["room_id"]}
    assert alice.get(url(room)).json()["last_seq"] == 11


def test_refused_and_ineffective_changes_take_no_number(pair, user):
    alice, bob, room = pair
    message = alice.say(room["room_id"], client_id="1")
    path = url(room, f"messages/{message['message_id']}/")
    alice.say(room["room_id"], client_id="1")
    alice.post(url(room, "messages/"), json={"content": " "})
    bob.patch(path, json={"content": "x"})
    bob.delete(path)
    alice.invite(room["room_id"], bob)
    set_admin(alice, room, alice.id, False)
    remove(alice, room, user().id)
    bob.post(url(room, "read/"), json={"message_id": message["message_id"]})
    alice.get(url(room, "presence/"))
    assert [event["seq"] for event in alice.events(room["room_id"])] == [1, 2]


def test_rooms_are_numbered_independently(pair):
    alice, _, room = pair
    other = alice.room()
    alice.say(other["room_id"])
    alice.say(room["room_id"])
    assert [event["seq"] for event in alice.events(other["room_id"])] == [1]
    assert [event["seq"] for event in alice.events(room["room_id"])] == [1, 2]


# ---- fields of each type ----

def test_the_form_of_new_message(pair):
    alice, bob, room = pair
    message = bob.say(room["room_id"], "hi", client_id="abc", message_type="image")
    assert last_event(alice, room) == {
        "type": "new_message", "message": a_message(**message), "sender": bob.name,
        "sender_id": bob.id, "seq": 2, "room_id": room["room_id"]}
    assert message["client_id"] == "abc"


def test_the_form_of_message_edited(pair):
    alice, bob, room = pair
    path = url(room, f"messages/{bob.say(room['room_id'])['message_id']}/")
    edited = bob.patch(path, json={"content": "other"}).json()
    assert last_event(alice, room) == {
        "type": "message_edited", "message": a_message(**edited), "edited_by": bob.name,
        "seq": 3, "room_id": room["room_id"]}


def test_the_form_of_message_deleted(pair):
    alice, bob, room = pair
    message = bob.say(room["room_id"])
    alice.delete(url(room, f"messages/{message['message_id']}/"))
    assert last_event(bob, room) == {
        "type": "message_deleted", "message_id": message["message_id"],
        "deleted_by": alice.name, "seq": 3, "room_id": room["room_id"]}


def test_the_form_of_room_updated(pair):
    alice, bob, room = pair
    alice.say(room["room_id"])
    updated = alice.patch(url(room), json={"name": "other"}).json()
    assert last_event(bob, room) == {
        "type": "room_updated", "room": in_event(updated), "updated_by": alice.name,
        "seq": 3, "room_id": room["room_id"]}


def test_the_form_of_user_invited(pair):
    alice, bob, room = pair
    assert last_event(bob, room) == {
        "type": "user_invited", "user_id": bob.id, "invited_by": alice.name, "seq": 1,
        "room_id": room["room_id"]}


def test_joining_is_a_user_invited_event_by_the_same_user(user):
    alice, bob = user(), user()
    room = alice.room(is_private=False)
    bob.post(url(room, "join/"))
    assert last_event(alice, room) == {
        "type": "user_invited", "user_id": bob.id, "invited_by": bob.name, "seq": 1,
        "room_id": room["room_id"]}


def test_the_form_of_user_removed(pair):
    alice, bob, room = pair
    remove(alice, room, bob.id)
    assert last_event(alice, room) == {
        "type": "user_removed", "user_id": bob.id, "removed_by": alice.name, "seq": 2,
        "room_id": room["room_id"]}


def test_leaving_is_a_user_removed_event_by_the_same_user(pair):
    alice, bob, room = pair
    remove(bob, room, bob.id)
    assert last_event(alice, room)["removed_by"] == bob.name


@pytest.mark.parametrize("value", [True, False])
def test_the_form_of_member_updated(pair, value):
    alice, bob, room = pair
    if not value:
        set_admin(alice, room, bob.id, True)
    membership = set_admin(alice, room, bob.id, value).json()
    assert last_event(bob, room) == {
        "type": "member_updated", "membership": a_membership(**membership),
        "updated_by": alice.name, "seq": 2 if value else 3, "room_id": room["room_id"]}
    assert membership["is_admin"] is value


# ---- current state ----

def test_an_event_shows_its_message_in_its_current_state(pair):
    alice, bob, room = pair
    path = url(room, f"messages/{bob.say(room['room_id'], 'first')['message_id']}/")
    bob.patch(path, json={"content": "second"})
    edited = bob.patch(path, json={"content": "third"}).json()
    events = alice.events(room["room_id"], after=1)
    assert [event["type"] for event in events] == ["new_message"] + ["message_edited"] * 2
    assert [event["message"] for event in events] == [edited] * 3


def test_content_deleted_later_is_in_no_event(pair):
    alice, bob, room = pair
    path = url(room, f"messages/{bob.say(room['room_id'], 'swordfish one')['message_id']}/")
    bob.patch(path, json={"content": "swordfish two"})
    assert "swordfish" in alice.get(url(room, "events/")).text
    bob.delete(path)
    answer = alice.get(url(room, "events/"))
    assert "swordfish" not in answer.text
    shown = [event["message"] for event in answer.json()["events"] if "message" in event]
    assert [(message["content"], message["is_deleted"]) for message in shown] == [("", True)] * 2


def test_content_deleted_later_is_not_in_the_last_message_of_a_room_event(pair):
    alice, bob, room = pair
    path = url(room, f"messages/{bob.say(room['room_id'], 'swordfish')['message_id']}/")
    alice.patch(url(room), json={"name": "other"})
    bob.delete(path)
    assert "swordfish" not in alice.get(url(room, "events/")).text


def test_an_event_shows_its_room_in_its_current_state(pair):
    alice, bob, room = pair
    alice.patch(url(room), json={"name": "second"})
    alice.patch(url(room), json={"name": "third"})
    bob.say(room["room_id"])
    now = in_event(alice.get(url(room)).json())
    events = bob.events(room["room_id"])
    assert [event["room"] for event in events if event["type"] == "room_updated"] == [now, now]


def test_an_event_shows_the_current_role(pair):
    alice, bob, room = pair
    for value in (True, False):
        set_admin(alice, room, bob.id, value)
    shown = [event["membership"]["is_admin"] for event in alice.events(room["room_id"], after=1)]
    assert shown == [False, False]


def test_an_ended_membership_is_null(pair):
    alice, bob, room = pair
    set_admin(alice, room, bob.id, True)
    remove(bob, room, bob.id)
    assert alice.events(room["room_id"], after=1)[0] == {
        "type": "member_updated", "membership": None, "updated_by": alice.name, "seq": 2,
        "room_id": room["room_id"]}


def test_an_event_of_a_returning_member_shows_the_new_membership(pair):
    alice, bob, room = pair
    set_admin(alice, room, bob.id, True)
    remove(bob, room, bob.id)
    again = alice.invite_back(room["room_id"], bob)
    assert alice.events(room["room_id"], after=1)[0]["membership"] == again


def test_events_name_members_who_left(pair):
    alice, bob, room = pair
    bob.say(room["room_id"])
    remove(bob, room, bob.id)
    assert [event.get("sender") for event in alice.events(room["room_id"], after=1)] == \
        [bob.name, None]


# ---- the cursor ----

def numbers(client, room, query=""):
    answer = client.get(url(room, f"events/{query}"))
    assert answer.status_code == 200, answer.text
    return [event["seq"] for event in answer.json()["events"]], answer.json()["last_seq"]


@pytest.fixture
def many(user, instance):
    """A room with 1,500 events, inserted by SQL as removals of a user."""
    alice = user()
    room = alice.room()
    instance.sql("INSERT INTO event SELECT ?, seq, 6, ?, ?, NOW(6) FROM seq_1_to_1500; "
                 "UPDATE room SET last_seq = 1500 WHERE room_id = ?",
                 room["room_id"], alice.id, alice.id, room["room_id"])
    return alice, room


@pytest.mark.parametrize("query, first, last", [
    ("", 1, 100), ("?after=0", 1, 100), ("?after=42", 43, 142), ("?after=1499", 1500, 1500),
    ("?limit=1", 1, 1), ("?limit=10&after=7", 8, 17), ("?limit=1000", 1, 1000),
    ("?limit=1001", 1, 1000), ("?limit=99999999999999999999", 1, 1000),
    ("?limit=1000&after=600", 601, 1500), ("?after=1450", 1451, 1500)])
def test_after_and_limit_choose_the_events(many, query, first, last):
    alice, room = many
    assert numbers(alice, room, query) == (list(range(first, last + 1)), 1500)


def test_after_the_last_event_there_are_none(many):
    alice, room = many
    assert numbers(alice, room, "?after=1500") == ([], 1500)


@pytest.mark.everywhere
def test_polling_shows_every_event_once(pair):
    alice, bob, room = pair
    seen, after = [], 0
    for count in (3, 0, 1, 2):
        for _ in range(count):
            bob.say(room["room_id"])
        found, after = numbers(alice, room, f"?after={after}")
        seen += found
    assert seen == list(range(1, 8))


@pytest.mark.parametrize("after", [3, 4, 2 ** 32, 2 ** 63, 2 ** 64 - 1, 2 ** 64, 10 ** 30])
def test_a_cursor_beyond_the_last_number_is_410_with_that_number(pair, after):
    alice, _, room = pair
    alice.say(room["room_id"])
    answer = alice.get(url(room, f"events/?after={after}"))
    assert (answer.status_code, answer.json()) == (410, refusal("gone", last_seq=2))


@pytest.mark.parametrize("query, field", [
    ("after=", "after"), ("after=-1", "after"), ("after=x", "after"), ("after=1.0", "after"),
    ("limit=0", "limit"), ("limit=-1", "limit"), ("limit=x", "limit"), ("limit=", "limit")])
def test_parameters_that_are_not_numbers_are_refused(pair, query, field):
    alice, _, room = pair
    answer = alice.get(url(room, f"events/?{query}"))
    assert (answer.status_code, answer.json()) == (400, wrong(field))


def test_both_invalid_parameters_are_reported_together(pair):
    alice, _, room = pair
    answer = alice.get(url(room, "events/?after=x&limit=0"))
    assert (answer.status_code, answer.json()) == (400, wrong("after", "limit"))


def test_a_removed_member_sees_no_events(pair):
    alice, bob, room = pair
    remove(alice, room, bob.id)
    answer = bob.get(url(room, "events/?after=1"))
    assert (answer.status_code, answer.json()) == (404, NOT_FOUND)


def test_a_new_member_sees_earlier_events(pair, user):
    alice, _, room = pair
    carol = user()
    alice.invite(room["room_id"], carol)
    assert carol.events(room["room_id"]) == alice.events(room["room_id"])


def test_unchanged_events_are_304_until_something_happens(pair):
    alice, bob, room = pair
    path = url(room, "events/?after=0")
    tag = {"If-None-Match": alice.get(path).headers["ETag"]}
    unchanged = alice.get(path, headers=tag)
    assert (unchanged.status_code, unchanged.content) == (304, b"")
    bob.say(room["room_id"])
    assert alice.get(path, headers=tag).status_code == 200
