"""Files on disk and in the worker: what housekeeping removes, folders that cannot be used, scanning,
and sending by the web server."""

import os
import subprocess

import pytest

from support.clamd import Clamd
from support.client import Client
from support.files import FILES, announce, done, on_disk, png, post, put, send, upload
from support.front import NOBODY, STARTERS, Front
from support.port import free_port
from support.rooms import message_url, url
from support.shapes import refusal

pytestmark = pytest.mark.slow("servers of its own")

VIRUS = b"no virus, only its name: EICAR\n"


def work_once(system):
    """Runs what the worker does from cron."""
    subprocess.run([system.build / "confab-worker", "-c", system.config, "--once"], check=True,
                   env=system.env, timeout=100, stderr=subprocess.DEVNULL)


def keep_house(system):
    """Housekeeping as if it was due."""
    system.sql("DELETE FROM housekeeping")
    work_once(system)


@pytest.fixture(scope="module")
def place(make_instance, tmp_path_factory):
    words = tmp_path_factory.mktemp("filter") / "words.txt"
    words.write_text("holdme hold\n")
    system = make_instance(CONFAB_FILTER_FILE=str(words))
    alice = Client(system).register()
    return system, alice, alice.room()


def test_unused_files_and_those_of_deleted_rooms_are_removed_by_housekeeping(place):
    system, alice, room = place
    used = send(alice, room)
    post(alice, room, [used["file_id"]])
    kept = on_disk(system)
    begun = announce(alice, room, size=1000).json()["file_id"]
    put(alice, begun, 0, b"x" * 500)
    unused = send(alice, room)
    other = alice.room()
    post(alice, other, [send(alice, other)["file_id"]])
    assert len(on_disk(system)) == len(kept) + 3
    alice.delete(url(other))
    system.sql("UPDATE file SET expires_at = SYSDATE(6) - INTERVAL 1 SECOND "
               "WHERE expires_at IS NOT NULL")
    # Expired already, before it is removed.
    assert alice.get(unused["url"]).status_code == 404
    assert put(alice, begun, 500, b"x").status_code == 404
    keep_house(system)
    assert on_disk(system) == kept
    assert alice.get(used["url"]).content == png()
    assert system.sql("SELECT COUNT(*) FROM file") == [(1,)]


def test_files_of_held_messages_are_removed_with_them(place):
    system, alice, _ = place
    bob, room = Client(system).register(), alice.room(is_private=False)
    alice.invite(room["room_id"], bob)
    kept = on_disk(system)

    def hold():
        file = send(bob, room)
        held = post(bob, room, [file["file_id"]], content="holdme")
        assert (held.status_code, held.json()["file_ids"]) == (202, [file["file_id"]])
        return f"{url(room, 'held/')}{held.json()['held_id']}/"
    # Dropped, too old, and gone with a ban.
    alice.delete(hold())
    hold()
    system.sql("UPDATE held SET created_at = '2000-01-01'")
    keep_house(system)
    assert system.sql("SELECT COUNT(*) FROM held") == [(0,)]
    hold()
    assert len(on_disk(system)) > len(kept)
    assert alice.post(url(room, "bans/"), json={"user_id": bob.id}).status_code == 201
    keep_house(system)
    assert on_disk(system) == kept


def test_the_folder_and_the_database_are_compared_both_ways(place):
    system, alice, room = place
    file = send(alice, room)
    assert system.confabctl("files", "check").returncode == 0
    [path] = [path for path in on_disk(system)
              if path.endswith(system.sql("SELECT LOWER(HEX(stored_as)) FROM file "
                                          "WHERE file_id = ?", file["file_id"])[0][0])]
    folder = system.state / "files"
    (folder / path).rename(folder / f"{path[:2]}/{path[:2]}{'0' * 30}")
    (folder / "stray").write_text("x")
    found = system.confabctl("files", "check", "--json")
    assert found.returncode == 1
    for kind in ("missing", "orphan", "foreign"):
        assert f'"kind":"{kind}"' in found.stdout
    # A file whose bytes are gone, and one behind a link, are not found.
    assert alice.get(file["url"]).status_code == 404
    (folder / path).symlink_to("/etc/passwd")
    assert alice.get(file["url"]).status_code == 404
    (folder / path).unlink()
    (folder / "stray").unlink()
    (folder / f"{path[:2]}/{path[:2]}{'0' * 30}").rename(folder / path)
    assert system.confabctl("files", "check").returncode == 0


