"""Users who come with a signed token of the site: who they are, what they get, how it ends."""

import datetime
import os
import re
import signal
import subprocess

import pytest
import requests
from support.answers import assert_error
from support.client import Client, fresh_name
from support.counters import spent
from support.parallel import at_once
from support.shapes import A_TEXT, A_TIME
from support.site_tokens import Keys, come, fresh_sub, log_in, settings, token
from support.wait import wait_for

JWT, LOGIN, ME = "/api/auth/jwt/", "/api/auth/login/", "/api/auth/me/"


@pytest.fixture(scope="module")
def system(make_instance, keys):
    return make_instance(**settings(keys, CONFAB_PROCESSES=8))


def user_of(system, sub, column="user_id"):
    return system.sql(f"SELECT u.{column} FROM external_user x JOIN user u USING (user_id) "
                      "WHERE x.subject = ?", sub)


# ---- the answers ----

def test_a_token_of_the_site_gives_an_ordinary_token_that_ends_by_itself(system):
    client = Client(system)
    answer = log_in(client, token())
    assert answer.keys() == {"token", "expires_at", "user"}
    assert re.fullmatch("[0-9a-f]{40}", answer["token"])
    assert answer["user"] == client.get(ME).json()
    expires = datetime.datetime.fromisoformat(answer["expires_at"].replace("Z", "+00:00"))
    days = (expires - datetime.datetime.now(datetime.timezone.utc)) / datetime.timedelta(days=1)
    assert 29.9 < days <= 30
    assert client.room()["members_count"] == 1


def test_the_answer_names_the_user_in_its_header(system):
    answer = Client(system).post(JWT, json={"jwt": token()})
    assert answer.headers["X-Confab-User-Id"] == str(answer.json()["user"]["user_id"])


def test_a_login_sets_the_cookie(system):
    browser = Client(system)
    answer = browser.post(LOGIN, json={"jwt": token()})
    assert answer.status_code == 200
    assert browser.cookies["sessionid"]
    assert browser.get(ME).json() == answer.json()


def test_a_form_is_accepted_too(system):
    answer = requests.post(system.url + JWT, data={"jwt": token()}, timeout=60)
    assert answer.status_code == 200


def test_an_expired_token_is_401_and_is_deleted_by_housekeeping(system):
    client = come(system)
    system.sql("UPDATE token SET expires_at = SYSDATE(6) - INTERVAL 1 SECOND WHERE user_id = ?",
               client.id)
    assert_error(client.get(ME), 401)
    room = Client(system).register().room(is_private=False)["room_id"]
    for path in (f"/api/chat/rooms/{room}/", f"/api/chat/rooms/{room}/messages/"):
        assert client.get(path).status_code == 401
    assert client.post(f"/api/chat/rooms/{room}/messages/",
                       json={"content": "x"}).status_code == 401
    assert client.post(LOGIN).status_code == 401
    assert system.confabctl("events", "purge").returncode == 0
    assert system.sql("SELECT COUNT(*) FROM token WHERE user_id = ?", client.id) == [(0,)]


def test_an_expired_token_posts_no_more_although_its_user_was_cached(system):
    client = come(system)
    room = client.room()["room_id"]
    for _ in range(20):
        client.say(room)
    system.sql("UPDATE token SET expires_at = SYSDATE(6) WHERE user_id = ?", client.id)
    for _ in range(20):
        assert client.post(f"/api/chat/rooms/{room}/messages/",
                           json={"content": "x"}).status_code == 401


def test_other_tokens_do_not_expire(system):
    person = Client(system).register()
    assert system.sql("SELECT expires_at FROM token WHERE user_id = ?", person.id) == [(None,)]


# ---- who it is ----

def test_the_same_subject_is_the_same_user(system):
    sub = fresh_sub()
    assert come(system, sub=sub).id == come(system, sub=sub).id
    assert come(system, sub=sub.upper()).id != come(system, sub=sub).id


