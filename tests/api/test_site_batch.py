"""POST /api/site/batch/: several requests in one."""

import pytest

from support.api_key import Program
from support.answers import assert_error
from support.client import Client, fresh_name
from support.rooms import ROOMS
from support.shapes import wrong

BATCH = "/api/site/batch/"
ME = "/api/auth/me/"


@pytest.fixture(scope="module")
def program(instance):
    return Program(instance)


@pytest.mark.everywhere
def test_each_request_is_answered_as_if_it_was_sent_alone(instance, user):
    program, alice, bob = Program(instance), user(), user()
    room = alice.room("Kitchen")["room_id"]
    path = f"{ROOMS}{room}/"
    answer = program.batch(
        {"method": "GET", "path": ME, "user": alice.id},
        {"method": "GET", "path": path, "user": str(alice.id)},
        {"method": "GET", "path": path, "user": bob.id},
        {"method": "POST", "path": f"{path}messages", "user": alice.id,
         "body": {"content": "é \" / \\ \u2028 \U0001f600 \n"}},
        {"method": "GET", "path": f"{path}messages/?limit=1", "user": alice.id},
        {"method": "PUT", "path": "/api/site/rooms/", "body": {"rooms": [{"key": "a b"}]}},
        {"method": "GET", "path": ME},
        {"method": "PATCH", "path": path, "user": alice.id, "body": {"name": ""}},
        {"method": "DELETE", "path": path, "user": alice.id},
        {"method": "GET", "path": "/api/no/such/path/"},
        {"method": "PUT", "path": ME, "user": alice.id},
        {"method": "OPTIONS", "path": ME},
        {"method": "HEAD", "path": ME, "user": alice.id})
    assert answer.status_code == 200
    results = answer.json()
    assert [one["status"] for one in results] == [
        200, 200, 404, 201, 200, 200, 403, 400, 204, 404, 405, 200, 200]
    assert results[0]["body"]["user_id"] == alice.id
    assert results[3]["body"]["content"] == "é \" / \\ \u2028 \U0001f600"
    assert results[4]["body"]["results"] == [results[3]["body"]]
    assert results[6]["body"]["code"] == "key_needs_user"
    assert results[7]["body"] == wrong(name="blank")
    assert results[8] == {"status": 204, "body": None}
    assert results[12]["body"] is None
    assert all(one.keys() == {"status", "body"} for one in results)


def test_a_page_has_no_body_in_a_batch(program):
    page, api = program.batch({"method": "GET", "path": "/api/docs/"},
                              {"method": "GET", "path": "/api/"}).json()
    assert page == {"status": 200, "body": None}
    assert api["body"]["features"]


def test_requests_run_in_order(program, user):
    alice = user()
    room = alice.room()["room_id"]
    texts = [f"number {i}" for i in range(50)]
    program.batch(*[{"method": "POST", "path": f"{ROOMS}{room}/messages/", "user": alice.id,
                     "body": {"content": text}} for text in texts])
    shown = alice.get(f"{ROOMS}{room}/messages/").json()["results"]
    assert [one["content"] for one in shown[::-1]] == texts


def test_a_request_that_fails_stops_no_other(program):
    broken = {"method": "PUT", "path": "/api/site/users/", "body": {"users": 5}}
    good = {"method": "PUT", "path": "/api/site/users/",
            "body": {"users": [{"external_id": fresh_name()}]}}
    assert [one["status"] for one in program.batch(broken, good, broken, good).json()] == [
        400, 200, 400, 200]


def test_a_request_without_a_user_has_that_of_the_batch(program, user):
    alice, bob = user(), user()
    answer = program.as_user(alice.id).batch(
        {"method": "GET", "path": ME}, {"method": "GET", "path": ME, "user": None},
        {"method": "GET", "path": ME, "user": bob.id})
    assert [one["body"]["user_id"] for one in answer.json()] == [alice.id, alice.id, bob.id]


