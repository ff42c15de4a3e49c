"""Sockets that are opened with an API key, as a user."""

import time

import pytest

from support.api_key import Program
from support.client import fresh_name
from support.sockets import BOTH_WAYS, NOTIFICATIONS, ROOM, assert_let_in
from support.websocket import Closed, Socket


def shake(program, path, user=None, direct=False, token=None, **options):
    headers = {"X-Confab-User": str(user)} if user is not None else {}
    headers |= options.pop("headers", {})
    return Socket.open(program.instance, path, token=token or program.token, direct=direct,
                       headers=headers, **options)


def refused(live):
    """The code and the close code of a socket that is not let in."""
    with live:
        frame = live.next()
        assert frame["type"] == "error", frame
        with pytest.raises(Closed) as end:
            live.next()
    return frame["code"], end.value.code


def closed(live, seconds):
    """The close code of an open socket, which comes within this time."""
    before = time.monotonic()
    with pytest.raises(Closed) as end:
        while True:
            live.next()
    assert time.monotonic() - before < seconds
    return end.value.code


@pytest.fixture(scope="module")
def program(instance):
    return Program(instance, "act")


@BOTH_WAYS
def test_a_key_opens_both_kinds_of_sockets_as_a_user(program, user, direct):
    alice = user()
    room = alice.room()["room_id"]
    for path in (ROOM.format(room), NOTIFICATIONS):
        with shake(program, path, alice.id, direct) as live:
            assert assert_let_in(live)["user_id"] == alice.id
    with shake(program, ROOM.format(room), alice.id, direct) as live:
        assert_let_in(live)
        said = alice.say(room)
        assert live.next()["message"] == said


@pytest.mark.everywhere
def test_each_web_server_passes_the_user_on(instance, user):
    alice, program = user(), Program(instance, "act")
    with shake(program, NOTIFICATIONS, alice.id) as live:
        assert assert_let_in(live)["user_id"] == alice.id
    live = Socket.open(instance, NOTIFICATIONS, headers={"X-Confab-Token": program.token,
                                                         "X-Confab-User": str(alice.id)})
    with live:
        assert assert_let_in(live)["user_id"] == alice.id


def test_a_key_acts_by_the_ids_of_the_site(instance):
    program, sub = Program(instance, "act,users"), fresh_name("sub")
    made = program.put_user(sub)["user"]
    with shake(program, NOTIFICATIONS, f"ext:{sub}") as live:
        assert assert_let_in(live)["user_id"] == made["user_id"]


@BOTH_WAYS
def test_a_key_alone_opens_nothing(instance, program, user, direct):
    alice = user()
    room = alice.room()["room_id"]
    for path in (ROOM.format(room), NOTIFICATIONS):
        assert refused(shake(program, path, None, direct)) == ("key_needs_user", 4403)
        for name in (999999999, "ext:nobody", "ext:", "x", "ext:" + "x" * 200, "0"):
            assert refused(shake(program, path, name, direct)) == ("key_needs_user", 4403)
        others = Program(instance, "users,rooms,messages,hooks,moderate")
        assert refused(shake(others, path, alice.id, direct)) == ("key_needs_user", 4403)
        assert refused(shake(program, path, alice.id, direct, token="ck_" + "0" * 40)) == (
            "unauthenticated", 4401)
        assert refused(shake(program, path, alice.id, direct, token=program.token[3:])) == (
            "unauthenticated", 4401)


def test_a_cookie_beside_a_key_does_not_count(program, user):
    alice = user()
    browser = alice.browser()
    live = shake(program, NOTIFICATIONS, cookie=browser.cookies["sessionid"],
                 origin=alice.instance.url)
    assert refused(live) == ("key_needs_user", 4403)


def test_a_key_in_the_subprotocol_needs_the_header_too(program):
    """Browsers cannot send it, so a key that leaked into a page opens no socket."""
    live = Socket.open(program.instance, NOTIFICATIONS,
                       protocols=f"confab, token.{program.token}")
    assert refused(live) == ("key_needs_user", 4403)