def test_two_issuers_with_one_subject_are_two_users(make_instance, keys):
    system = make_instance(**settings(keys, CONFAB_JWT_ISSUER=""))
    first, second = come(system, iss="https://a.example", sub="7"), come(system, iss="b", sub="7")
    third = come(system, iss=None, sub="7")
    assert len({first.id, second.id, third.id}) == 3


NAMES = [("Ann.Lee-2", "Ann.Lee-2"), ("Ann Lee", "Ann_Lee"), ("Zoë Müller", "Zoe_Muller"),
         ("Łukasz Żółć", "Lukasz_Zolc"), ("ann@example.org", "ann"), ("Straße", "Strasse"),
         ("e\u0301milie", "emilie"), ("x" * 60, "x" * 32)]


@pytest.mark.parametrize("wished, name", NAMES)
def test_a_name_is_made_fit(system, wished, name):
    client = come(system, preferred_username=wished)
    assert client.name in (name, f"{name[:31 - len(str(client.id))]}-{client.id}")


@pytest.mark.parametrize("wished", [None, "", "  ", "ab", "Жанна", "田中太郎", "مريم", "😀😀😀", "...", "-_."])
def test_without_a_usable_name_it_is_u_and_the_id(system, wished):
    client = come(system, preferred_username=wished)
    assert client.name == f"u{client.id}"
    assert re.fullmatch("[A-Za-z0-9_.-]{3,32}", client.name)


def test_a_name_that_is_taken_gets_the_id(system):
    name = fresh_name("taken")
    Client(system).register(name)
    first = come(system, preferred_username=name.upper())
    assert first.name == f"{name.upper()}-{first.id}"


@pytest.mark.slow("makes many users")
def test_even_u_and_the_id_may_be_taken(system):
    [(last,)] = system.sql("SELECT MAX(user_id) FROM user")
    for number in range(last + 1, last + 80):
        system.sql("INSERT IGNORE INTO user (username, password_hash, created_at) "
                   "VALUES (?, '', SYSDATE(6))", f"u{number}")
    client = come(system)
    assert re.fullmatch("u[0-9]+(-[0-9a-f]{8})?", client.name)


@pytest.mark.slow("a thousand logins")
def test_a_thousand_first_visits_at_once_make_one_user(system):
    sub = fresh_sub()
    jwt = token(sub=sub, preferred_username=sub, rooms=[{"key": "of-a-thousand"}])
    clients = [Client(system) for _ in range(20)]

    def visit(client):
        return {log_in(client, jwt)["user"]["user_id"] for _ in range(50)}

    ids = at_once([lambda client=client: visit(client) for client in clients])
    assert len(set.union(*ids)) == 1
    assert len(user_of(system, sub)) == 1
    assert system.sql("SELECT COUNT(*) FROM user WHERE username LIKE '~%'") == [(0,)]
    assert system.sql("SELECT COUNT(*), MAX(members_count) FROM room "
                      "WHERE room_key = 'of-a-thousand'") == [(1, 1)]


def test_different_users_who_come_at_once_make_one_room(system):
    calls = [lambda i=i: come(system, rooms=[{"key": "of-many"}]).id for i in range(20)]
    assert len(set(at_once(calls))) == 20
    assert system.sql("SELECT COUNT(*), MAX(members_count) FROM room "
                      "WHERE room_key = 'of-many'") == [(1, 20)]


def test_a_disabled_user_gets_403(system):
    sub = fresh_sub()
    client = come(system, sub=sub)
    assert system.confabctl("user", "disable", client.name).returncode == 0
    for path in (JWT, LOGIN):
        answer = Client(system).post(path, json={"jwt": token(sub=sub)})
        assert (answer.status_code, answer.json()["code"]) == (403, "user_inactive")
    assert system.confabctl("user", "enable", client.name).returncode == 0
    assert come(system, sub=sub).id == client.id


