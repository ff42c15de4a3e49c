"""What a site in Python needs to use confab for its own users: one file, Python 3.8 or newer, the
standard library only.

    from confab import Confab
    chat = Confab("https://chat.example.org", secret=os.environ["CHAT_SECRET"])
    chat.token("7", name="Ann Lee", rooms=[{"key": "course-17"}])

`token` signs a login of one of your users (JWT, RFC 7519) with a key of the file `jwt_keys`. The
other methods call the server's API (docs/server-api.md) with an API key; `verify_hook` checks a
delivery of a hook (docs/hooks.md). Methods that call the API return the decoded answer and raise a
ConfabError if the answer is an error or does not come.
"""

import base64
import hashlib
import hmac
import http.client
import json
import secrets
import time
import urllib.error
import urllib.parse
import urllib.request

LIFE = 300  # seconds that a signed token is good for
SKEW = 300  # seconds by which the clock of a hook's delivery may differ


class ConfabError(Exception):
    """An answer that is an error, or no answer (status 0)."""

    def __init__(self, message, status=0, body=None):
        super().__init__(message)
        self.status = status
        self.body = body if body is not None else {}
        # The code of docs/errors.md; "": none.
        self.code = self.body.get("code", "") if isinstance(self.body, dict) else ""


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_args):
        return None


