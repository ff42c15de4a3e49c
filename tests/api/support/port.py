"""TCP ports for what a test itself has listen."""

import random
import socket


def take_port(address="127.0.0.1"):
    """A socket that listens at a port below those that the kernel gives to outgoing
    connections, so that none of these takes it once it is closed."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    while True:
        try:
            return socket.create_server((address, random.randrange(20000, 32000)), family=family)
        except OSError:
            continue


def free_port():
    """The number of such a port, that nobody has now."""
    with take_port() as taken:
        return taken.getsockname()[1]
