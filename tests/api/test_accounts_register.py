"""POST /api/auth/register/"""

import json
import re
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from support.answers import assert_error
from support.client import Client, fresh_name

PATH = "/api/auth/register/"
GOOD = "correct horse"


def register(client, username, password, **more):
    return client.post(PATH, json={"username": username, "password": password, **more})


def test_a_new_user_gets_id_name_and_token(anonymous):
    name = fresh_name()
    answer = register(anonymous, name, GOOD)
    assert answer.status_code == 201
    assert set(answer.json()) == {"user_id", "username", "token"}
    assert answer.json()["username"] == name
    assert answer.json()["user_id"] > 0


def test_the_token_of_a_new_user_is_40_hexadecimal_digits(user):
    assert re.fullmatch(r"[0-9a-f]{40}", user().token)


def test_the_token_of_a_new_user_works_at_once(user):
    new = user()
    assert new.get("/api/auth/me/").json()["user_id"] == new.id


def test_a_new_user_is_not_staff_whatever_the_body_says(anonymous):
    answer = register(anonymous, fresh_name(), GOOD, is_staff=True, is_active=False, user_id=1)
    assert answer.status_code == 201
    new = Client(anonymous.instance, answer.json()["token"])
    assert new.get("/api/auth/me/").json()["is_staff"] is False


def test_a_form_can_register(anonymous):
    name = fresh_name()
    answer = anonymous.post(PATH, data={"username": name, "password": "päss wörd+&"})
    assert answer.status_code == 201
    again = anonymous.post("/api/auth/token/", json={"username": name, "password": "päss wörd+&"})
    assert again.status_code == 200


def test_a_multipart_form_is_415(anonymous):
    answer = anonymous.post(PATH, files={"username": "abc"})
    assert_error(answer, 415)


# ---- the name ----

@pytest.mark.parametrize("name", ["abc", "x" * 26, "A.b_c-9", "...", "007"])
def test_names_of_letters_digits_and_three_symbols_are_accepted(anonymous, name):
    name = fresh_name("").replace("-", "")[:6] + name
    assert register(anonymous, name, GOOD).json()["username"] == name


def test_a_name_of_3_characters_is_accepted(anonymous):
    taken = {row[0] for row in anonymous.instance.sql("SELECT LOWER(username) FROM user")}
    name = next(name for name in ("aaa", "bbb", "ccc") if name not in taken)
    assert register(anonymous, name, GOOD).status_code == 201


def test_a_name_of_32_characters_is_accepted(anonymous):
    assert register(anonymous, fresh_name().ljust(32, "x"), GOOD).status_code == 201


@pytest.mark.parametrize("name", [
    "", "ab", "x" * 33, "x" * 300, "two words", "at@sign", "sla/sh", "tab\tbed", "äöü", "名前です",
    "semi;colon", "quo'te", 'quo"te', "back\\slash", "percent%", "line\nfeed",
    "\N{KELVIN SIGN}elvin", None, True, [], {}, ["abc"],
])
def test_an_invalid_name_is_400_on_its_field(anonymous, name):
    assert_error(register(anonymous, name, GOOD), 400, ["username"])


def test_names_are_unique_case_insensitively(anonymous, user):
    name = user(fresh_name("Mixed")).name
    for other in (name, name.lower(), name.upper()):
        assert_error(register(anonymous, other, GOOD), 400, ["username"])


def test_a_name_keeps_the_case_it_was_registered_in(user):
    name = fresh_name("CamelCase")
    assert user(name).get("/api/auth/me/").json()["username"] == name


def test_names_that_differ_in_a_symbol_are_distinct(anonymous):
    name = fresh_name("a")
    assert register(anonymous, name + ".", GOOD).status_code == 201
    assert register(anonymous, name + "_", GOOD).status_code == 201


def register_when_possible(instance, name):
    """Sends again after Retry-After while half of the processes are hashing passwords."""
    client = Client(instance)
    client.may_fail = True
    for _ in range(12):
        answer = register(client, name, GOOD)
        if answer.status_code != 503:
            break
        time.sleep(int(answer.headers["Retry-After"]))
    return answer


