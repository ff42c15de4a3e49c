/* jwt check and make: tools for integrating a site. A check goes through what usually goes wrong:
 * how the token was copied, the keys, the signature, clocks, audience and issuer, rooms. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <json-c/json.h>

#include "base/clock.h"
#include "command.h"
#include "commands/site/jwt_notes.h"
#include "json/json_writer.h"
#include "jwt/jwt_claims.h"
#include "jwt/jwt_site.h"
#include "secrets/secret.h"
#include "store/site/external_user.h"

/* Larger than any token with what may be around it. */
#define INPUT_MAX ((size_t)64 * 1024)

/* ---- reading ---- */

/* Reads a token from a file, or from standard input: on a command line other users would see it. */
static enum cli_status read_input(const char *path, struct buffer *input) {
    /* Close-on-exec ("e"), as all files. */
    const bool is_stdin = strcmp(path, "-") == 0;
    FILE *file = is_stdin ? stdin : fopen(path, "re");
    if (!file)
        return cli_error("cannot open %s: %s", path, strerror(errno));
    /* What is longer is cut off; it is not a token then in any case. */
    input->len = fread(buffer_reserve(input, INPUT_MAX), 1, INPUT_MAX, file);
    const bool failed = ferror(file) != 0;
    if (!is_stdin)
        fclose(file);
    return failed ? cli_error("cannot read %s", path) : CLI_OK;
}

/* Removes what is around a token, with a note for each, since the API would not accept it. */
static struct text unwrap(struct text token) {
    /* Read before anything is taken off. */
    const char last = token.len > 0 ? token.at[token.len - 1] : '\0';
    if (text_skip(&token, "\xEF\xBB\xBF"))
        cli_message("note: a byte order mark is before the token; send the token without it");
    if (last == '\n' || last == '\r')
        cli_message("note: a line break is after the token; send the token without it");
    /* In this order: blanks may be around "Bearer ", quotes around what follows it. */
    token = text_trim(token);
    if (text_skip(&token, "Bearer "))
        cli_message("note: \"Bearer \" is not part of the token");
    if (token.len >= 2 && token.at[0] == '"' && token.at[token.len - 1] == '"') {
        cli_message("note: the quotes are not part of the token");
        token = (struct text){token.at + 1, token.len - 2};
    }
    return token;
}

/* Loads the keys of the configuration; prints all errors in them. */
static enum cli_status load_keys(const struct cli *cli, struct jwt_keys **keys) {
    struct buffer problems = BUFFER_EMPTY;
    enum cli_status status = CLI_OK;
    /* A site without keys may still have jwks_url: jwt_site_has_keys knows both. */
    if (!jwt_site_has_keys(&cli->config))
        return cli_error("jwt_keys is not set in the configuration");
    if (!jwt_site_load(&cli->config, keys, &problems)) {
        /* `problems` has one line for each wrong key. */
        fprintf(stderr, "confabctl: invalid keys:\n%s", buffer_str(&problems));
        status = CLI_FAILED;
    }
    buffer_free(&problems);
    return status;
}

/* ---- explaining ---- */

/* Prints a claim that is a time, or which common mistake it is. */
static void show_time(struct json_object *claims, const char *name, int64_t now) {
    /* Times may be missing; which are required is checked elsewhere. */
    struct json_object *value = NULL;
    char when[CLOCK_TEXT_SIZE];
    if (!json_object_object_get_ex(claims, name, &value))
        return;
    const int64_t seconds = json_object_get_int64(value);
    /* The mistakes that libraries make with times: text, fractions, milliseconds.
     * 100,000,000,000 s is the year 5138: a greater number is meant in milliseconds. */
    if (json_object_is_type(value, json_type_string)) {
        cli_message("  %s is a string: it must be a number, without quotes", name);
    } else if (json_object_is_type(value, json_type_double)) {
        cli_message("  %s has a fraction: round it to whole seconds", name);
    } else if (seconds > INT64_C(100000000000)) {
        cli_message("  %s is in milliseconds: divide it by 1000", name);
    } else {
        clock_format(seconds * 1000000, when);
        cli_message("  %s is %s, %" PRId64 " s %s", name, when,
                    seconds > now ? seconds - now : now - seconds,
                    seconds > now ? "from now" : "ago");
    }
}

