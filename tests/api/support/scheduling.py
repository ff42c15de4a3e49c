"""How xdist distributes files over its workers: long files first, so that none runs alone at
the end, and files that share an instance to the same worker."""

from pathlib import Path

from xdist.scheduler.loadscope import LoadScopeScheduling

# Each takes over twelve seconds of all tests on two processors. The longest is first.
LONG = ["test_instance", "test_database_settings", "test_instance_settings",
        "test_instance_errors", "test_migrations_large", "test_search", "test_worker",
        "test_existing_site", "test_socket_hostile", "test_confabctl_doctor",
        "test_redis_settings", "test_socket_presence_failures", "test_database_cluster",
        "test_instance_supervisor", "test_memory", "test_jwt_login", "test_slow_requests",
        "test_faults", "test_socket_redis_unavailable", "test_bad_input_json", "test_schema",
        "test_rooms_large", "test_database_unavailable", "test_service", "test_socket_presence",
        "test_socket_revocation", "test_health", "test_readme",
        "test_accounts_closed_registration", "test_processes", "test_bells_shared_host",
        "test_site_keys", "test_socket_replay", "test_socket_handshake", "test_rooms_access",
        "test_shared_host", "test_confabctl_check_deep", "test_sync_histories",
        "test_concurrency", "test_clocks", "test_files", "test_socket_replay_slow",
        "test_web_server_sizes", "test_rooms_list_long", "test_erasure_races",
        "test_files_operation", "test_socket_watch", "test_operations", "test_socket_typing",
        "test_site_rooms", "test_redis_sentinel", "test_redis_unavailable",
        "test_accounts_login_limits", "test_socket_metrics", "test_socket_frames", "test_audit",
        "test_worker_process", "test_http_general", "test_rooms_list", "test_export",
        "test_socket_upgrade_signal", "test_socket_operation", "test_room_views",
        "test_confabctl", "test_jwt_rooms", "test_limits", "test_socket_workers",
        "test_socket_auth_batch", "test_log", "test_messages", "test_bad_input_urls",
        "test_worker_addresses", "test_mentions", "test_pages_large", "test_message_pages",
        "test_web_servers", "test_guests", "test_bench", "test_socket_events",
        "test_integrate_docs", "test_bad_input_fields", "test_bells", "test_unread_model",
        "test_profiles", "test_site_batch", "test_housekeeping", "test_sync"]

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
