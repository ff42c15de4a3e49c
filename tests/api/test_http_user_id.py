"""X-Confab-User-Id: each answer has the id of the user that it is for."""

import pytest

from support.client import Client
from support.rooms import ROOMS, url
from support.shapes import refusal

HEADER = "X-Confab-User-Id"
ME = "/api/auth/me/"


@pytest.mark.everywhere
def test_answers_to_a_token_and_a_cookie_name_the_user(user):
    new = user()
    for client in (new, new.browser()):
        assert client.get(ME).headers[HEADER] == str(new.id)


@pytest.mark.parametrize("method, path, json, status", [
    ("GET", "", None, 200), ("HEAD", "", None, 200), ("GET", "messages/", None, 200),
    ("GET", "events/", None, 200), ("POST", "messages/", {"content": "x"}, 201),
    ("POST", "messages/", {"content": ""}, 400), ("POST", "messages/", [], 400),
    ("PATCH", "", {"name": "x"}, 200), ("GET", "messages/1/", None, 404), ("DELETE", "", None, 204),
])
def test_every_answer_to_valid_credentials_names_the_user(user, method, path, json, status):
    new = user()
    room = new.room()
    new.say(room["room_id"])  # and now the token is in a cache
    answer = new.request(method, url(room, path), json=json)
    assert (answer.status_code, answer.headers[HEADER]) == (status, str(new.id))


def test_refusals_of_what_another_user_owns_name_the_user(user):
    owner, other = user(), user()
    private, public = owner.room(), owner.room(is_private=False)
    assert other.get(url(private)).headers[HEADER] == str(other.id)
    assert other.patch(url(public), json={"name": "x"}).headers[HEADER] == str(other.id)


@pytest.mark.everywhere
def test_an_unchanged_answer_names_the_user(user):
    new = user()
    new.room()
    tag = new.get(ROOMS).headers["ETag"]
    answer = new.get(ROOMS, headers={"If-None-Match": tag})
    assert (answer.status_code, answer.headers[HEADER]) == (304, str(new.id))


def test_a_login_names_the_user_who_logged_in(user):
    first, second = user(), user()
    browser = first.browser()
    answer = browser.post("/api/auth/login/",
                          json={"username": second.name, "password": second.password})
    assert answer.headers[HEADER] == str(second.id)
    assert browser.get(ME).headers[HEADER] == str(second.id)
    answer = Client(first.instance, first.token).post("/api/auth/login/")
    assert answer.headers[HEADER] == str(first.id)


@pytest.mark.parametrize("method, path, json", [
    ("GET", ME, None), ("GET", ROOMS, None), ("POST", ROOMS, {"name": "x"}), ("GET", "/healthz", None),
    ("POST", "/api/auth/login/", {"username": "nobody", "password": "wrong-one"}),
    ("OPTIONS", ROOMS, None), ("GET", "/api/nothing/", None),
])
def test_answers_without_valid_credentials_name_no_user(anonymous, method, path, json):
    for key in (None, "Token " + "0" * 40):
        answer = anonymous.request(method, path, json=json, headers={"Authorization": key})
        assert HEADER not in answer.headers


@pytest.mark.everywhere
def test_a_change_with_the_cookie_of_another_user_is_refused(user):
    first, second = user(), user()
    browser = second.browser()
    room = second.room()
    for method, path, json in [("POST", url(room, "messages/"), {"content": "x"}),
                               ("PATCH", url(room), {"name": "x"}), ("DELETE", url(room), None),
                               ("POST", "/api/auth/logout/", {})]:
        for expected in (first.id, 0, -1, "x", 2**64):
            answer = browser.request(method, path, json=json,
                                     headers={HEADER: str(expected), "Origin": browser.instance.url})
            assert (answer.status_code, answer.headers[HEADER]) == (409, str(second.id))
            assert answer.json() == refusal("user_changed",
                                            "Another user has logged in in this browser.")
    assert browser.get(url(room), headers={HEADER: str(first.id)}).json()["message_count"] == 0
    answer = browser.post(url(room, "messages/"), json={"content": "x"},
                          headers={HEADER: str(second.id), "Origin": browser.instance.url})
    assert answer.status_code == 201


def test_a_token_is_not_compared(user):
    new = user()
    room = new.room()
    answer = new.post(url(room, "messages/"), json={"content": "x"}, headers={HEADER: "1"})
    assert answer.status_code == 201


def test_a_disabled_user_is_not_named(user, instance):
    new = user()
    instance.sql("UPDATE user SET is_active = 0 WHERE user_id = ?", new.id)
    answer = new.get(ME)
    assert (answer.status_code, HEADER in answer.headers) == (401, False)


def test_pages_of_other_origins_may_read_it(foreign_pages):
    new = Client(foreign_pages).register()
    answer = new.get(ME, headers={"Origin": "https://app.example"})
    assert HEADER in answer.headers["Access-Control-Expose-Headers"]
    answer = new.request("OPTIONS", ME, headers={"Origin": "https://app.example"})
    assert HEADER in answer.headers["Access-Control-Allow-Headers"]
