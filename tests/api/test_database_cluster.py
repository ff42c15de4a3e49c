"""Two hosts of a site, each at its own node of a Galera cluster; and lists of database servers."""

import re
import signal
import socket
import subprocess
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from support import markdown
from support.client import Client
from support.confabctl import Tool
from support.galera import Galera, held_back, is_ready
from support.instance import ROOT
from support.load import Load, posting_surely
from support.sockets import assert_well, in_room
from support.wait import wait_for

pytestmark = pytest.mark.slow("starts a cluster of databases")


@pytest.fixture(scope="module")
def cluster():
    with Galera() as galera:
        yield galera


@pytest.fixture(scope="module")
def hosts(make_instance, cluster):
    """Two instances with one Redis, at one node each."""
    first = make_instance(CONFAB_PROCESSES=2, **cluster.env(0))
    second = make_instance(CONFAB_PROCESSES=2, **cluster.env(1),
                           CONFAB_REDIS_SOCKET=f"{first.state}/sock/redis.sock")
    yield first, second
    second.close()
    first.close()


def redis_of(hosts):
    """The configuration of another host with their Redis: /healthz names one that differs."""
    return {"CONFAB_REDIS_SOCKET": f"{hosts[0].state}/sock/redis.sock"}


@pytest.fixture
def lagging(cluster):
    """Calls its argument while the second node is behind, and catches up meanwhile."""
    def run(change, ask):
        with held_back(cluster.nodes[1]) as release:
            changed = change()
            timer = threading.Timer(0.5, release)
            timer.start()
            result = ask(changed)
            timer.join()
        return result
    return run


def at(host, client):
    """The same user at another host."""
    other = Client(host, client.token)
    other.id = client.id
    return other


def test_healthz_names_the_node(hosts):
    assert [Client(host).get("/healthz").json() for host in hosts] == [
        {"status": "ok", "node": "one"}, {"status": "ok", "node": "two"}]


def test_a_fresh_token_is_known_at_the_other_node(hosts, lagging):
    first, second = hosts
    answer = lagging(lambda: Client(first).register(),
                     lambda client: at(second, client).get("/api/auth/me/"))
    assert answer.status_code == 200


def test_a_fresh_user_logs_in_at_the_other_node(hosts, lagging):
    first, second = hosts
    answer = lagging(
        lambda: Client(first).register(),
        lambda client: Client(second).post("/api/auth/token/", json={
            "username": client.name, "password": client.password}))
    assert answer.status_code == 200


def test_what_was_just_written_is_found_at_the_other_node(hosts, lagging):
    first, second = hosts
    client = Client(first).register()
    other = at(second, client)
    room = client.room()["room_id"]
    path = f"/api/chat/rooms/{room}"
    message = lagging(lambda: client.say(room),
                      lambda said: other.get(f"{path}/messages/{said['message_id']}/"))
    assert message.status_code == 200
    said = lagging(lambda: client.say(room),
                   lambda said: other.get(f"{path}/messages/?after={said['message_id']}"))
    assert said.status_code == 200
    newest = client.get(f"{path}/events/?after=0").json()["last_seq"]
    events = lagging(lambda: client.say(room),
                     lambda _: other.get(f"{path}/events/?after={newest + 1}"))
    assert (events.status_code, events.json()["events"]) == (200, [])
    answer = lagging(lambda: client.say(room), lambda said: other.post(
        f"{path}/messages/", json={"content": "x", "reply_to_id": said["message_id"]}))
    assert answer.status_code == 201
    sync = lagging(lambda: client.say(room), lambda _: other.post(
        "/api/chat/sync/", json={"rooms": {str(room): newest + 4}}))
    assert not any(entry["resync"] for entry in sync.json()["rooms"])


def test_a_number_of_the_future_is_still_refused(hosts):
    client = Client(hosts[0]).register()
    room = client.room()["room_id"]
    client.may_fail = True
    assert at(hosts[1], client).get(
        f"/api/chat/rooms/{room}/events/?after=1000").status_code == 410


def test_since_may_be_ahead_of_the_other_node(hosts, lagging):
    first, second = hosts
    client = Client(first).register()
    room = client.room()["room_id"]

    def enter(_):
        with in_room(at(second, client), room, since=1) as there:
            assert_well(there)
            return there.first["seq"]
    assert lagging(lambda: client.say(room), enter) == 1


def test_a_new_room_is_entered_at_the_other_node(hosts, lagging):
    first, second = hosts
    client = Client(first).register()

    def enter(room):
        with in_room(at(second, client), room) as there:
            return there.first["room_id"] == room
    assert lagging(lambda: client.room()["room_id"], enter)


