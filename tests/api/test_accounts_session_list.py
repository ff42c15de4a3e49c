"""/api/auth/sessions/: the list of one's tokens and login sessions, and ending them."""

import pytest
from support.answers import assert_error
from support.client import Client
from support.event_reader import follow_user
from support.shapes import A_TIME

SESSIONS, ME = "/api/auth/sessions/", "/api/auth/me/"
LOGIN = "/api/auth/token/"


def another_token(person):
    """A second client of the same user, with a token of its own."""
    other = Client(person.instance)
    answer = other.post(LOGIN, json={"username": person.name, "password": person.password})
    other.token, other.name, other.id = answer.json()["token"], person.name, person.id
    return other


def own(browser):
    return {"Origin": browser.instance.url}


def listed(client):
    return client.get(SESSIONS).json()["results"]


def current(client):
    [entry] = [entry for entry in listed(client) if entry["current"]]
    return entry


def test_tokens_and_sessions_are_listed_newest_first(user):
    person = user()
    other, browser = another_token(person), person.browser()
    page = person.get(SESSIONS).json()
    assert (page["count"], page["next"], page["previous"]) == (3, None, None)
    assert [entry["kind"] for entry in page["results"]] == ["session", "token", "token"]
    assert [entry["current"] for entry in page["results"]] == [False, False, True]
    for entry in page["results"]:
        assert entry.keys() == {"session_id", "kind", "created_at", "last_used_at", "current"}
        assert entry["created_at"] == A_TIME
    assert current(browser)["kind"] == "session"
    assert current(other)["session_id"] != current(person)["session_id"]


def test_ids_say_which_of_the_two_they_are(user):
    person = user()
    kinds = {entry["session_id"][0]: entry["kind"]
             for entry in listed(person) + listed(person.browser())}
    assert kinds == {"t": "token", "s": "session"}


def test_pages_are_those_of_other_lists(user):
    person = user()
    another_token(person)
    page = person.get(SESSIONS, params={"limit": 1}).json()
    assert page["count"] == 2 and len(page["results"]) == 1
    rest = person.get(SESSIONS, params={"limit": 1, "offset": 1}).json()
    assert rest["results"] != page["results"] and rest["next"] is None


def test_others_and_expired_ones_are_not_listed(instance, user):
    person = user()
    user().browser()
    browser = person.browser()
    instance.sql("UPDATE session SET expires_at = SYSDATE(6) WHERE user_id = ?", person.id)
    instance.sql("INSERT INTO token (user_id, token_hash, created_at, expires_at) "
                 "VALUES (?, RANDOM_BYTES(32), SYSDATE(6), SYSDATE(6))", person.id)
    assert [entry["current"] for entry in listed(person)] == [True]
    assert browser.get(SESSIONS).status_code == 401


# ---- ending ----

@pytest.mark.everywhere
def test_one_is_ended_and_its_socket_closes(instance):
    person = Client(instance).register()
    other = another_token(person)
    with follow_user(other) as closing, follow_user(person) as staying:
        entry = current(other)["session_id"]
        assert person.delete(f"{SESSIONS}{entry}/").status_code == 204
        assert closing.end() == 4401
        staying.no_event()
    assert_error(other.get(ME), 401)
    assert person.get(ME).status_code == 200
    assert person.delete(f"{SESSIONS}{entry}/").status_code == 404


def test_a_session_is_ended_by_its_id(user):
    person = user()
    browser = person.browser()
    assert person.delete(f"{SESSIONS}{current(browser)['session_id']}/").status_code == 204
    assert browser.get(ME).status_code == 401


def test_the_own_session_may_be_ended_and_its_cookie_goes(user):
    browser = user().browser()
    answer = browser.delete(f"{SESSIONS}{current(browser)['session_id']}/", headers=own(browser))
    assert answer.status_code == 204
    assert "Max-Age=0" in answer.headers["Set-Cookie"]
    assert browser.get(ME).status_code == 401


def test_all_others_are_ended_at_once(user):
    person = user()
    others = [another_token(person), person.browser(), person.browser()]
    stranger = user()
    with follow_user(others[0]) as closing:
        assert person.delete(SESSIONS).status_code == 204
        assert closing.end() == 4401
    assert [other.get(ME).status_code for other in others] == [401, 401, 401]
    assert len(listed(person)) == 1
    assert stranger.get(ME).status_code == 200


def test_a_browser_keeps_its_session(user):
    person = user()
    browser = person.browser()
    assert browser.delete(SESSIONS, headers=own(browser)).status_code == 204
    assert browser.get(ME).status_code == 200
    assert person.get(ME).status_code == 401


@pytest.mark.parametrize("entry", ["t0", "s0", "7", "x7", "t", "t-1", "t99999999", "s99999999", "$",
                                   "tt7", "T7", "t18446744073709551616"])
def test_ids_that_are_not_one_s_own_are_404(user, entry):
    assert user().delete(f"{SESSIONS}{entry}/").status_code == 404


def test_those_of_another_user_are_404(user):
    victim, person = user(), user()
    entry = current(victim)["session_id"]
    assert person.delete(f"{SESSIONS}{entry}/").status_code == 404
    assert victim.get(ME).status_code == 200


def test_a_cookie_of_a_foreign_page_ends_nothing(user):
    person = user()
    browser = person.browser()
    answer = browser.delete(SESSIONS, headers={"Origin": "https://evil.example"})
    assert answer.status_code == 403
    assert person.get(ME).status_code == 200


# ---- last used ----

def used_at(person, table="token"):
    return person.instance.sql(f"SELECT last_used_at FROM {table} WHERE user_id = ?",
                               person.id)[0][0]


def test_the_last_use_is_noted_once_an_hour(instance, user):
    person = user()
    room = person.room()["room_id"]
    first = used_at(person)
    assert first is not None
    for _ in range(5):
        person.get(ME)
        person.say(room)
        person.get(f"/api/chat/rooms/{room}/messages/")
    assert used_at(person) == first
    instance.sql("UPDATE token SET last_used_at = SYSDATE(6) - INTERVAL 61 MINUTE "
                 "WHERE user_id = ?", person.id)
    old = used_at(person)
    assert person.get(f"/api/chat/rooms/{room}/messages/").status_code == 200
    assert used_at(person) > first > old


def test_the_last_use_of_a_session_is_noted_once_an_hour(instance, user):
    person = user()
    browser = person.browser()
    browser.get(ME)
    first = used_at(person, "session")
    browser.get(ME)
    assert used_at(person, "session") == first
    instance.sql("UPDATE session SET last_used_at = SYSDATE(6) - INTERVAL 61 MINUTE "
                 "WHERE user_id = ?", person.id)
    browser.get(ME)
    assert used_at(person, "session") > first


def test_a_socket_is_a_use(instance, user):
    person = user()
    instance.sql("UPDATE token SET last_used_at = NULL WHERE user_id = ?", person.id)
    with follow_user(person):
        assert used_at(person) is not None


# ---- tokens that expire ----

def test_a_socket_closes_when_its_token_expires(instance, user):
    person = user()
    room = person.room()["room_id"]
    instance.sql("UPDATE token SET expires_at = SYSDATE(6) + INTERVAL 3 SECOND WHERE user_id = ?",
                 person.id)
    with person.socket(room) as in_room, person.notifications() as notified:
        assert in_room.closed(10) == 4401
        assert notified.closed(10) == 4401
