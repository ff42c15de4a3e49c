"""The notifications socket: all rooms of a user through one connection."""

import pytest

from support.event_reader import follow, follow_user
from support.parallel import at_once, twin
from support.rooms import ROOMS, public_room, remove, url
from support.shapes import a_message, in_event

MANY = 200


@pytest.fixture
def pair(user):
    """(the admin of a room, another member, the room)"""
    return public_room(user(), user())


def message_notifications(live):
    """(room, text) of the message notifications received."""
    return [(frame["room_id"], frame["message"]["content"]) for frame in live.notices
            if frame["type"] == "new_message_notification"]


def assert_no_message_before(live, last):
    """Asserts that the next message notification is the one of this message."""
    assert live.notice("new_message_notification")["message"] == last
    assert len(message_notifications(live)) == 1


# ---- the first frame ----

def test_connected_has_the_seq_of_the_users_stream(pair):
    alice, bob, _ = pair
    with follow_user(bob) as live:
        assert live.first == {"type": "connected", "user_id": bob.id, "seq": 1}
        alice.invite(alice.room()["room_id"], bob)
        assert live.event()["seq"] == 2
    with follow_user(bob) as live:
        assert live.first["seq"] == 2


def test_a_user_without_rooms_can_open_notifications(user):
    alice, bob = user(), user()
    with follow_user(bob) as live:
        assert live.first["seq"] == 0
        alice.invite(alice.room()["room_id"], bob)
        assert live.event()["type"] == "room_invitation"


# ---- messages ----

def test_a_message_by_someone_else_is_notified_with_exactly_these_keys(pair):
    alice, bob, room = pair
    with follow_user(bob) as live:
        said = alice.say(room["room_id"], "hi", client_id="abc")
        assert live.frame() == {
            "type": "new_message_notification", "room_id": room["room_id"],
            "message": a_message(**said), "sender": alice.name, "is_mention": False}


def test_content_of_any_kind_is_notified_unchanged(pair):
    """Also text that looks like the end of the message in its JSON."""
    alice, bob, room = pair
    with follow_user(bob) as live:
        for text in ("\"},\"sender\":\"mallory\",\"sender_id\":1", "é語\U0001f600\u2028",
                     "\\\",\"sender\":\"x", "{\"type\":\"new_message\",\"message\":{}}"):
            said = alice.say(room["room_id"], text, client_id=text[:64])
            frame = live.notice("new_message_notification")
            assert (frame["message"], frame["sender"]) == (said, alice.name)


def test_messages_of_all_rooms_arrive_on_one_socket(user):
    alice, bob, carol = user(), user(), user()
    first, second = alice.room(), carol.room()
    alice.invite(first["room_id"], bob)
    carol.invite(second["room_id"], bob)
    direct = carol.post(f"{ROOMS}direct/", json={"user_id": bob.id}).json()
    with follow_user(bob) as live:
        said = [alice.say(first["room_id"]), carol.say(second["room_id"]),
                carol.say(direct["room_id"]), alice.say(first["room_id"], "again")]
        frames = [live.notice("new_message_notification") for _ in said]
        assert sorted(frame["message"]["message_id"] for frame in frames) == sorted(
            message["message_id"] for message in said)
        assert {frame["room_id"] for frame in frames} == {
            first["room_id"], second["room_id"], direct["room_id"]}


def test_own_messages_are_not_notified_on_any_device(pair):
    alice, bob, room = pair
    with follow_user(bob) as phone, follow_user(bob) as laptop:
        bob.say(room["room_id"], "by myself")
        last = alice.say(room["room_id"], "by someone else")
        assert_no_message_before(phone, last)
        assert_no_message_before(laptop, last)


def test_only_messages_of_a_room_are_notified(pair, user):
    alice, bob, room = pair
    carol = user()
    message = alice.say(room["room_id"])
    with follow_user(bob) as live, follow(alice, room["room_id"]) as typist:
        typist.socket.send({"type": "typing"})
        alice.patch(url(room), json={"name": "other"})
        alice.invite(room["room_id"], carol)
        alice.patch(url(room, f"messages/{message['message_id']}/"), json={"content": "other"})
        alice.delete(url(room, f"messages/{message['message_id']}/"))
        alice.post(url(room, "read/"), json={"message_id": message["message_id"]})
        remove(alice, room, carol.id)
        assert_no_message_before(live, alice.say(room["room_id"], "the end"))
        assert live.events == [] and len(live.notices) == 1


def test_messages_of_a_public_room_are_not_notified_to_non_members(user):
    alice, bob = user(), user()
    public, own = alice.room(is_private=False), bob.room()
    bob.invite(own["room_id"], alice)
    with follow_user(bob) as live:
        alice.say(public["room_id"], "among members")
        assert_no_message_before(live, alice.say(own["room_id"], "to bob"))


def test_many_concurrent_messages_are_notified_once_each_in_order(pair):
    alice, bob, room = pair

    def write(client):
        for number in range(50):
            client.say(room["room_id"], f"number {number}")

    with follow_user(bob) as live:
        at_once([lambda client=twin(alice): write(client) for _ in range(3)])
        frames = [live.notice("new_message_notification") for _ in range(150)]
    ids = [frame["message"]["message_id"] for frame in frames]
    page = alice.get(url(room, "messages/?limit=200")).json()["results"]
    assert ids == [message["message_id"] for message in reversed(page)]


