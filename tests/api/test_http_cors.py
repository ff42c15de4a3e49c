"""CORS: only the origins in allowed_origins may use the API."""

import pytest

from support.client import Client
from support.rooms import ROOMS

ALLOWED = ["https://app.example", "http://localhost:3000"]
FOREIGN = ["https://evil.example", "http://app.example", "https://app.example.evil.example",
           "https://app.example:8443", "https://sub.app.example", "null", "https://app.example/",
           "", "*", "https://APP.example.", "https://app.example https://evil.example"]
HEADERS = ("Access-Control-Allow-Origin", "Access-Control-Allow-Credentials",
           "Access-Control-Allow-Methods", "Access-Control-Allow-Headers")


@pytest.fixture(scope="module")
def site(foreign_pages):
    return foreign_pages


@pytest.fixture(scope="module")
def owner(site):
    return Client(site).register()


def preflight(client, path, origin, method="POST", asked="authorization, content-type"):
    return client.request("OPTIONS", path, headers={
        "Origin": origin, "Access-Control-Request-Method": method,
        "Access-Control-Request-Headers": asked, "Authorization": None})


def words(value):
    return {word.strip().lower() for word in value.split(",")}


@pytest.mark.parametrize("origin", ALLOWED)
def test_an_allowed_page_may_read_answers_with_credentials(owner, origin):
    answer = owner.get(ROOMS, headers={"Origin": origin})
    assert answer.status_code == 200
    assert answer.headers["Access-Control-Allow-Origin"] == origin
    assert answer.headers["Access-Control-Allow-Credentials"] == "true"


@pytest.mark.parametrize("origin", ALLOWED)
def test_an_allowed_page_may_read_errors(site, owner, origin):
    for answer in (Client(site).get(ROOMS, headers={"Origin": origin}),
                   owner.get("/api/nothing/", headers={"Origin": origin}),
                   owner.post(ROOMS, json={}, headers={"Origin": origin})):
        assert answer.status_code >= 400
        assert answer.headers["Access-Control-Allow-Origin"] == origin


def test_an_allowed_page_may_read_the_headers_a_client_needs(owner):
    answer = owner.get(ROOMS, headers={"Origin": ALLOWED[0]})
    shown = words(answer.headers["Access-Control-Expose-Headers"])
    assert shown >= {"etag", "retry-after", "x-request-id"}


@pytest.mark.parametrize("path, method", [
    (ROOMS, "POST"), ("/api/chat/rooms/1/", "PATCH"), ("/api/chat/rooms/1/", "DELETE"),
    ("/api/auth/token/", "DELETE"), ("/api/auth/login/", "POST"), (ROOMS, "GET"),
])
def test_the_preflight_of_an_allowed_page_is_answered(owner, path, method):
    answer = preflight(owner, path, ALLOWED[0], method)
    assert answer.status_code in (200, 204)
    assert answer.headers["Access-Control-Allow-Origin"] == ALLOWED[0]
    assert answer.headers["Access-Control-Allow-Credentials"] == "true"
    assert method.lower() in words(answer.headers["Access-Control-Allow-Methods"])
    assert words(answer.headers["Access-Control-Allow-Headers"]) >= {
        "authorization", "content-type", "x-confab-token", "if-none-match"}
    assert int(answer.headers["Access-Control-Max-Age"]) > 0


@pytest.mark.parametrize("origin", FOREIGN)
def test_another_origin_gets_no_cors_headers(owner, origin):
    for answer in (owner.get(ROOMS, headers={"Origin": origin}), preflight(owner, ROOMS, origin)):
        assert not [name for name in HEADERS if name in answer.headers]


def test_a_request_without_an_origin_gets_no_cors_headers(owner):
    answer = owner.get(ROOMS)
    assert not [name for name in HEADERS if name in answer.headers]


def test_answers_vary_by_origin(owner):
    for headers in ({}, {"Origin": ALLOWED[0]}, {"Origin": FOREIGN[0]}):
        assert "origin" in words(owner.get(ROOMS, headers=headers).headers["Vary"])


def test_without_allowed_origins_no_origin_is_allowed(user):
    client = user()
    for origin in (ALLOWED[0], "null", "https://evil.example"):
        assert "Access-Control-Allow-Origin" not in client.get(
            ROOMS, headers={"Origin": origin}).headers
        assert "Access-Control-Allow-Origin" not in preflight(client, ROOMS, origin).headers


def test_an_allowed_page_can_log_in_and_use_its_cookie(site, owner):
    browser = Client(site)
    page = {"Origin": ALLOWED[1]}
    answer = browser.post("/api/auth/login/", headers=page,
                          json={"username": owner.name, "password": owner.password})
    assert answer.status_code == 200
    answer = browser.post(ROOMS, json={"name": "From afar"}, headers=page)
    assert answer.status_code == 201
    assert answer.headers["Access-Control-Allow-Credentials"] == "true"
