/* Texts become runs: folded letters, each with how often it is repeated. The words of the list are
 * sorted by their first letter; at each run of a text those that begin with its letter are
 * compared. */
#include "unicode/word_filter.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/xalloc.h"
#include "unicode/fold.h"

/* A letter, with its repetitions, and the characters of the text that it stands for. */
struct run {
    uint32_t point;
    uint32_t length;
    uint32_t start, end;
    unsigned char kind; /* enum fold_kind */
};

struct runs {
    struct run *list;
    size_t count, space;
};

struct word {
    struct run *runs;
    size_t count;
    enum word_action action;
};

struct word_filter {
    struct word *words;
    size_t count, space;
};

static const struct {
    const char *name;
    enum word_action action;
} ACTIONS[] = {{"refuse", WORD_REFUSE},
               {"mask", WORD_MASK},
               {"hold", WORD_HOLD},
               {"report", WORD_REPORT}};

#define ACTION_COUNT (sizeof(ACTIONS) / sizeof(ACTIONS[0]))

/* ---- texts as runs ---- */

/* Characters that are not seen, or only make a letter longer, and that fold_text keeps or takes for
 * the end of a word. It drops all other invisible ones. */
static bool is_skipped(uint32_t point) {
    static const uint32_t POINTS[] = {
        0x034F, /* combining grapheme joiner */
        0x0640, /* Arabic tatweel */
        0x093C, /* Devanagari nukta */
        0x115F, 0x1160, 0x3164, 0xFFA0, /* Hangul fillers */
        0x180E, /* Mongolian vowel separator */
        0x200B, 0x200C, 0x200D, /* zero width */
        0x2060, 0xFEFF, /* joiners of words */
    };
    for (size_t i = 0; i < sizeof(POINTS) / sizeof(POINTS[0]); i++)
        if (POINTS[i] == point)
            return true;
    return false;
}

/* Copies a text without what is skipped. *places: of each character of the copy, its place in the
 * text, and one place more at the end; the caller frees both. */
static void copy_seen(struct text text, struct buffer *copy, uint32_t **places) {
    size_t count = 0, size;
    uint32_t place = 0;
    *places = xcalloc(text.len + 1, sizeof(**places));
    for (size_t i = 0; i < text.len; i += size, place++) {
        uint32_t point;
        size = text_decode(text.at + i, text.len - i, &point);
        if (size == 0)
            break;
        if (is_skipped(point))
            continue;
        buffer_append(copy, text.at + i, size);
        (*places)[count++] = place;
    }
    (*places)[count] = place;
}

/* Whether a repetition is not a letter of its own. Years and prices keep their digits. */
static bool is_repeated(const struct run *last, const struct fold_point *next) {
    return last->point == next->point && last->kind == next->kind && next->kind != FOLD_SPACE &&
           !(next->point >= '0' && next->point <= '9');
}

/* Adds a folded letter: to the last run if it repeats that, else as a new one. */
static void add_run(struct runs *runs, const struct fold_point *next, const uint32_t *places) {
    struct run *last = runs->count > 0 ? &runs->list[runs->count - 1] : NULL;
    const uint32_t end = places[next->end - 1] + 1;
    /* A mark of a letter that was decomposed. */
    if (is_skipped(next->point))
        return;
    if (last && is_repeated(last, next)) {
        last->length++;
        last->end = end;
        return;
    }
    runs->list = array_reserve(runs->list, &runs->space, runs->count + 1, sizeof(*runs->list));
    runs->list[runs->count++] = (struct run){.point = next->point,
                                             .length = 1,
                                             .start = places[next->start],
                                             .end = end,
                                             .kind = next->kind};
}

/* Folds a text into runs, whose places are those of the text itself. */
static void read_runs(struct runs *runs, struct text text) {
    struct buffer copy = BUFFER_EMPTY;
    struct fold fold = {0};
    uint32_t *places;
    copy_seen(text, &copy, &places);
    fold_text(&fold, (struct text){buffer_str(&copy), copy.len});
    for (size_t i = 0; i < fold.count; i++)
        add_run(runs, &fold.points[i], places);
    fold_free(&fold);
    buffer_free(&copy);
    free(places);
}

/* ---- the list ---- */

/* False if there is no such action; *action is then not set. */
static bool read_action(struct text name, enum word_action *action) {
    for (size_t i = 0; i < ACTION_COUNT; i++) {
        *action = ACTIONS[i].action;
        if (text_equals(name, text_of(ACTIONS[i].name)))
            return true;
    }
    return false;
}

/* Splits "word action" at the last blank. */
static bool split_line(struct text line, struct text *word, struct text *action) {
    size_t at = line.len;
    while (at > 0 && line.at[at - 1] != ' ' && line.at[at - 1] != '\t')
        at--;
    *action = (struct text){line.at + at, line.len - at};
    *word = text_trim((struct text){line.at, at});
    return word->len > 0;
}

/* Adds the word of a line; NULL or what is wrong with it. */
static const char *add_word(struct word_filter *filter, struct text line) {
    struct text name, action;
    struct word word;
    struct runs runs = {0};
    if (!text_is_valid(line.at, line.len))
        return "not valid UTF-8";
    if (!split_line(line, &name, &action))
        return "a word and an action are required";
    if (!read_action(action, &word.action))
        return "the action must be refuse, mask, hold or report";
    if (filter->count == WORD_FILTER_MOST)
        return "too many words";
    read_runs(&runs, name);
    if (runs.count == 0 || runs.count > WORD_FILTER_LONGEST) {
        free(runs.list);
        return runs.count == 0 ? "the word has no letter" : "the word is too long";
    }
    /* The runs belong to the word from here on. */
    word.runs = runs.list;
    word.count = runs.count;
    filter->words =
        array_reserve(filter->words, &filter->space, filter->count + 1, sizeof(*filter->words));
    filter->words[filter->count++] = word;
    return NULL;
}

