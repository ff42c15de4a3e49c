/* Checks the file of keys (its path is absolute, others cannot access it, its content is valid),
 * and whether users can log in at all. confabctl runs as the user of the services here, so it can
 * read what they can read. */
#include "doctor/doctor_keys.h"

#include <string.h>
#include <sys/stat.h>

#include "jwt/jwt_site.h"

/* Without keys users log in by password, unless password_login is off. */
static void check_without(const struct config *config, struct doctor_result *result) {
    if (*config->jwks_url)
        doctor_set_result(result, REPORT_OK, NULL, "fetched from %s by confab-worker",
                          config->jwks_url);
    else if (config->password_login == CONFIG_OFF)
        doctor_set_result(result, REPORT_WARNING,
                          "set jwt_keys, or make tokens by the server's API",
                          "password_login is off and jwt_keys is not set: users cannot log in");
    else
        doctor_set_result(result, REPORT_OK, NULL, "none: the site signs no tokens");
}

void doctor_keys_check(const struct config *config, struct doctor_result *result) {
    const char *path = config->jwt_keys;
    struct buffer problems = BUFFER_EMPTY;
    /* Loaded as fcgi-api would load them, then freed. */
    struct jwt_keys *keys = NULL;
    struct stat file;
    if (!*path) {
        check_without(config, result);
        return;
    }
    if (!jwt_site_load(config, &keys, &problems)) {
        /* The first line of the problems; the others follow from it or come up next. */
        const int len = (int)strcspn(buffer_str(&problems), "\n");
        doctor_set_result(result, REPORT_FAILED,
                          "correct the file; it must be readable for the user of fcgi-api "
                          "(chgrp confab, chmod 640), and so must the public keys it names",
                          "%.*s", len, buffer_str(&problems));
    } else if (*path != '/') {
        doctor_set_result(result, REPORT_FAILED, "write the whole path, from /",
                          "jwt_keys is relative to the folder in which each program is started");
    /* Others must neither read nor change the file; the group (confab) reads it. */
    } else if (stat(path, &file) == 0 && (file.st_mode & (S_IROTH | S_IWOTH | S_IWGRP)) != 0) {
        doctor_set_result(result, REPORT_FAILED, "chmod 640 the file",
                          "%s can be %s by other users", path,
                          file.st_mode & S_IROTH ? "read" : "changed");
    } else if (config->password_login == CONFIG_OFF && !*config->login_url) {
        doctor_set_result(result, REPORT_WARNING, "set login_url",
                          "%zu key%s; password_login is off, and the page cannot say where to log "
                          "in",
                          jwt_keys_count(keys), text_plural(jwt_keys_count(keys)));
    } else if (!*config->jwt_audience) {
        doctor_set_result(result, REPORT_WARNING,
                          "set jwt_audience, and aud in the site's tokens, to a name of this chat",
                          "%zu key%s; jwt_audience is not set: tokens that the site makes for "
                          "other programs are accepted",
                          jwt_keys_count(keys), text_plural(jwt_keys_count(keys)));
    } else {
        doctor_set_result(result, REPORT_OK, NULL, "%zu key%s", jwt_keys_count(keys),
                          text_plural(jwt_keys_count(keys)));
    }
    /* NULL after a failure. */
    jwt_keys_free(keys);
    buffer_free(&problems);
}

void doctor_keys(struct doctor *doctor, struct doctor_result *result) {
    doctor_keys_check(&doctor->cli->config, result);
}
