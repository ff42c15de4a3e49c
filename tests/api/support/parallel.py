"""Requests that are under way at the same moment."""

import threading
from concurrent.futures import ThreadPoolExecutor

from support.client import Client


def twin(client):
    """The same user on a connection of its own: a Client serves one thread at a time."""
    other = Client(client.instance, client.token)
    other.id, other.name, other.password = client.id, client.name, client.password
    return other


def at_once(calls):
    """Calls all of them, each in a thread of its own, none before all threads are there.
    Returns what they return, in their order; an exception of one of them is raised."""
    gate = threading.Barrier(len(calls))

    def run(call):
        gate.wait(60)
        return call()

    with ThreadPoolExecutor(len(calls)) as threads:
        return [future.result(120) for future in [threads.submit(run, call) for call in calls]]
