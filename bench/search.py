"""Searching among many messages: size of the index, time to build it, times of requests.

    /usr/bin/python3 -B bench/search.py [MESSAGES]     10,000,000 unless given
    /usr/bin/python3 -B bench/search.py --keep [MESSAGES]     leaves the instance
    /usr/bin/python3 -B bench/search.py --again     measures one that was left, and leaves it

One user in 100 rooms that have all of the messages, of eight words each. The words are those of a
natural language in that the n-th is used 1/n as often as the first.

Needs the programs to be built.
"""

import itertools
import json
import random
import statistics
import sys
import tempfile
import time
from urllib.parse import quote

import machine
from data import token, token_hash
from instance import Instance
from paths import SEARCH_PAGE
from proc import cpu_seconds

WHOLE, ROOMS, WORDS, LENGTH = 10_000_000, 100, 50_000, 8
TIMES, GOAL_MS = 40, 50
FRESH = 16      # messages of each room that are not in the index yet
POOL_GIB = 1    # of the database
SYLLABLES = [c + v for c in "bdfgklmnprstvz" for v in "aeiou"]


def vocabulary():
    """Words of two to five syllables; those used most are short."""
    dice, words = random.Random(1), set()
    for n in range(WORDS * 3):
        words.add("".join(dice.choices(SYLLABLES, k=2 + min(3, n * 4 // WORDS))))
        if len(words) == WORDS:
            break
    return sorted(words, key=lambda word: (len(word), dice.random()))


def texts(words, first, count):
    """The texts of the messages from number `first` on."""
    dice = random.Random(first)
    weights = list(itertools.accumulate(1 / n for n in range(1, len(words) + 1)))
    for at in range(first, first + count):
        text = dice.choices(words, cum_weights=weights, k=LENGTH)
        if at % 499_979 == 250:
            text[3] = "unicum"
        yield " ".join(text)


def fill(instance, words, count):
    """Room after room, in the order of the table; in each minute or so all rooms have a message."""
    per_room = count // ROOMS
    instance.sql(f"""
        INSERT INTO user (user_id, username, password_hash, created_at, rooms_count)
            VALUES (1, 'searcher', '', '2026-01-01', {ROOMS});
        INSERT INTO token (user_id, token_hash, created_at) VALUES (1, X'{token_hash(1)}', NOW(6));
        INSERT INTO room (room_id, name, is_private, created_by_id, created_at, last_active_at,
                          last_seq, oldest_seq, message_count, members_count)
            SELECT seq, CONCAT('Room ', seq), TRUE, 1, '2026-01-01', '2026-01-01', 0, 1, 0, 1
            FROM seq_1_to_{ROOMS};
        INSERT INTO member (room_id, user_id, is_admin, joined_at)
            SELECT seq, 1, TRUE, '2026-01-01' FROM seq_1_to_{ROOMS};
        SET GLOBAL local_infile = ON""")
    with tempfile.NamedTemporaryFile("w", dir=instance.socket.parent, suffix=".tsv") as file:
        for room in range(1, ROOMS + 1):
            file.seek(0)
            file.truncate()
            for at, text in enumerate(texts(words, (room - 1) * per_room, per_room)):
                file.write(f"{room}\t{at + 1}\t{at * ROOMS + room}\ts{at:x}\t{text}\n")
            file.flush()
            instance.sql(f"""SET unique_checks = 0; LOAD DATA LOCAL INFILE '{file.name}'
                INTO TABLE message (room_id, position, @second, client_id, content)
                SET sender_id = 1, message_type = 1,
                created_at = '2026-01-01' + INTERVAL @second SECOND""")


def set_count(instance, count):
    """The first `count` messages of each room are there."""
    instance.sql(f"""UPDATE room SET message_count = {count}, last_active_at = (SELECT created_at
        FROM message m WHERE m.room_id = room.room_id AND m.position = {count})""")


def queries(words):
    """By kind, the queries that are made."""
    dice = random.Random(3)
    often, seldom = words[:200], words[WORDS // 2:]

    def of(make):
        return [make() for _ in range(TIMES)]

    return {
        "a frequent word": of(lambda: dice.choice(often)),
        "a seldom word": of(lambda: dice.choice(seldom)),
        "one of twenty in all": ["unicum"] * TIMES,
        "a word that there is not": of(lambda: "x" + dice.choice(seldom)),
        "a first letter": of(lambda: dice.choice(often)[0]),
        "three letters": of(lambda: dice.choice(seldom)[:3]),
        "two frequent words": of(lambda: f"{dice.choice(often)} {dice.choice(often)}"),
        "a frequent and a seldom word": of(lambda: f"{dice.choice(often)} {dice.choice(seldom)}"),
        "a phrase": of(lambda: f'"{dice.choice(often)} {dice.choice(often)}"'),
    }


def tune(instance):
    instance.sql(f"""SET GLOBAL innodb_buffer_pool_size = {POOL_GIB << 30};
                     SET GLOBAL innodb_log_file_size = 536870912""")


def build(instance, count):
    """Builds the index of all messages but the last ones of each room; seconds that it took."""
    set_count(instance, count // ROOMS - FRESH)
    began = time.monotonic()
    status, said = instance.confabctl("search", "rebuild")
    if status:
        raise RuntimeError(said)
    took = time.monotonic() - began
    set_count(instance, count // ROOMS)
    # Housekeeping finds no room that has changed, and leaves the last messages as they are.
    instance.sql("REPLACE INTO housekeeping (task, ran_at) VALUES ('search_index', NOW(6)); "
                 "ANALYZE TABLE search_posting, message")
    return took


def sizes(instance):
    [[messages, rows, size, beside]] = instance.sql("""
        SELECT (SELECT SUM(message_count) FROM room), (SELECT COUNT(*) FROM search_posting),
        SUM(IF(table_name = 'search_posting', data_length + index_length, 0)),
        SUM(IF(table_name = 'message', data_length + index_length, 0))
        FROM information_schema.tables WHERE table_schema = 'confab'""")
    return (f"{int(messages):,} messages: an index of {int(rows):,} rows, "
            f"{int(size) / 2**20:,.0f} MiB beside {int(beside) / 2**20:,.0f} MiB of messages.")


STATUS = ("Handler_read_key", "Handler_read_next", "Handler_read_prev", "Innodb_buffer_pool_reads")


def counters(instance):
    """(CPU seconds of database and API, rows read, pages read from the disk) so far."""
    names = ", ".join(f"'{name}'" for name in STATUS)
    values = dict(instance.sql(f"SHOW GLOBAL STATUS WHERE Variable_name IN ({names})"))
    cpu = sum(cpu_seconds(pid) for pid in [instance.pid("database"), *instance.workers()])
    return cpu, sum(int(values[name]) for name in STATUS[:-1]), int(values[STATUS[-1]])


def ask(instance, q, cursor=None):
    """(milliseconds, the page) of one request."""
    began = time.perf_counter()
    status, _, body = instance.request("GET", f"/api/chat/search/?q={quote(q)}"
                                       + (f"&cursor={cursor}" if cursor else ""), token(1))
    took = (time.perf_counter() - began) * 1000
    if status != 200:
        raise RuntimeError(f"{q}: {status} {body[:200]}")
    return took, json.loads(body)


def measure(instance, words):
    """The lines of a table: a row for each kind of query."""
    yield "| query | median ms | p99 ms | CPU ms | rows read | pages from disk | whole pages |"
    yield "| --- | --- | --- | --- | --- | --- | --- |"
    every, cursors = [], []
    for kind, asked in queries(words).items():
        before = counters(instance)
        found = [ask(instance, q) for q in asked]
        cpu, rows, pages = ((new - old) / len(asked)
                            for new, old in zip(counters(instance), before))
        times = sorted(took for took, _ in found)
        every += times
        whole = sum(len(page["results"]) == 20 or page["next"] is None for _, page in found)
        yield (f"| {kind} | {statistics.median(times):.1f} | {times[-1]:.1f} | {cpu * 1000:.1f} "
               f"| {rows:,.0f} | {pages:,.0f} | {whole * 100 // len(found)} % |")
        cursors += [(q, page["next"]) for q, (_, page) in zip(asked, found) if page["next"]]
    times = sorted(ask(instance, q, cursor)[0] for q, cursor in cursors[::len(cursors) // TIMES or 1])
    yield f"| the next page of any of them | {statistics.median(times):.1f} | {times[-1]:.1f} | | | | |"
    every.sort()
    p99 = every[len(every) * 99 // 100]
    yield f"| all | **{statistics.median(every):.1f}** | {p99:.1f} | | | | |"


def write_page(lines):
    text, what = "\n".join(lines), __doc__.split("\n\n")[2]
    described = "\n".join(f"- {name}: {what}" for name, what in machine.describe())
    SEARCH_PAGE.write_text(f"""# Performance of searches

Written by `bench/search.py` on {time.strftime("%Y-%m-%d %H:%M %Z")}, measured on this machine:

{described}

{what}
The buffer pool of the database is {POOL_GIB} GiB, and the last {FRESH} messages of each room are not in
the index yet. Times are those of one client, CPU is that of database and API; each kind is asked
for {TIMES} times, all of them different but "one of twenty". Whole pages have 20 results, or all
that there are; the others ended when their time was over. Goal: {GOAL_MS} ms, also for the p99.

{text}
""")


def main():
    options = [word for word in sys.argv[1:] if word.startswith("--")]
    count = int(next((word for word in sys.argv[1:] if word not in options), WHOLE))
    words = vocabulary()
    instance = Instance()
    instance.env["WORKER"] = "0"    # it would index the last messages
    if "--again" in options:
        instance.start()
        tune(instance)
    else:
        instance.create()
    try:
        lines = []
        if "--again" not in options:
            tune(instance)
            fill(instance, words, count)
            took = build(instance, count)
            lines.append(f"Built in {took:,.0f} s, {count / took:,.0f} messages a second.\n")
        lines += [sizes(instance), ""]
        for line in measure(instance, words):
            print(line, flush=True)
            lines.append(line)
        print("\n".join(lines[:2]))
        if "--keep" not in options and count == WHOLE:
            write_page(lines)
    finally:
        if options:
            instance.stop()
        else:
            instance.remove()


if __name__ == "__main__":
    main()
