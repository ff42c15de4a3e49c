# shellcheck shell=bash
# push.sh: pushd, the WebSocket daemon behind lighttpd.
#
# lighttpd connects to a Unix socket. pushd also listens on two ports, for direct connections
# and for metrics. They are picked at the first start and saved in STATE/run/push.ports, so
# that a restarted pushd uses the same ones.

seconds_to_start[push]=15
stop_signal[push]=TERM  # closes its sockets spread over drain_time
seconds_to_stop[push]=70

push_socket() { echo "${CONFAB_PUSH_SOCKET:-$STATE/sock/push.sock}"; }

# Prints the port for $1 (push or metrics); 0 if none was picked yet.
push_port() {
    local line
    while read -r line; do
        if [[ $line == "$1="* ]]; then
            echo "${line#*=}"
            return 0
        fi
    done 2>/dev/null <"$STATE/run/push.ports"
    echo 0
}

push_address() { echo "$(push_socket), 127.0.0.1:$(push_port push), metrics 127.0.0.1:$(push_port metrics)"; }

# Picks new ports if one of the saved ports is in use.
push_prepare() {
    local kind
    for kind in push metrics; do
        if [[ $(push_port "$kind") != 0 ]] && ! port_free "$(push_port "$kind")"; then
            rm -f "$STATE/run/push.ports"
        fi
    done
}

push_start() {
    server_launch push env \
        CONFAB_PUSH_LISTEN="${CONFAB_PUSH_LISTEN:-127.0.0.1:$(push_port push)}" \
        CONFAB_METRICS_LISTEN="${CONFAB_METRICS_LISTEN:-127.0.0.1:$(push_port metrics)}" \
        CONFAB_PUSH_SOCKET="${CONFAB_PUSH_SOCKET:-$(push_socket)}" \
        "$BUILD/pushd" -c "$CONFIG" --ports-file "$STATE/run/push.ports"
}

push_ready() {
    local port
    port=$(push_port metrics)
    [[ $port != 0 ]] && ! port_free "$port"
}
