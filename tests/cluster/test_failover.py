"""After each failover of Redis, typing and presence pass between the hosts again."""

import time

from faults import killed_redis

from support.client import Client
from support.sockets import in_room
from support.wait import wait_for


def online(client, room):
    answer = client.get(f"/api/chat/rooms/{room}/presence/").json()
    return {user["user_id"] for user in answer["online"]}


def passes(one, other):
    """Whether what one of two sockets types arrives at the other one."""
    one.send({"type": "typing"})
    one.send({"type": "stop_typing"})
    try:
        return other.until("typing", 0.2)
    except AssertionError:
        return None


def test_typing_and_presence_pass_after_each_failover(cluster):
    first, second = cluster.hosts
    alice, bob = Client(first).register(), Client(second).register()
    room = alice.room()["room_id"]
    alice.invite(room, bob)
    with in_room(alice, room) as here, in_room(bob, room) as there:
        for _ in range(2):
            before = cluster.redis.primary()
            with killed_redis(cluster):
                # The block begins when the Sentinels name another one.
                begin = time.monotonic()
                wait_for(lambda: passes(there, here) and passes(here, there), 30, "typing")
                typing = time.monotonic() - begin
                for client in (alice, bob):
                    wait_for(lambda client=client: online(client, room) == {alice.id, bob.id}, 30,
                             "presence")
                print(f"  after a failover typing passes in {typing:.1f} s, presence in "
                      f"{time.monotonic() - begin:.1f} s", flush=True)
            assert cluster.redis.primary() is not before
