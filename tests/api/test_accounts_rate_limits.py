"""Rate limits as clients see them. All requests come from 127.0.0.1, a trusted proxy here, so a
test chooses its client address by X-Forwarded-For."""

import itertools
import re
import subprocess

import pytest

from support.client import Client, fresh_name
from support.limits import assert_429, login, until_429
from support.wait import wait_for

TOKEN = "/api/auth/token/"
numbers = itertools.count(1)


@pytest.fixture(scope="module")
def site(make_instance):
    """The limits of logins and registrations are the defaults; the others are small enough to be
    reached on a slow machine."""
    return make_instance(CONFAB_RATE_LIMITS="on", CONFAB_REDIS_TIMEOUT=1000,
                         CONFAB_TRUSTED_PROXIES="127.0.0.1, 10.0.0.0/8",
                         CONFAB_RATE_MESSAGES="1", CONFAB_RATE_MESSAGES_BURST="12",
                         CONFAB_RATE_REQUESTS="1", CONFAB_RATE_REQUESTS_BURST="25")


@pytest.fixture
def address():
    """A client address used by this test only."""
    return f"192.0.2.{next(numbers)}"


@pytest.fixture
def member(site):
    """A user of the site, registered from a separate address."""
    client = Client(site)
    client.http.headers["X-Forwarded-For"] = f"198.51.100.{next(numbers)}"
    return client.register()


# ---- logins ----

def test_logins_for_a_name_from_an_address_are_429_after_10(site, address):
    count, answer = until_429(lambda: login(site, "somebody", address), 15)
    assert count >= 10
    assert_429(answer)
    assert int(answer.headers["Retry-After"]) <= 60


def test_the_right_password_is_429_above_the_limit(site, member, address):
    until_429(lambda: login(site, member.name, address), 15)
    assert_429(login(site, member.name, address, member.password))


def test_the_case_of_the_name_does_not_evade_the_login_limit(site, address):
    names = itertools.cycle(["CaseD-Name", "cased-name", "CASED-NAME"])
    count, _ = until_429(lambda: login(site, next(names), address), 15)
    assert count >= 10


def test_logins_by_cookie_and_by_token_share_a_limit(site, address):
    paths = itertools.cycle([TOKEN, "/api/auth/login/"])

    def attempt():
        return Client(site).post(next(paths), json={"username": "both", "password": "wrong horse!"},
                                 headers={"X-Forwarded-For": address})
    count, _ = until_429(attempt, 15)
    assert count >= 10


def test_another_name_from_the_same_address_is_not_limited(site, member, address):
    until_429(lambda: login(site, "somebody", address), 15)
    assert login(site, member.name, address, member.password).status_code == 200


def test_the_same_name_from_another_address_is_not_limited(site, member, address):
    until_429(lambda: login(site, member.name, address), 15)
    other = f"192.0.2.{next(numbers)}"
    assert login(site, member.name, other, member.password).status_code == 200


def test_wrong_old_passwords_count_as_logins(member):
    def guess():
        return member.post("/api/auth/password/",
                           json={"old_password": "wrong horse!", "new_password": "x" * 9})
    count, answer = until_429(guess, 15)
    assert count >= 10
    assert_429(answer)


# ---- the client address ----

def test_behind_trusted_proxies_the_last_untrusted_address_is_limited(site, address):
    chains = itertools.cycle([f"{address}", f"{address}, 10.1.2.3",
                              f"{address},10.9.9.9 , 10.1.2.3"])
    count, _ = until_429(lambda: login(site, "chained", next(chains)), 15)
    assert count >= 10


def test_a_forged_x_forwarded_for_prefix_does_not_evade_the_limit(site, address):
    spoofed = (f"203.0.113.{n}, {address}" for n in itertools.count(1))
    count, _ = until_429(lambda: login(site, "spoofed", next(spoofed)), 15)
    assert count >= 10


