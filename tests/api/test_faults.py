"""Servers die, hang and lose connections under load, and no acknowledged message is lost, nor any
event for a hook or a puller. `make soak` runs the same for longer."""

import random
import sys

import pytest

from support.instance import ROOT

sys.path.append(str(ROOT / "tests"))

from faults.storm import Storm  # noqa: E402

SECONDS = 40


@pytest.mark.slow("runs for a minute")
def test_no_acknowledged_message_is_lost_while_servers_fail(make_instance):
    seed = random.randrange(10**6)
    print(f"seed {seed}")
    instance = make_instance(CONFAB_REPLAY_LIMIT=100000, WORKER=1, CONFAB_HOOK_PRIVATE="on")
    assert Storm(instance, seed).run(SECONDS) == []
