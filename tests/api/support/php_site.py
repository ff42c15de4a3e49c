"""A web server with a site of PHP pages, and confab beside or below it with the shipped files.

way: None for the site alone; "path" for confab at /chat/ of the site; "tls" for confab on a host
name of its own, which is localhost here, with TLS at `tls_port`.
"""

import os
import subprocess
import types

from support.front import APACHE, APACHE_MODULES, LIGHTTPD, MODULES, NGINX, NOBODY, PATH, Front
from support.leash import leashed
from support.port import free_port
from support.shared_host import SharedHost
from support.wait import wait_for

HOST = "www.example.org"

PAGES = {
    "index.php": '<?php header("X-Site: php"); echo "front page: ", $_SERVER["REQUEST_METHOD"], '
                 '" ", $_SERVER["REQUEST_URI"], " ", strlen(file_get_contents("php://input"));',
    "api/index.php": '<?php header("X-Site: api"); echo "the API of the site";',
    "old.php": '<?php http_response_code(500); echo "an error page of the site";',
    "style.css": "p { color: red }",
    "page.html": "<p>static</p>",
    "folder/file.txt": "text",
}

PHP_FILES = """
<FilesMatch "\\.php$">
    SetHandler "proxy:unix:{folder}/php.sock|fcgi://php/"
    ProxyFCGIBackendType GENERIC
</FilesMatch>
"""

APACHE_SITE = PHP_FILES + """
<Directory "{folder}/site">
    Options +Indexes
    Require all granted
</Directory>
<VirtualHost *:{port}>
    ServerName www.example.org
    {include}
    DocumentRoot "{folder}/site"
    DirectoryIndex index.php index.html
    ErrorDocument 403 "forbidden, says the site"
    Header always set X-From site
    RewriteEngine On
    RewriteCond "{folder}/site%{{REQUEST_URI}}" !-f
    RewriteCond "{folder}/site%{{REQUEST_URI}}" !-d
    RewriteRule "^/" "/index.php" [L]
</VirtualHost>
"""

NGINX_SITE = """
    server {{
        listen 127.0.0.1:{port};
        server_name www.example.org;
        {include}
        root {folder}/site;
        index index.php;
        error_page 403 /page.html;
        access_log {folder}/site.log;
        add_header X-From site always;
        location / {{ try_files $uri $uri/ /index.php?$args; }}
        location ~ \\.php$ {{
            include /etc/nginx/fastcgi_params;
            fastcgi_param SCRIPT_FILENAME $document_root$fastcgi_script_name;
            fastcgi_pass unix:{folder}/php.sock;
        }}
    }}
"""

LIGHTTPD_SITE = """
server.modules += ( "mod_rewrite", "mod_fastcgi", "mod_setenv" )
setenv.add-response-header = ( "X-From" => "site" )
fastcgi.server = ( ".php" => (( "socket" => "{folder}/php.sock" )) )
url.rewrite-if-not-file = ( "^/(?!index\\.php)" => "/index.php" )
"""


HTACCESS = """
DirectoryIndex index.php index.html
ErrorDocument 403 "forbidden, says the site"
RewriteEngine On
RewriteCond %{REQUEST_FILENAME} !-f
RewriteCond %{REQUEST_FILENAME} !-d
RewriteRule . /index.php [L]
"""


class PhpCgi:
    """Part of a Front: php-cgi at php.sock of its folder, as its user."""

    php_children = 1
    _php = None

    def start(self):
        other = {"user": NOBODY, "group": NOBODY, "extra_groups": []} if os.getuid() == 0 else {}
        self._php = subprocess.Popen(
            leashed(["php-cgi", "-b", f"{self.folder}/php.sock"]),
            env={"PATH": PATH, "PHP_FCGI_CHILDREN": str(self.php_children)}, stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True, **other)
        wait_for((self.folder / "php.sock").exists, 20, "php-cgi")
        super().start()

    def close(self):
        if self._php:
            self._php.terminate()
            self._php.wait(20)
        super().close()


def write_pages(folder):
    for name, text in PAGES.items():
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)


class SharedPhpSite(PhpCgi, SharedHost):
    """A shared host whose user has PHP pages, and confab in the folder chat."""

    def _lay_out(self, system):
        super()._lay_out(system)
        write_pages(self.home / "public_html")
        (self.home / "public_html" / ".htaccess").write_text(HTACCESS)

    def _configure_apache(self, file, own):
        command = super()._configure_apache(file, own)
        load = "".join(f"LoadModule {name}_module {MODULES}/mod_{name}.so\n"
                       for name in ("proxy", "proxy_fcgi"))
        file.write_text(file.read_text() + load + PHP_FILES.format(**own))
        return command


