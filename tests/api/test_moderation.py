"""Moderation of a room: roles, what a room allows, silence, slow mode, bans."""

import pytest
from support.client import Client
from support.moderation import ROLES, Room, fails
from support.shapes import A_TIME, wrong
from support.wait import wait_for


@pytest.fixture
def room(user):
    return Room(user)


# ---- roles ----

def test_roles_are_in_memberships_rooms_and_events(room, user):
    members = room.admin.get(f"{room.path}members/").json()["results"]
    assert {member["user_id"]: (member["role"], member["is_admin"]) for member in members} == {
        getattr(room, role).id: (role, role == "admin") for role in ROLES}
    shown = [getattr(room, role).get(room.path).json().get("role") for role in ROLES]
    assert shown == ["reader", None, "moderator", None]
    assert "role" not in user().get(room.path).json()
    events = room.admin.get(f"{room.path}events/").json()["events"]
    assert [event["membership"]["role"] for event in events
            if event["type"] == "member_updated"] == ["reader", "moderator"]


def test_admins_give_roles_and_the_last_one_stays(room):
    fails(room.set_role(room.member, "reader", by=room.moderator), 403, "permission_denied")
    for change in ({"role": "member"}, {"is_admin": False}):
        answer = room.admin.patch(f"{room.path}members/{room.admin.id}/", json=change)
        assert (answer.status_code, answer.json()) == (
            400, wrong(**{next(iter(change)): "last_admin"}))
    assert room.set_role(room.moderator, "admin").json()["is_admin"] is True
    answer = room.admin.patch(f"{room.path}members/{room.moderator.id}/", json={"is_admin": False})
    assert answer.json()["role"] == "member"
    answer = room.admin.patch(f"{room.path}members/{room.member.id}/", json={"role": "king"})
    assert answer.json() == wrong(role="invalid_choice")


def test_moderators_delete_messages_and_remove_lower_roles(room, user):
    message = room.post(room.admin).json()["message_id"]
    path = f"{room.path}messages/{message}/"
    fails(room.member.delete(path), 403, "permission_denied")
    assert room.moderator.delete(path).status_code == 204
    for client, status in ((room.admin, 403), (room.reader, 204), (room.member, 204)):
        answer = room.moderator.post(f"{room.path}remove_member/", json={"user_id": client.id})
        assert answer.status_code == status
        if status == 403:
            fails(answer, 403, "role_too_high")
    fails(room.moderator.post(f"{room.path}invite/", json={"user_id": user().id}), 403,
          "permission_denied")
    fails(room.moderator.patch(room.path, json={"topic": "x"}), 403, "permission_denied")


# ---- what a room allows ----

def test_rules_are_in_the_room_and_its_event(room):
    change = {"topic": "Züge 🚂", "post_policy": "moderators", "slow_seconds": 30,
              "members_visible": False, "is_archived": True}
    shown = room.patch(**change).json()
    assert {key: shown[key] for key in change} == change
    event = room.admin.get(f"{room.path}events/").json()["events"][-1]
    assert event["type"] == "room_updated"
    assert {key: event["room"][key] for key in change} == change


@pytest.mark.parametrize("change, code", [
    ({"topic": "x" * 501}, "max_length"), ({"post_policy": "all"}, "invalid_choice"),
    ({"slow_seconds": 21601}, "max_value"), ({"slow_seconds": "x"}, "invalid"),
    ({"is_archived": 7}, "invalid")], ids=lambda value: str(value)[:20])
def test_wrong_rules_are_refused(room, change, code):
    answer = room.patch(**change)
    assert (answer.status_code, answer.json()) == (400, wrong(**{next(iter(change)): code}))


@pytest.mark.parametrize("policy, allowed", [
    ("members", "member moderator admin"), ("moderators", "moderator admin"), ("nobody", "")])
def test_the_room_decides_which_roles_may_post(room, policy, allowed):
    room.patch(post_policy=policy)
    for role in ROLES:
        answer = room.post(getattr(room, role))
        if role in allowed.split():
            assert answer.status_code == 201
        else:
            fails(answer, 403, "read_only")


def test_readers_write_nothing(room):
    message = room.post(room.reader)
    fails(message, 403, "read_only")
    message = room.post(room.admin).json()["message_id"]
    path = f"{room.path}messages/{message}/reactions/"
    fails(room.reader.put(path, json={"emoji": "👍"}), 403, "read_only")
    answer = room.reader.post(f"{room.path}files/", json={"name": "a", "size": 1,
                                                          "media_type": "text/plain"})
    assert answer.json()["code"] in ("read_only", "files_off")
    assert room.reader.get(f"{room.path}messages/").status_code == 200


