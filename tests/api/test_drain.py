"""A host that stops answers 503 at /healthz, and serves for drain_wait."""

import os
import signal

import pytest

from support.client import Client
from support.instance import is_alive
from support.pushd import Pushd, ask
from support.sockets import assert_well, in_room
from support.wait import wait_for
from support.websocket import push_port

pytestmark = pytest.mark.slow("ends servers")


@pytest.fixture(scope="module")
def system(make_instance):
    system = make_instance(CONFAB_PROCESSES=2, CONFAB_DRAIN_WAIT=300)
    yield system
    for server in ("api", "push"):
        system.end(server, signal.SIGKILL)


def test_it_serves_until_it_has_been_left(system):
    client = Client(system).register()
    room = client.room()["room_id"]
    client.may_fail = True
    for server in ("api", "push"):
        os.kill(system.pids(server), signal.SIGTERM)
    wait_for(lambda: client.get("/healthz").status_code == 503)
    health = client.get("/healthz")
    assert int(health.headers["Retry-After"]) > 0
    assert health.json()["status"] == "unavailable"
    assert "about to stop" in health.json()["detail"]
    metrics = push_port(system, "metrics")
    wait_for(lambda: ask(metrics, "/healthz").status_code == 503)
    client.may_fail = False
    with in_room(client, room) as there:
        client.say(room)
        there.until("new_message")
        assert_well(there)
        # Told again, it does not wait.
        pid = system.pids("push")
        os.kill(pid, signal.SIGTERM)
        assert there.closed() == 1012
    wait_for(lambda: not is_alive(pid), 60)
    system.end("api")
    system.start()
    assert client.get("/healthz").json() == {"status": "ok"}


@pytest.mark.parametrize("workers", [[], ["--workers", "2"]], ids=["one", "two"])
def test_then_it_ends_by_itself(system, workers):
    client = Client(system).register()
    room = client.room()["room_id"]
    with Pushd(system, arguments=workers, drain_wait=1, drain_time=0) as pushd, \
            in_room(client, room, direct=pushd.port) as there:
        pushd.signal(signal.SIGTERM)
        assert there.closed(60) == 1012
        assert pushd.end() == 0
