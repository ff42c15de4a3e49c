"""The limits of logins by address and by name, the number of processes that hash passwords, and
limits while Redis is late, refuses commands or does not answer."""

import contextlib
import itertools
import os
import signal
import threading
import time

import pytest
from support.client import Client, fresh_name
from support.configured import configured
from support.instance import children
from support.limits import assert_429, login, until_429
from support.parallel import at_once
from support.unavailable import OUTAGES, hung
from support.wait import wait_for

pytestmark = pytest.mark.slow("guesses passwords until it is limited")

TOKEN = "/api/auth/token/"
ME = "/api/auth/me/"
numbers = itertools.count(1)


@pytest.fixture(scope="module")
def site(make_instance):
    return make_instance(CONFAB_REDIS_TIMEOUT=5, CONFAB_RATE_LIMITS="on",
                         CONFAB_TRUSTED_PROXIES="127.0.0.1",
                         CONFAB_RATE_LOGINS=12, CONFAB_RATE_LOGINS_ADDRESS=20,
                         CONFAB_RATE_LOGINS_NAME=15, CONFAB_RATE_REQUESTS=1,
                         CONFAB_RATE_REQUESTS_BURST=40)


@pytest.fixture(autouse=True)
def nothing_counted_yet(site):
    site.redis("FLUSHALL")
    site.sql("DELETE FROM rate")


@pytest.fixture
def address():
    return next_address()


def next_address():
    return f"192.0.{next(numbers) // 250}.{next(numbers) % 250}"


def registered(site):
    client = Client(site)
    client.http.headers["X-Forwarded-For"] = next_address()
    return client.register()


# ---- by address ----

def test_made_up_names_from_an_address_are_limited(site, address):
    count, answer = until_429(lambda: login(site, fresh_name("made-up"), address), 30)
    assert 20 <= count <= 22
    assert_429(answer)
    assert login(site, fresh_name("made-up"), next_address()).status_code == 400


def test_addresses_of_a_64_bit_ipv6_network_share_the_limits(site):
    for path, many in [(TOKEN, 20), ("/api/auth/register/", 20)]:
        prefix = f"2001:db8:{next(numbers):x}:7"
        hosts = (f"{prefix}:{n:x}:2:3:4" for n in itertools.count(1))
        count, _ = until_429(lambda path=path, hosts=hosts: Client(site).post(
            path, json={"username": fresh_name("v6"), "password": "wrong horse!"},
            headers={"X-Forwarded-For": next(hosts)}), 30)
        assert many <= count <= many + 2


def test_the_ipv6_form_of_an_ipv4_address_shares_its_limit(site, address):
    forms = itertools.cycle([address, f"::ffff:{address}"])
    count, _ = until_429(lambda: login(site, fresh_name("mapped"), next(forms)), 30)
    assert 20 <= count <= 22


def test_a_name_over_its_limit_takes_nothing_from_its_address(site, address):
    until_429(lambda: login(site, "loop", address), 20)
    for _ in range(30):
        assert_429(login(site, "loop", address))
    assert login(site, "someone-else", address).status_code == 400


# ---- by name ----

@pytest.mark.parametrize("exists", [True, False])
def test_wrong_passwords_for_a_name_are_limited_for_all_addresses(site, exists):
    name = registered(site).name if exists else fresh_name("nobody")
    count, answer = until_429(lambda: login(site, name, next_address()), 25)
    assert count == 15
    assert_429(answer)
    assert int(answer.headers["Retry-After"]) > 60


def test_right_passwords_do_not_count_toward_the_limit_of_the_name(site):
    user = registered(site)
    for _ in range(20):
        assert login(site, user.name, next_address(), user.password).status_code == 200
    assert login(site, user.name, next_address()).status_code == 400


def test_strangers_do_not_lock_a_user_out_of_a_known_address(site, address):
    user = registered(site)
    assert login(site, user.name, address, user.password).status_code == 200
    until_429(lambda: login(site, user.name, next_address()), 25)
    assert_429(login(site, user.name, next_address(), user.password))
    assert login(site, user.name, address, user.password).status_code == 200
    own = user.http.headers["X-Forwarded-For"]
    assert login(site, user.name, own, user.password).status_code == 200


def test_an_address_is_known_for_30_days(site, address):
    user = registered(site)
    assert login(site, user.name, address, user.password).status_code == 200
    site.sql("UPDATE known_address SET seen_at = SYSDATE(6) - INTERVAL 29 DAY")
    until_429(lambda: login(site, user.name, next_address()), 25)
    assert login(site, user.name, address, user.password).status_code == 200
    site.sql("UPDATE known_address SET seen_at = SYSDATE(6) - INTERVAL 31 DAY "
             "WHERE user_id = ?", user.id)
    assert_429(login(site, user.name, address, user.password))


def test_known_addresses_are_stored_as_hashes(site, address):
    user = registered(site)
    login(site, user.name, address, user.password)
    rows = site.sql("SELECT HEX(address) FROM known_address WHERE user_id = ?", user.id)
    assert len(rows) == 2
    assert address.encode().hex().upper() not in str(rows)


# ---- how many hash at once ----

@pytest.fixture(scope="module")
def slow(make_instance):
    return make_instance(CONFAB_PASSWORD_MEMORY="65536", CONFAB_PASSWORD_PASSES="8",
                         CONFAB_PROCESSES=6)


