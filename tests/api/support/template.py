"""What instances begin with, kept in build/: the data of databases, to be copied, and the page.
Installing a database takes longer than the rest of a start."""

import fcntl
import functools
import hashlib
import shutil
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
FOLDER = ROOT / "build" / "test-instance"


def _hash(start, files):
    version = hashlib.sha256(start)
    for file in sorted(files):
        version.update(file.read_bytes())
    return version.hexdigest()[:16]


@functools.cache
def _version():
    """A hash of everything that the data depends on."""
    server = subprocess.run(["mariadbd", "--version"], capture_output=True, check=True).stdout
    return _hash(server, [*(ROOT / "schema").glob("*.sql"), ROOT / "conf/mariadb/private.cnf.in"])


def _made(kind, version, make):
    """The folder of this kind, which make(folder) creates when there is none of this version."""
    folder = FOLDER / f"{kind}-{version}"
    FOLDER.mkdir(parents=True, exist_ok=True)
    with (FOLDER / f"{kind}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not folder.exists():
            for old in FOLDER.glob(f"{kind}-*"):
                shutil.rmtree(old)
            make(FOLDER / f"{kind}-new")
            (FOLDER / f"{kind}-new").rename(folder)
    return folder


def copy_to(target, make, kind="database"):
    """Copies the data of this kind, which make(folder) creates when there is none."""
    source = _made(kind, _version(), make)
    # Most of the data is zeros; --sparse does not write them.
    subprocess.run(["cp", "-a", "--sparse=always", source, target], check=True, timeout=60)


@functools.cache
def page():
    """The folder that scripts/web-page makes."""
    def make(folder):
        subprocess.run([ROOT / "scripts" / "web-page", folder], check=True, timeout=60)
    files = [file for file in (ROOT / "web").rglob("*") if file.is_file()]
    return _made("page", _hash((ROOT / "scripts" / "web-page").read_bytes(), files), make)
