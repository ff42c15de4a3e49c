"""Logging in: what it costs, and what it costs the others."""

import contextlib
import json
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import floors
from context import REQUESTS, Row
from data import LOGIN_NAME, LOGIN_PASSWORD, READER, token
from load import CONNECTIONS, LoadFailed, measure
from turns import ratio

LOGIN = "/api/auth/login/"
BODY = json.dumps({"username": LOGIN_NAME, "password": LOGIN_PASSWORD})
AT_ONCE = 2             # as many as a machine with two processors hashes at once
LOGINS_A_SECOND = 5


def _log_in(bench, end, took_us):
    while time.monotonic() < end:
        started = time.monotonic()
        status, _, said = bench.instance.request("POST", LOGIN, body=BODY)
        if status != 200:
            raise LoadFailed(f"a login is answered {status}: {said[:300]}")
        took_us.append((time.monotonic() - started) * 1e6)


def _log_in_for(bench, seconds):
    """Logs in, so many at once, until the time is over, and finishes what is begun: wrk would
    drop it, and a login is so dear that the dropped ones would count."""
    took_us = []
    started = time.monotonic()
    with ThreadPoolExecutor(AT_ONCE) as pool:
        for done in [pool.submit(_log_in, bench, started + seconds, took_us)
                     for _ in range(AT_ONCE)]:
            done.result()
    took_us.sort()
    return {"count": len(took_us), "seconds": time.monotonic() - started,
            "p50_us": took_us[len(took_us) // 2], "p99_us": took_us[len(took_us) * 99 // 100]}


@contextlib.contextmanager
def _logins(bench):
    """So many logins a second, however long each takes, for as long as the block lasts."""
    end = threading.Event()
    threads = []

    def one():
        bench.instance.request("POST", LOGIN, body=BODY)

    def all_of_them():
        due = time.monotonic()
        while not end.wait(max(0, due - time.monotonic())):
            threads.append(threading.Thread(target=one))
            threads[-1].start()
            due += 1 / LOGINS_A_SECOND

    clock = threading.Thread(target=all_of_them)
    clock.start()
    try:
        yield
    finally:
        end.set()
        clock.join()
        for thread in threads:
            thread.join()


def _beside_logins(bench, contestant):
    def run(seconds):
        with _logins(bench):
            return contestant(seconds)
    return run


def _half_load(bench):
    """A contestant that reads messages at about half the rate that is possible."""
    path = REQUESTS["messages"][1]
    full = bench.wrk(path)(bench.turns.seconds)
    pause_ms = 1000 * CONNECTIONS / (full.rate / 2) - full.p50_us / 1000
    return bench.wrk_list([f"GET {path} {token(READER)} "], delay=max(1, round(pause_ms)))


def login(bench):
    bench.note(floors.hash_command(bench.instance, AT_ONCE, "SECONDS"))
    found = bench.turns.take({
        "H": lambda seconds: floors.hash_password(bench.instance, AT_ONCE, seconds),
        "confab": lambda seconds: measure(lambda: _log_in_for(bench, seconds),
                                          bench.instance.groups())})
    half = _half_load(bench)
    others = bench.turns.take({"others at half load": half,
                               "others beside 5 logins a second": _beside_logins(bench, half)})
    alone, beside = others.values()
    return Row("login", "POST login (argon2id)", [*found.values(), alone, beside], [found["H"]],
               {"cpu": ratio(found["confab"], found["H"]),
                "p99": beside.of("p99_us") / alone.of("p99_us")},
               ["The others read 50 messages each; their CPU beside logins has that of the "
                "logins in it."], found["confab"])
