"""Which rows to run: those that ONLY=row,row names, or all."""

import os
import sys


def choose(rows):
    """The names of the rows to run, in their own order; ends the program if one is unknown."""
    wanted = os.environ.get("ONLY", "").replace(",", " ").split()
    unknown = [name for name in wanted if name not in rows]
    if unknown:
        sys.exit(f"bench: no such row: {', '.join(unknown)}; there are {', '.join(rows)}")
    return [name for name in rows if not wanted or name in wanted]
