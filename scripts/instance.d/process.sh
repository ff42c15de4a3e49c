# shellcheck shell=bash
# process.sh: start and end server processes, and know them again.
#
# A server NAME is known by STATE/run/NAME.pid: its pid, the time at which the kernel
# started it, and the boot. So a pid that now belongs to another program is never taken
# for ours. Each server leads a session and process group of its own: a Ctrl-C at the
# terminal does not reach it, and what it leaves behind can be found.

# By server; filled in by its file.
declare -A seconds_to_start=() stop_signal=() seconds_to_stop=()
# By server: the size of its log when it was launched.
declare -A log_start=()

# Sets `process` (the caller's) to the kernel's fields on the process $1, from its state
# on: 0 state, 2 group, 19 start time. Fails when there is no such process, or it is dead
# and only waits to be collected.
process_read() {
    local line
    { IFS= read -r line <"/proc/$1/stat"; } 2>/dev/null || return 1
    # The name before them, in parentheses, may hold anything.
    read -r -a process <<<"${line##*) }"
    [[ ${process[0]} != [ZX] ]]
}

process_alive() {
    local process
    process_read "$1"
}

# Prints what identifies the living process $1 for good.
process_stamp() {
    local process boot
    process_read "$1" || return 1
    read -r boot </proc/sys/kernel/random/boot_id
    echo "$1 ${process[19]} $boot"
}

# Prints the living processes of the group $1.
process_group() {
    local process stat pid
    for stat in /proc/[0-9]*/stat; do
        pid=${stat#/proc/}
        pid=${pid%/stat}
        if process_read "$pid" && [[ ${process[2]} == "$1" ]]; then
            echo "$pid"
        fi
    done
}

# Prints the pid of the server $1 if it runs.
server_pid() {
    local pid rest
    { read -r pid rest <"$STATE/run/$1.pid"; } 2>/dev/null || return 1
    [[ $pid =~ ^[0-9]+$ && "$pid $rest" == "$(process_stamp "$pid")" ]] || return 1
    echo "$pid"
}

# True when the server $1 was started and not stopped, though it may have died since.
server_expected() {
    [[ -e $STATE/run/$1.pid ]]
}

# Removes what a server $1 that died has left: its pid file, and processes of its group.
server_clean() {
    local pid boot member
    server_expected "$1" || return 0
    ! server_pid "$1" >/dev/null || return 0
    read -r pid _ boot <"$STATE/run/$1.pid" || true
    # While a group lives, its number goes to no new process; once its leader's number
    # has gone to another program, there is nothing of ours left.
    if [[ $pid =~ ^[0-9]+$ && $boot == "$(</proc/sys/kernel/random/boot_id)" ]] &&
        ! process_alive "$pid"; then
        for member in $(process_group "$pid"); do
            kill -KILL "$member" 2>/dev/null || true
        done
    fi
    rm -f "$STATE/run/$1.pid"
}

# Starts the command $2... as server $1, in STATE, with its output appended to its log.
server_launch() {
    local name=$1 log=$STATE/log/$1.log pid
    shift
    if [[ -e $log && $(stat -c %s "$log") -gt 20000000 ]]; then
        mv -f "$log" "$log.1"
    fi
    touch "$log"
    log_start["$name"]=$(stat -c %s "$log")
    (cd "$STATE" && exec setsid "$@") </dev/null >>"$log" 2>&1 9>&- &
    pid=$!
    disown "$pid"  # or the shell itself reports its death
    process_stamp "$pid" >"$STATE/run/$name.pid" || true
}

# A signal only leaves a note, and the work is ended at the next checkpoint: between them
# there is never a process that nobody knows of, nor an output that goes elsewhere.
interrupted=
checkpoint() { [[ -z $interrupted ]] || exit "$interrupted"; }

# What the server $1 has written to its log since it was launched, the last lines.
server_log() {
    tail -c +$((${log_start[$1]:-0} + 1)) "$STATE/log/$1.log" 2>/dev/null | tail -n 15 | cut -c 1-300
}

# Ends the server $1, and kills it if it takes too long.
server_end() {
    local name=$1 pid tick limit=${seconds_to_stop[$1]}
    if ! pid=$(server_pid "$name"); then
        server_clean "$name"
        return 0
    fi
    kill -s "${stop_signal[$name]}" "$pid" 2>/dev/null || true
    for ((tick = 0; tick < limit * 20; tick++)); do
        process_alive "$pid" || break
        sleep 0.05
    done
    if process_alive "$pid"; then
        say "$name did not stop within $limit s and is killed"
        kill -KILL "$pid" 2>/dev/null || true
        while process_alive "$pid"; do sleep 0.05; done
    fi
    server_clean "$name"
}

# Prints the memory in MB that the server $1 and its processes have to themselves.
server_memory() {
    local member
    for member in $(process_group "$1"); do
        cat "/proc/$member/smaps_rollup" 2>/dev/null || true
    done | awk '/^Pss:/ { kb += $2 } END { printf "%.0f", kb / 1024 }'
}
