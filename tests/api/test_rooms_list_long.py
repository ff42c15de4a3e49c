"""A short page of a long list of rooms, which is found by walking down all rooms by last activity,
or by sorting the list where its rooms are far down."""
import pytest

from support.client import Client
from support.confabctl import hold_housekeeping
from support.counters import spent
from support.rooms import ROOMS, remove

pytestmark = pytest.mark.slow("a user of thousands of rooms")

HERS = 100      # a walk is tried from 32 times the page on
OWN, PUBLIC = f"{ROOMS}?limit=3", f"{ROOMS}?limit=3&public=1"
LISTS = pytest.mark.parametrize("path", [OWN, PUBLIC], ids=["own", "public"])


@pytest.fixture(scope="module")
def system(make_instance):
    """An instance that sends no statement but for requests."""
    system = make_instance(CONFAB_PROCESSES="1")
    hold_housekeeping(system)
    return system


@pytest.fixture
def alice(system):
    """Her public rooms are the only ones and the latest, last active an hour apart."""
    system.sql("UPDATE room SET is_private = TRUE, last_active_at = '2020-01-01'")
    system.sql("UPDATE total SET number = 0 WHERE name = 'public_rooms'")
    alice = Client(system).register()
    for number in range(HERS):
        room = alice.room(f"room {number}", is_private=False)
    alice.say(room["room_id"])
    move(system, alice, "TIMESTAMP('2124-01-15') + INTERVAL room_id HOUR")
    return alice


def move(system, alice, time):
    """Sets the last activity of her rooms to `time`, an expression over their ids."""
    system.sql(f"UPDATE room SET last_active_at = {time} WHERE created_by_id = {alice.id}")


def move_into_one_minute(system, alice, count):
    """Moves this many of the latest rooms into one minute, in descending order of their ids."""
    ids = ", ".join(map(str, expected(system, alice, count)))
    move(system, alice, f"IF(room_id IN ({ids}), TIMESTAMP('2224-01-15 10:30:59.999999') - "
                        "INTERVAL room_id MICROSECOND, last_active_at)")


def listed(client, path):
    """Room ids."""
    answer = client.get(path)
    assert answer.status_code == 200, answer.text
    return [room["room_id"] for room in answer.json()["results"]]


def expected(system, alice, count=3):
    return [room for room, in system.sql(
        f"SELECT room_id FROM room JOIN member USING (room_id) WHERE user_id = {alice.id} "
        f"ORDER BY last_active_at DESC, room_id DESC LIMIT {count}")]


# ---- cost ----

@LISTS
def test_few_rows_beyond_the_page_are_read(system, alice, path):
    assert spent(system, lambda: listed(alice, path), "Handler_read_key", "Handler_read_next",
                 "Handler_read_prev") < HERS


# ---- changes between reads ----

@LISTS
@pytest.mark.parametrize("latest", [2, 3, 4, HERS])
def test_the_order_is_exact_for_rooms_active_at_the_same_time(system, alice, path, latest):
    move_into_one_minute(system, alice, latest)
    for _ in range(3):
        assert listed(alice, path) == expected(system, alice)


@LISTS
def test_a_message_moves_its_room_to_the_front(system, alice, path):
    move(system, alice, "TIMESTAMP('2024-01-15') + INTERVAL room_id HOUR")
    later = expected(system, alice)
    oldest = expected(system, alice, HERS)[-1]
    alice.say(oldest)
    assert listed(alice, path) == [oldest, *later[:2]]


@LISTS
def test_consecutive_pages_repeat_no_room(system, alice, path):
    move(system, alice, "TIMESTAMP('2124-01-15 10:30:00') + INTERVAL room_id * 7 SECOND")
    seen, next_page = [], path
    while next_page:
        page = alice.get(next_page.removeprefix(system.url)).json()
        seen += [room["room_id"] for room in page["results"]]
        next_page = page["next"]
    assert seen == expected(system, alice, HERS)


@LISTS
def test_a_deleted_room_leaves_the_page(system, alice, path):
    first, *rest = expected(system, alice, 4)
    assert alice.delete(f"{ROOMS}{first}/").status_code == 204
    for _ in range(2):
        assert listed(alice, path) == rest


def test_a_room_made_private_leaves_the_public_page(system, alice):
    first, *rest = expected(system, alice, 4)
    assert alice.patch(f"{ROOMS}{first}/", json={"is_private": True}).status_code == 200
    for _ in range(2):
        assert listed(alice, PUBLIC) == rest
    assert listed(alice, OWN) == [first, *rest[:2]]


def test_a_room_that_was_left_leaves_the_page(system, alice):
    bob = Client(system).register()
    first, *rest = expected(system, alice, 4)
    alice.invite(first, bob)
    assert remove(alice, {"room_id": first}, alice.id).status_code == 204
    for _ in range(2):
        assert listed(alice, OWN) == rest
        assert listed(alice, PUBLIC) == [first, *rest[:2]]


def test_a_list_that_became_short_is_complete(system, alice):
    kept = expected(system, alice, 2)
    for room in expected(system, alice, HERS)[2:]:
        assert alice.delete(f"{ROOMS}{room}/").status_code == 204
    for _ in range(2):
        for path in (OWN, PUBLIC):
            page = alice.get(path).json()
            assert [room["room_id"] for room in page["results"]] == kept
            assert page["count"] == 2


def test_a_list_whose_rooms_follow_many_others_is_complete(system, alice):
    others = Client(system).register()
    for number in range(2 * HERS):
        others.room(f"other {number}")
    system.sql("UPDATE room SET last_active_at = TIMESTAMP('2324-01-15') + INTERVAL room_id HOUR "
               f"WHERE created_by_id = {others.id}")
    for _ in range(3):
        assert listed(alice, OWN) == expected(system, alice)


def test_pages_of_different_sizes_agree(system, alice):
    everything = expected(system, alice, HERS)
    for _ in range(2):
        for limit, offset in ((3, 0), (200, 0), (3, HERS - 1), (3, HERS), (3, 2 ** 64 - 4), (1, 9)):
            for public in (0, 1):
                path = f"{ROOMS}?limit={limit}&offset={offset}&public={public}"
                assert listed(alice, path) == everything[offset:offset + limit]
                assert alice.get(path).json()["count"] == HERS