/* By the first code point of the word, with which a search in the list begins. */
static int compare_first(const void *one, const void *other) {
    const uint32_t a = ((const struct word *)one)->runs[0].point;
    const uint32_t b = ((const struct word *)other)->runs[0].point;
    return (a > b) - (a < b);
}

struct word_filter *word_filter_parse(struct text list, struct buffer *problems) {
    struct word_filter *filter = xcalloc(1, sizeof(*filter));
    struct text line;
    bool valid = true;
    /* The byte order mark that some editors write. */
    text_skip(&list, "\xEF\xBB\xBF");
    for (unsigned number = 1; text_split(&list, '\n', &line); number++) {
        line = text_trim(line);
        if (line.len == 0 || line.at[0] == '#')
            continue;
        /* After an error the other lines are read all the same, so that all errors are reported. */
        const char *problem = add_word(filter, line);
        if (problem)
            buffer_printf(problems, "line %u: %s\n", number, problem);
        valid = valid && !problem;
    }
    if (!valid) {
        word_filter_free(filter);
        return NULL;
    }
    /* By the first letter, for find_first. */
    if (filter->count > 0)
        qsort(filter->words, filter->count, sizeof(*filter->words), compare_first);
    return filter;
}

struct word_filter *word_filter_read(const char *path, struct buffer *problems) {
    struct buffer content = BUFFER_EMPTY;
    struct word_filter *filter = NULL;
    char block[4096];
    size_t size;
    FILE *file = fopen(path, "re");
    if (!file) {
        buffer_printf(problems, "cannot open %s: %s\n", path, strerror(errno));
        return NULL;
    }
    while ((size = fread(block, 1, sizeof(block), file)) > 0)
        buffer_append(&content, block, size);
    if (ferror(file))
        buffer_printf(problems, "cannot read %s: %s\n", path, strerror(errno));
    else
        filter = word_filter_parse((struct text){buffer_str(&content), content.len}, problems);
    fclose(file);
    buffer_free(&content);
    return filter;
}

size_t word_filter_count(const struct word_filter *filter) {
    return filter->count;
}

void word_filter_free(struct word_filter *filter) {
    if (!filter)
        return;
    for (size_t i = 0; i < filter->count; i++)
        free(filter->words[i].runs);
    free(filter->words);
    free(filter);
}

/* ---- matching ---- */

static bool is_of_word(const struct runs *runs, size_t at) {
    return at < runs->count && runs->list[at].kind == FOLD_WORD;
}

/* Whether the word is in the text at this run. */
static bool is_at(const struct word *word, const struct runs *runs, size_t at) {
    const struct run *last = &word->runs[word->count - 1];
    if (word->count > runs->count - at)
        return false;
    for (size_t i = 0; i < word->count; i++) {
        const struct run *wanted = &word->runs[i], *found = &runs->list[at + i];
        if (found->point != wanted->point)
            return false;
        /* In scripts without blanks a letter that is written twice makes another word. */
        if (wanted->kind == FOLD_PAIR && found->length < wanted->length)
            return false;
    }
    /* Whole words, where words have ends. */
    if (word->runs[0].kind == FOLD_WORD && at > 0 && is_of_word(runs, at - 1))
        return false;
    return last->kind != FOLD_WORD || !is_of_word(runs, at + word->count);
}

/* The first word of the list that begins with this letter, or a later one. */
static size_t find_first(const struct word_filter *filter, uint32_t point) {
    size_t low = 0, high = filter->count;
    while (low < high) {
        const size_t middle = (low + high) / 2;
        if (filter->words[middle].runs[0].point < point)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* Writes the text with asterisks; masks[i] is how many words more or less cover character i than
 * the one before it. */
static void write_masked(struct text text, const int *masks, struct buffer *masked) {
    size_t size, place = 0;
    int depth = 0;
    buffer_clear(masked);
    for (size_t i = 0; i < text.len; i += size, place++) {
        uint32_t point;
        size = text_decode(text.at + i, text.len - i, &point);
        if (size == 0)
            break;
        depth += masks[place];
        if (depth > 0)
            buffer_append_char(masked, '*');
        else
            buffer_append(masked, text.at + i, size);
    }
}

unsigned word_filter_match(const struct word_filter *filter, struct text text,
                           struct buffer *masked) {
    struct runs runs = {0};
    unsigned actions = 0;
    read_runs(&runs, text);
    int *masks = xcalloc(text.len + 1, sizeof(*masks));
    for (size_t at = 0; at < runs.count; at++) {
        const uint32_t point = runs.list[at].point;
        for (size_t i = find_first(filter, point);
             i < filter->count && filter->words[i].runs[0].point == point; i++) {
            const struct word *word = &filter->words[i];
            if (!is_at(word, &runs, at))
                continue;
            /* Several words may match: the caller decides which action counts. */
            actions |= word->action;
            if (word->action == WORD_MASK) {
                /* For write_masked: the word covers the characters from its start up to its end. */
                masks[runs.list[at].start]++;
                masks[runs.list[at + word->count - 1].end]--;
            }
        }
    }
    if (actions & WORD_MASK)
        write_masked(text, masks, masked);
    free(masks);
    free(runs.list);
    return actions;
}
