"""Sockets past their first frame, or turned away, and what they say."""

import contextlib

import pytest

from support.client import Client
from support.shapes import A_TEXT
from support.websocket import Closed, push_port

ROOM = "/ws/chat/{}/"
NOTIFICATIONS = "/ws/chat/notifications/"

# What holds for a socket holds on both ways to it.
BOTH_WAYS = pytest.mark.parametrize("direct", [False, True], ids=["lighttpd", "pushd"])

PING_TEXT = b'{"type":"ping"}'
PONG_FRAME = {"type": "pong"}

CODES = {4400: "bad_since", 4401: "unauthenticated", 4403: "forbidden", 4404: "not_found",
         1008: "too_many_sockets"}


def an_error(code):
    return {"type": "error", "code": code, "detail": A_TEXT}


def assert_refused(live, code):
    """The handshake is through, an error frame says why, and nothing but the close follows.
    Returns the detail."""
    assert live.status == 101
    with live:
        frame = live.next()
        assert frame == an_error(CODES[code])
        with pytest.raises(Closed) as end:
            live.next()
        assert end.value.code == code
    return frame["detail"]


def assert_let_in(live):
    """Returns the first frame."""
    assert live.status == 101, live.body
    first = live.next()
    assert first["type"] == "connected", first
    return first


@contextlib.contextmanager
def in_room(client, room_id, **options):
    """A socket that is past its first frame, which is its .first."""
    with client.socket(room_id, **options) as live:
        live.first = assert_let_in(live)
        yield live


@contextlib.contextmanager
def notified(client, **options):
    """The same for notifications."""
    with client.notifications(**options) as live:
        live.first = assert_let_in(live)
        yield live


def assert_well(live):
    """The socket is open and answers; what it said before is taken."""
    live.send({"type": "ping"})
    assert live.next() == PONG_FRAME


def person(client):
    """A user in a list of those who are online."""
    return {"user_id": client.id, "username": client.name}


def notice(kind, client, room_id):
    """typing, stop_typing, user_joined and user_left all look alike."""
    return {"type": kind, "user": client.name, "user_id": client.id, "room_id": room_id}


def session_of(client):
    """The id of a new session of this user."""
    browser = Client(client.instance)
    answer = browser.post("/api/auth/login/",
                          json={"username": client.name, "password": client.password})
    assert answer.status_code == 200, answer.text
    return browser.cookies["sessionid"]


def site(instance, direct=False):
    """The origin of a page that comes from where the socket goes to."""
    return f"http://127.0.0.1:{push_port(instance) if direct else instance.port}"
