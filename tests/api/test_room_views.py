"""What reaches a user: notifications and muting of a room, favourites and hidden rooms, marking as
unread, and reading all rooms."""

import pytest

from support.client import Client
from support.event_reader import follow, follow_user
from support.rooms import ROOMS, public_room, url
from support.shapes import a_view, mentions, wrong

FAR = "9999-12-31T23:59:59.999999Z"


@pytest.fixture
def pair(user):
    """(the admin of a room, another member, the room)"""
    return public_room(user(), user())


def put(client, room, **fields):
    answer = client.patch(url(room, "me/"), json=fields)
    assert answer.status_code == 200, answer.text
    return answer.json()


def listed(client, query=""):
    page = client.get(f"{ROOMS}{query}").json()
    return page["count"], [room["room_id"] for room in page["results"]]


def own_events(client, after):
    return client.get(f"/api/chat/events/?after={after}").json()["events"]


# ---- me ----

@pytest.mark.everywhere
@pytest.mark.parametrize("given, shown", [
    ({}, {}), ({"notify": "default"}, {}), ({"notify": "all"}, None),
    ({"notify": "mentions"}, None), ({"notify": "none"}, None), ({"is_favorite": True}, None),
    ({"is_hidden": True}, None), ({"muted_until": None}, {}), ({"muted_until": FAR}, None),
    ({"muted_until": "2030-01-01T02:00:00+02:00"}, {"muted_until": "2030-01-01T00:00:00.000000Z"}),
    ({"notify": "mentions", "muted_until": "2030-01-01T00:00:00.5Z", "is_favorite": True,
      "is_hidden": True}, {"notify": "mentions", "muted_until": "2030-01-01T00:00:00.500000Z",
                           "is_favorite": True, "is_hidden": True})], ids=repr)
def test_what_is_set_is_answered_and_in_the_room(pair, given, shown):
    alice, bob, room = pair
    wanted = a_view(**(given if shown is None else shown))
    assert put(bob, room, **given) == wanted
    assert bob.get(url(room)).json()["me"] == wanted
    assert alice.get(url(room)).json()["me"] == a_view()
    # A field that is missing stays; null ends a mute.
    assert put(bob, room) == wanted
    assert put(bob, room, muted_until=None) == {**wanted, "muted_until": None}


@pytest.mark.parametrize("field, value", [
    *(("notify", value) for value in (None, "", "some", 1, True, [])),
    *(("muted_until", value) for value in ("", "tomorrow", "2030-01-01", 1, True, {},
                                           "2030-02-30T00:00:00Z", "1969-12-31T23:59:59Z")),
    *((name, value) for name in ("is_favorite", "is_hidden") for value in (None, "x", 2, []))])
def test_a_wrong_value_is_refused(pair, field, value):
    _, bob, room = pair
    answer = bob.patch(url(room, "me/"), json={field: value})
    assert (answer.status_code, answer.json()) == (400, wrong(field))


def test_a_change_is_sent_to_the_own_devices_once(pair):
    alice, bob, room = pair
    with follow_user(bob) as live, follow_user(alice) as other:
        view = put(bob, room, notify="none", is_favorite=True)
        put(bob, room, notify="none")
        event = live.event()
        assert event == {"type": "preferences_changed", "seq": 2, "room_id": room["room_id"],
                         "me": view}
        assert own_events(bob, 1) == [event]
        other.no_event()


def test_a_change_makes_another_tag_for_its_user_only(pair):
    alice, bob, room = pair
    tags = {client: {"If-None-Match": client.get(url(room)).headers["ETag"]}
            for client in (alice, bob)}
    for given in ({"notify": "none"}, {"muted_until": FAR}, {"is_favorite": True}):
        put(bob, room, **given)
        answer = bob.get(url(room), headers=tags[bob])
        assert answer.status_code == 200
        tags[bob] = {"If-None-Match": answer.headers["ETag"]}
    assert alice.get(url(room), headers=tags[alice]).status_code == 304


# ---- notifications ----

@pytest.mark.parametrize("setting, told", [
    ({"notify": "default"}, "plain named all"), ({"notify": "all"}, "plain named all"),
    ({"notify": "mentions"}, "named all"), ({"notify": "none"}, ""), ({"muted_until": FAR}, ""),
    ({"muted_until": "2001-01-01T00:00:00Z"}, "plain named all"),
    ({"notify": "mentions", "muted_until": FAR}, "")], ids=repr)
