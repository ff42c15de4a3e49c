"""Pagination like DRF's LimitOffsetPagination: links and bounds."""

import json
import re

import pytest

from support.answers import assert_error
from support.rooms import ROOMS


@pytest.fixture(scope="module")
def owner(user):
    """A user with 5 rooms, the newest first: R5 ... R1."""
    client = user()
    for number in range(1, 6):
        client.room(f"R{number}")
    return client


@pytest.fixture(scope="module")
def full(user):
    """A room with 3 members and 3 messages: (its admin, its id)."""
    client = user()
    room = client.room()["room_id"]
    for _ in range(2):
        client.invite(room, user())
    for number in range(3):
        client.say(room, f"m{number}")
    return client, room


def page(client, query="", path=ROOMS, **options):
    answer = client.get(path + query, **options)
    assert answer.status_code == 200, answer.text
    return answer.json()


def names(answer):
    return [room["name"] for room in answer["results"]]


# ---- the envelope ----

def test_a_list_has_the_four_keys_of_the_envelope(owner):
    assert set(page(owner)) == {"count", "next", "previous", "results"}


@pytest.mark.parametrize("path", ["/api/chat/rooms/", "/api/chat/rooms/?public=1",
                                  "/api/chat/users/", "/api/chat/rooms/{id}/members/",
                                  "/api/chat/rooms/{id}/messages/"])
def test_lists_of_rooms_members_users_and_messages_have_the_envelope(full, path):
    client, room = full
    answer = page(client, path=path.format(id=room))
    assert set(answer) == {"count", "next", "previous", "results"}


def test_count_is_independent_of_the_page(owner):
    for query in ("", "?limit=1", "?limit=2&offset=4", "?offset=100"):
        assert page(owner, query)["count"] == 5


def test_an_empty_list_has_no_links(user):
    assert page(user()) == {"count": 0, "next": None, "previous": None, "results": []}


# ---- the links ----

@pytest.mark.parametrize("query, shown, following, previous", [
    ("", ["R5", "R4", "R3", "R2", "R1"], None, None),
    ("?limit=5", ["R5", "R4", "R3", "R2", "R1"], None, None),
    ("?limit=2", ["R5", "R4"], "?limit=2&offset=2", None),
    ("?limit=2&offset=0", ["R5", "R4"], "?limit=2&offset=2", None),
    ("?limit=2&offset=1", ["R4", "R3"], "?limit=2&offset=3", "?limit=2"),
    ("?limit=2&offset=2", ["R3", "R2"], "?limit=2&offset=4", "?limit=2"),
    ("?limit=2&offset=3", ["R2", "R1"], None, "?limit=2&offset=1"),
    ("?limit=2&offset=4", ["R1"], None, "?limit=2&offset=2"),
    ("?offset=2&limit=1", ["R3"], "?limit=1&offset=3", "?limit=1&offset=1"),
    ("?limit=3&offset=5", [], None, "?limit=3&offset=2"),
    ("?offset=4", ["R1"], None, "?limit=50"),
    ("?limit=3&offset=1000", [], None, "?limit=3&offset=997"),
])
def test_pages_and_links_match_drf(owner, query, shown, following, previous):
    answer = page(owner, query)
    base = owner.instance.url + ROOMS
    assert names(answer) == shown
    assert answer["next"] == (following and base + following)
    assert answer["previous"] == (previous and base + previous)


@pytest.mark.everywhere
def test_following_next_shows_every_room_once(owner):
    seen, url = [], owner.instance.url + ROOMS + "?limit=2"
    while url:
        answer = page(owner, path=url.removeprefix(owner.instance.url))
        seen += names(answer)
        url = answer["next"]
    assert seen == ["R5", "R4", "R3", "R2", "R1"]


def test_following_previous_leads_back_to_the_first_page(owner):
    answer = page(owner, "?limit=2&offset=3")
    for _ in range(2):
        answer = page(owner, path=answer["previous"].removeprefix(owner.instance.url))
    assert names(answer) == ["R5", "R4"]
    assert answer["previous"] is None


def test_links_of_public_rooms_keep_the_public_parameter(user):
    client = user()
    client.room(is_private=False), client.room(is_private=False)
    answer = page(client, "?public=1&limit=1&offset=1")
    assert answer["previous"] == f"{client.instance.url}{ROOMS}?limit=1&public=1"


@pytest.mark.parametrize("kind", ["members", "messages"])
def test_links_of_lists_in_a_room_lead_to_the_same_list(full, kind):
    client, room = full
    path = f"/api/chat/rooms/{room}/{kind}/"
    answer = page(client, "?limit=1&offset=1", path)
    assert answer["count"] == 3
    assert answer["next"] == f"{client.instance.url}{path}?limit=1&offset=2"
    assert answer["previous"] == f"{client.instance.url}{path}?limit=1"


@pytest.mark.everywhere
def test_links_have_the_path_of_the_request(owner):
    answer = page(owner, "?limit=1", "/api/chat/rooms")
    assert answer["next"] == f"{owner.instance.url}/api/chat/rooms?limit=1&offset=1"


@pytest.mark.everywhere
def test_links_have_the_host_of_the_request(owner):
    answer = page(owner, "?limit=1", headers={"Host": "chat.example.org"})
    assert answer["next"] == "http://chat.example.org/api/chat/rooms/?limit=1&offset=1"


