"""Databases as sites have them: character sets, binary logs, limits, read-only, full disks."""

import json
import os
import signal
import subprocess
import time

import pytest

from support.client import Client
from support.confabctl import Tool
from support.mariadb import MariaDB
from support.shapes import refusal
from support.sockets import ROOM
from support.wait import wait_for
from support.websocket import Socket

pytestmark = pytest.mark.slow("starts a MariaDB of its own for most tests")

# An address of this host that is not in the certificate.
NAME_OF_OTHER = "127.0.0.2"

TEXT = "na\u00efve \u65e5\u672c \U0001F600"


def client_of(system):
    client = Client(system).register()
    client.may_fail = True
    return client


def messages(client, room):
    return [message["content"] for message in
            client.get(f"/api/chat/rooms/{room}/messages/").json()["results"]]


def post(client, room, content="x"):
    return client.post(f"/api/chat/rooms/{room}/messages/", json={"content": content})


def checks(system, code):
    report = Tool(system).json("check", code=code)
    return {check["check"]: check for check in report["checks"]}


# ---- character sets ----

@pytest.mark.parametrize("lines", [
    "skip-character-set-client-handshake\ncharacter-set-server = latin1",
    "init_connect = 'SET NAMES latin1'",
    "init_connect = 'SET NAMES utf8mb3'",
    "init_connect = 'SET autocommit = 0, sql_safe_updates = 1, sql_select_limit = 1, "
    "max_join_size = 1, sql_big_selects = 0, completion_type = 1, foreign_key_checks = 0, "
    "unique_checks = 0, sql_auto_is_null = 1'",
    "sql_mode = ORACLE\nautocommit = 0\ntransaction_isolation = SERIALIZABLE",
    "sql_mode = 'ANSI,NO_BACKSLASH_ESCAPES'\nauto_increment_increment = 3\nold_mode = ''\n"
    "default_time_zone = '+09:30'\nmax_allowed_packet = 1M\nlower_case_table_names = 1",
])
def test_settings_of_the_server_do_not_change_what_is_stored(make_instance, lines):
    with MariaDB(lines) as database:
        system = make_instance(**database.env)
        client = client_of(system)
        room = client.room(TEXT)["room_id"]
        assert post(client, room, TEXT).status_code == 201
        assert post(client, room, "\U0001F600" * 8000).status_code == 201
        assert messages(client, room)[1] == TEXT
        assert database.sql("SELECT name FROM room") == [(TEXT,)]
        assert database.sql("SELECT HEX(content) FROM message WHERE position = 1") == [
            (TEXT.encode().hex().upper(),)]
        assert checks(system, 0)["changes"]["state"] == "ok"
        system.close()


# ---- binary logs ----

def test_statements_in_the_binary_log_are_worked_around_and_named(make_instance):
    with MariaDB("log_bin = on\nbinlog_format = STATEMENT") as database:
        system = make_instance(**database.env)
        client = client_of(system)
        room = client.room()["room_id"]
        assert post(client, room).status_code == 201
        assert client.get("/healthz").json() == {"status": "ok"}
        assert checks(system, 0)["changes"]["state"] == "warning"

        database.sql("GRANT BINLOG ADMIN ON *.* TO site@localhost")
        database.disconnect_all()
        assert checks(system, 0)["changes"]["state"] == "ok"
        assert post(client, room).status_code == 201
        system.close()


# ---- limits and refusals ----

@pytest.fixture(scope="module")
def system(make_instance):
    return make_instance(CONFAB_PROCESSES=2)


@pytest.fixture
def room_of(system):
    client = client_of(system)
    return client, client.room()["room_id"]


def assert_refused(system, answer, number, cause):
    assert answer.status_code == 503
    assert int(answer.headers["Retry-After"]) > 0
    assert list(answer.json()) == ["detail", "code"]
    wait_for(lambda: f"database: {number} {cause}" in system.log())


def test_too_many_prepared_statements_are_503_and_pass(system, room_of):
    client, room = room_of
    system.sql("SET GLOBAL max_prepared_stmt_count = 0")
    try:
        answers = [client.get("/api/chat/users/?search=nobody") for _ in range(20)]
        refused = [answer for answer in answers if answer.status_code == 503]
        assert {answer.status_code for answer in answers} <= {200, 503} and refused
        assert_refused(system, refused[0], 1461, "too many prepared statements")
    finally:
        system.sql("SET GLOBAL max_prepared_stmt_count = 16382")
    assert {post(client, room).status_code for _ in range(10)} == {201}


