# shellcheck shell=bash
# web.sh: the private lighttpd, which is all that the outside sees.

seconds_to_start[web]=20
stop_signal[web]=INT  # finish what is running; conf/lighttpd/server.conf bounds it
seconds_to_stop[web]=15

# Sets `addresses` to those to listen on: LISTEN, or the loopback ones of this machine.
web_addresses() {
    local address
    if [[ -z $LISTEN ]]; then
        addresses=(127.0.0.1)
        ! grep -qs '^0\{31\}1 ' /proc/net/if_inet6 || addresses+=(::1)
        return 0
    fi
    read -r -a addresses <<<"${LISTEN//,/ }"
    for address in "${!addresses[@]}"; do
        addresses[address]=${addresses[address]//[\[\]]/}
        [[ ${addresses[address]} =~ ^[0-9A-Za-z.:%-]+$ ]] ||
            die "LISTEN=$LISTEN: addresses, separated by commas, are needed"
    done
    [[ ${#addresses[@]} -gt 0 ]] || die "LISTEN is empty"
}

# The address under which this machine itself reaches the address $1 to listen on.
reachable() {
    case $1 in
    0.0.0.0) echo 127.0.0.1 ;;
    ::) echo ::1 ;;
    *) echo "$1" ;;
    esac
}

# The address $1 as it stands in an URL.
bracketed() {
    case $1 in
    *:*) echo "[$1]" ;;
    *) echo "$1" ;;
    esac
}

# The address to open, for people.
web_url() {
    local host
    if [[ -z $LISTEN ]]; then
        host=localhost
    else
        case ${addresses[0]} in
        0.0.0.0 | ::) host=$(hostname 2>/dev/null || echo localhost) ;;
        *) host=$(bracketed "${addresses[0]}") ;;
        esac
    fi
    echo "http://$host:$PORT/"
}

# STATE/run/web: where the running instance listens, for commands that come without PORT.
remember() { printf '%s\n%s\n' "$PORT" "$LISTEN" >"$STATE/run/web"; }

recall() {
    if [[ -e $STATE/run/web ]]; then
        { read -r PORT && read -r LISTEN; } <"$STATE/run/web"
    fi
    web_addresses
}

web_address() {
    local address text=
    for address in "${addresses[@]}"; do
        text+="$(bracketed "$address"):$PORT "
    done
    echo "${text% }"
}

web_prepare() {
    local address files
    # Each connection takes one, each request in work one more.
    files=$(ulimit -Hn)
    [[ $files =~ ^[0-9]+$ && $files -le 65536 ]] || files=65536
    {
        echo "# Written by scripts/instance at each start; changes here are lost."
        echo "var.confab_state = \"$STATE\""
        echo "var.confab_fastcgi = ( \"socket\" => \"$(api_address)\" )"
        echo "var.confab_push = ( \"socket\" => \"$(push_socket)\" )"
        echo "var.confab_errors = \"$ROOT/conf/errors\""
        echo "var.confab_web = \"$ROOT/web\""
        echo "var.confab_max_fds = $files"
        echo "server.port = $PORT"
        echo "server.bind = \"$(bracketed "${addresses[0]}")\""
        for address in "${addresses[@]:1}"; do
            echo "\$SERVER[\"socket\"] == \"$(bracketed "$address"):$PORT\" { }"
        done
        echo "include \"$ROOT/conf/lighttpd/server.conf\""
        echo "include \"$ROOT/conf/lighttpd/errors.conf\""
        echo "include \"$ROOT/conf/lighttpd/static.conf\""
        echo "include \"$ROOT/conf/lighttpd/routes.conf\""
        [[ $CGI != 1 ]] || echo "include \"$ROOT/conf/lighttpd/cgi.conf\""
    } >"$STATE/lighttpd.conf"
    if [[ $CGI == 1 ]]; then
        # A copy, not a link: the program looks for confab.conf in the folder above itself.
        mkdir -p "$STATE/cgi-bin"
        cp -f "$BUILD/fcgi-api" "$STATE/cgi-bin/confab.cgi"
    fi
}

web_start() {
    server_launch web lighttpd -D -f "$STATE/lighttpd.conf"
}

# Prints the status of GET $1.
web_get() {
    # shellcheck disable=SC2016 # for the inner shell
    timeout 5 bash -c 'exec 3<>"/dev/tcp/$0/$1" &&
        printf "GET %s HTTP/1.0\r\nHost: localhost\r\n\r\n" "$2" >&3 &&
        read -r _ status _ <&3 && echo "$status"' \
        "$(reachable "${addresses[0]}")" "$PORT" "$1" 2>/dev/null
}

web_ready() {
    [[ $(web_get /healthz) == 200 ]]
}
