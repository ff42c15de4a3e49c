"""Moderation: roles, what a room allows, silence, slow mode, bans, site moderators, the audit."""

import pytest
from support.api_key import Program
from support.client import Client
from support.confabctl import Tool
from support.files import done, png, post, upload
from support.shapes import A_TIME, AN_ID, refusal, wrong
from support.wait import wait_for

ROOM = "/api/chat/rooms/{}/"
ROLES = ["reader", "member", "moderator", "admin"]


class Room:
    """A public room with a member of each role."""

    def __init__(self, user):
        self.admin = user()
        self.id = self.admin.room(is_private=False)["room_id"]
        self.path = ROOM.format(self.id)
        self.reader, self.member, self.moderator = user(), user(), user()
        for role in ("reader", "member", "moderator"):
            client = getattr(self, role)
            self.admin.invite(self.id, client)
            answer = self.set_role(client, role)
            assert (answer.status_code, answer.json().get("role")) == (200, role), answer.text

    def set_role(self, client, role, by=None):
        return (by or self.admin).patch(f"{self.path}members/{client.id}/", json={"role": role})

    def patch(self, **change):
        return self.admin.patch(self.path, json=change)

    def post(self, client, content="hi", **more):
        return client.post(f"{self.path}messages/", json={"content": content, **more})

    def silence(self, by, client, minutes=5):
        return by.post(f"{self.path}silence/", json={"user_id": client.id, "minutes": minutes})

    def ban(self, by, client, **more):
        return by.post(f"{self.path}bans/", json={"user_id": client.id, **more})


@pytest.fixture
def room(user):
    return Room(user)


def fails(answer, status, code, **more):
    assert (answer.status_code, answer.json()) == (status, refusal(code, **more)), answer.text
    return answer


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
def test_who_posts_is_as_the_room_says(room, policy, allowed):
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
    # Leaving and coming back is no way round it.
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


def test_others_than_moderators_do_not_learn_who_joins_and_leaves(room, user):
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


def test_nobody_is_shown_typing_in_an_archived_room(room):
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
    assert room.ban(room.moderator, room.member).status_code == 200
    fails(room.member.post(f"{room.path}join/"), 403, "banned")
    fails(room.admin.post(f"{room.path}invite/", json={"user_id": room.member.id}), 403, "banned")
    event = room.admin.get(f"{room.path}events/").json()["events"][-1]
    assert (event["type"], event["user_id"]) == ("user_removed", room.member.id)
    assert room.post(room.member).status_code == 403
    path = f"{room.path}bans/{room.member.id}/"
    assert [room.moderator.delete(path).status_code for _ in range(2)] == [204, 404]
    assert room.member.post(f"{room.path}join/").status_code == 201


def test_who_may_ban_whom(room, user):
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
            live.send({"type": "watch", "room_id": room.id})
            assert live.until("error")["code"] == "banned"
    # Opened again it says the same; a ban that is over is none.
    with room.member.socket(room.id) as again:
        assert again.until("error")["code"] == "banned"
        assert (again.closed(), again.reason) == (4403, "banned")
    fails(room.member.get(f"{room.path}messages/"), 403, "banned")
    fails(room.post(room.member), 403, "banned")
    room.moderator.delete(f"{room.path}bans/{room.member.id}/")
    fails(room.member.get(f"{room.path}messages/"), 403, "permission_denied")


# ---- site moderators, bans from the site ----

@pytest.fixture
def site_moderator(instance, user):
    client = user()
    instance.sql("UPDATE user SET is_moderator = TRUE WHERE user_id = ?", client.id)
    return client


def test_a_site_moderator_moderates_all_rooms_but_direct_ones(user, site_moderator):
    admin, other = user(), user()
    room = admin.room()["room_id"]
    message = admin.say(room)["message_id"]
    path = ROOM.format(room)
    assert site_moderator.get("/api/auth/me/").json()["is_moderator"] is True
    assert site_moderator.get(path).status_code == 200
    assert site_moderator.get(f"{path}messages/").json()["count"] == 1
    assert site_moderator.delete(f"{path}messages/{message}/").status_code == 204
    assert site_moderator.patch(path, json={"topic": "x"}).status_code == 403
    assert site_moderator.post(f"{path}bans/", json={"user_id": other.id}).status_code == 201
    assert site_moderator.post(f"{path}join/").status_code == 201
    direct = admin.post("/api/chat/rooms/direct/", json={"user_id": other.id}).json()["room_id"]
    assert site_moderator.get(ROOM.format(direct)).status_code == 404


