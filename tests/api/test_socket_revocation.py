"""Revoked credentials close the sockets opened with them with 4401, and no others."""

import contextlib
import signal
import time

import pytest

from support.client import Client
from support.event_reader import follow, follow_user
from support.sockets import (NOTIFICATIONS, ROOM, assert_let_in, assert_refused, assert_well,
                             in_room, session_of, site)
from support.websocket import Socket

pytestmark = pytest.mark.slow("waits for sessions to expire")

AWAY = "with redis away"


class Person:
    """A user with two tokens and two sessions, and a socket to the same room for each."""

    NAMES = ("token", "other token", "session", "other session")

    def __init__(self, system):
        self.system = system
        self.main = Client(system).register()
        self.room = self.main.room()["room_id"]
        body = {"username": self.main.name, "password": self.main.password}
        second = self.main.post("/api/auth/token/", json=body, headers={"Authorization": None})
        self.browsers = [Client(system), Client(system)]
        for browser in self.browsers:
            assert browser.post("/api/auth/login/", json=body).status_code == 200
        cookies = [{"token": None, "cookie": browser.cookies["sessionid"],
                    "origin": system.url} for browser in self.browsers]
        # Credentials by the names above.
        self.ways = dict(zip(self.NAMES, [{"token": self.main.token},
                                          {"token": second.json()["token"]}, *cookies]))

    @contextlib.contextmanager
    def listening(self):
        """{name: (room socket, notifications socket)}"""
        with contextlib.ExitStack() as stack:
            yield {name: (stack.enter_context(follow(self.main, self.room, **way)),
                          stack.enter_context(follow_user(self.main, **way)))
                   for name, way in self.ways.items()}


def delete_token(person):
    assert person.main.delete("/api/auth/token/").status_code == 204


def revoke_by_confabctl(person):
    name = person.main.name
    listed = person.system.confabctl("token", "list", name).stdout.splitlines()
    first = listed[1].split()[0]
    assert person.system.confabctl("token", "revoke", first).returncode == 0


def log_out(person):
    answer = person.browsers[0].post("/api/auth/logout/", headers={"Origin": person.system.url})
    assert answer.status_code == 204


def change_password(person):
    answer = person.main.post("/api/auth/password/", json={
        "old_password": person.main.password, "new_password": "another horse"})
    assert answer.status_code == 204


def change_password_in_browser(person):
    answer = person.browsers[0].post(
        "/api/auth/password/", headers={"Origin": person.system.url},
        json={"old_password": person.main.password, "new_password": "another horse"})
    assert answer.status_code == 204


def disable(person):
    assert person.system.confabctl("user", "disable", person.main.name).returncode == 0


def password_by_confabctl(person):
    done = person.system.confabctl("user", "passwd", person.main.name, input="another horse\n")
    assert done.returncode == 0, done.stderr


ENDS = [
    (delete_token, {"token"}),
    (revoke_by_confabctl, {"token"}),
    (log_out, {"session"}),
    (change_password, {"other token", "session", "other session"}),
    (change_password_in_browser, {"token", "other token", "other session"}),
    (password_by_confabctl, set(Person.NAMES)),
    (disable, set(Person.NAMES)),
]


def assert_ended(person, bystander, end, ended):
    """Asserts that exactly these sockets close with 4401, by the event and not by the check of
    credentials that comes every 20 seconds, and that the others still receive events."""
    with person.listening() as sockets, follow(bystander, person.room) as other:
        end(person)
        for name in ended:
            assert [live.end(10) for live in sockets[name]] == [4401, 4401], name
        bystander.say(person.room, "still there?")
        assert other.event()["message"]["content"] == "still there?"
        for name in set(Person.NAMES) - ended:
            room, notifications = sockets[name]
            assert room.event()["message"]["content"] == "still there?", name
            assert notifications.notice("new_message_notification"), name


def assert_not_let_in(person, name):
    with person.main.socket(person.room, **person.ways[name]) as refused:
        assert refused.next()["type"] == "error"
        assert refused.closed() == 4401


