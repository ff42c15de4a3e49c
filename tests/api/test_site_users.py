"""/api/site/users/: users that the site brings with it."""

import threading

import pytest

from support.api_key import Program
from support.answers import assert_error
from support.client import Client, fresh_name
from support.shapes import A_TIME, AN_ID, a_page, wrong
from support.sockets import assert_let_in
from support.websocket import Closed

USERS = "/api/site/users/"
ME = "/api/auth/me/"


@pytest.fixture(scope="module")
def program(instance):
    return Program(instance, "users,act")


def a_user(external_id, username, **known):
    return {"user_id": AN_ID, "external_id": external_id, "username": username,
            "display_name": username, "avatar_url": None, "locale": None, "email": None,
            "is_bot": False, "is_active": True, "created_at": A_TIME, **known}


# ---- PUT ----

def test_a_user_is_made_and_then_found(program):
    sub, name = fresh_name("sub"), fresh_name("ann")
    made = program.put_user(sub, username=name, display_name="Ann Ä.",
                            avatar_url="https://pictures.example/a.png", locale="de-CH",
                            email="ann@example.org")
    assert made == {"status": 201, "user": a_user(
        sub, name, display_name="Ann Ä.", avatar_url="https://pictures.example/a.png",
        locale="de-CH", email="ann@example.org")}
    assert program.put_user(sub) == {**made, "status": 200}
    assert program.get(f"{USERS}?external_id={sub}").json() == a_page([made["user"]])


def test_an_unknown_user_is_an_empty_page(program):
    assert program.get(f"{USERS}?external_id=nobody").json() == a_page([])
    assert program.get(f"{USERS}?external_id=").json() == a_page([])
    assert (program.get(USERS).status_code, program.get(USERS).json()) == (
        400, wrong(external_id="required"))


def test_what_is_not_given_stays(program):
    sub = fresh_name("sub")
    made = program.put_user(sub, display_name="Ann", locale="fr", email="a@example.org")["user"]
    changed = program.put_user(sub, display_name="Anna", avatar_url="https://e.example/a")["user"]
    assert changed == {**made, "display_name": "Anna", "avatar_url": "https://e.example/a"}
    cleared = program.put_user(sub, avatar_url=None, locale=None)["user"]
    assert cleared == {**changed, "avatar_url": None, "locale": None}


@pytest.mark.parametrize("username, fits", [
    ("Zoë Müller", "Zoe_Muller"), ("ann@example.org", "ann"), (None, None), ("日本語", None),
    ("x", None)])
def test_a_user_name_is_made_to_fit(program, username, fits):
    fields = {} if username is None else {"username": username}
    user = program.put_user(fresh_name("sub"), **fields)["user"]
    expected = fits or f"u{user['user_id']}"
    assert user["username"] in (expected, f"{expected}-{user['user_id']}")


def test_a_name_that_is_taken_gets_a_number(program, user):
    taken = user().name
    made = program.put_user(fresh_name("sub"), username=taken)["user"]
    assert made["username"].lower() != taken.lower() and made["username"].startswith(taken[:8])


def test_a_user_name_stays(program):
    """Messages and events show it."""
    sub = fresh_name("sub")
    made = program.put_user(sub, username=fresh_name("old"))["user"]
    assert program.put_user(sub, username=fresh_name("new"))["user"] == made


def test_each_item_has_its_own_result(program):
    subs = [fresh_name("sub") for _ in range(3)]
    items = [{"external_id": subs[0]}, {"username": "no-id"},
             {"external_id": subs[1], "avatar_url": "http://plain.example/", "is_bot": "perhaps",
              "display_name": "x" * 65}, {"external_id": subs[0]},
             {"external_id": subs[2], "is_bot": True}, 7, None, ["x"]]
    answer = program.put(USERS, {"users": items})
    results = answer.json()["results"]
    assert [one["status"] for one in results] == [201, 400, 400, 200, 201, 400, 400, 400]
    assert results[1] == {"status": 400, "errors": wrong(external_id="required")}
    assert results[2]["errors"].keys() == {"avatar_url", "is_bot", "display_name", "codes"}
    assert results[4]["user"]["is_bot"] is True
    assert [one["errors"] for one in results[5:]] == [wrong(non_field_errors="invalid")] * 3
    assert program.get(f"{USERS}?external_id={subs[1]}").json()["count"] == 0


