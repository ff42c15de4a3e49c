"""A new pushd takes over from the old one under load, at the port and at the Unix socket."""

import pytest

from support.followers import crowd
from support.pushd import Pushd
from support.wait import wait_for

pytestmark = pytest.mark.slow("upgrades pushd under load")


@pytest.mark.parametrize("way", ["port", "path"])
@pytest.mark.parametrize("workers", [1, 3])
def test_an_upgrade_under_load_delivers_every_event_once_and_refuses_no_socket(
        instance, user, workers, way):
    path = str(instance.state / "tmp" / f"upgrade{workers}")
    options = {"push_workers": workers, "drain_time": 1, "push_socket": path}
    with Pushd(instance, **options) as old:
        push, metrics = old.ports()
        with crowd(user(), push if way == "port" else path) as people, \
             Pushd(instance, arguments=["--take-over", str(old.process.pid)],
                   push_listen=f"127.0.0.1:{push}", metrics_listen=f"127.0.0.1:{metrics}",
                   **options) as new:
            assert new.ports() == (push, metrics)
            assert old.end() == 0
            people.read_on()
            people.end()
            assert f"taking over from process {old.process.pid}" in new.log()


def test_a_missing_predecessor_is_reported_and_ignored(instance):
    with Pushd(instance) as old:
        pid = old.process.pid
    with Pushd(instance, arguments=["--take-over", str(pid)]) as new:
        assert f"cannot take over from process {pid}" in new.log()
        wait_for(lambda: new.get("/healthz").status_code == 200, 30, "its health")


@pytest.mark.parametrize("pid", ["0", "-1", "x", "4294967296"])
def test_an_invalid_predecessor_pid_is_refused(instance, pid):
    assert Pushd(instance, arguments=["--take-over", pid]).launch().end() == 2
