"""Headers that come twice, or under a name that a web server makes the same variable of, count as
not sent; X-Forwarded-For with ports is understood, however long it is."""

import itertools
import json

import pytest

from support.answers import answer_of
from support.client import Client, fresh_name
from support.front import KINDS, Front
from support.sockets import notified

REGISTRATIONS = 3
SPELLINGS = ["X_Forwarded_For", "X.Forwarded.For", "X-Forwarded_For", "X_Forwarded-For",
             "x_forwarded.for", "X~Forwarded~For"]
numbers = itertools.count(1)


@pytest.fixture(scope="module")
def site(shared):
    return shared(CONFAB_RATE_LIMITS="on", CONFAB_REDIS_TIMEOUT=1000,
                  CONFAB_RATE_REGISTRATIONS=REGISTRATIONS, CONFAB_MAX_SOCKETS_ADDRESS=2,
                  CONFAB_TRUSTED_PROXIES="127.0.0.1, ::1, 10.0.0.0/8")


# fcgi-api of the instance is behind these; the other kinds start their own.
@pytest.fixture(scope="module", params=["own", "nginx", "apache-fcgi", "lighttpd-socket"])
def behind(request, site):
    if request.param == "own":
        yield site
    else:
        assert request.param in KINDS
        with Front(site, request.param) as front:
            yield front.instance


def send(instance, method, path, headers, body=None):
    """Sends headers in this order, also several of one name."""
    data = b"" if body is None else json.dumps(body).encode()
    lines = [f"{method} {path} HTTP/1.1", "Host: localhost", "Connection: close",
             "Content-Type: application/json", f"Content-Length: {len(data)}",
             *(f"{name}: {value}" for name, value in headers), "", ""]
    return answer_of(instance.raw("\r\n".join(lines).encode() + data))


def register(instance, *headers):
    return send(instance, "POST", "/api/auth/register/", headers,
                {"username": fresh_name(), "password": "correct horse"}).status


def fresh_address():
    return f"198.51.100.{next(numbers)}"


def are_counted_together(statuses):
    return 429 in statuses[REGISTRATIONS:] and set(statuses) <= {201, 429}


# ---- the client's address ----

@pytest.mark.parametrize("name", SPELLINGS)
def test_another_spelling_of_x_forwarded_for_changes_no_address(behind, name):
    attempts = range(2 * REGISTRATIONS)
    real = fresh_address()
    before = [register(behind, (name, f"203.0.113.{i}"), ("X-Forwarded-For", real))
              for i in attempts]
    real = fresh_address()
    after = [register(behind, ("X-Forwarded-For", real), (name, f"203.0.113.{i}"))
             for i in attempts]
    alone = [register(behind, (name, f"203.0.113.{i}")) for i in attempts]
    for statuses in (before, after, alone):
        assert are_counted_together(statuses)


def test_an_x_forwarded_for_that_comes_twice_does_not_evade_the_limit(behind):
    real = fresh_address()
    statuses = [register(behind, ("X-Forwarded-For", f"203.0.113.{i}"), ("X-Forwarded-For", real))
                for i in range(2 * REGISTRATIONS)]
    assert are_counted_together(statuses)


@pytest.mark.parametrize("form", [
    "{}:{port}", '"{}:{port}"', "::ffff:{}", "[::ffff:{}]:{port}", "{}:{port}, 10.0.0.1:{port}",
    "203.0.113.{i}, {}:{port}",
])
def test_an_address_counts_without_its_port(behind, form):
    real = fresh_address()
    statuses = [register(behind, ("X-Forwarded-For", form.format(real, port=50000 + i, i=i)))
                for i in range(2 * REGISTRATIONS)]
    assert statuses == [201] * REGISTRATIONS + [429] * REGISTRATIONS


