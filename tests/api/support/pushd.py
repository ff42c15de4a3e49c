"""An additional pushd on the Redis and database of an instance."""

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

import requests

from support.leash import end, leashed
from support.metrics import parse, value
from support.wait import wait_for


class Pushd:
    """Runs in a `with`. Its configuration file has the instance's configuration and the given
    options; configure() writes it. `before` is a command that runs the program, `arguments`
    are added to its command line, `program` replaces the one under test."""

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
        """Writes the configuration file with changed options."""
        self._options.update(options)
        lines = [f"{key} = {value}" for key, value in self._options.items()]
        text = "\n".join([self.instance.config.read_text(), *lines, ""])
        (self.folder / "confab.conf").write_text(text)

    def launch(self):
        """Starts the process without waiting until it is ready."""
        self.configure()
        # The environment would take precedence over the file.
        env = {key: value for key, value in self.instance.env.items()
               if key.removeprefix("CONFAB_").lower() not in self._options}
        with self.log_file.open("ab") as log:
            self.process = subprocess.Popen(
                leashed([*self._before, self._program, "-c", self.folder / "confab.conf",
                         "--ports-file", self.folder / "ports", *self._arguments]),
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
        end(self.process)
        shutil.rmtree(self.folder, ignore_errors=True)

    def _is_up(self):
        assert self.process.poll() is None, self.log()
        try:
            return self.ports()
        except (OSError, ValueError, KeyError):
            return None  # the file does not exist yet, or is incomplete

    def ports(self):
        """(the port for sockets, the port for metrics)"""
        lines = (self.folder / "ports").read_text().split()
        numbers = dict(line.split("=") for line in lines)
        return int(numbers["push"]), int(numbers["metrics"])

    @property
    def port(self):
        """For the option `direct` of a socket."""
        return self.ports()[0]

    def log(self):
        return self.log_file.read_text(errors="replace")

    def get(self, path, **options):
        """Requests a path from the port for health and metrics."""
        return ask(self.ports()[1], path, **options)

    def metric(self, name, **labels):
        """The value of one metric; the name is given without confab_."""
        return value(parse(self.get("/metrics").text), f"confab_{name}", **labels)

    def signal(self, number):
        os.kill(self.process.pid, number)

    def end(self, seconds=60):
        """Waits until it ends; returns the exit status."""
        return self.process.wait(seconds)


def ask(port, path, **options):
    with requests.Session() as http:
        http.trust_env = False
        return http.request(options.pop("method", "GET"), f"http://127.0.0.1:{port}{path}",
                            timeout=30, **options)
