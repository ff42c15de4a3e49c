"""Logins: their CPU time, and their effect on other requests."""

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
AT_ONCE = 2             # hashes at a time on a machine with two processors
LOGINS_A_SECOND = 5


def _log_in(bench, end, took_us):
    while time.monotonic() < end:
        started = time.monotonic()
        status, _, said = bench.instance.request("POST", LOGIN, body=BODY)
        if status != 200:
            raise LoadFailed(f"a login is answered {status}: {said[:300]}")
        took_us.append((time.monotonic() - started) * 1e6)


def _log_in_for(bench, seconds):
    """Logs in over AT_ONCE connections until the time is over, and finishes started logins. wrk
    would drop them, and a login takes so long that dropped ones would matter."""
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
    """LOGINS_A_SECOND during the block, however long each takes."""
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
    """A contestant that reads messages at about half the maximum rate."""
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
               ["The other requests read 50 messages each; their CPU beside logins includes that "
                "of the logins."], found["confab"])