def test_a_user_without_a_password_cannot_log_in_by_one(system):
    client = come(system)
    for password in ("", "x", "!", " "):
        for path in ("/api/auth/token/", LOGIN):
            answer = Client(system).post(path, json={"username": client.name,
                                                     "password": password})
            assert answer.status_code == 400


def test_a_fresh_token_proves_a_user_where_a_password_is_asked_for(system):
    sub = fresh_sub()
    client, other = come(system, sub=sub), come(system)
    change = {"new_password": "a new password"}
    assert client.post("/api/auth/password/", json=change).status_code == 400
    answer = client.post("/api/auth/password/", json={**change, "jwt": "x"})
    assert answer.json()["codes"] == {"jwt": ["malformed"]}
    answer = other.post("/api/auth/password/", json={**change, "jwt": token(sub=sub)})
    assert answer.json()["codes"] == {"jwt": ["other_user"]}
    answer = client.post("/api/auth/password/", json={**change, "jwt": token(sub=sub)})
    assert answer.status_code == 204
    answer = Client(system).post("/api/auth/token/", json={"username": client.name,
                                                           "password": "a new password"})
    assert answer.status_code == 200


@pytest.mark.slow("an instance of its own")
def test_unchanged_claims_cost_no_write(make_instance, keys):
    """Besides the new token itself."""
    system = make_instance(**settings(keys, CONFAB_PROCESSES=1))
    claims = {"sub": "7", "preferred_username": "ann", "name": "Ann", "rooms_only": True,
              "rooms": [{"key": f"course-{i}", "name": "C", "role": "admin" if i % 2 else "member"}
                        for i in range(20)]}
    client = come(system, **claims)
    come(system, **claims)
    written = [spent(system, lambda: come(system, **claims), name)
               for name in ("Handler_write", "Handler_update", "Handler_delete")]
    assert written == [1, 0, 0]
    assert client.get(ME).status_code == 200


# ---- limits, other ways to run ----

@pytest.fixture(scope="module")
def limited(make_instance, keys):
    return make_instance(**settings(keys, CONFAB_RATE_LIMITS="on", CONFAB_RATE_LOGINS_ADDRESS=5,
                                    CONFAB_RATE_REQUESTS=1, CONFAB_RATE_REQUESTS_BURST=10,
                                    CONFAB_REDIS_TIMEOUT=1000))


def test_tokens_that_are_refused_are_limited_by_address(limited):
    """Others are not: the users of a school come from one address."""
    users = [come(limited) for _ in range(8)]
    codes = [Client(limited).post(JWT, json={"jwt": "x"}).status_code for _ in range(6)]
    assert codes == [400] * 5 + [429]
    answer = Client(limited).post(LOGIN, json={"jwt": "x"})
    assert answer.status_code == 429 and int(answer.headers["Retry-After"]) > 0
    assert len({client.id for client in [*users, come(limited)]}) == 9


def test_logins_of_one_user_count_as_requests(limited):
    sub = fresh_sub()
    codes = [Client(limited).post(path, json={"jwt": token(sub=sub)}).status_code
             for path in (JWT, LOGIN) * 20]
    assert codes[:11] == [200] * 11 and 429 in codes
    come(limited)


@pytest.mark.everywhere
def test_without_keys_every_token_is_refused(instance):
    # As long as a token may be.
    answer = Client(instance).post(JWT, json={"jwt": token(note="x" * 5800)})
    assert (answer.status_code, answer.json()["codes"]) == (400, {"jwt": ["unknown_key"]})


