#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "config_parse.h"
#include "memory.h"
#include "network.h"
#include "origin.h"
#include "spelling.h"
#include "text.h"

#ifndef CONFIG_PATH
#define CONFIG_PATH "/etc/confab/confab.conf"
#endif

#define FILE_MAX ((size_t)1024 * 1024)

/* So many mistakes mean that the file is no configuration at all. */
#define MISTAKES_MAX 100

#define VARIABLE_PREFIX "CONFAB_"

/* Variables with our prefix that are no options. */
static const char *const other_variables[] = {"CONFAB_CONFIG"};

enum option_kind { KIND_SECTION, KIND_TEXT, KIND_NUMBER, KIND_CHOICE };
enum option_flag { OPTION_SECRET = 1, OPTION_ADDRESSES = 2, OPTION_ORIGINS = 4 };

struct option {
    enum option_kind kind;
    const char *key;     /* NULL for a section */
    size_t offset;       /* of its field in struct config */
    unsigned flags;      /* enum option_flag */
    const char *initial; /* default of a text or choice */
    uint64_t number;     /* default of a number */
    uint64_t min;
    uint64_t max;
    const char *unit;
    const char *choices;
    const char *help;    /* the title of a section */
};

#define OPTION_SECTION(title) {.kind = KIND_SECTION, .help = (title)},
#define OPTION_TEXT(name, standard, bits, words) \
    {.kind = KIND_TEXT, .key = #name, .offset = offsetof(struct config, name), \
     .flags = (bits), .initial = (standard), .help = (words)},
#define OPTION_NUMBER(name, standard, least, most, measure, words) \
    {.kind = KIND_NUMBER, .key = #name, .offset = offsetof(struct config, name), \
     .number = (standard), .min = (least), .max = (most), .unit = (measure), .help = (words)},
#define OPTION_CHOICE(name, standard, words_allowed, words) \
    {.kind = KIND_CHOICE, .key = #name, .offset = offsetof(struct config, name), \
     .initial = (standard), .choices = (words_allowed), .help = (words)},

static const struct option options[] = {
#include "options.def"
};

#define OPTION_COUNT (sizeof options / sizeof *options)

/* One run of config_parse. */
struct parser {
    struct config *config;
    struct buffer *problems;
    size_t mistakes;
    const char *name;            /* the file's, or the variable's */
    size_t line;                 /* counted from 1; 0 in the environment */
    size_t lines[OPTION_COUNT];  /* where the file gave each option; 0: not */
};

/* --- fields of struct config ------------------------------------------------------- */

static void *field(struct config *config, const struct option *option)
{
    return (char *)config + option->offset;
}

static const void *field_of(const struct config *config, const struct option *option)
{
    return (const char *)config + option->offset;
}

static void store_text(struct config *config, const struct option *option, struct text value)
{
    char **text = field(config, option);
    free(*text);
    *text = memory_copy(value.at, value.len);
}

/* Takes the next word of a list off the front of *rest, with words parted by any of
 * the separators; false at the end. */
static bool next_word(struct text *rest, const char *separators, struct text *word)
{
    while (rest->len > 0 && strchr(separators, *rest->at) != NULL) {
        rest->at++;
        rest->len--;
    }
    word->at = rest->at;
    while (rest->len > 0 && strchr(separators, *rest->at) == NULL) {
        rest->at++;
        rest->len--;
    }
    word->len = (size_t)(rest->at - word->at);
    return word->len > 0;
}

static bool find_choice(const struct option *option, struct text value, unsigned *index)
{
    struct text rest = text_of(option->choices);
    struct text word;
    for (*index = 0; next_word(&rest, "|", &word); ++*index) {
        if (text_equals(word, value)) {
            return true;
        }
    }
    return false;
}

static struct text choice_at(const struct option *option, unsigned index)
{
    struct text rest = text_of(option->choices);
    struct text word;
    while (next_word(&rest, "|", &word) && index > 0) {
        index--;
    }
    return word;
}

static void set_defaults(struct config *config)
{
    memset(config, 0, sizeof *config);
    for (const struct option *option = options; option < options + OPTION_COUNT; option++) {
        if (option->kind == KIND_TEXT) {
            store_text(config, option, text_of(option->initial));
        } else if (option->kind == KIND_NUMBER) {
            *(uint64_t *)field(config, option) = option->number;
        } else if (option->kind == KIND_CHOICE) {
            find_choice(option, text_of(option->initial), field(config, option));
        }
    }
}

