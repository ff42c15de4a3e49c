"""python3 -m support.serve_path apache|nginx|lighttpd: runs a site of PHP pages with confab at
/chat, for tests in other languages.

Prints the URL of the chat once it is up, and stops everything at the end of its standard input.
"""

import contextlib
import signal
import sys

from support.instance import Instance
from support.php_site import PhpSite


def serve(kind):
    with contextlib.ExitStack() as stack:
        system = Instance(quick=True, CONFAB_DRAIN_TIME=0)
        stack.callback(system.close)
        system.start()
        site = PhpSite(system, kind, "path")
        stack.callback(site.close)
        site.start()
        print(site.place.url, flush=True)
        sys.stdin.read()


if __name__ == "__main__":
    # An exception stops everything.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    serve(sys.argv[1])
