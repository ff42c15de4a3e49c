"""Random histories and random absences: what a client makes of sync/ and sockets is what the server
has, also across a restored backup."""

import random
import subprocess
import time

import pytest

from support.client import Client
from support.counters import ROWS_READ, spent
from support.rooms import ROOMS
from support.sockets import notified

pytestmark = pytest.mark.slow("thousands of random changes")

SYNC = "/api/chat/sync/"
SECONDS = 60
ROUNDS = 8


@pytest.fixture(scope="module")
def instance(make_instance):
    """One of its own, since all counters are checked at the end."""
    return make_instance()


TYPES = {"new_message", "message_edited", "message_deleted", "room_updated", "user_invited",
         "user_removed", "member_updated"}


def read_up_to(room, unread):
    """The last message read of a room with this number of unread ones; 0: none."""
    ids = sorted(room["messages"], reverse=True)
    return ids[unread] if unread < len(ids) else 0


class Device:
    """A client that applies the events, and loads only what an answer says is to be loaded."""

    def __init__(self, client, rng):
        self.client = client
        self.rng = rng
        self.database_id = self.user_seq = self.etag = None
        self.rooms = {}

    # ---- loading ----

    def load(self, room):
        """The whole of a room, as with resync."""
        room_id = room["room_id"]
        path = f"{ROOMS}{room_id}/"
        messages = self.client.get(f"{path}messages/?limit=200").json()["results"]
        members = self.client.get(f"{path}members/?limit=200").json()["results"]
        made = {"name": room["name"], "seq": room["last_seq"],
                "messages": {one["message_id"]: one for one in messages},
                "members": {one["user_id"]: one["is_admin"] for one in members}}
        return {**made, "read": read_up_to(made, room["unread_count"])}

    def reload(self, room_id):
        answer = self.client.get(f"{ROOMS}{room_id}/")
        # The user may be out of it again, which a later event says.
        if self.client.get(f"{ROOMS}{room_id}/members/?limit=1").status_code == 200:
            self.rooms[room_id] = self.load(answer.json())

    # ---- applying ----

    def apply(self, room, event):
        if event["seq"] <= room["seq"]:
            return
        assert event["seq"] == room["seq"] + 1, (event, room["seq"])
        room["seq"] = event["seq"]
        kind = event["type"]
        if kind in ("new_message", "message_edited"):
            room["messages"][event["message"]["message_id"]] = event["message"]
            if kind == "new_message" and event["sender_id"] == self.client.id:
                room["read"] = max(room["read"], event["message"]["message_id"])
        elif kind == "message_deleted":
            room["messages"][event["message_id"]] |= {"content": "", "is_deleted": True}
        elif kind == "room_updated":
            room["name"] = event["room"]["name"]
        elif kind == "user_invited":
            room["members"].setdefault(event["user_id"], False)
        elif kind == "user_removed":
            room["members"].pop(event["user_id"], None)
        elif kind == "member_updated" and event["membership"]:
            membership = event["membership"]
            room["members"][membership["user_id"]] = membership["is_admin"]

    def apply_own(self, event):
        """An event of the user's own stream."""
        if self.user_seq is not None and event["seq"] <= self.user_seq:
            return
        self.user_seq = event["seq"]
        room_id = event["room_id"]
        if event["type"] in ("room_removed", "room_deleted"):
            self.rooms.pop(room_id, None)
        elif event["type"] in ("room_created", "room_invitation"):
            self.reload(room_id)
        elif event["type"] == "read_changed" and room_id in self.rooms:
            # In the streams of rooms newer ones may be under way.
            room = self.rooms[room_id]
            room["read"] = max(room["read"], event["last_read_message_id"])

    # ---- sync ----

    def sync(self):
        while True:
            body = {"database_id": self.database_id, "user_seq": self.user_seq,
                    "rooms": {str(key): room["seq"] for key, room in self.rooms.items()},
                    "limit": self.rng.choice([1, 3, 500]), "etag": self.etag}
            answer = self.client.post(SYNC, json=body).json()
            if "unchanged" in answer:
                return
            self.take(answer)
            if not answer["more"]:
                return

    def take(self, answer):
        self.database_id, self.etag = answer["database_id"], answer["etag"]
        for event in answer["user"]["events"]:
            if event["type"] in ("room_removed", "room_deleted", "read_changed"):
                self.apply_own(event)
        if not answer["more"] or answer["user"]["resync"]:
            self.user_seq = answer["user"]["last_seq"]
        elif answer["user"]["events"]:
            self.user_seq = answer["user"]["events"][-1]["seq"]
        for room_id in answer["gone"]:
            self.rooms.pop(room_id, None)
        for entry in answer["rooms"]:
            if "room" in entry:
                self.rooms[entry["room"]["room_id"]] = self.load(entry["room"])
                continue
            room = self.rooms.get(entry["room_id"])
            if room is None or entry["resync"]:
                self.reload(entry["room_id"])
                continue
            for event in entry["events"]:
                self.apply(room, event)
            if not entry["more"]:
                assert room["seq"] >= entry["last_seq"]
                room["read"] = read_up_to(room, entry["unread_count"])

    # ---- sockets ----

    def listen(self, act):
        """Watches its rooms on one socket while something happens; then sync/ closes the rest."""
        with notified(self.client, since=self.user_seq) as live:
            for room_id, room in list(self.rooms.items())[:15]:
                live.send({"type": "watch", "room_id": room_id, "since": room["seq"]})
            act()
            live.send({"type": "ping"})
            while (frame := live.next(10))["type"] != "pong":
                self.hear(frame)

    def hear(self, frame):
        if frame["type"] == "resync":
            self.reload(frame["room_id"]) if "room_id" in frame else None
        elif frame["type"] in TYPES and "seq" in frame:
            room = self.rooms.get(frame["room_id"])
            if room and frame["seq"] == room["seq"] + 1:
                self.apply(room, frame)
        elif frame["type"] in ("room_removed", "room_deleted", "read_changed", "room_created",
                               "room_invitation") and "seq" in frame:
            self.apply_own(frame)


