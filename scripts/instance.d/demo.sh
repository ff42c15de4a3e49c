# shellcheck shell=bash
# demo.sh: the demo users, whose passwords are public, and their room.

# The room, if this start has created it.
demo_room=

# Creates them unless they exist.
demo_add() {
    local name said
    for name in alice bob carol; do
        # No pipe: for an existing user the password is not read, and the writer would fail.
        "$BUILD/confabctl" -c "$CONFIG" user add "$name" --if-missing 9>&- <<<"$name-demo" ||
            return 1
    done
    said=$("$BUILD/confabctl" -c "$CONFIG" room ensure "Demo room" --public --owner alice \
        --member bob --member carol </dev/null 9>&-) || return 1
    echo "$said"
    [[ ! $said =~ ^Room\ ([0-9]+)\ was\ created ]] || demo_room=${BASH_REMATCH[1]}
}

# Posts the first message of a new room, when the servers run.
demo_welcome() {
    local token
    [[ -n $demo_room ]] || return 0
    token=$(web_send POST /api/auth/token/ '{"username":"alice","password":"alice-demo"}')
    [[ $token =~ \"token\":\"([0-9a-f]+)\" ]] || return 0
    token=${BASH_REMATCH[1]}
    web_send POST "/api/chat/rooms/$demo_room/messages/" '{"content":"Welcome! Alice, bob and carol
are in this room. Log in as another of them in a second browser to see messages arrive."}' "$token"
    web_send DELETE /api/auth/token/ "" "$token"
} >/dev/null

# Prints the number of demo users that can log in, if the demo room exists, too.
demo_users() {
    local sql="SELECT COUNT(*) FROM confab.user WHERE username IN ('alice', 'bob', 'carol')
        AND is_active AND EXISTS (SELECT 1 FROM confab.room WHERE name = 'Demo room')"
    database_sql "$sql" 2>/dev/null | tail -n 1
}

# Sets DEMO if neither the caller nor start.conf has set it: 1 if an earlier version has added the
# demo users, else 0.
demo_decide() {
    [[ -n $DEMO ]] || { [[ $(demo_users) == 3 ]] && DEMO=1; } || DEMO=0
}

# Warns if others than the users of this machine can log in as a demo user.
demo_warn() {
    web_is_open || return 0
    [[ $(demo_users) =~ ^[1-3]$ ]] || return 0
    say "WARNING: everyone who can reach $(web_address) can log in as a demo user: the passwords of" \
        "alice, bob and carol are public. To disable these users:"
    say "    for name in alice bob carol; do" \
        "'$BUILD/confabctl' -c '$CONFIG' user disable \$name; done"
    say "and start with DEMO=0 from now on."
}
