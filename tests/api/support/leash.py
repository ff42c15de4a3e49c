"""Servers end with the tests that started them, and their folders are removed, also if the tests
are killed."""

import contextlib
import functools
import os
import subprocess
import tempfile
from pathlib import Path

# Reads paths until the process that writes them has ended. The folder of an instance is left alone
# while it starts or its leash runs, which ends its servers by what is in the folder.
SWEEP = """
while read -r path; do set -- "$@" "$path"; done
for _ in $(seq 300); do
    [ "$(ls -d "$@")" ] || exit
    for path; do
        flock -n "$path/lock" sh -c '[ -e "$0/run/leash.pid" ] || rm -rf "$0"' "$path"
    done
    sleep 1
done
"""


def leashed(command):
    """The command, run so that it gets SIGTERM when the process that starts it has died."""
    return ["setpriv", "--pdeathsig", "TERM", "--", *map(str, command)]


def end(process):
    """Ends a program of which nothing is kept. With `make coverage` it ends by itself if it can, since
    one that is killed does not record the lines that it has run."""
    if os.environ.get("MODE") == "coverage":
        process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(20)
    process.kill()
    process.wait(30)


@functools.cache
def _sweeper():
    return subprocess.Popen(["sh", "-c", SWEEP, "sweep"], stdin=subprocess.PIPE, text=True,
                            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                            start_new_session=True)


def new_folder(prefix="confab-"):
    """A folder that the caller removes; if it does not, it is removed once this process has ended.
    Its path is short, because paths of Unix sockets are limited."""
    path = tempfile.mkdtemp(prefix=prefix, dir="/tmp")
    print(path, file=_sweeper().stdin, flush=True)
    return Path(path)