@pytest.mark.parametrize("external_id, status", [
    ("x" * 128, 201), ("x" * 129, 400), ("ä" * 64, 201), ("ä" * 65, 400), ("", 400), (None, 400),
    (["x"], 400), (" ", 201), ("a/b?c&d=e#é", 201), (17, 201), (True, 400), ({"a": 1}, 400)])
def test_an_external_id_is_a_subject_of_up_to_128_bytes(program, external_id, status):
    if status == 201 and external_id not in (17, " "):
        external_id = (fresh_name() + external_id)[:128] if external_id.isascii() else external_id
    result, = program.put(USERS, {"users": [{"external_id": external_id}]}).json()["results"]
    assert result["status"] in (status, 200 if status == 201 else status), result
    if status == 201:
        assert result["user"]["external_id"] == str(external_id)


@pytest.mark.parametrize("body", [
    {}, {"users": None}, {"users": {}}, {"users": "x"},
    {"users": [{"external_id": str(i)} for i in range(101)]}])
def test_a_malformed_list_is_an_error_and_makes_no_user(program, body):
    answer = program.put(USERS, body)
    assert answer.json() == wrong("users") and answer.status_code == 400


def test_an_empty_list_and_a_hundred_are_no_error(program):
    assert program.put(USERS, {"users": []}).json() == {"results": []}
    items = [{"external_id": fresh_name("sub")} for _ in range(100)]
    results = program.put(USERS, {"users": items}).json()["results"]
    assert [one["status"] for one in results] == [201] * 100
    assert [one["user"]["external_id"] for one in results] == [
        one["external_id"] for one in items]


