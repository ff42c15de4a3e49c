"""Sockets that were accepted or refused, and frames to expect."""

import contextlib

import pytest

from support.client import Client
from support.shapes import A_TEXT
from support.websocket import Closed, push_port

ROOM = "/ws/chat/{}/"
NOTIFICATIONS = "/ws/chat/notifications/"

# Through lighttpd and directly to pushd.
BOTH_WAYS = pytest.mark.parametrize("direct", [False, True], ids=["lighttpd", "pushd"])

PING_TEXT = b'{"type":"ping"}'
PONG_FRAME = {"type": "pong"}

CODES = {4400: "bad_since", 4401: "unauthenticated", 4403: "forbidden", 4404: "not_found",
         1008: "too_many_sockets"}


def an_error(code):
    return {"type": "error", "code": code, "detail": A_TEXT}


def assert_refused(live, code):
    """Asserts that an error frame follows the handshake and then the close with this code.
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
    """Asserts that the first frame is `connected`, and returns it."""
    assert live.status == 101, live.body
    first = live.next()
    assert first["type"] == "connected", first
    return first


@contextlib.contextmanager
def in_room(client, room_id, **options):
    """A socket to a room after `connected`, which is its .first."""
    with client.socket(room_id, **options) as live:
        live.first = assert_let_in(live)
        yield live


@contextlib.contextmanager
def notified(client, **options):
    """A notifications socket after `connected`, which is its .first."""
    with client.notifications(**options) as live:
        live.first = assert_let_in(live)
        yield live


def assert_well(live):
    """Asserts that the socket is open and responds, and that no frame is unread."""
    live.send({"type": "ping"})
    assert live.next() == PONG_FRAME


def person(client, **known):
    """A user in the list of online users."""
    return {"user_id": client.id, "username": client.name, "display_name": client.name,
            "avatar_url": None, **known}


def notice(kind, client, room_id):
    """A frame typing, stop_typing, user_joined or user_left."""
    return {"type": kind, "user": client.name, "user_id": client.id, "room_id": room_id}


def session_of(client):
    """Logs in and returns the id of the session."""
    browser = Client(client.instance)
    answer = browser.post("/api/auth/login/",
                          json={"username": client.name, "password": client.password})
    assert answer.status_code == 200, answer.text
    return browser.cookies["sessionid"]


def site(instance, direct=False):
    """The origin of a page on the host and port of the socket."""
    return f"http://127.0.0.1:{push_port(instance) if direct else instance.port}"
