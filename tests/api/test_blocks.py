"""Blocked users, and a site where strangers cannot write."""

import pytest
from support.client import Client
from support.moderation import ROOM, Room, fails
from support.shapes import A_TIME, wrong
from support.wait import wait_for

BLOCKS, DIRECT = "/api/chat/blocks/", "/api/chat/rooms/direct/"


@pytest.fixture
def room(user):
    return Room(user)


def block(client, other):
    return client.post(BLOCKS, json={"user_id": other.id})


def test_blocks_are_listed_and_end(user):
    alice, bob = user(), user()
    answer = block(alice, bob)
    shown = {"user_id": bob.id, "username": bob.name, "created_at": A_TIME}
    assert (answer.status_code, answer.json()) == (201, shown)
    assert block(alice, bob).status_code == 200
    assert alice.get(BLOCKS).json() == {"count": 1, "next": None, "previous": None,
                                        "results": [shown]}
    assert bob.get(BLOCKS).json()["count"] == 0
    for _ in range(2):
        assert alice.delete(BLOCKS, json={"user_id": bob.id}).status_code == 204
    assert alice.get(BLOCKS).json()["count"] == 0
    assert block(alice, alice).json() == wrong(user_id="own_user")
    answer = alice.post(BLOCKS, json={"user_id": 2 ** 60})
    assert answer.json() == wrong(user_id="does_not_exist")


def test_a_user_blocks_1000_others_at_most(user, instance):
    alice, bob, carol = user(), user(), user()
    instance.sql("INSERT INTO block (user_id, blocked_id, created_at) "
                 "SELECT ?, ? + seq, SYSDATE(6) FROM seq_1_to_999", alice.id, 10 ** 9)
    assert block(alice, bob).status_code == 201
    answer = block(alice, carol)
    assert (answer.status_code, answer.json()) == (400, wrong(user_id="too_many"))
    assert block(alice, bob).status_code == 200
    alice.delete(BLOCKS, json={"user_id": bob.id})
    assert block(alice, carol).status_code == 201
    instance.sql("DELETE FROM block WHERE user_id = ? AND blocked_id > ?", alice.id, 10 ** 9)


def test_a_blocked_user_neither_writes_nor_invites(user):
    alice, bob = user(), user()
    room = bob.room()["room_id"]
    block(alice, bob)
    fails(bob.post(DIRECT, json={"user_id": alice.id}), 403, "not_allowed")
    fails(bob.post(f"{ROOM.format(room)}invite/", json={"user_id": alice.id}), 403, "not_allowed")
    # The blocking user may write first; the blocked one cannot reply.
    direct = alice.post(DIRECT, json={"user_id": bob.id}).json()["room_id"]
    path = f"{ROOM.format(direct)}messages/"
    message = alice.say(direct)["message_id"]
    fails(bob.post(path, json={"content": "hi"}), 403, "not_allowed")
    fails(bob.put(f"{path}{message}/reactions/", json={"emoji": "👍"}), 403, "not_allowed")
    alice.delete(BLOCKS, json={"user_id": bob.id})
    said = bob.say(direct)["message_id"]
    block(alice, bob)
    fails(bob.post(path, json={"content": "hi"}), 403, "not_allowed")
    fails(bob.patch(f"{path}{said}/", json={"content": "x"}), 403, "not_allowed")


def test_messages_of_a_blocked_user_are_marked_for_the_blocker(room):
    message = room.post(room.member).json()
    assert "is_blocked" not in message
    tag = room.reader.get(f"{room.path}messages/").headers["ETag"]
    block(room.reader, room.member)
    answer = room.reader.get(f"{room.path}messages/", headers={"If-None-Match": tag})
    assert [shown["is_blocked"] for shown in answer.json()["results"]] == [True]
    assert room.reader.get(room.path).json()["last_message"]["is_blocked"] is True
    assert room.admin.get(f"{room.path}messages/").json()["results"] == [message]
    event = room.admin.get(f"{room.path}events/").json()["events"][-1]
    assert "is_blocked" not in event["message"]


def test_a_blocked_user_cannot_mention_the_blocker(room):
    block(room.reader, room.member)
    room.post(room.member, mentions={"user_ids": [room.reader.id, room.moderator.id]})
    assert room.reader.get(room.path).json()["unread_mentions"] == 0
    assert room.moderator.get(room.path).json()["unread_mentions"] == 1
    types = [event["type"] for event in room.reader.get("/api/chat/events/").json()["events"]]
    assert "mentioned" not in types


def test_a_blocked_user_neither_notifies_nor_mentions_all(room):
    with room.reader.notifications() as live:
        live.until("connected")
        room.post(room.member, "before", mentions={"user_ids": [], "all": True})
        assert live.until("new_message_notification")["message"]["content"] == "before"
        assert room.reader.get(room.path).json()["unread_mentions"] == 1
        block(room.reader, room.member)
        assert room.reader.get(room.path).json()["unread_mentions"] == 0
        assert room.reader.get("/api/chat/mentions/").json()["results"] == []
    # Also by a socket that opens later, and by one that is open when the block ends.
    with room.reader.notifications() as live:
        live.until("connected")
        room.post(room.member, "blocked", mentions={"user_ids": [], "all": True})
        room.post(room.admin, "other")
        assert live.until("new_message_notification")["message"]["content"] == "other"
        assert room.reader.get(room.path).json()["unread_mentions"] == 0
        assert room.moderator.get(room.path).json()["unread_mentions"] == 2
        room.reader.delete(BLOCKS, json={"user_id": room.member.id})

        def is_notified():
            room.post(room.member, "again")
            room.post(room.admin, "mark")
            return live.until("new_message_notification")["message"]["content"] == "again"
        wait_for(is_notified)


@pytest.mark.slow("an instance of its own")
def test_a_site_may_want_a_shared_room_before_the_first_message(shared, user):
    site = shared(CONFAB_DIRECT_FROM="shared_room", CONFAB_INVITE_FROM="shared_room")
    alice, bob = (Client(site).register() for _ in range(2))
    room = bob.room(is_private=False)["room_id"]
    fails(bob.post(DIRECT, json={"user_id": alice.id}), 403, "not_allowed")
    fails(bob.post(f"{ROOM.format(room)}invite/", json={"user_id": alice.id}), 403, "not_allowed")
    alice.post(f"{ROOM.format(room)}join/")
    assert bob.post(DIRECT, json={"user_id": alice.id}).status_code == 201
    other = bob.room()["room_id"]
    assert bob.post(f"{ROOM.format(other)}invite/", json={"user_id": alice.id}).status_code == 201


@pytest.mark.slow("an instance of its own")
def test_refusals_to_write_do_not_reveal_hidden_members(shared):
    site = shared(CONFAB_DIRECT_FROM="shared_room", CONFAB_INVITE_FROM="shared_room")
    admin, member, spy, outsider = (Client(site).register() for _ in range(4))
    room = admin.room(is_private=False)["room_id"]
    path, own = ROOM.format(room), spy.room()["room_id"]
    for client in (member, spy):
        client.post(f"{path}join/")
    admin.patch(path, json={"members_visible": False})
    for client in (member, outsider):
        for way in (DIRECT, f"{ROOM.format(own)}invite/"):
            fails(spy.post(way, json={"user_id": client.id}), 403, "not_allowed")
    # The admin sees the members.
    assert admin.post(DIRECT, json={"user_id": member.id}).status_code == 201
    fails(admin.post(DIRECT, json={"user_id": outsider.id}), 403, "not_allowed")
