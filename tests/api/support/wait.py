"""Waits for a condition."""

import time


def wait_for(condition, seconds=30, what=None):
    """Calls condition() until it returns a true value, and returns that.

    An AssertionError in condition() counts as false; after the timeout it is the cause of the
    error raised.
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
