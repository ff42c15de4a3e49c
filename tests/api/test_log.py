"""Log lines of requests and errors, and data that is never logged."""

import os
import re
import signal
import subprocess
import time
from pathlib import Path

import pytest
from support.client import Client, fresh_name
from support.configured import configured, reload
from support.instance_script import SERVERS
from support.load import Load
from support.sql_session import SqlSession, lock_waits, statements
from support.wait import wait_for

pytestmark = pytest.mark.slow("starts an instance for each setting")

LINE = re.compile(r"(?P<time>\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z) (?P<level>\w+) "
                  r"fcgi-api\[(?P<pid>\d+)\]: (?P<text>.*)")
REQUEST = re.compile(r"(?P<method>[A-Z]+) (?P<route>\S+) (?P<status>\d{3}) (?P<ms>\d+\.\d)ms "
                     r"user=(?P<user>\d+)(?: address=(?P<address>\S+))? id=(?P<id>[0-9a-f]{16})")


@pytest.fixture(scope="module")
def system(make_instance):
    return make_instance()


def lines_of(system, answer, count=1, log=None):
    """The log lines of a request, once there are this many. The line with the status is written
    after the answer, in the first idle moment."""
    def found():
        lines = [line for line in (log.read_text() if log else system.log()).splitlines()
                 if line.endswith(f" id={answer.headers['X-Request-ID']}")]
        return lines if len(lines) >= count else None
    return wait_for(found, 10, "the lines of a request")


def request_line(system, answer):
    """The only log line of a request, parsed."""
    line, = lines_of(system, answer)
    framed = LINE.fullmatch(line)
    assert framed and framed["level"] == "info", line
    said = REQUEST.fullmatch(framed["text"])
    assert said, line
    return said.groupdict()


# ---- requests ----

def test_a_request_has_one_line_with_method_route_status_time_user_and_id(system):
    client = Client(system).register()
    room = client.room()["room_id"]
    before = time.monotonic()
    answer = client.post(f"/api/chat/rooms/{room}/messages/", json={"content": "hello"})
    took = (time.monotonic() - before) * 1000
    said = request_line(system, answer)
    assert 0 <= float(said.pop("ms")) <= took
    assert said.pop("address") == "127.0.0.1"
    assert said == {"method": "POST", "route": "api/chat/rooms/#/messages", "status": "201",
                    "user": str(client.id), "id": answer.headers["X-Request-ID"]}


@pytest.mark.parametrize("method, path, route, status, names_user", [
    ("GET", "/api/auth/me/", "api/auth/me", "200", True),
    ("HEAD", "/api/auth/me", "api/auth/me", "200", True),
    ("GET", "/api/chat/rooms/999999999/", "api/chat/rooms/#", "404", True),
    ("POST", "/api/chat/rooms/", "api/chat/rooms", "400", True),
    ("OPTIONS", "/api/auth/me/", "api/auth/me", "200", False),
    ("PUT", "/api/auth/me/", "api/auth/me", "405", False),
    ("GET", "/api/no/such/thing/", "-", "404", False),
    ("GET", "/healthz", "healthz", "200", False),
])
def test_every_answer_is_logged(system, method, path, route, status, names_user):
    client = Client(system).register()
    said = request_line(system, client.request(method, path))
    assert (said["method"], said["route"], said["status"]) == (method, route, status)
    assert said["user"] == (str(client.id) if names_user else "0")


def test_the_line_of_an_unauthenticated_request_names_no_user(system):
    said = request_line(system, Client(system).get("/api/auth/me/"))
    assert (said["status"], said["user"]) == ("401", "0")


def test_request_ids_are_unique(system):
    client = Client(system)
    ids = [client.get("/healthz").headers["X-Request-ID"] for _ in range(100)]
    assert len(set(ids)) == 100
    assert all(re.fullmatch(r"[0-9a-f]{16}", one) for one in ids)


