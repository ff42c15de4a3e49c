"""The log under systemd, and what the database says."""

import re
import subprocess

import pytest

from support.client import Client
from support.instance import ROOT
from support.port import free_port

UNITS = ["confab-fcgi.service", "confab-pushd@.service"]

# Standard error is the journal's socket, as systemd says in JOURNAL_STREAM.
AS_SERVICE = 'export JOURNAL_STREAM=$(stat -L -c %d:%i /dev/fd/2); exec "$0" "$@"'


@pytest.mark.parametrize("program, variables", [
    ("fcgi-api", {"CONFAB_FCGI_LISTEN": "/nowhere/at/all/s"}),
    ("pushd", {"CONFAB_PUSH_LISTEN": "192.0.2.1:1", "CONFAB_PUSH_SOCKET": ""}),
])
def test_lines_in_the_journal_are_a_priority_and_a_text(own_instance, program, variables):
    done = subprocess.run(
        ["sh", "-c", AS_SERVICE, own_instance.build / program, "-c", own_instance.config],
        env={**own_instance.env, "CONFAB_METRICS_LISTEN": f"127.0.0.1:{free_port()}",
             "CONFAB_UNKNOWN_KEY": "1", **variables},
        stderr=subprocess.PIPE, text=True, timeout=60)
    assert done.returncode == 1
    lines = done.stderr.splitlines()
    assert len(lines) >= 2
    assert all(re.match(r"<[3-7]>\S", line) for line in lines), lines
    assert [line for line in lines if line.startswith("<4>") and "CONFAB_UNKNOWN_KEY" in line]
    assert [line for line in lines if line.startswith("<3>") and "cannot listen" in line]
    assert not re.search(r"\d{4}-\d\d-\d\dT|\[\d+\]:|\\x0a", done.stderr)


@pytest.mark.parametrize("unit", UNITS)
def test_a_reload_checks_the_configuration_first(unit, own_instance):
    text = (ROOT / "conf" / "systemd" / unit).read_text()
    check, reload = re.findall(r"^ExecReload=(.*)$", text, re.M)
    start = re.search(r"^ExecStart=(.*)$", text, re.M)[1]
    assert (check, reload) == (f"{start} --check-config", "/bin/kill -HUP $MAINPID")
    program = own_instance.build / start.split()[0].rpartition("/")[2]
    command = [program, "-c", own_instance.config, "--check-config"]
    for value, status in (("5", 0), ("five", 1)):
        done = subprocess.run(command, env={**own_instance.env, "CONFAB_PROCESSES": value},
                              capture_output=True, text=True, timeout=30)
        assert done.returncode == status


@pytest.mark.slow("an instance of its own")
def test_texts_of_the_database_are_not_in_the_log(make_instance):
    """They can have bytes of messages."""
    system = make_instance()
    owner = Client(system).register()
    room = owner.room()["room_id"]
    system.sql("CREATE TRIGGER leak BEFORE INSERT ON message FOR EACH ROW "
               "SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'the words are secret-horse'")
    owner.may_fail = True
    answer = owner.post(f"/api/chat/rooms/{room}/messages/", json={"content": "secret-horse"})
    assert answer.status_code >= 500
    assert "secret-horse" not in system.log() and "secret-horse" not in answer.text
    assert re.search(r" error .*database: 1644 ", system.log())
