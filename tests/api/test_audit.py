"""The audit: no change by confabctl or an API key without its entry, which is part of the same
transaction. What moderators do is in test_order.py."""

import contextlib
import re
import secrets

import pytest
from support.api_key import Program
from support.client import Client
from support.confabctl import PASSWORD, Tool
from support.instance import ROOT
from support.parallel import at_once

# Where a change shows. Others change by being used, or by the worker.
TABLES = ("user, member, room, external_user, user_totp, erasure, ban, invite_link, hook_in, "
          "follower, site_value, message, user_event, session")
REST = ("SELECT 1, hook_id, is_active, secret FROM hook UNION ALL "
        "SELECT 2, api_key_id, revoked_at, 0 FROM api_key UNION ALL "
        "SELECT 3, token_id, user_id, 0 FROM token")


def state(system):
    return system.sql(f"CHECKSUM TABLE {TABLES}"), system.sql(REST)


@pytest.fixture
def stop(instance):
    """with stop(): the audit takes no entries."""
    instance.sql("CREATE TABLE audit_stop (reason INT)")
    instance.sql("CREATE TRIGGER audit_stop BEFORE INSERT ON audit FOR EACH ROW "
                 "SET NEW.action = IF(EXISTS (SELECT 1 FROM audit_stop), NULL, NEW.action)")

    @contextlib.contextmanager
    def during():
        instance.sql("INSERT INTO audit_stop VALUES (1)")
        yield
        instance.sql("DELETE FROM audit_stop")
    yield during
    instance.sql("DROP TRIGGER audit_stop")
    instance.sql("DROP TABLE audit_stop")


def last(system):
    return system.sql("SELECT number FROM total WHERE name = 'audit'")[0][0]


def entries(system, after):
    return system.sql("SELECT action, actor_kind, actor_id, user_id, room_id, subject_id FROM audit "
                      "WHERE audit_id > ? ORDER BY audit_id", after)


# ---- confabctl ----

def audited_commands():
    table = (ROOT / "confabctl" / "main.c").read_text().split("COMMANDS[] = {")[1]
    rows = re.findall(r'\{"([a-z ]+)",(.*?),\s*command_\w+\}', table, re.DOTALL)
    return {name for name, rest in rows if re.search(r"\bCHANGE\b[^\"]*$", rest)}


def slack_export(folder, tag):
    folder.mkdir()
    (folder / "users.json").write_text(f'[{{"id": "U{tag}", "name": "ann-{tag}"}}]')
    (folder / "channels.json").write_text(
        f'[{{"id": "C{tag}", "name": "talk-{tag}", "members": ["U{tag}"]}}]')
    return folder


@pytest.mark.slow("runs each command twice")
def test_a_command_whose_entry_fails_changes_nothing(instance, stop, user, tmp_path):
    tool, client, gone, tag = Tool(instance), user(), user(), secrets.token_hex(4)
    room, deleted = client.room()["room_id"], client.room()["room_id"]
    link = client.post(f"/api/chat/rooms/{room}/links/", json={"role": "member"}).json()["link_id"]
    instance.sql("INSERT INTO user_totp (user_id, secret) VALUES (?, 'x')", client.id)
    token = instance.sql("SELECT token_id FROM token WHERE user_id = ?", gone.id)[0][0]
    name, hook, password = client.name, f"hook-{tag}", PASSWORD + "\n"
    # By command: arguments, input; and whom and where the entry names.
    cases = {
        "user add": (f"new-{tag}", password), "user staff": (name, "on"),
        "user moderator": (name, "on"), "user totp": ("reset", name),
        "user profile": (name, "--display-name", "Ann"), "user bot": (name, "on"),
        "user disable": (name,), "user enable": (name,), "user passwd": (name, password),
        "token add": (name,), "token revoke": (token,),
        "key add": (f"key-{tag}", "--scopes", "users"), "key revoke": (f"key-{tag}",),
        "room ensure": (f"Room {tag}", "--owner", name, "--member", gone.name),
        "room link add": (room, "--admin", name), "room link remove": (room, link),
        "room export": (room,), "user export": (name,), "room delete": (deleted, "--yes"),
        "import": ("slack", slack_export(tmp_path / "export", tag)),
        "hook add": (hook, "https://example.org/"), "hook disable": (hook,),
        "hook enable": (hook,), "hook secret": (hook,), "hook remove": (hook,),
        "user erase": (gone.name, "--messages", "erase"), "restored": ()}
    assert set(cases) == audited_commands()
    named = {}
    for command, words in cases.items():
        text = words[-1] if words[-1:] == (password,) else None
        words = [*command.split(" "), *(words[:-1] if text else words)]
        before, number = state(instance), last(instance)
        with stop():
            done = tool.run(*words, input=text)
        assert (done.returncode, state(instance)) == (1, before), (command, done.stderr)
        assert not re.match("ustar|PK", done.stdout), command
        if command == "restored":
            continue  # Others use this instance.
        tool(*words, input=text)
        found = entries(instance, number)
        assert found and {entry[:3] for entry in found} == {(command, 3, 0)}, command
        named[command] = found[-1][3:]
    users = {command for command, (whom, _, _) in named.items() if whom == client.id}
    assert users == {"user staff", "user moderator", "user totp", "user profile", "user bot",
                     "user disable", "user enable", "user passwd", "user export", "token add",
                     "room link add"}
    assert {command for command, (whom, _, _) in named.items() if whom == gone.id} == {
        "token revoke", "room ensure", "user erase"}
    assert {command for command, (_, where, _) in named.items() if where == room} == {
        "room link add", "room link remove", "room export"}
    assert named["room delete"] == (0, deleted, 0)
    tool("check", "--deep")


