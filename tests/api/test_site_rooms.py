"""/api/site/rooms/: rooms, members and messages of the site."""

import threading

import pytest

from support.api_key import Program
from support.answers import assert_error
from support.client import Client, fresh_name
from support.confabctl import Tool
from support.event_reader import follow, follow_user
from support.rooms import ROOMS
from support.shapes import a_message, a_room, in_event, wrong
from support.sockets import in_room

SITE = "/api/site/rooms/"


@pytest.fixture(scope="module")
def program(instance):
    return Program(instance, "users,rooms,messages")


@pytest.fixture
def room(program):
    return program.put_room(fresh_name("key"))["room"]["room_id"]


def members(program, room, **body):
    answer = program.put(f"{SITE}{room}/members/", body)
    assert answer.status_code == 200, answer.text
    return tuple(answer.json()[key] for key in ("added", "removed", "updated"))


def ids(*clients):
    return [{"user_id": client.id} for client in clients]


def site_of(instance):
    row, = instance.sql("SELECT u.user_id, u.username FROM external_user e JOIN user u "
                        "ON u.user_id = e.user_id WHERE e.issuer = '' AND e.subject = ''")
    return row


# ---- rooms ----

def test_a_room_is_made_once(program, instance):
    key = fresh_name("key")
    made = program.put_room(key, "Algebra", is_private=False)
    site, _ = site_of(instance)
    assert made == {"status": 201, "room": in_event(a_room(
        key=key, name="Algebra", is_private=False, created_by_id=site, members_count=0))}
    assert program.put_room(key, "Algebra", is_private=False) == {**made, "status": 200}


def test_the_actor_is_a_bot_without_a_password(program, instance, room):
    site, name = site_of(instance)
    assert name == "site"
    assert instance.sql("SELECT is_bot, is_active FROM user WHERE user_id = ?", site) == [(1, 0)]


@pytest.mark.slow("an instance of its own")
def test_the_actor_is_there_before_all_others_and_is_renamed(make_instance):
    system = make_instance()
    site, name = site_of(system)
    assert name == "site"
    taken = Client(system).register()
    for wanted, given in (("school", "school"), (taken.name, "school"), ("site", "site")):
        Tool(system)("migrate", CONFAB_JWT_ACTOR=wanted)
        assert site_of(system) == (site, given)
    assert taken.get("/api/chat/users/?search=site").json()["count"] == 0
    answer = taken.post(f"{ROOMS}direct/", json={"user_id": site})
    assert (answer.status_code, answer.json()) == (400, wrong("user_id"))


@pytest.mark.slow("an instance of its own")
def test_the_actor_has_another_name_if_that_is_taken(make_instance):
    """As where an earlier version has let a user take it."""
    system = make_instance()
    system.sql("DELETE FROM external_user WHERE issuer = '' AND subject = ''")
    taken = Client(system).register()
    Tool(system)("migrate", CONFAB_JWT_ACTOR=taken.name)
    site, name = site_of(system)
    assert name == f"{taken.name}-{site}"


def test_a_changed_name_is_an_event_and_an_unchanged_one_is_not(program, instance, user, room):
    alice = user()
    members(program, room, add=ids(alice))
    key = alice.get(f"{ROOMS}{room}/").json()["key"]
    program.put_room(key, "Renamed", is_private=False)
    program.put_room(key, "Renamed")
    events = alice.events(room, 1)
    assert [one["type"] for one in events] == ["room_updated"]
    shown = alice.get(f"{ROOMS}{room}/").json()
    assert events[0] == {"type": "room_updated", "room": in_event(shown), "updated_by": "site",
                         "seq": 2, "room_id": room}
    assert (shown["name"], shown["is_private"]) == ("Renamed", False)


def test_each_room_has_its_own_result(program):
    key = fresh_name("key")
    items = [{"key": key, "name": "a"}, {"key": "a b", "name": "x"}, {"name": "x"}, {"key": "x"},
             {"key": key, "name": "b", "is_private": "perhaps"}, [], None, 7,
             {"key": key, "name": "b"}]
    results = program.put(SITE, {"rooms": items}).json()["results"]
    assert [one["status"] for one in results] == [201] + [400] * 7 + [200]
    assert [one.get("errors") for one in results[1:8]] == [
        wrong(key="invalid"), wrong(key="required"), wrong(name="required"),
        wrong(is_private="invalid"), *[wrong(non_field_errors="invalid")] * 3]
    assert results[8]["room"]["name"] == "b"


