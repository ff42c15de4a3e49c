"""One room: creating, reading, changing and deleting it."""
from datetime import datetime, timedelta, timezone

import pytest

from support.rooms import ROOMS, url
from support.shapes import NOT_FOUND, a_message, a_room, wrong


def read_time(text):
    return datetime.strptime(text, "%Y-%m-%dT%H:%M:%S.%fZ").replace(tzinfo=timezone.utc)


# ---- creating ----

def test_a_new_room_has_exactly_the_fields_of_a_room(user):
    alice = user()
    answer = alice.post(ROOMS, json={"name": "Design Team", "is_private": True})
    assert answer.status_code == 201
    assert answer.json() == a_room(name="Design Team", created_by_id=alice.id)


def test_a_room_is_private_by_default(user):
    assert user().post(ROOMS, json={"name": "x"}).json()["is_private"] is True


def test_a_public_room_is_shown_as_public(user):
    assert user().room(is_private=False) == a_room(is_private=False)


def test_a_new_room_is_shown_as_in_the_answer_to_its_creation(user):
    alice = user()
    room = alice.room()
    answer = alice.get(url(room))
    assert (answer.status_code, answer.json()) == (200, room)


def test_created_at_is_the_time_of_the_request(user):
    made = read_time(user().room()["created_at"])
    assert abs(datetime.now(timezone.utc) - made) < timedelta(seconds=60)


def test_two_rooms_may_have_the_same_name(user):
    alice = user()
    assert alice.room("same")["room_id"] != alice.room("same")["room_id"]


def test_a_room_can_be_created_without_the_trailing_slash(user):
    assert user().post(ROOMS[:-1], json={"name": "x"}).status_code == 201


def test_unknown_fields_are_ignored(user):
    answer = user().post(ROOMS, json={"name": "x", "room_id": 7, "is_direct": True,
                                      "members_count": 9, "whatever": [1]})
    assert answer.json() == a_room(name="x")
    assert answer.json()["room_id"] != 7


@pytest.mark.parametrize("given, kept", [
    ("  padded\t\n", "padded"), ("\u3000\u2003 ideographic \u00a0", "ideographic"),
    ("inner  space", "inner  space"), ("x", "x"), ("x" * 128, "x" * 128),
    (" " + "x" * 128 + " ", "x" * 128), ("\U0001f600" * 128, "\U0001f600" * 128),
    ("<b>&\"'\\/", "<b>&\"'\\/"), ("line\nbreak\x01", "line\nbreak\x01")])
def test_a_name_is_trimmed_and_otherwise_kept(user, given, kept):
    alice = user()
    room = alice.room(given)
    assert room["name"] == kept
    assert alice.get(url(room)).json()["name"] == kept


BAD_NAMES = ["", "   ", "\u3000\u00a0", None, "x" * 129, "\U0001f600" * 129, True, [], {}, ["x"]]


@pytest.mark.parametrize("name", BAD_NAMES, ids=lambda name: ascii(name)[:30])
def test_an_invalid_name_is_refused(user, name):
    answer = user().post(ROOMS, json={"name": name})
    assert (answer.status_code, answer.json()) == (400, wrong("name"))


def test_a_room_requires_a_name(user):
    answer = user().post(ROOMS, json={})
    assert (answer.status_code, answer.json()) == (
        400, {"name": ["This field is required."], "codes": {"name": ["required"]}})


@pytest.mark.parametrize("given, meant", [("true", True), ("false", False), (1, True), (0, False)])
def test_is_private_accepts_the_values_of_drf(user, given, meant):
    answer = user().post(ROOMS, json={"name": "x", "is_private": given})
    assert answer.json()["is_private"] is meant


@pytest.mark.parametrize("value", [None, "maybe", 2, 0.5, [], {}, ""], ids=repr)
def test_an_invalid_is_private_is_refused(user, value):
    answer = user().post(ROOMS, json={"name": "x", "is_private": value})
    assert (answer.status_code, answer.json()) == (400, wrong("is_private"))


def test_all_invalid_fields_are_reported_together(user):
    answer = user().post(ROOMS, json={"name": "", "is_private": "maybe"})
    assert (answer.status_code, answer.json()) == (400, wrong("name", "is_private"))


def test_a_refused_room_is_not_created(user):
    alice = user()
    alice.post(ROOMS, json={"name": "x", "is_private": "maybe"})
    assert alice.get(ROOMS).json()["count"] == 0


# ---- reading ----

def test_a_room_shows_its_counters_and_its_last_message(user):
    alice, bob = user(), user()
    room = alice.room()
    alice.invite(room["room_id"], bob)
    alice.say(room["room_id"], "first")
    last = bob.say(room["room_id"], "second")
    assert alice.get(url(room)).json() == a_room(
        created_by_id=alice.id, members_count=2, message_count=2, last_seq=3, unread_count=1,
        last_message=a_message(**last))


def test_is_admin_is_that_of_the_requesting_user(user):
    alice, bob = user(), user()
    room = alice.room()
    alice.invite(room["room_id"], bob)
    assert alice.get(url(room)).json()["is_admin"] is True
    assert bob.get(url(room)).json()["is_admin"] is False


def test_the_creator_is_named_after_leaving(user):
    alice, bob = user(), user()
    room = alice.room()
    alice.invite(room["room_id"], bob)
    alice.post(url(room, "remove_member/"), json={"user_id": alice.id})
    assert bob.get(url(room)).json()["created_by_id"] == alice.id