def test_each_request_needs_its_own_scope(instance, user):
    alice = user()
    program = Program(instance, "users")
    results = program.batch(
        {"method": "GET", "path": "/api/site/users/?external_id=x"},
        {"method": "PUT", "path": "/api/site/rooms/", "body": {"rooms": []}},
        {"method": "POST", "path": "/api/site/rooms/1/messages/", "body": {"content": "x"}},
        {"method": "GET", "path": ME, "user": alice.id}).json()
    assert [(one["status"], one["body"].get("code")) for one in results] == [
        (200, None), (403, "key_scope"), (403, "key_scope"), (403, "key_needs_user")]


@pytest.mark.parametrize("path", [
    "/api/site/batch/", "/api/site/batch", "/api/site/batch/?x=1", "/api/site/%62atch/",
    "/api/%73ite/batch/", "/api/site/batch#x", "/api/site/batch?", "/api/x/api/site/batch/",
    "/api/site/../api/site/batch/"])
def test_a_batch_in_a_batch_is_refused_as_a_whole(program, path):
    sub = fresh_name("sub")
    inner = {"requests": [{"method": "GET", "path": ME}]}
    put = {"method": "PUT", "path": "/api/site/users/", "body": {"users": [{"external_id": sub}]}}
    answer = program.batch(put, {"method": "POST", "path": path, "body": inner})
    if answer.status_code == 200:  # another path
        assert answer.json()[1]["status"] in (400, 404) and "#" in path
        return
    assert (answer.status_code, answer.json()) == (400, wrong(requests="invalid"))
    assert program.get(f"/api/site/users/?external_id={sub}").json()["count"] == 0


@pytest.mark.parametrize("item", [
    {}, {"method": "GET"}, {"path": ME}, {"method": "GET", "path": "api/auth/me/"},
    {"method": "GET", "path": "http://127.0.0.1/api/auth/me/"},
    {"method": "GET", "path": "/healthz"},
    {"method": "GET", "path": "//api/auth/me/"}, {"method": "GET", "path": "/api/auth/ me/"},
    {"method": "GET", "path": "/api/auth/me/\r\nX: y"}, {"method": ["GET"], "path": ME},
    {"method": "GET", "path": {}}, {"method": "G" * 17, "path": ME},
    {"method": "GET", "path": ME, "user": {}}, 5, None, [], "GET"])
def test_a_malformed_item_refuses_the_batch(program, item):
    sub = fresh_name("sub")
    put = {"method": "PUT", "path": "/api/site/users/", "body": {"users": [{"external_id": sub}]}}
    answer = program.batch(put, item)
    assert (answer.status_code, answer.json()) == (400, wrong("requests")), answer.text
    assert answer.json()["requests"][0].startswith("Item 2")
    assert program.get(f"/api/site/users/?external_id={sub}").json()["count"] == 0


@pytest.mark.parametrize("body", [{}, {"requests": None}, {"requests": {}},
                                  {"requests": [{"method": "GET", "path": ME}] * 51}])
def test_a_malformed_list_is_an_error(program, body):
    answer = program.post(BATCH, json=body)
    assert (answer.status_code, answer.json()) == (400, wrong("requests"))


def test_an_empty_batch_has_an_empty_answer(program):
    assert program.batch().json() == []


@pytest.mark.parametrize("method, path, body, status", [
    ("DO", ME, None, 405), ("get", ME, None, 405),
    ("GET", "/api/chat/rooms/%2e%2e/", None, 404), ("GET", "/api//auth/me/", None, 404),
    ("GET", "/api/chat/rooms/?limit=0", None, 400), ("POST", "/api/chat/rooms/", [1], 400),
    ("POST", "/api/chat/rooms/", "x", 400), ("GET", "/api/chat/rooms/?" + "a" * 9000, None, 414)])
def test_strange_requests_have_the_errors_they_would_have_alone(program, user, method, path, body,
                                                                status):
    result, = program.batch({"method": method, "path": path, "user": user().id,
                             "body": body}).json()
    assert result["status"] == status and "code" in str(result["body"])