def test_sockets_of_a_revoked_token_end_at_the_other_node(hosts, lagging):
    first, second = hosts
    client = Client(first).register()
    room = client.room()["room_id"]
    with in_room(at(second, client), room) as there:
        code = lagging(lambda: client.delete("/api/auth/token/"), lambda _: there.closed())
    assert code == 4401


# ---- nodes that fail ----

def test_a_node_without_its_cluster_is_left_at_once(make_instance, cluster, hosts):
    """The second node, alone, says 1047 to everything."""
    system = make_instance(CONFAB_PROCESSES=2, **cluster.env(1, 0), **redis_of(hosts))
    client = Client(system).register()
    room = client.room()["room_id"]
    assert client.get("/healthz").json()["node"] == "two"
    first, second = cluster.nodes
    second.sql("SET GLOBAL wsrep_provider_options = 'gmcast.isolate = 1'", database="")
    try:
        wait_for(lambda: not is_ready(second), 30)
        # A node may also hang before it knows; from here on nothing fails.
        for _ in range(6):
            assert client.say(room)
        assert client.get("/healthz").json() == {"status": "ok", "node": "one"}
    finally:
        second.sql("SET GLOBAL wsrep_provider_options = 'gmcast.isolate = 0'", database="")
        cluster.settle()
        system.close()