def test_a_client_cannot_forge_a_log_line(system):
    """Sends line breaks and escape sequences in method, path and headers."""
    client = Client(system)
    reload(system)  # the workers flush their log before they end
    count = len(system.log().splitlines())
    forged = "2026-01-01T00:00:00.000000Z info fcgi-api[1]: forged"
    params = {"REQUEST_METHOD": f"GET\n{forged}", "HTTP_X_REQUEST_ID": forged,
              "HTTP_HOST": f"x\n{forged}", "HTTP_USER_AGENT": f"\n{forged}"}
    status, _, _ = system.fcgi("/api/auth/me/", params=params)
    assert status == 400
    system.fcgi(f"/api/\n{forged}/")
    by_escape = client.get(f"/api/auth/me/%0A{forged.replace(' ', '%20')}")
    assert by_escape.status_code == 400, "refused by lighttpd"
    reload(system)
    lines = system.log().splitlines()
    assert len(lines) == count + 3, "two requests, and the reload"
    assert all(LINE.fullmatch(line) for line in lines)
    assert not any(line.startswith(forged) for line in lines)


# ---- errors ----

def test_a_database_error_is_logged_with_its_cause_and_the_request_id(system):
    client = Client(system).register()
    room = client.room()["room_id"]
    client.may_fail = True
    answers = []

    def post():
        answers.append((yield "POST", f"/api/chat/rooms/{room}/messages/", {"content": "x"}))

    with SqlSession(system) as session:
        session.run("BEGIN")
        session.run("SELECT room_id FROM room WHERE room_id = ? FOR UPDATE", room)
        logged = len(system.log())
        with Load(system, client.token, [post()]) as load:
            wait_for(lambda: lock_waits(system) == 1, 10, "a post that waits")
            system.sql("KILL QUERY ?", *statements(system))
            load.join()
    assert load.statuses == {("POST", 503): 1}
    said = wait_for(lambda: re.search(r" 503 .*ms .* id=(\w+)$", system.log()[logged:], re.M))
    cause, request = [LINE.fullmatch(line) for line in system.log()[logged:].splitlines()
                      if line.endswith(f" id={said[1]}")]
    assert cause["level"] == "error" and cause["text"].startswith("database: 1317 ")
    assert REQUEST.fullmatch(request["text"])["status"] == "503"


def test_an_unavailable_database_is_logged_with_its_cause(make_instance):
    own = make_instance()
    client = Client(own)
    client.may_fail = True
    own.end("database", signal.SIGKILL)
    answer = client.post("/api/auth/token/", json={"username": "somebody", "password": "secret"})
    cause, request = lines_of(own, answer, 2)
    assert " error " in cause and "database: 2002 " in cause
    assert " 503 " in request


def test_an_unavailable_redis_is_logged_with_its_cause(make_instance):
    own = make_instance()
    client = Client(own).register()
    own.end("redis", signal.SIGKILL)

    def warnings_after_one_more():
        client.room()
        return [line for line in own.log().splitlines() if " warn " in line]
    warning = wait_for(warnings_after_one_more)[0]
    assert re.search(r"redis: .*; reconnecting in \d+ ms", warning)


# ---- data that is never logged ----

def test_no_log_contains_tokens_cookies_passwords_or_message_contents(make_instance):
    """Sends secrets in every input of the API, valid and invalid, and searches all logs of the
    instance for them."""
    own = make_instance(CONFAB_LOG_LEVEL="debug", CGI="1")
    secrets = send_secrets(own)
    own.end("redis", signal.SIGKILL)
    own.end("database", signal.SIGKILL)
    secrets |= send_secrets_while_down(own, secrets)
    own.start()
    logs = list((own.state / "log").iterdir())
    assert {f"{name}.log" for name in SERVERS} <= {log.name for log in logs}
    for log in logs:
        content = log.read_bytes()
        for name, secret in secrets.items():
            assert secret.encode() not in content, f"{name} is in {log}"


