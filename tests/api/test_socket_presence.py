"""Presence: who is online in a room, user_joined and user_left, across several pushd."""
import contextlib
import random
import time

import pytest

from support.client import Client
from support.presence import Watcher, by_id, people, rest, wait_for_rest
from support.pushd import Pushd
from support.sockets import BOTH_WAYS, in_room, notice, notified
from support.wait import wait_for

GRACE = 1  # presence_grace of `system`


@pytest.fixture(scope="module")
def system(make_instance):
    return make_instance(CONFAB_PRESENCE_GRACE=GRACE)


# ---- online ----

@BOTH_WAYS
def test_connected_lists_online_members_including_oneself(trio, direct):
    alice, bob, room, _ = trio
    with in_room(alice, room, direct=direct) as first, in_room(bob, room, direct=direct) as then:
        assert first.first["online"] == people(alice)
        assert by_id(then.first["online"]) == people(alice, bob)


def test_a_member_with_two_sockets_is_listed_once(trio):
    alice, bob, room, _ = trio
    with in_room(alice, room), in_room(alice, room) as tab:
        assert tab.first["online"] == people(alice)
        with in_room(bob, room) as other:
            assert by_id(other.first["online"]) == people(alice, bob)


def test_online_is_separate_for_each_room(trio):
    alice, bob, room, _ = trio
    other = alice.room()["room_id"]
    alice.invite(other, bob)
    with in_room(alice, other), in_room(bob, room) as live:
        assert live.first["online"] == people(bob)


def test_a_notifications_socket_makes_no_user_present(trio):
    alice, bob, room, _ = trio
    with in_room(bob, room) as live, notified(alice):
        live.none()
        with in_room(bob, room) as again:
            assert again.first["online"] == people(bob)
        assert rest(bob, room) == people(bob)


def test_a_refused_socket_makes_no_user_present(trio, system):
    alice, _, room, _ = trio
    stranger = Client(system).register()
    with in_room(alice, room) as live:
        assert stranger.socket(room).closed() == 4404
        live.none()


# ---- user_joined and user_left ----

@BOTH_WAYS
def test_user_joined_is_sent_when_a_users_first_socket_opens(trio, direct):
    alice, bob, room, _ = trio
    with in_room(alice, room, direct=direct) as live, in_room(bob, room, direct=direct):
        assert live.next() == notice("user_joined", bob, room)
        live.none()


def test_a_second_socket_sends_no_user_joined(trio):
    alice, bob, room, _ = trio
    with in_room(alice, room) as live, in_room(bob, room):
        live.until("user_joined")
        with in_room(bob, room):
            live.none(0.5)
        live.none(GRACE + 1)


@pytest.mark.parametrize("end", ["close", "abort"])
def test_user_left_is_sent_when_the_last_socket_is_closed_for_the_grace_period(trio, end):
    alice, bob, room, _ = trio
    with in_room(alice, room) as live:
        with in_room(bob, room) as one, in_room(bob, room) as other:
            live.until("user_joined")
            getattr(one, end)()
            live.none(GRACE + 1)
            start = time.monotonic()
            getattr(other, end)()
            assert live.next(3 * GRACE + 5) == notice("user_left", bob, room)
            assert time.monotonic() - start >= GRACE
        live.none()


def test_a_reconnect_within_the_grace_period_sends_nothing(system, trio):
    alice, bob, room, _ = trio
    with Pushd(system, presence_grace=10) as patient, \
            in_room(alice, room, direct=patient.port) as live:
        with in_room(bob, room, direct=patient.port):
            live.until("user_joined")
        with in_room(bob, room, direct=patient.port) as again:
            assert by_id(again.first["online"]) == people(alice, bob)
            live.none(1)


def test_a_user_who_left_can_join_again(trio):
    alice, bob, room, _ = trio
    with in_room(alice, room) as live:
        for _ in range(2):
            with in_room(bob, room):
                assert live.next() == notice("user_joined", bob, room)
            assert live.next(3 * GRACE + 5) == notice("user_left", bob, room)


def test_presence_is_not_sent_to_sockets_of_the_same_user(trio, second):
    alice, bob, room, _ = trio
    with in_room(alice, room) as mine, in_room(bob, room) as theirs:
        with in_room(alice, room, direct=second) as elsewhere:
            assert mine.next() == notice("user_joined", bob, room)
            mine.none()
            elsewhere.none()
        theirs.none()


def test_presence_is_not_sent_to_notifications_sockets(trio):
    alice, bob, room, _ = trio
    with in_room(alice, room) as live, notified(alice) as notifications:
        with in_room(bob, room):
            live.until("user_joined")
        live.until("user_left")
        notifications.none()


