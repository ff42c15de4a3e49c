"""The life of a login session: logout, expiry, renewal by use."""

import pytest

from support.answers import assert_error
from support.client import Client

ME = "/api/auth/me/"
LOGOUT = "/api/auth/logout/"
NOT_PROVIDED = {"detail": "Authentication credentials were not provided."}


@pytest.fixture
def browser(user):
    """A logged-in browser; .owner is its user, .own the Origin header of its pages."""
    owner = user()
    client = owner.browser()
    client.owner = owner
    client.own = {"Origin": client.instance.url}
    return client


def same_cookie(browser):
    """Another client with the same cookie, which does not learn that the session ended."""
    thief = Client(browser.instance)
    thief.cookies.set("sessionid", browser.cookies["sessionid"])
    return thief


def expires_in_days(browser):
    """Whole days until the only session of the browser's user expires."""
    [(days,)] = browser.instance.sql(
        "SELECT TIMESTAMPDIFF(HOUR, SYSDATE(), expires_at) DIV 24 FROM session WHERE user_id = ?",
        browser.owner.id)
    return days


def age(browser, days):
    """Makes the session of the browser older by this many days."""
    browser.instance.sql("UPDATE session SET created_at = created_at - INTERVAL ? DAY, "
                         "expires_at = expires_at - INTERVAL ? DAY WHERE user_id = ?",
                         days, days, browser.owner.id)


# ---- logging out ----

def test_a_logout_is_204_and_ends_the_session_at_once(browser):
    thief = same_cookie(browser)
    answer = browser.post(LOGOUT, headers=browser.own)
    assert (answer.status_code, answer.content) == (204, b"")
    for _ in range(8):
        assert assert_error(thief.get(ME), 401) == NOT_PROVIDED


def test_a_logout_deletes_the_cookie(browser):
    answer = browser.post(LOGOUT, headers=browser.own)
    assert answer.headers["Set-Cookie"].startswith("sessionid=;")
    assert "Max-Age=0" in answer.headers["Set-Cookie"]
    assert "sessionid" not in browser.cookies


def test_a_logout_keeps_other_sessions_and_tokens_valid(browser):
    owner, other = browser.owner, browser.owner.browser()
    browser.post(LOGOUT, headers=browser.own)
    assert other.get(ME).status_code == 200
    assert owner.get(ME).status_code == 200


def test_a_logout_with_a_token_and_no_cookie_is_204_and_ends_nothing(browser):
    assert browser.owner.post(LOGOUT).status_code == 204
    assert browser.owner.get(ME).status_code == 200
    assert browser.get(ME).status_code == 200


def test_a_logout_with_a_token_and_a_cookie_ends_the_session(browser):
    thief = same_cookie(browser)
    header = {"Authorization": f"Token {browser.owner.token}"}
    assert browser.post(LOGOUT, headers=header).status_code == 204
    assert_error(thief.get(ME), 401)


def test_a_logout_with_a_token_keeps_the_session_of_another_user(browser, user):
    thief = same_cookie(browser)
    header = {"Authorization": f"Token {user().token}"}
    assert browser.post(LOGOUT, headers=header).status_code == 204
    assert thief.get(ME).status_code == 200


def test_a_logout_without_credentials_is_401(anonymous):
    assert_error(anonymous.post(LOGOUT), 401)


def test_a_second_logout_is_401(browser):
    thief = same_cookie(browser)
    browser.post(LOGOUT, headers=browser.own)
    assert_error(thief.post(LOGOUT, headers=browser.own), 401)


def test_a_logout_is_published_on_the_users_stream(browser):
    with browser.instance.subscribe("*") as received:
        browser.post(LOGOUT, headers=browser.own)
        event = received.wait_for(lambda event: event.name == "credentials_changed")
    owner = browser.owner
    assert (event.channel, event.seq) == (f"confab:user:{owner.id}", 1)
    assert (event.actor_id, event.subject_id, event.text) == (owner.id, 0, b"")


def test_a_logout_that_ends_nothing_publishes_nothing(browser):
    with browser.instance.subscribe("*") as received:
        browser.owner.post(LOGOUT)
        browser.owner.room()
        received.wait_for(lambda event: event.name == "room_created")
        assert received.named("credentials_changed") == []


# ---- expiry ----

def test_a_session_lasts_14_days(browser):
    assert 13 <= expires_in_days(browser) <= 14


def test_an_expired_session_is_401(browser):
    age(browser, 15)
    assert assert_error(browser.get(ME), 401) == NOT_PROVIDED


def test_using_a_session_renews_it(browser):
    age(browser, 10)
    assert expires_in_days(browser) <= 4
    assert browser.get(ME).status_code == 200
    assert expires_in_days(browser) >= 13


def test_a_renewed_session_sets_the_cookie_again(browser):
    key = browser.cookies["sessionid"]
    age(browser, 10)
    header = browser.get(ME).headers["Set-Cookie"]
    assert header.startswith(f"sessionid={key};")
    for attribute in ("Max-Age=1209600", "Path=/", "HttpOnly", "SameSite=Lax"):
        assert attribute in header.split("; ")


def test_a_session_used_every_ten_days_does_not_expire(browser):
    for _ in range(4):
        age(browser, 10)
        assert browser.get(ME).status_code == 200


def test_a_recently_renewed_session_is_not_written_on_each_use(browser):
    rows = "SELECT expires_at FROM session WHERE user_id = ?"
    before = browser.instance.sql(rows, browser.owner.id)
    assert "Set-Cookie" not in browser.get(ME).headers
    assert browser.instance.sql(rows, browser.owner.id) == before


def test_using_a_token_renews_no_session(browser):
    age(browser, 10)
    browser.owner.get(ME)
    assert expires_in_days(browser) <= 4


def test_what_is_not_used_for_session_idle_days_ends(shared):
    system = shared(CONFAB_SESSION_IDLE_DAYS=2)
    user = Client(system).register()
    browser = user.browser()
    for table, client in (("session", browser), ("token", user)):
        query = f"UPDATE {table} SET last_used_at = SYSDATE(6) - INTERVAL ? HOUR WHERE user_id = ?"
        system.sql(query, 47, user.id)
        assert client.get("/api/auth/me/").status_code == 200
        system.sql(query, 49, user.id)
        assert client.get("/api/auth/me/").status_code == 401
    assert system.confabctl("events", "purge").returncode == 0
    for table in ("session", "token"):
        assert system.sql(f"SELECT 1 FROM {table} WHERE user_id = ?", user.id) == []
