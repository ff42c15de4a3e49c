"""The workers of a pushd, and which of them has a socket."""

import os
import re
from pathlib import Path

from support.wait import wait_for


def workers_of(pushd):
    """Process ids of those that live, each once."""
    parent = pushd.process.pid
    children = Path(f"/proc/{parent}/task/{parent}/children")
    return [int(pid) for pid in children.read_text().split()]


def is_alive(pid):
    """A process that has ended and was not asked about yet does not count."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def serving(pushd, count):
    """Waits until so many workers serve."""
    wait_for(lambda: re.search(rf"^confab_workers {count}$", pushd.get("/metrics").text, re.M), 30,
             f"{count} workers")
    return workers_of(pushd)


def sockets_of(pid):
    """Numbers of the sockets that a process has opened."""
    found = set()
    for entry in Path(f"/proc/{pid}/fd").iterdir():
        if int(entry.name) <= 2:    # given to it
            continue
        try:
            link = os.readlink(entry)
        except OSError:  # closed meanwhile
            continue
        if link.startswith("socket:["):
            found.add(link[8:-1])
    return found


def taken_by(pid):
    """How many connections to the path of a Unix socket a process has taken."""
    with open("/proc/net/unix", encoding="utf-8", errors="replace") as table:
        rows = [line.split() for line in table][1:]
    connected = "03"
    return len({row[6] for row in rows if len(row) > 7 and row[5] == connected} & sockets_of(pid))


def worker_of(pushd, live):
    """The worker that has the other end of this socket."""
    here, there = live.connection.getsockname(), live.connection.getpeername()
    with open("/proc/net/tcp", encoding="ascii") as table:
        rows = [line.split() for line in table][1:]
    wanted = [f"{there[1]:04X}", f"{here[1]:04X}"]
    # A long table is read in pieces, and may name a socket twice.
    [inode] = {row[9] for row in rows
               if [row[1].partition(":")[2], row[2].partition(":")[2]] == wanted}
    [worker] = [pid for pid in workers_of(pushd) if inode in sockets_of(pid)]
    return worker
