"""A MariaDB server with settings of its own, as a site may have them."""

import os
import pwd
import shutil
import subprocess

from support import template
from support.instance import Instance, bind, read_value
from support.leash import leashed, new_folder
from support.network import HERE
from support.port import free_port
from support.wait import wait_for

PROGRAMS = os.environ["PATH"] + ":/usr/sbin:/sbin"


class MariaDB:
    """MariaDB(lines, tcp=True): a server with these lines in its configuration, and an empty
    database `confab`, which the user `site` may use; with `tables`, it has the tables of confab.
    Start it by start() or as a context. On a machine of a Network it has the usual port."""

    def __init__(self, lines="", tcp=False, env=None, machine=HERE, tables=False):
        self.folder = new_folder("confab-db-")
        self._tables = tables
        self.socket = self.folder / "db.sock"
        self.machine = machine
        self.port = (free_port() if machine is HERE else 3306) if tcp else None
        self.process = None
        self._environment = {**os.environ, **(env or {})}
        network = (f"bind-address = {machine.address}\nport = {self.port}\nskip-name-resolve" if tcp
                   else "skip-networking")
        (self.folder / "my.cnf").write_text(
            f"[mariadbd]\ndatadir = {self.folder}/data\nsocket = {self.socket}\n"
            f"tmpdir = {self.folder}\npid-file = {self.folder}/pid\nserver_id = 1\n{network}\n"
            f"innodb_buffer_pool_size = 24M\ninnodb_log_file_size = 16M\n{lines}\n")

    def __enter__(self):
        try:
            return self.start()
        except BaseException:
            self.close()
            raise

    def __exit__(self, *error):
        self.close()

    def start(self, *arguments, seconds=60):
        as_root = ["--user=root"] if os.getuid() == 0 else []
        new = not (self.folder / "data").exists()
        if new and self._tables:
            template.copy_to(self.folder / "data", Instance.make_template)
        elif new:
            template.copy_to(self.folder / "data", self._install, "empty")
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(
                leashed(self.machine.enter(
                    [shutil.which("mariadbd", path=PROGRAMS),
                     f"--defaults-file={self.folder}/my.cnf", *as_root, *arguments])),
                stdout=log, stderr=log, start_new_session=True, env=self._environment)
        wait_for(self._is_ready, seconds, "MariaDB")
        if new and not self._tables:
            self.sql("CREATE DATABASE confab", database="")
        if new:
            self.create_user()
        return self

    @staticmethod
    def _install(folder):
        user = pwd.getpwuid(os.getuid()).pw_name
        as_root = ["--user=root"] if os.getuid() == 0 else []
        subprocess.run(
            ["mariadb-install-db", "--no-defaults", f"--datadir={folder}", "--skip-test-db",
             "--force", "--auth-root-authentication-method=socket",
             f"--auth-root-socket-user={user}", *as_root],
            check=True, capture_output=True, timeout=120, env={**os.environ, "PATH": PROGRAMS})

    def create_user(self):
        for host in ("localhost", "127.0.0.1" if self.machine is HERE else "'10.0.%'"):
            self.sql(f"CREATE USER site@{host} IDENTIFIED BY 'site'; "
                     f"GRANT ALL ON confab.* TO site@{host}")

    def _is_ready(self):
        if self.process.poll() is not None:
            raise RuntimeError((self.folder / "log").read_text()[-2000:])
        return self._run("SELECT 1", "").returncode == 0

    def stop(self):
        """Ends it in order; start() starts it again."""
        self.process.terminate()
        self.process.wait(60)

    def sql_command(self, database="confab"):
        """The command line of a client that is connected as the administrator."""
        return ["mariadb", "--no-defaults", f"--socket={self.socket}", "--batch",
                f"--user={pwd.getpwuid(os.getuid()).pw_name}", "--skip-column-names",
                "--default-character-set=utf8mb4", *([database] if database else [])]

    def _run(self, query, database):
        return subprocess.run(
            self.sql_command(database),
            input=f"SET NAMES utf8mb4; {query}".encode(), capture_output=True, timeout=60)

    def sql(self, query, *args, database="confab"):
        """Runs statements as the administrator; returns the rows as Instance.sql does."""
        done = self._run(bind(query, args), database)
        if done.returncode != 0:
            raise RuntimeError(f"{query}: {done.stderr.decode(errors='replace')}")
        return [tuple(read_value(value) for value in line.split("\t"))
                for line in done.stdout.decode().split("\n")[:-1]]

    def disconnect_all(self):
        """Ends the connections of confab, which come back with the settings of now."""
        for (number,) in self.sql(
                "SELECT id FROM information_schema.processlist WHERE user = 'site'"):
            self._run(f"KILL {number}", "")

    @property
    def env(self):
        """The configuration of an instance that uses this server, and starts none of its own."""
        env = {"ELSEWHERE": "database",
               "CONFAB_DATABASE_USER": "site", "CONFAB_DATABASE_PASSWORD": "site"}
        if self.port:
            return {**env, "CONFAB_DATABASE_SOCKET": "",
                    "CONFAB_DATABASE_HOST": self.machine.address,
                    "CONFAB_DATABASE_PORT": str(self.port)}
        return {**env, "CONFAB_DATABASE_SOCKET": str(self.socket)}

    def close(self):
        if self.process and self.process.poll() is None:
            self.process.kill()
            self.process.wait(60)
        shutil.rmtree(self.folder, ignore_errors=True)
