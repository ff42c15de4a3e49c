"""Errors of lighttpd itself are JSON without details."""

import signal

import pytest

from support.answers import assert_error
from support.client import Client
from support.wait import wait_for

ME = "/api/auth/me/"
GOOD_HOST = "Host: 127.0.0.1"


def ask(instance, line=f"GET {ME} HTTP/1.1", host=GOOD_HOST, headers=(), body=b""):
    lines = [line, *([host] if host else []), *headers, "Connection: close", "", ""]
    return instance.raw("\r\n".join(lines).encode("latin-1") + body)


@pytest.mark.parametrize("host", [
    'Host: a"b', "Host: a b", "Host:", "Host: a\r\nHost: b", "Host: a/b", "Host: a\\b", "Host: <a>",
    "Host: a'b", "Host: a\x01b", "Host: a\xffb", "Host: user@host", "Host: a:b:c", "Host: [::1",
    "Host: a\r\n b", "Host: a\x0bb", None,
])
def test_a_bad_host_is_400(instance, host):
    assert_error(ask(instance, host=host), 400)


@pytest.mark.parametrize("path", ["/api/auth/me%00/", "/api/%00", "/api/chat/users/?search=%00",
                                  "/api/auth/me/%01", "/api/\x01", "/api/%0a", "/%00"])
def test_an_escaped_nul_or_control_character_in_the_url_is_400(instance, path):
    assert_error(ask(instance, f"GET {path} HTTP/1.1"), 400)


def test_headers_that_are_too_large_are_431(instance):
    assert_error(ask(instance, headers=["X-Large: " + "x" * 20000]), 431)
    assert_error(ask(instance, headers=[f"X-{n}: " + "x" * 100 for n in range(200)]), 431)


def test_an_unknown_method_is_501(instance):
    assert_error(ask(instance, f"BREW {ME} HTTP/1.1"), 501)
    assert_error(ask(instance, f"get {ME} HTTP/1.1"), 501)


def test_an_unknown_version_of_http_is_505(instance):
    assert_error(ask(instance, f"GET {ME} HTTP/7.0"), 505)


@pytest.mark.parametrize("data", [b"\x16\x03\x01\x00\xa5\x01\x00\x00\xa1\x03\x03\r\n\r\n",
                                  b"hello\r\n\r\n", b"GET\r\n\r\n", b"GET /api/auth/me/\r\n\r\n"])
def test_malformed_http_is_400(instance, data):
    assert_error(instance.raw(data), 400)


def test_a_post_without_a_length_is_411(instance):
    assert_error(ask(instance, "POST /api/auth/login/ HTTP/1.1"), 411)


def test_a_path_with_dot_dot_cannot_leave_the_document_root(instance):
    for path in ("/../../etc/passwd", "/%2e%2e/%2e%2e/etc/passwd", "/api/../../confab.conf",
                 "/..%2f..%2fetc/passwd"):
        answer = ask(instance, f"GET {path} HTTP/1.1")
        assert answer.split(b" ", 2)[1] in (b"400", b"403", b"404")
        assert b"root:" not in answer


def test_an_unsatisfiable_range_is_416_in_json(user):
    answer = user().get(ME, headers={"Range": "bytes=99999-"})
    assert_error(answer, 416)


def test_the_page_at_the_root_is_html(instance):
    answer = Client(instance).get("/")
    assert answer.status_code == 200
    assert answer.headers["Content-Type"].startswith("text/html")


# ---- fcgi-api is down ----

def accepting_503(system):
    """A client that accepts 503."""
    client = Client(system)
    client.may_fail = True
    return client


@pytest.fixture(scope="module")
def half_down(make_instance):
    """An instance whose fcgi-api was killed; start() brings it back."""
    system = make_instance()
    system.end("api", signal.SIGKILL)
    # The workers of a killed parent end on their own.
    wait_for(lambda: accepting_503(system).get("/healthz").status_code == 503, 20)
    return system


@pytest.mark.parametrize("method, path", [("GET", ME), ("POST", "/api/chat/rooms/"),
                                          ("GET", "/healthz"), ("DELETE", "/api/auth/token/")])
def test_without_fcgi_api_it_is_503_in_json_with_retry_after(half_down, method, path):
    answer = accepting_503(half_down).request(method, path)
    assert_error(answer, 503)
    assert int(answer.headers["Retry-After"]) > 0


def test_fcgi_api_is_used_as_soon_as_it_is_back(half_down):
    half_down.start()
    assert Client(half_down).get("/healthz").json() == {"status": "ok"}
