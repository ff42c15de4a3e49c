# shellcheck shell=bash
# settings.sh: PORT, LISTEN and DEMO, as given or as remembered.
#
# STATE/start.conf has what they were at the last successful start, as lines NAME=value. A
# variable that is set goes before it. PORT=0 is not remembered: it means any port, this time.
# DEMO=1 is the default only for a new instance: a later start without start.conf (of an older
# version, or after a restore) adds no users whose passwords are public.

# Prints the remembered value of $1. Fails if there is none.
setting() {
    local line
    while IFS= read -r line; do
        if [[ $line == "$1="* ]]; then
            echo "${line#*=}"
            return 0
        fi
    done 2>/dev/null <"$STATE/start.conf"
    return 1
}

# Sets PORT, LISTEN and DEMO. DEMO is empty if only the database can tell (see demo_decide).
settings_load() {
    PORT=${PORT:-$(setting PORT)}
    PORT=${PORT:-8000}
    LISTEN=${LISTEN-$(setting LISTEN)}
    DEMO=${DEMO:-$(setting DEMO)}
    [[ -n $DEMO || -d $STATE/db ]] || DEMO=1
}

# $1: PORT as it was asked for, 0 for any.
settings_save() {
    local port=$1
    [[ $port != 0 ]] || port=$(setting PORT)
    {
        echo "# Written by make start: PORT, LISTEN and DEMO of the next start, unless it sets them."
        [[ -z $port ]] || echo "PORT=$port"
        echo "LISTEN=$LISTEN"
        echo "DEMO=$DEMO"
    } >"$STATE/start.conf.new" && mv "$STATE/start.conf.new" "$STATE/start.conf"
}
