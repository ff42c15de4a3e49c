"""Concurrent requests: numbers stay without gaps, counters correct, and no answer is a 5xx (checked
by Client). All counters are recomputed after each test."""
import itertools
import json
from collections import Counter
from functools import partial

import pytest

from support.client import Client
from support.parallel import at_once, twin
from support.rooms import ROOMS, remove, set_admin, url

pytestmark = pytest.mark.slow("many clients at once")


@pytest.fixture(scope="module")
def system(make_instance):
    return make_instance(CONFAB_PROCESSES=8)


@pytest.fixture
def person(system):
    return lambda: Client(system).register()


@pytest.fixture(autouse=True)
def all_counters_are_true(system):
    yield
    done = system.confabctl("check", "--deep", "--json")
    assert json.loads(done.stdout)["differences"] == []
    assert done.returncode == 0, done.stdout


def room_of(admin, *others, **fields):
    room = admin.room(**fields)
    for client in others:
        admin.invite(room["room_id"], client)
    return room


def statuses(answers):
    return Counter(answer.status_code for answer in answers)


def sequence(client, room):
    events = client.events(room["room_id"])
    assert [event["seq"] for event in events] == list(range(1, len(events) + 1))
    assert client.get(url(room)).json()["last_seq"] == len(events)
    return events


# ---- messages ----

@pytest.mark.slow("32 writers")
def test_32_concurrent_writers_leave_no_gap_or_duplicate_in_seq_and_position(person, system):
    writers = [person() for _ in range(32)]
    room = room_of(*writers)
    at_once([partial(write, client, room, 12) for client in writers])
    total = 32 * 12
    rows = system.sql("SELECT position, message_id, created_at FROM message WHERE room_id = ? "
                      "ORDER BY position", room["room_id"])
    assert [row[0] for row in rows] == list(range(1, total + 1))
    events = [event for event in sequence(writers[0], room) if event["type"] == "new_message"]
    assert [event["message"]["message_id"] for event in events] == [row[1] for row in rows]
    assert [row[2] for row in rows] == sorted(row[2] for row in rows)
    shown = writers[0].get(url(room)).json()
    assert (shown["message_count"], shown["last_seq"]) == (total, 31 + total)
    assert shown["last_message"] == events[-1]["message"]


def write(client, room, count):
    return [client.say(room["room_id"], f"{number}") for number in range(count)]


@pytest.mark.slow("posts many messages")
def test_messages_of_each_writer_keep_their_order(person):
    writers = [person() for _ in range(8)]
    room = room_of(*writers)
    said = at_once([partial(write, client, room, 10) for client in writers])
    listed = writers[0].get(url(room, "messages/?limit=200")).json()["results"][::-1]
    for client, own in zip(writers, said):
        assert [entry for entry in listed if entry["sender_id"] == client.id] == own


@pytest.mark.slow("posts many messages")
def test_polling_during_writes_shows_every_event_once_in_order(person):
    writers, reader = [person() for _ in range(6)], person()
    room = room_of(reader, *writers)
    total = 6 + 6 * 20

    def poll():
        seen = []
        while len(seen) < total:
            seen += reader.events(room["room_id"], after=len(seen), limit=7)
        return [event["seq"] for event in seen]

    seen, *_ = at_once([poll] + [partial(write, client, room, 20) for client in writers])
    assert seen == list(range(1, total + 1))


def test_paging_during_writes_shows_every_message_once_in_order(person):
    writers, reader = [person() for _ in range(6)], person()
    room = room_of(reader, *writers)
    total = 6 * 20

    def walk():
        seen, cursor = [], 0
        while len(seen) < total:
            answer = reader.get(url(room, f"messages/?after={cursor}&limit=7"))
            seen += [entry["message_id"] for entry in answer.json()["results"]][::-1]
            cursor = seen[-1] if seen else 0
        return seen

    seen, *said = at_once([walk] + [partial(write, client, room, 20) for client in writers])
    assert sorted(seen) == seen
    assert set(seen) == {message["message_id"] for own in said for message in own}


