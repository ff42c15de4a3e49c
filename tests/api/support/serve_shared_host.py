"""python3 -m support.serve_shared_host fcgid|cgi: such a host, for tests that are not Python's.

Prints the address of the chat once it can be opened, and takes everything down again when its
standard input ends: it outlives nobody who started it. Of the system behind, only MariaDB runs.
"""

import contextlib
import signal
import sys

from support.instance import Instance
from support.shared_host import SharedHost


def serve(kind):
    with contextlib.ExitStack() as stack:
        system = Instance(CONFAB_DRAIN_TIME=0)
        stack.callback(system.close)
        system.start()
        host = SharedHost(system, kind)
        stack.callback(host.close)
        for server in ("web", "push", "api", "redis"):
            system.end(server)
        host.start()
        print(f"{host.instance.url}/chat", flush=True)
        sys.stdin.read()


if __name__ == "__main__":
    # Ends it as an error would, with everything taken down.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    serve(sys.argv[1])
