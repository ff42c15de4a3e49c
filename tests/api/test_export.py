"""Archives of a user's data, and of a room."""

import io
import json
import os
import signal
import tarfile

import pytest

from support.client import Client
from support.confabctl import PASSWORD, Tool
from support.files import on_disk, post, send
from support.hooks import Worker, work
from support.rooms import url
from support.shapes import A_TEXT, A_TIME, NOT_FOUND
from support.sql_session import SqlSession
from support.wait import wait_for

PATH = "/api/auth/me/export/"


def unpack(data):
    """The content by path; lines of JSON as lists."""
    with tarfile.open(fileobj=io.BytesIO(data)) as archive:
        found = {entry.name: archive.extractfile(entry).read() for entry in archive}
    return {path: [json.loads(line) for line in content.splitlines()]
            if path.endswith((".json", ".jsonl")) else content for path, content in found.items()}


def test_an_archive_has_all_that_the_user_has_written_and_set(user, instance):
    mark, other = user(), user()
    room = mark.room("A room")
    mark.invite(room["room_id"], other)
    said = [mark.say(room["room_id"], f"own {number}")["message_id"] for number in range(3)]
    theirs = other.say(room["room_id"], "not mine")
    mark.put(url(room, f"messages/{theirs['message_id']}/reactions/"), json={"emoji": "👍"})
    file = send(mark, room, b"the bytes", ".b ü.txt")
    post(mark, room, [file["file_id"]])
    nothing = {"state": "none", "url": None, "expires_at": None}
    assert mark.get(PATH).json() == nothing
    answer = mark.post(PATH)
    assert (answer.status_code, answer.json()) == (202, {**nothing, "state": "waiting"})
    work(instance)
    ready = mark.get(PATH).json()
    assert ready == {"state": "ready", "url": A_TEXT, "expires_at": A_TIME}
    assert other.get(PATH).json() == nothing

    anyone = Client(instance)
    answer = anyone.get(ready["url"])
    assert answer.status_code == 200 and answer.headers["Content-Type"] == "application/x-tar"
    assert f'filename="confab-{mark.name}.tar"' in answer.headers["Content-Disposition"]
    archive = answer.content
    found = unpack(archive)
    assert [message["message_id"] for message in found["messages.jsonl"]][:3] == said
    assert len(found["messages.jsonl"]) == 4
    assert found["messages.jsonl"][3]["file_ids"] == [file["file_id"]]
    assert found["account.json"][0]["username"] == mark.name
    assert found["rooms.jsonl"][0]["name"] == "A room"
    assert found["reactions.jsonl"][0]["emoji"] == "👍"
    assert found[f"files/{file['file_id']}/_.b ü.txt"] == b"the bytes"
    assert b"not mine" not in archive
    # Only by the signature, or by its owner.
    plain = ready["url"].split("?")[0]
    assert mark.get(plain).status_code == 200
    answer = other.get(plain)
    assert (answer.status_code, answer.json()) == (404, NOT_FOUND)
    assert anyone.get(plain).status_code == 401
    Tool(instance)("check", "--deep")

    # A second time at once it is the same; after its days it is gone, with its bytes.
    assert mark.post(PATH).json()["state"] == "ready"
    instance.sql("UPDATE file SET expires_at = SYSDATE(6) WHERE room_id = 0")
    assert mark.get(PATH).json() == nothing
    before = on_disk(instance)
    assert instance.confabctl("events", "purge").returncode == 0
    gone = before.keys() - on_disk(instance).keys()
    assert [before[path] for path in gone].count(len(archive)) == 1


def test_an_erased_user_leaves_no_archive(user, instance):
    mark = user()
    mark.post(PATH)
    work(instance)
    address = mark.get(PATH).json()["url"]
    assert mark.delete("/api/auth/me/", json={"password": PASSWORD,
                                              "messages": "keep"}).status_code == 202
    assert Client(instance).get(address).status_code == 404


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_an_archive_of_a_worker_that_ends_is_made_by_the_next(user, instance, number):
    mark = user()
    mark.say(mark.room()["room_id"], "Hello")
    mark.post(PATH)
    job = "SELECT state, file_id, TIMESTAMPDIFF(SECOND, SYSDATE(6), claimed_until) FROM export_job"
    with SqlSession(instance) as session:
        # The archive stays in the middle until these are read.
        session.run("LOCK TABLES message WRITE")
        with Worker(instance) as worker:
            wait_for(lambda: instance.sql(job)[-1][1], 30, "the row of the archive")
            worker.send(number)
            if number == signal.SIGTERM:
                wait_for(lambda: "stopping" in worker.log, 10, "the signal to arrive")
            session.run("UNLOCK TABLES")
            worker.process.wait(20)
    [(state, file, left)] = instance.sql(f"{job} WHERE user_id = ?", mark.id)
    is_deleted = "SELECT state = 4 FROM file WHERE file_id = ?"
    assert state == 1
    if number == signal.SIGTERM:
        assert left is None and instance.sql(is_deleted, file) == [(1,)]
    else:
        assert 0 < left <= 60
        instance.sql("UPDATE export_job SET claimed_until = SYSDATE(6) WHERE user_id = ?", mark.id)
    work(instance)
    ready = mark.get(PATH).json()
    assert ready["state"] == "ready"
    assert unpack(mark.get(ready["url"]).content)["messages.jsonl"][0]["content"] == "Hello"
    assert instance.sql(is_deleted, file) == [(1,)]


