"""Heads that libwebsockets refuses: pushd answers in JSON, never with a page or a silent end."""
import pytest

from support.sockets import BOTH_WAYS, NOTIFICATIONS, ROOM, assert_let_in, assert_refused
from support.websocket import Socket, push_port

DETAIL = ["detail", "code"]
MISSING = "Authentication credentials were not provided."
REQUEST = ("{} HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
           "Sec-WebSocket-Key: {}\r\nSec-WebSocket-Version: 13\r\n")
KEY = "AAAAAAAAAAAAAAAAAAAAAA=="
GET = REQUEST.format("GET /ws/chat/notifications/", KEY)


def answer_to(port, *parts):
    """The answer to a head, sent in these parts."""
    with Socket(("127.0.0.1", port)) as raw:
        for part in parts:
            raw.send_raw(part.encode("latin-1"))
        raw.read_answer()
        return raw


def assert_json_error(answer, *statuses):
    assert answer.status in statuses, (answer.status, answer.body)
    assert list(answer.json()) == DETAIL
    assert answer.headers["content-type"] == "application/json; charset=utf-8"
    if answer.status == 426:
        assert answer.headers["upgrade"].lower() == "websocket"
    assert int(answer.headers["content-length"]) == len(answer.body)


def assert_refused_by_pushd(port, *parts, status):
    """Asserts that pushd answers a head with this error, and announces the end of the connection:
    web servers keep others for the next request."""
    answer = answer_to(port, *parts)
    assert_json_error(answer, status)
    assert answer.headers["connection"] == "close"


def with_headers(*lines):
    return GET + "".join(f"{line}\r\n" for line in lines) + "\r\n"


# ---- both ways ----

@pytest.mark.everywhere
@BOTH_WAYS
@pytest.mark.parametrize("upgrade", ["foo", "h2c", "websocket/13", "foo, websocket", "websockets",
                                     "TLS/1.0", "x" * 3000])
def test_an_upgrade_to_anything_else_is_426(alice, direct, upgrade):
    for path in (NOTIFICATIONS, "/ws/chat/1/", "/ws/", "/ws/other"):
        with Socket.open(alice.instance, path, token=alice.token, direct=direct,
                         headers={"Upgrade": upgrade}) as live:
            assert_json_error(live, 426)


@BOTH_WAYS
@pytest.mark.parametrize("extensions", ["permessage-deflate; client_max_window_bits", "x" * 3000,
                                        "permessage-deflate; " * 20 + "x", ";,=\"",
                                        ", ".join(f"extension-{i}" for i in range(300))])
def test_extensions_of_any_length_are_ignored(alice, direct, extensions):
    for name in ("Sec-WebSocket-Extensions", "sec-websocket-extensions"):
        with Socket.open(alice.instance, NOTIFICATIONS, token=alice.token, direct=direct,
                         headers={name: extensions}) as live:
            assert_let_in(live)
            assert "sec-websocket-extensions" not in live.headers


@BOTH_WAYS
@pytest.mark.parametrize("separator", "&;")
@pytest.mark.parametrize("count", [41, 700])
def test_a_query_of_many_parameters_is_414_or_404(alice, direct, count, separator):
    query = separator.join(f"a{i}={i}" for i in range(count))
    with Socket.open(alice.instance, f"{NOTIFICATIONS}?{query}", token=alice.token,
                     direct=direct) as live:
        if direct or live.status != 101:
            assert_json_error(live, 414, *([] if direct else [404]))


@pytest.mark.everywhere
@BOTH_WAYS
def test_since_is_found_among_40_parameters(alice, room, direct):
    alice.say(room)
    for query in ("&".join(f"a{i}={i}" for i in range(39)) + "&since=1",
                  "since=1&" + "&".join(f"a{i}={i}" for i in range(39)),
                  "x=1&since=1", "since=1&x"):
        with Socket.open(alice.instance, f"{ROOM.format(room)}?{query}", token=alice.token,
                         direct=direct) as live:
            assert assert_let_in(live)["seq"] == 1


@pytest.mark.everywhere
@BOTH_WAYS
@pytest.mark.parametrize("version", ["0", "7", "8", "12", "14", "130", "13, 12", "x"])
def test_another_version_is_426_and_names_13(alice, direct, version):
    with Socket.open(alice.instance, NOTIFICATIONS, token=alice.token, direct=direct,
                     headers={"Sec-WebSocket-Version": version}) as live:
        assert_json_error(live, 426)
        assert live.headers["sec-websocket-version"] == "13"