def test_presence_is_not_recorded_as_an_event(trio):
    alice, bob, room, _ = trio
    before = alice.events(room)
    with in_room(alice, room) as live, in_room(bob, room):
        live.until("user_joined")
        assert alice.events(room) == before


def test_a_removed_member_goes_offline(trio):
    alice, bob, room, _ = trio
    with in_room(alice, room) as live, in_room(bob, room) as theirs:
        live.until("user_joined")
        alice.post(f"/api/chat/rooms/{room}/remove_member/", json={"user_id": bob.id})
        assert theirs.closed() == 4403
        assert live.until("user_left", 3 * GRACE + 5) == notice("user_left", bob, room)


# ---- REST ----

def test_the_rest_api_and_sockets_agree_on_presence(trio):
    alice, bob, room, carol = trio
    with in_room(alice, room) as live:
        wait_for_rest(carol, room, alice)
        with in_room(bob, room) as theirs:
            wait_for_rest(carol, room, alice, bob)
            assert rest(carol, room) == by_id(theirs.first["online"])
        live.until("user_left")
        wait_for_rest(carol, room, alice)
    wait_for_rest(carol, room)


# ---- two pushd ----

def test_user_joined_and_user_left_reach_the_other_pushd(trio, second):
    alice, bob, room, carol = trio
    with in_room(alice, room) as here:
        with in_room(bob, room, direct=second) as there:
            assert by_id(there.first["online"]) == people(alice, bob)
            assert here.next() == notice("user_joined", bob, room)
            with in_room(carol, room):
                assert there.next() == notice("user_joined", carol, room)
            assert there.next(3 * GRACE + 5) == notice("user_left", carol, room)
            wait_for_rest(carol, room, alice, bob)
        assert here.until(lambda frame: frame == notice("user_left", bob, room))
        here.none()


def test_a_user_on_two_pushd_is_online_until_the_last_socket_closes(trio, second):
    alice, bob, room, _ = trio
    with in_room(alice, room) as here, in_room(bob, room) as one:
        here.until("user_joined")
        with in_room(bob, room, direct=second):
            here.none(0.5)
            one.close()
            here.none(GRACE + 1)
            wait_for_rest(alice, room, alice, bob)
        assert here.next(3 * GRACE + 5) == notice("user_left", bob, room)


def test_a_reconnect_to_the_other_pushd_sends_nothing(trio, system):
    alice, bob, room, _ = trio
    with Pushd(system, presence_grace=10) as one, Pushd(system, presence_grace=10) as other, \
            in_room(alice, room, direct=one.port) as live:
        with in_room(bob, room, direct=one.port):
            live.until("user_joined")
        with in_room(bob, room, direct=other.port):
            live.none(1)


def test_typing_reaches_the_other_pushd(trio, second):
    alice, bob, room, _ = trio
    with in_room(alice, room) as here, in_room(bob, room, direct=second) as there:
        here.until("user_joined")
        there.send({"type": "typing"})
        assert here.next() == notice("typing", bob, room)
        there.send({"type": "stop_typing"})
        assert here.next() == notice("stop_typing", bob, room)


def test_events_reach_the_sockets_of_both_pushd(trio, second):
    alice, bob, room, _ = trio
    with in_room(alice, room) as here, in_room(bob, room, direct=second) as there:
        said = alice.say(room)
        for live in (here, there):
            assert live.until("new_message")["message"]["message_id"] == said["message_id"]


@pytest.mark.slow("many connections")
def test_all_watchers_agree_after_many_connects_and_disconnects(trio, system, second):
    alice, bob, room, carol = trio
    dave, erin = (Client(system).register() for _ in range(2))
    alice.invite(room, dave)
    alice.invite(room, erin)
    chance = random.Random(room)
    with in_room(alice, room) as here, in_room(alice, room, direct=second) as there, \
            contextlib.ExitStack() as rest_of_them:
        watchers = [Watcher(here), Watcher(there)]
        opened = {client: [] for client in (bob, carol, dave, erin)}
        for _ in range(200):
            client = chance.choice(list(opened))
            if opened[client] and chance.random() < 0.6:
                getattr(opened[client].pop(), chance.choice(["close", "abort"]))()
            else:
                opened[client].append(rest_of_them.enter_context(
                    client.socket(room, direct=chance.choice([False, second]))))
            for watcher in watchers:
                watcher.look()
        present = [alice, *(client for client in opened if opened[client])]
        for watcher in watchers:
            wait_for(lambda seeing=watcher: seeing.sees(*present), 15)
            assert watcher.wrong == []
        wait_for_rest(alice, room, *present)
        for direct in (False, second):
            with in_room(erin, room, direct=direct) as live:
                expected = people(*{*present, erin})
                assert by_id(live.first["online"]) == expected
