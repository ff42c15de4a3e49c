"""python3 -m support.serve_shared_host fcgid|cgi: runs a shared host for tests in other languages.

Prints the URL of the chat and the home folder of its owner once it is up, and stops everything at
the end of its standard input. Only MariaDB of the instance behind it runs.
"""

import contextlib
import signal
import sys

from support.instance import Instance
from support.shared_host import SharedHost


def serve(kind):
    with contextlib.ExitStack() as stack:
        system = Instance(quick=True, CONFAB_DRAIN_TIME=0)
        stack.callback(system.close)
        system.start()
        host = SharedHost(system, kind)
        stack.callback(host.close)
        for server in ("web", "push", "api", "redis"):
            system.end(server)
        host.start()
        print(f"{host.instance.url}/chat", host.home, flush=True)
        sys.stdin.read()


if __name__ == "__main__":
    # An exception stops everything.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    serve(sys.argv[1])
