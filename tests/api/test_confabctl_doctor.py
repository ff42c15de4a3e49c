"""confabctl doctor finds and names each common mistake in the setup of a host."""

import contextlib
import os
import re
import shutil
import signal
import subprocess

import pytest

from support import front
from support.client import Client
from support.confabctl import Tool
from support.front import KINDS
from support.instance import ROOT
from support.misconfigured import HOST, SCHEME, BufferingProxy, Misconfigured, Proxy, Rewriting
from support.port import free_port, take_port
from support.pushd import Pushd
from support.sockets import NOTIFICATIONS
from support.wait import wait_for
from support.websocket import Socket, push_port

pytestmark = pytest.mark.slow("starts web servers with each fault")

CHECKS = ["address", "authorization", "methods", "links", "bodies", "upgrade", "delay", "clock",
          "connections", "redis", "keys", "worker", "pushd", "version", "files", "sockets"]
VERSION = (ROOT / "VERSION").read_text().strip()


@pytest.fixture(scope="module")
def system(make_instance):
    """An instance behind an https proxy."""
    made = make_instance(CONFAB_TRUSTED_PROXIES="127.0.0.1")
    Client(made).register()
    return made


class Doctor:
    """examine(address): the report. Checks that no token is left afterwards."""

    def __init__(self, instance):
        self.tool = Tool(instance)
        self.metrics = f"127.0.0.1:{push_port(instance, 'metrics')}"

    def examine(self, address, *args, code, **env):
        before = self.tool.json("stats")["tokens"]
        report = self.tool.json("doctor", address, *args, code=code, **env)
        assert report["ok"] is (code == 0)
        assert self.tool.json("stats")["tokens"] == before
        return {check.pop("check"): check for check in report["checks"]}

    def approves(self, address, *args, **env):
        report = self.examine(address, *args, code=0, **env)
        assert {name: check["state"] for name, check in report.items()} == dict.fromkeys(
            CHECKS, "ok"), report
        assert not any(check["try"] for check in report.values())

    def finds(self, wrong, detail, fix, address, *args, **env):
        """Checks that only this check fails, for this reason and with this remedy."""
        report = self.examine(address, *args, code=1, **env)
        assert [name for name, check in report.items() if check["state"] == "failed"] == [
            wrong], report
        assert re.search(detail, report[wrong]["detail"]), report[wrong]
        assert fix in report[wrong]["try"]
        return report


@pytest.fixture(scope="module")
def doctor(system):
    return Doctor(system)


# ---- healthy sites ----

def test_a_healthy_site_passes_every_check(doctor, system):
    doctor.approves(system.url)


@pytest.mark.parametrize("kind", KINDS)
def test_a_site_behind_each_web_server_passes_every_check(kind, own_instance, fronts, user):
    user()
    doctor = Doctor(own_instance)
    doctor.approves(fronts(kind).instance.url)


@pytest.mark.parametrize("kind, number", [
    ("apache-fcgi", 400), ("apache-fcgid", 400), ("nginx", 300), ("lighttpd-socket", 10000)])
def test_the_doctor_reports_how_many_sockets_the_host_can_hold(kind, number, own_instance, fronts,
                                                             user):
    user()
    report = Doctor(own_instance).examine(fronts(kind).instance.url, code=0)
    assert report["sockets"]["detail"].startswith(f"this host can hold {number} WebSockets")


def test_a_web_server_without_a_limit_of_sockets(own_instance, user):
    user()
    line = "add_header X-Confab-Max-Sockets $confab_sockets always;"
    with Misconfigured(own_instance, "nginx", {line: ""}) as front:
        report = Doctor(own_instance).examine(front.instance.url, code=0)
    assert report["sockets"]["state"] == "warning"
    assert "does not say" in report["sockets"]["detail"]


def test_an_apache_with_a_process_for_each_socket(own_instance, user, monkeypatch):
    user()
    threads = ["ThreadsPerChild 25\n", "MinSpareThreads 5\n", "MaxSpareThreads 50\n"]
    text = front.APACHE
    for line in threads:
        text = text.replace(line, "")
    monkeypatch.setattr(front, "APACHE", text.replace("ServerLimit 2\n", "ServerLimit 50\n"))
    monkeypatch.setattr(front, "APACHE_MODULES", ["mpm_prefork", *front.APACHE_MODULES[1:]])
    with front.Front(own_instance, "apache-fcgi") as server:
        report = Doctor(own_instance).examine(server.instance.url, code=0)
    assert report["sockets"]["state"] == "warning"
    assert "mpm_event" in report["sockets"]["try"]