def test_many_at_once_make_one_user(instance):
    program, sub = Program(instance, "users"), fresh_name("sub")
    results = []

    def put():
        results.append(Program.put_user(program.as_user(None), sub))
    threads = [threading.Thread(target=put) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({one["user"]["user_id"] for one in results}) == 1
    assert sorted(one["status"] for one in results) == [200] * 11 + [201]


@pytest.mark.slow("an instance of its own")
def test_an_issuer_is_a_namespace_of_its_own(shared):
    system = shared(CONFAB_JWT_ISSUER="https://issuer.example")
    program = Program(system)
    made = program.put_user("seven")["user"]
    assert system.sql("SELECT issuer, subject FROM external_user WHERE user_id = ?",
                      made["user_id"]) == [("https://issuer.example", "seven")]
    assert program.as_user("ext:seven").get(ME).json()["user_id"] == made["user_id"]


# ---- disabling, tokens ----

def test_a_user_is_disabled_and_enabled(program):
    sub = fresh_name("sub")
    made = program.put_user(sub)["user"]
    assert program.put_user(sub, is_active=False)["user"] == {**made, "is_active": False}
    assert_error(program.as_user(f"ext:{sub}").get(ME), 403)
    assert program.put_user(sub, is_active=True)["user"] == made
    assert program.as_user(f"ext:{sub}").get(ME).status_code == 200


def test_patch_changes_one_user(program):
    sub = fresh_name("sub")
    made = program.put_user(sub)["user"]
    path = f"{USERS}{made['user_id']}/"
    answer = program.patch(path, json={"display_name": " Ann ", "is_bot": True, "username": "x"})
    assert (answer.status_code, answer.json()) == (
        200, {**made, "display_name": "Ann", "is_bot": True})
    assert program.patch(path, json={}).json() == answer.json()
    assert program.patch(path, json={"display_name": "", "is_active": "maybe"}).json() == wrong(
        "display_name", "is_active")
    assert_error(program.patch(f"{USERS}999999999/", json={}), 404)


def test_patch_takes_users_of_the_chat_too(program, user):
    client = user()
    answer = program.patch(f"{USERS}{client.id}/", json={"display_name": "Ann"})
    assert answer.json() == a_user(None, client.name, display_name="Ann", user_id=client.id)


def test_a_token_logs_the_user_in_until_it_expires(program, instance):
    made = program.put_user(fresh_name("sub"))["user"]
    answer = program.post(f"{USERS}{made['user_id']}/token/")
    assert answer.status_code == 201 and answer.json() == {
        "token": answer.json()["token"], "expires_at": A_TIME}
    client = Client(instance, answer.json()["token"])
    assert client.get(ME).json()["user_id"] == made["user_id"]


def test_a_disabled_user_gets_no_token(program):
    made = program.put_user(fresh_name("sub"), is_active=False)["user"]
    answer = program.post(f"{USERS}{made['user_id']}/token/")
    assert answer.status_code == 403 and answer.json()["code"] == "user_inactive"
    assert_error(program.post(f"{USERS}999999999/token/"), 404)


@pytest.mark.parametrize("end", [
    lambda program, path: program.delete(path), lambda program, path: program.delete(path[:-1]),
    lambda program, path: program.post(f"{path}logout/")])
def test_ending_all_credentials_closes_the_sockets(program, user, end):
    client = user()
    room = client.room()["room_id"]
    browser = client.browser()
    with client.socket(room) as live:
        assert_let_in(live)
        assert end(program, f"{USERS}{client.id}/").status_code == 204
        with pytest.raises(Closed) as closed:
            while True:
                live.next()
        assert closed.value.code == 4401
    assert_error(client.get(ME), 401)
    assert_error(browser.get(ME), 401)
    assert end(program, f"{USERS}{client.id}/").status_code == 204
    assert_error(end(program, f"{USERS}999999999/"), 404)


def test_logging_out_leaves_the_user_able_to_return(program, user):
    client = user()
    program.post(f"{USERS}{client.id}/logout/")
    answer = client.post("/api/auth/token/", headers={"Authorization": None},
                         json={"username": client.name, "password": client.password})
    assert answer.status_code == 200


def test_a_user_of_the_site_has_no_password(program, anonymous):
    made = program.put_user(fresh_name("sub"))["user"]
    for password in ("", "!", "password", "*"):
        answer = anonymous.post("/api/auth/token/", json={"username": made["username"],
                                                          "password": password or " "})
        assert answer.status_code == 400


def test_the_name_of_the_sites_own_user_cannot_be_registered(shared):
    system = shared(CONFAB_JWT_ACTOR="the-shop")
    answer = Client(system).post("/api/auth/register/", json={
        "username": "The-Shop", "password": "correct horse"})
    assert (answer.status_code, answer.json()["codes"]) == (400, {"username": ["unique"]})


def test_another_address_of_a_user_is_not_verified(program, instance):
    name = fresh_name("sub")
    program.put("/api/site/users/", {"users": [{"external_id": name, "email": "a@example.org"}]})
    instance.sql("UPDATE user JOIN external_user USING (user_id) SET email_verified = TRUE "
                 "WHERE subject = ?", name)
    stored = ("SELECT email, email_verified FROM user JOIN external_user USING (user_id) "
              "WHERE subject = ?")
    program.put("/api/site/users/", {"users": [{"external_id": name, "email": "a@example.org"}]})
    assert instance.sql(stored, name) == [("a@example.org", 1)]
    program.put("/api/site/users/", {"users": [{"external_id": name, "email": "b@example.org"}]})
    assert instance.sql(stored, name) == [("b@example.org", 0)]
