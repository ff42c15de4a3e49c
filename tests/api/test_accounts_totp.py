"""/api/auth/totp/ and logins with a second factor (RFC 6238)."""

import base64
import hashlib
import hmac
import re
import time
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import parse_qs, urlsplit

import pytest

from support.answers import assert_error
from support.client import Client
from support.confabctl import Tool

PATH = "/api/auth/totp/"
CONFIRM = "/api/auth/totp/confirm/"


def code_of(secret, steps=0):
    """The code now, or some steps of 30 seconds later."""
    counter = int(time.time()) // 30 + steps
    mac = hmac.digest(base64.b32decode(secret), counter.to_bytes(8, "big"), hashlib.sha1)
    at = mac[-1] & 15
    return f"{(int.from_bytes(mac[at:at + 4], 'big') & 0x7fffffff) % 1000000:06}"


def begin(client):
    answer = client.post(PATH)
    assert answer.status_code == 201, answer.text
    return answer.json()["secret"]


def turn_on(client):
    """The secret and the recovery codes. The code before this one is used up."""
    secret = begin(client)
    answer = client.post(CONFIRM, json={"code": code_of(secret, -1)})
    assert answer.status_code == 200, answer.text
    return secret, answer.json()["recovery_codes"]


def log_in(client, path="login", may_fail=False, **more):
    visitor = Client(client.instance)
    visitor.may_fail = may_fail
    return visitor.post(f"/api/auth/{path}/", json={
        "username": client.name, "password": client.password, **more})


def assert_wrong_code(answer):
    assert_error(answer, 400, ["code"])
    assert answer.json()["codes"] == {"code": ["wrong_code"]}


# ---- turning it on ----

def test_a_secret_comes_as_text_and_as_an_address_for_apps(user):
    client = user()
    answer = client.post(PATH).json()
    assert sorted(answer) == ["secret", "uri"]
    assert len(base64.b32decode(answer["secret"])) == 20
    host = client.instance.url.removeprefix("http://")
    uri = urlsplit(answer["uri"])
    assert (uri.scheme, uri.netloc) == ("otpauth", "totp")
    assert uri.path == f"/{host.replace(':', '%3A')}:{client.name}"
    assert parse_qs(uri.query) == {"secret": [answer["secret"]], "issuer": [host]}


def test_nothing_changes_before_a_first_code(user):
    client = user()
    begin(client)
    assert client.get(PATH).json() == {"is_on": False, "recovery_codes_left": 0}
    assert log_in(client).status_code == 200


def test_only_the_last_secret_can_be_confirmed(user):
    client = user()
    first, second = begin(client), begin(client)
    assert first != second
    assert_wrong_code(client.post(CONFIRM, json={"code": code_of(first)}))
    assert client.post(CONFIRM, json={"code": code_of(second)}).status_code == 200


def test_ten_different_recovery_codes_are_shown_once(user):
    client = user()
    _, codes = turn_on(client)
    assert len(set(codes)) == 10
    assert all(re.fullmatch(r"[a-z2-7]{4}(-[a-z2-7]{4}){3}", code) for code in codes)
    assert client.get(PATH).json() == {"is_on": True, "recovery_codes_left": 10}


@pytest.mark.parametrize("code", ["", None, "12345", "abcdef", "1" * 33, [], 5])
def test_another_text_is_no_code(user, code):
    client = user()
    begin(client)
    assert_error(client.post(CONFIRM, json={"code": code}), 400, ["code"])
    assert_error(client.post(CONFIRM, json={}), 400, ["code"])
    assert client.get(PATH).json()["is_on"] is False


def test_steps_out_of_order_are_conflicts(user):
    client = user()
    assert_error(client.post(CONFIRM, json={"code": "123456"}), 409)
    assert_error(client.delete(PATH, json={"code": "123456"}), 409)
    secret, _ = turn_on(client)
    assert_error(client.post(PATH), 409)
    assert_error(client.post(CONFIRM, json={"code": code_of(secret)}), 409)


# ---- logging in ----