def test_an_archived_room_is_read_only_but_for_leaving_and_reading(room):
    message = room.post(room.member).json()["message_id"]
    room.patch(is_archived=True)
    path = f"{room.path}messages/{message}/"
    for answer in (room.post(room.admin), room.member.patch(path, json={"content": "x"}),
                   room.member.put(f"{path}reactions/", json={"emoji": "👍"}),
                   room.admin.put(f"{room.path}pins/{message}/"),
                   room.patch(topic="x"), room.patch(topic="x", is_archived=False),
                   room.set_role(room.member, "admin"), room.silence(room.admin, room.member),
                   room.ban(room.admin, room.member),
                   room.member.patch(f"{room.path}me/", json={"is_favorite": True}),
                   room.member.patch(f"{room.path}me/", json={}),
                   room.member.post(f"{room.path}unread/", json={"message_id": message}),
                   room.admin.post(f"{room.path}remove_member/", json={"user_id": room.member.id})):
        fails(answer, 403, "archived")
    assert room.reader.post(f"{room.path}read/", json={"message_id": message}).status_code == 200
    assert room.reader.post(f"{room.path}remove_member/",
                            json={"user_id": room.reader.id}).status_code == 204
    fails(room.reader.post(f"{room.path}join/"), 403, "archived")
    assert room.patch(is_archived=False).status_code == 200
    assert room.post(room.member).status_code == 201


def test_slow_mode_says_when_and_exempts_moderators_and_repeats(room):
    room.patch(slow_seconds=600)
    first = room.post(room.member, client_id="c-1")
    assert first.status_code == 201
    answer = fails(room.post(room.member), 429, "slow_mode")
    assert 590 <= int(answer.headers["Retry-After"]) <= 600
    again = room.post(room.member, client_id="c-1")
    assert (again.status_code, again.json()["message_id"]) == (200, first.json()["message_id"])
    # Leaving and coming back does not evade it.
    room.member.post(f"{room.path}remove_member/", json={"user_id": room.member.id})
    room.member.post(f"{room.path}join/")
    fails(room.post(room.member), 429, "slow_mode")
    assert [room.post(room.moderator).status_code for _ in range(2)] == [201, 201]


def test_members_are_hidden_from_all_but_moderators(room):
    message = room.post(room.admin).json()["message_id"]
    room.patch(members_visible=False)
    for path in ("members/", "presence/", "reads/", f"messages/{message}/reads/"):
        for client in (room.reader, room.member):
            fails(client.get(room.path + path), 403, "members_hidden")
        assert room.moderator.get(room.path + path).status_code == 200
    with room.member.socket(room.id) as live, room.moderator.socket(room.id) as moderator:
        assert live.until("connected")["online"] == []
        assert moderator.until("connected")["online"] != []
        room.reader.post(f"{room.path}read/", json={"message_id": message})
        assert moderator.until("message_read")["user_id"] == room.reader.id
        room.post(room.admin, "mark")
        assert live.next()["type"] == "new_message"


def test_only_moderators_learn_of_joining_and_leaving(room, user):
    room.patch(members_visible=False)
    start = room.admin.get(room.path).json()["last_seq"]
    comer = user()
    with room.member.socket(room.id) as live, room.moderator.socket(room.id) as moderator:
        for one in (live, moderator):
            one.until("connected")
        assert comer.post(f"{room.path}join/").status_code == 201
        room.set_role(comer, "reader")
        comer.post(f"{room.path}remove_member/", json={"user_id": comer.id})
        assert room.set_role(room.member, "reader").status_code == 200
        shown = [live.until("member_updated") for _ in range(4)]
        assert [moderator.next()["type"] for _ in range(4)] == [
            "user_invited", "member_updated", "user_removed", "member_updated"]
    hidden = [{"type": "member_updated", "membership": None, "updated_by": "", "room_id": room.id,
               "seq": start + 1 + number} for number in range(3)]
    own = {"type": "member_updated", "membership": shown[3]["membership"], "room_id": room.id,
           "updated_by": room.admin.name, "seq": start + 4}
    assert (shown, shown[3]["membership"]["user_id"]) == ([*hidden, own], room.member.id)
    with room.member.socket(room.id, since=start) as again:
        again.until("connected")
        assert [again.next() for _ in range(4)] == shown
    assert room.member.events(room.id, after=start) == shown
    answer = room.member.post("/api/chat/sync/", json={"rooms": {str(room.id): start}}).json()
    assert [one["events"] for one in answer["rooms"]] == [shown]
    assert room.moderator.events(room.id, after=start)[0]["user_id"] == comer.id
    room.patch(is_open=True)
    assert comer.name not in Client(comer.instance).get(f"{room.path}events/",
                                                        params={"after": start}).text