def test_a_command_that_changes_nothing_has_no_entry(instance, user, tmp_path):
    tool, client, tag = Tool(instance), user(), secrets.token_hex(4)
    export = slack_export(tmp_path / "export", tag)
    tool("import", "slack", export)
    number = last(instance)
    for words in (("user", "enable", client.name), ("user", "staff", client.name, "off"),
                  ("user", "profile", client.name), ("user", "totp", "reset", client.name),
                  ("user", "erase", "--report", client.name), ("token", "list", client.name),
                  ("import", "slack", export), ("import", "slack", export, "--dry-run")):
        tool(*words)
    assert entries(instance, number) == []


# ---- API keys ----

def audited_routes():
    text = (ROOT / "fcgi-api" / "routes.def").read_text()
    flags = dict(re.findall(r'ROUTE\((\w+,\s*"[^"]+"),\s*\w+,\s*([^)]+)\)', text))
    changing = {key: value for key, value in flags.items()
                if "api/site/" in key and not key.startswith("GET")}
    return {re.sub(r',\s*"', " /", key).rstrip('"') for key, value in changing.items()
            if "ROUTE_UNAUDITED" not in value}


@pytest.mark.slow("each changing route")
def test_a_request_whose_entry_fails_changes_nothing(instance, stop, user):
    site, client, tag = Program(instance), user(), secrets.token_hex(4)
    site.may_fail = True
    number = instance.sql("SELECT api_key_id FROM api_key WHERE name = ?", site.key_name)[0][0]
    room, = instance.sql("SELECT room_id FROM room WHERE room_id = ?", client.room()["room_id"])[0]
    hook = site.post("/api/site/hooks/", json={"name": tag, "url": "https://e.org/"}).json()
    users, members = f"/api/site/users/{client.id}/", f"/api/site/rooms/{room}/members/"
    hooks, whom, where = f"/api/site/hooks/{hook['hook_id']}/", client.id, room
    other = user()
    # Each with the user and the room of its entry; None: any.
    cases = [
        ("PUT", "/api/site/users/", {"users": [{"external_id": tag, "display_name": "A"}]}, None, 0),
        ("PATCH", users, {"display_name": "B", "is_moderator": True}, whom, 0),
        ("POST", f"{users}token/", {}, whom, 0), ("POST", f"{users}logout/", {}, whom, 0),
        ("PUT", "/api/site/rooms/", {"rooms": [{"key": tag, "name": "A"}]}, 0, None),
        ("PUT", members, {"add": [{"user_id": other.id}]}, other.id, where),
        ("PUT", members, {"remove": [{"user_id": other.id}]}, other.id, where),
        ("POST", "/api/site/bans/", {"user_id": other.id, "reason": "spam"}, other.id, 0),
        ("DELETE", f"/api/site/bans/{other.id}/", None, other.id, 0),
        ("POST", "/api/site/hooks/", {"name": f"{tag}-2", "url": "https://e.org/"}, 0, 0),
        ("PATCH", hooks, {"is_active": False}, 0, 0), ("POST", f"{hooks}test/", {}, 0, 0),
        ("DELETE", hooks, None, 0, 0),
        ("DELETE", users, None, whom, 0), ("DELETE", f"{users}?erase=erase", None, whom, 0)]
    asked = {f"{method} " + re.sub(r"\d+", "#", path).split("?")[0].rstrip("/")
             for method, path, *_ in cases}
    assert asked == audited_routes()
    for method, path, body, named, place in cases:
        before, start = state(instance), last(instance)
        options = {} if body is None else {"json": body}
        with stop():
            answer = site.request(method, path, **options)
        assert (answer.status_code >= 500, state(instance)) == (True, before), (method, path)
        answer = site.request(method, path, **options)
        assert answer.status_code < 300, (method, path, answer.text)
        found = entries(instance, start)
        assert {entry[1:3] for entry in found} == {(2, number)}, (method, path)
        assert len(found) == 1, "one entry for a change of one user or room"
        assert named in (None, found[0][3]) and place in (None, found[0][4]), (method, path)


def test_the_entry_names_the_key_after_the_connections_are_lost(instance, user):
    site, client = Program(instance, "users"), user()
    number = last(instance)

    def lose():
        for (process,) in instance.sql(
                "SELECT id FROM information_schema.processlist WHERE command = 'Sleep'"):
            with contextlib.suppress(AssertionError):
                instance.sql(f"KILL {process}")
    for turn in range(3):
        site.patch(f"/api/site/users/{client.id}/", json={"display_name": f"A {turn}"})
        lose()
    at_once([lambda: twin_patch(site, client, f"B {turn}") for turn in range(4)])
    found = entries(instance, number)
    assert len(found) >= 4 and {entry[3] for entry in found} == {client.id}


def twin_patch(site, client, name):
    other = Client(site.instance, site.token)
    answer = other.patch(f"/api/site/users/{client.id}/", json={"display_name": name})
    assert answer.status_code == 200, answer.text


def test_the_request_after_that_of_a_key_is_not_taken_for_it(one_process):
    site = Program(one_process, "users")
    admin, other = (Client(one_process).register() for _ in range(2))
    room = admin.room(is_private=False)["room_id"]
    site.patch(f"/api/site/users/{other.id}/", json={"display_name": "A"})
    number = last(one_process)
    other.patch("/api/auth/me/", json={"display_name": "B"})
    admin.post(f"/api/chat/rooms/{room}/bans/", json={"user_id": other.id})
    assert entries(one_process, number) == [("ban", 1, admin.id, other.id, room, 0)]
