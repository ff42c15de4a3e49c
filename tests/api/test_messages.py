"""Posting messages, and reading one."""
import json

import pytest

from support.client import Client
from support.files import send
from support.rooms import ROOMS, url
from support.shapes import NOT_FOUND, a_message, wrong


# All characters of Python's str.isspace, because DRF trims with str.strip.
WHITE_SPACE = [chr(point) for point in range(0x110000) if chr(point).isspace()]
# Invisible, but not white space.
NO_WHITE_SPACE = "\u200b\u200c\u200d\u2060\ufeff\u180e\u00ad"

FACE = "\U0001f600"


def short(value):
    return ascii(value)[:30]


def post(client, room, **body):
    return client.post(url(room, "messages/"), json=body)


def shown(client, message):
    answer = client.get(f"{ROOMS}{message['room_id']}/messages/{message['message_id']}/")
    assert answer.status_code == 200, answer.text
    return answer.json()


# ---- the object ----

def test_a_new_message_has_exactly_the_fields_of_a_message(user):
    alice = user()
    room = alice.room()
    answer = post(alice, room, content="Hello everyone!", message_type="text", reply_to_id=None)
    assert answer.status_code == 201
    assert answer.json() == a_message(room_id=room["room_id"], sender_id=alice.id,
                                      sender_username=alice.name, content="Hello everyone!")


def test_a_message_is_shown_as_in_the_answer_to_its_post(user):
    alice, bob = user(), user()
    room = alice.room()
    alice.invite(room["room_id"], bob)
    message = alice.say(room["room_id"], "hi", message_type="file", client_id="mine")
    assert shown(alice, message) == shown(bob, message) == message


def test_a_message_changes_the_counters_of_its_room(user):
    alice = user()
    room = alice.room()
    message = alice.say(room["room_id"])
    assert alice.get(url(room)).json() == {**room, "message_count": 1, "last_seq": 1,
                                           "last_message": message}


def test_ids_and_times_of_messages_increase(user):
    alice = user()
    room = alice.room()
    said = [alice.say(room["room_id"]) for _ in range(5)]
    for key in ("message_id", "created_at"):
        values = [message[key] for message in said]
        assert values == sorted(values)
    assert len({message["message_id"] for message in said}) == 5


def test_unknown_fields_are_ignored(user):
    alice = user()
    answer = post(alice, alice.room(), content="x", sender_id=1, is_deleted=True, edited_at="now",
                  message_id=3)
    assert answer.json() == a_message(content="x", sender_id=alice.id)


# ---- content ----

@pytest.mark.parametrize("space", WHITE_SPACE, ids=lambda space: f"U+{ord(space):04X}")
def test_white_space_is_trimmed_at_both_ends_and_kept_inside(user, space):
    alice = user()
    room = alice.room()
    assert post(alice, room, content=f"{space}a{space}b{space * 2}").json()["content"] == \
        f"a{space}b"


@pytest.mark.parametrize("space", WHITE_SPACE, ids=lambda space: f"U+{ord(space):04X}")
def test_a_message_of_white_space_only_is_refused(user, space):
    alice = user()
    answer = post(alice, alice.room(), content=space * 3)
    assert (answer.status_code, answer.json()) == (400, wrong("content"))


def test_mixed_white_space_is_trimmed(user):
    alice = user()
    space = "".join(WHITE_SPACE)
    message = post(alice, alice.room(), content=f"{space}x{space[::-1]}").json()
    assert message["content"] == "x"


@pytest.mark.parametrize("letter", NO_WHITE_SPACE, ids=lambda letter: f"U+{ord(letter):04X}")
def test_invisible_characters_are_not_white_space(user, letter):
    alice = user()
    assert post(alice, alice.room(), content=f" {letter} ").json()["content"] == letter


TEXTS = ["a", "zwei Wörter", "日本語", "e\u0301", FACE, "👨‍👩‍👧‍👦", "\u202eright to left", "עברית",
         "line\nbreak\r\n\ttab", "\x01\x1b[31m\x7f", "<script>&amp;\"'`", "back\\slash \\u0041",
         "%s%n%x {0}", "'; DROP TABLE message; --", "\ufffd\ufffe\uffff", "\U0010ffff", "null"]


@pytest.mark.everywhere
@pytest.mark.parametrize("text", TEXTS, ids=short)
def test_content_is_returned_unchanged(user, text):
    alice = user()
    room = alice.room()
    message = alice.say(room["room_id"], text)
    assert message["content"] == text
    assert shown(alice, message)["content"] == text
    assert alice.get(url(room, "messages/")).json()["results"][0]["content"] == text


