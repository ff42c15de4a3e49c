"""Every server dies, hangs and loses its connections under load, and nothing acknowledged is
lost. `make soak` does the same for long."""

import random
import sys

from support.instance import ROOT

sys.path.append(str(ROOT / "tests"))

from faults.storm import Storm  # noqa: E402

SECONDS = 40


def test_nothing_acknowledged_is_lost_whatever_happens_to_the_servers(make_instance):
    seed = random.randrange(10**6)
    print(f"seed {seed}")
    assert Storm(make_instance(CONFAB_REPLAY_LIMIT=100000), seed).run(SECONDS) == []
