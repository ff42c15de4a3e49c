"""avatar_origins: the page may show pictures of users from these addresses, and no others."""

import re
import subprocess

import pytest

from support.client import Client
from support.front import KINDS
from support.misconfigured import Misconfigured
from support.instance import ROOT

pytestmark = pytest.mark.slow("starts a web server for each policy")

ORIGINS = "https://pictures.example https://www.example.org:8443"
OWN_LINES = {
    "apache": ("# From where the page may show pictures",
               f'Define CONFAB_AVATARS "{ORIGINS}"\n# Pictures'),
    "nginx": ("    #set $confab_avatars", f'    set $confab_avatars " {ORIGINS}"; #'),
    "lighttpd": ('var.confab_avatars = ""', f'var.confab_avatars = " {ORIGINS}"'),
}


def image_sources(place, path="/"):
    policy = Client(place).get(path).headers["Content-Security-Policy"]
    [sources] = re.findall(r"(?:^|; )img-src ([^;]*)(?:;|$)", policy)
    return sources


@pytest.mark.everywhere
def test_without_them_the_page_shows_its_own_pictures_only(instance):
    assert image_sources(instance) == "'self'"


@pytest.mark.parametrize("kind", KINDS)
def test_each_web_server_has_them_in_the_policy(own_instance, kind):
    shipped, mine = OWN_LINES[kind.partition("-")[0]]
    with Misconfigured(own_instance, kind, {shipped: mine}) as front:
        for path in ("/", "/embed.html", "/chat/chat.css"):
            assert image_sources(front.instance, path) == f"'self' {ORIGINS}"


@pytest.mark.parametrize("value", [
    "https://pictures.example,https://www.example.org:8443",
    " https://pictures.example , https://www.example.org:8443 "])
def test_the_private_server_takes_them_from_the_environment(make_instance, value):
    system = make_instance(CONFAB_AVATAR_ORIGINS=value)
    assert image_sources(system) == f"'self' {ORIGINS}"


def test_the_private_server_takes_them_from_its_configuration(make_instance):
    system = make_instance()
    system.stop()
    with system.config.open("a") as config:
        config.write("avatar_origins = https://pictures.example, https://www.example.org:8443\n")
    system.start()
    assert image_sources(system) == f"'self' {ORIGINS}"


def test_the_policy_of_a_shared_host_has_them(tmp_path):
    home, share = tmp_path / "home", tmp_path / "share"
    (home / ".confab").mkdir(parents=True)
    (share / "web").mkdir(parents=True)
    for name in ("fcgi-api", "confabctl", "pushd", "confab-worker", "confab.conf.example"):
        (share / name).write_text(name)
    for name in ("htaccess", "confab.conf", "install"):
        (share / name).write_bytes((ROOT / "conf" / "shared" / name).read_bytes())
    config, htaccess = home / ".confab/confab.conf", tmp_path / "www/.htaccess"

    def install(origins):
        config.write_text(f"database_name = x\n{origins}\n")
        return subprocess.run(["sh", share / "install", tmp_path / "www"], env={
            "HOME": str(home), "PATH": "/usr/bin:/bin"}, check=True, text=True,
            capture_output=True).stdout

    assert install("") == "" and "img-src 'self';" in htaccess.read_text()
    assert install("avatar_origins = https://pictures.example,https://www.example.org:8443") == ""
    assert f"img-src 'self' {ORIGINS};" in htaccess.read_text()
    assert install("avatar_origins = https://a.example \"|s;&") == ""
    assert "img-src 'self' https://a.example;" in htaccess.read_text()
    htaccess.write_text("mine")
    assert "keeping your changed" in install("avatar_origins = https://b.example")
    assert htaccess.read_text() == "mine"
    assert "https://b.example;" in (home / ".confab/htaccess.shipped").read_text()
