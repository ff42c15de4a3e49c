"""TCP ports for servers of a test, and paths of sockets."""

import random
import socket


def take_port(address="127.0.0.1"):
    """A listening socket at a port below the range of outgoing connections, so that none of
    these takes the port after the socket is closed."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    while True:
        try:
            return socket.create_server((address, random.randrange(20000, 32000)), family=family)
        except OSError:
            continue


def free_port():
    """The number of an unused port of that kind."""
    with take_port() as taken:
        return taken.getsockname()[1]


def leave_a_dead_socket(path):
    """A Unix socket on which nothing listens, as a killed server leaves it."""
    with socket.socket(socket.AF_UNIX) as left:
        left.bind(str(path))
