"""A socket to a room receives every change of the room once and in order."""

import pytest

from support.event_reader import follow
from support.parallel import at_once, twin
from support.rooms import ROOMS, message_url, public_room, remove, url
from support.shapes import a_membership, a_message, in_event


@pytest.fixture
def pair(user):
    """(the admin of a room, another member, whose invitation is event 1, the room)"""
    return public_room(user(), user())


def assert_received(pair, change, expected):
    """Asserts that the sockets of both members receive exactly this event for a change, and
    that events/ shows it."""
    alice, bob, room = pair
    with follow(alice, room["room_id"]) as hers, follow(bob, room["room_id"]) as his:
        before = hers.seq
        assert his.seq == before
        change()
        wanted = [{**event, "seq": before + 1 + i, "room_id": room["room_id"]}
                  for i, event in enumerate(expected)]
        last = before + len(wanted)
        assert hers.up_to(last) == wanted
        assert his.up_to(last) == wanted
        assert bob.events(room["room_id"], after=before) == wanted
        hers.no_event()
        his.no_event(0.05)


# ---- messages ----

@pytest.mark.everywhere
def test_a_new_message_arrives_with_its_client_id_at_its_author_too(pair):
    alice, bob, room = pair
    said = a_message(room_id=room["room_id"], sender_id=bob.id, sender_username=bob.name,
                     content="hi", client_id="abc")
    assert_received(pair, lambda: bob.say(room["room_id"], "hi", client_id="abc"), [
        {"type": "new_message", "message": said, "sender": bob.name, "sender_id": bob.id}])


def test_the_message_on_a_socket_equals_the_answer_to_its_post(pair):
    alice, bob, room = pair
    with follow(alice, room["room_id"]) as live:
        answer = bob.say(room["room_id"], "ünï \U0001f600 \"\\ \u2028", message_type="file")
        assert live.event()["message"] == answer


def test_an_edit_arrives_with_the_edited_message(pair):
    alice, bob, room = pair
    message = bob.say(room["room_id"])
    with follow(alice, room["room_id"]) as live:
        edited = bob.patch(message_url(message), json={"content": "other"}).json()
        assert live.event() == {"type": "message_edited", "message": edited,
                                "edited_by": bob.name, "seq": 3, "room_id": room["room_id"]}
        assert bob.events(room["room_id"], after=2) == live.events


def test_a_deletion_arrives_with_the_message_id_only(pair):
    alice, bob, room = pair
    message = bob.say(room["room_id"])
    assert_received(pair, lambda: alice.delete(message_url(message)), [
        {"type": "message_deleted", "message_id": message["message_id"],
         "deleted_by": alice.name}])


def test_a_message_posted_again_with_its_client_id_arrives_once(pair):
    alice, bob, room = pair
    with follow(alice, room["room_id"]) as live:
        for text in ("first", "again"):
            bob.say(room["room_id"], text, client_id="one")
        bob.say(room["room_id"], "next")
        received = [event["message"]["content"] for event in live.up_to(3)]
    assert received == ["first", "next"]


def test_a_read_mark_arrives_without_a_seq_and_posting_sends_none(pair):
    alice, bob, room = pair
    with follow(alice, room["room_id"]) as live:
        message = alice.say(room["room_id"])
        # alice has read her own message, and the second mark of bob changes nothing.
        for reader in (bob, alice, bob):
            reader.post(url(room, "read/"), json={"message_id": message["message_id"]})
        bob.say(room["room_id"], "the end")
        live.up_to(3)
    assert [notice for notice in live.notices if notice["type"] == "message_read"] == [
        {"type": "message_read", "user_id": bob.id, "message_id": message["message_id"],
         "room_id": room["room_id"]}]
    assert [event["type"] for event in live.events] == ["new_message"] * 2


# ---- the room and its members ----

def test_a_changed_room_arrives_without_the_fields_of_one_user(pair):
    alice, bob, room = pair
    alice.say(room["room_id"])
    with follow(bob, room["room_id"]) as live:
        alice.patch(url(room), json={"name": "other", "is_private": True})
        now = in_event(alice.get(url(room)).json())
        assert live.event() == {"type": "room_updated", "room": now, "updated_by": alice.name,
                                "seq": 3, "room_id": room["room_id"]}
        assert bob.events(room["room_id"], after=2) == live.events


