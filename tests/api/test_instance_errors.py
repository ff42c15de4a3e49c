"""Failures of an instance: each is reported clearly and leaves nothing behind."""

import os
import re
import shutil
import signal
import socket
import stat
import subprocess
from pathlib import Path

import pytest
from support.client import Client
from support.instance import ROOT, SCRIPT, Instance, is_alive
from support.instance_script import (PROGRAMS, SERVERS, Foreground, processes, refused, script,
                                     started)
from support.port import take_port
from support.wait import wait_for

pytestmark = pytest.mark.slow("starts and stops all servers for most tests")


@pytest.fixture(scope="module")
def shared():
    """An instance that is stopped when a test starts."""
    made = Instance()
    started(made)
    yield made
    made.close()


@pytest.fixture
def stopped(shared):
    shared.stop()
    return shared


def program(path, text):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(0o755)
    return path


@pytest.fixture
def modified_build(shared, tmp_path):
    """modified_build(name, shell): a build folder in which one program is replaced by a shell
    script."""
    def make(name, shell):
        for real in PROGRAMS:
            if real != name:
                (tmp_path / "build").mkdir(exist_ok=True)
                shutil.copy(shared.build / real, tmp_path / "build" / real)
        real = shared.build / name
        program(tmp_path / "build" / name, f'#!/bin/sh\nreal="{real}"\n{shell}\n')
        return str(tmp_path / "build")
    return make


# ---- ports ----

LOOPBACK = [found[4][0] for found in socket.getaddrinfo("localhost", 80, type=socket.SOCK_STREAM)]


def test_a_taken_port_is_reported_with_a_free_one(stopped):
    for address in {"127.0.0.1", *LOOPBACK}:
        with take_port(address) as taken:
            port = taken.getsockname()[1]
            said = refused(stopped, PORT=str(port))
            assert f"port {port} is in use by another program; set another: PORT=" in said
            free = said.split("PORT=")[1].split()[0]
    assert started(stopped, PORT=free).splitlines()[-1] == f"Open http://localhost:{free}/"


@pytest.mark.parametrize("port", ["x", "-1", "65536", "80 80"])
def test_an_invalid_port_is_refused(stopped, port):
    assert f"PORT={port} is not a port" in refused(stopped, PORT=port)


def test_an_invalid_address_is_refused(stopped):
    assert "LISTEN=" in refused(stopped, LISTEN='127.0.0.1"; evil')


# ---- pid files ----

def test_a_stale_pid_file_is_removed(stopped):
    dead = subprocess.Popen(["true"])
    dead.wait()
    boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    for name in SERVERS:
        (stopped.state / "run" / f"{name}.pid").write_text(f"{dead.pid} 12345 {boot}\n")
    assert script(stopped, "status").returncode == 3
    started(stopped)
    assert script(stopped, "status").returncode == 0


@pytest.mark.parametrize("verb", ["start", "stop"])
def test_a_pid_reused_by_another_program_gets_no_signal(stopped, verb):
    boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    other = subprocess.Popen(["sleep", "600"], start_new_session=True)
    try:
        for name in SERVERS:
            (stopped.state / "run" / f"{name}.pid").write_text(f"{other.pid} 12345 {boot}\n")
        assert script(stopped, verb).returncode == 0
        assert other.poll() is None
    finally:
        other.kill()
        other.wait()


def test_malformed_pid_files_do_no_harm(stopped):
    malformed = ["", "x\n", "99999999999999999999 1 2\n", "-1 1 1\n", "1\n"]
    for name, content in zip(SERVERS, malformed, strict=True):
        (stopped.state / "run" / f"{name}.pid").write_text(content)
    started(stopped)
    assert script(stopped, "status").returncode == 0


# ---- failed starts ----

@pytest.mark.parametrize("name, shell, words", [
    ("fcgi-api", 'case "$*" in *--check-config*) exit 0;; esac; echo "no mood to serve" >&2; '
                 "exit 1", ["api", "failed", "no mood to serve"]),
    ("confabctl", 'echo "error: no mood to migrate" >&2; exit 1', ["schema", "no mood to migrate"]),
])
def test_a_failed_start_reports_why_and_leaves_no_process(stopped, modified_build, name, shell,
                                                          words):
    said = refused(stopped, BUILD=modified_build(name, shell))
    assert all(word in said for word in words), said
    assert script(stopped, "status").returncode == 3
    started(stopped)


def test_a_failed_start_keeps_servers_that_ran_before(stopped, modified_build):
    started(stopped)
    before = stopped.pids("database"), stopped.pids("redis")
    stopped.end("api", signal.SIGKILL)
    stopped.end("web", signal.SIGKILL)
    build = modified_build("fcgi-api", 'case "$*" in *--check-config*) exit 0;; esac; exit 1')
    assert script(stopped, "start", BUILD=build).returncode == 1
    assert all(is_alive(pid) for pid in before)
    started(stopped)
    assert (stopped.pids("database"), stopped.pids("redis")) == before