def test_concurrent_registrations_of_a_name_create_one_user(instance):
    name = fresh_name("race")
    with ThreadPoolExecutor(12) as pool:
        answers = list(pool.map(lambda _: register_when_possible(instance, name), range(12)))
    assert sorted(answer.status_code for answer in answers) == [201] + [400] * 11
    assert instance.sql("SELECT COUNT(*) FROM user WHERE username = ?", name) == [(1,)]


# ---- the password ----

@pytest.mark.parametrize("password", [
    "1234 678", "x" * 256, "\N{GRINNING FACE}" * 8, "\N{GRINNING FACE}" * 256, " " * 8,
    "\t\n\r 1234", "\\\"'%;--x", "e\u0301" * 4,
])
def test_passwords_of_8_to_256_code_points_are_accepted(anonymous, password):
    name = fresh_name()
    assert register(anonymous, name, password).status_code == 201
    answer = anonymous.post("/api/auth/token/", json={"username": name, "password": password})
    assert answer.status_code == 200


@pytest.mark.parametrize("password", [
    "", "1234567", "x" * 257, "\N{GRINNING FACE}" * 7, "\N{GRINNING FACE}" * 257, None, False, [],
    {},
])
def test_an_invalid_password_is_400_on_its_field(anonymous, password):
    assert_error(register(anonymous, fresh_name(), password), 400, ["password"])


@pytest.mark.parametrize("password", ["12345678", "password1", "PassWord1", "IloveYou"])
def test_a_common_password_is_refused(anonymous, password):
    answer = register(anonymous, fresh_name(), password)
    assert_error(answer, 400, ["password"])
    assert answer.json()["codes"] == {"password": ["too_common"]}


def test_the_own_name_is_no_password(anonymous):
    name = fresh_name()
    assert register(anonymous, name, name.upper()).json()["codes"] == {"password": ["too_common"]}
    assert register(anonymous, name, name + "-").status_code == 201


@pytest.mark.parametrize("typed", ["padded pass", " padded pass", "padded pass  "])
def test_a_password_is_not_trimmed(anonymous, typed):
    name = fresh_name()
    register(anonymous, name, "  padded pass  ")
    answer = anonymous.post("/api/auth/token/", json={"username": name, "password": typed})
    assert_error(answer, 400, ["non_field_errors"])


# ---- several invalid fields ----

@pytest.mark.parametrize("body", [{}, {"username": None, "password": None},
                                  {"username": "a b", "password": "short"}])
def test_all_invalid_fields_are_reported_together(anonymous, body):
    assert_error(anonymous.post(PATH, json=body), 400, ["username", "password"])


def test_a_taken_name_and_a_short_password_are_reported_together(anonymous, user):
    answer = register(anonymous, user().name, "short")
    assert_error(answer, 400, ["username", "password"])


def test_an_empty_registration_names_both_missing_fields(anonymous):
    assert_error(anonymous.post(PATH), 400, ["username", "password"])


# ---- what is stored ----

def test_only_an_argon2id_hash_of_the_password_is_stored(instance, user):
    new = user(password="nobody must read this")
    rows = instance.sql("SELECT password_hash FROM user WHERE user_id = ?", new.id)
    assert rows[0][0].startswith("$argon2id$")
    assert "nobody" not in rows[0][0]


def test_only_a_hash_of_the_token_is_stored(instance, user):
    new = user()
    [(kept,)] = instance.sql("SELECT HEX(token_hash) FROM token WHERE user_id = ?", new.id)
    assert len(kept) == 64
    assert new.token.upper() not in kept
    assert kept[:40].lower() != new.token


def test_neither_password_nor_token_is_logged(instance, user):
    new = user(password="never in a log, this")
    new.post("/api/auth/token/", json={"username": new.name, "password": "never in a log, this"})
    log = instance.log()
    assert "never in a log" not in log
    assert new.token not in log


def test_the_error_for_a_name_with_markup_is_json_with_nosniff(anonymous):
    answer = register(anonymous, "<script>alert(1)</script>", GOOD)
    assert json.loads(answer.text)["codes"] == {"username": ["invalid"]}
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
