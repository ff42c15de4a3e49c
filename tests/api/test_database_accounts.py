"""The account of the services needs no rights to change tables: `confabctl migrate` may use
another one, database_admin_user."""

import re

import pytest

from support import markdown
from support.client import Client
from support.configured import configured, reload
from support.conversation import run_through

pytestmark = pytest.mark.slow("needs a database of its own")


@pytest.fixture(scope="module")
def system(make_instance):
    made = make_instance()
    made.sql("CREATE DATABASE other CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin")
    for database in ("confab", "other"):
        made.sql(f"GRANT SELECT, INSERT, UPDATE, DELETE ON {database}.* TO runs@localhost "
                 "IDENTIFIED BY 'runs'")
    made.sql("GRANT ALL ON other.* TO changes@localhost IDENTIFIED BY 'changes'")
    return made


def migrate(system, **env):
    system.env, before = {**system.env, "CONFAB_DATABASE_NAME": "other",
                          "CONFAB_DATABASE_USER": "runs", "CONFAB_DATABASE_PASSWORD": "runs",
                          **env}, system.env
    try:
        return system.confabctl("migrate")
    finally:
        system.env = before


def test_only_the_admin_user_migrates(system):
    done = migrate(system)
    assert done.returncode == 1 and "denied" in done.stderr
    admin = {"CONFAB_DATABASE_ADMIN_USER": "changes", "CONFAB_DATABASE_ADMIN_PASSWORD": "changes"}
    done = migrate(system, **admin)
    assert (done.returncode, done.stderr) == (0, "")
    assert "Applied 0001" in done.stdout
    assert "up to date" in migrate(system, **admin).stdout
    wrong = migrate(system, **{**admin, "CONFAB_DATABASE_ADMIN_PASSWORD": "secret-horse"})
    assert wrong.returncode == 1 and "secret-horse" not in wrong.stderr


def test_rows_are_all_that_the_services_change(system):
    before = system.config.read_text()
    with configured(system):
        system.config.write_text(re.sub(r"(?m)^database_user = .*$", "database_user = runs\n"
                                        "database_password = runs", before))
        reload(system)
        run_through(system)
        person = Client(system).register()
        room = person.room()["room_id"]
        with person.socket(room) as live:
            assert live.next()["type"] == "connected"
            person.say(room, "hello")
            assert live.until("new_message")["message"]["content"] == "hello"
        users = system.sql("SELECT DISTINCT user FROM information_schema.processlist "
                           "WHERE db = 'confab'")
        assert ("runs",) in users
        assert system.confabctl("check", "--deep").returncode == 0


def test_the_documented_rights_are_these():
    text = markdown.block("docs/systemd.md", "two-accounts")
    assert re.search(r"GRANT SELECT, INSERT, UPDATE, DELETE ON confab\.\* TO confab@localhost", text)
    assert "CONFAB_DATABASE_ADMIN_USER" in markdown.block("docs/systemd.md", "migrate-as-admin")
