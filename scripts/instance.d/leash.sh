# shellcheck shell=bash
# leash.sh: ends an instance with the process LEASH, for tests: one that is killed cannot stop its
# servers. STATE/run/leash.pid is the pid file of the process that waits for that.

stop_signal[leash]=TERM
seconds_to_stop[leash]=5

# Leaves a process in the background that kills the servers once the process LEASH has ended.
leash_start() {
    [[ -n ${LEASH:-} ]] || return 0
    ! server_pid leash >/dev/null || return 0
    server_launch leash env STATE="$STATE" LEASH="$LEASH" "$ROOT/scripts/instance" leash
}

# True if a server was started and not stopped.
any_was_started() {
    local name
    for name in "${SERVERS[@]}"; do
        ! server_was_started "$name" || return 0
    done
    return 1
}

command_leash() {
    local process began name pid
    # Without starting a process each second: there are several leashes.
    exec 8<> <(:)
    process_read "$LEASH" && began=${process[19]}
    while process_read "$LEASH" && [[ ${process[19]} == "$began" ]] && any_was_started; do
        read -r -t 1 -u 8 || true
    done
    for name in watch "${STOP_ORDER[@]}"; do
        pid=$(server_pid "$name") || continue
        kill -KILL -- "-$pid" 2>/dev/null || true
    done
    rm -f "$STATE/run/leash.pid"
}
