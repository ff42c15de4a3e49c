"""One run of a load for a few seconds, and the CPU time it took in each process."""

import json
import resource
import subprocess
import time
from dataclasses import dataclass

import proc
from paths import BENCH, WORK

CONNECTIONS = 16


@dataclass
class Sample:
    """CPU is in microseconds per request, by process name."""
    count: int
    seconds: float
    cpu: dict
    p50_us: float
    p99_us: float
    disturbed: float

    @property
    def total(self):
        return sum(self.cpu.values())

    @property
    def rate(self):
        return self.count / self.seconds


class LoadFailed(Exception):
    pass


def measure(run, groups, client=None):
    """Runs a function that returns its figures as a dict, and measures the CPU time of the
    process groups, and with `client` that of the program it ran, under that name."""
    before = proc.Snapshot(groups)
    own = resource.getrusage(resource.RUSAGE_CHILDREN)
    figures = run()
    after = proc.Snapshot(groups)
    cpu, others = after.since(before)
    if client:
        now = resource.getrusage(resource.RUSAGE_CHILDREN)
        cpu[client] = now.ru_utime + now.ru_stime - own.ru_utime - own.ru_stime
    count = figures["count"]
    if count == 0:
        raise LoadFailed("no request was completed")
    return Sample(count, figures["seconds"],
                  {name: value * 1e6 / count for name, value in cpu.items()},
                  figures["p50_us"], figures["p99_us"], others)


def run_json(command, input=None):
    """Runs a program that prints a line of JSON last, and returns that."""
    done = subprocess.run(list(map(str, command)), input=input, capture_output=True, text=True)
    if done.returncode != 0:
        raise LoadFailed(f"{command[0]} ended with {done.returncode}: {done.stderr}{done.stdout}")
    return json.loads(done.stdout.strip().split("\n")[-1])


def wrk_command(port, path, seconds, connections=CONNECTIONS, headers=(), requests=None,
                delay=None):
    """wrk on one path, or on a list of requests (see wrk.lua), which it takes from a file."""
    command = ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--timeout", "10s", "--latency"]
    for header in headers:
        command += ["-H", header]
    command += ["-s", BENCH / "wrk.lua", f"http://127.0.0.1:{port}{path}"]
    if requests:
        file = WORK / "requests"
        file.write_text("".join(f"{line}\n" for line in requests))
        command += ["--", file]
        if delay:
            command.append(str(delay))
    return command


def run_wrk(command, refused_allowed=False):
    figures = run_json(command)
    if figures["failed"] or (figures["refused"] and not refused_allowed):
        raise LoadFailed(f"{figures['failed']} requests failed and {figures['refused']} were "
                         f"refused: {' '.join(map(str, command))}")
    return figures


def settle(seconds=0.3):
    """Waits for what the last run has started (writes) to finish."""
    time.sleep(seconds)