void config_free(struct config *config)
{
    for (const struct option *option = options; option < options + OPTION_COUNT; option++) {
        if (option->kind == KIND_TEXT) {
            free(*(char **)field(config, option));
        }
    }
    memset(config, 0, sizeof *config);
}

/* --- mistakes ---------------------------------------------------------------------- */

/* Begins the line for one mistake; the caller writes the rest and its end. */
static struct buffer *mistake(struct parser *parser)
{
    parser->mistakes++;
    buffer_append_str(parser->problems, parser->name);
    if (parser->line > 0) {
        buffer_printf(parser->problems, ":%zu", parser->line);
    }
    buffer_append_str(parser->problems, ": ");
    return parser->problems;
}

/* Room for the start of a text, each byte escaped, quotes, and an ellipsis. */
#define QUOTE_SIZE 264

/* Writes the text in quotes into out, printable on any terminal; returns out. */
static const char *quote(struct text text, char out[QUOTE_SIZE])
{
    static const char digits[] = "0123456789abcdef";
    size_t shown = text.len < 64 ? text.len : 64;
    char *end = out;
    *end++ = '"';
    for (size_t i = 0; i < shown; i++) {
        unsigned char c = (unsigned char)text.at[i];
        if (c >= 0x20 && c < 0x7f) {
            *end++ = (char)c;
        } else {
            *end++ = '\\';
            *end++ = 'x';
            *end++ = digits[c >> 4];
            *end++ = digits[c & 15];
        }
    }
    strcpy(end, shown < text.len ? "...\"" : "\"");
    return out;
}

/* The key most like the one written, NULL when none is. */
static const char *nearest_key(struct text written)
{
    const char *nearest = NULL;
    size_t shortest = SIZE_MAX;
    for (const struct option *option = options; option < options + OPTION_COUNT; option++) {
        size_t distance = option->kind == KIND_SECTION
            ? SIZE_MAX : spelling_distance(written, text_of(option->key));
        if (distance < shortest) {
            shortest = distance;
            nearest = option->key;
        }
    }
    return spelling_is_near(written, shortest) ? nearest : NULL;
}

/* --- values ------------------------------------------------------------------------ */

static bool has_control_character(struct text text)
{
    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.at[i];
        if ((c < 0x20 && c != '\t') || c == 0x7f) {
            return true;
        }
    }
    return false;
}

#define LIST_SEPARATORS ", \t"

static void check_list(struct parser *parser, const struct option *option, struct text value)
{
    struct text entry;
    struct network network;
    char quoted[QUOTE_SIZE];
    while (next_word(&value, LIST_SEPARATORS, &entry)) {
        if ((option->flags & OPTION_ADDRESSES) != 0 && !network_parse(entry, &network)) {
            buffer_printf(mistake(parser), "%s: %s is not allowed; an entry is an IPv4 or IPv6 "
                          "address, or a network with /0 to /32 (IPv4) or /0 to /128 (IPv6)\n",
                          option->key, quote(entry, quoted));
        }
        if ((option->flags & OPTION_ORIGINS) != 0 && !origin_is_valid(entry)) {
            buffer_printf(mistake(parser), "%s: %s is not allowed; an entry is http:// or "
                          "https://, a host, and :port if need be, with nothing behind, such as "
                          "https://www.example.org\n", option->key, quote(entry, quoted));
        }
    }
}

static void set_number(struct parser *parser, const struct option *option, struct text value)
{
    uint64_t number = 0;
    if (text_to_u64(value, &number) && number >= option->min && number <= option->max) {
        *(uint64_t *)field(parser->config, option) = number;
        return;
    }
    char quoted[QUOTE_SIZE];
    struct buffer *out = mistake(parser);
    buffer_printf(out, "%s must be a whole number from %llu to %llu", option->key,
                  (unsigned long long)option->min, (unsigned long long)option->max);
    if (*option->unit != '\0') {
        buffer_printf(out, " (%s)", option->unit);
    }
    buffer_printf(out, ", not %s\n", quote(value, quoted));
}

static void set_choice(struct parser *parser, const struct option *option, struct text value)
{
    char quoted[QUOTE_SIZE];
    unsigned index = 0;
    if (find_choice(option, value, &index)) {
        *(unsigned *)field(parser->config, option) = index;
        return;
    }
    buffer_printf(mistake(parser), "%s must be one of %s, not %s\n", option->key,
                  option->choices, quote(value, quoted));
}

