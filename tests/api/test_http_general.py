"""Properties of every answer: types, headers, paths, methods, times."""

import json
import re

import pytest

from support.answers import JSON_TYPE, assert_error
from support.client import Client
from support.files import announce
from support.lists import assert_complete
from support.routes import route_of, routes
from support.wait import wait_for

TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z")


@pytest.fixture(scope="module")
def place(user):
    """An admin with a room and a message; .path() inserts their ids into a path."""
    return Place(user())


class Place:
    def __init__(self, owner):
        self.owner = owner
        self.room = owner.room()["room_id"]
        self.message = owner.say(self.room)["message_id"]
        self.file = announce(owner, {"room_id": self.room}).json()["file_id"]
        self.link = owner.post(f"/api/chat/rooms/{self.room}/links/",
                               json={"role": "member"}).json()["link"]

    def path(self, pattern):
        return pattern.format(room=self.room, message=self.message, me=self.owner.id,
                              file=self.file, session_id="t1", name="a.png", secret="0" * 40, link=self.link)


# Every path of the API and the methods it has.
PATHS = {
    "/healthz": "GET, HEAD, OPTIONS",
    "/api/": "GET, HEAD, OPTIONS",
    "/api/schema/": "GET, HEAD, OPTIONS",
    "/api/schema/events/": "GET, HEAD, OPTIONS",
    "/api/docs/": "GET, HEAD, OPTIONS",
    "/api/auth/register/": "POST, OPTIONS",
    "/api/auth/guest/": "POST, OPTIONS",
    "/api/auth/token/": "POST, DELETE, OPTIONS",
    "/api/auth/jwt/": "POST, OPTIONS",
    "/api/auth/login/": "POST, OPTIONS",
    "/api/auth/logout/": "POST, OPTIONS",
    "/api/auth/me/": "GET, HEAD, PATCH, DELETE, OPTIONS",
    "/api/auth/sessions/": "GET, HEAD, DELETE, OPTIONS",
    "/api/auth/sessions/{session_id}/": "DELETE, OPTIONS",
    "/api/auth/password/": "POST, OPTIONS",
    "/api/auth/me/export/": "GET, HEAD, POST, OPTIONS",
    "/api/auth/email/": "GET, HEAD, POST, DELETE, OPTIONS",
    "/api/auth/email/confirm/": "POST, OPTIONS",
    "/api/auth/reset/": "POST, OPTIONS",
    "/api/auth/reset/confirm/": "POST, OPTIONS",
    "/api/auth/totp/": "GET, HEAD, POST, DELETE, OPTIONS",
    "/api/auth/totp/confirm/": "POST, OPTIONS",
    "/api/chat/users/": "GET, HEAD, OPTIONS",
    "/api/chat/search/": "GET, HEAD, OPTIONS",
    "/api/chat/events/": "GET, HEAD, OPTIONS",
    "/api/chat/mentions/": "GET, HEAD, OPTIONS",
    "/api/chat/sync/": "POST, OPTIONS",
    "/api/chat/rooms/": "GET, HEAD, POST, OPTIONS",
    "/api/chat/rooms/direct/": "POST, OPTIONS",
    "/api/chat/rooms/read/": "POST, OPTIONS",
    "/api/chat/rooms/{room}/": "GET, HEAD, PATCH, DELETE, OPTIONS",
    "/api/chat/rooms/{room}/invite/": "POST, OPTIONS",
    "/api/chat/rooms/{room}/remove_member/": "POST, OPTIONS",
    "/api/chat/rooms/{room}/join/": "POST, OPTIONS",
    "/api/chat/rooms/{room}/me/": "PATCH, OPTIONS",
    "/api/chat/rooms/{room}/members/": "GET, HEAD, OPTIONS",
    "/api/chat/rooms/{room}/members/{me}/": "PATCH, OPTIONS",
    "/api/chat/rooms/{room}/messages/{message}/report/": "POST, OPTIONS",
    "/api/chat/blocks/": "GET, HEAD, POST, DELETE, OPTIONS",
    "/api/chat/held/": "GET, HEAD, OPTIONS",
    "/api/chat/bans/": "GET, HEAD, OPTIONS",
    "/api/chat/silences/": "GET, HEAD, OPTIONS",
    "/api/chat/open-rooms/": "GET, HEAD, OPTIONS",
    "/api/chat/rooms/{room}/silences/": "GET, HEAD, OPTIONS",
    "/api/chat/reports/": "GET, HEAD, OPTIONS",
    "/api/chat/reports/{message}/": "PATCH, OPTIONS",
    "/api/chat/rooms/{room}/links/": "GET, HEAD, POST, DELETE, OPTIONS",
    "/api/chat/rooms/{room}/links/{link}/": "DELETE, OPTIONS",
    "/api/chat/links/use/": "POST, OPTIONS",
    "/api/chat/links/{link}/": "GET, HEAD, OPTIONS",
    "/api/chat/rooms/{room}/silence/": "POST, DELETE, OPTIONS",
    "/api/chat/rooms/{room}/bans/": "GET, HEAD, POST, OPTIONS",
    "/api/chat/rooms/{room}/bans/{me}/": "DELETE, OPTIONS",
    "/api/chat/rooms/{room}/held/": "GET, HEAD, OPTIONS",
    "/api/chat/rooms/{room}/held/{me}/": "DELETE, OPTIONS",
    "/api/chat/rooms/{room}/held/{me}/approve/": "POST, OPTIONS",
    "/api/chat/rooms/{room}/messages/": "GET, HEAD, POST, OPTIONS",
    "/api/chat/rooms/{room}/messages/{message}/": "GET, HEAD, PATCH, DELETE, OPTIONS",
    "/api/chat/rooms/{room}/messages/{message}/reads/": "GET, HEAD, OPTIONS",
    "/api/chat/rooms/{room}/messages/{message}/replies/": "GET, HEAD, OPTIONS",
    "/api/chat/rooms/{room}/messages/{message}/reactions/": "GET, HEAD, PUT, DELETE, OPTIONS",
    "/api/chat/rooms/{room}/pins/": "GET, HEAD, OPTIONS",
    "/api/chat/rooms/{room}/pins/{message}/": "PUT, DELETE, OPTIONS",
    "/api/chat/rooms/{room}/read/": "POST, OPTIONS",
    "/api/chat/rooms/{room}/reads/": "GET, HEAD, OPTIONS",
    "/api/chat/rooms/{room}/unread/": "POST, OPTIONS",
    "/api/chat/rooms/{room}/presence/": "GET, HEAD, OPTIONS",
    "/api/chat/rooms/{room}/events/": "GET, HEAD, OPTIONS",
    "/api/chat/rooms/{room}/files/": "POST, OPTIONS",
    "/api/chat/files/{file}/": "GET, HEAD, PUT, OPTIONS",
    "/api/chat/files/{file}/thumbnail/": "GET, HEAD, PUT, OPTIONS",
    "/api/chat/files/{file}/done/": "POST, OPTIONS",
    "/api/chat/files/{file}/link/": "GET, HEAD, OPTIONS",
    "/api/chat/files/{file}/{name}/": "GET, HEAD, OPTIONS",
    "/api/site/users/": "GET, HEAD, PUT, OPTIONS",
    "/api/site/users/{me}/": "PATCH, DELETE, OPTIONS",
    "/api/site/users/{me}/token/": "POST, OPTIONS",
    "/api/site/users/{me}/logout/": "POST, OPTIONS",
    "/api/site/rooms/": "PUT, OPTIONS",
    "/api/site/rooms/{room}/members/": "PUT, OPTIONS",
    "/api/site/rooms/{room}/messages/": "POST, OPTIONS",
    "/api/site/bans/": "GET, HEAD, POST, OPTIONS",
    "/api/site/bans/{me}/": "DELETE, OPTIONS",
    "/api/site/audit/": "GET, HEAD, OPTIONS",
    "/api/site/hooks/": "GET, HEAD, POST, OPTIONS",
    "/api/site/hooks/{message}/": "GET, HEAD, PATCH, DELETE, OPTIONS",
    "/api/site/hooks/{message}/test/": "POST, OPTIONS",
    "/api/site/changes/": "GET, HEAD, OPTIONS",
    "/api/site/changes/ack/": "POST, OPTIONS",
    "/api/site/batch/": "POST, OPTIONS",
    "/api/hooks/in/{secret}/": "POST, OPTIONS",
}
DERIVED = {"HEAD", "OPTIONS"}
# Those that answer JSON to a user without parameters.
READABLE = [path for path, methods in PATHS.items()
            if "GET" in methods and path not in ("/api/docs/", "/api/chat/search/")
            and not path.startswith("/api/site/") and "{file}/" not in path[:-1]]


