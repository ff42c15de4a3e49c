"""How xdist distributes files over its workers: long files first, so that none runs alone at
the end, and files that share an instance to the same worker."""

from pathlib import Path

from xdist.scheduler.loadscope import LoadScopeScheduling

# Each takes over half a minute of all tests on two processors. The longest is first.
LONG = ["test_instance", "test_instance_supervisor", "test_database_settings",
        "test_instance_errors", "test_migrations_large", "test_existing_site",
        "test_instance_settings", "test_confabctl_doctor", "test_faults", "test_redis_settings",
        "test_socket_handshake", "test_socket_hostile", "test_database_cluster", "test_log",
        "test_memory", "test_rooms_list_long", "test_search", "test_slow_requests",
        "test_shared_host", "test_database_unavailable", "test_socket_presence_failures",
        "test_files_operation", "test_socket_redis_unavailable", "test_jwt_login", "test_health",
        "test_redis_sentinel", "test_readme", "test_socket_replay", "test_redis_unavailable",
        "test_pages_large", "test_rooms_large", "test_service", "test_operations",
        "test_concurrency", "test_schema", "test_bad_input_json", "test_rooms_list",
        "test_socket_presence", "test_processes", "test_accounts_closed_registration",
        "test_read_receipts", "test_site_rooms", "test_guests", "test_rooms_access",
        "test_integrate_docs", "test_messages", "test_message_pages", "test_confabctl_check_deep",
        "test_room_views", "test_site_keys", "test_files", "test_jwt_rooms", "test_limits",
        "test_bells_shared_host", "test_bad_input_urls", "test_access_table", "test_rooms_order",
        "test_profiles", "test_redis_cluster", "test_accounts_login_limits", "test_socket_frames",
        "test_accounts_cookies", "test_mentions", "test_clocks", "test_presence",
        "test_socket_events", "test_bells", "test_http_general", "test_http_etag",
        "test_accounts_proofs", "test_socket_typing", "test_open_rooms", "test_avatar_origins",
        "test_socket_metrics", "test_shared_host_docs", "test_moderation", "test_hooks_api",
        "test_bad_input_fields", "test_socket_notifications", "test_jwt_attacks", "test_fail2ban",
        "test_http_spoofed_headers", "test_audit", "test_housekeeping", "test_races",
        "test_confabctl"]

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