def test_no_typing_is_shown_in_an_archived_room(room):
    with room.member.socket(room.id) as live, room.admin.socket(room.id) as admin:
        live.until("connected")
        admin.until("connected")
        room.patch(is_archived=True)
        live.until("room_updated")
        live.send({"type": "typing"})
        live.send({"type": "ping"})
        live.until("pong")
        room.patch(is_archived=False)
        shown = []
        while len(shown) < 2 or shown[-1] != "room_updated":
            shown.append(admin.next()["type"])
        assert "typing" not in shown


# ---- silence ----

def test_a_silenced_member_reads_and_writes_nothing_also_after_coming_back(room):
    message = room.post(room.member).json()["message_id"]
    answer = room.silence(room.moderator, room.member)
    assert (answer.status_code, answer.json()) == (200, {"user_id": room.member.id,
                                                         "until": A_TIME})
    until = answer.json()["until"]
    path = f"{room.path}messages/{message}/"
    fails(room.post(room.member), 403, "silenced", until=until)
    fails(room.member.patch(path, json={"content": "x"}), 403, "silenced", until=until)
    fails(room.member.put(f"{path}reactions/", json={"emoji": "👍"}), 403, "silenced", until=until)
    assert room.member.get(f"{room.path}messages/").status_code == 200
    room.member.post(f"{room.path}remove_member/", json={"user_id": room.member.id})
    room.member.post(f"{room.path}join/")
    fails(room.post(room.member), 403, "silenced", until=until)
    assert room.moderator.delete(f"{room.path}silence/",
                                 json={"user_id": room.member.id}).status_code == 204
    assert room.post(room.member).status_code == 201


def test_a_silence_ends_by_itself(room, instance):
    room.silence(room.moderator, room.member)
    for table, column in (("silence", "until"), ("member", "silenced_until")):
        instance.sql(f"UPDATE {table} SET {column} = SYSDATE(6) WHERE room_id = ? AND user_id = ?",
                     room.id, room.member.id)
    assert room.post(room.member).status_code == 201


def test_only_lower_roles_are_silenced(room):
    for client in (room.admin, room.moderator):
        fails(room.silence(room.moderator, client), 403, "role_too_high")
    fails(room.silence(room.member, room.reader), 403, "permission_denied")
    answer = room.silence(room.moderator, room.member, minutes=0)
    assert answer.json() == wrong(minutes="min_value")


# ---- bans ----

def test_a_banned_user_is_out_until_the_ban_ends(room):
    answer = room.ban(room.moderator, room.member, reason="spam", until="2100-01-01T00:00:00Z")
    ban = {"room_id": room.id, "user_id": room.member.id, "username": room.member.name,
           "reason": "spam", "banned_by_id": room.moderator.id, "created_at": A_TIME,
           "until": "2100-01-01T00:00:00.000000Z"}
    assert (answer.status_code, answer.json()) == (201, ban)
    assert room.moderator.get(f"{room.path}bans/").json() == {
        "count": 1, "next": None, "previous": None, "results": [ban]}
    fails(room.member.post(f"{room.path}join/"), 403, "banned", until=ban["until"])
    assert room.ban(room.moderator, room.member).status_code == 200
    fails(room.member.post(f"{room.path}join/"), 403, "banned", until=None)
    fails(room.admin.post(f"{room.path}invite/", json={"user_id": room.member.id}), 403, "banned")
    event = room.admin.get(f"{room.path}events/").json()["events"][-1]
    assert (event["type"], event["user_id"]) == ("user_removed", room.member.id)
    assert room.post(room.member).status_code == 403
    path = f"{room.path}bans/{room.member.id}/"
    assert [room.moderator.delete(path).status_code for _ in range(2)] == [204, 404]
    assert room.member.post(f"{room.path}join/").status_code == 201


def test_a_ban_needs_a_higher_role(room, user):
    for by, client, code in ((room.moderator, room.admin, "role_too_high"),
                             (room.moderator, room.moderator, "role_too_high"),
                             (room.member, room.reader, "permission_denied")):
        fails(room.ban(by, client), 403, code)
    fails(room.member.get(f"{room.path}bans/"), 403, "permission_denied")
    # Also users who are not there.
    assert room.ban(room.moderator, user()).status_code == 201
    answer = room.admin.post(f"{room.path}bans/", json={"user_id": 2 ** 60})
    assert answer.json() == wrong(user_id="does_not_exist")


