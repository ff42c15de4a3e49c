"""A page of messages is read and its reader authenticated by one statement, unless the client has a
tag: both ways give the same answers and the same errors, in the same order. (More about rooms:
test_rooms_repeated.py.)"""
import pytest

from support.answers import assert_detail, assert_error
from support.client import Client
from support.limits import assert_429, until_429
from support.rooms import ROOMS, remove

PAGES = ["", "?limit=2", "?limit=2&offset=1", "?before={second}", "?before={third}&limit=1"]
OLDER = {"If-None-Match": 'W/"old"'}    # the caller is authenticated first


@pytest.fixture(scope="module")
def system(one_process):
    return one_process


@pytest.fixture
def carol(system):
    return Client(system).register()


@pytest.fixture
def said(alice, bob, room):
    """Posts three messages and reads them, so that the worker caches their senders."""
    messages = [alice.say(room, "first"), bob.say(room, "second"), alice.say(room, "third")]
    assert alice.get(f"{ROOMS}{room}/messages/").status_code == 200
    return messages


def page(client, room, query="", **options):
    return client.get(f"{ROOMS}{room}/messages/{query}", **options)


def assert_same(get):
    """`get` takes headers; checks that both paths give the same answer."""
    one, two = get(headers={}), get(headers=OLDER)
    assert (one.status_code, two.status_code) == (200, 200)
    assert one.json() == two.json()
    assert one.headers["ETag"] == two.headers["ETag"]
    assert get(headers={"If-None-Match": one.headers["ETag"]}).status_code == 304
    return one.json()


@pytest.mark.parametrize("query", PAGES)
def test_a_page_is_the_same_on_both_paths(bob, room, said, query):
    ids = {"second": said[1]["message_id"], "third": said[2]["message_id"]}
    path = query.format(**ids)
    body = assert_same(lambda headers: page(bob, room, path, headers=headers))
    assert body["count"] == 3
    assert 1 <= len(body["results"]) <= 3
    assert all(message in said for message in body["results"])


def test_a_page_after_the_end_is_empty(bob, room, said):
    body = assert_same(lambda headers: page(bob, room, "?offset=3", headers=headers))
    assert (body["count"], body["results"]) == (3, [])


def test_a_page_before_the_first_message_is_empty(bob, room, said):
    path = f"?before={said[0]['message_id']}"
    body = assert_same(lambda headers: page(bob, room, path, headers=headers))
    assert body["results"] == []


def test_a_cursor_of_another_room_is_refused(alice, bob, room, said):
    other = alice.say(alice.room()["room_id"])
    assert_error(page(bob, room, f"?before={other['message_id']}"), 400, keys=("before",))


def test_head_of_a_page_matches_get(bob, room, said):
    head, whole = bob.request("HEAD", f"{ROOMS}{room}/messages/"), page(bob, room)
    for name in ("ETag", "Content-Length", "Cache-Control", "Vary", "Allow"):
        assert head.headers[name] == whole.headers[name]


def test_a_message_of_a_new_sender_has_the_name(alice, bob, carol, room, said):
    alice.invite(room, carol)
    new = carol.say(room, "a word of hers")
    for _ in range(2):
        first = page(bob, room).json()["results"][0]
        assert (first, first["sender_username"]) == (new, carol.name)


def test_a_page_without_valid_credentials_is_401(alice, carol, room, said):
    assert_error(page(carol, room), 404)
    assert alice.patch(f"{ROOMS}{room}/", json={"is_private": False}).status_code == 200
    assert_error(page(carol, room), 403)


def test_a_page_for_a_removed_member_is_404(alice, bob, room, said):
    assert page(bob, room).status_code == 200
    assert remove(alice, {"room_id": room}, bob.id).status_code == 204
    assert_error(page(bob, room), 404)


def test_a_page_of_a_deleted_room_is_404(alice, bob, room, said):
    assert alice.delete(f"{ROOMS}{room}/").status_code == 204
    assert_error(page(bob, room), 404)


@pytest.mark.parametrize("headers", [{}, OLDER])
@pytest.mark.parametrize("path", ["{room}/messages/", "{room}/messages/?limit=0", "{room}/",
                                  "{room}/members/", "{room}/events/", "", "?limit=0"])
def test_a_revoked_token_is_refused(bob, room, said, path, headers):
    url = ROOMS + path.format(room=room)
    before = bob.get(url, headers=headers)
    assert before.status_code == (400 if "limit=0" in path else 200)
    assert bob.delete("/api/auth/token/").status_code == 204
    assert_detail(bob.get(url, headers=headers), 401, "Invalid token.")


@pytest.mark.parametrize("headers", [{}, OLDER])
@pytest.mark.parametrize("path", ["{room}/messages/", "{room}/", "{room}/members/", ""])
def test_a_disabled_user_is_refused_and_has_to_log_in_again(system, bob, room, said, path, headers):
    url = ROOMS + path.format(room=room)
    assert bob.get(url, headers=headers).status_code == 200
    system.confabctl("user", "disable", bob.name)
    assert_detail(bob.get(url, headers=headers), 401, "User inactive or deleted.")
    system.confabctl("user", "enable", bob.name)
    assert_detail(bob.get(url, headers=headers), 401, "Invalid token.")


def test_a_list_is_the_same_on_both_paths(alice, bob, room, said):
    bob.say(bob.room("Another")["room_id"], "hello")
    assert bob.get(ROOMS).status_code == 200
    body = assert_same(lambda headers: bob.get(ROOMS, headers=headers))
    assert [listed["name"] for listed in body["results"]][0] == "Another"
    assert body["results"][1]["last_message"] == said[2]
    cut = assert_same(lambda headers: bob.get(ROOMS + "?limit=1&offset=1", headers=headers))
    assert (cut["count"], cut["results"]) == (2, body["results"][1:])


def test_a_list_longer_than_its_page_has_the_right_count(bob, room, said):
    rooms = [bob.room(f"Room {number}")["room_id"] for number in range(3)]
    body = assert_same(lambda headers: bob.get(ROOMS + "?limit=1", headers=headers))
    assert body["count"] == 4
    assert body["results"][0]["room_id"] == rooms[-1]


def test_an_empty_list_is_the_same_on_both_paths(carol, room, said):
    body = assert_same(lambda headers: carol.get(ROOMS, headers=headers))
    assert (body["count"], body["results"]) == (0, [])


@pytest.mark.parametrize("path", ["{room}/messages/", "{room}/", ""])
def test_requests_above_the_rate_limit_are_429(tight_limits, path):
    dora = Client(tight_limits).register()
    room = dora.room()["room_id"]
    dora.say(room)
    count, refused = until_429(lambda: dora.get(ROOMS + path.format(room=room)), 60)
    assert count >= 2
    assert_429(refused)
    assert "ETag" not in refused.headers
