"""Redis as sites have it: connections that are cut, users without rights, replicas, two servers
where one is meant, users, database numbers, TLS."""

import contextlib
import socket
import subprocess
import threading
import time

import pytest

from support.client import Client
from support.confabctl import Tool
from support.pushd import ask
from support.redis import Redis
from support.sockets import in_room
from support.wait import wait_for
from support.websocket import push_port

pytestmark = pytest.mark.slow("starts a Redis of its own for most tests")

# While Redis is up, an event that it lost is found by the gap check, every three seconds.
SOON = 1.2


@pytest.fixture(scope="module")
def system(make_instance):
    return make_instance(CONFAB_PROCESSES=1, CONFAB_REDIS_TIMEOUT=100)


@pytest.fixture
def talk(system):
    """A client, a room of it, and a socket in the room."""
    client = Client(system).register()
    room = client.room()["room_id"]
    with in_room(client, room) as there:
        client.say(room, "first")
        assert there.until("new_message")["message"]["content"] == "first"
        yield client, room, there


def seconds_until_seen(client, room, there, content):
    begin = time.monotonic()
    client.say(room, content)
    there.until(lambda frame: frame["type"] == "new_message"
                 and frame["message"]["content"] == content)
    return time.monotonic() - begin


def health(system):
    answer = Client(system).get("/healthz").json()
    return answer["status"], answer.get("redis", "ok")


def push_health(system):
    answer = ask(push_port(system, "metrics"), "/healthz").json()
    return answer["status"]


def found(system, command, code, *args, **env):
    report = Tool(system).json(command, *args, code=code, **env)
    return {check["check"]: check for check in report["checks"]}["redis"]


# ---- connections ----

class Gate:
    """Forwards connections to a port. forget() makes the present ones pass nothing on, without
    closing them, as a firewall does with those that it forgot."""

    def __init__(self, target):
        self._target = target
        self._server = socket.create_server(("127.0.0.1", 0))
        self.port = self._server.getsockname()[1]
        self._open = []
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            try:
                here, _ = self._server.accept()
            except OSError:
                return
            there = socket.create_connection(("127.0.0.1", self._target))
            link = {"passes": True, "ends": (here, there)}
            self._open.append(link)
            for source, target in ((here, there), (there, here)):
                threading.Thread(target=self._copy, args=(link, source, target),
                                 daemon=True).start()

    @staticmethod
    def _copy(link, source, target):
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                if link["passes"]:
                    target.sendall(data)
            target.shutdown(socket.SHUT_WR)

    def forget(self):
        for link in self._open:
            link["passes"] = False

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self._server.close()
        for link in self._open:
            for end in link["ends"]:
                end.close()


@pytest.mark.parametrize("kind", ["normal", "pubsub"])
@pytest.mark.parametrize("idle", [0, 1.5])
def test_the_next_message_after_a_cut_connection_arrives_at_once(system, talk, kind, idle):
    client, room, there = talk
    for number in range(3):
        system.redis("CLIENT", "KILL", "TYPE", kind)
        if idle:
            time.sleep(idle)
        assert seconds_until_seen(client, room, there, f"{kind} {idle} {number}") < SOON + 0.6


def test_a_timeout_of_redis_costs_no_message(system, talk):
    client, room, there = talk
    system.redis("CONFIG", "SET", "timeout", 1)
    try:
        for number in range(2):
            time.sleep(2.5)
            assert seconds_until_seen(client, room, there, f"after {number}") < SOON
    finally:
        system.redis("CONFIG", "SET", "timeout", 0)
    assert "database" not in system.log().lower()


def test_an_idle_connection_that_a_firewall_forgot_is_opened_again(make_instance):
    with Redis() as redis, Gate(redis.port) as gate:
        own = make_instance(CONFAB_PROCESSES=1, **{**redis.env, "CONFAB_REDIS_TIMEOUT": "50",
                                                   "CONFAB_REDIS_PORT": str(gate.port)})
        client = Client(own).register()
        room = client.room()["room_id"]
        with in_room(client, room) as there:
            client.say(room, "first")
            there.until("new_message")
            gate.forget()
            time.sleep(11)
            assert seconds_until_seen(client, room, there, "after a pause") < SOON
        own.close()


