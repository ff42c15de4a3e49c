/* libmagic gets the first bytes only, in memory: it opens nothing, and looks into no archive. The
 * library is loaded when the first file is finished: a program that serves one request (CGI) does
 * not load the four libraries for nothing, and runs where there is no libmagic, without files. Its
 * database takes more memory than all else in the process, so it is open for one file only. */
#include "files/media_type.h"

#include <dlfcn.h>
#include <magic.h>
#include <stdio.h>
#include <string.h>

#include "base/log.h"

/* Other spellings of the same types, as browsers, systems and libmagic write them. */
static const struct {
    const char *other, *usual;
} SPELLINGS[] = {
    {"image/jpg", "image/jpeg"},
    {"image/pjpeg", "image/jpeg"},
    {"image/x-png", "image/png"},
    {"audio/mp3", "audio/mpeg"},
    {"audio/x-mp3", "audio/mpeg"},
    {"audio/opus", "audio/ogg"},
    {"audio/x-m4a", "audio/mp4"},
    {"audio/m4a", "audio/mp4"},
    {"audio/x-wav", "audio/wav"},
    {"audio/wave", "audio/wav"},
    {"audio/vnd.wave", "audio/wav"},
    {"audio/x-flac", "audio/flac"},
    {"video/x-m4v", "video/mp4"},
    {"application/x-gzip", "application/gzip"},
    {"application/x-zip-compressed", "application/zip"},
    {"application/x-rar", "application/vnd.rar"},
    {"application/x-rar-compressed", "application/vnd.rar"},
    {"application/javascript", "text/javascript"},
    {"application/x-javascript", "text/javascript"},
    {"application/xml", "text/xml"},
    {"application/x-pdf", "application/pdf"},
};

/* Whether it is two names of up to 127 characters (RFC 6838, section 4.2), with a slash between
 * them. */
static bool has_form(const char *type) {
    const char *slash = strchr(type, '/');
    const size_t len = strlen(type);
    if (!slash || slash == type || slash[1] == '\0' || slash - type > 127 ||
        len - (size_t)(slash - type) > 128)
        return false;
    for (const char *c = type; *c; c++)
        if (c != slash && !text_is_alnum_or(*c, "!#$&-^_.+"))
            return false;
    return true;
}

bool media_type_normalize(struct text type, char out[MEDIA_TYPE_SIZE]) {
    struct text rest = type, name;
    /* Without "; charset=...". A type without ";" is its own first part. */
    if (!text_split(&rest, ';', &name) || !text_lower(text_trim(name), out, MEDIA_TYPE_SIZE) ||
        !has_form(out))
        return false;
    for (size_t i = 0; i < sizeof(SPELLINGS) / sizeof(SPELLINGS[0]); i++)
        if (strcmp(out, SPELLINGS[i].other) == 0)
            snprintf(out, MEDIA_TYPE_SIZE, "%s", SPELLINGS[i].usual);
    return true;
}

#define LIBRARY "libmagic.so.1"

/* For bytes that libmagic does not know. */
#define UNKNOWN "application/octet-stream"

/* The functions of libmagic. */
struct library {
    magic_t (*open)(int flags);
    void (*close)(magic_t database);
    int (*load)(magic_t database, const char *path);
    const char *(*buffer)(magic_t database, const void *bytes, size_t len);
    const char *(*error)(magic_t database);
};

/* Finds a function. ISO C has no conversion from a pointer to data; copying the bytes is the
 * form that POSIX gives for dlsym. */
static bool find(void *handle, const char *name, void *function) {
    void *found = dlsym(handle, name);
    memcpy(function, &found, sizeof(found));
    return found != NULL;
}

/* False, with the cause logged, if it cannot be used. */
static bool load(struct library *library) {
    /* Never closed: for the next file the system has it loaded already. */
    void *handle = dlopen(LIBRARY, RTLD_NOW | RTLD_LOCAL);
    const bool is_loaded = handle && find(handle, "magic_open", &library->open) &&
                           find(handle, "magic_close", &library->close) &&
                           find(handle, "magic_load", &library->load) &&
                           find(handle, "magic_buffer", &library->buffer) &&
                           find(handle, "magic_error", &library->error);
    if (!is_loaded)
        log_error("libmagic cannot be loaded, so uploads fail: %s", dlerror());
    return is_loaded;
}

/* NULL, with the cause logged, if there is none. */
static magic_t open_database(const struct library *library) {
    /* The type alone, without looking inside of compressed files or programs. */
    magic_t database =
        library->open(MAGIC_MIME_TYPE | MAGIC_NO_CHECK_COMPRESS | MAGIC_NO_CHECK_ELF);
    if (database && library->load(database, NULL) == 0)
        return database;
    log_error("libmagic has no database, so uploads fail: %s",
              database ? library->error(database) : "no memory");
    if (database)
        library->close(database);
    return NULL;
}

