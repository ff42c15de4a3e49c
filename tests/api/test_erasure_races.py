"""What others do to an account while it is erased, and afterwards."""

import json
import secrets
import signal
import subprocess
from concurrent.futures import ThreadPoolExecutor

import pytest

from support.api_key import Program
from support.confabctl import PASSWORD, Tool
from support.files import on_disk, send
from support.hooks import Worker
from support.parallel import at_once
from support.rooms import url
from support.shapes import NOT_FOUND
from support.sql_session import SqlSession, lock_waits
from support.wait import wait_for

ME = "/api/auth/me/"


def erase(client, messages="erase"):
    answer = client.delete(ME, json={"messages": messages, "password": PASSWORD})
    assert answer.status_code == 202, answer.text
    return f"deleted-{client.id}"


def begin_to_erase(instance, threads, client, messages="erase"):
    """The same in another thread, for a table that is locked: the request waits for it once the
    account is gone. Returns the result that is to come."""
    done = threads.submit(erase, client, messages)
    wait_for(lambda: shown(instance, client)[0][0] == f"deleted-{client.id}", 30, "the erasure")
    return done


def finish(instance):
    """Works off what a worker would do."""
    def is_left():
        assert instance.confabctl("events", "purge").returncode == 0
        return instance.sql("SELECT user_id FROM erasure")
    wait_for(lambda: not is_left(), 60, "the end of the erasure")


def shown(instance, client):
    return instance.sql("SELECT username, display_name, email, password_hash, is_active, is_staff "
                        "FROM user WHERE user_id = ?", client.id)


def waits_for_table(instance):
    return instance.sql("SELECT 1 FROM information_schema.processlist "
                        "WHERE state = 'Waiting for table metadata lock'")


# ---- the account does not come back ----

def test_the_end_of_a_ban_does_not_bring_an_erased_account_back(user, instance):
    site, tool = Program(instance, "moderate"), Tool(instance)
    over = "UPDATE ban SET until = SYSDATE(6) WHERE room_id = 0 AND user_id = ?"
    ends = [lambda client: site.delete(f"/api/site/bans/{client.id}/"),
            lambda client: tool("user", "enable", f"deleted-{client.id}", code=1),
            lambda client: [instance.sql(over, client.id), tool("user", "list")],
            lambda client: [instance.sql(over, client.id),
                            tool("token", "add", f"deleted-{client.id}", code=1)]]
    for end in ends:
        client = user()
        assert site.post("/api/site/bans/", json={
            "user_id": client.id, "until": "2100-01-01T00:00:00Z"}).status_code == 201
        tool("user", "erase", client.name, "--messages", "keep")
        end(client)
        name = f"deleted-{client.id}"
        assert shown(instance, client) == [(name, None, None, "", 0, 0)]
        assert instance.sql("SELECT 1 FROM token WHERE user_id = ?", client.id) == []


def test_nothing_of_an_erased_account_is_changed_by_confabctl_or_the_site(user, instance):
    tool, site, client = Tool(instance), Program(instance), user()
    room = client.room()["room_id"]
    client.invite(room, user())
    name = erase(client, "keep")
    before = shown(instance, client)
    for command in [("passwd",), ("staff", "on"), ("moderator", "on"), ("bot", "on"), ("disable",),
                    ("enable",), ("profile", "--display-name", "Back")]:
        arguments = ("user", command[0], name, *command[1:])
        assert tool.refuses(*arguments, input=PASSWORD + "\n") == f"the account {name} is erased"
    assert "is erased" in tool.refuses("user", "totp", "reset", name)
    assert "is erased" in tool.refuses("token", "add", name)
    assert "is erased" in tool.refuses("room", "link", "add", room, "--admin", name)
    path = f"/api/site/users/{client.id}/"
    answer = site.patch(path, json={"display_name": "Back", "email": "back@example.org"})
    assert (answer.status_code, answer.json()) == (404, NOT_FOUND)
    assert site.post(f"{path}token/").status_code == 403
    assert site.as_user(client.id).get(ME).status_code == 403
    assert shown(instance, client) == before
    # Another erasure is possible, of the messages that were kept.
    assert "is erased" in tool("user", "erase", name, "--messages", "erase")


# ---- at the same time ----

