"""What all rows share: the instance, its data, the turns, the recorded commands."""

import json
import re
from dataclasses import dataclass, field

import data
import floors
import load
from paths import BENCH, FLOOR, ROOT, STATE, WORK

POST_BODY = json.dumps({"content": "The quick brown fox jumps over the lazy dog, and the bench "
                                   "counts how often it does.", "client_id": "@"})


def messages_path(room, query=""):
    return f"/api/chat/rooms/{room}/messages/{query}"


# The requests whose statements are recorded: method, path, user, body.
REQUESTS = {
    "messages": ("GET", messages_path(data.QUIET), data.READER, None),
    "room": ("GET", f"/api/chat/rooms/{data.QUIET}/", data.READER, None),
    "rooms": ("GET", "/api/chat/rooms/?limit=20", data.READER, None),
    "post": ("POST", messages_path(data.CROWD), data.READER, POST_BODY),
}


@dataclass
class Row:
    """The result of a row: contestants, values for its goals, text for the page."""
    name: str
    title: str
    results: list = field(default_factory=list)
    floor: list = field(default_factory=list)   # those of results that are the floor
    values: dict = field(default_factory=dict)
    text: list = field(default_factory=list)
    subject: object = None                      # the result that the summary shows


class Bench:
    def __init__(self, instance, turns, quick):
        self.instance = instance
        self.turns = turns
        self.quick = quick
        self.data = data.Data(instance)
        self.commands = {}           # by row: the commands that were run, each form once
        self.row = None             # the name of the running row
        self.statements = {}        # by name of REQUESTS: the statements of one request
        self.apart = {}             # the same where the identity is read by a statement of its own

    # ---- contestants: functions of seconds that return a Sample ----

    def wrk(self, path, user=data.READER, headers=(), port=None, groups=None, **options):
        """confab under load on one path; with port and groups, another server."""
        token = data.token(user)
        sent = [f"Authorization: Token {token}", *headers]
        return self._wrk(path, port, groups, headers=sent, **options)

    def wrk_list(self, requests, port=None, groups=None, **options):
        """The same with a list of requests, in the form of wrk.lua."""
        return self._wrk("/", port, groups, requests=requests, **options)

    def _wrk(self, path, port, groups, refused_allowed=False, **options):
        def run(seconds):
            command = load.wrk_command(port or self.instance.port, path, seconds, **options)
            self.note(command)
            self._note_requests(options.get("requests"))
            return load.measure(lambda: load.run_wrk(command, refused_allowed),
                                groups or self.instance.groups())
        return run

    def fcgi_like(self, answer):
        """F with an answer of the same status and size as this one of the instance."""
        status, _, body = answer
        floor = floors.Fcgi(self.instance, status, len(body))
        self.note(floor.command)
        return floor

    def query(self, sql):
        """S."""
        self.note(floors.query_command(self.instance, "SECONDS"))
        return lambda seconds: floors.query(self.instance, sql, seconds)

    def commit(self, places, form):
        """C."""
        self.note(floors.commit_command(self.instance, form, "SECONDS"))
        return lambda seconds: floors.commit(self.instance, places, form, seconds)

    # ---- beside the load ----

    def ask(self, method, path, user=data.READER, body=None, headers=None):
        answer = self.instance.request(method, path, data.token(user), body, headers)
        if answer[0] >= 400:
            raise load.LoadFailed(f"{method} {path} is answered {answer[0]}: {answer[2][:300]}")
        return answer

    def note(self, command):
        """Records a command for the page, without the parts that differ from run to run."""
        replacements = [(BENCH, "bench"), (STATE, "$STATE"), (FLOOR, "$BUILD/bench"),
                        (WORK, "$BUILD/bench"), (ROOT, ".")]
        parts = [str(part) for part in command]
        text = " ".join(f"'{part}'" if re.search("[ ?&]", part) and part[0] != "#" else part
                        for part in parts)
        text = re.sub(r"Token [0-9a-f]{40}", "Token $TOKEN", text)
        text = re.sub(r"http://127\.0\.0\.1:\d+", "http://127.0.0.1:$PORT", text)
        for found, name in replacements:
            text = text.replace(str(found), name)
        text = re.sub(r" -d\d+s ", " -d${SECONDS}s ", text)
        self.commands.setdefault(self.row, {})[text] = None

    def _note_requests(self, requests):
        if requests:
            self.note([f"# $BUILD/bench/requests has {len(requests)} lines, the first: "
                       f"{re.sub('[0-9a-f]{40}', '$TOKEN', requests[0])}"])

    def read_statements(self):
        """Fills `statements` and `apart` from the general log of the database. It shows values only
        for statements that were prepared while it was on, so fcgi-api is restarted for each request,
        with one process. The first request fills its caches; a tag that is not current makes it
        read the identity first."""
        log = STATE / "tmp" / "general.log"
        self.instance.sql(f"SET GLOBAL general_log_file = '{log}'; SET GLOBAL general_log = 1;")
        old = {"If-None-Match": 'W/"old"'}
        for name, (method, path, user, body) in REQUESTS.items():
            self.instance.configure(processes=1)
            for turn, headers, found in (("first", {}, {}), ("second", {}, self.statements),
                                         ("third", old, self.apart)):
                start = log.stat().st_size
                self.ask(method, path, user, body and body.replace("@", f"{turn} look"), headers)
                text = log.read_bytes()[start:].decode(errors="replace")
                executed = re.findall(r"^[\d :]*\t\s*\d+ Execute\t(.*)$", text, re.MULTILINE)
                found[name] = [sql for sql in executed if " housekeeping " not in sql]
        self.instance.sql("SET GLOBAL general_log = 0;")
        self.instance.configure()