# ---- rights ----

@contextlib.contextmanager
def changed(system, change, back):
    system.redis(*change)
    system.redis("CLIENT", "KILL", "TYPE", "pubsub")
    try:
        yield
    finally:
        system.redis(*back)


WITHOUT = [
    (("ACL", "SETUSER", "default", "resetchannels"), ("ACL", "SETUSER", "default", "allchannels")),
    (("REPLICAOF", "127.0.0.1", "1"), ("REPLICAOF", "NO", "ONE")),
    (("ACL", "SETUSER", "default", "-set"), ("ACL", "SETUSER", "default", "+set")),
    (("CONFIG", "SET", "maxmemory", "1"), ("CONFIG", "SET", "maxmemory", "0")),
]


@pytest.mark.parametrize("change, back", WITHOUT, ids=["channels", "replica", "keys", "memory"])
def test_a_redis_that_does_not_work_is_named_everywhere(system, talk, change, back):
    client, room, there = talk
    assert health(system) == ("ok", "ok")
    with changed(system, change, back):
        assert health(system) == ("degraded", "refuses commands")
        assert found(system, "check", 1)["state"] == "failed"
        assert found(system, "doctor", 1, system.url, "--no-sockets")["state"] == "failed"
        wait_for(lambda: push_health(system) == "degraded", 10)
        assert seconds_until_seen(client, room, there, "slowly") < 5
    wait_for(lambda: health(system) == ("ok", "ok"), 10)
    wait_for(lambda: push_health(system) == "ok", 10)
    assert found(system, "check", 0)["state"] == "ok"


@contextlib.contextmanager
def full_disk(redis):
    """Redis writes its log of commands to a file system that is full."""
    disk = redis.folder / "disk"
    disk.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", disk], check=True)
    try:
        redis.command("CONFIG", "SET", "dir", disk)
        redis.command("CONFIG", "SET", "appendonly", "yes")
        with contextlib.suppress(OSError), (disk / "filler").open("wb", buffering=0) as filler:
            while filler.write(b"x" * 4096):
                pass
        wait_for(lambda: "MISCONF" in redis.command("SET", "x", "y" * 5000), 20)
        yield
    finally:
        redis.command("CONFIG", "SET", "appendonly", "no")
        redis.command("CONFIG", "SET", "dir", redis.folder)
        subprocess.run(["umount", disk], check=True)


def test_a_redis_with_a_full_disk_is_named_and_still_publishes(make_instance):
    with Redis("enable-protected-configs yes") as redis:
        own = make_instance(CONFAB_PROCESSES=1, **redis.env)
        client = Client(own).register()
        room = client.room()["room_id"]
        with in_room(client, room) as there, full_disk(redis):
            assert health(own) == ("degraded", "refuses commands")
            check = found(own, "check", 1)
            assert "MISCONF" in check["detail"] and "disk" in check["try"], check
            assert "MISCONF" in found(own, "doctor", 1, own.url, "--no-sockets")["detail"]
            wait_for(lambda: push_health(own) == "degraded", 10)
            for number in range(3):
                assert seconds_until_seen(client, room, there, f"full {number}") < SOON
        wait_for(lambda: health(own) == ("ok", "ok"), 10)
        own.close()


# ---- two servers ----

def test_two_hosts_with_a_redis_of_their_own_are_reported(make_instance):
    first = make_instance(CONFAB_PROCESSES=1)
    second = make_instance(CONFAB_PROCESSES=1,
                           CONFAB_DATABASE_SOCKET=f"{first.state}/sock/db.sock")
    Client(first).register()
    other = ("degraded", "another host uses a different Redis")
    wait_for(lambda: (health(first), health(second)) == (other, other), 10)
    for system in (first, second):
        assert "a different Redis" in found(system, "check", 1)["detail"]
        doctor = found(system, "doctor", 1, system.url, "--no-sockets")
        assert "a different Redis" in doctor["detail"]
    second.end("api")
    first.sql("UPDATE housekeeping SET ran_at = ran_at - INTERVAL 3 MINUTE "
              "WHERE task LIKE 'redis:%'")
    wait_for(lambda: health(first) == ("ok", "ok"), 10)
    second.close()


