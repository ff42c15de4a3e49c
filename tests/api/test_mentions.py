"""Mentions: at a post and an edit, in messages, counted for each member, notified once."""

import pytest

from support.api_key import Program
from support.client import Client
from support.confabctl import Tool
from support.event_reader import follow_user
from support.files import send
from support.recorder import user_channel
from support.rooms import ROOMS, message_url, public_room, remove, url
from support.shapes import A_TEXT, a_message, a_page, mentions, refusal, wrong

MENTIONS = "/api/chat/mentions/"


@pytest.fixture
def trio(user):
    """(admin, two members, the room)"""
    alice, bob, carol = user(), user(), user()
    _, _, room = public_room(alice, bob)
    alice.invite(room["room_id"], carol)
    return alice, bob, carol, room


def post(client, room, code=201, **fields):
    answer = client.post(url(room, "messages/"), json={"content": "hi", **fields})
    assert answer.status_code == code, answer.text
    return answer.json()


def edit(client, message, code=200, **fields):
    answer = client.patch(message_url(message), json={"content": "edited", **fields})
    assert answer.status_code == code, answer.text
    return answer.json()


def unread(client, room):
    return client.get(url(room)).json()["unread_mentions"]


def listed(client, query=""):
    return [message["message_id"] for message in
            client.get(f"{MENTIONS}{query}").json()["results"]]


def follow(client, link):
    """The page at a link, which is absolute."""
    return client.get(link.removeprefix(client.instance.url)).json()


def mentioned_ids(client):
    """The messages of the `mentioned` in the user's own stream."""
    events = client.get("/api/chat/events/").json()["events"]
    return [event["message_id"] for event in events if event["type"] == "mentioned"]


# ---- in messages ----

@pytest.mark.everywhere
@pytest.mark.parametrize("given, shown", [
    (None, ([], False)), ({}, ([], False)), ({"user_ids": []}, ([], False)),
    ({"all": False}, ([], False)), ({"all": True}, ([], True)),
    ({"user_ids": ["bob"]}, (["bob"], False)), ({"user_ids": ["carol", "bob", "carol"]},
                                                (["carol", "bob"], False)),
    ({"user_ids": ["bob", "alice"], "all": True}, (["bob", "alice"], True)),
], ids=repr)
def test_a_message_shows_its_mentions_everywhere(trio, given, shown):
    alice, bob, carol, room = trio
    people = {"alice": alice, "bob": bob, "carol": carol}
    ids = [people[name].id for name in shown[0]]
    if given and "user_ids" in given:
        given = {**given, "user_ids": [people[name].id for name in given["user_ids"]]}
    said = post(alice, room, mentions=given)
    assert said["mentions"] == {"user_ids": ids, "all": shown[1]}
    assert said == a_message(**said)
    assert bob.get(message_url(said)).json() == said
    assert bob.get(url(room, "messages/")).json()["results"] == [said]
    assert bob.get(url(room, "messages/?after=0")).json()["results"] == [said]
    assert bob.get(url(room)).json()["last_message"] == said
    assert bob.events(room["room_id"])[-1]["message"] == said


@pytest.mark.parametrize("given", [
    [], "x", 1, True, {"user_ids": 1}, {"user_ids": [1.0]}, {"user_ids": [True]},
    {"user_ids": [0]}, {"user_ids": [-1]}, {"user_ids": ["x"]}, {"user_ids": [None]},
    {"user_ids": None}, {"user_ids": [1] * 51}, {"user_ids": [2 ** 63]}, {"all": "maybe"},
    {"all": None}, {"user_ids": [4711000]}], ids=repr)
def test_wrong_mentions_are_refused(trio, given):
    alice, _, _, room = trio
    said = post(alice, room)
    for answer in (post(alice, room, 400, mentions=given), edit(alice, said, 400, mentions=given)):
        assert answer == wrong("mentions")
    assert alice.get(url(room)).json()["message_count"] == 1


def test_all_wrong_fields_are_named_at_once(trio, user):
    alice, _, _, room = trio
    outside = mentions(user())
    assert post(alice, room, 400, mentions=outside, reply_to_id=4711000) == wrong(
        mentions="not_a_member", reply_to_id="does_not_exist")
    assert post(alice, room, 400, mentions=outside, content="") == wrong(
        mentions="not_a_member", content="blank")
    assert edit(alice, post(alice, room), 400, mentions=outside, content="") == wrong(
        mentions="not_a_member", content="blank")


