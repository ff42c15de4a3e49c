"""An HTTP client of the API, with or without a token."""

import itertools
import os
import time

import requests

from support.schema import check_answer
from support.websocket import Socket

numbers = itertools.count(1)

# Seconds after which an idle connection is not reused: the web server closes it after 5.
IDLE = 3


def fresh_name(prefix="user"):
    """A user name that is unique across tests and processes."""
    return f"{prefix}-{os.getpid()}-{next(numbers)}"


class Client:
    """Keeps cookies as a browser does. A 5xx response fails the test unless
    client.may_fail = True."""

    def __init__(self, instance, token=None):
        self.instance = instance
        self.token = token
        self.id = None
        self.name = None
        self.password = None
        self.may_fail = False
        self.http = requests.Session()
        self.http.trust_env = False
        self.http.verify = getattr(instance, "certificate", True)
        self._used = time.monotonic()

    @property
    def cookies(self):
        return self.http.cookies

    def register(self, name=None, password="correct horse"):
        """Registers a new user."""
        self.name = name or fresh_name()
        self.password = password
        answer = self.post("/api/auth/register/",
                           json={"username": self.name, "password": password})
        assert answer.status_code == 201, answer.text
        self.id = answer.json()["user_id"]
        self.token = answer.json()["token"]
        return self

    def browser(self):
        """A client of the same user with a session cookie and no token."""
        browser = Client(self.instance)
        answer = browser.post("/api/auth/login/",
                              json={"username": self.name, "password": self.password})
        assert answer.status_code == 200, answer.text
        return browser

    # ---- requests ----

    def request(self, method, path, **options):
        """Follows no redirects. Sends the token unless the test passes its own Authorization
        header (None sends none)."""
        headers = dict(options.pop("headers", None) or {})
        if self.token and "Authorization" not in headers:
            headers["Authorization"] = f"Token {self.token}"
        headers = {name: value for name, value in headers.items() if value is not None}
        options.setdefault("timeout", 60)
        options.setdefault("allow_redirects", False)
        if time.monotonic() - self._used > IDLE:
            self.http.close()
        answer = self.http.request(method, self.instance.url + path, headers=headers, **options)
        self._used = time.monotonic()
        assert self.may_fail or answer.status_code < 500, \
            f"{method} {path}: {answer.status_code} {answer.text}\n{self.instance.log()[-2000:]}"
        # Only fcgi-api sends X-Request-ID.
        if "X-Request-ID" in answer.headers:
            meant = headers.get("X-HTTP-Method-Override", "").strip().upper()
            is_meant = method == "POST" and meant in ("PATCH", "PUT", "DELETE")
            check_answer(meant if is_meant else method, path, answer.status_code, answer.headers,
                         answer.content)
        return answer

    def get(self, path, **options):
        return self.request("GET", path, **options)

    def post(self, path, json=None, **options):
        return self.request("POST", path, json=json, **options)

    def put(self, path, json=None, **options):
        return self.request("PUT", path, json=json, **options)

    def patch(self, path, json=None, **options):
        return self.request("PATCH", path, json=json, **options)

    def delete(self, path, **options):
        return self.request("DELETE", path, **options)

    # ---- common requests ----

    def room(self, name="A room", is_private=True):
        """Creates a room; returns the Room object."""
        answer = self.post("/api/chat/rooms/", json={"name": name, "is_private": is_private})
        assert answer.status_code == 201, answer.text
        return answer.json()

    def say(self, room_id, text="hello", **fields):
        """Posts a message; returns the Message object."""
        answer = self.post(f"/api/chat/rooms/{room_id}/messages/",
                           json={"content": text, **fields})
        assert answer.status_code in (200, 201), answer.text
        return answer.json()

    def invite(self, room_id, client):
        """Invites the user of another client; returns the Membership object."""
        answer = self.post(f"/api/chat/rooms/{room_id}/invite/", json={"user_id": client.id})
        assert answer.status_code in (200, 201), answer.text
        return answer.json()

    def invite_back(self, room_id, client):
        """Invites a user who has left the room, as if that was more than an hour ago."""
        self.instance.sql("DELETE FROM departure WHERE room_id = ? AND user_id = ?",
                          room_id, client.id)
        return self.invite(room_id, client)

    def events(self, room_id, after=0, limit=1000):
        """The room's events after the number `after`, oldest first."""
        answer = self.get(f"/api/chat/rooms/{room_id}/events/",
                          params={"after": after, "limit": limit})
        assert answer.status_code == 200, answer.text
        return answer.json()["events"]

    # ---- sockets ----

    def socket(self, room_id, **options):
        """Opens a socket of this user to a room; takes the options of Socket.open."""
        return self._open(f"/ws/chat/{room_id}/", options)

    def notifications(self, **options):
        """Opens this user's notifications socket."""
        return self._open("/ws/chat/notifications/", options)

    def _open(self, path, options):
        if "cookie" not in options and "protocols" not in options:
            options.setdefault("token", self.token)
        return Socket.open(self.instance, path, **options)
