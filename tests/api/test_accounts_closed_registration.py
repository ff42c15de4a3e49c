"""A site with closed registration and the default password hashing cost."""

import time

import pytest

from support.answers import assert_error
from support.client import Client

pytestmark = pytest.mark.slow("servers of its own")

TOKEN = "/api/auth/token/"


@pytest.fixture(scope="module")
def site(make_instance):
    return make_instance(CONFAB_REGISTRATION="closed", CONFAB_PASSWORD_MEMORY="65536",
                         CONFAB_PASSWORD_PASSES="2")


@pytest.fixture(scope="module")
def visitor(site):
    return Client(site)


@pytest.fixture(scope="module")
def dora(site):
    """A user added by the administrator."""
    assert site.confabctl("user", "add", "dora", input="dora's password\n").returncode == 0
    answer = Client(site).post(TOKEN, json={"username": "dora", "password": "dora's password"})
    return Client(site, answer.json()["token"])


def test_registration_is_403_when_it_is_closed(site, visitor):
    body = {"username": "newcomer", "password": "correct horse"}
    assert_error(visitor.post("/api/auth/register/", json=body), 403)
    assert_error(visitor.post("/api/auth/register/", data=body), 403)
    assert site.sql("SELECT COUNT(*) FROM user WHERE username = 'newcomer'") == [(0,)]


def test_registration_is_403_whatever_the_body(visitor):
    assert_error(visitor.post("/api/auth/register/", json={}), 403)


def test_users_added_by_the_sysadmin_can_log_in(dora):
    assert dora.get("/api/auth/me/").json()["username"] == "dora"


def seconds_to_refuse(visitor, name):
    started = time.monotonic()
    answer = visitor.post(TOKEN, json={"username": name, "password": "wrong horse!"})
    assert answer.status_code == 400
    return time.monotonic() - started


def assert_as_long(visitor, name):
    """A login for the name takes as long as a wrong password for a known one. Compares the minimum
    of several alternating measurements, because other processes only add time: a real difference
    stays however often both are measured."""
    seconds_to_refuse(visitor, "dora")
    known, other = [], []
    for count in range(1, 31):
        known.append(seconds_to_refuse(visitor, "dora"))
        other.append(seconds_to_refuse(visitor, name))
        if count >= 5 and 1 / 3 < min(other) / min(known) < 3:
            return
    pytest.fail(f"known: {known}, {name}: {other}")


@pytest.mark.slow("hashes many passwords at full cost")
@pytest.mark.parametrize("unknown", ["nobody", "no such name!"])
def test_an_unknown_name_takes_as_long_as_a_wrong_password(visitor, dora, unknown):
    assert_as_long(visitor, unknown)


@pytest.mark.slow("hashes many passwords at full cost")
def test_an_inactive_user_takes_as_long_as_a_wrong_password(site, visitor, dora):
    site.confabctl("user", "add", "erik", input="erik's password\n")
    site.confabctl("user", "disable", "erik")
    assert_as_long(visitor, "erik")


def test_a_hash_of_another_cost_is_replaced_at_the_next_login(site, visitor, dora):
    [(made,)] = site.sql("SELECT password_hash FROM user WHERE username = 'dora'")
    assert "$m=65536,t=2,p=1$" in made
    cheap = site.env | {"CONFAB_PASSWORD_MEMORY": "8", "CONFAB_PASSWORD_PASSES": "1"}
    site.env, kept = cheap, site.env
    site.confabctl("user", "passwd", "dora", input="dora's password\n")
    site.env = kept
    [(made,)] = site.sql("SELECT password_hash FROM user WHERE username = 'dora'")
    assert "$m=8,t=1,p=1$" in made
    visitor.post(TOKEN, json={"username": "dora", "password": "dora's password"})
    [(made,)] = site.sql("SELECT password_hash FROM user WHERE username = 'dora'")
    assert "$m=65536,t=2,p=1$" in made
