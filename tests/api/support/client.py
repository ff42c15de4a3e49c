"""A user of the API, with a token or without."""

import itertools
import os
import time

import requests

from support.websocket import Socket

numbers = itertools.count(1)

# Seconds after which a connection is not used again: the web server, which waits for 5, may
# be closing it at this moment.
IDLE = 3


def fresh_name(prefix="user"):
    """A user name that no other test, in whatever process, has."""
    return f"{prefix}-{os.getpid()}-{next(numbers)}"


class Client:
    """Keeps its cookies, as a browser does. An answer of 5xx fails the test at once, unless
    it is expected: client.may_fail = True."""

    def __init__(self, instance, token=None):
        self.instance = instance
        self.token = token
        self.id = None
        self.name = None
        self.password = None
        self.may_fail = False
        self.http = requests.Session()
        self.http.trust_env = False
        self._used = time.monotonic()

    @property
    def cookies(self):
        return self.http.cookies

    def register(self, name=None, password="correct horse"):
        """Makes a new user of this client; "password" is its password unless given."""
        self.name = name or fresh_name()
        self.password = password
        answer = self.post("/api/auth/register/",
                           json={"username": self.name, "password": password})
        assert answer.status_code == 201, answer.text
        self.id = answer.json()["user_id"]
        self.token = answer.json()["token"]
        return self

    def browser(self):
        """A client of the same user that has a cookie and no token."""
        browser = Client(self.instance)
        answer = browser.post("/api/auth/login/",
                              json={"username": self.name, "password": self.password})
        assert answer.status_code == 200, answer.text
        return browser

    # ---- requests ----

    def request(self, method, path, **options):
        """A redirect is an answer like any other; the token is sent unless the test gives
        an Authorization header of its own (None: none)."""
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
        return answer

    def get(self, path, **options):
        return self.request("GET", path, **options)

    def post(self, path, json=None, **options):
        return self.request("POST", path, json=json, **options)

    def patch(self, path, json=None, **options):
        return self.request("PATCH", path, json=json, **options)

    def delete(self, path, **options):
        return self.request("DELETE", path, **options)

    # ---- what many tests do ----

    def room(self, name="A room", is_private=True):
        """A new room, of which this user is admin: the Room object."""
        answer = self.post("/api/chat/rooms/", json={"name": name, "is_private": is_private})
        assert answer.status_code == 201, answer.text
        return answer.json()

    def say(self, room_id, text="hello", **fields):
        """Posts a message: the Message object."""
        answer = self.post(f"/api/chat/rooms/{room_id}/messages/",
                           json={"content": text, **fields})
        assert answer.status_code in (200, 201), answer.text
        return answer.json()

    def invite(self, room_id, client):
        """The Membership object of the other client's user."""
        answer = self.post(f"/api/chat/rooms/{room_id}/invite/", json={"user_id": client.id})
        assert answer.status_code in (200, 201), answer.text
        return answer.json()

    def events(self, room_id, after=0, limit=1000):
        """The room's events since `after`, the oldest first."""
        answer = self.get(f"/api/chat/rooms/{room_id}/events/",
                          params={"after": after, "limit": limit})
        assert answer.status_code == 200, answer.text
        return answer.json()["events"]

    # ---- sockets ----

    def socket(self, room_id, **options):
        """A socket of this user to a room; the options of Socket.open."""
        return self._open(f"/ws/chat/{room_id}/", options)

    def notifications(self, **options):
        """This user's notifications socket."""
        return self._open("/ws/chat/notifications/", options)

    def _open(self, path, options):
        if "cookie" not in options and "protocols" not in options:
            options.setdefault("token", self.token)
        return Socket.open(self.instance, path, **options)
