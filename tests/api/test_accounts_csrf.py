"""Unsafe requests with a session cookie require an allowed Origin or Referer."""

import pytest

from support.answers import assert_error
from support.client import Client
from support.rooms import ROOMS

ALLOWED = "https://app.example"


@pytest.fixture(scope="module")
def site(foreign_pages):
    return foreign_pages


@pytest.fixture(scope="module")
def owner(site):
    return Client(site).register()


@pytest.fixture(scope="module")
def browser(owner):
    return owner.browser()


def make_room(client, **headers):
    """Creates a room with these headers; {own} in them is replaced by the URL of this site."""
    filled = {name: value.format(own=client.instance.url, port=client.instance.port)
              for name, value in headers.items()}
    return client.post(ROOMS, json={"name": "From a page"}, headers=filled)


def test_a_cookie_without_origin_and_referer_is_403(browser):
    assert_error(make_room(browser), 403)


@pytest.mark.parametrize("headers", [
    {"Origin": "{own}"},
    {"Origin": ALLOWED},
    {"Origin": "http://localhost:3000"},
    {"Origin": "{own}", "Referer": "https://evil.example/"},
    {"Referer": "{own}/"},
    {"Referer": "{own}/some/page?with=query#part"},
    {"Referer": "{own}"},
    {"Referer": f"{ALLOWED}/page"},
])
def test_a_cookie_from_an_allowed_page_is_accepted(browser, headers):
    assert make_room(browser, **headers).status_code == 201


@pytest.mark.parametrize("headers", [
    {"Origin": "https://evil.example"},
    {"Origin": "null"},
    {"Origin": "{own}.evil.example"},
    {"Origin": "{own}0"},
    {"Origin": "http://127.0.0.1"},
    {"Origin": "https://127.0.0.1:{port}"},
    {"Origin": "http://localhost:{port}"},
    {"Origin": "http://app.example"},
    {"Origin": f"{ALLOWED}.evil.example"},
    {"Origin": f"{ALLOWED}:8443"},
    {"Origin": f"https://evil.example {ALLOWED}"},
    {"Origin": "app.example"},
    {"Origin": "https://evil.example", "Referer": "{own}/"},
    {"Referer": "https://evil.example/{own}/"},
    {"Referer": "{own}@evil.example/"},
    {"Referer": "{own}.evil.example/"},
    {"Referer": "/api/"},
    {"Referer": "http:"},
    {"Referer": "https://" + "x" * 5000},
])
def test_a_cookie_from_any_other_page_is_403(browser, headers):
    assert_error(make_room(browser, **headers), 403)


def test_a_request_from_a_refused_page_changes_nothing(site, browser):
    before = site.sql("SELECT COUNT(*) FROM room")
    make_room(browser, Origin="https://evil.example")
    make_room(browser)
    assert site.sql("SELECT COUNT(*) FROM room") == before


@pytest.mark.parametrize("method, path", [
    ("POST", "/api/auth/logout/"), ("POST", "/api/auth/password/"), ("DELETE", "/api/auth/token/"),
    ("POST", "/api/chat/rooms/"), ("PATCH", "/api/chat/rooms/{id}/"),
    ("DELETE", "/api/chat/rooms/{id}/"), ("POST", "/api/chat/rooms/{id}/invite/"),
    ("POST", "/api/chat/rooms/{id}/remove_member/"), ("POST", "/api/chat/rooms/{id}/join/"),
    ("PATCH", "/api/chat/rooms/{id}/members/1/"), ("POST", "/api/chat/rooms/direct/"),
    ("POST", "/api/chat/rooms/{id}/read/"), ("POST", "/api/chat/rooms/{id}/messages/"),
    ("PATCH", "/api/chat/rooms/{id}/messages/1/"), ("DELETE", "/api/chat/rooms/{id}/messages/1/"),
])
def test_every_unsafe_method_is_403_from_a_foreign_page(owner, browser, method, path):
    path = path.format(id=owner.room()["room_id"])
    answer = browser.request(method, path, headers={"Origin": "https://evil.example"})
    assert_error(answer, 403)
    assert_error(browser.request(method, path), 403)
    assert browser.get("/api/auth/me/").status_code == 200


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS"])
def test_reading_with_a_cookie_requires_no_origin(browser, method):
    assert browser.request(method, ROOMS).status_code == 200
    assert browser.request(method, ROOMS, headers={"Origin": "https://evil.example"}).ok


def test_a_token_requires_no_origin(owner):
    assert make_room(owner).status_code == 201


def test_a_foreign_origin_is_ignored_with_a_token(owner):
    assert make_room(owner, Origin="https://evil.example").status_code == 201


def test_an_expired_cookie_is_401_and_not_403(site):
    stranger = Client(site)
    stranger.cookies.set("sessionid", "0" * 40)
    assert_error(make_room(stranger), 401)


def test_behind_https_only_the_https_origin_is_accepted(browser):
    https = {"X-Forwarded-Proto": "https"}
    assert make_room(browser, Origin="https://127.0.0.1:{port}", **https).status_code == 201
    assert make_room(browser, Origin="{own}", **https).status_code == 403
