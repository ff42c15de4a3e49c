"""Searching among many messages: size of the index, time to build it, times of requests.

    /usr/bin/python3 -B bench/search.py [MESSAGES]     10,000,000 unless given

One user in 100 rooms that have all of the messages, of eight words each. The words are those of a
natural language in that the n-th is used 1/n as often as the first. Needs the programs to be built.
"""

import itertools
import json
import random
import statistics
import sys
import time
from urllib.parse import quote

from data import token, token_hash
from instance import Instance

ROOMS, WORDS, LENGTH = 100, 50_000, 8
BATCH, TIMES, GOAL_MS = 4000, 40, 50
SYLLABLES = [c + v for c in "bdfgklmnprstvz" for v in "aeiou"]


def vocabulary():
    """Words of two to five syllables; those used most are short."""
    dice, words = random.Random(1), set()
    for n in range(WORDS * 3):
        words.add("".join(dice.choices(SYLLABLES, k=2 + min(3, n * 4 // WORDS))))
        if len(words) == WORDS:
            break
    return sorted(words, key=lambda word: (len(word), dice.random()))


def texts(words, count):
    dice = random.Random(2)
    weights = list(itertools.accumulate(1 / n for n in range(1, len(words) + 1)))
    for at in range(count):
        text = dice.choices(words, cum_weights=weights, k=LENGTH)
        if at % 500_000 == 250:
            text[3] = "unicum"
        yield " ".join(text)


def fill(instance, words, count):
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
            SELECT seq, 1, TRUE, '2026-01-01' FROM seq_1_to_{ROOMS};""")
    rows = []
    for at, text in enumerate(texts(words, per_room * ROOMS)):
        position, room = at // ROOMS + 1, at % ROOMS + 1
        rows.append(f"({room},{position},1,1,'2026-01-01' + INTERVAL {at} SECOND,'s{at:x}','{text}')")
        if len(rows) == BATCH or at == per_room * ROOMS - 1:
            instance.sql("INSERT INTO message (room_id, position, sender_id, message_type, "
                         "created_at, client_id, content) VALUES " + ",".join(rows))
            rows.clear()
    instance.sql(f"""UPDATE room SET message_count = {per_room}, last_active_at =
        (SELECT created_at FROM message m WHERE m.room_id = room.room_id
         AND m.position = {per_room})""")


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


def ask(instance, q):
    """(milliseconds, whether the page is whole) of one request."""
    began = time.perf_counter()
    status, _, body = instance.request("GET", f"/api/chat/search/?q={quote(q)}", token(1))
    took = (time.perf_counter() - began) * 1000
    if status != 200:
        raise RuntimeError(f"{q}: {status} {body[:200]}")
    page = json.loads(body)
    return took, len(page["results"]) == 20 or page["next"] is None


def measure(instance, words):
    print(f"{'':32}{'median':>10}{'p99':>10}{'whole pages':>14}")
    every = []
    for kind, asked in queries(words).items():
        found = [ask(instance, q) for q in asked]
        times = sorted(took for took, _ in found)
        every += times
        whole = sum(is_whole for _, is_whole in found) * 100 // len(found)
        print(f"{kind:32}{statistics.median(times):>7.1f} ms{times[-1]:>7.1f} ms{whole:>12} %")
    every.sort()
    p99 = every[len(every) * 99 // 100]
    print(f"{'all':32}{statistics.median(every):>7.1f} ms{p99:>7.1f} ms    goal: {GOAL_MS} ms")


def main():
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000_000
    words = vocabulary()
    instance = Instance()
    instance.create()
    try:
        fill(instance, words, count)
        began = time.monotonic()
        status, said = instance.confabctl("search", "rebuild")
        if status:
            raise RuntimeError(said)
        took = time.monotonic() - began
        instance.sql("ANALYZE TABLE search_term, message")
        [[rows, size, messages]] = instance.sql("""
            SELECT (SELECT COUNT(*) FROM search_term), SUM(IF(table_name = 'search_term',
            data_length + index_length, 0)), SUM(IF(table_name = 'message',
            data_length + index_length, 0)) FROM information_schema.tables
            WHERE table_schema = 'confab'""")
        print(f"{count:,} messages, {int(rows):,} terms: index {int(size) / 2**20:,.0f} MiB beside "
              f"{int(messages) / 2**20:,.0f} MiB of messages, built in {took:,.0f} s "
              f"({count / took:,.0f} messages a second)")
        measure(instance, words)
    finally:
        instance.remove()


if __name__ == "__main__":
    main()
