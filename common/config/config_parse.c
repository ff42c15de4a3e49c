/* Defaults, then the file line by line, then the environment, each overriding the one before;
 * errors are collected, so that one run reports all of them. Each is a line "name:line: text" in
 * `problems`; warnings are there too, but only errors refuse the configuration. */
#include "config/config_parse.h"

#include <string.h>

#include "base/edit_distance.h"
#include "config/option.h"
#include "http/cidr.h"
#include "http/credentials.h"
#include "http/origin.h"

/* With this many errors the file is probably not a configuration. */
#define ERRORS_MAX 100

/* Variables with the prefix that are not options. */
static const char *const other_variables[] = {"CONFAB_CONFIG"};

/* Bytes of a text that are shown, and the size of that: each byte escaped, an ellipsis and a
 * terminator. */
#define SHOWN_MAX ((size_t)64)
#define SHOWN_SIZE (4 * SHOWN_MAX + sizeof "...")

/* One run of config_parse. */
struct parser {
    struct config *config;
    struct buffer *problems;
    size_t errors;
    const char *name;           /* of the file or the variable */
    size_t line;                /* from 1; 0 in the environment */
    size_t lines[OPTION_COUNT]; /* where the file sets each option; 0: nowhere */
    char variable[SHOWN_SIZE];  /* the name of the variable, escaped */
};

/* Gives every field its default; texts are copies. */
static void set_defaults(struct config *config) {
    memset(config, 0, sizeof(*config));
    /* Every field has a row, but those that are zero by default. */
    for (size_t i = 0; i < OPTION_COUNT; i++) {
        const struct option *option = &option_table[i];
        if (option->kind == OPTION_KIND_TEXT)
            option_store(config, option, text_of(option->initial));
        else if (option->kind == OPTION_KIND_NUMBER)
            *(uint64_t *)option_field(config, option) = option->number;
        /* Choices are stored as the index of their word, so the default word is looked up like any
         * other. */
        else if (option->kind == OPTION_KIND_CHOICE)
            option_choice(option, text_of(option->initial), option_field(config, option));
    }
}

/* Begins the line of an error; the caller appends the rest and a newline. */
static struct buffer *begin_error(struct parser *parser) {
    /* Counted here, so that each error has exactly one line. */
    parser->errors++;
    buffer_append_str(parser->problems, parser->name);
    if (parser->line > 0)
        buffer_printf(parser->problems, ":%zu", parser->line);
    buffer_append_str(parser->problems, ": ");
    return parser->problems;
}

/* Writes the start of the text into out in printable ASCII; returns out. */
static const char *show(struct text text, char out[SHOWN_SIZE]) {
    static const char digits[] = "0123456789abcdef";
    /* Only the start of a long text; what it contains cannot steer a terminal. */
    size_t shown = text.len < SHOWN_MAX ? text.len : SHOWN_MAX;
    /* At most four bytes for each byte, three dots and the terminator. */
    char *end = out;
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
    const char *cut = shown < text.len ? "..." : "";
    memcpy(end, cut, strlen(cut) + 1);
    return out;
}

/* Whether a line has a byte that no text editor writes. */
static bool has_control_character(struct text text) {
    /* Tabs are blanks; other control characters come from files of another kind. */
    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.at[i];
        if ((c < 0x20 && c != '\t') || c == 0x7f)
            return true;
    }
    return false;
}

static bool is_blank(char c) {
    return c == ' ' || c == '\t';
}

/* A hint about quotes around a value, or a comment after it, which other formats allow and this one
 * does not; NULL if there is neither. */
static const char *format_hint(struct text value) {
    /* A single quote mark is a value. */
    const char first = value.len > 1 ? value.at[0] : '\0';
    /* sshd, ini files and shells take quotes off or end the value there. This format does not. */
    if ((first == '"' || first == '\'') && value.at[value.len - 1] == first)
        return "quotes are part of the value";
    for (size_t i = 1; i < value.len; i++) {
        if (value.at[i] == '#' && is_blank(value.at[i - 1]))
            return "what follows the # is part of the value, comments have lines of their own";
    }
    return NULL;
}

/* Ends the line of an error about this value. */
static void end_error(struct buffer *out, struct text value) {
    const char *hint = format_hint(value);
    if (hint != NULL)
        buffer_printf(out, "; %s", hint);
    buffer_append_char(out, '\n');
}

/* Warns of quotes or # in a value. They may be intended, above all in a password, so this is not an
 * error. */