def test_at_most_half_of_the_processes_hash_and_others_are_503_at_once(slow):
    user = Client(slow).register()
    most, done = [], threading.Event()

    def watch():
        while not done.is_set():
            most.append(sum(len(children(worker)) for worker in slow.api_workers()))

    def attempt(path, body):
        client, before = Client(slow, user.token), time.monotonic()
        client.may_fail = True
        answer = client.post(path, json=body)
        return answer, time.monotonic() - before

    watcher = threading.Thread(target=watch)
    watcher.start()
    answers = at_once(
        [lambda: attempt(TOKEN, {"username": fresh_name(), "password": "wrong horse!"})] * 4
        + [lambda: attempt("/api/auth/register/", {"username": fresh_name(),
                                                   "password": "correct horse"})] * 4
        + [lambda: attempt("/api/auth/password/", {"old_password": "wrong horse!",
                                                   "new_password": "battery staple"})] * 4)
    done.set()
    watcher.join()
    assert max(most) == 3
    refused = [(answer, seconds) for answer, seconds in answers if answer.status_code == 503]
    assert len(refused) >= 6
    for answer, seconds in refused:
        assert int(answer.headers["Retry-After"]) >= 1
        assert "detail" in answer.json()
        assert seconds < 1
    assert user.get(ME).status_code == 200


def test_a_killed_process_leaves_its_place_for_hashing(slow):
    for _ in range(4):
        client = Client(slow)
        client.may_fail = True
        thread = threading.Thread(target=lambda client=client: client.post(TOKEN, json={
            "username": fresh_name(), "password": "wrong horse!"}))
        thread.start()
        busy = wait_for(lambda: [worker for worker in slow.api_workers() if children(worker)], 30)
        os.kill(busy[0], signal.SIGKILL)
        thread.join()
    wait_for(lambda: len(slow.api_workers()) == 6, 30)
    wait_for(lambda: not any(children(worker) for worker in slow.api_workers()), 30)
    statuses = at_once([lambda: Client(slow).post(TOKEN, json={
        "username": fresh_name(), "password": "wrong horse!"}).status_code] * 3)
    assert statuses == [400] * 3


# ---- limits and Redis ----

@contextlib.contextmanager
def late(site, milliseconds):
    """Redis repeatedly does not answer for this long."""
    done = threading.Event()

    def delay():
        while not done.is_set():
            site.redis("CLIENT", "PAUSE", milliseconds)
            done.wait(2 * milliseconds / 1000)
    thread = threading.Thread(target=delay)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()
        site.redis("CLIENT", "UNPAUSE")


@contextlib.contextmanager
def read_only(site):
    site.redis("REPLICAOF", "127.0.0.1", "1")
    try:
        yield
    finally:
        site.redis("REPLICAOF", "NO", "ONE")


def guess_in_parallel(site, name, address):
    """The numbers of guesses that were checked, of 60 by 12 threads."""
    def guess():
        client = Client(site)
        client.may_fail = True
        codes = [client.post(TOKEN, json={"username": name, "password": "wrong horse!"},
                             headers={"X-Forwarded-For": address}).status_code
                 for _ in range(5)]
        return sum(code == 400 for code in codes)
    return sum(at_once([guess] * 12))


def test_a_late_redis_gives_no_further_guesses(site, address):
    with late(site, 30):
        assert guess_in_parallel(site, fresh_name("late"), address) <= 13


@OUTAGES
def test_without_redis_the_database_counts_guesses(site, address, outage):
    with outage(site):
        assert guess_in_parallel(site, fresh_name("out"), address) <= 13
    assert site.sql("SELECT COUNT(*) FROM rate") >= [(2,)]


def test_a_read_only_redis_gives_no_further_guesses(site, address):
    with read_only(site):
        assert guess_in_parallel(site, fresh_name("read-only"), address) <= 13


def test_registrations_and_password_changes_count_in_the_database(site, address):
    user = registered(site)
    with hung(site), configured(site, rate_registrations=3):
        count, _ = until_429(lambda: Client(site).post(
            "/api/auth/register/", json={"username": fresh_name(), "password": "correct horse"},
            headers={"X-Forwarded-For": address}), 10)
        assert count == 3
        count, _ = until_429(lambda: user.post("/api/auth/password/", json={
            "old_password": "wrong horse!", "new_password": "battery staple"}), 20)
        assert 12 <= count <= 13


def count_requests(user, seconds):
    """Requests that 8 threads get through in this time."""
    end = time.monotonic() + seconds

    def ask():
        client, passed = Client(user.instance, user.token), 0
        while time.monotonic() < end:
            passed += client.get(ME).status_code == 200
        return passed
    return sum(at_once([ask] * 8))


@pytest.mark.parametrize("condition", ["late", "hung"])
def test_making_redis_late_gets_no_more_requests(site, condition):
    """40 at once and 1 a second, for all processes together, as with Redis."""
    user = registered(site)
    with late(site, 40) if condition == "late" else hung(site):
        assert 30 <= count_requests(user, 4) <= 40 + 8


def test_requests_that_redis_counted_are_not_free_when_it_fails(site):
    user = registered(site)
    until_429(lambda: user.get(ME), 60)
    with hung(site):
        assert count_requests(user, 2) <= 5
