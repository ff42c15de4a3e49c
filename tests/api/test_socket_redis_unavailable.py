"""Sockets without Redis, with a Redis that loses data, and when events are not published."""

import contextlib
import json
import os
import signal
import socket
import subprocess
import threading
import time

import pytest

from support import fastcgi
from support.client import Client
from support.event_reader import follow, follow_user
from support.leash import leashed
from support.pushd import Pushd
from support.pushd_metrics import metric
from support.rooms import ROOMS
from support.unavailable import OUTAGES
from support.wait import wait_for

pytestmark = pytest.mark.slow("waits until outages are noticed")


# Seconds: the promise, and three times that.
AWAY, AWAY_MOST = 2, 6
UNTOLD, UNTOLD_MOST = 5, 15


@pytest.fixture(scope="module")
def system(make_instance):
    return make_instance()


@pytest.fixture
def alice(system):
    wait_for(lambda: metric(system, "redis_up") == 1, 30, "Redis")
    return Client(system).register()


def seconds_to(live, post):
    """The seconds from the response to a post until its event is received."""
    message = post()
    before = time.monotonic()
    while live.event(30)["message"] != message:
        pass
    return time.monotonic() - before


def report(what, taken, promise):
    print(f"{what}: {', '.join(f'{seconds:.2f}' for seconds in taken)} s; promised: {promise} s")


# ---- Redis is unavailable ----

@OUTAGES
def test_without_redis_messages_reach_sockets_within_2_seconds(system, alice, bob, room, outage):
    with follow(bob, room) as live, outage(system):
        taken = [seconds_to(live, lambda: alice.say(room)) for _ in range(5)]
    report(f"redis {outage.__name__}", taken, AWAY)
    assert max(taken) < AWAY_MOST


@OUTAGES
def test_without_redis_notifications_arrive(system, alice, bob, room, outage):
    with follow_user(bob) as live, outage(system):
        said = alice.say(room)
        assert live.notice("new_message_notification", AWAY_MOST)["message"] == said
        other = alice.room()["room_id"]
        alice.invite(other, bob)
        assert live.event(AWAY_MOST)["room_id"] == other
        said = alice.say(other)
        assert live.notice("new_message_notification", AWAY_MOST)["message"] == said


@OUTAGES
def test_without_redis_clients_can_connect_and_resume(system, alice, bob, room, outage):
    alice.say(room)
    with outage(system):
        with follow(bob, room) as live:
            assert live.first["seq"] == 2
            alice.say(room)
            assert live.event(AWAY_MOST)["seq"] == 3
        alice.say(room)
        with follow(bob, room, since=2) as back:
            back.up_to(4)


@OUTAGES
def test_without_redis_removals_and_room_deletions_close_sockets(
        system, alice, bob, room, outage):
    other = alice.room()["room_id"]
    alice.invite(other, bob)
    with follow(bob, room) as removed, follow(bob, other) as deleted, outage(system):
        alice.post(f"{ROOMS}{room}/remove_member/", json={"user_id": bob.id})
        alice.delete(f"{ROOMS}{other}/")
        assert removed.end(AWAY_MOST) == 4403
        assert removed.events[-1]["type"] == "user_removed"
        assert deleted.end(AWAY_MOST) == 4404
        assert deleted.notices[-1] == {"type": "room_deleted", "deleted_by": alice.name,
                                       "room_id": other}


# ---- Redis is available again ----

@OUTAGES
def test_when_redis_is_back_there_is_no_gap_and_no_duplicate(
        system, alice, bob, room, outage):
    """The readers assert consecutive numbers."""
    with follow(bob, room) as live, follow(alice, room, direct=True) as hers, \
            follow_user(bob) as notes:
        for _ in range(5):
            alice.say(room)
        with outage(system):
            for _ in range(5):
                alice.say(room)
            live.up_to(11)
            for _ in range(5):
                alice.say(room)
        for _ in range(5):
            alice.say(room)
        assert live.up_to(21) == hers.up_to(21)
        wait_for(lambda: metric(system, "redis_up") == 1, 30)
        alice.say(room, "the end")
        live.up_to(22)
        live.no_event()
        notes.until(lambda frame: frame["message"]["content"] == "the end")
        assert [frame["message"] for frame in notes.notices] == \
            [event["message"] for event in live.events]


@pytest.mark.parametrize("kind", ["pubsub", "normal"])
def test_a_lost_redis_connection_loses_no_event_and_no_socket(system, alice, bob, room, kind):
    with follow(bob, room) as live:
        for turn in range(5):
            alice.say(room)
            system.redis("CLIENT", "KILL", "TYPE", kind, "SKIPME", "yes")
            alice.say(room)
        live.up_to(11)
    wait_for(lambda: metric(system, "redis_up") == 1, 30)


