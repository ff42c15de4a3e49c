"""What make start remembers, on which addresses it listens, and what it warns of."""

import os
import socket

import pytest
import requests
from support.client import Client
from support.instance import Instance
from support.instance_script import script, started, started_with_defaults
from support.port import free_port

pytestmark = pytest.mark.slow("starts and stops all servers")


@pytest.fixture
def fresh():
    """A new instance that was never started."""
    made = Instance(quick=True)
    yield made
    made.close()


@pytest.fixture(scope="module")
def shared_demo():
    made = Instance(quick=True, DEMO="1")
    yield made
    made.close()


@pytest.fixture
def demo(shared_demo):
    """An instance that gets demo users, and is stopped when a test starts."""
    if (shared_demo.state / "run").exists():
        shared_demo.stop()
    return shared_demo


def demo_login(instance):
    return Client(instance).post("/api/auth/token/", json={
        "username": "alice", "password": "alice-demo"}).status_code


def own_address():
    """An address of this machine other than loopback; connecting a UDP socket sends nothing."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.connect(("192.0.2.1", 9))
        return probe.getsockname()[0]


# ---- what is remembered ----

def test_a_start_without_variables_uses_those_of_the_last_start(fresh):
    port = free_port()
    said = started(fresh, PORT=str(port), DEMO="0", LISTEN="127.0.0.1")
    assert said.splitlines()[-1] == f"Open http://127.0.0.1:{port}/"
    fresh.stop()
    again = started_with_defaults(fresh, PORT="")
    assert again.splitlines()[-1] == f"Open http://127.0.0.1:{port}/"
    assert "Demo" not in again and demo_login(fresh) == 400


def test_a_variable_goes_before_what_is_remembered_and_is_remembered(fresh):
    first, second = free_port(), free_port()
    started(fresh, PORT=str(first), DEMO="0")
    fresh.stop()
    started(fresh, PORT=str(second), DEMO="1", LISTEN="127.0.0.1")
    fresh.stop()
    said = started_with_defaults(fresh, PORT="", LISTEN="")
    assert said.splitlines()[-1] == f"Open http://localhost:{second}/"
    assert "alice (password alice-demo)" in said and demo_login(fresh) == 200


def test_any_port_is_not_remembered(fresh):
    port = free_port()
    started(fresh, PORT=str(port))
    fresh.stop()
    started(fresh, PORT="0")
    assert fresh.port != port
    fresh.stop()
    started(fresh, PORT="")
    assert fresh.port == port


def test_a_failed_start_is_not_remembered(fresh):
    port = free_port()
    started(fresh, PORT=str(port))
    fresh.stop()
    assert script(fresh, "start", PORT=str(free_port()), LISTEN="192.0.2.77").returncode == 1
    assert started(fresh, PORT="").splitlines()[-1] == f"Open http://localhost:{port}/"


def test_a_new_instance_has_demo_users(fresh):
    said = started_with_defaults(fresh)
    assert "alice (password alice-demo)" in said
    assert demo_login(fresh) == 200
    assert ("running as root, and so will all servers: MariaDB, Redis, fcgi-api, pushd, "
            "confab-worker and lighttpd" in said) == (os.geteuid() == 0)


def test_an_instance_without_start_conf_gets_no_demo_users(fresh):
    """Made by an older version, or restored from a backup without the file."""
    started(fresh, DEMO="0")
    Client(fresh).register("alice")
    fresh.stop()
    (fresh.state / "start.conf").unlink()
    assert "Demo" not in started_with_defaults(fresh)
    assert fresh.sql("SELECT username FROM user WHERE is_active") == [("alice",)]


def test_a_demo_without_start_conf_stays_a_demo(fresh):
    started(fresh, DEMO="1")
    fresh.stop()
    (fresh.state / "start.conf").unlink()
    assert "alice (password alice-demo)" in started_with_defaults(fresh)


def test_demo_is_0_or_1(fresh):
    done = script(fresh, "start", DEMO="no")
    assert done.returncode == 1 and "DEMO=no: it can be 0 or 1" in done.stdout


# ---- addresses ----

WARNING = "can log in as a demo user: the passwords of alice, bob and carol are public"


@pytest.mark.parametrize("listen, is_open", [
    ("", False), ("[::1]", False), ("127.0.0.1,::1", False), ("127.0.0.2", False),
    ("localhost", False), ("::", True), ("0.0.0.0", True), ("0.0.0.0,::", True), ("own", True),
    ("own,::1", True)])
def test_it_starts_on_each_kind_of_address_and_warns_of_demo_users_on_open_ones(
        demo, listen, is_open):
    listen = listen.replace("own", own_address())
    assert (WARNING in started(demo, LISTEN=listen)) == is_open
    for address in listen.split(","):
        host = {"": "127.0.0.1", "0.0.0.0": "127.0.0.1", "::": "[::1]", "::1": "[::1]"}.get(
            address, address)
        health = requests.get(f"http://{host}:{demo.port}/healthz", timeout=10)
        assert (health.status_code, health.json()) == (200, {"status": "ok"})
    assert script(demo, "status").returncode == 0


def test_the_ports_of_pushd_may_be_taken_at_the_address_of_the_web_server(fresh):
    """LISTEN is for the web server only: pushd listens on 127.0.0.1."""
    started(fresh, LISTEN="::1")
    saved = (fresh.state / "run/push.ports").read_text()
    port = int(saved.split("metrics=")[1].split()[0])
    fresh.stop()
    with socket.socket(socket.AF_INET6) as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        other.bind(("::1", port))
        other.listen()
        started(fresh, LISTEN="::1")
        assert (fresh.state / "run/push.ports").read_text() == saved


def test_pushd_may_listen_elsewhere(fresh):
    started(fresh, CONFAB_METRICS_LISTEN="[::1]:0", CONFAB_PUSH_LISTEN="127.0.0.2:0")
    lines = script(fresh, "status").stdout
    assert ", 127.0.0.2:" in lines and "metrics [::1]:" in lines


def test_demo_users_on_an_open_address_are_warned_of_until_they_are_disabled(demo):
    started(demo, LISTEN="0.0.0.0")
    assert WARNING in started(demo, LISTEN="0.0.0.0")  # already running
    demo.stop()
    said = started(demo, DEMO="0", LISTEN="0.0.0.0")
    assert WARNING in said  # they still exist
    command = next(line for line in said.splitlines() if " for name in " in line)
    assert os.system(command.partition("confab:")[2]) == 0
    demo.stop()
    assert WARNING not in started(demo, DEMO="0", LISTEN="0.0.0.0")
    assert demo_login(demo) == 400