def test_fifty_users_can_be_named(instance, user):
    alice = user()
    room = alice.room()
    instance.sql("INSERT INTO user (username, password_hash, created_at, rooms_count) SELECT "
                 "CONCAT('crowd-', ?, '-', seq), '', NOW(6), 1 FROM seq_1_to_50; "
                 "UPDATE room SET members_count = 51 WHERE room_id = ?", room["room_id"],
                 room["room_id"])
    instance.sql("INSERT INTO member (room_id, user_id, is_admin, joined_at) SELECT ?, user_id, "
                 "FALSE, NOW(6) FROM user WHERE username LIKE ?", room["room_id"],
                 f"crowd-{room['room_id']}-%")
    ids = [found for found, in instance.sql("SELECT user_id FROM member WHERE room_id = ? "
                                            "AND user_id <> ?", room["room_id"], alice.id)]
    said = post(alice, room, mentions={"user_ids": ids[::-1]})
    assert said["mentions"]["user_ids"] == ids[::-1]


# ---- counting ----

def test_unread_mentions_are_those_after_the_read_mark(trio):
    alice, bob, carol, room = trio
    said = [post(alice, room, mentions=given) for given in (
        mentions(bob), mentions(), mentions(everybody=True), mentions(bob, carol, everybody=True))]
    assert [unread(client, room) for client in trio[:3]] == [0, 3, 2]
    bob.post(url(room, "read/"), json={"message_id": said[0]["message_id"]})
    assert unread(bob, room) == 2
    bob.post(url(room, "unread/"), json={"message_id": said[0]["message_id"]})
    assert unread(bob, room) == 3
    post(bob, room, mentions=mentions(bob, everybody=True))
    assert [unread(client, room) for client in trio[:3]] == [1, 0, 3]
    # Before the own one, which does not count.
    bob.post(url(room, "unread/"), json={"message_id": said[3]["message_id"]})
    assert unread(bob, room) == 1
    page = bob.get(ROOMS).json()["results"]
    assert [room["unread_mentions"] for room in page] == [1]


def test_no_more_than_1000_unread_mentions_are_counted(trio, instance):
    _, bob, _, room = trio
    place = room["room_id"], bob.id
    instance.sql("INSERT INTO mention (room_id, user_id, position, message_id, sender_id, "
                 "created_at) SELECT ?, ?, seq, ? + seq, 1, SYSDATE(6) FROM seq_1_to_1500",
                 *place, 10 ** 15)
    instance.sql("UPDATE room JOIN member USING (room_id) SET message_count = 1500, "
                 "mention_position = 1500 WHERE room_id = ? AND user_id = ?", *place)
    try:
        assert unread(bob, room) == 1000
    finally:
        instance.sql("DELETE FROM mention WHERE room_id = ? AND user_id = ?", *place)
        instance.sql("UPDATE room JOIN member USING (room_id) SET message_count = 0, "
                     "mention_position = 0 WHERE room_id = ? AND user_id = ?", *place)


def test_a_deleted_message_takes_its_mentions_back(trio):
    alice, bob, carol, room = trio
    said = [post(alice, room, mentions=given) for given in (
        mentions(bob), mentions(carol, everybody=True))]
    for message in said:
        alice.delete(message_url(message))
        assert bob.get(message_url(message)).json()["mentions"] == mentions()
    assert [unread(client, room) for client in (bob, carol)] == [0, 0]
    assert [listed(client) for client in (bob, carol)] == [[], []]


def test_a_member_who_joins_later_was_not_mentioned(trio, user):
    alice, _, _, room = trio
    late = user()
    post(alice, room, mentions=mentions(everybody=True))
    alice.invite(room["room_id"], late)
    assert (unread(late, room), listed(late)) == (0, [])
    said = post(alice, room, mentions=mentions(everybody=True))
    assert (unread(late, room), listed(late)) == (1, [said["message_id"]])


def test_a_user_outside_the_room_has_no_unread_mentions(trio, user):
    alice, _, _, room = trio
    post(alice, room, mentions=mentions(everybody=True))
    assert unread(user(), room) == 0


# ---- editing ----

