/*
 * command: everything confabctl can do.
 *
 * main.c has the table; each group of commands has a file. A command reads its own
 * arguments and returns how it ended: TOOL_USAGE makes main show its usage line.
 */
#ifndef CONFABCTL_COMMAND_H
#define CONFABCTL_COMMAND_H

#include "arguments.h"
#include "tool.h"

typedef enum tool_end command_run(struct tool *tool, struct arguments *arguments);

/* What main readies before a command runs, and what the command can do. */
#define COMMAND_CONFIG 1u /* the configuration is read */
#define COMMAND_SCHEMA 2u /* the database is there and has this program's schema */
#define COMMAND_JSON 4u   /* --json is taken */

struct command {
    const char *name;  /* "user add" */
    const char *usage; /* its arguments: "NAME [--staff]" */
    const char *help;  /* a sentence or two */
    unsigned flags;
    command_run *run;
};

command_run command_migrate;

command_run command_user_add;
command_run command_user_passwd;
command_run command_user_disable;
command_run command_user_enable;
command_run command_user_staff;
command_run command_user_list;

command_run command_token_add;
command_run command_token_list;
command_run command_token_revoke;

command_run command_room_list;
command_run command_room_show;
command_run command_room_delete;
command_run command_room_ensure;

command_run command_events_purge;
command_run command_stats;
command_run command_check;
command_run command_doctor;

#endif