static void set_value(struct parser *parser, const struct option *option, struct text value)
{
    if (has_control_character(value)) {
        buffer_printf(mistake(parser), "%s holds a control character; none but tabs are allowed\n",
                      option->key);
    } else if (option->kind == KIND_NUMBER) {
        set_number(parser, option, value);
    } else if (option->kind == KIND_CHOICE) {
        set_choice(parser, option, value);
    } else {
        check_list(parser, option, value);
        store_text(parser->config, option, value);
    }
}

/* --- the file ---------------------------------------------------------------------- */

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

static struct text trim_blanks(struct text text)
{
    while (text.len > 0 && is_blank(text.at[0])) {
        text.at++;
        text.len--;
    }
    while (text.len > 0 && is_blank(text.at[text.len - 1])) {
        text.len--;
    }
    return text;
}

static const struct option *find_option(struct text key)
{
    for (const struct option *option = options; option < options + OPTION_COUNT; option++) {
        if (option->kind != KIND_SECTION && text_equals(text_of(option->key), key)) {
            return option;
        }
    }
    return NULL;
}

static void refuse_key(struct parser *parser, struct text key)
{
    char quoted[QUOTE_SIZE];
    const char *nearest = nearest_key(key);
    struct buffer *out = mistake(parser);
    buffer_printf(out, "unknown key %s", quote(key, quoted));
    if (nearest != NULL) {
        buffer_printf(out, "; did you mean %s?", nearest);
    }
    buffer_append_char(out, '\n');
}

static void parse_pair(struct parser *parser, struct text key, struct text value)
{
    const struct option *option = find_option(key);
    if (option == NULL) {
        refuse_key(parser, key);
        return;
    }
    size_t *line = &parser->lines[option - options];
    if (*line > 0) {
        buffer_printf(mistake(parser), "%s is given twice, first on line %zu\n", option->key,
                      *line);
        return;
    }
    *line = parser->line;
    set_value(parser, option, value);
}

static void parse_line(struct parser *parser, struct text line)
{
    if (!text_is_valid(line.at, line.len)) {
        buffer_append_str(mistake(parser), "the line is not UTF-8 text, or holds a NUL\n");
        return;
    }
    if (line.len > 0 && line.at[line.len - 1] == '\r') {
        line.len--;
    }
    line = trim_blanks(line);
    if (line.len == 0 || *line.at == '#') {
        return;
    }
    /* What stands on such a line is not repeated: it may be part of a password. */
    const char *equals = memchr(line.at, '=', line.len);
    if (equals == NULL || equals == line.at) {
        buffer_append_str(mistake(parser), "the line must be: key = value\n");
        return;
    }
    struct text key = {line.at, (size_t)(equals - line.at)};
    struct text value = {equals + 1, line.len - key.len - 1};
    parse_pair(parser, trim_blanks(key), trim_blanks(value));
}

/* The text without the mark (U+FEFF) that some editors put first. */
static struct text skip_byte_order_mark(struct text text)
{
    if (text.len >= 3 && memcmp(text.at, "\xEF\xBB\xBF", 3) == 0) {
        text.at += 3;
        text.len -= 3;
    }
    return text;
}

static void parse_file(struct parser *parser, struct text file)
{
    file = skip_byte_order_mark(file);
    while (file.len > 0) {
        const char *end = memchr(file.at, '\n', file.len);
        struct text line = {file.at, end == NULL ? file.len : (size_t)(end - file.at)};
        size_t taken = end == NULL ? line.len : line.len + 1;
        parser->line++;
        if (parser->mistakes == MISTAKES_MAX) {
            buffer_append_str(mistake(parser), "too many mistakes, the rest was not read\n");
            break;
        }
        parse_line(parser, line);
        file.at += taken;
        file.len -= taken;
    }
    parser->line = 0;
}

/* Reads up to FILE_MAX bytes; the cause of failure is left in errno. */
static bool read_all(int fd, struct buffer *content)
{
    ssize_t got = 1;
    while (got > 0 && content->len <= FILE_MAX) {
        got = read(fd, buffer_reserve(content, 16384), 16384);
        if (got > 0) {
            content->len += (size_t)got;
        } else if (got < 0 && errno == EINTR) {
            got = 1;
        }
    }
    errno = got > 0 ? EFBIG : errno;
    return got == 0;
}