@pytest.fixture(scope="module")
def without_redis(make_instance):
    system = make_instance()
    system.end("redis", signal.SIGKILL)
    return system


@pytest.fixture(params=["with redis", AWAY])
def system(request, instance):
    if request.param == AWAY:
        return request.getfixturevalue("without_redis")
    return instance


@pytest.fixture
def person(system):
    return Person(system)


@pytest.fixture
def bystander(system, person):
    """Another member of the room."""
    client = Client(system).register()
    person.main.invite(person.room, client)
    return client


@pytest.mark.parametrize("end, ended", ENDS, ids=lambda value: getattr(value, "__name__", None))
def test_a_revoked_credential_closes_its_sockets_and_no_others(person, bystander, end, ended):
    assert_ended(person, bystander, end, ended)
    for name in ended:
        assert_not_let_in(person, name)


def test_a_room_socket_sends_the_reason_before_it_closes(user):
    alice = user()
    with follow(alice, alice.room()["room_id"]) as live:
        alice.delete("/api/auth/token/")
        error = live.notice("error")
        assert sorted(error) == ["code", "detail", "type"]
        assert live.end() == 4401


def test_nothing_of_the_room_arrives_after_the_revocation(person, bystander):
    """A message posted after the response is not sent to a revoked socket."""
    with follow(person.main, person.room) as live:
        delete_token(person)
        assert live.end(10) == 4401
        assert live.events == []


def test_sockets_of_other_users_are_not_affected(user):
    alice, bob = user(), user()
    room = alice.room()["room_id"]
    alice.invite(room, bob)
    with follow(bob, room) as live, follow_user(bob) as own:
        alice.delete("/api/auth/token/")
        live.no_event()
        own.no_event(0.05)
        bob.say(room)
        assert live.event()["type"] == "new_message"


def test_a_renewed_session_keeps_its_socket(person, bystander):
    way = person.ways["session"]
    with follow(person.main, person.room, **way) as live:
        assert person.browsers[0].get("/api/auth/me/").status_code == 200
        bystander.say(person.room)
        assert live.event()["type"] == "new_message"


# ---- sessions that expire, users that are disabled ----

def test_an_expired_session_closes_its_sockets_within_a_minute(user, instance):
    alice = user()
    room = alice.room()["room_id"]
    session = session_of(alice)
    with contextlib.ExitStack() as stack:
        lives = [stack.enter_context(Socket.open(instance, path, cookie=session,
                                                 origin=site(instance)))
                 for path in (ROOM.format(room), NOTIFICATIONS)]
        other = stack.enter_context(in_room(alice, room))
        for live in lives:
            assert_let_in(live)
        assert instance.sql("SELECT COUNT(*) FROM session WHERE user_id = ?",
                            alice.id) == [(1,)]
        instance.sql("UPDATE session SET expires_at = NOW(6) + INTERVAL 2 SECOND "
                     "WHERE user_id = ?", alice.id)
        began = time.monotonic()
        for live in lives:
            assert live.closed(60) == 4401
        assert time.monotonic() - began < 60
        assert_well(other)


def test_an_open_socket_does_not_renew_its_session(user, instance):
    alice = user()
    room = alice.room()["room_id"]
    with Socket.open(instance, ROOM.format(room), cookie=session_of(alice),
                     origin=site(instance)) as live:
        assert_let_in(live)
        instance.sql("UPDATE session SET expires_at = NOW(6) + INTERVAL 1 HOUR "
                     "WHERE user_id = ?", alice.id)
        before = instance.sql("SELECT expires_at FROM session WHERE user_id = ?", alice.id)
        time.sleep(25)
        assert instance.sql("SELECT expires_at FROM session WHERE user_id = ?",
                            alice.id) == before
        assert_well(live)


def test_tokens_of_a_user_who_was_disabled_and_enabled_open_no_socket(user, instance):
    alice = user()
    with alice.notifications() as live:
        assert_let_in(live)
        assert instance.confabctl("user", "disable", alice.name).returncode == 0
        assert instance.confabctl("user", "enable", alice.name).returncode == 0
        assert live.closed() == 4401
    assert_refused(alice.notifications(), 4401)
