"""Writers and readers go on while servers die, hang and lose their connections, and what was
acknowledged is all there afterwards. `make soak` runs it for long, tests/api/test_faults.py
for short."""
