"""POST sync/: one request for everything that is new, and the user's own stream by GET events/."""
import pytest

from support.client import Client
from support.counters import spent
from support.rooms import ROOMS, remove, url
from support.shapes import A_TEXT, a_room, a_view, wrong
from support.sockets import notified

SYNC = "/api/chat/sync/"
EVENTS = "/api/chat/events/"


def sync(client, code=200, **known):
    answer = client.post(SYNC, json=known)
    assert answer.status_code == code, answer.text
    return answer.json()


def known_of(client):
    """What a client that has just loaded everything sends."""
    answer = sync(client)
    assert answer["more"] is False
    return {"database_id": answer["database_id"], "user_seq": answer["user"]["last_seq"],
            "rooms": {str(entry["room"]["room_id"]): entry["last_seq"]
                      for entry in answer["rooms"]}}


def read(client, message):
    answer = client.post(f"{ROOMS}{message['room_id']}/read/",
                         json={"message_id": message["message_id"]})
    assert answer.status_code == 200
    return answer.json()


# ---- the first request ----

def test_a_client_that_knows_nothing_gets_all_rooms(pair):
    alice, bob, room = pair
    alice.say(room["room_id"])
    answer = sync(bob)
    assert answer == {
        "database_id": A_TEXT, "user": {"events": [], "last_seq": 1, "resync": False},
        "rooms": [{"room": bob.get(url(room)).json(), "last_seq": 2}],
        "gone": [], "more": False, "etag": A_TEXT}


def test_a_user_without_rooms_gets_none(user):
    answer = sync(user())
    assert (answer["rooms"], answer["gone"], answer["user"]["last_seq"]) == ([], [], 0)


@pytest.mark.everywhere
def test_nulls_and_texts_of_digits_are_taken(pair):
    _, bob, room = pair
    first = sync(bob, database_id=None, user_seq=None, rooms=None, etag=None, limit=None)
    assert len(first["rooms"]) == 1
    assert sync(bob, user_seq="1", rooms={f"0{room['room_id']}": "1"})["rooms"] == []


# ---- what is new ----

def test_only_what_is_new_comes(pair, user):
    alice, bob, room = pair
    quiet = alice.room()
    alice.invite(quiet["room_id"], bob)
    known = known_of(bob)
    message = alice.say(room["room_id"], "new")
    answer = sync(bob, **known)
    assert answer["rooms"] == [{
        "room_id": room["room_id"], "events": bob.events(room["room_id"], after=1),
        "last_seq": 2, "unread_count": 1, "unread_mentions": 0, "resync": False, "more": False}]
    assert answer["rooms"][0]["events"][0]["message"] == message
    assert (answer["user"]["events"], answer["gone"], answer["more"]) == ([], [], False)


def test_an_invitation_comes_as_an_event_and_as_a_room(user):
    alice, bob = user(), user()
    known = known_of(bob)
    room = alice.room("Party")
    alice.invite(room["room_id"], bob)
    answer = sync(bob, **known)
    assert answer["user"] == {"last_seq": 1, "resync": False, "events": [{
        "type": "room_invitation", "seq": 1, "room_id": room["room_id"], "room_name": "Party",
        "invited_by": alice.name}]}
    assert answer["rooms"] == [{"room": bob.get(url(room)).json(), "last_seq": 1}]


def test_rooms_that_are_left_deleted_or_unknown_are_gone(pair):
    alice, bob, room = pair
    left, deleted = alice.room(), alice.room()
    foreign = alice.room()["room_id"]
    for one in (left, deleted):
        alice.invite(one["room_id"], bob)
    known = known_of(bob)
    remove(bob, left, bob.id)
    alice.delete(url(deleted))
    known["rooms"] |= {str(foreign): 0, "4711000": 3}
    answer = sync(bob, **known)
    assert answer["gone"] == [left["room_id"], deleted["room_id"], foreign, 4711000]
    assert [event["type"] for event in answer["user"]["events"]] == ["room_removed",
                                                                     "room_deleted"]
    assert answer["rooms"] == []


def test_a_room_read_on_another_device_is_listed(pair):
    alice, bob, room = pair
    message = alice.say(room["room_id"])
    known = known_of(bob)
    read(bob, message)
    answer = sync(bob, **known)
    assert answer["rooms"] == [{"room_id": room["room_id"], "events": [], "last_seq": 2,
                                "unread_count": 0, "unread_mentions": 0, "resync": False,
                                "more": False}]
    assert answer["user"]["events"] == [{
        "type": "read_changed", "seq": 2, "room_id": room["room_id"],
        "last_read_message_id": message["message_id"], "unread_count": 0}]
    assert sync(bob, **known_of(bob))["rooms"] == []


