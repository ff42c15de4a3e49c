"""The messages of a room, newest first, by offset."""
import pytest

from support.rooms import ROOMS
from support.shapes import a_page, wrong


def path(room):
    return f"{ROOMS}{room['room_id']}/messages/"


def fill(client, room, count):
    """Posts this many messages and returns them in the order of the list, newest first."""
    return [client.say(room["room_id"], f"number {i}") for i in range(1, count + 1)][::-1]


@pytest.fixture
def ten(user):
    """A user with a room of ten messages."""
    alice = user()
    room = alice.room()
    return alice, room, fill(alice, room, 10)


def page(client, room, query=""):
    answer = client.get(path(room) + query)
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_a_new_room_has_no_messages(user):
    alice = user()
    assert page(alice, alice.room()) == a_page([])


def test_messages_are_listed_newest_first(ten):
    alice, room, messages = ten
    assert page(alice, room) == a_page(messages)


def test_every_member_sees_all_messages_including_those_from_before_joining(ten, user):
    alice, room, messages = ten
    bob = user()
    alice.invite(room["room_id"], bob)
    assert page(bob, room) == a_page(messages)


def test_messages_of_other_rooms_are_not_listed(ten):
    alice, _, _ = ten
    assert page(alice, alice.room()) == a_page([])


@pytest.mark.parametrize("limit, offset, next, previous", [
    (3, 0, "limit=3&offset=3", None), (3, 3, "limit=3&offset=6", "limit=3"),
    (3, 6, "limit=3&offset=9", "limit=3&offset=3"), (3, 9, None, "limit=3&offset=6"),
    (3, 1, "limit=3&offset=4", "limit=3"), (3, 7, None, "limit=3&offset=4"),
    (10, 0, None, None), (9, 0, "limit=9&offset=9", None), (11, 0, None, None),
    (5, 5, None, "limit=5"), (1, 9, None, "limit=1&offset=8"), (3, 10, None, "limit=3&offset=7"),
    (3, 11, None, "limit=3&offset=8"), (200, 0, None, None), (200, 9, None, "limit=200"),
    (3, 2 ** 32, None, f"limit=3&offset={2 ** 32 - 3}"),
    (3, 2 ** 63, None, f"limit=3&offset={2 ** 63 - 3}")])
def test_a_page_has_links_to_its_neighbours(ten, instance, limit, offset, next,
                                            previous):
    alice, room, messages = ten

    def link(query):
        return query and f"{instance.url}{path(room)}?{query}"
    assert page(alice, room, f"?limit={limit}&offset={offset}") == a_page(
        messages[offset:offset + limit], count=10, next=link(next), previous=link(previous))


@pytest.mark.parametrize("offset", [2 ** 64, 10 ** 30])
def test_an_offset_beyond_64_bits_is_an_empty_page(ten, offset):
    alice, room, _ = ten
    found = page(alice, room, f"?offset={offset}")
    assert (found["results"], found["count"], found["next"]) == ([], 10, None)


def test_an_offset_without_a_limit_shows_fifty(ten, instance):
    alice, room, messages = ten
    assert page(alice, room, "?offset=4") == a_page(
        messages[4:], count=10, previous=f"{instance.url}{path(room)}?limit=50")


def test_a_page_has_fifty_messages_by_default(user, instance):
    alice = user()
    room = alice.room()
    messages = fill(alice, room, 51)
    assert page(alice, room) == a_page(messages[:50], count=51,
                                       next=f"{instance.url}{path(room)}?limit=50&offset=50")


def test_links_can_be_followed_to_the_end_and_back(ten, instance):
    alice, room, messages = ten
    seen, urls, url = [], [], f"{instance.url}{path(room)}?limit=4"
    while url:
        urls.append(url)
        found = page(alice, room, url.partition(path(room))[2])
        seen += found["results"]
        url = found["next"]
    assert seen == messages
    while found["previous"]:
        found = page(alice, room, found["previous"].partition(path(room))[2])
    assert found["results"] == messages[:4]


def test_the_count_includes_deleted_messages(ten):
    alice, room, messages = ten
    for message in messages[2:5]:
        alice.delete(f"{path(room)}{message['message_id']}/")
    found = page(alice, room)
    assert found["count"] == 10
    assert [entry["message_id"] for entry in found["results"]] == \
        [message["message_id"] for message in messages]
    assert [entry["is_deleted"] for entry in found["results"]] == [False] * 2 + [True] * 3 + \
        [False] * 5


def test_a_path_without_its_trailing_slash_is_the_same_list(ten):
    alice, room, messages = ten
    answer = alice.get(path(room)[:-1])
    assert answer.json() == a_page(messages)


BAD_NUMBERS = ["", "-1", "+1", "1.0", "1e1", "x", "0x1", "%20", "1%20", "%", "%zz",
               "%D9%A3"]


@pytest.mark.parametrize("value", BAD_NUMBERS)
@pytest.mark.parametrize("name", ["limit", "offset", "before", "after"])
def test_parameters_that_are_not_integers_are_refused(ten, name, value):
    alice, room, _ = ten
    answer = alice.get(f"{path(room)}?{name}={value}")
    assert (answer.status_code, answer.json()) == (400, wrong(name))


def test_a_limit_of_zero_is_refused(ten):
    alice, room, _ = ten
    answer = alice.get(f"{path(room)}?limit=0")
    assert (answer.status_code, answer.json()) == (400, wrong("limit"))


def test_an_unchanged_page_is_304_until_something_changes(ten, user):
    alice, room, messages = ten
    first = f"{path(room)}{messages[0]['message_id']}/"
    for change in (lambda: alice.say(room["room_id"]),
                   lambda: alice.patch(first, json={"content": "edited"}),
                   lambda: alice.delete(first)):
        tag = {"If-None-Match": alice.get(path(room)).headers["ETag"]}
        unchanged = alice.get(path(room), headers=tag)
        assert (unchanged.status_code, unchanged.content) == (304, b"")
        change()
        assert alice.get(path(room), headers=tag).status_code == 200


def test_a_former_member_gets_no_304(ten, user):
    alice, room, _ = ten
    bob = user()
    alice.invite(room["room_id"], bob)
    tag = {"If-None-Match": bob.get(path(room)).headers["ETag"]}
    bob.post(f"{ROOMS}{room['room_id']}/remove_member/", json={"user_id": bob.id})
    assert bob.get(path(room), headers=tag).status_code == 404
