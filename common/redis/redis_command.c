/* RESP: a command is an array of bulk strings, *COUNT and then $LENGTH and the bytes of each; all
 * lines end with CR LF. */
#include "redis/redis_command.h"

#include <inttypes.h>
#include <stdio.h>

/* A type, a number, CR LF. */
static void append_header(struct buffer *out, char type, size_t number) {
    buffer_append_char(out, type);
    buffer_append_u64(out, number);
    buffer_append(out, "\r\n", 2);
}

void redis_command_begin(struct buffer *out, size_t count) {
    append_header(out, '*', count);
}

void redis_command_arg(struct buffer *out, struct text arg) {
    append_header(out, '$', arg.len);
    buffer_append(out, arg.at, arg.len);
    buffer_append(out, "\r\n", 2);
}

void redis_command_append(struct buffer *out, const struct text *args, size_t count) {
    redis_command_begin(out, count);
    for (size_t i = 0; i < count; i++)
        redis_command_arg(out, args[i]);
}

void redis_login_make(struct redis_login *login, const struct config *config, bool of_sentinel,
                      bool asks_role) {
    const struct text user = text_of(config->redis_user);
    const struct text password =
        text_of(of_sentinel ? config->redis_sentinel_password : config->redis_password);
    struct redis_login_command *next = login->commands;
    /* With a user name AUTH has two arguments (ACLs, since Redis 6). */
    if (user.len > 0 && !of_sentinel)
        *next++ =
            (struct redis_login_command){REDIS_LOGIN_AUTH, {text_of("AUTH"), user, password}, 3};
    else if (password.len > 0)
        *next++ = (struct redis_login_command){REDIS_LOGIN_AUTH, {text_of("AUTH"), password}, 2};
    /* Sentinels have no databases. */
    snprintf(login->database, sizeof(login->database), "%" PRIu64, config->redis_database);
    if (config->redis_database > 0 && !of_sentinel && config->redis_cluster != CONFIG_ON)
        *next++ = (struct redis_login_command){
            REDIS_LOGIN_SELECT, {text_of("SELECT"), text_of(login->database)}, 2};
    if (asks_role && !of_sentinel)
        *next++ = (struct redis_login_command){REDIS_LOGIN_ROLE, {text_of("ROLE")}, 1};
    login->count = (size_t)(next - login->commands);
}
