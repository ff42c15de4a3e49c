"""confabctl in general: command line, help, errors."""

import os
import re
import shutil
import subprocess
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from support.confabctl import Tool
from support.instance import ROOT
from support.leash import new_folder
from support.sql_session import SqlSession
from support.wait import wait_for

COMMANDS = ["migrate", "user add", "user passwd", "user disable", "user enable", "user staff",
            "user moderator", "audit", "user totp", "user erase", "user export",
            "user profile", "user bot", "user list", "token add", "token list", "token revoke",
            "room list", "room show", "room delete", "room export", "room ensure",
            "room link add", "room link list", "room link remove", "events purge",
            "restored", "stats", "check"]

USAGE = "usage: confabctl [-c FILE] [--json] COMMAND [ARGUMENT...]"
NOTHING = {"CONFAB_DATABASE_SOCKET": "/nonexistent/db.sock"}


# ---- help ----

@pytest.mark.parametrize("words", [["help"], ["--help"], ["-h"]])
def test_help_names_every_command_and_option(tool, words):
    text = tool(*words, **NOTHING)
    assert text.startswith(USAGE)
    for command in COMMANDS:
        assert re.search(rf"^  confabctl {command}\b", text, re.M), command
    for option in ("-c, --config FILE", "--json", "-h, --help", "--version", "--example-config"):
        assert option in text


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_its_own_help(tool, command):
    text = tool(*command.split(), "--help", **NOTHING)
    assert re.findall(r"^  confabctl (.*)", text, re.M)[0].startswith(command)
    assert len(re.findall(r"^  confabctl", text, re.M)) == 1
    assert tool("help", *command.split(), **NOTHING) == text


def test_help_on_a_group_shows_its_commands(tool):
    text = tool("user", "--help")
    assert re.findall(r"^  confabctl (user \w+)", text, re.M) == [
        command for command in COMMANDS if command.startswith("user ")]
    assert tool("help", "user") == text


def test_lines_of_help_are_at_most_100_columns(tool):
    assert max(len(line) for line in tool("help").splitlines()) <= 100


def test_help_on_an_unknown_command_is_a_usage_error(tool):
    assert tool.misuse("help", "nothing")[0] == "confabctl: unknown command 'nothing'"


# ---- usage errors ----

def test_a_missing_command_is_a_usage_error(tool):
    assert tool.misuse()[0] == USAGE


def test_an_unknown_command_is_a_usage_error_with_a_suggestion(tool):
    assert tool.misuse("usr", "list")[0] == \
        "confabctl: unknown command 'usr'; did you mean 'user list'?"
    assert tool.misuse("statz")[0] == \
        "confabctl: unknown command 'statz'; did you mean 'stats'?"
    assert tool.misuse("frobnicate")[0] == "confabctl: unknown command 'frobnicate'"


def test_a_group_without_a_command_lists_its_commands(tool):
    said = tool.misuse("token")
    assert said == ["confabctl: 'token' requires a subcommand", "usage: confabctl token add NAME",
                    "usage: confabctl token list [NAME]", "usage: confabctl token revoke ID"]
    assert tool.misuse("token", "delete")[0] == "confabctl: unknown command 'token delete'"


@pytest.mark.parametrize("words", [
    ["migrate", "now"], ["user", "add"], ["user", "add", "a", "b"], ["user", "passwd"],
    ["user", "disable"], ["user", "enable"], ["user", "staff", "alice"],
    ["user", "staff", "alice", "maybe"], ["user", "list", "x"], ["user", "list", "--limit", "x"],
    ["user", "list", "--limit=-1"], ["user", "list", "--offset"], ["token", "add"],
    ["token", "list", "a", "b"], ["token", "revoke"], ["token", "revoke", "x"],
    ["token", "revoke", "0"], ["room", "list", "x"], ["room", "show"], ["room", "show", "-1"],
    ["room", "show", "1.5"], ["room", "delete"], ["room", "delete", "x", "--yes"],
    ["room", "ensure", "x"], ["room", "ensure", "--owner", "alice"],
    ["room", "ensure", "x", "--owner", "a", "--public", "--private"], ["events", "purge", "x"],
    ["stats", "x"], ["check", "x"], ["check", "--deeper"], ["migrate", "--wait", "soon"],
])
def test_a_usage_error_shows_the_usage_of_the_command(tool, words):
    said = tool.misuse(*words)
    command = words[0] if words[0] in COMMANDS else " ".join(words[:2])
    assert len(said) == 2
    assert said[0].startswith("confabctl: ")
    assert re.match(rf"usage: confabctl {command}( |$)", said[1])


@pytest.mark.parametrize("option", ["--frobnicate", "-x"])
def test_an_unknown_option_is_a_usage_error_in_any_position(tool, option):
    assert tool.misuse(option, "stats")[0] == f"confabctl: unknown option '{option}'"
    assert tool.misuse("stats", option) == [
        f"confabctl: unknown option '{option}'", "usage: confabctl stats"]


