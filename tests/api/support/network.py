"""Machines that a test can cut off from one another: network namespaces on a bridge."""

import os
import subprocess
from contextlib import ExitStack

from support.leash import leashed
from support.wait import wait_for


class Machine:
    """An address, and the way to run a command there. This one is the machine of the tests."""

    address = "127.0.0.1"

    def enter(self, command):
        """The command, run on this machine."""
        return list(command)


HERE = Machine()


class _Namespace(Machine):
    """A machine of a Network. Its name is that of its port of the bridge, too."""

    def __init__(self, name, address):
        self.name = name
        self.address = address
        self._holder = None

    def start(self):
        self._holder = subprocess.Popen(leashed(["unshare", "--net", "sleep", "infinity"]))
        own = os.readlink("/proc/self/ns/net")
        wait_for(lambda: os.readlink(self._file()) != own, 20, "a network namespace")
        return self

    def _file(self):
        return f"/proc/{self._holder.pid}/ns/net"

    @property
    def pid(self):
        return self._holder.pid

    def enter(self, command):
        return ["nsenter", f"--net={self._file()}", "--", *command]

    def stop(self):
        self._holder.kill()
        self._holder.wait(20)


class Network:
    """Network("10.0.2.1", db1="10.0.0.1", ...): `machines` by name, on one network with this
    process, which has the first address. Used in a `with`, by a process that has a network
    namespace of its own (unshare --net)."""

    def __init__(self, own, **addresses):
        self._own = own
        self.machines = {name: _Namespace(name, address) for name, address in addresses.items()}
        self._stack = ExitStack()

    def __enter__(self):
        links = _ip("-o", "link").splitlines()
        assert len(links) == 1, "unshare --net is needed: " + "".join(links)
        with ExitStack() as stack:
            _ip("link", "set", "lo", "up")
            for bridge in ("near", "far"):
                _ip("link", "add", bridge, "type", "bridge")
                stack.callback(_ip, "link", "delete", bridge)
                _ip("link", "set", bridge, "up")
            _ip("address", "add", f"{self._own}/16", "dev", "near")
            for machine in self.machines.values():
                stack.callback(machine.start().stop)
                self._connect(machine)
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *error):
        self._stack.close()

    def _connect(self, machine):
        _ip("link", "add", machine.name, "type", "veth", "peer", "name", "eth0", "netns",
            str(machine.pid))
        _ip("link", "set", machine.name, "master", "near", "up")
        for line in (["link", "set", "lo", "up"], ["link", "set", "eth0", "up"],
                     ["address", "add", f"{machine.address}/16", "dev", "eth0"]):
            subprocess.run(machine.enter(["ip", *line]), check=True, timeout=20)

    def cut_off(self, *machines):
        """These reach one another, and no others, until they are joined again. Connections do not
        notice: what is sent is lost."""
        for machine in machines:
            _ip("link", "set", machine.name, "master", "far")

    def join(self):
        for name in self.machines:
            _ip("link", "set", name, "master", "near")


def _ip(*words):
    return subprocess.run(["ip", *words], check=True, capture_output=True, text=True,
                          timeout=20, env={**os.environ, "PATH": os.environ["PATH"] + ":/usr/sbin:/sbin"}).stdout