@pytest.mark.parametrize("path", ["login", "token"])
def test_a_login_needs_a_code_which_counts_once(user, path):
    client = user()
    secret, _ = turn_on(client)
    answer = log_in(client, path)
    assert_error(answer, 401)
    assert answer.json()["code"] == "code_required"
    assert "WWW-Authenticate" in answer.headers
    assert not answer.cookies
    code = code_of(secret)
    assert log_in(client, path, code=code).status_code == 200
    assert_wrong_code(log_in(client, path, code=code))
    assert log_in(client, path, code=" ".join(code_of(secret, 1))).status_code == 200


def test_a_code_that_is_too_old_or_wrong_is_refused(user):
    client = user()
    secret, _ = turn_on(client)
    for code in (code_of(secret, -1), code_of(secret, -2), code_of(secret, 3), "x"):
        assert_wrong_code(log_in(client, code=code))


def test_a_code_used_while_the_clock_was_ahead_shuts_no_user_out(user, instance):
    client = user()
    secret, _ = turn_on(client)
    instance.sql("UPDATE user_totp SET last_step = last_step + 120 WHERE user_id = ?", client.id)
    code = code_of(secret)
    assert log_in(client, code=code).status_code == 200
    assert_wrong_code(log_in(client, may_fail=True, code=code))


def test_a_code_does_not_help_a_wrong_password(user):
    client = user()
    secret, _ = turn_on(client)
    wrong = log_in(client, password="wrong horse!", code=code_of(secret))
    assert_error(wrong, 400, ["non_field_errors"])
    assert_error(log_in(client, password="wrong horse!"), 400, ["non_field_errors"])
    assert log_in(client, code=code_of(secret)).status_code == 200


def test_of_many_logins_at_once_with_one_code_one_succeeds(user):
    client = user()
    secret, recovery = turn_on(client)
    for code in (code_of(secret), recovery[3]):
        with ThreadPoolExecutor(8) as pool:
            answers = list(pool.map(
                lambda _, code=code: log_in(client, may_fail=True, code=code), range(8)))
        # The others were refused, also because too many processes were hashing (503).
        assert [answer.status_code for answer in answers].count(200) == 1


def test_each_recovery_code_logs_in_once(user):
    client = user()
    _, codes = turn_on(client)
    assert log_in(client, code=codes[4]).status_code == 200
    assert_wrong_code(log_in(client, code=codes[4]))
    assert log_in(client, code=codes[9].upper().replace("-", " ")).status_code == 200
    assert client.get(PATH).json()["recovery_codes_left"] == 8


def test_users_without_it_need_no_code(user):
    assert log_in(user(), code="123456").status_code == 200


def test_wrong_codes_are_limited_by_name(shared):
    system = shared(CONFAB_RATE_LIMITS="on", CONFAB_RATE_LOGINS=1000, CONFAB_RATE_LOGINS_NAME=5,
                    CONFAB_RATE_LOGINS_ADDRESS=1000, CONFAB_PROCESSES=1,
                    CONFAB_REDIS_TIMEOUT=1000)
    client = Client(system).register()
    secret, _ = turn_on(client)
    assert [log_in(client, code="000000").status_code for _ in range(6)] == [400] * 5 + [429]
    assert_error(log_in(client, code=code_of(secret)), 429)


# ---- turning it off ----

@pytest.mark.parametrize("by", ["app", "recovery"])
def test_a_code_turns_it_off(user, by):
    client = user()
    secret, codes = turn_on(client)
    assert_wrong_code(client.delete(PATH, json={"code": "abcd-efgh-2345-qrst"}))
    code = code_of(secret) if by == "app" else codes[0]
    assert client.delete(PATH, json={"code": code}).status_code == 204
    assert log_in(client).status_code == 200
    assert client.get(PATH).json() == {"is_on": False, "recovery_codes_left": 0}


def test_the_administrator_turns_it_off(instance, user):
    client, tool = user(), Tool(instance)
    turn_on(client)
    assert "by password only" in tool("user", "totp", "reset", client.name)
    assert log_in(client).status_code == 200
    assert "no two-factor" in tool("user", "totp", "reset", client.name)


def test_neither_secret_nor_codes_are_logged(instance, user):
    client = user()
    secret, codes = turn_on(client)
    log_in(client, code=codes[0])
    log_in(client, code="sesame-open-up")
    logs = "".join(path.read_text(errors="replace")
                   for path in (instance.state / "log").iterdir() if path.is_file())
    assert not [text for text in (secret, codes[0], "sesame") if text in logs]
