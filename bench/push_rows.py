"""The rows of bench-push, in running order."""

import time
from contextlib import ExitStack
from statistics import median

import data
import push_data
from context import Row
from load import LoadFailed, Sample
import proc
from push_servers import Crowd, Floor, Pushd
from turns import Result, ratio

BURST = 100
WINDOW = 16         # messages in flight where there are many rooms
PACE = 50
POSTS = 25          # a second
BEHIND = 5          # missed events
MANY = 10_000
AT_ONCE_SECONDS = 3


def _pair(bench, stack, members):
    """pushd and the floor, each with sockets for the same members."""
    crowds = []
    for server, sockets in ((Floor, push_data.at_floor(members)), (Pushd, members)):
        running = stack.enter_context(server(bench.instance))
        crowd = stack.enter_context(Crowd(running, sockets))
        crowd.open(len(sockets))
        crowds.append(crowd)
        bench.note_order(crowd, f"open {len(sockets)}")
    time.sleep(1)       # the joins are announced to the other sockets
    return crowds


def _against_floor(bench, name, title, members, *order, text=()):
    with ExitStack() as stack:
        floor, pushd = _pair(bench, stack, members)
        found = bench.turns.take({"floor": floor.run(*order), "pushd": pushd.run(*order)})
    bench.note_order(pushd, f"{order[0]} SECONDS {' '.join(map(str, order[1:]))}")
    return Row(name, title, list(found.values()), [found["floor"]],
               {"cpu": ratio(found["pushd"], found["floor"])}, list(text), found["pushd"])


def fanout(bench):
    return _against_floor(
        bench, "fanout", "1,000 sockets in one room, messages one by one",
        push_data.in_hall(), "flow", 1, 1,
        text=["The next message is published when all sockets have the last one."])


def bursts(bench):
    return _against_floor(
        bench, "bursts", f"1,000 sockets in one room, bursts of {BURST} messages",
        push_data.in_hall(), "flow", BURST, 1,
        text=["The floor gets bursts too, and writes each message separately."])


def small_rooms(bench):
    return _against_floor(
        bench, "small-rooms", "10,000 sockets in 1,000 rooms", push_data.in_rooms(MANY),
        "flow", 1, WINDOW, text=[f"One room after the other, {WINDOW} messages in flight."])


def notifications(bench):
    return _against_floor(
        bench, "notifications", "the same through notification sockets",
        push_data.notified(MANY), "flow", 1, WINDOW,
        text=["The floor writes the message unchanged; pushd makes a notification of it."])


def latency(bench):
    row = _against_floor(
        bench, "latency", f"latency, 1,000 sockets, {PACE} messages a second",
        push_data.in_hall(), "pace", PACE,
        text=["From before publishing until a client has read the message, over all clients."])
    floor, pushd = row.results
    row.values = {"p50": ratio(pushd, floor, figure="p50_us"),
                  "p99": ratio(pushd, floor, figure="p99_us")}
    return row


# ---- idle sockets and handshakes ----

def _idle(bench, count, seconds):
    """(bytes per socket, part of a CPU without messages) of this many sockets."""
    with Pushd(bench.instance) as pushd, Crowd(pushd, push_data.in_rooms(count)) as crowd:
        time.sleep(1)
        empty = proc.pss_kib(pushd.pid)
        crowd.open(count)
        time.sleep(4)       # until the joins are over
        before, begun = proc.cpu_seconds(pushd.pid), time.monotonic()
        readings = []
        for _ in range(seconds):    # a gap check may run at any of them
            time.sleep(1)
            readings.append(proc.pss_kib(pushd.pid))
        full = median(readings)
        cpu = (proc.cpu_seconds(pushd.pid) - before) / (time.monotonic() - begun)
        bench.note_order(crowd, f"open {count}")
    return (full - empty) * 1024 / count, cpu


