"""Reading: one page of messages, one room, the list of rooms."""

from context import REQUESTS, Row, messages_path
from data import MANY_USER, MILLION
from turns import furthest, ratio


def _reading(statements):
    """The statement that reads messages: S, where the identity is read by another one."""
    return [sql for sql in statements if sql.startswith("SELECT") and "m.content" in sql][-1]


def _floor(bench, answer, path, headers=()):
    """F for the same request, as a contestant; closed by the caller."""
    fcgi = bench.fcgi_like(answer)
    return fcgi, bench.wrk(path, headers=headers, port=fcgi.port, groups=fcgi.groups())


def _row(name, title, found, subject, *floor):
    return Row(name, title, list(found.values()), [found[f] for f in floor],
               {"cpu": ratio(found[subject], *(found[f] for f in floor))},
               subject=found[subject])


def messages(bench):
    path = REQUESTS["messages"][1]
    select = _reading(bench.apart["messages"])
    fcgi, floor = _floor(bench, bench.ask("GET", path), path)
    with fcgi:
        found = bench.turns.take({"F": floor, "S": bench.query(select),
                                  "confab": bench.wrk(path)})
    row = _row("messages", "GET messages, 50 of them, 200 in the room", found, "confab", "F", "S")
    row.values["trips"] = len(bench.statements["messages"])
    row.text.append(f"S: `{select}`")
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
    select = _reading(bench.apart["rooms"])
    fcgi, floor = _floor(bench, bench.ask("GET", path), path)
    with fcgi:
        found = bench.turns.take({"F": floor, "S": bench.query(select),
                                  "confab": bench.wrk(path)})
    row = _row("rooms", "GET rooms, 20 with last message and unread", found, "confab", "F", "S")
    row.text.append(f"S: `{select}`")
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
    highest = max(found, key=lambda result: result.cpu)
    # A cursor is looked up first: that costs a little, and as much at any depth.
    by_offset, by_cursor = found[:len(deep)], found[len(deep):]
    return Row("offsets", "pages in the room of 1,000,000 messages", found,
               values={"cpu": max(furthest(by_offset), furthest(by_cursor))}, subject=highest)


def many(bench):
    """The lists of a user of 1,000 rooms, with few messages and with many, and that of a user of
    20 rooms."""
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