def methods_of(answer):
    return {method.strip() for method in answer.headers["Allow"].split(",")}


def test_every_route_is_tested_here():
    tested = {(method, route_of(path)) for path, methods in PATHS.items()
              for method in set(methods.split(", ")) - DERIVED}
    assert_complete(tested, routes(), "PATHS of tests/api/test_http_general.py")


# ---- types and paths ----

@pytest.mark.parametrize("path", READABLE)
def test_an_answer_is_json_in_utf_8(place, path):
    answer = place.owner.get(place.path(path))
    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == JSON_TYPE
    assert isinstance(answer.json(), dict)


@pytest.mark.everywhere
@pytest.mark.parametrize("path", READABLE)
def test_a_path_works_without_its_trailing_slash(place, path):
    path = place.path(path).rstrip("/")
    with_slash, without = place.owner.get(path + "/"), place.owner.get(path)
    assert with_slash.status_code == without.status_code == 200
    # Links have the form of the request.
    assert with_slash.text.replace(path + "/?", path + "?") == without.text


@pytest.mark.everywhere
def test_a_post_works_without_the_trailing_slash(user):
    client = user()
    answer = client.post("/api/chat/rooms", json={"name": "No slash"})
    assert answer.status_code == 201
    room = answer.json()["room_id"]
    assert client.post(f"/api/chat/rooms/{room}/messages", json={"content": "x"}).status_code == 201
    assert client.delete(f"/api/chat/rooms/{room}").status_code == 204


