"""The fault storm: clients write and read while servers die, hang and lose connections; afterwards
every acknowledged message must exist. `make soak` runs it for long, tests/api/test_faults.py for a
short time."""
