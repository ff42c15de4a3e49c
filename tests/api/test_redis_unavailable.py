"""Redis is killed, hangs and comes back: no request waits for it, and no event is lost."""

import contextlib
import statistics
import time

import pytest
from support.client import Client
from support.load import Load, mixed
from support.unavailable import OUTAGES
from support.wait import wait_for

pytestmark = pytest.mark.slow("stops Redis")

WRONG = "not the password"


@pytest.fixture(scope="module")
def system(make_instance):
    """Every request reads its rate limit from Redis. One worker, so that the counters of that
    worker are the only ones."""
    return make_instance(CONFAB_PROCESSES=1, CONFAB_REDIS_TIMEOUT=5, CONFAB_RATE_LIMITS="on",
                         CONFAB_RATE_MESSAGES=100000, CONFAB_RATE_MESSAGES_BURST=100000,
                         CONFAB_RATE_REQUESTS=100000, CONFAB_RATE_REQUESTS_BURST=100000,
                         CONFAB_RATE_REGISTRATIONS=100000)


@pytest.fixture
def writer(system):
    return Client(system).register()


def new_workers(system):
    """Replaces the workers, which remember a Redis outage of another test."""
    before = system.api_workers()
    system.reload()
    wait_for(lambda: len(system.api_workers()) == 1 and system.api_workers() != before)


def costs(client, room, count=60):
    """The seconds of posts and of reads, each the median of `count`."""
    spent = {"post": [], "read": []}
    for _ in range(count):
        before = time.perf_counter()
        client.say(room)
        between = time.perf_counter()
        client.get(f"/api/chat/rooms/{room}/messages/?limit=1")
        spent["post"].append(between - before)
        spent["read"].append(time.perf_counter() - between)
    return {kind: statistics.median(times) for kind, times in spent.items()}


def is_published(system, client, room):
    """Posts a message, and returns whether its event was published."""
    with system.subscribe(f"room:{room}") as received:
        message = client.say(room)
        with contextlib.suppress(AssertionError):
            return received.wait_for(lambda e: e.subject_id == message["message_id"], 0.5)


# ---- down ----

@OUTAGES
def test_without_redis_requests_take_at_most_a_few_milliseconds_more(system, writer, outage):
    room = writer.room()["room_id"]
    new_workers(system)
    costs(writer, room, 10)
    before = costs(writer, room)
    with outage(system):
        without = costs(writer, room)
    for kind in before:
        assert without[kind] <= 3 * before[kind] + 0.005, (kind, before, without)


@OUTAGES
def test_without_redis_requests_succeed_and_no_event_is_lost(system, writer, outage):
    room = writer.room()["room_id"]
    with Load(system, writer.token, mixed(room)) as load:
        load.wait_for(100)
        with outage(system):
            load.wait_for(600)
        load.wait_for(100)
    assert load.failures == []
    posted = load.statuses["POST", 201]
    assert system.sql("SELECT message_count, last_seq FROM room WHERE room_id = ?", room) \
        == [(posted, posted)]
    assert system.sql("SELECT COUNT(*) FROM event WHERE room_id = ?", room) == [(posted,)]
    checked = system.confabctl("check", "--deep")
    assert checked.returncode == 0, checked.stdout


@OUTAGES
def test_health_is_degraded_without_redis_and_ok_afterwards(system, outage):
    client = Client(system)
    wait_for(lambda: client.get("/healthz").json() == {"status": "ok"}, 45)
    with outage(system):
        answer = wait_for(lambda: degraded(client), 10)
        assert answer.status_code == 200
        assert answer.json() == {"status": "degraded", "database": "ok", "redis": "unreachable"}
    wait_for(lambda: client.get("/healthz").json() == {"status": "ok"}, 45, "a good health")


def degraded(client):
    answer = client.get("/healthz")
    return answer if answer.json()["status"] != "ok" else None


@OUTAGES
def test_presence_is_empty_without_redis(system, writer, outage):
    room = writer.room()["room_id"]
    with outage(system):
        answer = writer.get(f"/api/chat/rooms/{room}/presence/")
    assert (answer.status_code, answer.json()) == (200, {"online": []})


@OUTAGES
def test_rate_limits_apply_without_redis(system, writer, outage):
    """Ten logins a minute, counted by the worker."""
    body = {"username": writer.name, "password": WRONG}
    with outage(system):
        statuses = [writer.post("/api/auth/token/", json=body).status_code for _ in range(11)]
        refused = writer.post("/api/auth/token/", json=body)
    assert statuses == [400] * 10 + [429]
    assert int(refused.headers["Retry-After"]) > 0


# ---- back ----

@OUTAGES
def test_when_redis_is_back_events_are_published_again(system, writer, outage):
    """The backoff grows up to 15 seconds."""
    room = writer.room()["room_id"]
    wait_for(lambda: is_published(system, writer, room), 45)
    with outage(system):
        for _ in range(5):
            writer.say(room)
    wait_for(lambda: is_published(system, writer, room), 45, "a published event")


def test_a_lost_connection_to_redis_is_reopened(system, writer):
    room = writer.room()["room_id"]
    wait_for(lambda: is_published(system, writer, room), 45)
    assert int(system.redis("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")) >= 1
    writer.say(room)
    wait_for(lambda: is_published(system, writer, room), 45, "a published event")


def test_a_redis_that_refuses_writes_fails_no_request(system, writer):
    """It is full: every write is an error."""
    room = writer.room()["room_id"]
    system.redis("CONFIG", "SET", "maxmemory", "1")
    try:
        with Load(system, writer.token, mixed(room)) as load:
            load.wait_for(200)
    finally:
        system.redis("CONFIG", "SET", "maxmemory", "128mb")
    assert load.failures == []
    assert writer.post("/api/auth/token/", json={
        "username": writer.name, "password": writer.password}).status_code == 200


def test_a_corrupt_key_in_redis_fails_no_request(system, writer):
    """A rate limit key with a value of another type."""
    for key in system.redis("KEYS", "confab:rate:*").split():
        system.redis("SET", key, "no number")
    assert writer.get("/api/auth/me/").status_code == 200


# ---- configured without Redis ----

def test_a_site_configured_without_redis_works(make_instance):
    system = make_instance(CONFAB_REDIS_SOCKET="")
    client = Client(system)
    assert client.get("/healthz").json() == {"status": "ok"}
    writer = Client(system).register()
    room = writer.room()["room_id"]
    writer.say(room)
    assert [event["type"] for event in writer.events(room)] == ["new_message"]
    assert writer.get(f"/api/chat/rooms/{room}/presence/").json() == {"online": []}
    assert "redis" not in system.log()