def test_a_redis_that_lost_its_data_is_no_other_one(system):
    assert health(system) == ("ok", "ok")
    system.redis("FLUSHALL")
    wait_for(lambda: health(system) == ("ok", "ok"), 30)
    assert found(system, "check", 0)["state"] == "ok"


# ---- users, database numbers, TLS ----

def assert_works(own):
    client = Client(own).register()
    room = client.room()["room_id"]
    with in_room(client, room) as there:
        assert seconds_until_seen(client, room, there, "x") < SOON
        online = client.get(f"/api/chat/rooms/{room}/presence/").json()["online"]
        assert [user["user_id"] for user in online] == [client.id]
    assert health(own) == ("ok", "ok")
    wait_for(lambda: push_health(own) == "ok", 10)


def test_a_user_and_a_database_number(make_instance):
    with Redis("user default off\nuser chat on >secret ~confab:* &confab:* +@all") as redis:
        options = {**redis.env, "CONFAB_REDIS_USER": "chat", "CONFAB_REDIS_PASSWORD": "secret",
                   "CONFAB_REDIS_DATABASE": "3"}
        own = make_instance(**options)
        assert_works(own)
        keyspace = redis.command("--no-auth-warning", "--user", "chat", "--pass", "secret", "INFO",
                                 "keyspace")
        assert "db3:" in keyspace and "db0:" not in keyspace
        assert found(own, "check", 1, CONFAB_REDIS_PASSWORD="wrong")["state"] == "failed"
        own.close()


def test_tls_to_redis(make_instance, certificates):
    with Redis(certificates=certificates) as redis:
        verify = {"CONFAB_REDIS_TLS": "verify", "CONFAB_REDIS_CA": str(certificates.ca)}
        own = make_instance(**redis.env, **verify)
        assert_works(own)
        assert found(own, "check", 0, CONFAB_REDIS_TLS="on", CONFAB_REDIS_CA="")["state"] == "ok"
        for wrong in ({"CONFAB_REDIS_TLS": "off"}, {"CONFAB_REDIS_CA": str(certificates.other_ca)},
                      {"CONFAB_REDIS_CA": ""}, {"CONFAB_REDIS_CA": "/nonexistent"},
                      {"CONFAB_REDIS_HOST": "127.0.0.2"}):
            assert found(own, "check", 1, **wrong)["state"] == "failed"
        own.close()


def test_tls_with_a_certificate_of_the_client(make_instance, certificates):
    with Redis(certificates=certificates) as redis:
        redis.command("CONFIG", "SET", "tls-auth-clients", "yes")
        own_ca = {"CONFAB_REDIS_TLS": "verify", "CONFAB_REDIS_CA": str(certificates.ca)}
        own = make_instance(**redis.env, **own_ca,
                            CONFAB_REDIS_CERT=str(certificates.client),
                            CONFAB_REDIS_KEY=str(certificates.client_key))
        assert_works(own)
        assert found(own, "check", 1, CONFAB_REDIS_CERT="",
                     CONFAB_REDIS_KEY="")["state"] == "failed"
        own.close()


def test_a_large_burst_over_tls_is_whole(make_instance, certificates):
    with Redis(certificates=certificates) as redis:
        own = make_instance(**redis.env, CONFAB_REDIS_TLS="on")
        client = Client(own).register()
        room = client.room()["room_id"]
        with in_room(client, room) as there:
            for number in range(20):
                client.say(room, f"{number} " + "\U0001F600" * 7000)
            for number in range(20):
                content = there.until("new_message")["message"]["content"]
                assert content.startswith(f"{number} ") and len(content) > 7000
        own.close()
