# shellcheck shell=bash
# push.sh: pushd, the WebSocket daemon behind lighttpd.
#
# lighttpd connects to a Unix socket. pushd also listens on two ports, for direct connections
# and for metrics. They are picked at the first start and saved in STATE/run/push.ports, so
# that a restarted pushd uses the same ones. STATE/run/push.hosts has the hosts of both.

seconds_to_start[push]=15
stop_signal[push]=TERM  # closes its sockets spread over drain_time
seconds_to_stop[push]=70

push_socket() { echo "${CONFAB_PUSH_SOCKET:-$STATE/sock/push.sock}"; }

# Prints the value of $1 (push or metrics) in STATE/run/$2; $3 if there is none.
push_saved() {
    local line
    while read -r line; do
        if [[ $line == "$1="* ]]; then
            echo "${line#*=}"
            return 0
        fi
    done 2>/dev/null <"$STATE/run/$2"
    echo "$3"
}

# Prints the port for $1; 0 if none was picked yet.
push_port() { push_saved "$1" push.ports 0; }

# Prints the host on which pushd listens for $1. LISTEN is for the web server only.
push_host() { push_saved "$1" push.hosts 127.0.0.1; }

# Prints the host of an address host:port, without brackets.
host_of() {
    local host=${1%:*}
    echo "${host//[\[\]]/}"
}

# Prints host and port for $1.
push_listen() { echo "$(url_host "$(push_host "$1")"):$(push_port "$1")"; }

# True if a program listens for $1 on the saved port.
push_answers() {
    [[ $(push_port "$1") != 0 ]] &&
        port_taken "$(connect_address "$(push_host "$1")")" "$(push_port "$1")"
}

push_address() { echo "$(push_socket), $(push_listen push), metrics $(push_listen metrics)"; }

# Picks new ports if one of the saved ports is in use.
push_prepare() {
    printf 'push=%s\nmetrics=%s\n' "$(host_of "${CONFAB_PUSH_LISTEN:-127.0.0.1:0}")" \
        "$(host_of "${CONFAB_METRICS_LISTEN:-127.0.0.1:0}")" >"$STATE/run/push.hosts"
    if push_answers push || push_answers metrics; then
        rm -f "$STATE/run/push.ports"
    fi
}

push_start() {
    server_launch push env \
        CONFAB_PUSH_LISTEN="${CONFAB_PUSH_LISTEN:-127.0.0.1:$(push_port push)}" \
        CONFAB_METRICS_LISTEN="${CONFAB_METRICS_LISTEN:-127.0.0.1:$(push_port metrics)}" \
        CONFAB_PUSH_SOCKET="${CONFAB_PUSH_SOCKET:-$(push_socket)}" \
        "$BUILD/pushd" -c "$CONFIG" --ports-file "$STATE/run/push.ports"
}

push_ready() { push_answers metrics; }
