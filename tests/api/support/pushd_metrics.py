"""Reads metrics of the pushd of an instance."""

from support.metrics import parse, value
from support.pushd import ask
from support.websocket import push_port


def metric(instance, name, **labels):
    """The value of one metric; the name is given without confab_."""
    answer = ask(push_port(instance, "metrics"), "/metrics")
    return value(parse(answer.text), f"confab_{name}", **labels)


def slow_drops(instance):
    """The number of sockets closed because their send queue was full."""
    return metric(instance, "drops_total", reason="slow")


def room_sockets(instance):
    return metric(instance, "sockets", kind="room")
