"""examples/php: the accounts of a site's users in the chat."""

import os
import subprocess

import pytest
from support.client import Client, fresh_name
from support.instance import ROOT

SCRIPT = """<?php
require getenv('CHAT_PHP');
try {
    echo 'token ' . chat_token(getenv('SITE_USER')) . "\\n";
} catch (RuntimeException $error) {
    echo $error->getMessage(), "\\n";
}
"""


@pytest.fixture(scope="module")
def closed(make_instance):
    return make_instance(CONFAB_REGISTRATION="closed")


@pytest.fixture
def site(tmp_path):
    """Runs chat_token of the example for a user; returns what it prints."""
    script = tmp_path / "script.php"
    script.write_text(SCRIPT)

    def run(system, user, **env):
        done = subprocess.run(
            ["php-cgi", "-q", "-f", script], text=True, capture_output=True, timeout=60,
            env={"PATH": os.environ["PATH"], "CHAT_PHP": str(ROOT / "examples/php/chat.php"),
                 "CHAT_URL": system.url, "CHAT_SECRET": "a secret of the site's",
                 "SITE_USER": user, **env})
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout.strip()
    return run


def assert_is(system, printed, user):
    word, token = printed.split()
    assert word == "token"
    name = Client(system, token).get("/api/auth/me/").json()["username"]
    assert name.startswith(f"site-{user}-")
    return name


def user_of_site():
    return "bob" + fresh_name("").replace("-", "")


def test_a_stranger_who_registers_the_name_does_not_shut_the_user_out(instance, site):
    user = user_of_site()
    Client(instance).register(name=f"site-{user}")
    name = assert_is(instance, site(instance, user), user)
    assert assert_is(instance, site(instance, user), user) == name
    assert site(instance, user, CHAT_SECRET="a guess") != name


def test_the_longest_name_fits(instance, site):
    user = (user_of_site() + "x" * 20)[:20]
    assert_is(instance, site(instance, user), user)


def test_without_confabctl_a_closed_registration_is_reported(closed, site):
    assert site(closed, user_of_site()) == "no token from the chat (status 400)"


def test_confabctl_creates_accounts_while_registration_is_closed(closed, site):
    user = user_of_site()
    command = f"{closed.build}/confabctl -c {closed.config}"
    name = assert_is(closed, site(closed, user, CHAT_CONFABCTL=command), user)
    assert assert_is(closed, site(closed, user, CHAT_CONFABCTL=command), user) == name
