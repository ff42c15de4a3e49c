/* The destination and the form of log lines. The destination is standard error, a file, or syslog;
 * a line on standard error that goes to the journal carries a priority ("<6>") instead of time,
 * level and process id, which the journal adds itself. Control characters of what clients sent are
 * escaped as \xNN, so that they cannot forge a line or steer the administrator's terminal. A line
 * is one write, so that lines of several processes do not mix. */
#include "base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <syslog.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/text.h"
#include "base/xalloc.h"

/* The longest line, with its newline: a write of up to PIPE_BUF (4 KiB on Linux) is atomic also
 * in a pipe that several processes share. */
#define LINE_SIZE 4096

/* The longest " id=<id>". */
#define ID_SIZE 64

/* Ends a text that was cut off. */
#define CUT "..."

static struct {
    const char *program;
    enum log_level level;
    bool to_syslog;
    char *file; /* NULL: standard error */
    int fd;
    const char *id; /* at the end of each line; NULL: none */
    enum { STDERR_UNKNOWN, STDERR_PLAIN, STDERR_JOURNAL } kind; /* what standard error is */
} target = {"confab", LOG_LEVEL_INFO, false, NULL, STDERR_FILENO, NULL, STDERR_UNKNOWN};

static const struct {
    const char *name;
    int priority; /* syslog's */
} levels[] = {
    [LOG_LEVEL_ERROR] = {"error", LOG_ERR},
    [LOG_LEVEL_WARN] = {"warn", LOG_WARNING},
    [LOG_LEVEL_INFO] = {"info", LOG_INFO},
    [LOG_LEVEL_DEBUG] = {"debug", LOG_DEBUG},
};

static int open_file(const char *path) {
    return open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0640);
}

/* Makes an open file the destination, under the descriptor of the one before, if there is one,
 * since other threads may be writing to it. */
static void switch_to(int fd) {
    if (target.file == NULL) {
        target.fd = fd;
    } else {
        dup3(fd, target.fd, O_CLOEXEC);
        close(fd);
    }
}

/* Back to standard error, if a file was the destination. */
static void close_file(void) {
    if (target.file != NULL) {
        const int fd = target.fd;
        /* The descriptor is changed first, so that another thread does not write to a closed
         * one. */
        target.fd = STDERR_FILENO;
        close(fd);
        free(target.file);
        target.file = NULL;
    }
}

/* $JOURNAL_STREAM names device and inode of the journal's socket: standard error may have been
 * redirected since. */
static bool is_journal(void) {
    /* The result is kept until the next log_open, since getenv and fstat for each line would be
     * slow. */
    if (target.kind == STDERR_UNKNOWN) {
        const char *stream = getenv("JOURNAL_STREAM");
        char own[64] = "";
        struct stat status;
        if (fstat(STDERR_FILENO, &status) == 0)
            snprintf(own, sizeof(own), "%llu:%llu", (unsigned long long)status.st_dev,
                     (unsigned long long)status.st_ino);
        target.kind = stream && strcmp(stream, own) == 0 ? STDERR_JOURNAL : STDERR_PLAIN;
    }
    return target.kind == STDERR_JOURNAL;
}

bool log_open(const char *program, enum log_level level, bool to_syslog, const char *file) {
    const bool to_file = !to_syslog && file != NULL && *file != '\0';
    /* The file is opened before anything changes; without a file, fd stays -1. */
    const int fd = to_file ? open_file(file) : -1;
    target.program = program;
    target.level = level;
    target.to_syslog = to_syslog;
    target.kind = STDERR_UNKNOWN;
    if (to_syslog)
        openlog(program, LOG_PID, LOG_DAEMON);
    /* No file is wanted, or it cannot be opened: standard error (or syslog) from here on. free and
     * close may change errno, which the caller reports. */
    if (fd < 0) {
        const int why = errno;
        close_file();
        errno = why;
        return !to_file;
    }
    switch_to(fd);
    free(target.file);
    target.file = xstrdup(file);
    return true;
}

void log_reopen(void) {
    if (target.file == NULL)
        return;
    int fd = open_file(target.file);
    if (fd < 0) {
        log_error("cannot reopen log file %s: %s", target.file, strerror(errno));
        return;
    }
    switch_to(fd);
}

void log_set_id(const char *id) {
    target.id = id;
}

bool log_wants(enum log_level level) {
    return level <= target.level;
}

/* True for what could end a line or steer a terminal: C0, DEL, C1, and Unicode's own
 * line and paragraph separators. */
static bool is_control(uint32_t point) {
    return point < 0x20 || (point >= 0x7f && point < 0xa0) || point == 0x2028 || point == 0x2029;
}

/* Writes the first character of the text, escaped if need be, into out; returns how
 * many bytes of the text it takes, and the bytes written in *written. */
static size_t escape_one(struct text text, char out[32], size_t *written) {
    uint32_t point = 0;
    size_t size = text_decode(text.at, text.len, &point);
    if (size > 0 && !is_control(point)) {
        memcpy(out, text.at, size);
        *written = size;
        return size;
    }
    /* Not UTF-8: one byte is escaped, and the next one tried as the start of a character. */
    size = size > 0 ? size : 1;
    *written = 0;
    for (size_t i = 0; i < size; i++)
        *written += (size_t)sprintf(out + *written, "\\x%02x", (unsigned char)text.at[i]);
    return size;
}

