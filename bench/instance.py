"""The instance of the bench: production settings, rate limits off."""

import http.client
import os
import pwd
import re
import shutil
import subprocess
import time

from paths import BUILD, ROOT, STATE
from proc import children

USER = pwd.getpwuid(os.getuid()).pw_name


class Instance:
    def __init__(self):
        self.port = None
        own = {"STATE": str(STATE), "PORT": "0", "DEMO": "0", "SUPERVISE": "0",
               "BUILD": str(BUILD)}
        clean = {key: value for key, value in os.environ.items()
                 if not key.startswith("CONFAB_") and key not in ("LISTEN", "CGI", "MAKEFLAGS")}
        self.env = {**clean, **own}
        self.socket = STATE / "sock" / "db.sock"

    # ---- starting and stopping ----

    def create(self):
        """Starts an empty instance, after removing that of an interrupted run. Limits are off in the
        file, since lighttpd does not pass the environment to plain CGI."""
        self.remove()
        self.start()
        self._written = (STATE / "confab.conf").read_text()
        self.configure()

    def start(self, **env):
        self._script("start", env)
        self.port = int((STATE / "run" / "web").read_text().split()[0])

    def stop(self):
        self._script("stop", {})

    def remove(self):
        if STATE.exists():
            self.stop()
            shutil.rmtree(STATE)

    def _script(self, verb, env):
        done = subprocess.run([ROOT / "scripts" / "instance", verb], env={**self.env, **env},
                              cwd=ROOT, stdin=subprocess.DEVNULL, capture_output=True, text=True,
                              start_new_session=True)
        if done.returncode != 0:
            raise RuntimeError(f"scripts/instance {verb} failed:\n{done.stdout}{done.stderr}")

    def configure(self, **keys):
        """Reloads fcgi-api with these keys and the initial values of all others; returns when no
        old process is left."""
        lines = "".join(f"{key} = {value}\n"
                        for key, value in {"rate_limits": "off", **keys}.items())
        (STATE / "confab.conf").write_text(self._written + lines)
        before = set(self.workers())
        self._script("reload", {})
        deadline = time.monotonic() + 60
        while before & set(self.workers()) or len(self.workers()) != self.processes():
            if time.monotonic() > deadline:
                raise RuntimeError("fcgi-api did not apply its new configuration")
            time.sleep(0.05)

    def option(self, key):
        """A value of the current configuration."""
        done = subprocess.run([BUILD / "fcgi-api", "-c", STATE / "confab.conf", "--dump-config"],
                              env=self.env, capture_output=True, text=True, check=True)
        return re.search(rf"^{key} = (.*)$", done.stdout, re.MULTILINE)[1]

    def processes(self):
        return int(self.option("processes"))

    # ---- its processes ----

    def pid(self, server):
        return int((STATE / "run" / f"{server}.pid").read_text().split()[0])

    def groups(self):
        """The process group of each server."""
        return {file.stem: self.pid(file.stem) for file in sorted(STATE.glob("run/*.pid"))}

    def workers(self):
        return children(self.pid("api"))

    # ---- requests ----

    def request(self, method, path, token=None, body=None, headers=None):
        """(status, headers, body) of one request on a connection of its own."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        sent = dict(headers or {})
        if token:
            sent["Authorization"] = f"Token {token}"
        if body is not None:
            sent["Content-Type"] = "application/json"
        try:
            connection.request(method, path, body=body, headers=sent)
            answer = connection.getresponse()
            return answer.status, answer.headers, answer.read()
        finally:
            connection.close()

    def sql(self, script):
        """Runs statements as the user of the bench; the output as lists of texts."""
        done = subprocess.run(["mariadb", "--no-defaults", f"--socket={self.socket}",
                               f"--user={USER}", "--batch", "--skip-column-names", "confab"],
                              input=script, capture_output=True, text=True)
        if done.returncode != 0:
            raise RuntimeError(f"SQL: ...{done.stderr[-500:]}")
        return [line.split("\t") for line in done.stdout.splitlines()]

    def confabctl(self, *arguments, input=""):
        done = subprocess.run([BUILD / "confabctl", "-c", STATE / "confab.conf", *arguments],
                              env=self.env, input=input, capture_output=True, text=True)
        return done.returncode, done.stdout + done.stderr
