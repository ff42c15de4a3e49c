"""API keys: what each scope opens, and everything that must stay closed."""

import re
import time

import pytest

from support.answers import assert_error
from support.api_key import ALL, Program
from support.client import Client, fresh_name
from support.limits import until_429
from support.lists import assert_complete
from support.routes import routes
from support.wait import wait_for

SCOPES = ALL.split(",")

# The scope of each path of the site; None: any key.
NEEDS = {
    ("PUT", "/api/site/users"): "users",
    ("GET", "/api/site/users"): "users",
    ("PATCH", "/api/site/users/#"): "users",
    ("DELETE", "/api/site/users/#"): "users",
    ("POST", "/api/site/users/#/token"): "users",
    ("POST", "/api/site/users/#/logout"): "users",
    ("PUT", "/api/site/rooms"): "rooms",
    ("PUT", "/api/site/rooms/#/members"): "rooms",
    ("POST", "/api/site/rooms/#/messages"): "messages",
    ("GET", "/api/site/bans"): "moderate",
    ("POST", "/api/site/bans"): "moderate",
    ("DELETE", "/api/site/bans/#"): "moderate",
    ("GET", "/api/site/audit"): "moderate",
    ("POST", "/api/site/batch"): None,
}

# Paths of other tests, with the scope hooks.
HOOKS = re.compile(r"/api/site/(hooks|changes)\b")

# Without any credentials.
PUBLIC = {("GET", "/healthz"), ("POST", "/api/auth/register"), ("POST", "/api/auth/token"),
          ("POST", "/api/auth/login"), ("POST", "/api/auth/jwt"), ("POST", "/api/auth/guest"),
          ("POST", "/api/auth/email/confirm"), ("POST", "/api/auth/reset"),
          ("POST", "/api/auth/reset/confirm"), ("GET", "/api/chat/links/*")}


def is_public(route):
    return route in PUBLIC or not route[1].startswith(("/api/auth/", "/api/chat/", "/api/site/"))


SITE = sorted(route for route in routes()
              if route[1].startswith("/api/site/") and not HOOKS.match(route[1]))
OF_USERS = sorted(route for route in routes()
                  if route[1].startswith(("/api/auth/", "/api/chat/")) and not is_public(route))


@pytest.fixture(scope="module")
def programs(instance):
    """A program for each scope alone."""
    return {scope: Program(instance, scope) for scope in SCOPES}


@pytest.fixture(scope="module")
def alice(user):
    """A user whose credentials stay valid."""
    return user()


@pytest.fixture(scope="module")
def browser(alice):
    return alice.browser()


@pytest.fixture(scope="module")
def room(alice):
    return alice.room()["room_id"]


def asked(client, route, place, **options):
    """The answer of a path. It changes nothing: the body is empty, and ids are of no user."""
    method, path = route
    path = path.replace("rooms/#", f"rooms/{place}").replace("#", "999999999").replace("$", "t99")
    body = {} if method in ("PUT", "POST", "PATCH") else None
    return client.request(method, f"{path}/", json=body, **options)


def refusal(answer, status):
    assert_error(answer, status)
    return answer.json()["code"]


# ---- the table ----

def test_every_path_of_the_site_is_in_the_table():
    assert_complete(NEEDS, SITE, "NEEDS of tests/api/test_site_keys.py")


@pytest.mark.parametrize("route", SITE)
@pytest.mark.parametrize("scope", SCOPES)
def test_a_scope_opens_its_paths_and_no_other(programs, room, route, scope):
    answer = asked(programs[scope], route, room)
    if NEEDS[route] in (scope, None):
        assert answer.status_code in (200, 204, 400, 404), answer.text
    else:
        assert refusal(answer, 403) == "key_scope"
        assert NEEDS[route] in answer.json()["detail"]


@pytest.mark.parametrize("route", SITE)
def test_without_a_key_the_site_is_closed(instance, anonymous, alice, browser, room, route):
    assert refusal(asked(anonymous, route, room), 401) == "not_authenticated"
    assert refusal(asked(alice, route, room), 403) == "key_required"
    answer = asked(browser, route, room, headers={"Origin": instance.url})
    assert refusal(answer, 403) == "key_required"
    unknown = {"Authorization": "Token ck_" + "0" * 40}
    assert refusal(asked(anonymous, route, room, headers=unknown), 401) == "authentication_failed"


