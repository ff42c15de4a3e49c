# shellcheck shell=bash
# watch.sh: `run`, which stays and looks after the servers.

# Starts a server that died, and fails when it has died too often: then something is wrong
# that starting it again does not cure.
revive() {
    local name=$1
    lock
    # Stopped on purpose meanwhile, or started by somebody else?
    if ! server_expected "$name" || server_pid "$name" >/dev/null; then
        unlock
        return 0
    fi
    deaths[$name]=$((${deaths[$name]:-0} + 1))
    say "$name died; the end of $STATE/log/$name.log:"
    tail -n 5 "$STATE/log/$name.log" | sed 's/^/    | /' >&2
    if [[ ${deaths[$name]} -gt 5 ]]; then
        say "$name died for the sixth time; giving up"
        return 1
    fi
    server_start "$name" || return 1
    unlock
}

# Stays until a signal comes, or somebody stops the instance, and revives what dies.
watch() {
    local name
    local -A deaths=()
    while :; do
        sleep 1 &
        wait $!
        for name in "${SERVERS[@]}"; do
            server_pid "$name" >/dev/null && continue
            if ! server_expected "$name"; then
                echo "confab was stopped from elsewhere"
                lock
                return 0
            fi
            revive "$name" || return 1
        done
    done
}

command_run() {
    local result=0
    start_all || result=$?
    if [[ $result -eq 2 ]]; then
        echo "confab is running already, at $(web_url); make stop ends it"
        return 0
    fi
    started=("${SERVERS[@]}")
    unlock
    print_address
    echo "Ctrl-C stops it"
    trap 'echo; exit 0' INT TERM HUP PIPE
    watch
}
