"""Rooms with history `joined`: members see what came since they joined, and nothing before."""

import pytest
from support.files import send
from support.hooks import Worker
from support.shapes import NOT_FOUND, wrong

ROOM = "/api/chat/rooms/{}/"
MESSAGES = "messages/"


class Scene:
    """An old message, pinned, with a file, a mention and a reply to it; then the newcomer joins, and
    there are two new messages, one of them a reply to the old one."""

    def __init__(self, user):
        self.admin, self.late = user(), user()
        self.id = self.admin.room(is_private=False)["room_id"]
        self.path = ROOM.format(self.id)
        answer = self.admin.patch(self.path, json={"history": "joined"})
        assert (answer.status_code, answer.json()["history"]) == (200, "joined")
        self.file = send(self.admin, {"room_id": self.id})["file_id"]
        self.old = [self.say(f"secret {number}") for number in range(4)]
        self.old.append(self.say("secret file", files=[self.file]))
        self.admin.put(f"{self.path}pins/{self.old[0]}/")
        assert self.late.post(f"{self.path}join/").status_code == 201
        self.joined_seq = self.admin.get(self.path).json()["last_seq"]
        self.new = [self.say("first"), self.say("answer", reply_to_id=self.old[1])]

    def say(self, text, **more):
        return self.admin.say(self.id, text, **more)["message_id"]

    def get(self, path, client=None, **query):
        return (client or self.late).get(self.path + path, params=query)


@pytest.fixture(scope="module")
def scene(user):
    return Scene(user)


def ids(answer):
    assert answer.status_code == 200, answer.text
    return [message["message_id"] for message in answer.json()["results"]]


def test_a_page_has_what_came_since_and_counts_it(scene):
    newest_first = scene.new[::-1]
    for query in ({}, {"limit": 1}, {"after": 0}, {"around": scene.new[0]},
                  {"before": scene.new[1]}, {"offset": 1}, {"offset": 2}):
        page = scene.get(MESSAGES, **query)
        assert set(ids(page)) <= set(newest_first), query
        assert page.json()["count"] == 2
        assert "secret" not in page.text
    assert ids(scene.get(MESSAGES)) == newest_first
    assert ids(scene.get(MESSAGES, after=0)) == newest_first
    assert ids(scene.get(MESSAGES, around=scene.new[0])) == newest_first
    first = scene.get(MESSAGES, before=scene.new[1]).json()
    assert first["next"] is None
    assert scene.get(MESSAGES, offset=1, limit=1).json()["next"] is None
    assert len(ids(scene.get(MESSAGES, scene.admin))) == 7


@pytest.mark.parametrize("name", ["before", "after", "around"])
def test_an_earlier_message_is_no_cursor(scene, name):
    answer = scene.get(MESSAGES, **{name: scene.old[1]})
    assert (answer.status_code, answer.json()) == (400, wrong(**{name: "does_not_exist"}))


def test_an_earlier_message_is_not_found(scene):
    old = f"{MESSAGES}{scene.old[0]}/"
    for path in (old, f"{old}replies/", f"{old}reactions/", f"{old}reads/"):
        assert (scene.get(path).status_code, scene.get(path).json()) == (404, NOT_FOUND), path
    late, path = scene.late, scene.path + old
    assert late.put(f"{path}reactions/", json={"emoji": "👍"}).status_code == 404
    assert late.post(f"{path}report/", json={"reason": "spam"}).status_code == 404
    for name in ("read/", "unread/"):
        answer = late.post(scene.path + name, json={"message_id": scene.old[0]})
        assert (answer.status_code, answer.json()) == (400, wrong(message_id="does_not_exist"))
    answer = late.post(f"{scene.path}messages/", json={"content": "x", "reply_to_id": scene.old[0]})
    assert (answer.status_code, answer.json()) == (400, wrong(reply_to_id="does_not_exist"))
    assert scene.get("pins/").json()["results"] == []
    assert scene.get("pins/").json()["count"] == 0


def test_a_reply_to_an_earlier_message_shows_nothing_of_it(scene):
    [reply] = [message for message in scene.get(MESSAGES).json()["results"]
               if message["message_id"] == scene.new[1]]
    assert (reply["reply_to"], reply["reply_to_id"]) == (None, scene.old[1])
    assert scene.get(f"{MESSAGES}{scene.new[1]}/").json()["reply_to"] is None
    room = scene.late.get(scene.path).json()
    assert room["last_message"]["reply_to"] is None
    assert room["message_count"] == 2
    assert scene.get(MESSAGES, scene.admin).json()["results"][0]["reply_to"]["excerpt"] == "secret 1"