def test_20_concurrent_posts_of_one_client_id_create_one_message(person):
    alice = person()
    room = alice.room()
    body = {"content": "once", "client_id": "the same"}
    answers = at_once([partial(twin(alice).post, url(room, "messages/"), json=body)
                       for _ in range(20)])
    assert statuses(answers) == {201: 1, 200: 19}
    assert len({answer.text for answer in answers}) == 1
    assert len(sequence(alice, room)) == 1


def test_concurrent_posts_of_several_client_ids_create_one_message_each(person):
    alice, bob = person(), person()
    room = room_of(alice, bob)
    calls = [partial(twin(client).post, url(room, "messages/"),
                     json={"content": "x", "client_id": f"{number}"})
             for number in range(4) for client in (alice, bob) for _ in range(3)]
    assert statuses(at_once(calls)) == {201: 8, 200: 16}
    assert alice.get(url(room)).json()["message_count"] == 8


def test_concurrent_deletions_of_a_message_delete_it_once(person):
    alice = person()
    room = alice.room()
    path = url(room, f"messages/{alice.say(room['room_id'])['message_id']}/")
    assert statuses(at_once([partial(twin(alice).delete, path) for _ in range(12)])) == {204: 12}
    assert [event["type"] for event in sequence(alice, room)] == ["new_message",
                                                                  "message_deleted"]


def test_edits_racing_with_a_deletion_never_restore_the_content(person):
    alice = person()
    room = alice.room()
    path = url(room, f"messages/{alice.say(room['room_id'])['message_id']}/")
    calls = [partial(twin(alice).patch, path, json={"content": f"{i}"}) for i in range(11)]
    answers = at_once(calls + [partial(twin(alice).delete, path)])
    assert answers[-1].status_code == 204
    assert set(statuses(answers[:-1])) <= {200, 404}
    shown = alice.get(path).json()
    assert (shown["content"], shown["is_deleted"]) == ("", True)
    edits = statuses(answers)[200]
    assert [event["type"] for event in sequence(alice, room)] == \
        ["new_message"] + ["message_edited"] * edits + ["message_deleted"]


def test_concurrent_read_marks_end_at_the_latest(person):
    alice, bob = person(), person()
    room = room_of(alice, bob)
    messages = write(alice, room, 15)
    answers = at_once([partial(twin(bob).post, url(room, "read/"),
                               json={"message_id": message["message_id"]})
                       for message in messages])
    assert statuses(answers) == {200: 15}
    again = bob.post(url(room, "read/"), json={"message_id": messages[0]["message_id"]}).json()
    assert again == {"last_read_message_id": messages[-1]["message_id"], "unread_count": 0}


def test_reading_racing_with_posting_leaves_a_correct_unread_count(person):
    alice, bob = person(), person()
    room = room_of(alice, bob)
    first = alice.say(room["room_id"])
    mark = {"message_id": first["message_id"]}
    at_once([partial(write, twin(client), room, 8) for client in (alice, bob)] +
            [partial(twin(client).post, url(room, "read/"), json=mark)
             for client in (alice, bob) * 6])
    listed = alice.get(url(room, "messages/?limit=200")).json()["results"]
    for client in (alice, bob):
        behind = list(itertools.takewhile(lambda entry: entry["sender_id"] != client.id, listed))
        assert client.get(url(room)).json()["unread_count"] == len(behind)


# ---- direct rooms ----

def test_20_concurrent_requests_for_a_direct_room_create_one(person, system):
    alice, bob = person(), person()
    calls = [partial(twin(client).post, f"{ROOMS}direct/", json={"user_id": other.id})
             for client, other in ((alice, bob), (bob, alice)) for _ in range(10)]
    answers = at_once(calls)
    assert statuses(answers) == {201: 1, 200: 19}
    assert len({answer.json()["room_id"] for answer in answers}) == 1
    for client in (alice, bob):
        assert client.get(ROOMS).json()["count"] == 1
        assert system.sql("SELECT seq FROM user_event WHERE user_id = ?", client.id) == [(1,)]


