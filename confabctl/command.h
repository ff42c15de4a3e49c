/*
 * command: the interface of all commands of confabctl.
 *
 * main.c has the table of commands; each group of commands has a file below commands/. A command
 * parses its own arguments and returns its status; after CLI_USAGE main prints the usage line.
 */
#ifndef CONFAB_CONFABCTL_COMMAND_H
#define CONFAB_CONFABCTL_COMMAND_H

#include "arguments.h"
#include "cli.h"

typedef enum cli_status command_run(struct cli *cli, struct arguments *arguments);

/* What main prepares before a command runs, and what the command supports. */
#define COMMAND_CONFIG 1u /* load the configuration */
#define COMMAND_SCHEMA 2u /* require a database with the schema of this program */
#define COMMAND_JSON 4u   /* supports --json */
#define COMMAND_ADMIN 8u  /* connects as database_admin_user; see cli_open */
#define COMMAND_AUDIT 16u /* its changes get entries in the audit */

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
command_run command_user_moderator;
command_run command_user_totp;
command_run command_user_erase;
command_run command_user_export;
command_run command_user_profile;
command_run command_user_bot;
command_run command_user_list;

command_run command_audit;

command_run command_token_add;
command_run command_token_list;
command_run command_token_revoke;

command_run command_key_add;
command_run command_key_list;
command_run command_key_revoke;

command_run command_room_list;
command_run command_room_show;
command_run command_room_delete;
command_run command_room_export;
command_run command_room_ensure;
command_run command_room_link_add;
command_run command_room_link_list;
command_run command_room_link_remove;

command_run command_import;

command_run command_jwt_check;
command_run command_jwt_make;

command_run command_hook_add;
command_run command_hook_list;
command_run command_hook_remove;
command_run command_hook_disable;
command_run command_hook_enable;
command_run command_hook_secret;
command_run command_hook_test;

command_run command_files_check;
command_run command_events_purge;
command_run command_search_rebuild;
command_run command_restored;
command_run command_stats;
command_run command_check;
command_run command_doctor;

#endif
