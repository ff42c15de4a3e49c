"""/api/auth/token/ and /api/auth/me/"""

import re

import pytest

from support.answers import assert_error
from support.client import Client
from support.shapes import refusal

PATH = "/api/auth/token/"
WRONG = {"non_field_errors": ["Unable to log in with provided credentials."],
         "codes": {"non_field_errors": ["authorization"]}}
TIME = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z"


def ask(client, username, password, **options):
    return client.post(PATH, json={"username": username, "password": password}, **options)


@pytest.mark.everywhere
def test_the_answer_to_a_login_by_password_is_a_token_only(anonymous, user):
    answer = ask(anonymous, user().name, "correct horse")
    assert answer.status_code == 200
    assert set(answer.json()) == {"token"}
    assert re.fullmatch(r"[0-9a-f]{40}", answer.json()["token"])


def test_the_name_is_case_insensitive(anonymous, user):
    new = user()
    answer = ask(anonymous, new.name.upper(), "correct horse")
    again = Client(new.instance, answer.json()["token"])
    assert again.get("/api/auth/me/").json()["username"] == new.name


def test_a_form_can_get_a_token(anonymous, user):
    answer = anonymous.post(PATH, data={"username": user().name, "password": "correct horse"})
    assert answer.status_code == 200


def test_a_user_can_have_several_tokens(user):
    new = user()
    tokens = [ask(new, new.name, new.password).json()["token"] for _ in range(3)]
    assert len({new.token, *tokens}) == 4
    for token in (new.token, *tokens):
        assert Client(new.instance, token).get("/api/auth/me/").status_code == 200


def test_bad_credentials_are_ignored_when_getting_a_token(anonymous, user):
    answer = ask(anonymous, user().name, "correct horse", headers={"Authorization": "Token bad"})
    assert answer.status_code == 200


# ---- refused ----

@pytest.mark.everywhere
def test_a_wrong_password_is_400_with_the_text_of_the_contract(anonymous, user):
    answer = ask(anonymous, user().name, "wrong horse!")
    assert answer.status_code == 400
    assert answer.json() == WRONG


@pytest.mark.parametrize("name", ["nobody-has-this-name", "no", "with blank", "ä", "%",
                                  "' OR 1=1 -- "])
def test_an_unknown_name_gets_the_same_answer_as_a_wrong_password(anonymous, name):
    answer = ask(anonymous, name, "correct horse")
    assert answer.status_code == 400
    assert answer.json() == WRONG


def test_an_inactive_user_gets_the_same_answer_as_a_wrong_password(instance, anonymous, user):
    new = user()
    instance.sql("UPDATE user SET is_active = FALSE WHERE user_id = ?", new.id)
    answer = ask(anonymous, new.name, new.password)
    assert answer.status_code == 400
    assert answer.json() == WRONG


@pytest.mark.parametrize("typed", ["Correct horse", "correct horse ", " correct horse",
                                   "correct hors"])
def test_passwords_are_compared_exactly(anonymous, user, typed):
    assert ask(anonymous, user().name, typed).json() == WRONG


@pytest.mark.parametrize("body, fields", [
    ({}, ["username", "password"]),
    ({"username": "abc"}, ["password"]),
    ({"password": "abc"}, ["username"]),
    ({"username": "", "password": ""}, ["username", "password"]),
    ({"username": [], "password": {}}, ["username", "password"]),
    ({"username": None, "password": True}, ["username", "password"]),
])
def test_missing_fields_and_fields_that_are_not_strings_are_reported(anonymous, body, fields):
    assert_error(anonymous.post(PATH, json=body), 400, fields)


# ---- deleting a token ----

@pytest.mark.everywhere
def test_a_deleted_token_is_invalid_at_once(user):
    new = user()
    answer = new.delete(PATH)
    assert answer.status_code == 204
    assert answer.content == b""
    # In every worker, because each reads the database.
    for _ in range(8):
        assert_error(new.get("/api/auth/me/"), 401)


def test_deleting_a_token_keeps_other_tokens_valid(user):
    new = user()
    other = Client(new.instance, ask(new, new.name, new.password).json()["token"])
    new.delete(PATH)
    assert other.get("/api/auth/me/").status_code == 200


def test_deleting_a_token_keeps_the_sessions_of_the_user_valid(user):
    new = user()
    browser = new.browser()
    new.delete(PATH)
    assert browser.get("/api/auth/me/").status_code == 200


def test_a_deleted_token_cannot_be_deleted_again(user):
    new = user()
    new.delete(PATH)
    assert new.delete(PATH).json() == refusal("authentication_failed", "Invalid token.")


def test_deleting_a_token_without_one_is_401(anonymous):
    assert_error(anonymous.delete(PATH), 401)


def test_deleting_a_token_with_a_cookie_only_is_400(instance, user):
    new = user()
    browser = new.browser()
    assert_error(browser.delete(PATH, headers={"Origin": instance.url}), 400)
    assert new.get("/api/auth/me/").status_code == 200


def test_deleting_a_token_is_published_on_the_users_stream(instance, user):
    new = user()
    with instance.subscribe("*") as received:
        new.delete(PATH)
        event = received.wait_for(lambda event: event.name == "credentials_changed")
    assert event.channel == f"confab:user:{new.id}"
    assert (event.seq, event.actor_id, event.text) == (1, new.id, b"")


def test_the_end_of_a_token_is_recorded_on_the_users_stream(instance, user):
    new = user()
    new.room()
    new.delete(PATH)
    rows = instance.sql("SELECT seq, event_type FROM user_event WHERE user_id = ? ORDER BY seq",
                        new.id)
    assert rows == [(1, 20), (2, 24)]
    assert instance.sql("SELECT last_seq FROM user WHERE user_id = ?", new.id) == [(2,)]


# ---- me ----

def test_me_is_the_user_of_the_token(user):
    new = user()
    answer = new.get("/api/auth/me/")
    assert answer.status_code == 200
    me = answer.json()
    assert set(me) == {"user_id", "username", "display_name", "avatar_url", "locale", "is_bot",
                       "share_read", "is_staff", "created_at", "bell"}
    assert (me["user_id"], me["username"], me["is_staff"]) == (new.id, new.name, False)
    assert re.fullmatch(TIME, me["created_at"])


def test_me_shows_staff(instance, user):
    new = user()
    instance.sql("UPDATE user SET is_staff = TRUE WHERE user_id = ?", new.id)
    assert new.get("/api/auth/me/").json()["is_staff"] is True


def test_staff_have_no_additional_rights(instance, user):
    owner, staff = user(), user()
    instance.sql("UPDATE user SET is_staff = TRUE WHERE user_id = ?", staff.id)
    room = owner.room()
    assert_error(staff.get(f"/api/chat/rooms/{room['room_id']}/"), 404)
    assert_error(staff.delete(f"/api/chat/rooms/{room['room_id']}/"), 404)