def test_concurrent_requests_for_direct_rooms_create_one_for_each_pair(person):
    people = [person() for _ in range(5)]
    calls = [partial(twin(client).post, f"{ROOMS}direct/", json={"user_id": other.id})
             for client in people for other in people if client is not other]
    assert statuses(at_once(calls)) == {201: 10, 200: 10}
    assert [client.get(ROOMS).json()["count"] for client in people] == [4] * 5


# ---- members ----

def test_concurrent_invitations_of_a_user_create_one_membership(person):
    alice, bob = person(), person()
    room = alice.room()
    answers = at_once([partial(twin(alice).post, url(room, "invite/"), json={"user_id": bob.id})
                       for _ in range(15)])
    assert statuses(answers) == {201: 1, 200: 14}
    assert len({answer.text for answer in answers}) == 1
    assert len(sequence(alice, room)) == 1


def test_concurrent_joins_all_succeed(person):
    alice, crowd = person(), [person() for _ in range(25)]
    room = alice.room(is_private=False)
    answers = at_once([partial(client.post, url(room, "join/")) for client in crowd])
    assert statuses(answers) == {201: 25}
    assert alice.get(url(room)).json()["members_count"] == 26
    assert len(sequence(alice, room)) == 25


def test_concurrent_invitations_and_removals_leave_correct_counters(person, system):
    admins, crowd = [person() for _ in range(4)], [person() for _ in range(6)]
    rooms = [room_of(*admins) for _ in range(2)]
    for room, other in itertools.product(rooms, admins[1:]):
        set_admin(admins[0], room, other.id, True)

    def change_members(admin, number):
        found = Counter()
        for client, room in itertools.product(crowd[number:] + crowd[:number], rooms):
            body = {"user_id": client.id}
            found[admin.post(url(room, "invite/"), json=body).status_code] += 1
            found[admin.post(url(room, "remove_member/"), json=body).status_code] += 1
            found[admin.post(url(room, "invite/"), json=body).status_code] += 1
        return found

    found = sum(at_once([partial(change_members, admin, number)
                         for number, admin in enumerate(admins)]),
                Counter())
    assert set(found) <= {200, 201, 204, 403, 404}
    for room in rooms:
        listed = admins[0].get(url(room, "members/?limit=200")).json()
        assert listed["count"] == len(listed["results"])
        events = Counter(event["type"] for event in sequence(admins[0], room))
        assert listed["count"] == 1 + events["user_invited"] - events["user_removed"]
    for client in crowd:
        shown = client.get(ROOMS).json()
        assert shown["count"] == len(shown["results"])
        assert [(shown["count"],)] == system.sql(
            "SELECT rooms_count FROM user WHERE user_id = ?", client.id)


def test_concurrent_demotions_leave_one_admin(person):
    admins = [person() for _ in range(6)]
    room = room_of(*admins)
    for client in admins[1:]:
        set_admin(admins[0], room, client.id, True)
    answers = at_once([partial(set_admin, client, room, client.id, False) for client in admins])
    assert statuses(answers) == {200: 5, 400: 1}
    listed = admins[0].get(url(room, "members/")).json()["results"]
    assert sum(member["is_admin"] for member in listed) == 1


def test_members_leaving_concurrently_delete_the_room(person, system):
    members = [person() for _ in range(10)]
    room = room_of(*members)
    answers = at_once([partial(remove, client, room, client.id) for client in members])
    assert statuses(answers) == {204: 10}
    assert members[0].get(url(room)).status_code == 404
    removed, deleted = 22, 23
    last = [system.sql("SELECT event_type FROM user_event WHERE user_id = ? "
                       "ORDER BY seq DESC LIMIT 1", client.id)[0][0] for client in members]
    assert Counter(last) == {removed: 9, deleted: 1}


