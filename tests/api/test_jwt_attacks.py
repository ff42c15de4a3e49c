"""Tokens that were not made by the site, or not for here: each refused with its code, end to end."""

import json
import time

import pytest
from support.client import Client
from support.site_tokens import (AUDIENCE, SECRET, Keys, claims, fresh_sub, hs256, log_in, part,
                                 settings, token)

pytestmark = pytest.mark.slow("servers of its own")

HS256 = {"alg": "HS256", "kid": "site"}
JWT = "/api/auth/jwt/"


@pytest.fixture(scope="module")
def system(make_instance, keys):
    return make_instance(**settings(keys))


def raw(header, body, signature=b""):
    return f"{part(header)}.{part(body)}.{part(signature)}"


def with_exp(value):
    """A token whose exp is this JSON text, also one that Python's json would not write."""
    body = json.dumps(claims(exp=None))[:-1] + f', "exp": {value}}}'
    return hs256(HS256, body.encode())


def duplicated(claim, value):
    body = json.dumps(claims())[:-1] + f', "{claim}": {value}}}'
    return hs256(HS256, body.encode())


def changed(jwt, index, change):
    parts = jwt.split(".")
    parts[index] = change(parts[index])
    return ".".join(parts)


def ecdsa(r, s):
    return raw({"alg": "ES256", "kid": "ec"}, claims(),
               r.to_bytes(32, "big") + s.to_bytes(32, "big"))


