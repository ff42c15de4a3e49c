"""All goals. A row of the bench gives a value for each of its goals, by name. A goal is a limit that
a change should not cross unnoticed, with room for the noise of a machine of two processors; it is
not a reason for code that its users would not miss."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Goal:
    row: str
    name: str
    what: str       # description of the value
    sense: str      # "<=" or ">="
    limit: float
    unit: str = "x"

    def is_met(self, value):
        return value <= self.limit if self.sense == "<=" else value >= self.limit


GOALS = [
    Goal("messages", "cpu", "CPU / (F + S)", "<=", 2.4),
    Goal("messages", "trips", "statements per request", "<=", 2, ""),
    Goal("unchanged", "cpu", "CPU / F", "<=", 4.5),
    Goal("room", "cpu", "CPU / F", "<=", 5),
    Goal("rooms", "cpu", "CPU / (F + S)", "<=", 2),
    Goal("post", "cpu", "CPU / (F + C)", "<=", 3.5),
    Goal("post", "rate", "commits per second / C's", ">=", 0.2),
    Goal("post", "trips", "statements per request", "<=", 3, ""),
    Goal("post-one", "cpu", "CPU / (F + C in one room)", "<=", 3),
    Goal("post-one", "rate", "commits per second / C's in one room", ">=", 0.3),
    Goal("post-one", "members", "CPU with 100 members / with 10", "<=", 1.2),
    Goal("offsets", "cpu", "most / least expensive place, offsets and cursors apart", "<=", 1.25),
    Goal("many", "messages", "CPU with 101 messages per room / with 1", "<=", 1.25),
    Goal("many", "rooms", "CPU for 20 rooms of 1,000 / of 20", "<=", 2),
    Goal("login", "cpu", "CPU / the bare hash", "<=", 1.1),
    Goal("login", "p99", "p99 of others with 5 logins a second / without", "<=", 3),
    Goal("flood", "p99", "p99 of others beside 32 connections that guess / without", "<=", 3),
    Goal("memory", "pss", "memory after 100,000 requests", "<=", 4, " MB"),
    Goal("memory", "growth", "after 100,000 requests / after 10,000", "<=", 1.05),
    Goal("start", "first", "start of a process to its first answer", "<=", 20, " ms"),
    Goal("growth", "cpu", "highest ratio with 100 times the data / with 1", "<=", 1.35),
    Goal("processes", "default", "requests per second, default / best number", ">=", 0.85),
    # of make bench-push
    Goal("fanout", "cpu", "CPU / floor", "<=", 1.1),
    Goal("bursts", "cpu", "CPU / floor", "<=", 0.15),
    Goal("small-rooms", "cpu", "CPU / floor", "<=", 1.2),
    Goal("notifications", "cpu", "CPU / floor", "<=", 1.5),
    Goal("latency", "p50", "p50 / floor's", "<=", 1.2),
    Goal("latency", "p99", "p99 / floor's", "<=", 1.3),
    Goal("idle", "size", "memory of each of 10,000", "<=", 3000, " bytes"),
    Goal("idle", "most", "memory of each of 19,000", "<=", 3000, " bytes"),
    Goal("idle", "cpu", "CPU between pings", "<=", 0.5, " %"),
    Goal("handshakes", "cpu", "CPU of a handshake", "<=", 100, " us"),
    Goal("handshakes", "back", "all are connected after", "<=", 3, " s"),
    Goal("arena", "cpu", "CPU of a post / in a room of ten", "<=", 1.2),
    Goal("model", "apart", "posts: measured / the model, or the reverse", "<=", 1.2),
    Goal("whole", "p99", "p99 / that of POST alone", "<=", 12),
]

# The same requests with other software: Django REST Framework and gunicorn, and other socket
# servers, measured on a similar machine.
ELSEWHERE = {
    "messages": "5,200 us, 374 a second",
    "room": "2,700 us",
    "rooms": "3,500 us",
    "post": "9,800 us, 188 a second",
    "post-one": "23,200 us, 85 a second",
    "memory": "65 MB",
    # sockets: in units of the floor
    "fanout": "libwebsockets as in its examples 3.2 x, nchan 1.4 x, Node ws 2.0 x",
    "small-rooms": "nchan 1.4 x, Node ws 1.6 x",
    "idle": "nchan 10,429 bytes, Node ws 7,165",
}


def goal(row, name):
    return next(goal for goal in GOALS if (goal.row, goal.name) == (row, name))
