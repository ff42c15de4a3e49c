"""Growth: the same requests with 10 and 100 times the rooms, users and messages."""

from context import REQUESTS, Row, messages_path
from data import CROWD, NINE, QUIET, USERS, places
from rows.writing import post_requests

SCALES = (1, 10, 100)


def _contestants(bench, scale):
    page = messages_path(QUIET)
    tag = bench.ask("GET", page)[1]["ETag"]
    return {
        "GET messages": bench.wrk(page),
        "GET messages, unchanged": bench.wrk(page, headers=[f"If-None-Match: {tag}"]),
        "GET room": bench.wrk(REQUESTS["room"][1]),
        "GET rooms": bench.wrk(REQUESTS["rooms"][1]),
        "GET rooms, public": bench.wrk("/api/chat/rooms/?public=1&limit=10"),
        "GET users by name": bench.wrk(f"/api/chat/users/?search={NINE}"),
        "POST message, spread": bench.wrk_list(post_requests(places(scale))),
        "POST message, one room": bench.wrk_list(
            post_requests([(CROWD, user + 1) for user in range(USERS)])),
    }


def growth(bench):
    found = {}
    for scale in SCALES:
        bench.data.grow(scale)
        found[scale] = bench.turns.take(_contestants(bench, scale),
                                        rounds=min(3, bench.turns.rounds), seconds=1)
    first, last = found[SCALES[0]], found[SCALES[-1]]
    times = {name: last[name].cpu / first[name].cpu for name in first}
    worst = max(times, key=times.get)
    lines = ["| CPU of all processes, us | " + " | ".join(f"x {scale}" for scale in SCALES) +
             " | x 100 / x 1 |", "|" + " --- |" * (len(SCALES) + 2)]
    lines += [f"| {name} | " + " | ".join(f"{found[scale][name].cpu:.0f}" for scale in SCALES) +
              f" | {times[name]:.2f} |" for name in first]
    return Row("growth", "the same with 10 and 100 times the data", values={"cpu": times[worst]},
               text=["\n".join(lines), f"What grows most: {worst}."])
