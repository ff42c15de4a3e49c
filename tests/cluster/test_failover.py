"""After each failover of Redis, typing and presence pass between the hosts again; a database whose
machine is gone is left without waiting for database_timeout; the last one of three continues alone
as docs/cluster.md says."""

import re
import time
from concurrent.futures import ThreadPoolExecutor

from outages import cut_off, killed_redis
from test_storm import are_alike

from support import markdown
from support.client import Client
from support.galera import is_ready
from support.presence import online_ids
from support.sockets import in_room
from support.wait import wait_for


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
                both = {alice.id, bob.id}
                for client in (alice, bob):
                    wait_for(lambda client=client: online_ids(client, room) == both, 30,
                             "presence")
                print(f"  after a failover typing passes in {typing:.1f} s, presence in "
                      f"{time.monotonic() - begin:.1f} s", flush=True)
            assert cluster.redis.primary() is not before


def test_an_unplugged_database_is_left_before_database_timeout(cluster):
    with cluster.apart(CONFAB_DATABASE_TIMEOUT="60"):
        host, node = cluster.hosts[1], cluster.galera.nodes[1]
        client = Client(host).register()
        assert client.get("/healthz").json()["node"] == node.name
        # Each process is connected.
        with ThreadPoolExecutor(8) as pool:
            list(pool.map(lambda _: Client(host, client.token).get("/api/auth/me/"), range(32)))
        with cut_off(cluster, node.machine):
            begin = time.monotonic()
            for _ in range(8):
                assert client.get("/api/auth/me/").status_code == 200
            seconds = time.monotonic() - begin
            print(f"  an unplugged database is left in {seconds:.1f} s", flush=True)
            assert seconds < 30
            assert client.get("/healthz").json()["node"] != node.name


def test_the_last_database_of_three_continues_on_a_command(cluster):
    *killed, last = cluster.galera.nodes
    client = Client(cluster.hosts[0]).register()
    room = client.room()["room_id"]
    client.may_fail = True

    def post():
        return client.post(f"/api/chat/rooms/{room}/messages/", json={"content": "alone"})
    for node in killed:
        cluster.galera.kill(node)
    wait_for(lambda: not is_ready(last), 60, "that it refuses")
    answer = post()
    assert answer.status_code == 503 and int(answer.headers["Retry-After"]) > 0
    last.sql(re.search('-e "(.*)"', markdown.block("docs/cluster.md", "quorum"))[1])
    wait_for(lambda: post().status_code == 201, 60, "a post")
    for node in killed:
        cluster.galera.start_again(node)
    cluster.settle()
    wait_for(lambda: are_alike(cluster.galera.nodes), 60, "the same at all databases")
    assert post().status_code == 201
