"""The word filter (filter_file): refused, masked, held and reported messages and edits, from users,
API keys and hooks; post_min_age."""

import pytest
from support.api_key import Program
from support.client import Client
from support.confabctl import Tool
from support.shapes import A_TIME, AN_ID, refusal, wrong

pytestmark = pytest.mark.slow("an instance of its own")

WORDS = """
# words that are not wanted
badword refuse
darn    mask
two words hold
spam    report
坏人    refuse
"""


@pytest.fixture(scope="module")
def site(shared, tmp_path_factory):
    path = tmp_path_factory.getbasetemp() / "words.txt"
    path.write_text(WORDS)
    path.chmod(0o644)
    return shared(CONFAB_FILTER_FILE=str(path), CONFAB_MENTION_ALL_MEMBERS=2)


class Room:
    def __init__(self, site):
        self.admin, self.member, self.other = (Client(site).register() for _ in range(3))
        self.id = self.admin.room(is_private=False)["room_id"]
        self.path = f"/api/chat/rooms/{self.id}/"
        for client in (self.member, self.other):
            self.admin.invite(self.id, client)

    def post(self, client, content, **more):
        return client.post(f"{self.path}messages/", json={"content": content, **more})

    def held(self, client):
        return client.get(f"{self.path}held/").json()["results"]

    def count(self):
        return self.admin.get(self.path).json()["message_count"]


@pytest.fixture
def room(site):
    return Room(site)


@pytest.mark.parametrize("text", ["badword", "a Bád\u200bWOOORD!", "ｂａｄｗｏｒｄ", "他是坏坏人"])
def test_a_refused_word_posts_and_edits_nothing(room, text):
    for _ in range(2):  # The second request comes with a token that is known.
        answer = room.post(room.member, text)
        assert (answer.status_code, answer.json()) == (400, wrong(content="filtered"))
        message = room.post(room.member, "fine").json()
    path = f"{room.path}messages/{message['message_id']}/"
    answer = room.member.patch(path, json={"content": text})
    assert (answer.status_code, answer.json()) == (400, wrong(content="filtered"))
    assert room.member.get(path).json() == message
    assert room.count() == 2


def test_masked_words_become_asterisks(room):
    message = room.post(room.member, "Oh dárrn!").json()
    assert message["content"] == "Oh *****!"
    path = f"{room.path}messages/{message['message_id']}/"
    assert room.member.patch(path, json={"content": "DARN"}).json()["content"] == "****"
    event = room.admin.get(f"{room.path}events/").json()["events"][-1]
    assert event["message"]["content"] == "****"


def test_a_reported_word_is_posted_and_reported(room):
    message = room.post(room.member, "spam").json()
    found, = room.admin.get("/api/chat/reports/", params={"state": "open"}).json()["results"]
    assert (found["message_id"], found["content"], found["reason"], found["reporter_id"]) == (
        message["message_id"], "spam", "other", None)
    event = room.admin.get("/api/chat/events/").json()["events"][-1]
    assert event["type"] == "report_created"


def held_events(client):
    return [event for event in client.get("/api/chat/events/").json()["events"]
            if event["type"] == "message_held"]


def test_a_held_message_is_shown_to_its_sender_and_moderators_only(room):
    answer = room.post(room.member, "two words", client_id="c-1")
    held = {"held_id": AN_ID, "room_id": room.id, "message_id": None, "sender_id": room.member.id,
            "sender_username": room.member.name, "content": "two words", "message_type": "text",
            "reply_to_id": None, "client_id": "c-1", "file_ids": [], "created_at": A_TIME}
    assert (answer.status_code, answer.json()) == (202, held)
    again = room.post(room.member, "two words", client_id="c-1")
    assert (again.status_code, again.json()) == (202, answer.json())
    assert room.held(room.member) == room.held(room.admin) == [answer.json()]
    assert room.held(room.other) == []
    assert [client.get("/api/chat/held/").json()["results"]
            for client in (room.admin, room.member)] == [[answer.json()], []]
    assert room.count() == 0
    # The moderators are told, once.
    told = {"type": "message_held", "held_id": answer.json()["held_id"], "room_id": room.id,
            "seq": AN_ID}
    assert held_events(room.admin) == [told] and held_events(room.member) == []
    path = f"{room.path}held/{answer.json()['held_id']}/"
    for method, sub in (("POST", "approve/"), ("DELETE", "")):
        refused = room.other.request(method, path + sub)
        assert (refused.status_code, refused.json()) == (403, refusal("permission_denied"))
    room.other.post(f"{room.path}messages/", json={"content": "meanwhile"})
    answer = room.admin.post(f"{path}approve/")
    message = answer.json()
    assert (answer.status_code, message["sender_id"], message["content"], message["client_id"]) == (
        201, room.member.id, "two words", "c-1")
    event = room.other.get(f"{room.path}events/").json()["events"][-1]
    assert (event["type"], event["sender"], event["message"]["message_id"]) == (
        "new_message", room.member.name, message["message_id"])
    assert room.held(room.admin) == []
    assert room.admin.post(f"{path}approve/").status_code == 404
    assert room.post(room.member, "two words", client_id="c-1").status_code == 200
    assert room.count() == 2


