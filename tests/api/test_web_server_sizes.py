"""A web server full of WebSockets answers requests, and a reload with WebSockets open does not
stop it, with the sizes that confab ships."""

import contextlib
import re
import signal
import subprocess
import time

import pytest
import requests

from support.client import Client
from support.front import Front
from support.instance import ROOT
from support.sockets import assert_let_in, in_room
from support.wait import wait_for
from support.websocket import Socket

pytestmark = pytest.mark.slow("fills web servers with sockets")


@pytest.fixture(scope="module")
def system(shared):
    return shared(CONFAB_MAX_SOCKETS_USER=1000, CONFAB_MAX_SOCKETS_ADDRESS=1000)


@pytest.fixture
def alice(system):
    return Client(system).register()


def shipped_number(file, pattern):
    return int(re.search(pattern, (ROOT / "conf" / file).read_text())[1])


def answers(front, path="/healthz"):
    with contextlib.suppress(requests.RequestException):
        return requests.get(f"{front.instance.url}{path}", timeout=10).status_code
    return None


# ---- a full web server ----

@pytest.mark.parametrize("kind, file, pattern", [
    ("apache-fcgi", "apache/confab.conf", r"Define CONFAB_SOCKETS (\d+)"),
    ("nginx", "nginx/confab-site.conf", r"limit_conn confab_sockets (\d+);"),
])
def test_sockets_over_the_limit_get_503_and_requests_are_answered(kind, file, pattern, system,
                                                                   alice):
    limit = shipped_number(file, pattern)
    room = alice.room()["room_id"]
    with Front(system, kind) as front, contextlib.ExitStack() as stack:
        def open_one():
            return stack.enter_context(Socket.open(front.instance, f"/ws/chat/{room}/",
                                                   token=alice.token))

        opened = [open_one() for _ in range(limit)]
        assert {live.status for live in opened} == {101}
        refused = open_one()
        assert (refused.status, refused.headers["content-type"]) == (
            503, "application/json; charset=utf-8")
        assert [answers(front, path) for path in ("/healthz", "/", "/healthz")] == [200] * 3
        alice.say(room, "to all")
        for live in (opened[0], opened[-1]):
            assert_let_in(live)
            assert live.next()["type"] == "new_message"
        # A closed socket frees its place.
        opened[0].close()
        wait_for(lambda: open_one().status == 101, 20, "a free place")


@pytest.mark.parametrize("file", ["40-confab.conf", "40-confab-spawn.conf"])
def test_lighttpd_allows_more_connections_than_pushd_accepts_sockets(file):
    """The number of connections is a third of max-fds."""
    options = (ROOT / "common" / "config" / "options.def").read_text()
    sockets = int(re.search(r"OPTION_NUMBER\(max_sockets, (\d+),", options)[1])
    assert shipped_number(f"lighttpd/{file}", r"server.max-fds := (\d+)") / 3 > sockets + 500


def test_a_lighttpd_in_front_of_a_full_pushd_answers_requests(make_instance):
    full = make_instance(CONFAB_MAX_SOCKETS=20)
    alice = Client(full).register()
    room = alice.room()["room_id"]
    with Front(full, "lighttpd-socket") as front, contextlib.ExitStack() as stack:
        statuses = [stack.enter_context(Socket.open(
            front.instance, f"/ws/chat/{room}/", token=alice.token)).status for _ in range(30)]
        assert set(statuses[20:]) == {503}
        assert answers(front) == 200


# ---- a reload ----

@pytest.mark.slow("sixteen reloads of Apache, one after the other")
def test_apache_answers_after_sixteen_reloads_with_sockets_open(system, alice):
    """As by logrotate each night. Each old process stays as long as its sockets do."""
    room = alice.room()["room_id"]
    with Front(system, "apache-fcgi") as front, contextlib.ExitStack() as stack:
        def open_one():
            live = stack.enter_context(Socket.open(front.instance, f"/ws/chat/{room}/",
                                                   token=alice.token))
            assert_let_in(live)
            return live

        kept = []
        for night in range(16):
            kept += [open_one() for _ in range(6)]
            front.signal(signal.SIGUSR1)
            wait_for(lambda n=night: front.said().count("resuming normal operations") >= n + 2, 20)
            assert answers(front) == 200, front.said()
        kept.append(open_one())
        alice.say(room, "still there?")
        assert {live.next()["type"] for live in kept} == {"new_message"}
        assert "scoreboard is full" not in front.said()


def test_a_reload_of_lighttpd_keeps_the_site_up_while_a_socket_stays_open(system, alice):
    """Also if the client does not answer the end of its socket."""
    with Front(system, "lighttpd-socket") as front:
        alice.instance = front.instance
        with in_room(alice, alice.room()["room_id"]):
            began = time.monotonic()
            front.signal(signal.SIGUSR1)
            wait_for(lambda: "graceful" in front.said(), 30, "the reload")
            wait_for(lambda: answers(front) == 200, 5)
            assert time.monotonic() - began < 3


# ---- the files ----

def test_the_sizes_of_the_administrator_win(system):
    """Defined before confab.conf, or with CONFAB_OWN_SIZES left as they are."""
    with Front(system, "apache-fcgi") as front:
        conf = front.folder / "server.conf"

        def sizes(*defines):
            text = conf.read_text()
            conf.write_text("".join(f"Define {line}\n" for line in defines) + text)
            done = subprocess.run(["apache2", "-t", "-D", "DUMP_RUN_CFG", "-f", conf],
                                  capture_output=True, text=True, timeout=30)
            conf.write_text(text)
            assert done.returncode == 0, done.stderr
            return dict(re.findall(r"Define: (CONFAB_(?:THREADS|SOCKETS))=(\d+)", done.stdout))

        assert sizes() == {"CONFAB_THREADS": "512", "CONFAB_SOCKETS": "400"}
        assert sizes("CONFAB_THREADS 2048", "CONFAB_SOCKETS 1800") == {
            "CONFAB_THREADS": "2048", "CONFAB_SOCKETS": "1800"}