def test_a_batch_is_no_larger_than_a_body(program, user):
    text = "x" * 7000
    one = {"method": "POST", "path": f"{ROOMS}1/messages/", "user": user().id,
           "body": {"content": text}}
    assert_error(program.batch(*[one] * 20), 413)


@pytest.mark.slow("answers of megabytes")
def test_long_answers_end_the_batch_early(instance, user):
    program, alice = Program(instance), user()
    room = alice.room()["room_id"]
    for _ in range(140):
        program.as_user(alice.id).say(room, "\U0001f600" * 2000)
    one = {"method": "GET", "path": f"{ROOMS}{room}/messages/?limit=200", "user": alice.id}
    answer = program.batch(*[one] * 50)
    statuses = [item["status"] for item in answer.json()]
    assert statuses[0] == 200 and statuses[-1] == 413
    assert len(answer.content) < 12 * 1024 * 1024


def test_what_a_browser_sends_is_not_passed_on(program, user):
    """A cookie beside the key, and an Origin, belong to no request of the batch."""
    alice = user()
    browser = alice.browser()
    answer = browser.post(BATCH, json={"requests": [{"method": "GET", "path": ME}]}, headers={
        "Authorization": f"Token {program.token}", "Origin": "https://evil.example",
        "If-None-Match": "*", "X-HTTP-Method-Override": ""})
    assert [one["body"]["code"] for one in answer.json()] == ["key_needs_user"]


@pytest.mark.slow("starts an instance of its own")
def test_public_paths_stay_limited_by_address(shared):
    system = shared(CONFAB_RATE_LIMITS="on", CONFAB_RATE_LOGINS=5, CONFAB_PROCESSES=1,
                    CONFAB_REDIS_TIMEOUT=1000)
    client = Client(system).register()
    program = Program(system)
    guess = {"method": "POST", "path": "/api/auth/token/",
             "body": {"username": client.name, "password": "wrong wrong"}}
    statuses = [one["status"] for one in program.batch(*[guess] * 12).json()]
    assert statuses.count(400) <= 5 and 429 in statuses


def test_a_login_in_a_batch_sets_no_cookie(program, user):
    alice = user()
    answer = program.batch({"method": "POST", "path": "/api/auth/login/", "body": {
        "username": alice.name, "password": alice.password}})
    assert answer.json()[0]["status"] == 200 and "Set-Cookie" not in answer.headers


def test_links_lead_to_where_the_chat_lives(instance, user):
    program, alice = Program(instance), user()
    for _ in range(2):
        alice.room()
    one = {"method": "GET", "path": f"{ROOMS}?limit=1", "user": alice.id}
    link = program.batch(one).json()[0]["body"]["next"]
    assert link.startswith(f"{instance.url}{ROOMS}?")


@pytest.mark.slow("starts an instance of its own")
def test_one_process_of_plain_cgi_serves_a_whole_batch(make_instance):
    system = make_instance(CGI="1")
    system.config.write_text(system.config.read_text() + "password_memory = 8\n")
    program, alice = Program(system), Client(system).register()
    for _ in range(2):
        alice.room()
    place = "/cgi-bin/confab.cgi"
    answer = program.post(f"{place}{BATCH}", json={"requests": [
        {"method": "PUT", "path": "/api/site/rooms/",
         "body": {"rooms": [{"key": "k", "name": "n"}]}},
        {"method": "GET", "path": f"{ROOMS}?limit=1", "user": alice.id},
        {"method": "GET", "path": ME}]})
    assert answer.status_code == 200, answer.text
    results = answer.json()
    assert [one["status"] for one in results] == [200, 200, 403]
    assert results[1]["body"]["next"].startswith(f"{system.url}{place}{ROOMS}?")
    assert program.put(f"{place}/api/site/users/", {"users": [{"external_id": "7"}]}).json()[
        "results"][0]["status"] == 201