@pytest.mark.everywhere
def test_text_is_returned_as_the_same_utf_8(place):
    words = "héllo \N{GRINNING FACE} \u05d0\u05d1 \u200d\ufeff \u2028 </script> \x7f \"'\\\t\n"
    assert place.owner.say(place.room, "x" + words + "x")["content"] == "x" + words + "x"


def test_escapes_in_the_body_are_decoded(place):
    body = rb'{"content": "\u00e9\ud83d\ude00\/\"\\\b\f\n\r\tx"}'
    answer = place.owner.post(f"/api/chat/rooms/{place.room}/messages/", data=body,
                              headers={"Content-Type": "application/json"})
    assert answer.json()["content"] == "é\N{GRINNING FACE}/\"\\\b\f\n\r\tx"


def test_answers_contain_no_unnecessary_escapes(place):
    """Text of any language is plain UTF-8."""
    place.owner.say(place.room, "é\N{GRINNING FACE}")
    answer = place.owner.get(f"/api/chat/rooms/{place.room}/messages/?limit=1")
    assert "é\N{GRINNING FACE}".encode() in answer.content


@pytest.mark.everywhere
@pytest.mark.parametrize("path", [
    "/api/nothing/", "/api/nothing", "/api/schema/nothing/", "/api/chat/", "/api/auth/", "/api/auth/me/more/",
    "/api/chat/rooms/{room}/nothing/", "/api/chat/Rooms/", "/API/chat/rooms/", "/api/auth/me//",
    "/api//auth/me/", "/api/chat/rooms/{room}/members/{me}/more/", "/api/auth/m%65e/",
])
def test_an_unknown_path_under_api_is_a_404_in_json(place, path):
    answer = place.owner.get(place.path(path))
    assert assert_error(answer, 404) == {"detail": "Not found."}


