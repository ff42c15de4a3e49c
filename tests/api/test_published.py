"""What is published on Redis for each change of a room: channel, header and JSON."""
import pytest

from support.recorder import header, room_channel, user_channel
from support.rooms import ROOMS, message_url, public_room, remove, set_admin, url
from support.shapes import A_TIME, a_membership, a_message, in_event


@pytest.fixture
def pair(person):
    """The admin of a room and another member, whose invitation is event 1 of the room."""
    return public_room(person(), person())


def assert_one(events, channel, head, content):
    assert [(event.channel, header(event)) for event in events] == [(channel, head)]
    assert events[0].json == content


def assert_replayed(client, room, *events):
    """Checks that events/ returns these events of the room byte for byte."""
    answer = client.get(url(room, f"events/?after={events[0].seq - 1}"))
    assert answer.content == b'{"events":[' + b",".join(event.text for event in events) + \
        b'],"last_seq":%d}' % events[-1].seq


# ---- messages ----

def test_a_new_message_is_published(recorder, pair):
    alice, bob, room = pair
    said = []
    events = recorder.record(lambda: said.append(bob.say(room["room_id"], "hi", client_id="abc")))
    message = a_message(**said[0])
    assert_one(events, room_channel(room), (2, 2, "new_message", bob.id, message["message_id"]),
               {"type": "new_message", "message": message, "sender": bob.name,
                "sender_id": bob.id, "seq": 2, "room_id": room["room_id"]})
    assert_replayed(alice, room, *events)


@pytest.mark.parametrize("text", [
    "é語\U0001f600", "\"\\/\b\f\n\r\t\x01\x1f\x7f", "\u2028\u2029\ufeff\ufffd\U0010ffff", "<&'>",
    "\U0001f600" * 8000, "line\n" * 1500], ids=lambda text: ascii(text)[:30])
def test_a_message_of_any_characters_is_replayed_as_published(recorder, pair, text):
    alice, _, room = pair
    events = recorder.record(lambda: alice.say(room["room_id"], text, client_id=text[:64]))
    assert events[0].json["message"]["content"] == text.strip()
    assert_replayed(alice, room, *events)


def test_a_reply_is_replayed_as_published(recorder, pair):
    alice, bob, room = pair
    first = alice.say(room["room_id"])
    events = recorder.record(lambda: bob.say(room["room_id"], reply_to_id=first["message_id"],
                                             message_type="file"))
    assert events[0].json["message"]["reply_to_id"] == first["message_id"]
    assert_replayed(alice, room, *events)


def test_an_edit_is_published_with_the_edited_message(recorder, pair):
    alice, bob, room = pair
    message = bob.say(room["room_id"])
    events = recorder.record(lambda: bob.patch(message_url(message), json={"content": "other"}))
    edited = alice.get(message_url(message)).json()
    assert_one(events, room_channel(room),
               (2, 3, "message_edited", bob.id, message["message_id"]),
               {"type": "message_edited", "message": edited, "edited_by": bob.name, "seq": 3,
                "room_id": room["room_id"]})
    assert_replayed(alice, room, *events)


def test_a_deletion_is_published_without_the_content(recorder, pair):
    alice, bob, room = pair
    message = bob.say(room["room_id"], "swordfish")
    events = recorder.record(lambda: alice.delete(message_url(message)))
    assert_one(events, room_channel(room),
               (2, 3, "message_deleted", alice.id, message["message_id"]),
               {"type": "message_deleted", "message_id": message["message_id"],
                "deleted_by": alice.name, "seq": 3, "room_id": room["room_id"]})
    assert_replayed(bob, room, *events)


def test_a_reaction_is_published_without_what_is_of_one_user(recorder, pair):
    alice, bob, room = pair
    message = alice.say(room["room_id"])
    path = message_url(message) + "reactions/"
    events = recorder.record(lambda: [bob.put(path, json={"emoji": "👍"}) for _ in range(2)])
    assert_one(events, room_channel(room),
               (2, 3, "reactions_changed", bob.id, message["message_id"]),
               {"type": "reactions_changed", "message_id": message["message_id"],
                "reactions": [{"emoji": "👍", "count": 1}], "user": bob.name, "user_id": bob.id,
                "seq": 3, "room_id": room["room_id"]})
    assert_replayed(alice, room, *events)


def test_a_pin_is_published_with_the_message_and_its_end_without(recorder, pair):
    alice, bob, room = pair
    message = bob.say(room["room_id"])
    path = url(room, f"pins/{message['message_id']}/")
    events = recorder.record(lambda: [alice.put(path) for _ in range(2)])
    assert_one(events, room_channel(room),
               (2, 3, "message_pinned", alice.id, message["message_id"]),
               {"type": "message_pinned", "message": message, "pinned_by": alice.name, "seq": 3,
                "room_id": room["room_id"]})
    assert_replayed(bob, room, *events)
    events = recorder.record(lambda: [alice.delete(path) for _ in range(2)])
    assert_one(events, room_channel(room),
               (2, 4, "message_unpinned", alice.id, message["message_id"]),
               {"type": "message_unpinned", "message_id": message["message_id"],
                "unpinned_by": alice.name, "seq": 4, "room_id": room["room_id"]})
    assert_replayed(bob, room, *events)