@pytest.mark.parametrize("command", sorted(set(COMMANDS) - {
    "audit", "user list", "user erase", "user profile", "token list", "room list", "room show",
    "room link list", "stats", "check"}))
def test_json_is_refused_by_commands_without_json_output(tool, command):
    said = tool.misuse("--json", *command.split())
    assert said[0] == f"confabctl: '{command}' does not support --json"
    assert said[1].startswith(f"usage: confabctl {command}")


# ---- options ----

def test_the_version_is_that_of_the_source(tool):
    version = (ROOT / "VERSION").read_text().strip()
    assert tool("--version", **NOTHING) == f"confabctl {version}\n"


def test_the_example_configuration_is_complete_and_valid(tool, tmp_path):
    text = tool("--example-config", **NOTHING)
    keys = re.findall(r"^OPTION_(?:TEXT|NUMBER|CHOICE)\((\w+)",
                      (ROOT / "common" / "config" / "options.def").read_text(), re.M)
    assert keys
    for key in keys:
        assert re.search(rf"^# ?{key} =", text, re.M), key
    example = tmp_path / "example.conf"
    example.write_text(re.sub(r"^# ?(\w+ =)", r"\1", text, flags=re.M))
    checked = tool.json("-c", example, "check", code=1)
    assert checked["checks"][0] == {"check": "configuration", "state": "ok",
                                    "detail": str(example), "try": None}


def test_options_are_accepted_in_any_position(tool, instance):
    bare = Tool(instance, config=False)
    config = str(instance.config)
    expected = tool("--json", "user", "list", "--limit", 1)
    for line in (["-c", config, "--json", "user", "list", "--limit", 1],
                 ["user", "list", "--limit", 1, "--json", "--config", config],
                 ["user", f"--config={config}", "list", "--json", "--limit=1"]):
        assert bare(*line) == expected


def test_the_environment_names_the_configuration_file(instance):
    bare = Tool(instance, config=False)
    found = bare.json("check", CONFAB_CONFIG=str(instance.config))["checks"][0]
    assert found["detail"] == str(instance.config)


def test_two_dashes_end_the_options(tool):
    tool.add_user("--json-lover")
    assert "--json-lover" in tool("user", "list", "--search=--json")
    assert tool("user", "disable", "--", "--json-lover") == "User --json-lover is disabled.\n"


# ---- errors ----

def test_an_invalid_configuration_is_refused_with_the_line(tool, tmp_path):
    path = tmp_path / "bad.conf"
    path.write_text("procesess = 4\nprocesses = 9999\n")
    assert tool("-c", path, "stats", code=1) == ""
    head, *rest = tool.complaint.splitlines()
    assert head == "confabctl: invalid configuration:"
    assert len(rest) == 2
    assert rest[0].startswith(f"{path}:1: ") and rest[1].startswith(f"{path}:2: ")


def test_an_unavailable_database_is_reported_in_one_line(tool):
    said = tool.refuses("stats", **NOTHING)
    assert said.startswith("database unavailable: 2002 ")


def test_failing_to_write_output_is_an_error(tool):
    with open("/dev/full", "w") as full:
        done = tool.run("stats", stdout=full)
    assert done.returncode == 1
    assert done.stderr == "confabctl: cannot write to standard output\n"


# ---- migrate ----

@pytest.fixture(scope="module")
def own(make_instance):
    """An instance whose schema and servers the tests below may damage."""
    return make_instance()


def latest():
    return max(int(path.name[:4]) for path in (ROOT / "schema").glob("[0-9]*.sql"))


@pytest.mark.slow("migrates from nothing")
def test_migrate_applies_nothing_twice(own):
    said = f"The schema is up to date (version {latest()}).\n"
    assert Tool(own)("migrate") == said
    assert Tool(own)("migrate") == said


def test_migrate_lists_the_applied_migrations(own):
    own.sql("CREATE DATABASE empty_one")
    tool = Tool(own)
    names = sorted(path.stem for path in (ROOT / "schema").glob("[0-9]*.sql"))
    said = "".join(f"Applied {name[:4]} {name[5:]}.\n" for name in names)
    assert tool("migrate", CONFAB_DATABASE_NAME="empty_one") == said
    assert tool.json("stats", CONFAB_DATABASE_NAME="empty_one")["users"] == 0


