"""Additional web servers in front of an instance, configured with the files that confab
ships and the layout of Debian.

They run as an unprivileged user: started as root they would drop privileges and then lack
access to the files of an instance that runs as root.
"""

import contextlib
import copy
import os
import shutil
import signal
import socket
import subprocess
from pathlib import Path

from support import template
from support.instance import ROOT
from support.leash import leashed, new_folder
from support.port import free_port
from support.wait import wait_for

NOBODY = 65534
MODULES = Path("/usr/lib/apache2/modules")
PATH = os.environ["PATH"] + ":/usr/sbin:/sbin"

# The relevant part of Debian's apache2.conf, ports.conf and mods-enabled.
APACHE = """
ServerRoot "{folder}"
ServerName localhost
PidFile "{folder}/apache.pid"
Mutex file:{folder} default
ErrorLog "{folder}/error.log"
Listen 127.0.0.1:{port}
Timeout 5
KeepAlive On
KeepAliveTimeout 5
MaxKeepAliveRequests 0
{modules}
StartServers 1
ServerLimit 2
ThreadsPerChild 25
MaxRequestWorkers 50
MinSpareThreads 5
MaxSpareThreads 50
TypesConfig /etc/mime.types
RequestReadTimeout header=5 body=5
Define APACHE_LOG_DIR {folder}
<Directory />
    AllowOverride None
    Require all denied
</Directory>
"""

APACHE_MODULES = """mpm_event authn_core authz_core env reqtimeout alias dir headers mime proxy
proxy_http proxy_wstunnel setenvif deflate filter""".split()

# For each kind of server: its modules, its additional configuration, and the file of confab
# that connects it to fcgi-api.
APACHE_WAYS = {
    "apache-fcgi": (["proxy_fcgi"], "", "fcgi.conf"),
    "apache-fcgid": (["fcgid"], """
FcgidIPCDir {folder}
FcgidProcessTableFile {folder}/fcgid_shm
FcgidInitialEnv CONFAB_CONFIG {folder}/confab.conf
""", "fcgid.conf"),
    "apache-cgi": (["cgid"], """
ScriptSock {folder}/cgisock
SetEnv CONFAB_CONFIG {folder}/confab.conf
""", "cgi.conf"),
}

NGINX = """
daemon off;
worker_processes 1;
pid {folder}/nginx.pid;
error_log {folder}/error.log;
events {{ worker_connections 768; }}
http {{
    client_body_temp_path {folder}/tmp;
    fastcgi_temp_path {folder}/tmp;
    proxy_temp_path {folder}/tmp;
    uwsgi_temp_path {folder}/tmp;
    scgi_temp_path {folder}/tmp;
    sendfile on;
    tcp_nopush on;
    include /etc/nginx/mime.types;
    default_type application/octet-stream;
    include {share}/nginx/confab.conf;
    include {share}/nginx/confab-site.conf;
}}
"""

LIGHTTPD = """
server.modules = ( )
server.document-root = "{folder}/tmp"
server.upload-dirs = ( "{folder}/tmp" )
server.errorlog = "{folder}/error.log"
server.bind = "127.0.0.1"
server.port = {port}
index-file.names = ( "index.html" )
server.max-request-field-size = 16384
server.errorfile-prefix = "{share}/errors/confab-"
mimetype.assign = ( ".html" => "text/html; charset=utf-8", ".css" => "text/css; charset=utf-8",
                    ".svg" => "image/svg+xml", ".js" => "text/javascript; charset=utf-8" )
include "{share}/lighttpd/{name}"
accesslog.filename = "{folder}/confab.log"
"""

LIGHTTPD_WAYS = {"lighttpd-socket": "40-confab.conf", "lighttpd-spawn": "40-confab-spawn.conf"}

# Those that start fcgi-api themselves.
STARTERS = {"apache-fcgid", "apache-cgi", "lighttpd-spawn"}

KINDS = [*APACHE_WAYS, "nginx", *LIGHTTPD_WAYS]