@pytest.mark.parametrize("number", ["0", "-1", "+1", "1.0", "01x", "abc", "1e3", "0x1", "%20",
                                    "1%2F", "9223372036854775808", "18446744073709551616",
                                    "1" + "0" * 30, "%D9%A1", "1;", "{room}%00"])
def test_an_id_in_the_path_that_is_not_a_positive_integer_is_404(instance, place, number):
    for path in ("/api/chat/rooms/{id}/", "/api/chat/rooms/{room}/messages/{id}/"):
        path = place.path(path.replace("{id}", number))
        answer = instance.fcgi(path, token=place.owner.token, params={"PATH_INFO": None})
        assert assert_error(answer, 404) == {"detail": "Not found."}


@pytest.mark.everywhere
def test_unnecessary_percent_encoding_is_decoded(place):
    assert place.owner.get("/api/chat/%72ooms/").status_code == 200


def test_an_absolute_url_in_the_request_line_is_accepted(instance, place):
    request = (f"GET {instance.url}/api/auth/me/ HTTP/1.1\r\nHost: 127.0.0.1:{instance.port}\r\n"
               f"Authorization: Token {place.owner.token}\r\nConnection: close\r\n\r\n")
    assert instance.raw(request.encode()).startswith(b"HTTP/1.1 200 ")


def test_a_site_may_serve_the_program_below_a_prefix(instance, place):
    """Apache's ScriptAlias, lighttpd's cgi-bin: the part before /api/ is ignored."""
    status, _, _ = instance.fcgi("/cgi-bin/confab.cgi/api/auth/me/", token=place.owner.token)
    assert status == 200


# ---- unknown fields ----

# ---- methods ----

@pytest.mark.everywhere
@pytest.mark.parametrize("path, methods", PATHS.items())
def test_options_lists_the_methods_of_a_path(place, path, methods):
    answer = place.owner.request("OPTIONS", place.path(path))
    assert answer.status_code == 200
    assert methods_of(answer) == set(methods.split(", "))


@pytest.mark.parametrize("path", PATHS)
def test_options_requires_no_credentials(anonymous, place, path):
    assert anonymous.request("OPTIONS", place.path(path)).status_code == 200


@pytest.mark.everywhere
@pytest.mark.parametrize("path", READABLE)
def test_head_answers_like_get_without_the_body(place, path):
    path = place.path(path)
    get, head = place.owner.get(path), place.owner.request("HEAD", path)
    assert (head.status_code, head.content) == (200, b"")
    differing = {"Date", "X-Request-ID"}
    for name in (set(get.headers) | set(head.headers)) - differing:
        assert head.headers.get(name) == get.headers.get(name), name


def test_head_of_an_unknown_resource_is_404(place):
    answer = place.owner.request("HEAD", "/api/chat/rooms/999999999/")
    assert (answer.status_code, answer.content) == (404, b"")


@pytest.mark.everywhere
@pytest.mark.parametrize("path, methods", PATHS.items())
def test_a_method_that_a_path_does_not_have_is_405(place, path, methods):
    for method in {"GET", "POST", "PUT", "PATCH", "DELETE"} - set(methods.split(", ")):
        answer = place.owner.request(method, place.path(path))
        assert assert_error(answer, 405) == {"detail": f'Method "{method}" not allowed.'}
        assert methods_of(answer) == set(methods.split(", "))


def test_405_takes_precedence_over_401(anonymous):
    assert_error(anonymous.request("PUT", "/api/chat/rooms/"), 405)


@pytest.mark.parametrize("method", ["TRACE", "CONNECT", "PROPFIND", "LOCK", "get", "", "X" * 500,
                                    'A"B', "\u00e4", b"\xff"])