static bool read_file(const char *path, struct buffer *content, struct buffer *problems)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    bool done = fd >= 0 && read_all(fd, content);
    if (!done) {
        buffer_printf(problems, "%s: cannot be read: %s\n", path,
                      errno == EFBIG ? "it is larger than 1 MiB" : strerror(errno));
        buffer_clear(content);
    }
    if (fd >= 0) {
        close(fd);
    }
    return done;
}

/* --- the environment --------------------------------------------------------------- */

/* The option a variable stands for, NULL when none; key gets its name in lower case,
 * cut to size. */
static const struct option *find_variable(struct text name, char *key, size_t size)
{
    bool has_lower = false;
    size_t len = 0;
    for (size_t i = strlen(VARIABLE_PREFIX); i < name.len && len < size - 1; i++) {
        char c = name.at[i];
        has_lower = has_lower || (c >= 'a' && c <= 'z');
        key[len++] = c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
    }
    key[len] = '\0';
    return has_lower ? NULL : find_option(text_of(key));
}

static bool is_other_variable(struct text name)
{
    for (size_t i = 0; i < sizeof other_variables / sizeof *other_variables; i++) {
        if (text_equals(name, text_of(other_variables[i]))) {
            return true;
        }
    }
    return false;
}

static void refuse_variable(struct parser *parser, const char *key)
{
    const char *nearest = nearest_key(text_of(key));
    struct buffer *out = mistake(parser);
    buffer_append_str(out, "unknown variable");
    if (nearest != NULL) {
        buffer_append_str(out, "; did you mean " VARIABLE_PREFIX);
        for (const char *at = nearest; *at != '\0'; at++) {
            buffer_append_char(out, *at >= 'a' && *at <= 'z' ? (char)(*at - 'a' + 'A') : *at);
        }
        buffer_append_char(out, '?');
    }
    buffer_append_char(out, '\n');
}

static void parse_variable(struct parser *parser, struct text name, struct text value)
{
    char key[SPELLING_MAX + 1];
    char quoted[QUOTE_SIZE];
    if (is_other_variable(name)) {
        return;
    }
    const struct option *option = find_variable(name, key, sizeof key);
    parser->name = quote(name, quoted);
    if (option == NULL) {
        refuse_variable(parser, key);
    } else if (!text_is_valid(value.at, value.len)) {
        buffer_append_str(mistake(parser), "the value is not UTF-8 text\n");
    } else if (value.len > 0 || option->kind == KIND_TEXT) {
        set_value(parser, option, value);
    }
}

static void parse_environment(struct parser *parser, char *const *environment)
{
    for (; *environment != NULL; environment++) {
        const char *equals = strchr(*environment, '=');
        bool ours = strncmp(*environment, VARIABLE_PREFIX, strlen(VARIABLE_PREFIX)) == 0;
        if (ours && equals != NULL) {
            struct text name = {*environment, (size_t)(equals - *environment)};
            parse_variable(parser, name, trim_blanks(text_of(equals + 1)));
        }
    }
}

/* --- loading ----------------------------------------------------------------------- */

bool config_parse(struct config *config, const char *name, struct text file,
                  char *const *environment, struct buffer *problems)
{
    struct parser parser = {.config = config, .problems = problems, .name = name};
    set_defaults(config);
    parse_file(&parser, file);
    parse_environment(&parser, environment);
    if (parser.mistakes > 0) {
        config_free(config);
    }
    return parser.mistakes == 0;
}

bool config_load(struct config *config, const char *path, struct buffer *problems)
{
    struct buffer content = BUFFER_EMPTY;
    bool readable = path == NULL || read_file(path, &content, problems);
    struct text file = {buffer_str(&content), content.len};
    bool good = config_parse(config, path, file, environ, problems);
    buffer_free(&content);
    if (good && !readable) {
        config_free(config);
    }
    return good && readable;
}

/* confab.conf in the folder above this program's, if it is there, else NULL. */
static char *find_near_program(void)
{
    char path[PATH_MAX + sizeof "/confab.conf"];
    ssize_t len = readlink("/proc/self/exe", path, PATH_MAX);
    if (len < 0 || len == PATH_MAX) {
        return NULL;
    }
    path[len] = '\0';
    for (int i = 0; i < 2; i++) {
        char *slash = strrchr(path, '/');
        if (slash != NULL) {
            *slash = '\0';
        }
    }
    strcat(path, "/confab.conf");
    return access(path, F_OK) == 0 ? memory_copy_str(path) : NULL;
}

