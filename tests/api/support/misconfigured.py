"""Misconfigured web servers and proxies in front of an instance."""

import os
import socket
import subprocess
import threading

from support.front import NGINX, NOBODY, Front
from support.port import take_port

# A reverse proxy in front of the web server.
PROXY = """
    server {{
        listen 127.0.0.1:{port} {listen};
        access_log off;
        {more}
        location / {{
            proxy_pass http://127.0.0.1:{behind};
            proxy_http_version 1.1;
            proxy_set_header Upgrade $http_upgrade;
            proxy_set_header Connection upgrade;
            {headers}
        }}
    }}
}}
"""
HOST = "proxy_set_header Host $http_host;"
SCHEME = "proxy_set_header X-Forwarded-Proto $scheme;"


class Misconfigured(Front):
    """A front whose configuration is edited: {shipped text: replacement}."""

    def __init__(self, system, kind, changes):
        super().__init__(system, kind)
        self._changes = changes

    def _configure(self):
        command = super()._configure()
        for shipped, broken in self._changes.items():
            files = [file for file in self.share.glob("*/*.conf") if shipped in file.read_text()]
            assert files, f"no file has {shipped}"
            for file in files:
                file.write_text(file.read_text().replace(shipped, broken))
        return command


class Proxy(Front):
    """nginx in front of the web server of a system. headers: proxy_set_header lines; https:
    serve TLS with the certificate in the file `certificate`."""

    def __init__(self, system, headers, https=False):
        super().__init__(system, "nginx")
        self._behind, self._headers, self._https = system.port, headers, https
        self.certificate = self.folder / "certificate.pem"
        if https:
            self._make_certificate()

    @property
    def url(self):
        scheme = "https" if self._https else "http"
        return f"{scheme}://127.0.0.1:{self.instance.port}"

    def _make_certificate(self):
        key = self.folder / "key.pem"
        subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2",
                        "-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1",
                        "-keyout", str(key), "-out", str(self.certificate)],
                       check=True, capture_output=True, timeout=60)
        if os.getuid() == 0:
            for file in (key, self.certificate):
                os.chown(file, NOBODY, NOBODY)

    def _configure(self):
        own = {"folder": self.folder, "share": self.share, "port": self.instance.port}
        head = NGINX.format(**own).partition("include /etc/nginx")[0]
        more = (f"ssl_certificate {self.certificate}; "
                f"ssl_certificate_key {self.folder}/key.pem;" if self._https else "")
        file = self.folder / "server.conf"
        file.write_text(head + PROXY.format(
            **own, listen="ssl" if self._https else "", more=more, behind=self._behind,
            headers=self._headers))
        return ["nginx", "-c", str(file)]


class BufferingProxy:
    """Forwards bytes in both directions, but buffers the WebSocket frames from the server until
    there are `most` bytes or the connection ends. Some proxies do this; none of the web servers
    used here can be configured to."""

    def __init__(self, port, most=65536):
        self._behind, self._most = port, most
        self._listener = take_port()
        self.port = self._listener.getsockname()[1]

    def __enter__(self):
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_):
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _accept(self):
        while True:
            try:
                client = self._listener.accept()[0]
            except OSError:
                return
            server = self._connect()
            for pump in (self._pass, self._hoard):
                threading.Thread(target=pump, args=(client, server), daemon=True).start()

    def _connect(self):
        if isinstance(self._behind, int):
            return socket.create_connection(("127.0.0.1", self._behind), 30)
        server = socket.socket(socket.AF_UNIX)
        server.connect(self._behind)
        return server

    @staticmethod
    def _pass(client, server):
        while piece := receive(client):
            server.sendall(piece)
        end(server)

    def _hoard(self, client, server):
        kept = b""
        head_is_out = False
        while piece := receive(server):
            kept += piece
            if not head_is_out and b"\r\n\r\n" in kept:
                head, _, rest = kept.partition(b"\r\n\r\n")
                upgraded = head.startswith(b"HTTP/1.1 101")
                client.sendall(head + b"\r\n\r\n" + (b"" if upgraded else rest))
                kept = rest if upgraded else b""
                head_is_out = upgraded
            elif len(kept) > self._most or not head_is_out:
                client.sendall(kept)
                kept = b""
        client.sendall(kept)
        end(client)


class Rewriting(BufferingProxy):
    """Forwards bytes to the Unix socket `path`, and replaces `before` by `after` in what comes
    back."""

    def __init__(self, path, before, after):
        super().__init__(str(path))
        self._before, self._after = before, after

    def _hoard(self, client, server):
        while piece := receive(server):
            client.sendall(piece.replace(self._before, self._after))
        end(client)


def receive(source):
    try:
        return source.recv(65536)
    except OSError:
        return b""


def end(target):
    try:
        target.shutdown(socket.SHUT_WR)
    except OSError:
        pass
