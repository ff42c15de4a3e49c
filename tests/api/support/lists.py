"""Lists that tests keep in step with the sources."""


def assert_complete(listed, existing, where):
    """Checks that a list has exactly what there is; a failure names the place to change."""
    missing, gone = set(existing) - set(listed), set(listed) - set(existing)
    assert not missing, f"add to {where}: {sorted(missing)}"
    assert not gone, f"remove from {where}: {sorted(gone)}"
