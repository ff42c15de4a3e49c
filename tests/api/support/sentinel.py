"""Redis with a replica and Sentinels, at ports of 127.0.0.1."""

import shutil
import signal
import subprocess
import tempfile
from contextlib import ExitStack
from pathlib import Path

from support.leash import leashed
from support.port import free_port
from support.redis import Redis, program
from support.wait import wait_for

NAME = "chat"


class Sentinel:
    """One Sentinel of these that agree by `quorum`."""

    def __init__(self, primary_port, quorum):
        self.folder = Path(tempfile.mkdtemp(prefix="confab-sentinel-", dir="/tmp"))
        self.port = free_port()
        self.process = None
        (self.folder / "redis-sentinel").symlink_to(program())
        (self.folder / "sentinel.conf").write_text(
            f"bind 127.0.0.1\nport {self.port}\ndir {self.folder}\n"
            f"sentinel monitor {NAME} 127.0.0.1 {primary_port} {quorum}\n"
            f"sentinel down-after-milliseconds {NAME} 500\n"
            f"sentinel failover-timeout {NAME} 3000\n")

    def __enter__(self):
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(
                leashed([self.folder / "redis-sentinel", self.folder / "sentinel.conf",
                         "--sentinel"]), stdout=log, stderr=log, start_new_session=True)
        wait_for(lambda: self.command("PING") == "PONG", 20, "a Sentinel")
        return self

    def command(self, *words):
        done = subprocess.run(["redis-cli", "-h", "127.0.0.1", "-p", str(self.port),
                               *map(str, words)], capture_output=True, text=True, timeout=20)
        return done.stdout.strip()

    def __exit__(self, *error):
        self.process.send_signal(signal.SIGCONT)
        self.process.kill()
        self.process.wait(20)
        shutil.rmtree(self.folder, ignore_errors=True)


class Replicated:
    """Two Redis servers and `count` Sentinels. Used in a `with`."""

    def __init__(self, count=1):
        self._count = count
        self._stack = ExitStack()
        self.servers = []
        self.sentinels = []

    def __enter__(self):
        with ExitStack() as stack:
            first = stack.enter_context(Redis("repl-diskless-sync-delay 0"))
            second = stack.enter_context(Redis(f"replicaof 127.0.0.1 {first.port}"))
            self.servers = [first, second]
            wait_for(lambda: "state=online" in first.command("INFO", "replication"), 20)
            self.sentinels = [stack.enter_context(Sentinel(first.port, self._count // 2 + 1))
                              for _ in range(self._count)]
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
            "1", str(self._count - 1))

    def primary(self):
        """The server that the Sentinels name."""
        port = int(self.sentinels[0].command("SENTINEL", "GET-MASTER-ADDR-BY-NAME",
                                             NAME).split("\n")[1])
        return next(server for server in self.servers if server.port == port)

    @property
    def env(self):
        """The configuration of an instance; what the instance says of its own Redis is ignored."""
        addresses = ", ".join(f"127.0.0.1:{sentinel.port}" for sentinel in self.sentinels)
        return {"CONFAB_REDIS_SENTINELS": addresses, "CONFAB_REDIS_MASTER": NAME}
