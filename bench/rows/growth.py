"""Growth: the same requests with 10 and 100 times the rooms, users and messages."""

from context import REQUESTS, Row, messages_path
from data import CROWD, NINE, QUIET, READER, USERS, places, token_hash
from rows.writing import post_requests
from turns import ratio

SCALES = (1, 10, 100)

# The scales are measured minutes apart, and the speed of the machine may change: two contestants
# that do not depend on the data are measured at each scale, and growth is given in their units.
CONTROL = ("F", "a row by key")


def _control(bench, fcgi):
    by_key = f"SELECT user_id FROM token WHERE token_hash = X'{token_hash(READER)}'"
    return {"F": bench.wrk(REQUESTS["room"][1], port=fcgi.port, groups=fcgi.groups()),
            "a row by key": bench.query(by_key)}


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


def _in_units(found, name):
    return ratio(found[name], *(found[control] for control in CONTROL))


def growth(bench):
    found = {}
    for scale in SCALES:
        bench.data.grow(scale)
        with bench.fcgi_like(bench.ask("GET", REQUESTS["room"][1])) as fcgi:
            found[scale] = bench.turns.take({**_control(bench, fcgi),
                                             **_contestants(bench, scale)}, seconds=1)
    times = {name: _in_units(found[SCALES[-1]], name) / _in_units(found[SCALES[0]], name)
             for name in found[SCALES[0]]}
    worst = max(times.keys() - set(CONTROL), key=times.get)
    lines = ["| CPU of all processes, us | " + " | ".join(f"x {scale}" for scale in SCALES) +
             " | x 100 / x 1 |", "|" + " --- |" * (len(SCALES) + 2)]
    lines += [f"| {name} | " + " | ".join(f"{found[scale][name].cpu:.0f}" for scale in SCALES) +
              f" | {times[name]:.2f} |" for name in times]
    return Row("growth", "the same with 10 and 100 times the data", values={"cpu": times[worst]},
               text=["\n".join(lines),
                     "The last column is in units of the sum of the first two rows, which do not "
                     "depend on the data and were measured in turns with the others, since the "
                     "speed of the machine changes between the scales.",
                     f"Highest growth: {worst}."])
