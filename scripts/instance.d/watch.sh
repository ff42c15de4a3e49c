# shellcheck shell=bash
# watch.sh: `run`, which stays in the foreground and restarts servers that die.

# Counts the deaths of server $1. Fails at the sixth without ten minutes between two of them:
# restarting does not help then.
count_death() {
    ((EPOCHSECONDS - ${last_death[$1]:-0} <= 600)) || deaths[$1]=0
    last_death[$1]=$EPOCHSECONDS
    deaths[$1]=$((deaths[$1] + 1))
    [[ ${deaths[$1]} -le 5 ]]
}

# Restarts server $1, which died.
restart_server() {
    lock
    # Unless it was stopped or started by another command in the meantime.
    if server_was_started "$1" && ! server_pid "$1" >/dev/null; then
        say "$1 died; last lines of $STATE/log/$1.log:"
        tail -n 5 "$STATE/log/$1.log" | cut -c 1-300 | sed 's/^/    | /' >&2
        server_clean "$1"
        if ! count_death "$1"; then
            say "$1 keeps dying; giving up"
            return 1
        fi
        server_start "$1" || return 1
    fi
    unlock
}

# Restarts servers that die, until a signal arrives or the instance is stopped.
watch() {
    local name
    local -A deaths=() last_death=()
    while :; do
        sleep 1 &
        wait $!
        checkpoint
        for name in "${SERVERS[@]}"; do
            server_pid "$name" >/dev/null && continue
            if ! server_was_started "$name"; then
                lock
                started=()
                echo "confab was stopped by another command"
                return 0
            fi
            restart_server "$name" || return 1
        done
    done
}

command_run() {
    local result=0 name
    start_all || result=$?
    if [[ $result -eq 2 ]]; then
        echo "confab is already running at $(web_url); use make stop to stop it"
        return 0
    fi
    for name in "${SERVERS[@]}"; do
        started[$name]=yes
    done
    unlock
    trap 'interrupted=0' INT TERM HUP PIPE
    checkpoint
    echo "Press Ctrl-C to stop"
    print_address
    watch
}