@pytest.mark.parametrize("when", ["before", "meanwhile"])
def test_messages_are_notified_as_the_member_wants(pair, setting, told, when):
    alice, bob, room = pair
    if when == "before":
        put(bob, room, **setting)
    with follow_user(bob) as live:
        # It holds as soon as the event has arrived, which is sent after the answer.
        if when == "meanwhile" and put(bob, room, **setting) != a_view():
            assert live.event()["type"] == "preferences_changed"
        for text, given in (("plain", mentions(alice)), ("named", mentions(bob)),
                            ("all", mentions(everybody=True))):
            alice.say(room["room_id"], text, mentions=given)
        other = bob.room()
        bob.invite(other["room_id"], alice)
        last = alice.say(other["room_id"], "the end")
        live.until(lambda frame: frame.get("message") == last)
        frames = [frame for frame in live.notices if frame["message"] != last]
        assert [(frame["message"]["content"], frame["is_mention"]) for frame in frames] == [
            (word, word != "plain") for word in told.split()]
    assert bob.get(url(room)).json()["unread_count"] == 3


@pytest.mark.slow("an instance of its own")
@pytest.mark.parametrize("default, told", [("mentions", [True]), ("none", [])])
def test_the_default_is_for_rooms_that_are_not_direct(shared, default, told):
    instance = shared(CONFAB_NOTIFY_DEFAULT=default)
    alice, bob = Client(instance).register(), Client(instance).register()
    _, _, room = public_room(alice, bob)
    with follow_user(bob) as live:
        # Also in rooms that are entered later.
        direct = alice.post(f"{ROOMS}direct/", json={"user_id": bob.id}).json()["room_id"]
        later = alice.room()["room_id"]
        alice.invite(later, bob)
        for place in (room["room_id"], later):
            alice.say(place, "plain")
        alice.say(room["room_id"], "named", mentions=mentions(bob))
        last = alice.say(direct, "direct")
        live.until(lambda frame: frame.get("message") == last)
        assert [frame["is_mention"] for frame in live.notices] == [*told, False]


def test_a_muted_room_that_is_watched_still_gets_everything(pair):
    alice, bob, room = pair
    put(bob, room, muted_until=FAR, notify="none")
    with follow_user(bob) as live:
        live.socket.send({"type": "watch", "room_id": room["room_id"]})
        assert live.socket.next()["type"] == "connected"
        said = alice.say(room["room_id"])
        frame = live.socket.next()
        assert (frame["type"], frame["message"]) == ("new_message", said)


# ---- the list ----

def test_favourites_come_first(user):
    one = user()
    rooms = [one.room()["room_id"] for _ in range(7)]
    for room in (rooms[1], rooms[4]):
        put(one, {"room_id": room}, is_favorite=True)
    shown = [rooms[4], rooms[1], *(room for room in reversed(rooms) if room not in
                                   (rooms[1], rooms[4]))]
    assert listed(one) == (7, shown)
    assert [listed(one, f"?limit=2&offset={offset}")[1] for offset in range(8)] == [
        shown[offset:offset + 2] for offset in range(8)]
    one.say(rooms[1])
    assert listed(one, "?limit=3") == (7, [rooms[1], rooms[4], rooms[6]])
    put(one, {"room_id": rooms[4]}, is_favorite=False, is_hidden=True)
    assert listed(one, "?limit=2") == (6, [rooms[1], rooms[6]])
    put(one, {"room_id": rooms[1]}, is_hidden=True)
    assert listed(one, "?limit=2") == (5, [rooms[6], rooms[5]])
    assert listed(one, "?hidden=1") == (2, [rooms[1], rooms[4]])
    one.say(rooms[1])
    assert listed(one, "?limit=2") == (6, [rooms[1], rooms[6]])


def test_hidden_rooms_are_a_list_of_their_own(user):
    one = user()
    rooms = [one.room()["room_id"] for _ in range(5)]
    assert listed(one, "?hidden=1") == (0, [])
    for room in rooms[:4]:
        put(one, {"room_id": room}, is_hidden=True)
    hidden = rooms[3::-1]
    assert listed(one, "?hidden=1") == (4, hidden)
    first = one.get(f"{ROOMS}?hidden=1&limit=3").json()
    assert [room["room_id"] for room in first["results"]] == hidden[:3]
    assert all(room["me"]["is_hidden"] for room in first["results"])
    rest = one.get(first["next"].removeprefix(one.instance.url)).json()
    assert ([room["room_id"] for room in rest["results"]], rest["next"]) == (hidden[3:], None)
    assert listed(one, "?hidden=0") == listed(one) == (1, rooms[4:])


@pytest.mark.parametrize("query, field", [("?hidden=x", "hidden"), ("?hidden=", "hidden"),
                                          ("?hidden=1&public=1", "hidden")])
def test_a_wrong_choice_of_the_list_is_named(user, query, field):
    answer = user().get(f"{ROOMS}{query}")
    assert (answer.status_code, answer.json()) == (400, wrong(field))


