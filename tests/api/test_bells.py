"""Bells: small static files by which clients learn that something is new without a program."""

import os
import re
import subprocess
import time

import pytest

from support.client import Client
from support.confabctl import Tool
from support.rooms import ROOMS, remove, url
from support.wait import wait_for

NAME = re.compile(r"/bell/[0-9a-f]{32}")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    made = tmp_path_factory.mktemp("bells")
    for path in (made, *made.parents):
        if path == made.parents[-1] or path.stat().st_uid != os.getuid():
            break
        path.chmod(path.stat().st_mode | 0o755)
    return made


@pytest.fixture(scope="module")
def ringing(make_instance, folder):
    """An instance with bells."""
    return make_instance(CONFAB_BELL_DIR=folder)


@pytest.fixture
def people(ringing):
    alice, bob = Client(ringing).register(), Client(ringing).register()
    room = alice.room()
    alice.invite(room["room_id"], bob)
    return alice, bob, alice.get(url(room)).json()


def listen(client, path):
    """The number in a bell; None: there is none."""
    answer = client.get(path, headers={"Authorization": None})
    if answer.status_code == 404:
        return None
    assert answer.status_code == 200
    return int(answer.text)


def own_bell(client):
    return client.get("/api/auth/me/").json()["bell"]


# ---- numbers in the files ----

def test_without_bell_dir_there_are_none(user):
    alice = user()
    assert alice.room()["bell"] is None
    assert own_bell(alice) is None


def test_a_room_and_a_user_have_one_with_the_last_number(people):
    alice, bob, room = people
    assert NAME.fullmatch(room["bell"])
    assert listen(alice, room["bell"]) == 1
    # It is the same for all members, wherever the room is shown.
    assert bob.get(ROOMS).json()["results"][0]["bell"] == room["bell"]
    entry, = bob.post("/api/chat/sync/", json={}).json()["rooms"]
    assert entry["room"]["bell"] == room["bell"]
    assert NAME.fullmatch(own_bell(bob))
    assert own_bell(alice) != own_bell(bob) == own_bell(bob)
    assert listen(bob, own_bell(bob)) == 1


def test_a_user_outside_the_room_is_not_notified(people, ringing):
    alice, bob, _ = people
    public = alice.room(is_private=False)
    assert public["bell"]
    assert bob.get(url(public)).json()["bell"] is None
    assert public["room_id"] in {room["room_id"] for room in bob.get(
        f"{ROOMS}?public=1").json()["results"] if room["bell"] is None}


# ---- ringing ----

def test_every_change_of_a_room_rings_before_the_answer(people, ringing):
    alice, bob, room = people
    carol = Client(ringing).register()
    bell, seq = room["bell"], 1
    message = bob.say(room["room_id"])
    path = url(room, f"messages/{message['message_id']}/")
    assert listen(alice, bell) == (seq := seq + 1)
    for change in (lambda: bob.patch(path, json={"content": "other"}),
                   lambda: alice.delete(path),
                   lambda: alice.patch(url(room), json={"name": "Other", "is_private": False}),
                   lambda: carol.post(url(room, "join/")),
                   lambda: alice.patch(url(room, f"members/{bob.id}/"), json={"is_admin": True})):
        assert change().status_code < 300
        assert listen(alice, bell) == (seq := seq + 1)


def test_a_number_with_one_digit_more_is_served_whole(people):
    alice, _, room = people
    bell = room["bell"]
    for number in range(2, 12):
        alice.say(room["room_id"])
        assert listen(alice, bell) == number


def test_what_concerns_a_user_rings_the_own_bell(people):
    alice, bob, room = people
    bell = own_bell(bob)
    before = listen(bob, bell)
    other = alice.room()
    alice.invite(other["room_id"], bob)
    message = alice.say(room["room_id"])
    assert listen(bob, bell) == before + 1
    bob.post(url(room, "read/"), json={"message_id": message["message_id"]})
    assert listen(bob, bell) == before + 2
    bob.say(room["room_id"])
    assert listen(bob, bell) == before + 2
    remove(alice, other, bob.id)
    assert listen(bob, bell) == before + 3
    bob.room()
    assert listen(bob, bell) == before + 4


def test_the_end_of_a_silence_rings_also_if_its_number_is_unknown(people, ringing):
    alice, bob, room = people
    bell = own_bell(bob)
    before = listen(bob, bell)
    # As if a first request had ended the silence, and its answer had been lost.
    ringing.sql("UPDATE user SET last_seq = last_seq + 1 WHERE user_id = ?", bob.id)
    assert alice.delete(url(room, "silence/"), json={"user_id": bob.id}).status_code == 204
    assert listen(bob, bell) == before + 1


