# shellcheck shell=bash
# push.sh: pushd, which holds the sockets behind lighttpd.
#
# lighttpd comes over a Unix socket. Its two ports, for whoever wants to come without lighttpd
# and for its figures, are free ones, chosen at the first start and kept in STATE/run/push.ports,
# so that a pushd that is started again is found where it was.

seconds_to_start[push]=15
stop_signal[push]=TERM  # closes its sockets spread over drain_time
seconds_to_stop[push]=70

push_socket() { echo "${CONFAB_PUSH_SOCKET:-$STATE/sock/push.sock}"; }

# Prints the port of the kind $1, push or metrics; 0 if none was chosen yet.
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

push_address() { echo "$(push_socket), 127.0.0.1:$(push_port push), figures 127.0.0.1:$(push_port metrics)"; }

# A port that somebody else has taken meanwhile is given up for another.
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