@pytest.mark.parametrize("verb, number, status", [
    ("start", signal.SIGINT, 130), ("start", signal.SIGTERM, 143), ("run", signal.SIGINT, 130)])
def test_an_interrupted_start_leaves_no_process(stopped, modified_build, verb, number, status):
    """Interrupted during the migration, when the database is running already."""
    build = modified_build("confabctl", 'echo "at it"; exec sleep 600')
    setup_log = stopped.state / "log" / "setup.log"
    setup_log.write_text("")
    with Foreground(stopped, [SCRIPT, verb], BUILD=build) as foreground:
        wait_for(lambda: "at it" in setup_log.read_text(), 120, "the schema's turn")
        assert processes(stopped.state)
        foreground.signal(number)
        assert foreground.end() == status
    assert processes(stopped.state) == []


def test_an_invalid_configuration_is_reported_and_nothing_is_started(stopped):
    before = stopped.config.read_text()
    try:
        stopped.config.write_text(before + "rate_limits = perhaps\n")
        said = refused(stopped)
    finally:
        stopped.config.write_text(before)
    line = before.count("\n") + 1
    assert f"{stopped.config}:{line}: rate_limits" in said and "off" in said and "on" in said


def test_a_reload_with_an_invalid_configuration_is_refused(stopped):
    started(stopped)
    before = stopped.config.read_text()
    try:
        stopped.config.write_text(before + "rate_limits = perhaps\n")
        done = script(stopped, "reload")
    finally:
        stopped.config.write_text(before)
    assert done.returncode == 1 and "rate_limits" in done.stdout
    assert Client(stopped).get("/healthz").status_code == 200


def test_a_reload_without_a_running_instance_is_an_error(stopped):
    assert "confab is not running" in refused(stopped, "reload")


def test_a_configuration_of_another_folder_is_refused(stopped, tmp_path):
    before = stopped.config.read_text()
    try:
        stopped.config.write_text(before.replace(str(stopped.state), str(tmp_path)))
        assert "database_socket" in refused(stopped)
    finally:
        stopped.config.write_text(before)


def test_a_newer_schema_is_refused_and_not_changed(stopped):
    started(stopped)
    stopped.sql("INSERT INTO schema_migration (version, name, applied_at) "
                "VALUES (9999, 'of the future', SYSDATE(6))")
    stopped.stop()
    said = refused(stopped)
    assert "9999" in said and "newer" in said
    database = subprocess.Popen(["mariadbd", f"--defaults-file={stopped.state}/mariadb.cnf",
                                 *(["--user=root"] if os.geteuid() == 0 else [])],
                                stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                stderr=subprocess.DEVNULL, env=with_sbin(stopped.env))
    try:
        remove_newer_schema(stopped)
    finally:
        database.terminate()
        database.wait(60)
    started(stopped)


def with_sbin(env):
    return {**env, "PATH": env["PATH"] + ":/usr/sbin:/sbin"}


def remove_newer_schema(instance):
    def done():
        try:
            instance.sql("DELETE FROM schema_migration WHERE version = 9999")
        except RuntimeError:
            return False
        return True
    wait_for(done, 60, "the database by itself")


# ---- the machine ----

def test_a_full_disk_is_reported(stopped, tmp_path):
    program(tmp_path / "bin" / "df", "#!/bin/sh\necho Filesystem\necho x 100 50 10240 9% /\n")
    said = refused(stopped, PATH=f"{tmp_path}/bin:{stopped.env['PATH']}")
    assert "only 10 MB are free" in said


def test_a_program_that_is_not_built_is_reported_with_the_remedy(stopped, tmp_path):
    said = refused(stopped, BUILD=str(tmp_path))
    assert f"{tmp_path}/fcgi-api is not built; run make" in said


def test_a_folder_of_another_user_is_refused(stopped, tmp_path):
    if os.geteuid() == 0:
        theirs = tmp_path / "theirs"
        theirs.mkdir()
        os.chown(theirs, 65534, 65534)
    else:
        theirs = Path("/usr")
    assert f"{theirs} belongs to another user" in refused(stopped, STATE=str(theirs))


def test_a_folder_that_cannot_be_created_is_reported(stopped, tmp_path):
    (tmp_path / "file").write_text("")
    assert "cannot create" in refused(stopped, STATE=str(tmp_path / "file" / "state"))


def test_a_path_too_long_for_sockets_is_refused_with_the_longest_length(stopped, tmp_path):
    long = Path("/tmp") / ("x" * 120)
    most = longest_path(refused(stopped, STATE=str(long)))
    assert not long.exists()
    just_too_long = Path("/tmp") / ("x" * (most - len("/tmp/") + 1))
    assert longest_path(refused(stopped, STATE=str(just_too_long))) == most


def longest_path(said):
    """The longest path in bytes, from the error message."""
    found = re.search(r"too long for the paths of Unix sockets: at most (\d+) bytes", said)
    assert found, said
    return int(found[1])


