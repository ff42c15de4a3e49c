"""A shared host: an Apache with a home folder, in which confab is installed as its owner would
install it. There is no Redis, and only Apache starts programs."""

import os
import subprocess

from support.front import APACHE, APACHE_MODULES, MODULES, Front
from support.instance import ROOT

# The configuration of the host: the pages of its users, and HOME for programs (which suexec
# would set from the user's id).
HOST = r"""
DocumentRoot "{folder}/home/public_html"
<Directory "{folder}/home/public_html">
    AllowOverride All
    Require all granted
</Directory>
<FilesMatch "^\.ht">
    Require all denied
</FilesMatch>
ScriptSock {folder}/cgisock
SetEnv HOME {folder}/home
CustomLog "{folder}/access.log" "%m %U %>s"
"""

FCGID = """
FcgidIPCDir {folder}
FcgidProcessTableFile {folder}/fcgid_shm
FcgidInitialEnv HOME {folder}/home
"""


# suexec starts the program with no other variables than these and HTTP_... (safe_env_lst in
# Apache's suexec.c).
SUEXEC = """#!/bin/sh
for name in $(env | sed -n 's/^\\([A-Z_a-z0-9]*\\)=.*/\\1/p'); do
    case $name in
    HTTP_*|SSL_*|AUTH_TYPE|CONTENT_LENGTH|CONTENT_TYPE|CONTEXT_*|DOCUMENT_ROOT|GATEWAY_INTERFACE|\
    HTTPS|PATH_INFO|PATH_TRANSLATED|QUERY_STRING|REDIRECT_*STATUS|REDIRECT_QUERY_STRING|\
    REDIRECT_URL|REMOTE_*|REQUEST_*|SCRIPT_*|SERVER_*|UNIQUE_ID|HOME|PATH) ;;
    *) unset "$name" ;;
    esac
done
exec "${0%.cgi}.program" "$@"
"""


class SharedHost(Front):
    """kind: "fcgid" with mod_fcgid, "cgi" without, "suexec" as cgi with suexec's variables."""

    @property
    def home(self):
        return self.folder / "home"

    @property
    def config(self):
        return self.home / ".confab" / "confab.conf"

    def _lay_out(self, system):
        super()._lay_out(system)
        self.home.mkdir(mode=0o755)
        self.folder.chmod(0o755)
        self.install(system)
        if self.kind == "suexec":
            program = self.home / "public_html" / "chat" / "chat.cgi"
            program.rename(program.with_suffix(".program"))
            program.write_text(SUEXEC)
            program.chmod(0o755)

    def install(self, system):
        """Runs make shared-install without building; returns its output."""
        done = subprocess.run(
            ["make", "-s", "-o", "all", "shared-install", f"DIR={self.home}/public_html/chat",
             f"SHARED={self.folder}/shared", f"BUILD={os.path.relpath(system.build, ROOT)}"],
            cwd=ROOT, env={**os.environ, "HOME": str(self.home), "MAKEFLAGS": ""},
            capture_output=True, text=True, timeout=60, check=True)
        return done.stdout

    def _let_in(self, system):
        self.config.chmod(0o600)
        super()._let_in(system)
        lines = [line for line in (self.folder / "confab.conf").read_text().splitlines()
                 if not line.startswith(("redis", "fcgi_listen", "file_dir"))]
        shipped = [line for line in self.config.read_text().splitlines()
                   if not line.startswith("database")]
        self.config.write_text("\n".join([*shipped, *lines, ""]))

    def _configure_apache(self, file, own):
        modules = ["rewrite", "cgid"] + (["fcgid"] if self.kind == "fcgid" else [])
        load = [f"LoadModule {name}_module {MODULES}/mod_{name}.so"
                for name in APACHE_MODULES + modules if not name.startswith("proxy")]
        file.write_text(APACHE.format(**own, modules="\n".join(load)) + HOST.format(**own) +
                        (FCGID.format(**own) if self.kind == "fcgid" else ""))
        return ["apache2", "-DFOREGROUND", "-f", str(file)]
