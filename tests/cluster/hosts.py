"""Hosts on this machine: each has a network, processes and files of its own (namespaces), and the
programs of this build as `make install` lays them out. Commands of the documentation can be typed
on them as on a Debian 12. Requires root."""

import contextlib
import ctypes
import os
import shutil
import subprocess
from pathlib import Path

from support.build import build_folder
from support.instance import ROOT
from support.leash import leashed, new_folder
from support.wait import wait_for

HERE = Path(__file__).resolve().parent
# What a host has of its own; the rest of the file system is that of the machine.
OWN_FOLDERS = ("etc", "var", "run", "root")
PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
CLONE_NEWNET = 0x40000000
# Programs of packages that contain a service, which are taken out of them.
EXTRACTED = {"wsrep_sst_common": "mariadb-server", "wsrep_sst_mariabackup": "mariadb-server",
             "galera_new_cluster": "mariadb-server"}


def extracted_programs():
    """A folder with the programs of EXTRACTED."""
    folder = ROOT / "build" / "cluster-bin"
    for name, package in EXTRACTED.items():
        subprocess.run([ROOT / "scripts" / "packages", "--file", package, f"usr/bin/{name}",
                        folder / name], check=True, timeout=300)
    return folder


def install(folder):
    """Runs `make install` for the build under test, without building."""
    subprocess.run(
        ["make", "-s", "-o", "all", "install", f"DESTDIR={folder}",
         f"BUILD={os.path.relpath(build_folder(), ROOT)}"], cwd=ROOT, check=True, timeout=120,
        capture_output=True)


class Host:
    """One host; `addresses` are those of its eth0, with the length of the network."""

    def __init__(self, name, folder, *addresses):
        self.name = name
        self.folder = folder / name
        self.addresses = addresses
        for own in OWN_FOLDERS:
            for layer in ("upper", "work"):
                (self.folder / own / layer).mkdir(parents=True)
        self.process = subprocess.Popen(
            leashed(["unshare", "--net", "--mount", "--pid", "--uts", "--ipc", "--fork",
                     "--kill-child", "--mount-proc", "/usr/bin/python3", "-B",
                     HERE / "host_init.py", name, self.folder, *OWN_FOLDERS]),
            stdout=subprocess.PIPE, text=True)
        assert self.process.stdout.readline() == "ready\n"
        child = f"/proc/{self.process.pid}/task/{self.process.pid}/children"
        self.pid = int(Path(child).read_text())

    def connect(self, switch):
        """Plugs eth0 into the bridge of another host."""
        port = f"to-{self.name}"
        switch.run(f"ip link add {port} type veth peer name eth0 netns {self.pid} && "
                   f"ip link set {port} master br0 up", pids=False)
        self.run("ip link set eth0 up; " + "; ".join(
            f"ip address add {address} dev eth0" for address in self.addresses))

    def _enter(self, pids):
        return ["nsenter", "--target", str(self.pid), "--net", "--mount", "--uts", "--ipc",
                *(["--pid"] if pids else []), "env", "-C", "/root", "-i", f"PATH={PATH}", "HOME=/root",
                "LC_ALL=C.UTF-8"]

    def run(self, script, pids=True):
        """Types a script; returns its output. Without `pids` it sees the processes of all."""
        done = subprocess.run(
            [*self._enter(pids), "bash", "-euo", "pipefail", "-c", script], text=True,
            stdin=subprocess.DEVNULL, capture_output=True, timeout=300)
        assert done.returncode == 0, f"{self.name}: {script}\n{done.stdout}{done.stderr}"
        return done.stdout

    def read(self, path):
        """The bytes of a file of the host."""
        return subprocess.run([*self._enter(True), "cat", path], check=True, timeout=60,
                              capture_output=True).stdout

    def unplug(self):
        """All of its processes end at once, as in a power failure."""
        self.process.kill()
        self.process.wait(20)

    @contextlib.contextmanager
    def network(self):
        """Within the block this thread, and those that it starts, use the host's network."""
        libc = ctypes.CDLL(None, use_errno=True)

        def enter(network):
            assert libc.setns(network.fileno(), CLONE_NEWNET) == 0, ctypes.get_errno()
        with open("/proc/thread-self/ns/net") as own, open(f"/proc/{self.pid}/ns/net") as other:
            enter(other)
            try:
                yield
            finally:
                enter(own)


class Hosts:
    """Used in a `with`. `outside` is where the clients are, and the network."""

    def __init__(self, **addresses):
        self._addresses = addresses
        self._made = []

    def __enter__(self):
        assert os.geteuid() == 0, "hosts need root"
        self.folder = new_folder("confab-hosts-")
        try:
            install(self.folder / "installed")
            (self.folder / "installed/usr/local/bin").mkdir()
            shutil.copytree(extracted_programs(), self.folder / "bin")
            for name in ("systemctl", "apt"):
                shutil.copy(HERE / "bin" / name, self.folder / "bin")
            self.outside = self._add("outside")
            self.outside.run("ip link add br0 type bridge && ip link set br0 up && "
                             "ip address add 10.0.9.1/16 dev br0 && "
                             "ip address add 192.0.2.1/24 dev br0")
            for name, addresses in self._addresses.items():
                self._add(name, *addresses).connect(self.outside)
        except BaseException:
            self.__exit__()
            raise
        return self

    def _add(self, name, *addresses):
        host = Host(name, self.folder, *addresses)
        self._made.append(host)
        setattr(self, name, host)
        return host

    def __exit__(self, *error):
        for host in self._made:
            host.process.kill()
            host.process.wait(20)
        # The kernel ends their processes a moment later.
        wait_for(lambda: shutil.rmtree(self.folder, ignore_errors=True)
                 or not self.folder.exists(), 30, "the end of the hosts")