@pytest.mark.slow("each path")
@pytest.mark.parametrize("route", OF_USERS)
@pytest.mark.parametrize("scope", SCOPES)
def test_a_key_is_no_user(programs, room, route, scope):
    answer = asked(programs[scope], route, room)
    assert refusal(answer, 403) == "key_needs_user"
    assert answer.headers.get("X-Confab-User-Id") is None


@pytest.mark.slow("each path")
@pytest.mark.parametrize("route", OF_USERS)
@pytest.mark.parametrize("scope", [scope for scope in SCOPES if scope != "act"])
def test_only_act_acts_as_a_user(programs, alice, room, route, scope):
    answer = asked(programs[scope].as_user(alice.id), route, room)
    assert refusal(answer, 403) == "key_needs_user"


@pytest.mark.slow("each path")
@pytest.mark.parametrize("route", OF_USERS)
def test_act_opens_all_paths_of_users(programs, user, route):
    client = user()
    place = client.room()["room_id"]
    answer = asked(programs["act"].as_user(client.id), route, place)
    assert answer.status_code in (200, 201, 202, 204, 400, 404), answer.text
    assert answer.headers["X-Confab-User-Id"] == str(client.id)


@pytest.mark.slow("each path")
@pytest.mark.parametrize("route", SITE + OF_USERS)
def test_a_key_that_does_not_hold_opens_nothing(instance, user, room, route, ended):
    for client in ended:
        assert refusal(asked(client, route, room), 401) == "authentication_failed"


@pytest.fixture(scope="module")
def ended(instance, user):
    """Programs with all scopes whose keys were revoked, and have expired."""
    acting = user().id
    revoked, expired = Program(instance, acting=acting), Program(instance, acting=acting)
    assert expired.get("/api/auth/me/").status_code == 200
    revoked.revoke()
    instance.sql("UPDATE api_key SET expires_at = SYSDATE(6) WHERE name = ?", expired.key_name)
    return revoked, expired


@pytest.mark.slow("each path")
@pytest.mark.parametrize("route", SITE + OF_USERS)
def test_a_key_of_another_address_opens_nothing(elsewhere, room, route):
    assert refusal(asked(elsewhere, route, room), 403) == "key_address"


@pytest.fixture(scope="module")
def elsewhere(instance, user):
    return Program(instance, acting=user().id, options=("--address", "192.0.2.0/24"))


@pytest.mark.slow("each path")
@pytest.mark.parametrize("route", OF_USERS)
def test_act_opens_nothing_for_a_disabled_user(programs, room, disabled, route):
    answer = asked(programs["act"].as_user(disabled), route, room)
    assert refusal(answer, 403) == "user_inactive"


@pytest.fixture(scope="module")
def disabled(instance, user):
    client = user()
    assert instance.confabctl("user", "disable", client.name).returncode == 0
    return client.id


# ---- the user that a key acts for ----

ME = "/api/auth/me/"


def test_a_key_acts_by_id_and_by_the_ids_of_the_site(instance):
    program = Program(instance)
    made = program.put_user("Käthe 17")["user"]
    for name in (made["user_id"], "ext:Käthe 17".encode(), f"0{made['user_id']}"):
        answer = program.get(ME, headers={"X-Confab-User": name if isinstance(name, bytes)
                                          else str(name)})
        assert (answer.status_code, answer.json()["user_id"]) == (200, made["user_id"])


@pytest.mark.parametrize("name", [
    "", "0", "-1", "1.0", "1e3", "999999999", "ext:", "ext:nobody", "ext", "alice", "1, 2",
    "ext:" + "x" * 129, "18446744073709551616", "9" * 400, "ext:\xff".encode("latin-1"), "Ext:7",
    "1;2", "' OR 1=1 --"])
def test_any_other_name_is_no_user(instance, programs, name):
    answer = programs["act"].get(ME, headers={"X-Confab-User": name})
    assert refusal(answer, 403) == "key_needs_user"


def test_no_program_acts_as_the_site_itself(instance, programs):
    programs["rooms"].put_room(fresh_name())
    (site,), = instance.sql("SELECT user_id FROM external_user WHERE issuer = '' AND subject = ''")
    for name in (str(site), "ext:"):
        answer = programs["act"].get(ME, headers={"X-Confab-User": name})
        assert refusal(answer, 403) == "key_needs_user"
    for method, rest in (("PATCH", ""), ("DELETE", ""), ("POST", "token/"), ("POST", "logout/")):
        answer = programs["users"].request(method, f"/api/site/users/{site}/{rest}",
                                           json={"is_active": False})
        assert refusal(answer, 404) == "not_found"


