"""Large rooms, where presence is a number, and live rooms, which all users read."""

import pytest
from support.client import Client
from support.counters import spent
from support.shapes import refusal
from support.sockets import in_room, notified
from support.wait import wait_for

pytestmark = pytest.mark.slow("servers of its own")

ROOM = "/api/chat/rooms/{}/"
MEMBERS = 100_000


@pytest.fixture(scope="module")
def system(shared):
    return shared(CONFAB_PRESENCE_MEMBERS=2, CONFAB_RECEIPTS_MEMBERS=2)


@pytest.fixture
def carol(system):
    return Client(system).register()


@pytest.fixture
def large(alice, carol, room):
    """A room of three members, one more than presence_members."""
    alice.invite(room, carol)
    return room


@pytest.fixture
def live_room(alice):
    room = alice.room(is_private=False)["room_id"]
    assert alice.patch(ROOM.format(room), json={"is_live": True}).json()["is_live"] is True
    return room


def counted(live):
    return live.first["online"], live.first["online_count"]


# ---- presence is a number ----

def test_a_large_room_has_a_number_for_its_list_of_users_online(alice, bob, large):
    with in_room(alice, large) as first:
        assert counted(first) == ([], 1)
        with in_room(bob, large) as then, in_room(bob, large):
            assert counted(then) == ([], 2)
            assert first.next() == {"type": "online_changed", "online_count": 2, "room_id": large}
            wait_for(lambda: alice.get(ROOM.format(large) + "presence/").json() ==
                     {"online": [], "online_count": 2}, 30)
        assert first.until("online_changed")["online_count"] == 1


@pytest.mark.slow("several pushd")
def test_the_number_is_that_of_all_pushd_processes(alice, bob, large, second):
    with in_room(alice, large) as first, in_room(bob, large, direct=second) as other:
        assert first.until("online_changed")["online_count"] == 2
        assert other.first["online_count"] == 2 or \
            other.until("online_changed")["online_count"] == 2


def test_typing_and_receipts_are_not_passed_on_in_a_large_room(alice, bob, large):
    with in_room(alice, large) as live, in_room(bob, large) as other:
        live.until("online_changed")
        message = alice.say(large)["message_id"]
        other.send({"type": "typing"})
        bob.post(ROOM.format(large) + "read/", json={"message_id": message})
        bob.post("/api/chat/rooms/read/")
        bob.say(large, "last")
        kinds = []
        while "last" not in kinds:
            frame = live.next()
            kinds.append(frame["message"]["content"] if "message" in frame else frame["type"])
        assert kinds == ["hello", "last"]


def test_a_room_that_grows_is_counted_from_the_next_socket_on(alice, bob, carol, room):
    with in_room(alice, room) as live:
        assert "online_count" not in live.first
        alice.invite(room, carol)
        live.until("user_invited")
        with in_room(carol, room) as then, in_room(bob, room):
            assert counted(then) == ([], 2)
            assert live.until("online_changed")["online_count"] in (2, 3)


def test_a_watch_gets_the_number_too(alice, bob, large):
    with notified(alice) as live:
        live.send({"type": "watch", "room_id": large})
        first = live.until("connected")
        assert (first["online"], first["online_count"]) == ([], 1)
        with in_room(bob, large):
            assert live.until("online_changed") == {
                "type": "online_changed", "online_count": 2, "room_id": large}


# ---- live rooms ----

def test_a_live_room_is_read_without_membership(alice, bob, live_room):
    path = ROOM.format(live_room)
    message = alice.say(live_room)["message_id"]
    with in_room(bob, live_room) as viewer:
        assert viewer.first["seq"] == 2
        alice.say(live_room, "next")
        assert viewer.until("new_message")["message"]["content"] == "next"
    for rest in ("messages/", f"messages/{message}/", "events/", "presence/", "pins/",
                 f"messages/{message}/replies/", f"messages/?around={message}"):
        assert bob.get(path + rest).status_code == 200, rest
    for method, rest, body in (("POST", "messages/", {"content": "hi"}), ("GET", "members/", None),
                               ("POST", "read/", {"message_id": message}), ("GET", "reads/", None),
                               ("PUT", f"messages/{message}/reactions/", {"emoji": "👍"}),
                               ("PATCH", "me/", {"is_hidden": True})):
        answer = bob.request(method, path + rest, json=body)
        assert (answer.status_code, answer.json()) == (403, refusal("permission_denied")), rest
    seen = bob.get(path).json()
    assert (seen["unread_count"], seen["role"]) == (0, "viewer")
    assert alice.get(path).json()["members_count"] == 1


