"""Programs post messages by an address with a secret: /api/hooks/in/SECRET/."""

import json

import pytest
from support.client import Client, fresh_name
from support.wait import wait_for


@pytest.fixture
def owner(own_instance):
    return Client(own_instance).register()


@pytest.fixture
def room(owner):
    return owner.room()


@pytest.fixture
def hook(own_instance, room):
    """The path of a new hook that posts to the room."""
    done = own_instance.confabctl("hook", "add", "--in", fresh_name("Bot"), "--room",
                                  room["room_id"])
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def last_message(owner, room):
    return owner.get(f"/api/chat/rooms/{room['room_id']}/messages/").json()["results"][0]


BODIES = [
    {"json": {"text": "built"}},
    {"json": {"content": "built"}},
    {"json": {"content": "built", "text": "another", "channel": "#x", "attachments": [{}]}},
    {"data": {"payload": json.dumps({"text": "built", "username": "x"})}},
    {"data": {"text": "built"}},
    {"json": {"payload": json.dumps({"content": " built "})}},
]


@pytest.mark.parametrize("body", BODIES)
def test_a_message_is_posted_as_the_bot(anonymous, owner, room, hook, body):
    answer = anonymous.post(hook, **body)
    assert (answer.status_code, answer.json()) == (200, {})
    message = last_message(owner, room)
    assert message["content"] == "built" and message["message_type"] == "text"
    members = owner.get(f"/api/chat/rooms/{room['room_id']}/members/").json()["results"]
    [bot] = [member for member in members if member["user_id"] == message["sender_id"]]
    assert not bot["is_admin"]
    [profile] = owner.get(f"/api/chat/users/?ids={bot['user_id']}").json()["results"]
    assert profile["is_bot"] is True


def test_it_reaches_sockets(anonymous, owner, room, hook):
    with owner.socket(room["room_id"]) as live:
        assert live.next()["type"] == "connected"
        answer = anonymous.post(hook, json={"text": "live"})
        assert answer.status_code == 200, answer.text
        frames = iter(lambda: live.next(), None)
        frame = next(frame for frame in frames if frame["type"] == "new_message")
        assert frame["message"]["content"] == "live"


@pytest.mark.parametrize("body", [
    {}, {"json": {}}, {"json": {"text": ""}}, {"json": {"text": "  "}}, {"json": {"text": None}},
    {"json": {"text": {}}}, {"json": {"text": "x" * 8001}}, {"json": {"content": []}},
    {"data": {"payload": "no json"}}, {"data": {"payload": "[]"}}, {"data": {"payload": ""}},
    {"data": {"payload": "7"}}, {"json": {"payload": 7}}, {"data": {"payload": '{"text": "a\\u0000"}'}},
    {"data": {"payload": '{"text": "\\ud800"}'}},
])
def test_a_wrong_body_is_refused_and_posts_nothing(anonymous, owner, room, hook, body):
    answer = anonymous.post(hook, **body)
    assert answer.status_code == 400
    assert owner.get(f"/api/chat/rooms/{room['room_id']}/messages/").json()["count"] == 0


@pytest.mark.parametrize("secret", ["0" * 40, "x", "7", "t12", "*", "0" * 41, "%2A", "#"])
def test_another_secret_is_not_found(anonymous, secret):
    answer = anonymous.post(f"/api/hooks/in/{secret}/", json={"text": "x"})
    assert answer.status_code == 404


def test_other_methods_are_not_allowed(anonymous, hook):
    assert anonymous.get(hook).status_code == 405
    assert anonymous.delete(hook).status_code == 405
    assert anonymous.post("/api/hooks/in/", json={"text": "x"}).status_code == 404
    assert anonymous.post(f"{hook}more/", json={"text": "x"}).status_code == 404


def test_a_bot_that_was_removed_posts_no_more(anonymous, owner, room, hook):
    anonymous.post(hook, json={"text": "x"})
    bot = last_message(owner, room)["sender_id"]
    owner.post(f"/api/chat/rooms/{room['room_id']}/remove_member/", json={"user_id": bot})
    assert anonymous.post(hook, json={"text": "x"}).status_code == 403


def test_a_hook_that_was_removed_is_not_found(anonymous, own_instance, hook):
    name = json.loads(own_instance.confabctl("hook", "list", "--in", "--json").stdout)
    name = name["results"][-1]["name"]
    assert own_instance.confabctl("hook", "remove", "--in", name).returncode == 0
    assert anonymous.post(hook, json={"text": "x"}).status_code == 404


def test_two_hooks_of_one_name_are_refused(own_instance, room):
    name = fresh_name("twice")
    for code in (0, 1):
        done = own_instance.confabctl("hook", "add", name, "--in", "--room", room["room_id"])
        assert done.returncode == code, done.stderr
    assert f"a hook named '{name}' already exists" in done.stderr


@pytest.mark.parametrize("arguments, words", [
    (["hook", "add", "--in", "x", "--room", "999999999"], "room 999999999 does not exist"),
    (["hook", "add", "--in", "x"], "--in needs a name and one --room"),
    (["hook", "add", "x", "ftp://example.org/"], "is not an address"),
    (["hook", "add", "x", "https://user:word@example.org/"], "is not an address"),
    (["hook", "add", "x", "https://example.org/", "--events", "typing"], "is not an event of rooms"),
    (["hook", "add", "x" * 65, "https://example.org/"], "1 to 64 characters"),
    (["hook", "test", "no such hook"], "does not exist"),
    (["hook", "remove", "no such hook", "--in"], "does not exist"),
])
def test_wrong_arguments_of_confabctl_are_explained(own_instance, arguments, words):
    done = own_instance.confabctl(*arguments)
    assert done.returncode in (1, 2) and words in done.stderr


@pytest.mark.everywhere
def test_the_secret_is_in_no_log(instance, own_instance, fronts, request, hook, room, owner):
    secret = hook.split("/")[-2]
    client = Client(instance)
    assert client.post(hook, json={"text": "x"}).status_code == 200
    assert client.post(hook, json={}).status_code == 400
    assert client.get(hook).status_code == 405
    assert client.post(f"//api//hooks//in//{secret}", json={"text": "x"}).status_code in (200, 404)
    # Later requests are logged: so the former ones are, too.
    client.get("/api/this-is-logged-after-a-hook/")
    kind = request.node.callspec.params["instance"]
    front = fronts(kind) if kind else None
    if front:
        assert secret not in front.access_log("/api/this-is-logged-after-a-hook/")
    # A web server that starts fcgi-api has its log, too.
    wait_for(lambda: "/hooks/in/*" in own_instance.log() + (front.said() if front else ""), 30)
    assert not front or secret not in front.said()
    for file in (own_instance.state / "log").iterdir():
        assert secret not in file.read_text(errors="replace"), file
