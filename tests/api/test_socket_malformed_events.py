"""Malformed events on a channel are ignored; no event is lost and no socket closed."""

import json
import subprocess
import time

import pytest

from support.event_reader import follow, follow_user
from support.pushd_metrics import metric
from support.wait import wait_for

MESSAGE = json.dumps({"type": "new_message", "message": {"content": "forged"}})
HUGE = json.dumps({"type": "new_message", "message": {"content": "x" * 3_000_000}})


@pytest.fixture
def room(alice):
    return alice.room()["room_id"]


def publish(system, channel, payload):
    """Publishes bytes; returns the number of subscribers that received them."""
    done = subprocess.run(["redis-cli", "-s", f"{system.state}/sock/redis.sock", "-x", "PUBLISH",
                           f"confab:{channel}"], input=payload, capture_output=True, timeout=30,
                          check=True)
    return int(done.stdout)


BAD = {
    "nothing": b"",
    "no header": MESSAGE.encode(),
    "a line feed": b"\n",
    "no line feed": b"2 1 new_message 1 1 0 alice 0 0",
    "another version": b"3 1 new_message 1 1 0 alice 0 0\n" + MESSAGE.encode(),
    "version 0": b"0 1 new_message 1 1\n" + MESSAGE.encode(),
    "no version": b"x 1 new_message 1 1\n" + MESSAGE.encode(),
    "a field too few": b"2 1 new_message 1 1 0 alice 0\n" + MESSAGE.encode(),
    "a field too many": b"2 1 new_message 1 1 0 alice 0 0 0\n" + MESSAGE.encode(),
    "two blanks": b"2  1 new_message 1 1\n" + MESSAGE.encode(),
    "a message without a number": b"2 0 new_message 1 1 0 alice 0 0\n" + MESSAGE.encode(),
    "typing with a number": b"2 1 typing 1 0 0 alice 0 0\n{}",
    "an event without a text": b"2 1 new_message 1 1 0 alice 0 0\n",
    "an unknown type": b"2 1 explosion 1 1 0 alice 0 0\n" + MESSAGE.encode(),
    "a negative number": b"2 -1 new_message 1 1 0 alice 0 0\n" + MESSAGE.encode(),
    "a number beyond 64 bits":
        b"2 18446744073709551616 new_message 1 1 0 alice 0 0\n" + MESSAGE.encode(),
    "a fraction": b"2 1.5 new_message 1 1 0 alice 0 0\n" + MESSAGE.encode(),
    "an actor that is none": b"2 1 new_message alice 1 0 alice 0 0\n" + MESSAGE.encode(),
    "a name that is none": b"2 1 new_message 1 1 0 a/b/c 0 0\n" + MESSAGE.encode(),
    "a message beyond the end": b"2 1 new_message 1 1 0 alice 1 9999\n" + MESSAGE.encode(),
    "a message that is no object": b"2 1 new_message 1 1 0 alice 1 6\n" + MESSAGE.encode(),
    "a field too few of version 1": b"1 1 new_message 1\n" + MESSAGE.encode(),
    "a field too many of version 1": b"1 1 new_message 1 1 1\n" + MESSAGE.encode(),
    "JSON that breaks off": b"2 1 new_message 1 1 0 alice 0 0\n" + MESSAGE.encode()[:-1],
    "an array": b"2 1 new_message 1 1 0 alice 0 0\n[1]",
    "a number for JSON": b"2 1 new_message 1 1 0 alice 0 0\n7",
    "two objects": b"2 1 new_message 1 1 0 alice 0 0\n{}{}",
    "no UTF-8": b"2 1 new_message 1 1 0 alice 0 0\n{\"type\":\"\xff\"}",
    "a lone surrogate": b"2 1 new_message 1 1 0 alice 0 0\n{\"type\":\"\\ud800\"}",
    "a NUL": b"2 1 new_message 1 1 0 alice 0 0\n{\"type\":\"\0\"}",
    "only noise": bytes(range(256)) * 16,
    "a long header": b"1 " * 100_000,
    "a deep one": b"2 1 new_message 1 1 0 alice 0 0\n" + b"{\"a\":" * 50_000 + b"1" + b"}" * 50_000,
}


@pytest.mark.parametrize("payload", BAD.values(), ids=BAD.keys())
def test_a_malformed_event_is_ignored_and_counted(system, alice, room, payload):
    """On the channel of the room and on that of the user."""
    before = metric(system, "redis_malformed_total")
    with follow(alice, room) as live, follow_user(alice) as notes:
        assert publish(system, f"room:{room}", payload) == 1
        assert publish(system, f"user:{alice.id}", payload) == 1
        wait_for(lambda: metric(system, "redis_malformed_total") == before + 2)
        said = alice.say(room)
        assert live.event()["message"] == said
        assert [notice for notice in live.notices if notice["type"] != "user_joined"] == []
        notes.no_event(0.05)
        assert notes.notices == []


