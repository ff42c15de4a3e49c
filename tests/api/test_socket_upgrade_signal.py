"""On SIGUSR2 pushd starts the program now on disk, which takes over; systemd follows the change
of the main process."""

import os
import shutil
import signal

import pytest

from support.event_reader import EventReader
from support.followers import crowd
from support.instance import is_alive
from support.pushd import Pushd
from support.sockets import ROOM
from support.systemd import ServiceManager
from support.wait import wait_for
from support.websocket import Socket
from support.workers import serving, sockets_of

pytestmark = pytest.mark.slow("waits for programs to be replaced")


@pytest.fixture
def program(instance, tmp_path):
    """The path of a copy of pushd that tests replace."""
    return shutil.copy2(instance.build / "pushd", tmp_path / "pushd")


def replace(program, instance, script=None):
    """Replaces the program as an installation does, with the one under test or a script."""
    fresh = program.with_suffix(".new")
    if script is None:
        shutil.copy2(instance.build / "pushd", fresh)
    else:
        fresh.write_text(f"#!/bin/sh\n{script}\n")
        fresh.chmod(0o755)
    os.replace(fresh, program)


class Service(ServiceManager):
    """A pushd as a service, at free ports and a Unix socket."""

    def __init__(self, program, instance, folder, workers):
        self.path = str(instance.state / "tmp" / f"successor{workers}")
        self.ports_file = folder / "ports"
        self.log_file = folder / "log"
        super().__init__(
            [program, "-c", instance.config, "--ports-file", self.ports_file, "--workers", workers],
            {**instance.env, "CONFAB_PUSH_LISTEN": "127.0.0.1:0",
             "CONFAB_PUSH_SOCKET": self.path, "CONFAB_DRAIN_TIME": "1",
             "CONFAB_METRICS_LISTEN": "127.0.0.1:0", "CONFAB_LOG_FILE": str(self.log_file),
             "WATCHDOG_USEC": "1500000"})

    def upgrade(self):
        """Signals the main process and waits for a new one; returns both pids, (former, new)."""
        former = self.main
        os.kill(former, signal.SIGUSR2)
        wait_for(lambda: self.main != former, 30, "a successor")
        return former, self.main

    def pinged_by(self, pid):
        """Waits for two WATCHDOG messages of this process."""
        before = len(self.heard)
        wait_for(lambda: self.count("WATCHDOG=1") and sum(
            sent["from"] == pid and "WATCHDOG" in sent for sent in self.heard[before:]) >= 2, 30,
            "heartbeats")


@pytest.mark.parametrize("way", ["port", "path"])
@pytest.mark.parametrize("workers", [1, 3])
def test_an_upgrade_by_signal_loses_nothing_and_notifies_systemd(instance, user, tmp_path, program,
                                                                 workers, way):
    with Service(program, instance, tmp_path, workers) as service:
        service.wait_for("READY=1")
        ports = wait_for(lambda: service.ports_file.exists() and service.ports_file.read_text())
        port = int(ports.split()[0].partition("=")[2])
        with crowd(user(), port if way == "port" else service.path) as people:
            for _ in range(2):
                replace(program, instance)
                former, new = service.upgrade()
                wait_for(lambda: not is_alive(former), 30, "the end of the old one")
                assert os.readlink(f"/proc/{new}/exe") == str(program)
                people.read_on()
                service.pinged_by(new)
                assert service.said(former)[1:] == []
                assert service.said(new) == ["MAINPID"]
            people.end()
        assert service.count("READY=1") == 3
        assert service.process.wait(30) == 0
        assert service.ports_file.read_text() == ports
        os.kill(new, signal.SIGTERM)
        service.wait_for("STOPPING=1")
        wait_for(lambda: not is_alive(new), 30, "the end of the new one")


WRONG = {
    "a configuration that is not sound": (None, "exited with status 1"),
    "a program that crashes": ("kill -SEGV $$", "killed by signal 11"),
    "no program": ("", "cannot start"),
}


@pytest.mark.parametrize("workers", [1, 2])
@pytest.mark.parametrize("fault", WRONG)
def test_the_old_pushd_continues_if_the_new_one_fails(instance, user, program, workers, fault):
    script, complaint = WRONG[fault]
    alice = user()
    room = alice.room()["room_id"]
    with Pushd(instance, program=program, push_workers=workers, drain_time=0) as pushd:
        with EventReader(Socket.open(instance, ROOM.format(room), token=alice.token,
                                     direct=pushd.port)) as live:
            if script is None:
                pushd.configure(push_workers="many")
            elif script:
                replace(program, instance, script)
            else:
                program.unlink()
            pushd.signal(signal.SIGUSR2)
            wait_for(lambda: complaint in pushd.log(), 30, complaint)
            alice.say(room)
            live.event()
        assert pushd.get("/healthz").status_code == 200
        pushd.configure(push_workers=workers)
        replace(program, instance)
        pushd.signal(signal.SIGUSR2)
        assert pushd.end() == 0
        new = successor(pushd)
        os.kill(new, signal.SIGTERM)
        wait_for(lambda: not is_alive(new), 30, "its end")


def successor(pushd):
    """The pid of the process that it started to take over."""
    started = [line for line in pushd.log().splitlines() if " for the upgrade: process " in line
               and "started" in line]
    return int(started[-1].rpartition("process ")[2].split()[0])


@pytest.mark.parametrize("workers", [1, 2])
def test_sigterm_during_an_upgrade_ends_the_new_pushd_too(instance, program, workers):
    with Pushd(instance, program=program, push_workers=workers, drain_time=0) as pushd:
        replace(program, instance, "exec sleep 600")
        pushd.signal(signal.SIGUSR2)
        wait_for(lambda: "started" in pushd.log(), 30, "a successor")
        pushd.signal(signal.SIGUSR2)
        wait_for(lambda: "an upgrade is in progress already" in pushd.log(), 30, "a refusal")
        pushd.signal(signal.SIGTERM)
        assert pushd.end() == 0
        wait_for(lambda: not is_alive(successor(pushd)), 30, "its end")


def test_a_worker_ignores_the_upgrade_signal(instance):
    with Pushd(instance, push_workers=2) as pushd:
        pids = serving(pushd, 2)
        for pid in pids:
            os.kill(pid, signal.SIGUSR2)
        assert serving(pushd, 2) == pids
        assert "upgrade" not in pushd.log()


def test_the_new_pushd_inherits_no_connection(instance, program, tmp_path):
    """Such as one to Redis that is no longer read."""
    with Service(program, instance, tmp_path, 1) as service:
        service.wait_for("READY=1")
        held = sockets_of(service.main)
        former, new = service.upgrade()
        assert former != new and held
        assert not held & sockets_of(new)
