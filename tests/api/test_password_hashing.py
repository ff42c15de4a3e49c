"""Password hashing runs at a low priority in a child process."""

import os
import signal
from concurrent.futures import ThreadPoolExecutor

import pytest

from support.client import Client
from support.instance import children
from support.wait import wait_for


@pytest.fixture(scope="module")
def slow(make_instance):
    """An instance where a hash takes long enough to be observed."""
    return make_instance(CONFAB_PASSWORD_MEMORY="131072", CONFAB_PASSWORD_PASSES="8")


def while_hashing(system, look):
    """Registers users until look(worker, its hashing child) was true during a registration, and
    returns the last user."""
    def register_and_look():
        client, seen = Client(system), False
        with ThreadPoolExecutor() as pool:
            registered = pool.submit(client.register)
            while not seen and not registered.done():
                for worker in system.api_workers():
                    for child in children(worker):
                        try:
                            seen = seen or look(worker, child)
                        except ProcessLookupError:
                            pass
            registered.result()
        return seen and client
    return wait_for(register_and_look, seconds=60)


@pytest.mark.slow("hashes passwords for seconds")
def test_password_hashing_has_a_lower_priority_than_requests(slow):
    def gives_way(worker, child):
        nice = os.getpriority(os.PRIO_PROCESS, worker)
        return (os.getpriority(os.PRIO_PROCESS, child) == min(19, nice + 10)
                and os.getsid(child) == child)

    assert while_hashing(slow, gives_way)
    assert [children(worker) for worker in slow.api_workers()] == [[]] * len(slow.api_workers())


@pytest.mark.slow("hashes passwords for seconds")
def test_an_interrupted_hash_is_retried(slow):
    def cut_short(_, child):
        os.kill(child, signal.SIGKILL)
        return True

    client = while_hashing(slow, cut_short)
    answer = client.post("/api/auth/token/",
                         json={"username": client.name, "password": client.password})
    assert answer.status_code == 200