class PhpSite(PhpCgi, Front):
    """place: the instance for a Client of confab; site(): the address of the site."""

    def __init__(self, system, kind, way):
        self.way = way
        self.tls_port = free_port()
        super().__init__(system, kind)
        self.certificate = str(self.folder / "fullchain.pem")
        self._make_site()
        address = f"https://localhost:{self.tls_port}" if way == "tls" else (
            f"http://127.0.0.1:{self.instance.port}/chat")
        self.place = types.SimpleNamespace(
            url=address, log=self.said, certificate=self.certificate if way == "tls" else True)

    def _make_site(self):
        write_pages(self.folder / "site")
        subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2",
                        "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost",
                        "-keyout", self.folder / "privkey.pem", "-out", self.certificate],
                       check=True, capture_output=True, timeout=60)
        if os.getuid() == 0:
            for path in [self.folder / "privkey.pem", *self.folder.rglob("*.pem"),
                         self.folder / "site", *(self.folder / "site").rglob("*")]:
                os.chown(path, NOBODY, NOBODY)

    # ---- configuration ----

    def _configure(self):
        own = {"folder": self.folder, "share": self.share, "port": self.instance.port}
        self._set_names()
        file = self.folder / "server.conf"
        if self.kind == "nginx":
            return self._configure_nginx(file, own)
        if self.kind == "lighttpd":
            return self._configure_lighttpd(file, own)
        return self._configure_apache(file, own)

    def _set_names(self):
        """Sets host name, ports and certificate in the shipped sites, as an administrator does."""
        names = {"/etc/letsencrypt/live/chat.example.org/": f"{self.folder}/",
                 "chat.example.org": "localhost", "chat\\.example\\.org": "localhost",
                 "*:443": f"*:{self.tls_port}", ":443": f":{self.tls_port}",
                 "listen 443": f"listen 127.0.0.1:{self.tls_port}",
                 f"listen [::]:{self.tls_port} ssl;": "",
                 "[::]:": "[::1]:",
                 "|localhost|127\\.0\\.0\\.1|\\[::1\\]": ""}
        for path in self.share.glob("*/*confab*.conf"):
            text = path.read_text()
            for shipped, here in names.items():
                text = text.replace(shipped, here)
            path.write_text(text)

    def _configure_apache(self, file, own):
        modules = ["proxy_fcgi", "rewrite", "ssl", "socache_shmcb", "autoindex"]
        load = [f"LoadModule {name}_module {MODULES}/mod_{name}.so"
                for name in APACHE_MODULES + modules]
        confab = self.share / "apache"
        include = f'IncludeOptional "{confab}/path.conf"' if self.way == "path" else ""
        file.write_text(
            APACHE.format(**own, modules="\n".join(load)) + f"Listen 127.0.0.1:{self.tls_port}\n"
            + (f'Include "{confab}/own.conf"\n' if self.way else "")
            + APACHE_SITE.format(**own, include=include)
            + (f'Include "{confab}/confab-site-tls.conf"\n' if self.way == "tls" else ""))
        return ["apache2", "-DFOREGROUND", "-f", str(file)]

    def _configure_nginx(self, file, own):
        confab = self.share / "nginx"
        head = NGINX.format(**own).partition(f"include {self.share}")[0]
        include = f"include {confab}/path[.]conf;" if self.way == "path" else ""
        file.write_text(
            head + (f"include {confab}/confab.conf;\n" if self.way else "")
            + NGINX_SITE.format(**own, include=include)
            + (f"include {confab}/confab-site-tls.conf;\n" if self.way == "tls" else "") + "}\n")
        return ["nginx", "-c", str(file)]

    def _configure_lighttpd(self, file, own):
        confab = self.share / "lighttpd"
        head = LIGHTTPD.format(**own, name="").partition("server.errorfile-prefix")[0]
        names = {"path": ["40-confab-path.conf"], "tls": ["40-confab.conf", "41-confab-tls.conf"]}
        head = head.replace(f"{self.folder}/tmp\"\nserver.upload", f"{self.folder}/site\"\nserver.upload")
        head = head.replace('"index.html"', '"index.php", "index.html"')
        file.write_text(
            head + 'mimetype.assign = ( ".html" => "text/html", ".css" => "text/css", '
            '".svg" => "image/svg+xml", ".js" => "text/javascript", ".txt" => "text/plain" )\n'
            + LIGHTTPD_SITE.format(**own)
            + "".join(f'include "{confab}/{name}"\n' for name in names.get(self.way, [])))
        return ["lighttpd", "-D", "-f", str(file)]
