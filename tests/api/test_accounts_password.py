"""POST /api/auth/password/"""

import pytest

from support.answers import assert_error
from support.client import Client

PATH = "/api/auth/password/"
ME = "/api/auth/me/"
NEW = "battery staple"


def change(client, old, new, **options):
    return client.post(PATH, json={"old_password": old, "new_password": new}, **options)


def token_for(owner, password):
    return owner.post("/api/auth/token/", json={"username": owner.name, "password": password})


def test_a_changed_password_is_204_and_takes_effect_at_once(user):
    owner = user()
    answer = change(owner, owner.password, NEW)
    assert (answer.status_code, answer.content) == (204, b"")
    assert token_for(owner, NEW).status_code == 200
    assert token_for(owner, owner.password).status_code == 400


def test_the_token_that_changed_the_password_stays_valid(user):
    owner = user()
    change(owner, owner.password, NEW)
    assert owner.get(ME).status_code == 200


def test_every_other_token_and_session_ends_at_once(user):
    owner = user()
    other = Client(owner.instance, token_for(owner, owner.password).json()["token"])
    browsers = [owner.browser(), owner.browser()]
    change(owner, owner.password, NEW)
    for client in (other, *browsers):
        for _ in range(4):
            assert_error(client.get(ME), 401)


def test_the_session_that_changed_the_password_stays_valid_and_every_token_ends(user):
    owner = user()
    browser, other = owner.browser(), owner.browser()
    answer = change(browser, owner.password, NEW, headers={"Origin": owner.instance.url})
    assert answer.status_code == 204
    assert browser.get(ME).status_code == 200
    assert_error(owner.get(ME), 401)
    assert_error(other.get(ME), 401)


def test_credentials_of_other_users_stay_valid(user):
    owner, other = user(), user()
    browser = other.browser()
    change(owner, owner.password, NEW)
    assert other.get(ME).status_code == 200
    assert browser.get(ME).status_code == 200


def test_a_changed_password_is_published_on_the_users_stream(instance, user):
    owner = user()
    with instance.subscribe("*") as received:
        change(owner, owner.password, NEW)
        event = received.wait_for(lambda event: event.name == "credentials_changed")
    assert (event.channel, event.seq) == (f"confab:user:{owner.id}", 1)
    assert (event.actor_id, event.subject_id, event.text) == (owner.id, 0, b"")


def test_a_wrong_old_password_is_400_on_its_field_and_changes_nothing(user):
    owner = user()
    other = owner.browser()
    assert_error(change(owner, "wrong horse!", NEW), 400, ["old_password"])
    assert token_for(owner, owner.password).status_code == 200
    assert other.get(ME).status_code == 200


@pytest.mark.parametrize("new", ["", "1234567", "x" * 257, "\N{GRINNING FACE}" * 7, None, True, []])
def test_an_invalid_new_password_is_400_on_its_field(user, new):
    owner = user()
    assert_error(change(owner, owner.password, new), 400, ["new_password"])
    assert token_for(owner, owner.password).status_code == 200


def test_a_common_new_password_or_the_own_name_is_refused(user):
    owner = user()
    for new in ("Trustno1", owner.name):
        answer = change(owner, owner.password, new)
        assert_error(answer, 400, ["new_password"])
        assert answer.json()["codes"] == {"new_password": ["too_common"]}
    assert token_for(owner, owner.password).status_code == 200


@pytest.mark.parametrize("new", ["1234 678", "x" * 256, "\N{GRINNING FACE}" * 8, " " * 8])
def test_a_new_password_of_8_to_256_code_points_is_accepted(user, new):
    owner = user()
    assert change(owner, owner.password, new).status_code == 204
    assert token_for(owner, new).status_code == 200


def test_a_new_password_is_not_trimmed(user):
    owner = user(password="  old with blanks ")
    assert_error(change(owner, "old with blanks", NEW), 400, ["old_password"])
    assert change(owner, owner.password, " new with blanks  ").status_code == 204
    assert token_for(owner, "new with blanks").status_code == 400
    assert token_for(owner, " new with blanks  ").status_code == 200


@pytest.mark.parametrize("body", [{}, {"old_password": None, "new_password": None},
                                  {"old_password": "wrong horse!", "new_password": "short"}])
def test_all_invalid_fields_are_reported_together(user, body):
    assert_error(user().post(PATH, json=body), 400, ["new_password", "old_password"])


def test_a_form_is_415_because_it_has_no_user_name(user):
    owner = user()
    answer = owner.post(PATH, data={"old_password": owner.password, "new_password": NEW})
    assert_error(answer, 415)


def test_without_credentials_it_is_401(anonymous):
    assert_error(change(anonymous, "correct horse", NEW), 401)


def test_with_a_cookie_the_origin_must_be_this_site(user):
    owner = user()
    assert_error(change(owner.browser(), owner.password, NEW), 403)
    assert token_for(owner, owner.password).status_code == 200
