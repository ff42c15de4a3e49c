"""A server of an instance that is away for a while, and then back."""

import contextlib
import os
import signal

import pytest


@contextlib.contextmanager
def killed(system, server="redis"):
    """Without the server, until it is started anew."""
    system.end(server, signal.SIGKILL)
    try:
        yield
    finally:
        system.start()


@contextlib.contextmanager
def hung(system, server="redis"):
    """The server takes connections but answers nothing, until it goes on."""
    pid = system.pids(server)
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


WAYS = pytest.mark.parametrize("away", [killed, hung])
