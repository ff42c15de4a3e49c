"""The workers of fcgi-api: they end and are replaced without failing a request."""

import os
import re
import signal
import time

import pytest
from support.client import Client
from support.configured import configured, reload
from support.counters import assert_counters_are_right
from support.load import Load, mixed, posting_surely, reading
from support.sql_session import SqlSession, lock_waits
from support.wait import wait_for

pytestmark = pytest.mark.slow("kills and restarts processes under load")

PROCESSES = 4


@pytest.fixture(scope="module")
def system(make_instance):
    return make_instance(CONFAB_PROCESSES=PROCESSES)


@pytest.fixture
def writer(system):
    return Client(system).register()


def is_whole(system):
    return len(system.api_workers()) == PROCESSES


def served_by_process(log):
    """The number of requests served by each worker, from the log."""
    served = {}
    for pid in re.findall(r"fcgi-api\[(\d+)\]: \w+ \S+ \d{3} ", log):
        served[pid] = served.get(pid, 0) + 1
    return served


def all_served(log, count):
    """The same once all requests are logged; None before."""
    served = served_by_process(log)
    return served if sum(served.values()) >= count else None


# ---- max_requests ----

def test_workers_that_end_after_fifty_requests_fail_no_request(system, writer):
    room = writer.room()["room_id"]
    with configured(system, max_requests=50):
        logged = len(system.log())
        with Load(system, writer.token, mixed(room, 12)) as load:
            load.wait_for(4000)
        assert load.failures == []
        assert load.statuses["GET", 200] > 500 and load.statuses["POST", 201] > 500
        served = wait_for(lambda: all_served(system.log()[logged:], load.count))
    assert max(served.values()) <= 50
    assert len(served) >= load.count / 50
    assert system.sql("SELECT message_count FROM room WHERE room_id = ?", room) \
        == [(load.statuses["POST", 201],)]


# ---- SIGHUP ----

def test_reloads_under_full_load_fail_no_request(system, writer):
    room = writer.room()["room_id"]
    with Load(system, writer.token, mixed(room, 12)) as load:
        for _ in range(6):
            reload(system)
            load.wait_for(200)
    assert load.failures == []


def test_a_reload_applies_a_changed_configuration(system):
    someone = Client(system)
    body = {"username": "comes-too-late", "password": "correct horse"}
    with configured(system, registration="closed"):
        answer = someone.post("/api/auth/register/", json=body)
        assert (answer.status_code, list(answer.json())) == (403, ["detail", "code"])
    assert someone.post("/api/auth/register/", json=body).status_code == 201


def test_a_reload_under_full_load_applies_the_configuration_and_fails_no_request(system,
                                                                                 writer):
    room = writer.room()["room_id"]
    body = {"username": "comes-in-between", "password": "correct horse"}
    with Load(system, writer.token, mixed(room)) as load:
        with configured(system, registration="closed"):
            assert writer.post("/api/auth/register/", json=body).status_code == 403
    assert load.failures == []


def test_a_reload_with_an_invalid_configuration_is_logged_and_has_no_effect(system, writer):
    before, workers, logged = system.config.read_text(), system.api_workers(), len(system.log())
    try:
        system.config.write_text(before + "registration = closed\nproceses = 2\n")
        os.kill(system.pids("api"), signal.SIGHUP)
        wait_for(lambda: "invalid configuration, keeping the old one" in system.log()[logged:])
        line = next(line for line in system.log()[logged:].splitlines() if "proceses" in line)
        assert " error " in line and str(system.config) in line
        assert system.api_workers() == workers
        assert writer.get("/api/auth/me/").status_code == 200
        Client(system).register()
    finally:
        system.config.write_text(before)


def test_a_reload_changes_the_number_of_processes(make_instance):
    system = make_instance()
    before = system.config.read_text()
    for count in (7, 2):
        system.config.write_text(before + f"processes = {count}\n")
        system.reload()
        wait_for(lambda: len(system.api_workers()) == count, 30, f"{count} processes")
    assert Client(system).get("/healthz").status_code == 200


# ---- workers that are ended ----

def test_sigterm_to_workers_under_full_load_fails_no_request(system, writer):
    room = writer.room()["room_id"]
    with Load(system, writer.token, mixed(room, 12)) as load:
        for _ in range(30):
            os.kill(system.api_workers()[0], signal.SIGTERM)
            load.wait_for(40)
    assert load.failures == []
    wait_for(lambda: is_whole(system), 30, "all processes")


