"""Certificates for TLS between servers on this host."""

import subprocess


class Certificates:
    """An authority `ca` with a certificate for localhost and 127.0.0.1 (`server`, `server_key`)
    and one of a client (`client`, `client_key`); another authority, `other_ca`."""

    def __init__(self, folder):
        self.folder = folder
        self.ca = self._authority("ca")
        self.other_ca = self._authority("other")
        self.server = self._sign("server", "subjectAltName=DNS:localhost,IP:127.0.0.1")
        self.client = self._sign("client", "subjectAltName=DNS:client")
        self.server_key, self.client_key = folder / "server.key", folder / "client.key"

    def _openssl(self, *words):
        subprocess.run(["openssl", *map(str, words)], cwd=self.folder, check=True,
                       capture_output=True, timeout=60)

    def _authority(self, name):
        self._openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj",
                      f"/CN={name}", "-keyout", f"{name}.key", "-out", f"{name}.pem")
        return self.folder / f"{name}.pem"

    def _sign(self, name, extension):
        (self.folder / f"{name}.ext").write_text(extension)
        self._openssl("req", "-newkey", "rsa:2048", "-nodes", "-subj", f"/CN={name}.example",
                      "-keyout", f"{name}.key", "-out", f"{name}.csr")
        self._openssl("x509", "-req", "-in", f"{name}.csr", "-CA", "ca.pem", "-CAkey", "ca.key",
                      "-CAcreateserial", "-days", "2", "-extfile", f"{name}.ext",
                      "-out", f"{name}.pem")
        (self.folder / f"{name}.key").chmod(0o600)
        return self.folder / f"{name}.pem"