def test_a_room_that_was_hidden_elsewhere_is_listed(pair):
    _, bob, room = pair
    known = known_of(bob)
    bob.patch(url(room, "me/"), json={"is_hidden": True})
    answer = sync(bob, **known)
    assert [entry["room_id"] for entry in answer["rooms"]] == [room["room_id"]]
    assert answer["user"]["events"] == [{"type": "preferences_changed", "seq": 2,
                                         "room_id": room["room_id"],
                                         "me": a_view(is_hidden=True)}]
    # As in the list of rooms, it is not shown to a client that does not know it.
    assert sync(bob)["rooms"] == []
    bob.patch(url(room, "me/"), json={"is_hidden": True})
    assert sync(bob)["user"]["last_seq"] == 2
    bob.patch(url(room, "me/"), json={"is_hidden": False})
    assert len(sync(bob)["rooms"]) == 1


def test_a_direct_room_that_is_opened_again_is_no_longer_hidden_elsewhere(user):
    alice, bob = user(), user()
    room = alice.post(f"{ROOMS}direct/", json={"user_id": bob.id}).json()
    alice.patch(url(room, "me/"), json={"is_hidden": True})
    known = {"user_seq": sync(alice)["user"]["last_seq"], "rooms": {room["room_id"]: 0}}
    for _ in range(2):
        alice.post(f"{ROOMS}direct/", json={"user_id": bob.id})
    assert [event["me"] for event in sync(alice, **known)["user"]["events"]] == [
        a_view()]


# ---- etag ----

def test_an_unchanged_state_is_answered_by_its_etag(pair):
    alice, bob, room = pair
    known = known_of(bob)
    etag = sync(bob, **known)["etag"]
    assert sync(bob, **known, etag=etag) == {"unchanged": True}
    assert sync(bob, etag=etag) == {"unchanged": True}
    for change in (lambda: alice.say(room["room_id"]),
                   lambda: read(bob, alice.say(room["room_id"])),
                   lambda: alice.patch(url(room), json={"name": "Other"}),
                   lambda: bob.room(),
                   lambda: bob.patch(url(room, "me/"), json={"is_hidden": True}),
                   lambda: remove(bob, room, bob.id)):
        change()
        etag, former = sync(bob, **known)["etag"], etag
        assert etag != former
        assert sync(bob, **known, etag=former) != {"unchanged": True}
        assert sync(bob, **known, etag=etag) == {"unchanged": True}


def test_etags_of_users_differ(pair):
    alice, bob, _ = pair
    assert "rooms" in sync(bob, etag=sync(alice)["etag"])


# ---- limits ----

def test_a_limit_counts_events_of_all_streams(pair):
    alice, bob, room = pair
    other = alice.room()
    alice.invite(other["room_id"], bob)
    known = known_of(bob)
    alice.invite(alice.room()["room_id"], bob)
    for number in range(4):
        alice.say(room["room_id"], f"{number}")
        alice.say(other["room_id"], f"{number}")
    seen, steps = [], 0
    while True:
        answer = sync(bob, **known, limit=3)
        steps += 1
        entries = [entry for entry in answer["rooms"] if "room_id" in entry]
        shown = answer["user"]["events"] + [event for entry in entries
                                            for event in entry["events"]]
        assert len(shown) <= 3
        seen += shown
        for entry in entries:
            more = entry["events"] and entry["more"]
            assert entry["more"] is (entry["events"][-1]["seq"] < entry["last_seq"])
            known["rooms"][str(entry["room_id"])] = (
                entry["events"][-1]["seq"] if more else entry["last_seq"])
        for entry in answer["rooms"]:
            if "room" in entry:
                known["rooms"][str(entry["room"]["room_id"])] = entry["last_seq"]
        known["user_seq"] = answer["user"]["last_seq"]
        if not answer["more"]:
            assert answer["etag"]
            break
        assert answer["etag"] is None
    assert steps == 3
    assert [event["type"] for event in seen] == ["room_invitation"] + 8 * ["new_message"]


def test_a_long_answer_ends_before_one_mebibyte(pair):
    alice, bob, room = pair
    known = known_of(bob)
    for _ in range(40):
        alice.say(room["room_id"], "\U0001f600" * 8000)
    seqs = []
    while True:
        answer = bob.post(SYNC, json=known)
        assert len(answer.content) <= 1 << 20
        entry, = answer.json()["rooms"]
        seqs += [event["seq"] for event in entry["events"]]
        known["rooms"][str(room["room_id"])] = seqs[-1]
        if not answer.json()["more"]:
            break
        assert entry["more"]
    assert seqs == list(range(2, 42))
    # A client that starts gets its rooms page by page, too.
    for _ in range(40):
        other = alice.room()
        alice.invite(other["room_id"], bob)
        alice.say(other["room_id"], "\U0001f600" * 8000)
    rooms = {}
    while True:
        answer = bob.post(SYNC, json={"rooms": rooms})
        assert len(answer.content) <= 1 << 20
        rooms |= {str(entry["room"]["room_id"]): entry["last_seq"]
                  for entry in answer.json()["rooms"]}
        if not answer.json()["more"]:
            break
    assert len(rooms) == 41


