"""Content types and sizes of bodies."""

import json

import pytest

from support.answers import assert_error
from support.client import Client, fresh_name
from support.rooms import ROOMS

KIB = 1024


def post(client, body, content_type, path=ROOMS):
    headers = {"Content-Type": content_type} if content_type else {}
    return client.post(path, data=body, headers=headers)


def room_of_size(size):
    """A body of exactly this many bytes that creates a room."""
    body = json.dumps({"name": "Large", "pad": ""}).encode()
    return body[:-2] + b"x" * (size - len(body)) + body[-2:]


# ---- types ----

@pytest.mark.parametrize("content_type", [
    "application/json", "application/json; charset=utf-8", "application/json;charset=UTF-8",
    "Application/JSON", 'application/json; charset="utf-8"', "application/json ; x=y",
    "application/json; charset=utf8", "application/json; charset = UTF-8 ; x=y",
    'application/json; x="a b"; Charset="UTF8"', "application/json; xcharset=latin1",
])
def test_json_is_accepted_with_every_json_content_type(owner, content_type):
    assert post(owner, b'{"name": "x"}', content_type).status_code == 201


@pytest.mark.parametrize("content_type", [
    None, "text/plain", "application/xml", "application/x-www-form-urlencoded", "application/jsonp",
    "multipart/form-data; boundary=x", "json", "application/json; charset=latin1",
    "application/json; charset=utf-8x", "application/json; charset=utf-16",
    'application/json; charset="utf-8', "application/json; charset=utf-8 latin1",
    "application/json; charset=utf-8; charset=latin1",
    "application/octet-stream", "x" * 2000, "text/\u00e4".encode(), "application",
])
def test_a_body_of_any_other_type_is_415(owner, content_type):
    assert_error(post(owner, b'{"name": "x"}', content_type), 415)


@pytest.mark.parametrize("method, path", [
    ("PATCH", "/api/chat/rooms/{id}/"), ("POST", "/api/chat/rooms/{id}/messages/"),
    ("POST", "/api/chat/rooms/{id}/invite/"), ("POST", "/api/chat/rooms/{id}/remove_member/"),
    ("POST", "/api/chat/rooms/{id}/read/"), ("POST", "/api/chat/rooms/direct/"),
    ("PATCH", "/api/chat/rooms/{id}/members/{me}/"), ("POST", "/api/auth/password/"),
    ("POST", "/api/chat/rooms/"),
])
def test_a_form_is_415_on_endpoints_without_username(owner, method, path):
    path = path.format(id=owner.room()["room_id"], me=owner.id)
    assert_error(owner.request(method, path, data={"name": "x"}), 415)


@pytest.mark.everywhere
@pytest.mark.parametrize("path", ["/api/auth/register/", "/api/auth/token/", "/api/auth/login/"])
def test_a_form_is_accepted_on_endpoints_with_username(anonymous, path):
    answer = anonymous.post(path, data={"username": "", "password": ""})
    assert_error(answer, 400, ["username", "password"])


@pytest.mark.parametrize("body, password", [
    ("password=a+b%2Bc%26d%3De&username={}", "a b+c&d=e"),
    ("username={}&password=wrong+one&password=right+one", "right one"),
    ("&&username={}&password=%C3%A4%F0%9F%98%80++++++&&", "ä\N{GRINNING FACE}      "),
    ("username={}&password=a=b=c=d=e", "a=b=c=d=e"),
    ("user%6eame={}&password=1234-5678", "1234-5678"),
])
def test_a_form_is_decoded_as_browsers_encode_it(anonymous, body, password):
    name = fresh_name()
    answer = post(anonymous, body.format(name), "application/x-www-form-urlencoded",
                  "/api/auth/register/")
    assert answer.status_code == 201, answer.text
    login = {"username": name, "password": password}
    assert anonymous.post("/api/auth/token/", json=login).status_code == 200