def test_events_begin_with_the_joining(scene):
    answer = scene.get("events/", after=0)
    assert (answer.status_code, answer.json()["code"]) == (410, "gone")
    events = scene.late.events(scene.id, after=scene.joined_seq - 1)
    assert events[0]["type"] == "user_invited" and events[0]["user_id"] == scene.late.id
    assert "secret" not in str(events)
    answer = scene.late.post("/api/chat/sync/", json={"user_seq": 0, "rooms": {str(scene.id): 0}})
    [room] = [room for room in answer.json()["rooms"] if room["room_id"] == scene.id]
    assert room["resync"] is True and "secret" not in answer.text


def test_search_mentions_and_files_are_bounded(scene, instance):
    with Worker(instance, "--once") as worker:
        assert worker.process.wait(60) == 0, worker.log
    answer = scene.admin.get("/api/chat/search/", params={"q": "secret", "room": scene.id})
    assert len(answer.json()["results"]) == 5
    answer = scene.late.get("/api/chat/search/", params={"q": "secret", "room": scene.id})
    assert answer.json()["results"] == []
    name = f"/api/chat/files/{scene.file}/"
    assert scene.late.get(f"{name}link/").status_code == 404
    assert scene.admin.get(f"{name}link/").status_code == 200


def test_a_room_without_new_messages_shows_no_last_one(user):
    admin, late = user(), user()
    room = admin.room(is_private=False)["room_id"]
    admin.patch(ROOM.format(room), json={"history": "joined"})
    admin.say(room, "secret")
    late.post(f"{ROOM.format(room)}join/")
    shown = late.get(ROOM.format(room)).json()
    assert (shown["last_message"], shown["message_count"], shown["unread_count"]) == (None, 0, 0)
    [listed] = [each for each in late.get("/api/chat/rooms/").json()["results"]
                if each["room_id"] == room]
    assert listed["last_message"] is None
    page = late.get(f"{ROOM.format(room)}messages/").json()
    assert page == {"count": 0, "next": None, "previous": None, "results": []}
    # Members of before, and all after the setting is taken back, see everything.
    assert admin.get(f"{ROOM.format(room)}messages/").json()["count"] == 1
    admin.patch(ROOM.format(room), json={"history": "all"})
    assert late.get(f"{ROOM.format(room)}messages/").json()["count"] == 1


@pytest.mark.parametrize("since", [0, None])
def test_a_socket_shows_nothing_of_earlier_messages(user, since):
    admin, late = user(), user()
    room = admin.room(is_private=False)["room_id"]
    path = ROOM.format(room)
    admin.patch(path, json={"history": "joined", "may_pin": "all"})
    old = admin.say(room, "secret")["message_id"]
    early = admin.socket(room)
    late.post(f"{path}join/")
    seq = admin.get(path).json()["last_seq"]
    socket = late.socket(room, since=since)
    frames = [socket.next() for _ in range(2 if since == 0 else 1)]
    if since == 0:
        assert frames[1] == {"type": "resync", "seq": seq}
    admin.patch(f"{path}messages/{old}/", json={"content": "secret, edited"})
    admin.put(f"{path}pins/{old}/")
    admin.put(f"{path}messages/{old}/reactions/", json={"emoji": "👍"})
    reply = admin.say(room, "answer", reply_to_id=old)["message_id"]
    admin.patch(path, json={"topic": "new"})
    events = [socket.next() for _ in range(5)]
    assert [event["type"] for event in events] == ["message_deleted"] * 3 + [
        "new_message", "room_updated"]
    assert [event["seq"] for event in events] == list(range(seq + 1, seq + 6))
    assert events[0] == {"type": "message_deleted", "message_id": old, "deleted_by": admin.name,
                         "seq": seq + 1, "room_id": room}
    assert events[3]["message"]["message_id"] == reply
    assert events[3]["message"]["reply_to"] is None
    assert "secret" not in str(events)
    # Earlier members see all of it, and the API agrees with the socket.
    edited = early.until("message_edited")
    assert edited["message"]["content"] == "secret, edited"
    assert early.until("new_message")["message"]["reply_to"]["excerpt"] == "secret, edited"
    replayed = late.events(room, after=seq)
    assert [event["type"] for event in replayed] == [event["type"] for event in events]
    assert "secret" not in str(replayed)
