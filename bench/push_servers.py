"""The servers and clients of bench-push: pushd, the floor, and crowds of sockets."""

import json
import re
import subprocess
import urllib.request

import load
import proc
from paths import BUILD, FLOOR, STATE, WORK

START_SECONDS = 15
END_SECONDS = 30

# Limits are raised, up to the 20,000 files per process that many machines allow.
MOST_SOCKETS = 19_600
LIMITS = {"CONFAB_MAX_SOCKETS": str(MOST_SOCKETS), "CONFAB_MAX_SOCKETS_USER": "100000",
          "CONFAB_MAX_SOCKETS_ADDRESS": "1000000"}


class _Process:
    """A program that is ended with the row."""

    def __init__(self, name, command, env=None, **streams):
        self.name = name
        self.command = list(map(str, command))
        self.log = open(WORK / f"push-{name}.log", "ab")
        self.process = subprocess.Popen(self.command, env=env, stderr=self.log, cwd=STATE,
                                        text=True, start_new_session=True, **streams)
        self.pid = self.process.pid

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        try:
            self.process.wait(END_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        for stream in (self.process.stdin, self.process.stdout, self.log):
            if stream:
                stream.close()


class Pushd(_Process):
    """A new pushd beside that of the instance, on the same data; with several `workers`, which
    share its port."""
    name = "pushd"

    def __init__(self, instance, workers=1):
        self.prefix = "confab:"
        ports = STATE / "run" / "bench.ports"
        ports.unlink(missing_ok=True)
        env = {**instance.env, **LIMITS, "CONFAB_PUSH_LISTEN": "127.0.0.1:0",
               "CONFAB_METRICS_LISTEN": "127.0.0.1:0", "CONFAB_PUSH_WORKERS": str(workers)}
        super().__init__("pushd", [BUILD.resolve() / "pushd", "-c", STATE / "confab.conf",
                                   "--ports-file", ports], env, stdin=subprocess.DEVNULL)
        proc.wait_until(ports.exists, START_SECONDS, "pushd does not start")
        self.port, self.metrics_port = (int(line.split("=")[1])
                                        for line in ports.read_text().split())

    def reconnects(self):
        """How often it has lost Redis. What the bench publishes meanwhile is lost: it is in no
        database, from which pushd would read it."""
        with urllib.request.urlopen(f"http://127.0.0.1:{self.metrics_port}/metrics") as answer:
            text = answer.read().decode()
        return int(re.search(r"^\w*redis_reconnects_total (\d+)", text, re.MULTILINE)[1])

    def cpu_seconds(self):
        """CPU time of all its processes."""
        return sum(map(proc.cpu_seconds, [self.pid, *proc.children(self.pid)]))


class Floor(_Process):
    """The epoll server, on channels of its own on the same Redis."""

    def __init__(self, instance):
        self.prefix = "floor:"
        super().__init__("floor", [FLOOR / "push", STATE / "sock" / "redis.sock", self.prefix],
                         stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.port = int(self.process.stdout.readline())


def check(figures):
    """Every socket must be open, and have received every message of its room, once. `waiting` are
    messages that sockets have not received after ten seconds, `missed` those that were passed
    over."""
    wrong = {name: figures[name] for name in ("lost", "missed", "repeated", "waiting")
             if figures[name]}
    if wrong:
        raise load.LoadFailed(f"{figures['live']} sockets are open, {figures['count']} messages "
                              f"arrived; wrong: {wrong}")


class Crowd(_Process):
    """Sockets at a server, by the program of bench/load/; `members` are tuples of room, the last
    seq of the room, path and token."""

    def __init__(self, server, members, name=None):
        name = f"crowd-{name or server.name}"
        self.server = server
        file = WORK / f"{name}.members"
        file.write_text("".join("%s %s %s %s\n" % member for member in members))
        super().__init__(name, [FLOOR / "crowd", server.port, file,
                                STATE / "sock" / "redis.sock", server.prefix],
                         stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def ask(self, *words):
        """Sends a command and returns the answer."""
        try:
            self.process.stdin.write(" ".join(map(str, words)) + "\n")
            self.process.stdin.flush()
            line = self.process.stdout.readline()
        except BrokenPipeError:
            line = ""
        if not line:
            said = (WORK / f"push-{self.name}.log").read_text()[-300:]
            raise load.LoadFailed(f"{self.name} has ended: {said}")
        return json.loads(line)

    def open(self, count, *behind):
        """Opens sockets; all of them must be connected."""
        figures = self.ask("open", count, *behind)
        if figures["live"] != count or figures["lost"]:
            raise load.LoadFailed(f"of {count} sockets at {self.server.name} {figures['live']} "
                                  f"got in, {figures['lost']} were closed")
        return figures

    def run(self, *words):
        """A contestant: the command, with the seconds as its second word."""
        def contest(seconds):
            order, *rest = words
            before = proc.Snapshot({}), proc.cpu_seconds(self.server.pid)
            figures = self.ask(order, seconds, *rest)
            cpu = proc.cpu_seconds(self.server.pid) - before[1]
            _, others = proc.Snapshot({}).since(before[0])
            return self._sample(figures, cpu, others)
        return contest

    def _sample(self, figures, cpu, others):
        check(figures)
        if not figures["count"]:
            raise load.LoadFailed(f"no message of {self.server.name} arrived")
        return load.Sample(figures["count"], figures["seconds"],
                           {self.server.name: cpu * 1e6 / figures["count"]},
                           figures["p50_us"], figures["p99_us"], others)
