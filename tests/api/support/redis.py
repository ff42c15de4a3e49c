"""A Redis server with settings of its own, as a site may have them."""

import shutil
import subprocess

from support.leash import leashed, new_folder
from support.network import HERE
from support.port import free_port
from support.wait import wait_for


def program():
    """redis-server; the package redis-tools has it under another name."""
    return shutil.which("redis-server") or shutil.which("redis-check-rdb")


class Redis:
    """Redis(lines, certificates): a server at a port of 127.0.0.1, with TLS if certificates are
    given; on a machine of a Network at the usual port. Used in a `with`."""

    def __init__(self, lines="", certificates=None, machine=HERE):
        self.folder = new_folder("confab-redis-")
        self.machine = machine
        self.port = free_port() if machine is HERE else 6379
        self.options = []
        network = f"port {self.port}"
        if certificates:
            network = (f"port 0\ntls-port {self.port}\ntls-cert-file {certificates.server}\n"
                       f"tls-key-file {certificates.server_key}\n"
                       f"tls-ca-cert-file {certificates.ca}\ntls-auth-clients no")
            self.options = ["--tls", "--cacert", str(certificates.ca)]
        (self.folder / "redis.conf").write_text(
            f"bind {machine.address}\nprotected-mode no\n{network}\ndir {self.folder}\nsave \"\"\n{lines}\n")
        (self.folder / "redis-server").symlink_to(program())
        self.process = None

    def __enter__(self):
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(
                leashed(self.machine.enter([self.folder / "redis-server",
                                            self.folder / "redis.conf"])),
                stdout=log, stderr=log, start_new_session=True)
        wait_for(lambda: self.command("PING") in ("PONG", "NOAUTH Authentication required."), 20)
        return self

    def command(self, *words):
        done = subprocess.run(
            self.machine.enter(["redis-cli", "-h", self.machine.address, "-p", str(self.port),
                                *self.options, *map(str, words)]),
            capture_output=True, text=True, timeout=20)
        return done.stdout.strip()

    @property
    def env(self):
        """The configuration of an instance that uses this server."""
        return {"CONFAB_REDIS_SOCKET": "", "CONFAB_REDIS_HOST": "127.0.0.1",
                "CONFAB_REDIS_PORT": str(self.port), "CONFAB_REDIS_TIMEOUT": "1000"}

    def __exit__(self, *error):
        self.process.kill()
        self.process.wait(20)
        shutil.rmtree(self.folder, ignore_errors=True)