class World:
    """Users who act at random."""

    def __init__(self, instance, rng):
        self.instance = instance
        self.rng = rng
        self.people = [Client(instance).register() for _ in range(3)]
        for person in self.people[:2]:
            person.room()

    def rooms(self, person):
        return [room["room_id"] for room in person.get(f"{ROOMS}?limit=200").json()["results"]]

    def act(self):
        person = self.rng.choice(self.people)
        rooms = self.rooms(person)
        kind = self.rng.choice(["say"] * 6 + ["read"] * 3 + ["edit", "delete", "rename", "invite",
                                                            "invite", "leave", "remove", "admin",
                                                            "create", "drop", "hide", "join"])
        if kind == "create" or not rooms:
            if len(rooms) < 8:
                person.room(f"Room {self.rng.random()}", is_private=self.rng.random() < 0.7)
            return
        path = f"{ROOMS}{self.rng.choice(rooms)}/"
        other = self.rng.choice(self.people)
        messages = person.get(f"{path}messages/?limit=20").json().get("results", [])
        message = self.rng.choice(messages)["message_id"] if messages else None
        if kind == "say":
            person.post(f"{path}messages/", json={"content": f"{self.rng.random()}"})
        elif kind == "read" and message:
            person.post(f"{path}read/", json={"message_id": message})
        elif kind == "edit" and message:
            person.patch(f"{path}messages/{message}/", json={"content": f"{self.rng.random()}"})
        elif kind == "delete" and message:
            person.delete(f"{path}messages/{message}/")
        elif kind == "rename":
            person.patch(path, json={"name": f"Room {self.rng.random()}"})
        elif kind == "invite":
            self.instance.sql("DELETE FROM departure")
            person.post(f"{path}invite/", json={"user_id": other.id})
        elif kind == "leave":
            person.post(f"{path}remove_member/", json={"user_id": person.id})
        elif kind == "remove":
            person.post(f"{path}remove_member/", json={"user_id": other.id})
        elif kind == "admin":
            person.patch(f"{path}members/{other.id}/", json={"is_admin": self.rng.random() < 0.7})
        elif kind == "drop" and len(rooms) > 4:
            person.delete(path)
        elif kind == "hide":
            person.patch(f"{path}me/", json={"is_hidden": self.rng.random() < 0.3})
        elif kind == "join":
            public = person.get(f"{ROOMS}?public=1").json()["results"]
            if public:
                room = self.rng.choice(public)["room_id"]
                person.post(f"{ROOMS}{room}/join/")

    def history(self, steps):
        for _ in range(steps):
            self.act()


def compare(device):
    """The state of the device with that of the server; rooms that are hidden may be missing."""
    instance, client = device.client.instance, device.client
    listed = {room["room_id"]: room for room in
              client.get(f"{ROOMS}?limit=200").json()["results"]}
    mine = {room_id for room_id, in instance.sql(
        "SELECT room_id FROM member WHERE user_id = ?", client.id)}
    assert listed.keys() <= device.rooms.keys() <= mine
    for room_id, known in device.rooms.items():
        assert known == device.load(client.get(f"{ROOMS}{room_id}/").json()), room_id


def live_on(world, devices, rng, deadline, rounds=ROUNDS):
    for _ in range(rounds):
        if time.monotonic() > deadline:
            break
        for device in devices:
            # Away, or on a socket, or polling all the time.
            choice = rng.random()
            if choice < 0.3:
                world.history(rng.randrange(12))
            elif choice < 0.6:
                device.listen(lambda: world.history(rng.randrange(8)))
            else:
                for _ in range(rng.randrange(4)):
                    world.act()
                    device.sync()
            if rng.random() < 0.7:
                device.sync()
                # Now and then, since it costs most: what is wrong usually stays wrong to the end.
                if rng.random() < 0.3:
                    compare(device)


