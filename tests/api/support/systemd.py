"""The receiver of sd_notify(3) messages, in the role of systemd."""

import contextlib
import os
import signal
import socket
import struct
import subprocess

from support.leash import new_folder
from support.wait import wait_for


CREDENTIALS = struct.Struct("3i")  # SCM_CREDENTIALS: pid, uid, gid


class ServiceManager:
    """Runs a command as a service and keeps its sd_notify messages in `heard`: dictionaries,
    in which "from" is the pid of the sender."""

    def __init__(self, command, env, **options):
        self.folder = new_folder()
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(str(self.folder / "notify"))
        self._socket.setblocking(False)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)
        self.heard = []
        # exec keeps the pid, so that WATCHDOG_PID names the program.
        script = 'WATCHDOG_PID=$$ exec "$0" "$@"'
        self.process = subprocess.Popen(
            ["sh", "-c", script, *map(str, command)], stdin=subprocess.DEVNULL,
            stderr=subprocess.PIPE, text=True,
            env={**env, "NOTIFY_SOCKET": str(self.folder / "notify")}, **options)

    def wait_for(self, state, times=1, seconds=30):
        """Waits until a state has been sent this many times."""
        wait_for(lambda: self._read() or self.count(state) >= times, seconds, state)

    def count(self, state):
        self._read()
        name, value = state.split("=")
        return sum(sent.get(name) == value for sent in self.heard)

    def _read(self):
        while True:
            try:
                data, (of,), _, _ = self._socket.recvmsg(4096, socket.CMSG_SPACE(CREDENTIALS.size))
            except BlockingIOError:
                return
            sent = dict(line.split("=", 1) for line in data.decode().splitlines())
            self.heard.append({**sent, "from": CREDENTIALS.unpack(of[2])[0]})

    @property
    def main(self):
        """The pid of the main process: the one in the last MAINPID, or else the one started."""
        self._read()
        mains = [int(sent["MAINPID"]) for sent in self.heard if "MAINPID" in sent]
        return mains[-1] if mains else self.process.pid

    def said(self, pid):
        """The states sent by a process, in order, without WATCHDOG."""
        self._read()
        return [next(iter(sent)) for sent in self.heard
                if sent["from"] == pid and "WATCHDOG" not in sent]

    def names(self):
        """All states sent, in order, without WATCHDOG."""
        self._read()
        return [next(iter(sent)) for sent in self.heard if "WATCHDOG" not in sent]

    def end(self):
        """Stops the service as systemd does; returns the exit status."""
        self.process.terminate()
        self.process.communicate(timeout=60)
        return self.process.returncode

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.main != self.process.pid:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.main, signal.SIGKILL)
        self.process.kill()
        self.process.communicate(timeout=30)
        self._socket.close()
        os.unlink(self.folder / "notify")
        self.folder.rmdir()