def test_the_answer_has_no_messages(program, user, room):
    """A key that may only make rooms reads none."""
    alice = user()
    members(program, room, add=ids(alice))
    key = alice.get(f"{ROOMS}{room}/").json()["key"]
    alice.say(room, "secret")
    with in_room(alice, room) as live:
        shown = program.put_room(key, "Renamed")["room"]
        assert (shown["last_message"], shown["message_count"]) == (None, 1)
        assert live.next()["room"]["last_message"]["content"] == "secret"


@pytest.mark.parametrize("body", [{}, {"rooms": None}, {"rooms": 1}, {"rooms": {}},
                                  {"rooms": [{"key": "k", "name": "n"}] * 101}])
def test_a_malformed_list_is_an_error(program, body):
    answer = program.put(SITE, body)
    assert (answer.status_code, answer.json()) == (400, wrong("rooms"))


def test_many_at_once_make_one_room(program):
    key, results = fresh_name("key"), []

    def put():
        results.append(Program.put_room(program.as_user(None), key))
    threads = [threading.Thread(target=put) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({one["room"]["room_id"] for one in results}) == 1
    assert sorted(one["status"] for one in results) == [200] * 11 + [201]


# ---- members ----

def test_members_are_added_and_removed_with_their_events(program, user, room):
    alice, bob = user(), user()
    assert members(program, room, add=[{"user_id": alice.id, "is_admin": True},
                                       *ids(bob)]) == (2, 0, 0)
    assert members(program, room, remove=ids(bob)) == (0, 1, 0)
    kinds = [(one["type"], one.get("user_id") or one["membership"]["user_id"],
              one.get("invited_by") or one.get("updated_by") or one.get("removed_by"))
             for one in alice.events(room)]
    assert kinds == [("user_invited", alice.id, "site"), ("member_updated", alice.id, "site"),
                     ("user_invited", bob.id, "site"), ("user_removed", bob.id, "site")]


def test_sockets_get_the_events_at_once(program, user, room):
    alice, bob = user(), user()
    members(program, room, add=ids(alice))
    with follow(alice, room) as in_it, follow_user(bob) as own:
        members(program, room, add=ids(bob))
        assert in_it.event() == {"type": "user_invited", "user_id": bob.id, "invited_by": "site",
                                 "seq": 2, "room_id": room}
        invitation = own.event()
        assert (invitation["type"], invitation["room_id"], invitation["invited_by"]) == (
            "room_invitation", room, "site")
        members(program, room, remove=ids(bob))
        assert in_it.event() == {"type": "user_removed", "user_id": bob.id, "removed_by": "site",
                                 "seq": 3, "room_id": room}
        removal = own.event()
        assert (removal["type"], removal["removed_by"]) == ("room_removed", "site")


def test_only_the_difference_is_done(program, user, room, instance):
    alice, bob, carol = user(), user(), user()
    assert members(program, room, set=ids(alice, bob)) == (2, 0, 0)
    assert members(program, room, set=ids(alice, bob)) == (0, 0, 0)
    assert members(program, room, set=ids(bob, carol)) == (1, 1, 0)
    assert members(program, room, add=ids(bob), remove=ids(alice)) == (0, 0, 0)
    assert [one["type"] for one in bob.events(room)] == [
        "user_invited", "user_invited", "user_invited", "user_removed"]
    assert members(program, room, set=[]) == (0, 2, 0)


def test_a_role_that_is_not_given_stays(program, user, room):
    alice, bob = user(), user()
    members(program, room, set=[{"user_id": alice.id, "is_admin": True}, *ids(bob)])
    assert members(program, room, set=ids(alice, bob)) == (0, 0, 0)
    assert members(program, room, add=[{"user_id": bob.id, "is_admin": True}]) == (0, 0, 1)
    assert members(program, room, add=[{"user_id": alice.id, "is_admin": False}]) == (0, 0, 1)
    listed = bob.get(f"{ROOMS}{room}/members/").json()["results"]
    assert [(one["user_id"], one["is_admin"]) for one in listed] == [(alice.id, False),
                                                                     (bob.id, True)]


def test_the_last_admin_keeps_the_role(program, user, room):
    alice = user()
    members(program, room, add=[{"user_id": alice.id, "is_admin": True}])
    assert members(program, room, add=[{"user_id": alice.id, "is_admin": False}]) == (0, 0, 0)
    assert alice.get(f"{ROOMS}{room}/").json()["is_admin"] is True


def test_members_are_named_by_the_ids_of_the_site(program, user, room):
    sub = fresh_name("sub")
    made = program.put_user(sub)["user"]
    alice = user()
    assert members(program, room, add=[{"external_id": sub}, *ids(alice)]) == (2, 0, 0)
    listed = alice.get(f"{ROOMS}{room}/members/").json()["results"]
    assert {one["user_id"] for one in listed} == {made["user_id"], alice.id}
    assert members(program, room, remove=[{"external_id": sub},
                                          {"external_id": "nobody"}]) == (0, 1, 0)


def test_an_unknown_user_is_an_error_and_nothing_is_done(program, user, room):
    alice, disabled = user(), user()
    program.delete(f"/api/site/users/{disabled.id}/")
    for entry, code in (({"user_id": 999999999}, "does_not_exist"),
                        ({"external_id": "nobody"}, "does_not_exist"),
                        ({"user_id": disabled.id}, "user_inactive"), ({}, "required"),
                        ({"user_id": "x"}, "invalid"), ({"external_id": "x" * 129}, "max_length"),
                        ({"user_id": 1, "external_id": "x"}, "conflicting"),
                        ({"user_id": 1, "is_admin": "perhaps"}, "invalid")):
        for name in ("add", "set"):
            answer = program.put(f"{SITE}{room}/members/", {name: [*ids(alice), entry]})
            assert (answer.status_code, answer.json()) == (400, wrong(**{name: code})), entry
    assert_error(alice.get(f"{ROOMS}{room}/"), 404)


def test_a_disabled_member_can_stay(program, user, room):
    alice, bob = user(), user()
    members(program, room, set=ids(alice, bob))
    program.delete(f"/api/site/users/{bob.id}/")
    assert members(program, room, set=ids(alice, bob)) == (0, 0, 0)
    assert members(program, room, set=ids(alice)) == (0, 1, 0)


@pytest.mark.parametrize("body, field", [
    ({}, "set"), ({"set": [], "add": []}, "set"), ({"set": [], "remove": []}, "set"),
    ({"add": 5}, "add"), ({"remove": [1]}, "remove"),
    ({"add": [{"user_id": 1}] * 1001}, "add")])
def test_malformed_lists_are_errors(program, room, body, field):
    answer = program.put(f"{SITE}{room}/members/", body)
    assert (answer.status_code, answer.json()) == (400, wrong(field))


def test_all_wrong_lists_are_reported_at_once(program, room):
    answer = program.put(f"{SITE}{room}/members/", {"add": [{}], "remove": 5})
    assert (answer.status_code, answer.json()) == (400, wrong("add", "remove"))


def test_rooms_of_users_take_members_from_the_site(program, user):
    alice, bob = user(), user()
    room = alice.room()["room_id"]
    assert members(program, room, add=ids(bob)) == (1, 0, 0)
    assert members(program, room, set=ids(bob)) == (0, 1, 0)
    assert bob.get(f"{ROOMS}{room}/").json()["is_admin"] is True


def test_a_direct_room_has_no_other_members(program, user):
    alice, bob, carol = user(), user(), user()
    room = alice.post(f"{ROOMS}direct/", json={"user_id": bob.id}).json()["room_id"]
    for body in ({"add": ids(carol)}, {"remove": ids(bob)}, {"set": []}):
        assert_error(program.put(f"{SITE}{room}/members/", body), 403)


def test_an_unknown_room_is_404(program, user):
    assert_error(program.put(f"{SITE}999999999/members/", {"add": ids(user())}), 404)
    assert_error(program.post(f"{SITE}999999999/messages/", json={"content": "x"}), 404)


def test_the_admin_is_handed_over_in_one_request(program, user, room):
    alice, bob = user(), user()
    members(program, room, set=[{"user_id": alice.id, "is_admin": True}, *ids(bob)])
    assert members(program, room, set=[{"user_id": alice.id, "is_admin": False},
                                       {"user_id": bob.id, "is_admin": True}]) == (0, 0, 2)
    roles = {one["user_id"]: one["is_admin"] for one in
             bob.get(f"{ROOMS}{room}/members/").json()["results"]}
    assert roles == {alice.id: False, bob.id: True}


@pytest.mark.slow("makes a thousand users")
def test_a_thousand_members_are_set_at_once(program, instance, room):
    names = [fresh_name("sub") for _ in range(1000)]
    for at in range(0, 1000, 100):
        program.put("/api/site/users/", {"users": [{"external_id": one}
                                                   for one in names[at:at + 100]]})
    entries = [{"external_id": one} for one in names]
    assert members(program, room, set=entries) == (1000, 0, 0)
    assert members(program, room, set=entries[:10]) == (0, 990, 0)


# ---- messages ----

def test_the_site_posts_system_messages(program, instance, user, room):
    alice = user()
    members(program, room, add=ids(alice))
    site, name = site_of(instance)
    with in_room(alice, room) as live:
        answer = program.post(f"{SITE}{room}/messages/", json={"content": " Hello "})
        message = a_message(room_id=room, sender_id=site, sender_username=name, content="Hello",
                            message_type="system")
        assert (answer.status_code, answer.json()) == (201, message)
        event = live.next()
        assert (event["type"], event["message"], event["seq"]) == ("new_message", message, 2)
    assert alice.get(f"{ROOMS}{room}/messages/").json()["results"] == [message]
    assert alice.get(f"{ROOMS}{room}/").json()["unread_count"] == 1
    for kind, status in (("system", 201), ("text", 400), ("image", 400), ("song", 400)):
        answer = program.post(f"{SITE}{room}/messages/", json={"content": "x",
                                                               "message_type": kind})
        assert answer.status_code == status
        if status == 400:
            assert answer.json() == wrong(message_type="invalid_choice")
        else:
            assert answer.json()["message_type"] == "system"


def test_a_client_id_posts_once(program, room):
    body = {"content": "x", "client_id": "order 7"}
    first = program.post(f"{SITE}{room}/messages/", json=body)
    second = program.post(f"{SITE}{room}/messages/", json={**body, "content": "y"})
    assert (first.status_code, second.status_code) == (201, 200)
    assert first.json() == second.json()


def test_the_site_posts_as_a_bot_that_is_a_member(program, user, room):
    sub = fresh_name("bot")
    bot = program.put_user(sub, is_bot=True)["user"]
    path = f"{SITE}{room}/messages/"
    answer = program.post(path, json={"content": "x", "user": f"ext:{sub}"})
    assert (answer.status_code, answer.json()) == (400, wrong(user="not_a_member"))
    members(program, room, add=[{"external_id": sub}])
    for name in (bot["user_id"], str(bot["user_id"]), f"ext:{sub}"):
        answer = program.post(path, json={"content": "x", "user": name, "message_type": "image"})
        assert (answer.status_code, answer.json()) == (201, a_message(
            room_id=room, sender_id=bot["user_id"], sender_username=bot["username"], content="x",
            message_type="image"))
    answer = program.post(path, json={"content": "x", "user": name, "message_type": "system"})
    assert (answer.status_code, answer.json()) == (400, wrong("message_type"))


def test_only_bots_are_posted_as(program, instance, user, room):
    alice, bot = user(), program.put_user(fresh_name("bot"), is_bot=True)["user"]
    members(program, room, add=[*ids(alice), {"user_id": bot["user_id"]}])
    program.delete(f"/api/site/users/{bot['user_id']}/")
    site, _ = site_of(instance)
    for name, code in ((alice.id, "not_a_bot"), (f"{alice.name}", "does_not_exist"),
                       ("ext:nobody", "does_not_exist"), (999999999, "does_not_exist"),
                       (site, "does_not_exist"), ("ext:", "does_not_exist"),
                       (bot["user_id"], "user_inactive"), (True, "invalid"), ({}, "invalid")):
        answer = program.post(f"{SITE}{room}/messages/", json={"content": "x", "user": name})
        assert (answer.status_code, answer.json()) == (400, wrong(user=code)), name


def test_users_cannot_post_system_messages(user):
    alice = user()
    room = alice.room()["room_id"]
    answer = alice.post(f"{ROOMS}{room}/messages/", json={"content": "x",
                                                          "message_type": "system"})
    assert (answer.status_code, answer.json()) == (400, wrong(message_type="invalid_choice"))


def test_an_acting_key_cannot_either(instance, user):
    alice = user()
    acting = Program(instance, acting=alice.id)
    room = acting.room()["room_id"]
    answer = acting.post(f"{ROOMS}{room}/messages/", json={"content": "x",
                                                           "message_type": "system"})
    assert answer.status_code == 400


def test_a_system_message_can_be_deleted_by_an_admin_but_not_edited(program, user, room):
    alice = user()
    members(program, room, add=[{"user_id": alice.id, "is_admin": True}])
    made = program.post(f"{SITE}{room}/messages/", json={"content": "x"}).json()
    path = f"{ROOMS}{room}/messages/{made['message_id']}/"
    assert_error(alice.patch(path, json={"content": "y"}), 403)
    assert alice.delete(path).status_code == 204


@pytest.mark.slow("an instance of its own")
def test_the_counters_agree(make_instance):
    system = make_instance()
    program = Program(system)
    alice, bob = Client(system).register(), Client(system).register()
    room = program.put_room("k")["room"]["room_id"]
    members(program, room, set=[{"user_id": alice.id, "is_admin": True}, *ids(bob)])
    program.post(f"{SITE}{room}/messages/", json={"content": "x"})
    members(program, room, set=[])
    program.put_room("public", is_private=False)
    done = system.confabctl("check", "--deep")
    assert done.returncode == 0, done.stdout
