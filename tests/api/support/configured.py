"""Changes the configuration of a running system."""

import contextlib

from support.wait import wait_for


def reload(system):
    """Reloads the configuration and waits until new processes have replaced all old ones."""
    before = set(system.api_workers())
    system.reload()

    def replaced():
        now = set(system.api_workers())
        return len(now) == len(before) and not before & now
    wait_for(replaced, 30, "new processes")


@contextlib.contextmanager
def configured(system, **keys):
    """Adds keys to the configuration and removes them at the end."""
    before = system.config.read_text()
    lines = "".join(f"{key} = {value}\n" for key, value in keys.items())
    try:
        system.config.write_text(before + lines)
        reload(system)
        yield
    finally:
        system.config.write_text(before)
        reload(system)
