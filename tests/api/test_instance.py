"""make start, stop, status and run, called once or twice."""

import os
import shutil
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest
import requests
from support.client import Client
from support.instance import ROOT, Instance, is_alive
from support.instance_script import SERVERS, Foreground, processes, script, started
from support.pushd_metrics import metric
from support.wait import wait_for
from support.websocket import Socket

pytestmark = pytest.mark.slow("starts and stops all servers")


@pytest.fixture(scope="module")
def shared():
    """An instance that tests may start and stop."""
    made = Instance()
    yield made
    made.close()


@pytest.fixture
def running(shared):
    started(shared)
    return shared


@pytest.fixture
def stopped(shared):
    if (shared.state / "run").exists():
        shared.stop()
    return shared


def pids(instance):
    return {name: instance.pids(name) for name in SERVERS}


# ---- start ----

def test_start_returns_when_healthz_answers_200_and_prints_the_address_last(stopped):
    said = started(stopped).splitlines()
    health = requests.get(f"{stopped.url}/healthz", timeout=10)
    assert (health.status_code, health.json()) == (200, {"status": "ok"})
    assert said[-1] == f"Open http://localhost:{stopped.port}/"


def test_start_prints_a_line_for_each_step(stopped):
    said = started(stopped)
    for name in (*SERVERS, "schema"):
        assert f"  {name:9} … ready\n" in said


def test_a_second_start_changes_nothing_and_reports_it(running):
    before = pids(running)
    said = started(running)
    assert said == f"confab is already running at http://localhost:{running.port}/\n"
    assert pids(running) == before


def test_a_start_with_another_port_reports_the_current_one(running):
    said = started(running, PORT="8123")
    assert f"already running on port {running.port}" in said


def test_start_restarts_dead_servers_and_keeps_the_others(running):
    before = pids(running)
    running.end("api", signal.SIGKILL)
    running.end("redis", signal.SIGKILL)
    assert script(running, "status").returncode == 1
    said = started(running)
    after = pids(running)
    assert "api died earlier" in said and "redis died earlier" in said
    assert {name for name in SERVERS if before[name] != after[name]} == {"api", "redis"}
    assert script(running, "status").returncode == 0