@pytest.mark.everywhere
@pytest.mark.parametrize("text", ["x" * 8000, "é" * 8000, "語" * 8000, FACE * 8000,
                                  f"  {FACE * 8000}\u3000\n", '"' * 8000, "\x01" * 8000],
                         ids=short)
def test_8000_code_points_of_any_width_are_stored(user, text):
    alice = user()
    room = alice.room()
    message = alice.say(room["room_id"], text)
    assert shown(alice, message)["content"] == text.strip()
    assert alice.events(room["room_id"])[0]["message"] == message


def test_content_may_be_utf_8_or_escaped(user):
    alice = user()
    room = alice.room()
    text = "é語" + FACE * 7990
    body = json.dumps({"content": text}, ensure_ascii=False).encode()
    answer = alice.post(url(room, "messages/"), data=body,
                        headers={"Content-Type": "application/json"})
    assert (answer.status_code, answer.json()["content"]) == (201, text)


@pytest.mark.parametrize("text", ["x" * 8001, FACE * 8001, f" {FACE * 8001} "],
                         ids=["letters", "faces", "faces and space"])
def test_more_than_8000_code_points_are_refused(user, text):
    alice = user()
    room = alice.room()
    answer = post(alice, room, content=text)
    assert (answer.status_code, answer.json()) == (400, wrong("content"))
    assert alice.get(url(room)).json() == room


@pytest.mark.parametrize("value", ["", None, True, [], {}, ["x"]], ids=repr)
def test_invalid_content_is_refused(user, value):
    alice = user()
    room = alice.room()
    answer = post(alice, room, content=value)
    assert (answer.status_code, answer.json()) == (400, wrong("content"))
    assert alice.get(url(room)).json() == room


def test_a_message_requires_content(user):
    alice = user()
    answer = post(alice, alice.room(), message_type="text")
    assert (answer.status_code, answer.json()) == (
        400, {"content": ["This field is required."], "codes": {"content": ["required"]}})


def test_fields_of_the_largest_size_are_returned_together(user):
    alice = user()
    room = alice.room(FACE * 128)
    message = alice.say(room["room_id"], FACE * 8000, client_id=FACE * 64)
    assert shown(alice, message) == message
    assert alice.get(url(room)).json() == {**room, "message_count": 1, "last_seq": 1,
                                           "last_message": message}
    short = [alice.say(room["room_id"], "short"), message]
    assert alice.get(url(room, "messages/")).json()["results"] == short


# ---- type ----

@pytest.mark.parametrize("kind", ["text", "image", "file"])
def test_a_message_has_one_of_three_types(user, kind):
    alice = user()
    message = post(alice, alice.room(), content="x", message_type=kind).json()
    assert message == a_message(message_type=kind)
    assert shown(alice, message)["message_type"] == kind


@pytest.mark.parametrize("kind", ["video", "TEXT", "", "texts", None, 1, True, [],
                                  "x" * 20, "<\"'&>"], ids=repr)
def test_an_invalid_type_is_refused(user, kind):
    alice = user()
    room = alice.room()
    answer = post(alice, room, content="x", message_type=kind)
    assert (answer.status_code, answer.json()) == (400, wrong("message_type"))
    assert alice.get(url(room)).json() == room


# ---- replies ----

def test_a_message_can_reply_to_one_of_the_same_room(user):
    alice, bob = user(), user()
    room = alice.room()
    alice.invite(room["room_id"], bob)
    first = alice.say(room["room_id"])
    reply = bob.say(room["room_id"], reply_to_id=first["message_id"])
    assert reply["reply_to_id"] == first["message_id"]
    assert shown(alice, reply) == reply


def test_a_reply_to_a_deleted_message_keeps_its_reference(user):
    alice = user()
    room = alice.room()
    first = alice.say(room["room_id"])
    alice.delete(url(room, f"messages/{first['message_id']}/"))
    reply = alice.say(room["room_id"], reply_to_id=first["message_id"])
    assert reply["reply_to_id"] == first["message_id"]


def test_a_reply_to_a_message_of_another_room_is_refused(user):
    alice = user()
    room = alice.room()
    elsewhere = alice.say(alice.room()["room_id"])
    answer = post(alice, room, content="x", reply_to_id=elsewhere["message_id"])
    assert (answer.status_code, answer.json()) == (400, wrong("reply_to_id"))
    assert alice.get(url(room)).json() == room


@pytest.mark.parametrize("value", [0, -1, 2 ** 62, 2 ** 64 - 1, 1.0, 1.5, True, False, "", "x",
                                   [], {}], ids=repr)
def test_a_reply_to_an_invalid_message_is_refused(user, value):
    alice = user()
    room = alice.room()
    answer = post(alice, room, content="x", reply_to_id=value)
    assert (answer.status_code, answer.json()) == (400, wrong("reply_to_id"))
    assert alice.get(url(room)).json() == room