def test_viewers_see_how_many_members_are_online_and_do_not_count(alice, bob, carol, live_room):
    def presence():
        return carol.get(ROOM.format(live_room) + "presence/").json()

    with in_room(bob, live_room) as viewer, notified(carol) as watcher:
        watcher.send({"type": "watch", "room_id": live_room})
        assert counted(viewer) == ([], 0)
        assert watcher.until("connected")["online_count"] == 0
        with in_room(alice, live_room) as member:
            assert counted(member) == ([], 1)
            assert viewer.until("online_changed")["online_count"] == 1
            assert watcher.until("online_changed")["online_count"] == 1
            wait_for(lambda: presence() == {"online": [], "online_count": 1}, 30)
            # From now on one of the viewers is a member.
            carol.post(ROOM.format(live_room) + "join/")
            wait_for(lambda: member.until("online_changed")["online_count"] == 2, 30)
            wait_for(lambda: presence()["online_count"] == 2, 30)
        wait_for(lambda: presence()["online_count"] == 1, 30)
    wait_for(lambda: presence()["online_count"] == 0, 30)


def test_a_viewer_writes_nothing(system, alice, bob, live_room):
    alice.say(live_room)
    tables = [name for name, in system.sql(
        "SELECT table_name FROM information_schema.tables WHERE table_schema = DATABASE()")]
    sums = "CHECKSUM TABLE " + ", ".join(f"`{name}`" for name in sorted(tables))
    before = system.sql(sums)
    with in_room(bob, live_room), notified(bob) as live:
        live.send({"type": "watch", "room_id": live_room, "since": 0})
        live.until("new_message")
        bob.get(ROOM.format(live_room) + "messages/")
        live.send({"type": "typing", "room_id": live_room})
    assert system.sql(sums) == before


@pytest.mark.parametrize("change", [{"is_live": False}, {"is_private": True}])
def test_viewers_are_out_when_the_room_is_no_longer_live(alice, bob, carol, live_room, change):
    carol.post(ROOM.format(live_room) + "join/")
    with in_room(bob, live_room) as viewer, in_room(carol, live_room) as member, \
            notified(bob) as watcher:
        watcher.send({"type": "watch", "room_id": live_room})
        watcher.until("connected")
        alice.patch(ROOM.format(live_room), json=change)
        viewer.until("room_updated")
        assert viewer.closed() == 4403
        watcher.until("room_updated")
        ended = watcher.until("error")
        assert (ended["code"], ended["room_id"]) == ("forbidden", live_room)
        member.until("room_updated")
        alice.say(live_room)
        member.until("new_message")
    assert bob.get(ROOM.format(live_room) + "messages/").status_code in (403, 404)


def test_a_viewer_who_joins_is_a_member_of_the_same_socket(alice, bob, live_room):
    with in_room(bob, live_room) as live:
        bob.post(ROOM.format(live_room) + "join/")
        live.until("user_invited")
        assert "role" not in bob.get(ROOM.format(live_room)).json()
        alice.patch(ROOM.format(live_room), json={"is_live": False})
        live.until("room_updated")
        alice.say(live_room)
        live.until("new_message")


def test_a_banned_user_does_not_view(alice, bob, live_room):
    with in_room(bob, live_room) as viewer, notified(bob) as watcher:
        watcher.send({"type": "watch", "room_id": live_room})
        watcher.until("connected")
        alice.post(ROOM.format(live_room) + "bans/", json={"user_id": bob.id})
        assert viewer.closed() == 4403
        ended = watcher.until("error")
        assert (ended["code"], ended["room_id"]) == ("banned", live_room)
    assert bob.get(ROOM.format(live_room) + "messages/").status_code == 403
    assert bob.socket(live_room).closed() == 4403


# ---- cost ----

def fill(system, room, members):
    """Writes this many memberships straight into the database."""
    system.sql(f"INSERT INTO user (username, password_hash, created_at, rooms_count) "
               f"SELECT CONCAT('m{room}.', seq), '', SYSDATE(6), 1 FROM seq_1_to_{members}")
    system.sql("INSERT INTO member (room_id, user_id, is_admin, joined_at, last_read_position) "
               "SELECT ?, user_id, FALSE, SYSDATE(6), 0 FROM user WHERE username LIKE ?",
               room, f"m{room}.%")
    system.sql("UPDATE room SET members_count = members_count + ? WHERE room_id = ?",
               members, room)


def work(system, ask):
    """Rows that the database reads and writes for ask()."""
    return spent(system, ask, "Handler_read_key", "Handler_read_next", "Handler_read_prev",
                 "Handler_read_rnd_next", "Handler_write", "Handler_update", "Handler_delete")


@pytest.mark.slow("writes a hundred thousand memberships")
def test_a_room_of_100000_members_costs_what_one_of_100_does(make_instance):
    system = make_instance(CONFAB_MAX_MEMBERS=MEMBERS + 100)
    alice = Client(system).register()
    costs = []
    for members in (100, MEMBERS):
        room = alice.room(is_private=False)["room_id"]
        fill(system, room, members)
        others = iter([Client(system).register() for _ in range(12)])

        def join():
            assert next(others).post(ROOM.format(room) + "join/").status_code == 201

        def open_socket():
            with in_room(alice, room):
                pass

        costs.append([work(system, lambda: alice.say(room)), work(system, join),
                      work(system, lambda: alice.get(ROOM.format(room) + "messages/")),
                      work(system, open_socket)])
    few, many = costs
    assert all(much <= little + 10 for much, little in zip(many, few)), costs