def test_a_deleted_room_rings_its_members(people):
    alice, bob, room = people
    bell = own_bell(bob)
    before = listen(bob, bell)
    alice.delete(url(room))
    assert listen(bob, bell) == before + 1


def test_confabctl_rings_too(people, ringing):
    alice, bob, room = people
    carol = Client(ringing).register()
    name = alice.get(url(room)).json()["name"]
    bell = own_bell(carol)
    Tool(ringing)("room", "ensure", name, "--owner", alice.name, "--member", carol.name)
    assert listen(alice, room["bell"]) == 2
    assert listen(carol, bell) == 1
    before = listen(bob, own_bell(bob))
    Tool(ringing)("room", "delete", room["room_id"], "--yes")
    assert listen(bob, own_bell(bob)) == before + 1


def test_the_bell_of_a_removed_member_is_silent(people):
    alice, bob, room = people
    remove(alice, room, bob.id)
    assert listen(bob, room["bell"]) is None
    alice.say(room["room_id"])
    assert listen(bob, room["bell"]) is None
    now = alice.get(url(room)).json()
    assert now["bell"] != room["bell"]
    assert listen(alice, now["bell"]) == now["last_seq"]
    alice.say(room["room_id"])
    assert listen(alice, now["bell"]) == now["last_seq"] + 1


@pytest.mark.parametrize("act", ["erase", "erase own", "ban"])
def test_what_is_done_in_slices_rings_too(people, ringing, act):
    """The events of an erased user, and of messages of a banned one, are not published one by one:
    those who stay must not keep reading the former bell."""
    alice, bob, room = people
    bob.say(room["room_id"])
    if act == "erase":
        Tool(ringing)("user", "erase", bob.name, "--messages", "erase")
    elif act == "erase own":
        bob.delete("/api/auth/me/", json={"password": bob.password, "messages": "erase"})
    else:
        alice.post(url(room, "bans/"), json={"user_id": bob.id, "delete_messages": "all"})
    now = alice.get(url(room)).json()
    assert now["last_message"]["is_deleted"]
    assert listen(alice, room["bell"]) is None
    assert listen(alice, now["bell"]) == now["last_seq"]


def test_an_entity_tag_does_not_hide_a_new_bell(people):
    alice, bob, room = people
    tag = alice.get(url(room)).headers["ETag"]
    remove(bob, room, bob.id)
    assert alice.get(url(room), headers={"If-None-Match": tag}).status_code == 200


def test_a_restore_gives_all_bells_new_names(people, ringing):
    alice, _, room = people
    Tool(ringing)("restored")
    assert alice.get(url(room)).json()["bell"] != room["bell"]


def test_a_file_that_is_lost_is_written_again(people, folder):
    alice, _, room = people
    (folder / room["bell"].split("/")[-1]).unlink()
    assert listen(alice, room["bell"]) is None
    assert alice.get(url(room)).json()["bell"] == room["bell"]
    assert listen(alice, room["bell"]) == 1


def test_bells_that_have_not_rung_for_a_week_are_removed(people, folder, ringing):
    alice, _, room = people
    other = alice.room()
    file = folder / room["bell"].split("/")[-1]
    os.utime(file, (0, 0))
    ringing.sql("UPDATE room SET changed_at = NOW(6) - INTERVAL 8 DAY WHERE room_id = ?",
                room["room_id"])
    (folder / "notes").write_text("")
    os.utime(folder / "notes", (0, 0))
    Tool(ringing)("events", "purge")
    assert not file.exists()
    assert (folder / "notes").exists()
    assert listen(alice, other["bell"]) == 0


# ---- the heartbeat ----

HEARTBEAT = b"heartbeat".hex().ljust(32, "0")


def test_the_heartbeat_is_the_time(people):
    alice, _, room = people
    assert abs(listen(alice, f"{room['bell'][:-32]}{HEARTBEAT}") - time.time()) < 60


@pytest.mark.slow("waits for the next one")
def test_requests_renew_the_heartbeat(people, folder):
    alice = people[0]
    (folder / HEARTBEAT).unlink()
    wait_for(lambda: alice.get("/healthz") and listen(alice, f"/bell/{HEARTBEAT}"))


# ---- trouble ----

@pytest.mark.slow("an instance of its own")
def test_a_folder_that_cannot_be_written_is_reported_once(make_instance, tmp_path):
    missing = tmp_path / "missing"
    instance = make_instance(CONFAB_BELL_DIR=missing, CONFAB_PROCESSES=4)
    alice, bob = Client(instance).register(), Client(instance).register()
    room = alice.room()
    assert room["bell"] is None
    assert own_bell(alice) is None
    alice.invite(room["room_id"], bob)
    for number in range(20):
        alice.say(room["room_id"], f"{number}")
    assert len(bob.events(room["room_id"])) == 21
    lines = [line for line in instance.log().splitlines() if "bell_dir" in line]
    assert len(lines) == 1
    assert re.search(f" error fcgi-api.*bell_dir {missing}: No such file", lines[0])
    found = Tool(instance).json("doctor", instance.url, "--no-sockets", code=1)["checks"]
    bells, = [check for check in found if check["check"] == "bells"]
    assert (bells["state"], "No such file" in bells["detail"]) == ("failed", True)


