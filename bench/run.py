"""make bench: measures confab and the bare parts it consists of, and writes the page.

ONLY=row,row runs some rows (see rows/__init__.py), QUICK=1 runs them shorter; the page of
such a run goes to build/, not to docs/. Exits with 1 if something could not be measured or the data
is inconsistent afterwards. A missed goal is a result, not a failure.
"""

import shutil
import time

import page
from command import main, summary
from context import Bench
from instance import Instance
from load import LoadFailed
from paths import PAGE, STATE, WORK
from rows import ROWS
from turns import Turns


def measure(bench, names):
    """Runs the rows; (results by name, errors by name)."""
    found, failed = {}, {}
    begun = time.monotonic()
    for name in names:
        bench.row = name
        print(f"{time.monotonic() - begun:5.0f} s  {name}", flush=True)
        try:
            found[name] = ROWS[name](bench)
        except LoadFailed as error:
            failed[name] = str(error)
            shutil.copytree(STATE / "log", WORK / "log", dirs_exist_ok=True)
            print(f"    FAILED {error}; the servers' logs are in {WORK / 'log'}")
            continue
        for result in found[name].results:
            print(f"           {result.name}: {result.cpu:,.0f} us ± {result.spread():.0%}, "
                  f"{result.rate:,.0f} a second")
        print("\n".join(page.verdict(found[name])), flush=True)
    return found, failed


def run(names, quick):
    bench = Bench(Instance(), Turns(rounds=2 if quick else 5, seconds=1 if quick else 2,
                                    warm_seconds=1), quick)
    try:
        bench.instance.create()
        bench.data.base()
        bench.read_statements()
        found, failed = measure(bench, names)
        sound, said = bench.data.check()
    finally:
        bench.instance.remove()
    whole = len(names) == len(ROWS) and not quick
    target = PAGE if whole else WORK / "performance.md"
    page.write(target, bench, found, failed, time.strftime("%Y-%m-%d %H:%M %Z"),
               "nothing" if sound else said)
    print(summary(bench.turns, target))
    if not sound:
        print(f"the data is inconsistent:\n{said}")
    return 0 if sound and not failed else 1


if __name__ == "__main__":
    main(ROWS, run)
