"""Servers of make start that die are restarted, as under make run."""

import os
import signal

import pytest
import requests
from support.instance import Instance, is_alive
from support.instance_script import SERVERS, Foreground, processes, script, started
from support.wait import wait_for

pytestmark = pytest.mark.slow("starts and stops all servers")


@pytest.fixture(scope="module")
def shared():
    made = Instance(quick=True, SUPERVISE="1")
    yield made
    script(made, "stop")
    made.close()


@pytest.fixture
def running(shared):
    started(shared)
    return shared


def supervisor(instance):
    return instance.pids("watch")


def replaced(instance, name, before):
    """True if another process serves."""
    try:
        pid = instance.pids(name)
    except (FileNotFoundError, IndexError, ValueError):
        return False
    return pid != before and is_alive(pid) and script(instance, "status").returncode == 0


@pytest.mark.parametrize("name", SERVERS)
def test_a_server_that_dies_is_replaced(running, name):
    before = {one: running.pids(one) for one in SERVERS}
    running.end(name, signal.SIGKILL)
    wait_for(lambda: replaced(running, name, before[name]), 60, f"another {name}")
    wait_for(lambda: requests.get(f"{running.url}/healthz", timeout=10).json() ==
             {"status": "ok"}, 30, "the site")
    assert {one for one in SERVERS if running.pids(one) != before[one]} == {name}


def test_all_servers_that_die_at_once_are_replaced(running):
    before = {name: running.pids(name) for name in SERVERS}
    for pid in before.values():
        os.kill(pid, signal.SIGKILL)
    wait_for(lambda: all(replaced(running, name, before[name]) for name in SERVERS), 90, "all")
    assert f"{SERVERS[0]} died" in (running.state / "log" / "watch.log").read_text()


def test_a_server_that_keeps_dying_is_started_less_often_and_the_others_stay(running):
    others = {name: running.pids(name) for name in SERVERS if name != "redis"}
    log = running.state / "log" / "watch.log"

    def give_pause():
        if "redis keeps dying; starting it again in 60 s" in log.read_text():
            return True
        try:
            os.kill(running.pids("redis"), signal.SIGKILL)
        except (FileNotFoundError, IndexError, ValueError, ProcessLookupError):
            pass
        return False
    wait_for(give_pause, 120, "the pause")
    assert {name: running.pids(name) for name in others} == others
    assert script(running, "status").returncode == 1
    assert script(running, "start").returncode == 0  # a start does not wait
    assert script(running, "status").returncode == 0


def test_a_server_that_cannot_start_is_tried_again(running):
    conf = running.state / "log" / "redis.log"
    log = running.state / "log" / "watch.log"
    conf.unlink()
    conf.mkdir()  # redis.log cannot be written
    said = log.stat().st_size
    running.end("redis", signal.SIGKILL)
    wait_for(lambda: "failed" in log.read_text()[said:], 60, "a failed start")
    assert is_alive(supervisor(running))
    conf.rmdir()
    wait_for(lambda: script(running, "status").returncode == 0, 90, "Redis")


def test_stop_ends_the_supervisor_and_nothing_returns(running):
    pid = supervisor(running)
    assert is_alive(pid)
    assert script(running, "stop").returncode == 0
    assert not is_alive(pid) and processes(running.state) == []
    assert not (running.state / "run" / "watch.pid").exists()


def test_a_second_start_keeps_the_supervisor_and_replaces_a_dead_one(running):
    pid = supervisor(running)
    assert "already running" in started(running)
    assert supervisor(running) == pid
    os.kill(pid, signal.SIGKILL)
    wait_for(lambda: not is_alive(pid), 10, "its end")
    assert "no supervisor" in script(running, "status").stdout
    assert "already running" in started(running)
    assert is_alive(supervisor(running)) and supervisor(running) != pid
    assert "no supervisor" not in script(running, "status").stdout


def test_run_supervises_by_itself(running):
    script(running, "stop")
    with Foreground(running) as foreground:
        foreground.wait_for("Press Ctrl-C to stop")
        assert "already running" in script(running, "start").stdout
        assert not (running.state / "run" / "watch.pid").exists()
        assert "no supervisor" not in script(running, "status").stdout
        before = running.pids("web")
        running.end("web", signal.SIGKILL)
        wait_for(lambda: replaced(running, "web", before), 60, "another web server")
    assert processes(running.state) == []