def test_migrate_upgrades_old_data(own):
    own.sql("CREATE DATABASE old_one; USE old_one; " +
            (ROOT / "schema" / "0001_initial.sql").read_text() + """
        CREATE TABLE schema_migration (version INT UNSIGNED NOT NULL, name VARCHAR(64) NOT NULL,
            applied_at DATETIME(6) NOT NULL, PRIMARY KEY (version));
        INSERT INTO schema_migration VALUES (1, 'initial', '2024-01-01');
        INSERT INTO user (user_id, username, password_hash, created_at, rooms_count)
            VALUES (1, 'alice', '!', '2024-01-01', 12);
        INSERT INTO room (room_id, name, is_private, created_by_id, created_at, last_active_at,
                          members_count)
            SELECT seq, 'room', seq % 3 > 0, 1, '2024-01-01' + INTERVAL seq % 5 HOUR,
                   '2024-01-01' + INTERVAL seq % 5 HOUR, 1 FROM seq_1_to_12;
        INSERT INTO user (user_id, username, password_hash, created_at, is_active)
            VALUES (2, 'bob', '!', '2024-01-01', FALSE);
        INSERT INTO token (token_hash, user_id, created_at)
            VALUES ('of alice', 1, '2024-01-01'), ('of bob', 2, '2024-01-01');
        INSERT INTO member (room_id, user_id, is_admin, joined_at)
            SELECT room_id, 1, TRUE, created_at FROM room;""")
    tool, old = Tool(own), {"CONFAB_DATABASE_NAME": "old_one"}
    assert tool("migrate", **old).startswith("Applied 0002 ")
    assert "up to date" in tool("migrate", **old)
    assert tool.json("check", "--deep", **old)["differences"] == []
    assert own.sql("SELECT number FROM old_one.total WHERE name = 'public_rooms'") == [(4,)]
    assert own.sql("SELECT COUNT(*) FROM information_schema.columns WHERE table_schema = 'old_one' "
                   "AND column_name IN ('active_minute', 'user_is_active')") == [(0,)]


def test_without_the_schema_other_commands_suggest_migrate(own):
    own.sql("CREATE DATABASE bare_one")
    said = Tool(own).refuses("user", "list", CONFAB_DATABASE_NAME="bare_one")
    assert said == (f"the schema is at version 0, but version {latest()} is required: "
                    "run `confabctl migrate`")


def test_a_newer_schema_is_not_changed(own):
    own.sql("INSERT INTO schema_migration VALUES (999, 'from_the_future', '2030-01-01')")
    tool = Tool(own)
    try:
        assert tool.refuses("migrate") == (
            "the schema is at version 999, but this program supports versions up to "
            f"{latest()}: install a newer confab (nothing was changed)")
        assert tool.refuses("stats").endswith("install a newer confab")
    finally:
        own.sql("DELETE FROM schema_migration WHERE version = 999")


# ---- root ----

@pytest.fixture
def reachable(own):
    """A folder that every user can read, with confabctl; the database accepts its users."""
    folder = new_folder()
    shutil.copy(own.build / "confabctl", folder)
    folder.chmod(0o755)
    modes = {path: path.stat().st_mode & 0o777 for path in (own.state, own.state / "sock")}
    for path in modes:
        path.chmod(0o711)
    yield folder
    for path, mode in modes.items():
        path.chmod(mode)
    shutil.rmtree(folder)


@pytest.mark.parametrize("owner, group, name", [
    ("root", "www-data", "www-data"), ("nobody", "root", "nobody"), ("root", "root", "root")])
def test_root_becomes_the_user_of_the_configuration(own, reachable, owner, group, name):
    """The database accepts only that user, by the socket."""
    if os.geteuid() != 0:
        name = Tool(own)("stats") and subprocess.check_output(["id", "-un"], text=True).strip()
    own.sql(f"CREATE USER IF NOT EXISTS '{name}'@localhost IDENTIFIED VIA unix_socket;"
            f"GRANT ALL ON confab.* TO '{name}'@localhost")
    config = reachable / "confab.conf"
    config.write_text(f"database_socket = {own.state}/sock/db.sock\ndatabase_name = confab\n"
                      f"database_user = {name}\n")
    config.chmod(0o640)
    if os.geteuid() == 0:
        shutil.chown(config, owner, group)
    done = subprocess.run([reachable / "confabctl", "-c", config, "stats"], env={}, text=True,
                          capture_output=True, timeout=60)
    assert (done.returncode, done.stderr) == (0, "")