/* Shows header, claims and times, signed or not. */
static void show_token(struct text token, int64_t now) {
    struct buffer header = BUFFER_EMPTY, claims = BUFFER_EMPTY;
    /* A token that cannot even be decoded shows nothing. */
    if (jwt_show(token, &header, &claims)) {
        struct json_object *object = json_tokener_parse(buffer_str(&claims));
        char clock[CLOCK_TEXT_SIZE];
        cli_message("  header: %s", buffer_str(&header));
        cli_message("  claims: %s", buffer_str(&claims));
        clock_format(now * 1000000, clock);
        cli_message("  the clock of this machine is %s", clock);
        if (json_object_is_type(object, json_type_object)) {
            show_time(object, "iat", now);
            show_time(object, "nbf", now);
            show_time(object, "exp", now);
        }
        json_object_put(object);
    }
    buffer_free(&header);
    buffer_free(&claims);
}

/* Lists the keys that a token could be signed with. */
static void list_keys(const struct jwt_keys *keys) {
    /* Names and algorithms only; keys themselves are secret. */
    for (size_t i = 0; keys && i < jwt_keys_count(keys); i++) {
        const struct jwt_key *key = jwt_keys_at(keys, i);
        cli_message("  jwt_keys has: %s %s", jwt_key_kid(key),
                    jwt_algorithm_name(jwt_key_algorithm(key)));
    }
}

/* What to do about an error, besides what it says itself. */
static void advise(const struct cli *cli, const struct jwt_keys *keys, struct text token,
                   enum jwt_error error) {
    /* Only the causes that have a usual remedy. */
    const char *hint;
    switch (error) {
    case JWT_MALFORMED:
        if (token.len > 0 && memchr(token.at, '{', token.len))
            cli_message("fix: this looks like JSON; give the token alone");
        else if (token.len > 0 && (memchr(token.at, '+', token.len) ||
                                   memchr(token.at, '/', token.len) ||
                                   memchr(token.at, '=', token.len)))
            cli_message("fix: this is ordinary base64; write - for +, _ for /, and no =");
        break;
    case JWT_UNKNOWN_KEY:
    case JWT_WRONG_ALGORITHM:
        list_keys(keys);
        cli_message("fix: sign with a known key, and name it in kid, or add the site's key to %s%s",
                    *cli->config.jwt_keys ? cli->config.jwt_keys : cli->config.jwks_url,
                    *cli->config.jwt_keys ? " and reload fcgi-api"
                                          : ", which confab-worker fetches");
        break;
    /* A common mistake, such as a secret that was decoded as base64. */
    case JWT_BAD_SIGNATURE:
        hint = keys ? jwt_signature_hint(keys, token) : NULL;
        if (!hint)
            list_keys(keys);
        cli_message("fix: %s", hint ? hint
                                    : "the site signs with another key than the one in jwt_keys, "
                                      "or the token was changed on its way");
        break;
    case JWT_EXPIRED:
    case JWT_NOT_YET_VALID:
        cli_message(
            "fix: if the times above are wrong, synchronise the clocks of both "
            "machines with NTP; times are seconds since 1970 in UTC. A token is for one "
            "login: make one for each");
        break;
    case JWT_TOO_LONG_LIVED:
        cli_message("fix: set exp to at most iat + %" PRIu64 " (jwt_life)", cli->config.jwt_life);
        break;
    case JWT_WRONG_AUDIENCE:
        cli_message("fix: set aud to exactly what jwt_audience is: \"%s\"",
                    cli->config.jwt_audience);
        break;
    case JWT_WRONG_ISSUER:
        cli_message("fix: set iss to exactly what jwt_issuer is: \"%s\"", cli->config.jwt_issuer);
        break;
    case JWT_MISSING_CLAIM:
        cli_message("fix: sub is the id of the user on the site, as a string; exp the time at "
                    "which the token ends");
        break;
    case JWT_VALID:
        break;
    }
}

/* The first line of the output, for scripts. */
static enum cli_status refused(const char *code, const char *why) {
    cli_message("refused: %s: %s", code, why);
    return CLI_FAILED;
}

