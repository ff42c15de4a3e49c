"""The bare parts that confab consists of, programs of bench/floor/.

    F   a FastCGI program with a constant answer, behind the same lighttpd
    S   a prepared SELECT over the same socket, its rows fetched and dropped
    C   the bare transaction of a message over the same socket
    H   argon2id
"""

import http.client
import socket
import subprocess
import time

import load
from paths import FLOOR, STATE

QUERY_CONNECTIONS = 8


class Fcgi:
    """F: the processes, and a lighttpd of their own with the configuration of the instance except
    socket and port."""

    def __init__(self, instance, status, size):
        self.socket = STATE / "sock" / "floor.sock"
        self.command = [FLOOR / "fcgi", self.socket, instance.processes(), status, size]
        self.port = _free_port()
        config = STATE / "floor-lighttpd.conf"
        config.write_text("".join(self._lines(instance)))
        self.processes = _start(self.command, "floor-process")
        self.web = _start(["lighttpd", "-D", "-f", config], "floor-web")
        self._await(status)

    def _lines(self, instance):
        for line in (STATE / "lighttpd.conf").read_text().splitlines(keepends=True):
            if line.startswith("var.confab_fastcgi"):
                line = f'var.confab_fastcgi = ( "socket" => "{self.socket}" )\n'
            if not line.startswith("$SERVER["):
                yield line.replace(str(instance.port), str(self.port))

    def _await(self, status):
        deadline = time.monotonic() + 10
        while True:
            try:
                connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
                connection.request("GET", "/api/")
                if connection.getresponse().status == int(status):
                    return
            except OSError:
                pass
            finally:
                connection.close()
            if time.monotonic() > deadline:
                raise load.LoadFailed("the floor's lighttpd does not answer")
            time.sleep(0.02)

    def groups(self):
        return {"web": self.web.pid, "process": self.processes.pid}

    def close(self):
        for server in (self.web, self.processes):
            server.terminate()
            server.wait()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


def _free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def _start(command, name):
    with open(STATE / "log" / f"{name}.log", "ab") as log:
        return subprocess.Popen(list(map(str, command)), stdin=subprocess.DEVNULL, stdout=log,
                                stderr=log, cwd=STATE, start_new_session=True)


def query(instance, sql, seconds, connections=QUERY_CONNECTIONS):
    """S."""
    command = query_command(instance, seconds, connections)
    return load.measure(lambda: load.run_json(command, sql),
                        {"database": instance.pid("database")}, "client")


def query_command(instance, seconds, connections=QUERY_CONNECTIONS):
    return [FLOOR / "query", instance.socket, "confab", connections, seconds]


def commit(instance, places, form, seconds, connections=load.CONNECTIONS):
    """C; `form` is compound or statements, `places` are pairs of room and sender."""
    lines = "".join(f"{room} {user}\n" for room, user in places)
    command = commit_command(instance, form, seconds, connections)
    return load.measure(lambda: load.run_json(command, lines),
                        {"database": instance.pid("database")}, "client")


def commit_command(instance, form, seconds, connections=load.CONNECTIONS):
    return [FLOOR / "commit", instance.socket, "confab", connections, seconds, form]


def hash_password(instance, processes, seconds):
    """H, at the configured cost."""
    command = hash_command(instance, processes, seconds)
    return load.measure(lambda: load.run_json(command), {}, "client")


def hash_command(instance, processes, seconds):
    return [FLOOR / "hash", processes, seconds, instance.option("password_passes"),
            instance.option("password_memory")]
