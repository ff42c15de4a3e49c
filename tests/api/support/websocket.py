"""A WebSocket client on a plain TCP connection, which gives tests control of every byte.

    with Socket.open(instance, "/ws/chat/5/", token=client.token) as live:
        assert live.next()["type"] == "connected"
        live.send({"type": "typing"})

It has no thread: it reads, and answers pings, only while a test waits for a frame.
"""

import base64
import hashlib
import json
import os
import socket
import struct
import time

from support.schema import check_frame

GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
CONTINUED, TEXT, BINARY, CLOSE, PING, PONG = 0, 1, 2, 8, 9, 10


class Closed(AssertionError):
    """The server has closed the connection; .code is the close code, None without one."""

    def __init__(self, code):
        super().__init__(f"the socket is closed, code {code}")
        self.code = code


def push_port(instance, kind="push"):
    """A port of the instance's pushd: "push" or "metrics"."""
    lines = (instance.state / "run" / "push.ports").read_text().split()
    return int(dict(line.split("=") for line in lines)[kind])


def family_of(address):
    """The address family of a path or of (host, port)."""
    if isinstance(address, str):
        return socket.AF_UNIX
    return socket.AF_INET6 if ":" in address[0] else socket.AF_INET


def mask(payload, key):
    long_key = (key * (len(payload) // 4 + 1))[:len(payload)]
    return (int.from_bytes(payload, "big") ^ int.from_bytes(long_key, "big")).to_bytes(
        len(payload), "big")


def make_frame(opcode, payload=b"", fin=True, masked=True):
    """Encodes one frame."""
    size = len(payload)
    head = bytes([(0x80 if fin else 0) | opcode])
    flag = 0x80 if masked else 0
    if size < 126:
        head += bytes([flag | size])
    elif size < 65536:
        head += struct.pack(">BH", flag | 126, size)
    else:
        head += struct.pack(">BQ", flag | 127, size)
    if not masked:
        return head + payload
    key = os.urandom(4)
    return head + key + mask(payload, key)


class Socket:
    """status, headers (names in lower case), body: the response to the handshake. Frames can
    be read and sent after a 101; they are checked against the schema, unless path is None. pings:
    the number received; answer_pings = False ignores them. received: the bytes read since the
    response."""

    def __init__(self, address, rcvbuf=None):
        self.connection = socket.socket(family_of(address))
        if rcvbuf:
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, rcvbuf)
        self.connection.settimeout(30)
        self.connection.connect(address)
        if self.connection.family != socket.AF_UNIX:
            self.connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.status, self.headers, self.body = None, {}, b""
        self.path = None    # of the handshake; without one, frames are not checked
        self.pings = self.received = 0
        self.answer_pings = True
        self.reason = None    # of the server's close frame
        self._bytes = b""
        self._message = None    # (opcode, bytes) of a fragmented message
        self._key = base64.b64encode(os.urandom(16))

    @classmethod
    def open(cls, instance, path, token=None, cookie=None, origin=None, protocols=None,
             headers=None, direct=False, since=None, rcvbuf=None):
        """Connects and sends the handshake. cookie: the id of the session; headers: more
        headers, None removes one; direct: connect to pushd, True for the instance's, else a
        port or path."""
        port = instance.port
        if direct:
            port = push_port(instance) if direct is True else direct
        address = getattr(instance, "address", "127.0.0.1")
        made = cls(port if isinstance(port, str) else (address, port), rcvbuf)
        made.path = path
        try:
            made.connection.sendall(made.request(
                path if since is None else f"{path}?since={since}",
                "localhost" if isinstance(port, str) else f"{address}:{port}",
                {"Authorization": token and f"Token {token}",
                 "Cookie": cookie and f"sessionid={cookie}",
                 "Origin": origin, "Sec-WebSocket-Protocol": protocols, **(headers or {})}))
            made.read_answer()
        except BaseException:
            made.abort()
            raise
        return made

    # ---- the handshake ----

    def request(self, path, host, headers):
        """Encodes the request of the handshake; a header with the value None is not sent."""
        fields = {"Host": host, "Upgrade": "websocket", "Connection": "Upgrade",
                  "Sec-WebSocket-Key": self._key.decode(), "Sec-WebSocket-Version": "13",
                  **headers}
        lines = [f"GET {path} HTTP/1.1"]
        lines += [f"{name}: {value}" for name, value in fields.items() if value is not None]
        return "\r\n".join(lines + ["", ""]).encode("latin-1")

    def read_answer(self, seconds=30):
        deadline = time.monotonic() + seconds
        while b"\r\n\r\n" not in self._bytes:
            self._read_more(deadline)
        head, _, self._bytes = self._bytes.partition(b"\r\n\r\n")
        self.received = len(self._bytes)
        first, *lines = head.decode("latin-1").split("\r\n")
        self.status = int(first.split()[1])
        for line in lines:
            name, _, value = line.partition(":")
            self.headers[name.lower()] = value.strip()
        if self.status == 101:
            accept = base64.b64encode(hashlib.sha1(self._key + GUID).digest()).decode()
            assert self.headers["sec-websocket-accept"] == accept
            return
        try:
            while len(self._bytes) < int(self.headers.get("content-length", 1 << 30)):
                self._read_more(deadline)
        except Closed:
            pass
        self.body, self._bytes = self._bytes, b""

    def json(self):
        """The JSON of the response."""
        return json.loads(self.body)

    # ---- receiving ----

    def _read_more(self, deadline):
        """Raises TimeoutError after the deadline and Closed at the end of the connection."""
        self.connection.settimeout(max(deadline - time.monotonic(), 0.001))
        try:
            piece = self.connection.recv(65536)
        except (ConnectionResetError, BrokenPipeError):
            piece = b""
        if not piece:
            raise Closed(None)
        self._bytes += piece
        self.received += len(piece)

    def read_frame(self, seconds=30):
        """The next frame of any opcode: (fin, opcode, payload)."""
        return self._read_frame(time.monotonic() + seconds)

    def _read_frame(self, deadline):
        while True:
            frame = self._take_frame()
            if frame:
                return frame
            self._read_more(deadline)

    def _take_frame(self):
        """The first frame of the bytes received; None if it is incomplete."""
        data = self._bytes
        if len(data) < 2:
            return None
        assert data[0] & 0x70 == 0, "reserved bits in a frame of the server"
        assert data[1] & 0x80 == 0, "a server masks nothing"
        size, start = data[1] & 0x7f, 2
        if size >= 126:
            width = 2 if size == 126 else 8
            start += width
            if len(data) < start:
                return None
            size = int.from_bytes(data[2:start], "big")
        if len(data) < start + size:
            return None
        self._bytes = data[start + size:]
        return bool(data[0] & 0x80), data[0] & 0x0f, data[start:start + size]

    def _read_message(self, deadline):
        """The JSON of the next text message. Handles control frames."""
        while True:
            fin, opcode, payload = self._read_frame(deadline)
            if opcode == PING:
                self.pings += 1
                if self.answer_pings:
                    self.send_frame(PONG, payload)
            elif opcode == CLOSE:
                code = struct.unpack(">H", payload[:2])[0] if payload else None
                self.reason = payload[2:].decode()
                self._answer_close(payload)
                raise Closed(code)
            elif opcode != PONG:
                if opcode != CONTINUED:
                    self._message = (opcode, b"")
                kind, so_far = self._message
                self._message = (kind, so_far + payload)
                if fin:
                    assert kind == TEXT, "a server sends text frames only"
                    frame = json.loads(self._message[1].decode())
                    if self.path:
                        check_frame(self.path, frame)
                    return frame

    def next(self, seconds=30):
        """The JSON of the next message; raises Closed when the socket is closed."""
        try:
            return self._read_message(time.monotonic() + seconds)
        except TimeoutError:
            raise AssertionError(f"no frame came within {seconds} s") from None

    def until(self, wanted, seconds=30):
        """Reads until a frame of this type, or for which this function is true, and returns it."""
        fits = wanted if callable(wanted) else lambda frame: frame["type"] == wanted
        deadline, seen = time.monotonic() + seconds, []
        while True:
            try:
                frame = self._read_message(deadline)
            except TimeoutError:
                raise AssertionError(f"not within {seconds} s; but {seen}") from None
            if fits(frame):
                return frame
            seen.append(frame)

    def none(self, seconds=0.3):
        """Asserts that no message arrives in that time."""
        try:
            frame = self._read_message(time.monotonic() + seconds)
        except TimeoutError:
            return
        raise AssertionError(f"a frame where none was due: {frame}")

    def closed(self, seconds=30):
        """Reads until the server closes; returns the close code, None without one."""
        deadline = time.monotonic() + seconds
        while True:
            try:
                self._read_message(deadline)
            except Closed as end:
                return end.code
            except TimeoutError:
                raise AssertionError(f"the socket was not closed within {seconds} s") from None

    # ---- sending ----

    def send(self, message):
        self.send_frame(TEXT, json.dumps(message).encode())

    def send_frame(self, opcode, payload=b"", fin=True, masked=True):
        self.send_raw(make_frame(opcode, payload, fin, masked))

    def send_raw(self, data):
        """Sends bytes; ignores that the server has closed the connection."""
        self.connection.settimeout(30)
        try:
            self.connection.sendall(data)
        except (BrokenPipeError, ConnectionResetError):
            pass

    def _answer_close(self, payload):
        self.send_frame(CLOSE, payload[:2])

    def close(self, code=1000):
        """Sends a close frame, waits for the one of the server and closes the connection."""
        try:
            if self.status == 101:
                self.send_frame(CLOSE, struct.pack(">H", code))
                self.closed()
        except AssertionError:
            pass
        self.abort()

    def abort(self):
        """Closes the connection without a close frame."""
        self.connection.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.abort()
