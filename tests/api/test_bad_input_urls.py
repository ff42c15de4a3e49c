"""Hostile URLs and headers."""

import pytest
import requests

from support.answers import answer_of, assert_error
from support.rooms import ROOMS

pytestmark = pytest.mark.usefixtures("unharmed")

ABSURD = ["1" + "0" * 30, "9223372036854775808", "18446744073709551615", "18446744073709551616",
          "9" * 1000]


class Place:
    def __init__(self, owner):
        self.owner = owner
        self.room = owner.room()["room_id"]
        owner.say(self.room)

    def fcgi(self, path, **params):
        return self.owner.instance.fcgi(path, params=params, token=self.owner.token)


@pytest.fixture(scope="module")
def place(user):
    return Place(user())


# ---- the query ----

@pytest.mark.slow("sends megabytes")
@pytest.mark.parametrize("name", ["search", "limit", "x", ""])
def test_a_query_of_a_megabyte_is_refused(place, name):
    query = f"{name}=".ljust(1024 * 1024, "x")
    try:
        assert place.owner.get(f"/api/chat/users/?{query}").status_code in (414, 431)
    except requests.ConnectionError:
        pass  # lighttpd closed the connection before the client had sent everything
    assert_error(place.fcgi(f"/api/chat/users/?{query}"), 414)


def test_a_query_of_a_megabyte_is_refused_in_json(place):
    head = (f"GET /api/chat/users/?{'x' * 1024 * 1024} HTTP/1.1\r\nHost: 127.0.0.1\r\n"
            f"Authorization: Token {place.owner.token}\r\n\r\n")
    answer = answer_of(place.owner.instance.raw(head.encode()))
    assert_error(answer, answer.status)


def test_a_query_of_thousands_of_parameters_is_accepted(place):
    query = "&".join(["a=1"] * 2000)
    assert place.owner.get(f"{ROOMS}?{query}&limit=1").status_code == 200


@pytest.mark.parametrize("query", ["&", "&&&&", "=", "=&=", "limit", "=5", "?", "?limit=1", "#",
                                   "%26limit=x", "limit[]=1", "+limit=1"])
def test_a_malformed_query_does_no_harm(place, query):
    for answer in (place.owner.get(f"{ROOMS}?{query}"), place.fcgi(f"{ROOMS}?{query}")):
        assert answer_of(answer).status in (200, 400)


@pytest.mark.parametrize("value", ["2", "", "yes", "1%zz", "0%zz"])
def test_an_invalid_value_of_public_is_refused(place, value):
    answer = place.owner.get(f"{ROOMS}?public={value}")
    assert assert_error(answer, 400, ["public"]) == {"public": ["Must be 1 or 0."]}


# ---- huge numbers ----

@pytest.mark.parametrize("number", ABSURD)
@pytest.mark.parametrize("path", [ROOMS, ROOMS + "?public=1", "/api/chat/users/",
                                  ROOMS + "{room}/members/", ROOMS + "{room}/messages/"])
def test_a_huge_offset_is_an_empty_page_of_every_list(place, path, number):
    path = path.format(room=place.room)
    separator = "&" if "?" in path else "?"
    answer = place.owner.get(f"{path}{separator}offset={number}")
    assert answer.status_code == 200
    assert answer.json()["results"] == []
    assert answer.json()["next"] is None


@pytest.mark.parametrize("number", ABSURD)
def test_a_huge_offset_with_a_huge_limit_is_an_empty_page(place, number):
    answer = place.owner.get(f"{ROOMS}{place.room}/messages/?offset={number}&limit={number}")
    assert answer.json()["results"] == []


@pytest.mark.parametrize("number", ABSURD)
@pytest.mark.parametrize("cursor", ["before", "after"])
def test_a_huge_cursor_of_messages_is_400(place, cursor, number):
    answer = place.owner.get(f"{ROOMS}{place.room}/messages/?{cursor}={number}")
    assert_error(answer, 400, [cursor])


@pytest.mark.parametrize("number", ABSURD)
def test_a_huge_cursor_of_events_is_410(place, number):
    answer = place.owner.get(f"{ROOMS}{place.room}/events/?after={number}")
    assert answer.status_code == 410
    assert answer.json()["last_seq"] == 1


def test_a_huge_limit_of_events_is_capped(place):
    answer = place.owner.get(f"{ROOMS}{place.room}/events/?limit={'9' * 40}")
    assert len(answer.json()["events"]) == 1


# ---- Host ----

BAD_HOSTS = ['a"b', "a'b", "a\nb", "a\r\nSet-Cookie: x=y", "a b", "a\tb", "<script>", "a/b", "a\\b",
             "a?b", "a#b", "a@b", "\u00e9", b"\xff", "x" * 256, "x" * 10000, "\x7f", "a,b", "a;b",
             "%0a", "\x01"]


@pytest.mark.parametrize("host", BAD_HOSTS)
def test_a_host_that_is_invalid_in_a_link_is_400(place, host):
    answer = place.fcgi(f"{ROOMS}?limit=1", HTTP_HOST=host)
    assert_error(answer, 400)
    assert "Set-Cookie" not in answer[1]