def _base64url(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _json(value):
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


class Confab:
    """One chat, at the address `url`.

    secret: the secret of an HS256 line of jwt_keys, for `token`; kid: the name of that line, needed
    only if there are several; issuer, audience: jwt_issuer and jwt_audience, if those are set;
    key: an API key ("ck_..."), for everything else; timeout: seconds that a call may wait.
    """

    def __init__(self, url, secret="", kid=None, issuer=None, audience=None, key=None, timeout=10):
        self._url = url.rstrip("/")
        self._secret = secret.encode()
        self._kid = kid
        self._always = {name: value for name, value in (("iss", issuer), ("aud", audience))
                        if value is not None}
        self._key = key
        self._timeout = timeout
        self._opener = urllib.request.build_opener(_NoRedirect())

    # ---- logins ----

    def token(self, sub, **claims):
        """A signed token for the user with this id on your site. Claims: name, picture, locale,
        email, preferred_username, rooms, rooms_only ... (docs/site-tokens.md)."""
        if len(self._secret) < 32:
            raise ValueError("secret: at least 32 bytes are needed")
        now = int(time.time())
        header = {"alg": "HS256", "typ": "JWT"}
        if self._kid is not None:
            header["kid"] = self._kid
        payload = {"iat": now, "exp": now + LIFE, "jti": secrets.token_hex(16), **self._always,
                   **claims, "sub": str(sub)}
        signed = f"{_base64url(_json(header))}.{_base64url(_json(payload))}"
        mac = hmac.new(self._secret, signed.encode(), hashlib.sha256).digest()
        return f"{signed}.{_base64url(mac)}"

    # ---- users ----

    def set_users(self, users):
        """Makes or changes up to 100 users: [{"external_id": "7", "display_name": "Ann"}, ...].
        Returns a result for each: {"status": 201, 200 or 400, "user": ... or "errors": ...}."""
        return self.call("PUT", "/api/site/users/", {"users": list(users)})["results"]

    def user(self, external_id):
        """The user with this id on your site; None if the chat does not know it."""
        query = urllib.parse.urlencode({"external_id": external_id})
        found = self.call("GET", f"/api/site/users/?{query}")["results"]
        return found[0] if found else None

    def update_user(self, user_id, **fields):
        """Changes a user by its id in the chat."""
        return self.call("PATCH", f"/api/site/users/{user_id:d}/", fields)

    def disable_user(self, user_id):
        """Disables a user and ends all of its sessions."""
        self.call("DELETE", f"/api/site/users/{user_id:d}/")

    def user_token(self, user_id):
        """An ordinary token of a user: {"token": ..., "expires_at": ...}."""
        return self.call("POST", f"/api/site/users/{user_id:d}/token/", {})

    def logout_user(self, user_id):
        """Ends all sessions and tokens of a user."""
        self.call("POST", f"/api/site/users/{user_id:d}/logout/", {})

    # ---- rooms and messages ----

    def set_rooms(self, rooms):
        """Makes or renames rooms: [{"key": "course-17", "name": "Algebra"}, ...]; see set_users."""
        return self.call("PUT", "/api/site/rooms/", {"rooms": list(rooms)})["results"]

    def set_members(self, room_id, members):
        """Gives a room exactly these members: [{"external_id": "7", "is_admin": True}, ...]."""
        return self.call("PUT", f"/api/site/rooms/{room_id:d}/members/", {"set": list(members)})

    def change_members(self, room_id, add=(), remove=()):
        """Adds and removes members; the others stay."""
        return self.call("PUT", f"/api/site/rooms/{room_id:d}/members/",
                         {"add": list(add), "remove": list(remove)})

    def post(self, room_id, content, **fields):
        """Posts a message of the site, or of the bot `user`. With `client_id` a repeated call posts
        nothing twice."""
        return self.call("POST", f"/api/site/rooms/{room_id:d}/messages/",
                         {**fields, "content": content})

    def batch(self, requests):
        """Up to 50 requests in one: [{"method": "GET", "path": "/api/...", "user": ...}, ...]."""
        return self.call("POST", "/api/site/batch/", {"requests": list(requests)})

    # ---- hooks and events ----

    def hooks(self):
        """The hooks, at most 200."""
        return self.call("GET", "/api/site/hooks/?limit=200")["results"]

    def hook(self, hook_id):
        """One hook."""
        return self.call("GET", f"/api/site/hooks/{hook_id:d}/")

    def add_hook(self, **fields):
        """Adds a hook; the answer contains its secret, this once."""
        return self.call("POST", "/api/site/hooks/", fields)

    def update_hook(self, hook_id, **fields):
        """Changes a hook."""
        return self.call("PATCH", f"/api/site/hooks/{hook_id:d}/", fields)

    def delete_hook(self, hook_id):
        """Removes a hook."""
        self.call("DELETE", f"/api/site/hooks/{hook_id:d}/")

    def test_hook(self, hook_id):
        """Sends a delivery to try a hook."""
        return self.call("POST", f"/api/site/hooks/{hook_id:d}/test/", {})

    def changes(self, follower, limit=100, from_oldest=False):
        """Events that this follower has not acknowledged: {"results": [...], "more": bool}."""
        query = {"follower": follower, "limit": limit}
        if from_oldest:
            query["from"] = "oldest"
        return self.call("GET", f"/api/site/changes/?{urllib.parse.urlencode(query)}")

    def acknowledge(self, follower, changes):
        """Acknowledges what `changes` returned, after it has been handled."""
        acks = [{"room_id": room["room_id"], "seq": room["last_seq"]}
                for room in changes["results"]]
        if acks:
            self.call("POST", "/api/site/changes/ack/", {"follower": follower, "acks": acks})

    @staticmethod
    def verify_hook(secret, body, headers):
        """Checks a delivery of a hook and returns it decoded. `body` is the raw body, as bytes;
        `headers` a mapping of the request's headers. Raises a ConfabError if it is not from the
        chat, or old."""
        given = {name.lower(): value for name, value in headers.items()}
        stamp = given.get("webhook-timestamp", "")
        if not (stamp.isascii() and stamp.isdigit()) or abs(time.time() - int(stamp)) > SKEW:
            raise ConfabError("the delivery is too old, or a clock is wrong")
        prefix = "whsec_"
        key = base64.b64decode(secret[len(prefix):] if secret.startswith(prefix) else secret)
        signed = f"{given.get('webhook-id', '')}.{stamp}.".encode() + body
        mac = hmac.new(key, signed, hashlib.sha256).digest()
        expected = f"v1,{base64.b64encode(mac).decode()}".encode()
        # Two signatures while a secret is being replaced.
        for signature in given.get("webhook-signature", "").split(" "):
            if hmac.compare_digest(expected, signature.encode()):
                return json.loads(body)
        raise ConfabError("the signature of the delivery is wrong")

    # ---- calls ----

    def call(self, method, path, body=None, act_as=None):
        """Any call of the API. act_as: an id in the chat, or "ext:" and an id of your site; it needs
        a key with the scope `act`. Returns the decoded answer, {} if it has no body."""
        headers = {"Accept": "application/json"}
        if self._key is not None:
            headers["X-Confab-Token"] = self._key  # some hosts remove Authorization
        if act_as is not None:
            headers["X-Confab-User"] = str(act_as)
        content = None
        if body is not None:
            headers["Content-Type"] = "application/json"
            content = _json(body)
        request = urllib.request.Request(self._url + path, content, headers, method=method)
        what = f"{method} {path}"
        try:
            with self._opener.open(request, timeout=self._timeout) as response:
                status, text = response.status, response.read()
        except urllib.error.HTTPError as error:
            with error:
                status, text = error.code, error.read()
        except (OSError, http.client.HTTPException) as error:
            raise ConfabError(f"no answer from the chat ({what}): {error}") from error
        try:
            answer = json.loads(text) if text else {}
        except ValueError as error:
            raise ConfabError(f"not an answer of confab ({what})", status) from error
        if status >= 300:
            detail = answer.get("detail", answer) if isinstance(answer, dict) else answer
            raise ConfabError(f"the chat answered {status}: {detail} ({what})", status, answer)
        return answer
