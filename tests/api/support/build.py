"""Where the programs are."""

import os
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]


def build_folder():
    return ROOT / os.environ.get("BUILD", "build/release")
