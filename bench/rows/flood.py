"""A flood of logins with made-up names from one address, and its effect on other requests."""

import contextlib
import subprocess

from context import REQUESTS, Row
from data import READER, token
from load import CONNECTIONS, wrk_command
from paths import WORK

FLOOD_CONNECTIONS = 32
TOKEN = "/api/auth/token/"
GUESS = f'POST {TOKEN} - {{"username": "made-up-@", "password": "a guess at it"}}'


@contextlib.contextmanager
def _flood(bench, seconds):
    """As fast as the server answers, for longer than the block takes."""
    requests = WORK / "flood"
    requests.write_text(GUESS + "\n")
    command = wrk_command(bench.instance.port, TOKEN, round(seconds + 5), FLOOD_CONNECTIONS)
    flood = subprocess.Popen([*map(str, command), "--", str(requests)],
                             stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        yield
    finally:
        flood.kill()
        flood.wait()


def _beside_flood(bench, contestant):
    def run(seconds):
        with _flood(bench, seconds):
            return contestant(seconds)
    return run


def flood(bench):
    """The limits are on, as by default, but for those of the reader."""
    bench.instance.configure(rate_limits="on", rate_requests=1000000, rate_requests_burst=1000000)
    try:
        path = REQUESTS["messages"][1]
        full = bench.wrk(path)(bench.turns.seconds)
        pause_ms = 1000 * CONNECTIONS / (full.rate / 2) - full.p50_us / 1000
        half = bench.wrk_list([f"GET {path} {token(READER)} "], delay=max(1, round(pause_ms)))
        found = bench.turns.take({"others at half load": half,
                                  "others beside the flood": _beside_flood(bench, half)})
    finally:
        bench.instance.configure()
    alone, beside = found.values()
    return Row("flood", "GET messages beside a flood of logins", [alone, beside], [],
               {"p99": beside.of("p99_us") / alone.of("p99_us")},
               [f"{FLOOD_CONNECTIONS} connections log in with made-up names as fast as they are "
                "answered, 429 or 503 nearly always; CPU includes theirs."], beside)
