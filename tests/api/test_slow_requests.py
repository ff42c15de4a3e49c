"""Clients and web servers that are slow, or stop halfway, hold no process of fcgi-api."""

import contextlib
import json
import os
import socket
import struct
import time

import pytest

from support import fastcgi
from support.answers import answer_of, assert_error
from support.client import Client, fresh_name
from support.files import png, send
from support.front import KINDS, Front
from support.instance import is_alive
from support.rooms import ROOMS
from support.wait import wait_for

pytestmark = pytest.mark.slow("waits for timeouts")

PROCESSES = 2
SECONDS = 3


@pytest.fixture(scope="module")
def system(make_instance):
    return make_instance(CONFAB_PROCESSES=PROCESSES, CONFAB_REQUEST_TIMEOUT=SECONDS)


@pytest.fixture(scope="module")
def fcgi_socket(system):
    return system.state / "sock" / "fcgi.sock"


@pytest.fixture
def owner(system):
    return Client(system).register()


@pytest.fixture(autouse=True)
def workers_survive(system):
    before = system.api_workers()
    yield
    assert system.api_workers() == before


def room_request(system, owner, name="A room"):
    body = json.dumps({"name": name}).encode()
    params = system.fcgi_params(ROOMS, "POST", body, None,
                                {"HTTP_AUTHORIZATION": f"Token {owner.token}"})
    return params, body


def connect(path):
    connection = socket.socket(socket.AF_UNIX)
    connection.settimeout(30)
    connection.connect(str(path))
    return connection


def read_to_end(connection):
    """All bytes until the peer closes."""
    data = b""
    with contextlib.suppress(ConnectionResetError):
        while piece := connection.recv(65536):
            data += piece
    return data


def stdout_of(data):
    """The contents of the records of standard output."""
    out = b""
    while data:
        _, kind, _, size, padding, _ = struct.unpack("!BBHHBB", data[:8])
        out += data[8:8 + size] if kind == fastcgi.STDOUT else b""
        data = data[8 + size + padding:]
    return out


def assert_others_are_served(client):
    """Sooner than a request that is held ends."""
    for _ in range(2 * PROCESSES):
        started = time.monotonic()
        assert client.get("/api/auth/me/").status_code == 200
        assert time.monotonic() - started < SECONDS - 0.5


# ---- straight at the socket ----

@pytest.mark.parametrize("part", [0, 1, 8, 12, 100, -9, -1])
def test_requests_that_stop_halfway_hold_no_process(system, owner, fcgi_socket, part):
    whole = fastcgi.encode(*room_request(system, owner))
    with contextlib.ExitStack() as stack:
        stopped = [stack.enter_context(connect(fcgi_socket)) for _ in range(4 * PROCESSES)]
        for connection in stopped:
            connection.sendall(whole[:part])
        assert_others_are_served(owner)
        started = time.monotonic()
        answers = [read_to_end(connection) for connection in stopped]
        # All at the same time, and not one after the other.
        assert time.monotonic() - started < 3 * SECONDS
    for answer in answers:
        if part < 0:  # the variables were complete
            assert_error(fastcgi.parse(stdout_of(answer)), 408)
        else:
            assert answer == b""
    assert owner.get(ROOMS).json()["count"] == 0


def test_requests_that_trickle_hold_no_process_and_end(system, owner, fcgi_socket):
    """The time is that of the whole request, not of each byte."""
    whole = fastcgi.encode(*room_request(system, owner))
    with contextlib.ExitStack() as stack:
        slow = [stack.enter_context(connect(fcgi_socket)) for _ in range(4 * PROCESSES)]
        started, sent = time.monotonic(), 0
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            while time.monotonic() - started < 3 * SECONDS:
                for connection in slow:
                    connection.sendall(whole[sent:sent + 2])
                sent += 2
                assert_others_are_served(owner)
                time.sleep(0.2)
        assert time.monotonic() - started < 3 * SECONDS
    assert owner.get(ROOMS).json()["count"] == 0


def test_a_request_in_pieces_of_any_size_is_served(system, owner, fcgi_socket):
    params, body = room_request(system, owner, "é" * 40)
    whole = fastcgi.encode(params, body)
    for size in (1, 3, 7, 8, 9, 64):
        with connect(fcgi_socket) as connection:
            for at in range(0, len(whole), size):
                connection.sendall(whole[at:at + size])
            assert fastcgi.parse(stdout_of(read_to_end(connection)))[0] == 201


def test_more_stopped_requests_than_connections_still_hold_no_process(system, owner, fcgi_socket):
    with contextlib.ExitStack() as stack:
        for _ in range(64 * PROCESSES + 20):
            connection = stack.enter_context(connect(fcgi_socket))
            connection.sendall(b"\x01\x01\x00\x01")
        assert_others_are_served(owner)


def test_a_body_that_is_too_large_is_refused_before_it_arrives(system, owner, fcgi_socket):
    params, _ = room_request(system, owner)
    params["CONTENT_LENGTH"] = str(10 ** 9)
    with connect(fcgi_socket) as connection:
        connection.sendall(fastcgi.encode(params, b"x" * 1000, whole=False))
        started = time.monotonic()
        assert_error(fastcgi.parse(stdout_of(read_to_end(connection))), 413)
        assert time.monotonic() - started < SECONDS


