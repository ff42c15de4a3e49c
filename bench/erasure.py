"""Erasing a user with many messages while others write: times of posts with and without it.

    /usr/bin/python3 -B bench/erasure.py [MESSAGES]     1,000,000 unless given

The messages are in the room in which the others write, which is the worst case: each message that
is erased locks it. The worker erases and is stopped in turns, so that a change in the speed of the
machine affects both. The goal is a p99 under twice of that without. Needs the programs to be built.
"""

import itertools
import os
import signal
import statistics
import sys
import threading
import time

from data import token, token_hash
from instance import Instance
from proc import children

WRITERS, ROUNDS, SECONDS, PAUSE = 4, 10, 4, 0.01
LEAVER, ROOM = 1, 1
# Each post and each deletion has a number in the room, and each post is a message.
ERASED = ("SELECT CAST(last_seq AS INT) - CAST(message_count AS INT) FROM room "
          f"WHERE room_id = {ROOM}")


def fill(instance, count):
    """The leaver, author of all messages, and the writers, members of the same room."""
    users = range(LEAVER, LEAVER + 1 + WRITERS)
    people = ",".join(f"({i}, 'user-{i}', '', '2026-01-01', 1)" for i in users)
    tokens = ",".join(f"({i}, X'{token_hash(i)}', NOW(6))" for i in users)
    members = ",".join(f"({ROOM}, {i}, {i == LEAVER}, '2026-01-01')" for i in users)
    instance.sql(f"""
        INSERT INTO user (user_id, username, password_hash, created_at, rooms_count)
            VALUES {people};
        INSERT INTO token (user_id, token_hash, created_at) VALUES {tokens};
        INSERT INTO room (room_id, name, is_private, created_by_id, created_at, last_active_at,
                          last_seq, oldest_seq, message_count, members_count)
            VALUES ({ROOM}, 'Room', TRUE, {LEAVER}, '2026-01-01',
                    '2026-01-01' + INTERVAL {count} SECOND, 0, 1, {count}, {len(users)});
        INSERT INTO member (room_id, user_id, is_admin, joined_at) VALUES {members};
        INSERT INTO message (room_id, position, sender_id, message_type, created_at, client_id,
                             content)
            SELECT {ROOM}, seq, {LEAVER}, 1, '2026-01-01' + INTERVAL seq SECOND,
                   CONCAT('s', LPAD(HEX(seq), 16, '0')), CONCAT('Message ', seq, ' of some words')
            FROM seq_1_to_{count};""")


class Writer(threading.Thread):
    """Posts one message after the other until it is told to stop; notes how long each took."""

    def __init__(self, instance, user_id):
        super().__init__(daemon=True)
        self.instance, self.user_id = instance, user_id
        self.times, self.ends = [], False

    def run(self):
        while not self.ends:
            began = time.perf_counter()
            status, _, body = self.instance.request(
                "POST", f"/api/chat/rooms/{ROOM}/messages/", token(self.user_id),
                b'{"content": "Does somebody know when the meeting is?"}')
            if status != 201:
                raise RuntimeError(f"{status} {body[:200]}")
            self.times.append(time.perf_counter() - began)
            time.sleep(PAUSE)


def write(instance):
    """Seconds that the posts of one turn took."""
    writers = [Writer(instance, LEAVER + 1 + i) for i in range(WRITERS)]
    for writer in writers:
        writer.start()
    time.sleep(SECONDS)
    for writer in writers:
        writer.ends = True
    for writer in writers:
        writer.join()
    return list(itertools.chain.from_iterable(writer.times for writer in writers))


def erased_so_far(instance):
    [[number]] = instance.sql(ERASED)
    return int(number)


def workers(instance):
    """The processes of confab-worker, which erase."""
    parent = instance.pid("worker")
    return [parent, *children(parent)]


def take_turns(instance):
    """{whether the worker erases: seconds of all posts}"""
    times, erased = {True: [], False: []}, 0
    processes = workers(instance)
    for turn in range(2 * ROUNDS):
        erases = turn % 2 == 0
        for process in processes:
            os.kill(process, signal.SIGCONT if erases else signal.SIGSTOP)
        before = erased_so_far(instance)
        times[erases] += write(instance)
        done = erased_so_far(instance) - before
        erased += done if erases else 0
        if (done > 0) != erases:
            raise RuntimeError(f"{done} messages were erased in turn {turn}")
    for process in processes:
        os.kill(process, signal.SIGCONT)
    return times, erased / (ROUNDS * SECONDS)


def report(times, rate):
    print(f"{'':24}{'posts':>8}{'median':>12}{'p99':>12}")
    found = {}
    for erases, name in ((False, "without an erasure"), (True, "while messages go")):
        cuts = statistics.quantiles(times[erases], n=100)
        found[erases] = cuts[98]
        print(f"{name:24}{len(times[erases]):8}{cuts[49] * 1000:9.1f} ms{cuts[98] * 1000:9.1f} ms")
    ratio = found[True] / found[False]
    print(f"{rate:,.0f} messages are erased a second; the p99 of a post is {ratio:.2f} times "
          f"that without (goal: under 2)")
    return ratio < 2


def main():
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    instance = Instance()
    try:
        instance.create()
        fill(instance, count)
        instance.confabctl("user", "erase", f"user-{LEAVER}", "--messages", "erase")
        write(instance)
        fine = report(*take_turns(instance))
    finally:
        instance.remove()
    return 0 if fine else 1


if __name__ == "__main__":
    sys.exit(main())