@pytest.mark.everywhere
@BOTH_WAYS
@pytest.mark.parametrize("first", ["own", "wrong"])
def test_x_confab_token_sent_twice_counts_as_not_sent(alice, direct, first):
    tokens = [alice.token, "0" * 40]
    lines = [f"X-Confab-Token: {token}" for token in (tokens if first == "own" else tokens[::-1])]
    port = push_port(alice.instance) if direct else alice.instance.port
    with Socket(("127.0.0.1", port)) as live:
        live._key = KEY.encode()
        live.send_raw(with_headers(*lines).encode())
        live.read_answer()
        assert assert_refused(live, 4401) == MISSING


@pytest.mark.everywhere
@BOTH_WAYS
def test_authorization_sent_twice_counts_as_not_sent(alice, direct):
    port = push_port(alice.instance) if direct else alice.instance.port
    with Socket(("127.0.0.1", port)) as live:
        live._key = KEY.encode()
        live.send_raw(with_headers(*[f"Authorization: Token {alice.token}"] * 2).encode())
        live.read_answer()
        if direct or live.status == 101:
            assert assert_refused(live, 4401) == MISSING
        else:
            assert_json_error(live, 400)


# ---- straight at pushd ----

@pytest.mark.parametrize("line", ["FOO /ws/chat/1/", "CONNECT /ws/chat/1/", "TRACE /ws/",
                                  "get /ws/", "PROPFIND /ws/chat/1/", "POST /ws/chat/1/",
                                  "HEAD /ws/chat/1/", "DELETE /ws/chat/1/", "X" * 50 + " /ws/"])
def test_another_method_is_426(instance, line):
    assert_refused_by_pushd(push_port(instance), REQUEST.format(line, KEY), "\r\n", status=426)
    plain = f"{line} HTTP/1.1\r\nHost: localhost\r\n\r\n"
    assert_refused_by_pushd(push_port(instance), plain, status=426)


@pytest.mark.parametrize("method", ["FOO", "POST", "PUT"])
def test_the_answer_arrives_although_a_body_follows(instance, method):
    body = "x" * 300000
    head = f"{method} /ws/ HTTP/1.1\r\nHost: a\r\nContent-Length: {len(body)}\r\n\r\n"
    assert_refused_by_pushd(push_port(instance), head, body, status=426)


def test_http_1_0_is_426(instance):
    request = GET.replace("HTTP/1.1", "HTTP/1.0") + "\r\n"
    assert_refused_by_pushd(push_port(instance), request, status=426)
    assert_refused_by_pushd(push_port(instance), "GET /ws/ HTTP/1.0\r\n\r\n", status=426)


@pytest.mark.parametrize("line", [
    "GET /ws/chat/%zz/ HTTP/1.1", "GET /ws/% HTTP/1.1", "GET /ws/%0 HTTP/1.1",
    "GET /ws/%00 HTTP/1.1", "GET /ws/?a=%00 HTTP/1.1", "GET /ws/?a=%1 HTTP/1.1",
    "GET * HTTP/1.1", "GET http://localhost/ws/ HTTP/1.1", "GET  HTTP/1.1",
    "GET /ws/", "GET /ws/ ", "GET", "", " ", "GET /ws/ HTTP/2.0", "GET /ws/ HTTP/1.1 x",
    "GET /ws/ FTP/1.1", "GET /ws/\x01 HTTP/1.1", "GET /ws/ x HTTP/1.1",
    "\x16\x03\x01\x02", "\x00"])
def test_a_malformed_request_line_is_400(instance, line):
    assert_refused_by_pushd(push_port(instance), f"{line}\r\nHost: a\r\n\r\n", status=400)


@pytest.mark.parametrize("line", ["no colon", "name", ": value", " folded", "na me: x", "name : x",
                                  "n\xe4me: x", "a: \x00", "a: \x01", "a: b\rc", "a: b\nc: d",
                                  ":path: /ws/", "Sec-WebSocket-Key: more"])
def test_a_malformed_header_is_400(instance, line):
    assert_refused_by_pushd(push_port(instance), with_headers(line), status=400)


@pytest.mark.parametrize("changed", [
    ("Host: localhost\r\n", ""), ("Host: localhost", "Host:"), (KEY, ""), (KEY, "short"),
    ("Key: " + KEY, "Key: " + KEY[:12] + "\r\nSec-WebSocket-Key: " + KEY[:12])])
def test_a_handshake_without_host_or_key_is_400(instance, changed):
    assert_refused_by_pushd(push_port(instance), GET.replace(*changed) + "\r\n", status=400)


