"""Reading: one page of messages, one room, the list of rooms."""

import re

from context import REQUESTS, Row, messages_path
from data import MANY_USER, MILLION, QUIET
from turns import furthest, ratio

# A process keeps the names of the users it has met, and then has the caller found by the statement
# that reads. S is what it sends before it has met any, when the caller is known already: the
# statement that reads all that the answer shows, and nothing else.


def _reading(statements):
    """The one that reads messages."""
    return [sql for sql in statements if sql.startswith("SELECT") and "m.content" in sql][-1]


def _nameless(named):
    """The same without the joins that fetch names."""
    sql = re.sub(r"(LEFT )?JOIN user (s|other) ON \2\.user_id = (IF\(.*?\)|\S+) ?", "", named)
    sql = sql.replace("IF(r.direct_low IS NULL, r.name, other.username)", "r.name")
    return sql.replace("s.username", "NULL")


def _floor(bench, answer, path, headers=()):
    """F behind the same request, as a contestant; the caller closes it."""
    fcgi = bench.fcgi_like(answer)
    return fcgi, bench.wrk(path, headers=headers, port=fcgi.port, groups=fcgi.groups())


def _row(name, title, found, subject, *floor):
    return Row(name, title, list(found.values()), [found[f] for f in floor],
               {"cpu": ratio(found[subject], *(found[f] for f in floor))},
               subject=found[subject])


def messages(bench):
    path = REQUESTS["messages"][1]
    named = _reading(bench.first_statements["messages"])
    nameless = _nameless(named)
    fcgi, floor = _floor(bench, bench.ask("GET", path), path)
    with fcgi:
        found = bench.turns.take({
            "F": floor, "S": bench.query(named), "S without names": bench.query(nameless),
            "confab": bench.wrk(path)})
    row = _row("messages", "GET messages, 50 of them, 200 in the room", found, "confab", "F", "S")
    row.values["trips"] = len(bench.statements["messages"])
    without = ratio(found["confab"], found["F"], found["S without names"])
    row.text.append(f"S reads all that the answer shows, senders' names included: `{named}`. A "
                    f"process that has met the senders knows their names and reads as S without "
                    f"names does; in units of F and that one, confab is at {without:.2f}.")
    return row


def unchanged(bench):
    path = REQUESTS["messages"][1]
    tag = bench.ask("GET", path)[1]["ETag"]
    answer = bench.ask("GET", path, headers={"If-None-Match": tag})
    headers = [f"If-None-Match: {tag}"]
    fcgi, floor = _floor(bench, answer, path, headers)
    with fcgi:
        found = bench.turns.take({"F": floor, "confab": bench.wrk(path, headers=headers)})
    return _row("unchanged", "the same, `If-None-Match` matches", found, "confab", "F")


def room(bench):
    path = REQUESTS["room"][1]
    fcgi, floor = _floor(bench, bench.ask("GET", path), path)
    with fcgi:
        found = bench.turns.take({"F": floor, "confab": bench.wrk(path)})
    return _row("room", "GET room", found, "confab", "F")


def rooms(bench):
    path = REQUESTS["rooms"][1]
    named = _reading(bench.first_statements["rooms"])
    nameless = _nameless(named)
    fcgi, floor = _floor(bench, bench.ask("GET", path), path)
    with fcgi:
        found = bench.turns.take({"F": floor, "S": bench.query(named),
                                  "S without names": bench.query(nameless),
                                  "confab": bench.wrk(path)})
    row = _row("rooms", "GET rooms, 20 with last message and unread", found, "confab", "F", "S")
    without = ratio(found["confab"], found["F"], found["S without names"])
    row.text.append(f"S reads all that the answer shows, names included: `{named}`. In units of F "
                    f"and the statement without names, as a process reads that has met the "
                    f"users, confab is at {without:.2f}.")
    return row


def offsets(bench):
    bench.data.million()
    deep = (0, 1000, 900_000)
    ids = bench.instance.sql(f"SELECT 1000000 - position, message_id FROM message WHERE "
                             f"room_id = {MILLION} AND position IN "
                             f"({', '.join(str(1_000_000 - place) for place in deep)})")
    before = {int(place): message for place, message in ids}
    contestants = {}
    for place in deep:
        contestants[f"offset {place:,}"] = bench.wrk(messages_path(MILLION, f"?offset={place}"))
    for place in deep:
        contestants[f"before, {place:,} back"] = bench.wrk(
            messages_path(MILLION, f"?before={before[place]}"))
    found = list(bench.turns.take(contestants).values())
    dearest = max(found, key=lambda result: result.cpu)
    return Row("offsets", "pages in the room of 1,000,000 messages", found,
               values={"cpu": furthest(found)}, subject=dearest)


def many(bench):
    """The lists of a user of 1,000 rooms, with few messages and with many; beside them the
    same of a user of 20."""
    def contestants(label):
        return {f"20 listed of 1,000, {label}": bench.wrk("/api/chat/rooms/?limit=20", MANY_USER),
                f"200 listed of 1,000, {label}": bench.wrk("/api/chat/rooms/?limit=200",
                                                           MANY_USER)}
    bench.data.many(1)
    few = bench.turns.take({"20 listed of 20": bench.wrk("/api/chat/rooms/?limit=20"),
                            **contestants("1 message each")})
    bench.data.many(101)
    full = bench.turns.take(contestants("101 messages each"))
    found = list(few.values()) + list(full.values())
    of_20, few_20, few_200, full_20, full_200 = (result.cpu for result in found)
    return Row("many", "room list for a user of 1,000 rooms", found,
               values={"messages": max(full_20 / few_20, full_200 / few_200),
                       "rooms": few_20 / of_20}, subject=found[1])
