"""Redis with Sentinels: both programs follow the primary."""

import signal
import time

import pytest

from support.client import Client
from support.confabctl import Tool
from support.pushd import ask
from support.sentinel import Replicated
from support.sockets import in_room
from support.wait import wait_for
from support.websocket import push_port

pytestmark = pytest.mark.slow("starts Redis and Sentinels of its own")


# How soon both programs are at the new primary.
FOLLOWED_S = 2


def health(system):
    return Client(system).get("/healthz").json()


def push_health(system):
    return ask(push_port(system, "metrics"), "/healthz").json()["status"]


def publishes(system, server):
    """Whether what this pushd subscribes to, and what fcgi-api publishes, is at this server."""
    return (server.command("PUBSUB", "NUMPAT") is not None
            and "confab:" in server.command("PUBSUB", "CHANNELS")
            and push_health(system) == "ok" and health(system) == {"status": "ok"})


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGSTOP], ids=["killed", "frozen"])
def test_a_failover_is_followed(make_instance, number):
    with Replicated(count=1) as redis:
        system = make_instance(CONFAB_PROCESSES=1, CONFAB_REDIS_TIMEOUT=100, **redis.env)
        first, second = redis.servers
        client = Client(system).register()
        room = client.room()["room_id"]
        with in_room(client, room) as there:
            wait_for(lambda: publishes(system, first), 20)
            first.process.send_signal(number)
            wait_for(lambda: redis.primary() is second, 30, "the failover")
            began = time.monotonic()
            client.say(room, "meanwhile")
            wait_for(lambda: publishes(system, second), 10, "that both programs follow")
            seconds = time.monotonic() - began
            there.until("new_message")
            assert seconds < FOLLOWED_S, f"followed after {seconds:.1f} s"
            # Presence is restored, by the leases and keys of the new primary.
            path = f"/api/chat/rooms/{room}/presence/"
            wait_for(lambda: [user["user_id"] for user in client.get(path).json()["online"]]
                     == [client.id], 10, "presence")
            client.say(room, "afterwards")
            assert there.until("new_message")["message"]["content"] == "afterwards"
        system.close()


def test_a_sentinel_that_does_not_answer_is_left(make_instance):
    with Replicated(count=3) as redis:
        frozen = redis.sentinels[0]
        frozen.process.send_signal(signal.SIGSTOP)
        system = make_instance(CONFAB_PROCESSES=1, CONFAB_REDIS_TIMEOUT=100, **redis.env)
        client = Client(system).register()
        with in_room(client, client.room()["room_id"]):
            wait_for(lambda: publishes(system, redis.servers[0]), 20)
        assert Tool(system).json("check", code=0)["checks"]
        report = Tool(system).json("check", code=1, CONFAB_REDIS_MASTER="unknown")
        found = {check["check"]: check for check in report["checks"]}["redis"]
        assert "no Sentinel names" in found["detail"]
        system.close()
