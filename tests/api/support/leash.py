"""Servers end with the tests that started them, also if these are killed."""


def leashed(command):
    """The command, run so that it gets SIGTERM when the process that starts it has died."""
    return ["setpriv", "--pdeathsig", "TERM", "--", *map(str, command)]
