"""confabctl user."""

import signal
import subprocess

import pytest

from support.client import Client, fresh_name
from support.confabctl import PASSWORD, Job, Terminal

TAKEN = "user '{}' already exists"


@pytest.fixture
def name(tool):
    """A new user, created by confabctl."""
    return tool.add_user(fresh_name("ctl"))


def log_in(instance, name, password=PASSWORD):
    return Client(instance).post("/api/auth/token/", json={"username": name, "password": password})


def find(tool, name):
    found = tool.json("user", "list", "--all", "--search", name)["results"]
    return next(user for user in found if user["username"] == name)


# ---- add ----

def test_an_added_user_can_log_in(tool, instance):
    name = fresh_name("ctl")
    said = tool("user", "add", name, input=PASSWORD + "\n")
    assert said == f"User {name} added with id {find(tool, name)['user_id']}.\n"
    assert log_in(instance, name).status_code == 200


def test_the_password_is_exactly_one_line(tool, instance):
    for given, password in (("  two blanks \nnot this\n", "  two blanks "),
                            ("no line feed", "no line feed"), ("tabs\tand so on\r\n",
                                                              "tabs\tand so on\r")):
        name = fresh_name("ctl")
        tool("user", "add", name, input=given)
        assert log_in(instance, name, password).status_code == 200


@pytest.mark.parametrize("password", ["8 chars!", "x" * 256, "\U0001F600" * 256, "ä" * 8])
def test_passwords_have_8_to_256_characters(tool, password):
    tool("user", "add", fresh_name("ctl"), input=password + "\n")


@pytest.mark.parametrize("password", ["7 chars", "ä" * 7, "x" * 257, "\U0001F600" * 257, "",
                                      "has a NUL\0"])
def test_passwords_of_other_lengths_are_refused(tool, password):
    name = fresh_name("ctl")
    said = tool.refuses("user", "add", name, input=password + "\n")
    assert said in ("invalid password: must be 8 to 256 characters of UTF-8",
                    "cannot read the password: line too long")
    assert tool.json("user", "list", "--search", name)["count"] == 0


def test_a_password_that_is_not_utf8_is_refused(tool, instance):
    done = subprocess.run([tool.program, *tool.options, "user", "add", fresh_name("ctl")],
                          input=b"longer than 8 \xff\xfe\n", env=instance.env,
                          capture_output=True, timeout=60)
    assert done.returncode == 1
    assert b"8 to 256 characters of UTF-8" in done.stderr


def test_a_missing_password_is_refused(tool):
    said = tool.refuses("user", "add", fresh_name("ctl"))
    assert said == "cannot read the password: standard input is empty"


@pytest.mark.parametrize("bad", ["ab", "x" * 33, "with blank", "umläut", "a/b", ""])
def test_an_invalid_user_name_is_refused(tool, bad):
    assert tool.refuses("user", "add", bad, input=PASSWORD).startswith(
        f"invalid user name '{bad}': must be 3 to 32 letters")


def test_a_taken_name_is_refused_in_any_case_before_a_password_is_read(tool, name):
    assert tool.refuses("user", "add", name.upper()) == TAKEN.format(name)


def test_if_missing_keeps_an_existing_user_without_reading_a_password(tool, instance, name):
    assert tool("user", "add", name, "--if-missing") == f"User {name} already exists.\n"
    assert tool("user", "add", name, "--if-missing", input="another password\n")
    assert log_in(instance, name).status_code == 200


def test_if_missing_adds_a_missing_user(tool, instance):
    name = fresh_name("ctl")
    tool("user", "add", name, "--if-missing", input=PASSWORD + "\n")
    assert log_in(instance, name).status_code == 200


def test_a_user_can_be_added_as_staff(tool):
    name = fresh_name("ctl")
    tool("user", "add", "--staff", name, input=PASSWORD)
    assert find(tool, name)["is_staff"] is True


def test_users_can_be_added_while_registration_is_closed(tool):
    tool("user", "add", fresh_name("ctl"), input=PASSWORD, CONFAB_REGISTRATION="closed")


def test_the_configuration_sets_the_cost_of_a_password_hash(tool, instance):
    name = fresh_name("ctl")
    tool("user", "add", name, input=PASSWORD, CONFAB_PASSWORD_MEMORY="16",
         CONFAB_PASSWORD_PASSES="3")
    (stored,), = instance.sql("SELECT password_hash FROM user WHERE username = ?", name)
    assert stored.startswith("$argon2id$v=19$m=16,t=3,p=1$")


# ---- passwords on a terminal ----