def test_a_folder_that_is_open_or_anothers_is_not_used(place):
    system, alice, room = place
    folder = system.state / "files"
    alice.may_fail = True
    try:
        folder.chmod(0o755)
        answer = announce(alice, room)
        assert (answer.status_code, answer.json()["code"]) == (503, "unavailable")
        assert "open to all" in system.confabctl("check").stdout
        folder.chmod(0o700)
        if os.getuid() == 0:
            os.chown(folder, 65534, 65534)
            assert announce(alice, room).status_code == 503
            os.chown(folder, 0, 0)
    finally:
        alice.may_fail = False
        folder.chmod(0o700)
    assert announce(alice, room).status_code == 201


def test_a_folder_that_cannot_be_read_is_503_and_not_the_end_of_a_file(place):
    system, alice, room = place
    file = send(alice, room)
    folder = system.state / "files"
    moved = folder.rename(system.state / "elsewhere")
    alice.may_fail = True
    try:
        answer = alice.get(file["url"])
        assert (answer.status_code, answer.json()["code"]) == (503, "unavailable")
        folder.touch()
        assert alice.get(file["url"]).status_code == 503
        folder.unlink()
    finally:
        alice.may_fail = False
        moved.rename(folder)
    [stored] = [folder / path for path in on_disk(system) if path.endswith(
        system.sql("SELECT LOWER(HEX(stored_as)) FROM file WHERE file_id = ?",
                   file["file_id"])[0][0])]
    # A pipe in place of the file blocks no request.
    data = stored.read_bytes()
    stored.unlink()
    os.mkfifo(stored)
    assert alice.get(file["url"]).status_code == 404
    stored.unlink()
    stored.write_bytes(data)
    assert alice.get(file["url"]).content == data


@pytest.mark.parametrize("is_folder", [False, True])
def test_an_upload_never_writes_through_a_link(place, tmp_path, is_folder):
    system, alice, room = place
    before = set(on_disk(system))
    file_id = announce(alice, room, size=100).json()["file_id"]
    put(alice, file_id, 0, b"a" * 50)
    [path] = set(on_disk(system)) - before
    real = system.state / "files" / path
    if is_folder:
        real = real.parent
    # Outside, a file of the same name and length: it would be appended to.
    outside = tmp_path / "outside"
    real.rename(outside)
    real.symlink_to(outside)
    victim = outside / path.rpartition("/")[2] if is_folder else outside
    try:
        alice.may_fail = True
        assert put(alice, file_id, 50, b"b" * 50).status_code != 200
        assert victim.read_bytes() == b"a" * 50
    finally:
        alice.may_fail = False
        real.unlink()
        outside.rename(real)
    assert put(alice, file_id, 50, b"b" * 50).status_code == 200


def test_a_full_disk_keeps_nothing_of_a_part(place):
    system, alice, room = place
    if os.getuid() != 0:
        pytest.fail("needs root, to mount a small file system")
    folder = system.state / "files"
    file_id = announce(alice, room, size=400_000).json()["file_id"]
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=160k,mode=0700", "tmpfs", folder],
                   check=True)
    try:
        alice.may_fail = True
        assert put(alice, file_id, 0, b"a" * 90_000).status_code == 200
        answer = put(alice, file_id, 90_000, b"b" * 90_000)
        assert (answer.status_code, answer.json()) == (507, refusal("no_space"))
        head = alice.request("HEAD", f"{FILES}{file_id}/")
        assert head.headers["Upload-Offset"] == "90000"
    finally:
        alice.may_fail = False
        subprocess.run(["umount", folder], check=True)


ORIGIN = "https://www.example.org"


