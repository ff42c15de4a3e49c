"""client_id: a message posted twice with the same client_id is created once."""
import pytest

from support.rooms import ROOMS
from support.shapes import wrong

FACE = "\U0001f600"


def post(client, room, **body):
    return client.post(f"{ROOMS}{room['room_id']}/messages/", json={"content": "hello", **body})


def shown(client, room):
    return client.get(f"{ROOMS}{room['room_id']}/").json()


def test_a_message_carries_its_client_id(user):
    alice = user()
    room = alice.room()
    answer = post(alice, room, client_id="abc-1")
    assert (answer.status_code, answer.json()["client_id"]) == (201, "abc-1")
    assert shown(alice, room)["last_message"] == answer.json()


def test_a_repeated_client_id_returns_the_first_message_and_changes_nothing(user):
    alice = user()
    room = alice.room()
    first = post(alice, room, client_id="abc").json()
    before = shown(alice, room)
    again = post(alice, room, client_id="abc")
    assert (again.status_code, again.json()) == (200, first)
    assert shown(alice, room) == before
    assert len(alice.events(room["room_id"])) == 1


def test_other_content_with_a_repeated_client_id_is_not_posted(user):
    alice = user()
    room = alice.room()
    first = post(alice, room, client_id="abc").json()
    again = post(alice, room, client_id="abc", content="other", message_type="file",
                 reply_to_id=first["message_id"])
    assert (again.status_code, again.json()) == (200, first)


def test_a_client_id_repeated_after_other_messages_returns_the_first_message(user):
    alice = user()
    room = alice.room()
    first = post(alice, room, client_id="abc").json()
    alice.say(room["room_id"])
    alice.say(room["room_id"])
    assert post(alice, room, client_id="abc").json() == first
    assert shown(alice, room)["message_count"] == 3


def test_a_repeated_client_id_returns_the_current_state_of_the_message(user):
    alice = user()
    room = alice.room()
    first = post(alice, room, client_id="abc").json()
    path = f"{ROOMS}{room['room_id']}/messages/{first['message_id']}/"
    edited = alice.patch(path, json={"content": "edited"}).json()
    assert post(alice, room, client_id="abc").json() == edited
    alice.delete(path)
    again = post(alice, room, client_id="abc")
    assert (again.status_code, again.json()) == (200, {**edited, "content": "",
                                                       "is_deleted": True})


def test_a_repeated_client_id_moves_no_read_mark(user):
    alice, bob = user(), user()
    room = alice.room()
    alice.invite(room["room_id"], bob)
    post(bob, room, client_id="abc")
    alice.say(room["room_id"])
    post(bob, room, client_id="abc")
    assert shown(bob, room)["unread_count"] == 1


def test_invalid_content_with_a_repeated_client_id_is_refused(user):
    alice = user()
    room = alice.room()
    post(alice, room, client_id="abc")
    answer = post(alice, room, client_id="abc", content=" ")
    assert (answer.status_code, answer.json()) == (400, wrong("content"))


def test_two_senders_may_use_the_same_client_id(user):
    alice, bob = user(), user()
    room = alice.room()
    alice.invite(room["room_id"], bob)
    answers = [post(alice, room, client_id="1"), post(bob, room, client_id="1")]
    assert [answer.status_code for answer in answers] == [201, 201]
    assert [answer.json()["sender_id"] for answer in answers] == [alice.id, bob.id]


def test_one_client_id_in_two_rooms_creates_two_messages(user):
    alice = user()
    rooms = [alice.room(), alice.room()]
    answers = [post(alice, room, client_id="1") for room in rooms]
    assert [answer.status_code for answer in answers] == [201, 201]
    assert [answer.json()["room_id"] for answer in answers] == [room["room_id"] for room in rooms]


def test_a_client_id_stays_taken_after_its_sender_left_and_returned(user):
    alice, bob = user(), user()
    room = alice.room()
    alice.invite(room["room_id"], bob)
    first = post(bob, room, client_id="1").json()
    bob.post(f"{ROOMS}{room['room_id']}/remove_member/", json={"user_id": bob.id})
    assert post(bob, room, client_id="1").status_code == 404
    alice.invite_back(room["room_id"], bob)
    again = post(bob, room, client_id="1")
    assert (again.status_code, again.json()) == (200, first)


DIFFERENT = ["a", "a ", " a", "A", "á", "a\u0301", "à", "ａ", "a\u200b", "a\t", "ß", "ss", "ſ",
             "i", "I", "İ", "ı", "0", "00", FACE, FACE * 2, "\U0001f601", "x" * 63, "x" * 64,
             FACE * 63, FACE * 64, " ", "  ", "\u3000", "%", "_", "\\", "'", '"', "c", "s", "null"]


def test_client_ids_are_compared_exactly(user):
    alice = user()
    room = alice.room()
    answers = [post(alice, room, client_id=name) for name in DIFFERENT]
    assert [answer.status_code for answer in answers] == [201] * len(DIFFERENT)
    assert [answer.json()["client_id"] for answer in answers] == DIFFERENT
    repeated = [post(alice, room, client_id=name) for name in DIFFERENT]
    assert [answer.status_code for answer in repeated] == [200] * len(DIFFERENT)
    assert [answer.json() for answer in repeated] == [answer.json() for answer in answers]


@pytest.mark.parametrize("fields", [{}, {"client_id": None}], ids=["missing", "null"])
def test_without_a_client_id_every_post_creates_a_message(user, fields):
    alice = user()
    room = alice.room()
    answers = [post(alice, room, **fields) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [201, 201]
    assert [answer.json()["client_id"] for answer in answers] == [None, None]
    assert shown(alice, room)["message_count"] == 2


@pytest.mark.parametrize("value", ["", "x" * 65, FACE * 65, " " * 65, True, [], {}],
                         ids=lambda value: ascii(value)[:30])
def test_an_invalid_client_id_is_refused(user, value):
    alice = user()
    room = alice.room()
    answer = post(alice, room, client_id=value)
    assert (answer.status_code, answer.json()) == (400, wrong("client_id"))
    assert shown(alice, room) == room


def test_a_client_id_never_collides_with_a_generated_key(user, instance):
    alice = user()
    room = alice.room()
    post(alice, room)
    [(key,)] = instance.sql("SELECT client_id FROM message WHERE room_id = ?", room["room_id"])
    for name in (key, key[1:]):
        answer = post(alice, room, client_id=name)
        assert (answer.status_code, answer.json()["client_id"]) == (201, name)