def test_a_user_without_a_key_is_not_another(user):
    """X-Confab-User counts with an API key only."""
    alice, bob = user(), user()
    header = {"X-Confab-User": str(bob.id)}
    assert alice.get(ME, headers=header).json()["user_id"] == alice.id
    assert alice.browser().get(ME, headers=header).json()["user_id"] == alice.id


def test_a_cookie_beside_a_key_does_not_count(instance, programs, user):
    browser = user().browser()
    for headers in ({"Authorization": f"Token {programs['users'].token}"},
                    {"X-Confab-Token": programs["users"].token}):
        answer = browser.get(ME, headers=headers)
        assert refusal(answer, 403) == "key_needs_user"
        broken = {name: value[:-1] + "x" for name, value in headers.items()}
        assert refusal(browser.get(ME, headers=broken), 401) == "authentication_failed"
        assert "Set-Cookie" not in answer.headers


def test_a_cookie_beside_an_acting_key_needs_no_origin(programs, user):
    """The key decides, not the cookie, so nothing can be forged."""
    alice, bob = user(), user()
    browser = alice.browser()
    answer = browser.post("/api/chat/rooms/", json={"name": "x"}, headers={
        "Authorization": f"Token {programs['act'].token}", "X-Confab-User": str(bob.id)})
    assert (answer.status_code, answer.json()["created_by_id"]) == (201, bob.id)


@pytest.mark.everywhere
def test_a_key_works_in_both_headers_behind_each_web_server(instance, user):
    program = Program(instance)
    client = user()
    for headers in ({"Authorization": f"token {program.token}"},
                    {"Authorization": None, "X-Confab-Token": program.token}):
        answer = program.get(ME, headers={**headers, "X-Confab-User": str(client.id)})
        assert (answer.status_code, answer.json()["user_id"]) == (200, client.id)
        name = fresh_name()
        answer = program.put("/api/site/users/", {"users": [{"external_id": name}]},
                             headers=headers)
        assert answer.json()["results"][0]["status"] == 201


@pytest.mark.everywhere
def test_hosts_that_refuse_put_take_a_post(instance):
    program, sub = Program(instance, "users"), fresh_name()
    answer = program.post("/api/site/users/", json={"users": [{"external_id": sub}]},
                          headers={"X-HTTP-Method-Override": "PUT"})
    assert answer.json()["results"][0]["user"]["external_id"] == sub


@pytest.mark.everywhere
@pytest.mark.parametrize("name", ["X_Confab_User", "X.Confab.User", "X-Confab_User"])
def test_another_spelling_of_x_confab_user_names_no_user(instance, user, name):
    program = Program(instance)
    answer = program.get(ME, headers={name: str(user().id)})
    assert refusal(answer, 403) == "key_needs_user"


def test_the_digits_of_a_key_are_no_token(instance, programs, anonymous):
    digits = programs["act"].token[3:]
    for token in (digits, f"ck_{digits.upper()}", f"CK_{digits}", f"ck_{digits}0", "ck_",
                  f"ck_ck_{digits}"):
        for path in (ME, "/api/site/users/?external_id=x"):
            answer = anonymous.get(path, headers={"Authorization": f"Token {token}",
                                                  "X-Confab-User": "1"})
            assert refusal(answer, 401) == "authentication_failed"
    cookie = {"Cookie": f"sessionid={programs['act'].token}"}
    assert refusal(anonymous.get(ME, headers=cookie), 401) == "not_authenticated"


def test_a_token_is_no_key(user, anonymous):
    token = f"ck_{user().token}"
    answer = anonymous.get(ME, headers={"Authorization": f"Token {token}"})
    assert refusal(answer, 401) == "authentication_failed"


def test_a_key_cannot_log_in(programs, user):
    """A session would outlive the key."""
    acting = programs["act"].as_user(user().id)
    answer = acting.post("/api/auth/login/")
    assert refusal(answer, 403) == "permission_denied"
    assert "Set-Cookie" not in answer.headers
    assert_error(acting.delete("/api/auth/token/"), 400)


def test_a_key_that_is_revoked_ends_at_once(instance, user):
    program = Program(instance, acting=user().id)
    assert program.get(ME).status_code == 200
    program.revoke()
    assert refusal(program.get(ME), 401) == "authentication_failed"