@pytest.mark.slow("starts an instance of plain CGI")
def test_tokens_work_by_plain_cgi(make_instance, keys):
    system = make_instance(CGI="1", **settings(keys))
    lines = "".join(f"{name[len('CONFAB_'):].lower()} = {value}\n"
                    for name, value in settings(keys).items())
    system.config.write_text(system.config.read_text() + lines)
    answer = requests.post(f"{system.url}/cgi-bin/confab.cgi{JWT}",
                           json={"jwt": token(rooms=[{"key": "r"}])}, timeout=60)
    assert answer.status_code == 200, answer.text
    assert answer.json().keys() == {"token", "expires_at", "user"}


# ---- without passwords ----

@pytest.fixture(scope="module")
def closed(make_instance, keys):
    return make_instance(**settings(keys, CONFAB_PASSWORD_LOGIN="off",
                                    CONFAB_LOGIN_URL="https://site.example/login"))


@pytest.mark.parametrize("path, body", [
    ("register/", {"username": "somebody", "password": "correct horse"}),
    ("token/", {"username": "somebody", "password": "correct horse"}),
    ("login/", {"username": "somebody", "password": "correct horse"}), ("login/", None),
    ("token/", {}), ("password/", {"old_password": "x", "new_password": "correct horse"})])
def test_password_login_off_closes_all_that_takes_a_password(closed, path, body):
    client = Client(closed)
    if path == "password/":
        log_in(client, token())
    answer = client.post("/api/auth/" + path, json=body)
    assert (answer.status_code, answer.json()["code"]) == (403, "password_login_off")
    assert answer.json()["login_url"] == "https://site.example/login"


def test_the_features_say_how_users_log_in(system, closed, instance):
    def features(of):
        found = Client(of).get("/api/").json()["features"]
        return {name for name in found if name in ("jwt", "password_login", "registration")}

    assert features(instance) == {"password_login", "registration"}
    assert features(system) == {"jwt", "password_login", "registration"}
    assert features(closed) == {"jwt"}


def test_password_login_off_leaves_the_site_s_tokens(closed):
    client = come(closed)
    browser = Client(closed)
    assert browser.post(LOGIN, json={"jwt": token()}).status_code == 200
    assert client.post(LOGIN).status_code == 200
    assert client.delete("/api/auth/token/").status_code == 204


# ---- keys ----

@pytest.mark.slow("an instance of its own")
def test_a_short_secret_is_refused_at_the_start_and_at_a_reload(make_instance, tmp_path_factory):
    keys = Keys(tmp_path_factory.mktemp("short"))
    system = make_instance(**settings(keys))
    good = keys.file.read_text()
    keys.write("site HS256 too-short-a-secret\n")
    program = str(system.build / "fcgi-api")
    checked = subprocess.run([program, "-c", str(system.config), "--check-config"],
                             env=system.env, capture_output=True, text=True, timeout=60)
    assert checked.returncode == 1
    assert "an HS256 secret has 32 to 1,024 bytes" in checked.stderr
    started = subprocess.run([program, "-c", str(system.config)], env=system.env,
                             stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60)
    assert started.returncode == 1
    assert "too-short" not in started.stderr
    assert system.confabctl("check").returncode == 1
    # scripts/instance would not even send the signal. The old keys stay.
    os.kill(system.pids("api"), signal.SIGHUP)
    wait_for(lambda: "keeping the old one" in system.log(), 20, "the refused reload")
    come(system)
    keys.write(good)


def test_a_reload_brings_new_keys(make_instance, tmp_path_factory):
    keys = Keys(tmp_path_factory.mktemp("rotation"))
    system = make_instance(**settings(keys))
    old = token()
    keys.write("site HS256 another-secret-that-is-long-enough-\n")
    workers = system.api_workers()
    system.reload()
    wait_for(lambda: not set(system.api_workers()) & set(workers), 30, "new processes")
    answer = Client(system).post(JWT, json={"jwt": old})
    assert answer.json()["codes"] == {"jwt": ["bad_signature"]}


def test_shapes_are_those_of_the_contract(system):
    answer = log_in(Client(system), token())
    assert answer["token"] == A_TEXT and answer["expires_at"] == A_TIME