def test_the_longest_path_works_with_spaces_and_unicode(stopped):
    most = longest_path(refused(stopped, STATE="/tmp/" + "x" * 120))
    made = Instance()
    shutil.rmtree(made.state)
    base = f"{made.state} ü"
    made.state = Path(base + "x" * (most - len(base.encode())))
    made.config = made.state / "confab.conf"
    made.env["STATE"] = str(made.state)
    try:
        started(made)
        client = Client(made).register()
        assert client.say(client.room()["room_id"])["content"] == "hello"
    finally:
        made.close()
    assert processes(made.state) == []


@pytest.mark.parametrize("character", ['"', "'", "\\", "#", "$", "%", "\n"])
def test_a_path_with_characters_special_to_configurations_is_refused(stopped, character):
    assert "STATE=" in refused(stopped, STATE=f"/tmp/confab{character}x")


# ---- files written ----

def test_nothing_is_written_outside_state(stopped, tmp_path):
    """Nothing in the home folder or the temporary folder, and no file is open for writing
    elsewhere."""
    places = [tmp_path / "home", tmp_path / "temporary"]
    for place in places:
        place.mkdir()
    before = git_status()
    started(stopped, HOME=str(places[0]), TMPDIR=str(places[1]))
    client = Client(stopped).register()
    client.say(client.room()["room_id"], "x" * 8000)
    for pid in processes(stopped.state):
        assert open_for_writing(pid, stopped.state) == []
    stopped.stop()
    assert [list(place.iterdir()) for place in places] == [[], []]
    assert git_status() == before
    assert stat.S_IMODE(stopped.state.stat().st_mode) == 0o700


def git_status():
    done = subprocess.run(["git", "status", "--short", "--ignored"], cwd=ROOT, text=True,
                          capture_output=True)
    return [line for line in done.stdout.splitlines() if "state" in line or "cache" in line]


def open_for_writing(pid, state):
    """Regular files outside the folder that a process has open for writing."""
    found = []
    for entry in os.listdir(f"/proc/{pid}/fd"):
        try:
            target = os.readlink(f"/proc/{pid}/fd/{entry}")
            flags = Path(f"/proc/{pid}/fdinfo/{entry}").read_text().split("flags:")[1].split()[0]
        except FileNotFoundError:
            continue
        is_file = target.startswith("/") and not target.startswith(("/dev/", "/proc/", "/memfd:"))
        if is_file and int(flags, 8) & os.O_ACCMODE and not target.startswith(f"{state}/"):
            found.append(target)
    return found


# ---- unprivileged users ----

def test_an_unprivileged_user_can_run_an_instance(stopped, tmp_path):
    """Runs from a world-readable copy of the tree, with the state in a separate folder."""
    tree = Path("/tmp") / f"{stopped.state.name}-tree"
    try:
        for name in ("scripts", "conf", "web"):
            shutil.copytree(ROOT / name, tree / name)
        for name in PROGRAMS:
            (tree / "build").mkdir(exist_ok=True)
            shutil.copy(stopped.build / name, tree / "build" / name)
        (tree / "own").mkdir()
        as_user = []
        if os.geteuid() == 0:
            os.chown(tree / "own", 65534, 65534)
            as_user = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]
        subprocess.run(["chmod", "-R", "a+rX", tree], check=True)
        env = {**stopped.env, "STATE": str(tree / "own" / "s"), "BUILD": str(tree / "build"),
               "HOME": "/nonexistent", "DEMO": "1"}
        run_once(as_user + [str(tree / "scripts" / "instance")], env, tree / "own" / "s")
    finally:
        shutil.rmtree(tree, ignore_errors=True)


def run_once(command, env, state):
    def run(verb):
        return subprocess.run([*command, verb], env=env, cwd="/", text=True, timeout=240,
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT)
    try:
        for verb in ("start", "status", "stop", "start", "stop"):
            done = run(verb)
            assert done.returncode == 0, done.stdout
            if verb == "status":
                uids = {os.stat(f"/proc/{pid}").st_uid for pid in processes(state)}
                assert len(uids) == 1 and uids != {0}
    finally:
        run("stop")
    assert processes(state) == []


# ---- packages ----

def packages(tmp_path, **env):
    """Runs scripts/packages with a package missing, as a user without sudo and terminal."""
    program(tmp_path / "bin" / "dpkg-query", "#!/bin/sh\necho not-installed\n")
    program(tmp_path / "bin" / "id", "#!/bin/sh\necho 1000\n")
    program(tmp_path / "bin" / "sudo", "#!/bin/sh\nexit 1\n")
    return subprocess.run([ROOT / "scripts" / "packages", "run"], text=True, timeout=60,
                          env={**os.environ, "PATH": f"{tmp_path}/bin:{os.environ['PATH']}", **env},
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, start_new_session=True)


def test_without_sudo_the_missing_packages_and_the_command_are_reported(tmp_path):
    done = packages(tmp_path)
    assert done.returncode == 1
    assert "only root can install them" in done.stdout
    assert "apt-get install --no-install-recommends" in done.stdout
    assert "mariadb-server-core" in done.stdout and "lighttpd" in done.stdout
