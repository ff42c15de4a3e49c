/* Finding and reading the file, the dump (--dump-config) and the example (--example-config). The
 * options themselves are rows of options.def; nothing here names one. */
#include "config/config.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"
#include "base/xalloc.h"
#include "config/config_parse.h"
#include "config/option.h"

#ifndef CONFIG_PATH
#define CONFIG_PATH "/etc/confab/confab.conf"
#endif

/* More than any configuration; a wrong path such as /dev/zero ends there. */
#define FILE_MAX ((size_t)1024 * 1024)

void config_set_text(char **text, const char *value) {
    /* Copied before the old one is freed: `value` may be the same text. */
    char *copy = xstrdup(value);
    free(*text);
    *text = copy;
}

void config_free(struct config *config) {
    for (size_t i = 0; i < OPTION_COUNT; i++) {
        const struct option *option = &option_table[i];
        /* Only texts are allocated. */
        if (option->kind == OPTION_KIND_TEXT)
            free(*(char **)option_field(config, option));
    }
    /* All zeros, so that a second call is harmless. */
    memset(config, 0, sizeof(*config));
}

/* Reads up to FILE_MAX bytes; sets errno on failure. */
static bool read_all(int fd, struct buffer *content) {
    ssize_t got = 1;
    while (got > 0 && content->len <= FILE_MAX) {
        /* Reading stops one byte beyond FILE_MAX, which is enough to know that the file is too
         * large. */
        got = read(fd, buffer_reserve(content, 16384), 16384);
        /* The bytes read count as part of the buffer only now. */
        if (got > 0)
            content->len += (size_t)got;
        else if (got < 0 && errno == EINTR)
            got = 1;
    }
    /* Only end of file is success; a read error has set errno. */
    errno = got > 0 ? EFBIG : errno;
    return got == 0;
}

/* Reads a file whole. False with what is wrong in *problems; *content is empty then. */
static bool read_file(const char *path, struct buffer *content, struct buffer *problems) {
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    bool done = fd >= 0 && read_all(fd, content);
    /* errno is that of open or of read; EFBIG is set by read_all. */
    if (!done) {
        buffer_printf(problems, "%s: cannot be read: %s\n", path,
                      errno == EFBIG ? "it is larger than 1 MiB" : strerror(errno));
        /* Nothing of a file that was not read to its end is parsed. */
        buffer_clear(content);
    }
    if (fd >= 0)
        close(fd);
    return done;
}

bool config_load(struct config *config, const char *path, struct buffer *problems) {
    struct buffer content = BUFFER_EMPTY;
    /* A file that cannot be read is an error, but the environment is checked all the same, so that
     * all errors are reported at once. */
    bool readable = path == NULL || read_file(path, &content, problems);
    /* buffer_str also turns an empty buffer into an empty string. */
    struct text file = {buffer_str(&content), content.len};
    bool good = config_parse(config, path, file, environ, problems);
    buffer_free(&content);
    /* The file was asked for: a valid environment is not enough. */
    if (good && !readable)
        config_free(config);
    return good && readable;
}

/* The path of confab.conf in the parent of the program's directory; NULL if it does not exist. */
static char *find_near_program(void) {
    static const char name[] = "/confab.conf";
    char path[PATH_MAX + sizeof(name)];
    ssize_t len = readlink("/proc/self/exe", path, PATH_MAX);
    /* readlink writes no terminator, and truncates silently. */
    if (len < 0 || len == PATH_MAX)
        return NULL;
    path[len] = '\0';
    /* Strip the name of the program, then its directory: /opt/confab/bin/pushd gives
     * /opt/confab. */
    for (int i = 0; i < 2; i++) {
        char *slash = strrchr(path, '/');
        if (slash != NULL)
            *slash = '\0';
    }
    memcpy(path + strlen(path), name, sizeof(name));
    return access(path, F_OK) == 0 ? xstrdup(path) : NULL;
}

/* The path of .confab/confab.conf in the home directory; NULL if it does not exist. Web servers
 * start programs without $HOME. */
static char *find_at_home(void) {
    char names[4096];
    /* Reentrant, since pushd has threads. */
    struct passwd entry;
    struct passwd *user = NULL;
    const char *home = getenv("HOME");
    /* Without $HOME, the home directory of the user database. */
    if (home == NULL && getpwuid_r(getuid(), &entry, names, sizeof(names), &user) == 0 && user)
        home = user->pw_dir;
    /* A relative $HOME would depend on the working directory. */
    if (home == NULL || home[0] != '/')
        return NULL;
    struct buffer path = BUFFER_EMPTY;
    buffer_printf(&path, "%s/.confab/confab.conf", home);
    char *found = access(buffer_str(&path), F_OK) == 0 ? xstrdup(buffer_str(&path)) : NULL;
    buffer_free(&path);
    return found;
}

