"""Importing exports of other chats, written here by their documented formats."""

import json
import re
import secrets
import shutil
import subprocess
import time

import pytest

from support.client import Client
from support.confabctl import PASSWORD, Tool
from support.files import png, post, send
from support.rooms import remove, url
from support.wait import wait_for

pytestmark = pytest.mark.slow("servers of its own")

PICTURE = png()


@pytest.fixture
def tag():
    """Makes names unique on the shared instance."""
    return secrets.token_hex(4)


def write(folder, files):
    """Writes files; lists and objects as JSON, tuples as JSON Lines."""
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(content, bytes):
            path.write_bytes(content)
        elif isinstance(content, tuple):
            path.write_text("".join(json.dumps(line) + "\n" for line in content))
        else:
            path.write_text(json.dumps(content))
    return folder


class Import:
    """Runs the import and reads the counts that it prints."""

    def __init__(self, instance, source, path):
        self.tool, self.words = Tool(instance), ("import", source, path)

    def __call__(self, *options, **env):
        out = self.tool(*self.words, *options, **env)
        self.left_out = {what: int(count)
                         for what, count in re.findall(r"^  (.*): (\d+)$", out, re.M)}
        return {key.lower(): [int(number) for number in re.findall(r"\d+", rest)]
                for key, rest in re.findall(r"^(Users|Rooms|Messages): (.*)$", out, re.M)}


def log_in(instance, name):
    """Logs in as an imported user, who gets a password first."""
    Tool(instance)("user", "passwd", name, input=PASSWORD + "\n")
    client = Client(instance)
    answer = client.post("/api/auth/token/", json={"username": name, "password": PASSWORD})
    assert answer.status_code == 200, answer.text
    client.token = answer.json()["token"]
    client.name, client.id = name, client.get("/api/auth/me/").json()["user_id"]
    return client


def rooms_of(client):
    return {room["name"]: room for room in client.get("/api/chat/rooms/").json()["results"]}


def messages_of(client, room):
    answer = client.get(url(room, "messages/"), params={"limit": 100})
    assert answer.status_code == 200, answer.text
    page = answer.json()
    assert page["count"] == len(page["results"])
    return page["results"][::-1]


def reactions_of(message):
    return {total["emoji"]: total["count"] for total in message["reactions"]}


# ---- the same conversation in each format ----

# Room "talk" has ann's first message, bob's answer to it with a picture, ann's last; joining is
# left out. A direct room of the two has one message.
def slack(tag):
    channel = {"id": f"C{tag}", "name": f"talk-{tag}", "creator": f"UA{tag}", "created": 1,
               "members": [f"UA{tag}", f"UB{tag}"], "topic": {"value": "All of it"}}
    file = {"id": f"F{tag}", "name": "cat.png", "mimetype": "image/png",
            "url_private": "https://files.slack.com/cat.png"}
    away = {"id": f"G{tag}", "name": "dog.png", "url_private": "https://files.slack.com/dog.png"}
    return {
        "users.json": [
            {"id": f"UA{tag}", "name": f"ann-{tag}", "is_email_confirmed": True, "profile": {
                "real_name": "Ann Lee", "display_name": "Ann", "email": f"ann@{tag}.example"}},
            {"id": f"UB{tag}", "name": f"bob-{tag}", "profile": {"real_name": "Bob"}}],
        "channels.json": [channel],
        "dms.json": [{"id": f"D{tag}", "members": [f"UA{tag}", f"UB{tag}"]}],
        f"talk-{tag}/2024-01-16.json": [
            {"type": "message", "user": f"UA{tag}", "ts": "1705401000.000200",
             "text": f"last \\ \"one\"\nof <@UB{tag}> in <#C{tag}> &amp; co",
             "edited": {"user": f"UA{tag}", "ts": "1705401060.000000"}, "files": [away]}],
        f"talk-{tag}/2024-01-15.json": [
            {"type": "message", "subtype": "channel_join", "user": f"UB{tag}",
             "ts": "1705314500.000100", "text": "joined"},
            {"type": "message", "user": f"UA{tag}", "ts": "1705314600.000100", "text": "first",
             "thread_ts": "1705314600.000100",
             "reactions": [{"name": "+1", "users": [f"UA{tag}", f"UB{tag}"], "count": 2},
                           {"name": "our-logo", "users": [f"UA{tag}"], "count": 1}]},
            {"type": "message", "user": f"UB{tag}", "ts": "1705314660.500000", "text": "answer",
             "thread_ts": "1705314600.000100", "files": [file]}],
        f"D{tag}/2024-01-15.json": [
            {"type": "message", "user": f"UB{tag}", "ts": "1705314700.000000", "text": "psst"}],
        f"__uploads/F{tag}/cat.png": PICTURE,
    }


