"""Paths of the bench."""

import os
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
BENCH = ROOT / "bench"
BUILD = ROOT / os.environ.get("BUILD", "build/release")
FLOOR = BUILD / "bench"                  # programs of the floors
WORK = BUILD / "bench"                   # output of a run: raw figures, its page
STATE = BUILD / "bench" / "state"        # the instance; removed after the run
PAGE = ROOT / "docs" / "performance.md"
PUSH_PAGE = ROOT / "docs" / "performance-push.md"
SEARCH_PAGE = ROOT / "docs" / "performance-search.md"