def test_concurrent_starts_create_one_instance(stopped):
    done = []
    threads = [threading.Thread(target=lambda: done.append(script(stopped, "start")))
               for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    assert [one.returncode for one in done] == [0, 0]
    assert sum("already running" in one.stdout for one in done) == 1
    groups = {os.getpgid(pid) for pid in processes(stopped.state)}
    assert groups == {*pids(stopped).values(), stopped.pids("leash")}


def test_a_later_start_keeps_the_data_and_applies_no_migration(running):
    client = Client(running).register()
    room = client.room("Of yesterday")["room_id"]
    client.say(room, "still here")
    applied = running.sql("SELECT version, applied_at FROM schema_migration")
    running.stop()
    started(running)
    assert running.sql("SELECT version, applied_at FROM schema_migration") == applied
    again = Client(running, client.token)
    assert again.get(f"/api/chat/rooms/{room}/").json()["last_message"]["content"] == "still here"
    again = running.confabctl("migrate")
    assert again.returncode == 0 and "up to date" in again.stdout + again.stderr


def test_the_demo_users_and_their_room_are_created_once(stopped):
    started(stopped, DEMO="1")
    stopped.stop()
    assert "alice (password alice-demo)" in started(stopped, DEMO="1")
    (before,), = stopped.sql("SELECT COUNT(*) FROM token")
    rooms = []
    for name in ("alice", "bob", "carol"):
        client = Client(stopped)
        answer = client.post("/api/auth/token/", json={"username": name,
                                                       "password": f"{name}-demo"})
        client.token = answer.json()["token"]
        rooms.append([room["name"] for room in client.get("/api/chat/rooms/").json()["results"]])
    assert rooms == [["Demo room"]] * 3
    assert stopped.sql("SELECT members_count, message_count FROM room "
                       "WHERE name = 'Demo room'") == [(3, 1)]
    room, = client.get("/api/chat/rooms/").json()["results"]
    page = client.get(f"/api/chat/rooms/{room['room_id']}/messages/").json()["results"]
    assert [message["sender_username"] for message in page] == ["alice"]
    assert page[0]["content"].startswith("Welcome! Alice, bob and carol are in this room.")
    assert stopped.sql("SELECT COUNT(*) FROM token") == [(before + 3,)]


def test_without_demo_there_are_no_users():
    own = Instance(quick=True)
    try:
        assert "Demo" not in started(own)
        assert own.sql("SELECT username FROM user") == [("site",)]
    finally:
        own.close()


# ---- stop and status ----

def test_stop_returns_when_all_servers_have_ended_and_keeps_the_data(running):
    name = Client(running).register().name
    done = script(running, "stop")
    assert done.returncode == 0
    assert done.stdout.splitlines()[-1] == f"confab is stopped; the data is kept in {running.state}"
    assert processes(running.state) == []
    assert list((running.state / "sock").iterdir()) == []
    started(running)
    assert running.sql("SELECT username FROM user WHERE username = ?", name) == [(name,)]


def test_a_second_stop_does_nothing_and_reports_it(stopped):
    done = script(stopped, "stop")
    assert (done.returncode, done.stdout) == (0, "confab is not running\n")


def test_stop_without_an_instance_creates_no_folder(tmp_path, stopped):
    done = script(stopped, "stop", STATE=str(tmp_path / "none"))
    assert (done.returncode, done.stdout) == (0, "confab is not running\n")
    assert not (tmp_path / "none").exists()


def test_the_exit_status_of_status_says_whether_all_some_or_no_servers_run(running):
    assert script(running, "status").returncode == 0
    running.end("redis", signal.SIGKILL)
    some = script(running, "status")
    assert some.returncode == 1 and "  redis     stopped\n" in some.stdout
    running.stop()
    assert script(running, "status").returncode == 3


def test_status_shows_each_server_with_pid_memory_and_address(running):
    lines = script(running, "status", PORT="").stdout.splitlines()
    assert lines[0] == f"confab at http://localhost:{running.port}/ (STATE={running.state})"
    for name, line in zip(SERVERS, lines[1:]):
        assert line.split()[:4] == [name, "running", "pid", str(running.pids(name))]
        assert line.split()[5] == "MB"
    assert f"127.0.0.1:{running.port}" in lines[-1]


def test_stop_requires_no_port(running):
    assert script(running, "stop", PORT="1").returncode == 0
    assert processes(running.state) == []


@pytest.mark.parametrize("direct", [False, True])
def test_stop_sends_what_is_queued_and_closes_sockets_with_1012(running, direct):
    """Behind the web server too: pushd ends first, while the web server passes its frames on."""
    alice = Client(running).register()
    room = alice.room()["room_id"]
    # Small buffers of the client, which reads nothing before the stop: some messages fill the
    # kernel's buffers, the others wait in the send queue, below ws_backlog.
    with Socket.open(running, f"/ws/chat/{room}/", token=alice.token, direct=direct,
                     rcvbuf=4096) as live, \
            Socket.open(running, "/ws/chat/notifications/", token=alice.token,
                        direct=direct) as other:
        assert live.next()["type"] == other.next()["type"] == "connected"
        for _ in range(10):
            alice.say(room, "\U0001f4ac" * 8000)
        if direct:
            wait_for(lambda: metric(running, "send_queue_bytes") > 0)
        stop = threading.Thread(target=script, args=(running, "stop"))
        stop.start()
        assert [live.next()["seq"] for _ in range(10)] == list(range(1, 11))
        assert live.closed() == 1012
        assert other.closed() == 1012
        stop.join(60)
    assert processes(running.state) == []


def test_ctrl_c_closes_sockets_behind_the_web_server_with_1012(stopped):
    with Foreground(stopped) as foreground:
        foreground.wait_for("Press Ctrl-C to stop")
        stopped.port = int((stopped.state / "run" / "web").read_text().split()[0])
        alice = Client(stopped).register()
        with Socket.open(stopped, "/ws/chat/notifications/", token=alice.token) as live:
            assert live.next()["type"] == "connected"
            foreground.signal(signal.SIGINT)
            assert live.closed() == 1012
        assert foreground.end() == 0


def test_servers_end_with_the_tests_that_started_them():
    """These are killed, and can stop nothing. The folder of the servers goes, too."""
    tests = ("import os; from support.instance import Instance; from support.pushd import Pushd; "
             "own = Instance(quick=True).start(); Pushd(own).__enter__(); "
             "print(own.state, flush=True); os.kill(os.getpid(), 9)")
    done = subprocess.run([sys.executable, "-B", "-c", tests], cwd=Path(__file__).parent, text=True,
                          stdout=subprocess.PIPE, timeout=240)
    assert done.returncode == -signal.SIGKILL
    state = Path(done.stdout.strip())
    try:
        wait_for(lambda: processes(state) == [] and not state.exists(), 60,
                 "the end of all servers and of their folder")
    finally:
        shutil.rmtree(state, ignore_errors=True)


# ---- run ----

def test_run_stays_until_ctrl_c_and_leaves_no_process(stopped):
    with Foreground(stopped) as foreground:
        foreground.wait_for("Press Ctrl-C to stop")
        assert script(stopped, "status").returncode == 0
        foreground.signal(signal.SIGINT)
        assert foreground.end() == 0
        for name in SERVERS:
            assert f"  {name:9} … stopped\n" in foreground.output
    assert processes(stopped.state) == []


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_run_shuts_down_on_other_signals(stopped, number):
    with Foreground(stopped) as foreground:
        foreground.wait_for("Press Ctrl-C to stop")
        foreground.signal(number)
        assert foreground.end() == 0
    assert processes(stopped.state) == []


def test_run_restarts_dead_servers(stopped):
    with Foreground(stopped) as foreground:
        foreground.wait_for("Press Ctrl-C to stop")
        before = pids(stopped)
        os.kill(before["api"], signal.SIGKILL)
        foreground.wait_for("api died")
        wait_for(lambda: script(stopped, "status").returncode == 0, 30, "all servers")
        after = pids(stopped)
    assert {name for name in SERVERS if before[name] != after[name]} == {"api"}


def test_run_ends_when_the_instance_is_stopped_elsewhere(stopped):
    with Foreground(stopped) as foreground:
        foreground.wait_for("Press Ctrl-C to stop")
        stopped.stop()
        assert foreground.end() == 0
        assert "stopped by another command" in foreground.output


def test_stop_ends_the_servers_of_a_killed_run(stopped):
    with Foreground(stopped) as foreground:
        foreground.wait_for("Press Ctrl-C to stop")
        foreground.kill()
        assert script(stopped, "status").returncode == 0
        assert script(stopped, "stop").returncode == 0
    assert processes(stopped.state) == []


def test_run_on_a_running_instance_reports_it_and_does_nothing(running):
    done = script(running, "run")
    assert done.returncode == 0 and "already running" in done.stdout
    assert script(running, "status").returncode == 0


# ---- through make ----

@pytest.fixture
def make(stopped, tmp_path):
    """The make command with a target, with a copy of the build folder: other tests run the programs
    in the original, and make may rebuild them if its flags differ."""
    shutil.copytree(stopped.build, tmp_path / "build", symlinks=True)
    return ["make", "--no-print-directory", f"BUILD={tmp_path}/build"]


def run_make(instance, make, target):
    return subprocess.run([*make, target], cwd=ROOT, env=instance.env, stdin=subprocess.DEVNULL,
                          text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=400)


def test_make_start_status_and_stop_work(stopped, make):
    for last in ("Open http://localhost:", "confab is already running at http://localhost:"):
        done = run_make(stopped, make, "start")
        assert done.returncode == 0, done.stdout
        assert done.stdout.splitlines()[-1].startswith(last)
    status = run_make(stopped, make, "status")
    assert status.returncode == 0 and "confab at http://localhost:" in status.stdout
    stopped.end("redis", signal.SIGKILL)
    status = run_make(stopped, make, "status")
    assert status.returncode == 1 and "redis     stopped" in status.stdout
    for last in ("confab is stopped;", "confab is not running"):
        done = run_make(stopped, make, "stop")
        assert done.returncode == 0 and done.stdout.splitlines()[-1].startswith(last)
    status = run_make(stopped, make, "status")
    assert (status.returncode, status.stdout) == (
        3, f"confab is not running (STATE={stopped.state})\n")
    state = f"STATE={stopped.state}/a b"  # given on the command line
    status = run_make(stopped, [*make, state], "status")
    assert (status.returncode, status.stdout) == (3, f"confab is not running ({state})\n")
    assert processes(stopped.state) == []


def test_ctrl_c_of_make_run_leaves_no_process(stopped, make):
    with Foreground(stopped, [*make, "run"]) as foreground:
        foreground.wait_for("Press Ctrl-C to stop", 400)
        foreground.signal(signal.SIGINT)
        foreground.end()
    wait_for(lambda: processes(stopped.state) == [], 30, "the end of all")


def test_a_read_only_clone_that_is_built_starts(stopped):
    """As a user who may not write to it, in a path with blanks."""
    tree = Path("/tmp") / f"{stopped.state.name} a clone"
    own = tree.with_name(f"{stopped.state.name}-own")
    build = tree / "build" / stopped.build.name
    compiler = (stopped.build / "flags").read_text().split()[0]
    mode = "asan" if stopped.build.name == "asan" else "release"
    command = ["make", "--no-print-directory", "-C", str(tree), f"MODE={mode}", f"CC={compiler}",
               f"BUILD=build/{stopped.build.name}", f"STATE={own}/s"]
    if os.geteuid() == 0:
        command = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", *command]
    try:
        shutil.copytree(ROOT, tree, symlinks=True,
                        ignore=lambda folder, names: {"build", ".git", ".state", "node_modules"})
        shutil.copytree(stopped.build, build, symlinks=True,
                        ignore=shutil.ignore_patterns("tests", "bench"))
        subprocess.run(["chmod", "-R", "a-w,a+rX", tree], check=True)
        own.mkdir()
        if os.geteuid() == 0:
            os.chown(own, 65534, 65534)
        env = {**stopped.env, "HOME": "/nonexistent"}
        del env["STATE"], env["BUILD"]
        for verb, status in (("start", 0), ("status", 0), ("stop", 0), ("status", 3)):
            done = subprocess.run([*command, verb], env=env, stdin=subprocess.DEVNULL, text=True,
                                  stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=240)
            assert done.returncode == status, done.stdout
        assert processes(own) == []
    finally:
        subprocess.run([*command, "stop"], capture_output=True, timeout=240)
        subprocess.run(["chmod", "-R", "u+w", tree], check=True)
        for folder in (tree, own):
            shutil.rmtree(folder, ignore_errors=True)


# ---- two instances ----

def test_two_instances_are_independent(running, make_instance):
    other = make_instance()
    client = Client(running).register()
    assert not set(pids(running).values()) & set(pids(other).values())
    assert other.port != running.port
    assert Client(other, client.token).get("/api/auth/me/").status_code == 401
    with other.subscribe() as received:
        client.say(client.room()["room_id"])
        Client(other).register().room()
        received.wait_for(lambda event: event.name == "room_created")
        assert received.named("new_message") == []
    other.stop()
    assert script(running, "status").returncode == 0
    assert all(is_alive(pid) for pid in pids(running).values())


def test_configuration_keys_in_the_environment_reach_the_processes(stopped):
    started(stopped, CONFAB_REGISTRATION="closed", CONFAB_PROCESSES="2")
    answer = Client(stopped).post("/api/auth/register/", json={
        "username": "somebody", "password": "correct horse"})
    assert answer.status_code == 403
    assert len(stopped.api_workers()) == 2
    stopped.stop()


def test_an_existing_configuration_is_kept(stopped):
    started(stopped)
    stopped.stop()
    before = stopped.config.read_text()
    try:
        stopped.config.write_text(before + "# a word of mine\nregistration = closed\n")
        started(stopped)
        assert "# a word of mine" in stopped.config.read_text()
        assert Client(stopped).post("/api/auth/register/", json={
            "username": "somebody", "password": "correct horse"}).status_code == 403
    finally:
        stopped.stop()
        stopped.config.write_text(before)
