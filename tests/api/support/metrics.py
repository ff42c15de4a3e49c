"""The text format of Prometheus, read as strictly as it is defined."""

import re
import shutil
import subprocess
from typing import NamedTuple

from support.instance import ROOT

NAME = r"[a-zA-Z_:][a-zA-Z0-9_:]*"
LABEL = r'([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\\\|\\"|\\n)*)"'
NUMBER = r"[+-]?(?:\d+(?:\.\d*)?(?:[eE][+-]?\d+)?|Inf|NaN)"
SAMPLE = re.compile(rf"({NAME})(?:\{{({LABEL}(?:,{LABEL})*)\}})? ({NUMBER})")
HELP = re.compile(rf"# HELP ({NAME}) (\S.*)")
TYPE = re.compile(rf"# TYPE ({NAME}) (counter|gauge|histogram|summary|untyped)")


class Metric(NamedTuple):
    kind: str
    help: str
    samples: dict   # labels, as ((name, value), ...), to the number


def parse(text):
    """Metrics by name. A metric is # HELP, # TYPE and at least one line with a number, in
    this order and in one place; anything else is an AssertionError."""
    assert text.endswith("\n"), "the last line has no end"
    metrics = {}
    lines = iter(text[:-1].split("\n"))
    line = next(lines)
    while line is not None:
        help_line = HELP.fullmatch(line)
        assert help_line, f"no # HELP: {line!r}"
        name, words = help_line.groups()
        assert name not in metrics, f"{name} comes twice"
        type_line = TYPE.fullmatch(next(lines))
        assert type_line and type_line[1] == name, f"no # TYPE of {name}"
        samples = {}
        line = next(lines, None)
        while line is not None and not line.startswith("#"):
            sample = SAMPLE.fullmatch(line)
            assert sample and sample[1] == name, f"in {name}: {line!r}"
            labels = tuple(re.findall(LABEL, sample[2] or ""))
            assert labels not in samples, f"{line!r} comes twice"
            assert len(set(key for key, _ in labels)) == len(labels), line
            samples[labels] = float(sample[sample.re.groups])
            line = next(lines, None)
        assert samples, f"{name} has no number"
        metrics[name] = Metric(type_line[2], words, samples)
    return metrics


def value(metrics, name, **labels):
    return metrics[name].samples[tuple(labels.items())]


def promtool():
    """Prometheus' own tool. If there is none it comes out of Debian's package, and stays in
    build/, so that only the first run asks the network."""
    program = ROOT / "build" / "tools" / "promtool"
    if found := shutil.which("promtool"):
        return found
    done = subprocess.run([ROOT / "scripts" / "packages", "--file", "prometheus",
                           "usr/bin/promtool", program], text=True, timeout=600,
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT)
    assert done.returncode == 0, done.stdout
    return program


def complaints(text):
    """What `promtool check metrics` has to say about figures: "" if they are clean."""
    done = subprocess.run([promtool(), "check", "metrics"], input=text, text=True, timeout=60,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    return done.stdout + (f"exit status {done.returncode}" if done.returncode else "")
