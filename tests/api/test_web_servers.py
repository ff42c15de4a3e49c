"""Duties of each web server, with the configuration files that confab ships.

Tests marked `everywhere` also run behind each web server.
"""

import contextlib
import re

import pytest

from support.answers import assert_error
from support.client import Client
from support.event_reader import EventReader
from support.front import KINDS
from support.instance import ROOT
from support.websocket import Socket

everywhere = pytest.mark.everywhere


# ---- the page ----

@everywhere
def test_the_page_has_the_same_headers_on_every_web_server(instance, own_instance):
    names = ["Content-Type", "Cache-Control", "X-Content-Type-Options", "Referrer-Policy",
             "Content-Security-Policy", "Access-Control-Allow-Origin"]
    ours, theirs = (Client(place).get("/").headers for place in (instance, own_instance))
    assert {name: ours.get(name, "").lower() for name in names} == {
        name: theirs[name].lower() for name in names}


@everywhere
@pytest.mark.parametrize("path", ["/", "/join/", "/chat/chat.css", "/icon.svg"])
def test_the_page_is_compressed_and_cacheable(instance, path):
    client = Client(instance)
    plain = client.get(path, headers={"Accept-Encoding": "identity"})
    packed = client.get(path, headers={"Accept-Encoding": "gzip"})
    assert "Content-Encoding" not in plain.headers
    assert packed.headers["Content-Encoding"] == "gzip"
    assert "accept-encoding" in packed.headers["Vary"].lower()
    assert packed.content == plain.content
    known = {"If-Modified-Since": packed.headers["Last-Modified"], "Accept-Encoding": "gzip"}
    if "ETag" in packed.headers:
        known["If-None-Match"] = packed.headers["ETag"]
    again = client.get(path, headers=known)
    assert (again.status_code, again.content) == (304, b"")


# ---- errors of the web server ----

@everywhere
def test_an_unknown_path_is_404_in_json(instance):
    assert_error(Client(instance).get("/nothing-here"), 404)


@pytest.mark.everywhere
def test_an_unknown_path_is_a_page_for_people(instance):
    client = Client(instance)
    accept = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
    for path in ("/nothing-here", "/chat/nothing-here"):
        answer = client.get(path, headers=accept)
        assert answer.status_code == 404
        assert answer.headers["Content-Type"].startswith("text/html")
        assert "Page not found" in answer.text
        assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
    assert_error(client.get("/api/nothing-here/", headers=accept), 404)


@everywhere
def test_a_huge_body_is_413_in_json_before_it_is_read(instance):
    head = ("POST /api/chat/rooms/ HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
            "Content-Type: application/json\r\nContent-Length: 90000000\r\n\r\n")
    assert_error(instance.raw(head.encode()), 413)


# ---- tokens ----

@everywhere
def test_the_access_log_contains_no_secret(instance, own_instance, fronts, request):
    secret = "5ec4e7" * 6 + "abcd"
    client = Client(instance)
    client.get(f"/api/auth/me/?token={secret}", headers={"Authorization": f"Token {secret}",
                                                         "Referer": f"http://x/?{secret}",
                                                         "Cookie": f"sessionid={secret}"})
    client.get(f"/?token={secret}")
    client.get(f"/api/chat/links/{secret}/")
    client.socket(1, protocols=f"confab, token.{secret}").abort()
    kind = request.node.callspec.params["instance"]
    if kind is None:
        assert secret not in (own_instance.state / "log" / "web.log").read_text()
        return
    client.get("/api/this-is-logged/")
    client.http.close()
    server = fronts(kind)
    assert secret not in server.access_log("/api/this-is-logged/")
    assert secret not in server.said()


# ---- sockets ----

@pytest.mark.slow("waits longer than the timeouts of all web servers")
def test_an_idle_socket_outlives_the_timeouts_of_every_web_server(user, fronts):
    """The servers time out after 5 seconds here; pings are sent every 30 seconds."""
    alice = user()
    room = alice.room()["room_id"]
    with contextlib.ExitStack() as stack:
        lives = [stack.enter_context(EventReader(Socket.open(
            fronts(kind).instance, f"/ws/chat/{room}/", token=alice.token))) for kind in KINDS]
        lives[0].no_event(7)
        alice.say(room, "still there?")
        assert [live.event()["message"]["content"] for live in lives] == [
            "still there?"] * len(KINDS)


def test_timeouts_exceed_the_ping_interval():
    """At the maximum of ws_ping; lighttpd has no timeout for upgraded connections."""
    options = (ROOT / "common" / "config" / "options.def").read_text()
    largest = int(re.search(r"OPTION_NUMBER\(ws_ping, \d+, \d+, (\d+),", options)[1])
    apache = (ROOT / "conf" / "apache" / "routes.conf").read_text()
    nginx = (ROOT / "conf" / "nginx" / "ws.conf").read_text()
    assert int(re.search(r"upgrade=websocket[^#]* timeout=(\d+)", apache)[1]) > largest
    for kind in ("read", "send"):
        assert int(re.search(rf"proxy_{kind}_timeout (\d+)s", nginx)[1]) > largest


# ---- upgrades ----

@everywhere
@pytest.mark.parametrize("extensions", [
    "permessage-deflate; client_max_window_bits", "permessage-deflate; " * 20 + "x", "x" * 3000,
    ", ".join(f"extension-{i}" for i in range(300)),
])
def test_extensions_of_any_length_are_ignored(instance, user, extensions):
    new = user()
    with Socket.open(instance, "/ws/chat/notifications/", token=new.token,
                     headers={"Sec-WebSocket-Extensions": extensions}) as live:
        assert live.status == 101
        assert "sec-websocket-extensions" not in live.headers
        assert live.next()["type"] == "connected"


@everywhere
def test_a_query_of_many_parameters_is_no_failure_of_the_server(instance, user):
    new = user()
    path = "/ws/chat/notifications/?" + "&".join(f"a{i}={i}" for i in range(700))
    with Socket.open(instance, path, token=new.token) as live:
        assert live.status in (404, 414), live.body
        assert list(live.json()) == ["detail", "code"]
    path = "/ws/chat/notifications/?" + "&".join(f"a{i}={i}" for i in range(39)) + "&since=0"
    with Socket.open(instance, path, token=new.token) as live:
        assert live.next()["type"] == "connected"