char *config_find(const char *given) {
    /* The option of the command line, then $CONFAB_CONFIG; an empty variable counts as unset, an
     * empty option as a file that does not exist. */
    const char *path = given != NULL ? given : getenv("CONFAB_CONFIG");
    if (path != NULL && (given != NULL || *path != '\0'))
        return xstrdup(path);
    /* Then the places of an installation without root, then the system's. If there is no file at
     * all, the defaults and the environment apply. */
    char *found = find_near_program();
    if (found == NULL)
        found = find_at_home();
    /* A file that cannot be read is reported later, if it is needed. */
    if (found == NULL && access(CONFIG_PATH, F_OK) == 0)
        found = xstrdup(CONFIG_PATH);
    return found;
}

static void append_pair(struct buffer *out, const char *key, struct text value) {
    /* No blank at the end of an empty value. */
    buffer_printf(out, "%s =%s", key, value.len > 0 ? " " : "");
    buffer_append(out, value.at, value.len);
    buffer_append_char(out, '\n');
}

static void append_number(struct buffer *out, const char *key, uint64_t number) {
    buffer_printf(out, "%s = %llu\n", key, (unsigned long long)number);
}

/* Appends "key = value" of one option. Secrets are replaced by asterisks, sections have no
 * value. */
static void dump_option(const struct config *config, const struct option *option,
                        struct buffer *out) {
    const void *value = option_field_const(config, option);
    if (option->kind == OPTION_KIND_NUMBER) {
        append_number(out, option->key, *(const uint64_t *)value);
    /* The word, not its index. */
    } else if (option->kind == OPTION_KIND_CHOICE) {
        append_pair(out, option->key, option_choice_at(option, *(const unsigned *)value));
    } else if (option->kind == OPTION_KIND_TEXT) {
        const char *text = *(char *const *)value;
        /* An empty secret is shown as empty: the administrator sees that it is not set. */
        bool hidden = (option->flags & OPTION_SECRET) != 0 && *text != '\0';
        append_pair(out, option->key, text_of(hidden ? "***" : text));
    }
}

void config_dump(const struct config *config, struct buffer *out) {
    for (size_t i = 0; i < OPTION_COUNT; i++)
        dump_option(config, &option_table[i], out);
}

/* Appends an option as the example file has it: help, bounds or choices, and its default. */
static void describe_option(const struct option *option, struct buffer *out) {
    buffer_printf(out, "\n# %s\n", option->help);
    if (option->kind == OPTION_KIND_NUMBER) {
        buffer_printf(out, "# From %llu to %llu", (unsigned long long)option->min,
                      (unsigned long long)option->max);
        if (*option->unit != '\0')
            buffer_printf(out, " (%s)", option->unit);
        buffer_append_str(out, ".\n#");
        /* The default is commented out, so that the unchanged example changes nothing. */
        append_number(out, option->key, option->number);
        return;
    }
    if (option->kind == OPTION_KIND_CHOICE)
        buffer_printf(out, "# One of %s.\n", option->choices);
    else if ((option->flags & (OPTION_ADDRESSES | OPTION_ORIGINS | OPTION_HTTPS_ORIGINS)) != 0)
        buffer_append_str(out, "# A list, separated by commas or spaces.\n");
    buffer_append_char(out, '#');
    /* As for numbers: a comment until it is wanted. */
    append_pair(out, option->key, text_of(option->initial));
}

void config_example(struct buffer *out) {
    buffer_append_str(
        out,
        "# The configuration of confab.\n"
        "#\n"
        "# A line is: key = value. Lines that start with # are ignored. Every key is listed\n"
        "# with its default; remove the # before it to change it. The environment variable\n"
        "# " CONFIG_VARIABLE_PREFIX "<KEY>, in upper case, overrides the key here.\n");
    /* Sections are rows of the same table, in the order of the file. */
    for (size_t i = 0; i < OPTION_COUNT; i++) {
        const struct option *option = &option_table[i];
        if (option->kind == OPTION_KIND_SECTION)
            buffer_printf(out, "\n\n### %s\n", option->help);
        else
            describe_option(option, out);
    }
}