def test_an_edit_without_mentions_leaves_them(trio):
    alice, bob, _, room = trio
    said = post(alice, room, mentions=mentions(bob))
    for given in ({}, {"mentions": None}):
        assert edit(alice, said, **given)["mentions"] == mentions(bob)
    assert unread(bob, room) == 1


def test_an_edit_replaces_them_and_notifies_each_user_once(trio):
    alice, bob, carol, room = trio
    said = post(alice, room, mentions=mentions(bob))
    for given, counts in ((mentions(carol), [0, 1]), (mentions(), [0, 0]),
                          (mentions(bob, carol), [1, 1]), (mentions(bob, everybody=True), [1, 1]),
                          (mentions(everybody=True), [1, 1]), (mentions(bob), [1, 0])):
        edited = edit(alice, said, mentions=given)
        assert edited["mentions"] == given
        assert bob.events(room["room_id"])[-1]["message"] == edited
        assert [unread(client, room) for client in (bob, carol)] == counts
    assert [mentioned_ids(client) for client in (bob, carol)] == [[said["message_id"]]] * 2
    assert bob.instance.confabctl("check", "--deep").returncode == 0


# ---- all ----

@pytest.mark.slow("a large room")
def test_all_members_are_mentioned_by_admins_only_in_large_rooms(shared):
    instance = shared(CONFAB_MENTION_ALL_MEMBERS=2)
    alice, bob, carol = (Client(instance).register() for _ in range(3))
    _, _, room = public_room(alice, bob)
    said = post(bob, room, mentions=mentions(everybody=True))
    alice.invite(room["room_id"], carol)
    refused = refusal("may_not_mention_all", A_TEXT)
    assert post(bob, room, 403, mentions=mentions(everybody=True)) == refused
    assert edit(bob, said, 403, mentions=mentions(alice, everybody=True)) == refused
    assert post(bob, room, mentions=mentions(alice))["mentions"] == mentions(alice)
    assert post(alice, room, mentions=mentions(everybody=True))["mentions"]["all"] is True


def test_mentioning_all_writes_nothing_for_each_member(trio):
    alice, bob, carol, room = trio
    before = [client.get("/api/chat/events/").json() for client in (bob, carol)]
    post(alice, room, mentions=mentions(everybody=True))
    assert [client.get("/api/chat/events/").json() for client in (bob, carol)] == before
    rows = alice.instance.sql("SELECT user_id FROM mention WHERE room_id = ?", room["room_id"])
    assert rows == [(0,)]


# ---- the own stream ----

def test_the_event_of_a_user_has_exactly_these_keys(trio):
    alice, bob, _, room = trio
    bob.patch(url(room, "me/"), json={"notify": "none"})
    with follow_user(bob) as live:
        said = post(alice, room, mentions=mentions(alice, bob))
        event = live.event()
        assert event == {"type": "mentioned", "seq": 3, "room_id": room["room_id"],
                         "message_id": said["message_id"], "sender": alice.name}
    assert bob.get("/api/chat/events/?after=2").json()["events"] == [event]
    assert mentioned_ids(alice) == []


def test_a_repeated_post_sends_no_second_mention(trio):
    alice, bob, carol, room = trio
    said = post(alice, room, mentions=mentions(bob), client_id="m-1")
    again = post(alice, room, 200, mentions=mentions(carol), client_id="m-1")
    assert again == said
    assert (mentioned_ids(bob), mentioned_ids(carol)) == ([said["message_id"]], [])


@pytest.mark.parametrize("with_file", [False, True])
def test_a_mention_is_published_with_its_message(trio, instance, with_file):
    alice, bob, _, room = trio
    files = {"files": [send(alice, room, b"text", "a.txt")["file_id"]]} if with_file else {}
    with instance.subscribe(user_channel(bob)) as received:
        said = post(alice, room, mentions=mentions(bob), client_id="m-1", **files)
        event = received.wait_for(lambda event: event.name == "mentioned", seconds=30)
    assert event.subject_id == said["message_id"]
    assert post(alice, room, 200, client_id="m-1", **files) == said


def test_a_mention_in_a_deleted_room_is_no_longer_sent(trio):
    alice, bob, _, room = trio
    post(alice, room, mentions=mentions(bob))
    alice.delete(url(room))
    assert mentioned_ids(bob) == []
    assert listed(bob) == []