static void warn_of_value(struct parser *parser, const struct option *option, struct text value) {
    const char *hint = parser->line > 0 ? format_hint(value) : NULL;
    /* Only for texts: numbers and choices with such remains are errors. */
    if (hint != NULL)
        buffer_printf(parser->problems, "%s:%zu: %s: %s\n", parser->name, parser->line, option->key,
                      hint);
}

/* Checks each entry of a list of addresses, networks or origins. */
static void check_list(struct parser *parser, const struct option *option, struct text value) {
    /* An entry of a list is checked as the program will read it, by the same function. */
    struct text entry;
    struct cidr network;
    char shown[SHOWN_SIZE];
    while (text_next_word(&value, OPTION_LIST_SEPARATORS, &entry)) {
        /* Both kinds of lists are separated the same way; an option has one of the flags or
         * none. */
        if ((option->flags & OPTION_ADDRESSES) != 0 && !cidr_parse(entry, &network)) {
            buffer_printf(begin_error(parser),
                          "%s: \"%s\" is not allowed; an entry is an IPv4 or IPv6 "
                          "address, or a network with /0 to /32 (IPv4) or /0 to /128 (IPv6)\n",
                          option->key, show(entry, shown));
        }
        if ((option->flags & OPTION_ORIGINS) != 0 && !origin_is_valid(entry)) {
            buffer_printf(begin_error(parser),
                          "%s: \"%s\" is not allowed; an entry is a scheme, ://, a host and "
                          "optionally :port, such as https://www.example.org, or null\n",
                          option->key, show(entry, shown));
        }
        if ((option->flags & OPTION_HTTPS_ORIGINS) != 0 && !origin_is_https(entry)) {
            buffer_printf(begin_error(parser),
                          "%s: \"%s\" is not allowed; an entry is https://, a host and "
                          "optionally :port, such as https://secure.gravatar.com\n",
                          option->key, show(entry, shown));
        }
    }
}

/* The name of the cookie of sessions. */
static void check_cookie(struct parser *parser, const struct option *option, struct text value) {
    char shown[SHOWN_SIZE];
    /* RFC 6265 allows more; the prefixes __Host- and __Secure- belong to confab itself. */
    if ((option->flags & OPTION_COOKIE) != 0 && !credentials_cookie_name_is_valid(value))
        buffer_printf(begin_error(parser),
                      "%s: \"%s\" is not allowed; a name has 1 to 64 letters, digits, \"-\", "
                      "\"_\" and \".\", and does not begin with __\n",
                      option->key, show(value, shown));
}

/* True for an address that may be in a link of the page: https, http or a path, in visible
 * ASCII. */
static bool is_link(struct text value) {
    /* A scheme such as javascript: would run in the page. */
    struct text rest = value;
    for (size_t i = 0; i < value.len; i++)
        if (value.at[i] <= 0x20 || value.at[i] >= 0x7f)
            return false;
    return value.len == 0 || value.at[0] == '/' ||
           ((text_skip(&rest, "https://") || text_skip(&rest, "http://")) && rest.len > 0);
}

/* Checks texts that have a form of their own: names of users, and links. */
static void check_word(struct parser *parser, const struct option *option, struct text value) {
    char shown[SHOWN_SIZE];
    /* Empty values, if allowed, are judged by the option itself. */
    if ((option->flags & OPTION_USERNAME) != 0 && !text_is_username(value))
        buffer_printf(begin_error(parser),
                      "%s: \"%s\" is not allowed; the name of a user has 3 to 32 ASCII letters, "
                      "digits, \"_\", \".\" and \"-\"\n",
                      option->key, show(value, shown));
    if ((option->flags & OPTION_URL) != 0 && !is_link(value))
        buffer_printf(begin_error(parser),
                      "%s: \"%s\" is not allowed; an address starts with https://, http:// or /, "
                      "and has no blanks\n",
                      option->key, show(value, shown));
}

/* Stores a number, or reports that the value is not a number or out of bounds. */
static void set_number(struct parser *parser, const struct option *option, struct text value) {
    uint64_t number = 0;
    /* Digits only: no sign, no unit, no space. The limits are part of the message, with the
     * unit. */
    if (text_to_u64(value, &number) && number >= option->min && number <= option->max) {
        *(uint64_t *)option_field(parser->config, option) = number;
        return;
    }
    char shown[SHOWN_SIZE];
    struct buffer *out = begin_error(parser);
    buffer_printf(out, "%s must be a whole number from %llu to %llu", option->key,
                  (unsigned long long)option->min, (unsigned long long)option->max);
    if (*option->unit != '\0')
        buffer_printf(out, " (%s)", option->unit);
    buffer_printf(out, ", not \"%s\"", show(value, shown));
    end_error(out, value);
}

