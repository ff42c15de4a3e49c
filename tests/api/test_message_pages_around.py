"""?around=: a message with its neighbours, and the links to what is beyond them."""
import pytest

from support.rooms import url
from support.shapes import wrong


@pytest.fixture(scope="module")
def place(user):
    """A client, a room of it, and the ids of its ten messages, oldest first."""
    client = user()
    room = client.room("Ten")
    ids = [client.say(room["room_id"], f"number {n}")["message_id"] for n in range(1, 11)]
    return client, room, ids


def around(place, number, limit, status=200):
    client, room, ids = place
    answer = client.get(url(room, "messages/"), params={"around": ids[number - 1], "limit": limit})
    assert answer.status_code == status, answer.text
    return answer.json()


def follow(client, link):
    return client.get(link.removeprefix(client.instance.url)).json()


def numbers(page):
    return [int(message["content"].split()[1]) for message in page["results"]]


@pytest.mark.parametrize("number, limit, wanted", [
    (5, 5, [7, 6, 5, 4, 3]), (5, 4, [7, 6, 5, 4]), (5, 2, [6, 5]), (5, 1, [5]), (5, 3, [6, 5, 4]),
    # Fewer newer ones: more older ones take their places, but not the other way round.
    (10, 4, [10, 9, 8, 7]), (9, 6, [10, 9, 8, 7, 6, 5]), (1, 6, [4, 3, 2, 1]),
    (5, 200, [10, 9, 8, 7, 6, 5, 4, 3, 2, 1]),
], ids=str)
def test_half_of_the_page_at_most_is_newer(place, number, limit, wanted):
    page = around(place, number, limit)
    assert numbers(page) == wanted
    assert page["count"] == 10


def test_next_and_previous_go_on_by_cursor(place):
    client, _, _ = place
    page = around(place, 5, 3)
    assert numbers(follow(client, page["next"])) == [3, 2, 1]
    assert numbers(follow(client, page["previous"])) == [9, 8, 7]
    assert "around" not in page["next"] + page["previous"]
    assert around(place, 10, 3)["previous"] is None
    assert around(place, 1, 3)["next"] is None


def test_the_message_itself_is_in_a_page_that_is_too_long(user):
    client = user()
    room = client.room("Long")
    ids = [client.say(room["room_id"], f"{n} " + "\U0001f600" * 7990)["message_id"]
           for n in range(80)]
    page = client.get(url(room, "messages/"), params={"around": ids[40], "limit": 200}).json()
    found = [message["message_id"] for message in page["results"]]
    # As many on either side, together less than 1 MiB.
    assert abs(len(found) - 1 - 2 * found.index(ids[40])) <= 1
    assert 28 <= len(found) <= 34
    older, newer = (follow(client, page[link])["results"] for link in ("next", "previous"))
    at = ids.index(found[-1])
    assert older[0]["message_id"] == ids[at - 1]
    assert newer[-1]["message_id"] == ids[at + len(found)]


def test_what_is_no_message_of_the_room_is_400(place, user):
    client, room, ids = place
    other = user()
    foreign = other.say(other.room("Other")["room_id"])["message_id"]
    path = url(room, "messages/")
    for value in (foreign, 0, 2 ** 62, 2 ** 64, "x", "-1", ""):
        assert client.get(path, params={"around": value}).json() == wrong("around")
    assert client.get(path, params={"around": ids[0], "before": ids[1]}).json() == \
        wrong(around="conflicting")


def test_a_deleted_message_has_neighbours_too(user):
    client = user()
    room = client.room("Deleted")
    ids = [client.say(room["room_id"])["message_id"] for _ in range(3)]
    client.delete(url(room, f"messages/{ids[1]}/"))
    page = client.get(url(room, "messages/"), params={"around": ids[1]}).json()
    assert [message["message_id"] for message in page["results"]] == ids[::-1]
