"""Members of a room: inviting, joining, the list, roles."""
import pytest

from support.rooms import ROOMS, set_admin, url
from support.shapes import (A_DETAIL, NOT_FOUND, a_member, a_membership, a_page, wrong)


def invite(admin, room, user_id):
    return admin.post(url(room, "invite/"), json={"user_id": user_id})


def members(client, room):
    return client.get(url(room, "members/")).json()["results"]


def names(client, room):
    return [member["username"] for member in members(client, room)]


# ---- inviting ----

def test_an_invitation_returns_exactly_the_fields_of_a_membership(user):
    alice, bob = user(), user()
    room = alice.room()
    answer = invite(alice, room, bob.id)
    assert answer.status_code == 201
    assert answer.json() == a_membership(room_id=room["room_id"], user_id=bob.id)
    assert bob.get(url(room)).status_code == 200


def test_inviting_a_member_again_returns_the_membership_without_an_event(user):
    alice, bob = user(), user()
    room = alice.room()
    first = invite(alice, room, bob.id).json()
    again = invite(alice, room, bob.id)
    assert (again.status_code, again.json()) == (200, first)
    assert len(alice.events(room["room_id"])) == 1
    assert alice.get(url(room)).json()["members_count"] == 2


def test_inviting_an_admin_again_keeps_the_role(user):
    alice, bob = user(), user()
    room = alice.room()
    alice.invite(room["room_id"], bob)
    set_admin(alice, room, bob.id, True)
    assert invite(alice, room, bob.id).json()["is_admin"] is True


def test_inviting_oneself_returns_ones_own_membership(user):
    alice = user()
    room = alice.room()
    answer = invite(alice, room, alice.id)
    assert (answer.status_code, answer.json()) == (200, a_membership(user_id=alice.id,
                                                                     is_admin=True))


def test_an_id_may_be_a_string(user):
    alice, bob = user(), user()
    assert invite(alice, alice.room(), str(bob.id)).status_code == 201


@pytest.mark.parametrize("value", [None, 0, -1, 1.0, 1.5, True, False, "", "x", "1.0", [], {},
                                   [1], 2 ** 63 - 1, 2 ** 64 - 1], ids=repr)
@pytest.mark.parametrize("action", ["invite/", "remove_member/"])
def test_an_invalid_user_id_is_refused(user, action, value):
    alice = user()
    room = alice.room()
    answer = alice.post(url(room, action), json={"user_id": value})
    if action == "remove_member/" and type(value) is int and value > 0:
        assert (answer.status_code, answer.json()) == (404, NOT_FOUND)
    else:
        assert (answer.status_code, answer.json()) == (400, wrong("user_id"))
    assert alice.get(url(room)).json() == room


@pytest.mark.parametrize("action", ["invite/", "remove_member/", "direct"])
def test_a_missing_user_id_is_reported(user, action):
    alice = user()
    path = f"{ROOMS}direct/" if action == "direct" else url(alice.room(), action)
    answer = alice.post(path, json={})
    assert (answer.status_code, answer.json()) == (
        400, {"user_id": ["This field is required."], "codes": {"user_id": ["required"]}})


def test_a_disabled_user_cannot_be_invited(user, instance):
    alice, bob = user(), user()
    assert instance.confabctl("user", "disable", bob.name).returncode == 0
    answer = invite(alice, alice.room(), bob.id)
    assert (answer.status_code, answer.json()) == (400, wrong("user_id"))


# ---- joining ----

def test_joining_a_public_room_creates_a_membership_without_a_role(user):
    alice, bob = user(), user()
    room = alice.room(is_private=False)
    answer = bob.post(url(room, "join/"))
    assert answer.status_code == 201
    assert answer.json() == a_membership(room_id=room["room_id"], user_id=bob.id)
    assert names(alice, room) == [alice.name, bob.name]


def test_joining_again_returns_the_membership_without_an_event(user):
    alice, bob = user(), user()
    room = alice.room(is_private=False)
    first = bob.post(url(room, "join/")).json()
    again = bob.post(url(room, "join/"))
    assert (again.status_code, again.json()) == (200, first)
    assert len(alice.events(room["room_id"])) == 1


def test_joining_accepts_a_body(user):
    alice, bob = user(), user()
    assert bob.post(url(alice.room(is_private=False), "join/"), json={}).status_code == 201


# ---- the list ----

def test_the_list_shows_memberships_with_names_in_order_of_joining(user):
    alice, bob, carol = user(), user(), user()
    room = alice.room()
    third = alice.invite(room["room_id"], carol)
    second = alice.invite(room["room_id"], bob)
    assert alice.get(url(room, "members/")).json() == a_page([
        a_member(room_id=room["room_id"], user_id=alice.id, username=alice.name, is_admin=True),
        a_member(**third, username=carol.name), a_member(**second, username=bob.name)])


def test_a_member_without_a_role_sees_the_same_list(user):
    alice, bob = user(), user()
    room = alice.room()
    alice.invite(room["room_id"], bob)
    assert members(alice, room) == members(bob, room)


def test_the_list_is_paginated(user, instance):
    alice = user()
    room = alice.room()
    people = [alice] + [user() for _ in range(4)]
    for client in people[1:]:
        alice.invite(room["room_id"], client)
    path = url(room, "members/")
    page = alice.get(f"{path}?limit=2&offset=2").json()
    assert [entry["user_id"] for entry in page["results"]] == [p.id for p in people[2:4]]
    assert (page["count"], page["next"], page["previous"]) == (
        5, f"{instance.url}{path}?limit=2&offset=4", f"{instance.url}{path}?limit=2")