/* Stores the index of a word, or reports which words are allowed. */
static void set_choice(struct parser *parser, const struct option *option, struct text value) {
    char shown[SHOWN_SIZE];
    unsigned index = 0;
    /* On failure the default stays in the field, and the error refuses all of it. */
    if (option_choice(option, value, &index)) {
        *(unsigned *)option_field(parser->config, option) = index;
        return;
    }
    struct buffer *out = begin_error(parser);
    buffer_printf(out, "%s must be one of %s, not \"%s\"", option->key, option->choices,
                  show(value, shown));
    end_error(out, value);
}

/* Checks the value of an option by its kind, and stores it. */
static void set_value(struct parser *parser, const struct option *option, struct text value) {
    /* Without this, a value might contain a CR or an escape sequence that no editor shows. */
    if (has_control_character(value)) {
        buffer_printf(begin_error(parser),
                      "%s contains a control character; only tabs are allowed\n", option->key);
    } else if (option->kind == OPTION_KIND_NUMBER) {
        set_number(parser, option, value);
    } else if (option->kind == OPTION_KIND_CHOICE) {
        set_choice(parser, option, value);
    } else {
        warn_of_value(parser, option, value);
        check_list(parser, option, value);
        check_cookie(parser, option, value);
        check_word(parser, option, value);
        /* Stored even if it is invalid: config_parse frees everything then. */
        option_store(parser->config, option, value);
    }
}

/* Blanks and tabs around keys and values. */
static struct text trim_blanks(struct text text) {
    while (text.len > 0 && is_blank(text.at[0])) {
        text.at++;
        text.len--;
    }
    while (text.len > 0 && is_blank(text.at[text.len - 1]))
        text.len--;
    return text;
}

/* Reports a key that no option has. */
static void refuse_key(struct parser *parser, struct text key) {
    char shown[SHOWN_SIZE];
    /* The nearest key, if it is near: usually a misspelling. */
    const char *nearest = option_nearest(key);
    struct buffer *out = begin_error(parser);
    buffer_printf(out, "unknown key \"%s\"", show(key, shown));
    if (nearest != NULL)
        buffer_printf(out, "; did you mean %s?", nearest);
    buffer_append_char(out, '\n');
}

/* Takes one pair of the file; each key may occur once. */
static void parse_pair(struct parser *parser, struct text key, struct text value) {
    const struct option *option = option_find(key);
    /* Unknown keys are errors, so that a misspelt option cannot be overlooked. */
    if (option == NULL) {
        refuse_key(parser, key);
        return;
    }
    /* Two lines for one key are an error: the reader of the file would see only one of them. By the
     * row's number in the table. */
    size_t *line = &parser->lines[option - option_table];
    if (*line > 0) {
        buffer_printf(begin_error(parser), "%s is given twice, first on line %zu\n", option->key,
                      *line);
        return;
    }
    *line = parser->line;
    set_value(parser, option, value);
}

/* Takes one line of the file: empty, a comment, or a pair. */
static void parse_line(struct parser *parser, struct text line) {
    if (!text_is_valid(line.at, line.len)) {
        /* Such bytes would be shown, logged, or sent to clients later. */
        buffer_append_str(begin_error(parser), "the line is not UTF-8, or contains a NUL\n");
        return;
    }
    /* Files written on Windows. */
    if (line.len > 0 && line.at[line.len - 1] == '\r')
        line.len--;
    line = trim_blanks(line);
    /* A comment has its own line; "#" within a value is part of it. */
    if (line.len == 0 || *line.at == '#')
        return;
    /* The line is not part of the message: it may contain a password. */
    const char *equals = memchr(line.at, '=', line.len);
    if (equals == NULL || equals == line.at) {
        buffer_append_str(begin_error(parser), "the line must be: key = value\n");
        return;
    }
    /* Blanks around the equals sign belong to neither; the value may contain more equals signs. */
    struct text key = {line.at, (size_t)(equals - line.at)};
    struct text value = {equals + 1, line.len - key.len - 1};
    parse_pair(parser, trim_blanks(key), trim_blanks(value));
}

/* The text without the byte order mark (U+FEFF) that some editors write. */
static struct text skip_byte_order_mark(struct text text) {
    if (text.len >= 3 && memcmp(text.at, "\xEF\xBB\xBF", 3) == 0) {
        /* Three bytes of UTF-8. */
        text.at += 3;
        text.len -= 3;
    }
    return text;
}