bool media_type_find(struct text bytes, char out[MEDIA_TYPE_SIZE]) {
    struct library library;
    magic_t database = load(&library) ? open_database(&library) : NULL;
    if (!database)
        return false;
    /* More bytes would take longer, and say no more. */
    const size_t len = bytes.len < MEDIA_TYPE_HEAD ? bytes.len : MEDIA_TYPE_HEAD;
    const char *found = library.buffer(database, bytes.at, len);
    /* A type that libmagic does not know, or reports in another form, is
     * application/octet-stream. */
    if (!found || !media_type_normalize(text_of(found), out))
        snprintf(out, MEDIA_TYPE_SIZE, UNKNOWN);
    /* libmagic 5.46 looks for the end of an archive, which is not in these bytes. */
    if (strcmp(out, UNKNOWN) == 0 && text_skip(&bytes, "PK\x03\x04"))
        snprintf(out, MEDIA_TYPE_SIZE, "application/zip");
    library.close(database);
    return true;
}

/* ---- agreement ---- */

/* Whether the type has this prefix. */
static bool starts(struct text type, const char *prefix) {
    return text_skip(&type, prefix);
}

static bool ends(struct text type, const char *suffix) {
    const size_t len = strlen(suffix);
    return type.len >= len && memcmp(type.at + type.len - len, suffix, len) == 0;
}

static bool is(struct text type, const char *name) {
    return text_equals(type, text_of(name));
}

/* Types that are text, so that libmagic may find no more than that. */
static bool is_textual(struct text type) {
    return starts(type, "text/") || ends(type, "+json") || ends(type, "+xml") ||
           is(type, "application/json") || is(type, "application/yaml") ||
           is(type, "application/x-yaml") || is(type, "application/toml") ||
           is(type, "application/sql") || is(type, "application/x-sh") ||
           is(type, "application/x-ndjson") || is(type, "application/rtf");
}

/* Text that a browser would run, or draw: it is never taken for other text. */
static bool is_active(struct text type) {
    return is(type, "text/html") || is(type, "text/xml") || ends(type, "+xml");
}

/* Images, audio and video: libmagic recognizes them reliably, and a browser shows them. */
static bool is_media(struct text type) {
    return starts(type, "image/") || starts(type, "audio/") || starts(type, "video/");
}

/* Formats of documents and programs whose container is an archive, or an OLE file of older office
 * programs. */
static bool is_in_container(struct text claimed, struct text found) {
    if (is(found, "application/zip"))
        return starts(claimed, "application/vnd.") || is(claimed, "application/epub+zip") ||
               is(claimed, "application/java-archive");
    if (is(found, "application/x-ole-storage") || is(found, "application/cdfv2") ||
        is(found, "application/msword"))
        return starts(claimed, "application/vnd.ms-") || is(claimed, "application/msword");
    if (is(found, "application/gzip"))
        return is(claimed, "application/x-tar") || is(claimed, "application/x-compressed-tar") ||
               is(claimed, "application/x-gtar");
    return false;
}

/* The same container of audio or video: "audio/ogg", "video/ogg" and "application/ogg". */
static bool is_same_container(struct text one, struct text other) {
    static const char *const NAMES[] = {"/ogg", "/mp4", "/webm", "/3gpp"};
    for (size_t i = 0; i < sizeof(NAMES) / sizeof(NAMES[0]); i++)
        if (ends(one, NAMES[i]) && ends(other, NAMES[i]))
            return true;
    return is(one, "video/quicktime") && ends(other, "/mp4");
}

/* Decides between what the client has announced and what the bytes are: whatever a browser may
 * run must be announced as that. */
bool media_type_agrees(struct text claimed, struct text found) {
    /* "application/octet-stream" announces nothing, so it agrees with all; the type of the
     * bytes is stored. */
    if (text_equals(claimed, found) || is(claimed, "application/octet-stream"))
        return true;
    if (is_same_container(claimed, found) || is_in_container(claimed, found))
        return true;
    /* HTML, XML and SVG agree with themselves only, and XML with formats made of it. */
    if (is_active(found))
        return is(found, "text/xml") && ends(claimed, "+xml");
    /* Text is text; what it is exactly is often a guess. */
    if (starts(found, "text/") || is(found, "application/json"))
        return is_textual(claimed);
    /* All that is known is that the bytes are not text. */
    if (is(found, "application/octet-stream"))
        return !is_textual(claimed) && !is_media(claimed) && !is(claimed, "application/pdf");
    return false;
}

/* ---- lists ---- */

bool media_type_is_listed(const char *list, struct text type) {
    struct text rest = text_of(list), word;
    /* An empty list allows all types. */
    bool is_empty = true;
    while (text_next_word(&rest, ", \t", &word)) {
        is_empty = false;
        /* "image/" with an asterisk: all that begin so. */
        const bool is_range = ends(word, "/*");
        const size_t len = is_range ? word.len - 1 : word.len;
        if (is_range ? type.len > len && text_equals_nocase((struct text){type.at, len},
                                                            (struct text){word.at, len})
                     : text_equals_nocase(type, word))
            return true;
    }
    return is_empty;
}
