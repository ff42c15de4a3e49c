"""python3 -m support.serve_php_application wordpress|mediawiki: runs it on a shared host, for tests
in other languages.

Prints the URL of the site and the home folder once it is up, and stops everything at the end of its
standard input. The user id of the host's owner is that of the home folder.
"""

import contextlib
import signal
import sys

from support.instance import Instance
from support.php_application import KINDS


def serve(kind):
    with contextlib.ExitStack() as stack:
        system = Instance(quick=True, CONFAB_DRAIN_TIME=0)
        stack.callback(system.close)
        system.start()
        host = KINDS[kind](system)
        stack.callback(host.close)
        for server in ("web", "push", "api", "redis"):
            system.end(server)
        host.prepare()
        host.start()
        print(host.instance.url, host.home, flush=True)
        sys.stdin.read()


if __name__ == "__main__":
    # An exception stops everything.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    serve(sys.argv[1])
