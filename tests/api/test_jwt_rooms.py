"""Rooms by claim: made, joined, roles, removals, and their events."""

import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from support.api_key import Program
from support.client import Client
from support.shapes import wrong
from support.site_tokens import Keys, fresh_sub, log_in, settings, token
from support.sql_session import SqlSession, lock_waits
from support.wait import wait_for


@pytest.fixture(scope="module")
def system(make_instance, tmp_path_factory):
    return make_instance(**settings(Keys(tmp_path_factory.mktemp("keys"))))


class Visitor:
    """A user of the site; each call of come() is a login."""

    def __init__(self, system):
        self.client = Client(system)
        self.sub = fresh_sub()

    def come(self, rooms=None, **claims):
        log_in(self.client, token(sub=self.sub, rooms=rooms, **claims))
        return self

    def keyed(self):
        """{key: is_admin} of the rooms of this user."""
        rooms = self.client.get("/api/chat/rooms/").json()["results"]
        return {room["key"]: room["is_admin"] for room in rooms if room["key"]}

    def room(self, key):
        [room] = self.client.get("/api/chat/rooms/", params={"key": key}).json()["results"]
        return room


@pytest.fixture
def visitor(system):
    return Visitor(system)


@pytest.fixture
def key():
    return f"room/{fresh_sub()}"


def test_a_room_is_made_and_joined(visitor, key):
    visitor.come([{"key": key, "name": "Algebra", "role": "member", "private": True}])
    room = visitor.room(key)
    assert (room["name"], room["is_private"], room["is_admin"]) == ("Algebra", True, False)
    assert (room["members_count"], room["last_seq"]) == (1, 1)
    visitor.client.say(room["room_id"])


def test_the_defaults_are_the_key_as_name_private_and_member(visitor, key):
    room = visitor.come([{"key": key}]).room(key)
    assert (room["name"], room["is_private"], room["is_admin"]) == (key, True, False)


def test_a_public_room_is_listed_for_all(system, visitor, key):
    visitor.come([{"key": key, "private": False}])
    assert visitor.room(key)["is_private"] is False
    assert system.confabctl("check", "--deep").returncode == 0


def test_the_events_are_those_of_an_invitation_by_the_site(visitor, key):
    visitor.come([{"key": key, "name": "Algebra", "role": "admin"}])
    room = visitor.room(key)["room_id"]
    first, second = visitor.client.events(room)
    assert first == {"type": "user_invited", "user_id": visitor.client.id, "invited_by": "site",
                     "seq": 1, "room_id": room}
    assert (second["type"], second["updated_by"]) == ("member_updated", "site")
    assert second["membership"]["is_admin"] is True


def test_a_socket_gets_the_event_of_a_room_at_once(visitor, key):
    visitor.come()
    with visitor.client.notifications() as socket:
        assert socket.next()["type"] == "connected"
        other = Client(visitor.client.instance)
        log_in(other, token(sub=visitor.sub, rooms=[{"key": key, "name": "Algebra"}]))
        told = socket.next()
        assert (told["type"], told["room_name"], told["invited_by"]) == \
            ("room_invitation", "Algebra", "site")


def test_an_existing_room_keeps_its_name_and_privacy(system, key):
    Visitor(system).come([{"key": key, "name": "Algebra", "private": False}])
    second = Visitor(system).come([{"key": key, "name": "Other", "private": True}])
    room = second.room(key)
    assert (room["name"], room["is_private"], room["members_count"]) == ("Algebra", False, 2)


def test_the_creator_is_the_site_s_bot_without_a_membership(system, visitor, key):
    visitor.come([{"key": key}])
    [(name, is_bot)] = system.sql("SELECT u.username, u.is_bot FROM room r JOIN user u "
                                  "ON u.user_id = r.created_by_id WHERE r.room_key = ?", key)
    assert (name, is_bot) == ("site", 1)


