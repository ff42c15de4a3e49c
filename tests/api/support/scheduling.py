"""The order in which xdist gives files to its workers: long ones first, so that no long file
runs alone at the end, and files that share a system one after the other on one worker."""

from xdist.scheduler.loadscope import LoadScopeScheduling

# Over 20 seconds each, mostly of waiting.
LONG = ["test_faults", "test_instance", "test_instance_trouble", "test_database_away",
        "test_socket_presence_away", "test_socket_redis_away", "test_confabctl_doctor",
        "test_health", "test_socket_hostile", "test_bad_input_json", "test_socket_handshake",
        "test_bad_input_fields", "test_concurrency", "test_socket_presence", "test_redis_away",
        "test_operations", "test_hashing", "test_socket_replay", "test_processes"]

# By the fixture that makes the system.
TOGETHER = {
    "one_process": ["test_pages_again", "test_rooms_again", "test_messages_regular",
                    "test_published", "test_published_rest"],
    "foreign_pages": ["test_accounts_csrf", "test_accounts_login", "test_http_cors"],
}
GROUPS = {name: group for group, names in TOGETHER.items() for name in names}


class FileScheduling(LoadScopeScheduling):
    """A worker is given all tests of a file, or of a group of files, at once."""

    def _split_scope(self, nodeid):
        name = nodeid.split("::")[0].rpartition("/")[2].removesuffix(".py")
        return GROUPS.get(name, name)

    def _assign_work_unit(self, node):
        for name in LONG:
            if name in self.workqueue:
                self.workqueue.move_to_end(name, last=False)
                break
        super()._assign_work_unit(node)
