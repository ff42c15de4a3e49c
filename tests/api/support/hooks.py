"""Hooks of an instance, by confabctl, and additional workers."""

import json
import os
import signal
import subprocess

from support.leash import end
from support.wait import wait_for


class Hook:
    """A hook that confabctl has added."""

    def __init__(self, instance, name, url, *options):
        done = instance.confabctl("hook", "add", name, url, *options)
        assert done.returncode == 0, done.stderr
        self.instance = instance
        self.name = name
        self.secret = done.stdout.strip()
        self.id = instance.sql("SELECT MAX(hook_id) FROM hook WHERE name = ?", name)[0][0]

    def state(self):
        """The row of `hook list`."""
        done = self.instance.confabctl("hook", "list", "--json")
        [row] = [row for row in json.loads(done.stdout)["results"]
                 if row["follower_id"] == self.id]
        return row

    def set_active(self, is_active):
        verb = "enable" if is_active else "disable"
        assert self.instance.confabctl("hook", verb, self.id).returncode == 0

    def try_again(self):
        """Makes what has failed due now."""
        self.instance.sql("UPDATE follower_room SET due_at = SYSDATE(6) WHERE follower_id = ? "
                          "AND worker_id IS NULL AND due_at IS NOT NULL", self.id)

    def remove(self):
        assert self.instance.confabctl("hook", "remove", self.id).returncode == 0


def a_whole_step(instance):
    """Waits until a worker of the instance has done all that was due when this was called."""
    for _ in range(2):
        [(before,)] = instance.sql("SELECT MAX(alive_until) FROM worker")
        wait_for(lambda: instance.sql("SELECT MAX(alive_until) FROM worker") > [(before,)], 60,
                 "a step of the worker")


class Worker:
    """A confab-worker besides that of the instance."""

    def __init__(self, instance, *options, **env):
        self.log_file = instance.state / "tmp" / f"worker-{os.urandom(4).hex()}.log"
        with open(self.log_file, "wb") as log:
            self.process = subprocess.Popen(
                [str(instance.build / "confab-worker"), "-c", str(instance.config), *options],
                env={**instance.env, "CONFAB_WORKER_LISTEN": "", **env}, stdin=subprocess.DEVNULL,
                stdout=log, stderr=subprocess.STDOUT)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        end(self.process)

    @property
    def log(self):
        return self.log_file.read_text(errors="replace")

    def started(self):
        wait_for(lambda: "started" in self.log, 10, "the start of a worker")
        return self

    def send(self, number):
        self.process.send_signal(number)

    def end(self, number=signal.SIGTERM, seconds=60):
        self.process.send_signal(number)
        return self.process.wait(seconds)


def work(instance):
    """Lets a worker do what is due."""
    with Worker(instance, "--once") as worker:
        assert worker.process.wait(60) == 0, worker.log
