"""Clients that connect while the database is busy are authenticated in one batch, and each gets
its own result."""
import contextlib

import pytest

from support.client import Client
from support.sockets import (NOTIFICATIONS, ROOM, assert_let_in, assert_refused, person,
                             session_of, site)
from support.unavailable import hung
from support.websocket import Socket

pytestmark = pytest.mark.slow("thousands of sockets")

TIMES = 5           # repetitions, so that each kind is at several places of the batch
NO_KEY = "0" * 40
DAYS = 14           # lifetime of a session


@pytest.fixture(scope="module")
def system(make_instance):
    return make_instance()


def connect(system, how, path, key):
    """A socket after the handshake, whose authentication is still pending."""
    how = {"token": key} if how == "token" else {"cookie": key, "origin": site(system, direct=True)}
    live = Socket.open(system, path, direct=True, **how)
    assert live.status == 101, live.body
    return live


def key_of(client, how):
    return client.token if how == "token" else session_of(client)


@pytest.mark.parametrize("how", ["token", "cookie"])
def test_each_client_of_a_batch_gets_its_own_answer(system, trio, how):
    alice, bob, room, _ = trio
    stranger = Client(system).register()
    keys = {client: key_of(client, how) for client in (alice, bob, stranger)}
    path, public = ROOM.format(room), ROOM.format(alice.room(is_private=False)["room_id"])
    asked = [(path, keys[alice], alice), (path, keys[bob], bob), (path, NO_KEY, 4401),
             (path, keys[stranger], 4404), (public, keys[stranger], 4403),
             (NOTIFICATIONS, keys[stranger], stranger),
             (NOTIFICATIONS, keys[alice], alice)] * TIMES
    with contextlib.ExitStack() as stack:
        with hung(system, "database"):
            crowd = [connect(system, how, path, key) for path, key, _ in asked]
        for live, (path, _, expected) in zip(crowd, asked):
            stack.enter_context(live)
            if isinstance(expected, int):
                assert_refused(live, expected)
                continue
            first = assert_let_in(live)
            assert first["user_id"] == expected.id
            if path != NOTIFICATIONS:
                assert first["room_id"] == room
                assert person(expected) in first["online"]


def test_each_session_of_a_batch_is_renewed_or_expired_separately(system):
    old, fresh, over = (Client(system).register() for _ in range(3))
    keys = {client: session_of(client) for client in (old, fresh, over)}
    # One day more than the lifetime.
    ends = "UPDATE session SET expires_at = SYSDATE(6) + INTERVAL ? DAY WHERE user_id = ?"
    system.sql(ends, DAYS - 3, old.id)
    system.sql(ends, -1, over.id)
    with contextlib.ExitStack() as stack:
        with hung(system, "database"):
            crowd = [(client, connect(system, "cookie", NOTIFICATIONS, keys[client]))
                     for client in (old, fresh, over) * TIMES]
        for client, live in crowd:
            stack.enter_context(live)
            if client is over:
                assert_refused(live, 4401)
            else:
                assert_let_in(live)
    left = "SELECT TIMESTAMPDIFF(HOUR, SYSDATE(6), expires_at) FROM session WHERE user_id = ?"
    for client in (old, fresh):
        assert system.sql(left, client.id)[0][0] >= (DAYS - 1) * 24 - 1