@pytest.fixture(scope="module")
def attacks(keys):
    """name: (token, code)"""
    now = int(time.time())
    order = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
    return {
        # the algorithm
        "none": (raw({"alg": "none"}, claims()), "wrong_algorithm"),
        "none with a kid": (raw({"alg": "none", "kid": "site"}, claims()), "wrong_algorithm"),
        "None": (raw({"alg": "None", "kid": "site"}, claims()), "wrong_algorithm"),
        "no alg": (raw({"kid": "site"}, claims()), "malformed"),
        "alg is a list": (raw({"alg": ["HS256"], "kid": "site"}, claims()), "malformed"),
        "HS512": (hs256({"alg": "HS512", "kid": "site"}, claims()), "wrong_algorithm"),
        "HS256 by the public key": (hs256({"alg": "HS256", "kid": "rsa"}, claims(),
                                          keys.public("rsa")), "wrong_algorithm"),
        "HS256 by the public key without kid": (hs256({"alg": "HS256"}, claims(),
                                                      keys.public("rsa")), "bad_signature"),
        "RS256 with the key of EC": (keys.token("rsa", "RS256", {"kid": "ec"}), "wrong_algorithm"),
        "signed by another key": (hs256(HS256, claims(), "x" * 40), "bad_signature"),
        "another RSA key": (keys.token("ed", "EdDSA", {"kid": "rsa", "alg": "RS256"}),
                            "bad_signature"),
        # the header
        "embedded jwk": (hs256({**HS256, "jwk": {"kty": "oct", "k": part(SECRET.encode())}},
                               claims()), "malformed"),
        "jku": (hs256({**HS256, "jku": "http://127.0.0.1:1/keys"}, claims()), "malformed"),
        "x5u": (hs256({**HS256, "x5u": "http://127.0.0.1:1/cert"}, claims()), "malformed"),
        "x5c": (hs256({**HS256, "x5c": ["MIIB"]}, claims(), "x" * 40), "bad_signature"),
        "crit": (hs256({**HS256, "crit": ["exp"]}, claims()), "malformed"),
        "b64": (hs256({**HS256, "b64": False}, claims()), "malformed"),
        "zip": (hs256({**HS256, "zip": "DEF"}, claims()), "malformed"),
        "kid with a path": (hs256({"alg": "HS256", "kid": "../../../../dev/null"}, claims()),
                            "unknown_key"),
        "kid with SQL": (hs256({"alg": "HS256", "kid": "' OR 1=1 --"}, claims()), "unknown_key"),
        "empty kid": (hs256({"alg": "HS256", "kid": ""}, claims()), "unknown_key"),
        "kid is a number": (hs256({"alg": "HS256", "kid": 1}, claims()), "malformed"),
        "duplicate alg": (hs256(b'{"alg":"HS256","alg":"none","kid":"site"}', claims()),
                          "malformed"),
        # the form
        "empty parts": ("..", "malformed"),
        "one part": ("abc", "malformed"),
        "two parts": (".".join(token().split(".")[:2]), "malformed"),
        "four parts": (token() + ".abc", "malformed"),
        "signature stripped": (token().rsplit(".", 1)[0] + ".", "bad_signature"),
        "signature cut": (token()[:-3], "bad_signature"),
        "padding": (token() + "=", "malformed"),
        "trailing newline": (token() + "\n", "malformed"),
        "trailing bytes": (token() + "AAAA", "bad_signature"),
        "stray bits": (changed(token(), 2, lambda text: text[:-1] + "_"), "malformed"),
        "ordinary base64": (changed(token(), 1, lambda text: text + "+/"), "malformed"),
        "claims changed": (changed(token(), 1, lambda _: part(claims(sub="admin"))),
                           "bad_signature"),
        "header changed": (changed(token(), 0, lambda _: part({"alg": "HS256", "kid": "site",
                                                               "typ": "at+jwt"})),
                           "bad_signature"),
        "claims not JSON": (hs256(HS256, b"not json"), "malformed"),
        "claims a list": (hs256(HS256, b"[]"), "malformed"),
        "claims null": (hs256(HS256, b"null"), "malformed"),
        "claims not UTF-8": (hs256(HS256, b'{"sub":"\xff"}'), "malformed"),
        "NUL in a claim": (hs256(HS256, b'{"sub":"a\\u0000b","exp":1}'), "malformed"),
        "duplicate sub": (duplicated("sub", '"admin"'), "malformed"),
        "duplicate exp": (duplicated("exp", "9999999999"), "malformed"),
        "over 8 KiB": (token(note="x" * 8000), "malformed"),
        "deep": (hs256(HS256, b'{"a":' * 40 + b"1" + b"}" * 40), "malformed"),
        # times
        "exp a string": (with_exp(f'"{now + 300}"'), "malformed"),
        "exp a fraction": (with_exp(f"{now + 300}.5"), "malformed"),
        "exp with an exponent": (with_exp("1e10"), "malformed"),
        "exp huge": (with_exp("99999999999999999999999999"), "malformed"),
        "exp beyond 64 bits signed": (with_exp("18446744073709551615"), "malformed"),
        "exp in milliseconds": (with_exp(str((now + 300) * 1000)), "malformed"),
        "exp negative": (with_exp("-1"), "malformed"),
        "exp null": (with_exp("null"), "malformed"),
        "exp true": (with_exp("true"), "malformed"),
        "exp 0": (with_exp("0"), "expired"),
        "expired": (token(iat=now - 400, exp=now - 100), "expired"),
        "nbf ahead": (token(nbf=now + 200), "not_yet_valid"),
        "nbf negative": (token(nbf=-1), "malformed"),
        "iat ahead": (token(iat=now + 200, exp=now + 300), "not_yet_valid"),
        "lives an hour": (token(exp=now + 3600), "too_long_lived"),
        "lives an hour without iat": (token(iat=None, exp=now + 3600), "too_long_lived"),
        "old iat": (token(iat=now - 10000, exp=now + 100), "too_long_lived"),
        # who and for whom
        "no exp": (token(exp=None), "missing_claim"),
        "no sub": (token(sub=None), "missing_claim"),
        "empty sub": (token(sub=""), "malformed"),
        "sub a number": (token(sub=7), "malformed"),
        "sub of 129 bytes": (token(sub="x" * 129), "malformed"),
        "wrong aud": (token(aud="billing"), "wrong_audience"),
        "aud a part": (token(aud="chatter"), "wrong_audience"),
        "no aud": (token(aud=None), "wrong_audience"),
        "aud an object": (token(aud={"chat": 1}), "wrong_audience"),
        "wrong iss": (token(iss="https://evil.example"), "wrong_issuer"),
        "iss with a slash more": (token(iss="https://site.example/"), "wrong_issuer"),
        "no iss": (token(iss=None), "wrong_issuer"),
        "jti a number": (token(jti=5), "malformed"),
        # ECDSA and EdDSA
        "ECDSA 0, 0": (ecdsa(0, 0), "bad_signature"),
        "ECDSA n, n": (ecdsa(order, order), "bad_signature"),
        "ECDSA all ones": (ecdsa(2 ** 256 - 1, 2 ** 256 - 1), "bad_signature"),
        "ECDSA 1, 1": (ecdsa(1, 1), "bad_signature"),
        "ECDSA short": (raw({"alg": "ES256", "kid": "ec"}, claims(), b"\0" * 63), "bad_signature"),
        "EdDSA of zeros": (raw({"alg": "EdDSA", "kid": "ed"}, claims(), b"\0" * 64),
                           "bad_signature"),
        "EdDSA of small order": (raw({"alg": "EdDSA", "kid": "ed"}, claims(),
                                     b"\1" + b"\0" * 63), "bad_signature"),
        "RSA of zeros": (raw({"alg": "RS256", "kid": "rsa"}, claims(), b"\0" * 256),
                         "bad_signature"),
        # rooms
        "rooms not a list": (token(rooms={}), "malformed"),
        "101 rooms": (token(rooms=[{"key": f"k{i}"} for i in range(101)]), "malformed"),
        "a room without key": (token(rooms=[{"name": "x"}]), "malformed"),
        "a key with a blank": (token(rooms=[{"key": "a b"}]), "malformed"),
        "a key of 129": (token(rooms=[{"key": "k" * 129}]), "malformed"),
        "an unknown role": (token(rooms=[{"key": "k", "role": "owner"}]), "malformed"),
        "a key twice": (token(rooms=[{"key": "k"}, {"key": "k"}]), "malformed"),
        "rooms_only a word": (token(rooms=[], rooms_only="yes"), "malformed"),
    }


