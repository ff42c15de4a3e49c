"""Runs confabctl."""

import json
import os
import re
import select
import signal
import subprocess
import termios
import time

# The password of users added with confabctl; Client has its own default.
PASSWORD = "correct horse"


class Tool:
    """tool("user", "list") runs the command against an instance, asserts the exit status
    `code` and returns its standard output. Its standard error is in tool.complaint."""

    def __init__(self, instance, config=True):
        self.instance = instance
        self.program = str(instance.build / "confabctl")
        self.options = ["-c", str(instance.config)] if config else []
        self.complaint = None

    def __call__(self, *args, code=0, input=None, **env):
        done = self.run(*args, input=input, **env)
        self.complaint = done.stderr
        assert done.returncode == code, (args, done.returncode, done.stdout, done.stderr)
        return done.stdout

    def run(self, *args, input=None, stdout=subprocess.PIPE, **env):
        where = {"stdin": subprocess.DEVNULL} if input is None else {"input": input}
        return subprocess.run([self.program, *self.options, *map(str, args)], stdout=stdout,
                              stderr=subprocess.PIPE, text=True, timeout=120,
                              env={**self.instance.env, **env}, **where)

    def json(self, *args, code=0, **env):
        """Parses the single line of JSON that the command prints."""
        out = self("--json", *args, code=code, **env)
        assert out.endswith("}\n") and out.count("\n") == 1
        return json.loads(out)

    def refuses(self, *args, input=None, **env):
        """Asserts that the command fails; returns its message without the program's name."""
        assert self(*args, code=1, input=input, **env) == ""
        assert re.fullmatch("confabctl: [^\n]*\n", self.complaint), self.complaint
        return self.complaint[len("confabctl: "):-1]

    def misuse(self, *args, **env):
        """Asserts a usage error; returns the lines of its message."""
        assert self(*args, code=2, **env) == ""
        return self.complaint.splitlines()

    def table(self, *args):
        """Parses the table that the command prints into a dict for each row."""
        head, *rows = self(*args).splitlines()
        names = re.split("  +", head.strip())
        return [dict(zip(names, re.split("  +", row.strip()))) for row in rows]

    def add_user(self, name):
        self("user", "add", "--", name, input=PASSWORD + "\n")
        return name


def hold_housekeeping(instance):
    """Prevents fcgi-api from running housekeeping for ten minutes, so that a test can run it by
    hand. It is due when the last run is longer ago, or in the future."""
    instance.sql("REPLACE INTO housekeeping VALUES ('purge', SYSDATE(6))")
    return instance


class Terminal:
    """Runs the command on a pseudoterminal.

        with Terminal(tool, "user", "passwd", "bob") as terminal:
            terminal.expect("Password")
            terminal.type("secret\\n")
            assert terminal.end() == 0
    """

    def __init__(self, tool, *args):
        self.shown = ""
        self._unread = ""
        command = [tool.program, *tool.options, *map(str, args)]
        self._pid, self._fd = os.forkpty()
        if self._pid == 0:
            self._run(command, tool.instance.env)

    def _run(self, command, env):
        """In the child, whose terminal it is."""
        os.execve(command[0], command, env)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        os.close(self._fd)
        if self._pid:
            os.kill(self._pid, signal.SIGKILL)
            os.waitpid(self._pid, 0)

    def _read(self):
        ready, _, _ = select.select([self._fd], [], [], 30)
        assert ready, f"nothing more is shown after {self.shown!r}"
        try:
            piece = os.read(self._fd, 4096).decode()
        except OSError:  # the command has closed its side
            piece = ""
        self.shown += piece
        self._unread += piece
        return piece

    def expect(self, text):
        """Reads until the text is shown."""
        while text not in self._unread:
            assert self._read(), f"{text!r} was not shown, but {self.shown!r}"
        self._unread = self._unread.partition(text)[2]

    def type(self, text):
        os.write(self._fd, text.encode())

    def echoes(self):
        """Whether the terminal echoes what is typed."""
        return bool(termios.tcgetattr(self._fd)[3] & termios.ECHO)

    def end(self):
        """Reads the rest of the output and waits; returns the exit status, or minus the
        number of the signal."""
        while self._read():
            pass
        echoes = self.echoes()
        pid, status = 0, 0
        for _ in range(1000):
            pid, status = os.waitpid(self._pid, os.WNOHANG)
            if pid:
                break
            time.sleep(0.01)
        assert pid, "it does not end"
        self._pid = 0
        assert echoes, "the terminal was left without echo"
        return os.waitstatus_to_exitcode(status)


class Job(Terminal):
    """The same as a job of a shell, which shows "(stopped)" when it is stopped by Ctrl-Z, and
    continues it after a line."""

    def _run(self, command, env):
        begin, begun = os.pipe()
        job = os.fork()
        if job == 0:
            os.setpgid(0, 0)
            os.close(begun)
            os.read(begin, 1)   # until it has the terminal
            os.execve(command[0], command, env)
        os.close(begin)
        signal.signal(signal.SIGTTOU, signal.SIG_IGN)
        while os.getpgid(job) != job:
            time.sleep(0.01)
        os.tcsetpgrp(0, job)
        os.close(begun)
        while True:
            _, status = os.waitpid(job, os.WUNTRACED)
            os.tcsetpgrp(0, os.getpgrp())
            if not os.WIFSTOPPED(status):
                os._exit(os.waitstatus_to_exitcode(status))
            os.write(1, b"(stopped)\n")
            os.read(0, 100)
            os.tcsetpgrp(0, job)
            os.killpg(job, signal.SIGCONT)