@pytest.mark.parametrize("host", BAD_HOSTS)
def test_a_server_name_that_is_invalid_in_a_link_is_400(place, host):
    assert_error(place.fcgi(f"{ROOMS}?limit=1", HTTP_HOST=None, SERVER_NAME=host), 400)


@pytest.mark.parametrize("host", ['Host: a"b', "Host: a\r\n b", "Host: a\nb", "Host: 'a",
                                  "Host: a\0b", "Host: a\r\nHost: b", "Host: \r\nX: a"])
def test_lighttpd_refuses_an_invalid_host(place, host):
    head = (f"GET {ROOMS} HTTP/1.1\r\n{host}\r\nAuthorization: Token {place.owner.token}\r\n"
            "Connection: close\r\n\r\n")
    assert_error(place.owner.instance.raw(head.encode()), 400)


@pytest.mark.parametrize("host", ["[::1]:8000", "localhost", "a-b.c_d.example:1", "127.0.0.1:80"])
def test_a_host_that_is_valid_in_a_link_is_accepted(place, host):
    assert place.fcgi(ROOMS, HTTP_HOST=host)[0] == 200


# ---- percent-encoding ----

@pytest.mark.everywhere
@pytest.mark.parametrize("path", [
    "/api%2Fchat/rooms/", "/api/chat%2frooms/", "/api/chat/rooms%2F{room}/",
    "/api/chat/rooms/{room}%2F", "/api/chat/rooms/{room}%2fmessages/", "/api/chat/rooms/%2F{room}/",
    "/api/chat/rooms/{room}/messages%2F1/", "/api%2fauth%2fme",
])
def test_an_encoded_slash_is_not_a_path_separator(place, path):
    path = path.format(room=place.room)
    assert_error(place.fcgi(path), 404)
    assert place.owner.get(path).status_code == 404


@pytest.mark.parametrize("path", [
    "/api/chat/rooms/{room}%00/", "/api/chat/rooms%00/", "/api%00/chat/rooms/",
    "/api/chat/rooms/%00/", "/api/chat/rooms/{room}/messages/%00", "/api/auth/me%00.html",
])
def test_an_encoded_nul_does_not_end_the_path(place, path):
    path = path.format(room=place.room)
    assert_error(place.fcgi(path), 404)
    answer = place.owner.get(path)
    assert_error(answer, 400)


@pytest.mark.parametrize("path", [
    "/api/chat/rooms/%252F/", "/api/chat/rooms/{room}%2500/", "/api/chat/rooms/%zz/",
    "/api/chat/rooms/%", "/api/chat/rooms/%4", "/api/chat/rooms/%c0%af/", "/api/chat/rooms/%ff/",
    "/api/chat/rooms/%2e%2e/users/", "/api/chat/rooms/../users/", "/api/chat/rooms/./",
    "/api/chat//rooms/", "/api/chat/rooms/{room};x=1/", "/api/chat/rooms/%E2%81%84/",
    "/api" + "/a" * 3000, "/api/" + "x" * 60000, "/api/chat/rooms/\x01/", '/api/chat/rooms/"/',
    "/api/chat/rooms/\u00e9/",
])
def test_malformed_paths_are_404(place, path):
    assert_error(place.fcgi(path.format(room=place.room)), 404)


@pytest.mark.parametrize("start", ["/%ff", "/\u00e9", '/"x', "/<script>", "/%00", "/a%2f"])
def test_a_prefix_of_the_path_is_kept_in_links(place, start):
    """A site may serve the program below a prefix, which is not interpreted."""
    answer = answer_of(place.fcgi(f"{start}{ROOMS}?limit=1&offset=1"))
    assert answer.json()["previous"].endswith(f"{start}{ROOMS}?limit=1")


def test_a_prefix_of_the_path_that_is_not_utf_8_is_404(place):
    """No web server forwards such a byte, but FastCGI can carry it."""
    path = b"/\xff/api/chat/rooms/?limit=1&offset=1"
    params = {"REQUEST_URI": path, "QUERY_STRING": b"limit=1&offset=1"}
    answer = place.owner.instance.fcgi(ROOMS, params=params, token=place.owner.token)
    assert_error(answer, 404)


def test_a_request_without_a_path_is_404(place):
    assert_error(place.fcgi("", REQUEST_URI=None, PATH_INFO=None), 404)
    assert_error(place.fcgi("", REQUEST_URI="?x=1", PATH_INFO=None), 404)
    assert_error(place.fcgi("/"), 404)


# ---- other headers ----

@pytest.mark.parametrize("name", ["HTTP_ORIGIN", "HTTP_REFERER", "HTTP_COOKIE",
                                  "HTTP_IF_NONE_MATCH", "HTTP_X_FORWARDED_FOR",
                                  "HTTP_X_FORWARDED_PROTO", "CONTENT_TYPE", "REMOTE_ADDR",
                                  "HTTP_ACCEPT", "HTTP_RANGE", "HTTPS"])
@pytest.mark.parametrize("value", ["x" * 100000, "\r\nSet-Cookie: a=b", b"\xff\xfe", ",;=\"'",
                                   "%s%n", " "])
def test_malformed_headers_do_no_harm(place, name, value):
    answer = answer_of(place.fcgi(ROOMS, **{name: value}))
    assert answer.status == 200
    assert "Set-Cookie" not in answer.headers
    assert answer.json()["count"] == 1