def test_a_read_mark_is_published_without_a_seq_and_never_replayed(recorder, pair):
    alice, bob, room = pair
    message = alice.say(room["room_id"])
    body = {"message_id": message["message_id"]}
    events = recorder.record(lambda: bob.post(url(room, "read/"), json=body))
    assert_one(events[:1], room_channel(room),
               (2, 0, "message_read", bob.id, message["message_id"]),
               {"type": "message_read", "user_id": bob.id, "message_id": message["message_id"],
                "room_id": room["room_id"]})
    # To the user's own devices, with a number.
    assert_one(events[1:], user_channel(bob), (2, 2, "read_changed", bob.id, room["room_id"]),
               {"type": "read_changed", "seq": 2, "room_id": room["room_id"],
                "last_read_message_id": message["message_id"], "unread_count": 0})
    assert [event["type"] for event in bob.events(room["room_id"])] == ["user_invited",
                                                                       "new_message"]


# ---- the room ----

def test_a_changed_room_is_published_without_the_fields_of_one_user(recorder, pair):
    alice, bob, room = pair
    alice.say(room["room_id"])
    events = recorder.record(lambda: alice.patch(url(room), json={"name": "other"}))
    now = in_event(alice.get(url(room)).json())
    assert_one(events, room_channel(room), (2, 3, "room_updated", alice.id, 0),
               {"type": "room_updated", "room": now, "updated_by": alice.name, "seq": 3,
                "room_id": room["room_id"]})
    assert_replayed(bob, room, *events)


def test_a_new_room_is_published_to_its_creator(recorder, person):
    alice = person()
    made = []
    events = recorder.record(lambda: made.append(alice.room("new")))
    assert_one(events, user_channel(alice),
               (2, 1, "room_created", alice.id, made[0]["room_id"]),
               {"type": "room_created", "room": in_event(made[0]), "created_by": alice.name,
                "seq": 1, "room_id": made[0]["room_id"]})


def test_a_new_direct_room_is_published_to_both(recorder, person):
    alice, bob = person(), person()
    made = []
    events = recorder.record(lambda: made.append(
        alice.post(f"{ROOMS}direct/", json={"user_id": bob.id}).json()))
    room = made[0]
    assert_one(events[:1], user_channel(alice),
               (2, 1, "room_created", alice.id, room["room_id"]),
               {"type": "room_created", "room": in_event(room), "created_by": alice.name,
                "seq": 1, "room_id": room["room_id"]})
    assert_one(events[1:], user_channel(bob),
               (2, 1, "room_invitation", alice.id, room["room_id"]),
               {"type": "room_invitation", "room_name": alice.name, "invited_by": alice.name,
                "seq": 1, "room_id": room["room_id"]})


def test_a_deleted_room_is_published_to_every_member_and_then_to_the_room(recorder, pair, person):
    alice, bob, room = pair
    gone = person()
    alice.invite(room["room_id"], gone)
    remove(gone, room, gone.id)
    events = recorder.record(lambda: alice.delete(url(room)))
    content = {"type": "room_deleted", "deleted_by": alice.name, "room_id": room["room_id"]}
    for client, event in zip((alice, bob), events):
        assert_one([event], user_channel(client),
                   (2, 2, "room_deleted", alice.id, room["room_id"]), {**content, "seq": 2})
    assert_one(events[2:], room_channel(room), (2, 0, "room_deleted", alice.id, 0), content)


# ---- members ----

def test_an_invitation_is_published_to_the_room_and_the_invited_user(recorder, pair, person):
    alice, _, room = pair
    carol = person()
    events = recorder.record(lambda: alice.invite(room["room_id"], carol))
    assert_one(events[:1], room_channel(room), (2, 2, "user_invited", alice.id, carol.id),
               {"type": "user_invited", "user_id": carol.id, "invited_by": alice.name, "seq": 2,
                "room_id": room["room_id"]})
    assert_one(events[1:], user_channel(carol),
               (2, 1, "room_invitation", alice.id, room["room_id"]),
               {"type": "room_invitation", "room_name": room["name"], "invited_by": alice.name,
                "seq": 1, "room_id": room["room_id"]})
    assert_replayed(alice, room, events[0])


def test_joining_is_published_to_the_room_and_the_joining_user(recorder, pair, person):
    alice, _, room = pair
    carol = person()
    events = recorder.record(lambda: carol.post(url(room, "join/")))
    assert_one(events[:1], room_channel(room), (2, 2, "user_invited", carol.id, carol.id),
               {"type": "user_invited", "user_id": carol.id, "invited_by": carol.name, "seq": 2,
                "room_id": room["room_id"]})
    assert_one(events[1:], user_channel(carol),
               (2, 1, "room_invitation", carol.id, room["room_id"]),
               {"type": "room_invitation", "room_name": room["name"], "invited_by": carol.name,
                "seq": 1, "room_id": room["room_id"]})
    assert_replayed(alice, room, events[0])