def test_a_key_in_the_query_does_not_count(program, user):
    alice = user()
    live = Socket.open(program.instance, f"{NOTIFICATIONS}?token={program.token}",
                       origin=program.instance.url, headers={"X-Confab-User": str(alice.id)})
    assert refused(live) == ("unauthenticated", 4401)


def test_the_header_without_a_key_does_not_count(user):
    alice, bob = user(), user()
    with alice.notifications(headers={"X-Confab-User": str(bob.id)}) as live:
        assert assert_let_in(live)["user_id"] == alice.id


def test_the_header_twice_names_no_user(program, user):
    alice, bob = user(), user()
    live = shake(program, NOTIFICATIONS, direct=True,
                 headers={"X-Confab-User": f"{alice.id}\r\nX-Confab-User: {bob.id}"})
    assert refused(live) == ("key_needs_user", 4403)


def test_the_rules_of_rooms_are_those_of_the_user(program, user):
    alice, bob = user(), user()
    private = alice.room()["room_id"]
    public = alice.room(is_private=False)["room_id"]
    assert refused(shake(program, ROOM.format(private), bob.id)) == ("not_found", 4404)
    assert refused(shake(program, ROOM.format(public), bob.id)) == ("forbidden", 4403)


def test_a_disabled_user_is_not_let_in(program, user):
    alice = user()
    assert alice.instance.confabctl("user", "disable", alice.name).returncode == 0
    assert refused(shake(program, NOTIFICATIONS, alice.id)) == ("user_inactive", 4401)


def test_an_address_bounds_a_key(instance, user):
    alice = user()
    program = Program(instance, "act", options=("--address", "192.0.2.0/24"))
    assert refused(shake(program, NOTIFICATIONS, alice.id)) == ("key_address", 4403)
    inside = Program(instance, "act", options=("--address", "127.0.0.0/8"))
    for direct in (False, True):
        with shake(inside, NOTIFICATIONS, alice.id, direct) as live:
            assert_let_in(live)


def test_revoking_a_key_closes_its_sockets_and_no_others(instance, user):
    alice, bob = user(), user()
    room = alice.room()["room_id"]
    alice.invite(room, bob)
    program, other = Program(instance, "act"), Program(instance, "act")
    with shake(program, ROOM.format(room), alice.id) as first, \
            shake(program, NOTIFICATIONS, bob.id) as second, \
            shake(other, ROOM.format(room), alice.id) as spared, alice.socket(room) as own:
        for live in (first, second, spared, own):
            assert_let_in(live)
        program.revoke()
        assert closed(first, 10) == 4401
        assert closed(second, 10) == 4401
        said = alice.say(room)
        for live in (spared, own):
            frame = live.next()
            while frame["type"] != "new_message":
                frame = live.next()
            assert frame["message"] == said


def test_a_watch_ends_with_the_key(instance, user):
    alice = user()
    room = alice.room()["room_id"]
    program = Program(instance, "act")
    with shake(program, NOTIFICATIONS, alice.id) as live:
        assert_let_in(live)
        live.send({"type": "watch", "room_id": room})
        assert live.next()["type"] == "connected"
        program.revoke()
        assert closed(live, 10) == 4401


def test_a_key_that_expires_closes_its_sockets(instance, user):
    alice = user()
    program = Program(instance, "act")
    with shake(program, NOTIFICATIONS, alice.id) as live:
        assert_let_in(live)
        instance.sql("UPDATE api_key SET expires_at = SYSDATE(6) WHERE name = ?", program.key_name)
        assert closed(live, 10) == 4401


def test_disabling_the_user_closes_the_sockets_of_the_key(program, user):
    alice = user()
    with shake(program, NOTIFICATIONS, alice.id) as live:
        assert_let_in(live)
        assert alice.instance.confabctl("user", "disable", alice.name).returncode == 0
        assert closed(live, 10) == 4401
