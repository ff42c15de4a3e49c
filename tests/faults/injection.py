"""Faults of the servers of an instance."""

import contextlib
import itertools
import os
import random
import signal
import time

from support.instance import children, is_alive
from support.wait import wait_for

SERVERS = ("push", "api", "redis", "database", "web", "worker")

# Seconds that a server hangs, or stays dead.
HANGS, STAYS_DEAD = 3, 0.3


def signal_group(instance, server, number):
    """Each server leads a process group, which includes its workers."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(instance.pids(server), number)


class Kill:
    """SIGKILL to a server and all its processes; scripts/instance starts it again."""

    lasts = STAYS_DEAD
    needs_start = True

    def __init__(self, server):
        self.name = f"kill {server}"
        self.server = server

    def begin(self, instance):
        pid = instance.pids(self.server)
        signal_group(instance, self.server, signal.SIGKILL)
        wait_for(lambda: not is_alive(pid), 30, f"the end of {self.server}")

    def end(self, instance):
        pass


class Hang:
    """A server hangs for a while."""

    lasts = HANGS
    needs_start = False

    def __init__(self, server):
        self.name = f"hang {server}"
        self.server = server

    def begin(self, instance):
        signal_group(instance, self.server, signal.SIGSTOP)

    def end(self, instance):
        signal_group(instance, self.server, signal.SIGCONT)


class Once:
    """A fault without a duration."""

    lasts = 0
    needs_start = False

    def __init__(self, name, server, act):
        self.name = name
        self.server = server
        self._act = act

    def begin(self, instance):
        self._act(instance)

    def end(self, instance):
        pass


def kill_worker(instance):
    """Usually during a request; the parent has to replace it."""
    os.kill(random.choice(children(instance.pids("api"))), signal.SIGKILL)


def close_redis_connections(instance):
    for kind in ("normal", "pubsub"):
        instance.redis("CLIENT", "KILL", "TYPE", kind, "SKIPME", "yes")


def close_database_connections(instance):
    ids = instance.sql("SELECT id FROM information_schema.processlist WHERE db = 'confab' "
                       "AND id <> CONNECTION_ID()")
    for (number,) in ids:
        with contextlib.suppress(RuntimeError):  # it has ended meanwhile
            instance.sql("KILL CONNECTION ?", number)


def all_faults(close_sockets):
    """One fault of each kind; close_sockets(instance) closes the sockets of the readers."""
    return [kind(server) for kind in (Kill, Hang) for server in SERVERS] + [
        Once("kill a worker of fcgi-api", "api", kill_worker),
        Once("close connections of redis", "redis", close_redis_connections),
        Once("close connections of database", "database", close_database_connections),
        Once("close sockets", None, close_sockets)]


def inject(instance, faults):
    """Starts these faults together, waits for their duration, and ends them."""
    started = []
    try:
        for fault in faults:
            started.append(fault)
            fault.begin(instance)
        time.sleep(max(fault.lasts for fault in faults))
    finally:
        for fault in started:
            fault.end(instance)
        if any(fault.needs_start for fault in started):
            instance.start()


def plan(faults, rng):
    """Each fault alone, then endless pairs on different servers, in random order."""
    yield from ([fault] for fault in rng.sample(faults, len(faults)))
    pairs = [pair for pair in itertools.combinations(faults, 2) if pair[0].server != pair[1].server]
    while True:
        yield from map(list, rng.sample(pairs, len(pairs)))
