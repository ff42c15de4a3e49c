"""Authentication: the ways to send a token, the session cookie, and their precedence."""

import pytest

from support.answers import assert_error
from support.client import Client

ME = "/api/auth/me/"
NOT_PROVIDED = {"detail": "Authentication credentials were not provided."}
INVALID = {"detail": "Invalid token."}
INACTIVE = {"detail": "User inactive or deleted."}
NO_KEY = "0" * 40


def assert_401(answer, content):
    assert assert_error(answer, 401) == content
    headers = answer[1] if isinstance(answer, tuple) else answer.headers
    assert headers["WWW-Authenticate"] == "Token"


def asking(client, authorization, **more):
    headers = {"Authorization": authorization, **more}
    return client.get(ME, headers=headers)


# ---- the Authorization header ----

@pytest.mark.parametrize("scheme", ["Token", "token", "TOKEN", "tOkEn"])
def test_the_scheme_is_case_insensitive(user, scheme):
    new = user()
    assert asking(new, f"{scheme} {new.token}").json()["user_id"] == new.id


def test_spaces_around_the_key_are_ignored(user):
    new = user()
    assert asking(new, f"Token   {new.token} ").status_code == 200


def test_without_credentials_it_is_401(anonymous):
    assert_401(anonymous.get(ME), NOT_PROVIDED)


@pytest.mark.parametrize("header", [
    f"Token {NO_KEY}", "Token abc", "Token " + "0" * 39, "Token " + "0" * 41, "Token " + "g" * 40,
    "Token", "Token \u00e4", f"Token {NO_KEY} {NO_KEY}", "Token " + "x" * 2000, "Token ' OR 1=1",
])
def test_an_unknown_key_is_401(anonymous, header):
    assert_401(asking(anonymous, header.encode("latin-1")), INVALID)


@pytest.mark.parametrize("scheme", ["Bearer", "Basic", "Tokens", "Tok", "JWT"])
def test_another_scheme_is_no_credential(user, scheme):
    new = user()
    assert_401(asking(new, f"{scheme} {new.token}"), NOT_PROVIDED)


def test_a_key_without_a_scheme_is_no_credential(user):
    new = user()
    assert_401(asking(new, new.token), NOT_PROVIDED)


def test_a_key_in_the_url_is_no_credential(anonymous, user):
    assert_401(anonymous.get(ME, params={"token": user().token}), NOT_PROVIDED)


# ---- alternatives to Authorization ----

def test_x_confab_token_is_used_without_authorization(anonymous, user):
    new = user()
    answer = anonymous.get(ME, headers={"X-Confab-Token": new.token})
    assert answer.json()["user_id"] == new.id


def test_a_bad_x_confab_token_is_401(anonymous):
    assert_401(anonymous.get(ME, headers={"X-Confab-Token": NO_KEY}), INVALID)


def test_authorization_takes_precedence_over_x_confab_token(user):
    one, two = user(), user()
    both = {"X-Confab-Token": two.token}
    assert asking(one, f"Token {one.token}", **both).json()["user_id"] == one.id
    assert_401(asking(one, f"Token {NO_KEY}", **both), INVALID)


def test_another_scheme_does_not_hide_x_confab_token(anonymous, user):
    new = user()
    answer = asking(anonymous, "Basic eDp5", **{"X-Confab-Token": new.token})
    assert answer.json()["user_id"] == new.id


def test_the_authorization_renamed_by_apache_is_accepted(instance, user):
    new = user()
    params = {"REDIRECT_HTTP_AUTHORIZATION": f"token {new.token}"}
    status, _, body = instance.fcgi(ME, params=params)
    assert status == 200
    assert new.name.encode() in body


def test_a_bad_key_renamed_by_apache_is_401(instance):
    params = {"REDIRECT_HTTP_AUTHORIZATION": f"Token {NO_KEY}"}
    assert_401(instance.fcgi(ME, params=params), INVALID)


def test_authorization_takes_precedence_over_the_one_renamed_by_apache(instance, user):
    new = user()
    params = {"HTTP_AUTHORIZATION": f"Token {NO_KEY}",
              "REDIRECT_HTTP_AUTHORIZATION": f"Token {new.token}"}
    assert_401(instance.fcgi(ME, params=params), INVALID)


# ---- token and cookie ----

