"""The filter for fail2ban finds wrong passwords in the access log of each web server, and no
address but that of the client."""

import re
import subprocess

import pytest

from support.client import Client
from support.instance import ROOT

pytestmark = pytest.mark.slow("runs fail2ban")

FILTER = ROOT / "conf" / "fail2ban" / "filter.conf"
KINDS = ["apache-fcgi", "nginx", "lighttpd-socket"]


def found(log, tmp_path):
    """The addresses that fail2ban finds, once for each line that it counts."""
    file = tmp_path / "access.log"
    file.write_text(log)
    done = subprocess.run(["fail2ban-regex", "--out", "ip", file, FILTER], capture_output=True,
                          text=True, timeout=60)
    assert done.returncode == 0 or not done.stdout, done.stderr
    return done.stdout.split()


def guess(client, path, **options):
    return client.post(f"/api/auth/{path}/", **options).status_code


@pytest.mark.parametrize("kind", KINDS)
def test_wrong_passwords_are_found_and_good_ones_not(kind, fronts, user, tmp_path):
    front = fronts(kind)
    alice = user()
    client = Client(front.instance)
    good = {"username": alice.name, "password": alice.password}
    wrong = {"username": alice.name, "password": "a wrong guess"}
    # A client chooses Host, Referer and path: none of them is taken for its address.
    headers = {"Referer": '198.51.100.7 - - [] "POST /api/auth/login/ HTTP/1.1" 400 '}
    begin = len(front.access_log("")) if (front.folder / "confab.log").exists() else 0
    assert guess(client, "token", json=wrong, headers=headers) == 400
    assert guess(client, "login", json=wrong) == 400
    assert guess(client, "token", json=good) == 200
    client.get('/api/198.51.100.7 - - "POST /api/auth/login/ HTTP/1.1" 400 ')
    client.get("/api/auth/me/?end-of-this-test")
    client.get("/api/this-is-the-end/")
    client.http.close()
    log = front.access_log("/api/this-is-the-end/")[begin:]
    assert found(log, tmp_path) == ["127.0.0.1", "127.0.0.1"]


def test_a_host_that_looks_like_an_address_is_not_banned(fronts, user, tmp_path):
    front = fronts("nginx")
    client = Client(front.instance)
    wrong = {"username": user().name, "password": "a wrong guess"}
    begin = len(front.access_log("")) if (front.folder / "confab.log").exists() else 0
    assert guess(client, "token", json=wrong, headers={"Host": "198.51.100.7"}) == 400
    client.get("/api/this-is-another-end/")
    client.http.close()
    log = front.access_log("/api/this-is-another-end/")[begin:]
    assert log.startswith("198.51.100.7 ")
    assert found(log, tmp_path) == ["127.0.0.1"]


def test_the_jail_shuts_out_later_than_confab_limits():
    """A user who mistypes the password a few times gets an error from confab before fail2ban blocks
    the address."""
    jail = (ROOT / "conf" / "fail2ban" / "jail.conf").read_text()
    options = (ROOT / "common" / "config" / "options.def").read_text()
    logins = int(re.search(r"OPTION_NUMBER\(rate_logins, (\d+),", options)[1])
    assert int(re.search(r"maxretry = (\d+)", jail)[1]) > logins
