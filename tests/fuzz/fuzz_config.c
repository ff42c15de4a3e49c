/*
 * fuzz_config: bytes as a configuration file and as an environment variable. A rejected
 * configuration has an error text and leaves no memory; an accepted one has at most the warning of
 * an unknown variable, and its dump is accepted and gives the same dump.
 *
 * The input is split at the first byte 0xFF, which is not valid UTF-8: the file, then one
 * variable without its prefix CONFAB_.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"
#include "config/config_parse.h"
#include "http/cidr.h"
#include "http/origin.h"

static void require(bool holds) {
    if (!holds) {
        abort();
    }
}

static void check_dump(const struct config *config) {
    char *nothing[] = {NULL};
    struct config again;
    struct buffer problems = BUFFER_EMPTY;
    struct buffer first = BUFFER_EMPTY;
    struct buffer second = BUFFER_EMPTY;
    config_dump(config, &first);
    struct text file = {buffer_str(&first), first.len};
    require(config_parse(&again, "dump", file, nothing, &problems));
    config_dump(&again, &second);
    require(strcmp(buffer_str(&first), buffer_str(&second)) == 0);
    config_free(&again);
    buffer_free(&problems);
    buffer_free(&first);
    buffer_free(&second);
}

/* Lookups in the parsed lists must not crash either. */
static void check_lists(const struct config *config) {
    cidr_list_contains(config->trusted_proxies, "192.0.2.1");
    cidr_list_contains(config->trusted_proxies, config->database_host);
    origin_list_contains(config->allowed_origins, text_of(config->database_host));
}

/* Returns "CONFAB_" and the bytes as a string; the caller frees. */
static char *make_variable(const char *bytes, size_t len) {
    size_t prefix = strlen(CONFIG_VARIABLE_PREFIX);
    char *variable = xcalloc(prefix + len + 1, 1);
    memcpy(variable, CONFIG_VARIABLE_PREFIX, prefix);
    memcpy(variable + prefix, bytes, len);
    return variable;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    const char *bytes = (const char *)data;
    const char *split = size > 0 ? memchr(bytes, 0xFF, size) : NULL;
    struct text file = {bytes, split == NULL ? size : (size_t)(split - bytes)};
    char *environment[] = {NULL, NULL};
    if (split != NULL) {
        environment[0] = make_variable(split + 1, size - file.len - 1);
    }
    struct config config;
    struct buffer problems = BUFFER_EMPTY;
    if (config_parse(&config, "file", file, environment, &problems)) {
        require(problems.len == 0 || (environment[0] && strstr(buffer_str(&problems), "ignored")));
        check_dump(&config);
        check_lists(&config);
    } else {
        require(problems.len > 0 && problems.data[problems.len - 1] == '\n');
        require(config.database_name == NULL);
    }
    config_free(&config);
    buffer_free(&problems);
    free(environment[0]);
    return 0;
}
