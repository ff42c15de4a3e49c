"""Files: announcing, sending in parts, posting, reading."""

import hashlib
import io
import os
import random
import re
import time
import zipfile
from pathlib import Path
from urllib.parse import quote, unquote, urlsplit

import pytest

from support.client import Client
from support.files import (FILES, announce, cut_off, done, offset_of, on_disk, png, post, put, send,
                           upload)
from support.parallel import at_once, twin
from support.rooms import message_url, remove, url
from support.shapes import A_TEXT, A_TIME, AN_ID, NOT_FOUND, refusal, wrong


def a_file(**known):
    shape = {"file_id": AN_ID, "name": "cat.png", "size": AN_ID, "media_type": "image/png",
             "width": None, "height": None, "duration": None, "has_thumbnail": False,
             "url": A_TEXT}
    assert known.keys() <= {*shape, "state"}
    return {**shape, **known}


def shown(client, message):
    answer = client.get(message_url(message))
    assert answer.status_code == 200
    return answer.json()


# ---- the whole way ----

@pytest.mark.everywhere
def test_a_file_arrives_in_parts_and_is_read_whole_and_in_part(user):
    alice, bob = user(), user()
    room = alice.room()
    alice.invite(room["room_id"], bob)
    data = png(640, 480, os.urandom(250_000))
    file = send(alice, room, data, "γάτα 1.png", "image/png", width=640, height=480)
    assert file == a_file(name="γάτα 1.png", size=len(data), width=640, height=480)
    message = post(alice, room, [file["file_id"]]).json()
    assert (message["message_type"], message["content"], message["files"]) == ("image", "", [file])
    whole = bob.get(file["url"])
    assert whole.content == data
    assert whole.headers["Content-Type"] == "image/png"
    assert whole.headers["Content-Length"] == str(len(data))
    assert whole.headers["Accept-Ranges"] == "bytes"
    assert whole.headers["X-Content-Type-Options"] == "nosniff"
    assert whole.headers["Content-Security-Policy"] == "sandbox; default-src 'none'"
    assert whole.headers["Content-Disposition"] == \
        "inline; filename=\"____ 1.png\"; filename*=UTF-8''" + quote("γάτα 1.png")
    part = bob.get(file["url"], headers={"Range": "bytes=1000-1999"})
    assert (part.status_code, part.content) == (206, data[1000:2000])
    assert part.headers["Content-Range"] == f"bytes 1000-1999/{len(data)}"
    last = bob.get(file["url"], headers={"Range": "bytes=-7"})
    assert (last.status_code, last.content) == (206, data[-7:])
    beyond = bob.get(file["url"], headers={"Range": f"bytes={len(data)}-"})
    assert (beyond.status_code, beyond.headers["Content-Range"]) == (416, f"bytes */{len(data)}")
    assert beyond.json()["code"] == "range_not_satisfiable"
    again = bob.get(file["url"], headers={"If-None-Match": whole.headers["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
    head = bob.request("HEAD", file["url"])
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["Content-Length"] == str(len(data))


def test_if_range_with_another_tag_gives_the_whole(pair):
    alice, bob, room = pair
    file = send(alice, room)
    post(alice, room, [file["file_id"]])
    tag = bob.get(file["url"]).headers["ETag"]
    for given, status in ((tag, 206), ('"other"', 200), (f"W/{tag}", 200)):
        answer = bob.get(file["url"], headers={"Range": "bytes=0-0", "If-Range": given})
        assert answer.status_code == status


@pytest.mark.everywhere
def test_the_longest_names_of_any_script_are_kept(user):
    alice = user()
    room = alice.room()
    for letter in ("a", "я", "ก", "猫", "\N{GRINNING FACE}", "%", "'", "?"):
        name = (letter * 255).encode()[:255].decode(errors="ignore")
        file = send(alice, room, b"words\n", name)
        assert file["name"] == name
        assert unquote(file["url"]).endswith(f"/{name}")
        answer = alice.get(file["url"])
        assert (answer.status_code, answer.content) == (200, b"words\n")
        assert answer.headers["Content-Disposition"].startswith("attachment; ")


def test_names_of_other_paths_and_numbers_are_names(user):
    alice = user()
    room = alice.room()
    for name in ("done", "link", "thumbnail", "7", "t7", "#", "$1", "*", "...", ".htaccess"):
        file = send(alice, room, b"words\n", name)
        assert file["name"] == name
        assert alice.get(file["url"]).content == b"words\n"


# ---- announcing ----

def test_an_announced_file_has_a_number_and_a_place_to_begin(user):
    alice = user()
    answer = announce(alice, alice.room(), size=5)
    assert answer.status_code == 201
    assert answer.json() == {"file_id": AN_ID, "part_size": 96 * 1024, "offset": 0,
                             "expires_at": A_TIME}


@pytest.mark.parametrize("fields, codes", [
    ({"name": ""}, {"name": "blank"}),
    ({"name": " "}, {"name": "blank"}),
    ({"name": "a/b"}, {"name": "invalid"}),
    ({"name": ".."}, {"name": "invalid"}),
    ({"name": "a\nb"}, {"name": "invalid"}),
    ({"name": "猫" * 86}, {"name": "max_length"}),
    ({"name": "a" * 256}, {"name": "max_length"}),
    ({"name": None, "size": None, "media_type": None},
     {"name": "null", "size": "null", "media_type": "null"}),
    ({"size": 0}, {"size": "min_value"}),
    ({"size": -1}, {"size": "invalid"}),
    ({"size": "x"}, {"size": "invalid"}),
    ({"size": 1.5}, {"size": "invalid"}),
    ({"media_type": "png"}, {"media_type": "invalid"}),
    ({"media_type": "image/png\r\nX: y"}, {"media_type": "invalid"}),
    ({"width": 0, "height": 1000001, "duration": -1},
     {"width": "min_value", "height": "max_value", "duration": "min_value"}),
    ({"duration": "long"}, {"duration": "invalid"}),
])
def test_what_cannot_be_a_file_is_400(user, fields, codes):
    alice = user()
    answer = alice.post(url(alice.room(), "files/"),
                        json={"name": "a", "size": 1, "media_type": "text/plain", **fields})
    assert (answer.status_code, answer.json()) == (400, wrong(**codes))


def test_a_file_over_the_limit_is_413(user):
    alice = user()
    room = alice.room()
    assert announce(alice, room, size=10 * 1024 * 1024).status_code == 201
    answer = announce(alice, room, size=10 * 1024 * 1024 + 1)
    assert (answer.status_code, answer.json()) == (413, refusal("file_too_large"))


@pytest.mark.slow("an instance of its own")
def test_the_quota_of_a_day_counts_what_is_announced(shared):
    limited = shared(CONFAB_FILE_QUOTA_USER=1, CONFAB_FILE_LIMIT=2, CONFAB_FILE_TYPES="image/*")
    alice, bob = Client(limited).register(), Client(limited).register()
    room = alice.room()
    alice.invite(room["room_id"], bob)
    assert announce(alice, room, size=600_000).status_code == 201
    answer = announce(alice, room, size=600_000)
    assert (answer.status_code, answer.json()) == (429, refusal("throttled"))
    assert 0 < int(answer.headers["Retry-After"]) <= 24 * 60 * 60
    # What was refused does not count, and others have their own.
    assert announce(alice, room, size=400_000).status_code == 201
    assert announce(bob, room, size=600_000).status_code == 201
    assert limited.sql("UPDATE file_quota SET day = day - INTERVAL 1 DAY") is not None
    assert announce(alice, room, size=600_000).status_code == 201


def test_a_thumbnail_larger_than_its_file_counts_toward_the_quota(shared):
    limited = shared(CONFAB_FILE_QUOTA_USER=1, CONFAB_FILE_LIMIT=2, CONFAB_FILE_TYPES="image/*")
    alice = Client(limited).register()
    file_id = announce(alice, alice.room()).json()["file_id"]
    thumbnail = png(extra=b"x" * 47_000)

    def put_thumbnail():
        return alice.request("PUT", f"{FILES}{file_id}/thumbnail/", data=thumbnail)
    count = 2 ** 20 // len(thumbnail)
    assert [put_thumbnail().status_code for _ in range(count)] == [204] * count
    answer = put_thumbnail()
    assert (answer.status_code, answer.json()) == (429, refusal("throttled"))


def test_file_types_are_those_of_the_bytes(shared):
    limited = shared(CONFAB_FILE_QUOTA_USER=1, CONFAB_FILE_LIMIT=2, CONFAB_FILE_TYPES="image/*")
    alice = Client(limited).register()
    room = alice.room()
    answer = announce(alice, room, media_type="text/plain")
    assert (answer.status_code, answer.json()) == (400, wrong(media_type="file_type"))
    assert send(alice, room, media_type="image/png")["media_type"] == "image/png"
    answer = done(alice, upload(alice, room, b"words\n"))
    assert (answer.status_code, answer.json()) == (400, wrong(media_type="file_type"))


@pytest.mark.slow("an instance of its own")
def test_files_can_be_switched_off(shared):
    off = shared(CONFAB_FILES="off")
    alice = Client(off).register()
    room = alice.room()
    for answer in (announce(alice, room), put(alice, 1, 0, b"x"), done(alice, 1),
                   post(alice, room, [1])):
        assert (answer.status_code, answer.json()) == (403, refusal("files_off"))
    assert "files" not in alice.get("/api/").json()["features"]


# ---- parts ----

def test_a_part_elsewhere_is_409_and_says_where(user):
    alice = user()
    file_id = announce(alice, alice.room(), size=10).json()["file_id"]
    assert put(alice, file_id, 0, b"01234").json() == {"offset": 5}
    for offset in (0, 4, 6, 10, 99):
        answer = put(alice, file_id, offset, b"x")
        assert (answer.status_code, answer.json()) == (409, refusal("conflict", offset=5))
    assert offset_of(alice, file_id) == 5
    assert put(alice, file_id, 5, b"").json() == {"offset": 5}
    answer = put(alice, file_id, 5, b"567890")
    assert (answer.status_code, answer.json()) == (413, refusal("file_too_large"))
    assert put(alice, file_id, 5, b"56789").json() == {"offset": 10}
    assert offset_of(alice, file_id) == 10


def test_a_part_is_at_most_part_size(user):
    alice = user()
    room = alice.room()
    answer = announce(alice, room, size=200_000)
    file_id, part = answer.json()["file_id"], answer.json()["part_size"]
    assert put(alice, file_id, 0, b"x" * (part + 1)).status_code == 413
    assert put(alice, file_id, 0, b"x" * (129 * 1024)).status_code == 413
    assert offset_of(alice, file_id) == 0
    for query in ({}, {"offset": "x"}, {"offset": -1}):
        answer = alice.request("PUT", f"{FILES}{file_id}/", params=query, data=b"x")
        assert answer.status_code == 400
        assert answer.json()["codes"].keys() == {"offset"}


def test_a_host_without_put_takes_a_post(user):
    alice = user()
    file_id = announce(alice, alice.room(), size=3).json()["file_id"]
    answer = alice.post(f"{FILES}{file_id}/?offset=0", data=b"abc",
                        headers={"X-HTTP-Method-Override": "PUT"})
    assert (answer.status_code, answer.json()) == (200, {"offset": 3})


def test_an_upload_belongs_to_its_sender(pair):
    alice, bob, room = pair
    file_id = announce(alice, room, size=3).json()["file_id"]
    for answer in (bob.get(f"{FILES}{file_id}/"), put(bob, file_id, 0, b"abc"), done(bob, file_id),
                   bob.request("PUT", f"{FILES}{file_id}/thumbnail/", data=png()),
                   bob.get(f"{FILES}{file_id}/link/"), bob.get(f"{FILES}{file_id}/a"),
                   put(alice, 2 ** 62, 0, b"abc")):
        assert (answer.status_code, answer.json()) == (404, NOT_FOUND)
    # One who was removed from the room has nothing more to send there.
    file_id = announce(bob, room, size=3).json()["file_id"]
    remove(alice, room, bob.id)
    assert put(bob, file_id, 0, b"abc").status_code == 404


@pytest.mark.everywhere
def test_ten_mebibytes_with_twenty_breaks_arrive_whole(user):
    """The connection is cut in the middle of parts, and the client asks where to continue."""
    alice = user()
    room = alice.room()
    chance = random.Random(7)
    data = png(extra=chance.randbytes(10 * 1024 * 1024 - 200))
    answer = announce(alice, room, size=len(data))
    file_id, part = answer.json()["file_id"], answer.json()["part_size"]
    breaks = sorted(chance.sample(range(len(data) // part), 20))
    offset, number = 0, 0
    while offset < len(data):
        if breaks and number >= breaks[0]:
            breaks.pop(0)
            cut_off(alice, file_id, offset, data[offset:offset + part], chance.randrange(part))
            offset = offset_of(alice, file_id)
        answer = put(alice, file_id, offset, data[offset:offset + part])
        assert answer.status_code in (200, 409), answer.text
        offset = answer.json()["offset"]
        number += 1
    answer = done(alice, file_id, sha256=hashlib.sha256(data).hexdigest())
    assert answer.status_code == 200, answer.text
    got = alice.get(answer.json()["url"])
    assert hashlib.sha256(got.content).digest() == hashlib.sha256(data).digest()


def test_two_uploads_at_once_do_not_mix(pair):
    alice, bob, room = pair
    texts = {client: png(extra=os.urandom(400_000)) for client in (alice, bob)}
    sent = at_once([lambda client=client: send(client, room, texts[client])
                        for client in texts])
    for client, file in zip(texts, sent, strict=True):
        assert client.get(file["url"]).content == texts[client]


def test_two_clients_at_one_file_do_not_mix_their_bytes(user):
    alice = user()
    file_id = announce(alice, alice.room(), size=400_000).json()["file_id"]
    data = [bytes([65 + number]) * 50_000 for number in range(8)]
    answers = at_once([lambda part=part: put(twin(alice), file_id, 0, part)
                       for part in data])
    assert [answer.status_code for answer in answers].count(200) == 1
    assert {answer.status_code for answer in answers} == {200, 409}
    assert offset_of(alice, file_id) == 50_000


# ---- the end of an upload ----

def test_an_upload_ends_when_all_is_there_and_right(user):
    alice = user()
    room = alice.room()
    data = png()
    file_id = announce(alice, room, size=len(data)).json()["file_id"]
    answer = done(alice, file_id)
    assert (answer.status_code, answer.json()) == (400, refusal("incomplete"))
    put(alice, file_id, 0, data[:-1])
    assert done(alice, file_id).json() == refusal("incomplete")
    put(alice, file_id, len(data) - 1, data[-1:])
    answer = done(alice, file_id, sha256="0" * 64)
    assert (answer.status_code, answer.json()) == (400, wrong(sha256="wrong_hash"))
    assert done(alice, file_id, sha256="0").json() == wrong(sha256="min_length")
    first = done(alice, file_id, sha256=hashlib.sha256(data).hexdigest().upper())
    assert (first.status_code, first.json()) == (200, a_file(size=len(data)))
    assert done(alice, file_id).json() == first.json()
    assert put(alice, file_id, len(data), b"x").json() == refusal("conflict", offset=len(data))


SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
HTML = b"<!DOCTYPE html><html><script>alert(1)</script></html>"
POLYGLOT = b"GIF89a/*" + b"\0" * 20 + b"*/=1;<html><script>alert(1)</script></html>"
ZIP = bytes.fromhex("504b0304140000000800") + b"\0" * 16 + b"\x01\0\0\0a" + b"\0" * 100


@pytest.mark.parametrize("data, claimed, found, in_place", [
    (png(), "image/png", "image/png", True),
    (png(), "application/octet-stream", "image/png", True),
    (POLYGLOT, "image/gif", "image/gif", True),
    (SVG, "image/svg+xml", "image/svg+xml", False),
    (HTML, "text/html", "text/html", False),
    (ZIP, "application/zip", "application/zip", False),
    (b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n", "application/pdf", "application/pdf", False),
    (b"a,b\n1,2\n", "text/csv", A_TEXT, False),
    (b"ID3\x04\0\0\0\0\0\0" + b"\xff\xfb\x90\x64" * 200, "audio/mpeg", "audio/mpeg", True),
], ids=["png", "unknown", "polyglot", "svg", "html", "zip", "pdf", "csv", "mp3"])
def test_the_type_is_what_the_bytes_say(user, data, claimed, found, in_place):
    alice = user()
    room = alice.room()
    file = send(alice, room, data, "name", claimed)
    assert file["media_type"] == found
    answer = alice.get(file["url"])
    assert answer.content == data
    assert answer.headers["Content-Type"] == found
    kind = answer.headers["Content-Disposition"].partition(";")[0]
    assert kind == ("inline" if in_place else "attachment")
    message = post(alice, room, [file["file_id"]]).json()
    assert message["message_type"] == ("image" if in_place else "file")


def most_memory(instance):
    """The most memory (bytes) that a process of fcgi-api has had."""
    found = [re.search(r"^VmHWM:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text(), re.M)
             for pid in instance.api_workers()]
    return max(int(match[1]) * 1024 for match in found)


@pytest.mark.unsanitized("measures memory")
def test_an_archive_is_never_opened(user):
    """One of 200 MiB in a few KiB arrives as it is, and no process has unpacked it."""
    alice = user()
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        archive.writestr("inside", bytes(200 * 1024 * 1024))
    file = send(alice, alice.room(), packed.getvalue(), "bomb.zip", "application/zip")
    assert file["media_type"] == "application/zip"
    assert alice.get(file["url"]).content == packed.getvalue()
    assert most_memory(alice.instance) < 100 * 1024 * 1024


@pytest.mark.parametrize("data, claimed", [
    (png(), "image/jpeg"), (POLYGLOT, "text/html"), (HTML, "image/png"), (HTML, "text/plain"),
    (SVG, "image/png"), (b"words\n", "image/gif"), (ZIP, "image/png"),
], ids=["jpeg", "polyglot", "html", "html-as-text", "svg", "words", "zip"])
def test_bytes_of_another_type_are_400(user, data, claimed):
    alice = user()
    answer = done(alice, upload(alice, alice.room(), data, "name", claimed))
    assert (answer.status_code, answer.json()) == (400, wrong(media_type="media_type"))


# ---- thumbnails ----

def test_a_thumbnail_is_a_small_picture(pair):
    alice, bob, room = pair
    file_id = upload(alice, room, png(2000, 1000))
    path = f"{FILES}{file_id}/thumbnail/"

    def put_thumbnail(data):
        return alice.request("PUT", path, data=data)
    assert alice.get(path).status_code == 404
    assert put_thumbnail(b"GIF89a").json() == wrong(thumbnail="invalid")
    assert put_thumbnail(png(321, 10)).json() == wrong(thumbnail="max_value")
    assert put_thumbnail(png(extra=b"x" * 48 * 1024)).status_code == 413
    assert put_thumbnail(png(320, 320)).status_code == 204
    assert put_thumbnail(png(320, 160)).status_code == 204
    file = done(alice, file_id).json()
    assert file["has_thumbnail"]
    message = post(alice, room, [file_id]).json()
    assert message["files"] == [file]
    answer = bob.get(path)
    assert (answer.status_code, answer.content) == (200, png(320, 160))
    assert answer.headers["Content-Type"] == "image/png"
    # Others have seen it.
    assert put_thumbnail(png()).json() == refusal("conflict")


# ---- posting ----

def test_a_message_has_its_files_in_the_order_given(pair):
    alice, bob, room = pair
    sent = [send(alice, room, data, f"{number}") for number, data
            in enumerate([png(), b"words\n", png(5, 5)])]
    ids = [sent[number]["file_id"] for number in (2, 0, 1)]
    answer = post(alice, room, ids, content="  three ", client_id="mine", message_type="text")
    assert answer.status_code == 201
    message = answer.json()
    assert message["files"] == [sent[2], sent[0], sent[1]]
    assert (message["content"], message["message_type"]) == ("three", "file")
    assert shown(bob, message) == message
    assert bob.get(url(room, "messages/")).json()["results"][0] == message
    assert bob.get(url(room)).json()["last_message"] == message
    assert bob.get("/api/chat/rooms/").json()["results"][0]["last_message"] == message
    assert bob.events(room["room_id"])[-1]["message"] == message
    # The same again is the same message, although its files are used.
    again = post(alice, room, ids, content="three", client_id="mine")
    assert (again.status_code, again.json()) == (200, message)
    edited = alice.patch(message_url(message), {"content": "three!"}).json()
    assert edited["files"] == message["files"]


def test_a_published_message_has_its_files(recorder, person):
    alice = person()
    room = alice.room()
    file = send(alice, room)
    with alice.socket(room["room_id"]) as socket:
        socket.until("connected")
        message = post(alice, room, [file["file_id"]]).json()
        assert socket.until("new_message")["message"] == message
    assert message["files"] == [file]


def test_a_message_without_words_needs_a_file(user):
    alice = user()
    room = alice.room()
    for body in ({"files": []}, {"files": [], "content": " "}, {"files": None}):
        answer = alice.post(url(room, "messages/"), json=body)
        assert answer.status_code == 400
        assert answer.json()["codes"].keys() == {"content"}
    assert alice.say(room["room_id"], "x", files=[])["files"] == []


def test_an_edit_takes_the_words_of_a_message_with_files_only(pair):
    alice, bob, room = pair
    file = send(alice, room)
    message = post(alice, room, [file["file_id"]], content="look").json()
    assert alice.patch(message_url(message), {"content": " "}).json()["content"] == ""
    assert bob.events(room["room_id"])[-1]["message"]["files"] == [file]
    # The type alone is not a file.
    other = alice.say(room["room_id"], "x", message_type="image")
    for content in ("", " \n"):
        refused = alice.patch(message_url(other), {"content": content})
        assert (refused.status_code, refused.json()["codes"]) == (400, {"content": ["blank"]})
    both = alice.patch(message_url(other), {"content": "", "mentions": {"user_ids": [0]}})
    assert both.json()["codes"].keys() == {"content", "mentions"}


def test_only_ones_own_finished_unused_files_of_the_room_can_be_posted(pair):
    alice, bob, room = pair
    other = alice.room()
    file = send(alice, room)["file_id"]
    used = send(alice, room)["file_id"]
    assert post(alice, room, [used]).status_code == 201
    for client, place, ids, code in [
            (bob, room, [file], "does_not_exist"), (alice, other, [file], "does_not_exist"),
            (alice, room, [used], "does_not_exist"), (alice, room, [file, used], "does_not_exist"),
            (alice, room, [2 ** 62], "does_not_exist"),
            (alice, room, [upload(alice, room, png())], "incomplete"),
            (alice, room, [file, file], "invalid"), (alice, room, ["x"], "invalid"),
            (alice, room, "x", "invalid"), (alice, room, [0], "invalid"),
            (alice, room, list(range(1, 12)), "max_length")]:
        answer = post(client, place, ids)
        assert (answer.status_code, answer.json()) == (400, wrong(files=code)), ids
    assert alice.get(url(other)).json()["message_count"] == 0
    assert post(alice, room, [file]).status_code == 201


def test_of_two_posts_of_one_file_one_succeeds(user):
    alice = user()
    room = alice.room()
    file = send(alice, room)["file_id"]
    answers = at_once([lambda: post(twin(alice), room, [file])] * 4)
    assert sorted(answer.status_code for answer in answers) == [201, 400, 400, 400]
    assert alice.get(url(room)).json()["message_count"] == 1


# ---- who may read ----

def test_files_are_read_by_the_members_of_their_room(pair, user):
    alice, bob, room = pair
    carol = user()
    file = send(alice, room)
    # Not posted yet: its sender's alone.
    assert alice.get(file["url"]).status_code == 200
    assert bob.get(file["url"]).status_code == 404
    post(alice, room, [file["file_id"]])
    assert bob.get(file["url"]).status_code == 200
    for path in (file["url"], f"{FILES}{file['file_id']}/link/", f"{FILES}{file['file_id']}/"):
        assert carol.get(path).json() == NOT_FOUND
        assert Client(alice.instance).get(path).status_code == 401
    # Its state as an upload is its sender's.
    assert bob.get(f"{FILES}{file['file_id']}/").status_code == 404
    remove(alice, room, bob.id)
    assert bob.get(file["url"]).status_code == 404


def test_a_signed_link_needs_no_credentials(pair):
    alice, bob, room = pair
    file_id = upload(alice, room, png())
    alice.request("PUT", f"{FILES}{file_id}/thumbnail/", data=png(2, 2))
    file = done(alice, file_id).json()
    post(alice, room, [file_id])
    other = send(alice, room)
    answer = bob.get(f"{FILES}{file_id}/link/")
    assert answer.json() == {"url": A_TEXT, "expires_at": A_TIME}
    link, anyone = answer.json()["url"], Client(alice.instance)
    assert anyone.get(link).content == png()
    query = urlsplit(link).query
    assert anyone.get(f"{FILES}{file_id}/thumbnail/?{query}").content == png(2, 2)
    remove(alice, room, bob.id)
    assert anyone.get(link).status_code == 200
    expires = int(re.search(r"expires=(\d+)", link)[1])
    assert 0 < expires - time.time() <= 301
    for broken in (link[:-1] + ("0" if link[-1] != "0" else "1"), f"{other['url']}?{query}",
                   link.replace(f"expires={expires}", f"expires={expires + 1}"),
                   f"{file['url']}?expires={expires}", f"{FILES}{file_id}/link/?{query}",
                   f"{FILES}{file_id}/?{query}"):
        assert anyone.get(broken).status_code == 401, broken


def test_a_wrong_range_or_file_name_does_not_matter(user):
    alice = user()
    file = send(alice, alice.room())
    assert alice.get(file["url"], headers={"Range": "lines=1-2"}).status_code == 200
    assert alice.get(f"{FILES}{file['file_id']}/any%20other").content == png()


# ---- the end ----

def test_a_file_dies_with_its_message(pair):
    alice, bob, room = pair
    before = on_disk(alice.instance)
    file_id = upload(alice, room, png(7, 7))
    alice.request("PUT", f"{FILES}{file_id}/thumbnail/", data=png(2, 2))
    file = done(alice, file_id).json()
    message = post(alice, room, [file_id]).json()
    link = bob.get(f"{FILES}{file_id}/link/").json()["url"]
    assert len(on_disk(alice.instance)) == len(before) + 2
    assert alice.delete(message_url(message)).status_code == 204
    assert on_disk(alice.instance) == before
    for path in (file["url"], f"{FILES}{file_id}/thumbnail/", link):
        assert bob.get(path).status_code == 404
    assert shown(bob, message)["files"] == []
    assert alice.instance.sql("SELECT COUNT(*) FROM file WHERE file_id = ?", file_id) == [(0,)]
