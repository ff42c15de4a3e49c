"""The commands of README.md and docs/instance.md, executed."""

import os
import re
import shutil
import subprocess

import pytest

from support import markdown
from support.client import Client
from support.instance import ROOT, Instance

pytestmark = pytest.mark.slow("follows the page word by word")


def paste(script, env, shell="bash"):
    """Runs a documented block as an interactive shell does."""
    return subprocess.run([shell, "-c", script], env=env, cwd=ROOT, text=True, timeout=300,
                          stdin=subprocess.DEVNULL, capture_output=True)


# ---- the first session ----

@pytest.fixture(scope="module", params=["bash", "sh"])
def session(instance, request):
    return paste(markdown.block("README.md", "session"), {**os.environ, "URL": instance.url},
                 request.param)


def masked(text):
    """Masks names and ids, which differ between runs."""
    text = re.sub(r'("(?:room|user|message)_id":)[0-9]+', r"\1N", text)
    return re.sub(r'"(ann|bea)[0-9]+\.[0-9]+"', r'"\1N"', text)


def test_the_first_session_prints_the_documented_output(session):
    assert masked(session.stdout) == masked(markdown.block("README.md", "session-output"))


@pytest.fixture(scope="module")
def new():
    """A new instance as `make start` leaves it, with all its servers."""
    made = Instance(quick=True, DEMO="1", WORKER="1", SUPERVISE="1", MADE_PAGE="")
    try:
        yield made.start()
    finally:
        if made.port:
            made.stop()  # the supervisor too
        made.close()


def test_the_first_session_in_a_new_instance_prints_these_ids(new):
    done = paste(markdown.block("README.md", "session"), {**os.environ, "URL": new.url})
    names = re.compile(r'"(ann|bea)[0-9]+\.[0-9]+"')
    assert names.sub("NAME", done.stdout) == names.sub(
        "NAME", markdown.block("README.md", "session-output"))


def test_the_first_session_prints_no_errors(session):
    assert (session.returncode, session.stderr) == (0, "")


# ---- backup and restore ----

class Restored:
    """A system that was backed up, changed, and restored, by the commands of docs/instance.md."""

    def __init__(self, instance, folder):
        self.instance = instance
        # The programs under test and no others; make finds them built.
        self.build = os.path.relpath(instance.build, ROOT)
        self.env = {**instance.env, "BACKUP": str(folder / "backup"),
                    "MAKEFLAGS": f"BUILD={self.build}"}
        self.user = Client(instance).register()
        self.room_id = self.user.room("Kept")["room_id"]
        for text in ("first", "zweite ÄÖÜ", "третье 🫖", "'; DROP TABLE message; --\\"):
            self.user.say(self.room_id, text, client_id=text)
        self.before = self.content()
        self.backup = self.run("backup")
        self.user.say(self.room_id, "said after the backup")
        self.restore = self.run("restore")
        self.port = int((instance.state / "run" / "web").read_text().split()[0])

    def run(self, mark):
        script = markdown.block("docs/instance.md", mark)
        return paste(script.replace("build/release/", f"{self.build}/"), self.env)

    def content(self):
        place = f"/api/chat/rooms/{self.room_id}"
        return [self.user.get(f"{place}/{part}").json()
                for part in ("", "members/", "events/?after=0", "messages/")]


@pytest.fixture(scope="module")
def restored(make_instance, tmp_path_factory):
    instance = make_instance()
    set_aside = instance.state.with_name(f"{instance.state.name}.before")
    try:
        restored = Restored(instance, tmp_path_factory.mktemp("readme"))
        instance.port = restored.port
        yield restored
    finally:
        shutil.rmtree(set_aside, ignore_errors=True)


def test_the_backup_prints_no_errors(restored):
    done = restored.backup
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_the_restore_succeeds(restored):
    assert restored.restore.returncode == 0, restored.restore.stdout + restored.restore.stderr


def test_the_restore_restores_the_state_of_the_backup(restored):
    assert restored.content() == restored.before


def test_the_restore_ends_with_a_check_that_finds_no_differences(restored):
    lines = restored.restore.stdout.splitlines()[-7:]
    assert [line.split()[:2] for line in lines] == [
        ["ok", part] for part in ("configuration", "files", "database", "schema", "changes",
                                  "redis", "counters")]


def test_numbers_of_a_restored_room_continue(restored):
    last_seq = restored.before[0]["last_seq"]
    restored.user.say(restored.room_id, "said after the restore")
    events = restored.user.events(restored.room_id, after=last_seq)
    assert [(event["seq"], event["message"]["content"]) for event in events] == [
        (last_seq + 1, "said after the restore")]


def test_only_the_owner_can_read_the_backup(restored):
    assert (os.stat(restored.env["BACKUP"]).st_mode & 0o777) == 0o700


def test_the_restore_keeps_the_previous_data(restored):
    assert (restored.instance.state.with_name(f"{restored.instance.state.name}.before")
            / "db").is_dir()


# ---- files of an instance ----

def test_every_file_of_state_is_described(new):
    named = {name.strip("/") for row in markdown.table("docs/instance.md", "path")
             for name in markdown.in_backticks(row[0])}
    there = {entry.name for entry in new.state.iterdir()}
    # bin/ exists only if there is no redis-server in the PATH, bell/ only with bells.
    assert named - {"bin", "bell"} <= there <= named


def test_logs_and_sockets_have_their_documented_names(new):
    table = markdown.table("docs/instance.md", "path")
    rows = {row[0]: markdown.in_backticks(row[1]) for row in table}
    for folder in ("log", "sock"):
        there = {entry.name for entry in (new.state / folder).iterdir()}
        # Instances of the tests end with the tests.
        assert set(rows[f"`{folder}/`"]) == there - {"leash.log"}


def test_the_generated_configuration_is_valid_unchanged(new):
    done = subprocess.run([new.build / "fcgi-api", "-c", new.config, "--check-config"],
                          env={}, capture_output=True, text=True, timeout=30)
    assert (done.returncode, done.stderr) == (0, "")