def test_a_role_is_raised_and_lowered(system, visitor, key):
    Visitor(system).come([{"key": key, "role": "admin"}])
    for role in ("member", "admin", "admin", "member"):
        visitor.come([{"key": key, "role": role}])
        assert visitor.keyed() == {key: role == "admin"}
    events = [event["type"] for event in visitor.client.events(visitor.room(key)["room_id"])]
    assert events == ["user_invited", "member_updated", "user_invited", "member_updated",
                      "member_updated"]


def test_the_last_admin_stays_admin(visitor, key):
    visitor.come([{"key": key, "role": "admin"}])
    visitor.come([{"key": key, "role": "member"}])
    assert visitor.keyed() == {key: True}


def test_rooms_only_removes_from_other_rooms_with_a_key(visitor, key):
    own = visitor.come([{"key": key}, {"key": key + "2"}]).client.room()["room_id"]
    visitor.come([{"key": key + "2"}, {"key": key + "3"}])
    assert set(visitor.keyed()) == {key, key + "2", key + "3"}
    visitor.come([{"key": key + "3"}], rooms_only=True)
    assert set(visitor.keyed()) == {key + "3"}
    rooms = visitor.client.get("/api/chat/rooms/").json()["results"]
    assert own in [room["room_id"] for room in rooms]
    visitor.come([], rooms_only=True)
    assert visitor.keyed() == {}


def test_a_user_who_left_a_room_is_in_it_again_after_the_next_login(visitor, key):
    room = visitor.come([{"key": key}]).room(key)["room_id"]
    visitor.client.post(f"/api/chat/rooms/{room}/remove_member/",
                        json={"user_id": visitor.client.id})
    assert visitor.keyed() == {}
    assert set(visitor.come([{"key": key}]).keyed()) == {key}
    assert visitor.room(key)["room_id"] == room


def test_a_hundred_rooms_are_joined(visitor, key):
    visitor.come([{"key": f"{key}{i}"} for i in range(100)])
    rooms = visitor.client.get("/api/chat/rooms/", params={"limit": 200}).json()
    assert rooms["count"] == 100


def test_nothing_is_done_if_one_room_is_wrong(system, visitor, key):
    visitor.come()
    answer = Client(system).post("/api/auth/jwt/", json={"jwt": token(
        sub=visitor.sub, name="Changed", rooms=[{"key": key}, {"key": "a b"}])})
    assert answer.json()["codes"] == {"jwt": ["malformed"]}
    assert answer.json()["jwt"][0].startswith("rooms[1]: key")
    assert system.sql("SELECT COUNT(*) FROM room WHERE room_key = ?", key) == [(0,)]


def test_a_login_without_the_claim_leaves_the_rooms(visitor, key):
    visitor.come([{"key": key}])
    assert set(visitor.come().keyed()) == {key}


@pytest.mark.slow("an instance of its own")
def test_no_more_rooms_than_max_rooms_user(make_instance, tmp_path_factory, key):
    system = make_instance(**settings(Keys(tmp_path_factory.mktemp("keys")),
                                      CONFAB_MAX_ROOMS_USER="2"))
    visitor = Visitor(system).come([{"key": f"{key}{i}"} for i in range(3)])
    assert set(visitor.keyed()) == {f"{key}0", f"{key}1"}
    # Rooms that end make room for others.
    visitor.come([{"key": f"{key}2"}, {"key": f"{key}3"}], rooms_only=True)
    assert set(visitor.keyed()) == {f"{key}2", f"{key}3"}
    program = Program(system)
    path = f"/api/site/rooms/{visitor.room(f'{key}3')['room_id']}/members/"
    other = Visitor(system).come([{"key": f"{key}4"}, {"key": f"{key}5"}])
    third = Visitor(system).come()
    answer = program.put(path, {"add": [{"user_id": other.client.id},
                                        {"user_id": third.client.id}]})
    assert (answer.status_code, answer.json()) == (400, wrong(add="user_too_many_rooms"))
    assert set(third.keyed()) == {f"{key}3"}
    assert set(other.keyed()) == {f"{key}4", f"{key}5"}


