"""Moderation of the site: its moderators, bans from it, the audit, reports."""

import pytest
from support.api_key import Program
from support.confabctl import Tool
from support.counters import ROWS_READ, spent
from support.files import done, png, post, upload
from support.moderation import ROOM, Room, fails
from support.shapes import A_TIME, AN_ID, wrong


@pytest.fixture
def room(user):
    return Room(user)


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
def test_a_user_banned_from_the_site_sees_the_end_after_the_right_password(
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
    # A user whom the administrator has disabled gets no reason.
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


def test_the_audit_names_actor_and_action(room, instance, site_moderator):
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


def test_a_user_without_a_role_reads_no_report(room, instance):
    message = room.post(room.member).json()["message_id"]
    instance.sql("INSERT INTO report (room_id, message_id, reporter_id, sender_id, reason, "
                 "content, created_at) SELECT ?, ?, ? + seq, ?, 1, 'x', SYSDATE(6) "
                 "FROM seq_1_to_5000", room.id, message, 10 ** 9, room.member.id)

    def read():
        assert room.member.get("/api/chat/reports/").json()["count"] == 0
    rows = spent(instance, read, *ROWS_READ)
    assert room.moderator.get("/api/chat/reports/?limit=1").json()["count"] == 5000
    instance.sql("DELETE FROM report WHERE room_id = ?", room.id)
    assert rows < 2000, "the reports of other rooms are not looked at"
