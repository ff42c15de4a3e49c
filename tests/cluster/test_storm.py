"""Each part of a cluster fails under load: what was acknowledged is there, once and in order, at
every database and at readers; and the time without posts is printed. CLUSTER_SECONDS repeats all
faults in random orders for that long, CLUSTER_SEED chooses these."""

import contextlib
import math
import os
import random
import threading
import time

import pytest
from faults.clients import Reader
from outages import ALL

from support.client import Client
from support.load import Load, posting_surely
from support.sql_session import SqlSession
from support.wait import wait_for

WRITERS, READERS = 4, 2


class Pauses(threading.Thread):
    """The longest time between two acknowledged posts."""

    def __init__(self, load):
        super().__init__(daemon=True)
        self._load = load
        self._end_wanted = threading.Event()
        self.longest = 0.0

    def _acknowledged(self):
        return sum(count for (_, status), count in list(self._load.statuses.items())
                   if status in (200, 201))

    def run(self):
        last, since = self._acknowledged(), time.monotonic()
        while not self._end_wanted.wait(0.02):
            now = time.monotonic()
            if (count := self._acknowledged()) != last:
                last, since = count, now
            self.longest = max(self.longest, now - since)

    def end(self):
        self._end_wanted.set()
        self.join()
        return self.longest


class Commits(threading.Thread):
    """The longest time that a change took at a database, without confab."""

    def __init__(self, node):
        super().__init__(daemon=True)
        self._node = node
        self._end_wanted = threading.Event()
        self._session = None
        self.longest = 0.0

    def run(self):
        change = f"REPLACE INTO site_value (name, value) VALUES ('{self._node.name}', SYSDATE(6))"
        try:
            with SqlSession(self._node) as session:
                self._session = session
                last = time.monotonic()
                while not self._end_wanted.wait(0.05):
                    failed = session.run(change)
                    now = time.monotonic()
                    self.longest = max(self.longest, now - last - 0.05)
                    if not failed:
                        last = now
        except (EOFError, BrokenPipeError):
            self.longest = math.inf  # the database has ended

    def end(self):
        self._end_wanted.set()
        self.join(2)
        # No answer to a change: the database has ended meanwhile.
        if self.is_alive():
            self._session.end()
            self.join(20)
        return self.longest


def book(node, room):
    """[(position, client_id, message id), ...]; None while the node catches up."""
    try:
        return node.sql("SET wsrep_sync_wait = 1; SELECT position, client_id, message_id "
                        "FROM message WHERE room_id = ? ORDER BY position", room)
    except RuntimeError:
        return None


def assert_in_order(rows):
    """All positions, and the numbers of each writer, are 1, 2, 3, ..."""
    assert [position for position, _, _ in rows] == list(range(1, len(rows) + 1))
    numbers = {}
    for _, client_id, _ in rows:
        writer, number = client_id.rsplit("-", 1)
        numbers.setdefault(writer, []).append(int(number))
    for writer, found in numbers.items():
        assert found == list(range(1, len(found) + 1)), writer


def contents(node):
    """{table: (rows, checksum)} of the tables that users see. (CHECKSUM TABLE differs between
    servers for the same rows.)"""
    columns = {}
    for table, column in node.sql(
            "SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = "
            "'confab' AND table_name IN ('user', 'room', 'member', 'message', 'event', "
            "'user_event') ORDER BY table_name, ordinal_position"):
        columns.setdefault(table, []).append(f"QUOTE(`{column}`)")
    return {table: node.sql(
        f"SET wsrep_sync_wait = 1; SELECT COUNT(*), BIT_XOR(CRC32(CONCAT({', '.join(of)}))) "
        f"FROM {table}")[0] for table, of in columns.items()}


def are_alike(nodes):
    first, *others = [contents(node) for node in nodes]
    assert first and all(one == first for one in others), (first, *others)
    return True


@contextlib.contextmanager
def reading(cluster, token, room):
    """Sockets that reconnect with `since`, and that have everything a moment after the block."""
    ended = threading.Event()
    readers = [Reader(cluster.front, token, room, False, ended) for _ in range(READERS)]
    for reader in readers:
        reader.start()
    try:
        wait_for(lambda: all(reader.connects for reader in readers), 30, "the readers")
        yield readers
        last, = cluster.galera.nodes[0].sql(
            "SET wsrep_sync_wait = 1; SELECT last_seq FROM room WHERE room_id = ?", room)[0]
        wait_for(lambda: all(reader.seq >= last for reader in readers), 60, "what readers missed")
    finally:
        ended.set()
        for reader in readers:
            reader.join(60)


def storm(cluster, fault, bound):
    client = Client(cluster.hosts[0]).register()
    room = client.room()["room_id"]
    scripts = [posting_surely(room, f"{fault.__name__}-{number}", pause=0.01)
               for number in range(WRITERS)]
    with reading(cluster, client.token, room) as readers, \
            Load(cluster.front, client.token, scripts) as load:
        load.wait_for(40)
        pauses, commits = Pauses(load), [Commits(node) for node in cluster.galera.nodes]
        for thread in (pauses, *commits):
            thread.start()
        with fault(cluster) as meanwhile:
            if meanwhile:
                meanwhile(client.token, room)
            time.sleep(3)
            load.wait_for(40)
        load.wait_for(40)
        # The best of the databases shows Galera's part.
        longest, galera = pauses.end(), min(commit.end() for commit in commits)
    print(f"  {fault.__name__}: {longest:.1f} s without a post, {galera:.1f} s without a change at "
          f"all databases, slowest answer {load.slowest:.1f} s, {dict(load.statuses)}, load "
          f"{os.getloadavg()[0]:.1f}", flush=True)
    acknowledged = load.statuses["POST", 201] + load.statuses["POST", 200]
    books = [wait_for(lambda node=node: book(node, room), 60) for node in cluster.galera.nodes]
    assert books[0] == books[1] == books[2]
    assert_in_order(books[0])
    # The last message of each writer may have been interrupted.
    assert acknowledged <= len(books[0]) <= acknowledged + WRITERS
    for reader in readers:
        assert (reader.violations, reader.messages) == ([], [row[2] for row in books[0]])
    wait_for(lambda: are_alike(cluster.galera.nodes), 60, "the same at all databases")
    if bound is None:
        assert load.failures == []
    else:
        assert longest < bound
    check = cluster.hosts[0].confabctl("check", "--deep")
    assert check.returncode == 0, check.stdout


@pytest.mark.parametrize("fault, bound", ALL, ids=[fault.__name__ for fault, _ in ALL])
def test_nothing_acknowledged_is_lost(cluster, fault, bound):
    storm(cluster, fault, bound)


def test_nothing_is_lost_in_a_long_storm(cluster):
    end = time.monotonic() + float(os.environ.get("CLUSTER_SECONDS", 0))
    seed = os.environ.get("CLUSTER_SEED") or str(random.randrange(10**6))
    rng, faults = random.Random(seed), []
    print(f"  CLUSTER_SEED={seed}")
    while time.monotonic() < end:
        # Each once before any of them comes again.
        faults = faults or rng.sample(ALL, len(ALL))
        storm(cluster, *faults.pop())
