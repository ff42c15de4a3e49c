# shellcheck shell=bash
# database.sh: the private MariaDB, with its data in STATE/db.

seconds_to_start[database]=120  # includes crash recovery
stop_signal[database]=TERM
seconds_to_stop[database]=120

database_address() { echo "$STATE/sock/db.sock"; }

# mariadbd runs as root only on request.
database_user_options() {
    [[ $(id -u) -ne 0 ]] || echo --user=root
}

# Creates the data in db.new, renamed when complete: an interrupted attempt is discarded.
database_install() {
    # A relative path, because mariadb-install-db does not quote blanks in it. --force: also if the
    # name of this host cannot be looked up, as in some containers.
    local options=(--no-defaults --datadir=./db.new --skip-test-db --force
        --auth-root-authentication-method=socket "--auth-root-socket-user=$(id -un)")
    # --loose-user is for the server only. With --user the script would change the owner of
    # files of an installed mariadb-server, and fail if the path contains blanks.
    [[ $(id -u) -ne 0 ]] || options+=(--loose-user=root)
    rm -rf "$STATE/db.new"
    mkdir "$STATE/db.new"
    # A private tmpdir: a server that starts in /tmp deletes temporary tables of others there.
    (cd "$STATE" && TMPDIR=$STATE/tmp mariadb-install-db "${options[@]}") \
        </dev/null >"$STATE/log/setup.log" 2>&1 9>&- || return 1
    mv "$STATE/db.new" "$STATE/db"
}

database_prepare() {
    expand_template "$ROOT/conf/mariadb/private.cnf.in" "$STATE/mariadb.cnf"
    [[ -d $STATE/db ]] || database_install
}

database_start() {
    local options
    mapfile -t options < <(database_user_options)
    server_launch database mariadbd "--defaults-file=$STATE/mariadb.cnf" "${options[@]}"
}

database_sql() {
    mariadb --no-defaults --socket="$(database_address)" --user="$(id -un)" --batch -e "$1" \
        </dev/null 9>&-
}

database_ready() {
    [[ -S $(database_address) ]] && database_sql 'SELECT 1' >/dev/null 2>&1
}

# Creates the database unless it exists, and applies migrations.
database_migrate() {
    { [[ " $ELSEWHERE " == *" database "* ]] || database_sql "CREATE DATABASE IF NOT EXISTS confab
        CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin"; } &&
        "$BUILD/confabctl" -c "$CONFIG" migrate </dev/null 9>&-
}