/* Takes the whole file, line by line, until there are too many errors. */
static void parse_file(struct parser *parser, struct text file) {
    file = skip_byte_order_mark(file);
    while (file.len > 0) {
        const char *end = memchr(file.at, '\n', file.len);
        struct text line = {file.at, end == NULL ? file.len : (size_t)(end - file.at)};
        /* The last line may lack its line feed. */
        size_t taken = end == NULL ? line.len : line.len + 1;
        /* Lines count from 1, as in editors. */
        parser->line++;
        if (parser->errors == ERRORS_MAX) {
            buffer_append_str(begin_error(parser), "too many errors, the rest was not read\n");
            break;
        }
        parse_line(parser, line);
        file.at += taken;
        file.len -= taken;
    }
    /* From here on errors name variables, which have no line. */
    parser->line = 0;
}

/* A variable with a lower-case letter is not that of an option. */
static bool has_lower_case(struct text text) {
    /* One lower-case letter is enough. */
    for (size_t i = 0; i < text.len; i++) {
        if (text.at[i] >= 'a' && text.at[i] <= 'z')
            return true;
    }
    return false;
}

/* A variable with the prefix that another part of the program reads. */
static bool is_other_variable(struct text name) {
    for (size_t i = 0; i < sizeof(other_variables) / sizeof(*other_variables); i++) {
        if (text_equals(name, text_of(other_variables[i])))
            return true;
    }
    return false;
}

/* A warning, not an error: other programs may have variables with this prefix. */
static void warn_of_variable(struct parser *parser, const char *key) {
    /* The spelling in the file is lower case. */
    const char *nearest = option_nearest(text_of(key));
    struct buffer *out = parser->problems;
    buffer_printf(out, "%s: unknown variable, ignored", parser->name);
    if (nearest != NULL) {
        buffer_append_str(out, "; did you mean " CONFIG_VARIABLE_PREFIX);
        /* In the spelling of variables, upper case. */
        for (const char *at = nearest; *at != '\0'; at++) {
            bool is_lower = *at >= 'a' && *at <= 'z';
            buffer_append_char(out, (char)(is_lower ? *at - 'a' + 'A' : *at));
        }
        buffer_append_char(out, '?');
    }
    buffer_append_char(out, '\n');
}

/* Takes one variable of the environment, which overrides the file. */
static void parse_variable(struct parser *parser, struct text name, struct text value) {
    char key[EDIT_DISTANCE_MAX + 1];
    if (is_other_variable(name))
        return;
    /* CONFAB_LOG_LEVEL becomes log_level. A name that is too long for any option becomes "", which
     * none has. */
    size_t prefix = strlen(CONFIG_VARIABLE_PREFIX);
    struct text bare = {name.at + prefix, name.len - prefix};
    text_lower(bare, key, sizeof(key));
    /* Variables are in upper case only: with both allowed, one option could be set twice. */
    const struct option *option = has_lower_case(bare) ? NULL : option_find(text_of(key));
    /* The name in messages; parser->line is 0 by now. */
    parser->name = show(name, parser->variable);
    if (option == NULL)
        warn_of_variable(parser, key);
    else if (!text_is_valid(value.at, value.len))
        buffer_append_str(begin_error(parser), "the value is not UTF-8\n");
    /* An empty variable clears a text; for a number or a choice it counts as unset, as service
     * files and containers often pass empty ones. */
    else if (value.len > 0 || option->kind == OPTION_KIND_TEXT)
        set_value(parser, option, value);
}

/* Takes all variables whose names begin with the prefix. */
static void parse_environment(struct parser *parser, char *const *environment) {
    for (; *environment != NULL; environment++) {
        const char *start = *environment;
        const char *equals = strchr(start, '=');
        bool ours = strncmp(start, CONFIG_VARIABLE_PREFIX, strlen(CONFIG_VARIABLE_PREFIX)) == 0;
        if (ours && equals != NULL) {
            struct text name = {start, (size_t)(equals - start)};
            parse_variable(parser, name, trim_blanks(text_of(equals + 1)));
        }
    }
}

/* Names without "=" are not variables. */
bool config_parse(struct config *config, const char *name, struct text file,
                  char *const *environment, struct buffer *problems) {
    struct parser parser = {.config = config, .problems = problems, .name = name};
    set_defaults(config);
    parse_file(&parser, file);
    parse_environment(&parser, environment);
    /* The caller gets either a whole configuration or none. */
    if (parser.errors > 0)
        config_free(config);
    return parser.errors == 0;
}
