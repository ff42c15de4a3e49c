"""/api/site/hooks/ and /api/site/changes/: hooks and pulls by an API key."""

import pytest
from support.api_key import Program
from support.client import Client, fresh_name
from support.hooks import a_whole_step
from support.receiver import HANG
from support.wait import wait_for

FIELDS = ["hook_id", "name", "url", "events", "rooms", "is_active", "created_at",
          "delivered_count", "failed_count", "delivered_at", "failed_at", "failure"]
HOOKS = "/api/site/hooks/"
CHANGES = "/api/site/changes/"


@pytest.fixture(scope="module")
def system(make_instance):
    return make_instance(WORKER=1, CONFAB_HOOK_PRIVATE="on")


@pytest.fixture(scope="module")
def program(system):
    return Program(system, "hooks,rooms")


@pytest.fixture
def owner(system):
    return Client(system).register()


@pytest.fixture
def add_hook(program):
    added = []

    def add(**fields):
        answer = program.post(HOOKS, json={"name": "h", **fields})
        assert answer.status_code == 201, answer.text
        added.append(answer.json())
        return added[-1]

    yield add
    for hook in added:
        program.delete(f"{HOOKS}{hook['hook_id']}/")


def post(owner, room, content="x"):
    return owner.post(f"/api/chat/rooms/{room['room_id']}/messages/",
                      json={"content": content}).json()


# ---- hooks ----

def test_a_new_hook_shows_its_secret_once(program, add_hook):
    hook = add_hook(url="https://example.org/", name="shop")
    assert list(hook) == [*FIELDS, "secret"]
    assert hook["secret"].startswith("whsec_") and len(hook["secret"]) == 50
    assert (hook["name"], hook["url"], hook["events"], hook["rooms"], hook["is_active"]) == (
        "shop", "https://example.org/", None, None, True)
    shown = program.get(f"{HOOKS}{hook['hook_id']}/").json()
    assert list(shown) == FIELDS
    listed = program.get(HOOKS).json()
    assert shown in listed["results"] and listed["count"] >= 1


def test_it_delivers(owner, receiver, add_hook):
    room = owner.room()
    hook = add_hook(url=receiver.url(), events=["new_message"], rooms=[room["room_id"]])
    assert hook["events"] == ["new_message"] and hook["rooms"] == [room["room_id"]]
    message = post(owner, room)
    [delivery] = receiver.wait_for_deliveries(1)
    assert delivery.is_signed_by(hook["secret"])
    assert delivery.json["events"][0]["message"]["message_id"] == message["message_id"]


def test_a_delivery_has_the_key_of_the_room(owner, program, receiver, add_hook):
    key = fresh_name("course")
    add_hook(url=receiver.url())
    [result] = program.put("/api/site/rooms/", {"rooms": [{"key": key, "name": "A"}]}
                           ).json()["results"]
    program.put("/api/site/rooms/", {"rooms": [{"key": key, "name": "B"}]})
    [delivery] = receiver.wait_for_deliveries(1)
    assert delivery.json["key"] == key
    assert delivery.json["room_id"] == result["room"]["room_id"]


@pytest.mark.parametrize("fields, wrong", [
    ({}, ["name", "url"]), ({"name": "", "url": "x"}, ["name", "url"]),
    ({"name": "x" * 65, "url": "ftp://x/"}, ["name", "url"]),
    ({"name": "n", "url": "https://x.org/", "events": "new_message"}, ["events"]),
    ({"name": "n", "url": "https://x.org/", "events": ["typing"]}, ["events"]),
    ({"name": "n", "url": "https://x.org/", "events": [7]}, ["events"]),
    ({"name": "n", "url": "https://x.org/", "rooms": {}}, ["rooms"]),
    ({"name": "n", "url": "https://x.org/", "rooms": [0]}, ["rooms"]),
    ({"name": "n", "url": "https://x.org/", "rooms": [None]}, ["rooms"]),
    ({"name": "n", "url": "https://x.org/", "rooms": list(range(1, 102))}, ["rooms"]),
    ({"name": "n", "url": "https://x.org/", "is_active": "maybe"}, ["is_active"]),
    ({"name": "n", "url": "https://x.org/" + "x" * 2048}, ["url"]),
    ({"name": "n", "url": "https://x.org:99999/"}, ["url"]),
])
def test_wrong_fields_are_refused(program, fields, wrong):
    answer = program.post(HOOKS, json=fields)
    assert answer.status_code == 400
    assert sorted(set(answer.json()) - {"codes", "code"}) == sorted(wrong), answer.text
    assert sorted(answer.json()["codes"]) == sorted(wrong)


