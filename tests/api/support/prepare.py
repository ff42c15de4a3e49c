"""python3 -m support.prepare STATE: copies the prepared database to a new folder STATE, for tests in
other languages, and prints the folder of the page; see template.py."""

import sys
from pathlib import Path

from support import template
from support.instance import Instance

if __name__ == "__main__":
    template.copy_to(Path(sys.argv[1]) / "db", Instance.make_template)
    print(template.page())
