"""Signed tokens as a site makes them (JWT), and the files of keys for them."""

import base64
import hashlib
import hmac
import itertools
import json
import subprocess
import time

from support.client import Client

SECRET = "a-secret-of-the-site-with-40-characters-"
AUDIENCE = "chat"
ISSUER = "https://site.example"
numbers = itertools.count(1)


def part(data):
    """Bytes, or an object as JSON, in base64url without padding."""
    if not isinstance(data, bytes):
        data = json.dumps(data).encode()
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def fresh_sub():
    return f"sub-{next(numbers)}-{time.monotonic_ns()}"


def claims(**given):
    """Claims that are valid; a claim given as None is left out."""
    now = int(time.time())
    all_of_them = {"iss": ISSUER, "aud": AUDIENCE, "sub": fresh_sub(), "iat": now, "exp": now + 300,
                   **given}
    return {name: value for name, value in all_of_them.items() if value is not None}


def hs256(header, body, secret=SECRET):
    """A token with this header and these claims, each an object or bytes."""
    signed = f"{part(header)}.{part(body)}"
    mac = hmac.new(secret.encode(), signed.encode(), hashlib.sha256).digest()
    return f"{signed}.{part(mac)}"


def token(**given):
    """A valid token with these claims."""
    return hs256({"alg": "HS256", "typ": "JWT", "kid": "site"}, claims(**given))


class Keys:
    """A file of keys in a folder: "site" (HS256), "rsa" (RS256), "ec" (ES256), "ed" (EdDSA)."""

    def __init__(self, folder):
        self.folder = folder
        self._make("rsa", "RSA", "rsa_keygen_bits:2048")
        self._make("ec", "EC", "ec_paramgen_curve:P-256")
        self._make("ed", "ED25519")
        self.file = folder / "jwt.keys"
        self.write(f"site HS256 {SECRET}\nrsa RS256 rsa.pem\nec ES256 ec.pem\ned EdDSA ed.pem\n")

    def write(self, text):
        self.file.write_bytes(text if isinstance(text, bytes) else text.encode())
        self.file.chmod(0o600)

    def _openssl(self, *words, data=None):
        return subprocess.run(["openssl", *map(str, words)], cwd=self.folder, check=True,
                              input=data, capture_output=True, timeout=60).stdout

    def _make(self, name, algorithm, *options):
        extra = [word for option in options for word in ("-pkeyopt", option)]
        self._openssl("genpkey", "-algorithm", algorithm, *extra, "-out", f"{name}.key")
        self._openssl("pkey", "-in", f"{name}.key", "-pubout", "-out", f"{name}.pem")

    def public(self, name):
        return (self.folder / f"{name}.pem").read_text()

    def jwk(self, name, **more):
        """The public key of "ec" or "ed" as a JWK (RFC 7517, RFC 8037)."""
        der = self._openssl("pkey", "-in", f"{name}.key", "-pubout", "-outform", "DER")
        if name == "ed":
            key = {"kty": "OKP", "crv": "Ed25519", "x": part(der[-32:])}
        else:
            key = {"kty": "EC", "crv": "P-256", "x": part(der[-64:-32]), "y": part(der[-32:])}
        return {**key, "kid": name, **more}

    def sign(self, name, data):
        """The signature in the form that JWT wants."""
        if name == "ed":
            message = self.folder / "message"
            message.write_bytes(data)
            return self._openssl("pkeyutl", "-sign", "-rawin", "-inkey", "ed.key", "-in", message)
        signature = self._openssl("dgst", "-sha256", "-sign", f"{name}.key", data=data)
        return raw_numbers(signature) if name == "ec" else signature

    def token(self, name, algorithm, header=None, **given):
        signed = f"{part({'alg': algorithm, 'kid': name, **(header or {})})}.{part(claims(**given))}"
        return f"{signed}.{part(self.sign(name, signed.encode()))}"


def raw_numbers(der):
    """The two numbers of an ECDSA signature in DER, 32 bytes each."""
    at, numbers_found = 2, []
    while at < len(der):
        size = der[at + 1]
        numbers_found.append(int.from_bytes(der[at + 2:at + 2 + size], "big"))
        at += 2 + size
    return b"".join(number.to_bytes(32, "big") for number in numbers_found)


def settings(keys, **more):
    """The environment of an instance that accepts these keys."""
    return {"CONFAB_JWT_KEYS": keys.file, "CONFAB_JWT_AUDIENCE": AUDIENCE,
            "CONFAB_JWT_ISSUER": ISSUER, **more}


def log_in(client, jwt):
    """Takes the token of the answer for later requests; returns the answer."""
    answer = client.post("/api/auth/jwt/", json={"jwt": jwt})
    assert answer.status_code == 200, answer.text
    client.token = answer.json()["token"]
    client.id = answer.json()["user"]["user_id"]
    client.name = answer.json()["user"]["username"]
    return answer.json()


def come(system, **given):
    """A client of the user of a new token."""
    client = Client(system)
    log_in(client, token(**given))
    return client
