"""Rooms that keep their messages for some days."""

import pytest

from support.client import Client
from support.confabctl import Tool
from support.files import on_disk, post, send
from support.rooms import url
from support.shapes import refusal, wrong


def age(system, room, count, days=10):
    """Makes the oldest messages of a room so old."""
    system.sql("UPDATE message SET created_at = SYSDATE(6) - INTERVAL ? DAY WHERE room_id = ? "
               "AND position <= ?", days, room["room_id"], count)


def purge(system):
    assert system.confabctl("events", "purge").returncode == 0


def test_retention_days_is_null_or_1_to_3650(user):
    admin, member = user(), user()
    room = admin.room()
    admin.invite(room["room_id"], member)
    assert room["retention_days"] is None
    for days in (1, 3650, None, 30):
        answer = admin.patch(url(room), json={"retention_days": days})
        assert (answer.status_code, answer.json()["retention_days"]) == (200, days)
    for days in (0, 3651, -1, "x", 1.5):
        answer = admin.patch(url(room), json={"retention_days": days})
        assert (answer.status_code, answer.json()) == (400, wrong("retention_days"))
    answer = member.patch(url(room), json={"retention_days": 5})
    assert (answer.status_code, answer.json()) == (403, refusal("permission_denied"))
    [event] = admin.events(room["room_id"], admin.get(url(room)).json()["last_seq"] - 1)
    assert (event["type"], event["room"]["retention_days"]) == ("room_updated", 30)


def test_the_oldest_messages_go_with_all_that_belongs_to_them(user, instance):
    admin, member = user(), user()
    room = admin.room()
    admin.invite(room["room_id"], member)
    path = url(room, "messages/")
    before = set(on_disk(instance))
    first = admin.say(room["room_id"], "first")
    member.put(f"{path}{first['message_id']}/reactions/", json={"emoji": "👍"})
    admin.put(url(room, f"pins/{first['message_id']}/"))
    file = send(admin, room, b"bytes", "old.txt")
    post(admin, room, [file["file_id"]])
    reply = admin.say(room["room_id"], "a reply", reply_to_id=first["message_id"])
    kept = [reply] + [admin.say(room["room_id"], f"kept {number}") for number in range(4)]
    Tool(instance)("search", "rebuild", "--room", room["room_id"])
    age(instance, room, 2)
    seq = admin.get(url(room)).json()["last_seq"]
    purge(instance)
    assert admin.get(path).json()["count"] == 7
    assert admin.patch(url(room), json={"retention_days": 11}).status_code == 200
    purge(instance)
    assert admin.get(path).json()["count"] == 7
    assert admin.patch(url(room), json={"retention_days": 9}).status_code == 200
    purge(instance)

    page = admin.get(path).json()
    assert page["count"] == 5 and page["next"] is None
    assert [message["message_id"] for message in page["results"]] == [
        message["message_id"] for message in reversed(kept)]
    assert page["results"][-1]["reply_to_id"] is None
    now = member.get(url(room)).json()
    assert (now["message_count"], now["unread_count"]) == (5, 5)
    event = admin.events(room["room_id"], seq)[-1]
    assert event == {"type": "history_trimmed", "room_id": room["room_id"],
                     "seq": now["last_seq"], "oldest_message_id": reply["message_id"]}
    assert admin.get(f"{path}{first['message_id']}/").status_code == 404
    assert admin.get(f"{path}?after=0&limit=2").json()["results"][-1]["content"] == "a reply"
    page = admin.get(f"{path}?limit=2&offset=4").json()
    assert (page["count"], len(page["results"]), page["next"]) == (5, 1, None)
    page = admin.get(f"{path}?before={kept[1]['message_id']}").json()
    assert (len(page["results"]), page["next"]) == (1, None)
    answer = admin.get(f"{path}?before={first['message_id']}")
    assert (answer.status_code, answer.json()) == (400, wrong(before="does_not_exist"))
    answer = member.post(url(room, "read/"), json={"message_id": kept[0]["message_id"]})
    assert answer.json()["unread_count"] == 4
    assert admin.get(url(room, "pins/")).json()["count"] == 0
    assert set(on_disk(instance)) == before
    assert not admin.get("/api/chat/search/", params={"q": "first"}).json()["results"]
    assert {term for term, in instance.sql("SELECT term FROM search_posting WHERE room_id = ?",
                                           room["room_id"])} == {"a", "kept", "reply", 0, 1, 2, 3}
    Tool(instance)("check", "--deep")

    # All of them; the next message is the only one.
    age(instance, room, 100)
    purge(instance)
    now = admin.get(url(room)).json()
    assert (now["message_count"], now["last_message"]) == (0, None)
    assert admin.events(room["room_id"], seq)[-1]["oldest_message_id"] is None
    assert admin.get(path).json() == {"count": 0, "next": None, "previous": None, "results": []}
    Tool(instance)("check", "--deep")
    new = admin.say(room["room_id"], "new")
    assert [message["message_id"] for message in admin.get(path).json()["results"]] == [
        new["message_id"]]
    assert member.get(url(room)).json()["unread_count"] == 1
    Tool(instance)("check", "--deep")


@pytest.mark.parametrize("days", [None, 5, 20])
def test_no_room_keeps_messages_longer_than_the_site(shared, days):
    system = shared(CONFAB_MESSAGE_RETENTION=20)
    admin = Client(system).register()
    room = admin.room()
    answer = admin.patch(url(room), json={"retention_days": 21})
    assert (answer.status_code, answer.json()) == (400, wrong(retention_days="max_value"))
    assert admin.patch(url(room), json={"retention_days": days}).status_code == 200
    for text in ("old", "new"):
        admin.say(room["room_id"], text)
    age(system, room, 1, 21)
    purge(system)
    assert admin.get(url(room, "messages/")).json()["count"] == 1