def test_a_site_with_its_own_certificate_passes(doctor, system):
    with Proxy(system, HOST + SCHEME, https=True) as proxy:
        doctor.approves(proxy.url, "--ca", proxy.certificate)


def test_every_check_of_the_doctor_prints_a_line(doctor, system):
    said = doctor.tool("doctor", f"{system.url}/")
    assert [line.split()[:2] for line in said.splitlines()] == [["ok", name] for name in CHECKS]


def test_several_pushds_are_named_by_their_metrics(doctor, system):
    with Pushd(system) as pushd:
        doctor.approves(system.url, "--metrics", doctor.metrics, "--metrics", place(pushd, "ok"))


def test_the_metrics_are_found_at_the_configured_address(doctor, system, tmp_path):
    """Not an instance: a configuration elsewhere, as on a shared host."""
    config = tmp_path / "confab.conf"
    config.write_text(system.config.read_text())
    with Pushd(system) as pushd:
        tool = Tool(system)
        tool.options = ["-c", str(config)]
        report = tool.json("doctor", system.url, CONFAB_METRICS_LISTEN=place(pushd, "ok"))
        assert report["ok"]


def test_a_site_without_pushd_passes(doctor, system):
    report = doctor.examine(system.url, "--no-sockets", code=0)
    assert list(report) == ["address", "authorization", "methods", "links", "bodies", "clock",
                            "connections", "redis", "keys", "worker"]


def test_the_doctor_does_not_act_as_a_guest(doctor, system):
    """Guests may not create rooms, as a check tries to."""
    guest = Client(system).register("000-first")
    system.sql("UPDATE user SET is_guest = TRUE WHERE user_id = ?", guest.id)
    try:
        doctor.approves(system.url)
    finally:
        system.sql("UPDATE user SET is_guest = FALSE WHERE user_id = ?", guest.id)


def test_the_doctor_acts_as_the_named_user(doctor, system):
    alice = Client(system).register()
    seq = "SELECT last_seq FROM user WHERE user_id = ?"
    before = system.sql(seq, alice.id)
    doctor.approves(system.url, "--user", alice.name)
    assert system.sql(seq, alice.id) == [(before[0][0] + 1,)]  # the deletion of the token


@pytest.mark.parametrize("number", ["SIGHUP", "SIGINT", "SIGTERM", "SIGKILL"])
def test_an_interrupted_run_leaves_no_token(doctor, system, number):
    """Also if the whole process group is interrupted, as by Ctrl-C."""
    def tokens():
        return doctor.tool.json("stats")["tokens"]

    before = tokens()
    with take_port() as silent:
        run = subprocess.Popen(
            [doctor.tool.program, *doctor.tool.options, "doctor",
             f"http://127.0.0.1:{silent.getsockname()[1]}"], env=system.env,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True)
        wait_for(lambda: tokens() == before + 1, 30, "the token of the run")
        os.killpg(run.pid, getattr(signal, number))
        assert run.wait(30) == -getattr(signal, number)
        assert run.communicate(timeout=30)[0] == b""
        wait_for(lambda: tokens() == before, 30, "the end of the token")


def test_a_run_whose_output_is_closed_leaves_no_token(doctor, system):
    before = doctor.tool.json("stats")["tokens"]
    reading, writing = os.pipe()
    os.close(reading)
    with open(writing, "wb") as out:
        done = doctor.tool.run("doctor", system.url, "--metrics", doctor.metrics, stdout=out)
    assert done.returncode == 1
    assert doctor.tool.json("stats")["tokens"] == before


# ---- mistakes of web servers ----

def test_an_address_without_a_listener(doctor):
    doctor.finds("address", "connect", "web server and fcgi-api are running", f"http://127.0.0.1:{free_port()}")


def test_an_address_of_another_program(doctor, system):
    doctor.finds("address", "web server returned 404", "fcgi-api", f"{system.url}/elsewhere/")


def test_a_certificate_that_is_not_trusted(doctor, system):
    with Proxy(system, HOST + SCHEME, https=True) as proxy:
        doctor.finds("address", "certificate", "web server", proxy.url)