def test_a_room_that_is_named_twice_is_one(owner, add_hook):
    ids = [owner.room()["room_id"] for _ in range(2)]
    assert add_hook(url="https://x.org/", rooms=[*ids, ids[0]])["rooms"] == ids


def test_a_hook_is_changed(owner, program, receiver, add_hook):
    rooms = [owner.room(), owner.room()]
    post(owner, rooms[1])
    hook = add_hook(url=receiver.url("/old"), rooms=[rooms[0]["room_id"]])
    path = f"{HOOKS}{hook['hook_id']}/"
    post(owner, rooms[0])
    receiver.wait_for_deliveries(1)
    changed = program.patch(path, json={"name": "new", "url": receiver.url("/new"), "rooms": None,
                                        "events": ["new_message"]}).json()
    assert (changed["name"], changed["rooms"], changed["events"]) == (
        "new", None, ["new_message"])
    late = post(owner, rooms[1])
    wait_for(lambda: receiver.at("/new"))
    [delivery] = receiver.at("/new")
    assert [event["message"]["message_id"] for event in delivery.json["events"]] == [
        late["message_id"]]


def test_a_room_that_is_taken_from_a_hook_is_forgotten(owner, program, receiver, add_hook, system):
    """Its pending events are not delivered any more; a room that is added again begins then."""
    rooms = [owner.room()["room_id"] for _ in range(2)]
    receiver.answer = lambda delivery: 500 if delivery.json["room_id"] == rooms[0] else 200
    hook = add_hook(url=receiver.url(), rooms=rooms)
    path = f"{HOOKS}{hook['hook_id']}/"
    post(owner, {"room_id": rooms[0]})
    wait_for(lambda: program.get(path).json()["failed_count"] == 1)
    assert program.patch(path, json={"rooms": [rooms[1]]}).json()["rooms"] == [rooms[1]]
    receiver.answer = lambda delivery: 200
    post(owner, {"room_id": rooms[0]})
    post(owner, {"room_id": rooms[1]})
    receiver.wait_for_events(1)
    assert system.sql("SELECT room_id FROM follower_room WHERE follower_id = ?",
                      hook["hook_id"]) == [(rooms[1],)]
    program.patch(path, json={"rooms": rooms})
    late = post(owner, {"room_id": rooms[0]})
    receiver.wait_for_events(2)
    assert [event["message"]["message_id"] for event in receiver.events()
            if event["room_id"] == rooms[0]] == [late["message_id"]]


def test_rooms_of_a_paused_hook_change_and_nothing_is_delivered(
        owner, program, receiver, add_hook, system):
    rooms = [owner.room()["room_id"] for _ in range(2)]
    hook = add_hook(url=receiver.url(), rooms=rooms[:1], is_active=False)
    path = f"{HOOKS}{hook['hook_id']}/"
    ids = [post(owner, {"room_id": rooms[0]})["message_id"]]
    program.patch(path, json={"rooms": rooms})
    ids.append(post(owner, {"room_id": rooms[1]})["message_id"])
    a_whole_step(system)
    assert receiver.deliveries == []
    program.patch(path, json={"is_active": True})
    events = receiver.wait_for_events(2)
    assert sorted(event["message"]["message_id"] for event in events) == ids


@pytest.mark.slow("an instance of its own")
def test_a_test_is_delivered_after_a_hook_was_paused_under_it(program, receiver, add_hook, system):
    hook = add_hook(url=receiver.url())
    path = f"{HOOKS}{hook['hook_id']}/"
    receiver.answer = lambda delivery: HANG
    program.post(f"{path}test/")
    receiver.wait_for_deliveries(1)
    program.patch(path, json={"is_active": False})
    receiver.answer = lambda delivery: 200
    receiver.release()
    wait_for(lambda: program.get(path).json()["failed_count"] == 1, 60)
    assert program.post(f"{path}test/").status_code == 202
    receiver.wait_for_deliveries(2)


def test_a_hook_that_is_paused_keeps_its_place(owner, program, receiver, add_hook):
    room = owner.room()
    hook = add_hook(url=receiver.url())
    path = f"{HOOKS}{hook['hook_id']}/"
    assert program.patch(path, json={"is_active": False}).json()["is_active"] is False
    ids = [post(owner, room)["message_id"] for _ in range(2)]
    program.patch(path, json={"is_active": True})
    events = receiver.wait_for_events(2)
    assert [event["message"]["message_id"] for event in events] == ids


