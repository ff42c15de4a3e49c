# shellcheck shell=bash
# checks.sh: what could stand in the way, found and named before anything is started.

readonly DISK_MB=300      # a fresh instance takes about 80, and is to grow
readonly SOCKET_PATH=106  # bytes of a Unix socket's path, by the kernel and by lighttpd

check_names() {
    [[ $PORT =~ ^[0-9]{1,5}$ && $PORT -le 65535 ]] || die "PORT=$PORT is no port (0 to 65535; 0 takes a free one)"
    # These end up in the servers' configurations, whose quoting differs.
    [[ $STATE != *[\"\'\\\#\;\$%\`]* && $STATE != *[[:cntrl:]]* ]] ||
        die "STATE=$STATE: quotes and the characters \\ # ; \$ % cannot be in this path"
    local longest=$STATE/sock/redis.sock length
    length=$(LC_ALL=C; echo "${#longest}")
    ((length <= SOCKET_PATH)) ||
        die "STATE=$STATE is $((length - SOCKET_PATH)) bytes too long for the paths of Unix sockets (at most" \
            "$((SOCKET_PATH - length + $(LC_ALL=C; echo ${#STATE}))) bytes); take a shorter one"
}

check_programs() {
    local program lacking=
    for program in "$BUILD/fcgi-api" "$BUILD/pushd" "$BUILD/confabctl"; do
        [[ -x $program ]] || die "$program is not built; type make"
    done
    for program in mariadbd mariadb mariadb-install-db redis-cli lighttpd; do
        command -v "$program" >/dev/null || lacking+=" $program"
    done
    [[ -z $lacking ]] || die "not installed:$lacking; type make packages"
}

check_state() {
    if [[ -e $STATE && ! -O $STATE ]]; then
        die "$STATE belongs to another user; take that user, or another STATE"
    fi
    mkdir -p "$STATE" 2>/dev/null || die "$STATE cannot be made; take another STATE"
    chmod 700 "$STATE" && mkdir -p "$STATE"/{sock,run,log,tmp} || die "$STATE cannot be written"
}

check_disk() {
    local free
    free=$(df -Pk "$STATE" | awk 'NR == 2 { print int($4 / 1024) }')
    ((free >= DISK_MB)) ||
        die "only $free MB are free where $STATE lies, and $DISK_MB are needed"
}

# True when somebody answers at address $1, port $2.
port_taken() {
    # shellcheck disable=SC2016 # for the inner shell
    timeout 2 bash -c ': <"/dev/tcp/$0/$1"' "$1" "$2" 2>/dev/null
}

# True when port $1 is free at all addresses of this instance.
port_free() {
    local address
    for address in "${addresses[@]}"; do
        ! port_taken "$(reachable "$address")" "$1" || return 1
    done
}

check_port() {
    local candidate
    port_free "$PORT" && return 0
    for ((candidate = PORT + 1; candidate < PORT + 20 && candidate < 65536; candidate++)); do
        if port_free "$candidate"; then
            die "port $PORT is taken by another program; take another: PORT=$candidate make $verb"
        fi
    done
    die "port $PORT is taken by another program; take another with PORT=..."
}

# Sets PORT to one that nobody has; below the range the kernel gives out by itself.
choose_port() {
    while :; do
        PORT=$((20000 + RANDOM % 12000))
        ! port_free "$PORT" || return 0
    done
}

# The configuration has the paths of this STATE in it: after a copy or a move of the
# folder they would lead to the other one's servers.
check_config() {
    local key path value
    for key in database_socket:db redis_socket:redis fcgi_listen:fcgi; do
        path=$STATE/sock/${key#*:}.sock
        key=${key%:*}
        value=$(sed -n "s/^[[:blank:]]*${key}[[:blank:]]*=[[:blank:]]*//p" "$CONFIG" | tail -n 1)
        [[ $value == "$path" ]] ||
            die "$CONFIG has $key = $value, where this instance has $path; correct the" \
                "line, or remove the file to have it written anew"
    done
    "$BUILD/fcgi-api" -c "$CONFIG" --check-config >"$STATE/log/setup.log" 2>&1 || {
        cat "$STATE/log/setup.log" >&2
        die "the configuration is wrong, and is not taken"
    }
}