def test_each_attack_is_refused_with_its_code_and_makes_no_user(system, attacks):
    [(before,)] = system.sql("SELECT COUNT(*) FROM user")
    wrong = {}
    for name, (jwt, code) in attacks.items():
        answer = Client(system).post(JWT, json={"jwt": jwt})
        body = answer.json()
        found = body.get("codes", {}).get("jwt")
        if (answer.status_code, found) != (400, [code]):
            wrong[name] = (answer.status_code, answer.text)
        elif SECRET in answer.text or len(body["jwt"][0]) < 10:
            wrong[name] = answer.text
    assert wrong == {}
    assert system.sql("SELECT COUNT(*) FROM user") == [(before,)]
    assert system.sql("SELECT COUNT(*) FROM room WHERE room_key = 'k'") == [(0,)]


def test_a_login_refuses_the_same_and_sets_no_cookie(system, attacks):
    for name in ("none", "expired", "wrong aud", "signed by another key"):
        jwt, code = attacks[name]
        answer = Client(system).post("/api/auth/login/", json={"jwt": jwt})
        assert (answer.status_code, answer.json()["codes"]) == (400, {"jwt": [code]}), name
        assert "Set-Cookie" not in answer.headers


@pytest.mark.parametrize("name, algorithm", [("rsa", "RS256"), ("ec", "ES256"), ("ed", "EdDSA")])
def test_each_algorithm_is_accepted(system, keys, name, algorithm):
    log_in(Client(system), keys.token(name, algorithm))


def test_without_a_kid_every_key_of_the_algorithm_is_tried(system):
    log_in(Client(system), hs256({"alg": "HS256"}, claims()))


def test_skew_of_a_minute_is_allowed(system):
    now = int(time.time())
    log_in(Client(system), token(iat=now + 30, nbf=now + 30, exp=now + 300))
    log_in(Client(system), token(iat=now - 300, exp=now - 30))


def test_aud_may_be_a_list(system):
    log_in(Client(system), token(aud=["billing", AUDIENCE]))


def test_words_say_what_was_found_and_expected(system):
    now = int(time.time())
    [words] = Client(system).post(JWT, json={"jwt": token(aud="x")}).json()["jwt"]
    assert words == 'aud is "x", "chat" was expected.'
    [words] = Client(system).post(
        JWT, json={"jwt": token(iat=now - 400, exp=now - 100)}).json()["jwt"]
    assert words.startswith("The token expired 10")
    for given, expected in (
            ({"exp": "1"}, "exp is a string, a whole number of seconds since 1970 was expected."),
            ({"exp": 1.5}, "exp is 1.5, a whole number of seconds since 1970 was expected."),
            ({"nbf": []}, "nbf is a list, a whole number of seconds since 1970 was expected."),
            ({"sub": 7}, "sub is 7, a string of 1 to 128 bytes was expected."),
            ({"sub": "x" * 129},
             "sub is a string of 129 bytes, a string of 1 to 128 bytes was expected.")):
        [words] = Client(system).post(JWT, json={"jwt": token(**given)}).json()["jwt"]
        assert words == expected


@pytest.mark.parametrize("body, code", [({}, "required"), ({"jwt": None}, "null"),
                                        ({"jwt": ""}, "blank"), ({"jwt": True}, "invalid"),
                                        ({"jwt": 5}, "malformed")])
def test_a_body_without_a_token_is_refused_as_other_fields_are(system, body, code):
    answer = Client(system).post(JWT, json=body)
    assert (answer.status_code, answer.json()["codes"]) == (400, {"jwt": [code]})


def test_a_hundred_keys_are_accepted_and_the_last_is_found(make_instance, tmp_path_factory):
    keys = Keys(tmp_path_factory.mktemp("hundred"))
    keys.write("".join(f"k{i} HS256 {i:040}\n" for i in range(100)))
    system = make_instance(**settings(keys))
    log_in(Client(system), hs256({"alg": "HS256"}, claims(), f"{99:040}"))
    log_in(Client(system), hs256({"alg": "HS256", "kid": "k98"}, claims(), f"{98:040}"))


def test_a_jti_is_accepted_once(system):
    jwt = token(jti=fresh_sub())
    log_in(Client(system), jwt)
    answer = Client(system).post(JWT, json={"jwt": jwt})
    assert (answer.status_code, answer.json()["codes"]) == (400, {"jwt": ["replayed"]})
    answer = Client(system).post("/api/auth/login/", json={"jwt": jwt})
    assert answer.json()["codes"] == {"jwt": ["replayed"]}


def test_the_same_jti_of_another_token_is_refused(system):
    jti = fresh_sub()
    log_in(Client(system), token(jti=jti))
    answer = Client(system).post(JWT, json={"jwt": token(jti=jti)})
    assert answer.json()["codes"] == {"jwt": ["replayed"]}


def test_used_ids_are_deleted_by_housekeeping(system):
    log_in(Client(system), token(jti=fresh_sub()))
    system.sql("UPDATE used_jwt SET expires_at = SYSDATE(6) - INTERVAL 2 DAY")
    assert system.confabctl("events", "purge").returncode == 0
    assert system.sql("SELECT COUNT(*) FROM used_jwt") == [(0,)]