def test_a_key_expires(instance, user):
    program = Program(instance, acting=user().id)
    instance.sql("UPDATE api_key SET expires_at = SYSDATE(6) + INTERVAL 1 SECOND WHERE name = ?",
                 program.key_name)
    assert program.get(ME).status_code == 200
    wait_for(lambda: program.get(ME).status_code == 401, 10, "the end of the key")


def test_an_address_bounds_a_key(foreign_pages):
    """Behind a trusted proxy it is that of the client."""
    program = Program(foreign_pages, options=("--address", "203.0.113.7", "--address",
                                              "2001:db8::/32"))
    path = "/api/site/users/?external_id=x"
    for address, status in (("203.0.113.7", 200), ("2001:db8::9", 200), ("203.0.113.8", 403),
                            ("2001:db9::1", 403), ("198.51.100.1, 203.0.113.7", 200),
                            ("203.0.113.7, 198.51.100.1", 403)):
        answer = program.get(path, headers={"X-Forwarded-For": address})
        assert answer.status_code == status, address
    assert refusal(program.get(path), 403) == "key_address"


# ---- limits, log, caches ----

@pytest.fixture(scope="module")
def limited(shared):
    return shared(CONFAB_RATE_LIMITS="on", CONFAB_RATE_KEYS=15, CONFAB_RATE_MESSAGES=1,
                  CONFAB_RATE_MESSAGES_BURST=2, CONFAB_RATE_ROOMS=1, CONFAB_RATE_REQUESTS=1,
                  CONFAB_RATE_REQUESTS_BURST=2, CONFAB_PROCESSES=1, CONFAB_REDIS_TIMEOUT=1000)


def test_the_limits_of_users_do_not_bind_a_key(limited):
    client = Client(limited).register()
    program = Program(limited, acting=client.id)
    for _ in range(3):
        room = program.room()["room_id"]
    for _ in range(5):
        program.say(room)


def test_each_key_has_a_rate_of_its_own(limited):
    client = Client(limited).register()
    program, other = Program(limited, acting=client.id), Program(limited, acting=client.id)
    count, answer = until_429(lambda: program.get(ME), 200)
    assert count >= 15 and refusal(answer, 429) == "throttled"
    assert other.get(ME).status_code == 200
    assert client.get(ME).status_code == 200


def test_requests_that_a_key_does_not_permit_count(limited):
    program = Program(limited, "users")
    count, answer = until_429(lambda: program.get(ME), 200)
    assert count >= 15 and refusal(answer, 429) == "throttled"


def test_the_requests_of_a_batch_count(limited):
    client = Client(limited).register()
    program = Program(limited, acting=client.id)
    one = {"method": "GET", "path": ME}
    statuses = [item["status"] for item in program.batch(*[one] * 40).json()]
    assert statuses[:10] == [200] * 10 and 429 in statuses


def test_guessing_passwords_stays_limited(limited):
    client = Client(limited).register()
    program = Program(limited, acting=client.id)

    def guess():
        time.sleep(0.1)
        return program.post("/api/auth/password/", json={"old_password": "wrong wrong",
                                                         "new_password": "another horse"})
    count, _ = until_429(guess, 20)
    assert count <= 10


def test_changes_are_logged_with_the_name_of_the_key(make_instance):
    system = make_instance()
    client = Client(system).register()
    program = Program(system, acting=client.id)
    program.put_user("seven")
    program.room()
    program.batch({"method": "PUT", "path": "/api/site/rooms/",
                   "body": {"rooms": [{"key": "k", "name": "n"}]}})

    def logged():
        lines = [line for line in system.log().splitlines() if f" key={program.key_name} " in line]
        return [re.search(r": ([A-Z]+ \S+) (\d+).*? user=(\d+)", line).groups() for line in lines]
    expected = {("PUT api/site/users", "200", "0"),
                ("POST api/chat/rooms", "201", str(client.id)),
                ("PUT api/site/rooms", "200", "0"), ("POST api/site/batch", "200", "0")}
    wait_for(lambda: set(logged()) == expected, 10, "the lines of the key")
    everything = "".join(file.read_text(errors="replace")
                         for file in (system.state / "log").glob("*"))
    assert program.token not in everything and program.token[3:] not in everything


def test_caches_keep_users_apart(programs, user):
    client = user()
    place = client.room()["room_id"]
    answer = programs["act"].as_user(client.id).get(f"/api/chat/rooms/{place}/")
    assert "X-Confab-User" in answer.headers["Vary"]
