"""Each part of a cluster fails under load: what was acknowledged is there, once and in order, at
every database; and the time without posts is reported. CLUSTER_SECONDS repeats the faults in any
order for that long."""

import os
import random
import signal
import threading
import time
from contextlib import contextmanager

import pytest

from support.client import Client
from support.galera import is_ready
from support.instance import is_alive
from support.load import Load, posting_surely
from support.wait import wait_for

WRITERS = 4


def in_use(cluster):
    """The database node of the first host."""
    name = Client(cluster.hosts[0]).get("/healthz").json()["node"]
    return cluster.galera.nodes[("one", "two", "three").index(name)]


# ---- faults: each waits until the cluster is whole again when its block ends ----

@contextmanager
def killed_database(cluster):
    node = in_use(cluster)
    node.process.kill()
    node.process.wait(20)
    yield
    cluster.galera.rejoin(node)


@contextmanager
def frozen_database(cluster):
    node = in_use(cluster)
    node.process.send_signal(signal.SIGSTOP)
    try:
        yield
    finally:
        node.process.send_signal(signal.SIGCONT)
    wait_for(lambda: is_ready(node), 60)


@contextmanager
def isolated_database(cluster):
    node = in_use(cluster)
    node.sql("SET GLOBAL wsrep_provider_options = 'gmcast.isolate = 1'", database="")
    yield
    node.sql("SET GLOBAL wsrep_provider_options = 'gmcast.isolate = 0'", database="")
    wait_for(lambda: is_ready(node), 60)


@contextmanager
def restarted_database(cluster):
    node = in_use(cluster)
    node.stop()
    yield
    node.start()
    wait_for(lambda: is_ready(node), 60)


@contextmanager
def desynced_database(cluster):
    """As a server is while it gives a copy of its data to one that joins."""
    node = in_use(cluster)
    node.sql("SET GLOBAL wsrep_desync = ON", database="")
    wait_for(lambda: "Donor/Desynced" in node.sql(
        "SHOW STATUS LIKE 'wsrep_local_state_comment'", database="")[0], 30)
    yield
    node.sql("SET GLOBAL wsrep_desync = OFF", database="")
    wait_for(lambda: is_ready(node), 60)


@contextmanager
def rolled_databases(cluster):
    """One after the other is restarted, as in an upgrade; each fetches what it missed."""
    for node in cluster.galera.nodes:
        node.stop()
        node.start()
        wait_for(lambda node=node: is_ready(node), 60)
    yield


@contextmanager
def rolled_hosts(cluster):
    for number in range(2):
        with drained_host(cluster, number):
            pass
        # Until HAProxy sends it requests again, the other one must stay.
        wait_for(lambda: cluster.is_up(number), 30, "HAProxy")
    yield


@contextmanager
def killed_redis(cluster):
    server = cluster.redis.primary()
    server.process.kill()
    server.process.wait(20)
    wait_for(lambda: cluster.redis.primary() is not server, 30, "the failover")
    yield
    with (server.folder / "redis.conf").open("a") as conf:
        conf.write(f"replicaof 127.0.0.1 {cluster.redis.primary().port}\n")
    server.__enter__()
    wait_for(lambda: "role:slave" in server.command("INFO", "replication"), 30)


@contextmanager
def drained_host(cluster, number=0):
    host = cluster.hosts[number]
    pids = [host.pids(server) for server in ("api", "push")]
    for server in ("api", "push"):
        host.end(server, signal.SIGTERM)
    wait_for(lambda: not any(is_alive(pid) for pid in pids), 60)
    yield
    host.start()


@contextmanager
def killed_host(cluster):
    host = cluster.hosts[1]
    for server in ("api", "push"):
        host.end(server, signal.SIGKILL)
    yield
    host.start()


# The longest time without posts, in seconds. Generous: two cores, or a loaded
# machine, take several times what is printed.
FAULTS = [(killed_database, 15), (restarted_database, 15), (frozen_database, 20),
          (isolated_database, 20), (desynced_database, 5), (rolled_databases, 15),
          (killed_redis, 5), (drained_host, 5), (rolled_hosts, 5), (killed_host, 15)]


class Pauses(threading.Thread):
    """The longest time between two acknowledged posts."""

    def __init__(self, load):
        super().__init__(daemon=True)
        self._load = load
        self._end_wanted = threading.Event()
        self.longest = 0.0

    def _acknowledged(self):
        return sum(count for (_, status), count in list(self._load.statuses.items())
                   if status in (200, 201))

    def run(self):
        last, since = self._acknowledged(), time.monotonic()
        while not self._end_wanted.wait(0.02):
            now = time.monotonic()
            if (count := self._acknowledged()) != last:
                last, since = count, now
            self.longest = max(self.longest, now - since)

    def end(self):
        self._end_wanted.set()
        self.join()
        return self.longest


def book(node, room):
    """Messages, client_ids, the last position and the number of positions; None while the node
    catches up."""
    try:
        return node.sql("SET wsrep_sync_wait = 1; SELECT COUNT(*), COUNT(DISTINCT client_id), "
                        "MAX(position), COUNT(DISTINCT position) FROM message WHERE room_id = ?",
                        room)[0]
    except RuntimeError:
        return None


def storm(cluster, fault, bound):
    client = Client(cluster.hosts[0]).register()
    room = client.room()["room_id"]
    scripts = [posting_surely(room, f"{fault.__name__}-{number}") for number in range(WRITERS)]
    with Load(cluster.front, client.token, scripts) as load:
        load.wait_for(40)
        pauses = Pauses(load)
        pauses.start()
        with fault(cluster):
            time.sleep(3)
            load.wait_for(40)
        load.wait_for(40)
        longest = pauses.end()
    print(f"  {fault.__name__}: {longest:.1f} s without a post, "
          f"{dict(load.statuses)}", flush=True)
    acknowledged = load.statuses["POST", 201]
    for node in cluster.galera.nodes:
        count, distinct, last, positions = wait_for(lambda node=node: book(node, room), 60)
        assert count == distinct == last == positions and count >= acknowledged, node.folder
    if fault in (drained_host, rolled_hosts, desynced_database):
        assert load.failures == []
    assert longest < bound
    check = cluster.hosts[0].confabctl("check", "--deep")
    assert check.returncode == 0, check.stdout


@pytest.mark.parametrize("fault, bound", FAULTS, ids=[fault.__name__ for fault, _ in FAULTS])
def test_nothing_acknowledged_is_lost(cluster, fault, bound):
    storm(cluster, fault, bound)


def test_nothing_is_lost_in_a_long_storm(cluster):
    end = time.monotonic() + float(os.environ.get("CLUSTER_SECONDS", 0))
    while time.monotonic() < end:
        storm(cluster, *random.choice(FAULTS))