def test_x_forwarded_for_of_an_untrusted_peer_is_ignored(site):
    body = b'{"username": "stranger", "password": "wrong horse!"}'
    invented = (f"203.0.113.{n}" for n in itertools.count(1))

    def attempt():
        params = {"REMOTE_ADDR": "198.18.0.1", "HTTP_X_FORWARDED_FOR": next(invented)}
        return site.fcgi(TOKEN, "POST", params, body)
    statuses = [attempt()[0] for _ in range(15)]
    assert 429 in statuses
    assert statuses.index(429) >= 10


def test_x_forwarded_proto_is_ignored_without_trusted_proxies(instance):
    assert link_behind_https(Client(instance).register()).startswith("http://")


def test_x_forwarded_proto_of_a_trusted_proxy_is_used(member):
    assert link_behind_https(member).startswith("https://")


def link_behind_https(client):
    client.room(), client.room()
    answer = client.get("/api/chat/rooms/?limit=1", headers={"X-Forwarded-Proto": "https"})
    return answer.json()["next"]


# ---- registrations ----

def register(site, forwarded, name=None):
    return Client(site).post("/api/auth/register/",
                             json={"username": name or fresh_name(), "password": "correct horse"},
                             headers={"X-Forwarded-For": forwarded})


def test_registrations_from_an_address_are_429_after_20(site, address):
    count, answer = until_429(lambda: register(site, address), 24)
    assert count >= 20
    assert_429(answer)
    assert int(answer.headers["Retry-After"]) <= 3600
    assert register(site, f"192.0.2.{next(numbers)}").status_code == 201


# ---- messages and requests ----

def test_messages_of_a_user_are_429_after_the_burst(site, member):
    room = member.room()["room_id"]

    def say():
        return member.post(f"/api/chat/rooms/{room}/messages/", json={"content": "x"})
    count, answer = until_429(say, 24)
    assert count >= 12
    assert_429(answer)
    [(stored,)] = site.sql("SELECT COUNT(*) FROM message WHERE room_id = ?", room)
    assert stored == count


def test_after_retry_after_a_message_is_accepted_again(member):
    room = member.room()["room_id"]
    path = f"/api/chat/rooms/{room}/messages/"
    until_429(lambda: member.post(path, json={"content": "x"}), 24)
    wait_for(lambda: member.post(path, json={"content": "y"}).status_code == 201, 20)


def test_requests_of_a_user_are_429_after_the_burst(member):
    count, answer = until_429(lambda: member.get("/api/auth/me/"), 200)
    assert count >= 25
    assert_429(answer)


def test_requests_of_another_user_are_not_limited(site, member):
    until_429(lambda: member.get("/api/auth/me/"), 200)
    other = Client(site)
    other.http.headers["X-Forwarded-For"] = f"198.51.100.{next(numbers)}"
    assert other.register().get("/api/auth/me/").status_code == 200


def test_requests_are_counted_by_user_and_not_by_token(site, member):
    other = Client(site, login(site, member.name, f"192.0.2.{next(numbers)}",
                               member.password).json()["token"])
    clients = itertools.cycle([member, other])
    count, _ = until_429(lambda: next(clients).get("/api/auth/me/"), 200)
    assert count < 100


# ---- defaults, and limits turned off ----

def test_the_default_limits_are_those_of_the_contract(site):
    example = subprocess.run([site.build / "fcgi-api", "--example-config"], capture_output=True,
                             text=True, check=True).stdout
    for key, value in {"rate_limits": "on", "rate_logins": 10, "rate_logins_address": 60,
                       "rate_logins_name": 100, "rate_registrations": 20,
                       "rate_messages": 10, "rate_messages_burst": 30, "rate_requests": 50,
                       "rate_requests_burst": 200}.items():
        assert re.search(rf"^#?\s*{key} = {value}$", example, re.MULTILINE), key


def test_with_rate_limits_off_nothing_is_limited(anonymous):
    for _ in range(25):
        answer = anonymous.post(TOKEN, json={"username": "nobody", "password": "wrong horse!"})
        assert answer.status_code == 400


def test_without_redis_all_processes_limit_logins_together(site, address):
    site.end("redis")
    try:
        count, answer = until_429(lambda: login(site, "alone", address), 15)
        assert 10 <= count <= 12
        assert_429(answer)
    finally:
        site.start()
