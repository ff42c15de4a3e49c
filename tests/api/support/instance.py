"""A private instance: MariaDB, Redis, fcgi-api, pushd and lighttpd in their own folder, and
confab-worker if it is asked for."""

import contextlib
import os
import pwd
import re
import shutil
import signal
import socket
import subprocess
from pathlib import Path
from urllib.parse import unquote

from support import fastcgi, template
from support.build import ROOT, build_folder
from support.leash import new_folder
from support.network import HERE
from support.published import Subscription
from support.schema import check_answer
from support.wait import wait_for

SCRIPT = ROOT / "scripts" / "instance"
PREFIX = "confab:"

# Cheapest password hashing, for all tests but those of the hashing itself. A longer redis_timeout
# than the default, because tests keep both processors busy, and a request that gives up on Redis
# does not publish its event at once.
DEFAULTS = {"CONFAB_RATE_LIMITS": "off", "CONFAB_PASSWORD_MEMORY": "8",
            "CONFAB_PASSWORD_PASSES": "1", "CONFAB_REDIS_TIMEOUT": "200"}


class Instance:
    """Started by start(), ended by close(). Keyword arguments are environment variables of
    scripts/instance and of the servers: CONFAB_<KEY>, PORT, LISTEN, CGI, DEMO, ELSEWHERE (servers
    that the configuration names, and that are not to be started), MADE_PAGE, WORKER (0 unless a
    test wants confab-worker, whose statements would disturb those that count them). With `quick`
    the first start copies a prepared database instead of installing one, and the page is served
    from where it was made once. A server that a test ends stays dead (SUPERVISE). On a machine of a
    Network it has the usual port."""

    def __init__(self, quick=False, machine=HERE, **env):
        self.build = build_folder()
        self.machine = machine
        self._quick = quick
        self.state = new_folder()
        self.config = self.state / "confab.conf"
        self.port = None
        own = {"STATE": str(self.state), "PORT": "0", "DEMO": "0", "SUPERVISE": "0", "WORKER": "0",
               "LEASH": str(os.getpid()), "BUILD": str(self.build)}
        foreign = ("LISTEN", "CGI", "MAKEFLAGS", "ELSEWHERE", "MADE_PAGE")
        clean = {key: value for key, value in os.environ.items()
                 if not key.startswith("CONFAB_") and key not in foreign}
        if quick:
            own["MADE_PAGE"] = str(template.page())
        if machine is not HERE:
            own.update(LISTEN=machine.address, PORT="80")
        self.env = {**clean, **own, **DEFAULTS, **{key: str(value) for key, value in env.items()}}

    @property
    def url(self):
        return f"http://{self.address}:{self.port}"

    @property
    def address(self):
        return self.machine.address

    # ---- starting and stopping ----

    def start(self):
        """Starts the servers that do not run."""
        self.prepare()
        self._script("start")
        self.port = int((self.state / "run" / "web").read_text().split()[0])
        return self

    def prepare(self):
        """Copies the database, if this is the first start and `quick`."""
        if (self._quick and "database" not in self.env.get("ELSEWHERE", "")
                and not (self.state / "db").exists()):
            template.copy_to(self.state / "db", self.make_template)

    def stop(self):
        """Stops all servers and keeps the data."""
        self._script("stop")

    def close(self):
        """Ends all servers and removes the data. MariaDB and Redis are killed: nothing of
        theirs is kept."""
        stopping = {}
        for server, number in [("web", signal.SIGTERM), ("push", signal.SIGTERM),
                               ("worker", signal.SIGTERM), ("api", signal.SIGTERM),
                               ("redis", signal.SIGKILL),
                               ("database", signal.SIGKILL)]:
            if (pid := self._running(server)) is not None:
                with contextlib.suppress(ProcessLookupError):  # it may end at once
                    os.kill(pid, number)
                    os.kill(pid, signal.SIGCONT)  # in case a test stopped it
                stopping[server] = pid
        try:
            for server, pid in stopping.items():
                wait_for(lambda pid=pid: not is_alive(pid), 60, f"the end of {server}")
        finally:
            for pid in stopping.values():
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(pid, signal.SIGKILL)
            shutil.rmtree(self.state, ignore_errors=True)

    def reload(self):
        """Reloads the configuration."""
        self._script("reload")

    def end(self, server, number=signal.SIGTERM):
        """Ends one server without scripts/instance; start() starts it again."""
        pid = self.pids(server)
        os.kill(pid, number)
        wait_for(lambda: not is_alive(pid), 60, f"the end of {server}")

    @staticmethod
    def make_template(folder):
        """Copies the database of a new instance, after its first start, to `folder`."""
        fresh = Instance()
        try:
            fresh.start().stop()
            shutil.copytree(fresh.state / "db", folder)
        finally:
            fresh.close()

    def _script(self, verb):
        done = subprocess.run(self.machine.enter([str(SCRIPT), verb]), env=self.env, cwd=ROOT,
                              text=True, timeout=240, stdin=subprocess.DEVNULL,
                              capture_output=True)
        if done.returncode != 0:
            raise RuntimeError(f"scripts/instance {verb} failed:\n{done.stdout}{done.stderr}")

    # ---- the servers' processes ----

    def pids(self, server):
        """The pid of "database", "redis", "api" (the parent), "push", "worker" or "web"."""
        return int((self.state / "run" / f"{server}.pid").read_text().split()[0])

    def _running(self, server):
        """The pid of a server if it is running, else None."""
        try:
            pid, start_time, _ = (self.state / "run" / f"{server}.pid").read_text().split()
        except (FileNotFoundError, ValueError):
            return None
        fields = _stat(int(pid))
        return int(pid) if fields and fields[19] == start_time and fields[0] not in "ZX" else None

    def api_workers(self):
        """The sorted pids of the processes of fcgi-api that serve requests."""
        parent = self.pids("api")
        return sorted(pid for pid in children(parent) if is_alive(pid))

    def log(self):
        """The log of fcgi-api."""
        return (self.state / "log" / "api.log").read_text(errors="replace")

    # ---- SQL, Redis, confabctl ----

    def sql_command(self):
        """The command line of a mariadb client connected to this database."""
        return ["mariadb", "--no-defaults", f"--socket={self.state}/sock/db.sock",
                f"--user={pwd.getpwuid(os.getuid()).pw_name}", "--batch", "--skip-column-names",
                "--default-character-set=utf8mb4", "confab"]

    def sql(self, query, *args):
        """Runs statements with the arguments in place of ?. Returns rows as tuples, in which
        NULL is None, a whole number is an int and anything else a str."""
        done = subprocess.run(self.sql_command(), input=bind(query, args).encode(),
                              capture_output=True, timeout=60)
        if done.returncode != 0:
            raise RuntimeError(f"{query}: {done.stderr.decode(errors='replace')}")
        lines = done.stdout.decode(errors="replace").split("\n")[:-1]
        return [tuple(read_value(value) for value in line.split("\t")) for line in lines]

    def redis(self, *args):
        """The output of redis-cli without the final line feed."""
        command = ["redis-cli", "-s", f"{self.state}/sock/redis.sock", *map(str, args)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=30, check=True)
        return done.stdout.rstrip("\n")

    def subscribe(self, pattern="*"):
        """A Subscription to "room:5", "user:*" or "*"."""
        if not pattern.startswith(PREFIX):
            pattern = PREFIX + pattern
        return Subscription(self.state / "sock" / "redis.sock", pattern)

    def confabctl(self, *args, input=None):
        """Runs confabctl; returns the completed process."""
        command = [str(self.build / "confabctl"), "-c", str(self.config), *map(str, args)]
        where = {"stdin": subprocess.DEVNULL} if input is None else {"input": input}
        return subprocess.run(self.machine.enter(command), env=self.env, capture_output=True,
                              text=True, timeout=60, **where)

    # ---- raw FastCGI and raw HTTP ----

    def fcgi_params(self, path, method="GET", body=b"", content_length=None, params=None):
        """The variables that lighttpd sends, updated with `params`; None removes one."""
        target, _, query = path.partition("?")
        all_of_them = {
            "REQUEST_METHOD": method, "REQUEST_URI": path, "SCRIPT_NAME": "",
            "PATH_INFO": unquote(target), "QUERY_STRING": query, "SERVER_PROTOCOL": "HTTP/1.1",
            "GATEWAY_INTERFACE": "CGI/1.1", "REQUEST_SCHEME": "http", "REMOTE_ADDR": "127.0.0.1",
            "SERVER_NAME": "127.0.0.1", "SERVER_PORT": str(self.port),
            "HTTP_HOST": f"127.0.0.1:{self.port}",
            "CONTENT_LENGTH": len(body) if content_length is None else content_length,
        }
        if body:
            all_of_them["CONTENT_TYPE"] = "application/json"
        all_of_them.update(params or {})
        return {name: value for name, value in all_of_them.items() if value is not None}

    def fcgi(self, path, method="GET", params=None, body=b"", content_length=None, token=None):
        """Sends one request over raw FastCGI; returns (status, headers, body)."""
        given = dict(params or {})
        if token:
            given["HTTP_AUTHORIZATION"] = f"Token {token}"
        variables = self.fcgi_params(path, method, body, content_length, given)
        answer = fastcgi.call(self.state / "sock" / "fcgi.sock", variables, body)
        check_answer(method, variables.get("REQUEST_URI", path), *answer)
        return answer

    def raw(self, data, half_close=False, seconds=30):
        """Sends bytes to lighttpd; returns what it sends until it closes."""
        with socket.create_connection(("127.0.0.1", self.port), seconds) as connection:
            try:
                connection.sendall(data)
                if half_close:
                    connection.shutdown(socket.SHUT_WR)
            except (BrokenPipeError, ConnectionResetError):
                pass  # lighttpd stopped reading; its response may still be readable
            answer = b""
            while True:
                try:
                    piece = connection.recv(65536)
                except ConnectionResetError:
                    return answer
                if not piece:
                    return answer
                answer += piece


