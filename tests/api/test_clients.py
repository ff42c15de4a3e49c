"""clients/php/Confab.php and clients/python/confab.py: every call, against a real chat."""

import base64
import hashlib
import hmac
import importlib.util
import json
import re
import socket
import threading
import time

import pytest
from support.client import Client, fresh_name
from support.configured import reload
from support.confabctl import Tool
from support.instance import ROOT
from support.php_cgi import php

SECRET = "a-secret-of-the-site-with-more-than-32-bytes"
HOOK_SECRET = "whsec_" + base64.b64encode(bytes(range(32))).decode()

# The optional arguments of the calls in Python, in the order of those in PHP.
OPTIONS = {"changeMembers": ["add", "remove"], "changes": ["limit", "from_oldest"],
           "call": ["body", "act_as"]}
FIELDS = {"token", "updateUser", "post", "addHook", "updateHook"}  # the last one is named fields


@pytest.fixture(scope="module")
def system(make_instance):
    own = make_instance()
    (own.state / "jwt-keys").write_text(f"site HS256 {SECRET}\n")
    with open(own.config, "a") as file:
        file.write("jwt_keys = jwt-keys\njwt_audience = chat\njwt_issuer = shop\n".replace(
            "= jwt-keys", f"= {own.state}/jwt-keys"))
    reload(own)
    return own


@pytest.fixture(scope="module")
def key(system):
    return Tool(system)("key", "add", "shop", "--scopes", "users,rooms,messages,hooks,act").strip()


class Failed(Exception):
    """What a client throws: status and code."""