# ---- the list ----

def test_the_list_has_messages_of_all_rooms_newest_first_by_cursor(trio):
    alice, bob, carol, room = trio
    other = alice.room()
    alice.invite(other["room_id"], bob)
    said = []
    for number in range(7):
        place = (room, other)[number % 2]
        said.insert(0, post(alice, place, mentions=mentions(bob, everybody=number % 3 == 0)
                            if number != 5 else mentions(everybody=True)))
        post(alice, place)
    page = bob.get(MENTIONS).json()
    assert page == {**a_page(said), "count": None}
    first = bob.get(f"{MENTIONS}?limit=3").json()
    assert (first["results"], first["previous"]) == (said[:3], None)
    second = follow(bob, first["next"])
    assert second["results"] == said[3:6]
    third = follow(bob, second["next"])
    assert (third["results"], third["next"]) == (said[6:], None)
    assert follow(bob, third["previous"])["results"] == said[3:6]
    assert follow(bob, second["previous"])["results"] == said[:3]
    remove(bob, other, bob.id)
    assert listed(bob) == [message["message_id"] for message in said
                           if message["room_id"] == room["room_id"]]
    assert listed(alice) == []


@pytest.mark.parametrize("query, field", [("?limit=x", "limit"), ("?before=0", "before"),
                                          ("?after=-1", "after"), ("?before=1&after=1", "after")])
def test_wrong_parameters_of_the_list_are_named(user, query, field):
    answer = user().get(f"{MENTIONS}{query}")
    assert (answer.status_code, answer.json()) == (400, wrong(field))


# ---- rooms with hidden members ----

def hide_members(admin, room):
    answer = admin.patch(url(room), json={"members_visible": False})
    assert answer.status_code == 200, answer.text


def test_mentions_do_not_reveal_hidden_members(trio, user):
    alice, bob, carol, room = trio
    stranger, unknown = user(), 2 ** 40
    hide_members(alice, room)
    shapes = []
    for named in (carol.id, stranger.id, unknown):
        message = post(bob, room, mentions={"user_ids": [named]})
        assert message["mentions"] == {"user_ids": [named], "all": False}
        changed = edit(bob, message, mentions={"user_ids": [named]})
        again = bob.get(message_url(message)).json()
        events = bob.get(f"{url(room)}events/?after=0").json()["events"][-2:]
        shapes.append([sorted(one) for one in (message, changed, again, *events)] +
                      [one["type"] for one in events] + [again["mentions"]["user_ids"] == [named]])
    assert shapes[0] == shapes[1] == shapes[2]
    # Only the member is notified, and only once.
    assert [len(mentioned_ids(client)) for client in (carol, stranger)] == [1, 0]
    assert (unread(carol, room), listed(stranger)) == (1, [])
    alice.invite(room["room_id"], stranger)
    assert (unread(stranger, room), listed(stranger)) == (0, [])
    Tool(alice.instance)("check", "--deep")


def test_moderators_see_hidden_members_and_get_an_error_for_others(trio, user):
    alice, bob, carol, room = trio
    stranger = user()
    hide_members(alice, room)
    alice.patch(f"{url(room)}members/{bob.id}/", json={"role": "moderator"})
    for client in (alice, bob):
        answer = client.post(url(room, "messages/"), json={
            "content": "hi", "mentions": {"user_ids": [stranger.id]}})
        assert (answer.status_code, answer.json()) == (400, wrong(mentions="not_a_member"))
        post(client, room, mentions={"user_ids": [carol.id]})
    # All wrong fields at once.
    answer = carol.post(url(room, "messages/"), json={
        "content": "", "mentions": {"user_ids": [stranger.id]}})
    assert (answer.status_code, answer.json()) == (400, wrong("content"))


# ---- the site ----

def test_the_site_mentions_all_in_any_room(trio):
    alice, bob, _, room = trio
    program = Program(alice.instance, "messages")
    answer = program.post(f"/api/site/rooms/{room['room_id']}/messages/",
                      json={"content": "Maintenance", "mentions": mentions(bob, everybody=True)})
    assert (answer.status_code, answer.json()["mentions"]) == (201, mentions(bob, everybody=True))
    assert mentioned_ids(bob) == [answer.json()["message_id"]]