def test_a_terminal_prompts_twice_without_echo(tool, instance):
    name = fresh_name("ctl")
    with Terminal(tool, "user", "add", name) as terminal:
        terminal.expect(f"Password for {name}: ")
        assert not terminal.echoes()
        terminal.type("typed secret\n")
        terminal.expect("Retype the password: ")
        assert not terminal.echoes()
        terminal.type("typed secret\n")
        terminal.expect("added with id")
        assert terminal.end() == 0
        assert "typed" not in terminal.shown
    assert log_in(instance, name, "typed secret").status_code == 200


def test_two_passwords_that_differ_are_refused(tool, name):
    with Terminal(tool, "user", "passwd", name) as terminal:
        terminal.expect(f"Password for {name}: ")
        terminal.type("first secret\n")
        terminal.expect("Retype the password: ")
        terminal.type("second secret\n")
        terminal.expect("passwords do not match")
        assert terminal.end() == 1


def test_an_interrupt_restores_the_terminal(tool, name):
    with Terminal(tool, "user", "passwd", name) as terminal:
        terminal.expect("Password for")
        terminal.type("half a sec\x03")
        assert terminal.end() == -signal.SIGINT


def test_ctrl_z_restores_the_terminal_until_the_command_goes_on(tool, instance):
    name = fresh_name("ctl")
    with Job(tool, "user", "add", name) as terminal:
        for typed in ("half a sec\x1a", "\x1a"):
            terminal.expect(f"Password for {name}: ")
            assert not terminal.echoes()
            terminal.type(typed)
            terminal.expect("(stopped)")
            assert terminal.echoes()
            terminal.type("fg\n")
        terminal.expect(f"Password for {name}: ")
        assert not terminal.echoes()
        terminal.type("typed secret\n")
        terminal.expect("Retype the password: ")
        terminal.type("typed secret\n")
        terminal.expect("added with id")
        assert terminal.end() == 0
    assert log_in(instance, name, "typed secret").status_code == 200


def test_a_line_that_is_too_long_is_refused_on_a_terminal(tool, name):
    with Terminal(tool, "user", "passwd", name) as terminal:
        terminal.expect("Password for")
        terminal.type("x" * 2000 + "\n")
        terminal.expect("line too long")
        assert terminal.end() == 1


# ---- passwd ----

def test_a_new_password_ends_all_sessions_and_tokens(tool, instance, user):
    client = user()
    session = Client(instance)
    assert session.post("/api/auth/login/", json={
        "username": client.name, "password": client.password}).status_code == 200
    said = tool("user", "passwd", client.name, input="quite another\n")
    assert said == (f"Password of user {client.name} changed; all sessions and tokens revoked.\n")
    assert client.get("/api/auth/me/").status_code == 401
    assert session.get("/api/auth/me/").status_code == 401
    assert log_in(instance, client.name, client.password).status_code == 400
    assert log_in(instance, client.name, "quite another").status_code == 200


@pytest.mark.parametrize("password", ["short", "sunshine", "NAME"])
def test_a_bad_new_password_changes_nothing(tool, instance, name, password):
    tool.refuses("user", "passwd", name, input=password.replace("NAME", name) + "\n")
    assert log_in(instance, name).status_code == 200


# ---- disable, enable, staff ----

def test_a_disabled_user_cannot_log_in_until_enabled_again(tool, instance, user):
    client = user()
    assert tool("user", "disable", client.name) == f"User {client.name} is disabled.\n"
    assert client.get("/api/auth/me/").status_code == 401
    assert log_in(instance, client.name, client.password).status_code == 400
    assert tool("user", "disable", client.name) == f"User {client.name} is already disabled.\n"
    assert tool("user", "enable", client.name) == f"User {client.name} is enabled.\n"
    assert log_in(instance, client.name, client.password).status_code == 200
    assert tool("user", "enable", client.name) == f"User {client.name} is already enabled.\n"


def test_disabling_ends_all_tokens_and_sessions_for_good(tool, instance, user):
    client = user()
    browser = client.browser()
    assert browser.get("/api/auth/me/").status_code == 200
    tool("user", "disable", client.name)
    tool("user", "enable", client.name)
    assert client.get("/api/auth/me/").json()["code"] == "authentication_failed"
    assert browser.get("/api/auth/me/").status_code == 401
    for table in ("token", "session"):
        assert instance.sql(f"SELECT COUNT(*) FROM {table} WHERE user_id = ?",
                            client.id) == [(0,)]


def test_staff_is_set_and_cleared(tool, user):
    client = user()
    assert tool("user", "staff", client.name, "on") == f"User {client.name} is staff.\n"
    assert client.get("/api/auth/me/").json()["is_staff"] is True
    assert tool("user", "staff", client.name, "off") == f"User {client.name} is not staff.\n"
    assert client.get("/api/auth/me/").json()["is_staff"] is False


@pytest.mark.parametrize("command", ["passwd", "disable", "enable"])
@pytest.mark.parametrize("nobody", ["nobody-here", "not a name"])
def test_an_unknown_user_is_an_error(tool, command, nobody):
    assert tool.refuses("user", command, nobody, input=PASSWORD) == f"user '{nobody}' does not exist"


