"""A cluster of machines (network namespaces) with the addresses and the files of conf/cluster:
three databases, each with a Redis and a Sentinel; two hosts, of which the clock of the second is
two seconds ahead; HAProxy and the clients on one more."""

import re
import socket
import subprocess
import sys
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "tests" / "api"), str(ROOT / "tests")]

from support.build import build_folder  # noqa: E402
from support.galera import Galera, is_ready  # noqa: E402
from support.instance import Instance  # noqa: E402
from support.leash import leashed  # noqa: E402
from support.network import Network  # noqa: E402
from support.sentinel import Replicated  # noqa: E402
from support.wait import wait_for  # noqa: E402

OWN = "10.0.2.1"
DATABASES = {"db1": "10.0.0.1", "db2": "10.0.0.2", "db3": "10.0.0.3"}
HOSTS = {"web1": "10.0.1.1", "web2": "10.0.1.2"}

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
    """conf/cluster/haproxy.cfg, as it is but for its user and its log. It is used like an
    Instance."""

    port = 80
    url = "http://127.0.0.1:80"

    def __init__(self, folder):
        self.file = folder / "haproxy.cfg"
        self.control = folder / "control"
        self.log_file = folder / "haproxy.log"
        text = (ROOT / "conf" / "cluster" / "haproxy.cfg").read_text()
        text = re.sub(r"^    (user|group) haproxy\n|^    daemon\n", "", text, flags=re.MULTILINE)
        text = text.replace("maxconn 100000", f"maxconn 1000\n    stats socket {self.control}\n"
                            "    log stdout format raw local0")
        text = text.replace("    mode http\n", "    mode http\n    log global\n    option httplog\n")
        self.file.write_text(text)
        self.process = None

    def __enter__(self):
        with self.log_file.open("wb") as log:
            self.process = subprocess.Popen(leashed(["haproxy", "-f", self.file]), stdout=log, stderr=log)
        wait_for(self.control.exists, 20, "HAProxy")
        return self

    def __exit__(self, *error):
        self.process.kill()
        self.process.wait(20)

    def is_up(self, name):
        """Whether it sends requests to this host."""
        with socket.socket(socket.AF_UNIX) as control:
            control.settimeout(20)
            control.connect(str(self.control))
            control.sendall(b"show stat\n")
            lines = control.makefile().read().splitlines()
        return any(line.startswith(f"hosts,{name},") and ",UP," in line for line in lines)

    def log(self):
        return self.log_file.read_text()[-4000:]


class Cluster:
    """`network`, `galera`, `redis`, `hosts` (two instances) and `front` (HAProxy)."""

    def __init__(self, folder):
        self._folder = folder
        self._stack = ExitStack()

    def __enter__(self):
        with ExitStack() as stack:
            self.network = stack.enter_context(Network(OWN, **DATABASES, **HOSTS))
            databases = [self.network.machines[name] for name in DATABASES]
            self.galera = stack.enter_context(Galera(machines=databases))
            self.redis = stack.enter_context(Replicated(machines=databases))
            env = {**self.galera.env(0, 1, 2), **self.redis.env, "CONFAB_PROCESSES": "4",
                   "CONFAB_TRUSTED_PROXIES": OWN, "CONFAB_DRAIN_WAIT": "3", "CONFAB_DRAIN_TIME": "1",
                   "CONFAB_REDIS_TIMEOUT": "50", "ELSEWHERE": "database redis",
                   # A reader that was away for long gets no resync.
                   "CONFAB_REPLAY_LIMIT": "100000"}
            ahead = {"BUILD": programs_ahead(self._folder / "ahead")}
            self.hosts = []
            for name, own in (("web1", {}), ("web2", ahead)):
                host = Instance(machine=self.network.machines[name], **env, **own)
                stack.callback(host.close)
                self.hosts.append(host.start())
            self.front = stack.enter_context(HAProxy(self._folder))
            self.settle()
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *error):
        self._stack.close()

    def settle(self):
        """Waits until everything is together and up."""
        for node in self.galera.nodes:
            wait_for(lambda node=node: is_ready(node), 120, "a database to be with the others")
        for host in self.hosts:
            wait_for(lambda host=host: self.front.is_up(host.machine.name), 60, "HAProxy")

    @contextmanager
    def apart(self, **env):
        """The second host writes through another database than the first. `env` is more of its
        configuration."""
        host = self.hosts[1]
        before = dict(host.env)
        self._restart(host, {**before, **self.galera.env(1, 2, 0), **env})
        try:
            yield
        finally:
            self._restart(host, before)

    def _restart(self, host, env):
        host.env = env
        for server in ("api", "push"):
            host.end(server, 9)
        host.start()
        self.settle()


@pytest.fixture(scope="session")
def cluster(tmp_path_factory):
    with Cluster(tmp_path_factory.mktemp("cluster")) as made:
        yield made
