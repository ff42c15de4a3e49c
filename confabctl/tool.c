#include "tool.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/log.h"
#include "base/secret.h"
#include "base/text.h"
#include "table.h"

/* Longest answer of the database that is waited for: altering or counting large tables
 * takes its time, and nobody waits for this program as for a web page. */
#define DATABASE_SECONDS 3600
#define REDIS_MS 1000

bool tool_open(struct tool *tool, struct buffer *problems) {
    log_open("confabctl", LOG_LEVEL_ERROR, false, "/dev/null");
    tool->config_path = config_find(tool->given_config);
    if (!config_load(&tool->config, tool->config_path, problems))
        return false;
    if (!secret_init()) {
        buffer_append_str(problems, "the system has no source of random numbers\n");
        return false;
    }
    if (tool->config.redis_timeout < REDIS_MS)
        tool->config.redis_timeout = REDIS_MS;
    tool->db = db_new(&tool->config);
    db_set_timeout(tool->db, DATABASE_SECONDS);
    tool->redis = redis_client_new(&tool->config);
    return true;
}

void tool_close(struct tool *tool) {
    redis_client_free(tool->redis);
    db_free(tool->db);
    config_free(&tool->config);
    free(tool->config_path);
}

/* ---- what is said ---- */

__attribute__((format(printf, 3, 0))) static void say(FILE *stream, const char *before,
                                                      const char *format, va_list values) {
    struct buffer clean = BUFFER_EMPTY;
    char *text = NULL;
    const int len = vasprintf(&text, format, values);
    if (len < 0)
        abort();
    table_clean(&clean, (struct text){text, (size_t)len});
    fprintf(stream, "%s%s\n", before, buffer_str(&clean));
    buffer_free(&clean);
    free(text);
}

enum tool_end tool_fail(const char *format, ...) {
    va_list values;
    va_start(values, format);
    say(stderr, "confabctl: ", format, values);
    va_end(values);
    return TOOL_FAILED;
}

void tool_say(const char *format, ...) {
    va_list values;
    va_start(values, format);
    say(stdout, "", format, values);
    va_end(values);
}

enum tool_end tool_store_failed(const struct tool *tool, enum error error) {
    const char *cause = db_last_errno(tool->db) ? db_last_error(tool->db) : error_detail(error);
    if (error == ERROR_UNAVAILABLE)
        return tool_fail("the database cannot be reached, or gave up: %s", cause);
    if (error == ERROR_INTERNAL)
        return tool_fail("the database refused: %s", cause);
    return tool_fail("%s", error_detail(error));
}

void tool_print(struct buffer *out) {
    fwrite(buffer_str(out), 1, out->len, stdout);
    buffer_free(out);
}

/* ---- what several commands do ---- */

enum tool_end tool_find_user(const struct tool *tool, const char *name, struct user *user) {
    enum error error = ERROR_NOT_FOUND;
    if (text_is_username(text_of(name)))
        error = user_by_name(tool->db, text_of(name), user, NULL);
    if (error == ERROR_NOT_FOUND)
        return tool_fail("there is no user '%s'", name);
    return error ? tool_store_failed(tool, error) : TOOL_DONE;
}

void tool_published(const struct tool *tool) {
    if (!redis_client_is_configured(tool->redis))
        return;
    redis_client_flush(tool->redis);
    if (!redis_client_ping(tool->redis, REDIS_MS))
        fprintf(stderr,
                "confabctl: Redis did not take the news (%s); open sockets learn of it "
                "from the database within seconds\n",
                redis_client_last_error(tool->redis));
}