def test_root_migrates_as_a_user_that_only_root_can_be(own, reachable):
    """database_admin_user is authenticated by the socket."""
    admin = subprocess.check_output(["id", "-un"], text=True).strip()
    own.sql("CREATE DATABASE by_socket CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin;"
            f"CREATE USER IF NOT EXISTS '{admin}'@localhost IDENTIFIED VIA unix_socket;"
            f"GRANT ALL ON by_socket.* TO '{admin}'@localhost;"
            "CREATE USER IF NOT EXISTS nobody@localhost IDENTIFIED VIA unix_socket;"
            "GRANT SELECT ON by_socket.* TO nobody@localhost")
    config = reachable / "confab.conf"
    text = (f"database_socket = {own.state}/sock/db.sock\ndatabase_name = by_socket\n"
            "database_user = nobody\n")
    command = [reachable / "confabctl", "-c", config, "migrate"]
    config.write_text(text)
    if os.geteuid() == 0:
        shutil.chown(config, "nobody", "root")
    done = subprocess.run(command, env={}, text=True, capture_output=True, timeout=60)
    assert done.returncode == 1 and "denied" in done.stderr
    config.write_text(f"{text}database_admin_user = {admin}\n")
    done = subprocess.run(command, env={}, text=True, capture_output=True, timeout=60)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("Applied 0001 ")


@pytest.mark.slow("migrates from nothing")
def test_root_waits_for_a_table_in_use_on_the_connection_that_only_root_could_open(own, reachable):
    """By then confabctl is no longer root: it could not connect again."""
    admin = subprocess.check_output(["id", "-un"], text=True).strip()
    own.sql("CREATE DATABASE waited_for CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin; "
            f"USE waited_for; {(ROOT / 'schema' / '0001_initial.sql').read_text()}; "
            f"CREATE USER IF NOT EXISTS '{admin}'@localhost IDENTIFIED VIA unix_socket; "
            f"GRANT ALL ON waited_for.* TO '{admin}'@localhost")
    config = reachable / "confab.conf"
    config.write_text(f"database_socket = {own.state}/sock/db.sock\ndatabase_name = waited_for\n"
                      f"database_user = nobody\ndatabase_admin_user = {admin}\n")
    if os.geteuid() == 0:
        shutil.chown(config, "nobody", "root")
    tried = ("SELECT variable_value FROM information_schema.global_status "
             "WHERE variable_name = 'Com_alter_table'")
    with SqlSession(own) as reader, ThreadPoolExecutor(1) as threads:
        reader.run("USE waited_for")
        reader.run("START TRANSACTION WITH CONSISTENT SNAPSHOT")
        reader.run("SELECT COUNT(*) FROM user, room")
        before = int(own.sql(tried)[0][0])
        command = [reachable / "confabctl", "-c", config, "migrate"]
        done = threads.submit(subprocess.run, command, env={}, text=True, capture_output=True,
                              timeout=120)
        # The first table is altered only when the reader has ended.
        wait_for(lambda: done.done() or int(own.sql(tried)[0][0]) > before + 3)
        reader.run("COMMIT")
        said = done.result()
    assert (said.returncode, said.stderr) == (0, "")
    assert "Applied 0002 " in said.stdout


def test_a_migration_that_lost_its_connection_lost_its_lock(own):
    """Another one may have begun since."""
    newest = own.sql("SELECT version, name, applied_at FROM schema_migration "
                     "ORDER BY version DESC LIMIT 1")[0]
    tool = Tool(own)
    waiting = ("SELECT id FROM information_schema.processlist "
               "WHERE info LIKE 'SELECT MAX(version)%' AND state LIKE 'Waiting%'")
    own.sql("DELETE FROM schema_migration WHERE version = ?", newest[0])
    try:
        with SqlSession(own) as session, ThreadPoolExecutor(1) as threads:
            session.run("LOCK TABLES schema_migration WRITE")
            refused = threads.submit(tool.refuses, "migrate")
            own.sql("KILL ?", wait_for(lambda: own.sql(waiting))[0][0])
            wait_for(lambda: own.sql(waiting))  # on another connection
            session.run("UNLOCK TABLES")
            assert refused.result(60) == (
                "another migration of this database is running; try again later")
    finally:
        own.sql("INSERT INTO schema_migration VALUES (?, ?, ?)", *newest)


def test_a_failed_migration_is_not_recorded_and_is_retried(own):
    own.sql("CREATE DATABASE broken_one; CREATE TABLE broken_one.token (x INT);"
            "CREATE TABLE broken_one.user (user_id INT)")
    tool = Tool(own)
    said = tool.refuses("migrate", CONFAB_DATABASE_NAME="broken_one")
    assert said.startswith("the schema is at version 0; the next migration failed: ")
    own.sql("DROP TABLE broken_one.token, broken_one.user")
    assert tool("migrate", CONFAB_DATABASE_NAME="broken_one").startswith("Applied 0001 ")


def test_migrate_waits_for_the_database(own):
    own.end("database")
    tool = Tool(own)
    try:
        before = time.monotonic()
        assert tool.refuses("migrate").startswith("database unavailable")
        assert time.monotonic() - before < 5
        assert tool.refuses("migrate", "--wait", 1).startswith("database unavailable")
        assert time.monotonic() - before >= 1
        starter = threading.Timer(0.5, own.start)
        starter.start()
        assert "up to date" in tool("migrate", "--wait", 60)
        starter.join()
    finally:
        own.start()