@pytest.mark.everywhere
def test_an_invitation_names_the_inviting_user(pair, user):
    alice, _, room = pair
    carol = user()
    assert_received(pair, lambda: alice.invite(room["room_id"], carol), [
        {"type": "user_invited", "user_id": carol.id, "invited_by": alice.name}])


def test_joining_arrives_as_an_invitation_by_the_same_user(pair, user):
    carol = user()
    assert_received(pair, lambda: carol.post(url(pair[2], "join/")), [
        {"type": "user_invited", "user_id": carol.id, "invited_by": carol.name}])


def test_a_change_of_role_arrives_with_the_membership(pair):
    alice, bob, room = pair
    member = a_membership(room_id=room["room_id"], user_id=bob.id, is_admin=True)
    change = {"json": {"is_admin": True}}
    assert_received(pair, lambda: alice.patch(url(room, f"members/{bob.id}/"), **change), [
        {"type": "member_updated", "membership": member, "updated_by": alice.name}])


def test_a_removal_names_the_removing_user(pair, user):
    alice, _, room = pair
    carol = user()
    alice.invite(room["room_id"], carol)
    assert_received(pair, lambda: remove(alice, room, carol.id), [
        {"type": "user_removed", "user_id": carol.id, "removed_by": alice.name}])


def test_leaving_arrives_as_a_removal_by_the_same_user(pair, user):
    alice, _, room = pair
    carol = user()
    alice.invite(room["room_id"], carol)
    assert_received(pair, lambda: remove(carol, room, carol.id), [
        {"type": "user_removed", "user_id": carol.id, "removed_by": carol.name}])


def test_when_the_last_admin_leaves_the_promotion_arrives(pair):
    alice, bob, room = pair
    heir = a_membership(room_id=room["room_id"], user_id=bob.id, is_admin=True)
    with follow(bob, room["room_id"]) as live:
        remove(alice, room, alice.id)
        assert live.up_to(3) == [
            {"type": "user_removed", "user_id": alice.id, "removed_by": alice.name, "seq": 2,
             "room_id": room["room_id"]},
            {"type": "member_updated", "membership": heir, "updated_by": alice.name, "seq": 3,
             "room_id": room["room_id"]}]


def test_an_ineffective_change_sends_nothing(pair):
    alice, bob, room = pair
    alice.say(room["room_id"], client_id="same")

    def nothing():
        alice.invite(room["room_id"], bob)
        bob.post(url(room, "join/"))
        alice.say(room["room_id"], client_id="same")
        bob.delete(url(room))

    assert_received(pair, nothing, [])


def test_a_socket_gets_events_of_its_own_room_only(pair):
    alice, bob, room = pair
    other = alice.room()
    with follow(alice, room["room_id"]) as live, follow(alice, other["room_id"]) as beside:
        alice.say(other["room_id"], "elsewhere")
        alice.say(room["room_id"], "here")
        assert live.event()["message"]["content"] == "here"
        assert beside.event()["message"]["content"] == "elsewhere"
        live.no_event()
        beside.no_event(0.05)


def test_a_direct_room_supports_sockets(user):
    alice, bob = user(), user()
    room = alice.post(f"{ROOMS}direct/", json={"user_id": bob.id}).json()
    with follow(alice, room["room_id"]) as hers, follow(bob, room["room_id"]) as his:
        message = alice.say(room["room_id"])
        assert hers.event()["message"] == his.event()["message"] == message


# ---- order ----

def test_events_start_after_the_seq_of_the_connected_frame(pair):
    alice, bob, room = pair
    for _ in range(5):
        alice.say(room["room_id"])
    with follow(bob, room["room_id"]) as live:
        assert live.seq == 6
        live.no_event()
        alice.say(room["room_id"], "the seventh")
        assert live.event()["seq"] == 7