/* Prints whether a login by this token would succeed; if not, why, in the words of the API. */
static enum cli_status check(const struct cli *cli, const struct jwt_keys *keys,
                             struct text token) {
    /* Tokens count in seconds. */
    const int64_t now = clock_now() / 1000000;
    struct buffer why = BUFFER_EMPTY;
    struct jwt jwt;
    struct jwt_rooms rooms;
    enum cli_status status = CLI_OK;
    enum jwt_error error = JWT_VALID;
    /* `failure` is of the database, `error` of the token. */
    const enum error failure =
        jwt_site_verify(cli->db, &cli->config, keys, now, token, &error, &jwt, &why);
    if (failure)
        status = cli_store_error(cli, failure);
    else if (error)
        status = refused(error_code_word(jwt_error_code(error)), buffer_str(&why));
    /* The token is valid, but a login by it would be refused. */
    else if (!jwt_claims_rooms(jwt.object, &rooms, &why))
        status = refused(error_code_word(CODE_MALFORMED), buffer_str(&why));
    else
        cli_message("valid: sub \"%.*s\", signed by %s (%s), ends in %" PRId64 " s, %zu room%s",
                    (int)jwt.subject.len, jwt.subject.at,
                    jwt.key ? jwt_key_kid(jwt.key) : "a key",
                    jwt.key ? jwt_algorithm_name(jwt_key_algorithm(jwt.key)) : "jwks_url",
                    jwt.expires_at - now, rooms.count, text_plural(rooms.count));
    /* Also for a token that is refused: its claims show what is wrong. */
    show_token(token, now);
    advise(cli, keys, token, error);
    /* `object` is there if the claims could be read. */
    if (jwt.object)
        jwt_notes_print(&cli->config, jwt.object);
    if (!error && jwt.id.len > 0)
        cli_message("  jti is \"%.*s\": the token is accepted once", (int)jwt.id.len, jwt.id.at);
    jwt_free(&jwt);
    buffer_free(&why);
    return status;
}

enum cli_status command_jwt_check(struct cli *cli, struct arguments *arguments) {
    struct buffer input = BUFFER_EMPTY;
    struct jwt_keys *keys = NULL;
    if (!arguments_read(arguments, NULL, 0, 1, 1))
        return CLI_USAGE;
    /* Read whole, since "-" is a pipe that cannot be read twice. */
    enum cli_status status = read_input(arguments->argv[0], &input);
    if (!status)
        status = load_keys(cli, &keys);
    if (!status)
        status = check(cli, keys, unwrap((struct text){buffer_str(&input), input.len}));
    jwt_keys_free(keys);
    buffer_free(&input);
    return status;
}

/* ---- making ---- */

/* The options of make; NULL: not given. */
struct draft {
    const char *sub, *name, *username, *picture, *locale, *email, *kid;
    const char *audience, *issuer;
    uint64_t life; /* seconds */
    struct arguments_list rooms;
};

/* "KEY" or "KEY:admin"; the name of a new room is its key. */
static void write_room(struct json_writer *w, const char *room) {
    static const char ADMIN[] = ":admin";
    const size_t len = strlen(room), end = sizeof(ADMIN) - 1;
    /* Keys may contain colons, so only the end counts. */
    const bool is_admin = len > end && strcmp(room + len - end, ADMIN) == 0;
    json_write_object(w);
    json_write_member_text(w, "key", (struct text){room, is_admin ? len - end : len});
    json_write_member_str(w, "role", is_admin ? "admin" : "member");
    json_write_object_end(w);
}

