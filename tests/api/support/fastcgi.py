"""A minimal FastCGI client, for requests that no web server would send."""

import socket
import struct

from requests.structures import CaseInsensitiveDict

BEGIN, END, PARAMS, STDIN, STDOUT = 1, 3, 4, 5, 6


def _record(kind, content):
    return struct.pack("!BBHHBB", 1, kind, 1, len(content), 0, 0) + content


def _stream(kind, content, end=True):
    parts = [_record(kind, content[i:i + 65000]) for i in range(0, len(content), 65000)]
    if end:
        parts.append(_record(kind, b""))
    return b"".join(parts)


def _length(size):
    return struct.pack("!B", size) if size < 128 else struct.pack("!I", size | 0x80000000)


def _pair(name, value):
    name, value = _bytes(name), _bytes(value)
    return _length(len(name)) + _length(len(value)) + name + value


def _bytes(value):
    return value if isinstance(value, bytes) else str(value).encode()


def encode(params, body, whole=True):
    """Encodes a request; whole=False leaves the stream of the body open."""
    begin = _record(BEGIN, struct.pack("!HB5x", 1, 0))
    pairs = b"".join(_pair(name, value) for name, value in params.items())
    return begin + _stream(PARAMS, pairs) + _stream(STDIN, body, whole)


def _take(connection, size):
    data = b""
    while len(data) < size:
        piece = connection.recv(size - len(data))
        if not piece:
            raise ConnectionError("fcgi-api ended the connection without an answer")
        data += piece
    return data


def _read_answer(connection):
    """Reads standard output until the end of the request."""
    out = b""
    while True:
        _, kind, _, size, padding, _ = struct.unpack("!BBHHBB", _take(connection, 8))
        content = _take(connection, size + padding)[:size]
        if kind == STDOUT:
            out += content
        elif kind == END:
            return out


def parse(answer):
    """Splits a CGI response into (status, headers, body)."""
    head, _, body = answer.partition(b"\r\n\r\n")
    headers = CaseInsensitiveDict()
    for line in head.decode("latin-1").split("\r\n"):
        name, _, value = line.partition(":")
        headers[name] = value.strip()
    status = int(headers.pop("Status", "200").split()[0])
    return status, headers, body


def call(path, params, body, timeout=30):
    """Sends one request to the Unix socket `path`; returns the parsed response."""
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(timeout)
        connection.connect(str(path))
        connection.sendall(encode(params, body))
        return parse(_read_answer(connection))


def leave(path, data, timeout=30):
    """Sends part of a request, or other bytes, and closes without reading."""
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(timeout)
        connection.connect(str(path))
        try:
            connection.sendall(data)
        except (BrokenPipeError, ConnectionResetError):
            pass  # closed by fcgi-api before everything was sent