def test_a_secret_is_replaced(owner, program, receiver, add_hook):
    hook = add_hook(url=receiver.url())
    fresh = program.patch(f"{HOOKS}{hook['hook_id']}/", json={"new_secret": True}).json()["secret"]
    post(owner, owner.room())
    [delivery] = receiver.wait_for_deliveries(1)
    assert delivery.is_signed_by(hook["secret"]) and delivery.is_signed_by(fresh)


def test_a_test_is_delivered_and_counted(program, receiver, add_hook):
    hook = add_hook(url=receiver.url(), is_active=False)
    path = f"{HOOKS}{hook['hook_id']}/"
    assert program.post(f"{path}test/").status_code == 202
    [delivery] = receiver.wait_for_deliveries(1)
    assert delivery.json["events"] == [{"type": "test"}]
    state = wait_for(lambda: program.get(path).json()["delivered_at"] and program.get(path).json())
    assert (state["delivered_count"], state["failed_count"]) == (1, 0)


def test_a_deleted_hook_is_gone(owner, program, receiver, system):
    hook = program.post(HOOKS, json={"name": "h", "url": receiver.url()}).json()
    path = f"{HOOKS}{hook['hook_id']}/"
    assert program.delete(path).status_code == 204
    for answer in (program.get(path), program.delete(path), program.post(f"{path}test/"),
                   program.patch(path, json={"name": "x"})):
        assert answer.status_code == 404
    post(owner, owner.room())
    assert system.sql("SELECT COUNT(*) FROM follower WHERE follower_id = ?",
                      hook["hook_id"]) == [(0,)]


@pytest.mark.parametrize("path", [HOOKS, f"{CHANGES}?follower=x"])
def test_a_key_without_the_scope_is_refused(system, owner, path):
    assert Program(system, "users,rooms").get(path).status_code == 403
    assert owner.get(path).status_code == 403
    assert Client(system).get(path).status_code == 401


# ---- pulls ----

@pytest.fixture
def follower(program):
    """A new follower, which begins now."""
    name = fresh_name("pull")
    assert program.get(f"{CHANGES}?follower={name}").json() == {"results": [], "more": False}
    return name


def pull(program, follower, **params):
    answer = program.get(CHANGES, params={"follower": follower, **params})
    assert answer.status_code == 200, answer.text
    return answer.json()


def ack(program, follower, *pairs):
    return program.post(f"{CHANGES}ack/", json={
        "follower": follower, "acks": [{"room_id": room, "seq": seq} for room, seq in pairs]})


def test_what_is_new_is_given_until_it_is_acknowledged(owner, program, follower):
    room = owner.room()["room_id"]
    ids = [post(owner, {"room_id": room})["message_id"] for _ in range(3)]
    first = pull(program, follower)
    [result] = first["results"]
    assert list(result) == ["room_id", "key", "first_seq", "events", "last_seq"]
    assert (result["room_id"], result["key"], result["first_seq"], result["last_seq"]) == (
        room, None, 1, 3)
    assert [event["message"]["message_id"] for event in result["events"]] == ids
    assert first["more"] is False and pull(program, follower) == first
    assert ack(program, follower, (room, 2)).status_code == 204
    [result] = pull(program, follower)["results"]
    assert (result["first_seq"], result["last_seq"]) == (3, 3)
    ack(program, follower, (room, 1))
    assert pull(program, follower)["results"][0]["first_seq"] == 3
    ack(program, follower, (room, 3))
    assert pull(program, follower) == {"results": [], "more": False}
    post(owner, {"room_id": room})
    assert pull(program, follower)["results"][0]["first_seq"] == 4


def test_events_that_are_no_messages_are_given(owner, program, follower):
    room = owner.room()["room_id"]
    owner.invite(room, Client(owner.instance).register())
    [result] = pull(program, follower)["results"]
    assert [event["type"] for event in result["events"]] == ["user_invited"]


def test_what_was_read_elsewhere_is_acknowledged_before_it_was_given(owner, program, follower):
    room = owner.room()["room_id"]
    for _ in range(2):
        post(owner, {"room_id": room})
    assert ack(program, follower, (room, 1)).status_code == 204
    [result] = pull(program, follower)["results"]
    assert (result["first_seq"], result["last_seq"]) == (2, 2)


@pytest.mark.parametrize("seq", ["18446744073709551615", 2 ** 63, 2 ** 64, -1, 1.5, True, None, "x"])
def test_a_number_of_another_room_or_none_is_refused(owner, program, follower, seq):
    room = owner.room()["room_id"]
    post(owner, {"room_id": room})
    assert ack(program, follower, (room, seq)).status_code == 400
    assert pull(program, follower)["results"][0]["first_seq"] == 1


