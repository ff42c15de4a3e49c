/* config_fixture: a folder with one file, loading it, and comparing the errors. */
#include "config_fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/xalloc.h"
#include "unit.h"

void configured_clear_environment(void) {
    for (char **at = environ; *at != NULL;) {
        char name[128];
        if (strncmp(*at, "CONFAB_", 7) == 0) {
            snprintf(name, sizeof name, "%.*s", (int)strcspn(*at, "="), *at);
            unsetenv(name);
            at = environ;
        } else {
            at++;
        }
    }
}

int configured_setup(void **state) {
    struct configured *fixture = xcalloc(1, sizeof *fixture);
    strcpy(fixture->folder, "/tmp/test_config.XXXXXX");
    assert_non_null(mkdtemp(fixture->folder));
    snprintf(fixture->path, sizeof fixture->path, "%s/f", fixture->folder);
    configured_clear_environment();
    *state = fixture;
    return 0;
}

int configured_teardown(void **state) {
    struct configured *fixture = *state;
    config_free(&fixture->config);
    buffer_free(&fixture->problems);
    unlink(fixture->path);
    rmdir(fixture->folder);
    free(fixture);
    configured_clear_environment();
    return 0;
}

void configured_write(const char *path, const void *bytes, size_t len) {
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, len, file), len);
    fclose(file);
}

bool configured_load(struct configured *fixture, const void *bytes, size_t len) {
    config_free(&fixture->config);
    buffer_clear(&fixture->problems);
    configured_write(fixture->path, bytes, len);
    return config_load(&fixture->config, fixture->path, &fixture->problems);
}

struct config *configured_accept(struct configured *fixture, const char *content) {
    bool good = configured_load(fixture, content, strlen(content));
    assert_string_equal(buffer_str(&fixture->problems), "");
    assert_true(good);
    return &fixture->config;
}

const char *configured_problems(struct configured *fixture) {
    static char text[65536];
    const char *from = buffer_str(&fixture->problems);
    char *to = text;
    while (*from != '\0') {
        if (strncmp(from, fixture->path, strlen(fixture->path)) == 0) {
            from += strlen(fixture->path);
            *to++ = 'F';
        } else {
            *to++ = *from++;
        }
    }
    *to = '\0';
    return text;
}

void configured_assert_empty(const struct config *config) {
    struct config empty;
    memset(&empty, 0, sizeof empty);
    assert_memory_equal(config, &empty, sizeof empty);
}

void configured_refuse_bytes(struct configured *fixture, const void *bytes, size_t len,
                             const char *expected) {
    assert_false(configured_load(fixture, bytes, len));
    assert_string_equal(configured_problems(fixture), expected);
    configured_assert_empty(&fixture->config);
}

void configured_refuse(struct configured *fixture, const char *content, const char *expected) {
    configured_refuse_bytes(fixture, content, strlen(content), expected);
}
