"""What the pushd of an instance counts."""

from support.metrics import parse, value
from support.pushd import ask
from support.websocket import push_port


def figure(instance, name, **labels):
    """One number of /metrics; the name without its confab_."""
    answer = ask(push_port(instance, "metrics"), "/metrics")
    return value(parse(answer.text), f"confab_{name}", **labels)


def slow_drops(instance):
    """How many sockets were closed for not reading."""
    return figure(instance, "drops_total", reason="slow")


def room_sockets(instance):
    return figure(instance, "sockets", kind="room")