def test_a_user_of_many_rooms_is_notified_of_all_of_them(user, instance):
    alice, bob = user(), user()
    rooms = [alice.room(f"Room {i}")["room_id"] for i in range(MANY)]
    for room in rooms:
        alice.invite(room, bob)
    with follow_user(bob) as live:
        said = {alice.say(room)["message_id"] for room in rooms}
        heard = {live.notice("new_message_notification", 30)["message"]["message_id"]
                 for _ in rooms}
    assert heard == said


# ---- events of the user's stream ----

def test_a_created_room_is_notified_on_the_other_devices_of_its_creator(user):
    alice = user()
    with follow_user(alice) as live:
        room = alice.room("New")
        assert live.event() == {"type": "room_created", "room": in_event(room),
                                "created_by": alice.name, "seq": 1, "room_id": room["room_id"]}


def test_an_invitation_is_notified_to_the_invited_user(user):
    alice, bob = user(), user()
    room = alice.room("Design Team")
    with follow_user(bob) as live, follow_user(alice) as hers:
        alice.invite(room["room_id"], bob)
        assert live.event() == {"type": "room_invitation", "room_name": "Design Team",
                                "invited_by": alice.name, "seq": 1, "room_id": room["room_id"]}
        hers.no_event()


def test_a_direct_room_is_notified_as_created_and_as_an_invitation(user):
    alice, bob = user(), user()
    with follow_user(alice) as hers, follow_user(bob) as his:
        room = alice.post(f"{ROOMS}direct/", json={"user_id": bob.id}).json()
        created, invited = hers.event(), his.event()
        assert (created["type"], created["room"]["name"]) == ("room_created", bob.name)
        assert (invited["type"], invited["room_name"]) == ("room_invitation", alice.name)
        assert created["room_id"] == invited["room_id"] == room["room_id"]


def test_a_removal_is_notified_to_the_removed_user(pair):
    alice, bob, room = pair
    with follow_user(bob) as live:
        remove(alice, room, bob.id)
        assert live.event() == {"type": "room_removed", "removed_by": alice.name, "seq": 2,
                                "is_banned": False, "banned_until": None,
                                "room_id": room["room_id"]}


def test_a_deleted_room_is_notified_to_every_member(pair):
    alice, bob, room = pair
    with follow_user(alice) as hers, follow_user(bob) as his:
        alice.delete(url(room))
        for live in (hers, his):
            assert live.event() == {"type": "room_deleted", "deleted_by": alice.name, "seq": 2,
                                    "room_id": room["room_id"]}


def test_both_sockets_of_a_user_get_the_users_stream(user):
    alice = user()
    with follow_user(alice) as phone, follow_user(alice, direct=True) as laptop:
        rooms = [alice.room() for _ in range(5)]
        assert phone.up_to(5) == laptop.up_to(5)
        assert [event["room_id"] for event in phone.events] == [r["room_id"] for r in rooms]


# ---- memberships that change while the socket is open ----

@pytest.mark.parametrize("how", ["invited", "joined", "direct"])
def test_every_message_after_the_invitation_is_notified(user, how):
    """Also messages posted before pushd has fetched the new room."""
    alice, bob = user(), user()
    with follow_user(bob) as live:
        for turn in range(5):
            if how == "direct":
                alice = user()
                room = alice.post(f"{ROOMS}direct/", json={"user_id": bob.id}).json()
            else:
                room = alice.room(is_private=False)
                alice.say(room["room_id"], "before bob was there")
            if how == "invited":
                alice.invite(room["room_id"], bob)
            elif how == "joined":
                bob.post(url(room, "join/"))
            said = [alice.say(room["room_id"], f"{turn} {i}") for i in range(10)]
            heard = [live.notice("new_message_notification")["message"] for _ in said]
            assert heard == said


def test_messages_in_a_new_room_are_notified(user):
    alice, bob = user(), user()
    with follow_user(alice) as live:
        room = alice.room()
        alice.invite(room["room_id"], bob)
        said = bob.say(room["room_id"])
        assert_no_message_before(live, said)


def test_nothing_of_the_room_is_notified_after_the_removal(user):
    alice, bob = user(), user()
    own = bob.room()
    bob.invite(own["room_id"], alice)
    with follow_user(bob) as live:
        for turn in range(10):
            room = alice.room()
            alice.invite(room["room_id"], bob)
            alice.say(room["room_id"], "for bob")
            live.notice("new_message_notification")
            remove(alice, room, bob.id)
            for _ in range(3):
                twin(alice).say(room["room_id"], "not for bob")
            alice.say(own["room_id"], "the end of the turn")
            live.until(lambda frame: frame.get("room_id") == own["room_id"])
        assert "not for bob" not in [words for _, words in message_notifications(live)]


def test_a_member_invited_again_is_notified_again(pair):
    alice, bob, room = pair
    with follow_user(bob) as live:
        for turn in range(5):
            remove(alice, room, bob.id)
            alice.say(room["room_id"], "while away")
            alice.invite_back(room["room_id"], bob)
            said = alice.say(room["room_id"], f"back {turn}")
            assert live.notice("new_message_notification")["message"] == said
        assert len(message_notifications(live)) == 5


def test_other_rooms_are_notified_after_a_room_is_deleted(pair):
    alice, bob, room = pair
    other = alice.room()
    alice.invite(other["room_id"], bob)
    with follow_user(bob) as live:
        alice.delete(url(room))
        assert live.event()["type"] == "room_deleted"
        assert_no_message_before(live, alice.say(other["room_id"]))


def test_notifications_stay_open_after_leaving_the_last_room(pair):
    alice, bob, room = pair
    with follow_user(bob) as live:
        remove(bob, room, bob.id)
        assert live.event()["type"] == "room_removed"
        alice.invite(alice.room()["room_id"], bob)
        assert live.event()["type"] == "room_invitation"
