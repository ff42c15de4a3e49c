"""Checks of rate limits."""

import re

from support.answers import assert_error
from support.client import Client


def until_429(ask, most):
    """Calls ask() until it returns 429; returns the number of calls before that, and the
    429 response."""
    for count in range(most):
        answer = ask()
        if answer.status_code == 429:
            return count, answer
    raise AssertionError(f"{most} in a row, and no 429")


def assert_429(answer):
    content = assert_error(answer, 429)
    assert re.fullmatch(r"[1-9][0-9]*", answer.headers["Retry-After"])
    assert answer.headers["Retry-After"] in content["detail"]


def login(site, name, forwarded, password="wrong horse!"):
    """Asks for a token from this address."""
    return Client(site).post("/api/auth/token/", json={"username": name, "password": password},
                             headers={"X-Forwarded-For": forwarded})
