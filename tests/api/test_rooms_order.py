"""Long room lists: the order is exact on every page for any distribution of the last activity; and
the number of public rooms."""

import pytest

from support.client import Client
from support.confabctl import Tool
from support.rooms import ROOMS, url

# The last activity of the rooms: an expression over their ids.
TIMES = {
    "hours apart": "TIMESTAMP('2024-01-15') + INTERVAL room_id * 37 % 1009 HOUR",
    "a few in each minute": "TIMESTAMP('2024-01-15') + INTERVAL room_id * 37 % 1009 * 17 SECOND",
    "all within a minute": "TIMESTAMP('2024-01-15') + INTERVAL room_id * 7919 % 59999 "
                           "* 1000 MICROSECOND",
    "on both sides of a full minute": "TIMESTAMP('2024-01-15 10:29:59.999999') + "
                                      "INTERVAL room_id % 3 MICROSECOND",
    "all at once": "TIMESTAMP('2024-01-15')",
    "those of others long after": "IF(name = 'hers', TIMESTAMP('2024-01-15'), "
                                  "TIMESTAMP('2024-02-15')) + INTERVAL room_id * 37 % 1009 MINUTE",
    "those of others long before": "IF(name = 'hers', TIMESTAMP('2024-02-15'), "
                                   "TIMESTAMP('2024-01-15')) + INTERVAL room_id * 37 % 1009 MINUTE",
}

PAGES = [(1, 0), (1, 7), (3, 0), (3, 1), (5, 3), (10, 0), (10, 30), (20, 0), (20, 65), (50, 0),
         (200, 0), (7, 76), (7, 79), (7, 500)]


class Crowd:
    """Alice is in 40 private and 40 public rooms, bob in as many others."""

    def __init__(self, instance):
        self.instance = instance
        self.alice, self.bob = (Client(instance).register() for _ in range(2))
        for number in range(80):
            is_private = number % 2 == 0
            self.alice.room("hers", is_private=is_private)
            room = self.bob.room("his", is_private=is_private)
        self.bob.say(room["room_id"])

    def expect(self, public):
        """Room ids in the order of the list."""
        whose = "is_private = FALSE" if public else f"created_by_id = {self.alice.id}"
        return [room for room, in self.instance.sql(
            f"SELECT room_id FROM room WHERE {whose} ORDER BY last_active_at DESC, room_id DESC")]


@pytest.fixture(scope="module")
def crowd(make_instance):
    return Crowd(make_instance(CONFAB_PROCESSES="1"))


@pytest.mark.slow("reads long lists page by page")
@pytest.mark.parametrize("public", [False, True], ids=["own", "public"])
@pytest.mark.parametrize("times", TIMES)
def test_every_page_has_its_rooms_in_exact_order(crowd, times, public):
    crowd.instance.sql(f"UPDATE room SET last_active_at = {TIMES[times]}")
    expected = crowd.expect(public)
    assert len(expected) == 80
    for limit, offset in PAGES:
        query = f"?limit={limit}&offset={offset}&public={int(public)}"
        for _ in range(2):
            first = crowd.alice.get(ROOMS + query)
            page = first.json()
            assert page["count"] == 80
            assert [room["room_id"] for room in page["results"]] == expected[offset:offset + limit]
        again = crowd.alice.get(ROOMS + query, headers={"If-None-Match": first.headers["ETag"]})
        assert again.status_code == 304


@pytest.mark.parametrize("public", [False, True], ids=["own", "public"])
def test_a_room_in_a_list_matches_its_own_page(crowd, public):
    room = crowd.alice.room("hers", is_private=False)
    try:
        crowd.alice.invite(room["room_id"], crowd.bob)
        crowd.bob.say(room["room_id"])
        shown = crowd.alice.get(f"{ROOMS}?limit=3&public={int(public)}").json()["results"][0]
        assert shown == crowd.alice.get(url(room)).json()
        assert (shown["unread_count"], shown["is_admin"]) == (1, True)
    finally:
        crowd.alice.delete(url(room))


def test_a_direct_room_in_a_list_has_the_name_of_the_other_member(crowd):
    room = crowd.bob.post(f"{ROOMS}direct/", json={"user_id": crowd.alice.id}).json()
    for client, other in ((crowd.alice, crowd.bob), (crowd.bob, crowd.alice)):
        shown = client.get(f"{ROOMS}?limit=3").json()["results"][0]
        assert (shown["room_id"], shown["name"]) == (room["room_id"], other.name)


def test_the_number_of_public_rooms_stays_correct(crowd):
    alice, bob = crowd.alice, crowd.bob

    def count():
        return alice.get(f"{ROOMS}?public=1&limit=1").json()["count"]

    first = count()
    open_one, closed = alice.room(is_private=False), alice.room()
    assert count() == first + 1
    alice.patch(url(closed), json={"name": "still closed"})
    alice.patch(url(open_one), json={"name": "still open", "is_private": False})
    assert count() == first + 1
    alice.patch(url(closed), json={"is_private": False})
    assert count() == first + 2
    alice.patch(url(closed), json={"is_private": True})
    assert count() == first + 1
    alice.delete(url(closed))
    assert count() == first + 1
    alice.post(url(open_one, "remove_member/"), json={"user_id": alice.id})
    assert count() == first
    doomed, private = bob.room(is_private=False), bob.room()
    Tool(crowd.instance)("room", "delete", doomed["room_id"], "--yes")
    Tool(crowd.instance)("room", "delete", private["room_id"], "--yes")
    assert count() == first
    bob.post(url(bob.room(), "remove_member/"), json={"user_id": bob.id})
    assert count() == first
