/* A command gets the path as its last argument and reports the result by its exit status, as
 * clamscan and clamdscan do: 0 nothing, 1 something, else it has failed. clamd gets the bytes over
 * its socket (INSTREAM), so that it need not be able to read file_dir. */
#include "scanner.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/xalloc.h"

/* A scanner that takes longer has failed. */
#define SCAN_MS 120000
#define POLL_MS 20

#define WORDS_MOST 32
#define CHUNK 65536

/* Without either nothing is scanned, and files are ready at once. */
bool scanner_is_configured(const struct config *config) {
    return config->scan_command[0] || config->scan_socket[0];
}

/* ---- a command ---- */

/* Waits for the process; kills it when it takes too long. Polls, since waitpid has no timeout. */
static bool wait_for(pid_t pid, int *status) {
    const struct timespec pause = {.tv_nsec = POLL_MS * 1000000L};
    const int64_t end = clock_monotonic_ms() + SCAN_MS;
    while (clock_monotonic_ms() < end) {
        const pid_t found = waitpid(pid, status, WNOHANG);
        if (found == pid)
            return true;
        if (found < 0 && errno != EINTR)
            return false;
        /* waitpid has no timeout, so it is called in turns with a pause. */
        nanosleep(&pause, NULL);
    }
    /* Reaps the process, which SIGKILL has ended, so that no zombie is left. */
    kill(pid, SIGKILL);
    waitpid(pid, status, 0);
    return false;
}

/* Splits a command into words; there is no shell. Returns their number. */
static size_t split(char *command, char *words[WORDS_MOST]) {
    size_t count = 0;
    char *place = NULL;
    /* Two places are left, for the path and the NULL. */
    for (char *word = strtok_r(command, " \t", &place); word && count < WORDS_MOST - 2;
         word = strtok_r(NULL, " \t", &place))
        words[count++] = word;
    return count;
}

/* The path is one argument, whatever characters it has: there is no shell that reads it. */
static enum scanner_result run_command(const char *scan_command, const char *path,
                                       const char **failure) {
    /* strtok_r writes into the command, so it works on a copy. */
    char *words[WORDS_MOST], *command = xstrdup(scan_command), *file = xstrdup(path);
    posix_spawn_file_actions_t actions;
    pid_t pid;
    int status = 0;
    const size_t count = split(command, words);
    words[count] = file;
    words[count + 1] = NULL;
    /* Output is discarded, since it may contain names of files, which are not for the log. Standard
     * input is empty, so that a command that asks a question does not wait. */
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
    posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
    const bool started =
        count > 0 && posix_spawnp(&pid, words[0], &actions, NULL, words, environ) == 0;
    posix_spawn_file_actions_destroy(&actions);
    const bool ended = started && wait_for(pid, &status);
    free(command);
    free(file);
    *failure = !started             ? "scan_command cannot be started"
               : !ended             ? "scan_command timed out"
               : !WIFEXITED(status) ? "scan_command was killed"
                                    : "scan_command exited with another status than 0 or 1";
    /* Only 1 means a virus: a scanner that crashes or is misconfigured must not cause files to be
     * deleted. */
    if (!ended || !WIFEXITED(status) || WEXITSTATUS(status) > 1)
        return SCANNER_FAILED;
    return WEXITSTATUS(status) == 0 ? SCANNER_CLEAN : SCANNER_FOUND;
}

/* ---- clamd ---- */

enum scanner_result scanner_read_answer(struct text answer) {
    static const char OK[] = ": OK", FOUND[] = " FOUND";
    /* Answers end with a NUL or a line break. Then only their end counts: before it is the name
     * of what was found, which may be any text. */
    while (answer.len > 0 &&
           (answer.at[answer.len - 1] == '\0' || answer.at[answer.len - 1] == '\n'))
        answer.len--;
    if (answer.len > sizeof(FOUND) - 1 &&
        memcmp(answer.at + answer.len - (sizeof(FOUND) - 1), FOUND, sizeof(FOUND) - 1) == 0)
        return SCANNER_FOUND;
    if (answer.len > sizeof(OK) - 1 &&
        memcmp(answer.at + answer.len - (sizeof(OK) - 1), OK, sizeof(OK) - 1) == 0)
        return SCANNER_CLEAN;
    return SCANNER_FAILED;
}

