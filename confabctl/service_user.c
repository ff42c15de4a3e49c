/* service_user: the user as which fcgi-api and pushd run, looked up by the owner and the group of
 * the configuration file. As root, confabctl would read files that they cannot read, and create
 * files that they cannot write. */
#include "service_user.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

bool service_user_find(const char *config_path, struct service_user *found) {
    struct stat file;
    if (!config_path || stat(config_path, &file) != 0)
        return false;
    const struct passwd *user = NULL;
    /* The file belongs to the user of the services, as on a shared host. */
    if (file.st_uid != 0) {
        /* Borrowed from the C library, valid until the next call. */
        user = getpwuid(file.st_uid);
    } else if (file.st_gid != 0) {
        /* root:confab, readable for the group, as the packages and docs/systemd.md make it. */
        const struct group *group = getgrgid(file.st_gid);
        /* The user with the same name as the group: confab. */
        user = group ? getpwnam(group->gr_name) : NULL;
    }
    /* root itself is not a service user. */
    if (!user || user->pw_uid == 0)
        return false;
    found->uid = user->pw_uid;
    found->gid = user->pw_gid;
    /* Kept for initgroups, which needs the name. */
    snprintf(found->name, sizeof(found->name), "%s", user->pw_name);
    return true;
}

bool service_user_become(const char *config_path) {
    struct service_user user;
    /* Not root, or no such user: nothing to do, and not an error. */
    if (geteuid() != 0 || !service_user_find(config_path, &user))
        return true;
    /* In this order: after setuid the groups could not be changed any more. */
    return initgroups(user.name, user.gid) == 0 && setgid(user.gid) == 0 && setuid(user.uid) == 0;
}