def mattermost(tag):
    team, talk = f"team-{tag}", f"talk-{tag}"

    def person(name, role, **fields):
        teams = [{"name": team, "roles": "team_user", "channels": [{"name": talk, "roles": role}]}]
        return {"type": "user", "user": {"username": f"{name}-{tag}", "teams": teams, **fields}}
    return {"data/files/cat.png": PICTURE, "export.jsonl": (
        {"type": "version", "version": 1},
        {"type": "team", "team": {"name": team, "display_name": "Team", "type": "I"}},
        {"type": "channel", "channel": {"team": team, "name": talk, "display_name": talk,
                                        "type": "O", "header": "All of it"}},
        person("ann", "channel_user channel_admin", nickname="Ann", first_name="Ann",
               last_name="Lee", email=f"ann@{tag}.example"),
        person("bob", "channel_user", first_name="Bob", email=f"bob@{tag}.example"),
        {"type": "post", "post": {
            "team": team, "channel": talk, "user": f"ann-{tag}", "edit_at": 1705401060000,
            "message": f"last \\ \"one\"\nof @bob-{tag} in #talk-{tag} & co",
            "create_at": 1705401000000}},
        {"type": "post", "post": {
            "team": team, "channel": talk, "user": f"ann-{tag}", "message": "first",
            "create_at": 1705314600000,
            "reactions": [{"user": f"{name}-{tag}", "emoji_name": emoji, "create_at": 1705314700000}
                          for name, emoji in (("ann", "+1"), ("bob", "+1"), ("ann", "our-logo"))],
            "replies": [{"user": f"bob-{tag}", "message": "answer", "create_at": 1705314660500,
                         "attachments": [{"path": "files/cat.png"}]}]}},
        {"type": "post", "post": {"team": team, "channel": talk, "user": f"bob-{tag}",
                                  "type": "system_join_channel", "message": "joined",
                                  "create_at": 1705314500000}},
        {"type": "direct_channel", "direct_channel": {"members": [f"ann-{tag}", f"bob-{tag}"]}},
        {"type": "direct_post", "direct_post": {
            "channel_members": [f"bob-{tag}", f"ann-{tag}"], "user": f"bob-{tag}",
            "message": "psst", "create_at": 1705314700000}},
        {"type": "emoji", "emoji": {"name": "our-logo", "image": "x.png"}},
    )}


