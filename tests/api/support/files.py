"""Sending files: pictures to send, and the requests of an upload."""

import socket
import struct
import zlib
from urllib.parse import urlsplit

from support.rooms import url

FILES = "/api/chat/files/"


def png(width=2, height=3, extra=b""):
    """A PNG of one colour; extra bytes come after its end, where readers ignore them."""
    def chunk(kind, data):
        crc = zlib.crc32(kind + data)
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", crc)
    rows = zlib.compress(b"".join(b"\0" + b"\x40\x80\xc0" * width for _ in range(height)))
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", rows)
            + chunk(b"IEND", b"") + extra)


def announce(client, room, name="cat.png", size=1, media_type="application/octet-stream", **fields):
    return client.post(url(room, "files/"), json={"name": name, "size": size,
                                                  "media_type": media_type, **fields})


def put(client, file_id, offset, data):
    return client.request("PUT", f"{FILES}{file_id}/", params={"offset": offset}, data=data)


def cut_off(client, file_id, offset, data, count):
    """Begins to send a part and closes the connection after this number of bytes."""
    place = urlsplit(client.instance.url)
    head = (f"PUT {FILES}{file_id}/?offset={offset} HTTP/1.1\r\nHost: {place.netloc}\r\n"
            f"Authorization: Token {client.token}\r\nContent-Length: {len(data)}\r\n\r\n")
    with socket.create_connection((place.hostname, place.port), 10) as connection:
        connection.sendall(head.encode() + data[:count])


def offset_of(client, file_id):
    answer = client.request("HEAD", f"{FILES}{file_id}/")
    assert answer.status_code == 200
    return int(answer.headers["Upload-Offset"])


def upload(client, room, data, name="cat.png", media_type="application/octet-stream", **fields):
    """Sends all parts of a file; returns its number."""
    answer = announce(client, room, name, len(data), media_type, **fields)
    assert answer.status_code == 201, answer.text
    file_id, part = answer.json()["file_id"], answer.json()["part_size"]
    for offset in range(0, len(data), part):
        answer = put(client, file_id, offset, data[offset:offset + part])
        assert answer.status_code == 200, answer.text
        assert answer.json() == {"offset": min(offset + part, len(data))}
    return file_id


def done(client, file_id, **fields):
    return client.post(f"{FILES}{file_id}/done/", json=fields)


def send(client, room, data=None, name="cat.png", media_type="application/octet-stream", **fields):
    """Sends a whole file; returns the File object."""
    file_id = upload(client, room, png() if data is None else data, name, media_type, **fields)
    answer = done(client, file_id)
    assert answer.status_code == 200, answer.text
    return answer.json()


def post(client, room, files, **fields):
    return client.post(url(room, "messages/"), json={"files": files, **fields})


def on_disk(instance):
    """What lies in file_dir: sizes by path."""
    folder = instance.state / "files"
    return {str(path.relative_to(folder)): path.stat().st_size
            for path in folder.rglob("*") if not path.is_dir()}
