"""Shared by both commands: choice of rows, last lines, exit status."""

import os
import signal
import sys

from paths import WORK


def choose(rows):
    """The names of the rows to run (those in ONLY=row,row, or all), in their own order.

    Ends the program if one is unknown.
    """
    wanted = os.environ.get("ONLY", "").replace(",", " ").split()
    unknown = [name for name in wanted if name not in rows]
    if unknown:
        sys.exit(f"bench: no such row: {', '.join(unknown)}; there are {', '.join(rows)}")
    return [name for name in rows if not wanted or name in wanted]


def summary(turns, target):
    """The last line of the output."""
    return (f"{turns.runs} runs, {turns.thrown_away} repeated, "
            f"{turns.kept_disturbed} disturbed ones kept; the page is {target}")


def main(rows, run):
    """Runs `run(names, quick)` and exits with its status; cleans up on signals."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    names = choose(rows)
    WORK.mkdir(parents=True, exist_ok=True)
    try:
        sys.exit(run(names, os.environ.get("QUICK", "0") not in ("", "0")))
    except KeyboardInterrupt:
        sys.exit(130)
