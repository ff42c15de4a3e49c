"""An installation in a folder of a shared host with Apache and a database."""

import os
import re
import signal
import socket
import stat
import subprocess
import types

import pytest

from support import markdown, shared_host
from support.client import Client
from support.confabctl import Tool
from support.conversation import run_through
from support.instance import is_alive, running
from support.port import free_port
from support.shared_host import SharedHost
from support.wait import wait_for

pytestmark = pytest.mark.slow("another way to run")


@pytest.fixture(scope="module", params=["fcgid", "cgi"])
def host(request, own_instance):
    made = SharedHost(own_instance, request.param)
    made.start()
    yield made
    made.close()


@pytest.fixture
def chat(host, own_instance):
    """The instance for a Client, at the URL of the folder."""
    return types.SimpleNamespace(url=f"{host.instance.url}/chat", log=host.said)


def test_a_whole_conversation_works_in_a_folder_without_redis(chat):
    run_through(chat)


@pytest.fixture(scope="module")
def suexec(own_instance):
    with SharedHost(own_instance, "suexec") as made:
        yield made


def at_folder(host):
    return types.SimpleNamespace(url=f"{host.instance.url}/chat", log=host.said)


def test_a_token_arrives_under_suexec(suexec):
    """suexec removes the variables that Apache renames to REDIRECT_... in a rewritten request."""
    anne = Client(at_folder(suexec)).register()
    assert anne.get("/api/auth/me/").json()["user_id"] == anne.id
    assert anne.get("/api/auth/me/", headers={"Authorization": None}).status_code == 401
    run_through(at_folder(suexec))


def test_the_doctor_sees_a_token_that_suexec_loses(suexec, own_instance, user):
    user()
    htaccess = suexec.home / "public_html" / "chat" / ".htaccess"
    shipped = htaccess.read_text()
    tool = Tool(own_instance)
    try:
        address = at_folder(suexec).url
        assert tool.json("doctor", address, "--no-sockets", code=0)["ok"]
        htaccess.write_text(shipped.replace("    SetEnvIf Authorization", "    # "))
        checks = tool.json("doctor", address, "--no-sockets", code=1)["checks"]
        wrong = [check for check in checks if check["state"] == "failed"]
        assert [check["check"] for check in wrong] == ["authorization"]
        assert "SetEnvIf Authorization" in wrong[0]["try"]
    finally:
        htaccess.write_text(shipped)


METHODS = """
<Location "/chat/api">
    Require method GET POST
</Location>
<Location "/chat/healthz">
    Require method GET POST
</Location>
"""


def test_the_doctor_sees_refused_methods(own_instance, user, monkeypatch):
    user()
    monkeypatch.setattr(shared_host, "HOST", shared_host.HOST + METHODS)
    with SharedHost(own_instance, "cgi") as host:
        address = at_folder(host).url
        checks = Tool(own_instance).json("doctor", address, "--no-sockets", code=1)["checks"]
        wrong = [check for check in checks if check["state"] == "failed"]
        assert [check["check"] for check in wrong] == ["methods"]
        assert "PATCH and DELETE" in wrong[0]["detail"]
        assert "X-HTTP-Method-Override" in wrong[0]["try"]
        anne = Client(at_folder(host)).register()
        room = anne.room()["room_id"]
        assert anne.delete(f"/api/chat/rooms/{room}/").status_code in (401, 403)
        answer = anne.post(f"/api/chat/rooms/{room}/", headers={"X-HTTP-Method-Override": "DELETE"})
        assert answer.status_code == 204


def test_two_users_can_chat_by_polling(chat):
    anne, ben = Client(chat).register(), Client(chat).register()
    room = anne.room()["room_id"]
    anne.invite(room, ben)
    seen = 0
    for number, (speaker, listener) in enumerate([(anne, ben), (ben, anne)] * 3):
        speaker.say(room, f"number {number}")
        events = listener.events(room, after=seen)
        assert [event["message"]["content"] for event in events if "message" in event] == [
            f"number {number}"]
        seen = events[-1]["seq"]


def test_the_page_and_its_resources_are_served(host, chat):
    for path in ("/", "/join/", "/confab.js", "/icon.svg"):
        answer = Client(chat).get(path)
        assert answer.status_code == 200
        assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
        assert answer.headers["Cache-Control"] == "no-cache"
    script = re.search(r'"(v/[0-9a-f]{12}/chat/main\.js)"', Client(chat).get("/").text)[1]
    answer = Client(chat).get("/" + script)
    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"


def test_the_page_learns_that_there_are_no_websockets(chat):
    assert Client(chat).get("/ws/chat/1/").status_code == 404


@pytest.mark.parametrize("path", ["/.htaccess", "/confab.conf", "/../.confab/confab.conf",
                                  "/.confab/confab.conf"])
def test_the_configuration_is_not_served(chat, path):
    answer = Client(chat).get(path)
    assert answer.status_code in (400, 403, 404) and "database" not in answer.text


def test_permissions_of_programs_satisfy_suexec(host):
    folder = host.home / "public_html" / "chat"
    for path in (folder, folder / "chat.fcgi", folder / "chat.cgi"):
        status = path.lstat()
        assert not stat.S_ISLNK(status.st_mode)
        assert status.st_mode & 0o022 == 0, "others can write to it"
        assert status.st_uid == folder.stat().st_uid