@pytest.mark.parametrize("which, left", [("none", 3), ("day", 1), ("all", 0)])
def test_the_messages_of_a_banned_user_are_deleted(room, instance, which, left):
    ids = [room.post(room.member, f"word {number}").json()["message_id"] for number in range(3)]
    instance.sql("UPDATE message SET created_at = created_at - INTERVAL 2 DAY WHERE message_id = ?",
                 ids[0])
    room.ban(room.moderator, room.member, delete_messages=which)

    def kept():
        page = room.admin.get(f"{room.path}messages/").json()["results"]
        return sum(not message["is_deleted"] for message in page)
    wait_for(lambda: kept() == left)
    events = room.admin.get(f"{room.path}events/").json()["events"]
    assert sum(event["type"] == "message_deleted" for event in events) == 3 - left


def test_the_banned_user_sees_the_ban_and_its_end(room):
    until = "2100-01-01T00:00:00.000000Z"

    def read():
        events = room.member.get("/api/chat/events/", params={"after": seq}).json()["events"]
        return [one for one in events if one["type"] == "room_removed"]

    with room.member.notifications() as live:
        seq = live.until("connected")["seq"]
        room.ban(room.moderator, room.member, until=until)
        event = live.until("room_removed")
    assert event == {"type": "room_removed", "removed_by": room.moderator.name, "room_id": room.id,
                     "is_banned": True, "banned_until": until, "seq": seq + 1}
    # What is read later shows the ban as it is then.
    assert read() == [event]
    room.ban(room.moderator, room.member)
    assert read() == [{**event, "banned_until": None}]
    room.moderator.delete(f"{room.path}bans/{room.member.id}/")
    assert read() == [{**event, "is_banned": False, "banned_until": None}]


@pytest.mark.parametrize("kind", ["room", "watch"])
def test_a_ban_closes_sockets_as_banned(room, kind):
    if kind == "room":
        live = room.member.socket(room.id)
    else:
        live = room.member.notifications()
        live.until("connected")
        live.send({"type": "watch", "room_id": room.id})
    with live:
        assert live.until("connected")["room_id"] == room.id
        room.ban(room.moderator, room.member)
        assert live.until("user_removed")["user_id"] == room.member.id
        if kind == "room":
            assert live.until("error")["code"] == "banned"
            assert (live.closed(), live.reason) == (4403, "banned")
        else:
            for _ in range(2):
                ended = live.until("error")
                assert (ended["code"], ended["room_id"]) == ("banned", room.id)
                # The same again, to those who ask again.
                live.send({"type": "watch", "room_id": room.id})
    # Opened again it says the same; a ban that is over is none.
    with room.member.socket(room.id) as again:
        assert again.until("error")["code"] == "banned"
        assert (again.closed(), again.reason) == (4403, "banned")
    fails(room.member.get(f"{room.path}messages/"), 403, "banned", until=None)
    fails(room.post(room.member), 403, "banned", until=None)
    room.moderator.delete(f"{room.path}bans/{room.member.id}/")
    fails(room.member.get(f"{room.path}messages/"), 403, "permission_denied")


# ---- evasion ----

@pytest.mark.parametrize("way", ["removed", "banned"])
def test_a_removed_member_loses_sockets_uploads_and_links(room, way):
    sent = room.admin.post(f"{room.path}files/", json={"name": "a.txt", "size": 5,
                                                       "media_type": "text/plain"})

    def upload(client, number, data):
        return client.put(f"/api/chat/files/{number}/?offset=0", data=data,
                          headers={"Content-Type": "application/octet-stream"})
    number = sent.json()["file_id"]
    assert upload(room.admin, number, b"hello").status_code == 200
    room.admin.post(f"/api/chat/files/{number}/done/", json={})
    room.post(room.admin, "", files=[number])
    link = room.member.get(f"/api/chat/files/{number}/link/").json()["url"]
    stranger = Client(room.admin.instance)
    assert stranger.get(link).content == b"hello"
    own = room.member.post(f"{room.path}files/", json={"name": "b.txt", "size": 10,
                                                       "media_type": "text/plain"}).json()
    assert upload(room.member, own["file_id"], b"01234").status_code == 200
    with room.member.socket(room.id) as live:
        live.until("connected")
        if way == "banned":
            room.ban(room.moderator, room.member)
        else:
            room.moderator.post(f"{room.path}remove_member/", json={"user_id": room.member.id})
        assert live.closed() == 4403
    # A signed link works for its five minutes, without credentials; there is no other one.
    assert stranger.get(link).status_code == 200
    assert room.member.get(f"/api/chat/files/{number}/").status_code == 404
    assert room.member.get(f"/api/chat/files/{number}/link/").status_code == 404
    assert upload(room.member, own["file_id"], b"56789").status_code in (404, 409)
    assert room.post(room.member, "", files=[own["file_id"]]).status_code == 403
