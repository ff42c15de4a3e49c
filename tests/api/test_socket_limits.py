"""Configured limits of sockets: allowed origins, and sockets per user and per address."""
import contextlib
import signal

import pytest

from support.client import Client
from support.pushd import Pushd
from support.pushd_metrics import metric
from support.shapes import refusal
from support.sockets import BOTH_WAYS, ROOM, assert_let_in, assert_refused, session_of
from support.wait import wait_for
from support.websocket import Closed, Socket

ALLOWED = "https://app.example.org"
PER_USER, PER_ADDRESS = 3, 8


@pytest.fixture(scope="module")
def system(make_instance):
    return make_instance(CONFAB_ALLOWED_ORIGINS=f"{ALLOWED} http://other.example.net:8080",
                         CONFAB_MAX_SOCKETS_USER=PER_USER, CONFAB_MAX_SOCKETS_ADDRESS=PER_ADDRESS)


@pytest.fixture
def room(alice):
    return alice.room()["room_id"]


@pytest.fixture
def opened():
    """An ExitStack that closes sockets at the end of the test."""
    with contextlib.ExitStack() as stack:
        yield stack


def is_let_in(live):
    with contextlib.suppress(Closed):
        return live.status == 101 and live.next()["type"] == "connected"
    return False


# ---- origins ----

@BOTH_WAYS
@pytest.mark.parametrize("origin", [ALLOWED, "http://other.example.net:8080"])
def test_a_session_cookie_from_an_allowed_origin_opens_a_socket(alice, room, direct, origin):
    with Socket.open(alice.instance, ROOM.format(room), direct=direct, cookie=session_of(alice),
                     origin=origin) as live:
        assert assert_let_in(live)["user_id"] == alice.id


@BOTH_WAYS
@pytest.mark.parametrize("origin", ["http://app.example.org", f"{ALLOWED}:8443", f"{ALLOWED}.net",
                                    "https://example.org", "http://other.example.net"])
def test_an_origin_similar_to_an_allowed_one_is_403(alice, room, direct, origin):
    with Socket.open(alice.instance, ROOM.format(room), direct=direct, cookie=session_of(alice),
                     origin=origin) as live:
        assert live.status == 403


# ---- sockets per user and address ----

@BOTH_WAYS
def test_a_user_has_no_more_sockets_than_the_limit(alice, room, direct, opened):
    for _ in range(PER_USER - 1):
        assert_let_in(opened.enter_context(alice.socket(room, direct=direct)))
    assert_let_in(opened.enter_context(alice.notifications(direct=direct)))
    assert_refused(alice.socket(room, direct=direct), 1008)
    assert_refused(alice.notifications(direct=direct), 1008)


def test_a_closed_socket_frees_its_place(alice, room, opened):
    first = opened.enter_context(alice.socket(room))
    assert_let_in(first)
    for _ in range(PER_USER - 1):
        assert_let_in(opened.enter_context(alice.socket(room)))
    assert_refused(alice.socket(room), 1008)
    first.close()
    wait_for(lambda: is_let_in(opened.enter_context(alice.socket(room))))


def open_at_once(pushd, room, clients):
    """The sockets of handshakes that pushd finds all at the same moment."""
    made = []
    pushd.signal(signal.SIGSTOP)
    try:
        for client in clients:
            live = Socket(("127.0.0.1", pushd.port))
            live.connection.sendall(live.request(
                ROOM.format(room), f"127.0.0.1:{pushd.port}",
                {"Authorization": f"Token {client.token}"}))
            made.append(live)
    finally:
        pushd.signal(signal.SIGCONT)
    for live in made:
        live.read_answer()
    return made


@pytest.mark.parametrize("limit, places, status", [("max_sockets_address", 4, 429),
                                                   ("max_sockets", 10, 503)])
def test_too_many_handshakes_at_the_same_moment_are_refused_plainly(
        system, alice, room, limit, places, status):
    with Pushd(system, **{"max_sockets_address": 1000, "max_sockets_user": 100,
                          limit: places}) as pushd:
        made = open_at_once(pushd, room, [alice] * (places + 5))
        assert sorted(live.status for live in made) == [101] * places + [status] * 5
        for live in made:
            if live.status == 101:
                assert_let_in(live)
            live.abort()


def test_the_limit_applies_to_each_user_separately(alice, room, opened):
    for _ in range(PER_USER):
        assert_let_in(opened.enter_context(alice.socket(room)))
    bob = Client(alice.instance).register()
    assert_let_in(opened.enter_context(bob.notifications()))


def crowd(system, room_owner, room, address, opened):
    """Opens as many sockets from this address as allowed, for several users."""
    forwarded = {"X-Forwarded-For": address}
    for number in range(PER_ADDRESS):
        if number % PER_USER == 0:
            someone = Client(system).register()
            room_owner.invite(room, someone)
        live = someone.socket(room, direct=True, headers=forwarded)
        assert_let_in(opened.enter_context(live))


def test_an_address_has_no_more_sockets_than_the_limit(system, alice, room, opened):
    before = metric(system, "refusals_total", reason="address_limit")
    crowd(system, alice, room, "192.0.2.7", opened)
    with alice.socket(room, direct=True, headers={"X-Forwarded-For": "192.0.2.7"}) as live:
        assert live.status == 429
        assert live.json() == refusal("too_many_sockets",
                                      "Too many sockets from this address.")
        assert live.headers["retry-after"] == "5"
    assert metric(system, "refusals_total", reason="address_limit") == before + 1
    other = alice.socket(room, direct=True, headers={"X-Forwarded-For": "192.0.2.8"})
    assert_let_in(opened.enter_context(other))


def test_the_address_behind_lighttpd_is_that_of_the_client(system, alice, room, opened):
    crowd(system, alice, room, "127.0.0.1", opened)
    assert not is_let_in(opened.enter_context(alice.socket(room)))


def test_a_refused_address_is_accepted_after_others_disconnect(system, alice, room, opened):
    address = {"X-Forwarded-For": "192.0.2.9"}
    with contextlib.ExitStack() as others:
        crowd(system, alice, room, "192.0.2.9", others)
        assert not is_let_in(opened.enter_context(alice.socket(room, direct=True,
                                                               headers=address)))
    wait_for(lambda: is_let_in(opened.enter_context(
        alice.socket(room, direct=True, headers=address))))
