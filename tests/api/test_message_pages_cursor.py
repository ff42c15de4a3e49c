"""The messages of a room by cursor, which stays valid while messages arrive."""
import pytest

from support.rooms import ROOMS
from support.shapes import a_page, wrong


def path(room):
    return f"{ROOMS}{room['room_id']}/messages/"


def fill(client, room, count):
    """Posts this many messages and returns them, oldest first."""
    return [client.say(room["room_id"], f"number {i}") for i in range(1, count + 1)]


@pytest.fixture
def ten(user):
    """A user, a room and its ten messages, oldest first."""
    alice = user()
    room = alice.room()
    return alice, room, fill(alice, room, 10)


def page(client, room, query):
    answer = client.get(f"{path(room)}?{query}")
    assert answer.status_code == 200, answer.text
    return answer.json()


def follow(client, room, url):
    return page(client, room, url.partition("?")[2])


# The query, of ten messages; the oldest and newest shown; the message in the link to the older page
# (before=) and in that to the newer one (after=). 0 is the start.
PAGES = [
    ("before", 10, 3, (7, 9), 7, 9), ("before", 8, 3, (5, 7), 5, 7),
    ("before", 4, 3, (1, 3), None, 3), ("before", 3, 3, (1, 2), None, 2),
    ("before", 2, 3, (1, 1), None, 1), ("before", 1, 3, None, None, 0),
    ("before", 10, 9, (1, 9), None, 9), ("before", 10, 8, (2, 9), 2, 9),
    ("after", 0, 3, (1, 3), None, 3), ("after", 1, 3, (2, 4), 2, 4),
    ("after", 6, 3, (7, 9), 7, 9), ("after", 7, 3, (8, 10), 8, None),
    ("after", 8, 3, (9, 10), 9, None), ("after", 9, 3, (10, 10), 10, None),
    ("after", 0, 10, (1, 10), None, None), ("after", 0, 9, (1, 9), None, 9),
    ("after", 10, 3, None, None, None),
]


@pytest.mark.parametrize("cursor, at, limit, shown, older, newer", PAGES,
                         ids=[f"{row[0]}-{row[1]}-limit-{row[2]}" for row in PAGES])
def test_a_page_adjoins_its_cursor_and_links_to_its_neighbours(ten, instance, cursor, at,
                                                               limit, shown, older, newer):
    alice, room, messages = ten
    ids = [0] + [message["message_id"] for message in messages]

    def link(name, number):
        return None if number is None else \
            f"{instance.url}{path(room)}?{name}={ids[number]}&limit={limit}"
    results = messages[shown[0] - 1:shown[1]][::-1] if shown else []
    assert page(alice, room, f"{cursor}={ids[at]}&limit={limit}") == a_page(
        results, count=10, next=link("before", older), previous=link("after", newer))


def test_the_start_of_a_room_without_messages_is_an_empty_page(user):
    alice = user()
    assert page(alice, alice.room(), "after=0") == a_page([])


def test_a_cursor_page_has_fifty_messages_by_default(user):
    alice = user()
    room = alice.room()
    messages = fill(alice, room, 60)
    assert page(alice, room, "after=0")["results"] == messages[:50][::-1]
    assert page(alice, room, f"before={messages[-1]['message_id']}")["results"] == \
        messages[9:59][::-1]


def test_a_cursor_page_has_at_most_200_messages(user):
    alice = user()
    room = alice.room()
    messages = fill(alice, room, 202)
    assert page(alice, room, "after=0&limit=500")["results"] == messages[:200][::-1]
    assert page(alice, room, f"before={messages[-1]['message_id']}&limit=500")["results"] == \
        messages[1:201][::-1]


def test_paging_backward_shows_each_message_once_while_messages_arrive(ten):
    alice, room, messages = ten
    found = page(alice, room, f"before={messages[-1]['message_id']}&limit=2")
    seen = found["results"]
    while found["next"]:
        alice.say(room["room_id"], "in between")
        found = follow(alice, room, found["next"])
        seen += found["results"]
    assert seen == messages[:-1][::-1]


