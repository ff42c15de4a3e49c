"""CPU time and memory of processes, from /proc."""

import os
import time

TICKS = os.sysconf("SC_CLK_TCK")
CPUS = os.cpu_count()
KERNEL_THREAD = 0x00200000  # PF_KTHREAD of the flags in stat


class Process:
    """One line of /proc/PID/stat. The CPU seconds include all threads, and children that have
    exited, so that the sum over a process tree stays right when one of them exits."""

    def __init__(self, pid, line):
        fields = line[line.rindex(")") + 2:].split()
        self.pid = pid
        self.parent = int(fields[1])
        self.group = int(fields[2])
        self.is_kernel = bool(int(fields[6]) & KERNEL_THREAD)
        self.seconds = sum(map(int, fields[11:15])) / TICKS


def processes():
    found = {}
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            try:
                with open(f"/proc/{entry}/stat", errors="replace") as file:
                    found[int(entry)] = Process(int(entry), file.read())
            except (FileNotFoundError, ProcessLookupError):
                pass
    return found


def stolen_seconds():
    """CPU time that the hypervisor gave to other machines."""
    with open("/proc/stat") as file:
        return int(file.readline().split()[8]) / TICKS


class Snapshot:
    """The CPU time of all processes at one moment. `groups` names process groups to be counted
    separately."""

    def __init__(self, groups):
        self.at = time.monotonic()
        table = processes()
        ours = descendants(table, os.getpid())
        self.seconds = {name: 0.0 for name in groups}
        self.foreign = 0.0
        names = {group: name for name, group in groups.items()}
        for process in table.values():
            if process.group in names:
                self.seconds[names[process.group]] += process.seconds
            elif not process.is_kernel and process.pid not in ours:
                self.foreign += process.seconds
        self.stolen = stolen_seconds()

    def since(self, before):
        """(CPU seconds by name, part of the machine used by others, 0 to 1)."""
        cpu = {name: self.seconds[name] - before.seconds[name] for name in self.seconds}
        others = max(0.0, self.foreign - before.foreign) + self.stolen - before.stolen
        return cpu, others / (CPUS * (self.at - before.at))


def descendants(table, root):
    """The pids of a process and of its living descendants."""
    found = {root}
    grown = True
    while grown:
        more = {p.pid for p in table.values() if p.parent in found} - found
        grown = bool(more)
        found |= more
    return found


def children(parent):
    return sorted(p.pid for p in processes().values() if p.parent == parent)


def pss_kib(pid):
    """Proportional set size of a process."""
    with open(f"/proc/{pid}/smaps_rollup") as file:
        for line in file:
            if line.startswith("Pss:"):
                return int(line.split()[1])
    return 0


def cpu_seconds(pid):
    """CPU time of the living threads of a process, to the nanosecond."""
    total = 0
    for thread in os.listdir(f"/proc/{pid}/task"):
        try:
            with open(f"/proc/{pid}/task/{thread}/schedstat") as file:
                total += int(file.read().split()[0])
        except FileNotFoundError:
            pass
    return total / 1e9


def wait_until(holds, seconds, otherwise):
    deadline = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > deadline:
            raise TimeoutError(otherwise)
        time.sleep(0.02)