def test_a_bad_token_is_401_despite_a_good_cookie(user):
    browser = user().browser()
    assert_401(asking(browser, f"Token {NO_KEY}"), INVALID)
    assert_401(browser.get(ME, headers={"X-Confab-Token": NO_KEY}), INVALID)


def test_a_good_token_is_accepted_despite_a_bad_cookie(user):
    new = user()
    new.cookies.set("sessionid", NO_KEY)
    assert new.get(ME).status_code == 200


def test_a_token_takes_precedence_over_the_cookie_of_another_user(user):
    one, two = user(), user()
    browser = two.browser()
    assert asking(browser, f"Token {one.token}").json()["user_id"] == one.id


def test_another_scheme_does_not_hide_the_cookie(user):
    new = user()
    assert asking(new.browser(), "Basic eDp5").json()["user_id"] == new.id


@pytest.mark.parametrize("value", [NO_KEY, "", "x", "ä".encode(), "0" * 2000, "'; DROP TABLE user"])
def test_an_unknown_cookie_is_401(anonymous, value):
    cookie = value if isinstance(value, bytes) else value.encode()
    assert_401(anonymous.get(ME, headers={"Cookie": b"sessionid=" + cookie}), NOT_PROVIDED)


def test_the_cookie_is_found_among_others(user):
    browser = user().browser()
    key = browser.cookies["sessionid"]
    client = Client(browser.instance)
    cookies = f"a=b; xsessionid={NO_KEY}; sessionid={key};theme=dark; sessionid2={NO_KEY}"
    assert client.get(ME, headers={"Cookie": cookies}).status_code == 200


def test_a_token_and_a_session_id_are_not_interchangeable(user):
    new = user()
    browser = new.browser()
    key = browser.cookies["sessionid"]
    assert_401(asking(Client(new.instance), f"Token {key}"), INVALID)
    assert_401(Client(new.instance).get(ME, headers={"Cookie": f"sessionid={new.token}"}),
               NOT_PROVIDED)


# ---- inactive users ----

def test_an_inactive_users_token_is_401(instance, user):
    new = user()
    instance.sql("UPDATE user SET is_active = FALSE WHERE user_id = ?", new.id)
    assert_401(new.get(ME), INACTIVE)


def test_an_inactive_users_cookie_is_401(instance, user):
    new = user()
    browser = new.browser()
    instance.sql("UPDATE user SET is_active = FALSE WHERE user_id = ?", new.id)
    assert_401(browser.get(ME), INACTIVE)


def test_a_reactivated_user_is_accepted_again(instance, user):
    new = user()
    instance.sql("UPDATE user SET is_active = FALSE WHERE user_id = ?", new.id)
    new.get(ME)
    instance.sql("UPDATE user SET is_active = TRUE WHERE user_id = ?", new.id)
    assert new.get(ME).status_code == 200


# ---- endpoints that require credentials ----

@pytest.mark.parametrize("method, path", [
    ("DELETE", "/api/auth/token/"), ("POST", "/api/auth/logout/"), ("GET", "/api/auth/me/"),
    ("POST", "/api/auth/password/"), ("GET", "/api/chat/users/"), ("GET", "/api/chat/rooms/"),
    ("GET", "/api/chat/rooms/?public=1"), ("POST", "/api/chat/rooms/"),
    ("GET", "/api/chat/rooms/1/"), ("PATCH", "/api/chat/rooms/1/"),
    ("DELETE", "/api/chat/rooms/1/"), ("POST", "/api/chat/rooms/1/invite/"),
    ("POST", "/api/chat/rooms/1/remove_member/"), ("POST", "/api/chat/rooms/1/join/"),
    ("GET", "/api/chat/rooms/1/members/"), ("PATCH", "/api/chat/rooms/1/members/1/"),
    ("POST", "/api/chat/rooms/direct/"), ("POST", "/api/chat/rooms/1/read/"),
    ("GET", "/api/chat/rooms/1/presence/"), ("GET", "/api/chat/rooms/1/messages/"),
    ("POST", "/api/chat/rooms/1/messages/"), ("GET", "/api/chat/rooms/1/messages/1/"),
    ("PATCH", "/api/chat/rooms/1/messages/1/"), ("DELETE", "/api/chat/rooms/1/messages/1/"),
    ("GET", "/api/chat/rooms/1/events/"),
])
def test_every_other_endpoint_is_401_without_credentials(anonymous, method, path):
    assert_401(anonymous.request(method, path), NOT_PROVIDED)
