# shellcheck shell=bash
# redis.sh: the private Redis, without persistence.

seconds_to_start[redis]=15
stop_signal[redis]=TERM
seconds_to_stop[redis]=10

redis_address() { echo "$STATE/sock/redis.sock"; }

# Prints the path of redis-server. Debian has one binary for the server and its tools, which
# depends on argv[0]. The package redis-tools has the binary but no redis-server; the package
# redis-server has a service, which is not wanted here.
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
    expand_template "$ROOT/conf/redis/private.conf.in" "$STATE/redis.conf"
    redis_program >/dev/null
}

redis_start() {
    server_launch redis "$(redis_program)" "$STATE/redis.conf"
}

redis_ready() {
    [[ $(redis-cli -s "$(redis_address)" ping 2>/dev/null </dev/null) == PONG ]]
}
