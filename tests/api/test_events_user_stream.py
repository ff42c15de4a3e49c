"""Events of one user are recorded on the user's stream, for the user's sockets."""
import pytest

from support.client import Client
from support.rooms import ROOMS, remove, url


# Stored numbers of the types (common/event/event.h).
CREATED, INVITATION, REMOVED, DELETED, CREDENTIALS = 20, 21, 22, 23, 24


@pytest.fixture
def stream(instance):
    """stream(client): [(type, actor, subject)...]; checks that the seq are 1, 2, 3..."""
    def read(client):
        rows = instance.sql("SELECT seq, event_type, actor_id, subject_id FROM user_event "
                            "WHERE user_id = ? ORDER BY seq", client.id)
        assert [row[0] for row in rows] == list(range(1, len(rows) + 1))
        assert instance.sql("SELECT last_seq FROM user WHERE user_id = ?",
                            client.id) == [(len(rows),)]
        return [row[1:] for row in rows]
    return read


def test_a_new_user_has_an_empty_stream(user, stream):
    assert stream(user()) == []


def test_creating_a_room_is_recorded_on_the_creators_stream(user, stream):
    alice = user()
    room = alice.room()["room_id"]
    assert stream(alice) == [(CREATED, alice.id, room)]


def test_an_invitation_is_recorded_on_the_stream_of_the_invited_user_only(user, stream):
    alice, bob, carol = user(), user(), user()
    room = alice.room()
    alice.invite(room["room_id"], carol)
    alice.invite(room["room_id"], bob)
    assert stream(bob) == [(INVITATION, alice.id, room["room_id"])]
    assert stream(carol) == [(INVITATION, alice.id, room["room_id"])]
    assert stream(alice) == [(CREATED, alice.id, room["room_id"])]


def test_joining_is_recorded_on_the_stream_of_the_joining_user(user, stream):
    alice, bob = user(), user()
    room = alice.room(is_private=False)
    bob.post(url(room, "join/"))
    assert stream(bob) == [(INVITATION, bob.id, room["room_id"])]


def test_a_removal_is_recorded_on_the_stream_of_the_removed_user(user, stream):
    alice, bob = user(), user()
    room = alice.room()
    alice.invite(room["room_id"], bob)
    remove(alice, room, bob.id)
    assert stream(bob) == [(INVITATION, alice.id, room["room_id"]),
                           (REMOVED, alice.id, room["room_id"])]


def test_leaving_is_recorded_on_the_stream_of_the_leaving_user_only(user, stream):
    alice, bob = user(), user()
    room = alice.room()
    alice.invite(room["room_id"], bob)
    remove(alice, room, alice.id)
    assert stream(alice) == [(CREATED, alice.id, room["room_id"]),
                             (REMOVED, alice.id, room["room_id"])]
    assert stream(bob) == [(INVITATION, alice.id, room["room_id"])]


def test_the_deletion_of_a_room_is_recorded_on_the_stream_of_every_member(user, stream):
    alice, bob, carol, gone = user(), user(), user(), user()
    room = alice.room()
    for client in (bob, carol, gone):
        alice.invite(room["room_id"], client)
    remove(gone, room, gone.id)
    alice.delete(url(room))
    deleted = (DELETED, alice.id, room["room_id"])
    assert [stream(client)[-1] for client in (alice, bob, carol)] == [deleted] * 3
    assert deleted not in stream(gone)


def test_events_of_all_types_share_one_sequence(user, stream):
    alice, bob = user(), user()
    rooms = [alice.room() for _ in range(2)]
    for room in rooms:
        alice.invite(room["room_id"], bob)
    remove(bob, rooms[0], bob.id)
    alice.delete(url(rooms[1]))
    direct = bob.post(f"{ROOMS}direct/", json={"user_id": alice.id}).json()
    own = bob.room()
    assert [entry[0] for entry in stream(bob)] == [INVITATION, INVITATION, REMOVED, DELETED,
                                                   CREATED, CREATED]
    assert [entry[2] for entry in stream(bob)] == [
        rooms[0]["room_id"], rooms[1]["room_id"], rooms[0]["room_id"], rooms[1]["room_id"],
        direct["room_id"], own["room_id"]]
    assert stream(alice)[-1] == (INVITATION, bob.id, direct["room_id"])


def test_messages_and_changes_of_a_room_are_not_recorded_on_user_streams(user, stream):
    alice, bob = user(), user()
    room = alice.room()
    alice.invite(room["room_id"], bob)
    before = stream(alice), stream(bob)
    message = alice.say(room["room_id"])
    alice.patch(url(room), json={"name": "other"})
    alice.patch(url(room, f"members/{bob.id}/"), json={"is_admin": True})
    alice.patch(url(room, f"messages/{message['message_id']}/"), json={"content": "x"})
    alice.delete(url(room, f"messages/{message['message_id']}/"))
    assert (stream(alice), stream(bob)) == before


def test_ineffective_changes_are_not_recorded_on_user_streams(user, stream):
    alice, bob = user(), user()
    room = alice.room(is_private=False)
    alice.invite(room["room_id"], bob)
    before = stream(alice), stream(bob)
    alice.invite(room["room_id"], bob)
    bob.post(url(room, "join/"))
    bob.delete(url(room))
    remove(bob, room, alice.id)
    assert (stream(alice), stream(bob)) == before


def end_token(alice, _):
    assert alice.delete("/api/auth/token/").status_code == 204


def end_session(alice, instance):
    browser = Client(instance)
    browser.post("/api/auth/login/", json={"username": alice.name, "password": alice.password})
    answer = browser.post("/api/auth/logout/", headers={"Origin": instance.url})
    assert answer.status_code == 204


def change_password(alice, _):
    answer = alice.post("/api/auth/password/", json={"old_password": alice.password,
                                                     "new_password": "another horse"})
    assert answer.status_code == 204


def disable(alice, instance):
    assert instance.confabctl("user", "disable", alice.name).returncode == 0


@pytest.mark.parametrize("change", [end_token, end_session, change_password, disable])
def test_the_end_of_a_credential_is_recorded_on_the_users_stream(user, stream, instance, change):
    alice = user()
    room = alice.room()
    change(alice, instance)
    assert [entry[0] for entry in stream(alice)] == [CREATED, CREDENTIALS]
    assert stream(alice)[0] == (CREATED, alice.id, room["room_id"])


@pytest.mark.parametrize("count", [1, 3])
def test_rooms_count_is_the_number_of_memberships(user, instance, count):
    alice, bob = user(), user()
    rooms = [alice.room() for _ in range(count)]
    for room in rooms:
        alice.invite(room["room_id"], bob)
    remove(bob, rooms[0], bob.id)
    bob.post(f"{ROOMS}direct/", json={"user_id": alice.id})
    counts = instance.sql("SELECT rooms_count FROM user WHERE user_id IN (?, ?) ORDER BY user_id",
                          alice.id, bob.id)
    assert counts == [(count + 1,), (count,)]
    assert [alice.get(ROOMS).json()["count"], bob.get(ROOMS).json()["count"]] == [count + 1, count]
