"""Redis Cluster: events by sharded channels, presence and limits at the server of each room."""

import pytest

from support.client import Client
from support.confabctl import Tool
from support.presence import online_ids
from support.pushd import Pushd, ask
from support.redis_cluster import RedisCluster
from support.sockets import in_room
from support.wait import wait_for
from support.websocket import push_port

pytestmark = pytest.mark.slow("starts a Redis Cluster of its own")


@pytest.fixture(scope="module")
def redis():
    with RedisCluster() as cluster:
        yield cluster


@pytest.fixture(scope="module")
def system(redis, make_instance):
    return make_instance(CONFAB_PROCESSES=1, CONFAB_PRESENCE_GRACE=1, CONFAB_RATE_LIMITS="on",
                         CONFAB_RATE_REGISTRATIONS=1000, **redis.env)


def is_up(system, pushd=None):
    port = pushd or push_port(system, "metrics")
    return ask(port, "/healthz").json()["status"] == "ok" and \
        Client(system).get("/healthz").json() == {"status": "ok"}


def rooms_of(redis, alice, bob):
    """A room at each of the three primaries."""
    rooms = {}
    while len(rooms) < 3:
        room = alice.room()["room_id"]
        server = redis.servers.index(redis.server_of(room))
        if server not in rooms:
            alice.invite(room, bob)
            rooms[server] = room
    return [rooms[server] for server in range(3)]


def test_a_cluster_carries_all_and_a_failover_is_followed(redis, system):
    alice, bob = Client(system).register(), Client(system).register()
    rooms = rooms_of(redis, alice, bob)
    with Pushd(system) as other:
        wait_for(lambda: is_up(system), 30)
        for server, room in enumerate(rooms):
            with in_room(alice, room) as here, in_room(bob, room, direct=other.port) as there:
                # Each room is at its own server, and nowhere else.
                channel = f"confab:{{{room}}}:room:{room}"
                for index in range(3):
                    found = redis.servers[index].command("PUBSUB", "SHARDNUMSUB", channel)
                    assert (found.split()[-1] != "0") == (index == server), (index, found)
                assert here.until("user_joined")["user_id"] == bob.id
                assert online_ids(alice, room) == {alice.id, bob.id}
                alice.say(room, "sharded")
                assert there.until("new_message")["message"]["content"] == "sharded"
                there.send({"type": "typing"})
                assert here.until("typing")["user_id"] == bob.id
            assert redis.servers[server].command("EXISTS", f"confab:{{{room}}}:clock") == "1"
        check = {one["check"]: one for one in Tool(system).json("check", code=0)["checks"]}
        assert check["redis"]["state"] == "ok"

        room = rooms[0]
        with in_room(alice, room) as here, in_room(bob, room, direct=other.port) as there:
            redis.servers[0].process.kill()
            redis.servers[0].process.wait(20)
            alice.say(room, "meanwhile")
            there.until("new_message")
            wait_for(lambda: "role:master" in redis.servers[3].command("INFO", "replication"), 30)
            wait_for(lambda: is_up(system) and
                     other.get("/healthz").json()["status"] == "ok", 30)
            channel = f"confab:{{{room}}}:room:{room}"
            assert redis.servers[3].command("PUBSUB", "SHARDNUMSUB", channel).split()[-1] == "2"
            wait_for(lambda: online_ids(alice, room) == {alice.id, bob.id}, 20)

            def passes():
                there.send({"type": "typing"})
                there.send({"type": "stop_typing"})
                return here.until("typing", 10)
            assert passes()["user_id"] == bob.id
            alice.say(room, "afterwards")
            assert there.until("new_message")["message"]["content"] == "afterwards"


def test_rates_are_limited_in_a_cluster(redis, system):
    client = Client(system).register()
    statuses = [Client(system).post("/api/auth/token/", json={
        "username": client.name, "password": "wrong"}).status_code for _ in range(11)]
    assert statuses == [400] * 10 + [429]