def test_a_site_moderator_sees_files_of_all_rooms_but_direct_ones(user, site_moderator):
    admin, other = user(), user()
    room = admin.room()
    direct = admin.post("/api/chat/rooms/direct/", json={"user_id": other.id}).json()
    for place, status in ((room, 200), (direct, 404)):
        number = upload(admin, place, png())
        path = f"/api/chat/files/{number}/"
        assert admin.request("PUT", f"{path}thumbnail/", data=png()).status_code == 204
        assert done(admin, number).status_code == 200
        paths = [f"{path}cat.png", f"{path}thumbnail/", f"{path}link/"]
        assert {site_moderator.get(one).status_code for one in paths} == {404}
        post(admin, place, [number])
        assert {site_moderator.get(one).status_code for one in paths} == {status}
        assert {user().get(one).status_code for one in paths} == {404}


def test_a_ban_from_the_site_ends_all_sessions(user, site_moderator, instance):
    client, path = user(), "/api/site/bans/"
    fails(client.post(path, json={"user_id": site_moderator.id}), 403, "key_required")
    answer = site_moderator.post(path, json={"user_id": client.id, "reason": "spam"})
    assert (answer.status_code, answer.json()["reason"]) == (201, "spam")
    assert client.get("/api/auth/me/").status_code == 401
    assert client.id in [ban["user_id"] for ban in site_moderator.get(path).json()["results"]]
    assert site_moderator.delete(f"{path}{client.id}/").status_code == 204
    assert instance.sql("SELECT is_active FROM user WHERE user_id = ?", client.id)[0][0]
    fails(site_moderator.post(path, json={"user_id": site_moderator.id}), 403, "role_too_high")


@pytest.mark.parametrize("path", ["/api/auth/token/", "/api/auth/login/"])
def test_who_is_banned_from_the_site_is_told_until_when_after_the_right_password(
        user, site_moderator, instance, path):
    client, bans = user(), "/api/site/bans/"
    login = {"username": client.name, "password": client.password}
    wrong_login = {"non_field_errors": ["Unable to log in with provided credentials."],
                   "codes": {"non_field_errors": ["authorization"]}}
    for until in ("2100-01-01T00:00:00.000000Z", None):
        site_moderator.post(bans, json={"user_id": client.id, "until": until, "reason": "spam"})
        for _ in range(2):
            fails(client.post(path, json=login), 403, "banned", until=until)
        answer = client.post(path, json={**login, "password": "wrong horse!"})
        assert (answer.status_code, answer.json()) == (400, wrong_login)
    # One whom the administrator has disabled is told nothing.
    site_moderator.delete(f"{bans}{client.id}/")
    assert client.post(path, json=login).status_code == 200
    instance.sql("UPDATE user SET is_active = FALSE WHERE user_id = ?", client.id)
    answer = client.post(path, json=login)
    assert (answer.status_code, answer.json()) == (400, wrong_login)


def test_a_ban_from_the_site_outlives_what_the_site_says_of_its_users(user, instance,
                                                                      site_moderator):
    site, tool = Program(instance, "users"), Tool(instance)
    client = user()
    path, bans = f"/api/site/users/{client.id}/", "/api/site/bans/"
    for was_active in (True, False):
        site_moderator.post(bans, json={"user_id": client.id})
        assert site.patch(path, json={"is_active": True}).json()["is_active"] is False
        assert site.patch(path, json={"is_active": was_active}).json()["is_active"] is False
        assert site.post(f"{path}token/").status_code == 403
        site_moderator.delete(f"{bans}{client.id}/")
        found = site.patch(path, json={"display_name": "A"}).json()["is_active"]
        assert found is was_active, "as the site said last"
    # The administrator ends a ban, too.
    site_moderator.post(bans, json={"user_id": client.id})
    assert "is enabled" in tool("user", "enable", client.name)
    assert instance.sql("SELECT 1 FROM ban WHERE user_id = ?", client.id) == []
    assert site.post(f"{path}token/").status_code == 201
    tool("user", "erase", client.name, "--messages", "keep")
    assert site.patch(path, json={"is_active": True}).status_code == 403
    assert "is erased" in tool.refuses("user", "enable", f"deleted-{client.id}")