def test_paging_forward_shows_each_message_once_while_messages_arrive(ten):
    alice, room, messages = ten
    found = page(alice, room, "after=0&limit=3")
    seen = found["results"][::-1]
    arriving = 4
    while found["previous"]:
        if arriving:
            messages.append(alice.say(room["room_id"], "in between"))
            arriving -= 1
        found = follow(alice, room, found["previous"])
        seen += found["results"][::-1]
    assert seen == messages
    assert arriving == 0


def test_paging_in_both_directions_shows_the_same_messages(ten):
    alice, room, messages = ten
    found = page(alice, room, "after=0&limit=3")
    while found["previous"]:
        found = follow(alice, room, found["previous"])
    back = found["results"]
    while found["next"]:
        found = follow(alice, room, found["next"])
        back += found["results"]
    assert back == messages[::-1]


def test_a_new_message_shifts_pages_by_offset_but_not_by_cursor(ten):
    alice, room, messages = ten
    by_offset, by_cursor = "limit=3&offset=3", f"before={messages[7]['message_id']}&limit=3"
    assert page(alice, room, by_offset)["results"] == page(alice, room, by_cursor)["results"]
    alice.say(room["room_id"])
    assert page(alice, room, by_offset)["results"] == messages[5:8][::-1]
    assert page(alice, room, by_cursor)["results"] == messages[4:7][::-1]


def test_polling_after_the_last_message_shows_only_new_ones(ten):
    alice, room, messages = ten
    query = f"after={messages[-1]['message_id']}"
    assert page(alice, room, query)["results"] == []
    new = [alice.say(room["room_id"]) for _ in range(2)]
    assert page(alice, room, query) == a_page(
        new[::-1], count=12, next=f"{alice.instance.url}{path(room)}?before="
        f"{new[0]['message_id']}&limit=50")


def test_a_deleted_message_is_a_valid_cursor_and_keeps_its_position(ten):
    alice, room, messages = ten
    alice.delete(f"{path(room)}{messages[4]['message_id']}/")
    cursor = messages[4]["message_id"]
    assert page(alice, room, f"before={cursor}&limit=2")["results"] == messages[2:4][::-1]
    assert page(alice, room, f"after={cursor}&limit=2")["results"] == messages[5:7][::-1]
    around = page(alice, room, f"after={messages[3]['message_id']}&limit=1")["results"]
    assert around == [{**messages[4], "content": "", "is_deleted": True}]


def test_messages_of_other_rooms_do_not_affect_a_cursor(user):
    alice = user()
    room, other = alice.room(), alice.room()
    messages = []
    for _ in range(4):
        messages.append(alice.say(room["room_id"]))
        alice.say(other["room_id"])
    found = page(alice, room, f"before={messages[3]['message_id']}&limit=2")
    assert found["results"] == [messages[2], messages[1]]


@pytest.mark.parametrize("cursor", ["before", "after"])
@pytest.mark.parametrize("value", ["another room's", 2 ** 62, 2 ** 64 - 1, 2 ** 64, 10 ** 30])
def test_a_cursor_that_is_not_a_message_of_the_room_is_refused(ten, cursor, value):
    alice, room, _ = ten
    if value == "another room's":
        value = alice.say(alice.room()["room_id"])["message_id"]
    answer = alice.get(f"{path(room)}?{cursor}={value}")
    assert (answer.status_code, answer.json()) == (400, wrong(cursor))


def test_there_is_no_page_before_the_first_message(ten):
    alice, room, _ = ten
    answer = alice.get(f"{path(room)}?before=0")
    assert (answer.status_code, answer.json()) == (400, wrong("before"))


def test_two_cursors_at_once_are_refused(ten):
    alice, room, messages = ten
    number = messages[4]["message_id"]
    answer = alice.get(f"{path(room)}?before={number}&after={number}")
    assert (answer.status_code, answer.json()) == (400, wrong("after"))


@pytest.mark.parametrize("cursor", ["before=1", "after=0"])
def test_a_cursor_gives_non_members_no_access(user, cursor):
    alice, eve = user(), user()
    assert eve.get(f"{path(alice.room())}?{cursor}").status_code == 404
    assert eve.get(f"{path(alice.room(is_private=False))}?{cursor}").status_code == 403
