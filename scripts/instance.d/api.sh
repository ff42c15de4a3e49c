# shellcheck shell=bash
# api.sh: fcgi-api, a parent with several processes.

seconds_to_start[api]=15
stop_signal[api]=TERM
seconds_to_stop[api]=30

api_address() { echo "$STATE/sock/fcgi.sock"; }

api_prepare() {
    # file_dir of the configuration that is written at the first start.
    mkdir -p -m 700 "$STATE/files"
    # A stale socket: the server is not running.
    rm -f "$(api_address)"
}

api_start() {
    server_launch api "$BUILD/fcgi-api" -c "$CONFIG"
}

api_ready() {
    [[ -S $(api_address) ]]
}

# Prints avatar_origins, which check_config has checked, each after a blank.
api_avatar_origins() {
    local list words
    list=$(sed -n 's/^[[:blank:]]*avatar_origins[[:blank:]]*=//p' "$CONFIG" | tail -n 1)
    read -r -a words <<<"$(tr ',\t\r' '   ' <<<"${CONFAB_AVATAR_ORIGINS-$list}")"
    [[ ${#words[@]} -eq 0 ]] || printf ' %s' "${words[@]}"
}

# Writes the configuration unless it exists.
api_configure() {
    [[ ! -e $CONFIG ]] || return 0
    cat >"$CONFIG.new" <<EOF
# Configuration of this instance, written at the first start and never overwritten.
# For all keys with their defaults: fcgi-api --example-config
database_socket = $STATE/sock/db.sock
database_name = confab
database_user = $(id -un)
redis_socket = $STATE/sock/redis.sock
fcgi_listen = $STATE/sock/fcgi.sock
file_dir = $STATE/files
EOF
    mv "$CONFIG.new" "$CONFIG"
}