@pytest.mark.parametrize("connection", ["", "close", "keep-alive", "up", "a b, Upgrade", ",",
                                        "\"Upgrade\"", "keep-alive," * 20 + "Upgrade"])
def test_a_connection_header_without_upgrade_is_426(instance, connection):
    request = GET.replace("Connection: Upgrade", f"Connection: {connection}") + "\r\n"
    assert_refused_by_pushd(push_port(instance), request, status=426)
    without = GET.replace("Connection: Upgrade\r\n", "") + "\r\n"
    assert_refused_by_pushd(push_port(instance), without, status=426)


@pytest.mark.parametrize("connection", ["upgrade", "UPGRADE", "keep-alive, Upgrade",
                                        "Upgrade,keep-alive", "te, x_y.z-1 , upgrade, close",
                                        "keep-alive\r\nConnection: Upgrade"])
def test_a_connection_header_with_upgrade_among_others_is_accepted(alice, connection):
    request = GET.replace("Connection: Upgrade", f"Connection: {connection}")
    with Socket(("127.0.0.1", push_port(alice.instance))) as live:
        live._key = KEY.encode()
        live.send_raw(f"{request}Authorization: Token {alice.token}\r\n\r\n".encode())
        live.read_answer()
        assert_let_in(live)


@pytest.mark.parametrize("protocols", ["123, confab", "1.5, confab", "a b, confab", "\"x\", confab",
                                       ", confab", "x" * 80 + ", confab", "a=b, confab",
                                       "a/b, confab", "x" * 200 + ", confab", "other"])
def test_a_list_of_subprotocols_that_cannot_be_read_is_400(instance, protocols):
    request = with_headers(f"Sec-WebSocket-Protocol: {protocols}")
    assert_refused_by_pushd(push_port(instance), request, status=400)


@pytest.mark.parametrize("first", ["a", "a_b", "a-b.c1", "none", "x" * 62, "http-only"])
def test_confab_is_answered_whatever_subprotocols_precede_it(instance, first):
    with Socket.open(instance, NOTIFICATIONS, protocols=f"{first}, confab", direct=True) as live:
        assert live.status == 101
        assert live.headers["sec-websocket-protocol"] == "confab"


@pytest.mark.parametrize("target", ["/ws/chat/1/?" + "x" * 8300, "/ws/" + "x" * 8300,
                                    "/ws/chat/1/?" + "x" * 100000, "/" + "&" * 50])
def test_a_long_address_is_414(instance, target):
    assert_refused_by_pushd(push_port(instance), REQUEST.format(f"GET {target}", KEY), "\r\n",
                            status=414)


@pytest.mark.parametrize("lines", [
    ["Cookie: " + "x" * 30000], ["x" * 30000 + ": a"], ["User-Agent: " + "x" * 200000],
    ["Cookie: a=b"] * 200, [f"X-{i}: a" for i in range(200)], ["X-Confab-Token: " + "0" * 25000]])
def test_headers_that_are_too_long_or_too_many_are_431(instance, lines):
    assert_refused_by_pushd(push_port(instance), with_headers(*lines), status=431)


@pytest.mark.parametrize("lines", [
    ["Cookie: " + "x" * 18500], ["Cookie: a=b"] * 74, [f"X-{i}: {'a' * 230}" for i in range(74)],
    ["User-Agent: x"] * 74, ["Accept:"] * 74, ["X-A:"] * 74])
def test_the_longest_head_that_is_accepted_is_read(alice, lines):
    with Socket(("127.0.0.1", push_port(alice.instance))) as live:
        live._key = KEY.encode()
        live.send_raw(with_headers(f"Authorization: Token {alice.token}", *lines).encode())
        live.read_answer()
        assert_let_in(live)


@pytest.mark.parametrize("piece", [1, 7])
def test_a_head_in_pieces_is_read_like_a_whole_one(alice, piece):
    def cut(text):
        return [text[at:at + piece] for at in range(0, len(text), piece)]
    port = push_port(alice.instance)
    assert_refused_by_pushd(port, *cut(with_headers("Upgrade: foo")), status=426)
    assert_refused_by_pushd(port, *cut(with_headers("bad line")), status=400)
    with Socket(("127.0.0.1", port)) as live:
        live._key = KEY.encode()
        for part in cut(with_headers(f"Authorization: Token {alice.token}",
                                     "Sec-WebSocket-Extensions: " + "x" * 500)):
            live.send_raw(part.encode())
        live.read_answer()
        assert_let_in(live)
