"""Bodies that are truncated, differ from their Content-Length, or are chunked."""

import random
import socket

import pytest

from support import fastcgi
from support.answers import answer_of, assert_error
from support.client import Client
from support.rooms import ROOMS

pytestmark = pytest.mark.usefixtures("unharmed")

BODY = b'{"name": "Half a body is no body"}'


@pytest.fixture
def nothing_made(owner):
    """Checks that the test creates no room."""
    before = owner.get(ROOMS).json()["count"]
    yield
    assert owner.get(ROOMS).json()["count"] == before


def raw(owner, headers, body, **options):
    """POSTs a room through lighttpd with these headers and bytes."""
    head = [f"POST {ROOMS} HTTP/1.1", "Host: 127.0.0.1", f"Authorization: Token {owner.token}",
            "Content-Type: application/json", "Connection: close", *headers, "", ""]
    return owner.instance.raw("\r\n".join(head).encode() + body, **options)


def fcgi(owner, content_length, body=BODY, path=ROOMS, method="POST"):
    return owner.instance.fcgi(path, method, body=body, content_length=content_length,
                               token=owner.token)


# ---- Content-Length, as fcgi-api sees it ----

@pytest.mark.parametrize("more", [1, 100, 100000])
def test_a_body_shorter_than_its_length_is_400(owner, nothing_made, more):
    assert_error(fcgi(owner, len(BODY) + more), 400)


@pytest.mark.parametrize("less", [1, 10, len(BODY)])
def test_a_body_longer_than_its_length_is_400(owner, nothing_made, less):
    assert_error(fcgi(owner, len(BODY) - less), 400)


def test_a_body_far_longer_than_its_length_is_400(owner, nothing_made):
    assert_error(fcgi(owner, len(BODY), BODY + b" " * 1000000), 400)


@pytest.mark.parametrize("length", ["abc", "-1", "+34", "34.0", "0x22", " 34", "34 ", "34,34",
                                    "1e1", "99999999999999999999999", "\u0663\u0664"])
def test_a_length_that_is_not_a_number_is_400(owner, nothing_made, length):
    assert_error(fcgi(owner, length), 400)


@pytest.mark.parametrize("length", [131073, 10**9, 2**63, 2**64 - 1])
def test_a_length_above_the_limit_is_413_whatever_the_body(owner, nothing_made, length):
    assert_error(fcgi(owner, length), 413)


def test_without_a_length_the_body_ends_with_the_stream(owner):
    status, _, _ = owner.instance.fcgi(ROOMS, "POST", {"CONTENT_LENGTH": None}, BODY,
                                       token=owner.token)
    assert status == 201


def test_without_a_length_an_endless_body_is_413(owner, nothing_made):
    answer = owner.instance.fcgi(ROOMS, "POST", {"CONTENT_LENGTH": None}, b" " * 3000000,
                                 token=owner.token)
    assert_error(answer, 413)


@pytest.mark.parametrize("method, path", [
    ("POST", "/api/auth/register/"), ("POST", "/api/auth/token/"), ("POST", "/api/auth/login/"),
    ("POST", "/api/auth/password/"), ("POST", "/api/auth/logout/"), ("DELETE", "/api/auth/token/"),
    ("POST", "/api/chat/rooms/direct/"), ("POST", "/api/chat/rooms/{room}/messages/"),
    ("PATCH", "/api/chat/rooms/{room}/"), ("DELETE", "/api/chat/rooms/{room}/"),
    ("POST", "/api/chat/rooms/{room}/join/"), ("POST", "/api/chat/rooms/{room}/invite/"),
])
def test_a_truncated_body_is_400_on_every_path(owner, method, path):
    path = path.format(room=owner.room()["room_id"])
    assert_error(fcgi(owner, 500, b'{"username": "abc"}', path, method), 400)
    assert owner.get("/api/auth/me/").status_code == 200


# ---- the same through lighttpd ----

def test_a_truncated_body_has_no_effect(owner, nothing_made):
    for sent in (BODY, BODY[:5], b""):
        answer = raw(owner, [f"Content-Length: {len(BODY) + 10}"], sent, half_close=True)
        assert answer == b"" or answer_of(answer).status == 400


def test_a_length_that_truncates_the_json_is_400(owner, nothing_made):
    assert_error(raw(owner, [f"Content-Length: {len(BODY) - 5}"], BODY), 400)


@pytest.mark.parametrize("headers", [
    ["Content-Length: abc"], ["Content-Length: -1"], ["Content-Length: 5", "Content-Length: 34"],
    ["Content-Length: 34", "Transfer-Encoding: chunked"], ["Content-Length: 99999999999999999999"],
])
def test_malformed_lengths_are_refused(owner, nothing_made, headers):
    answer = answer_of(raw(owner, headers, BODY))
    assert answer.status in (400, 413)
    assert_error(answer, answer.status)