class Front:
    """One web server. instance: the system behind it, at the port of this web server."""

    def __init__(self, system, kind, apache_modules=(), settings=""):
        """settings: lines of the configuration of programs that the web server starts."""
        self.kind = kind
        self._apache_modules = apache_modules
        self._settings = settings
        self.folder = new_folder()
        self.share = self.folder / "share"
        self.instance = copy.copy(system)
        self.instance.port = free_port()
        self._process = None
        self._lay_out(system)
        self._let_in(system)

    def start(self):
        command = self._configure()
        other = {"user": NOBODY, "group": NOBODY, "extra_groups": []} if os.getuid() == 0 else {}
        command[0] = shutil.which(command[0], path=PATH)
        self._process = subprocess.Popen(
            leashed(command), stdin=subprocess.DEVNULL, start_new_session=True, cwd=self.folder,
            stdout=subprocess.DEVNULL, stderr=(self.folder / "stderr.log").open("wb"),
            env={"PATH": PATH}, **other)
        wait_for(lambda: self._process.poll() is not None or self._listens(), 30,
                 f"{self.kind} to listen")
        assert self._process.poll() is None, self.said()

    def close(self):
        if self._process:
            self._process.send_signal(signal.SIGTERM)
            try:
                self._process.wait(30)
            finally:
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(self._process.pid, signal.SIGKILL)
        shutil.rmtree(self.folder, ignore_errors=True)

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.close()

    def signal(self, number):
        self._process.send_signal(number)

    def said(self):
        """The content of its error log."""
        files = [self.folder / "stderr.log", self.folder / "error.log"]
        return "".join(file.read_text(errors="replace") for file in files if file.exists())

    def access_log(self, until):
        """The content of its access log, once it contains this text."""
        file = self.folder / "confab.log"
        wait_for(lambda: file.exists() and until in file.read_text(), 20, f"{until} in the log")
        return file.read_text()

    def _listens(self):
        with contextlib.suppress(OSError):
            socket.create_connection(("127.0.0.1", self.instance.port), 5).close()
            return True
        return False

    # ---- configuration ----

    def _lay_out(self, system):
        """Writes the files that `make install` installs, with the paths of this test."""
        places = {"/usr/local/share/confab": str(self.share),
                  "/usr/local/lib/confab": str(self.folder / "programs"),
                  "/run/confab/bell": str(self.folder / "bell"),
                  "/var/lib/confab/files": self._file_dir(system),
                  "/run/confab/fcgi.sock": f"{system.state}/sock/fcgi.sock",
                  "/run/confab/push/8001.sock": f"{system.state}/sock/push.sock",
                  "fcgi-api --prefork": f"fcgi-api --prefork -c {self.folder}/confab.conf",
                  "/run/lighttpd": str(self.folder), "/var/log/nginx": str(self.folder),
                  "*:80": f"*:{self.instance.port}",
                  "listen 80;": f"listen 127.0.0.1:{self.instance.port};",
                  "listen [::]:80;": ""}
        shutil.copytree(template.page(), self.share / "web")
        shutil.copytree(ROOT / "conf/errors", self.share / "errors")
        for part in ("apache", "nginx", "lighttpd"):
            (self.share / part).mkdir()
            for file in (ROOT / "conf" / part).iterdir():
                text = file.read_text()
                for shipped, here in places.items():
                    text = text.replace(shipped, here)
                (self.share / part / file.name).write_text(text)
        for name in ("programs", "tmp", "bell", "files"):
            (self.folder / name).mkdir()
        self.instance.bells = self.folder / "bell"
        shutil.copy(system.build / "fcgi-api", self.folder / "programs")
        # Files of programs that the web server starts: they run as its user.
        lines = [line for line in system.config.read_text().splitlines()
                 if not line.startswith("file_dir")]
        (self.folder / "files").chmod(0o700)
        (self.folder / "confab.conf").write_text(
            "\n".join([*lines, f"file_dir = {self.folder}/files", ""]) +
            "rate_limits = off\npassword_memory = 8\npassword_passes = 1\n" + self._settings)

    def _file_dir(self, system):
        """The folder of files. Programs that the web server starts run as its user, in another."""
        return f"{self.folder}/files" if self.kind in STARTERS else f"{system.state}/files"

    def _let_in(self, system):
        """As root: gives the server's user access to the sockets of the system."""
        if os.getuid() != 0:
            return
        for folder in (system.state, system.state / "sock"):
            folder.chmod(0o711)
        for name in ("fcgi.sock", "push.sock", "redis.sock"):
            (system.state / "sock" / name).chmod(0o666)
        system.sql("CREATE USER IF NOT EXISTS front@localhost IDENTIFIED BY 'front'; "
                   "GRANT ALL ON confab.* TO front@localhost")
        config = self.folder / "confab.conf"
        lines = [line for line in config.read_text().splitlines()
                 if not line.startswith("database_user")]
        lines += ["database_user = front", "database_password = front", ""]
        config.write_text("\n".join(lines))
        for path in [self.folder, *self.folder.rglob("*")]:
            os.chown(path, NOBODY, NOBODY, follow_symlinks=False)

    def _configure(self):
        """Writes the configuration; returns the command that runs the server in the foreground."""
        own = {"folder": self.folder, "share": self.share, "port": self.instance.port}
        file = self.folder / "server.conf"
        if self.kind == "nginx":
            file.write_text(NGINX.format(**own))
            return ["nginx", "-c", str(file)]
        if self.kind in LIGHTTPD_WAYS:
            file.write_text(LIGHTTPD.format(**own, name=LIGHTTPD_WAYS[self.kind]))
            return ["lighttpd", "-D", "-f", str(file)]
        return self._configure_apache(file, own)

    def _configure_apache(self, file, own):
        modules, more, way = APACHE_WAYS[self.kind]
        load = [f"LoadModule {name}_module {MODULES}/mod_{name}.so"
                for name in [*APACHE_MODULES, *modules, *self._apache_modules]]
        site = self.share / "apache" / "confab-site.conf"
        site.write_text(site.read_text().replace("fcgi.conf\"", f"{way}\"", 1))
        file.write_text(APACHE.format(**own, modules="\n".join(load)) + more.format(**own) +
                        f'Include "{self.share}/apache/confab.conf"\nInclude "{site}"\n')
        return ["apache2", "-DFOREGROUND", "-f", str(file)]
