"""Concurrent requests."""

import threading
from concurrent.futures import ThreadPoolExecutor

from support.client import Client


def twin(client):
    """A second Client of the same user: a Client serves one thread at a time."""
    other = Client(client.instance, client.token)
    other.id, other.name, other.password = client.id, client.name, client.password
    return other


def at_once(calls):
    """Calls the functions at the same time, each in its own thread. Returns their results in
    order, or raises an exception of one of them."""
    gate = threading.Barrier(len(calls))

    def run(call):
        gate.wait(60)
        return call()

    with ThreadPoolExecutor(len(calls)) as threads:
        return [future.result(120) for future in [threads.submit(run, call) for call in calls]]