def test_a_held_message_is_dropped_or_withdrawn(room):
    for client in (room.admin, room.member):
        number = room.post(room.member, "two words").json()["held_id"]
        path = f"{room.path}held/{number}/"
        assert [client.delete(path).status_code for _ in range(2)] == [204, 404]
    assert room.count() == 0
    # Moderators are notified of what others have done.
    events = room.admin.get("/api/chat/events/").json()["events"]
    assert [event for event in events if event["type"] == "moderation_changed"] == [
        {"type": "moderation_changed", "room_id": room.id, "seq": AN_ID}]
    # Nothing is posted for those who may not write, and a ban drops it.
    number = room.post(room.member, "two words").json()["held_id"]
    room.admin.post(f"{room.path}silence/", json={"user_id": room.member.id, "minutes": 5})
    answer = room.admin.post(f"{room.path}held/{number}/approve/")
    assert (answer.status_code, answer.json()) == (409, refusal("conflict"))
    room.admin.post(f"{room.path}bans/", json={"user_id": room.member.id})
    assert room.held(room.admin) == []


def test_held_posts_are_checked_as_others_are(room):
    stranger = Client(room.admin.instance).register()
    assert room.post(stranger, "two words").status_code == 403
    answer = room.post(room.member, "two words", reply_to_id=2 ** 60)
    assert answer.json() == wrong(reply_to_id="does_not_exist")
    own = room.post(room.member, "fine").json()["message_id"]
    for send in (room.post, lambda client, content, **more: client.patch(
            f"{room.path}messages/{own}/", json={"content": content, **more})):
        answer = send(room.member, "two words", mentions={"all": True})
        assert (answer.status_code, answer.json()) == (403, refusal("may_not_mention_all"))
        answer = send(room.member, "two words", mentions={"user_ids": [stranger.id]})
        assert (answer.status_code, answer.json()) == (400, wrong(mentions="not_a_member"))
    assert room.held(room.admin) == []
    assert room.post(room.admin, "two words", mentions={"all": True}).status_code == 202
    room.admin.patch(room.path, json={"post_policy": "moderators"})
    answer = room.post(room.member, "two words")
    assert (answer.status_code, answer.json()) == (403, refusal("read_only"))
    room.admin.patch(room.path, json={"post_policy": "members", "slow_seconds": 600})
    assert [room.post(room.member, "two words").status_code for _ in range(2)] == [202, 429]
    # A direct room has no moderators.
    direct = room.member.post("/api/chat/rooms/direct/", json={"user_id": room.other.id}).json()
    answer = room.member.post(f"/api/chat/rooms/{direct['room_id']}/messages/",
                              json={"content": "two words"})
    assert (answer.status_code, answer.json()) == (400, wrong(content="filtered"))


def test_a_draft_is_refused_for_its_sender_first(room):
    own = room.post(room.member, "fine").json()["message_id"]
    everyone = {"content": "two words", "mentions": {"all": True}}
    room.admin.post(f"{room.path}silence/", json={"user_id": room.member.id, "minutes": 5})
    for answer in (room.post(room.member, **everyone),
                   room.post(room.member, "two words", reply_to_id=2 ** 60),
                   room.member.patch(f"{room.path}messages/{own}/", json=everyone)):
        assert (answer.status_code, answer.json()["code"]) == (403, "silenced")