/* Connects to a Unix socket; -1 if that fails. */
static int connect_path(const char *path) {
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    /* A longer path would be cut, and name another socket. */
    if (strlen(path) >= sizeof(address.sun_path))
        return -1;
    memcpy(address.sun_path, path, strlen(path) + 1);
    const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd >= 0 && connect(fd, (const struct sockaddr *)&address, sizeof(address)) != 0) {
        close(fd);
        return -1;
    }
    return fd;
}

/* host:port */
static int connect_host(const char *where) {
    const char *colon = strrchr(where, ':');
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM}, *found = NULL;
    char host[256];
    int fd = -1;
    if (!colon)
        return -1;
    snprintf(host, sizeof(host), "%.*s", (int)(colon - where), where);
    if (getaddrinfo(host, colon + 1, &hints, &found) != 0)
        return -1;
    /* Each address of the name in turn, until one accepts. */
    for (const struct addrinfo *one = found; one && fd < 0; one = one->ai_next) {
        fd = socket(one->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
        if (fd >= 0 && connect(fd, one->ai_addr, one->ai_addrlen) != 0) {
            close(fd);
            fd = -1;
        }
    }
    freeaddrinfo(found);
    return fd;
}

/* A closed socket is an error here, not SIGPIPE. */
static bool send_all(int fd, const void *bytes, size_t len) {
    const char *at = bytes;
    while (len > 0) {
        const ssize_t sent = send(fd, at, len, MSG_NOSIGNAL);
        if (sent < 0 && errno == EINTR)
            continue;
        if (sent <= 0)
            return false;
        at += sent;
        len -= (size_t)sent;
    }
    return true;
}

/* Sends a chunk: its length in four bytes, most significant first, then the bytes. Length 0 is
 * the end. */
static bool send_chunk(int fd, const char *bytes, size_t len) {
    const unsigned char head[4] = {(unsigned char)(len >> 24), (unsigned char)(len >> 16),
                                   (unsigned char)(len >> 8), (unsigned char)len};
    return send_all(fd, head, sizeof(head)) && (len == 0 || send_all(fd, bytes, len));
}

/* Sends the file and reads the answer. */
static enum scanner_result ask(int fd, int file) {
    char chunk[CHUNK], answer[1024];
    ssize_t got = 0;
    size_t len = 0;
    off_t at = 0;
    /* With "z" commands and answers end with a NUL, which sizeof counts here. */
    bool sent = send_all(fd, "zINSTREAM", sizeof("zINSTREAM"));
    /* From the beginning, whatever the position of the descriptor is. */
    while (sent && (got = pread(file, chunk, sizeof(chunk), at)) > 0) {
        sent = send_chunk(fd, chunk, (size_t)got);
        at += got;
    }
    /* Reads the answer also if the file could not be read to its end, or clamd has closed: it may
     * have the cause. */
    if (got < 0 || (sent && !send_chunk(fd, NULL, 0)))
        return SCANNER_FAILED;
    /* clamd closes after its answer, which is one line. */
    while (len < sizeof(answer) && (got = recv(fd, answer + len, sizeof(answer) - len, 0)) > 0)
        len += (size_t)got;
    return scanner_read_answer((struct text){answer, len});
}

/* Lets clamd scan an open file; *failure is the cause if that fails. */
static enum scanner_result ask_clamd(const char *where, int file, const char **failure) {
    const struct timeval timeout = {.tv_sec = SCAN_MS / 1000};
    const int fd = where[0] == '/' ? connect_path(where) : connect_host(where);
    *failure = "scan_socket does not answer";
    if (fd < 0)
        return SCANNER_FAILED;
    /* The timeout of each send and receive. */
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof(timeout));
    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &timeout, sizeof(timeout));
    const enum scanner_result result = ask(fd, file);
    *failure = "scan_socket answers with an error";
    close(fd);
    return result;
}

enum scanner_result scanner_run(const struct config *config, const char *path, int fd,
                                const char **failure) {
    enum scanner_result result = SCANNER_CLEAN;
    *failure = "";
    /* If both are configured, the file must be clean for both. */
    if (config->scan_command[0])
        result = run_command(config->scan_command, path, failure);
    if (result == SCANNER_CLEAN && config->scan_socket[0])
        result = ask_clamd(config->scan_socket, fd, failure);
    return result;
}
