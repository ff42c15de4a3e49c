"""Who is online in a room, from the presence records that pushd keeps in Redis."""
import pytest

from support.client import Client
from support.rooms import ROOMS
from support.sockets import person
from support.wait import wait_for

PREFIX = "confab:"


def present(client, room):
    answer = client.get(f"{ROOMS}{room['room_id']}/presence/")
    assert answer.status_code == 200, answer.text
    return answer.json()


def online(*clients):
    people = sorted(clients, key=lambda client: client.name)
    return {"online": [person(client) for client in people]}


def wait_until_present(client, room, *clients):
    """Waits, because a request gives Redis only a few milliseconds; on a busy machine that may be
    too short, and the list is empty."""
    wait_for(lambda: present(client, room) == online(*clients), 15)


def lease(instance, pushd, seconds=300):
    instance.redis("SET", f"{PREFIX}pushd:{pushd}", "1", "EX", seconds)


def enter(instance, room, pushd, client, sockets=1):
    instance.redis("HSET", f"{PREFIX}presence:{room['room_id']}", f"{pushd}/{client.id}", sockets)


def test_a_new_room_has_no_user_online(pair):
    alice, _, room = pair
    assert present(alice, room) == {"online": []}


def test_a_member_with_a_socket_is_online(pair, instance):
    alice, bob, room = pair
    lease(instance, "one")
    enter(instance, room, "one", bob)
    wait_until_present(alice, room, bob)
    wait_until_present(bob, room, bob)


def test_all_members_with_sockets_are_online(pair, instance):
    alice, bob, room = pair
    lease(instance, "one")
    enter(instance, room, "one", bob)
    enter(instance, room, "one", alice)
    wait_until_present(alice, room, alice, bob)


def test_a_member_connected_to_two_servers_is_listed_once(pair, instance):
    alice, bob, room = pair
    for pushd in ("one", "two"):
        lease(instance, pushd)
        enter(instance, room, pushd, bob, sockets=2)
    wait_until_present(alice, room, bob)


def test_a_member_whose_last_socket_closed_is_not_listed(pair, instance):
    alice, bob, room = pair
    lease(instance, "one")
    enter(instance, room, "one", alice)
    enter(instance, room, "one", bob)
    instance.redis("HDEL", f"{PREFIX}presence:{room['room_id']}", f"one/{bob.id}")
    wait_until_present(alice, room, alice)


def test_users_of_a_server_with_an_expired_lease_are_not_listed(pair, instance):
    alice, bob, room = pair
    lease(instance, "living")
    lease(instance, "dead")
    enter(instance, room, "living", alice)
    enter(instance, room, "dead", bob)
    wait_until_present(alice, room, alice, bob)
    instance.redis("PEXPIRE", f"{PREFIX}pushd:dead", 1)
    wait_until_present(alice, room, alice)


def test_users_of_a_server_without_a_lease_are_not_listed(pair, instance):
    alice, bob, room = pair
    lease(instance, "living")
    enter(instance, room, "living", alice)
    enter(instance, room, "unknown", bob)
    wait_until_present(alice, room, alice)


def test_a_user_with_one_live_server_is_online(pair, instance):
    alice, bob, room = pair
    lease(instance, "living")
    enter(instance, room, "dead", bob)
    enter(instance, room, "living", bob)
    wait_until_present(alice, room, bob)


def test_presence_is_separate_for_each_room(pair, instance):
    alice, bob, room = pair
    other = alice.room()
    lease(instance, "one")
    enter(instance, room, "one", bob)
    enter(instance, other, "one", alice)
    wait_until_present(alice, room, bob)
    wait_until_present(alice, other, alice)


def test_a_disabled_user_is_not_listed(pair, instance):
    alice, bob, room = pair
    lease(instance, "one")
    enter(instance, room, "one", alice)
    enter(instance, room, "one", bob)
    assert instance.confabctl("user", "disable", bob.name).returncode == 0
    wait_until_present(alice, room, alice)


@pytest.mark.parametrize("field", ["", "/", "one", "one/", "/1", "one/x", "one/-1", "one/0",
                                   "one/99999999999999999999999", "one/4611686018427387904"])
def test_unknown_fields_in_redis_are_ignored(pair, instance, field):
    alice, bob, room = pair
    lease(instance, "one")
    enter(instance, room, "one", bob)
    instance.redis("HSET", f"{PREFIX}presence:{room['room_id']}", field, 1)
    wait_until_present(alice, room, bob)


@pytest.fixture
def crowd(instance):
    """The ids of many users, who are deleted afterwards."""
    instance.sql("INSERT INTO user (username, password_hash, created_at) "
                 "SELECT CONCAT('present-', seq), '', NOW(6) FROM seq_1_to_2500")
    yield instance.sql("SELECT user_id FROM user WHERE username LIKE 'present-%'")
    instance.sql("DELETE FROM user WHERE username LIKE 'present-%'")


def test_a_room_with_many_users_lists_all_of_them(pair, instance, crowd):
    alice, _, room = pair
    lease(instance, "one")
    instance.redis("HSET", f"{PREFIX}presence:{room['room_id']}",
                   *[part for (number,) in crowd for part in (f"one/{number}", 1)])
    wait_for(lambda: len(present(alice, room)["online"]) == len(crowd), 15)


@pytest.mark.slow("an instance of its own")
def test_without_redis_no_user_is_listed(make_instance):
    instance = make_instance(CONFAB_PROCESSES=1)
    alice = Client(instance).register()
    room = alice.room()
    lease(instance, "one")
    enter(instance, room, "one", alice)
    wait_until_present(alice, room, alice)
    instance.end("redis")
    assert present(alice, room) == {"online": []}