def leave(visitor, room):
    answer = visitor.client.post(f"/api/chat/rooms/{room}/remove_member/",
                                 json={"user_id": visitor.client.id})
    assert answer.status_code == 204


def test_the_last_admin_who_leaves_has_a_successor(system, visitor, key):
    room = visitor.come([{"key": key, "role": "admin"}]).room(key)["room_id"]
    second, third = (Visitor(system).come([{"key": key}]) for _ in range(2))
    leave(visitor, room)
    assert (second.keyed(), third.keyed()) == ({key: True}, {key: False})
    assert [event["type"] for event in second.client.events(room)][-2:] == [
        "user_removed", "member_updated"]
    for last in (second, third):
        leave(last, room)
    # It waits for its members.
    assert visitor.come([{"key": key}]).room(key)["room_id"] == room
    assert system.confabctl("check", "--deep").returncode == 0


def test_an_admin_whom_the_site_removes_has_none(system, visitor, key):
    visitor.come([{"key": key, "role": "admin"}])
    second = Visitor(system).come([{"key": key}])
    visitor.come([], rooms_only=True)
    assert second.keyed() == {key: False}


@pytest.mark.slow("an instance of its own")
def test_the_name_of_the_actor_can_be_chosen(make_instance, tmp_path_factory):
    system = make_instance(**settings(Keys(tmp_path_factory.mktemp("keys")),
                                      CONFAB_JWT_ACTOR="school"))
    visitor = Visitor(system).come([{"key": "x"}])
    [event] = visitor.client.events(visitor.room("x")["room_id"])
    assert event["invited_by"] == "school"


# ---- bans ----

def erase(visitor, **claims):
    answer = visitor.client.delete("/api/auth/me/", json={
        "jwt": token(sub=visitor.sub, iat=int(time.time()), **claims), "messages": "keep"})
    assert answer.status_code == 202, answer.text
    visitor.client = Client(visitor.client.instance)


def test_a_ban_from_a_room_outlives_the_account(system, visitor, key):
    admin, until = Client(system).register(), "2100-01-01T00:00:00.000000Z"
    room, ended = admin.room(is_private=False), admin.room(is_private=False)
    paths = [f"/api/chat/rooms/{one['room_id']}/" for one in (room, ended)]
    visitor.come()
    first = visitor.client.get("/api/auth/me/").json()["user_id"]
    for path, end in zip(paths, (until, None)):
        assert visitor.client.post(f"{path}join/").status_code == 201
        admin.post(f"{path}bans/", json={"user_id": first, "until": end, "reason": "spam"})
    admin.delete(f"{paths[1]}bans/{first}/")
    erase(visitor)
    # The account that is gone is in no list, and nothing says whose ban it was.
    assert admin.get(f"{paths[0]}bans/").json()["count"] == 0
    assert system.sql("SELECT COUNT(*) FROM ban WHERE user_id = ?", first) == [(0,)]
    visitor.come()
    answer = visitor.client.post(f"{paths[0]}join/")
    assert (answer.status_code, answer.json()["code"], answer.json()["until"]) == (
        403, "banned", until)
    assert visitor.client.post(f"{paths[1]}join/").status_code == 201
    ban, = admin.get(f"{paths[0]}bans/").json()["results"]
    assert (ban["user_id"] > first, ban["reason"], ban["banned_by_id"]) == (True, None, None)
    # It ends for the new account, and is over then.
    assert admin.delete(f"{paths[0]}bans/{ban['user_id']}/").status_code == 204
    assert visitor.client.post(f"{paths[0]}join/").status_code == 201
    erase(visitor)
    assert visitor.come().client.post(f"{paths[0]}join/").status_code == 201