def rocketchat(tag):
    def person(name):
        return {"_id": f"{name}Id{tag}", "username": f"{name}-{tag}"}

    def said(number, name, text, at, **fields):
        return {"_id": f"m{number}{tag}", "rid": f"R{tag}", "msg": text, "u": person(name),
                "ts": {"$date": at}, **fields}
    return {
        "users.json": (
            {**person("ann"), "name": "Ann", "type": "user", "active": True, "emails": [
                {"address": f"ann@{tag}.example", "verified": True}]},
            {**person("bob"), "name": "Bob", "type": "user", "active": True}),
        "rocketchat_room.json": (
            {"_id": f"R{tag}", "t": "c", "name": f"talk-{tag}", "topic": "All of it",
             "u": person("ann")},
            {"_id": f"D{tag}", "t": "d", "uids": [f"annId{tag}", f"bobId{tag}"]}),
        "rocketchat_subscription.json": (
            {"_id": "1", "rid": f"R{tag}", "u": person("ann"), "roles": ["owner"]},
            {"_id": "2", "rid": f"R{tag}", "u": person("bob")}),
        "rocketchat_message.json": (
            said(3, "ann", f"last \\ \"one\"\nof @bob-{tag} in #talk-{tag} & co",
                 "2024-01-16T10:30:00.000Z", editedAt={"$date": "2024-01-16T10:31:00Z"}),
            said(1, "ann", "first", {"$numberLong": "1705314600000"}, reactions={
                ":+1:": {"usernames": [f"ann-{tag}", f"bob-{tag}"]},
                ":our-logo:": {"usernames": [f"ann-{tag}"]}}),
            said(2, "bob", "answer", "2024-01-15T10:31:00.500Z", tmid=f"m1{tag}",
                 file={"_id": f"F{tag}", "name": "cat.png", "type": "image/png"}),
            said(0, "bob", "bob", "2024-01-15T10:28:20Z", t="uj"),
            said(4, "bob", "psst", "2024-01-15T10:31:40Z", rid=f"D{tag}")),
        f"uploads/F{tag}": PICTURE,
    }


FORMATS = {"slack": slack, "mattermost": mattermost, "rocketchat": rocketchat}


@pytest.mark.parametrize("source", FORMATS)
def test_an_export_is_imported_whole_and_once(instance, tag, tmp_path, source):
    folder = write(tmp_path / "export", FORMATS[source](tag))
    run = Import(instance, source, folder)
    new = {"users": [2, 2, 0, 0, 0], "rooms": [2, 2, 0], "messages": [4, 4, 0]}
    assert run("--dry-run") == new
    noticed = run.left_out
    assert noticed["notices, such as of users who joined"] == 1
    assert noticed["reactions with custom emoji"] == 1
    assert instance.sql("SELECT 1 FROM user WHERE username LIKE ?", f"%{tag}") == []
    assert run() == new
    assert run.left_out == noticed

    ann, bob = (log_in(instance, f"{name}-{tag}") for name in ("ann", "bob"))
    assert ann.get("/api/auth/me/").json()["display_name"] == "Ann"
    assert instance.sql("SELECT email FROM user WHERE user_id = ?", ann.id) == [
        (f"ann@{tag}.example",)]
    talk = rooms_of(ann)[f"talk-{tag}"]
    assert (talk["topic"], talk["is_private"], talk["is_admin"], talk["unread_count"]) == (
        "All of it", False, True, 0)
    assert not rooms_of(bob)[f"talk-{tag}"]["is_admin"]
    first, answer, last = messages_of(ann, talk)
    assert [(one["content"], one["sender_username"], one["created_at"][:23])
            for one in (first, answer)] == [
        ("first", f"ann-{tag}", "2024-01-15T10:30:00.000"),
        ("answer", f"bob-{tag}", "2024-01-15T10:31:00.500")]
    assert last["content"].startswith(f"last \\ \"one\"\nof @bob-{tag} in #talk-{tag} & co")
    assert last["created_at"].startswith("2024-01-16T10:30:00.000")
    assert last["edited_at"].startswith("2024-01-16T10:31:00")
    assert ("https://files.slack.com/dog.png" in last["content"]) == (source == "slack")
    assert (answer["reply_to"]["message_id"], answer["message_type"]) == (
        first["message_id"], "image")
    assert (first["reply_count"], reactions_of(first)) == (1, {"👍": 2})
    [file] = answer["files"]
    assert file["name"] == "cat.png"
    assert ann.get(file["url"]).content == PICTURE
    [psst] = messages_of(bob, rooms_of(bob)[f"ann-{tag}"])
    assert (psst["content"], psst["sender_username"]) == ("psst", f"bob-{tag}")

    # A second time nothing is new, also after later posts; members who left stay out.
    ann.say(talk["room_id"], "and now")
    ann.put(url(talk, f"messages/{first['message_id']}/reactions/"), json={"emoji": "🎉"})
    assert remove(bob, talk, bob.id).status_code in (200, 204)
    assert run() == {"users": [2, 0, 2, 0, 0], "rooms": [2, 0, 2], "messages": [4, 0, 4]}
    assert len(messages_of(ann, talk)) == 4
    assert f"talk-{tag}" not in rooms_of(bob)
    Tool(instance)("check", "--deep")


