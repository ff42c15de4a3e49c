"""The goals, all of them. A row of the bench gives the value for each of its own by name, and
the page shows both side by side."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Goal:
    row: str
    name: str
    what: str       # what the value is, for people
    sense: str      # "<=" or ">="
    limit: float
    unit: str = "x"

    def is_met(self, value):
        return value <= self.limit if self.sense == "<=" else value >= self.limit


GOALS = [
    Goal("messages", "cpu", "CPU / (F + S)", "<=", 1.4),
    Goal("messages", "trips", "statements of one request", "<=", 2, ""),
    Goal("unchanged", "cpu", "CPU / F", "<=", 2.5),
    Goal("room", "cpu", "CPU / F", "<=", 3),
    Goal("rooms", "cpu", "CPU / (F + S)", "<=", 1.6),
    Goal("post", "cpu", "CPU / (F + C)", "<=", 1.5),
    Goal("post", "rate", "commits a second / C's", ">=", 0.5),
    Goal("post", "trips", "statements of one request", "<=", 3, ""),
    Goal("post-one", "cpu", "CPU / (F + C in one room)", "<=", 1.5),
    Goal("post-one", "rate", "commits a second / C's in one room", ">=", 0.7),
    Goal("post-one", "members", "CPU with 100 members / with 10", "<=", 1.1),
    Goal("offsets", "cpu", "dearest / cheapest place", "<=", 1.15),
    Goal("many", "messages", "CPU with 101 messages a room / with 1", "<=", 1.15),
    Goal("many", "rooms", "CPU for 20 rooms listed of 1,000 / of 20", "<=", 1.15),
    Goal("login", "cpu", "CPU / the bare hash", "<=", 1.05),
    Goal("login", "p99", "p99 of others with 5 logins a second / without", "<=", 3),
    Goal("memory", "pss", "memory after 100,000 requests", "<=", 4, " MB"),
    Goal("memory", "growth", "after 100,000 requests / after 10,000", "<=", 1.02),
    Goal("start", "first", "start of a process to its first answer", "<=", 20, " ms"),
    Goal("growth", "cpu", "dearest figure with 100 times the data / with 1", "<=", 1.15),
    Goal("processes", "default", "requests a second, default / best number", ">=", 0.95),
    # of make bench-push
    Goal("fanout", "cpu", "CPU / floor", "<=", 1.05),
    Goal("bursts", "cpu", "CPU / floor", "<=", 0.15),
    Goal("small-rooms", "cpu", "CPU / floor", "<=", 1.1),
    Goal("notifications", "cpu", "CPU / floor", "<=", 1.5),
    Goal("latency", "p50", "p50 / floor's", "<=", 1.1),
    Goal("latency", "p99", "p99 / floor's", "<=", 1.1),
    Goal("idle", "size", "memory of each of 10,000", "<=", 2500, " bytes"),
    Goal("idle", "most", "memory of each of 19,000", "<=", 2500, " bytes"),
    Goal("idle", "cpu", "CPU between pings", "<=", 0.5, " %"),
    Goal("handshakes", "cpu", "CPU of a handshake", "<=", 60, " us"),
    Goal("handshakes", "back", "all are back after", "<=", 3, " s"),
    Goal("whole", "p99", "p99 / that of POST alone", "<=", 3),
]

# What the same request costs elsewhere: the seed's own stack (Django REST Framework and
# gunicorn), measured on a machine like the one the goals were made for.
ELSEWHERE = {
    "messages": "5,200 us, 374 a second",
    "room": "2,700 us",
    "rooms": "3,500 us",
    "post": "9,800 us, 188 a second",
    "post-one": "23,200 us, 85 a second",
    "memory": "65 MB",
    # of sockets: units of the floor, found in the same way
    "fanout": "libwebsockets as in its examples 3.2 x, nchan 1.4 x, Node ws 2.0 x",
    "small-rooms": "nchan 1.4 x, Node ws 1.6 x",
    "idle": "nchan 10,429 bytes, Node ws 7,165",
}


def goal(row, name):
    return next(goal for goal in GOALS if (goal.row, goal.name) == (row, name))
