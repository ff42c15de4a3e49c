"""The configuration keys of the rate limits, and where requests are counted. (What clients see:
test_accounts_rate_limits.py.)"""

import contextlib
import json
import time

import pytest
from support.client import Client, fresh_name
from support.configured import configured
from support.limits import until_429
from support.load import Load
from support.shapes import refusal

pytestmark = pytest.mark.slow("servers of its own for each limit")

TOKEN = "/api/auth/token/"
ME = "/api/auth/me/"


@pytest.fixture(scope="module")
def system(make_instance):
    return make_instance(CONFAB_RATE_LIMITS="on", CONFAB_REDIS_TIMEOUT=1000)


@pytest.fixture(autouse=True)
def nothing_counted_yet(system):
    system.redis("FLUSHALL")


@contextlib.contextmanager
def limited(system, **keys):
    """Adds these keys to the configuration, and resets the counters."""
    with configured(system, **keys):
        system.redis("FLUSHALL")
        yield


def registered(system):
    """A new user. The host counts registrations as well, and those of all tests come from one
    address."""
    with limited(system, rate_registrations=1000000):
        return Client(system).register()


def wrong_login(system, name):
    return Client(system).post(TOKEN, json={"username": name, "password": "wrong horse!"})


def registration(system):
    return Client(system).post("/api/auth/register/", json={
        "username": fresh_name(), "password": "correct horse"})


def posting(client, room):
    return lambda: client.post(f"/api/chat/rooms/{room}/messages/", json={"content": "x"})


def let_in(ask, most=400):
    """The number of requests before the first 429, and the seconds they took."""
    before = time.monotonic()
    count, _ = until_429(ask, most)
    return count, time.monotonic() - before


def assert_burst(let, burst, rate):
    """The number is that of the burst and of the tokens refilled meanwhile."""
    count, seconds = let
    assert burst <= count <= burst + seconds * rate + 1


# ---- each key ----

def test_rate_logins_limits_logins_per_minute(system):
    with limited(system, rate_logins=3):
        assert_burst(let_in(lambda: wrong_login(system, "somebody")), 3, 3 / 60)


def test_rate_registrations_limits_registrations_per_hour(system):
    with limited(system, rate_registrations=2):
        assert_burst(let_in(lambda: registration(system)), 2, 2 / 3600)


def test_rate_messages_burst_limits_the_burst_of_messages(system):
    client = registered(system)
    room = client.room()["room_id"]
    with limited(system, rate_messages=1, rate_messages_burst=7):
        assert_burst(let_in(posting(client, room)), 7, 1)


def test_rate_messages_limits_messages_per_second(system):
    client = registered(system)
    say = posting(client, client.room()["room_id"])
    with limited(system, rate_messages=20, rate_messages_burst=1):
        before, posted = time.monotonic(), 0
        while posted < 15:
            posted += say().status_code == 201
        assert posted <= 1 + 20 * (time.monotonic() - before) + 1


def test_rate_requests_burst_limits_the_burst_of_requests(system):
    client = registered(system)
    with limited(system, rate_requests=1, rate_requests_burst=9):
        assert_burst(let_in(lambda: client.get(ME)), 9, 1)


def test_rate_requests_limits_requests_per_second(system):
    client = registered(system)
    with limited(system, rate_requests=20, rate_requests_burst=1):
        before, answered = time.monotonic(), 0
        while answered < 15:
            answered += client.get(ME).status_code == 200
        assert answered <= 1 + 20 * (time.monotonic() - before) + 1


def test_the_defaults_allow_bursts_of_30_messages_and_200_requests(system):
    client = registered(system)
    room = client.room()["room_id"]
    with Load(system, client.token, [once("GET", ME, 25) for _ in range(8)]) as load:
        load.join()
    assert load.statuses == {("GET", 200): 200}
    system.redis("FLUSHALL")
    statuses = [posting(client, room)().status_code for _ in range(30)]
    assert statuses == [201] * 30


