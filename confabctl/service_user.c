/* service_user: the user as which fcgi-api and pushd run, looked up by the owner and the group of
 * the configuration file. As root, confabctl would read files that they cannot read, and create
 * files that they cannot write. */
#include "service_user.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

bool service_user_find(const char *config_path, uid_t *uid, gid_t *gid) {
    struct stat file;
    if (!config_path || stat(config_path, &file) != 0)
        return false;
    const struct passwd *user = NULL;
    /* The file belongs to the user of the services, as on a shared host. */
    if (file.st_uid != 0) {
        user = getpwuid(file.st_uid);
    } else if (file.st_gid != 0) {
        /* root:confab, readable for the group, as the packages and docs/systemd.md make it. */
        const struct group *group = getgrgid(file.st_gid);
        user = group ? getpwnam(group->gr_name) : NULL;
    }
    if (user) {
        *uid = user->pw_uid;
        *gid = user->pw_gid;
    }
    /* Never "become" root. */
    return user && user->pw_uid != 0;
}

bool service_user_become(const char *config_path) {
    uid_t uid;
    gid_t gid;
    if (geteuid() != 0 || !service_user_find(config_path, &uid, &gid))
        return true;
    /* In this order: after setuid the groups could not be changed any more. */
    const struct passwd *user = getpwuid(uid);
    return user && initgroups(user->pw_name, gid) == 0 && setgid(gid) == 0 && setuid(uid) == 0;
}
