"""Runs scripts/instance, for the tests of the script itself."""

import os
import signal
import subprocess

from support.instance import ROOT, SCRIPT, is_alive
from support.wait import wait_for

SERVERS = ("database", "redis", "api", "push", "web")
PROGRAMS = ("fcgi-api", "confabctl", "pushd", "confab-worker")


def script(instance, verb, program=SCRIPT, **env):
    """Runs scripts/instance; standard output and standard error are in .stdout."""
    return subprocess.run([str(program), verb], env={**instance.env, **env}, cwd=ROOT,
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, timeout=240)


def started(instance, **env):
    """Starts the instance; returns the output."""
    instance.prepare()
    done = script(instance, "start", **env)
    assert done.returncode == 0, done.stdout
    instance.port = int((instance.state / "run" / "web").read_text().split()[0])
    return done.stdout


def started_with_defaults(instance, **env):
    """Starts the instance without DEMO in the environment; returns the output."""
    given = {key: value for key, value in instance.env.items() if key != "DEMO"}
    done = subprocess.run([str(SCRIPT), "start"], env={**given, **env}, cwd=ROOT, timeout=240,
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True)
    assert done.returncode == 0, done.stdout
    instance.port = int((instance.state / "run" / "web").read_text().split()[0])
    return done.stdout


def refused(instance, verb="start", **env):
    """Asserts that it fails and leaves no process; returns the output."""
    done = script(instance, verb, **env)
    assert done.returncode == 1, done.stdout
    assert processes(instance.state) == []
    return done.stdout


def processes(folder):
    """The processes whose working directory or command line is in this folder."""
    found = []
    for entry in filter(str.isdigit, os.listdir("/proc")):
        try:
            words = open(f"/proc/{entry}/cmdline", "rb").read()
            place = os.readlink(f"/proc/{entry}/cwd")
        except OSError:
            continue
        mine = f"{place}/".startswith(f"{folder}/") or str(folder).encode() in words
        if mine and is_alive(int(entry)):
            found.append(int(entry))
    return found


class Foreground:
    """Runs a command that stays in the foreground, as the leader of a process group, like one
    typed at a terminal."""

    def __init__(self, instance, command=(SCRIPT, "run"), **env):
        self._file = instance.state.with_name(instance.state.name + ".out")
        with open(self._file, "wb") as output:
            self._process = subprocess.Popen(
                [str(word) for word in command], env={**instance.env, **env}, cwd=ROOT,
                stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT,
                start_new_session=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self._process.poll() is None:
            self.signal(signal.SIGINT)
            self.end()
        self._file.unlink()

    @property
    def output(self):
        return self._file.read_text(errors="replace")

    def wait_for(self, words, seconds=120):
        """Waits until this text is in the output, or the command has ended."""
        wait_for(lambda: words in self.output or self._process.poll() is not None, seconds, words)
        assert words in self.output, self.output

    def signal(self, number):
        """Signals the process group, as Ctrl-C does."""
        os.killpg(self._process.pid, number)

    def kill(self):
        self._process.kill()
        self._process.wait(10)

    def end(self, seconds=60):
        """Waits until it ends; returns the exit status."""
        return self._process.wait(seconds)
