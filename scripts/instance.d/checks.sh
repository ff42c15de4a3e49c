# shellcheck shell=bash
# checks.sh: checks before any server is started.

readonly DISK_MB=300      # a new instance takes about 80
readonly SOCKET_PATH=106  # longest path of a Unix socket, for the kernel and lighttpd

check_names() {
    [[ $PORT =~ ^[0-9]{1,5}$ && 10#$PORT -le 65535 ]] ||
        die "PORT=$PORT is not a port (0 to 65535; 0: any free port)"
    [[ -z $DEMO || $DEMO == [01] ]] || die "DEMO=$DEMO: it can be 0 or 1"
    # The path goes into the configurations of all servers, whose quoting differs.
    [[ $STATE != *[\"\'\\\#\;\$%\`]* && $STATE != *[[:cntrl:]]* ]] ||
        die "STATE=$STATE: the path must not contain quotes or the characters \\ # ; \$ %"
    local longest=$STATE/sock/redis.sock length
    length=$(LC_ALL=C; echo "${#longest}")
    ((length <= SOCKET_PATH)) ||
        die "STATE=$STATE is too long for the paths of Unix sockets: at most" \
            "$((SOCKET_PATH - length + $(LC_ALL=C; echo ${#STATE}))) bytes"
}

check_programs() {
    local program missing=
    for program in "$BUILD"/{fcgi-api,pushd,confabctl,confab-worker}; do
        [[ -x $program ]] || die "$program is not built; run make"
    done
    for program in mariadbd mariadb mariadb-install-db redis-cli lighttpd; do
        command -v "$program" >/dev/null || missing+=" $program"
    done
    [[ -z $missing ]] || die "not installed:$missing; run make packages"
}

check_state() {
    if [[ -e $STATE && ! -O $STATE ]]; then
        die "$STATE belongs to another user; run this as that user, or set another STATE"
    fi
    mkdir -p "$STATE" 2>/dev/null || die "cannot create $STATE; set another STATE"
    chmod 700 "$STATE" && mkdir -p "$STATE"/{sock,run,log,tmp} || die "cannot write to $STATE"
}

check_disk() {
    local free
    free=$(df -Pk "$STATE" | awk 'NR == 2 { print int($4 / 1024) }')
    ((free >= DISK_MB)) ||
        die "only $free MB are free in the file system of $STATE; $DISK_MB are needed"
}

# True if a program listens on address $1, port $2.
port_taken() {
    # shellcheck disable=SC2016 # for the inner shell
    timeout 2 bash -c ': <"/dev/tcp/$0/$1"' "$1" "$2" 2>/dev/null
}

# True if port $1 is free on all addresses of the web server.
port_free() {
    local address
    for address in "${addresses[@]}"; do
        ! port_taken "$(connect_address "$address")" "$1" || return 1
    done
}

check_port() {
    local candidate
    port_free "$PORT" && return 0
    for ((candidate = PORT + 1; candidate < PORT + 20 && candidate < 65536; candidate++)); do
        if port_free "$candidate"; then
            die "port $PORT is in use by another program; set another: PORT=$candidate make $verb"
        fi
    done
    die "port $PORT is in use by another program; set another with PORT=..."
}

# Sets PORT to a free one, below the range of ephemeral ports.
pick_port() {
    while :; do
        PORT=$((20000 + RANDOM % 12000))
        ! port_free "$PORT" || return 0
    done
}

# The configuration contains the paths of its STATE. After STATE was copied or moved, they
# would refer to the servers of the other instance.
check_config() {
    local key path value
    for key in database_socket:db redis_socket:redis fcgi_listen:fcgi; do
        path=$STATE/sock/${key#*:}.sock
        key=${key%:*}
        value=$(sed -n "s/^[[:blank:]]*${key}[[:blank:]]*=[[:blank:]]*//p" "$CONFIG" | tail -n 1)
        [[ $value == "$path" ]] ||
            die "$CONFIG has $key = $value, but this instance uses $path; correct the" \
                "line, or remove the file to have it regenerated"
    done
    # Also shows warnings.
    "$BUILD/fcgi-api" -c "$CONFIG" --check-config >/dev/null || die "invalid configuration"
}