def test_a_statement_that_takes_too_long_is_503(make_instance):
    own = make_instance(CONFAB_PROCESSES=1)
    client = client_of(own)
    client.room()
    own.sql("CREATE OR REPLACE VIEW slow AS SELECT SLEEP(3)")
    own.sql("SET GLOBAL max_statement_time = 0.5")
    own.end("api")
    own.start()
    own.sql("RENAME TABLE token TO real_token")
    own.sql("CREATE VIEW token AS SELECT t.* FROM real_token t, slow")
    assert_refused(own, client.get("/api/auth/me/"), 1969, "the query took too long")
    # The limit is for requests: a migration or a check may take longer.
    assert own.confabctl("token", "list").returncode == 0
    own.sql("DROP VIEW token")
    assert_refused(own, client.get("/api/auth/me/"), 1146, "a table or column is missing")
    own.sql("RENAME TABLE real_token TO token")
    assert client.get("/api/auth/me/").status_code == 200


def test_used_up_limits_of_the_user_are_503(make_instance):
    with MariaDB(tables=True) as database:
        system = make_instance(CONFAB_PROCESSES=2, **database.env)
        client = client_of(system)
        room = client.room()["room_id"]
        # Statements that are prepared do not count; a new connection begins with two that do.
        database.sql("GRANT USAGE ON *.* TO site@localhost WITH MAX_QUERIES_PER_HOUR 1")
        database.disconnect_all()
        answers = [post(client, room) for _ in range(6)]
        assert {answer.status_code for answer in answers} == {503}
        assert_refused(system, answers[-1], 1226, "the database user has used up a limit")
        database.sql("GRANT USAGE ON *.* TO site@localhost WITH MAX_QUERIES_PER_HOUR 0")

        # What hosts do when a quota is exceeded.
        database.sql("REVOKE INSERT ON confab.* FROM site@localhost")
        database.disconnect_all()
        assert_refused(system, post(client, room), 1142, "the database user lacks a permission")
        assert "lacks a permission" in checks(system, 1)["changes"]["detail"]
        assert client.get("/healthz").status_code == 503
        assert client.get("/api/chat/rooms/").status_code == 200
        system.close()


READ_ONLY = [
    ("SET GLOBAL read_only = 1", "SET GLOBAL read_only = 0", 1290),
    ("SET GLOBAL tx_read_only = 1", "SET GLOBAL tx_read_only = 0", 1792),
]


@pytest.mark.parametrize("on, off, number", READ_ONLY)
def test_a_read_only_database_reads_on_and_says_so(make_instance, on, off, number):
    with MariaDB(tables=True) as database:
        system = make_instance(**database.env)
        client = client_of(system)
        room = client.room()["room_id"]
        assert post(client, room, "before").status_code == 201
        login = client.post("/api/auth/login/")
        cookie = login.headers["Set-Cookie"].split(";")[0]
        database.sql(on)
        database.disconnect_all()

        assert_refused(system, post(client, room), number, "the database is read-only")
        health = client.get("/healthz")
        assert (health.status_code, health.json()) == (503, {
            "status": "unavailable", **refusal("unavailable", "The database refuses changes."),
            "database": "refuses changes", "redis": "ok"})
        assert "the database is read-only" in checks(system, 1)["changes"]["detail"]
        assert messages(client, room) == ["before"]

        database.sql("SET SESSION tx_read_only = 0; UPDATE session SET expires_at = expires_at - INTERVAL 3 DAY")
        visitor = Client(system)
        answer = visitor.get("/api/chat/rooms/", headers={"Cookie": cookie})
        assert answer.status_code == 200
        assert "Set-Cookie" not in answer.headers, "it was not renewed"

        database.sql(off)
        database.disconnect_all()
        assert post(client, room).status_code == 201
        assert client.get("/healthz").json() == {"status": "ok"}
        answer = visitor.get("/api/chat/rooms/", headers={"Cookie": cookie})
        assert answer.headers["Set-Cookie"].startswith(cookie)
        system.close()


def test_a_full_disk_is_503_and_health_knows(make_instance):
    # A tablespace that may not grow fails as a full disk does.
    with MariaDB("innodb_file_per_table = 0\n"
                 "innodb_data_file_path = ibdata1:12M:autoextend:max:24M") as database:
        system = make_instance(CONFAB_PROCESSES=4, **database.env)
        client = client_of(system)
        room = client.room()["room_id"]
        for _ in range(3000):
            answer = post(client, room, "w" * 8000)
            if answer.status_code != 201:
                break
        assert_refused(system, answer, 1114, "the database cannot grow")
        healths = {client.get("/healthz").status_code for _ in range(12)}
        assert healths == {503}, "all processes know"
        assert client.get("/api/chat/rooms/").status_code == 200
        database.sql("DELETE FROM message WHERE position > 10")
        wait_for(lambda: post(client, room).status_code == 201)
        wait_for(lambda: client.get("/healthz").json() == {"status": "ok"})
        system.close()


# ---- connections ----

def test_a_connection_closed_while_idle_costs_no_request(make_instance):
    with MariaDB("wait_timeout = 2", tables=True) as database:
        system = make_instance(CONFAB_PROCESSES=1, **database.env)
        client = client_of(system)
        client.room()
        wait_for(lambda: not database.sql("SELECT id FROM information_schema.processlist "
                                          "WHERE user = 'site' AND time < 100"), 20)
        assert client.post("/api/chat/rooms/", json={"name": "after"}).status_code == 201
        system.close()