def test_an_archive_of_confab_becomes_the_same_room(instance, user, tmp_path, tag):
    ann, bob = user(), user()
    room = ann.room(f"Room {tag}")
    ann.invite(room["room_id"], bob)
    first = ann.say(room["room_id"], "first")
    bob.say(room["room_id"], "answer", reply_to_id=first["message_id"])
    ann.delete(url(room, f"messages/{ann.say(room['room_id'], 'gone')['message_id']}/"))
    ann.put(url(room, f"messages/{first['message_id']}/reactions/"), json={"emoji": "🎉"})
    post(bob, room, [send(bob, room, PICTURE, "cat.png")["file_id"]])
    archive = tmp_path / "room.tar"
    with archive.open("wb") as target:
        Tool(instance).run("room", "export", room["room_id"], stdout=target)
    # Into the same site: the users are found by name, the room is a new one.
    run = Import(instance, "jsonl", archive)
    assert run() == {"users": [2, 0, 0, 0, 2], "rooms": [1, 1, 0], "messages": [3, 3, 0]}
    assert run.left_out == {"messages that were deleted": 1}
    [copy] = [one for one in ann.get("/api/chat/rooms/").json()["results"]
              if one["name"] == f"Room {tag}" and one["room_id"] != room["room_id"]]
    former = [one for one in messages_of(ann, room) if not one["is_deleted"]]
    for old, new in zip(former, messages_of(ann, copy), strict=True):
        for key in ("content", "sender_username", "created_at", "message_type", "reactions"):
            assert old[key] == new[key]
        assert [one["name"] for one in old["files"]] == [one["name"] for one in new["files"]]
    again = messages_of(ann, copy)
    assert again[1]["reply_to"]["message_id"] == again[0]["message_id"]
    assert run()["messages"] == [3, 0, 3]
    # The archive of a room of the site has nothing that the room does not have.
    with archive.open("wb") as target:
        Tool(instance).run("room", "export", copy["room_id"], stdout=target)
    assert run()["messages"] == [3, 0, 0]
    assert run.left_out == {"messages older than the last message of their room": 3}
    Tool(instance)("check", "--deep")


# ---- archives, what does not fit, broken exports ----

def test_without_a_folder_for_files_their_names_are_imported(instance, tag, tmp_path):
    run = Import(instance, "slack", write(tmp_path, slack(tag)))
    run(CONFAB_FILE_DIR="")
    assert run.left_out["files, since file_dir is not set"] == 1
    bob = log_in(instance, f"bob-{tag}")
    answer = messages_of(bob, rooms_of(bob)[f"talk-{tag}"])[1]
    assert (answer["content"], answer["files"], answer["message_type"]) == ("answer", [], "text")


