"""The results page, in Markdown."""

import goals
import machine
import turns
from paths import BENCH

HEAD = """# Performance of requests

Written by `make bench` on {date}, measured on this machine:

{machine}

CPU is the processor time of all server processes for one request (web server, fcgi-api, MariaDB,
Redis; not the client), and varies least. Rate, p50 and p99 are those of a client with {connections}
connections on the same processors. confab and the bare parts it consists of take turns, {rounds}
rounds of {seconds} s each. A figure is the median of the rounds, ± half the distance of the
extremes; a ratio is the median of the ratios of the rounds (growth: rounds of 1 s; processes: 3
such). **F**: a FastCGI program with a constant answer of the same size, behind the same lighttpd,
with as many processes. **S**: the SELECT of the request, prepared, over eight connections. **C**:
the bare transaction of a message. **H**: argon2id. The CPU of S, C and H includes that of their
clients.

A run is repeated if other processes used more than {disturbed:.0%} of the machine: of {runs} runs
{thrown_away} were repeated, and {kept} disturbed ones were kept. Afterwards
`confabctl check --deep` found {check}.
"""


PUSH_HEAD = """# Performance of sockets

Written by `make bench-push` on {date}, measured on this machine:

{machine}

CPU is the processor time of all threads of pushd for one delivery, and varies least. Rate, p50 and
p99 are those of the clients, on the same processors, from publishing to receipt. The **floor** is an
epoll server on the same Redis that makes one frame of an event and calls write() once for each
socket, and nothing else (`bench/floor/push.c`). Both take turns, {rounds} rounds of {seconds} s
each. A figure is the median of the rounds, ± half the distance of the extremes; a ratio is the
median of the ratios of the rounds. Messages have 300 bytes.

A run is repeated if other processes used more than {disturbed:.0%} of the machine: of {runs} runs
{thrown_away} were repeated, and {kept} disturbed ones were kept.
"""

PUSH_ELSEWHERE = """
Elsewhere: CPU per delivery in units of the same floor, or memory of an idle socket, on a similar
machine.
"""

ELSEWHERE = """
Elsewhere: Django REST Framework and gunicorn on a similar machine, all processes.
"""


def write_push(path, bench, found, failed, date):
    """Writes the page of bench-push."""
    counts = bench.turns
    head = PUSH_HEAD.format(date=date, machine=_machine(), rounds=counts.rounds,
                            seconds=counts.seconds, disturbed=turns.DISTURBED, runs=counts.runs,
                            thrown_away=counts.thrown_away, kept=counts.kept_disturbed)
    _write(path, [head, _summary(found, failed, PUSH_ELSEWHERE)], bench, found)


def write(path, bench, found, failed, date, check):
    _write(path, [_head(bench, date, check), _summary(found, failed, ELSEWHERE)], bench, found)


def _write(path, parts, bench, found):
    parts += [_section(row, bench.commands.get(row.name, {})) for row in found.values()]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(parts))


def _machine():
    return "\n".join(f"- {name}: {what}" for name, what in machine.describe())


def _head(bench, date, check):
    counts = bench.turns
    return HEAD.format(date=date, machine=_machine(), connections=16, rounds=counts.rounds,
                       seconds=counts.seconds, disturbed=turns.DISTURBED, runs=counts.runs,
                       thrown_away=counts.thrown_away, kept=counts.kept_disturbed, check=check)


def _value(goal, value):
    return f"{value:.2f}{goal.unit}" if goal.unit != "" else f"{value:.0f}"


def _goal_cells(row, row_goals):
    limits = [f"{goal.what} {goal.sense} {goal.limit:g}{goal.unit}" for goal in row_goals]
    values = [f"**{_value(goal, row.values[goal.name])}**" for goal in row_goals]
    marks = ["met" if goal.is_met(row.values[goal.name]) else "**missed**" for goal in row_goals]
    return ["<br>".join(cell) or "–" for cell in (limits, values, marks)]


def _summary(found, failed, elsewhere):
    lines = ["## Goals\n",
             "| what | goal | measured | | CPU us | of the floor | per second | p50 / p99 ms | "
             "elsewhere |", "|" + " --- |" * 9]
    for name, row in found.items():
        row_goals = [goal for goal in goals.GOALS if goal.row == name]
        lines.append("| " + " | ".join([row.title, *_goal_cells(row, row_goals),
                                        *_figures(row),
                                        goals.ELSEWHERE.get(name, "–")]) + " |")
    for name, why in failed.items():
        lines.append(f"| {name} | | **could not be measured**: {why} | | | | | | |")
    lines.append(elsewhere)
    return "\n".join(lines)


def _figures(row):
    subject = row.subject
    if not subject:
        return ["–"] * 4
    floor = " + ".join(_us(result.cpu) for result in row.floor) or "–"
    return [_us(subject.cpu), floor, f"{subject.rate:,.0f}", _latency(subject)]


def _us(value):
    return f"{value:,.0f}" if value >= 20 else f"{value:.2f}"


def _latency(result):
    return f"{result.of('p50_us') / 1000:.2f} / {result.of('p99_us') / 1000:.2f}"


def _section(row, commands):
    lines = [f"## {row.title}\n"]
    if row.results:
        lines += ["| | CPU us | by process | per second | p50 / p99 ms |", "|" + " --- |" * 5]
        for result in row.results:
            split = ", ".join(f"{name} {_us(us)}" for name, us in result.by_process().items())
            lines.append(f"| {result.name} | {_us(result.cpu)} ± {result.spread():.0%} | "
                         f"{split} | {result.rate:,.0f} ± {result.spread('rate'):.0%} | "
                         f"{_latency(result)} |")
        lines.append("")
    lines += [text + "\n" for text in row.text]
    lines += [notes.read_text() for notes in [BENCH / "notes" / f"{row.name}.md"] if notes.exists()]
    if commands:
        lines += ["```", *commands, "```\n"]
    return "\n".join(lines)


def verdict(row):
    """One line per goal of a row, for the terminal."""
    for goal in goals.GOALS:
        if goal.row == row.name:
            value = row.values[goal.name]
            mark = "met   " if goal.is_met(value) else "MISSED"
            yield (f"    {mark} {goal.what}: {_value(goal, value)} "
                   f"(goal {goal.sense} {goal.limit:g}{goal.unit})")