def test_an_unknown_method_is_405(instance, place, method):
    answer = instance.fcgi("/api/chat/rooms/", token=place.owner.token,
                           params={"REQUEST_METHOD": method})
    assert_error(answer, 405)


# ---- headers of every answer ----

def answers_of_every_kind(place):
    """(status, answer) for each status of a healthy fcgi-api."""
    owner, rooms = place.owner, "/api/chat/rooms/"
    room = owner.room()["room_id"]
    public = owner.room(is_private=False)["room_id"]
    stranger = Client(owner.instance).register()
    tag = owner.get(rooms).headers["ETag"]
    return {
        200: owner.get(rooms), 201: owner.post(rooms, json={"name": "x"}),
        204: owner.delete(f"{rooms}{room}/"), 400: owner.post(rooms, json={}),
        304: owner.get(f"{rooms}{public}/", headers={"If-None-Match": "*", "X": tag}),
        401: Client(owner.instance).get(rooms), 403: stranger.delete(f"{rooms}{public}/"),
        404: owner.get(f"{rooms}{room}/"), 405: owner.request("PUT", rooms),
        410: owner.get(f"{rooms}{public}/events/?after=9"),
        413: owner.post(rooms, json={"name": "x" * 140000}),
        414: owner.get(rooms + "?x=" + "x" * 9000), 415: owner.post(rooms, data="<xml/>"),
    }


def test_every_answer_has_allow_and_a_unique_request_id(place):
    answers = answers_of_every_kind(place)
    for status, answer in answers.items():
        assert answer.status_code == status
        assert answer.headers["Allow"], status
        assert re.fullmatch(r"[0-9a-f]{16}", answer.headers["X-Request-ID"]), status
    assert len({answer.headers["X-Request-ID"] for answer in answers.values()}) == len(answers)


@pytest.mark.everywhere
def test_every_error_is_json(place):
    for status, answer in answers_of_every_kind(place).items():
        if status >= 400:
            assert answer.headers["Content-Type"] == JSON_TYPE, status
            assert isinstance(json.loads(answer.content), dict), status


def test_an_answer_without_content_has_no_type(place):
    answers = answers_of_every_kind(place)
    for status in (204, 304):
        assert answers[status].content == b""
        assert "Content-Type" not in answers[status].headers


def test_the_log_line_of_a_request_has_its_id_and_no_secrets(place):
    owner = place.owner
    answer = owner.post(f"/api/chat/rooms/{place.room}/messages/", json={"content": "secret words"})
    number = answer.headers["X-Request-ID"]
    line = wait_for(lambda: next((line for line in owner.instance.log().splitlines()
                                  if f"id={number}" in line), None))
    assert "POST" in line and " 201 " in line and f"user={owner.id}" in line
    assert "secret words" not in owner.instance.log()
    assert owner.token not in owner.instance.log()


# ---- times ----

def times_in(value):
    """All values of keys that end in _at, at any depth."""
    if isinstance(value, dict):
        for key, inner in value.items():
            if key.endswith("_at") and inner is not None:
                yield inner
            yield from times_in(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from times_in(inner)


def test_times_have_six_digits_and_a_z(place):
    owner, room = place.owner, place.room
    path = f"/api/chat/rooms/{room}/messages/{owner.say(room)['message_id']}/"
    owner.patch(path, json={"content": "edited"})
    found = []
    for readable in (path for path in READABLE if "schema" not in path):
        found += times_in(owner.get(place.path(readable)).json())
    assert len(found) >= 8
    assert [time for time in found if not TIME.fullmatch(time)] == []


def test_times_keep_trailing_zeros(instance, place):
    instance.sql("UPDATE room SET created_at = '2024-01-15 10:30:00.000000', "
                 "last_active_at = GREATEST(COALESCE((SELECT MAX(created_at) FROM message m WHERE "
                 "m.room_id = room.room_id), 0), created_at) WHERE room_id = ?", place.room)
    room = place.owner.get(f"/api/chat/rooms/{place.room}/").json()
    assert room["created_at"] == "2024-01-15T10:30:00.000000Z"
