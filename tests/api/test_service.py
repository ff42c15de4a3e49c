"""fcgi-api and pushd as systemd services: notifications, sandboxing and installation."""

import os
import re
import shutil
import signal
import subprocess

import pytest

from support.instance import ROOT
from support.port import free_port
from support.systemd import ServiceManager
from support.wait import wait_for

pytestmark = pytest.mark.slow("another way to run")

UNITS = sorted((ROOT / "conf" / "systemd").glob("*.service"))


@pytest.fixture(params=["fcgi-api", "pushd"])
def serve(request, own_instance, tmp_path):
    """serve(): runs the program as an additional service with its own listener."""
    def start(**env):
        log = tmp_path / "service.log"
        own = {"CONFAB_FCGI_LISTEN": str(own_instance.state / "tmp" / f"{os.getpid()}.sock"),
               "CONFAB_PUSH_LISTEN": f"127.0.0.1:{free_port()}",
               "CONFAB_METRICS_LISTEN": f"127.0.0.1:{free_port()}",
               "CONFAB_DRAIN_TIME": "0", "CONFAB_LOG_FILE": str(log), **env}
        service = ServiceManager([own_instance.build / request.param, "-c", own_instance.config],
                                 {**own_instance.env, **own})
        service.log = log
        return service
    return start


# ---- notifications ----

def test_a_service_notifies_ready_and_stopping(serve):
    with serve() as service:
        service.wait_for("READY=1")
        assert service.end() == 0
        assert service.names() == ["READY", "STOPPING"]


def test_a_service_that_cannot_start_never_notifies_ready(serve):
    with serve(CONFAB_FCGI_LISTEN="/nowhere/s", CONFAB_METRICS_LISTEN="192.0.2.1:1") as service:
        assert service.process.wait(30) == 1
        assert service.names() == []


def test_a_reload_notifies_reloading_and_ready(serve):
    with serve() as service:
        service.wait_for("READY=1")
        service.process.send_signal(signal.SIGHUP)
        service.wait_for("READY=1", 2)
        assert service.names() == ["READY", "RELOADING", "READY"]
        assert int(service.heard[-2].get("MONOTONIC_USEC", 1)) > 0


def test_a_reload_reopens_the_log(serve):
    with serve() as service:
        service.wait_for("READY=1")
        old = service.log.with_suffix(".1")
        service.log.rename(old)
        service.process.send_signal(signal.SIGHUP)
        service.wait_for("READY=1", 2)
        wait_for(lambda: service.log.exists() and "reloaded" in service.log.read_text())
        assert "reloaded" not in old.read_text()


def test_a_service_notifies_its_watchdog(serve):
    with serve(WATCHDOG_USEC="1500000") as service:
        service.wait_for("WATCHDOG=1", 3)


def test_a_hanging_service_does_not_notify_its_watchdog(serve):
    with serve(WATCHDOG_USEC="1500000") as service:
        service.wait_for("WATCHDOG=1")
        service.process.send_signal(signal.SIGSTOP)
        before = service.count("WATCHDOG=1")
        with pytest.raises(AssertionError):
            service.wait_for("WATCHDOG=1", before + 1, seconds=2)
        service.process.send_signal(signal.SIGCONT)
        service.wait_for("WATCHDOG=1", before + 1)


# ---- the units ----

@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.name)
def test_a_unit_has_a_low_exposure(unit):
    """The exposure is below 2.0; systemd-analyze reports it multiplied by ten."""
    done = subprocess.run(["systemd-analyze", "security", "--offline=true", "--threshold=20",
                           "--no-pager", unit], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr
    exposure = re.search(r"Overall exposure level for \S+: ([0-9.]+)", done.stdout)
    assert float(exposure[1]) < 2.0


@pytest.fixture(scope="module")
def installed(tmp_path_factory, own_instance):
    """The files that `make install` installs, without building."""
    folder = tmp_path_factory.mktemp("installed")
    install(folder, own_instance)
    return folder


def install(folder, instance, target="install", prefix="/usr"):
    build = os.path.relpath(instance.build, ROOT)
    subprocess.run(["make", "-s", "-o", "all", target, f"DESTDIR={folder}", f"PREFIX={prefix}",
                    f"BUILD={build}"], cwd=ROOT, check=True, timeout=120, env={
                        key: value for key, value in os.environ.items() if key != "MAKEFLAGS"})


@pytest.fixture
def machine(tmp_path, own_instance):
    """The installation with the targets and tools that units of any system depend on."""
    install(tmp_path, own_instance)
    units = tmp_path / "usr" / "lib" / "systemd" / "system"
    for name in ("sysinit", "basic", "shutdown", "sockets", "multi-user", "network"):
        (units / f"{name}.target").write_text("[Unit]\nDescription=stands for the real one\n")
    (units / "system.slice").write_text("[Unit]\nDescription=stands for the real one\n[Slice]\n")
    (tmp_path / "bin").mkdir()
    shutil.copy("/bin/kill", tmp_path / "bin")
    return tmp_path


def test_systemd_accepts_the_units(machine):
    """The programs in the units exist."""
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", f"--root={machine}", "confab-fcgi.socket",
         "confab-fcgi.service", "confab-pushd@8001.service"],
        capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stderr) == (0, "")


# ---- make install ----

def files(folder):
    return {path.relative_to(folder): path.read_bytes() for path in folder.rglob("*")
            if path.is_file()}


def test_installed_files_contain_no_paths_outside_the_installation(installed):
    for path, content in files(installed).items():
        if path.suffix in (".conf", ".service", ".socket"):
            assert b"/usr/local" not in content, path


def test_a_second_installation_keeps_the_configuration(own_instance, tmp_path):
    install(tmp_path, own_instance)
    for name in ("confab/confab.conf", "logrotate.d/confab"):
        (tmp_path / "etc" / name).write_text("# mine\n")
    before = files(tmp_path)
    install(tmp_path, own_instance)
    assert files(tmp_path) == before


def test_only_owner_and_group_can_read_the_configuration(installed):
    mode = (installed / "etc" / "confab" / "confab.conf").stat().st_mode
    assert mode & 0o777 == 0o640


def test_uninstall_keeps_only_files_of_the_user(own_instance, tmp_path):
    """Also below a folder with a blank in its name."""
    (tmp_path / "an").mkdir()
    folder = tmp_path / "an image"
    install(folder, own_instance, prefix="/opt/confab")
    install(folder, own_instance, "uninstall", "/opt/confab")
    assert {str(path) for path in files(folder)} == {"etc/confab/confab.conf",
                                                     "etc/logrotate.d/confab"}
    assert (tmp_path / "an").exists()


def test_installed_programs_show_their_version_and_options(installed):
    for program in ("fcgi-api", "pushd", "confab-worker"):
        def says(*arguments):
            return subprocess.run([installed / "usr/lib/confab" / program, *arguments],
                                  capture_output=True, text=True, timeout=30)
        assert says("--version").stdout == f"confab {(ROOT / 'VERSION').read_text().strip()}\n"
        done = says("--help")
        assert (done.returncode, done.stderr) == (0, "")
        assert done.stdout.startswith(f"usage: {program} ") and "--help" in done.stdout
        wrong = says("--hepl")
        assert (wrong.returncode, wrong.stdout) == (2, "") and done.stdout in wrong.stderr