@pytest.mark.slow("many writers")
@pytest.mark.everywhere
def test_events_of_many_writers_arrive_once_each_in_order(pair):
    """The reader asserts consecutive numbers."""
    alice, bob, room = pair
    writers = [twin(alice), twin(bob), twin(alice), twin(bob)]

    def write(client):
        for number in range(40):
            message = client.say(room["room_id"], f"number {number}")
            if number % 4 == 0:
                client.patch(message_url(message), json={"content": "changed"})
            if number % 8 == 0:
                client.delete(message_url(message))

    with follow(alice, room["room_id"]) as hers, \
            follow(bob, room["room_id"], direct=True) as his:
        at_once([lambda client=client: write(client) for client in writers])
        last = bob.get(url(room)).json()["last_seq"]
        assert last == 1 + 4 * (40 + 10 + 5)
        assert hers.up_to(last) == his.up_to(last)
        hers.no_event()


def test_a_whole_history_on_a_socket_equals_the_events_endpoint(pair, user):
    alice, bob, room = pair
    carol = user()
    with follow(bob, room["room_id"], since=0) as live:
        alice.invite(room["room_id"], carol)
        first = carol.say(room["room_id"], client_id="first")
        alice.say(room["room_id"], "second", reply_to_id=first["message_id"])
        alice.patch(url(room, f"members/{bob.id}/"), json={"is_admin": True})
        remove(carol, room, carol.id)
        bob.say(room["room_id"], "third", message_type="image")
        received = live.up_to(7)
    # It has been answered since.
    received[2]["message"]["reply_count"] = 1
    assert received == bob.events(room["room_id"])
    assert [event["type"] for event in received] == [
        "user_invited", "user_invited", "new_message", "new_message", "member_updated",
        "user_removed", "new_message"]


# ---- removed members and deleted rooms ----

@pytest.mark.everywhere
@pytest.mark.parametrize("who", ["by the admin", "by oneself"])
def test_a_removed_member_gets_the_removal_and_4403_and_nothing_after_it(pair, who):
    alice, bob, room = pair
    by = alice if who == "by the admin" else bob
    with follow(alice, room["room_id"]) as hers, follow(bob, room["room_id"]) as his, \
            follow(bob, room["room_id"]) as second:
        remove(by, room, bob.id)
        for _ in range(3):
            alice.say(room["room_id"], "among ourselves")
        removal = {"type": "user_removed", "user_id": bob.id, "removed_by": by.name, "seq": 2,
                   "room_id": room["room_id"]}
        assert (his.end(), his.events) == (4403, [removal])
        assert (second.end(), second.events) == (4403, [removal])
        assert [event["seq"] for event in hers.up_to(5)] == [2, 3, 4, 5]


def test_a_removed_member_gets_no_events_until_invited_again(pair):
    alice, bob, room = pair
    with follow(bob, room["room_id"]) as his:
        remove(alice, room, bob.id)
        assert his.end() == 4403
    with bob.socket(room["room_id"]) as refused:
        assert refused.closed() == 4403  # the room is public
    alice.invite_back(room["room_id"], bob)
    with follow(bob, room["room_id"]) as again:
        alice.say(room["room_id"])
        assert again.event()["seq"] == 4


@pytest.mark.parametrize("how", ["by its admin", "by the last member, who leaves"])
def test_a_deleted_room_sends_the_event_and_its_sockets_close_with_4404(user, how):
    alice, bob = user(), user()
    room = alice.room()
    leaves = how == "by the last member, who leaves"
    if not leaves:
        alice.invite(room["room_id"], bob)
    sockets = [alice, alice] if leaves else [alice, bob]
    with follow(sockets[0], room["room_id"]) as one, follow(sockets[1], room["room_id"]) as two:
        if leaves:
            remove(alice, room, alice.id)
        else:
            alice.delete(url(room))
        for live in (one, two):
            assert live.end() == 4404
            assert live.events == []
            assert live.notices[-1] == {"type": "room_deleted", "deleted_by": alice.name,
                                        "room_id": room["room_id"]}
            assert [n["type"] for n in live.notices].count("room_deleted") == 1


def test_a_room_deleted_by_confabctl_sends_the_event(pair, instance):
    alice, bob, room = pair
    with follow(bob, room["room_id"]) as live:
        done = instance.confabctl("room", "delete", room["room_id"], "--yes")
        assert done.returncode == 0, done.stderr
        assert live.end() == 4404
        assert live.notices[-1] == {"type": "room_deleted", "deleted_by": None,
                                    "room_id": room["room_id"]}
