/*
 * redis_command: commands as bytes of RESP, the protocol of Redis, and those with which each
 * connection begins.
 */
#ifndef CONFAB_REDIS_COMMAND_H
#define CONFAB_REDIS_COMMAND_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buffer.h"
#include "base/text.h"
#include "config/config.h"

/* Appends a whole command: its name and its other arguments, which may contain any bytes. */
void redis_command_append(struct buffer *out, const struct text *args, size_t count);

/* The same in parts, for arguments that are not in an array: begins a command of `count` arguments,
 * its name included, and appends each of them. */
void redis_command_begin(struct buffer *out, size_t count);
void redis_command_arg(struct buffer *out, struct text arg);

/* The kinds of commands at the beginning of a connection. */
enum redis_login_kind {
    REDIS_LOGIN_AUTH,   /* an error in its reply: the password is wrong */
    REDIS_LOGIN_SELECT, /* an error in its reply: there is no such database */
    REDIS_LOGIN_ROLE,   /* the reply is a list; "slave" is its first item on a replica */
};

/* One of them; its texts are those of the configuration and of the struct redis_login. */
struct redis_login_command {
    enum redis_login_kind kind;
    struct text args[3];
    size_t count;
};

/* All of them, in order. Not to be copied. */
struct redis_login {
    struct redis_login_command commands[3];
    size_t count;
    char database[24];
};

/* Makes the commands that the configuration needs: AUTH if there is a password, SELECT if another
 * database than 0 is used, which a cluster does not have, and ROLE if asks_role. A Sentinel
 * (of_sentinel) gets at most an AUTH with its own password. The configuration must outlive
 * *login. */
void redis_login_make(struct redis_login *login, const struct config *config, bool of_sentinel,
                      bool asks_role);

#endif
