"""X-HTTP-Method-Override: POST in place of PATCH, PUT and DELETE, under the rules of those."""

import pytest

from support.answers import assert_error
from support.client import Client
from support.rooms import ROOMS, message_url, url

OVERRIDE = "X-HTTP-Method-Override"


def send(client, method, path, **options):
    """Sends the method as POST."""
    headers = {OVERRIDE: method, **options.pop("headers", {})}
    return client.post(path, headers=headers, **options)


@pytest.mark.everywhere
def test_post_does_what_the_method_meant_does(user):
    new = user()
    room = new.room()
    message = new.say(room["room_id"], "first")
    answer = send(new, "PATCH", url(room), json={"name": "Renamed"})
    assert (answer.status_code, answer.json()["name"]) == (200, "Renamed")
    answer = send(new, "PATCH", message_url(message), json={"content": "second"})
    assert answer.json()["content"] == "second" and answer.json()["edited_at"]
    assert send(new, "DELETE", message_url(message)).status_code == 204
    assert send(new, "DELETE", url(room)).status_code == 204
    assert new.get(url(room)).status_code == 404
    assert send(new, "DELETE", "/api/auth/token/").status_code == 204
    assert new.get("/api/auth/me/").status_code == 401


@pytest.mark.everywhere
def test_put_is_405_as_ever(user):
    answer = send(user(), "PUT", ROOMS, json={"name": "x"})
    assert_error(answer, 405)
    assert answer.json()["detail"] == 'Method "PUT" not allowed.'
    assert answer.headers["Allow"] == "GET, HEAD, POST, OPTIONS"


@pytest.mark.parametrize("value", ["patch", "PATCH ", "Patch"])
def test_the_case_of_the_value_does_not_matter(user, value):
    new = user()
    assert send(new, value, url(new.room()), json={"name": "x"}).status_code == 200


@pytest.mark.parametrize("value", ["GET", "HEAD", "OPTIONS", "POST", "TRACE", "", "-", "PATCH, DELETE",
                                   "PATCHX", "DELETE;", "x" * 3000])
def test_other_values_are_ignored(user, value):
    assert send(user(), value, ROOMS, json={"name": "x"}).status_code == 201


@pytest.mark.parametrize("method", ["GET", "HEAD", "PATCH", "OPTIONS"])
def test_it_is_ignored_on_other_methods(user, method):
    new = user()
    room = new.room()
    answer = new.request(method, url(room), json={} if method == "PATCH" else None,
                         headers={OVERRIDE: "DELETE"})
    assert answer.status_code == 200
    assert new.get(url(room)).status_code == 200


@pytest.mark.everywhere
@pytest.mark.parametrize("name", ["X_HTTP_Method_Override", "X-HTTP-Method_Override",
                                  "X.HTTP.Method.Override"])
def test_another_spelling_of_it_is_ignored(user, name):
    new = user()
    room = new.room()
    assert_error(new.post(url(room), headers={name: "DELETE"}), 405)


def test_it_is_ignored_when_it_comes_twice(user):
    new = user()
    room = new.room()
    head = (f"POST {url(room)} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Token {new.token}\r\n"
            f"{OVERRIDE}: DELETE\r\n{OVERRIDE}: DELETE\r\nContent-Length: 0\r\n"
            "Connection: close\r\n\r\n")
    assert_error(new.instance.raw(head.encode()), 405)


def test_permissions_are_those_of_the_method_meant(user):
    owner, member = user(), user()
    room = owner.room()
    assert_error(send(member, "DELETE", url(room)), 404)
    owner.invite(room["room_id"], member)
    assert_error(send(member, "DELETE", url(room)), 403)
    assert_error(send(Client(owner.instance), "DELETE", url(room)), 401)
    assert_error(send(owner, "PATCH", url(room), json={"name": ""}), 400, ["name"])
    assert_error(send(owner, "PATCH", url(room), data=b"<xml/>",
                      headers={"Content-Type": "text/xml"}), 415)


def test_a_cookie_needs_an_origin_as_for_the_method_meant(user):
    browser = user().browser()
    site = {"Origin": browser.instance.url}
    room = browser.post(ROOMS, json={"name": "x"}, headers=site).json()
    for headers in ({}, {"Origin": "https://evil.example"}):
        assert_error(send(browser, "DELETE", url(room), headers=headers), 403)
    assert send(browser, "DELETE", url(room), headers=site).status_code == 204


def test_an_allowed_page_may_send_it(foreign_pages):
    answer = Client(foreign_pages).request("OPTIONS", f"{ROOMS}1/", headers={
        "Origin": "https://app.example", "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "authorization, x-http-method-override"})
    assert answer.status_code == 200
    assert OVERRIDE.lower() in answer.headers["Access-Control-Allow-Headers"].lower()


def test_edits_count_toward_the_limit_of_messages(tight_limits):
    new = Client(tight_limits).register()
    message = new.say(new.room()["room_id"])
    statuses = [send(new, "PATCH", message_url(message), json={"content": str(i)}).status_code
                for i in range(6)]
    assert statuses[0] == 200 and 429 in statuses


def test_the_log_names_the_method_meant(user):
    new = user()
    answer = send(new, "DELETE", url(new.room()))
    line = next(line for line in new.instance.log().splitlines()
                if f"id={answer.headers['X-Request-ID']}" in line)
    assert ": DELETE api/chat/rooms/# 204 " in line
