# shellcheck shell=bash
# database.sh: the private MariaDB. Its data lies in STATE/db.

seconds_to_start[database]=120  # recovery after a crash takes its time
stop_signal[database]=TERM
seconds_to_stop[database]=120

database_address() { echo "$STATE/sock/db.sock"; }

# As root the server must be told that root is meant.
database_user_options() {
    [[ $(id -u) -ne 0 ]] || echo --user=root
}

# The folder gets its name when it is complete: an attempt that was cut short is no data.
database_install() {
    # A relative path: mariadb-install-db is not careful with blanks in it.
    local options=(--no-defaults --datadir=./db.new --skip-test-db
        --auth-root-authentication-method=socket "--auth-root-socket-user=$(id -un)")
    # For the server only. With --user the script would change the owner of files of an
    # installed mariadb-server, and stumble over blanks in the path.
    [[ $(id -u) -ne 0 ]] || options+=(--loose-user=root)
    rm -rf "$STATE/db.new"
    mkdir "$STATE/db.new"
    # A tmpdir of its own: one that starts in /tmp deletes the tables of another one there.
    (cd "$STATE" && TMPDIR=$STATE/tmp mariadb-install-db "${options[@]}") \
        </dev/null >"$STATE/log/setup.log" 2>&1 9>&- || return 1
    mv "$STATE/db.new" "$STATE/db"
}

database_prepare() {
    fill_in "$ROOT/conf/mariadb/private.cnf.in" "$STATE/mariadb.cnf"
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

# Makes the database if it is not there, and brings its tables up to date.
database_migrate() {
    database_sql "CREATE DATABASE IF NOT EXISTS confab
        CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin" &&
        "$BUILD/confabctl" -c "$CONFIG" migrate </dev/null 9>&-
}
