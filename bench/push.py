"""make bench-push: measures pushd and its floor, and writes the page.

ONLY=row,row runs some rows (see push_rows.py), QUICK=1 runs them shorter; the page of such a
run goes to build/, not to docs/. Takes at most ten minutes. Exits with 1 if something could not be
measured. A missed goal is a result, not a failure.
"""

import time

import page
import push_data
from command import main, summary
from instance import Instance
from load import LoadFailed
from paths import PUSH_PAGE, WORK
from push_rows import ROWS
from push_servers import LIMITS
from turns import Turns

# Rows that would start later than this, in seconds, are skipped: a busy machine causes repeats.
LAST_BEGINNING = 480


class Bench:
    """What all rows share."""

    def __init__(self, quick):
        self.instance = Instance()
        self.turns = Turns(rounds=2 if quick else 5, seconds=1 if quick else 2, warm_seconds=1,
                           repeats_in_all=20)
        self.quick = quick
        self.row = None
        self.commands = {}

    def note_order(self, crowd, order):
        """Records a command for the page."""
        text = (f"echo {order} | $BUILD/bench/crowd $PUSH_PORT MEMBERS "
                f"$STATE/sock/redis.sock {crowd.server.prefix}")
        self.commands.setdefault(self.row, {})[text] = None


def measure(bench, names):
    """Runs the rows; (results by name, errors by name)."""
    found, failed = {}, {}
    begun = time.monotonic()
    for name in names:
        bench.row = name
        elapsed = time.monotonic() - begun
        print(f"{elapsed:5.0f} s  {name}", flush=True)
        try:
            if elapsed > LAST_BEGINNING:
                raise LoadFailed("no time left")
            found[name] = ROWS[name](bench)
        except (LoadFailed, TimeoutError) as error:
            failed[name] = str(error)
            print(f"    FAILED {error}")
            continue
        for result in found[name].results:
            print(f"           {result.name}: {result.cpu:,.2f} us ± {result.spread():.0%}, "
                  f"{result.rate:,.0f} a second, p50 {result.of('p50_us'):,.0f} "
                  f"p99 {result.of('p99_us'):,.0f} us")
        print("\n".join(page.verdict(found[name])), flush=True)
    return found, failed


def run(names, quick):
    bench = Bench(quick)
    try:
        bench.instance.remove()
        bench.instance.start(**LIMITS, CONFAB_RATE_LIMITS="off")
        push_data.load(bench.instance)
        found, failed = measure(bench, names)
    finally:
        bench.instance.remove()
    whole = len(names) == len(ROWS) and not quick
    target = PUSH_PAGE if whole else WORK / "performance-push.md"
    page.write_push(target, bench, found, failed, time.strftime("%Y-%m-%d %H:%M %Z"))
    print(summary(bench.turns, target))
    return 1 if failed else 0


if __name__ == "__main__":
    main(ROWS, run)
