"""Invite links: users join by them, as often and as long as they are good for."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from support.shapes import A_TIME, AN_ID, refusal, wrong

ROOM = "/api/chat/rooms/{}/"
USE = "/api/chat/links/use/"
PAST = "2020-01-01T00:00:00Z"


class Room:
    def __init__(self, user):
        self.admin = user()
        self.id = self.admin.room()["room_id"]
        self.path = ROOM.format(self.id)

    def link(self, by=None, **more):
        answer = (by or self.admin).post(f"{self.path}links/", json={"role": "member", **more})
        assert answer.status_code == 201, answer.text
        return answer.json()


@pytest.fixture
def room(user):
    return Room(user)


def use(client, link):
    return client.post(USE, json={"link": link["link"]})


def fails(answer, status, code, **more):
    assert (answer.status_code, answer.json()) == (status, refusal(code, **more)), answer.text


@pytest.mark.parametrize("role", ["reader", "member", "moderator", "admin"])
def test_a_link_makes_a_member_with_its_role(room, user, role):
    room.admin.patch(room.path, json={"topic": "Tea"})
    link = room.link(role=role, max_uses=2)
    assert link == {"link_id": AN_ID, "room_id": room.id, "link": link["link"], "role": role,
                    "created_by_id": room.admin.id, "created_at": A_TIME, "expires_at": None,
                    "max_uses": 2, "uses": 0}
    assert room.admin.get(f"{room.path}links/").json()["results"] == [link]
    client = user()
    name = room.admin.get(room.path).json()["name"]
    assert client.get(f"/api/chat/links/{link['link']}/").json() == {
        "name": name, "topic": "Tea", "members_count": 1}
    answer = use(client, link)
    assert (answer.status_code, answer.json()["room_id"], answer.json()["role"]) == (
        201, room.id, role)
    event = room.admin.get(f"{room.path}events/").json()["events"][-1]
    assert (event["type"], event["user_id"], event["invited_by"]) == (
        "user_invited", client.id, client.name)
    assert use(client, link).status_code == 200
    assert room.admin.get(f"{room.path}links/").json()["results"][0]["uses"] == 1


def test_fifty_at_once_use_no_more_than_max_uses(room, user):
    link = room.link(max_uses=5)
    clients = [user() for _ in range(50)]
    with ThreadPoolExecutor(50) as threads:
        answers = list(threads.map(lambda client: use(client, link), clients))
    assert sorted(answer.status_code for answer in answers) == [201] * 5 + [410] * 45
    for answer in answers:
        if answer.status_code == 410:
            fails(answer, 410, "link_used_up")
    assert room.admin.get(room.path).json()["members_count"] == 6
    assert room.admin.get(f"{room.path}links/").json()["results"][0]["uses"] == 5
    fails(clients[0].get(f"/api/chat/links/{link['link']}/"), 410, "link_used_up")
    # Members stay.
    inside = clients[[answer.status_code for answer in answers].index(201)]
    assert use(inside, link).status_code == 200


def test_an_expired_deleted_or_unknown_link_is_refused(room, user):
    fails(use(user(), room.link(expires_at=PAST)), 410, "link_expired")
    for ending in ("id", "link", "body"):
        link = room.link()
        path = f"{room.path}links/"
        answer = (room.admin.delete(path, json={"link": link["link"]}) if ending == "body" else
                  room.admin.delete(f"{path}{link['link_id' if ending == 'id' else 'link']}/"))
        assert answer.status_code == 204
        fails(use(user(), link), 404, "not_found")
        assert user().get(f"/api/chat/links/{link['link']}/").status_code == 404
    for unknown in ("a" * 40, "x", "ä" * 40):
        fails(use(user(), {"link": unknown}), 404, "not_found")


def test_a_link_brings_back_neither_the_banned_nor_the_removed(room, user):
    link, client = room.link(), user()
    assert use(client, link).status_code == 201
    room.admin.post(f"{room.path}remove_member/", json={"user_id": client.id})
    fails(use(client, link), 403, "removed")
    newer = room.link()
    assert use(client, newer).status_code == 201
    room.admin.post(f"{room.path}bans/", json={"user_id": client.id})
    fails(use(client, newer), 403, "banned", until=None)
    fails(use(client, room.link()), 403, "banned", until=None)
    room.admin.delete(f"{room.path}bans/{client.id}/")
    assert use(client, newer).status_code == 201
    # Members who have left by themselves may come back.
    client.post(f"{room.path}remove_member/", json={"user_id": client.id})
    assert use(client, newer).status_code == 201


def test_a_link_ends_with_the_role_of_its_maker(room, user):
    second = user()
    room.admin.invite(room.id, second)
    room.admin.patch(f"{room.path}members/{second.id}/", json={"role": "admin"})
    link = room.link(by=second, role="admin")
    room.admin.patch(f"{room.path}members/{second.id}/", json={"role": "member"})
    fails(use(user(), link), 404, "not_found")
    assert room.admin.get(f"{room.path}links/").json()["results"] == []


def test_an_archived_room_takes_no_new_member(room, user):
    link = room.link()
    room.admin.patch(room.path, json={"is_archived": True})
    fails(use(user(), link), 403, "archived")
    fails(room.admin.post(f"{room.path}links/", json={"role": "member"}), 403, "archived")


@pytest.mark.parametrize("body, errors", [
    ({}, {"role": "required"}), ({"role": "king"}, {"role": "invalid_choice"}),
    ({"role": "member", "max_uses": 0, "expires_at": "x"},
     {"max_uses": "min_value", "expires_at": "invalid"})])
def test_bad_fields_are_named(room, body, errors):
    answer = room.admin.post(f"{room.path}links/", json=body)
    assert (answer.status_code, answer.json()) == (400, wrong(**errors))


def test_links_are_in_the_audit_and_in_no_log(room, instance):
    link = room.link(role="moderator")
    room.admin.get(f"/api/chat/links/{link['link']}/")
    room.admin.delete(f"{room.path}links/{link['link']}/")
    entries = [line for line in instance.confabctl("audit").stdout.splitlines()
               if "link" in line]
    assert len(entries) >= 2
    assert link["link"] not in instance.log()
