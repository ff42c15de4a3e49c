"""The auth cache of a process is a hint: each post checks the token, the user and the membership
again."""
import pytest

from support.answers import assert_detail, assert_error
from support.client import Client
from support.limits import assert_429, until_429
from support.rooms import ROOMS, remove
from support.shapes import wrong


@pytest.fixture(scope="module")
def system(one_process):
    return one_process


@pytest.fixture
def cached_sender(bob, room):
    """Bob, who has posted to the room twice: before and after the worker cached him."""
    bob.say(room)
    bob.say(room)
    return bob


def post(client, room, **body):
    return client.post(f"{ROOMS}{room}/messages/", json={"content": "hello", **body})


def new_token(system, client):
    answer = Client(system).post("/api/auth/token/", json={"username": client.name,
                                                           "password": client.password})
    return answer.json()["token"]


def test_the_second_message_has_the_same_fields_as_the_first(bob, room):
    first, second = bob.say(room, "one"), bob.say(room, "two")
    assert second["sender_username"] == first["sender_username"] == bob.name
    assert second["sender_id"] == bob.id
    page = bob.get(f"{ROOMS}{room}/messages/").json()
    assert page["results"] == [second, first]
    assert [event["message"] for event in bob.events(room)[1:]] == [first, second]


def test_a_revoked_token_is_refused(cached_sender, room):
    assert cached_sender.delete("/api/auth/token/").status_code == 204
    assert_detail(post(cached_sender, room), 401, "Invalid token.")


def test_a_password_change_by_another_token_ends_this_one(system, cached_sender, room):
    other = Client(system, new_token(system, cached_sender))
    answer = other.post("/api/auth/password/", json={"old_password": cached_sender.password,
                                                     "new_password": "another horse"})
    assert answer.status_code == 204
    assert_detail(post(cached_sender, room), 401, "Invalid token.")


def test_a_disabled_user_is_refused_until_enabled_and_logged_in(system, cached_sender, room):
    """Disabling ends all tokens for good."""
    system.confabctl("user", "disable", cached_sender.name)
    assert_detail(post(cached_sender, room), 401, "User inactive or deleted.")
    system.confabctl("user", "enable", cached_sender.name)
    assert_detail(post(cached_sender, room), 401, "Invalid token.")
    again = Client(system, new_token(system, cached_sender))
    assert post(again, room).status_code == 201


def test_a_removed_member_is_refused_until_invited_again(system, alice, cached_sender, room):
    """By another admin: the one who removed a member cannot invite it for an hour."""
    carol = Client(system).register()
    alice.invite(room, carol)
    alice.patch(f"{ROOMS}{room}/members/{carol.id}/", json={"is_admin": True})
    assert remove(alice, {"room_id": room}, cached_sender.id).status_code == 204
    assert_error(post(cached_sender, room), 404)
    carol.invite(room, cached_sender)
    assert post(cached_sender, room).status_code == 201


def test_a_member_who_left_a_public_room_is_refused(alice, cached_sender, room):
    assert alice.patch(f"{ROOMS}{room}/", json={"is_private": False}).status_code == 200
    assert remove(cached_sender, {"room_id": room}, cached_sender.id).status_code == 204
    assert_error(post(cached_sender, room), 403)


def test_a_deleted_room_is_not_found(alice, cached_sender, room):
    assert alice.delete(f"{ROOMS}{room}/").status_code == 204
    assert_error(post(cached_sender, room), 404)


def test_a_refused_message_leaves_no_trace(alice, cached_sender, room):
    before = alice.get(f"{ROOMS}{room}/").json()
    assert cached_sender.delete("/api/auth/token/").status_code == 204
    assert post(cached_sender, room).status_code == 401
    assert alice.get(f"{ROOMS}{room}/").json() == before


def test_the_token_is_checked_before_the_body(cached_sender, room):
    assert cached_sender.delete("/api/auth/token/").status_code == 204
    for body in (b"{", b"[]", b'{"content": 7}', b"", b'{"content": "%s"}' % (b"x" * 200_000)):
        answer = cached_sender.request("POST", f"{ROOMS}{room}/messages/", data=body,
                                       headers={"Content-Type": "application/json"})
        assert_detail(answer, 401, "Invalid token.")


def test_all_errors_in_a_body_are_reported(cached_sender, room):
    answer = post(cached_sender, room, content=" ", message_type="song", reply_to_id=987654)
    assert answer.status_code == 400
    assert answer.json() == wrong("content", "message_type", "reply_to_id")


def test_a_reply_to_an_unknown_message_is_refused(cached_sender, room):
    answer = post(cached_sender, room, reply_to_id=987654)
    assert (answer.status_code, answer.json()) == (400, wrong("reply_to_id"))


def test_a_reply_is_accepted(cached_sender, room):
    first = cached_sender.get(f"{ROOMS}{room}/messages/").json()["results"][-1]["message_id"]
    answer = post(cached_sender, room, reply_to_id=first)
    assert (answer.status_code, answer.json()["reply_to_id"]) == (201, first)


def test_a_repeated_client_id_returns_the_first_message(cached_sender, room):
    first = post(cached_sender, room, client_id="abc")
    again = post(cached_sender, room, client_id="abc", content="other")
    assert (first.status_code, again.status_code) == (201, 200)
    assert again.json() == first.json()


def test_messages_above_the_rate_limit_are_429(tight_limits):
    carol = Client(tight_limits).register()
    room = carol.room()["room_id"]
    taken = post(carol, room)
    _, refused = until_429(lambda: post(carol, room), 60)
    assert_429(refused)
    for name in ("Allow", "X-Content-Type-Options"):
        assert refused.headers[name] == taken.headers[name]


def test_each_room_is_authorized_separately(alice, cached_sender):
    other = alice.room()["room_id"]
    assert_error(post(cached_sender, other), 404)
    alice.invite(other, cached_sender)
    assert post(cached_sender, other).status_code == 201