# ---- processes ----

def _stat(pid):
    """The fields of /proc/PID/stat from the state on; None when there is no such process."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return None


def is_alive(pid):
    """False once it has closed all its files: a process that is killed has the state Z while its
    other threads still end, and its sockets accept connections until the last of them has."""
    fields = _stat(pid)
    return fields is not None and (fields[0] not in "ZX" or int(fields[17]) > 1)


def children(parent):
    """The pids of the children of a process."""
    try:
        return [int(pid) for pid in
                Path(f"/proc/{parent}/task/{parent}/children").read_text().split()]
    except (FileNotFoundError, ProcessLookupError):
        return []


def running(program):
    """The pids of the processes that run the program at this path."""
    found = []
    for entry in os.listdir("/proc"):
        with contextlib.suppress(OSError):
            if entry.isdigit() and os.readlink(f"/proc/{entry}/exe") == str(program):
                found.append(int(entry))
    return found


# ---- SQL ----

def quote(value):
    """An SQL literal, safe for any content."""
    if value is None:
        return "NULL"
    if isinstance(value, (bool, int)):
        return str(int(value))
    if isinstance(value, bytes):
        return f"x'{value.hex()}'"
    return f"_utf8mb4 x'{str(value).encode().hex()}'"


def bind(query, args):
    parts = query.split("?")
    assert len(parts) == len(args) + 1, f"{len(args)} arguments for: {query}"
    return parts[0] + "".join(quote(arg) + part for arg, part in zip(args, parts[1:]))


ESCAPES = {"\\t": "\t", "\\n": "\n", "\\0": "\0", "\\\\": "\\"}


def read_value(text):
    if text == "NULL":
        return None
    if re.fullmatch(r"0|-?[1-9][0-9]*", text):
        return int(text)
    return re.sub(r"\\[tn0\\]", lambda match: ESCAPES[match[0]], text)