def test_a_long_list_with_favourites_is_in_order_on_every_page(make_instance):
    """So long that other ways to read it are taken than for short ones."""
    instance = make_instance(CONFAB_MAX_ROOMS_USER=3000)
    one = Client(instance).register()
    instance.sql(
        "INSERT INTO room (name, is_private, created_by_id, created_at, last_active_at, "
        "members_count) SELECT 'Many', TRUE, ?, NOW(6) - INTERVAL seq MINUTE, "
        "NOW(6) - INTERVAL seq MINUTE, 1 FROM seq_1_to_1200; "
        "INSERT INTO member (room_id, user_id, is_admin, joined_at, is_favorite, hidden_position) "
        "SELECT room_id, ?, TRUE, NOW(6), room_id % 40 = 0, IF(room_id % 17 = 0, 0, NULL) "
        "FROM room; "
        "UPDATE user SET rooms_count = 1200, has_preferences = TRUE WHERE user_id = ?",
        one.id, one.id, one.id)
    wanted = [found for found, in instance.sql(
        "SELECT room_id FROM room WHERE room_id % 17 <> 0 "
        "ORDER BY room_id % 40 = 0 DESC, last_active_at DESC")]
    for limit, offset in ((5, 0), (5, 27), (10, 25), (50, 0), (20, 30), (200, 900), (5, 1120)):
        assert listed(one, f"?limit={limit}&offset={offset}") == (
            len(wanted), wanted[offset:offset + limit])
    assert instance.confabctl("check", "--deep").returncode == 0


# ---- unread ----

def mark(client, room, message, what="unread/"):
    answer = client.post(url(room, what), json={"message_id": message["message_id"]})
    assert answer.status_code == 200, answer.text
    return answer.json()


@pytest.mark.everywhere
def test_a_mark_goes_back_to_before_a_message(pair):
    alice, bob, room = pair
    said = [alice.say(room["room_id"]) for _ in range(4)]
    mark(bob, room, said[3], "read/")
    assert mark(bob, room, said[2]) == {"last_read_message_id": said[1]["message_id"],
                                        "unread_count": 2}
    # Never forwards.
    assert mark(bob, room, said[3]) == {"last_read_message_id": said[1]["message_id"],
                                        "unread_count": 2}
    assert mark(bob, room, said[0]) == {"last_read_message_id": None, "unread_count": 4}
    assert bob.get(url(room)).json()["unread_count"] == 4
    assert alice.get(url(room)).json()["unread_count"] == 0


def test_a_mark_that_goes_back_is_sent_to_the_own_devices(pair):
    alice, bob, room = pair
    said = [alice.say(room["room_id"]) for _ in range(2)]
    mark(bob, room, said[1], "read/")
    with follow_user(bob) as live, follow_user(alice) as other:
        mark(bob, room, said[1])
        mark(bob, room, said[1])
        events = [live.event(), live.event()]
        assert events == [
            {"type": "read_changed", "seq": 3, "room_id": room["room_id"],
             "last_read_message_id": said[0]["message_id"], "unread_count": 1},
            {"type": "preferences_changed", "seq": 4, "room_id": room["room_id"],
             "me": a_view()}]
        assert own_events(bob, 2) == events
        other.no_event()
    answer = bob.post("/api/chat/sync/", json={"user_seq": 2, "rooms": {room["room_id"]: 3}}).json()
    assert [entry["unread_count"] for entry in answer["rooms"]] == [1]


def test_a_message_of_another_room_marks_nothing(pair):
    alice, bob, room = pair
    said = alice.say(alice.room()["room_id"])
    answer = bob.post(url(room, "unread/"), json={"message_id": said["message_id"]})
    assert (answer.status_code, answer.json()) == (400, wrong("message_id"))


def test_all_rooms_are_read_at_once(user):
    alice, bob = user(), user()
    rooms = []
    for number in range(4):
        _, _, room = public_room(alice, bob)
        said = [alice.say(room["room_id"], mentions=mentions(bob)) for _ in range(number)]
        rooms.append((room, said))
    put(bob, rooms[3][0], is_hidden=True)
    seq = bob.get("/api/chat/events/").json()["last_seq"]
    with follow_user(bob) as live, follow(alice, rooms[2][0]["room_id"]) as watching:
        answer = bob.post(f"{ROOMS}read/")
        assert (answer.status_code, answer.json()) == (200, {"unread_count": 0})
        events = [live.event() for _ in range(6)]
        assert events[-1]["seq"] == seq + 6
        assert {(event["room_id"], event["last_read_message_id"], event["unread_count"])
                for event in events if event["type"] == "read_changed"} == {
            (room["room_id"], said[-1]["message_id"], 0) for room, said in rooms[1:]}
        assert {event["room_id"] for event in events if event["type"] == "preferences_changed"} \
            == {room["room_id"] for room, _ in rooms[1:]}
        read = watching.until(lambda frame: frame["type"] == "message_read")
        assert (read["user_id"], read["message_id"]) == (bob.id, rooms[2][1][-1]["message_id"])
        assert bob.post(f"{ROOMS}read/").json() == {"unread_count": 0}
        live.no_event()
    assert own_events(bob, seq) == events
    for room, _ in rooms:
        shown = bob.get(url(room)).json()
        assert (shown["unread_count"], shown["unread_mentions"]) == (0, 0)
    assert bob.instance.confabctl("check", "--deep").returncode == 0