@pytest.mark.parametrize("messages", ["keep", "erase"])
def test_two_erasures_at_once_are_one(user, instance, messages):
    client, other = user(), user()
    rooms = [client.room()["room_id"] for _ in range(3)]
    for room in rooms:
        client.invite(room, other)
        for number in range(30):
            client.say(room, "words", client_id=f"id-{number}")
    commands = [lambda: instance.confabctl("user", "erase", client.name, "--messages", messages),
                lambda: instance.confabctl("user", "erase", client.name, "--messages", "erase"),
                lambda: instance.confabctl("events", "purge")]
    done = at_once(commands)
    # The second one may come when the name is gone already.
    assert all(one.returncode == 0 or "does not exist" in one.stderr for one in done)
    finish(instance)
    if done[1].returncode != 0:
        return
    assert instance.sql("SELECT DISTINCT content, is_deleted, LEFT(client_id, 2) FROM message "
                        "WHERE sender_id = ?", client.id) == [("", 1, "s-")]
    for room in rooms:
        answer = other.get(f"/api/chat/rooms/{room}/messages/").json()
        assert (answer["count"], answer["results"][0]["sender_username"]) == (
            30, f"deleted-{client.id}")
    # One event of each deletion.
    assert instance.sql("SELECT COUNT(*), COUNT(DISTINCT subject_id) FROM event WHERE event_type = "
                        "(SELECT event_type FROM event WHERE room_id = ? ORDER BY seq DESC LIMIT 1) "
                        "AND actor_id = ?", rooms[0], client.id) == [(90, 90)]
    Tool(instance)("check", "--deep")


def test_an_erasure_goes_on_after_its_process_was_killed(user, instance):
    client, other = user(), user()
    room = client.room()["room_id"]
    client.invite(room, other)
    for _ in range(60):
        client.say(room, "words")
    with SqlSession(instance) as session:
        session.run("BEGIN")
        session.run("SELECT room_id FROM room WHERE room_id = ? FOR UPDATE", room)
        command = subprocess.Popen([str(instance.build / "confabctl"), "-c", str(instance.config),
                                    "user", "erase", client.name, "--messages", "erase"],
                                   env=instance.env, stdout=subprocess.PIPE,
                                   stderr=subprocess.PIPE)
        # The account is gone by then, and the command at its room.
        wait_for(lambda: lock_waits(instance) > 0, 30, "the erasure")
        command.send_signal(signal.SIGKILL)
        command.communicate()
        session.run("COMMIT")
    assert shown(instance, client)[0][0] == f"deleted-{client.id}"
    finish(instance)
    assert instance.sql("SELECT content, is_deleted, COUNT(*) FROM message WHERE sender_id = ? "
                        "GROUP BY 1, 2", client.id) == [("", 1, 60)]
    Tool(instance)("check", "--deep")


def test_an_archive_that_is_being_made_is_not_kept(user, instance):
    """The account is erased while a worker reads its messages."""
    client = user()
    client.say(client.room()["room_id"], "words")
    assert client.post("/api/auth/me/export/").status_code == 202
    before = on_disk(instance)
    with SqlSession(instance) as session, ThreadPoolExecutor(1) as threads:
        session.run("LOCK TABLES message WRITE")
        with Worker(instance, "--once") as worker:
            wait_for(lambda: waits_for_table(instance), 30, "the archive")
            erased = begin_to_erase(instance, threads, client, "keep")
            session.run("UNLOCK TABLES")
            erased.result(60)
            assert worker.process.wait(60) == 0, worker.log
    # Nothing serves it, and the next look at files removes its bytes.
    assert instance.sql("SELECT state FROM file WHERE user_id = ? "
                        "AND (state <> 4 OR expires_at > SYSDATE(6))", client.id) == []
    finish(instance)
    # Files of other tests may go meanwhile.
    wait_for(lambda: instance.confabctl("events", "purge") and
             on_disk(instance).items() <= before.items(), 60, "the end of the archive")


def post(name, number, talk):
    return {"type": "post", "post": {
        "team": "team", "channel": talk, "user": name, "message": f"words {number}",
        "create_at": 1705314600000 + number, "reactions": [
            {"user": name, "emoji_name": "+1", "create_at": 1705314600000 + number}]}}


def export_of(talk, names, count):
    """An export of Mattermost with this many messages of each user."""
    teams = [{"name": "team", "roles": "team_user",
              "channels": [{"name": talk, "roles": "channel_user"}]}]
    lines = [{"type": "version", "version": 1},
             {"type": "team", "team": {"name": "team", "display_name": "Team", "type": "I"}},
             {"type": "channel", "channel": {"team": "team", "name": talk, "display_name": talk,
                                             "type": "O"}},
             *({"type": "user", "user": {"username": name, "teams": teams}} for name in names),
             *(post(names[number % len(names)], number, talk)
               for number in range(count * len(names)))]
    return "".join(json.dumps(line) + "\n" for line in lines)


