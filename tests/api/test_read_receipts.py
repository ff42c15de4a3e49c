"""Who has read: the read marks of the members of a room, for users who show their own."""
import pytest

from support.client import Client
from support.rooms import message_url, url
from support.shapes import A_TIME, refusal, wrong
from support.sockets import in_room


def read(client, message):
    answer = client.post(f"/api/chat/rooms/{message['room_id']}/read/",
                         json={"message_id": message["message_id"]})
    assert answer.status_code == 200, answer.text


def share(client, share_read):
    answer = client.patch("/api/auth/me/", json={"share_read": share_read})
    assert (answer.status_code, answer.json()["share_read"]) == (200, share_read)


def marks(client, room):
    """By user: the last message read."""
    answer = client.get(url(room, "reads/"))
    assert answer.status_code == 200, answer.text
    page = answer.json()
    assert list(page) == ["count", "next", "previous", "results"]
    assert page["count"] == len(page["results"])
    return {item["user_id"]: item["last_read_message_id"] for item in page["results"]}


def readers(client, message):
    answer = client.get(message_url(message) + "reads/")
    assert answer.status_code == 200, answer.text
    page = answer.json()
    assert list(page)[0] == "count"
    assert page["count"] == len(page["results"])
    return [item["user_id"] for item in page["results"]]


def test_a_receipt_is_a_user_a_message_and_a_time(pair):
    alice, bob, room = pair
    message = alice.say(room["room_id"])
    read(bob, message)
    for path in (url(room, "reads/"), message_url(message) + "reads/"):
        results = alice.get(path).json()["results"]
        assert [list(item) for item in results] == [
            ["user_id", "last_read_message_id", "read_at"]] * 2
        assert [(item["user_id"], item["last_read_message_id"]) for item in results] == [
            (alice.id, message["message_id"]), (bob.id, message["message_id"])]
        assert [item["read_at"] for item in results] == [A_TIME] * 2
        assert results[0]["read_at"] == message["created_at"] < results[1]["read_at"]


def test_posting_counts_as_reading(pair):
    alice, bob, room = pair
    first = alice.say(room["room_id"])
    assert readers(bob, first) == [alice.id]
    second = bob.say(room["room_id"])
    assert readers(alice, first) == [alice.id, bob.id]
    assert readers(alice, second) == [bob.id]
    assert marks(alice, room) == {alice.id: first["message_id"], bob.id: second["message_id"]}


def test_a_member_who_has_read_nothing_since_joining_has_no_receipt(pair, user):
    alice, bob, room = pair
    message = alice.say(room["room_id"])
    carol = user()
    alice.invite(room["room_id"], carol)
    assert marks(alice, room)[carol.id] is None
    assert readers(alice, message) == [alice.id]
    with in_room(alice, room["room_id"]) as live:
        # The mark is there already: nothing was unread. Now it is read.
        for _ in range(2):
            read(carol, message)
        read(bob, message)
        assert [live.until("message_read")["user_id"] for _ in range(2)] == [carol.id, bob.id]
    assert marks(alice, room) == dict.fromkeys((alice.id, bob.id, carol.id),
                                               message["message_id"])
    assert readers(alice, message) == [alice.id, bob.id, carol.id]


def test_an_empty_room_has_no_receipts(pair):
    alice, bob, room = pair
    assert marks(alice, room) == {alice.id: None, bob.id: None}


def test_a_direct_room_shows_who_has_read(user):
    alice, bob = user(), user()
    room = alice.post("/api/chat/rooms/direct/", json={"user_id": bob.id}).json()
    message = alice.say(room["room_id"])
    assert readers(alice, message) == [alice.id]
    read(bob, message)
    assert readers(alice, message) == [alice.id, bob.id]


def test_a_member_who_has_left_has_no_receipt(pair):
    alice, bob, room = pair
    message = bob.say(room["room_id"])
    bob.post(url(room, "remove_member/"), json={"user_id": bob.id})
    assert readers(alice, message) == []
    assert list(marks(alice, room)) == [alice.id]