def test_a_ban_from_the_site_outlives_the_account(system, visitor):
    program = Program(system)
    visitor.come()
    first = visitor.client.get("/api/auth/me/").json()["user_id"]
    program.post("/api/site/bans/", json={"user_id": first})
    assert program.delete(f"/api/site/users/{first}/?erase=keep").status_code == 202
    for _ in range(2):
        visitor.client = Client(system)
        answer = visitor.client.post("/api/auth/jwt/", json={"jwt": token(sub=visitor.sub)})
        assert (answer.status_code, answer.json()["code"]) == (403, "banned")
    ban, = [one for one in program.get("/api/site/bans/").json()["results"]
            if one["user_id"] > first]
    assert program.delete(f"/api/site/bans/{ban['user_id']}/").status_code == 204
    assert visitor.come().client.get("/api/auth/me/").json()["user_id"] == ban["user_id"]


def test_a_ban_at_the_moment_of_the_erasure_outlives_the_account(system, visitor):
    room = Client(system).register().room(is_private=False)["room_id"]
    me = visitor.come().client.get("/api/auth/me/").json()
    erases = "user", "erase", me["username"], "--messages", "keep"
    with SqlSession(system) as session, ThreadPoolExecutor(1) as threads:
        # As a ban does, which locks the user as well.
        session.run("BEGIN")
        session.run("SELECT user_id FROM user WHERE user_id = ? FOR UPDATE", me["user_id"])
        done = threads.submit(system.confabctl, *erases)
        wait_for(lambda: lock_waits(system) > 0, 30, "the erasure to wait for the user")
        session.run("INSERT INTO ban (room_id, user_id, banned_by_id, created_at) "
                    "VALUES (?, ?, 0, NOW(6)); COMMIT", room, me["user_id"])
        assert done.result(60).returncode == 0
    visitor.client = Client(system)
    answer = visitor.come().client.post(f"/api/chat/rooms/{room}/join/")
    assert (answer.status_code, answer.json()["code"]) == (403, "banned")


def test_a_ban_that_ended_after_the_erasure_is_over(system, visitor):
    admin = Client(system).register()
    path = f"/api/chat/rooms/{admin.room(is_private=False)['room_id']}/"
    me = visitor.come().client.get("/api/auth/me/").json()
    admin.post(f"{path}bans/", json={"user_id": me["user_id"], "until": "2100-01-01T00:00:00Z"})
    kept = "SELECT identity FROM identity_ban"
    before = system.sql(kept)
    erase(visitor)
    [identity] = set(system.sql(kept)) - set(before)
    system.sql("UPDATE identity_ban SET until = SYSDATE(6) WHERE identity = ?", *identity)
    assert visitor.come().client.post(f"{path}join/").status_code == 201
    # Its row goes with the next housekeeping.
    assert system.confabctl("events", "purge").returncode == 0
    assert identity not in system.sql(kept)


@pytest.mark.parametrize("claims", [
    {}, {"name": "Ann"}, {"role": "moderator"}, {"rooms": [{"key": "erased-meanwhile"}]}],
    ids=["nothing", "profile", "role", "rooms"])
def test_a_login_at_the_moment_of_the_erasure_is_of_a_deleted_user(system, visitor, claims):
    """Whatever the token changes first."""
    me = visitor.come().client.get("/api/auth/me/").json()
    path, again = "/api/auth/jwt/", token(sub=visitor.sub, jti=fresh_sub(), **claims)
    with SqlSession(system) as session, ThreadPoolExecutor(1) as threads:
        # The token is accepted and the user found by then.
        session.run("LOCK TABLES used_jwt WRITE")
        login = threads.submit(Client(system).post, path, json={"jwt": again})
        wait_for(lambda: system.sql("SELECT 1 FROM information_schema.processlist WHERE state = "
                                    "'Waiting for table metadata lock'"), 30, "the login")
        erased = system.confabctl("user", "erase", me["username"], "--messages", "keep")
        session.run("UNLOCK TABLES")
        assert erased.returncode == 0
        answer = login.result(60)
    assert (answer.status_code, answer.json()["code"]) == (403, "user_inactive")
    assert system.sql("SELECT is_moderator, display_name FROM user WHERE user_id = ?",
                      me["user_id"]) == [(0, None)]