def test_a_removal_is_published_to_the_room_and_the_removed_user(recorder, pair):
    alice, bob, room = pair
    events = recorder.record(lambda: remove(alice, room, bob.id))
    assert_one(events[:1], room_channel(room), (2, 2, "user_removed", alice.id, bob.id),
               {"type": "user_removed", "user_id": bob.id, "removed_by": alice.name, "seq": 2,
                "room_id": room["room_id"]})
    assert_one(events[1:], user_channel(bob), (2, 2, "room_removed", alice.id, room["room_id"]),
               {"type": "room_removed", "removed_by": alice.name, "is_banned": False,
                "banned_until": None, "seq": 2, "room_id": room["room_id"]})
    assert_replayed(alice, room, events[0])


def test_a_silence_and_its_end_are_published_to_the_member(recorder, pair):
    alice, bob, room = pair
    path, who = url(room, "silence/"), {"user_id": bob.id}
    begun = recorder.record(lambda: alice.post(path, json={**who, "minutes": 5}))
    event = {"type": "silence_changed", "until": A_TIME, "seq": 2, "room_id": room["room_id"]}
    assert_one(begun, user_channel(bob), (2, 2, "silence_changed", alice.id, room["room_id"]),
               event)
    own = "/api/chat/events/?after=1"
    assert bob.get(own).json()["events"] == [begun[0].json]
    ended = recorder.record(lambda: [alice.delete(path, json=who) for _ in range(2)])
    assert_one(ended, user_channel(bob), (2, 3, "silence_changed", alice.id, room["room_id"]),
               {**event, "until": None, "seq": 3})
    # Read later, both are as it is now.
    assert bob.get(own).json()["events"] == [{**event, "until": None}, ended[0].json]


def test_a_change_of_role_is_published_with_the_membership(recorder, pair):
    alice, bob, room = pair
    events = recorder.record(lambda: set_admin(alice, room, bob.id, True))
    assert_one(events, room_channel(room), (2, 2, "member_updated", alice.id, bob.id),
               {"type": "member_updated", "membership": a_membership(
                   room_id=room["room_id"], user_id=bob.id, is_admin=True),
                "updated_by": alice.name, "seq": 2, "room_id": room["room_id"]})
    assert events[0].json["membership"] == alice.invite(room["room_id"], bob)
    assert_replayed(bob, room, *events)


def test_the_leaving_of_the_last_admin_is_published_with_the_promotion(recorder, pair):
    alice, bob, room = pair
    events = recorder.record(lambda: remove(alice, room, alice.id))
    in_room = [event for event in events if event.channel == room_channel(room)]
    own = [event for event in events if event.channel != room_channel(room)]
    assert [header(event) for event in in_room] == [
        (2, 2, "user_removed", alice.id, alice.id), (2, 3, "member_updated", alice.id, bob.id)]
    assert in_room[1].json == {
        "type": "member_updated", "membership": a_membership(
            room_id=room["room_id"], user_id=bob.id, is_admin=True),
        "updated_by": alice.name, "seq": 3, "room_id": room["room_id"]}
    assert_one(own, user_channel(alice), (2, 2, "room_removed", alice.id, room["room_id"]),
               {"type": "room_removed", "removed_by": alice.name, "is_banned": False,
                "banned_until": None, "seq": 2, "room_id": room["room_id"]})
    assert_replayed(bob, room, *in_room)


def test_the_leaving_of_the_last_member_is_published_as_the_deletion_of_the_room(recorder, person):
    alice = person()
    room = alice.room()
    events = recorder.record(lambda: remove(alice, room, alice.id))
    content = {"type": "room_deleted", "deleted_by": alice.name, "room_id": room["room_id"]}
    assert_one(events[:1], user_channel(alice),
               (2, 2, "room_deleted", alice.id, room["room_id"]), {**content, "seq": 2})
    assert_one(events[1:], room_channel(room), (2, 0, "room_deleted", alice.id, 0), content)


def test_a_whole_history_is_replayed_as_published(recorder, pair, person):
    alice, bob, room = pair
    carol, dave = person(), person()

    def live():
        alice.invite(room["room_id"], carol)
        deleted = bob.say(room["room_id"])
        for number in range(3):
            carol.say(room["room_id"], f"number {number}", client_id=str(number))
        dave.post(url(room, "join/"))
        bob.delete(message_url(deleted))
        set_admin(alice, room, carol.id, True)
        remove(carol, room, dave.id)
        remove(alice, room, alice.id)
        carol.patch(url(room), json={"name": "the end", "is_private": True})

    events = [event for event in recorder.record(live) if event.channel == room_channel(room)]
    assert [event.seq for event in events] == list(range(2, 13))
    # The message deleted later is shown without content; all else is unchanged.
    now = bob.events(room["room_id"], after=2)[0]["message"]
    assert (now["content"], now["is_deleted"]) == ("", True)
    assert_replayed(bob, room, *events[2:])