def test_the_program_runs_as_fastcgi_or_cgi_as_the_host_provides(host, chat):
    """A FastCGI process stays after a request, a CGI process ends."""
    Client(chat).get("/api/auth/me/")
    left = running(host.home / "public_html" / "chat" / "chat.fcgi")
    assert bool(left) == (host.kind == "fcgid")
    assert host.kind == "cgi" or not running(host.home / "public_html" / "chat" / "chat.cgi")


def test_installing_again_keeps_files_of_the_user(host, own_instance):
    htaccess = host.home / "public_html" / "chat" / ".htaccess"
    before = host.config.read_text(), htaccess.read_text()
    htaccess.write_text(before[1] + "# mine\n")
    try:
        assert "keeping your changed" in host.install(own_instance)
        assert htaccess.read_text().endswith("# mine\n")
    finally:
        htaccess.write_text(before[1])
    assert host.install(own_instance) == ""
    assert (host.config.read_text(), htaccess.read_text()) == before


# ---- pushd on hosts that allow daemons ----

@pytest.fixture
def push_port():
    return free_port()


@pytest.fixture
def cron(host, push_port):
    """cron(): runs the line of the crontab. Stops pushd at the end."""
    program = host.home / ".confab" / "bin" / "pushd"
    env = {"HOME": str(host.home), "PATH": os.environ["PATH"],
           "CONFAB_PUSH_LISTEN": f"127.0.0.1:{push_port}",
           "CONFAB_METRICS_LISTEN": f"127.0.0.1:{free_port()}", "CONFAB_DRAIN_TIME": "0"}

    def run():
        done = subprocess.run([program, "--ensure"], env=env, capture_output=True, text=True,
                              timeout=60)
        assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
        return running(program)

    # Repeated, as by cron: the last thread of a killed process holds the lock a little longer.
    yield lambda: wait_for(run, 20)
    for pid in running(program):
        os.kill(pid, signal.SIGKILL)
    wait_for(lambda: not running(program), 20)


def test_ensure_starts_exactly_one_pushd(cron):
    first = cron()
    assert len(first) == 1
    assert cron() == first


def test_ensure_starts_another_pushd_after_its_end(cron):
    first, = cron()
    os.kill(first, signal.SIGKILL)
    wait_for(lambda: not is_alive(first), 20)
    assert cron() != [first]


def answers(port):
    with socket.socket() as connection:
        return connection.connect_ex(("127.0.0.1", port)) == 0


def noted(host):
    """The pid in the lock file."""
    return int((host.home / ".confab" / "pushd.lock").read_text() or 0)


def test_an_upgrade_by_signal_keeps_the_lock_of_ensure(cron, push_port, host, own_instance):
    first, = cron()
    wait_for(lambda: answers(push_port) and noted(host) == first, 30, "its start")
    for _ in range(2):
        host.install(own_instance)
        subprocess.run(["sh", "-c", markdown.block("docs/shared-host.md", "pushd-upgrade")],
                       env={**os.environ, "HOME": str(host.home)}, check=True, timeout=30)
        wait_for(lambda: not is_alive(first), 30)
        then = cron()
        assert len(then) == 1 and then != [first]
        assert noted(host) == then[0]
        first, = then


def test_ensure_refuses_to_take_over_from_a_pushd_it_did_not_start(host):
    program = host.home / ".confab" / "bin" / "pushd"
    done = subprocess.run([program, "--ensure", "--take-over", "1"],
                          env={"HOME": str(host.home)}, capture_output=True, text=True, timeout=30)
    assert done.returncode == 1
    assert "can only take over from a pushd started with --ensure" in done.stderr


def test_ensure_without_a_configuration_is_an_error(own_instance, tmp_path):
    done = subprocess.run([own_instance.build / "pushd", "--ensure"], env={"HOME": str(tmp_path)},
                          capture_output=True, text=True, timeout=30)
    assert done.returncode == 1
    assert "needs a configuration file" in done.stderr


def test_the_crontab_keeps_exactly_one_worker(host):
    """As the lines of docs/shared-host.md, with another port."""
    lines = markdown.read("docs/shared-host.md")
    assert "*/5 * * * * $HOME/.confab/bin/confab-worker --ensure\n" in lines
    program = host.home / ".confab" / "bin" / "confab-worker"
    env = {"HOME": str(host.home), "PATH": os.environ["PATH"], "CONFAB_WORKER_LISTEN": ""}

    def cron(option="--ensure"):
        done = subprocess.run([program, option], env=env, capture_output=True, text=True,
                              timeout=60)
        assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
        return running(program)

    def registered():
        return host.instance.sql("SELECT COUNT(*) FROM worker")[0][0]

    try:
        first, = wait_for(cron, 20)
        wait_for(lambda: registered() == 1, 20, "its row")
        assert cron() == [first]
        # One that cron starts each minute shares the work with it.
        assert cron("--once") == [first]
        os.kill(first, signal.SIGKILL)
        wait_for(lambda: not is_alive(first), 20)
        then, = wait_for(cron, 20)
        assert then != first
        os.kill(then, signal.SIGTERM)
        wait_for(lambda: not running(program), 20)
    finally:
        for pid in running(program):
            os.kill(pid, signal.SIGKILL)
