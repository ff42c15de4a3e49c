"""The address of a user, and new passwords by a link in a mail."""

import pytest

from support.client import Client
from support.confabctl import PASSWORD
from support.hooks import work
from support.mail_server import MailServer
from support.shapes import refusal, wrong

pytestmark = pytest.mark.slow("servers of its own")

EMAIL, RESET = "/api/auth/email/", "/api/auth/reset/"
NEW = "another horse"


@pytest.fixture(scope="module")
def server():
    with MailServer() as server:
        yield server


@pytest.fixture(scope="module")
def system(shared, server):
    return shared(**server.settings)


def accepted(answer):
    assert (answer.status_code, answer.json()) == (202, {}), answer.text


def confirmed(system, server, email):
    user = Client(system).register()
    accepted(user.post(EMAIL, json={"email": email, "password": PASSWORD}))
    work(system)
    _, kind, token = server.next()
    assert kind == "email"
    answer = Client(system).post(EMAIL + "confirm/", json={"token": token})
    assert answer.status_code == 204, answer.text
    return user


def log_in(user, password):
    return Client(user.instance).post("/api/auth/token/", json={
        "username": user.name, "password": password}).status_code


def test_an_address_counts_once_it_is_confirmed(system, server):
    user = Client(system).register()
    assert user.get(EMAIL).json() == {"email": None, "is_confirmed": False}
    answer = user.post(EMAIL, json={"email": "a@b@c", "password": "not this one"})
    assert (answer.status_code, answer.json()) == (400, wrong(email="invalid"))
    answer = user.post(EMAIL, json={"email": "ann@example.org", "password": "not this one"})
    assert (answer.status_code, answer.json()) == (400, wrong(password="wrong_password"))
    accepted(user.post(EMAIL, json={"email": "ann@example.org", "password": PASSWORD}))
    work(system)
    mail, kind, token = server.next()
    assert kind == "email"
    assert (mail["To"], mail["From"], mail["X-MailFrom"]) == (
        "<ann@example.org>", "Chat <chat@example.org>", "chat@example.org")
    assert user.get(EMAIL).json() == {"email": None, "is_confirmed": False}
    # The token of an address sets no password; it is good once.
    answer = Client(system).post(RESET + "confirm/", json={"token": token, "new_password": NEW})
    assert (answer.status_code, answer.json()) == (400, wrong(token="wrong_token"))
    confirm = EMAIL + "confirm/"
    assert Client(system).post(confirm, json={"token": token}).status_code == 204
    assert user.get(EMAIL).json() == {"email": "ann@example.org", "is_confirmed": True}
    for wrong_token in (token, "0" * 40, "nonsense"):
        answer = Client(system).post(confirm, json={"token": wrong_token})
        assert (answer.status_code, answer.json()) == (400, wrong(token="wrong_token"))
    assert user.delete(EMAIL).status_code == 204
    assert user.get(EMAIL).json() == {"email": None, "is_confirmed": False}


def test_a_password_is_reset_by_a_link_that_is_good_once(system, server):
    user = confirmed(system, server, "Bea@Example.org")
    anyone = Client(system)
    with user.notifications() as socket:
        accepted(anyone.post(RESET, json={"email": "bea@example.org"}))
        work(system)
        mail, kind, token = server.next()
        assert kind == "reset" and mail["To"] == "<Bea@Example.org>"
        assert user.name in mail.get_payload()
        confirm = RESET + "confirm/"
        for password in ("password1", user.name):
            answer = anyone.post(confirm, json={"token": token, "new_password": password})
            assert (answer.status_code, answer.json()) == (400, wrong(new_password="too_common"))
        assert anyone.post(confirm, json={"token": token,
                                          "new_password": NEW}).status_code == 204
        assert socket.closed() == 4401
    assert user.get("/api/auth/me/").status_code == 401
    assert (log_in(user, PASSWORD), log_in(user, NEW)) == (400, 200)
    answer = anyone.post(confirm, json={"token": token, "new_password": NEW})
    assert (answer.status_code, answer.json()) == (400, wrong(token="wrong_token"))


def test_a_link_is_good_for_30_minutes(system, server):
    user = confirmed(system, server, "cleo@example.org")
    accepted(Client(system).post(RESET, json={"email": "cleo@example.org"}))
    work(system)
    _, _, token = server.next()
    [(minutes,)] = system.sql("SELECT TIMESTAMPDIFF(SECOND, SYSDATE(6), expires_at) DIV 60 "
                              "FROM account_mail WHERE user_id = ? AND kind = 2", user.id)
    assert minutes in (29, 30)
    system.sql("UPDATE account_mail SET expires_at = SYSDATE(6) WHERE user_id = ?", user.id)
    answer = Client(system).post(RESET + "confirm/", json={"token": token, "new_password": NEW})
    assert (answer.status_code, answer.json()) == (400, wrong(token="wrong_token"))
    assert log_in(user, PASSWORD) == 200


def test_no_answer_reveals_whether_there_is_an_account(system, server):
    unconfirmed = Client(system).register()
    accepted(unconfirmed.post(EMAIL, json={"email": "dora@example.org", "password": PASSWORD}))
    work(system)
    server.next()
    for email in ("dora@example.org", "nobody@example.org"):
        accepted(Client(system).post(RESET, json={"email": email}))
    work(system)
    assert server.mails.empty()


def test_a_mail_that_is_refused_is_sent_later(system, server):
    user = Client(system).register()
    accepted(user.post(EMAIL, json={"email": "eve@example.org", "password": PASSWORD}))
    server.refusals = 1
    work(system)
    assert server.mails.empty()
    system.sql("UPDATE account_mail SET due_at = SYSDATE(6) WHERE due_at IS NOT NULL")
    work(system)
    assert server.next()[0]["To"] == "<eve@example.org>"


def test_without_mail_from_no_address_is_taken(user):
    mark = user()
    answer = mark.post(EMAIL, json={"email": "a@example.org", "password": PASSWORD})
    assert (answer.status_code, answer.json()) == (403, refusal("mail_off"))
    accepted(mark.post(RESET, json={"email": "a@example.org"}))