@pytest.mark.parametrize("seq", [2, 3, 1000, 2**63, 2**64 - 1])
def test_an_event_with_an_unrecorded_seq_does_not_affect_recorded_ones(
        system, alice, room, seq):
    with follow(alice, room) as live:
        publish(system, f"room:{room}", f"2 {seq} message_deleted 1 1 0 alice 0 0\n".encode()
                + b'{"type":"message_deleted","forged":true}')
        live.no_event(0.1)
        said = [alice.say(room, f"number {i}") for i in range(5)]
        assert [event["message"] for event in live.up_to(5)] == said
        live.no_event(0.1)


@pytest.mark.parametrize("seq", [2, 2**64 - 1])
def test_a_user_event_with_an_unrecorded_seq_does_not_affect_recorded_ones(system, alice, seq):
    with follow_user(alice) as live:
        publish(system, f"user:{alice.id}", f"2 {seq} room_removed 1 1 0 alice 0 0\n".encode()
                + b'{"type":"room_removed","forged":true}')
        live.no_event(0.1)
        rooms = [alice.room()["room_id"] for _ in range(4)]
        assert [event["room_id"] for event in live.up_to(4)] == rooms


def test_a_huge_seq_does_not_cause_a_gap_check_for_every_later_event(system, alice, room):
    with follow(alice, room) as live:
        publish(system, f"room:{room}",
                f"2 {2**63} new_message 1 1 0 alice 0 0\n{MESSAGE}".encode())
        alice.say(room)
        live.up_to(1)
        before = metric(system, "gaps_filled_total")
        for _ in range(20):
            alice.say(room)
        live.up_to(21)
        assert metric(system, "gaps_filled_total") <= before + 1


def test_an_old_seq_is_not_sent_again(system, alice, room):
    with follow(alice, room) as live:
        alice.say(room)
        live.event()
        publish(system, f"room:{room}", f"2 1 new_message 1 1 0 alice 0 0\n{MESSAGE}".encode())
        live.no_event()


def test_a_huge_event_closes_no_socket(system, alice, room):
    with follow(alice, room) as live, follow_user(alice) as notes:
        for _ in range(3):
            publish(system, f"room:{room}",
                    f"2 {2**40} new_message 1 1 0 alice 0 0\n{HUGE}".encode())
        said = alice.say(room)
        assert live.event()["message"] == said
        notes.no_event(0.1)


@pytest.mark.parametrize("channel", ["room:", "room:x", "room:0", "user:-1", "nobody:1", "room:1x"])
def test_an_unknown_channel_has_no_subscriber(system, alice, room, channel):
    """It has no subscriber."""
    with follow(alice, room) as live:
        payload = f"2 1 new_message 1 1 0 alice 0 0\n{MESSAGE}".encode()
        assert publish(system, channel, payload) == 0
        live.no_event(0.05)


# Version 1 is what the release before published: during a rolling upgrade its fcgi-api and
# pushd run beside the new ones.

def test_an_event_of_version_1_is_read_from_the_database(system, alice, room):
    with follow(alice, room) as live:
        seq = alice.say(room) and live.event()["seq"] + 1
        system.sql("INSERT INTO event (room_id, seq, event_type, actor_id, subject_id, created_at) "
                   "VALUES (?, ?, 4, ?, 0, SYSDATE(6))", room, seq, alice.id)
        system.sql("UPDATE room SET last_seq = ? WHERE room_id = ?", seq, room)
        publish(system, f"room:{room}", f"1 {seq} room_updated {alice.id} 0\n"
                '{"type":"room_updated","room":"stale"}'.encode())
        event = live.event(seconds=2)
        assert (event["type"], event["seq"]) == ("room_updated", seq)
        assert event["room"]["room_id"] == room


def test_presence_of_version_1_is_shown(system, alice, room):
    later = time.time_ns() // 1000 + 60_000_000
    with follow(alice, room) as live:
        publish(system, f"room:{room}", f"1 0 user_joined 4242 {later}\n"
                '{"type":"user_joined","user":"elsewhere","user_id":4242}'.encode())
        joined = live.notice("user_joined")
        assert (joined["user"], joined["user_id"]) == ("elsewhere", 4242)


def test_typing_of_version_1_is_passed_on(system, alice, room):
    with follow(alice, room) as live:
        publish(system, f"room:{room}",
                b'1 0 typing 4242 0\n{"type":"typing","user":"elsewhere","user_id":4242,'
                b'"room_id":%d}' % room)
        assert live.notice("typing")["user"] == "elsewhere"