def test_the_staff_flag_of_an_unknown_user_is_an_error(tool):
    assert tool.refuses("user", "staff", "nobody-here", "on") == "user 'nobody-here' does not exist"


def test_user_names_are_case_insensitive(tool, name):
    assert tool("user", "disable", name.upper()) == f"User {name} is disabled.\n"


# ---- published changes ----

@pytest.mark.parametrize("words", [["passwd"], ["disable"]])
def test_a_change_of_credentials_is_published_with_its_seq(tool, instance, user, words):
    client = user()
    with instance.subscribe(f"user:{client.id}") as heard:
        tool("user", *words, client.name, input="quite another\n")
        event = heard.wait_for()
    assert (event.name, event.seq, event.actor_id, event.subject_id, event.json) == (
        "credentials_changed", 1, client.id, 0, None)
    assert instance.sql("SELECT seq, event_type, actor_id FROM user_event WHERE user_id = ?",
                        client.id) == [(1, 24, client.id)]


def test_an_ineffective_change_is_not_published(tool, instance, user):
    client = user()
    with instance.subscribe(f"user:{client.id}") as heard:
        tool("user", "enable", client.name)
        tool("user", "staff", client.name, "on")
        tool("user", "disable", client.name)
        heard.wait_for()
        assert [event.seq for event in heard.events] == [1]


def test_without_redis_the_change_is_made_with_a_warning(tool, user):
    client = user()
    said = tool("user", "disable", client.name, CONFAB_REDIS_SOCKET="/nonexistent/redis.sock")
    assert said == f"User {client.name} is disabled.\n"
    assert tool.complaint.startswith("confabctl: warning: Redis unavailable (")
    assert client.get("/api/auth/me/").status_code == 401


def test_without_a_configured_redis_there_is_no_warning(tool, user):
    client = user()
    tool("user", "disable", client.name, CONFAB_REDIS_SOCKET="", CONFAB_REDIS_HOST="")
    assert tool.complaint == ""


# ---- list ----

@pytest.fixture(scope="module")
def three(tool):
    """Three users whose names share a prefix; the last one is disabled, the first one staff."""
    prefix = fresh_name("List")
    names = [tool.add_user(f"{prefix}.{letter}") for letter in "abc"]
    tool("user", "staff", names[0], "on")
    tool("user", "disable", names[2])
    return prefix


def test_active_users_are_listed_by_name(tool, three):
    rows = tool.table("user", "list", "--search", three)
    assert [(row["NAME"], row["ACTIVE"], row["STAFF"]) for row in rows] == [
        (f"{three}.a", "yes", "yes"), (f"{three}.b", "yes", "no")]
    assert set(rows[0]) == {"ID", "NAME", "ACTIVE", "STAFF", "CREATED (UTC)"}


def test_all_lists_disabled_users_too(tool, three):
    rows = tool.table("user", "list", "--all", "--search", three.upper())
    assert [row["ACTIVE"] for row in rows] == ["yes", "yes", "no"]


def test_the_list_as_json(tool, instance, three):
    listed = tool.json("user", "list", "--search", three, "--all")
    rows = instance.sql("SELECT user_id, DATE_FORMAT(created_at, '%Y-%m-%dT%H:%i:%s.%fZ') "
                        "FROM user WHERE username LIKE ? ORDER BY username", three + "%")
    assert listed == {"count": 3, "results": [
        {"user_id": user_id, "username": f"{three}.{letter}", "is_active": letter != "c",
         "is_staff": letter == "a", "created_at": created_at}
        for (user_id, created_at), letter in zip(rows, "abc")]}


def test_limit_and_offset_choose_users_and_the_rest_is_mentioned(tool, three):
    rows = tool.table("user", "list", "--all", "--search", three, "--limit", 1, "--offset", 1)
    assert [row["NAME"] for row in rows] == [f"{three}.b"]
    assert tool.complaint == "Showing 1 of 3; use --limit and --offset for more.\n"
    listed = tool.json("user", "list", "--search", three, "--limit", 1)
    assert (listed["count"], len(listed["results"])) == (2, 1)
    assert tool.complaint == ""
    assert tool.json("user", "list", "--search", three, "--offset",
                     2**64 - 1) == {"count": 2, "results": []}


@pytest.mark.parametrize("prefix", ["%", "_", "\\", "nobody%"])
def test_the_prefix_is_literal(tool, prefix):
    assert tool.json("user", "list", "--search", prefix) == {"count": 0, "results": []}


def test_an_empty_list_has_its_headings(tool):
    assert tool("user", "list", "--search", "%") == "ID  NAME  ACTIVE  STAFF  CREATED (UTC)\n"