def send_secrets(own):
    """Does everything a user can do, with recognizable texts: {description: text}."""
    secrets = {"password": "pass-word-Aq81", "new password": "pass-word-Bq82",
               "wrong password": "pass-word-Cq83", "message": "message-text-Dq84",
               "edited message": "message-text-Eq85", "broken body": "message-text-Fq86",
               "query": "message-text-Gq87", "form password": "pass-word-Hq88",
               "foreign token": "0123456789abcdef0123456789abcdef01234567",
               "header token": "fedcba9876543210fedcba9876543210fedcba98",
               "path": "message-text-Iq89"}
    client = Client(own).register(fresh_name(), secrets["password"])
    secrets["token"] = client.token
    room = client.room()["room_id"]
    messages = f"/api/chat/rooms/{room}/messages/"
    message = client.say(room, secrets["message"], client_id="x")["message_id"]
    client.patch(f"{messages}{message}/", json={"content": secrets["edited message"]})
    as_json = {"Content-Type": "application/json"}
    client.post(messages, data=f'{{"content": "{secrets["broken body"]}', headers=as_json)
    client.post(messages, data=b"\xff" + secrets["broken body"].encode(), headers=as_json)
    client.post(messages, json={"content": secrets["broken body"], "reply_to_id": 10 ** 18})
    client.post(messages, json={"content": secrets["broken body"] * 1000})
    client.get(f"{messages}?token={secrets['query']}&limit={secrets['query']}")
    client.get(f"{messages}{secrets['path']}/")
    client.get("/api/auth/me/", headers={"Authorization": f"Token {secrets['foreign token']}"})
    client.get("/api/auth/me/", headers={"Authorization": None,
                                         "X-Confab-Token": secrets["header token"]})
    sign_in(own, client, secrets)
    by_cgi = Client(own, client.token)
    by_cgi.post(f"/cgi-bin/confab.cgi{messages}", json={"content": secrets["message"]})
    return secrets


def sign_in(own, client, secrets):
    """Logs in by all methods, and changes the password at the end."""
    login = {"username": client.name, "password": secrets["password"]}
    client.post("/api/auth/token/", json={**login, "password": secrets["wrong password"]})
    client.post("/api/auth/token/", data={**login, "password": secrets["form password"]})
    secrets["second token"] = client.post("/api/auth/token/", json=login).json()["token"]
    client.post("/api/auth/login/", json=login)
    secrets["cookie"] = client.cookies["sessionid"]
    by_cookie = Client(own)
    by_cookie.get("/api/auth/me/", headers={"Cookie": f"sessionid={secrets['cookie']}"})
    changed = client.post("/api/auth/password/", json={"old_password": secrets["password"],
                                                       "new_password": secrets["new password"]})
    assert changed.status_code == 204
    client.post("/api/auth/register/", json={"username": client.name,
                                             "password": secrets["wrong password"]})


def send_secrets_while_down(own, secrets):
    """The same on an instance without database and Redis."""
    more = {"unsaid message": "message-text-Jq90", "unsaid password": "pass-word-Kq91"}
    client = Client(own, secrets["token"])
    client.may_fail = True
    for place in ("", "/cgi-bin/confab.cgi"):
        assert client.post(f"{place}/api/chat/rooms/1/messages/", json={
            "content": more["unsaid message"]}).status_code == 503
        assert client.post(f"{place}/api/auth/token/", json={
            "username": "somebody", "password": more["unsaid password"]}).status_code == 503
    return more


def test_secrets_in_the_configuration_are_not_logged_or_dumped(system):
    done = system.confabctl("check")
    assert done.returncode == 0
    env = {**system.env, "CONFAB_DATABASE_PASSWORD": "pass-word-Lq92",
           "CONFAB_REDIS_PASSWORD": "pass-word-Mq93"}
    dump = subprocess.run([system.build / "fcgi-api", "-c", system.config, "--dump-config"],
                          env=env, capture_output=True, text=True, timeout=30)
    assert dump.returncode == 0 and "pass-word" not in dump.stdout + dump.stderr
    assert "database_password = ***" in dump.stdout and "redis_password = ***" in dump.stdout


