"""What database_causal_reads costs: requests a second and their median latency at a host, with off,
auto and on in turns, while another host posts through another database.

    unshare --net /usr/bin/python3 -B tests/cluster/causal_reads.py
"""

import re
import statistics
import subprocess
import tempfile
import time
from pathlib import Path

from conftest import Cluster
from support.client import Client
from support.load import Load, posting_surely

ROUNDS, SECONDS = 3, 3


def measure(host, token, path):
    """(requests a second, median milliseconds) by wrk, with as many connections as processes."""
    said = subprocess.run(
        ["wrk", "-t1", "-c4", f"-d{SECONDS}s", "--latency", "-H", f"Authorization: Token {token}",
         f"{host.url}{path}"], capture_output=True, text=True, timeout=60, check=True).stdout
    assert "Non-2xx" not in said, said
    number, unit = re.search(r"50%\s+([\d.]+)(us|ms|s)", said).groups()
    return (float(re.search(r"Requests/sec:\s+([\d.]+)", said)[1]),
            float(number) * {"us": 0.001, "ms": 1, "s": 1000}[unit])


def main():
    with tempfile.TemporaryDirectory() as folder, Cluster(Path(folder)) as cluster:
        first, second = cluster.hosts
        client = Client(first).register()
        room, busy = client.room()["room_id"], client.room()["room_id"]
        for number in range(60):
            client.say(room, f"number {number}")
        paths = {"one user": "/api/auth/me/", "list of rooms": "/api/chat/rooms/",
                 "page of 50": f"/api/chat/rooms/{room}/messages/?limit=50"}
        found = {}
        for _ in range(ROUNDS):
            for mode in ("off", "auto", "on"):
                with cluster.apart(CONFAB_DATABASE_CAUSAL_READS=mode), Load(
                        first, client.token, [posting_surely(busy, str(time.time()), pause=0.02)]):
                    for name, path in paths.items():
                        found.setdefault((name, mode), []).append(
                            measure(second, client.token, path))
        for (name, mode), rounds in sorted(found.items()):
            rates, latencies = zip(*rounds)
            print(f"{name:14} {mode:5} {statistics.median(rates):8.0f} a second "
                  f"({min(rates):.0f} to {max(rates):.0f}), median {statistics.median(latencies):.2f} ms")


if __name__ == "__main__":
    main()