def test_words_that_are_imported_while_their_user_is_erased_do_not_stay(user, instance, tmp_path):
    tool, talk = Tool(instance), f"talk-{secrets.token_hex(4)}"
    client, other = user(), user()
    file = tmp_path / "export.jsonl"
    file.write_text(export_of(talk, [client.name, other.name], 1))
    tool("import", "mattermost", file)
    room = other.get("/api/chat/rooms/").json()["results"][0]
    assert room["name"] == talk
    file.write_text(export_of(talk, [client.name, other.name], 3))
    with SqlSession(instance) as session, ThreadPoolExecutor(2) as threads:
        session.run("LOCK TABLES message WRITE")
        done = threads.submit(tool, "import", "mattermost", file)
        # It has found the users, and looks for what it has imported before.
        wait_for(lambda: waits_for_table(instance), 30, "the import")
        erased = begin_to_erase(instance, threads, client)
        session.run("UNLOCK TABLES")
        name = erased.result(60)
        done.result(60)
    finish(instance)
    page = other.get(url(room, "messages/")).json()
    assert [(message["sender_username"], message["content"], message["is_deleted"],
             len(message["reactions"])) for message in page["results"]] == [
        line for number in (5, 3, 1)
        for line in [(other.name, f"words {number}", False, 1), (name, "", True, 0)]]
    Tool(instance)("check", "--deep")


# ---- among the messages of others ----

# Which of a room's positions are of the user: most of a stretch, or few.
@pytest.mark.parametrize("is_own", ["seq % 7 < 3", "seq % 31 = 0"])
def test_messages_among_those_of_others_go_with_what_refers_to_them(user, instance, is_own):
    client, other = user(), user()
    room = client.room()
    client.invite(room["room_id"], other)
    count = 700
    instance.sql(
        "INSERT INTO message (room_id, position, sender_id, message_type, created_at, client_id, "
        f"content) SELECT ?, seq, IF({is_own}, ?, ?), 1, SYSDATE(6) - INTERVAL 1 DAY + INTERVAL seq "
        f"SECOND, CONCAT('s', LPAD(seq, 9, '0')), IF({is_own}, 'mine', 'theirs') "
        f"FROM seq_1_to_{count}; UPDATE room SET message_count = {count}, last_active_at = "
        f"SYSDATE(6) - INTERVAL 1 DAY + INTERVAL {count} SECOND WHERE room_id = ?",
        room["room_id"], client.id, other.id, room["room_id"])
    for number in range(3):
        file = send(client, room, b"bytes", "x.txt")
        message = client.post(url(room, "messages/"), json={
            "content": "mine", "files": [file["file_id"]],
            "mentions": {"user_ids": [other.id]}}).json()
        path = f"messages/{message['message_id']}/"
        assert other.put(url(room, f"{path}reactions/"), json={"emoji": "👍"}).status_code == 200
        assert client.put(url(room, f"pins/{message['message_id']}/")).status_code in (200, 201)
        # A mention that was taken back.
        assert client.patch(url(room, path), json={"content": "mine", "mentions": {
            "user_ids": []}}).status_code == 200
    assert instance.confabctl("search", "rebuild", "--room", room["room_id"]).returncode == 0
    before = on_disk(instance)
    erase(client)
    finish(instance)
    left = instance.sql("SELECT sender_id = ?, content, is_deleted, COUNT(*) FROM message "
                        "WHERE room_id = ? GROUP BY 1, 2, 3 ORDER BY 1", client.id, room["room_id"])
    [(theirs,)] = instance.sql(f"SELECT SUM(NOT ({is_own})) FROM seq_1_to_{count}")
    assert left == [(0, "theirs", 0, theirs), (1, "", 1, count + 3 - theirs)]
    for table in ("reaction", "reaction_total", "pin", "mention"):
        assert instance.sql(f"SELECT 1 FROM {table} WHERE room_id = ?", room["room_id"]) == []
    assert len(before) - len(on_disk(instance)) == 3
    assert instance.sql("SELECT term, LENGTH(positions) DIV 2 FROM search_posting "
                        "WHERE room_id = ?", room["room_id"]) == [("theirs", theirs)]
    # Each has one event; they are the last ones.
    assert instance.sql("SELECT COUNT(*), COUNT(DISTINCT subject_id), MAX(seq) - MIN(seq) + 1 FROM "
                        "event WHERE room_id = ? AND event_type = (SELECT event_type FROM event "
                        "WHERE room_id = ? ORDER BY seq DESC LIMIT 1)", room["room_id"],
                        room["room_id"]) == [3 * (count + 3 - theirs,)]
    Tool(instance)("check", "--deep")