def test_an_ipv6_address_counts_without_port_and_zone(site):
    number = next(numbers)
    forms = ["[2001:db8:{n}::1]:{i}", "2001:DB8:{n}:0::1", '"[2001:db8:{n}::1]"',
             "2001:db8:{n}::1%eth{i}"]
    statuses = [register(site, ("X-Forwarded-For", form.format(n=number, i=i)))
                for i, form in enumerate(forms)]
    assert statuses == [201] * REGISTRATIONS + [429]


@pytest.mark.parametrize("entry", ["unknown", "_hidden{i}", "for=192.0.2.{i}", "192.0.2.{i}/32",
                                   "host{i}.example", "192.0.2.00{i}"])
def test_an_entry_that_is_no_address_is_not_one_client_each(site, entry):
    statuses = [register(site, ("X-Forwarded-For", entry.format(i=i)))
                for i in range(2 * REGISTRATIONS)]
    assert are_counted_together(statuses)


def test_a_long_x_forwarded_for_is_read_from_its_end(behind):
    real, long = fresh_address(), ", ".join(["203.0.113.9"] * 400)
    assert register(behind, ("X-Forwarded-For", real)) == 201
    statuses = [register(behind, ("X-Forwarded-For", f"{long}, {real}"))
                for _ in range(REGISTRATIONS)]
    assert statuses == [201] * (REGISTRATIONS - 1) + [429]
    user = Client(behind)
    user.http.headers["X-Forwarded-For"] = fresh_address()
    user.register()
    # A socket counts once its client is let in.
    with notified(user, headers={"X-Forwarded-For": real}), \
            notified(user, headers={"X-Forwarded-For": f"{long}, {real}:1"}), \
            user.notifications(headers={"X-Forwarded-For": f"{long}, {real}"}) as third:
        assert third.status == 429


# ---- the scheme ----

def scheme(instance, *headers):
    user = Client(instance)
    user.http.headers["X-Forwarded-For"] = fresh_address()
    user.register()
    user.room(), user.room()
    answer = send(instance, "GET", "/api/chat/rooms/?limit=1",
                  [("Authorization", f"Token {user.token}"), *headers])
    return answer.json()["next"].partition(":")[0]


def test_another_spelling_of_x_forwarded_proto_changes_no_scheme(behind):
    https = ("X-Forwarded-Proto", "https")
    assert scheme(behind, https) == "https"
    assert scheme(behind, https, https) == "http"
    for name in ("X_Forwarded_Proto", "X.Forwarded.Proto", "X-Forwarded_Proto"):
        assert scheme(behind, (name, "https")) == "http"
        both = scheme(behind, ("X-Forwarded-Proto", "http"), (name, "https"))
        assert both == "http"


# ---- credentials ----

@pytest.mark.everywhere
def test_credentials_that_come_twice_count_as_not_sent(user):
    new, other = user(), user()
    instance = new.instance
    for name, value in (("Authorization", "Token {}"), ("X-Confab-Token", "{}")):
        once = [(name, value.format(new.token))]
        assert send(instance, "GET", "/api/auth/me/", once).status == 200
        for second in (new, other):
            answer = send(instance, "GET", "/api/auth/me/",
                          [*once, (name, value.format(second.token))])
            if answer.status != 400:  # nginx refuses a second Authorization by itself
                assert (answer.status, answer.json()["detail"]) == (
                    401, "Authentication credentials were not provided.")


@pytest.mark.everywhere
@pytest.mark.parametrize("name", ["X_Confab_Token", "X.Confab.Token", "X-Confab_Token"])
def test_another_spelling_of_x_confab_token_is_no_credential(user, name):
    new, other = user(), user()
    answer = send(new.instance, "GET", "/api/auth/me/", [(name, new.token)])
    assert answer.status == 401
    both = [("X-Confab-Token", new.token), (name, other.token)]
    for headers in (both, both[::-1]):
        answer = send(new.instance, "GET", "/api/auth/me/", headers)
        assert answer.status == 401 or answer.json()["user_id"] == new.id