def test_a_page_of_receipts_has_limit_and_offset(pair):
    alice, bob, room = pair
    message = alice.say(room["room_id"])
    read(bob, message)
    for path in (url(room, "reads/"), message_url(message) + "reads/"):
        page = alice.get(path, params={"limit": 1}).json()
        assert (page["count"], [item["user_id"] for item in page["results"]]) == (2, [alice.id])
        page = alice.get(path, params={"limit": 1, "offset": 1}).json()
        assert ([item["user_id"] for item in page["results"]], page["next"]) == ([bob.id], None)
        assert alice.get(path, params={"limit": 0}).json() == wrong("limit")


def test_a_message_of_another_room_has_no_receipts(pair):
    alice, _, room = pair
    message = alice.say(alice.room()["room_id"])
    path = url(room, f"messages/{message['message_id']}/reads/")
    assert alice.get(path).status_code == 404


@pytest.mark.slow("an instance of its own")
@pytest.mark.parametrize("most, members, status", [(2, 2, 200), (2, 3, 403), (0, 2, 403)])
def test_a_room_of_too_many_members_shows_no_receipts(shared, most, members, status):
    instance = shared(CONFAB_RECEIPTS_MEMBERS=most)
    alice = Client(instance).register()
    room = alice.room()
    for _ in range(members - 1):
        alice.invite(room["room_id"], Client(instance).register())
    message = alice.say(room["room_id"])
    for path in (url(room, "reads/"), message_url(message) + "reads/"):
        answer = alice.get(path)
        assert answer.status_code == status, answer.text
        if status == 403:
            assert answer.json() == refusal("too_many_members")


def test_users_share_what_they_have_read_unless_they_say_otherwise(user):
    client = user()
    assert client.get("/api/auth/me/").json()["share_read"] is True
    share(client, False)
    assert client.get("/api/auth/me/").json()["share_read"] is False
    # Other changes leave it alone, and it leaves them alone.
    client.patch("/api/auth/me/", json={"display_name": "Al"})
    share(client, False)
    me = client.get("/api/auth/me/").json()
    assert (me["share_read"], me["display_name"]) == (False, "Al")
    for value in ("maybe", None, [], 7):
        answer = client.patch("/api/auth/me/", json={"share_read": value})
        assert (answer.status_code, answer.json()) == (400, wrong("share_read"))


def test_a_user_who_does_not_share_neither_shows_nor_sees(pair):
    alice, bob, room = pair
    message = alice.say(room["room_id"])
    read(bob, message)
    share(bob, False)
    assert readers(alice, message) == [alice.id]
    assert list(marks(alice, room)) == [alice.id]
    for path in (url(room, "reads/"), message_url(message) + "reads/"):
        answer = bob.get(path)
        assert (answer.status_code, answer.json()) == (403, refusal("not_shared"))
    share(bob, True)
    assert readers(bob, message) == [alice.id, bob.id]


def receives_mark(live, alice, reader, room):
    """Whether the socket receives the mark when `reader` has read a new message."""
    read(reader, alice.say(room["room_id"]))
    last = alice.say(room["room_id"])
    kinds = []
    while kinds[-1:] != [last["message_id"]]:
        frame = live.next()
        kinds.append(frame["message"]["message_id"] if frame["type"] == "new_message"
                     else frame["type"])
    return "message_read" in kinds


def test_no_notice_goes_from_or_to_a_user_who_does_not_share(pair, user):
    alice, bob, room = pair
    carol = user()
    alice.invite(room["room_id"], carol)
    with in_room(alice, room["room_id"]) as to_alice, in_room(bob, room["room_id"]) as to_bob:
        share(bob, False)
        assert not receives_mark(to_alice, alice, bob, room)
        assert receives_mark(to_alice, alice, carol, room)
        # An open socket is notified of the choice a moment later.
        assert any(not receives_mark(to_bob, alice, carol, room) for _ in range(100))
        assert not receives_mark(to_bob, alice, carol, room)
        share(bob, True)
        assert any(receives_mark(to_bob, alice, carol, room) for _ in range(100))


@pytest.mark.slow("an instance of its own")
def test_the_choice_is_the_user_s_where_profiles_come_from_the_site(shared):
    client = Client(shared(CONFAB_PROFILE_EDIT="off")).register()
    share(client, False)
    answer = client.patch("/api/auth/me/", json={"share_read": True, "display_name": "Al"})
    assert (answer.status_code, answer.json()) == (403, refusal("profile_from_site"))
    assert client.get("/api/auth/me/").json()["share_read"] is False