@pytest.mark.parametrize("mentions", [{"user_ids": "other", "all": False},
                                      {"user_ids": "nobody", "all": True}])
def test_a_message_that_is_let_through_has_its_mentions(room, mentions):
    ids = [room.other.id] if mentions["user_ids"] == "other" else []
    mentions = {**mentions, "user_ids": ids}
    own = room.post(room.admin, "fine").json()["message_id"]
    held = [room.post(room.admin, "two words", mentions=mentions),
            room.admin.patch(f"{room.path}messages/{own}/",
                             json={"content": "two words", "mentions": mentions})]
    for answer in held:
        number = answer.json()["held_id"]
        answer = room.admin.post(f"{room.path}held/{number}/approve/")
        assert (answer.status_code, answer.json()["mentions"]) == (201, mentions)
    assert room.other.get(room.path).json()["unread_mentions"] == 2
    events = room.other.get("/api/chat/events/").json()["events"]
    assert len([event for event in events if event["type"] == "mentioned"]) == 2 * len(ids)


def test_a_held_edit_leaves_the_message_until_it_is_let_through(room):
    message = room.post(room.member, "before").json()["message_id"]
    path = f"{room.path}messages/{message}/"
    answer = room.member.patch(path, json={"content": "two words"})
    assert (answer.status_code, answer.json()["message_id"]) == (202, message)
    assert room.member.get(path).json()["content"] == "before"
    answer = room.admin.post(f"{room.path}held/{answer.json()['held_id']}/approve/")
    assert (answer.status_code, answer.json()["content"]) == (201, "two words")
    event = room.admin.get(f"{room.path}events/").json()["events"][-1]
    assert (event["type"], event["edited_by"]) == ("message_edited", room.member.name)


def test_messages_of_programs_are_filtered_too(room):
    key = Program(room.admin.instance, "messages")
    path = f"/api/site/rooms/{room.id}/messages/"
    assert key.post(path, json={"content": "badword"}).json() == wrong(content="filtered")
    assert key.post(path, json={"content": "darn"}).json()["content"] == "****"
    assert key.post(path, json={"content": "two words"}).status_code == 202
    held, = room.held(room.admin)
    answer = room.admin.post(f"{room.path}held/{held['held_id']}/approve/")
    assert (answer.status_code, answer.json()["message_type"]) == (201, "system")


def test_the_audit_names_the_moderator_of_a_held_message(room):
    numbers = [room.post(room.member, "two words").json()["held_id"] for _ in range(2)]
    room.admin.post(f"{room.path}held/{numbers[0]}/approve/")
    room.admin.delete(f"{room.path}held/{numbers[1]}/")
    rows = room.admin.instance.sql(
        "SELECT action, actor_id, user_id, subject_id FROM audit WHERE room_id = ? "
        "ORDER BY audit_id", room.id)
    assert rows == [("approve_message", room.admin.id, room.member.id, numbers[0]),
                    ("drop_message", room.admin.id, room.member.id, numbers[1])]


def test_a_wrong_list_is_refused_at_the_check(instance, tmp_path):
    path = tmp_path / "words.txt"
    path.write_text("badword refuse\nword\n")
    done = Tool(instance).run("check", CONFAB_FILTER_FILE=str(path))
    assert done.returncode == 1
    assert "line 2: a word and an action are required" in done.stdout + done.stderr


# ---- post_min_age ----

def test_new_accounts_write_nothing_in_public_rooms(shared):
    site = shared(CONFAB_POST_MIN_AGE="60")
    room = Room(site)
    answer = room.post(room.member, "hi")
    assert (answer.status_code, answer.json()) == (403, refusal("too_new", until=A_TIME))
    # Moderators may.
    message = room.post(room.admin, "hi").json()["message_id"]
    path = f"{room.path}messages/{message}/reactions/"
    assert room.member.put(path, json={"emoji": "👍"}).json()["code"] == "too_new"
    private = room.member.room()["room_id"]
    assert room.member.say(private)
    site.sql("UPDATE user SET created_at = created_at - INTERVAL 1 HOUR WHERE user_id = ?",
             room.member.id)
    assert [room.post(room.member, "hi").status_code for _ in range(2)] == [201, 201]
