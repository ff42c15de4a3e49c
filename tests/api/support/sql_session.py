"""A database connection that stays open, to hold locks."""

import subprocess

from support.instance import bind


def lock_waits(instance):
    """The number of transactions that wait for a lock. (information_schema.innodb_trx is
    updated with a delay.)"""
    return int(instance.sql("SHOW GLOBAL STATUS LIKE 'Innodb_row_lock_current_waits'")[0][1])


def statements(instance):
    """The ids of the connections on which fcgi-api runs a statement: only fcgi-api prepares
    statements."""
    return [number for (number,) in instance.sql(
        "SELECT id FROM information_schema.processlist WHERE command = 'Execute'")]


class SqlSession:
    """Runs statements on one connection, which ends with the `with`.

        with SqlSession(instance) as session:
            session.run("BEGIN")
            session.run("SELECT ... FOR UPDATE", room_id)
    """

    def __init__(self, instance):
        self._command = instance.sql_command() + ["--unbuffered", "--force"]
        self._process = None
        self._number = 0

    def __enter__(self):
        self._process = subprocess.Popen(self._command, stdin=subprocess.PIPE,
                                         stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        return self

    def __exit__(self, *_):
        self._process.stdin.close()
        self._process.stdout.close()
        self._process.kill()
        self._process.wait(10)

    def end(self):
        """Lets another thread that waits for a result get an EOFError."""
        self._process.kill()

    def run(self, query, *args):
        """Runs a statement; returns the lines of its result or error."""
        self.send(query, *args)
        return self.finish()

    def send(self, query, *args):
        """Starts a statement that may block; finish() must follow."""
        self._number += 1
        marked = f"{bind(query, args)};\nSELECT 'statement {self._number} is done';\n"
        self._process.stdin.write(marked.encode())
        self._process.stdin.flush()

    def finish(self):
        """Waits until the statement ends; returns the lines of its result or error."""
        lines = []
        for line in self._process.stdout:
            text = line.decode(errors="replace").rstrip("\n")
            if text == f"statement {self._number} is done":
                return lines
            lines.append(text)
        raise EOFError("the session ended: " + "\n".join(lines))