def test_a_limit_bounds_the_events_and_says_that_there_are_more(owner, program, follower):
    rooms = [owner.room() for _ in range(3)]
    for room in rooms:
        for _ in range(3):
            post(owner, room)
    seen = {}
    for _ in range(20):
        answer = pull(program, follower, limit=4)
        assert sum(len(result["events"]) for result in answer["results"]) <= 4
        for result in answer["results"]:
            assert seen.get(result["room_id"], 0) + 1 == result["first_seq"]
            seen[result["room_id"]] = result["last_seq"]
        ack(program, follower, *((one["room_id"], one["last_seq"]) for one in answer["results"]))
        if not answer["more"]:
            break
    assert seen == {room["room_id"]: 3 for room in rooms}


def test_a_follower_from_the_oldest_gets_everything_that_is_kept(owner, program):
    room = owner.room()
    ids = [post(owner, room)["message_id"] for _ in range(2)]
    name = fresh_name("oldest")
    results = pull(program, name, **{"from": "oldest", "limit": 1000})["results"]
    [result] = [one for one in results if one["room_id"] == room["room_id"]]
    assert [event["message"]["message_id"] for event in result["events"]] == ids
    assert len(results) > 1


def test_nothing_is_lost_if_the_clock_is_set_back(owner, program, follower, system):
    room = owner.room()["room_id"]
    system.sql("UPDATE follower SET seen_at = SYSDATE(6) + INTERVAL 1 HOUR WHERE pull_name = ?",
               follower)
    owner.say(room, "afterwards")
    assert [row["room_id"] for row in pull(program, follower)["results"]] == [room]
    assert system.sql("SELECT seen_at <= SYSDATE(6) FROM follower WHERE pull_name = ?",
                      follower) == [(1,)]


def test_expired_events_become_resync(owner, program, follower, system):
    room = owner.room()
    post(owner, room)
    pull(program, follower)
    system.sql("UPDATE event SET created_at = created_at - INTERVAL 31 DAY WHERE room_id = ?",
               room["room_id"])
    [result] = pull(program, follower)["results"]
    assert result["events"] == [{"type": "resync", "last_seq": 1}]
    ack(program, follower, (room["room_id"], 1))
    assert pull(program, follower)["results"] == []


def test_a_deleted_room_is_given_no_more(owner, program, follower):
    room = owner.room()["room_id"]
    post(owner, {"room_id": room})
    pull(program, follower)
    owner.delete(f"/api/chat/rooms/{room}/")
    assert pull(program, follower)["results"] == []
    assert ack(program, follower, (room, 1)).status_code == 204


def test_an_ack_beyond_the_last_event_is_refused_with_all_others(owner, program, follower):
    rooms = [owner.room()["room_id"] for _ in range(2)]
    for room in rooms:
        post(owner, {"room_id": room})
    pull(program, follower)
    assert ack(program, follower, (rooms[0], 1), (rooms[1], 2)).status_code == 400
    assert len(pull(program, follower)["results"]) == 2


@pytest.mark.parametrize("query", ["", "?follower=", "?follower=" + "x" * 65, "?follower=%FF",
                                   "?follower=x&limit=0", "?follower=x&from=newest"])
def test_a_wrong_query_is_refused(program, query):
    assert program.get(f"{CHANGES}{query}").status_code == 400


@pytest.mark.parametrize("body", [
    {}, {"follower": "no such follower", "acks": []}, {"follower": "x"},
    {"follower": "x", "acks": {}}, {"follower": "x", "acks": [7]},
    {"follower": "x", "acks": [{"room_id": 1}]}, {"follower": "x", "acks": [{"seq": -1}]},
])
def test_a_wrong_ack_is_refused(program, body):
    program.get(f"{CHANGES}?follower=x")
    assert program.post(f"{CHANGES}ack/", json=body).status_code == 400


def test_a_puller_is_listed_with_its_lag(owner, program, follower, system):
    post(owner, owner.room())
    pull(program, follower)
    listed = system.confabctl("hook", "list").stdout
    [line] = [line for line in listed.splitlines() if follower in line]
    assert "pull" in line
    for code in (0, 1):
        assert system.confabctl("hook", "remove", "--pull", follower).returncode == code
    assert follower not in system.confabctl("hook", "list").stdout
    assert pull(program, follower) == {"results": [], "more": False}
