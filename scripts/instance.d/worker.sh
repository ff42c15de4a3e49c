# shellcheck shell=bash
# worker.sh: confab-worker, which delivers to hooks and runs housekeeping.
#
# The port of its metrics is picked at each start and saved in STATE/run/worker.ports.

seconds_to_start[worker]=15
stop_signal[worker]=TERM  # ends the deliveries under way
seconds_to_stop[worker]=20

worker_address() { echo "metrics 127.0.0.1:$(push_saved worker worker.ports 0)"; }

worker_prepare() { rm -f "$STATE/run/worker.ports"; }

worker_start() {
    server_launch worker env CONFAB_WORKER_LISTEN="${CONFAB_WORKER_LISTEN:-127.0.0.1:0}" \
        "$BUILD/confab-worker" -c "$CONFIG" --ports-file "$STATE/run/worker.ports"
}

worker_ready() { [[ -s $STATE/run/worker.ports ]]; }
