"""Where things are."""

import os
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
BENCH = ROOT / "bench"
BUILD = ROOT / os.environ.get("BUILD", "build/release")
FLOOR = BUILD / "bench"                  # the floors' programs
WORK = BUILD / "bench"                   # what a run leaves: raw figures, its page
STATE = BUILD / "bench" / "state"        # the instance; gone after the run
PAGE = ROOT / "docs" / "performance.md"
PUSH_PAGE = ROOT / "docs" / "performance-push.md"
