"""A strict parser of the text format of Prometheus."""

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
    samples: dict   # from labels, ((name, value), ...), to the value


def parse(text):
    """Returns metrics by name. Each has # HELP, # TYPE and at least one sample, in this order
    and in one place; anything else is an AssertionError."""
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
    """The path of promtool. When it is not installed, it is taken from Debian's package and
    kept in build/."""
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
    """The output of `promtool check metrics`; "" if there are no complaints."""
    done = subprocess.run([promtool(), "check", "metrics"], input=text, text=True, timeout=60,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    return done.stdout + (f"exit status {done.returncode}" if done.returncode else "")
