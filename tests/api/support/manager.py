"""The part of systemd that a service speaks with: the socket for sd_notify(3)."""

import os
import socket
import subprocess
import tempfile
from pathlib import Path

from support.wait import wait_for


class Manager:
    """Runs one command as its service, of which all states sent are kept in `heard`, each a
    dictionary."""

    def __init__(self, command, env, **options):
        self.folder = Path(tempfile.mkdtemp(prefix="confab-"))
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(str(self.folder / "notify"))
        self._socket.setblocking(False)
        self.heard = []
        # The shell becomes the program, which knows then that the pid is its own.
        script = 'WATCHDOG_PID=$$ exec "$0" "$@"'
        self.process = subprocess.Popen(
            ["sh", "-c", script, *map(str, command)], stdin=subprocess.DEVNULL,
            stderr=subprocess.PIPE, text=True,
            env={**env, "NOTIFY_SOCKET": str(self.folder / "notify")}, **options)

    def wait_for(self, state, times=1, seconds=30):
        """Until a state has been sent so many times."""
        wait_for(lambda: self._read() or self.count(state) >= times, seconds, state)

    def count(self, state):
        self._read()
        name, value = state.split("=")
        return sum(sent.get(name) == value for sent in self.heard)

    def _read(self):
        while True:
            try:
                data = self._socket.recv(4096).decode()
            except BlockingIOError:
                return
            self.heard.append(dict(line.split("=", 1) for line in data.splitlines()))

    def names(self):
        """The states in their order, without heartbeats."""
        self._read()
        return [next(iter(sent)) for sent in self.heard if "WATCHDOG" not in sent]

    def end(self):
        """Has it end as systemd does: its exit status."""
        self.process.terminate()
        self.process.communicate(timeout=60)
        return self.process.returncode

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.communicate(timeout=30)
        self._socket.close()
        os.unlink(self.folder / "notify")
        self.folder.rmdir()