/* The claims of a token for a test, as JSON. */
static void write_claims(struct buffer *out, const struct draft *draft) {
    /* Claims in the usual order; those without a value are left out. */
    const struct {
        const char *claim, *value;
    } TEXTS[] = {{"iss", draft->issuer},         {"aud", draft->audience},
                 {"sub", draft->sub},            {"name", draft->name},
                 {"preferred_username", draft->username}, {"picture", draft->picture},
                 {"locale", draft->locale},      {"email", draft->email}};
    const uint64_t now = (uint64_t)(clock_now() / 1000000);
    struct json_writer w = json_writer_start(out);
    json_write_object(&w);
    for (size_t i = 0; i < sizeof(TEXTS) / sizeof(TEXTS[0]); i++)
        if (TEXTS[i].value && *TEXTS[i].value)
            json_write_member_str(&w, TEXTS[i].claim, TEXTS[i].value);
    json_write_member_u64(&w, "iat", now);
    /* exp may exceed jwt_life by --life, to see what is answered. */
    json_write_member_u64(&w, "exp", now + draft->life);
    if (draft->rooms.count > 0) {
        json_write_key(&w, "rooms");
        json_write_array(&w);
        for (size_t i = 0; i < draft->rooms.count; i++)
            write_room(&w, draft->rooms.values[i]);
        json_write_array_end(&w);
    }
    json_write_object_end(&w);
}

/* The key with this name, or the first that can sign. */
static const struct jwt_key *signing_key(const struct jwt_keys *keys, const char *kid) {
    if (kid)
        return keys ? jwt_keys_find(keys, text_of(kid)) : NULL;
    /* HS256 keys are shared secrets, which sign as well as verify. */
    for (size_t i = 0; keys && i < jwt_keys_count(keys); i++)
        if (jwt_key_algorithm(jwt_keys_at(keys, i)) == JWT_HS256)
            return jwt_keys_at(keys, i);
    return NULL;
}

/* Prints a token that one of the configured keys has signed. */
static enum cli_status make(const struct jwt_keys *keys, const struct draft *draft) {
    const struct jwt_key *key = signing_key(keys, draft->kid);
    struct buffer claims = BUFFER_EMPTY, token = BUFFER_EMPTY;
    enum cli_status status = CLI_OK;
    /* Without a kid the error comes below, since there may be no key at all. */
    if (draft->kid && !key)
        return cli_error("jwt_keys has no key with the name '%s'", draft->kid);
    write_claims(&claims, draft);
    /* JSON must be UTF-8; the arguments are bytes of the terminal. */
    if (!text_is_valid(claims.data, claims.len))
        status = cli_error("the arguments are not UTF-8");
    /* For other algorithms the server has only public keys. */
    else if (!key || !jwt_make(key, (struct text){claims.data, claims.len}, &token))
        status = cli_error("only HS256 keys can sign here; make the token where the private "
                           "key is");
    /* Nothing else on standard output, for JWT=$(confabctl jwt make ...). */
    else
        cli_message("%s", buffer_str(&token));
    buffer_free(&claims);
    buffer_free(&token);
    return status;
}

enum cli_status command_jwt_make(struct cli *cli, struct arguments *arguments) {
    struct draft draft = {.audience = cli->config.jwt_audience,
                          .issuer = cli->config.jwt_issuer,
                          .life = cli->config.jwt_life};
    const struct arguments_option options[] = {
        {"--sub", ARGUMENTS_TEXT, &draft.sub},
        {"--name", ARGUMENTS_TEXT, &draft.name},
        {"--username", ARGUMENTS_TEXT, &draft.username},
        {"--picture", ARGUMENTS_TEXT, &draft.picture},
        {"--locale", ARGUMENTS_TEXT, &draft.locale},
        {"--email", ARGUMENTS_TEXT, &draft.email},
        {"--kid", ARGUMENTS_TEXT, &draft.kid},
        {"--life", ARGUMENTS_NUMBER, &draft.life},
        {"--room", ARGUMENTS_LIST, &draft.rooms},
    };
    struct jwt_keys *keys = NULL;
    enum cli_status status = CLI_USAGE;
    /* CLI_USAGE in each of the first three cases. */
    if (!arguments_read(arguments, options, sizeof(options) / sizeof(options[0]), 0, 0))
        status = CLI_USAGE;
    else if (!draft.sub)
        cli_error("--sub is required: the id of the user on the site");
    else if (*draft.sub == '\0' || strlen(draft.sub) > EXTERNAL_USER_SUBJECT_MAX)
        cli_error("--sub must have 1 to %d bytes", EXTERNAL_USER_SUBJECT_MAX);
    else
        status = load_keys(cli, &keys);
    if (!status)
        status = make(keys, &draft);
    jwt_keys_free(keys);
    free(draft.rooms.values);
    return status;
}
