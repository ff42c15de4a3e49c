"""Repeated reads of a page of a long room list, own or public: a worker that has the names and the
length of the list in its cache reads the page and the identity by one statement. The answers and
errors are those of the first read, whatever changed in between."""
import pytest

from support.answers import assert_error
from support.client import Client
from support.confabctl import hold_housekeeping
from support.rooms import ROOMS, remove, url

HERS = 40
OWN, PUBLIC = f"{ROOMS}?limit=3", f"{ROOMS}?limit=3&public=1"
LISTS = pytest.mark.parametrize("path", [OWN, PUBLIC], ids=["own", "public"])
OLDER = {"If-None-Match": 'W/"old"'}    # reads the identity first


@pytest.fixture(scope="module")
def system(make_instance):
    """One process: what it has learned at the first request it knows at the second. No statement
    is sent but for requests."""
    system = make_instance(CONFAB_PROCESSES="1")
    hold_housekeeping(system)
    return system


@pytest.fixture
def alice(system):
    """Her public rooms are the only ones and the latest; their last activities are an hour apart.
    The worker has her name in its cache."""
    system.sql("UPDATE room SET is_private = TRUE, last_active_at = '2020-01-01'")
    system.sql("UPDATE total SET number = 0 WHERE name = 'public_rooms'")
    alice = Client(system).register()
    for number in range(HERS):
        room = alice.room(f"room {number}", is_private=False)
    alice.say(room["room_id"])
    move(system, alice, "TIMESTAMP('2124-01-15') + INTERVAL room_id HOUR")
    for path in (OWN, PUBLIC):
        for _ in range(2):
            listed(alice, path)
    return alice


def move(system, alice, time):
    """Sets the last activity of her rooms to `time`, an expression over their ids."""
    system.sql(f"UPDATE room SET last_active_at = {time} WHERE created_by_id = {alice.id}")


def crowd_minute(system, alice, count):
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


def cost(system, ask, names):
    """The database counters of ask(), the minimum of several runs, because others may read
    meanwhile."""
    query = ("SELECT CAST(SUM(variable_value) AS UNSIGNED) FROM information_schema.global_status "
             f"WHERE variable_name IN ({', '.join(repr(name) for name in names)})")

    def one(ask):
        (before,), = system.sql(query)
        ask()
        (after,), = system.sql(query)
        return after - before
    return min(one(ask) for _ in range(5)) - min(one(lambda: None) for _ in range(5))


def statements(system, ask):
    return cost(system, ask, ["Com_stmt_execute"])


def rows(system, ask):
    return cost(system, ask, ["Handler_read_key", "Handler_read_next", "Handler_read_prev"])


# ---- cost ----

@LISTS
def test_one_statement_reads_a_page(system, alice, path):
    assert statements(system, lambda: listed(alice, path)) == 1


@pytest.mark.parametrize("time", [
    "'2124-01-15 10:30:00' + INTERVAL room_id MICROSECOND",             # all within one minute
    "'2124-01-15 10:30:00' + INTERVAL room_id DIV 4 MINUTE"])           # a few
def test_one_statement_reads_a_page_of_public_rooms_that_ends_within_a_minute(system, alice, time):
    move(system, alice, time)
    assert listed(alice, PUBLIC) == expected(system, alice)
    assert statements(system, lambda: listed(alice, PUBLIC)) == 1


@LISTS
def test_few_rows_beyond_the_page_are_read(system, alice, path):
    assert rows(system, lambda: listed(alice, path)) < HERS


# ---- changes between reads ----

@LISTS
def test_body_and_etag_are_the_same_on_both_paths(alice, path):
    one, two = alice.get(path), alice.get(path, headers=OLDER)
    assert (one.status_code, two.status_code) == (200, 200)
    assert one.json() == two.json()
    assert one.json()["count"] == HERS
    assert one.headers["ETag"] == two.headers["ETag"]
    assert alice.get(path, headers={"If-None-Match": one.headers["ETag"]}).status_code == 304


@LISTS
def test_head_of_a_list_matches_get(alice, path):
    head, whole = alice.request("HEAD", path), alice.get(path)
    for name in ("ETag", "Content-Length", "Cache-Control", "Vary", "Allow"):
        assert head.headers[name] == whole.headers[name]


@LISTS
@pytest.mark.parametrize("latest", [1, 2, 3, 4, 5, HERS])
def test_the_order_is_exact_for_rooms_active_at_the_same_time(system, alice, path, latest):
    crowd_minute(system, alice, latest)
    for _ in range(3):
        assert listed(alice, path) == expected(system, alice)


@pytest.mark.parametrize("headers", [{}, OLDER], ids=["by token", "for a known caller"])
def test_a_page_is_exact_when_rooms_leave_the_minute_of_its_end(system, alice, headers):
    crowd_minute(system, alice, 5)
    path = f"{ROOMS}?limit=4&public=1"
    assert listed(alice, path) == expected(system, alice, 4)
    for left in (4, 3, 2):
        room = expected(system, alice, 1)[0]
        assert alice.delete(f"{ROOMS}{room}/").status_code == 204
        page = alice.get(path, headers=headers).json()
        assert [room["room_id"] for room in page["results"]] == expected(system, alice, 4)
        assert page["count"] == HERS - 5 + left


@pytest.mark.parametrize("headers", [{}, OLDER], ids=["by token", "for a known caller"])
def test_a_page_is_exact_when_rooms_move_to_the_front(system, alice, headers):
    crowd_minute(system, alice, 5)
    path = f"{ROOMS}?limit=4&public=1"
    for room in expected(system, alice, HERS)[5:12]:
        move(system, alice, f"IF(room_id = {room}, TIMESTAMP('2225-01-15') + INTERVAL room_id HOUR,"
                            " last_active_at)")
        page = alice.get(path, headers=headers).json()
        assert [room["room_id"] for room in page["results"]] == expected(system, alice, 4)


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


# ---- identity ----

@LISTS
def test_a_revoked_token_is_refused(alice, path):
    assert alice.delete("/api/auth/token/").status_code == 204
    assert assert_error(alice.get(path), 401)["detail"] == "Invalid token."


@LISTS
def test_a_disabled_user_is_refused_until_enabled(system, alice, path):
    before = listed(alice, path)
    system.confabctl("user", "disable", alice.name)
    assert assert_error(alice.get(path), 401)["detail"] == "User inactive or deleted."
    system.confabctl("user", "enable", alice.name)
    assert listed(alice, path) == before


def test_each_user_sees_their_own_fields_of_public_rooms(system, alice):
    bob = Client(system).register()
    room, *_ = expected(system, alice)
    alice.say(room)
    move(system, alice, "TIMESTAMP('2124-01-15') + INTERVAL room_id HOUR")
    for _ in range(2):
        mine, his = (client.get(PUBLIC).json()["results"][0] for client in (alice, bob))
        assert (mine["is_admin"], his["is_admin"]) == (True, False)
        assert his == bob.get(url(his)).json()
