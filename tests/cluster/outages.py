"""What fails in a cluster. Each is a context manager of the cluster, inside of which the fault has
happened, and which waits at the end until the cluster is whole again. It yields None, or a function
that runs while the fault lasts."""

import json
import os
import signal
import subprocess
from contextlib import contextmanager

from support.client import Client
from support.galera import is_ready
from support.instance import children, is_alive
from support.sentinel import follow
from support.wait import wait_for


def in_use(cluster):
    """The database of the first host."""
    name = Client(cluster.hosts[0]).get("/healthz").json()["node"]
    return next(node for node in cluster.galera.nodes if node.name == name)


def another(cluster):
    """The database that comes after that in the list."""
    nodes = cluster.galera.nodes
    return nodes[(nodes.index(in_use(cluster)) + 1) % len(nodes)]


# ---- databases ----

@contextmanager
def killed_database(cluster):
    node = in_use(cluster)
    cluster.galera.kill(node)
    yield
    cluster.galera.rejoin(node)


@contextmanager
def killed_other_database(cluster):
    node = another(cluster)
    cluster.galera.kill(node)
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
    """The others do not see it; the hosts do."""
    node = in_use(cluster)
    node.sql("SET GLOBAL wsrep_provider_options = 'gmcast.isolate = 1'", database="")
    yield
    node.sql("SET GLOBAL wsrep_provider_options = 'gmcast.isolate = 0'", database="")
    wait_for(lambda: is_ready(node), 60)


@contextmanager
def unplugged_database(cluster):
    with cut_off(cluster, in_use(cluster).machine):
        yield


@contextmanager
def restarted_database(cluster):
    node = in_use(cluster)
    node.stop()
    yield
    node.start()
    wait_for(lambda: is_ready(node), 60)


@contextmanager
def copied_database(cluster):
    """A database whose disk was replaced copies all of another one, by mariadb-backup."""
    node = another(cluster)
    cluster.galera.kill(node)
    cluster.galera.copy_to(node)
    yield


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


# ---- partitions ----

@contextmanager
def cut_off(cluster, *machines):
    cluster.network.cut_off(*machines)
    try:
        yield
    finally:
        cluster.network.join()
    cluster.settle()


@contextmanager
def partitioned(cluster, node, host):
    """This database and this host are the smaller part. They must refuse, so that nothing
    diverges."""
    with cut_off(cluster, node.machine, host.machine):
        def post(token, room):
            done = subprocess.run(host.machine.enter([
                "curl", "-s", "--max-time", "60", "-w", "\n%{http_code}", "-H",
                f"Authorization: Token {token}", "--json", json.dumps({"content": "lost"}),
                f"{host.url}/api/chat/rooms/{room}/messages/"]), capture_output=True, text=True,
                timeout=90)
            assert done.stdout.endswith("\n503"), done.stdout
        yield post


@contextmanager
def partition_with_the_smaller_part_in_use(cluster):
    with partitioned(cluster, in_use(cluster), cluster.hosts[0]) as post:
        yield post


@contextmanager
def partition_with_the_larger_part_in_use(cluster):
    with partitioned(cluster, another(cluster), cluster.hosts[1]) as post:
        yield post


# ---- Redis ----

def end_redis(cluster, server, number):
    server.process.send_signal(number)
    server.process.wait(20)
    wait_for(lambda: cluster.redis.primary() is not server, 30, "the failover")


def follow_again(cluster, server):
    """Starts a Redis server again, as a replica of the primary."""
    with (server.folder / "redis.conf").open("a") as conf:
        conf.write(follow(cluster.redis.primary()) + "\n")
    server.__enter__()
    wait_for(lambda: "master_link_status:up" in server.command("INFO", "replication"), 30)


@contextmanager
def killed_redis(cluster):
    server = cluster.redis.primary()
    end_redis(cluster, server, signal.SIGKILL)
    yield
    follow_again(cluster, server)


@contextmanager
def rolled_redis(cluster):
    """One after the other is restarted, the primary last, as in an upgrade."""
    primary = cluster.redis.primary()
    for server in sorted(cluster.redis.servers, key=lambda server: server is primary):
        end_redis(cluster, server, signal.SIGTERM)
        follow_again(cluster, server)
    yield


# ---- hosts ----

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
def rolled_hosts(cluster):
    for number, host in enumerate(cluster.hosts):
        with drained_host(cluster, number):
            pass
        # Until HAProxy sends it requests again, the other one must stay.
        wait_for(lambda host=host: cluster.front.is_up(host.machine.name), 30, "HAProxy")
    yield


@contextmanager
def killed_host(cluster):
    host = cluster.hosts[1]
    for server in ("api", "push"):
        host.end(server, signal.SIGKILL)
    yield
    host.start()


@contextmanager
def frozen_host(cluster):
    host = cluster.hosts[1]
    pids = [host.pids("api"), host.pids("push")]
    pids += [child for pid in pids for child in children(pid)]
    for pid in pids:
        os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        for pid in pids:
            os.kill(pid, signal.SIGCONT)
    cluster.settle()


@contextmanager
def unplugged_host(cluster):
    with cut_off(cluster, cluster.hosts[1].machine):
        yield


# Bounds of the longest time without posts, in seconds: several times what docs/cluster.md says, for
# busy machines. With None no request may fail.
ALL = [(killed_database, 15), (killed_other_database, 15), (frozen_database, 20),
       (unplugged_database, 20), (isolated_database, 20), (restarted_database, 15),
       (rolled_databases, 15), (copied_database, 15), (desynced_database, None),
       (partition_with_the_smaller_part_in_use, 20), (partition_with_the_larger_part_in_use, 20),
       (killed_redis, 10), (rolled_redis, 10), (drained_host, None), (rolled_hosts, None),
       (killed_host, 15), (frozen_host, 20), (unplugged_host, 20)]