def test_a_room_always_has_an_admin_while_members_leave_concurrently(person):
    members = [person() for _ in range(9)]
    room = room_of(*members)
    at_once([partial(remove, client, room, client.id) for client in members[:6]])
    listed = members[-1].get(url(room, "members/")).json()["results"]
    assert [member["user_id"] for member in listed] == [client.id for client in members[6:]]
    assert [member["is_admin"] for member in listed] == [True, False, False]
    sequence(members[-1], room)


# ---- rooms ----

def test_concurrent_deletions_of_rooms_with_the_same_members_succeed(person):
    admins, crowd = [person() for _ in range(10)], [person() for _ in range(6)]
    rooms = [room_of(admin, *(crowd if number % 2 else crowd[::-1]), *admins[:number])
             for number, admin in enumerate(admins)]
    answers = at_once([partial(admin.delete, url(room)) for admin, room in zip(admins, rooms)])
    assert statuses(answers) == {204: 10}
    assert [client.get(ROOMS).json()["count"] for client in admins + crowd] == [0] * 16


def test_concurrent_deletions_of_a_room_delete_it_once(person):
    alice, bob = person(), person()
    room = room_of(alice, bob)
    answers = at_once([partial(twin(alice).delete, url(room)) for _ in range(10)])
    assert statuses(answers) == {204: 1, 404: 9}


def test_a_room_in_use_can_be_deleted(person):
    admin, members, crowd = person(), [person() for _ in range(6)], [person() for _ in range(6)]
    room = room_of(admin, *members, is_private=False)
    other = room_of(admin, *members)
    first = admin.say(room["room_id"])["message_id"]
    calls = [partial(twin(admin).delete, url(room))]
    for client, guest in zip(members, crowd):
        calls += [partial(client.post, url(room, "messages/"), json={"content": "x"}),
                  partial(guest.post, url(room, "join/")),
                  partial(twin(client).post, url(room, "read/"), json={"message_id": first}),
                  partial(twin(admin).post, url(room, "remove_member/"),
                          json={"user_id": client.id}),
                  partial(twin(client).post, url(other, "messages/"), json={"content": "x"})]
    answers = at_once(calls)
    assert answers[0].status_code == 204
    assert set(statuses(answers)) <= {200, 201, 204, 400, 403, 404}
    assert [client.get(url(room)).status_code for client in members + crowd] == [404] * 12
    assert admin.get(url(other)).json()["message_count"] == 6


def test_rooms_created_concurrently_by_one_user_all_exist(person, system):
    alice = person()
    answers = at_once([partial(twin(alice).post, ROOMS, json={"name": "x"}) for _ in range(15)])
    assert statuses(answers) == {201: 15}
    assert alice.get(ROOMS).json()["count"] == 15
    rows = system.sql("SELECT seq FROM user_event WHERE user_id = ? ORDER BY seq", alice.id)
    assert rows == [(number,) for number in range(1, 16)]


def test_concurrent_changes_of_every_kind_leave_no_gap_in_the_numbers(person):
    admin, members, crowd = person(), [person() for _ in range(4)], [person() for _ in range(4)]
    room = room_of(admin, *members, is_private=False)
    own = [client.say(room["room_id"])["message_id"] for client in members]
    calls = []
    for number, client in enumerate(members):
        path = url(room, f"messages/{own[number]}/")
        calls += [partial(write, client, room, 4),
                  partial(twin(client).patch, path, json={"content": "edited"}),
                  partial(twin(admin).delete, path),
                  partial(crowd[number].post, url(room, "join/")),
                  partial(set_admin, twin(admin), room, client.id, True),
                  partial(twin(admin).patch, url(room), json={"name": f"name {number}"})]
    at_once(calls)
    kinds = Counter(event["type"] for event in sequence(admin, room))
    edits = kinds.pop("message_edited", 0)
    assert kinds == {"user_invited": 8, "new_message": 20, "message_deleted": 4,
                     "member_updated": 4, "room_updated": 4}
    assert edits <= 4
