"""The rows of bench-push, in running order."""

import importlib.machinery
import importlib.util
import time
from contextlib import ExitStack
from statistics import median

import data
import push_data
from context import Row
from load import LoadFailed, Sample
from paths import ROOT
import proc
from push_servers import Crowd, Floor, Pushd, check
from turns import Result, ratio

BURST = 100
WINDOW = 16         # messages in flight where there are many rooms
PACE = 50
POSTS = 25          # a second
BEHIND = 5          # missed events
MANY = 10_000
ARENA_POSTS = 4     # a second
MODEL_WORKERS = (1, 2, 4)
POSTS_OF_FEW, POSTS_OF_MANY = 200, 4    # a second
MODEL_SECONDS, MODEL_ROUNDS, MODEL_ARRIVALS = 1, 7, 2


def scaling():
    """scripts/scaling as a module."""
    loader = importlib.machinery.SourceFileLoader("scaling", str(ROOT / "scripts" / "scaling"))
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader("scaling", loader))
    loader.exec_module(module)
    return module


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


def _poster(bench, crowd, posts=POSTS):
    def run(seconds):
        groups = bench.instance.groups()
        before = proc.Snapshot(groups)
        figures = crowd.ask("post", seconds, posts, bench.instance.port, data.token(1))
        cpu, others = proc.Snapshot(groups).since(before)
        check(figures)
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


# ---- one very large room ----

def _served_seconds(bench):
    """CPU time of the servers of the instance, without its pushd."""
    groups = {group for name, group in bench.instance.groups().items() if name != "push"}
    return sum(proc.cpu_seconds(pid) for pid, found in proc.processes().items()
               if found.group in groups)


def _served_per_post(bench, crowd, seconds):
    """Their CPU in microseconds for a post, above what they take without posts."""
    before = _served_seconds(bench)
    time.sleep(seconds)
    idle = (_served_seconds(bench) - before) / seconds
    before, begun = _served_seconds(bench), time.monotonic()
    figures = crowd.ask("post", seconds, ARENA_POSTS, bench.instance.port, data.token(1))
    check(figures)
    used = _served_seconds(bench) - before - idle * (time.monotonic() - begun)
    return used * 1e6 / figures["posts"]


def arena(bench):
    """A post in a room of 100,000 members with 19,000 sockets, and in one of ten with ten."""
    push_data.load_arena(bench.instance)
    with ExitStack() as stack:
        pushd = stack.enter_context(Pushd(bench.instance))
        crowds = []
        for name, members in (("few", push_data.in_rooms()[:push_data.MEMBERS]),
                              ("many", push_data.in_arena())):
            crowds.append(stack.enter_context(Crowd(pushd, members, name)))
            crowds[-1].open(len(members))
        time.sleep(3)
        # In turns, a gap check or more in each.
        few, many = map(median, zip(*[[_served_per_post(bench, crowd, 6) for crowd in crowds]
                                      for _ in range(2 if bench.quick else 5)]))
        bench.note_order(crowds[-1], f"post SECONDS {ARENA_POSTS} $PORT $TOKEN")
    return Row("arena", "POST in a room of 100,000 members, 19,000 of them online",
               values={"cpu": many / few},
               text=[f"{ARENA_POSTS} posts a second. The CPU of web server, fcgi-api, database, "
                     "Redis and worker for one, above what they take without: "
                     f"{few:,.0f} us in a room of ten, all online, and {many:,.0f} us in the "
                     "large one. pushd takes as much more as it has frames to send (the next "
                     "table)."])


# ---- the cost model ----

class _Place:
    """Sockets at a pushd of their own: the CPU of its processes, in microseconds."""

    def __init__(self, bench, stack, name, members, posts, online, workers=1):
        self.pushd = stack.enter_context(Pushd(bench.instance, workers))
        self.crowd = stack.enter_context(Crowd(self.pushd, members, name))
        self.count = len(members)
        self.posts, self.online = posts, online

    def arrive(self):
        """(CPU until the joins are announced, seconds it took) of opening the sockets."""
        time.sleep(0.5)
        begun, before = time.monotonic(), self.pushd.cpu_seconds()
        self.crowd.open(self.count)
        time.sleep(1)
        return (self.pushd.cpu_seconds() - before) * 1e6, time.monotonic() - begun

    def rest(self):
        """Begins to measure the CPU a second without posts."""
        self._before, self._at = self.pushd.cpu_seconds(), time.monotonic()

    def rested(self):
        self.idle = (self.pushd.cpu_seconds() - self._before) * 1e6 / (time.monotonic() - self._at)

    def per_post(self):
        """CPU for a post, above that."""
        before = self.pushd.cpu_seconds()
        figures = self.crowd.ask("pace", MODEL_SECONDS, self.posts)
        try:
            check(figures)
        except LoadFailed as error:
            raise LoadFailed(f"{error}; Redis was lost {self.pushd.reconnects()} times") from error
        used = (self.pushd.cpu_seconds() - before) * 1e6 - self.idle * figures["seconds"]
        return used / (MODEL_SECONDS * self.posts)


