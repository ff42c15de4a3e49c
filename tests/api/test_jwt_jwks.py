"""Keys that the worker has fetched from jwks_url, which are in the database."""

import json

import pytest
from support.client import Client
from support.site_tokens import claims, hs256, log_in, settings, token

pytestmark = pytest.mark.slow("instances of its own")

JWT = "/api/auth/jwt/"
URL = "https://site.example/jwks.json"


@pytest.fixture(scope="module")
def system(make_instance, keys):
    """One that has only jwks_url, and no worker: tests store what it would fetch."""
    return make_instance(**settings(keys, CONFAB_JWT_KEYS="", CONFAB_JWKS_URL=URL))


@pytest.fixture(scope="module")
def both(make_instance, keys):
    keys.write(f"ec HS256 {'x' * 40}\nsite HS256 a-secret-of-the-site-with-40-characters-\n")
    return make_instance(**settings(keys, CONFAB_JWKS_URL=URL))


def store(system, *jwks):
    system.sql("REPLACE INTO jwks (url, body, fetched_at, tried_at) "
               "VALUES (?, ?, SYSDATE(6), SYSDATE(6))", URL, json.dumps({"keys": jwks}))


def wanted(system):
    return system.sql("SELECT wanted_at IS NOT NULL FROM jwks WHERE url = ?", URL)


def code_of(system, jwt):
    answer = Client(system).post(JWT, json={"jwt": jwt})
    return answer.json().get("codes", {"jwt": [answer.status_code]})["jwt"][0]


def test_before_the_first_fetch_every_key_is_unknown_and_wanted(system, keys):
    system.sql("DELETE FROM jwks")
    assert code_of(system, keys.token("ec", "ES256")) == "unknown_key"
    assert wanted(system) == [(1,)]


def test_fetched_keys_are_accepted(system, keys):
    store(system, keys.jwk("ec"), keys.jwk("ed"))
    log_in(Client(system), keys.token("ec", "ES256"))
    log_in(Client(system), keys.token("ed", "EdDSA"))
    assert wanted(system) == [(0,)]


def test_an_unknown_key_is_wanted(system, keys):
    store(system, keys.jwk("ec"))
    assert code_of(system, keys.token("ed", "EdDSA")) == "unknown_key"
    assert wanted(system) == [(1,)]


def test_a_public_key_is_no_secret(system, keys):
    store(system, keys.jwk("ec"))
    secret = json.dumps(keys.jwk("ec"))
    assert code_of(system, hs256({"alg": "HS256", "kid": "ec"}, claims(), secret)) == \
        "wrong_algorithm"
    store(system, {"kty": "oct", "kid": "site", "k": "eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4"})
    assert code_of(system, token()) == "unknown_key"


def test_what_is_wrong_with_the_claims_is_said(system, keys):
    store(system, keys.jwk("ec"))
    assert code_of(system, keys.token("ec", "ES256", aud="x")) == "wrong_audience"
    assert code_of(system, keys.token("ec", "ES256", exp=1)) == "expired"


def test_keys_of_the_file_and_fetched_ones_are_valid_together(both, keys):
    store(both, keys.jwk("ec"), keys.jwk("ed"))
    log_in(Client(both), token())
    log_in(Client(both), keys.token("ed", "EdDSA"))
    # The same name in both: each with its own algorithm.
    log_in(Client(both), keys.token("ec", "ES256"))
    assert code_of(both, hs256({"alg": "HS256", "kid": "site"}, claims(), "y" * 40)) == \
        "bad_signature"


def test_what_is_stored_may_be_anything(system, keys):
    system.sql("REPLACE INTO jwks (url, body, fetched_at) VALUES (?, ?, SYSDATE(6))", URL, "<html>")
    assert code_of(system, keys.token("ec", "ES256")) == "unknown_key"


def test_confabctl_knows_fetched_keys(system, keys):
    store(system, keys.jwk("ec"))
    done = system.confabctl("jwt", "check", "-", input=keys.token("ec", "ES256"))
    assert done.returncode == 0 and "signed by a key (jwks_url)" in done.stdout, done.stdout
    done = system.confabctl("jwt", "check", "-", input=keys.token("ed", "EdDSA"))
    assert done.returncode == 1 and "which confab-worker fetches" in done.stdout
    assert system.confabctl("jwt", "make", "--sub", "7").returncode == 1