def test_the_first_of_two_hosts_is_frozen(make_instance):
    with MariaDB(tcp=True) as frozen, MariaDB(tcp=True, tables=True) as database:
        # The schema, by the one that answers.
        hosts = f"127.0.0.1:{frozen.port},127.0.0.1:{database.port}"
        os.kill(frozen.process.pid, signal.SIGSTOP)
        started = time.monotonic()
        system = make_instance(**{**database.env, "CONFAB_DATABASE_HOST": hosts})
        assert time.monotonic() - started < 60
        client = client_of(system)
        started = time.monotonic()
        room = client.room()["room_id"]
        assert time.monotonic() - started < 10
        assert post(client, room).status_code == 201
        system.close()


def test_after_a_failover_the_host_that_takes_changes_is_found(make_instance):
    with MariaDB(tcp=True) as former, MariaDB(tcp=True, tables=True) as present:
        system = make_instance(CONFAB_PROCESSES=1, **{
            **present.env,
            "CONFAB_DATABASE_HOST": f"127.0.0.1:{present.port},127.0.0.1:{former.port}"})
        system.end("api")
        former.sql(subprocess.run(
            ["mariadb-dump", "--no-defaults", f"--socket={present.socket}", "confab"],
            check=True, capture_output=True, text=True).stdout.replace("?", ""))
        former.sql("SET GLOBAL read_only = 1")
        system.env["CONFAB_DATABASE_HOST"] = f"127.0.0.1:{former.port},127.0.0.1:{present.port}"
        system.start()
        client = Client(system)
        client.may_fail = True
        names = [f"failover{number}" for number in range(3)]
        codes = [client.post("/api/auth/register/", json={
            "username": name, "password": "correct horse"}).status_code for name in names]
        assert codes[-1] == 201
        system.close()


# ---- TLS ----

@pytest.fixture(scope="module")
def encrypted(certificates):
    """A server with a certificate for localhost, which lets `site` in with TLS only."""
    with MariaDB(f"ssl_ca = {certificates.ca}\nssl_cert = {certificates.server}\n"
                 f"ssl_key = {certificates.server_key}", tcp=True) as database:
        database.sql("ALTER USER site@127.0.0.1 REQUIRE SSL")
        yield database


def ping(system, database, **env):
    """The check of the database, with the settings of env; None if it is ok."""
    done = Tool(system).run("--json", "check", **{**database.env, **env})
    found = {check["check"]: check for check in json.loads(done.stdout)["checks"]}["database"]
    return None if found["state"] == "ok" else found["detail"]


def test_tls_to_the_database(system, encrypted, certificates):
    assert "Access denied" in ping(system, encrypted)
    assert ping(system, encrypted, CONFAB_DATABASE_TLS="on") is None
    verify = {"CONFAB_DATABASE_TLS": "verify", "CONFAB_DATABASE_CA": str(certificates.ca)}
    assert ping(system, encrypted, **verify) is None
    assert ping(system, encrypted, **verify, CONFAB_DATABASE_HOST=NAME_OF_OTHER) is not None
    other = {**verify, "CONFAB_DATABASE_CA": str(certificates.other_ca)}
    assert ping(system, encrypted, **other) is not None
    assert ping(system, encrypted, CONFAB_DATABASE_TLS="verify") is not None, "not of the system"


def test_tls_with_a_certificate_of_the_client(system, encrypted, certificates):
    own = {"CONFAB_DATABASE_TLS": "verify", "CONFAB_DATABASE_CA": str(certificates.ca)}
    with_certificate = {**own, "CONFAB_DATABASE_CERT": str(certificates.client),
                        "CONFAB_DATABASE_KEY": str(certificates.client_key)}
    encrypted.sql("ALTER USER site@127.0.0.1 REQUIRE X509")
    try:
        assert "Access denied" in ping(system, encrypted, **own)
        assert ping(system, encrypted, **with_certificate) is None
    finally:
        encrypted.sql("ALTER USER site@127.0.0.1 REQUIRE SSL")


def test_tls_is_never_left_out(system):
    with MariaDB("skip-ssl", tcp=True) as plain:
        assert ping(system, plain) is None
        for word in ("on", "verify"):
            assert "TLS" in ping(system, plain, CONFAB_DATABASE_TLS=word)


def test_an_instance_runs_with_tls(make_instance, encrypted, certificates):
    system = make_instance(CONFAB_DATABASE_TLS="verify", CONFAB_DATABASE_CA=certificates.ca,
                           **encrypted.env)
    client = client_of(system)
    room = client.room()["room_id"]
    assert post(client, room, TEXT).status_code == 201
    with Socket.open(system, ROOM.format(room), token=client.token) as socket:
        assert socket.next()["type"] == "connected"
    system.close()