def test_an_authorization_header_dropped_by_apache(doctor, system):
    with Misconfigured(system, "apache-fcgi", {"CGIPassAuth On": "CGIPassAuth Off"}) as front:
        doctor.finds("authorization", "removes the Authorization header$", "CGIPassAuth On",
                     front.instance.url)


@pytest.mark.parametrize("option, value", [
    ("CONFAB_SCAN_COMMAND", "/usr/bin/true"), ("CONFAB_MAIL_FROM", "chat@example.com")])
def test_what_needs_a_worker_that_does_not_run(doctor, system, option, value):
    doctor.finds("worker", "confab-worker does not run", "start confab-worker", system.url,
                 **{option: value})


def test_a_site_with_another_database(doctor, make_instance):
    other = make_instance()
    doctor.finds("authorization", "another database", "same configuration", other.url)


@pytest.mark.parametrize("kind, changes", [
    ("nginx", {"proxy_set_header Upgrade           $confab_upgrade;": ""}),
    ("apache-fcgi", {" upgrade=websocket": ""}),
    ("lighttpd-socket", {'proxy.header = ( "upgrade" => "enable" )': ""})])
def test_an_upgrade_header_that_is_not_forwarded(doctor, system, kind, changes):
    with Misconfigured(system, kind, changes) as front:
        report = doctor.finds("upgrade", "response to the handshake: HTTP/1.1 426", "upgrade",
                              front.instance.url)
        assert report["delay"]["state"] == "warning"


def test_a_socket_that_pushd_refuses(doctor, system):
    """The reason is shown, whether pushd says it before the socket is open or after."""
    user = Client(system).register()
    with Pushd(system, max_sockets_user=1) as pushd, Misconfigured(system, "nginx", {
            f"unix:{system.state}/sock/push.sock": f"127.0.0.1:{pushd.port}"}) as front:
        with user.notifications(direct=pushd.port) as live:
            assert live.next()["type"] == "connected"
            doctor.finds("delay", "Too many sockets of this user", "log of pushd",
                         front.instance.url, "--user", user.name)
        pushd.configure(max_sockets_user=10, max_sockets_address=1)
        pushd.signal(signal.SIGHUP)
        with Socket.open(system, NOTIFICATIONS, token=user.token, direct=pushd.port) as live:
            assert live.next()["type"] == "connected"
            doctor.finds("upgrade", "429 Too Many Requests: Too many sockets from this address",
                         "limits", front.instance.url, "--user", user.name)


def test_a_proxy_that_buffers_frames(doctor, system):
    with BufferingProxy(system.port) as front:
        doctor.finds("delay", "no message within 10 s", "buffering",
                     f"http://127.0.0.1:{front.port}")


@pytest.mark.parametrize("kind, changes, status", [
    ("nginx", {"client_max_body_size 2m": "client_max_body_size 100k"}, 413),
    # Its own limit is exactly body_limit, so larger bodies are 500.
    ("apache-fcgid", {"FcgidMaxRequestLen 4194304": ""}, 500),
    ("lighttpd-socket", {"server.max-request-size = 2048": "server.max-request-size = 64"}, 413)])
def test_a_body_limit_of_the_web_server_that_is_too_small(doctor, system, kind, changes, status):
    with Misconfigured(system, kind, changes) as front:
        doctor.finds("bodies", f"web server returned {status}", "client_max_body_size",
                     front.instance.url)


def test_an_fcgi_api_running_with_a_smaller_body_limit(doctor, system):
    doctor.finds("bodies", "smaller body_limit", "reload fcgi-api", system.url,
                 CONFAB_BODY_LIMIT="200")


def test_a_page_whose_policy_lacks_pictures(doctor, system):
    doctor.finds("pictures", "may not show pictures of https://b.example", "CONFAB_AVATARS",
                 system.url, CONFAB_AVATAR_ORIGINS="https://b.example")


def test_a_page_whose_policy_has_other_pictures(make_instance):
    other = make_instance(CONFAB_AVATAR_ORIGINS="https://a.example https://b.example")
    Client(other).register()
    doctor = Doctor(other)
    assert doctor.examine(other.url, code=0)["pictures"]["state"] == "ok"
    report = doctor.examine(other.url, code=0, CONFAB_AVATAR_ORIGINS="https://B.example")
    assert report["pictures"]["state"] == "warning"
    assert "https://a.example" in report["pictures"]["detail"]


