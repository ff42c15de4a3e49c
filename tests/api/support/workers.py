"""The worker processes of a pushd and their sockets."""

import os
import re
from pathlib import Path

from support.instance import children
from support.wait import wait_for


def workers_of(pushd):
    """The pids of the workers."""
    return children(pushd.process.pid)


def serving(pushd, count):
    """Waits until this many workers run; returns their pids."""
    wait_for(lambda: re.search(rf"^confab_workers {count}$", pushd.get("/metrics").text, re.M), 30,
             f"{count} workers")
    return workers_of(pushd)


def sockets_of(pid):
    """The inode numbers of the sockets that a process has opened."""
    found = set()
    for entry in Path(f"/proc/{pid}/fd").iterdir():
        if int(entry.name) <= 2:    # inherited
            continue
        try:
            link = os.readlink(entry)
        except OSError:  # closed in the meantime
            continue
        if link.startswith("socket:["):
            found.add(link[8:-1])
    return found


def taken_by(pid):
    """The number of connections over Unix sockets that a process has accepted."""
    with open("/proc/net/unix", encoding="utf-8", errors="replace") as table:
        rows = [line.split() for line in table][1:]
    connected = "03"
    return len({row[6] for row in rows if len(row) > 7 and row[5] == connected} & sockets_of(pid))


def worker_of(pushd, live):
    """The pid of the worker at the other end of this socket."""
    here, there = live.connection.getsockname(), live.connection.getpeername()
    with open("/proc/net/tcp", encoding="ascii") as table:
        rows = [line.split() for line in table][1:]
    wanted = [f"{there[1]:04X}", f"{here[1]:04X}"]
    # A long table is read in parts and may list a socket twice.
    [inode] = {row[9] for row in rows
               if [row[1].partition(":")[2], row[2].partition(":")[2]] == wanted}
    [worker] = [pid for pid in workers_of(pushd) if inode in sockets_of(pid)]
    return worker