def idle(bench):
    seconds = 3 if bench.quick else 12
    size, cpu = _idle(bench, MANY, seconds)
    most, most_cpu = _idle(bench, push_data.USERS, seconds)
    return Row("idle", "idle sockets, one per user, ten in a room", values={
        "size": size, "most": most, "cpu": cpu * 100},
        text=[f"{MANY:,} sockets: {size:,.0f} bytes each and {cpu:.2%} of a CPU between pings; "
              f"{push_data.USERS:,}: {most:,.0f} bytes and {most_cpu:.2%}. The processor is "
              "used by the gap check: one database query every three seconds, which finds events "
              "that Redis lost."])


def handshakes(bench):
    """pushd is new each time, with empty caches."""
    alone, back = [], []
    for _ in range(2 if bench.quick else 5):
        alone.append(bench.turns.sound(lambda: (_come(bench, push_data.alone()),))[0])
        back.append(bench.turns.sound(
            lambda: (_come(bench, push_data.in_rooms(MANY), BEHIND),))[0])
    first = Result("first of a room", alone)
    result = Result(f"back after {BEHIND} events", back)
    return Row("handshakes", f"handshakes, and {MANY:,} reconnects with `since`",
               [first, result], [],
               {"cpu": first.cpu, "back": sorted(s.seconds for s in back)[len(back) // 2]},
               [f"With a new pushd, {len(back)} times; the times are those of a handshake, from "
                "connecting to the first frame, 256 at a time. First "
                f"{len(push_data.alone()):,} that are alone in their rooms; then ten in a room, "
                "where each also gets the joins of those after it. CPU of pushd with its database "
                "threads, without the database."], result)


def _come(bench, members, *behind):
    with Pushd(bench.instance) as pushd, Crowd(pushd, members) as crowd:
        time.sleep(0.5)
        groups = bench.instance.groups()
        before = proc.Snapshot(groups), proc.cpu_seconds(pushd.pid)
        figures = crowd.open(len(members), *behind)
        cpu = proc.cpu_seconds(pushd.pid) - before[1]
        _, others = proc.Snapshot(groups).since(before[0])
        bench.note_order(crowd, " ".join(map(str, ["open", len(members), *behind])))
    return Sample(len(members), figures["seconds"], {"pushd": cpu * 1e6 / len(members)},
                  figures["p50_us"], figures["p99_us"], others)


# ---- POST to receipt ----

class _Front:
    """The pushd of the instance, through its web server."""

    def __init__(self, bench):
        self.name, self.prefix = "all", "confab:"
        self.port = bench.instance.port
        self.pid = bench.instance.pid("push")


def _poster(bench, crowd):
    def run(seconds):
        groups = bench.instance.groups()
        before = proc.Snapshot(groups)
        figures = crowd.ask("post", seconds, POSTS, bench.instance.port, data.token(1))
        cpu, others = proc.Snapshot(groups).since(before)
        if figures["lost"]:
            raise LoadFailed(f"{figures['lost']} sockets were closed")
        count = figures["posts"]
        heard = ("p50_us", "p99_us") if figures["live"] else ("post_p50_us", "post_p99_us")
        return Sample(count, figures["seconds"], {name: value * 1e6 / count
                                                  for name, value in cpu.items()},
                      figures[heard[0]], figures[heard[1]], others)
    return run


def whole(bench):
    front = _Front(bench)
    with Crowd(front, push_data.in_hall(), "readers") as readers, \
            Crowd(front, push_data.in_hall(push_data.LOBBY), "others") as others:
        readers.open(push_data.HALL_USERS)
        time.sleep(1)
        found = bench.turns.take({"POST alone": _poster(bench, others),
                                  "POST to receipt": _poster(bench, readers)})
        bench.note_order(readers, f"post SECONDS {POSTS} $PORT $TOKEN")
    alone, heard = found.values()
    return Row("whole", "POST to receipt over the whole stack, 1,000 readers",
               list(found.values()), [],
               {"p99": ratio(heard, alone, figure="p99_us")},
               [f"{POSTS} messages a second. POST alone: from the request to its answer, in a room "
                "of the same size without sockets. POST to receipt: from the request until a "
                "reader has the message, over all readers."], heard)


ROWS = {
    "fanout": fanout,
    "bursts": bursts,
    "small-rooms": small_rooms,
    "notifications": notifications,
    "latency": latency,
    "idle": idle,
    "handshakes": handshakes,
    "whole": whole,
}