def test_a_limit_above_the_maximum_is_lowered(pair):
    assert sync(pair[1], limit=100000)["more"] is False


# ---- resync ----

def test_numbers_that_cannot_be_replayed_are_resynced(pair, instance):
    alice, bob, room = pair
    for _ in range(3):
        alice.say(room["room_id"])
    entry = {"room_id": room["room_id"], "events": [], "last_seq": 4, "unread_count": 3,
             "unread_mentions": 0, "resync": True, "more": False}
    assert sync(bob, rooms={room["room_id"]: 5})["rooms"] == [entry]
    assert sync(bob, user_seq=2)["user"] == {"events": [], "last_seq": 1, "resync": True}
    instance.sql("UPDATE event SET created_at = NOW() - INTERVAL 31 DAY WHERE room_id = ?",
                 room["room_id"])
    assert sync(bob, rooms={room["room_id"]: 1})["rooms"] == [entry]
    instance.sql("UPDATE user_event SET created_at = NOW() - INTERVAL 31 DAY WHERE user_id = ?",
                 bob.id)
    assert sync(bob, user_seq=0)["user"]["resync"] is True
    assert sync(bob, user_seq=1)["user"]["resync"] is False


def test_another_database_resyncs_everything(pair):
    alice, bob, room = pair
    alice.say(room["room_id"])
    known = known_of(bob)
    answer = sync(bob, **(known | {"database_id": "0" * 32}), etag=sync(bob)["etag"])
    assert answer["database_id"] == known["database_id"]
    assert answer["user"] == {"events": [], "last_seq": 1, "resync": True}
    assert answer["rooms"] == [{"room_id": room["room_id"], "events": [], "last_seq": 2,
                                "unread_count": 1, "unread_mentions": 0, "resync": True,
                                "more": False}]


# ---- bad input ----

@pytest.mark.parametrize("field, value", [
    ("user_seq", -1), ("user_seq", 1.5), ("user_seq", True), ("user_seq", "x"), ("user_seq", []),
    ("rooms", []), ("rooms", "17"), ("rooms", {"x": 1}), ("rooms", {"0": 1}), ("rooms", {"-1": 1}),
    ("rooms", {"17": -1}), ("rooms", {"17": None}), ("rooms", {"17": 1.0}), ("rooms", {"17": {}}),
    ("rooms", {str(1 << 63): 1}), ("limit", 0), ("limit", -5), ("limit", 2.5), ("limit", {}),
    ("database_id", {}), ("etag", True), ("database_id", "x" * 65)])
def test_a_bad_field_is_refused(user, field, value):
    answer = user().post(SYNC, json={field: value})
    assert answer.status_code == 400
    assert wrong(field).items() <= answer.json().items()


def test_all_bad_fields_are_named(user):
    assert sync(user(), 400, user_seq="x", rooms=1, limit=0).keys() >= {"user_seq", "rooms",
                                                                        "limit"}


def test_it_needs_credentials_and_an_own_page(user, anonymous, instance):
    assert anonymous.post(SYNC, json={}).status_code == 401
    browser = user().browser()
    assert browser.post(SYNC, json={}).status_code == 403
    assert browser.post(SYNC, json={}, headers={"Origin": instance.url}).status_code == 200


# ---- read marks ----

def test_read_marks_reach_the_notifications_of_another_device(pair):
    alice, bob, room = pair
    message = alice.say(room["room_id"])
    with notified(bob) as live, notified(alice) as foreign:
        read(bob, message)
        frame = live.until(lambda one: one["type"] == "read_changed")
        assert frame == {"type": "read_changed", "seq": 2, "room_id": room["room_id"],
                         "last_read_message_id": message["message_id"], "unread_count": 0}
        read(bob, message)
        live.none()
        foreign.none()


def test_of_many_marks_of_a_room_only_the_last_is_kept(pair, instance):
    alice, bob, room = pair
    other = alice.room()
    alice.invite(other["room_id"], bob)
    known = known_of(bob)
    messages = [alice.say(room["room_id"]) for _ in range(20)]
    read(bob, alice.say(other["room_id"]))
    for message in messages:
        read(bob, message)
    before = instance.sql("SELECT COUNT(*) FROM user_event WHERE user_id = ?", bob.id)
    assert before == [(2,)]
    events = sync(bob, **known)["user"]["events"]
    assert [(event["seq"], event["room_id"]) for event in events] == [
        (3, other["room_id"]), (23, room["room_id"])]
    assert events == bob.get(f"{EVENTS}?after=2").json()["events"]
    # A socket that was away gets the same, and then what follows.
    with notified(bob, since=2) as live:
        assert [live.next(), live.next()] == events
        read(bob, alice.say(room["room_id"]))
        assert live.until(lambda one: one["type"] == "read_changed")["seq"] == 24


