/* key add, list and revoke: the keys of the site's own programs. The database has only the hash of
 * a key, which is printed once. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "command.h"
#include "list_output.h"
#include "secrets/secret.h"
#include "store/site/api_key.h"

/* ---- adding ---- */

/* True if the text has this form, in which 0 stands for a digit. Compares both to their ends. */
static bool has_form(const char *text, const char *form) {
    for (; *form; form++, text++)
        if (*form == '0' ? *text < '0' || *text > '9' : *text != *form)
            return false;
    return *text == '\0';
}

/* The number of the next `count` digits. */
static unsigned read_digits(const char *at, unsigned count) {
    /* The caller has checked that these are digits. */
    unsigned value = 0;
    for (unsigned i = 0; i < count; i++)
        value = value * 10 + (unsigned)(at[i] - '0');
    return value;
}

/* Reads "2027-01-31" or "2027-01-31T12:00:00Z"; false for anything else. */
static bool read_date(const char *text, int64_t *micros) {
    static const unsigned DAYS[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    const bool has_time = has_form(text, "0000-00-00T00:00:00Z");
    if (!has_time && !has_form(text, "0000-00-00"))
        return false;
    const unsigned year = read_digits(text, 4), month = read_digits(text + 5, 2),
                   day = read_digits(text + 8, 2);
    const unsigned hour = has_time ? read_digits(text + 11, 2) : 0,
                   minute = has_time ? read_digits(text + 14, 2) : 0,
                   second = has_time ? read_digits(text + 17, 2) : 0;
    /* The Gregorian rule. */
    const bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    if (month < 1 || month > 12 || day < 1 || hour > 23 || minute > 59 || second > 59 ||
        day > DAYS[month - 1] + (month == 2 && leap))
        return false;
    /* Microseconds since 1970, in UTC; a date alone is its first second. */
    *micros = clock_from_civil((int)year, month, day, hour, minute, second, 0);
    return true;
}

/* Joins the addresses into the list that is stored. */
static enum cli_status join_addresses(const struct arguments_list *list, struct api_key *key) {
    /* snprintf returns the length that would be needed. */
    size_t len = 0;
    for (size_t i = 0; i < list->count; i++) {
        if (!api_key_address_is_valid(text_of(list->values[i])))
            return cli_error("invalid address '%s': must be an address or a network (10.0.0.0/8)",
                             list->values[i]);
        /* ", " separates the entries, as in the list of cidr_list_contains. */
        len += (size_t)snprintf(key->addresses + len, sizeof(key->addresses) - len, "%s%s",
                                i > 0 ? ", " : "", list->values[i]);
        if (len >= sizeof(key->addresses))
            return cli_error("too many addresses");
    }
    return CLI_OK;
}

/* Checks what `key add` was given. The texts of `key` are copies. */
static enum cli_status read_key(const char *name, const char *scopes, const char *expires,
                                const struct arguments_list *addresses, struct api_key *key) {
    /* All is checked before the key is made. */
    if (!api_key_name_is_valid(text_of(name)))
        return cli_error("invalid name '%s': must be 1 to 64 letters, digits, '.', '_' or '-'",
                         name);
    snprintf(key->name, sizeof(key->name), "%s", name);
    if (!api_key_read_scopes(text_of(scopes), &key->scopes))
        return cli_error(
            "invalid scopes '%s': must be some of users,rooms,messages,hooks,moderate,act", scopes);
    if (expires && !read_date(expires, &key->expires_at))
        return cli_error("invalid date '%s': must be like 2027-01-31 or 2027-01-31T12:00:00Z",
                         expires);
    /* Not refused: a site may want to see what an expired key does. */
    if (expires && key->expires_at <= clock_now())
        cli_error("warning: the date '%s' is in the past; the key has expired", expires);
    return join_addresses(addresses, key);
}

/* Stores the hash of a new key, and prints the key itself for the only time. */
static enum cli_status add(const struct cli *cli, const struct api_key *key) {
    /* The key has a prefix of its own, so that scanners of repositories find it. */
    char secret[SECRET_API_KEY_SIZE];
    unsigned char hash[SECRET_HASH_SIZE];
    secret_make_api_key(secret);
    secret_hash_api_key(text_of(secret), hash);
    const enum error error = api_key_add(cli->db, hash, key);
    if (error == ERROR_CONFLICT)
        return cli_error("a key named '%s' already exists, perhaps a revoked one", key->name);
    if (error)
        return cli_store_error(cli, error);
    /* Nothing else on standard output, for KEY=$(confabctl key add ...). */
    cli_message("%s", secret);
    return CLI_OK;
}

enum cli_status command_key_add(struct cli *cli, struct arguments *arguments) {
    const char *scopes = NULL, *expires = NULL;
    struct arguments_list addresses = {.count = 0};
    struct api_key key = {.id = 0};
    const struct arguments_option options[] = {{"--scopes", ARGUMENTS_TEXT, &scopes},
                                               {"--expires", ARGUMENTS_TEXT, &expires},
                                               {"--address", ARGUMENTS_LIST, &addresses}};
    enum cli_status status = CLI_USAGE;
    if (arguments_read(arguments, options, 3, 1, 1)) {
        /* Without scopes a key could do nothing, so they are required. */
        if (scopes)
            status = read_key(arguments->argv[0], scopes, expires, &addresses, &key);
        else
            cli_error("--scopes is required");
    }
    free(addresses.values);
    return status ? status : add(cli, &key);
}

/* ---- listing ---- */

static const char *key_state(const struct api_key *key) {
    return key->revoked_at ? "revoked" : key->is_expired ? "expired" : "valid";
}

/* A row of the list of API keys. */
static void list_key(void *context, const struct api_key *key) {
    struct list_output *output = context;
    char scopes[API_KEY_SCOPES_SIZE];
    struct json_writer *w = &output->w;
    /* The stored number as words. */
    api_key_write_scopes(key->scopes, scopes);
    output->shown++;
    if (output->json) {
        json_write_object(w);
        json_write_member_str(w, "name", key->name);
        json_write_member_str(w, "scopes", scopes);
        json_write_member_str(w, "addresses", key->addresses);
        json_write_member_str(w, "state", key_state(key));
        json_write_member_time(w, "created_at", key->created_at);
        json_write_member_time_or_null(w, "expires_at", key->expires_at);
        json_write_member_time_or_null(w, "last_used_at", key->last_used_at);
        json_write_object_end(w);
        return;
    }
    table_str(output->table, key->name);
    table_str(output->table, scopes);
    /* Without a list any address may use the key. */
    table_str(output->table, key->addresses[0] ? key->addresses : "any");
    table_str(output->table, key_state(key));
    table_time(output->table, key->created_at);
    table_time(output->table, key->expires_at);
    table_time(output->table, key->last_used_at);
}

enum cli_status command_key_list(struct cli *cli, struct arguments *arguments) {
    static const char *const HEADINGS[] = {"NAME",          "SCOPES",        "ADDRESSES", "STATE",
                                           "CREATED (UTC)", "EXPIRES (UTC)", "USED (UTC)"};
    struct list_output output;
    if (!arguments_read(arguments, NULL, 0, 0, 0))
        return CLI_USAGE;
    list_output_begin(&output, cli, HEADINGS, sizeof(HEADINGS) / sizeof(HEADINGS[0]));
    const enum error error = api_key_list(cli->db, list_key, &output);
    return list_output_end(&output, cli, output.shown, error);
}

/* ---- revoking ---- */

enum cli_status command_key_revoke(struct cli *cli, struct arguments *arguments) {
    bool changed;
    if (!arguments_read(arguments, NULL, 0, 1, 1))
        return CLI_USAGE;
    const char *name = arguments->argv[0];
    const enum error error = api_key_revoke(cli->db, text_of(name), &changed);
    if (error == ERROR_NOT_FOUND)
        return cli_error("there is no key named '%s'", name);
    if (error)
        return cli_store_error(cli, error);
    /* pushd looks every half second whether the keys of its sockets still hold. */
    cli_message(changed ? "Key %s revoked." : "Key %s was revoked already.", name);
    return CLI_OK;
}
