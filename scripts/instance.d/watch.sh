# shellcheck shell=bash
# watch.sh: `run`, which stays and looks after the servers.

# Counts a death of the server $1; fails when there were too many, none more than ten
# minutes after the last: then something is wrong that starting it again does not cure.
count_death() {
    ((EPOCHSECONDS - ${last_death[$1]:-0} <= 600)) || deaths[$1]=0
    last_death[$1]=$EPOCHSECONDS
    deaths[$1]=$((deaths[$1] + 1))
    [[ ${deaths[$1]} -le 5 ]]
}

# Starts the server $1, which died, again.
revive() {
    lock
    # Stopped on purpose meanwhile, or started by somebody else?
    if server_expected "$1" && ! server_pid "$1" >/dev/null; then
        say "$1 died; the end of $STATE/log/$1.log:"
        tail -n 5 "$STATE/log/$1.log" | cut -c 1-300 | sed 's/^/    | /' >&2
        server_clean "$1"
        if ! count_death "$1"; then
            say "$1 died too often; giving up"
            return 1
        fi
        server_start "$1" || return 1
    fi
    unlock
}

# Stays until a signal comes, or somebody stops the instance, and revives what dies.
watch() {
    local name
    local -A deaths=() last_death=()
    while :; do
        sleep 1 &
        wait $!
        checkpoint
        for name in "${SERVERS[@]}"; do
            server_pid "$name" >/dev/null && continue
            if ! server_expected "$name"; then
                lock
                started=()
                echo "confab was stopped from elsewhere"
                return 0
            fi
            revive "$name" || return 1
        done
    done
}

command_run() {
    local result=0 name
    start_all || result=$?
    if [[ $result -eq 2 ]]; then
        echo "confab is running already, at $(web_url); make stop ends it"
        return 0
    fi
    for name in "${SERVERS[@]}"; do
        started[$name]=yes
    done
    unlock
    trap 'interrupted=0' INT TERM HUP PIPE
    checkpoint
    echo "Ctrl-C stops it"
    print_address
    watch
}
