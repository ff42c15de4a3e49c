"""The clock of the host was ahead and is set back. Instead, what is stored is moved ahead."""

import signal

import pytest

from support.client import Client
from support.pushd import Pushd
from support.sockets import in_room
from support.wait import wait_for

pytestmark = pytest.mark.slow("servers of its own")

HOUR = 3600


@pytest.fixture(scope="module")
def system(make_instance):
    """Its buckets refill slowly, so that they are still there when a test moves them."""
    return make_instance(CONFAB_RATE_LIMITS="on", CONFAB_REDIS_TIMEOUT=1000, CONFAB_PROCESSES=1,
                         CONFAB_RATE_REQUESTS=1, CONFAB_RATE_MESSAGES=1)


# In a script no key expires between two commands.
MOVE = """
local keys = redis.call('KEYS', ARGV[1])
for _, key in ipairs(keys) do
  local value = redis.call('GET', key) + ARGV[2] * 1000000
  local left = redis.call('PTTL', key) + ARGV[2] * 1000
  redis.call('SET', key, string.format('%.0f', value), 'PX', left)
end
return #keys
"""


def move_keys(system, pattern, seconds):
    """Moves the times in keys of Redis, and those at which the keys expire; returns how many."""
    return int(system.redis("EVAL", MOVE, 0, pattern, seconds))


def token_of(client, name):
    return client.post("/api/auth/token/", json={"username": name, "password": "correct horse"})


def test_a_bucket_of_the_future_limits_no_user(system):
    client = Client(system).register()
    client.may_fail = True
    room = client.room()["room_id"]
    for _ in range(31):
        client.post(f"/api/chat/rooms/{room}/messages/", json={"content": "x"})
    token_of(client, client.name)
    assert move_keys(system, "*rate:*", HOUR) >= 4
    assert client.post(f"/api/chat/rooms/{room}/messages/",
                       json={"content": "x"}).status_code == 201
    assert client.get("/api/auth/me/").status_code == 200
    assert token_of(client, client.name).status_code == 200
    Client(system).register()


def test_a_bucket_in_the_database_is_no_different(make_instance):
    own = make_instance(CONFAB_RATE_LIMITS="on", CONFAB_REDIS_SOCKET="", CONFAB_REDIS_HOST="", CGI=1)
    name = Client(own).register().name
    visitor = Client(own)
    visitor.may_fail = True

    def log_in():
        return visitor.post("/cgi-bin/confab.cgi/api/auth/token/", json={
            "username": name, "password": "correct horse"}).status_code
    assert log_in() == 200
    own.sql("UPDATE rate SET tat = tat + ?", HOUR * 10**6)
    assert log_in() == 200
    own.sql("UPDATE rate SET tat = tat + ?", 40 * 24 * HOUR * 10**6)
    assert own.confabctl("events", "purge").returncode == 0
    assert own.sql("SELECT COUNT(*) FROM rate") == [(0,)]


def test_housekeeping_runs_although_it_last_ran_in_the_future(system):
    client = Client(system).register()
    client.post("/api/auth/login/")
    system.sql("UPDATE session SET expires_at = '2020-01-01'")
    system.sql("REPLACE INTO housekeeping VALUES ('purge', SYSDATE(6) + INTERVAL 1 HOUR)")
    system.reload()  # a new process checks after its first request

    def purged():
        client.get("/healthz")
        return system.sql("SELECT COUNT(*) FROM session") == [(0,)]
    wait_for(purged, 45)


def test_a_session_lasts_no_longer_than_a_new_one(system):
    client = Client(system).register()
    cookie = client.post("/api/auth/login/").headers["Set-Cookie"].split(";")[0]
    client.post("/api/auth/login/")
    system.sql("UPDATE session SET expires_at = SYSDATE(6) + INTERVAL 400 DAY")
    answer = Client(system).get("/api/auth/me/", headers={"Cookie": cookie})
    assert answer.headers["Set-Cookie"].startswith(cookie), "renewed when it is used"

    def longest():
        return system.sql("SELECT MAX(TIMESTAMPDIFF(HOUR, SYSDATE(6), expires_at)) "
                          "FROM session")[0][0]
    assert longest() > 14 * 24
    assert system.confabctl("events", "purge").returncode == 0
    assert longest() <= 14 * 24


@pytest.mark.slow("waits for a lease to expire")
def test_the_lease_of_a_killed_pushd_ends_soon(make_instance):
    own = make_instance()
    alice, bob = (Client(own).register() for _ in range(2))
    room = alice.room()["room_id"]
    alice.invite(room, bob)
    with Pushd(own) as doomed, in_room(alice, room) as here:
        with in_room(bob, room, direct=doomed.port):
            here.until("user_joined")
            doomed.signal(signal.SIGKILL)
            now = int(own.redis("TIME").split()[0])
            leases = own.redis("KEYS", "*pushd:*").split()
            assert len(leases) == 2
            for lease in leases:
                own.redis("EXPIRE", lease, HOUR)
                own.redis("ZADD", "confab:pushds", "XX", now + HOUR, lease.rpartition(":")[2])
            assert here.until("user_left", 60)["user_id"] == bob.id
            here.none()
