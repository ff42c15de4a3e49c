"""GET /healthz: ok, degraded without Redis, down without the database."""

import os
import signal
import time

import pytest

from support.answers import JSON_TYPE, assert_error, assert_tells_nothing
from support.client import Client
from support.wait import wait_for

pytestmark = pytest.mark.slow("stops the database and Redis")


@pytest.fixture(scope="module")
def system(make_instance):
    """With one process: each finds out for itself that Redis is back, or slow, which it may be for a
    moment while the instance starts."""
    made = make_instance(CONFAB_PROCESSES=1)
    wait_until_ok(patient(made))
    return made


def patient(system):
    """A client that accepts 503."""
    client = Client(system)
    client.may_fail = True
    return client


@pytest.fixture
def visitor(system):
    return patient(system)


@pytest.fixture
def member(system):
    client = Client(system).register()
    client.may_fail = True
    return client


@pytest.fixture
def without_redis(system):
    system.end("redis")
    yield
    system.start()
    wait_until_ok(patient(system))


@pytest.fixture
def without_database(system):
    system.end("database", signal.SIGKILL)
    yield
    system.start()
    wait_until_ok(patient(system))


def health(client):
    answer = client.get("/healthz")
    return answer.status_code, answer.json()


def wait_until_ok(client):
    wait_for(lambda: health(client) == (200, {"status": "ok"}), 30)


# ---- ok ----

def test_a_healthy_instance_is_ok(visitor):
    assert health(visitor) == (200, {"status": "ok"})


def test_health_is_json_and_is_not_cached(visitor):
    answer = visitor.get("/healthz")
    assert answer.headers["Content-Type"] == JSON_TYPE
    assert answer.headers["Cache-Control"] == "private, no-store"


def test_health_requires_no_credentials_and_ignores_bad_ones(visitor):
    for headers in ({}, {"Authorization": "Token bad"}, {"Cookie": "sessionid=bad"}):
        assert visitor.get("/healthz", headers=headers).status_code == 200


@pytest.mark.parametrize("path", ["/healthz", "/healthz/", "/healthz?x=1"])
def test_health_is_served_with_and_without_a_trailing_slash(visitor, path):
    assert visitor.get(path).json() == {"status": "ok"}


def test_health_accepts_get_and_head_only(visitor):
    assert visitor.request("HEAD", "/healthz").status_code == 200
    for method in ("POST", "PUT", "PATCH", "DELETE"):
        assert_error(visitor.request(method, "/healthz"), 405)


def test_paths_below_health_are_404(visitor):
    assert visitor.get("/healthz/more").status_code == 404
    assert visitor.get("/healthzz").status_code == 404


def test_health_is_not_rate_limited(visitor):
    for _ in range(300):
        assert visitor.get("/healthz").status_code == 200


# ---- without Redis ----

def test_without_redis_it_is_degraded_and_200(visitor, without_redis):
    assert health(visitor) == (200, {"status": "degraded", "database": "ok",
                                     "redis": "unreachable"})


def test_without_redis_the_api_works(member, without_redis):
    room = member.room()["room_id"]
    assert member.say(room, "all the same")["content"] == "all the same"
    assert [event["type"] for event in member.events(room)] == ["new_message"]


def test_health_is_ok_again_when_redis_is_back(system, visitor, without_redis):
    assert health(visitor)[1]["status"] == "degraded"
    system.start()
    wait_until_ok(visitor)


def test_a_hanging_redis_is_degraded_and_delays_no_request(system, visitor, member):
    pid = system.pids("redis")
    os.kill(pid, signal.SIGSTOP)
    try:
        wait_for(lambda: health(visitor)[1]["status"] == "degraded", 10)
        started = time.monotonic()
        for _ in range(20):
            assert member.get("/api/auth/me/").status_code == 200
        assert time.monotonic() - started < 5
    finally:
        os.kill(pid, signal.SIGCONT)
    wait_until_ok(visitor)


# ---- without the database ----

def test_without_the_database_health_is_503_and_names_the_database(visitor, without_database):
    status, content = health(visitor)
    assert status == 503
    assert set(content) == {"status", "detail", "code", "database", "redis"}
    assert (content["status"], content["database"], content["redis"]) == (
        "unavailable", "unreachable", "ok")
    assert content["detail"]


def test_without_the_database_answers_have_retry_after(visitor, without_database):
    answer = visitor.get("/healthz")
    assert int(answer.headers["Retry-After"]) > 0
    assert answer.headers["Content-Type"] == JSON_TYPE


def test_without_the_database_no_internals_are_disclosed(visitor, without_database):
    assert_tells_nothing(visitor.get("/healthz").content)


def test_without_both_servers_health_names_both(visitor, without_redis, without_database):
    status, content = health(visitor)
    assert status == 503
    assert (content["database"], content["redis"]) == ("unreachable", "unreachable")


@pytest.mark.parametrize("method, path", [
    ("GET", "/api/auth/me/"), ("GET", "/api/chat/rooms/"), ("POST", "/api/chat/rooms/"),
    ("POST", "/api/chat/rooms/1/messages/"), ("DELETE", "/api/auth/token/"),
])
def test_without_the_database_every_endpoint_is_503(member, without_database, method, path):
    body = {"json": {"name": "x", "content": "x"}} if method == "POST" else {}
    answer = member.request(method, path, **body)
    assert_error(answer, 503)
    assert int(answer.headers["Retry-After"]) > 0


@pytest.mark.parametrize("path", ["register", "token", "login"])
def test_without_the_database_authentication_is_503(visitor, without_database, path):
    body = {"username": "somebody", "password": "correct horse"}
    assert_error(visitor.post(f"/api/auth/{path}/", json=body), 503)


def test_without_the_database_requests_that_need_none_are_answered(visitor, without_database):
    assert_error(visitor.get("/api/nothing/"), 404)
    assert_error(visitor.get("/api/auth/me/"), 401)
    assert_error(visitor.request("PUT", "/api/auth/me/"), 405)
    assert visitor.request("OPTIONS", "/api/chat/rooms/").status_code == 200


def test_everything_works_when_the_database_is_back(system, visitor, member, without_database):
    assert health(visitor)[0] == 503
    system.start()
    wait_until_ok(visitor)
    assert member.get("/api/auth/me/").json()["user_id"] == member.id


def test_no_process_ends_when_the_database_restarts(make_instance):
    system = make_instance()
    visitor, workers = patient(system), system.api_workers()
    assert len(workers) > 1
    system.end("database", signal.SIGKILL)
    for _ in range(3 * len(workers)):
        assert health(visitor)[0] == 503
    system.start()
    wait_until_ok(visitor)
    assert system.api_workers() == workers


# ---- a site configured without Redis ----

def test_a_site_configured_without_redis_is_ok(make_instance):
    site = make_instance(CONFAB_REDIS_SOCKET="")
    assert health(Client(site)) == (200, {"status": "ok"})