def test_sigterm_lets_a_worker_finish_its_request(system, writer):
    room = writer.room()["room_id"]
    with SqlSession(system) as session:
        session.run("BEGIN")
        session.run("SELECT room_id FROM room WHERE room_id = ? FOR UPDATE", room)
        workers = system.api_workers()
        with Load(system, writer.token, [posting_surely(room, "waits", 1)]) as load:
            wait_for(lambda: lock_waits(system) == 1, 10, "a request that waits for the row")
            for pid in workers:
                os.kill(pid, signal.SIGTERM)
            wait_for(lambda: len(set(workers) & set(system.api_workers())) == 1, 10,
                     "the end of those that serve nothing")
            session.run("COMMIT")
            load.join()
    assert load.failures == []
    wait_for(lambda: is_whole(system) and not set(workers) & set(system.api_workers()), 30)


def test_killed_workers_fail_only_the_requests_they_served(system, writer):
    room, kills, seen = writer.room()["room_id"], 0, {}
    scripts = [posting_surely(room, f"writer{i}") for i in range(8)] + [reading(room)]
    with Load(system, writer.token, scripts) as load:
        for _ in range(8):
            victim = wait_for(lambda: long_served(system, seen), 30, "a process of some age")
            os.kill(victim, signal.SIGKILL)
            kills += 1
            load.wait_for(50)
        wait_for(lambda: is_whole(system), 30, "all processes")
    assert len(load.failures) <= kills, load.failures
    assert_counters_are_right(system)
    posted = system.sql("SELECT COUNT(*), COUNT(DISTINCT client_id), MAX(position) FROM message "
                        "WHERE room_id = ?", room)[0]
    assert posted[0] == posted[1] == posted[2]
    answered = load.statuses["POST", 201] + load.statuses["POST", 200]
    assert answered <= posted[0] <= answered + len(load.failures) + 8


def long_served(system, seen):
    """A worker that has run for more than a second: one that dies sooner is replaced after a
    delay."""
    now = time.monotonic()
    return next((pid for pid in system.api_workers() if now - seen.setdefault(pid, now) > 1.1),
                None)


def test_a_request_of_a_killed_worker_is_answered_in_json_with_retry_after(system, writer):
    room = writer.room()["room_id"]
    writer.may_fail = True
    with SqlSession(system) as session:
        session.run("BEGIN")
        session.run("SELECT room_id FROM room WHERE room_id = ? FOR UPDATE", room)
        with Load(system, writer.token, [posting_surely(room, "killed", 1)]) as load:
            wait_for(lambda: lock_waits(system) == 1, 10, "a request that waits for the row")
            for pid in system.api_workers():
                os.kill(pid, signal.SIGKILL)
            session.run("COMMIT")
            load.join()
    assert len(load.failures) >= 1
    assert all(": 500 " in failure and "detail" in failure for failure in load.failures)
    assert system.sql("SELECT message_count FROM room WHERE room_id = ?", room) == [(1,)]
    wait_for(lambda: is_whole(system), 30, "all processes")


# ---- one request at a time ----

def test_waiting_requests_do_not_block_others(system, writer):
    """Posts wait for a lock on their room, in all workers but one."""
    room = writer.room()["room_id"]
    posts = [posting_surely(room, f"waiting{i}", 1) for i in range(PROCESSES - 1)]
    with SqlSession(system) as session:
        session.run("BEGIN")
        session.run("SELECT room_id FROM room WHERE room_id = ? FOR UPDATE", room)
        with Load(system, writer.token, posts) as waiting:
            wait_for(lambda: lock_waits(system) == PROCESSES - 1, 10, "posts that wait")
            for _ in range(50):
                assert writer.get("/api/auth/me/").status_code == 200
            assert waiting.count == 0
            session.run("COMMIT")
            waiting.join()
    assert waiting.failures == [] and waiting.count == PROCESSES - 1


def test_a_request_waits_for_a_free_worker(system, writer):
    room = writer.room()["room_id"]
    posts = [posting_surely(room, f"busy{i}", 1) for i in range(PROCESSES)]

    def read_once():
        yield "GET", "/api/auth/me/", None

    with SqlSession(system) as session:
        session.run("BEGIN")
        session.run("SELECT room_id FROM room WHERE room_id = ? FOR UPDATE", room)
        with Load(system, writer.token, posts) as busy:
            wait_for(lambda: lock_waits(system) == PROCESSES, 10, "processes that all wait")
            with Load(system, writer.token, [read_once()]) as late:
                before = time.monotonic()
                session.run("SELECT SLEEP(0.5)")
                assert late.count == 0 and time.monotonic() - before >= 0.5
                session.run("COMMIT")
                late.join()
            busy.join()
    assert busy.failures == [] and late.failures == []
    assert late.statuses["GET", 200] == 1 and busy.statuses["POST", 201] == PROCESSES


def test_workers_run_with_batch_scheduling(system):
    assert {os.sched_getscheduler(pid) for pid in system.api_workers()} == {os.SCHED_BATCH}