@pytest.mark.parametrize("seed", [0, *(
    pytest.param(seed, marks=pytest.mark.slow("more histories")) for seed in (1, 2, 3, 4))])
def test_a_client_has_what_the_server_has(instance, seed):
    rng = random.Random(seed)
    world = World(instance, rng)
    devices = [Device(person, rng) for person in world.people for _ in range(2)]
    live_on(world, devices, rng, time.monotonic() + SECONDS)
    for device in devices:
        device.sync()
        compare(device)
    assert instance.confabctl("check", "--deep").returncode == 0


@pytest.mark.slow("restores a backup")
def test_a_client_has_what_the_server_has_after_a_restore(make_instance, tmp_path):
    instance = make_instance()
    rng = random.Random(17)
    world = World(instance, rng)
    devices = [Device(person, rng) for person in world.people for _ in range(2)]
    live_on(world, devices, rng, time.monotonic() + SECONDS / 2, ROUNDS // 2)
    command = instance.sql_command()
    backup = subprocess.run(
        ["mariadb-dump", *[word for word in command[1:] if word not in
                           ("--batch", "--skip-column-names")], "--single-transaction",
         "--hex-blob"], capture_output=True, check=True, timeout=60).stdout
    live_on(world, devices, rng, time.monotonic() + SECONDS / 2, ROUNDS // 2)
    etags = [device.etag for device in devices]
    former = {device.database_id for device in devices}
    subprocess.run(command, input=backup, check=True, timeout=60)
    restored = instance.confabctl("restored")
    assert (restored.returncode, restored.stderr) == (0, "")
    instance.end("push")
    # The same numbers are other events now.
    for person in world.people:
        for room in world.rooms(person):
            person.say(room, "after")
    for device, etag in zip(devices, etags):
        device.etag = etag
        device.sync()
        assert device.database_id not in former
        compare(device)
    # From here on as before, with sockets too.
    instance.start()
    live_on(world, devices, rng, time.monotonic() + SECONDS / 2, ROUNDS // 2)
    for device in devices:
        device.sync()
        compare(device)


def rooms_now(client):
    return {str(entry["room"]["room_id"]): entry["last_seq"]
            for entry in client.post(SYNC, json={}).json()["rooms"]}


def test_a_client_that_was_away_for_a_month_gets_the_20_rooms_that_changed(make_instance):
    instance = make_instance(CONFAB_MAX_ROOMS_USER=2000)
    alice, bob = Client(instance).register(), Client(instance).register()
    first = alice.room()["room_id"]
    alice.invite(first, bob)
    # 499 further rooms with both, as the API would make them.
    instance.sql(
        "INSERT INTO room (name, is_private, created_by_id, created_at, last_active_at, "
        "members_count, last_seq, oldest_seq) SELECT CONCAT('Room ', seq), TRUE, ?, NOW(6), "
        "NOW(6), 2, 0, 1 FROM seq_1_to_499; "
        "INSERT INTO member (room_id, user_id, is_admin, joined_at) SELECT r.room_id, u.user_id, "
        "u.user_id = ?, NOW(6) FROM room r JOIN user u ON u.user_id IN (?, ?) "
        "WHERE r.name LIKE 'Room %'; "
        "UPDATE user SET rooms_count = 500 WHERE user_id IN (?, ?)",
        alice.id, alice.id, alice.id, bob.id, alice.id, bob.id)
    device = Device(bob, random.Random(1))
    answer = bob.post(SYNC, json={}).json()
    device.take({**answer, "rooms": []})
    rooms = {entry["room"]["room_id"]: entry["last_seq"] for entry in answer["rooms"]}
    assert (len(rooms), answer["more"]) == (500, False)
    changed = sorted(random.Random(2).sample(sorted(rooms), 20))
    for room in changed:
        alice.say(room)
    instance.sql("UPDATE event SET created_at = created_at - INTERVAL 29 DAY")
    known = {"database_id": answer["database_id"], "user_seq": answer["user"]["last_seq"],
             "rooms": {str(key): value for key, value in rooms.items()}}
    instance.end("push")    # which would read rows, too
    now = {**known, "rooms": rooms_now(bob)}
    quiet = spent(instance, lambda: bob.post(SYNC, json=now), *ROWS_READ)
    busy = spent(instance, lambda: bob.post(SYNC, json=known), *ROWS_READ)
    assert busy - quiet < 20 * 20
    back = bob.post(SYNC, json=known).json()
    assert [entry["room_id"] for entry in back["rooms"]] == changed
    assert all(len(entry["events"]) == 1 for entry in back["rooms"])
    assert (back["more"], back["gone"], back["user"]["events"]) == (False, [], [])