def test_a_redis_that_lost_its_data_loses_no_event(system, alice, bob, room):
    with follow(bob, room) as live:
        system.redis("FLUSHALL")
        alice.say(room)
        assert live.event(UNTOLD_MOST)["seq"] == 2


def test_a_site_configured_without_redis_has_sockets(make_instance):
    system = make_instance(CONFAB_REDIS_SOCKET="")
    alice, bob = Client(system).register(), Client(system).register()
    room = alice.room()["room_id"]
    alice.invite(room, bob)
    with follow(bob, room) as live, follow_user(bob) as notes:
        said = alice.say(room)
        assert live.event(AWAY_MOST)["message"] == said
        assert notes.notice("new_message_notification", AWAY_MOST)["message"] == said


# ---- committed and never published ----

@contextlib.contextmanager
def unresponsive_redis(path):
    """A Redis that accepts commands, responds to none and delivers nothing."""
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))
        listener.listen()
        listener.settimeout(30)
        try:
            yield listener
        finally:
            path.unlink()


def launch_api(system, path, redis):
    """Starts a fcgi-api on the database of the instance with another Redis."""
    env = {**system.env, "CONFAB_FCGI_LISTEN": str(path), "CONFAB_PROCESSES": "1",
           "CONFAB_REDIS_SOCKET": str(redis), "CONFAB_REDIS_TIMEOUT": "1000"}
    with open(system.state / "log" / "short-lived.log", "ab") as log:
        return subprocess.Popen(leashed([system.build / "fcgi-api", "-c", system.config]),
                                env=env, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                start_new_session=True)


def kill(process):
    """Kills its process group."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait(30)


def is_listening(path):
    with socket.socket(socket.AF_UNIX) as probe:
        return probe.connect_ex(str(path)) == 0


def post_and_die(system, client, room, text="untold"):
    """Posts with a fcgi-api that is killed between commit and publish, while it waits for the
    response of the unresponsive Redis."""
    body = json.dumps({"content": text}).encode()
    variables = system.fcgi_params(f"{ROOMS}{room}/messages/", "POST", body, params={
        "HTTP_AUTHORIZATION": f"Token {client.token}"})
    path, redis = system.state / "sock" / "short.sock", system.state / "sock" / "deaf.sock"

    def ask():
        with contextlib.suppress(Exception):  # with or without a response
            fastcgi.call(path, variables, body)

    with unresponsive_redis(redis) as listener:
        process = launch_api(system, path, redis)
        try:
            wait_for(lambda: is_listening(path), 15, "fcgi-api")
            request = threading.Thread(target=ask)
            request.start()
            connection, heard = listener.accept()[0], b""
            with connection:
                while b"PUBLISH" not in heard:
                    heard += connection.recv(65536) or pytest.fail(f"only {heard!r}")
                kill(process)
            request.join(30)
        finally:
            kill(process)
            path.unlink(missing_ok=True)


def test_an_unpublished_event_arrives_within_5_seconds(
        system, alice, bob, room):
    taken = []
    with follow(bob, room) as live:
        for seq in range(2, 5):
            post_and_die(system, alice, room)
            before = time.monotonic()
            assert live.event(30)["seq"] == seq
            taken.append(time.monotonic() - before)
    report("killed between commit and publish", taken, UNTOLD)
    assert max(taken) < UNTOLD_MOST


def test_an_unpublished_event_arrives_before_later_ones(
        system, alice, bob, room):
    with follow(bob, room) as live:
        post_and_die(system, alice, room, "untold")
        alice.say(room, "told")
        told = [event["message"]["content"] for event in live.up_to(3)]
    assert told == ["untold", "told"]


def test_events_found_by_the_gap_check_are_counted(system, alice, bob, room):
    """By a pushd with other channels than those that fcgi-api publishes on."""
    with Pushd(system, redis_prefix="elsewhere:") as deaf, \
            follow(bob, room, direct=deaf.port) as live:
        before = deaf.metric("gap_check_events_total")
        for count, words in enumerate(("first", "second"), 1):
            alice.say(room, words)
            assert live.event(30)["message"]["content"] == words
            assert deaf.metric("gap_check_events_total") >= before + count


def test_notifications_deliver_unpublished_events(system, alice, bob, room):
    with follow_user(bob) as live:
        post_and_die(system, alice, room)
        assert live.notice("new_message_notification", UNTOLD_MOST)["room_id"] == room
