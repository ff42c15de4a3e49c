"""What a password proved holds only for that password: logins and password changes that are under
way while the password is changed, or the user disabled."""

import os
import signal
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import pytest
from support.client import Client
from support.instance import children
from support.parallel import at_once, twin
from support.wait import wait_for

OLD, NEW = "correct horse", "battery staple"
CHEAP = {"CONFAB_PASSWORD_MEMORY": "8", "CONFAB_PASSWORD_PASSES": "1"}


@pytest.fixture(scope="module")
def slow(make_instance):
    """A hash takes long enough for something to happen meanwhile."""
    return make_instance(CONFAB_PASSWORD_MEMORY="32768", CONFAB_PASSWORD_PASSES="3")


@pytest.fixture
def user(slow):
    return Client(slow).register(password=OLD)


def confabctl(system, *args, password=None):
    """confabctl with cheap hashes, which are stale for the instance."""
    before = dict(system.env)
    system.env.update(CHEAP)
    try:
        done = system.confabctl(*args, input=password and password + "\n")
    finally:
        system.env = before
    assert done.returncode == 0, done.stdout + done.stderr


def state_of(pid):
    """The state in /proc, T if the process is stopped, "" if it has ended."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(") ", 1)[1][0].replace("Z", "")
    except (FileNotFoundError, ProcessLookupError):
        return ""


def stop_hashing(system):
    """Stops a process that hashes and returns its pid, None if there is none."""
    for pid in (child for worker in system.api_workers() for child in children(worker)):
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGSTOP)
        if wait_for(lambda pid=pid: state_of(pid) in ("T", ""), 30) and state_of(pid):
            return pid
    return None


def while_hashing(system, request, act):
    """Sends a request, calls act() while the process that hashes is stopped, and returns the
    answer."""
    with ThreadPoolExecutor() as pool:
        answer = pool.submit(request)
        pid = wait_for(lambda: stop_hashing(system), 30, "a process that hashes")
        try:
            act()
        finally:
            os.kill(pid, signal.SIGCONT)
        return answer.result()


def credentials(system, client):
    """The number of tokens and of login sessions of a user."""
    return system.sql("SELECT (SELECT COUNT(*) FROM token WHERE user_id = ?), "
                      "(SELECT COUNT(*) FROM session WHERE user_id = ?)", client.id, client.id)[0]


def log_in(client, path, password=OLD):
    return Client(client.instance).post(path, json={"username": client.name, "password": password})


@pytest.mark.parametrize("path", ["/api/auth/token/", "/api/auth/login/"])
def test_a_login_under_way_is_refused_when_the_password_is_changed(slow, user, path):
    answer = while_hashing(
        slow, lambda: log_in(user, path),
        lambda: confabctl(slow, "user", "passwd", user.name, password=NEW))
    assert answer.status_code == 400
    assert "sessionid" not in answer.cookies
    assert credentials(slow, user) == (0, 0)
    assert log_in(user, path, NEW).status_code == 200


@pytest.mark.parametrize("path", ["/api/auth/token/", "/api/auth/login/"])
def test_a_login_under_way_is_refused_when_the_user_is_disabled(slow, user, path):
    before = credentials(slow, user)
    answer = while_hashing(slow, lambda: log_in(user, path),
                           lambda: confabctl(slow, "user", "disable", user.name))
    assert answer.status_code == 400
    assert credentials(slow, user)[0] <= before[0]
    assert credentials(slow, user)[1] == 0


def test_a_login_with_a_stale_hash_does_not_write_the_old_password_back(slow, user):
    """The old hash has other cost parameters: a good login replaces it."""
    confabctl(slow, "user", "passwd", user.name, password=OLD)
    stale = slow.sql("SELECT password_hash FROM user WHERE user_id = ?", user.id)
    answer = while_hashing(
        slow, lambda: log_in(user, "/api/auth/token/"),
        lambda: confabctl(slow, "user", "passwd", user.name, password=NEW))
    assert answer.status_code == 400
    assert slow.sql("SELECT password_hash FROM user WHERE user_id = ?", user.id) != stale
    assert log_in(user, "/api/auth/token/", OLD).status_code == 400
    assert log_in(user, "/api/auth/token/", NEW).status_code == 200


@pytest.mark.parametrize("path", ["/api/auth/token/", "/api/auth/login/"])
def test_a_login_under_way_needs_a_code_when_that_is_turned_on(slow, user, path):
    """The hash is stale, so that a new one is made after the code was found to be unnecessary."""
    confabctl(slow, "user", "passwd", user.name, password=OLD)
    answer = while_hashing(slow, lambda: log_in(user, path), lambda: slow.sql(
        "INSERT INTO user_totp (user_id, secret, confirmed_at) VALUES (?, ?, SYSDATE(6))",
        user.id, "x" * 20))
    assert (answer.status_code, answer.json()["code"]) == (401, "code_required")
    assert credentials(slow, user) == (0, 0)


def test_two_logins_with_a_stale_hash_both_succeed(slow, user):
    """Both replace the hash: the one that comes second checks the password again."""
    confabctl(slow, "user", "passwd", user.name, password=OLD)
    answers = at_once([lambda: log_in(user, "/api/auth/token/")] * 2)
    assert [answer.status_code for answer in answers] == [200, 200]
    assert credentials(slow, user) == (2, 0)
    stored, = slow.sql("SELECT password_hash FROM user WHERE user_id = ?", user.id)[0]
    assert "m=32768,t=3" in stored


def test_of_two_changes_of_a_password_one_wins(slow, user):
    other = twin(user)
    passwords = ["first new password", "second new password"]
    answers = at_once([
        lambda client=client, new=new: client.post("/api/auth/password/", json={
            "old_password": OLD, "new_password": new})
        for client, new in zip([user, other], passwords)])
    assert sorted(answer.status_code for answer in answers) == [204, 400]
    won = [answer.status_code for answer in answers].index(204)
    assert "old_password" in answers[1 - won].json()
    works = [log_in(user, "/api/auth/token/", new).status_code for new in passwords]
    assert works == [200 if i == won else 400 for i in range(2)]


def test_a_change_under_way_is_refused_after_a_reset_by_the_administrator(slow, user):
    answer = while_hashing(
        slow, lambda: user.post("/api/auth/password/", json={
            "old_password": OLD, "new_password": "of the intruder"}),
        lambda: confabctl(slow, "user", "passwd", user.name, password=NEW))
    assert answer.status_code in (400, 401)
    assert log_in(user, "/api/auth/token/", NEW).status_code == 200
    assert log_in(user, "/api/auth/token/", "of the intruder").status_code == 400


def test_no_session_by_a_token_survives_the_change_of_the_password(slow, user):
    """Logins by token take turns with a change: a session is there before it, and ends with it, or
    is refused."""
    def sessions():
        statuses = []
        end = time.monotonic() + 20
        while 401 not in statuses and time.monotonic() < end:
            answer = twin(user).post("/api/auth/login/")
            statuses.append(answer.status_code)
        return statuses

    runs = at_once([sessions] * 2 + [
        lambda: [confabctl(slow, "user", "passwd", user.name, password=NEW)]])
    for statuses in runs[:2]:
        assert statuses[-1] == 401 and set(statuses[:-1]) <= {200}
    assert credentials(slow, user) == (0, 0)


@pytest.mark.slow("hashes passwords for seconds")
def test_a_login_and_a_change_by_http_at_the_same_time(slow):
    """Whatever the order, nothing of the old password is left."""
    for _ in range(5):
        user = Client(slow).register(password=OLD)
        answers = at_once([
            lambda user=user: user.post("/api/auth/password/", json={
                "old_password": OLD, "new_password": NEW}),
            lambda user=user: log_in(user, "/api/auth/token/"),
            lambda user=user: log_in(user, "/api/auth/login/")])
        assert answers[0].status_code == 204
        for answer in answers[1:]:
            if answer.status_code == 200 and "token" in answer.json():
                assert Client(slow, answer.json()["token"]).get(
                    "/api/auth/me/").status_code == 401
        assert credentials(slow, user) == (1, 0)
        assert log_in(user, "/api/auth/token/").status_code == 400