/* The length of the start of the text that is printable ASCII. */
static size_t plain_length(struct text text) {
    size_t len = 0;
    while (len < text.len && text.at[len] >= ' ' && text.at[len] < 0x7f)
        len++;
    return len;
}

/* Copies the text, escaped, into out; one that does not fit in `size` bytes is cut and ends with
 * CUT. Writes no terminator; returns the bytes written. */
static size_t escape(struct text text, char *out, size_t size) {
    /* Most lines are plain ASCII: they are copied at once. One that is too long takes the loop
     * below, which cuts between characters. */
    size_t used = plain_length(text);
    if (used > size - strlen(CUT))
        used = 0;
    memcpy(out, text.at, used);
    text.at += used;
    text.len -= used;
    /* From here on character by character, each as it is or as an escape. */
    while (text.len > 0) {
        char piece[32];
        size_t written = 0;
        size_t taken = escape_one(text, piece, &written);
        if (used + written > size - strlen(CUT)) {
            memcpy(out + used, CUT, strlen(CUT));
            return used + strlen(CUT);
        }
        memcpy(out + used, piece, written);
        used += written;
        text.at += taken;
        text.len -= taken;
    }
    return used;
}

/* Copies the text into out, which has `size` bytes, and appends the id. Writes no terminator;
 * returns the bytes written. */
static size_t compose(struct text text, char *out, size_t size) {
    static const char LABEL[] = " id=";
    if (target.id == NULL)
        return escape(text, out, size);
    const size_t id_len = strnlen(target.id, ID_SIZE - strlen(LABEL));
    size_t used = escape(text, out, size - strlen(LABEL) - id_len);
    /* The id is not escaped: this program made it, of hexadecimal digits. */
    memcpy(out + used, LABEL, strlen(LABEL));
    memcpy(out + used + strlen(LABEL), target.id, id_len);
    return used + strlen(LABEL) + id_len;
}

/* Writes one line to the file or to standard error, with its time or priority before it. */
static void write_line(enum log_level level, struct text text) {
    char line[LINE_SIZE];
    char time[CLOCK_TEXT_SIZE];
    int prefix;
    /* sd-daemon(3): the journal reads the priority from the start of the line. */
    if (target.file == NULL && is_journal()) {
        prefix = snprintf(line, sizeof(line), "<%d>", levels[level].priority);
    } else {
        clock_format(clock_now(), time);
        /* getpid() each time: the program may have forked. */
        prefix = snprintf(line, sizeof(line), "%s %s %.64s[%ld]: ", time, levels[level].name,
                          target.program, (long)getpid());
    }
    size_t len = (size_t)prefix;
    len += compose(text, line + len, sizeof(line) - len - 1);
    /* The terminator is not needed: write takes a length. */
    line[len++] = '\n';
    /* A line that cannot be written is lost: there is nowhere to report it. */
    while (write(target.fd, line, len) < 0 && errno == EINTR) {
    }
}

/* Without the time and the severity, which syslog adds. */
static void write_syslog(enum log_level level, struct text text) {
    char line[LINE_SIZE];
    size_t len = compose(text, line, sizeof(line) - 1);
    syslog(levels[level].priority, "%.*s", (int)len, line);
}

/* Replaces line feeds by spaces, and removes those at the end. */
static void join_lines(char *text) {
    size_t len = strlen(text);
    while (len > 0 && text[len - 1] == '\n')
        text[--len] = '\0';
    for (size_t i = 0; i < len; i++)
        if (text[i] == '\n')
            text[i] = ' ';
}

__attribute__((format(printf, 2, 0))) static void
write_formatted(enum log_level level, const char *format, va_list arguments) {
    if (!log_wants(level))
        return;
    /* Callers log between a failed call and the use of its errno. */
    int saved_errno = errno;
    /* As long as the longest line, so what does not fit here is cut off there anyway. */
    char formatted[LINE_SIZE];
    if (vsnprintf(formatted, sizeof(formatted), format, arguments) < 0)
        formatted[0] = '\0';
    /* For the journal a line feed ends an entry; elsewhere it is escaped, like any other control
     * character. */
    if (!target.to_syslog && target.file == NULL && is_journal())
        join_lines(formatted);
    if (target.to_syslog)
        write_syslog(level, text_of(formatted));
    else
        write_line(level, text_of(formatted));
    errno = saved_errno;
}

void log_error(const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    write_formatted(LOG_LEVEL_ERROR, format, arguments);
    va_end(arguments);
}

void log_warn(const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    write_formatted(LOG_LEVEL_WARN, format, arguments);
    va_end(arguments);
}

void log_info(const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    write_formatted(LOG_LEVEL_INFO, format, arguments);
    va_end(arguments);
}

void log_debug(const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    write_formatted(LOG_LEVEL_DEBUG, format, arguments);
    va_end(arguments);
}