@pytest.fixture
def silent():
    """A port that takes connections and never answers, as a frozen server does."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


def test_a_frozen_first_host_is_passed_over_at_the_start(make_instance, cluster, hosts, silent):
    port = cluster.nodes[0].port
    env = {**cluster.env(0), **redis_of(hosts),
           "CONFAB_DATABASE_HOST": f"127.0.0.1:{silent},127.0.0.1:{port}"}
    system = make_instance(CONFAB_PROCESSES=4, **env)
    client = Client(system).register()
    begin = time.monotonic()
    # The processes share what the first of them has found out.
    for _ in range(12):
        assert client.get("/api/auth/me/").status_code == 200
    assert time.monotonic() - begin < 12
    assert client.get("/healthz").json() == {"status": "ok", "node": "one"}
    system.close()


class Relay:
    """A port that leads to a database server, until freeze(): then what is sent gets lost."""

    def __init__(self, port):
        self._target = port
        self._frozen = False
        self._server = socket.create_server(("127.0.0.1", 0))
        self.port = self._server.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def freeze(self):
        self._frozen = True

    def _accept(self):
        while True:
            near = self._server.accept()[0]
            far = socket.create_connection(("127.0.0.1", self._target))
            for ends in ((near, far), (far, near)):
                threading.Thread(target=self._pass_on, args=ends, daemon=True).start()

    def _pass_on(self, source, target):
        while piece := source.recv(65536):
            if not self._frozen:
                target.sendall(piece)


def test_a_frozen_server_is_found_out_by_one_process_for_all(make_instance, cluster):
    relay = Relay(cluster.nodes[0].port)
    env = {**cluster.env(0), "CONFAB_DATABASE_TIMEOUT": 6,
           "CONFAB_DATABASE_HOST": f"127.0.0.1:{relay.port},127.0.0.1:{cluster.nodes[0].port}"}
    system = make_instance(CONFAB_PROCESSES=4, **env)
    user = Client(system).register()

    def seconds(_):
        begin = time.monotonic()
        assert at(system, user).get("/api/auth/me/").status_code == 200
        return time.monotonic() - begin

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(seconds, range(32)))  # each process is connected
        relay.freeze()
        assert seconds(0) > 5
        assert max(pool.map(seconds, range(32))) < 5
    system.close()


def test_a_frozen_server_gives_503_within_database_timeout(make_instance, cluster):
    system = make_instance(CONFAB_PROCESSES=1, CONFAB_DATABASE_TIMEOUT=1, **cluster.env(0))
    client = Client(system).register()
    client.may_fail = True
    node = cluster.nodes[0]
    node.process.send_signal(signal.SIGSTOP)
    try:
        begin = time.monotonic()
        answer = client.get("/api/auth/me/")
        assert answer.status_code == 503 and int(answer.headers["Retry-After"]) > 0
        assert time.monotonic() - begin < 10
    finally:
        node.process.send_signal(signal.SIGCONT)
        cluster.settle()
    wait_for(lambda: client.get("/api/auth/me/").status_code == 200, 30)
    system.close()


def test_servers_without_a_quorum_become_the_cluster_by_a_command():
    """By the command of docs/cluster.md. The first server alone has the quorum of these two."""
    command = markdown.block("docs/cluster.md", "quorum")
    with Galera() as galera:
        first, second = galera.nodes
        galera.kill(first)
        wait_for(lambda: second.sql("SHOW STATUS LIKE 'wsrep_cluster_status'", database="") == [
            ("wsrep_cluster_status", "non-Primary")], 30)
        assert not is_ready(second)
        second.sql(re.search('-e "(.*)"', command)[1], database="")
        wait_for(lambda: is_ready(second), 30)
        galera.rejoin(first)


# ---- the schema ----

@pytest.fixture
def bare(cluster):
    """An empty database at both nodes; the environment of programs that use it."""
    cluster.nodes[0].sql("CREATE OR REPLACE DATABASE bare; GRANT ALL ON bare.* TO site@127.0.0.1",
                         database="")
    cluster.settle()
    yield {"CONFAB_DATABASE_NAME": "bare"}
    cluster.nodes[0].sql("DROP DATABASE bare", database="")


def migrating(host, env):
    tool = Tool(host)
    return subprocess.Popen([tool.program, *tool.options, "migrate"], env={**host.env, **env},
                            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def steps_at(node):
    return [step for step, in node.sql(
        "SET wsrep_sync_wait = 1; SELECT version FROM schema_migration ORDER BY version",
        database="bare")]


def test_migrations_at_two_nodes_wait_for_one_another(hosts, cluster, bare):
    wanted = sorted(int(file.name[:4]) for file in (ROOT / "schema").glob("0*.sql"))
    running = [migrating(host, bare) for host in hosts]
    said = [process.communicate(timeout=120)[0] for process in running]
    assert [process.returncode for process in running] == [0, 0], said
    assert [steps_at(node) for node in cluster.nodes] == [wanted, wanted]


def test_a_migration_waits_for_one_at_the_other_node(hosts, cluster, bare):
    first, second = cluster.nodes
    assert migrating(hosts[0], bare).wait(120) == 0
    last = steps_at(second)[-1]
    second.sql("DELETE FROM schema_migration WHERE version = ?; INSERT INTO schema_migration "
               "VALUES (0, 'lock of elsewhere', SYSDATE(6))", last, database="bare")
    waiting = migrating(hosts[0], bare)
    wait_for(lambda: first.sql("SELECT IS_USED_LOCK('confab_migrate_bare')", database="")
             != [(None,)], 60, "the lock of the first node")
    assert steps_at(first)[0] == 0 and last not in steps_at(first) and waiting.poll() is None
    # Its holder has died, longer ago than the lock holds.
    second.sql("UPDATE schema_migration SET applied_at = SYSDATE(6) - INTERVAL 11 MINUTE "
               "WHERE version = 0", database="bare")
    said = waiting.communicate(timeout=120)[0]
    assert waiting.returncode == 0, said
    assert [0 in steps_at(node) for node in cluster.nodes] == [False, False]
    assert steps_at(second)[-1] == last


def test_hosts_are_restarted_one_by_one_with_a_newer_schema(hosts, cluster):
    """As in an upgrade: the schema of the next version first, then host by host."""
    first, second = hosts
    client = Client(first).register()
    room = client.room()["room_id"]
    with Load(first, client.token, [posting_surely(room, "first")]) as one, \
            Load(second, client.token, [posting_surely(room, "second")]) as two:
        one.wait_for(10)
        two.wait_for(10)
        cluster.nodes[0].sql(
            "ALTER TABLE room ADD COLUMN next_one INT NOT NULL DEFAULT 7, ALGORITHM = INSTANT; "
            "ALTER TABLE message ADD COLUMN next_one INT NULL, ALGORITHM = INSTANT; "
            "INSERT INTO schema_migration VALUES (9999, 'next', SYSDATE(6)); "
            "REPLACE INTO site_value (name, value) VALUES ('schema_works_from', '9999:20')")
        try:
            for host, own, other in ((first, one, two), (second, two, one)):
                failed = len(other.failures)
                for server in ("push", "api"):
                    host.end(server)
                other.wait_for(10)
                host.start()
                own.wait_for(10)
                other.wait_for(10)
                assert other.failures[failed:] == [], "the other host goes on"
                health = Client(host).get("/healthz").json()
                # Instances of other tests used this database, with a Redis of their own.
                expected = ("ok", "another host uses a different Redis")
                assert health.get("redis", "ok") in expected, health
                assert health["status"] != "unavailable"
        finally:
            cluster.nodes[0].sql(
                "DELETE FROM schema_migration WHERE version = 9999; "
                "DELETE FROM site_value WHERE name = 'schema_works_from'; "
                "ALTER TABLE room DROP COLUMN next_one; ALTER TABLE message DROP COLUMN next_one")
    acknowledged = sum(load.statuses["POST", 201] for load in (one, two))
    (count, distinct, positions), = cluster.nodes[1].sql(
        "SET wsrep_sync_wait = 1; SELECT COUNT(*), COUNT(DISTINCT client_id), MAX(position) "
        "FROM message WHERE room_id = ?", room)
    assert count == distinct == positions and count >= acknowledged