def test_a_web_server_that_reads_no_response_holds_no_process(system, owner, fcgi_socket):
    room = owner.room()["room_id"]
    for _ in range(60):
        owner.say(room, "x" * 7900)
    params = system.fcgi_params(f"{ROOMS}{room}/messages/?limit=200", "GET", b"", None,
                                {"HTTP_AUTHORIZATION": f"Token {owner.token}"})
    with contextlib.ExitStack() as stack:
        idle = [stack.enter_context(connect(fcgi_socket)) for _ in range(4 * PROCESSES)]
        for connection in idle:
            connection.sendall(fastcgi.encode(params, b""))
        assert_others_are_served(owner)
        status, _, body = fastcgi.parse(stdout_of(read_to_end(idle[0])))
        assert (status, len(json.loads(body)["results"])) == (200, 60)


def test_readers_of_a_file_who_stop_hold_no_process(system, owner, fcgi_socket):
    """The bytes are sent by the process that serves many connections, not by that of the request."""
    data = png(extra=os.urandom(4_000_000))
    file = send(owner, owner.room(), data)
    params = system.fcgi_params(file["url"], "GET", b"", None,
                                {"HTTP_AUTHORIZATION": f"Token {owner.token}"})
    with contextlib.ExitStack() as stack:
        idle = [stack.enter_context(connect(fcgi_socket)) for _ in range(4 * PROCESSES)]
        for connection in idle:
            connection.sendall(fastcgi.encode(params, b""))
        assert_others_are_served(owner)
        status, _, body = fastcgi.parse(stdout_of(read_to_end(idle[0])))
        assert (status, body) == (200, data)


@pytest.mark.parametrize("length", [b"\xc0\x00\x00\x00", b"\xff\xff\xff\xff", b"\x80\x00\x00\x00"])
def test_impossible_lengths_of_names_end_no_process(system, owner, fcgi_socket, length):
    begin = struct.pack("!BBHHBB", 1, 1, 1, 8, 0, 0) + struct.pack("!HB5x", 1, 0)
    pairs = length + length + b"NAME"
    params = struct.pack("!BBHHBB", 1, 4, 1, len(pairs), 0, 0) + pairs
    ends = struct.pack("!BBHHBB", 1, 4, 1, 0, 0, 0) + struct.pack("!BBHHBB", 1, 5, 1, 0, 0, 0)
    for _ in range(2 * PROCESSES):
        with connect(fcgi_socket) as connection:
            connection.sendall(begin + params + ends)
            assert read_to_end(connection) == b""
    assert_others_are_served(owner)


def test_a_connection_can_be_kept_for_another_request(system, fcgi_socket):
    """FCGI_KEEP_CONN, as mod_proxy_fcgi with enablereuse=on and nginx with fastcgi_keep_conn."""
    whole = fastcgi.encode(system.fcgi_params("/healthz"), b"")
    whole = whole[:10] + b"\x01" + whole[11:]
    with connect(fcgi_socket) as connection:
        for _ in range(3):
            connection.sendall(whole)
            data = b""
            while not data.endswith(struct.pack("!BBHHBB", 1, 3, 1, 8, 0, 0) + bytes(8)):
                piece = connection.recv(65536)
                assert piece
                data += piece
            assert fastcgi.parse(stdout_of(data))[0] == 200


def test_a_request_that_has_begun_is_served_when_processes_are_replaced(make_instance):
    system = make_instance(CONFAB_PROCESSES=PROCESSES)
    owner = Client(system).register()
    whole = fastcgi.encode(*room_request(system, owner))
    with connect(system.state / "sock" / "fcgi.sock") as connection:
        connection.sendall(whole[:-20])
        before = system.api_workers()
        system.reload()
        wait_for(lambda: sum(map(is_alive, before)) <= 1, 10, "the end of the other processes")
        connection.sendall(whole[-20:])
        assert fastcgi.parse(stdout_of(read_to_end(connection)))[0] == 201
        wait_for(lambda: not any(map(is_alive, before)), 10, "the end of all former processes")


# ---- through each web server ----

@pytest.fixture(scope="module", params=["own", *KINDS])
def behind(request, system):
    if request.param == "own":
        yield system
        return
    with Front(system, request.param) as front:
        yield front.instance


def slow_post(instance, token, length):
    """Sends the header of a POST and the first bytes of its body."""
    head = (f"POST {ROOMS} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Token {token}\r\n"
            "Content-Type: application/json\r\nConnection: close\r\n"
            f"Content-Length: {length}\r\n\r\n" + '{"name": "')
    connection = socket.create_connection(("127.0.0.1", instance.port), 30)
    connection.sendall(head.encode())
    return connection


def test_slow_bodies_hold_no_process_behind_any_web_server(behind, owner):
    client = Client(behind, owner.token)
    assert client.get("/api/auth/me/").status_code == 200
    with contextlib.ExitStack() as stack:
        slow = [stack.enter_context(slow_post(behind, owner.token, 100000))
                for _ in range(4 * PROCESSES)]
        until = time.monotonic() + 1.5
        while time.monotonic() < until:
            for connection in slow:
                connection.sendall(b"x" * 70)
            assert_others_are_served(client)
            time.sleep(0.1)
    name = fresh_name()
    assert client.post(ROOMS, json={"name": name}).status_code == 201


@pytest.mark.parametrize("kind", ["apache-fcgi", "apache-cgi"])
def test_a_body_that_stops_is_ended_behind_apache(system, owner, kind):
    """Apache passes a body on while it arrives. lighttpd, nginx and mod_fcgid wait for all of it."""
    with Front(system, kind) as front, slow_post(front.instance, owner.token, 100) as connection:
        answer = read_to_end(connection)
    assert not answer or answer_of(answer).status in (400, 408)
    assert owner.get(ROOMS).json()["count"] == 0