@pytest.mark.everywhere
def test_all_invalid_fields_are_reported_together(user):
    alice = user()
    answer = post(alice, alice.room(), content=" ", message_type="video", reply_to_id="x",
                  client_id="y" * 65)
    assert answer.status_code == 400
    assert answer.json() == wrong("content", "message_type", "reply_to_id", "client_id")


# ---- reading one message ----

@pytest.mark.parametrize("path", ["0", "-1", "x", "1.0", str(2 ** 62), str(2 ** 63), str(2 ** 64)])
@pytest.mark.parametrize("method", ["GET", "PATCH", "DELETE"])
def test_an_unknown_message_is_404(user, method, path):
    alice = user()
    body = {"content": "x"} if method == "PATCH" else None
    answer = alice.request(method, url(alice.room(), f"messages/{path}/"), json=body)
    assert (answer.status_code, answer.json()) == (404, NOT_FOUND)


def test_an_unchanged_message_is_304_until_it_changes(user):
    alice = user()
    room = alice.room()
    path = url(room, f"messages/{alice.say(room['room_id'])['message_id']}/")
    for change in (lambda: alice.patch(path, json={"content": "other"}),
                   lambda: alice.delete(path)):
        tag = {"If-None-Match": alice.get(path).headers["ETag"]}
        assert alice.get(path, headers=tag).status_code == 304
        change()
        assert alice.get(path, headers=tag).status_code == 200


def test_a_plain_post_is_one_statement_that_changes_four_rows(shared):
    """Without mentions, files, quotes and rules of a room: nothing else is written or looked up."""
    # One process, which knows the token after the first post.
    instance = shared(CONFAB_PROCESSES=1, CONFAB_REDIS_TIMEOUT=1000)
    alice, posts = Client(instance).register(), 10
    room = alice.room()["room_id"]
    alice.say(room)
    instance.sql("SET GLOBAL log_output = 'TABLE', GLOBAL userstat = ON; "
                 "TRUNCATE mysql.general_log; SET GLOBAL general_log = ON; FLUSH TABLE_STATISTICS")
    try:
        for _ in range(posts):
            alice.say(room)
        rows = instance.sql(
            "SELECT table_name, rows_changed, rows_changed_x_indexes FROM "
            "information_schema.table_statistics WHERE table_schema = DATABASE() "
            "AND rows_changed > 0")
        # The statements of the connections that posted.
        [(sent,)] = instance.sql(
            "SELECT COUNT(*) FROM mysql.general_log WHERE command_type IN ('Execute', 'Query') "
            "AND thread_id IN (SELECT thread_id FROM mysql.general_log "
            "WHERE argument LIKE 'BEGIN NOT ATOMIC%INSERT INTO message%')")
    finally:
        instance.sql("SET GLOBAL general_log = OFF, GLOBAL userstat = OFF")
    assert sent == posts
    assert {name: changed / posts for name, changed, _ in rows} == \
        {"room": 1, "member": 1, "message": 1, "event": 1}
    # Each index of these two costs a post an entry.
    keys = {name: changed / posts for name, _, changed in rows}
    assert (keys["message"], keys["event"]) == (3, 1)


def test_a_page_is_one_statement(shared):
    """However many of its messages have quotes, mentions, reactions or files."""
    instance = shared(CONFAB_PROCESSES=1, CONFAB_REDIS_TIMEOUT=1000)
    alice, room = Client(instance).register(), None

    def statements():
        instance.sql("SET GLOBAL log_output = 'TABLE'; TRUNCATE mysql.general_log; "
                     "SET GLOBAL general_log = ON")
        try:
            page = alice.get(url(room, "messages/")).json()["results"]
            [(count,)] = instance.sql(
                "SELECT COUNT(*) FROM mysql.general_log WHERE command_type = 'Execute' "
                "AND argument LIKE '%message m%'")
        finally:
            instance.sql("SET GLOBAL general_log = OFF")
        return len(page), count
    room = alice.room()
    first = alice.say(room["room_id"])["message_id"]
    for _ in range(49):
        post(alice, room, content="x", reply_to_id=first, mentions={"user_ids": [alice.id]})
    alice.get(url(room, "messages/"))
    assert statements() == (50, 1)
    for message in alice.get(url(room, "messages/?limit=20")).json()["results"]:
        path = url(room, f"messages/{message['message_id']}/reactions/")
        assert alice.put(path, json={"emoji": "\U0001f44d"}).status_code == 200
    file = send(alice, room)
    assert post(alice, room, content="", files=[file["file_id"]]).status_code == 201
    assert statements() == (50, 1)