# ---- log_file and log_level ----

def test_log_level_warn_omits_requests(system):
    with configured(system, log_level="warn"):
        count = len(system.log())
        for _ in range(10):
            Client(system).get("/healthz")
        reload(system)
        lines = system.log()[count:].splitlines()
    assert not any(" info " in line for line in lines), lines


def test_a_reload_reopens_a_rotated_log_file(
        system):
    path = system.state / "log" / "own.log"
    moved = Path(f"{path}.1")
    with configured(system, log_file=path):
        first = Client(system).get("/healthz")
        assert lines_of(system, first, log=path)
        assert first.headers["X-Request-ID"] not in system.log()
        os.rename(path, moved)
        assert lines_of(system, Client(system).get("/healthz"), log=moved)
        reload(system)
        third = Client(system).get("/healthz")
        assert lines_of(system, third, log=path)
    assert third.headers["X-Request-ID"] not in moved.read_text()


def test_a_log_file_that_cannot_be_opened_at_a_reload_is_a_warning_on_standard_error(
        system):
    with configured(system, log_file="/nowhere/at/all.log"):
        answer = Client(system).get("/healthz")
        assert " warn fcgi-api[" in system.log() and \
            "cannot open log_file /nowhere/at/all.log: No such file" in system.log()
        assert lines_of(system, answer)


def test_the_parent_logs_start_reload_and_end(make_instance):
    own = make_instance()
    own.reload()
    wait_for(lambda: "configuration reloaded" in own.log())
    own.end("api")
    log = own.log()
    assert f"processes listen on {own.state}/sock/fcgi.sock" in log
    assert log.splitlines()[-1].endswith(": stopped")


# ---- addresses and the access log ----

def test_log_addresses_off_leaves_addresses_out(make_instance):
    system = make_instance(CONFAB_TRUSTED_PROXIES="127.0.0.1")
    with open(system.config, "a") as file:
        file.write("log_addresses = off\n")
    system.end("web")
    system.end("api")
    system.start()
    answer = Client(system).get("/api/auth/me/", headers={"X-Forwarded-For": "198.51.100.7"})
    assert request_line(system, answer)["address"] is None
    assert access_line(system, answer.headers["X-Request-ID"]).startswith("- - - [")
    assert "198.51.100.7" not in system.log()


def test_the_address_is_that_of_the_client_behind_a_proxy(make_instance):
    system = make_instance(CONFAB_TRUSTED_PROXIES="127.0.0.1")
    answer = Client(system).get("/api/auth/me/", headers={"X-Forwarded-For": "198.51.100.7:50123"})
    assert request_line(system, answer)["address"] == "198.51.100.7"


def access_log(system):
    file = system.state / "log" / "access.log"
    return file.read_text() if file.exists() else ""


def access_line(system, part):
    """The first line of the access log with this part; lighttpd writes now and then."""
    def found():
        return next((line for line in access_log(system).splitlines() if part in line), None)
    return wait_for(found, 20, f"{part} in the access log")


def test_the_access_log_has_no_secrets(system):
    client = Client(system).register()
    secret = "secret-horse"
    client.get(f"/?token={secret}")
    client.get(f"/{secret}.html/{secret}")
    client.get(f"/api/chat/{secret}/")
    client.get("/api/auth/me/", headers={"Host": f"{secret}.example"})
    answer = client.get(f"/api/chat/users/?search={secret}", headers={
        "Referer": f"http://example.org/?{secret}", "Cookie": f"sessionid={secret}"})
    line = access_line(system, answer.headers["X-Request-ID"])
    assert re.fullmatch(r'- 127\.0\.0\.1 - \[[^]]+\] "GET - HTTP/1\.1" 200 \d+ \d+ [0-9a-f]{16}',
                        line), line
    access_line(system, '"GET / ')
    assert secret not in access_log(system) and client.token not in access_log(system)