def test_a_timed_ban_from_the_site_ends_on_time_wherever_it_is_asked(user, instance, site_moderator):
    answer = site_moderator.post("/api/site/bans/", json={
        "user_id": (client := user()).id, "until": "2100-01-01T00:00:00Z"})
    assert answer.status_code == 201
    login = {"username": client.name, "password": client.password}
    key = Program(instance, "act,users")
    over = "UPDATE ban SET until = SYSDATE(6) WHERE room_id = 0 AND user_id = ?"
    acting = {"X-Confab-User": str(client.id)}
    room = site_moderator.room()["room_id"]

    def is_found():
        answer = site_moderator.get("/api/chat/users/", params={"search": client.name})
        return answer.json()["count"] == 1

    asked = [
        lambda: client.post("/api/auth/token/", json=login).status_code == 200,
        lambda: client.post("/api/auth/login/", json=login).status_code == 200,
        lambda: key.get("/api/auth/me/", headers=acting).status_code == 200,
        lambda: key.post(f"/api/site/users/{client.id}/token/").status_code == 201,
        is_found,
        lambda: site_moderator.post(f"/api/chat/rooms/{room}/invite/",
                                    json={"user_id": client.id}).status_code == 201,
        lambda: site_moderator.post("/api/chat/rooms/direct/",
                                    json={"user_id": client.id}).status_code == 201]
    for number, ask in enumerate(asked):
        site_moderator.post("/api/site/bans/", json={"user_id": client.id,
                                                     "until": "2100-01-01T00:00:00Z"})
        assert not ask(), number
        instance.sql(over, client.id)
        assert ask(), number
    # What was open before the ban stays closed.
    assert client.get("/api/auth/me/").status_code == 401


def test_the_audit_says_who_has_done_what(room, instance, site_moderator):
    message = room.post(room.member).json()["message_id"]
    room.moderator.delete(f"{room.path}messages/{message}/")
    room.ban(room.moderator, room.member, reason="spam")
    key = Program(instance, "moderate")
    page = key.get("/api/site/audit/", params={"limit": 200}).json()
    while page["next"]:
        page = key.get(page["next"].removeprefix(instance.url)).json()
    found = [entry for entry in page["results"] if entry["room_id"] == room.id]
    shown = {"audit_id": AN_ID, "actor_kind": "user", "actor_id": room.moderator.id,
             "user_id": room.member.id, "room_id": room.id, "created_at": A_TIME}
    assert found[-2:] == [
        {**shown, "action": "delete_message", "subject_id": message, "reason": None},
        {**shown, "action": "ban", "subject_id": None, "reason": "spam"}]
    assert room.member.name not in str(found)
    fails(room.admin.get("/api/site/audit/"), 403, "key_required")
    assert site_moderator.get("/api/site/audit/").status_code == 200


# ---- reports ----

def test_a_report_keeps_the_words_and_reaches_the_moderators(room):
    ids = [room.post(room.member, text).json()["message_id"] for text in ("a", "bad", "c")]
    path = f"{room.path}messages/{ids[1]}/report/"
    answer = room.reader.post(path, json={"reason": "abuse", "note": "Look!"})
    report = {"report_id": AN_ID, "room_id": room.id, "message_id": ids[1],
              "reporter_id": room.reader.id, "sender_id": room.member.id, "reason": "abuse",
              "note": "Look!", "state": "open", "created_at": A_TIME}
    assert (answer.status_code, answer.json()) == (201, report)
    again = room.reader.post(path, json={"reason": "spam"})
    assert (again.status_code, again.json()) == (200, answer.json())
    room.member.patch(f"{room.path}messages/{ids[1]}/", json={"content": "good"})
    for client in (room.moderator, room.admin):
        event = client.get("/api/chat/events/").json()["events"][-1]
        assert event == {"type": "report_created", "report_id": answer.json()["report_id"],
                         "room_id": room.id, "seq": AN_ID}
        found, = client.get("/api/chat/reports/", params={"state": "open"}).json()["results"]
        assert (found["content"], found["message"]["content"]) == ("bad", "good")
        assert [message["message_id"] for message in found["neighbours"]] == [ids[0], ids[2]]
    for client in (room.member, room.reader):
        assert client.get("/api/chat/reports/").json()["count"] == 0
    path = f"/api/chat/reports/{answer.json()['report_id']}/"
    assert room.reader.patch(path, json={"state": "handled"}).status_code == 404
    closed = room.moderator.patch(path, json={"state": "handled"}).json()
    assert (closed["state"], closed["handled_by_id"]) == ("handled", room.moderator.id)
    room.moderator.patch(path, json={"state": "handled"})
    events = room.admin.get("/api/chat/events/").json()["events"]
    assert events[-1] == {"type": "moderation_changed", "room_id": room.id, "seq": AN_ID}
    assert events[-2]["type"] == "report_created"
    assert room.admin.get("/api/chat/reports/", params={"state": "open"}).json()["count"] == 0