def _of_round(model, two, ten, ten_at_two, many):
    """Unit costs from the CPU for a post that 2, ten and all users get at one process, and ten at
    two processes."""
    mates = push_data.MEMBERS
    delivery = (ten - two) / (mates - 2)
    received = two - 2 * delivery
    return {"received": received, "delivery": delivery,
            "received_more": (ten_at_two - ten) / (model.receivers(2, mates) - 1),
            "delivery_of_many": (many - received) / push_data.USERS}


def _posts(bench, model, workers):
    """(Unit costs, CPU for a post that ten get, for one that all get), with 19,000 sockets. They
    are measured in turns, as the speed of the machine changes."""
    count, mates = push_data.USERS, push_data.MEMBERS
    first, second, of_two = push_data.UNIT_ROOMS
    with ExitStack() as stack:
        places = [_Place(bench, stack, *arguments) for arguments in (
            ("unit-two", push_data.in_unit_rooms(of_two), POSTS_OF_FEW, 2),
            ("ten", push_data.in_rooms(), POSTS_OF_FEW, mates, workers),
            ("unit-ten", push_data.in_unit_rooms(first), POSTS_OF_FEW, mates),
            ("unit-ten-two", push_data.in_unit_rooms(second), POSTS_OF_FEW, mates, 2),
            ("unit-many", push_data.in_arena(push_data.UNIT_ARENA), POSTS_OF_MANY, count),
            ("many", push_data.in_arena(), POSTS_OF_MANY, count, workers))]
        for place in places:
            place.arrive()
        time.sleep(2)
        rounds = []
        for _ in range(MODEL_ROUNDS):
            for place in places:
                place.rest()
            time.sleep(MODEL_SECONDS)
            for place in places:
                place.rested()
            two, ten, unit_ten, ten_at_two, unit_many, many = [
                place.per_post() for place in places]
            rounds.append({**_of_round(model, two, unit_ten, ten_at_two, unit_many), "ten": ten,
                           "many": many, "idle_socket": places[2].idle / push_data.UNIT})
    costs = {name: median(one[name] for one in rounds) for name in rounds[0]}
    return costs, costs.pop("ten"), costs.pop("many")


def _handshakes(bench, workers):
    """The least (CPU of 19,000 handshakes, seconds), with one process, and with these, in turns."""
    found = [], []
    for _ in range(MODEL_ARRIVALS):
        for arrivals, processes in zip(found, (1, workers)):
            with ExitStack() as stack:
                place = _Place(bench, stack, "ten", push_data.in_rooms(), 0, 0, processes)
                arrivals.append(place.arrive())
    return map(min, found)


def _compared(bench, workers):
    """What the model says of 19,000 sockets and what was measured, by name; and the unit costs."""
    model, count, mates = scaling(), push_data.USERS, push_data.MEMBERS
    costs, ten, many = _posts(bench, model, workers)
    # Other processes disturb: the least of each is closest to what it takes.
    (unit, unit_seconds), (came, seconds) = _handshakes(bench, workers)
    # Each socket is told to those of its room that came before it.
    told = (mates - 1) / 2
    costs["handshake"] = (unit / count - told * costs["delivery_of_many"]
                          - costs["idle_socket"] * unit_seconds)
    return {
        "a post, 10 of them online in its room":
            (model.push_us(costs, workers, posts=1, online=mates), ten),
        "a post, all of them online in its room":
            (model.push_us(costs, workers, posts=1, online=count), many),
        "19,000 handshakes":
            (model.push_us(costs, workers, handshakes=count, joins=count, mates=told,
                           sockets=count * seconds), came)}, costs


def scaling_model(bench):
    push_data.load_arena(bench.instance)
    lines = ["| workers | 19,000 sockets | by the model, us | measured, us | measured / model |",
             "| --- | --- | --- | --- | --- |"]
    apart, costs = 1, []
    for workers in MODEL_WORKERS:
        found, unit = _compared(bench, workers)
        costs.append(unit)
        for name, (told, measured) in found.items():
            quotient = measured / told
            is_handshake = name == "19,000 handshakes"
            # Their unit cost: nothing to compare.
            if is_handshake and workers == 1:
                continue
            # They depend on how busy the machine is, and for how long, as well.
            if not is_handshake:
                apart = max(apart, quotient, 1 / quotient)
            lines.append(f"| {workers} | {name} | {told:,.0f} | {measured:,.0f} "
                         f"| {quotient:.2f} |")
            print("    " + lines[-1], flush=True)
    means = ", ".join(f"{name} {median(unit[name] for unit in costs):.2f}" for name in costs[0])
    return Row("model", "the cost model of docs/scaling.md against 19,000 sockets",
               values={"apart": apart},
               text=["\n".join(lines), "CPU of all processes of pushd. The unit costs of the model "
                     "are measured in turns with the rest, with one process, and for received_more "
                     f"with two: in us, {means}. That of a handshake is of as many sockets, which "
                     f"come at the same time. Medians of {MODEL_ROUNDS} rounds; of "
                     f"{MODEL_ARRIVALS} arrivals the one that takes least."])


ROWS = {
    "fanout": fanout,
    "bursts": bursts,
    "small-rooms": small_rooms,
    "notifications": notifications,
    "latency": latency,
    "idle": idle,
    "handshakes": handshakes,
    "whole": whole,
    "arena": arena,
    "model": scaling_model,
}