def python_module():
    spec = importlib.util.spec_from_file_location("confab", ROOT / "clients/python/confab.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


class Python:
    def __init__(self, url, **options):
        self._module = python_module()
        self._chat = self._module.Confab(url, **options)

    def __call__(self, name, *args):
        names, fields = [], {}
        if name in FIELDS and isinstance(args[-1], dict):
            *args, fields = args
        if name in OPTIONS:
            keep = len(args) - len(OPTIONS[name])
            keep = min(max(keep, 2 if name == "call" else 1), len(args))
            names = dict(zip(OPTIONS[name], args[keep:]))
            args, fields = args[:keep], names
        method = getattr(self._chat, re.sub("[A-Z]", lambda at: "_" + at[0].lower(), name))
        try:
            return method(*args, **fields)
        except self._module.ConfabError as error:
            raise Failed(error.status, error.code) from error

    def verify(self, secret, body, headers):
        try:
            return self._chat.verify_hook(secret, body, headers)
        except self._module.ConfabError as error:
            raise Failed(str(error)) from error


PHP = """
require getenv('CONFAB_PHP');
[$url, $options, $name, $args] = json_decode(getenv('CALL'), true);
try {
    $chat = new Confab($url, $options);
    $answer = json_encode($chat->$name(...$args));
    echo "answer $answer";
} catch (ConfabError $error) {
    echo 'failed ', json_encode([$error->status, $error->errorCode]);
}
"""


class Php:
    def __init__(self, url, **options):
        self._url, self._options = url, options

    def __call__(self, name, *args):
        call = json.dumps([self._url, self._options, name, args])
        word, _, answer = php(PHP, CONFAB_PHP=str(ROOT / "clients/php/Confab.php"),
                              CALL=call).partition(" ")
        if word == "failed":
            raise Failed(*json.loads(answer))
        assert word == "answer", (word, answer)
        return json.loads(answer)

    def verify(self, secret, body, headers):
        try:
            return self("verifyHook", secret, body.decode(), headers)
        except Failed as error:
            raise Failed("refused") from error


@pytest.fixture(params=[Php, Python])
def make(request):
    return request.param


@pytest.fixture
def chat(make, system, key):
    return make(system.url, key=key, secret=SECRET, issuer="shop", audience="chat")


@pytest.fixture
def sub():
    return fresh_name("s")


def test_a_signed_token_logs_in(chat, system, sub):
    signed = chat("token", sub, {"name": "Zoë / 日本", "rooms": [{"key": f"room-{sub}"}]})
    answer = Client(system).post("/api/auth/jwt/", json={"jwt": signed})
    assert answer.status_code == 200, answer.text
    assert answer.json()["user"]["display_name"] == "Zoë / 日本"
    assert chat("user", sub)["display_name"] == "Zoë / 日本"


def test_a_secret_that_is_too_short_is_refused(make, system):
    with pytest.raises((ValueError, AssertionError)):
        make(system.url, secret="short")("token", "7", {})


def test_users_are_made_changed_and_disabled(chat, sub):
    made, wrong = chat("setUsers", [{"external_id": sub, "display_name": "Ann"},
                                    {"external_id": ""}])
    assert (made["status"], wrong["status"]) == (201, 400)
    user = made["user"]["user_id"]
    assert chat("updateUser", user, {"display_name": "Ann Lee"})["display_name"] == "Ann Lee"
    assert chat("userToken", user)["token"]
    chat("logoutUser", user)
    chat("disableUser", user)
    assert chat("user", sub)["is_active"] is False
    assert chat("user", f"{sub}-nobody") is None


def test_rooms_members_and_messages(chat, sub):
    chat("setUsers", [{"external_id": sub}, {"external_id": f"{sub}-bot", "is_bot": True}])
    made, = chat("setRooms", [{"key": f"room-{sub}", "name": "Algebra"}])
    room = made["room"]["room_id"]
    ids = [{"external_id": sub}, {"external_id": f"{sub}-bot"}]
    assert chat("setMembers", room, ids)["added"] == 2
    assert chat("changeMembers", room, [], [{"external_id": sub}])["removed"] == 1
    assert chat("post", room, "Hello", {"client_id": "one"})["message_type"] == "system"
    assert chat("post", room, "Beep", {"user": f"ext:{sub}-bot"})["content"] == "Beep"
    first, second = chat("batch", [
        {"method": "GET", "path": f"/api/chat/rooms/{room}/messages/", "user": f"ext:{sub}-bot"},
        {"method": "GET", "path": "/api/none/"}])
    assert [message["content"] for message in first["body"]["results"]] == ["Beep", "Hello"]
    assert second["status"] == 404
    rooms = chat("call", "GET", "/api/chat/rooms/", None, f"ext:{sub}-bot")["results"]
    assert [one["room_id"] for one in rooms] == [room]


def test_hooks_are_added_listed_changed_tried_and_deleted(chat, sub):
    added = chat("addHook", {"name": sub, "url": "https://hook.example/", "is_active": False})
    hook = added.pop("hook_id")
    assert added["secret"].startswith("whsec_")
    assert [one["name"] for one in chat("hooks") if one["hook_id"] == hook] == [sub]
    changed = chat("updateHook", hook, {"url": "https://other.example/", "rooms": []})
    assert (changed["name"], changed["url"], changed["rooms"]) == (
        sub, "https://other.example/", [])
    assert chat("hook", hook) == changed
    assert chat("testHook", hook) in ({}, [])
    chat("deleteHook", hook)
    assert hook not in [one["hook_id"] for one in chat("hooks")]
    with pytest.raises(Failed) as failed:
        chat("testHook", hook)
    assert failed.value.args == (404, "not_found")


def test_changes_are_pulled_until_they_are_acknowledged(chat, sub):
    assert chat("changes", sub)["results"] == []
    made, = chat("setRooms", [{"key": f"room-{sub}", "name": "Algebra"}])
    room = made["room"]["room_id"]
    for word in ("one", "two"):
        chat("post", room, word)
    assert of_room(chat("changes", sub, 1), room)["last_seq"] == 1
    for _ in range(2):
        changes = chat("changes", sub)
        shown = of_room(changes, room)
        assert (shown["key"], shown["last_seq"]) == (f"room-{sub}", 2)
        assert [event["message"]["content"] for event in shown["events"]] == ["one", "two"]
    chat("acknowledge", sub, changes)
    chat("acknowledge", sub, {"results": []})
    assert of_room(chat("changes", sub), room) is None
    oldest = chat("changes", f"{sub}-old", 1000, True)
    assert of_room(oldest, room)["first_seq"] == 1


def of_room(changes, room):
    """What is new in a room; None: nothing."""
    return next((one for one in changes["results"] if one["room_id"] == room), None)


def test_errors_have_status_and_code(chat, make, system):
    with pytest.raises(Failed) as failed:
        chat("updateUser", 10 ** 9, {"display_name": "x"})
    assert failed.value.args == (404, "not_found")
    with pytest.raises(Failed) as failed:
        make(system.url, key="ck_" + "0" * 40)("user", "7")
    assert failed.value.args[0] == 401
    with pytest.raises(Failed) as failed:
        make("http://127.0.0.1:9", key="ck_" + "0" * 40, timeout=2)("user", "7")
    assert failed.value.args == (0, "")


@pytest.mark.parametrize("answer", [
    b"", b"nonsense\r\n\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 90\r\n\r\n{"],
    ids=["nothing", "no HTTP", "cut off"])
def test_what_is_no_answer_is_an_error_without_a_code(make, answer):
    with socket.create_server(("127.0.0.1", 0)) as server:
        def serve():
            with server.accept()[0] as connection:
                connection.recv(65536)
                connection.sendall(answer)
        threading.Thread(target=serve, daemon=True).start()
        with pytest.raises(Failed) as failed:
            make(f"http://127.0.0.1:{server.getsockname()[1]}", key="ck_" + "0" * 40,
                 timeout=5)("user", "7")
    assert failed.value.args[1] == ""


# ---- deliveries of hooks ----

BODY = json.dumps({"hook_id": 1, "events": [{"type": "new_message", "text": "ñ"}]}).encode()


def signed(body=BODY, secret=HOOK_SECRET, age=0, others=()):
    stamp = str(int(time.time()) - age)
    mac = hmac.new(base64.b64decode(secret[6:]), f"msg_1.{stamp}.".encode() + body, hashlib.sha256)
    signatures = [*others, "v1," + base64.b64encode(mac.digest()).decode()]
    return {"webhook-id": "msg_1", "webhook-timestamp": stamp,
            "webhook-signature": " ".join(signatures)}


def test_a_delivery_is_verified(chat):
    assert chat.verify(HOOK_SECRET, BODY, signed())["hook_id"] == 1


def test_a_delivery_with_two_signatures_is_verified(chat):
    assert chat.verify(HOOK_SECRET, BODY, signed(others=["v1,AAAA"]))["hook_id"] == 1


@pytest.mark.parametrize("body, headers", [
    (BODY + b" ", signed()),
    (BODY, signed(secret="whsec_" + base64.b64encode(b"x" * 32).decode())),
    (BODY, signed(age=3600)),
    (BODY, signed(age=-3600)),
    (BODY, {**signed(), "webhook-signature": ""}),
    (BODY, {**signed(), "webhook-timestamp": "soon"}),
    (BODY, {}),
], ids=["changed", "other secret", "old", "ahead", "no signature", "no time", "nothing"])
def test_a_delivery_of_others_is_refused(chat, body, headers):
    with pytest.raises(Failed):
        chat.verify(HOOK_SECRET, body, headers)
