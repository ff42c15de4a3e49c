"""Runs the commands of docs/shared-host.md on a host with Apache and mod_fcgid."""

import os
import re
import shutil
import subprocess

import pytest

from support import markdown
from support.instance import ROOT
from support.shared_host import SharedHost

pytestmark = pytest.mark.slow("installs twice")

PAPER = "docs/shared-host.md"


@pytest.fixture(scope="module")
def host(make_instance):
    """A host with an instance of its own: the doctor finds fault with hooks that other tests have
    left, since no worker runs."""
    made = SharedHost(make_instance(), "fcgid")
    made.start()
    yield made
    made.close()


def paste(system, home, mark, folder=ROOT):
    """Runs one block in the folder, with the URL of this host."""
    script = markdown.block(PAPER, mark)
    script = script.replace("https://host.example.org/~me/chat", f"{system.url}/chat")
    # Makes make use the programs under test without building.
    flags = f"-s -o all BUILD={os.path.relpath(system.build, ROOT)}"
    return subprocess.run(["sh", "-e", "-c", script], cwd=folder, input="correct horse\n",
                          env={**os.environ, "HOME": str(home), "MAKEFLAGS": flags},
                          capture_output=True, text=True, timeout=120)


def files(home):
    """The files of a home folder and their modes."""
    return {str(path.relative_to(home)): path.stat().st_mode
            for part in ("public_html", ".confab") for path in (home / part).rglob("*")}


def laid_out(done, home):
    assert done.returncode == 0, done.stdout + done.stderr
    found = files(home)
    assert {"public_html/chat/.htaccess", "public_html/chat/chat.fcgi", "public_html/chat/chat.cgi",
            ".confab/confab.conf", ".confab/bin/confabctl"} <= found.keys()
    return found


def test_both_installations_create_the_same_folder(own_instance, tmp_path):
    direct, unpacked, downloads = (tmp_path / name for name in ("direct", "unpacked", "downloads"))
    for folder in (direct, unpacked, downloads):
        folder.mkdir()
    made = laid_out(paste(own_instance, direct, "install"), direct)
    done = paste(own_instance, unpacked, "tarball")
    assert done.returncode == 0, done.stdout + done.stderr
    version = (ROOT / "VERSION").read_text().strip()
    shutil.copy(ROOT / "build" / f"confab-shared-{version}.tar.gz", downloads)
    assert laid_out(paste(own_instance, unpacked, "unpack", downloads), unpacked) == made


def test_the_documented_database_setup_passes_the_doctor(host):
    done = paste(host.instance, host.home, "database")
    assert done.returncode == 0, done.stdout + done.stderr
    assert re.search(r"^ok +authorization", done.stdout, re.MULTILINE)
