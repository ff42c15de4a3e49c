# shellcheck shell=bash
# watch.sh: the supervisor. It restarts servers that die: in the foreground (`run`), or in the
# background (`watch`, which `start` starts). Their pid files are STATE/run/run.pid and
# STATE/run/watch.pid.

seconds_to_start[watch]=5
stop_signal[watch]=TERM
seconds_to_stop[watch]=60  # it may be starting a server

# By server that died: the number of its deaths, the last of them, and when to start it again.
declare -A deaths=() last_death=() next_start=()

# Sets the time of the next start of server $1, which died: the first five within ten minutes
# come at once, later ones once a minute.
count_death() {
    ((EPOCHSECONDS - ${last_death[$1]:-0} <= 600)) || deaths[$1]=0
    last_death[$1]=$EPOCHSECONDS
    deaths[$1]=$((deaths[$1] + 1))
    next_start[$1]=$EPOCHSECONDS
    if [[ ${deaths[$1]} -gt 5 ]]; then
        next_start[$1]=$((EPOCHSECONDS + 60))
        say "$1 keeps dying; starting it again in 60 s"
    fi
}

report_death() {
    say "$1 died; last lines of $STATE/log/$1.log:"
    tail -n 5 "$STATE/log/$1.log" | cut -c 1-300 | sed 's/^/    | /' >&2
}

# Restarts server $1, which died, when its time has come.
restart_server() {
    ((EPOCHSECONDS >= ${next_start[$1]:-0})) || return 0
    # Not while another command starts or stops servers: it may wait for this process.
    lock_if_free || return 0
    if server_was_started "$1" && ! server_pid "$1" >/dev/null; then
        if [[ -z ${next_start[$1]:-} ]]; then
            report_death "$1"
            count_death "$1"
        fi
        if ((EPOCHSECONDS >= next_start[$1])); then
            unset "next_start[$1]"
            # Without a pid file it would count as stopped.
            server_start "$1" || echo "none" >"$STATE/run/$1.pid"
        fi
    fi
    unlock
}

# Restarts servers that die, until a signal arrives or the instance is stopped.
watch() {
    local name left
    while :; do
        sleep 1 &
        wait $!
        checkpoint
        left=
        for name in "${SERVERS[@]}"; do
            if server_was_started "$name"; then
                left=yes
                server_pid "$name" >/dev/null || restart_server "$name"
            fi
        done
        if [[ -z $left ]]; then
            [[ $verb != run ]] || lock  # until the other command has finished
            started=()
            echo "confab was stopped by another command"
            return 0
        fi
    done
}

command_watch() {
    trap 'interrupted=0' INT TERM HUP PIPE
    load_address
    watch
}

# True if something restarts servers that die: `run`, or `watch` in the background.
supervisor_runs() {
    server_pid run >/dev/null || server_pid watch >/dev/null
}

# Leaves a supervisor in the background unless there is one. After a start that started servers
# (result $1 is 0) it is a new one, with the environment of this start.
supervisor_start() {
    [[ $1 -eq 2 ]] || supervisor_stop
    if [[ $SUPERVISE != 0 ]] && ! supervisor_runs; then
        server_launch watch env STATE="$STATE" BUILD="$BUILD" CGI="$CGI" WORKER="$WORKER" \
            MADE_PAGE="$MADE_PAGE" "$ROOT/scripts/instance" watch
    fi
}

# `run` ends by itself when its servers are stopped.
supervisor_stop() { server_terminate watch; }

command_run() {
    local result=0 name
    start_all || result=$?
    if [[ $result -eq 2 ]]; then
        echo "confab is already running at $(web_url); use make stop to stop it"
        return 0
    fi
    supervisor_stop
    process_stamp $$ >"$STATE/run/run.pid"
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
