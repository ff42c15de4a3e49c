"""Waiting for a condition instead of sleeping."""

import time


def wait_for(condition, seconds=10, what=None):
    """Calls condition() until it returns something true, and returns that.

    An AssertionError raised by it counts as "not yet"; when time is up it is raised,
    so that the last reason is seen.
    """
    deadline = time.monotonic() + seconds
    pause = 0.005
    while True:
        reason = None
        try:
            result = condition()
            if result:
                return result
        except AssertionError as error:
            reason = error
        if time.monotonic() > deadline:
            text = f"{what or 'the condition'} did not come true within {seconds} s"
            raise AssertionError(text) from reason
        time.sleep(pause)
        pause = min(pause * 1.5, 0.1)
