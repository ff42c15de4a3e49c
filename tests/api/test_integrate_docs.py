"""docs/integrate.md, followed word by word."""

import os
import subprocess

import pytest
from support import markdown
from support.client import Client
from support.configured import reload
from support.instance import ROOT
from support.php_cgi import page

pytestmark = pytest.mark.slow("installs sites")

DOCUMENT = "docs/integrate.md"

LOGIN = """<?php
session_start();
$_SESSION = ['user_id' => 7, 'name' => 'Ann Lee', 'picture' => 'https://www.example.org/ann.png'];
"""

ARTICLE = """<?php
function may_read(int $article): bool { return $article === 17; }
function title_of(int $article): string { return 'Rye & rolls'; }
function is_author(int $article): bool { return true; }
"""


def here(text, system, folder):
    """The text with the names of this host instead of those of the document."""
    for name, own in {"/etc/confab/confab.conf": str(system.config), "/etc/confab": str(folder),
                      "/etc/shop": str(folder), "https://chat.example.org": system.url,
                      "root:confab": f"{os.getuid()}:{os.getgid()}"}.items():
        text = text.replace(name, own)
    return text


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("site")


@pytest.fixture(scope="module")
def system(make_instance, folder):
    """A chat with the secret and the settings of the document."""
    own = make_instance()
    script = here(markdown.block(DOCUMENT, "secret"), own, folder)
    done = subprocess.run(["sh", "-ec", script], capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stderr) == (0, "")
    (folder / "chat-secret").write_text(done.stdout)
    with open(own.config, "a") as file:
        file.write(here(markdown.block(DOCUMENT, "settings"), own, folder))
    reload(own)
    return own


@pytest.fixture(scope="module")
def site(system, folder):
    """The pages of the site: the one that signs, and a login."""
    (folder / "Confab.php").write_text((ROOT / "clients/php/Confab.php").read_text())
    (folder / "chat-token.php").write_text(
        here(markdown.block(DOCUMENT, "chat-token"), system, folder))
    (folder / "login.php").write_text(LOGIN)
    return folder


def test_a_user_of_the_site_is_in_the_room_with_name_and_picture(system, site):
    session = page(site / "login.php").cookie
    signed = page(site / "chat-token.php", cookie=session)
    assert signed.status == 200
    answer = Client(system).post("/api/auth/jwt/", json={"jwt": signed.body})
    assert answer.status_code == 200, answer.text
    ann = Client(system, answer.json()["token"])
    me = ann.get("/api/auth/me/").json()
    assert (me["username"], me["display_name"]) == ("Ann_Lee", "Ann Lee")
    assert me["avatar_url"] == "https://www.example.org/ann.png"
    room, = ann.get("/api/chat/rooms/?key=lobby").json()["results"]
    assert (room["name"], room["is_private"]) == ("Lobby", False)
    assert ann.post(f"/api/chat/rooms/{room['room_id']}/messages/",
                    json={"content": "x"}).status_code == 201


def test_a_visitor_without_a_login_at_the_site_gets_no_token(site):
    assert page(site / "chat-token.php").status == 403


def test_a_page_of_its_own_room_requests_the_site(system, site):
    signing = (site / "chat-token.php").read_text()
    claim = "[['key' => 'lobby', 'name' => 'Lobby', 'private' => false]]"
    assert claim in signing
    (site / "article-token.php").write_text(
        ARTICLE + markdown.block(DOCUMENT, "page-room")
        + signing.replace("<?php\n", "").replace(claim, "$rooms"))
    session = page(site / "login.php").cookie
    signed = page(site / "article-token.php", cookie=session, query="article=17")
    token = Client(system).post("/api/auth/jwt/", json={"jwt": signed.body}).json()["token"]
    room, = Client(system, token).get("/api/chat/rooms/?key=article-17").json()["results"]
    assert (room["name"], room["is_admin"]) == ("Rye & rolls", True)
    assert page(site / "article-token.php", cookie=session, query="article=18").status == 403


def test_the_token_in_python_is_one_too(system, site):
    code = here(markdown.block(DOCUMENT, "token"), system, site) + "print(token)\n"
    done = subprocess.run(["/usr/bin/python3", "-B", "-c", code], capture_output=True, text=True,
                          timeout=60, env={"PYTHONPATH": str(ROOT / "clients/python")})
    assert (done.returncode, done.stderr) == (0, "")
    answer = Client(system).post("/api/auth/jwt/", json={"jwt": done.stdout.strip()})
    assert answer.json()["user"]["display_name"] == "Ann Lee"


def test_only_the_users_of_the_site(make_instance, site, system):
    with open(system.config, "a") as file:
        file.write(markdown.block(DOCUMENT, "only-site"))
    reload(system)
    refused = Client(system).post("/api/auth/register/", json={
        "username": "mallory", "password": "correct horse"})
    assert (refused.status_code, refused.json()["code"]) == (403, "password_login_off")
    session = page(site / "login.php").cookie
    signed = page(site / "chat-token.php", cookie=session)
    token = Client(system).post("/api/auth/jwt/", json={"jwt": signed.body}).json()["token"]
    changed = Client(system, token).patch("/api/auth/me/", json={"display_name": "Mallory"})
    assert (changed.status_code, changed.json()["code"]) == (403, "profile_from_site")


@pytest.mark.parametrize("plugin", ["wordpress", "mediawiki"])
def test_the_readme_of_a_plugin_sets_up_a_server(plugin, make_instance, tmp_path):
    """What it prints are a secret that logs users in, and a key that opens their paths."""
    own = make_instance()
    programs = tmp_path / "bin"
    programs.mkdir()
    for name, line in (("systemctl", "exit 0"),
                       ("confabctl", f'exec {own.build}/confabctl -c {own.config} "$@"')):
        (programs / name).write_text(f"#!/bin/sh\n{line}\n")
        (programs / name).chmod(0o755)
    script = here(markdown.block(f"examples/{plugin}/README.md", "server"), own, tmp_path)
    done = subprocess.run(["sh", "-ec", script], capture_output=True, text=True, timeout=60,
                          env={**own.env, "PATH": f"{programs}:{os.environ['PATH']}"})
    assert (done.returncode, done.stderr) == (0, "")
    printed = dict(line.split(":") for line in done.stdout.splitlines())
    reload(own)
    code = """
from confab import Confab
import sys
url, secret, key = sys.argv[1:]
chat = Confab(url, secret=secret, key=key)
chat.call("POST", "/api/auth/jwt/", {"jwt": chat.token("7", name="Ann Lee")})
print(chat.user("7")["display_name"])
"""
    done = subprocess.run(
        ["/usr/bin/python3", "-B", "-c", code, own.url, printed["Secret"].strip(),
         printed["API key"].strip()], capture_output=True, text=True, timeout=60,
        env={"PYTHONPATH": str(ROOT / "clients/python")})
    assert (done.stdout, done.stderr) == ("Ann Lee\n", "")