def test_a_non_member_sees_a_public_room_with_its_last_message_and_nothing_unread(user):
    alice, eve = user(), user()
    room = alice.room(is_private=False)
    message = alice.say(room["room_id"])
    assert eve.get(url(room)).json() == a_room(
        room_id=room["room_id"], is_private=False, created_by_id=alice.id, message_count=1,
        last_seq=1, last_message=message, unread_count=0, is_admin=False)


def test_a_deleted_last_message_is_shown_without_its_content(user):
    alice = user()
    room = alice.room()
    message = alice.say(room["room_id"], "secret")
    alice.delete(url(room, f"messages/{message['message_id']}/"))
    shown = alice.get(url(room)).json()
    assert shown["last_message"] == {**message, "content": "", "is_deleted": True}
    assert shown["message_count"] == 1


# ---- changing ----

def test_an_admin_can_rename_a_room(user):
    alice = user()
    room = alice.room("old")
    answer = alice.patch(url(room), json={"name": "  new "})
    assert answer.status_code == 200
    assert answer.json() == {**room, "name": "new", "last_seq": 1}
    assert alice.get(url(room)).json() == answer.json()


def test_only_the_case_of_a_name_can_be_changed(user):
    alice = user()
    room = alice.room("name")
    assert alice.patch(url(room), json={"name": "Name"}).json()["name"] == "Name"


def test_a_room_can_be_made_public_and_private(user):
    alice, eve = user(), user()
    room = alice.room()
    assert eve.get(url(room)).status_code == 404
    assert alice.patch(url(room), json={"is_private": False}).json()["is_private"] is False
    assert eve.get(url(room)).status_code == 200
    assert alice.patch(url(room), json={"is_private": True}).json()["is_private"] is True
    assert eve.get(url(room)).status_code == 404


def test_name_and_privacy_can_change_in_one_request(user):
    alice = user()
    room = alice.room()
    answer = alice.patch(url(room), json={"name": "new", "is_private": False})
    assert answer.json() == {**room, "name": "new", "is_private": False, "last_seq": 1}


@pytest.mark.parametrize("body", [{}, {"name": "A room"}, {"is_private": True}, {"other": 1}],
                         ids=repr)
def test_an_ineffective_change_sends_no_event(user, body):
    alice = user()
    room = alice.room("A room")
    answer = alice.patch(url(room), json=body)
    assert (answer.status_code, answer.json()) == (200, room)
    assert alice.events(room["room_id"]) == []


@pytest.mark.parametrize("name", BAD_NAMES, ids=lambda name: ascii(name)[:30])
def test_a_room_cannot_be_renamed_to_an_invalid_name(user, name):
    alice = user()
    room = alice.room()
    answer = alice.patch(url(room), json={"name": name})
    assert (answer.status_code, answer.json()) == (400, wrong("name"))
    assert alice.get(url(room)).json() == room


def test_a_change_with_an_invalid_field_is_not_applied(user):
    alice = user()
    room = alice.room()
    answer = alice.patch(url(room), json={"name": "new", "is_private": None})
    assert (answer.status_code, answer.json()) == (400, wrong("is_private"))
    assert alice.get(url(room)).json() == room


def test_other_fields_of_a_room_cannot_be_set(user):
    alice = user()
    room = alice.room()
    alice.patch(url(room), json={"created_by_id": 1, "message_count": 5, "is_direct": True,
                                 "is_admin": False, "last_seq": 9})
    assert alice.get(url(room)).json() == room


# ---- deleting ----

def test_a_deleted_room_is_404_for_all_its_members(user):
    alice, bob = user(), user()
    room = alice.room()
    alice.invite(room["room_id"], bob)
    answer = alice.delete(url(room))
    assert (answer.status_code, answer.content) == (204, b"")
    for client in (alice, bob):
        assert client.get(url(room)).json() == NOT_FOUND
        assert client.get(ROOMS).json()["results"] == []


def test_deleting_a_room_again_is_404(user):
    alice = user()
    room = alice.room()
    assert alice.delete(url(room)).status_code == 204
    assert alice.delete(url(room)).status_code == 404


def test_memberships_are_deleted_with_the_room_and_messages_by_the_purge(user, instance):
    alice = user()
    room = alice.room()
    alice.say(room["room_id"])
    alice.delete(url(room))
    assert instance.confabctl("events", "purge").returncode == 0
    for table in ("room", "member", "message", "event", "deleted_room"):
        rows = instance.sql(f"SELECT COUNT(*) FROM {table} WHERE room_id = ?", room["room_id"])
        assert rows == [(0,)], table


def test_other_rooms_are_kept_when_one_is_deleted(user):
    alice = user()
    kept, gone = alice.room("kept"), alice.room("gone")
    message = alice.say(kept["room_id"])
    alice.delete(url(gone))
    assert [room["room_id"] for room in alice.get(ROOMS).json()["results"]] == [kept["room_id"]]
    assert alice.get(url(kept, "messages/")).json()["results"] == [message]


@pytest.mark.parametrize("path", ["0", "-1", "abc", "1.5", "1e3", "+1", "%31x", "0x1", "٣",
                                  str(2 ** 63), str(2 ** 64), "9" * 40, "1/nothing"])
def test_an_invalid_room_id_is_404(user, path):
    answer = user().get(f"{ROOMS}{path}/")
    assert (answer.status_code, answer.json()) == (404, NOT_FOUND)
