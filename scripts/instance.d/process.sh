# shellcheck shell=bash
# process.sh: starts, stops and identifies server processes.
#
# STATE/run/NAME.pid identifies server NAME by its pid, its start time, and the boot id, so
# that a reused pid is never mistaken for the server. Each server has its own session and
# process group: Ctrl-C at the terminal does not reach it, and its remaining processes can be
# found after it died.

# By server; set in the file of the server.
declare -A seconds_to_start=() stop_signal=() seconds_to_stop=()
# By server: the size of its log when it was started.
declare -A log_start=()

# Sets the caller's array `process` to the fields of /proc/$1/stat from the state on:
# 0 state, 2 process group, 19 start time. Fails if the process does not exist or is a zombie.
process_read() {
    local line
    { IFS= read -r line <"/proc/$1/stat"; } 2>/dev/null || return 1
    # The name in parentheses before these fields may contain anything.
    read -r -a process <<<"${line##*) }"
    [[ ${process[0]} != [ZX] ]]
}

process_alive() {
    local process
    process_read "$1"
}

# Prints the unique identification of the running process $1.
process_stamp() {
    local process boot
    process_read "$1" || return 1
    read -r boot </proc/sys/kernel/random/boot_id
    echo "$1 ${process[19]} $boot"
}

# Prints the running processes of process group $1. One program reads all the files, of which a
# machine may have thousands. The name in parentheses may contain anything, also a line feed.
process_group() {
    kill -0 -- "-$1" 2>/dev/null || return 0
    sed -s -n "1s/^\([0-9]*\) (.*) [^ZX] [0-9]* $1 [^)]*\$/\1/p" /proc/[0-9]*/stat 2>/dev/null
}

# Prints the pid of server $1 if it is running.
server_pid() {
    local pid rest process boot
    { read -r pid rest <"$STATE/run/$1.pid"; } 2>/dev/null || return 1
    [[ $pid =~ ^[0-9]+$ ]] && process_read "$pid" || return 1
    read -r boot </proc/sys/kernel/random/boot_id
    [[ $rest == "${process[19]} $boot" ]] || return 1
    echo "$pid"
}

# True if server $1 was started and not stopped; it may have died.
server_was_started() {
    [[ -e $STATE/run/$1.pid ]]
}

# Cleans up after server $1 died: kills the rest of its group, removes the pid file.
server_clean() {
    local pid boot
    server_was_started "$1" || return 0
    ! server_pid "$1" >/dev/null || return 0
    read -r pid _ boot <"$STATE/run/$1.pid" || true
    # The kernel does not reuse the number of an existing process group. If a process with the
    # leader's pid exists, the group of the server is gone.
    if [[ $pid =~ ^[0-9]+$ && $boot == "$(</proc/sys/kernel/random/boot_id)" ]] &&
        ! process_alive "$pid"; then
        kill -KILL -- "-$pid" 2>/dev/null || true
    fi
    rm -f "$STATE/run/$1.pid"
}

# Starts the command $2... as server $1 in STATE; appends its output to its log.
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
    disown "$pid"  # so that the shell does not report its death
    process_stamp "$pid" >"$STATE/run/$name.pid" || true
}

# Signal handlers only set this; the script exits at the next checkpoint. So it is never
# interrupted between starting a process and recording its pid.
interrupted=
checkpoint() { [[ -z $interrupted ]] || exit "$interrupted"; }

# Prints the last lines that server $1 has logged since it was started.
server_log() {
    tail -c +$((${log_start[$1]:-0} + 1)) "$STATE/log/$1.log" 2>/dev/null | tail -n 15 | cut -c 1-300
}

# Stops server $1; kills it if it takes too long.
server_terminate() {
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
        say "$name did not stop within $limit s; killing it"
        kill -KILL "$pid" 2>/dev/null || true
        while process_alive "$pid"; do sleep 0.05; done
    fi
    server_clean "$name"
}

# Prints the memory (PSS) of the process group $1 in MB.
server_memory() {
    local member
    for member in $(process_group "$1"); do
        cat "/proc/$member/smaps_rollup" 2>/dev/null || true
    done | awk '/^Pss:/ { kb += $2 } END { printf "%.0f", kb / 1024 }'
}
