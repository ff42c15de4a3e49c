# shellcheck shell=bash
# api.sh: the processes of fcgi-api, under their prefork parent.

seconds_to_start[api]=15
stop_signal[api]=TERM
seconds_to_stop[api]=30

api_address() { echo "$STATE/sock/fcgi.sock"; }

api_prepare() {
    # Nobody listens on it any more: this server was seen not to run.
    rm -f "$(api_address)"
}

api_start() {
    server_launch api "$BUILD/fcgi-api" -c "$CONFIG"
}

api_ready() {
    [[ -S $(api_address) ]]
}

# Written once, then the user's own.
api_configure() {
    [[ ! -e $CONFIG ]] || return 0
    cat >"$CONFIG.new" <<EOF
# The configuration of this instance: written once, by the first start, and yours since.
# All keys, with their defaults: fcgi-api --example-config
database_socket = $STATE/sock/db.sock
database_name = confab
database_user = $(id -un)
redis_socket = $STATE/sock/redis.sock
fcgi_listen = $STATE/sock/fcgi.sock
EOF
    mv "$CONFIG.new" "$CONFIG"
}

# The demo users and their room, if they are not there yet.
demo_add() {
    local name
    for name in alice bob carol; do
        # No pipe: who is there already needs no password, and what wrote it would break.
        "$BUILD/confabctl" -c "$CONFIG" user add "$name" --if-missing 9>&- <<<"$name-demo" ||
            return 1
    done
    "$BUILD/confabctl" -c "$CONFIG" room ensure "Demo room" --public --owner alice \
        --member bob --member carol </dev/null 9>&-
}