char *config_find(const char *given)
{
    const char *path = given != NULL ? given : getenv("CONFAB_CONFIG");
    if (path != NULL && (given != NULL || *path != '\0')) {
        return memory_copy_str(path);
    }
    char *near = find_near_program();
    if (near == NULL && access(CONFIG_PATH, F_OK) == 0) {
        near = memory_copy_str(CONFIG_PATH);
    }
    return near;
}

/* --- writing ----------------------------------------------------------------------- */

static void append_pair(struct buffer *out, const char *key, struct text value)
{
    buffer_printf(out, "%s =%s", key, value.len > 0 ? " " : "");
    buffer_append(out, value.at, value.len);
    buffer_append_char(out, '\n');
}

static void append_number(struct buffer *out, const char *key, uint64_t number)
{
    buffer_printf(out, "%s = %llu\n", key, (unsigned long long)number);
}

static void dump_option(const struct config *config, const struct option *option,
                        struct buffer *out)
{
    const void *value = field_of(config, option);
    if (option->kind == KIND_NUMBER) {
        append_number(out, option->key, *(const uint64_t *)value);
    } else if (option->kind == KIND_CHOICE) {
        append_pair(out, option->key, choice_at(option, *(const unsigned *)value));
    } else if (option->kind == KIND_TEXT) {
        const char *text = *(char *const *)value;
        /* That there is no secret is none. */
        bool hidden = (option->flags & OPTION_SECRET) != 0 && *text != '\0';
        append_pair(out, option->key, text_of(hidden ? "***" : text));
    }
}

void config_dump(const struct config *config, struct buffer *out)
{
    for (const struct option *option = options; option < options + OPTION_COUNT; option++) {
        dump_option(config, option, out);
    }
}

static void describe_option(const struct option *option, struct buffer *out)
{
    buffer_printf(out, "\n# %s\n", option->help);
    if (option->kind == KIND_NUMBER) {
        buffer_printf(out, "# From %llu to %llu", (unsigned long long)option->min,
                      (unsigned long long)option->max);
        buffer_printf(out, *option->unit != '\0' ? " (%s).\n" : "%s.\n", option->unit);
        buffer_append_char(out, '#');
        append_number(out, option->key, option->number);
        return;
    }
    if (option->kind == KIND_CHOICE) {
        buffer_printf(out, "# One of %s.\n", option->choices);
    } else if ((option->flags & (OPTION_ADDRESSES | OPTION_ORIGINS)) != 0) {
        buffer_append_str(out, "# A list, separated by commas or blanks.\n");
    }
    buffer_append_char(out, '#');
    append_pair(out, option->key, text_of(option->initial));
}

void config_example(struct buffer *out)
{
    buffer_append_str(out,
        "# The configuration of confab.\n"
        "#\n"
        "# A line is: key = value. Lines that start with # are skipped. Every key stands\n"
        "# here at its default; take away the # before it and change it. The environment\n"
        "# goes first: " VARIABLE_PREFIX "<KEY>, in upper case, overrides the key here.\n");
    for (const struct option *option = options; option < options + OPTION_COUNT; option++) {
        if (option->kind == KIND_SECTION) {
            buffer_printf(out, "\n\n### %s\n", option->help);
        } else {
            describe_option(option, out);
        }
    }
}

/* --- lists ------------------------------------------------------------------------- */

bool config_address_listed(const char *list, const char *address)
{
    struct text rest = text_of(list);
    struct text entry;
    struct network network;
    struct network single;
    if (strchr(address, '/') != NULL || !network_parse(text_of(address), &single)) {
        return false;
    }
    while (next_word(&rest, LIST_SEPARATORS, &entry)) {
        if (network_parse(entry, &network) && network_contains(&network, &single)) {
            return true;
        }
    }
    return false;
}

bool config_origin_listed(const char *list, const char *origin)
{
    struct text rest = text_of(list);
    struct text entry;
    while (next_word(&rest, LIST_SEPARATORS, &entry)) {
        if (text_equals_nocase(entry, text_of(origin))) {
            return true;
        }
    }
    return false;
}
