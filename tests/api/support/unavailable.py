"""Makes a server of an instance unavailable for a while."""

import contextlib
import os
import signal

import pytest


@contextlib.contextmanager
def killed(system, server="redis"):
    """The server is killed and started again at the end."""
    system.end(server, signal.SIGKILL)
    try:
        yield
    finally:
        system.start()


@contextlib.contextmanager
def hung(system, server="redis"):
    """The server accepts connections but does not respond until the end."""
    pid = system.pids(server)
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


OUTAGES = pytest.mark.parametrize("outage", [killed, hung])
