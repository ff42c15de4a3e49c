"""The machine and the software that were measured."""

import os
import re
import subprocess

from paths import ROOT


def _first_line(*command):
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=20)
    except FileNotFoundError:
        return "not there"
    return (done.stdout or done.stderr).strip().split("\n")[0]


def _file(path, pattern):
    with open(path, errors="replace") as file:
        match = re.search(pattern, file.read(), re.MULTILINE)
    return match[1].strip() if match else "unknown"


def _source():
    """The measured commit, and whether the tree differs from it."""
    commit = _first_line("git", "-C", str(ROOT), "rev-parse", "--short", "HEAD")
    if not re.fullmatch("[0-9a-f]+", commit):
        return "unknown"
    changed = _first_line("git", "-C", str(ROOT), "status", "--porcelain", "--untracked-files=no",
                          "--", "common", "fcgi-api", "pushd", "schema", "conf")
    return commit + (" with uncommitted changes" if changed else "")


def describe():
    """Pairs of a name and a description."""
    memory_kib = int(_file("/proc/meminfo", r"^MemTotal:\s+(\d+)"))
    redis = "redis-server" if _first_line("redis-server", "--version") != "not there" else None
    return [
        ("processor", f"{_file('/proc/cpuinfo', r'^model name[^:]*:(.*)$')}, "
                      f"{os.cpu_count()} CPUs"),
        ("memory", f"{memory_kib / 1024 / 1024:.1f} GB"),
        ("system", f"{_file('/etc/os-release', r'^PRETTY_NAME=.(.*).$')}, "
                   f"Linux {os.uname().release}"),
        ("confab", f"{(ROOT / 'VERSION').read_text().strip()}, commit {_source()}"),
        ("compiler", _first_line("cc", "--version")),
        ("MariaDB", _first_line("mariadbd", "--version")),
        ("Redis", _first_line(redis or "redis-cli", "--version")),
        ("web server", _first_line("lighttpd", "-v")),
        ("load", _first_line("dpkg-query", "-W", "-f", "wrk ${Version}", "wrk")),
    ]
