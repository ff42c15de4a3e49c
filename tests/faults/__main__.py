"""python3 -m faults [--seconds N] [--seed N]: a long run; exits with 1 if anything was lost."""

import argparse
import random
import sys

from faults.storm import Storm
from support.instance import Instance


def main():
    parser = argparse.ArgumentParser(prog="faults")
    parser.add_argument("--seconds", type=int, default=600)
    parser.add_argument("--seed", type=int, default=random.randrange(10**6))
    options = parser.parse_args()
    print(f"seed {options.seed}", flush=True)
    instance = Instance(CONFAB_REPLAY_LIMIT=100000, WORKER=1, CONFAB_HOOK_PRIVATE="on")
    try:
        violations = Storm(instance.start(), options.seed,
                           lambda text: print(text, flush=True)).run(options.seconds)
    finally:
        instance.close()
    for what in violations:
        print(f"VIOLATION: {what}")
    print("nothing was lost" if not violations else f"{len(violations)} violations")
    return 1 if violations else 0


if __name__ == "__main__":
    sys.exit(main())