def test_an_archive_of_a_lost_lease_is_removed_at_once(user, instance):
    """Another worker claims the request while the first one makes the archive."""
    mark = user()
    mark.say(mark.room()["room_id"], "Hello")
    mark.post(PATH)
    job = "SELECT state, file_id FROM export_job WHERE user_id = ?"
    with SqlSession(instance) as session:
        session.run("LOCK TABLES message WRITE")
        with Worker(instance):
            wait_for(lambda: instance.sql(job, mark.id)[0][1], 30, "the row of the archive")
            [(_, file)] = instance.sql(job, mark.id)
            instance.sql("UPDATE export_job SET file_id = NULL, claimed_until = SYSDATE(6) "
                         "+ INTERVAL 1 HOUR WHERE user_id = ?", mark.id)
            session.run("UNLOCK TABLES")
            state = "SELECT state FROM file WHERE file_id = ?"
            # Housekeeping may have deleted the row, too.
            wait_for(lambda: instance.sql(state, file) in ([(4,)], []), 30,
                     "the end of the archive")
    # The request is that of the other worker still.
    assert instance.sql(job, mark.id) == [(1, None)]


def test_an_archive_is_kept_whose_last_change_is_repeated_after_a_lost_connection(user, instance):
    """The first change was made, but its answer was lost."""
    mark = user()
    mark.say(mark.room()["room_id"], "Hello")
    mark.post(PATH)
    job = "SELECT state, file_id FROM export_job WHERE user_id = ?"
    with SqlSession(instance) as session:
        session.run("LOCK TABLES message WRITE")
        with Worker(instance):
            wait_for(lambda: instance.sql(job, mark.id)[0][1], 30, "the row of the archive")
            [(_, file)] = instance.sql(job, mark.id)
            instance.sql("UPDATE file SET state = 2 WHERE file_id = ?", file)
            session.run("UNLOCK TABLES")
            wait_for(lambda: instance.sql(job, mark.id)[0][0] == 2, 30, "the archive")
    assert instance.sql(job, mark.id) == [(2, file)]
    found = unpack(mark.get(mark.get(PATH).json()["url"]).content)
    assert found["messages.jsonl"][0]["content"] == "Hello"


def test_the_lease_is_looked_at_while_a_file_is_copied(user, instance):
    """A worker that stops does not copy a large file to its end, so it also renews its lease
    during the copy."""
    mark, size = user(), 1_000_000
    send(mark, mark.room(), b"x" * size)
    mark.post(PATH)
    waiting = ("SELECT 1 FROM information_schema.processlist WHERE LOCATE(?, info) "
               "AND state = 'Waiting for table metadata lock'")
    before = on_disk(instance)
    with SqlSession(instance) as messages, SqlSession(instance) as files:
        messages.run("LOCK TABLES message WRITE")
        with Worker(instance) as worker:
            wait_for(lambda: instance.sql(waiting, "FORCE INDEX (client_id)"), 30, "the messages")
            [path] = on_disk(instance).keys() - before.keys()
            files.run("LOCK TABLES file WRITE")
            messages.run("UNLOCK TABLES")
            wait_for(lambda: instance.sql(waiting, "stored_as"), 30, "the files")
            with (instance.state / "files" / path).open("rb") as archive:
                worker.send(signal.SIGTERM)
                wait_for(lambda: "stopping" in worker.log, 30, "the signal to arrive")
                files.run("UNLOCK TABLES")
                worker.process.wait(30)
                assert 0 < os.fstat(archive.fileno()).st_size < size / 2
    instance.sql("DELETE FROM export_job WHERE user_id = ?", mark.id)