def test_reports_of_direct_rooms_go_to_site_moderators(user, site_moderator):
    alice, bob = user(), user()
    direct = alice.post("/api/chat/rooms/direct/", json={"user_id": bob.id}).json()["room_id"]
    message = bob.say(direct)["message_id"]
    path = f"{ROOM.format(direct)}messages/{message}/report/"
    number = alice.post(path, json={"reason": "illegal"}).json()["report_id"]
    assert alice.get("/api/chat/reports/").json()["count"] == 0
    found = site_moderator.get("/api/chat/reports/").json()["results"]
    assert number in [report["report_id"] for report in found]
    assert alice.post(path, json={"reason": "because"}).json() == wrong(reason="invalid_choice")
    bob.delete(f"{ROOM.format(direct)}messages/{message}/")
    assert bob.post(path, json={"reason": "spam"}).status_code == 404


def test_who_moderates_nothing_reads_no_report(room, user, instance):
    message = room.post(room.member).json()["message_id"]
    instance.sql("INSERT INTO report (room_id, message_id, reporter_id, sender_id, reason, "
                 "content, created_at) SELECT ?, ?, ? + seq, ?, 1, 'x', SYSDATE(6) "
                 "FROM seq_1_to_5000", room.id, message, 10 ** 9, room.member.id)

    def rows_read():
        status = dict(instance.sql("SHOW GLOBAL STATUS LIKE 'Handler_read%'"))
        return sum(map(int, status.values()))
    user().get("/api/chat/reports/")
    before = rows_read()
    assert room.member.get("/api/chat/reports/").json()["count"] == 0
    spent = rows_read() - before
    assert room.moderator.get("/api/chat/reports/?limit=1").json()["count"] == 5000
    instance.sql("DELETE FROM report WHERE room_id = ?", room.id)
    assert spent < 2000, "the reports of other rooms are not looked at"


# ---- blocks ----

BLOCKS, DIRECT = "/api/chat/blocks/", "/api/chat/rooms/direct/"


def block(client, other):
    return client.post(BLOCKS, json={"user_id": other.id})


def test_blocks_are_listed_and_end(user):
    alice, bob = user(), user()
    answer = block(alice, bob)
    shown = {"user_id": bob.id, "username": bob.name, "created_at": A_TIME}
    assert (answer.status_code, answer.json()) == (201, shown)
    assert block(alice, bob).status_code == 200
    assert alice.get(BLOCKS).json() == {"count": 1, "next": None, "previous": None,
                                        "results": [shown]}
    assert bob.get(BLOCKS).json()["count"] == 0
    for _ in range(2):
        assert alice.delete(BLOCKS, json={"user_id": bob.id}).status_code == 204
    assert alice.get(BLOCKS).json()["count"] == 0
    assert block(alice, alice).json() == wrong(user_id="own_user")
    answer = alice.post(BLOCKS, json={"user_id": 2 ** 60})
    assert answer.json() == wrong(user_id="does_not_exist")


def test_a_user_blocks_1000_others_at_most(user, instance):
    alice, bob, carol = user(), user(), user()
    instance.sql("INSERT INTO block (user_id, blocked_id, created_at) "
                 "SELECT ?, ? + seq, SYSDATE(6) FROM seq_1_to_999", alice.id, 10 ** 9)
    assert block(alice, bob).status_code == 201
    answer = block(alice, carol)
    assert (answer.status_code, answer.json()) == (400, wrong(user_id="too_many"))
    assert block(alice, bob).status_code == 200
    alice.delete(BLOCKS, json={"user_id": bob.id})
    assert block(alice, carol).status_code == 201
    instance.sql("DELETE FROM block WHERE user_id = ? AND blocked_id > ?", alice.id, 10 ** 9)


def test_who_is_blocked_neither_writes_nor_invites(user):
    alice, bob = user(), user()
    room = bob.room()["room_id"]
    block(alice, bob)
    fails(bob.post(DIRECT, json={"user_id": alice.id}), 403, "not_allowed")
    fails(bob.post(f"{ROOM.format(room)}invite/", json={"user_id": alice.id}), 403, "not_allowed")
    # The blocking user may write first; the blocked one cannot reply.
    direct = alice.post(DIRECT, json={"user_id": bob.id}).json()["room_id"]
    path = f"{ROOM.format(direct)}messages/"
    message = alice.say(direct)["message_id"]
    fails(bob.post(path, json={"content": "hi"}), 403, "not_allowed")
    fails(bob.put(f"{path}{message}/reactions/", json={"emoji": "👍"}), 403, "not_allowed")
    alice.delete(BLOCKS, json={"user_id": bob.id})
    said = bob.say(direct)["message_id"]
    block(alice, bob)
    fails(bob.post(path, json={"content": "hi"}), 403, "not_allowed")
    fails(bob.patch(f"{path}{said}/", json={"content": "x"}), 403, "not_allowed")


