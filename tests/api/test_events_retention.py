"""Expired events are not served, before and after they are deleted."""
import pytest

from support.client import Client
from support.rooms import ROOMS
from support.shapes import refusal

pytestmark = pytest.mark.slow("servers of its own")


def events(client, room, after=0, **options):
    return client.get(f"{ROOMS}{room['room_id']}/events/?after={after}", **options)


def gone(last_seq):
    return (410, refusal("gone", last_seq=last_seq))


def said(answer):
    return answer.status_code, answer.json()


def numbers(answer):
    assert answer.status_code == 200, answer.text
    return [event["seq"] for event in answer.json()["events"]], answer.json()["last_seq"]


def age(instance, room, up_to, days=31):
    instance.sql("UPDATE event SET created_at = NOW(6) - INTERVAL ? DAY "
                 "WHERE room_id = ? AND seq <= ?", days, room["room_id"], up_to)


def keep_all(instance):
    """Deletes nothing: expired events may still be stored."""


def purge(instance):
    done = instance.confabctl("events", "purge")
    assert done.returncode == 0, done.stderr


@pytest.fixture(params=[keep_all, purge], ids=["not yet purged", "purged"])
def maybe_purged(request, instance):
    """To be called once the events have expired: deletes them, or does nothing."""
    return lambda: request.param(instance)


@pytest.fixture
def ten(user):
    """A room with ten events."""
    alice = user()
    room = alice.room()
    for _ in range(10):
        alice.say(room["room_id"])
    return alice, room


@pytest.mark.parametrize("after, answer", [
    (0, None), (1, None), (4, None), (5, [6, 7, 8, 9, 10]), (6, [7, 8, 9, 10]), (9, [10]),
    (10, []), (11, None)])
def test_a_cursor_before_expired_events_is_410_and_one_after_them_is_served(
        ten, instance, maybe_purged, after, answer):
    alice, room = ten
    age(instance, room, up_to=5)
    maybe_purged()
    found = events(alice, room, after)
    if answer is None:
        assert said(found) == gone(10)
    else:
        assert numbers(found) == (answer, 10)


def test_when_all_events_expired_only_the_last_number_is_a_cursor(ten, instance, maybe_purged):
    alice, room = ten
    age(instance, room, up_to=10)
    maybe_purged()
    assert said(events(alice, room, 9)) == gone(10)
    assert numbers(events(alice, room, 10)) == ([], 10)


def test_numbers_continue_after_a_purge(ten, instance, maybe_purged):
    alice, room = ten
    age(instance, room, up_to=10)
    maybe_purged()
    alice.say(room["room_id"])
    assert numbers(events(alice, room, 10)) == ([11], 11)


def test_events_just_within_the_retention_are_kept(ten, instance, maybe_purged):
    alice, room = ten
    age(instance, room, up_to=10, days=29)
    maybe_purged()
    assert numbers(events(alice, room)) == (list(range(1, 11)), 10)


def test_messages_outlive_their_events(ten, instance, maybe_purged):
    alice, room = ten
    age(instance, room, up_to=10)
    maybe_purged()
    assert alice.get(f"{ROOMS}{room['room_id']}/messages/").json()["count"] == 10


def test_a_room_whose_events_are_expired_is_unchanged(ten, instance, maybe_purged):
    alice, room = ten
    before = alice.get(f"{ROOMS}{room['room_id']}/").json()
    age(instance, room, up_to=10)
    maybe_purged()
    assert alice.get(f"{ROOMS}{room['room_id']}/").json() == before


def test_an_etag_from_before_the_purge_is_not_304_afterwards(ten, instance):
    alice, room = ten
    tag = {"If-None-Match": events(alice, room).headers["ETag"]}
    age(instance, room, up_to=5)
    purge(instance)
    assert said(events(alice, room, headers=tag)) == gone(10)


def test_a_purge_deletes_exactly_the_expired_events(ten, instance):
    alice, room = ten
    age(instance, room, up_to=5)
    purge(instance)
    rows = instance.sql("SELECT seq FROM event WHERE room_id = ? ORDER BY seq", room["room_id"])
    assert rows == [(6,), (7,), (8,), (9,), (10,)]
    assert instance.sql("SELECT oldest_seq FROM room WHERE room_id = ?",
                        room["room_id"]) == [(6,)]


def test_a_purge_keeps_events_of_other_rooms(ten, instance):
    alice, room = ten
    other = alice.room()
    alice.say(other["room_id"])
    age(instance, room, up_to=10)
    purge(instance)
    assert numbers(events(alice, other)) == ([1], 1)


def test_a_purge_deletes_expired_events_of_user_streams(user, instance):
    alice = user()
    for _ in range(3):
        alice.room()
    instance.sql("UPDATE user_event SET created_at = NOW(6) - INTERVAL 31 DAY "
                 "WHERE user_id = ? AND seq <= 2", alice.id)
    purge(instance)
    assert instance.sql("SELECT seq FROM user_event WHERE user_id = ?", alice.id) == [(3,)]
    assert instance.sql("SELECT oldest_seq, last_seq FROM user WHERE user_id = ?",
                        alice.id) == [(3, 3)]
    alice.room()
    assert instance.sql("SELECT seq FROM user_event WHERE user_id = ? ORDER BY seq",
                        alice.id) == [(3,), (4,)]


def test_a_purge_looks_at_all_streams(make_instance):
    """In slices of them: the first ones have no old events, and some have none at all."""
    own = make_instance()
    alice = Client(own).register()
    own.sql("INSERT INTO user (username, password_hash, is_active, created_at) "
            "SELECT CONCAT('crowd', seq), '', TRUE, NOW(6) FROM seq_1_to_1200")
    last = Client(own).register()
    rooms = [client.room()["room_id"] for client in (alice, last, last)]
    own.sql("UPDATE user_event SET created_at = NOW(6) - INTERVAL 31 DAY WHERE user_id = ?",
            last.id)
    last.say(rooms[2])
    own.sql("UPDATE event SET created_at = NOW(6) - INTERVAL 31 DAY WHERE room_id = ?", rooms[2])
    assert "Rows deleted: 3 " in own.confabctl("events", "purge").stdout
    assert own.sql("SELECT user_id FROM user_event") == [(alice.id,)]
    assert own.sql("SELECT COUNT(*) FROM event") == [(0,)]


def test_a_purge_of_more_than_one_batch_deletes_all(user, instance):
    alice = user()
    room = alice.room()
    instance.sql("INSERT INTO event SELECT ?, seq, 6, ?, ?, NOW(6) - INTERVAL 40 DAY "
                 "FROM seq_1_to_2500; UPDATE room SET last_seq = 2500 WHERE room_id = ?",
                 room["room_id"], alice.id, alice.id, room["room_id"])
    purge(instance)
    assert instance.sql("SELECT COUNT(*) FROM event WHERE room_id = ?", room["room_id"]) == [(0,)]
    assert numbers(events(alice, room, 2500)) == ([], 2500)