@pytest.mark.parametrize("query, field", [("limit=0", "limit"), ("limit=x", "limit"),
                                          ("offset=-1", "offset")])
def test_an_invalid_page_is_refused(user, query, field):
    alice = user()
    answer = alice.get(url(alice.room(), f"members/?{query}"))
    assert (answer.status_code, answer.json()) == (400, wrong(field))


def test_a_returning_member_is_last_in_the_list_with_a_new_membership(user):
    alice, bob, carol = user(), user(), user()
    room = alice.room()
    first = alice.invite(room["room_id"], bob)
    alice.invite(room["room_id"], carol)
    bob.post(url(room, "remove_member/"), json={"user_id": bob.id})
    again = alice.invite_back(room["room_id"], bob)
    assert again["membership_id"] != first["membership_id"]
    assert names(alice, room) == [alice.name, carol.name, bob.name]


def test_an_unchanged_list_is_304_until_a_membership_changes(user):
    alice, bob = user(), user()
    room = alice.room()
    path = url(room, "members/")
    for change in (lambda: alice.invite(room["room_id"], bob),
                   lambda: set_admin(alice, room, bob.id, True),
                   lambda: bob.post(url(room, "remove_member/"), json={"user_id": bob.id})):
        tag = {"If-None-Match": alice.get(path).headers["ETag"]}
        assert alice.get(path, headers=tag).status_code == 304
        change()
        assert alice.get(path, headers=tag).status_code == 200


# ---- roles ----

def test_an_admin_can_promote_another_member(user):
    alice, bob = user(), user()
    room = alice.room()
    membership = alice.invite(room["room_id"], bob)
    answer = set_admin(alice, room, bob.id, True)
    assert (answer.status_code, answer.json()) == (
        200, {**membership, "is_admin": True, "role": "admin"})
    assert bob.get(url(room)).json()["is_admin"] is True


def test_a_new_admin_has_all_rights_of_an_admin(user):
    alice, bob, carol = user(), user(), user()
    room = alice.room()
    alice.invite(room["room_id"], bob)
    set_admin(alice, room, bob.id, True)
    assert invite(bob, room, carol.id).status_code == 201
    assert bob.patch(url(room), json={"name": "taken over"}).status_code == 200
    assert set_admin(bob, room, alice.id, False).status_code == 200
    assert bob.delete(url(room)).status_code == 204


def test_a_demoted_admin_loses_the_rights(user):
    alice, bob = user(), user()
    room = alice.room()
    alice.invite(room["room_id"], bob)
    set_admin(alice, room, bob.id, True)
    assert set_admin(bob, room, alice.id, False).json()["is_admin"] is False
    assert alice.patch(url(room), json={"name": "x"}).status_code == 403
    assert alice.get(url(room)).json()["is_admin"] is False


def test_an_admin_can_step_down_if_another_remains(user):
    alice, bob = user(), user()
    room = alice.room()
    alice.invite(room["room_id"], bob)
    set_admin(alice, room, bob.id, True)
    assert set_admin(alice, room, alice.id, False).status_code == 200


def test_the_last_admin_cannot_step_down(user):
    alice, bob = user(), user()
    room = alice.room()
    alice.invite(room["room_id"], bob)
    answer = set_admin(alice, room, alice.id, False)
    assert (answer.status_code, answer.json()) == (400, wrong("is_admin"))
    assert alice.get(url(room)).json()["is_admin"] is True
    assert len(alice.events(room["room_id"])) == 1


@pytest.mark.parametrize("of, value", [("alice", True), ("bob", False)])
def test_setting_the_current_role_sends_no_event(user, of, value):
    alice, bob = user(), user()
    room = alice.room()
    alice.invite(room["room_id"], bob)
    answer = set_admin(alice, room, {"alice": alice, "bob": bob}[of].id, value)
    assert (answer.status_code, answer.json()["is_admin"]) == (200, value)
    assert len(alice.events(room["room_id"])) == 1


@pytest.mark.parametrize("body", [{}, {"is_admin": None}, {"is_admin": "maybe"},
                                  {"is_admin": 2}, {"is_admin": []}, {"is_admin": 0.0}], ids=repr)
def test_an_invalid_role_is_refused(user, body):
    alice, bob = user(), user()
    room = alice.room()
    alice.invite(room["room_id"], bob)
    answer = alice.patch(url(room, f"members/{bob.id}/"), json=body)
    assert (answer.status_code, answer.json()) == (400, wrong("is_admin"))


@pytest.mark.parametrize("path", ["0", "-1", "x", str(2 ** 62), str(2 ** 64)])
def test_setting_the_role_of_a_non_member_is_404(user, path):
    alice = user()
    answer = alice.patch(url(alice.room(), f"members/{path}/"), json={"is_admin": True})
    assert (answer.status_code, answer.json()) == (404, NOT_FOUND)


def test_a_single_membership_cannot_be_shown_or_deleted(user):
    alice = user()
    path = url(alice.room(), f"members/{alice.id}/")
    for method in ("GET", "DELETE", "PUT"):
        answer = alice.request(method, path)
        assert (answer.status_code, answer.json()) == (405, A_DETAIL)
        assert answer.headers["Allow"] == "PATCH, OPTIONS"
