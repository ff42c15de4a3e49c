"""The database of a new instance, kept in build/ to be copied: installing a database takes
longer than the rest of a start."""

import fcntl
import hashlib
import shutil
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
FOLDER = ROOT / "build" / "test-database"


def version():
    """A hash of everything that the data depends on."""
    version = hashlib.sha256(subprocess.run(["mariadbd", "--version"], capture_output=True,
                                            check=True).stdout)
    for file in [*sorted((ROOT / "schema").glob("*.sql")), ROOT / "conf/mariadb/private.cnf.in"]:
        version.update(file.read_bytes())
    return version.hexdigest()[:16]


def copy_to(target, make):
    """Copies the template, which make(folder) creates when there is none of this version."""
    source = FOLDER / version()
    FOLDER.mkdir(parents=True, exist_ok=True)
    with (FOLDER / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not source.exists():
            for old in FOLDER.iterdir():
                if old.is_dir():
                    shutil.rmtree(old)
            make(FOLDER / "new")
            (FOLDER / "new").rename(source)
    # Most of the data is zeros; --sparse does not write them.
    subprocess.run(["cp", "-a", "--sparse=always", source, target], check=True, timeout=60)
