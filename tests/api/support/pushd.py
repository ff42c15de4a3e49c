"""A pushd beside the one of an instance, on the same Redis and database."""

import os
import subprocess
import tempfile
from pathlib import Path

import requests

from support.wait import wait_for


class Pushd:
    """Runs in a `with`. Its configuration is the instance's and the options given, in a file
    of its own: configure() writes it anew. `before` is a command that starts it, `arguments`
    are more of its own, `program` is another one than the one under test."""

    def __init__(self, instance, before=(), arguments=(), program=None, **options):
        self.instance = instance
        self._program = program or instance.build / "pushd"
        self.folder = Path(tempfile.mkdtemp(prefix="pushd-", dir=instance.state))
        self.log_file = self.folder / "log"
        self._before = list(before)
        self._arguments = list(arguments)
        self._options = {"push_listen": "127.0.0.1:0", "metrics_listen": "127.0.0.1:0", **options}
        self.process = None

    def configure(self, **options):
        """What is written in the environment would win over the file, so it is left out."""
        self._options.update(options)
        lines = [f"{key} = {value}" for key, value in self._options.items()]
        text = "\n".join([self.instance.config.read_text(), *lines, ""])
        (self.folder / "confab.conf").write_text(text)

    def launch(self):
        """Starts the process without waiting for anything."""
        self.configure()
        env = {key: value for key, value in self.instance.env.items()
               if key.removeprefix("CONFAB_").lower() not in self._options}
        with self.log_file.open("ab") as log:
            self.process = subprocess.Popen(
                [*self._before, str(self._program), "-c",
                 str(self.folder / "confab.conf"), "--ports-file", str(self.folder / "ports"),
                 *self._arguments],
                env=env, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        return self

    def __enter__(self):
        self.launch()
        try:
            wait_for(self._is_up, 30, "the start of pushd")
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait(30)

    def _is_up(self):
        assert self.process.poll() is None, self.log()
        try:
            return self.ports()
        except (OSError, ValueError, KeyError):
            return None  # the file is not there, or not complete

    def ports(self):
        """(for sockets, for figures)"""
        lines = (self.folder / "ports").read_text().split()
        numbers = dict(line.split("=") for line in lines)
        return int(numbers["push"]), int(numbers["metrics"])

    @property
    def port(self):
        """To be given as `direct` to a socket."""
        return self.ports()[0]

    def log(self):
        return self.log_file.read_text(errors="replace")

    def get(self, path, **options):
        """Asks where health and figures are served."""
        return ask(self.ports()[1], path, **options)

    def signal(self, number):
        os.kill(self.process.pid, number)

    def end(self, seconds=60):
        """Waits for its end: the exit status."""
        return self.process.wait(seconds)


def ask(port, path, **options):
    with requests.Session() as http:
        http.trust_env = False
        return http.request(options.pop("method", "GET"), f"http://127.0.0.1:{port}{path}",
                            timeout=30, **options)