@pytest.mark.slow("an instance of its own")
def test_rate_limits_off_disables_all_limits(make_instance):
    system = make_instance(CONFAB_RATE_LIMITS="off", CONFAB_RATE_LOGINS=1,
                           CONFAB_RATE_REGISTRATIONS=1, CONFAB_RATE_MESSAGES=1,
                           CONFAB_RATE_MESSAGES_BURST=1, CONFAB_RATE_REQUESTS=1,
                           CONFAB_RATE_REQUESTS_BURST=1)
    client = registered(system)
    room = client.room()["room_id"]
    for _ in range(5):
        assert registration(system).status_code == 201
        assert wrong_login(system, client.name).status_code == 400
        assert posting(client, room)().status_code == 201
    assert system.redis("KEYS", "confab:rate:*") == ""


# ---- what counts ----

def test_an_edit_counts_as_a_message_and_reading_does_not(system):
    client = registered(system)
    room = client.room()["room_id"]
    message = client.say(room)["message_id"]
    path = f"/api/chat/rooms/{room}/messages/{message}/"
    with limited(system, rate_messages=1, rate_messages_burst=3):
        assert_burst(let_in(lambda: client.patch(path, json={"content": "new"})), 3, 1)
        assert client.get(path).status_code == 200
        assert client.delete(path).status_code == 204


def test_a_message_refused_for_its_fields_does_not_count(system):
    client = registered(system)
    room = client.room()["room_id"]
    with limited(system, rate_messages=1, rate_messages_burst=2):
        for _ in range(5):
            answer = client.post(f"/api/chat/rooms/{room}/messages/", json={"content": ""})
            assert answer.status_code == 400
        assert posting(client, room)().status_code == 201


def test_health_and_anonymous_requests_do_not_count_as_requests(system):
    with limited(system, rate_requests=1, rate_requests_burst=1):
        for _ in range(10):
            assert Client(system).get("/healthz").status_code == 200
            assert Client(system).get(ME).status_code == 401


def test_every_authenticated_route_counts_as_a_request(system):
    client = registered(system)
    paths = [ME, "/api/chat/rooms/", "/api/chat/users/", "/api/chat/rooms/1/"]
    with limited(system, rate_requests=1, rate_requests_burst=1):
        for path in paths:
            assert_burst(let_in(lambda: client.get(path)), 0, 2)


# ---- counters ----

def once(method, path, count, fields=None):
    for _ in range(count):
        yield method, path, fields


def test_all_processes_share_the_limits(system):
    """Twenty concurrent requests on all workers: exactly as many as allowed succeed."""
    body = {"username": "from-everywhere", "password": "wrong horse!"}
    with limited(system, rate_logins=3):
        assert len(system.api_workers()) > 3
        with Load(system, "", [once("POST", TOKEN, 1, body) for _ in range(20)]) as load:
            load.join()
    assert load.statuses == {("POST", 400): 3, ("POST", 429): 17}


def test_keys_in_redis_contain_no_name_or_address_and_expire(system):
    client = registered(system)
    with limited(system, rate_requests=1):
        wrong_login(system, client.name)
        for _ in range(30):
            client.get(ME)
        keys = system.redis("KEYS", "confab:rate:*").split()
    assert sorted(key.split(":")[2] for key in keys) == [
        "login", "login-address", "request"]
    for key in keys:
        assert client.name not in key and "127.0.0.1" not in key
        left = int(system.redis("PTTL", key))
        assert left == -2 or 0 < left <= 3600 * 1000  # -2: it has just expired
    assert system.sql("SELECT COUNT(*) FROM rate") == [(0,)]


def test_a_429_has_a_detail_and_retry_after(system):
    with limited(system, rate_logins=1):
        wrong_login(system, "somebody")
        answer = wrong_login(system, "somebody")
    seconds = int(answer.headers["Retry-After"])
    assert 1 <= seconds <= 60
    assert json.loads(answer.content) == refusal(
        "throttled", f"Request was throttled. Expected available in {seconds} seconds.")
    assert answer.headers["Content-Type"] == "application/json; charset=utf-8"
