"""A cluster on this machine: three databases, Redis with Sentinels, two hosts behind HAProxy. The
clock of the second host is two seconds ahead."""

import re
import socket
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "api"))

from support.build import build_folder  # noqa: E402
from support.galera import Galera  # noqa: E402
from support.instance import Instance  # noqa: E402
from support.leash import leashed  # noqa: E402
from support.port import free_port  # noqa: E402
from support.sentinel import Replicated  # noqa: E402
from support.wait import wait_for  # noqa: E402


# What counts intervals goes by the real clock.
WRAPPER = """#!/bin/sh
LD_PRELOAD=$(echo /usr/lib/*/faketime/libfaketime.so.1) FAKETIME=+2s DONT_FAKE_MONOTONIC=1
export LD_PRELOAD FAKETIME DONT_FAKE_MONOTONIC
exec {program} "$@"
"""


def programs_ahead(folder):
    """A build folder with fcgi-api and pushd under a clock that is two seconds ahead."""
    folder.mkdir()
    for file in build_folder().iterdir():
        if file.name not in ("fcgi-api", "pushd"):
            (folder / file.name).symlink_to(file.resolve())
            continue
        (folder / file.name).write_text(WRAPPER.format(program=file.resolve()))
        (folder / file.name).chmod(0o755)
    return folder


class HAProxy:
    """conf/cluster/haproxy.cfg, with ports of 127.0.0.1. It is used like an Instance."""

    def __init__(self, hosts, folder):
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.file = folder / "haproxy.cfg"
        self.control = folder / "control"
        text = (ROOT / "conf" / "cluster" / "haproxy.cfg").read_text()
        text = re.sub(r"^    (user|group) haproxy\n|^    daemon\n", "", text, flags=re.MULTILINE)
        text = text.replace("maxconn 100000",
                            f"maxconn 1000\n    stats socket {self.control}")
        text = text.replace("bind :80", f"bind 127.0.0.1:{self.port}")
        for number, host in enumerate(hosts, 1):
            text = text.replace(f"10.0.1.{number}:80", f"127.0.0.1:{host.port}")
        self.file.write_text(text)
        self.process = None

    def __enter__(self):
        self.process = subprocess.Popen(leashed(["haproxy", "-f", self.file]))
        return self

    def __exit__(self, *error):
        self.process.kill()
        self.process.wait(20)

    def log(self):
        return ""


class Cluster:
    """`galera`, `redis`, `hosts` (two instances) and `front` (HAProxy)."""

    def __init__(self, folder):
        self._folder = folder
        self._stack = ExitStack()

    def __enter__(self):
        with ExitStack() as stack:
            self.galera = stack.enter_context(Galera(count=3))
            self.redis = stack.enter_context(Replicated(count=3))
            env = {**self.galera.env(0, 1, 2), **self.redis.env, "CONFAB_PROCESSES": "4",
                   "CONFAB_TRUSTED_PROXIES": "127.0.0.1", "CONFAB_DRAIN_WAIT": "4",
                   "CONFAB_REDIS_TIMEOUT": "50"}
            self.hosts = []
            for own in ({}, {"BUILD": programs_ahead(self._folder / "ahead")}):
                host = Instance(quick=True, **env, **own)
                stack.callback(host.close)
                self.hosts.append(host.start())
            self.front = stack.enter_context(HAProxy(self.hosts, self._folder))
            wait_for(self._serves, 30, "HAProxy")
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *error):
        self._stack.close()

    def is_up(self, number):
        """Whether HAProxy sends requests to this host."""
        with socket.socket(socket.AF_UNIX) as control:
            control.settimeout(20)
            control.connect(str(self.front.control))
            control.sendall(b"show stat\n")
            lines = control.makefile().read().splitlines()
        return any(line.startswith(f"hosts,web{number + 1},") and ",UP," in line
                   for line in lines)

    def _serves(self):
        done = subprocess.run(["curl", "-s", "-o", "/dev/null", "-w", "%{http_code}",
                               f"{self.front.url}/healthz"], capture_output=True, text=True,
                              timeout=20)
        return done.stdout == "200"


@pytest.fixture(scope="session")
def cluster(tmp_path_factory):
    with Cluster(tmp_path_factory.mktemp("cluster")) as made:
        yield made
