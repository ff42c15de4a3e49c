/*
 * service_user: the user that fcgi-api and pushd run as.
 *
 * MariaDB authenticates this user by its Unix socket, and what confabctl writes must stay
 * writable for the programs, so confabctl becomes it when root calls it.
 */
#ifndef CONFAB_CONFABCTL_SERVICE_USER_H
#define CONFAB_CONFABCTL_SERVICE_USER_H

#include <stdbool.h>
#include <sys/types.h>

struct service_user {
    uid_t uid;
    gid_t gid;
    char name[256];
};

/* Finds the user by the configuration file: its owner; if that is root, the user with the name of
 * its group. False if that is root too, or there is no file. */
bool service_user_find(const char *config_path, struct service_user *found);

/* As root, becomes that user, with the user's groups; does nothing if there is none, or as another
 * user. False with the cause in errno if that fails. */
bool service_user_become(const char *config_path);

#endif
