"""How xdist distributes files over its workers: long files first, so that none runs alone at
the end, and files that share an instance to the same worker."""

from pathlib import Path

from xdist.scheduler.loadscope import LoadScopeScheduling

# Each takes over 20 seconds, mostly waiting.
LONG = ["test_faults", "test_instance", "test_instance_errors", "test_database_unavailable",
        "test_socket_presence_failures", "test_socket_redis_unavailable", "test_confabctl_doctor",
        "test_health", "test_socket_hostile", "test_bad_input_json", "test_socket_handshake",
        "test_bad_input_fields", "test_concurrency", "test_socket_presence",
        "test_redis_unavailable", "test_operations", "test_password_hashing",
        "test_socket_replay", "test_processes"]

# By the fixture that starts the instance.
TOGETHER = {
    "one_process": ["test_pages_repeated", "test_rooms_repeated", "test_messages_repeated",
                    "test_published", "test_published_other"],
    "foreign_pages": ["test_accounts_csrf", "test_accounts_login", "test_http_cors"],
}
GROUPS = {name: group for group, names in TOGETHER.items() for name in names}

TESTS = Path(__file__).resolve().parents[1]


class FileScheduling(LoadScopeScheduling):
    """Assigns all tests of a file, or of a group of files, to one worker."""

    def __init__(self, config, log):
        super().__init__(config, log)
        missing = [name for name in [*LONG, *GROUPS] if not (TESTS / f"{name}.py").exists()]
        assert not missing, f"support/scheduling.py names files that do not exist: {missing}"

    def _split_scope(self, nodeid):
        name = nodeid.split("::")[0].rpartition("/")[2].removesuffix(".py")
        return GROUPS.get(name, name)

    def _assign_work_unit(self, node):
        for name in LONG:
            if name in self.workqueue:
                self.workqueue.move_to_end(name, last=False)
                break
        super()._assign_work_unit(node)
