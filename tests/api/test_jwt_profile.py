"""The profile of users who come with a signed token of the site."""

import pytest
from support.site_tokens import come, fresh_sub, settings

ME = "/api/auth/me/"


@pytest.fixture(scope="module")
def system(make_instance, keys):
    return make_instance(**settings(keys))


PROFILE = {"name": "Ann Lee", "picture": "https://pictures.example/7.png", "locale": "de-AT",
           "email": "ann@example.org", "email_verified": True}
COLUMNS = "display_name, avatar_url, locale, email, email_verified"


def profile(system, sub):
    return system.sql(f"SELECT {COLUMNS} FROM external_user JOIN user USING (user_id) "
                      "WHERE subject = ?", sub)[0]


def test_claims_update_the_profile_whenever_they_differ(system):
    sub = fresh_sub()
    come(system, sub=sub, **PROFILE)
    assert profile(system, sub) == ("Ann Lee", "https://pictures.example/7.png", "de-AT",
                                    "ann@example.org", 1)
    come(system, sub=sub, **{**PROFILE, "name": "Ann Smith", "email_verified": False})
    assert profile(system, sub)[0] == "Ann Smith"
    assert profile(system, sub)[4] == 0
    come(system, sub=sub)
    assert profile(system, sub)[0] == "Ann Smith"
    come(system, sub=sub, picture="", locale="")
    assert profile(system, sub)[1:3] == (None, None)


@pytest.mark.parametrize("claims", [
    {"name": "x" * 65}, {"name": 5}, {"picture": "http://pictures.example/7.png"},
    {"picture": "javascript:alert(1)"}, {"picture": "https://x.example/" + "x" * 512},
    {"locale": "not a tag"}, {"email": "no address"}])
def test_claims_that_do_not_fit_are_left_out(system, claims):
    sub = fresh_sub()
    come(system, sub=sub, **PROFILE)
    come(system, sub=sub, **{**PROFILE, **claims})
    assert profile(system, sub) == ("Ann Lee", "https://pictures.example/7.png", "de-AT",
                                    "ann@example.org", 1)


def test_an_address_is_verified_by_its_own_token_only(system):
    sub = fresh_sub()
    come(system, sub=sub, email="ann@example.org", email_verified=False)
    come(system, sub=sub, email="no address", email_verified=True)
    assert profile(system, sub)[3:] == ("ann@example.org", 0)
    come(system, sub=sub, email_verified=True)
    assert profile(system, sub)[3:] == ("ann@example.org", 1)
    come(system, sub=sub, email="other@example.org")
    assert profile(system, sub)[3:] == ("other@example.org", 0)


def test_a_mail_address_as_the_wished_name_is_not_shown(system):
    sub = fresh_sub()
    me = come(system, sub=sub, preferred_username=f"{sub}@corp.example").get(ME).json()
    assert me["display_name"] == me["username"]


def test_a_name_in_any_script_is_the_display_name_at_first(system):
    assert come(system, preferred_username="Жанна").get(ME).json()["display_name"] == "Жанна"