def test_messages_of_who_is_blocked_are_marked_for_who_has_blocked(room):
    message = room.post(room.member).json()
    assert "is_blocked" not in message
    tag = room.reader.get(f"{room.path}messages/").headers["ETag"]
    block(room.reader, room.member)
    answer = room.reader.get(f"{room.path}messages/", headers={"If-None-Match": tag})
    assert [shown["is_blocked"] for shown in answer.json()["results"]] == [True]
    assert room.reader.get(room.path).json()["last_message"]["is_blocked"] is True
    assert room.admin.get(f"{room.path}messages/").json()["results"] == [message]
    event = room.admin.get(f"{room.path}events/").json()["events"][-1]
    assert "is_blocked" not in event["message"]


def test_who_is_blocked_mentions_nobody_who_has_blocked(room):
    block(room.reader, room.member)
    room.post(room.member, mentions={"user_ids": [room.reader.id, room.moderator.id]})
    assert room.reader.get(room.path).json()["unread_mentions"] == 0
    assert room.moderator.get(room.path).json()["unread_mentions"] == 1
    types = [event["type"] for event in room.reader.get("/api/chat/events/").json()["events"]]
    assert "mentioned" not in types


def test_who_is_blocked_neither_notifies_nor_mentions_all(room):
    with room.reader.notifications() as live:
        live.until("connected")
        room.post(room.member, "before", mentions={"user_ids": [], "all": True})
        assert live.until("new_message_notification")["message"]["content"] == "before"
        assert room.reader.get(room.path).json()["unread_mentions"] == 1
        block(room.reader, room.member)
        assert room.reader.get(room.path).json()["unread_mentions"] == 0
        assert room.reader.get("/api/chat/mentions/").json()["results"] == []
    # Also by a socket that opens later, and by one that is open when the block ends.
    with room.reader.notifications() as live:
        live.until("connected")
        room.post(room.member, "blocked", mentions={"user_ids": [], "all": True})
        room.post(room.admin, "other")
        assert live.until("new_message_notification")["message"]["content"] == "other"
        assert room.reader.get(room.path).json()["unread_mentions"] == 0
        assert room.moderator.get(room.path).json()["unread_mentions"] == 2
        room.reader.delete(BLOCKS, json={"user_id": room.member.id})

        def is_notified():
            room.post(room.member, "again")
            room.post(room.admin, "mark")
            return live.until("new_message_notification")["message"]["content"] == "again"
        wait_for(is_notified)


@pytest.mark.slow("an instance of its own")
def test_a_site_may_let_only_those_write_who_share_a_room(shared, user):
    site = shared(CONFAB_DIRECT_FROM="shared_room", CONFAB_INVITE_FROM="shared_room")
    alice, bob = (Client(site).register() for _ in range(2))
    room = bob.room(is_private=False)["room_id"]
    fails(bob.post(DIRECT, json={"user_id": alice.id}), 403, "not_allowed")
    fails(bob.post(f"{ROOM.format(room)}invite/", json={"user_id": alice.id}), 403, "not_allowed")
    alice.post(f"{ROOM.format(room)}join/")
    assert bob.post(DIRECT, json={"user_id": alice.id}).status_code == 201
    other = bob.room()["room_id"]
    assert bob.post(f"{ROOM.format(other)}invite/", json={"user_id": alice.id}).status_code == 201


@pytest.mark.slow("an instance of its own")
def test_a_room_with_hidden_members_is_not_told_by_who_may_write_to_whom(shared):
    site = shared(CONFAB_DIRECT_FROM="shared_room", CONFAB_INVITE_FROM="shared_room")
    admin, member, spy, outsider = (Client(site).register() for _ in range(4))
    room = admin.room(is_private=False)["room_id"]
    path, own = ROOM.format(room), spy.room()["room_id"]
    for client in (member, spy):
        client.post(f"{path}join/")
    admin.patch(path, json={"members_visible": False})
    for client in (member, outsider):
        for way in (DIRECT, f"{ROOM.format(own)}invite/"):
            fails(spy.post(way, json={"user_id": client.id}), 403, "not_allowed")
    # The admin sees the members.
    assert admin.post(DIRECT, json={"user_id": member.id}).status_code == 201
    fails(admin.post(DIRECT, json={"user_id": outsider.id}), 403, "not_allowed")


# ---- evasion ----

@pytest.mark.parametrize("way", ["removed", "banned"])
def test_who_is_put_out_has_nothing_of_what_was_open(room, way):
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