def test_incomplete_bodies_occupy_no_process(owner):
    """More requests than there are workers, all sent halfway and left open."""
    head = (f"POST {ROOMS} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Token {owner.token}\r\n"
            "Content-Type: application/json\r\nContent-Length: 1000\r\n\r\n{").encode()
    waiting = []
    try:
        for _ in range(3 * len(owner.instance.api_workers())):
            waiting.append(socket.create_connection(("127.0.0.1", owner.instance.port), 10))
            waiting[-1].sendall(head)
        for _ in range(10):
            assert owner.get("/api/auth/me/", timeout=10).status_code == 200
    finally:
        for connection in waiting:
            connection.close()


# ---- chunks ----

CHUNKED = ["Transfer-Encoding: chunked"]


def chunks(*pieces):
    return b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in pieces) + b"0\r\n\r\n"


def test_a_chunked_body_is_accepted(owner):
    pieces = [BODY[i:i + 3] for i in range(0, len(BODY), 3)]
    assert answer_of(raw(owner, CHUNKED, chunks(*pieces))).status == 201


def test_chunks_with_extensions_and_trailers_are_accepted(owner):
    body = b"%x;name=value\r\n%s\r\n0\r\nX-Trailer: 1\r\n\r\n" % (len(BODY), BODY)
    assert answer_of(raw(owner, CHUNKED, body)).status == 201


def test_chunks_with_incomplete_json_are_400(owner, nothing_made):
    assert_error(raw(owner, CHUNKED, chunks(BODY[:10], BODY[10:20])), 400)


def test_chunks_over_the_limit_are_413(owner, nothing_made):
    pieces = [b" " * 10000] * 20
    assert_error(raw(owner, CHUNKED, chunks(*pieces, BODY)), 413)


@pytest.mark.parametrize("body", [b"zz\r\n{}\r\n0\r\n\r\n", b"-2\r\n{}\r\n0\r\n\r\n", b"\r\n\r\n",
                                  b"2\r\n{}XX0\r\n\r\n", b"0x2\r\n{}\r\n0\r\n\r\n"])
def test_malformed_chunks_are_400(owner, nothing_made, body):
    assert_error(raw(owner, CHUNKED, body), 400)


@pytest.mark.parametrize("size", [b"fffffffffffffffff", b"ffffffffffffffff", b"7fffffffffffffff",
                                  b"ffffffff"])
def test_a_chunk_of_absurd_size_is_refused(owner, nothing_made, size):
    answer = answer_of(raw(owner, CHUNKED, size + b"\r\n{}\r\n0\r\n\r\n"))
    assert answer.status in (400, 413)
    assert_error(answer, answer.status)


def test_truncated_chunks_have_no_effect(owner, nothing_made):
    answer = raw(owner, CHUNKED, chunks(BODY)[:-5], half_close=True)
    assert answer == b"" or answer_of(answer).status == 400


def test_another_transfer_encoding_is_501(owner, nothing_made):
    assert_error(raw(owner, ["Transfer-Encoding: gzip, chunked"], chunks(BODY)), 501)


# ---- a web server that dies during a request ----

def beginning_of(owner, size):
    """The first bytes of a FastCGI request. The last 8 bytes of a whole one end its body."""
    params = owner.instance.fcgi_params(ROOMS, "POST", BODY, None,
                                        {"HTTP_AUTHORIZATION": f"Token {owner.token}"})
    return fastcgi.encode(params, BODY)[:size]


@pytest.mark.parametrize("size", [0, 1, 8, 16, 20, 100, 300, -9, -20, -50])
def test_a_connection_lost_during_the_body_has_no_effect(owner, nothing_made, size):
    whole = len(beginning_of(owner, None))
    socket_path = owner.instance.state / "sock" / "fcgi.sock"
    fastcgi.leave(socket_path, beginning_of(owner, size if size >= 0 else whole + size))
    for _ in range(8):
        assert owner.get("/api/auth/me/").status_code == 200


@pytest.mark.parametrize("data", [
    b"GET / HTTP/1.1\r\n\r\n", b"\x00" * 1000, b"\xff" * 100000, b"\x01\x01\x00\x00" + b"\x00" * 4,
    b"\x01\x0b\x00\x01\x00\x08\x00\x00" + b"\xff" * 8,
    b"\x01\x01\x00\x01\x00\x08\x00\x00\x00\x07" + b"\x00" * 6,
    b"\x01\x04\x00\x01\xff\xff\xff\x00" + b"\xff" * 70000, random.Random(1).randbytes(5000),
])
def test_malformed_fastcgi_does_no_harm(owner, data):
    for _ in range(6):
        fastcgi.leave(owner.instance.state / "sock" / "fcgi.sock", data)
    for _ in range(8):
        assert Client(owner.instance, owner.token).get("/api/auth/me/").status_code == 200
