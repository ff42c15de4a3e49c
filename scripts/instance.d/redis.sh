# shellcheck shell=bash
# redis.sh: the private Redis. It keeps nothing on disk.

seconds_to_start[redis]=15
stop_signal[redis]=TERM
seconds_to_stop[redis]=10

redis_address() { echo "$STATE/sock/redis.sock"; }

# Debian has one binary for the server and its tools, which looks at the name it is called
# by. redis-tools comes with it but without the name, redis-server with a service that
# nobody needs here.
redis_program() {
    local tool
    if command -v redis-server; then
        return 0
    fi
    tool=$(command -v redis-check-rdb) || return 1
    mkdir -p "$STATE/bin"
    ln -sfn "$tool" "$STATE/bin/redis-server"
    echo "$STATE/bin/redis-server"
}

redis_prepare() {
    fill_in "$ROOT/conf/redis/private.conf.in" "$STATE/redis.conf"
    redis_program >/dev/null
}

redis_start() {
    server_launch redis "$(redis_program)" "$STATE/redis.conf"
}

redis_ready() {
    [[ $(redis-cli -s "$(redis_address)" ping 2>/dev/null </dev/null) == PONG ]]
}
