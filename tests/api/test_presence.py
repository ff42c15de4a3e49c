"""Who is in a room right now, as the sockets' servers have written it into Redis."""
import pytest

from support.client import Client
from support.rooms import ROOMS
from support.wait import wait_for

PREFIX = "confab:"


def present(client, room):
    answer = client.get(f"{ROOMS}{room['room_id']}/presence/")
    assert answer.status_code == 200, answer.text
    return answer.json()


def online(*clients):
    people = sorted(clients, key=lambda client: client.name)
    return {"online": [{"user_id": client.id, "username": client.name} for client in people]}


def wait_until_present(client, room, *clients):
    """Waits, since on a busy machine Redis may not answer in the few milliseconds that a
    request has for it; then nobody is there."""
    wait_for(lambda: present(client, room) == online(*clients), 15)


def lease(instance, pushd, seconds=300):
    instance.redis("SET", f"{PREFIX}pushd:{pushd}", "1", "EX", seconds)


def enter(instance, room, pushd, client, sockets=1):
    instance.redis("HSET", f"{PREFIX}presence:{room['room_id']}", f"{pushd}/{client.id}", sockets)


def test_nobody_is_there_to_begin_with(pair):
    alice, _, room = pair
    assert present(alice, room) == {"online": []}


def test_who_has_a_socket_is_there(pair, instance):
    alice, bob, room = pair
    lease(instance, "one")
    enter(instance, room, "one", bob)
    wait_until_present(alice, room, bob)
    wait_until_present(bob, room, bob)


def test_everybody_who_has_a_socket_is_there_by_name(pair, instance):
    alice, bob, room = pair
    lease(instance, "one")
    enter(instance, room, "one", bob)
    enter(instance, room, "one", alice)
    wait_until_present(alice, room, alice, bob)


def test_who_is_connected_to_two_servers_is_there_once(pair, instance):
    alice, bob, room = pair
    for pushd in ("one", "two"):
        lease(instance, pushd)
        enter(instance, room, pushd, bob, sockets=2)
    wait_until_present(alice, room, bob)


def test_who_has_gone_is_not_there(pair, instance):
    alice, bob, room = pair
    lease(instance, "one")
    enter(instance, room, "one", alice)
    enter(instance, room, "one", bob)
    instance.redis("HDEL", f"{PREFIX}presence:{room['room_id']}", f"one/{bob.id}")
    wait_until_present(alice, room, alice)


def test_a_server_whose_lease_has_run_out_does_not_count(pair, instance):
    alice, bob, room = pair
    lease(instance, "living")
    lease(instance, "dead")
    enter(instance, room, "living", alice)
    enter(instance, room, "dead", bob)
    wait_until_present(alice, room, alice, bob)
    instance.redis("PEXPIRE", f"{PREFIX}pushd:dead", 1)
    wait_until_present(alice, room, alice)


def test_a_server_that_never_had_a_lease_does_not_count(pair, instance):
    alice, bob, room = pair
    lease(instance, "living")
    enter(instance, room, "living", alice)
    enter(instance, room, "unknown", bob)
    wait_until_present(alice, room, alice)


def test_one_living_server_is_enough(pair, instance):
    alice, bob, room = pair
    lease(instance, "living")
    enter(instance, room, "dead", bob)
    enter(instance, room, "living", bob)
    wait_until_present(alice, room, bob)


def test_presence_is_a_rooms_own(pair, instance):
    alice, bob, room = pair
    other = alice.room()
    lease(instance, "one")
    enter(instance, room, "one", bob)
    enter(instance, other, "one", alice)
    wait_until_present(alice, room, bob)
    wait_until_present(alice, other, alice)


def test_a_disabled_user_is_not_there(pair, instance):
    alice, bob, room = pair
    lease(instance, "one")
    enter(instance, room, "one", alice)
    enter(instance, room, "one", bob)
    assert instance.confabctl("user", "disable", bob.name).returncode == 0
    wait_until_present(alice, room, alice)


@pytest.mark.parametrize("field", ["", "/", "one", "one/", "/1", "one/x", "one/-1", "one/0",
                                   "one/99999999999999999999999", "one/4611686018427387904"])
def test_a_field_that_is_none_of_ours_counts_for_nobody(pair, instance, field):
    alice, bob, room = pair
    lease(instance, "one")
    enter(instance, room, "one", bob)
    instance.redis("HSET", f"{PREFIX}presence:{room['room_id']}", field, 1)
    wait_until_present(alice, room, bob)


@pytest.fixture
def crowd(instance):
    """The ids of many users, who are gone again afterwards."""
    instance.sql("INSERT INTO user (username, password_hash, created_at) "
                 "SELECT CONCAT('crowd-', seq), '', NOW(6) FROM seq_1_to_2500")
    yield instance.sql("SELECT user_id FROM user WHERE username LIKE 'crowd-%'")
    instance.sql("DELETE FROM user WHERE username LIKE 'crowd-%'")


def test_a_crowd_is_there_to_the_last_one(pair, instance, crowd):
    alice, _, room = pair
    lease(instance, "one")
    instance.redis("HSET", f"{PREFIX}presence:{room['room_id']}",
                   *[part for (number,) in crowd for part in (f"one/{number}", 1)])
    wait_for(lambda: len(present(alice, room)["online"]) == len(crowd), 15)


def test_without_redis_nobody_is_known_to_be_there(make_instance):
    instance = make_instance(CONFAB_PROCESSES=1)
    alice = Client(instance).register()
    room = alice.room()
    lease(instance, "one")
    enter(instance, room, "one", alice)
    wait_until_present(alice, room, alice)
    instance.end("redis")
    assert present(alice, room) == {"online": []}
