"""Sockets with made-up credentials: they take no place, are gone within a second, and are limited
for each address."""

import contextlib
import secrets
import threading
import time

import pytest

from support.client import Client
from support.pushd import Pushd
from support.shapes import refusal
from support.sockets import NOTIFICATIONS, ROOM, assert_let_in
from support.wait import wait_for
from support.websocket import Closed, Socket

PLACES = 20


@pytest.fixture(scope="module")
def system(make_instance):
    return make_instance(CONFAB_RATE_LIMITS="on", CONFAB_RATE_REGISTRATIONS=1000)


@pytest.fixture
def alice(system):
    return Client(system).register()


def made_up(system, port, address="192.0.2.1", path=NOTIFICATIONS):
    """A socket with a token that does not exist, after the handshake."""
    return Socket.open(system, path, token=secrets.token_hex(20), direct=port,
                       headers={"X-Forwarded-For": address})


def refused(pushd, reason):
    return pushd.metric("refusals_total", reason=reason)


def test_refused_sockets_take_no_place_and_are_gone_before_they_answer(system, alice):
    with Pushd(system, max_sockets=PLACES, rate_socket_failures=100000) as pushd, \
            contextlib.ExitStack() as stack:
        for number in range(3 * PLACES):
            # They do not answer the close frame.
            live = stack.enter_context(made_up(system, pushd.port, f"198.51.100.{number}"))
            assert live.status == 101
        with alice.notifications(direct=pushd.port) as live:
            assert_let_in(live)
        began = time.monotonic()
        last = stack.enter_context(made_up(system, pushd.port))
        assert last.next()["code"] == "unauthenticated"
        with pytest.raises(Closed) as end:
            last.next()
        assert end.value.code == 4401
        with contextlib.suppress(ConnectionResetError):
            last.connection.settimeout(30)
            assert last.connection.recv(1) == b""
        # The timeout of an answer to the close frame is 5 seconds.
        assert time.monotonic() - began < 4.5


def test_others_get_in_during_a_flood_of_made_up_tokens(system, alice):
    with Pushd(system, max_sockets=PLACES, rate_socket_failures=100000) as pushd:
        port, ended = pushd.port, threading.Event()

        def attack():
            with contextlib.ExitStack() as stack:
                while not ended.is_set():
                    with contextlib.suppress(OSError, Closed, AssertionError):
                        stack.enter_context(made_up(system, port))

        threads = [threading.Thread(target=attack) for _ in range(4)]
        for thread in threads:
            thread.start()
        try:
            for _ in range(20):
                with alice.notifications(direct=port) as live:
                    assert_let_in(live)
        finally:
            ended.set()
            for thread in threads:
                thread.join()


def test_invalid_credentials_of_an_address_are_limited(system, alice):
    with Pushd(system, rate_socket_failures=5) as pushd:
        with alice.notifications(direct=pushd.port,
                                 headers={"X-Forwarded-For": "192.0.2.1"}) as live:
            assert_let_in(live)
        statuses = []
        for _ in range(12):
            with made_up(system, pushd.port) as live:
                statuses.append(live.status)
                if live.status == 429:
                    assert live.json() == refusal(
                        "too_many_failures", "Too many invalid credentials from this address.")
                    assert live.headers["retry-after"] == "5"
                else:
                    assert live.closed() == 4401
        # A minute may begin in between.
        assert statuses.count(101) in (5, 10) and 429 in statuses
        assert refused(pushd, "failures") == statuses.count(429)
        with made_up(system, pushd.port, "192.0.2.2") as live:
            assert live.status == 101
        # A token that was valid before is not locked out by others behind its address.
        with alice.notifications(direct=pushd.port,
                                 headers={"X-Forwarded-For": "192.0.2.1"}) as live:
            assert_let_in(live)


def test_a_64_of_ipv6_is_one_address(system):
    with Pushd(system, rate_socket_failures=5) as pushd:
        statuses = []
        for number in range(12):
            with made_up(system, pushd.port, f"2001:db8::{number}:1") as live:
                statuses.append(live.status)
                live.closed() if live.status == 101 else None
        assert statuses.count(101) in (5, 10) and 429 in statuses
        with made_up(system, pushd.port, "2001:db8:0:1::1") as live:
            assert live.status == 101


def test_an_expired_session_and_no_credentials_count_as_well(system, alice):
    with Pushd(system, rate_socket_failures=4) as pushd:
        statuses = []
        for number in range(10):
            cookie = secrets.token_hex(20) if number % 2 else None
            with Socket.open(system, ROOM.format(1), direct=pushd.port, cookie=cookie,
                             origin=f"http://127.0.0.1:{pushd.port}" if cookie else None,
                             headers={"X-Forwarded-For": "192.0.2.3"}) as live:
                statuses.append(live.status)
                live.closed() if live.status == 101 else None
        assert statuses.count(101) in (4, 8) and 429 in statuses


def test_without_rate_limits_failures_are_not_limited(system):
    with Pushd(system, rate_limits="off", rate_socket_failures=2) as pushd:
        for _ in range(6):
            with made_up(system, pushd.port) as live:
                assert live.closed() == 4401


def test_places_are_given_back(system, alice):
    with Pushd(system, max_sockets=PLACES, max_sockets_user=100) as pushd:
        for _ in range(3):
            with contextlib.ExitStack() as stack:
                for _ in range(PLACES):
                    assert_let_in(stack.enter_context(alice.notifications(direct=pushd.port)))
                with alice.notifications(direct=pushd.port) as live:
                    assert live.status == 503
            wait_for(lambda: pushd.metric("sockets", kind="notifications") == 0)