@pytest.mark.slow("mounts a file system")
def test_a_full_disk_costs_no_message(make_instance, tmp_path):
    """A file system of its own, in a mount namespace, is full; as root only."""
    if os.getuid() != 0:
        target = tmp_path / "unwritable"
        target.mkdir(mode=0o555)
    else:
        target = tmp_path / "full"
        target.mkdir()
        done = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=4k,nr_inodes=2", "none",
                               str(target)], capture_output=True)
        if done.returncode != 0:
            target = "/proc"
    try:
        instance = make_instance(CONFAB_BELL_DIR=target)
        alice = Client(instance).register()
        rooms = [alice.room() for _ in range(3)]
        assert rooms[-1]["bell"] is None
        alice.say(rooms[-1]["room_id"])
        assert "bell_dir" in instance.log()
    finally:
        subprocess.run(["umount", str(target)], capture_output=True)


def test_the_doctor_finds_bells_that_are_served(ringing):
    report = Tool(ringing).json("doctor", ringing.url, "--no-sockets", "--user",
                                Client(ringing).register().name)
    bells, = [check for check in report["checks"] if check["check"] == "bells"]
    assert bells["state"] == "ok", bells


# ---- web servers ----

@pytest.mark.everywhere
def test_a_bell_is_served_as_it_is_and_never_kept(instance, request):
    folder = getattr(instance, "bells", instance.state / "bell")
    folder.mkdir(exist_ok=True)
    folder.chmod(0o755)
    name = os.urandom(16).hex()
    client = Client(instance)
    try:
        for number in ("9", "10", "11", "18446744073709551615"):
            (folder / name).write_text(number)
            (folder / name).chmod(0o644)
            answer = wait_for(lambda: (found := client.get(f"/bell/{name}")).text == number
                              and found, 5, number)
            assert answer.status_code == 200
            assert answer.headers["Cache-Control"] == "no-store"
            assert answer.headers["Access-Control-Allow-Origin"] == "*"
            assert answer.headers["Content-Type"].startswith("text/plain")
            assert "ETag" not in answer.headers
        # Nor is anything else of the folder shown.
        assert client.get("/bell/").status_code in (403, 404)
        assert client.get(f"/bell/{'0' * 32}").status_code == 404
        future = {"If-Modified-Since": "Fri, 01 Jan 2100 00:00:00 GMT", "If-None-Match": "*"}
        assert client.get(f"/bell/{name}", headers=future).text == number
    finally:
        (folder / name).unlink()


# ---- pace ----

def pace(client, path="/api/auth/me/"):
    return int(client.get(path).headers["X-Confab-Pace"])


def test_without_a_budget_the_pace_is_a_second(anonymous):
    for _ in range(5):
        assert pace(anonymous, "/healthz") == 1


@pytest.fixture(scope="module")
def sparing(make_instance):
    """A thousand an hour: each request takes about four seconds of it."""
    return make_instance(CONFAB_POLL_BUDGET=24000, CONFAB_PROCESSES=2)


@pytest.mark.slow("an instance of its own")
def test_the_pace_follows_the_number_of_requests_of_users(sparing):
    client, stranger = Client(sparing).register(), Client(sparing)
    first = pace(client)
    for _ in range(20):
        last = pace(client)
    assert 20 * 2 * 3.6 <= last - first + 8 <= 20 * 2 * 4.5
    # All answers have it; what is refused, or answered without a user, does not change it.
    for _ in range(50):
        for answer in (stranger.get("/healthz"), stranger.get("/api/auth/me/"),
                       client.get("/api/nothing/"), client.get("/api/chat/rooms/987654321/"),
                       stranger.post("/api/auth/token/", json={}),
                       client.request("OPTIONS", ROOMS)):
            assert last - 120 <= int(answer.headers["X-Confab-Pace"]) <= last
    # Readers of open rooms wait for one another, and users do not wait for them.
    for _ in range(40):
        waits = pace(stranger, "/api/chat/open-rooms/")
    assert waits > 40 * 2 * 7.2 - 120
    assert pace(client) <= last + 9


@pytest.mark.slow("an instance of its own")
def test_a_flood_makes_clients_wait_for_a_quarter_of_an_hour_at_most(sparing):
    client = Client(sparing).register()
    for _ in range(150):
        last = pace(client)
    assert last == 900
