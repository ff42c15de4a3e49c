"""Redis with replicas and Sentinels, at ports of 127.0.0.1 or on machines of a Network."""

import re
import shutil
import signal
import subprocess
from collections import Counter
from contextlib import ExitStack

from support.instance import ROOT
from support.leash import leashed, new_folder
from support.network import HERE
from support.port import free_port
from support.redis import Redis, program
from support.wait import wait_for

NAME = "chat"


def follow(primary):
    """The line of a replica."""
    return f"replicaof {primary.machine.address} {primary.port}"


class Sentinel:
    """One Sentinel of those that watch `primary` and agree by `quorum`. On a machine of a Network
    it has the configuration in conf/cluster."""

    def __init__(self, primary, quorum, machine=HERE):
        self.folder = new_folder("confab-sentinel-")
        self.machine = machine
        self.port = free_port() if machine is HERE else 26379
        self.process = None
        (self.folder / "redis-sentinel").symlink_to(program())
        text = (ROOT / "conf" / "cluster" / "sentinel.conf").read_text()
        text = re.sub("^dir .*", f"dir {self.folder}", text, flags=re.MULTILINE)
        (self.folder / "sentinel.conf").write_text(text if machine is not HERE else (
            f"bind 127.0.0.1\nport {self.port}\ndir {self.folder}\n"
            f"sentinel monitor {NAME} 127.0.0.1 {primary.port} {quorum}\n"
            f"sentinel down-after-milliseconds {NAME} 500\n"
            f"sentinel failover-timeout {NAME} 3000\n"))

    def __enter__(self):
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(
                leashed(self.machine.enter([self.folder / "redis-sentinel",
                                            self.folder / "sentinel.conf", "--sentinel"])),
                stdout=log, stderr=log, start_new_session=True)
        wait_for(lambda: self.command("PING") == "PONG", 20, "a Sentinel")
        return self

    def command(self, *words):
        done = subprocess.run(
            self.machine.enter(["redis-cli", "-h", self.machine.address, "-p", str(self.port),
                                *map(str, words)]), capture_output=True, text=True, timeout=20)
        return done.stdout.strip()

    def __exit__(self, *error):
        self.process.send_signal(signal.SIGCONT)
        self.process.kill()
        self.process.wait(20)
        shutil.rmtree(self.folder, ignore_errors=True)


class Replicated:
    """Two Redis servers and `count` Sentinels; or one of each on each of the machines, which are
    those of conf/cluster. Used in a `with`."""

    def __init__(self, count=1, machines=None):
        self._sentinels_at = machines or [HERE] * count
        self._servers_at = machines or [HERE] * 2
        self._stack = ExitStack()
        self.servers = []
        self.sentinels = []

    def __enter__(self):
        with ExitStack() as stack:
            first, *others = self._servers_at
            primary = stack.enter_context(Redis("repl-diskless-sync-delay 0", machine=first))
            self.servers = [primary] + [
                stack.enter_context(Redis(follow(primary), machine=machine)) for machine in others]
            wait_for(lambda: primary.command("INFO", "replication").count("state=online")
                     == len(others), 20)
            quorum = len(self._sentinels_at) // 2 + 1
            self.sentinels = [stack.enter_context(Sentinel(primary, quorum, machine))
                              for machine in self._sentinels_at]
            wait_for(lambda: all(self._sees_all(sentinel) for sentinel in self.sentinels), 30)
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *error):
        for server in self.servers:
            server.process.send_signal(signal.SIGCONT)
        self._stack.close()

    def _sees_all(self, sentinel):
        status = sentinel.command("SENTINEL", "MASTER", NAME).split("\n")
        numbers = dict(zip(status[::2], status[1::2]))
        return (numbers.get("num-slaves"), numbers.get("num-other-sentinels")) == (
            str(len(self.servers) - 1), str(len(self.sentinels) - 1))

    def primary(self):
        """The server that most Sentinels name."""
        named = Counter(tuple(sentinel.command(
            "SENTINEL", "GET-MASTER-ADDR-BY-NAME", NAME).split("\n"))
            for sentinel in self.sentinels)
        place, _ = named.most_common(1)[0]
        return next(server for server in self.servers
                    if (server.machine.address, str(server.port)) == place)

    @property
    def env(self):
        """The configuration of an instance; what the instance says of its own Redis is ignored."""
        addresses = ", ".join(f"{sentinel.machine.address}:{sentinel.port}"
                              for sentinel in self.sentinels)
        return {"CONFAB_REDIS_SENTINELS": addresses, "CONFAB_REDIS_MASTER": NAME}