def test_a_request_that_is_repeated_keeps_its_place(user, instance):
    mark = user()
    requested = "SELECT state, requested_at FROM export_job WHERE user_id = ?"
    mark.post(PATH)
    first = instance.sql(requested, mark.id)
    assert mark.post(PATH).json()["state"] == "waiting"
    assert instance.sql(requested, mark.id) == first
    work(instance)
    # One that is not fresh is made again, and comes after those that wait.
    instance.sql("UPDATE export_job SET requested_at = requested_at - INTERVAL 11 MINUTE "
                 "WHERE user_id = ?", mark.id)
    assert mark.post(PATH).json()["state"] == "waiting"
    assert instance.sql(requested, mark.id) > first


def test_reactions_are_in_the_archive_of_rooms_that_the_user_has_left(user, instance):
    mark, other = user(), user()
    rooms = [other.room() for _ in range(3)]
    for room in rooms:
        other.invite(room["room_id"], mark)
        number = other.say(room["room_id"], "Bread?")["message_id"]
        for client in (mark, other):
            path = url(room, f"messages/{number}/reactions/")
            assert client.put(path, json={"emoji": "👍"}).status_code == 200
    assert mark.post(url(rooms[1], "remove_member/"), json={"user_id": mark.id}).status_code == 204
    mark.post(PATH)
    work(instance)
    found = unpack(mark.get(mark.get(PATH).json()["url"]).content)["reactions.jsonl"]
    assert [(row["room_id"], row["emoji"]) for row in found] == [
        (room["room_id"], "👍") for room in rooms]


def test_confabctl_exports_a_room(user, instance):
    mark, other = user(), user()
    room = mark.room("All of it")
    mark.invite(room["room_id"], other)
    for client in (mark, other):
        client.say(room["room_id"], f"by {client.name}")
    file = send(other, room, b"bytes", "x.txt")
    post(other, room, [file["file_id"]])
    out = instance.state / "tmp" / "room.tar"
    with out.open("wb") as target:
        Tool(instance).run("room", "export", room["room_id"], stdout=target)
    found = unpack(out.read_bytes())
    assert [message["content"] for message in found["messages.jsonl"]] == [
        f"by {mark.name}", f"by {other.name}", ""]
    assert found["room.json"][0]["name"] == "All of it"
    assert {member["username"] for member in found["members.jsonl"]} == {mark.name, other.name}
    assert found[f"files/{file['file_id']}/x.txt"] == b"bytes"
    assert "does not exist" in Tool(instance).refuses("room", "export", 999999)


def test_confabctl_exports_a_user(user, instance):
    """As the user's own archive, without the worker."""
    mark, other = user(), user()
    room = mark.room("Common")
    mark.invite(room["room_id"], other)
    for client in (mark, other):
        client.say(room["room_id"], f"by {client.name}")
    file = send(mark, room, b"bytes", "x.txt")
    post(mark, room, [file["file_id"]])
    out = instance.state / "tmp" / "user.tar"
    with out.open("wb") as target:
        assert Tool(instance).run("user", "export", mark.name, stdout=target).returncode == 0
    found = unpack(out.read_bytes())
    assert [message["content"] for message in found["messages.jsonl"]] == [f"by {mark.name}", ""]
    assert found["account.json"][0]["username"] == mark.name
    assert found["rooms.jsonl"][0]["name"] == "Common"
    assert found[f"files/{file['file_id']}/x.txt"] == b"bytes"
    entry, = instance.sql("SELECT action, actor_kind, user_id FROM audit ORDER BY audit_id DESC "
                          "LIMIT 1")
    assert entry == ("user export", 3, mark.id)
    assert "does not exist" in Tool(instance).refuses("user", "export", "nobody-here")


@pytest.mark.parametrize("whose", ["user", "room"])
def test_an_archive_without_its_files_is_not_written(user, instance, tmp_path, whose):
    mark = user()
    room = mark.room()["room_id"]
    export = whose, "export", mark.name if whose == "user" else room
    folder = tmp_path / "files"
    # One that is not there has no files.
    with (tmp_path / "out.tar").open("wb") as out:
        done = Tool(instance).run(*export, stdout=out, CONFAB_FILE_DIR=str(folder))
    assert (done.returncode, done.stderr) == (0, "")
    # One that is open to all is not used.
    folder.mkdir()
    folder.chmod(0o755)
    said = Tool(instance).refuses(*export, CONFAB_FILE_DIR=str(folder))
    assert said == f"cannot read file_dir {folder}: Permission denied"
