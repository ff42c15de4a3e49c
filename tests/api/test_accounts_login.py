"""POST /api/auth/login/: get a session cookie by name and password, or by token."""

import re
from http.cookies import SimpleCookie

import pytest

from support.answers import assert_error
from support.client import Client

PATH = "/api/auth/login/"
DAY = 24 * 60 * 60
ALLOWED = "https://app.example"


@pytest.fixture(scope="module")
def behind_proxy(foreign_pages):
    return foreign_pages


def login(client, owner, **options):
    return client.post(PATH, json={"username": owner.name, "password": owner.password}, **options)


def cookie_of(answer):
    """The only Set-Cookie header of an answer, parsed."""
    cookies = SimpleCookie(answer.headers["Set-Cookie"])
    assert list(cookies) == ["sessionid"]
    return cookies["sessionid"]


@pytest.mark.everywhere
def test_a_login_answers_with_the_user(anonymous, user):
    new = user()
    answer = login(anonymous, new)
    assert answer.status_code == 200
    assert answer.json() == new.get("/api/auth/me/").json()
    assert set(answer.json()) == {"user_id", "username", "display_name", "avatar_url", "locale",
                                  "is_bot", "share_read", "is_staff", "created_at", "bell"}


@pytest.mark.everywhere
def test_the_cookie_of_a_login_is_accepted(anonymous, user):
    new = user()
    login(anonymous, new)
    assert anonymous.get("/api/auth/me/").json()["user_id"] == new.id


@pytest.mark.everywhere
def test_a_form_can_log_in(anonymous, user):
    new = user()
    answer = anonymous.post(PATH, data={"username": new.name, "password": new.password})
    assert answer.status_code == 200
    assert anonymous.get("/api/auth/me/").status_code == 200


def test_the_cookie_has_the_attributes_of_the_contract(anonymous, user):
    cookie = cookie_of(login(anonymous, user()))
    assert re.fullmatch(r"[0-9a-f]{40}", cookie.value)
    assert cookie["httponly"] is True
    assert cookie["samesite"] == "Lax"
    assert cookie["path"] == "/"
    assert cookie["domain"] == ""
    assert cookie["max-age"] == str(14 * DAY)


@pytest.mark.everywhere
def test_over_http_the_cookie_is_not_secure(anonymous, user):
    assert cookie_of(login(anonymous, user()))["secure"] == ""


def test_over_https_behind_a_trusted_proxy_the_cookie_is_secure(behind_proxy):
    new = Client(behind_proxy).register()
    answer = login(Client(behind_proxy), new, headers={"X-Forwarded-Proto": "https"})
    assert answer.headers["Set-Cookie"].startswith("__Host-sessionid=")
    assert "; Secure" in answer.headers["Set-Cookie"]


def test_an_untrusted_peer_cannot_claim_https(anonymous, user):
    answer = login(anonymous, user(), headers={"X-Forwarded-Proto": "https"})
    assert cookie_of(answer)["secure"] == ""


def test_session_days_sets_the_max_age_of_the_cookie(behind_proxy):
    new = Client(behind_proxy).register()
    assert cookie_of(login(Client(behind_proxy), new))["max-age"] == str(3 * DAY)


def test_only_a_hash_of_the_session_is_stored(instance, anonymous, user):
    new = user()
    key = cookie_of(login(anonymous, new)).value
    [(kept,)] = instance.sql("SELECT HEX(session_hash) FROM session WHERE user_id = ?", new.id)
    assert len(kept) == 64
    assert kept[:40].lower() != key
    assert key not in instance.log()


def test_each_login_creates_its_own_session(user):
    new = user()
    browsers = [Client(new.instance), Client(new.instance)]
    keys = {cookie_of(login(browser, new)).value for browser in browsers}
    assert len(keys) == 2
    assert [browser.get("/api/auth/me/").status_code for browser in browsers] == [200, 200]


# ---- with a token ----

def test_a_token_without_a_body_logs_in(user):
    new = user()
    answer = new.post(PATH)
    assert answer.status_code == 200
    assert answer.json()["user_id"] == new.id
    browser = Client(new.instance)
    browser.cookies.set("sessionid", cookie_of(answer).value)
    assert browser.get("/api/auth/me/").json()["user_id"] == new.id


def test_a_bad_token_without_a_body_is_401(anonymous):
    answer = anonymous.post(PATH, headers={"Authorization": "Token " + "0" * 40})
    assert assert_error(answer, 401) == {"detail": "Invalid token."}


def test_an_inactive_users_token_does_not_log_in(instance, user):
    new = user()
    instance.sql("UPDATE user SET is_active = FALSE WHERE user_id = ?", new.id)
    assert assert_error(new.post(PATH), 401) == {"detail": "User inactive or deleted."}


def test_a_login_with_neither_body_nor_token_names_both_missing_fields(anonymous):
    assert_error(anonymous.post(PATH), 400, ["username", "password"])


def test_the_body_takes_precedence_over_the_token(user):
    new, other = user(), user()
    answer = login(new, other)
    assert answer.json()["user_id"] == other.id


# ---- refused ----

def test_a_wrong_password_is_the_same_400_as_for_a_token(anonymous, user):
    answer = anonymous.post(PATH, json={"username": user().name, "password": "wrong horse"})
    assert answer.status_code == 400
    assert answer.json() == {
        "non_field_errors": ["Unable to log in with provided credentials."],
        "codes": {"non_field_errors": ["authorization"]}}
    assert "Set-Cookie" not in answer.headers


def test_an_inactive_user_gets_no_cookie(instance, anonymous, user):
    new = user()
    instance.sql("UPDATE user SET is_active = FALSE WHERE user_id = ?", new.id)
    answer = login(anonymous, new)
    assert_error(answer, 400, ["non_field_errors"])
    assert "Set-Cookie" not in answer.headers


# ---- allowed origins of a login ----

@pytest.mark.everywhere
def test_logging_in_from_a_foreign_page_is_403(anonymous, user):
    answer = login(anonymous, user(), headers={"Origin": "https://evil.example"})
    assert_error(answer, 403)
    assert "Set-Cookie" not in answer.headers


def test_logging_in_with_a_token_from_a_foreign_page_is_403(user):
    answer = user().post(PATH, headers={"Origin": "https://evil.example"})
    assert_error(answer, 403)
    assert "Set-Cookie" not in answer.headers


def test_logging_in_from_an_opaque_page_is_403(anonymous, user):
    assert_error(login(anonymous, user(), headers={"Origin": "null"}), 403)


@pytest.mark.everywhere
def test_logging_in_from_this_sites_page_is_allowed(anonymous, user):
    answer = login(anonymous, user(), headers={"Origin": anonymous.instance.url})
    assert answer.status_code == 200


def test_logging_in_from_an_allowed_page_is_allowed(behind_proxy):
    new = Client(behind_proxy).register()
    answer = login(Client(behind_proxy), new, headers={"Origin": ALLOWED})
    assert answer.status_code == 200
    assert answer.headers["Access-Control-Allow-Origin"] == ALLOWED


def test_behind_an_https_proxy_only_this_sites_https_page_is_allowed(behind_proxy):
    new = Client(behind_proxy).register()
    https = {"X-Forwarded-Proto": "https", "Host": "chat.example"}
    good = login(Client(behind_proxy), new, headers={**https, "Origin": "https://chat.example"})
    bad = login(Client(behind_proxy), new, headers={**https, "Origin": "http://chat.example"})
    assert (good.status_code, bad.status_code) == (200, 403)
