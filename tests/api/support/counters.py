"""What an action costs the database, by the status counters of its server; the counters that the
tables keep."""

ROWS_READ = ("Handler_read_first", "Handler_read_key", "Handler_read_last", "Handler_read_next",
             "Handler_read_prev", "Handler_read_rnd", "Handler_read_rnd_deleted",
             "Handler_read_rnd_next")


def spent(instance, act, *names, times=5):
    """How far act() raises the sum of these counters: the least of several times, because the
    programs of the instance also work in the background, less what reading the counters costs."""
    query = ("SELECT CAST(SUM(variable_value) AS UNSIGNED) FROM information_schema.global_status "
             f"WHERE variable_name IN ({', '.join(repr(name) for name in names)})")

    def once(act):
        [(before,)] = instance.sql(query)
        act()
        [(after,)] = instance.sql(query)
        return after - before
    return min(once(act) for _ in range(times)) - min(once(lambda: None) for _ in range(5))


def assert_counters_are_right(instance):
    checked = instance.confabctl("check", "--deep")
    assert checked.returncode == 0, checked.stdout + checked.stderr