def test_a_proxy_that_does_not_forward_the_host(doctor, system):
    with Proxy(system, SCHEME) as proxy:
        doctor.finds("links", f"wrong host: {re.escape(system.url)}/", "ProxyPreserveHost",
                     proxy.url)


def test_a_host_without_its_port(doctor, system):
    changes = {"HTTP_HOST         $confab_host": "HTTP_HOST $host"}
    with Misconfigured(system, "nginx", changes) as front:
        doctor.finds("links", "wrong host: http://127.0.0.1/", "port", front.instance.url)


def test_a_proxy_that_does_not_forward_the_scheme(doctor, system):
    with Proxy(system, HOST, https=True) as proxy:
        doctor.finds("links", "wrong scheme: http:", "trusted_proxies", proxy.url, "--ca",
                     proxy.certificate)


def test_a_forged_scheme(doctor, system):
    with Proxy(system, HOST + "proxy_set_header X-Forwarded-Proto https;") as proxy:
        doctor.finds("links", "wrong scheme: https:", "without TLS", proxy.url)


# ---- clocks ----

def test_a_wrong_clock_of_the_web_server(doctor, system):
    changes = {'"read-timeout"        => 60,\n) ) )': '"read-timeout" => 60 ) ) )\n'
               'setenv.set-response-header = ( "Date" => "Thu, 05 Mar 2020 10:00:00 GMT" )'}
    with Misconfigured(system, "lighttpd-socket", changes) as front:
        doctor.finds("clock", r"this machine: the web server is \d+ s behind$", "timedatectl",
                     front.instance.url)


@contextlib.contextmanager
def setting(system, name, value):
    """Sets a variable of the database within the `with`."""
    before = system.sql(f"SELECT @@GLOBAL.{name}")[0][0]
    system.sql(f"SET GLOBAL {name} = ?", value)
    try:
        yield
    finally:
        system.sql(f"SET GLOBAL {name} = ?", before or "")


def test_a_wrong_clock_of_the_database(doctor, system):
    # Does not apply to users with all privileges.
    system.sql("CREATE USER IF NOT EXISTS plain@localhost IDENTIFIED BY 'plain'; "
               "GRANT ALL ON confab.* TO plain@localhost")
    with setting(system, "init_connect", "SET timestamp = UNIX_TIMESTAMP() + 900"):
        doctor.finds("clock", r"this machine: the database is (89\d|900) s ahead$", "timedatectl",
                     system.url, CONFAB_DATABASE_USER="plain", CONFAB_DATABASE_PASSWORD="plain")


# ---- database and Redis ----

def test_a_database_with_too_few_connections(doctor, system):
    with setting(system, "max_connections", 20):
        doctor.finds("connections", "allows 20 connections, confab may need 26", "max_connections",
                     system.url, CONFAB_PROCESSES="16")


def test_a_database_with_too_few_connections_for_this_user(doctor, system):
    system.sql("CREATE USER IF NOT EXISTS few@localhost IDENTIFIED BY 'few'; "
               "GRANT ALL ON confab.* TO few@localhost WITH MAX_USER_CONNECTIONS 5")
    doctor.finds("connections", "allows 5 connections", "limit of the user", system.url,
                 CONFAB_DATABASE_USER="few", CONFAB_DATABASE_PASSWORD="few")


def test_a_redis_that_evicts_keys(doctor, system):
    names = ("maxmemory", "maxmemory-policy")
    before = {name: system.redis("CONFIG", "GET", name).split()[1] for name in names}
    try:
        system.redis("CONFIG", "SET", "maxmemory-policy", "allkeys-lru")
        system.redis("CONFIG", "SET", "maxmemory", "100mb")
        doctor.finds("redis", r"\(allkeys-lru\)", "noeviction", system.url)
        system.redis("CONFIG", "SET", "maxmemory", "0")
        doctor.approves(system.url)  # it is never full
    finally:
        for name, value in before.items():
            system.redis("CONFIG", "SET", name, value)