@pytest.mark.parametrize("body", [b"username=a%00b&password=12345678", b"username=%ff", b"%ff=x",
                                  b"username=abc&password=%zz", b"username=%", b"username=\xff",
                                  b"username=%ED%A0%80", b"username=%C0%AF", b"a=\x00"])
def test_a_form_that_is_not_utf_8_is_400(anonymous, body):
    answer = post(anonymous, body, "application/x-www-form-urlencoded", "/api/auth/register/")
    assert_error(answer, 400)


def test_a_missing_body_is_an_empty_object(owner):
    assert_error(owner.post(ROOMS), 400, ["name"])
    assert_error(post(owner, b"", "text/plain"), 400, ["name"])


@pytest.mark.everywhere
def test_an_unexpected_body_is_ignored(owner):
    room = owner.room(is_private=False)["room_id"]
    client = Client(owner.instance).register()
    assert post(client, b"<xml/>", "text/xml", f"{ROOMS}{room}/join/").status_code == 201
    path = f"{ROOMS}{room}/"
    answer = owner.delete(path, data=b"{not json", headers={"Content-Type": "application/json"})
    assert answer.status_code == 204
    status, _, _ = owner.instance.fcgi("/api/auth/me/", body=b"{not json", token=owner.token)
    assert status == 200


def test_401_takes_precedence_over_415(anonymous):
    assert_error(post(anonymous, b"<xml/>", "text/xml"), 401)


# ---- sizes ----

@pytest.mark.everywhere
def test_a_body_of_128_kib_is_accepted(owner):
    assert post(owner, room_of_size(128 * KIB), "application/json").status_code == 201


@pytest.mark.everywhere
def test_a_body_one_byte_larger_is_413(owner):
    assert_error(post(owner, room_of_size(128 * KIB + 1), "application/json"), 413)


@pytest.mark.everywhere
@pytest.mark.parametrize("size", [256 * KIB, 1024 * KIB, 2040 * KIB, 2060 * KIB, 8192 * KIB])
def test_a_body_of_any_larger_size_is_413_in_json(owner, size):
    head = (f"POST {ROOMS} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Token {owner.token}\r\n"
            f"Content-Type: application/json\r\nContent-Length: {size}\r\n"
            "Connection: close\r\n\r\n")
    assert_error(owner.instance.raw(head.encode() + room_of_size(size)), 413)


@pytest.mark.everywhere
def test_an_unexpected_body_that_is_too_large_is_413(owner):
    path = f"{ROOMS}{owner.room()['room_id']}/join/"
    assert_error(post(owner, room_of_size(128 * KIB + 1), "application/json", path), 413)


@pytest.mark.everywhere
def test_a_body_without_a_length_is_accepted(owner):
    answer = post(owner, iter([b'{"name": ', b'"In pieces"}']), "application/json")
    assert (answer.status_code, answer.json()["name"]) == (201, "In pieces")


def test_a_body_without_a_length_that_is_too_large_is_413(owner):
    pieces = (b"x" * 4096 for _ in range(50))
    answer = post(owner, pieces, "application/json")
    assert_error(answer, 413)


def test_a_body_that_is_too_large_creates_no_room(owner):
    before = owner.get(ROOMS).json()["count"]
    post(owner, room_of_size(200 * KIB), "application/json")
    assert owner.get(ROOMS).json()["count"] == before


# ---- the query ----

def test_a_query_of_8_kib_is_accepted(owner):
    query = "search=".ljust(8 * KIB, "x")
    assert owner.get(f"/api/chat/users/?{query}").status_code == 200


def test_a_query_one_byte_longer_is_414(owner):
    query = "search=".ljust(8 * KIB + 1, "x")
    assert_error(owner.get(f"/api/chat/users/?{query}"), 414)


def test_a_long_query_is_refused_before_credentials_are_checked(anonymous):
    assert_error(anonymous.get("/api/chat/users/?" + "x" * 9000), 414)