@pytest.mark.parametrize("source", ["slack", "mattermost"])
def test_messages_of_bots_are_imported(instance, tag, tmp_path, source):
    files = FORMATS[source](tag)
    if source == "slack":
        files[f"talk-{tag}/2024-01-17.json"] = [
            {"type": "message", "subtype": "bot_message", "bot_id": f"B{tag}", "text": "",
             "username": f"build-{tag}", "ts": "1705500000.000100",
             "attachments": [{"text": "It *failed*"}, {"fallback": "See the log"}]}]
        said = "It *failed*\nSee the log"
    else:
        *before, emoji = files["export.jsonl"]
        files["export.jsonl"] = (
            *before[:5], {"type": "bot", "bot": {"username": f"build-{tag}"}}, *before[5:],
            {"type": "post", "post": {"team": f"team-{tag}", "channel": f"talk-{tag}",
                                      "user": f"build-{tag}", "message": "It failed",
                                      "create_at": 1705500000000}}, emoji)
        said = "It failed"
    Import(instance, source, write(tmp_path, files) / (
        "" if source == "slack" else "export.jsonl"))()
    bob = log_in(instance, f"bob-{tag}")
    last = messages_of(bob, rooms_of(bob)[f"talk-{tag}"])[-1]
    assert (last["content"], last["sender_username"]) == (said, f"build-{tag}")
    assert instance.sql("SELECT is_bot FROM user WHERE user_id = ?", last["sender_id"]) == [(1,)]


def test_a_zip_archive_may_have_a_folder_and_nothing_outside_is_read(instance, tag, tmp_path):
    files = slack(tag)
    del files[f"__uploads/F{tag}/cat.png"]
    folder = write(tmp_path / "in" / "export", files)
    secret = tmp_path / "secret.png"
    secret.write_bytes(b"secret")
    (folder / "__uploads" / f"F{tag}").mkdir(parents=True)
    (folder / "__uploads" / f"F{tag}" / "cat.png").symlink_to(secret)
    run = Import(instance, "slack", folder)
    away = "files that are not in the export; messages have their addresses"
    run("--dry-run")
    assert run.left_out[away] == 2
    archive = shutil.make_archive(str(tmp_path / "export"), "zip", tmp_path / "in")
    run = Import(instance, "slack", archive)
    assert run()["messages"] == [4, 4, 0]


def test_users_and_rooms_that_are_there_are_used(instance, user, tag, tmp_path):
    ann, other = user(), user(f"bob-{tag}")
    # The address says who ann is, and that this bob is another one.
    instance.sql("UPDATE user SET email = ? WHERE user_id = ?", f"ANN@{tag}.example", ann.id)
    instance.sql("UPDATE user SET email = 'else@x.example' WHERE user_id = ?", other.id)
    files = mattermost(tag)
    run = Import(instance, "mattermost", write(tmp_path, files) / "export.jsonl")
    assert run()["users"] == [2, 1, 0, 1, 0]
    talk = rooms_of(ann)[f"talk-{tag}"]
    first, answer, _ = messages_of(ann, talk)
    assert first["sender_username"] == ann.name
    assert answer["sender_username"] not in (ann.name, other.name)

    # Older messages than the last one do not fit; newer ones do.
    ann.say(talk["room_id"], "of today")
    late = {"team": f"team-{tag}", "channel": f"talk-{tag}", "user": f"ann-{tag}"}
    files["export.jsonl"] += (
        {"type": "post", "post": {**late, "message": "too late", "create_at": 1705401000001}},
        {"type": "post", "post": {**late, "message": "in time",
                                  "create_at": int(time.time() * 1000) + 60000}})
    write(tmp_path, files)
    assert run("--dry-run")["messages"] == [6, 1, 4]
    with ann.socket(talk["room_id"]) as live:
        assert run()["messages"] == [6, 1, 4]
        # There are no events: clients load the room again.
        live.until("resync")
    assert run.left_out["messages older than the last message of their room"] == 1
    assert [m["content"] for m in messages_of(ann, talk)][-2:] == ["of today", "in time"]
    Tool(instance)("check", "--deep")


@pytest.mark.parametrize("source, files, complaint", [
    ("slack", {"channels.json": []}, "it has no users.json: it is not an export of Slack"),
    ("slack", {"users.json": b'[{"id": "U1"'}, "not valid JSON at byte"),
    ("mattermost", {"export.jsonl": b'{"type":"version"}\n{"type":'}, "not valid JSON at byte"),
    ("rocketchat", {"users.json": []}, "it has no rocketchat_room.json"),
    ("jsonl", {"messages.jsonl": []}, "it is not an archive of confab"),
])
def test_a_broken_export_is_refused_before_anything_is_written(instance, tmp_path, source, files,
                                                               complaint):
    assert complaint in Tool(instance).refuses("import", source, write(tmp_path, files))