@pytest.mark.parametrize("line", [b"maxmemory_policy:", b"maxmemory:"])
def test_a_redis_that_does_not_say_whether_it_evicts_keys(doctor, system, line):
    """A service of a host may leave out parts of INFO."""
    other = line[:-2] + b"x:"
    system.redis("CONFIG", "SET", "maxmemory", "100mb")
    try:
        with Rewriting(system.state / "sock" / "redis.sock", line, other) as proxy:
            report = doctor.examine(system.url, code=0, CONFAB_REDIS_SOCKET="",
                                    CONFAB_REDIS_HOST="127.0.0.1",
                                    CONFAB_REDIS_PORT=str(proxy.port))
        assert report["redis"]["state"] == "warning"
        assert "does not say" in report["redis"]["detail"]
        assert "noeviction" in report["redis"]["try"]
    finally:
        system.redis("CONFIG", "SET", "maxmemory", "0")


def test_a_redis_that_does_not_answer(doctor, system):
    with take_port() as silent:
        doctor.finds("redis", "cannot subscribe: no reply in time$", "confabctl check", system.url,
                     CONFAB_REDIS_SOCKET="", CONFAB_REDIS_HOST="127.0.0.1",
                     CONFAB_REDIS_PORT=str(silent.getsockname()[1]))


def test_an_unavailable_redis(doctor, system):
    doctor.finds("redis", "cannot subscribe", "confabctl check", system.url,
                 CONFAB_REDIS_SOCKET="/nonexistent/redis.sock")


# ---- pushd ----

def place(pushd, status="ok"):
    """The address of its metrics, once it knows the state of database and Redis."""
    wait_for(lambda: pushd.get("/healthz").json()["status"] == status, 30, status)
    return f"127.0.0.1:{pushd.ports()[1]}"


def test_a_pushd_without_metrics(doctor, system):
    report = doctor.finds("pushd", "cannot read metrics at", "--metrics", system.url, "--metrics",
                          f"127.0.0.1:{free_port()}")
    assert (report["version"]["state"], report["files"]["state"]) == ("warning", "warning")


def test_a_pushd_that_cannot_reach_redis(doctor, system):
    with Pushd(system, before=["env", "CONFAB_REDIS_SOCKET=/nonexistent"]) as pushd:
        doctor.finds("pushd", "Redis unavailable", "log of pushd", system.url, "--metrics",
                     doctor.metrics, "--metrics", place(pushd, "degraded"))


def test_a_pushd_of_another_version(doctor, system, tmp_path):
    other = tmp_path / "pushd"
    shutil.copy(system.build / "pushd", other)
    stale = "0" * len(VERSION)
    other.write_bytes(other.read_bytes().replace(
        f'"{VERSION}\\"'.encode(), f'"{stale}\\"'.encode()).replace(
        f'version="{VERSION}"'.encode(), f'version="{stale}"'.encode()))
    with Pushd(system, program=other) as pushd:
        doctor.finds("version", f"version {re.escape(stale)} is running", "or restart it",
                     system.url, "--metrics", doctor.metrics, "--metrics", place(pushd))


def test_a_pushd_with_a_low_file_limit(doctor, system):
    """It was started with a smaller max_sockets."""
    with Pushd(system, before=["prlimit", "--nofile=2000:2000"], max_sockets=1000) as pushd:
        doctor.approves(system.url, "--metrics", place(pushd), CONFAB_MAX_SOCKETS="1000")
        doctor.finds("files", "can open 2000 files; max_sockets requires 10256", "LimitNOFILE",
                     system.url, "--metrics", place(pushd))


# ---- usage ----

def test_invalid_arguments_of_the_doctor_are_usage_errors(doctor, system):
    tool = doctor.tool
    assert "invalid address" in tool.misuse("doctor", "ftp://example.org")[0]
    assert "invalid address" in tool.misuse("doctor", "chat.example.org:x")[0]
    tool.misuse("doctor")
    assert "user 'nobody' does not exist" in tool.refuses("doctor", system.url, "--user", "nobody")


def test_a_disabled_user_is_refused_and_a_missing_one_reported(doctor, system):
    tool = doctor.tool
    carol = Client(system).register()
    tool("user", "disable", carol.name)
    assert "is disabled" in tool.refuses("doctor", system.url, "--user", carol.name)
    system.sql("CREATE DATABASE nobody_yet")
    tool("migrate", CONFAB_DATABASE_NAME="nobody_yet")
    assert "there is no user" in tool.refuses("doctor", system.url, CONFAB_DATABASE_NAME="nobody_yet")
