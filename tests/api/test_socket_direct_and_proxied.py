"""Promises about sockets that other files test either directly or through lighttpd, tested both
ways."""

from support.event_reader import follow, follow_user
from support.sockets import BOTH_WAYS, notice


@BOTH_WAYS
def test_every_event_arrives_once_in_order_at_its_author_too(duo, direct):
    alice, bob, room = duo
    with follow(alice, room, direct=direct) as hers, follow(bob, room, direct=direct) as his:
        said = alice.say(room, "one")
        path = f"/api/chat/rooms/{room}/messages/{said['message_id']}/"
        assert alice.patch(path, json={"content": "two"}).status_code == 200
        assert alice.delete(path).status_code == 204
        assert alice.patch(f"/api/chat/rooms/{room}/", json={"name": "Three"}).status_code == 200
        last = hers.seq + 4
        assert [event["type"] for event in hers.up_to(last)] == \
            ["new_message", "message_edited", "message_deleted", "room_updated"]
        assert his.up_to(last) == hers.events


@BOTH_WAYS
def test_since_replays_missed_events_before_new_ones(duo, direct):
    alice, bob, room = duo
    missed = [alice.say(room, f"missed {number}") for number in range(3)]
    with follow(bob, room, since=1, direct=direct) as live:
        assert live.first["seq"] == 1
        assert [event["message"] for event in live.up_to(4)] == missed
        said = alice.say(room, "new")
        assert live.event()["message"] == said


@BOTH_WAYS
def test_a_since_beyond_the_last_is_a_resync_followed_by_live_events(duo, direct):
    alice, bob, room = duo
    with follow(bob, room, since=1000, direct=direct) as live:
        assert live.frame() == {"type": "resync", "seq": 1}
        said = alice.say(room)
        assert live.event()["message"] == said


@BOTH_WAYS
def test_notifications_cover_all_rooms_and_changes_of_membership(duo, direct):
    alice, bob, room = duo
    with follow_user(bob, direct=direct) as live:
        said = alice.say(room, "in the first")
        assert live.notice("new_message_notification")["message"]["message_id"] == \
            said["message_id"]
        other = alice.room()["room_id"]
        alice.invite(other, bob)
        assert live.event()["type"] == "room_invitation"
        said = alice.say(other, "in the second")
        assert live.notice("new_message_notification")["message"]["message_id"] == \
            said["message_id"]
        alice.post(f"/api/chat/rooms/{other}/remove_member/", json={"user_id": bob.id})
        assert live.event()["type"] == "room_removed"
        alice.say(other, "without him")
        said = alice.say(room, "with him")
        assert live.notice("new_message_notification")["message"]["message_id"] == \
            said["message_id"]


@BOTH_WAYS
def test_since_works_on_notifications_too(duo, direct):
    alice, bob, room = duo
    with follow_user(bob, since=0, direct=direct) as live:
        assert live.first["seq"] == 0
        event = live.event()
        assert (event["type"], event["room_id"]) == ("room_invitation", room)
    with follow_user(bob, since=1000, direct=direct) as live:
        assert live.frame() == {"type": "resync", "seq": 1}


@BOTH_WAYS
def test_a_deleted_token_closes_its_sockets_with_4401(duo, direct):
    alice, bob, room = duo
    with follow(bob, room, direct=direct) as live, follow_user(bob, direct=direct) as notes:
        assert bob.delete("/api/auth/token/").status_code == 204
        assert live.end() == notes.end() == 4401


@BOTH_WAYS
def test_a_removed_member_gets_the_event_and_is_closed_with_4403(duo, direct):
    alice, bob, room = duo
    with follow(bob, room, direct=direct) as live:
        alice.post(f"/api/chat/rooms/{room}/remove_member/", json={"user_id": bob.id})
        assert live.end() == 4403
        assert [event["type"] for event in live.events] == ["user_removed"]


@BOTH_WAYS
def test_a_deleted_room_sends_the_event_and_closes_with_4404(duo, direct):
    alice, bob, room = duo
    with follow(bob, room, direct=direct) as live:
        assert alice.delete(f"/api/chat/rooms/{room}/").status_code == 204
        assert live.end() == 4404
        assert "room_deleted" in [each["type"] for each in live.notices]


@BOTH_WAYS
def test_a_closed_socket_stops_typing(duo, direct):
    alice, bob, room = duo
    with follow(alice, room, direct=direct) as live:
        with follow(bob, room, direct=direct) as talker:
            talker.socket.send({"type": "typing"})
            assert live.notice("typing") == notice("typing", bob, room)
        assert live.notice("stop_typing") == notice("stop_typing", bob, room)


@BOTH_WAYS
def test_a_read_mark_arrives_without_a_seq(duo, direct):
    alice, bob, room = duo
    said = alice.say(room)
    with follow(alice, room, direct=direct) as live:
        bob.post(f"/api/chat/rooms/{room}/read/", json={"message_id": said["message_id"]})
        mark = live.notice("message_read")
        assert (mark["user_id"], mark["message_id"]) == (bob.id, said["message_id"])
        assert "seq" not in mark