def check_sending(place):
    """Sends and reads a file behind a web server that sends the bytes itself."""
    alice = Client(place).register()
    room = alice.room()
    data = png(extra=os.urandom(200_000))
    file_id = upload(alice, room, data, "кот.png")
    alice.request("PUT", f"{FILES}{file_id}/thumbnail/", data=png(2, 2))
    file = done(alice, file_id).json()
    answer = alice.get(file["url"], headers={"Origin": ORIGIN})
    assert (answer.status_code, answer.content) == (200, data)
    for name, value in {"Content-Type": "image/png", "X-Content-Type-Options": "nosniff",
                        "Content-Security-Policy": "sandbox; default-src 'none'",
                        "Cache-Control": "private, no-cache", "Content-Length": str(len(data)),
                        "Access-Control-Allow-Origin": ORIGIN}.items():
        assert answer.headers[name] == value, name
    assert answer.headers["Content-Disposition"].startswith("inline; filename=")
    assert "Origin" in answer.headers["Vary"]
    assert not {"X-Sendfile", "X-Accel-Redirect"} & answer.headers.keys()
    # fcgi-api sends no such header.
    assert "Last-Modified" in answer.headers
    part = alice.get(file["url"], headers={"Range": "bytes=10-19"})
    assert (part.status_code, part.content) == (206, data[10:20])
    assert part.headers["Content-Range"] == f"bytes 10-19/{len(data)}"
    again = alice.get(file["url"], headers={"If-None-Match": answer.headers["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
    head = alice.request("HEAD", file["url"])
    assert (head.status_code, head.headers["Content-Length"]) == (200, str(len(data)))
    small = alice.get(f"{FILES}{file_id}/thumbnail/")
    assert (small.content, small.headers["Content-Type"]) == (png(2, 2), "image/png")
    # A page, and a file of another, show nothing.
    text = send(alice, room, b"<!DOCTYPE html><script>alert(1)</script>", "a.html")
    assert alice.get(text["url"]).headers["Content-Disposition"].startswith("attachment; ")
    assert Client(place).get(file["url"]).status_code == 401
    bob = Client(place).register()
    answer = bob.get(file["url"])
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


def test_lighttpd_sends_files(make_instance):
    check_sending(make_instance(CONFAB_FILE_SEND="x-sendfile", CONFAB_ALLOWED_ORIGINS=ORIGIN))


@pytest.mark.slow("starts another instance and web server for each")
@pytest.mark.parametrize("kind, way", [("nginx", "x-accel-redirect"),
                                       ("apache-fcgi", "x-sendfile")])
def test_nginx_and_apache_send_files(make_instance, kind, way):
    """As the documents say: the folder has the group of the web server, before the first file."""
    system = make_instance(CONFAB_FILE_SEND=way, CONFAB_ALLOWED_ORIGINS=ORIGIN)
    folder = system.state / "files"
    if os.getuid() == 0:
        os.chown(folder, -1, NOBODY)
    folder.chmod(0o2750)
    with Front(system, kind, ["xsendfile"]) as front:
        check_sending(front.instance)
        stored = on_disk(system)
        client = Client(front.instance)
        assert [client.get(f"/confab-files/{path}").status_code for path in stored] == \
            [404] * len(stored)


@pytest.mark.slow("starts a web server for each")
@pytest.mark.parametrize("kind", sorted(STARTERS))
def test_web_servers_send_the_files_of_programs_that_they_start(own_instance, kind):
    settings = f"file_send = x-sendfile\nallowed_origins = {ORIGIN}\n"
    with Front(own_instance, kind, ["xsendfile"], settings) as front:
        check_sending(front.instance)


@pytest.mark.slow("an instance of its own")
@pytest.mark.parametrize("listens", ["at a path", "at a port"])
def test_files_are_scanned_before_they_are_read(make_instance, tmp_path, listens):
    """By the command and by clamd: a file has to pass both."""
    where = tmp_path / "clamd" if listens == "at a path" else f"localhost:{free_port()}"
    scanner = tmp_path / "scan"
    scanner.write_text("#!/bin/sh\ngrep -q EICAR \"$1\" && exit 1\nexit 0\n")
    scanner.chmod(0o755)
    system = make_instance(CONFAB_SCAN_COMMAND=scanner, CONFAB_SCAN_SOCKET=where)
    alice = Client(system).register()
    room = alice.room()
    long = b"words\n" * 50_000
    sent = [done(alice, upload(alice, room, data, "a.txt")).json()
            for data in (long, VIRUS, long + b"WORM\n")]
    assert [file["state"] for file in sent] == ["scanning"] * 3
    message = post(alice, room, [file["file_id"] for file in sent]).json()
    answer = alice.get(sent[0]["url"])
    assert (answer.status_code, answer.json()["code"]) == (404, "scanning")
    with Clamd(where, b"WORM") as clamd:
        work_once(system)
    assert sorted(clamd.sizes) == [len(long), len(long) + 5]
    files = alice.get(message_url(message)).json()["files"]
    assert [file.get("state") for file in files] == [None, "removed", "removed"]
    assert alice.get(sent[0]["url"]).content == long
    assert alice.get(sent[1]["url"]).status_code == 404
    assert alice.get(sent[2]["url"]).status_code == 404
    assert len(on_disk(system)) == 1
    events = alice.events(room["room_id"])
    assert [event["type"] for event in events] == ["new_message", *["message_edited"] * 3]
    assert events[-1]["message"]["files"] == files
    # While the scanner fails, files wait.
    file = done(alice, upload(alice, room, b"more\n", "b.txt")).json()
    work_once(system)
    assert alice.get(file["url"]).json()["code"] == "scanning"