@pytest.mark.everywhere
def test_links_have_the_port_of_the_request(owner):
    answer = page(owner, "?limit=1", headers={"Host": "chat.example.org:8443"})
    assert answer["next"].startswith("http://chat.example.org:8443/api/")


def test_without_a_host_links_have_the_server_name(owner):
    """HTTP/1.0 has no Host."""
    request = (f"GET {ROOMS}?limit=1 HTTP/1.0\r\nAuthorization: Token {owner.token}\r\n\r\n")
    answer = owner.instance.raw(request.encode())
    link = json.loads(answer.partition(b"\r\n\r\n")[2])["next"]
    assert re.fullmatch(rf"http://[^/:]+:{owner.instance.port}{ROOMS}\?limit=1&offset=1", link)


@pytest.mark.parametrize("params, start", [
    ({"SERVER_NAME": "::1", "SERVER_PORT": "8000"}, "http://[::1]:8000/api/"),
    ({"SERVER_NAME": "chat.example", "SERVER_PORT": "80"}, "http://chat.example/api/"),
    ({"SERVER_NAME": "chat.example", "SERVER_PORT": "443", "HTTPS": "on"},
     "https://chat.example/api/"),
    ({"SERVER_NAME": None, "SERVER_PORT": None}, "http://localhost/api/"),
])
def test_the_server_name_is_written_as_in_a_url(owner, params, start):
    status, _, body = owner.instance.fcgi(f"{ROOMS}?limit=1", params={"HTTP_HOST": None, **params},
                                          token=owner.token)
    assert status == 200
    assert f'"next":"{start}'.encode() in body


def test_links_are_https_when_the_web_server_reports_https(owner):
    for params in ({"HTTPS": "on"}, {"REQUEST_SCHEME": "https"}):
        _, _, body = owner.instance.fcgi(f"{ROOMS}?limit=1", params=params, token=owner.token)
        assert b'"next":"https://' in body


# ---- the bounds ----

def test_a_page_has_50_entries_by_default(user):
    client = user()
    room = client.room()["room_id"]
    for number in range(51):
        client.say(room, str(number))
    answer = page(client, path=f"/api/chat/rooms/{room}/messages/")
    assert len(answer["results"]) == 50
    assert answer["next"].endswith("?limit=50&offset=50")


@pytest.mark.parametrize("limit", ["201", "1000", "99999999999999999999", "1" + "0" * 30])
def test_a_limit_above_200_is_capped_at_200(instance, user, limit):
    client = user()
    room = client.room()["room_id"]
    instance.sql("INSERT INTO message (room_id, position, sender_id, message_type, created_at, "
                 "client_id, content) SELECT ?, seq, ?, 1, SYSDATE(6), CONCAT('x', seq), 'x' "
                 "FROM seq_1_to_202", room, client.id)
    instance.sql("UPDATE room SET message_count = 202, last_active_at = (SELECT MAX(created_at) "
                 "FROM message m WHERE m.room_id = room.room_id) WHERE room_id = ?", room)
    answer = page(client, f"?limit={limit}", f"/api/chat/rooms/{room}/messages/")
    assert len(answer["results"]) == 200
    assert answer["next"].endswith("?limit=200&offset=200")


@pytest.mark.parametrize("offset", ["6", "1000000", "9223372036854775807", "18446744073709551615",
                                    "18446744073709551616", "1" + "0" * 30])
def test_an_offset_beyond_the_end_is_an_empty_page(owner, offset):
    answer = page(owner, f"?offset={offset}")
    assert (answer["count"], answer["next"], answer["results"]) == (5, None, [])
    assert answer["previous"] is not None


@pytest.mark.parametrize("value", ["-1", "+1", "1.0", "1e2", "0x10", "x", "", "%20", "1%20", "1,5",
                                   "%D9%A1", "null", "1;2", "1'"])
def test_a_parameter_that_is_not_an_integer_is_400(owner, value):
    assert_error(owner.get(f"{ROOMS}?limit={value}"), 400, ["limit"])
    assert_error(owner.get(f"{ROOMS}?offset={value}"), 400, ["offset"])


def test_a_limit_of_0_is_400_and_an_offset_of_0_is_accepted(owner):
    assert_error(owner.get(f"{ROOMS}?limit=0"), 400, ["limit"])
    assert owner.get(f"{ROOMS}?offset=0").status_code == 200


@pytest.mark.parametrize("path, more", [
    ("/api/chat/rooms/", "public"), ("/api/chat/users/", None),
    ("/api/chat/rooms/{id}/members/", None), ("/api/chat/rooms/{id}/messages/", "before"),
])
def test_all_invalid_parameters_are_reported_together(full, path, more):
    client, room = full
    query = "?limit=x&offset=y" + (f"&{more}=z" if more else "")
    fields = ["limit", "offset"] + ([more] if more else [])
    assert_error(client.get(path.format(id=room) + query), 400, fields)


def test_the_last_of_a_repeated_parameter_is_used(owner):
    assert names(page(owner, "?limit=x&limit=1")) == ["R5"]


def test_unknown_parameters_are_ignored_and_not_in_links(owner):
    answer = page(owner, "?limit=1&colour=blue&page=7")
    assert answer["next"] == f"{owner.instance.url}{ROOMS}?limit=1&offset=1"