def test_an_unknown_format_or_file_is_an_error(instance, tmp_path):
    assert "unknown format 'irc'" in Tool(instance).misuse("import", "irc", tmp_path)[0]
    assert "No such file" in Tool(instance).refuses("import", "slack", tmp_path / "none")


# ---- resuming ----

def test_a_killed_import_goes_on_where_it_stopped(instance, tag, tmp_path):
    rooms, count = 2, 1200
    files = {"users.json": [{"id": f"U{tag}", "name": f"ann-{tag}"}], "channels.json": [
        {"id": f"C{n}{tag}", "name": f"long-{n}-{tag}", "members": [f"U{tag}"]}
        for n in range(rooms)]}
    # The second room is there already, so that a lock can stop the import in it.
    write(tmp_path / "begin", {**files, "channels.json": files["channels.json"][1:]})
    Import(instance, "slack", tmp_path / "begin")()
    for n in range(rooms):
        files[f"long-{n}-{tag}/2024-01-15.json"] = [
            {"type": "message", "user": f"U{tag}", "text": f"number {i}",
             "ts": f"{1705314600 + i}.000000",
             **({"thread_ts": "1705314600.000000"} if i % 100 == 50 else {})}
            for i in range(count)]
    archive = shutil.make_archive(tmp_path / "export", "tar", write(tmp_path / "export", files))
    run = Import(instance, "slack", archive)
    temporary = {"TMPDIR": str(tmp_path / "tmp")}
    (tmp_path / "tmp").mkdir()
    counts = "SELECT message_count FROM room WHERE room_key LIKE ? ORDER BY room_key"
    pattern = f"long-%-{tag}"
    tool = run.tool
    [(last,)] = instance.sql("SELECT room_id FROM room WHERE room_key = ?", f"long-1-{tag}")
    with subprocess.Popen(instance.sql_command(), stdin=subprocess.PIPE) as holder:
        holder.stdin.write(f"BEGIN; UPDATE room SET topic = 'x' WHERE room_id = {last};\n".encode())
        holder.stdin.flush()
        wait_for(lambda: instance.sql("SELECT 1 FROM information_schema.innodb_trx "
                                      "WHERE trx_rows_modified > 0"), 30, "the lock")
        command = [tool.program, *tool.options, *map(str, run.words)]
        with subprocess.Popen(command, env={**instance.env, **temporary}) as victim:
            wait_for(lambda: instance.sql(counts, pattern)[:1] == [(count,)], 60, "the first room")
            # What it has unpacked stays as long as it runs, and no longer.
            unpacked = list((tmp_path / "tmp").iterdir())
            run("--dry-run", **temporary)
            assert len(unpacked) == 1 and list((tmp_path / "tmp").iterdir()) == unpacked
            victim.kill()
        holder.stdin.close()
    assert instance.sql(counts, pattern) == [(count,), (0,)]
    assert run(**temporary)["messages"] == [rooms * count, count, count]
    assert list((tmp_path / "tmp").iterdir()) == []
    assert instance.sql(counts, pattern) == [(count,), (count,)]
    texts = instance.sql("SELECT m.content FROM message m JOIN room r USING (room_id) "
                         "WHERE r.room_key = ? ORDER BY m.position", f"long-1-{tag}")
    assert texts == [(f"number {i}",) for i in range(count)]
    assert instance.sql("SELECT m.reply_count FROM message m JOIN room r USING (room_id) "
                        "WHERE r.room_key = ? AND m.position = 1", f"long-1-{tag}") == [(12,)]
    Tool(instance)("check", "--deep")