def test_posting_and_marks_that_do_not_move_are_no_event(pair):
    alice, bob, room = pair
    first, second = alice.say(room["room_id"]), alice.say(room["room_id"])
    read(bob, second)
    seq = sync(bob)["user"]["last_seq"]
    read(bob, first)
    bob.say(room["room_id"])
    assert sync(bob)["user"]["last_seq"] == seq


def test_marks_of_a_room_that_was_left_are_gone(pair):
    alice, bob, room = pair
    known = known_of(bob)
    read(bob, alice.say(room["room_id"]))
    remove(bob, room, bob.id)
    answer = sync(bob, **known)
    assert [(event["seq"], event["type"]) for event in answer["user"]["events"]] == [
        (3, "room_removed")]
    with notified(bob, since=1) as live:
        assert live.next()["type"] == "room_removed"


def test_marks_outlive_the_events_before_them(pair, instance):
    alice, bob, room = pair
    read(bob, alice.say(room["room_id"]))
    instance.sql("UPDATE user_event SET created_at = NOW() - INTERVAL 31 DAY WHERE user_id = ?",
                 bob.id)
    assert instance.confabctl("events", "purge").returncode == 0
    assert instance.sql("SELECT COUNT(*) FROM user_event WHERE user_id = ?", bob.id) == [(0,)]
    assert sync(bob, user_seq=0)["user"]["resync"] is True
    assert [event["type"] for event in sync(bob, user_seq=1)["user"]["events"]] == [
        "read_changed"]
    checked = instance.confabctl("check", "--deep")
    assert " user " not in checked.stdout.replace(f"user {bob.id}", "") or checked.returncode == 0


# ---- the user's own stream ----

def test_the_own_stream_is_read_like_that_of_a_room(user):
    alice, bob = user(), user()
    rooms = [alice.room() for _ in range(3)]
    for room in rooms:
        alice.invite(room["room_id"], bob)
    whole = bob.get(EVENTS)
    assert (whole.status_code, whole.json()["last_seq"]) == (200, 3)
    events = whole.json()["events"]
    assert [event["room_id"] for event in events] == [room["room_id"] for room in rooms]
    part = bob.get(f"{EVENTS}?after=1&limit=1").json()
    assert part == {"events": events[1:2], "last_seq": 3, "more": True}
    assert bob.get(f"{EVENTS}?after=2").json() == {"events": events[2:], "last_seq": 3}
    assert bob.get(f"{EVENTS}?after=3").json() == {"events": [], "last_seq": 3}
    gone = bob.get(f"{EVENTS}?after=4")
    assert (gone.status_code, gone.json()["last_seq"]) == (410, 3)
    again = bob.get(EVENTS, headers={"If-None-Match": whole.headers["ETag"]})
    assert again.status_code == 304
    alice.invite(alice.room()["room_id"], bob)
    assert bob.get(EVENTS, headers={"If-None-Match": whole.headers["ETag"]}).status_code == 200


def test_events_that_clients_are_not_shown_are_left_out(user):
    bob = user()
    bob.browser().post("/api/auth/logout/", headers={"Origin": bob.instance.url})
    room = bob.room()
    answer = bob.get(f"{EVENTS}?limit=1").json()
    assert [event["type"] for event in answer["events"]] == ["room_created"]
    assert answer["events"][0]["room_id"] == room["room_id"]
    assert (answer["last_seq"], "more" in answer) == (2, False)


# ---- cost ----

def statements_of(instance, act):
    """The number of prepared statements that an action runs."""
    return spent(instance, act, "Com_stmt_execute")


@pytest.mark.slow("makes 500 rooms")
def test_the_cost_grows_with_what_is_new(one_process):
    alice, bob = Client(one_process).register(), Client(one_process).register()
    rooms = [alice.room()["room_id"] for _ in range(60)]
    for room in rooms:
        alice.invite(room, bob)
    known = known_of(bob)
    etag = sync(bob, **known)["etag"]
    assert statements_of(one_process, lambda: sync(bob, **known, etag=etag)) <= 2
    assert statements_of(one_process, lambda: sync(bob, **known)) <= 2
    for room in rooms[:5]:
        alice.say(room)
    assert [entry["room_id"] for entry in sync(bob, **known)["rooms"]] == rooms[:5]
    assert statements_of(one_process, lambda: sync(bob, **known)) <= 2 + 5


def test_a_room_has_the_shape_of_the_list(user):
    alice = user()
    room = alice.room("Here")
    entry, = sync(alice)["rooms"]
    assert entry["room"] == a_room(room_id=room["room_id"], name="Here", created_by_id=alice.id)
