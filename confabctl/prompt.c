/* prompt: reading lines from a terminal, with and without echo. The echo must be restored in any
 * case: signals are caught while it is off, and raised again once it is restored. */
#include "prompt.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

/* Signals that would end the program, or stop it (Ctrl-Z), while echo is off. */
static const int CAUGHT[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP};
#define CAUGHT_COUNT (sizeof(CAUGHT) / sizeof(CAUGHT[0]))

/* The number of the signal; 0: none. It is the only state that the handler touches. */
static volatile sig_atomic_t caught;

/* The handler only sets the variable; read_line returns when it sees it. */
static void catch (int signal) {
    caught = signal;
}

/* Reads a line from standard input. It reads single bytes, so that the next line is left to
 * the next reader. Returns NULL or an error text. `waiting`, if not NULL, is the signal mask
 * during the wait for input: it lets blocked signals in only there. */
static const char *read_line(char *bytes, size_t size, size_t *len, const sigset_t *waiting) {
    struct pollfd input = {STDIN_FILENO, POLLIN, 0};
    *len = 0;
    for (;;) {
        char c = '\0';
        /* Without a mask the read itself waits. */
        const int ready = waiting ? ppoll(&input, 1, NULL, waiting) : 1;
        if (caught)
            return "interrupted";
        /* One byte at a time: no byte of the next line is lost in a buffer. */
        const ssize_t got = ready < 0 ? ready : read(STDIN_FILENO, &c, 1);
        /* Interrupted by a signal that is not caught here, as after SIGSTOP and SIGCONT. */
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return "cannot read standard input";
        if (got == 0 && *len == 0)
            return "standard input is empty";
        /* The last line may lack its line feed. */
        if (got == 0 || c == '\n')
            return NULL;
        /* The rest of the line stays unread; read_once discards it. */
        if (*len == size)
            return "line too long";
        bytes[(*len)++] = c;
    }
}

/* Switches the echo off; false if the terminal still has it. tcsetattr succeeds if it could make
 * any of the changes. */
static bool hide(const struct termios *shown) {
    struct termios hidden = *shown;
    hidden.c_lflag &= ~(tcflag_t)ECHO;
    /* TCSAFLUSH discards what was typed before the question appeared. */
    return tcsetattr(STDIN_FILENO, TCSAFLUSH, &hidden) == 0 &&
           tcgetattr(STDIN_FILENO, &hidden) == 0 && (hidden.c_lflag & ECHO) == 0;
}

/* Reads a line without echo. The terminal is restored before this returns, also after a
 * signal, which is raised again then; *stopped: it was Ctrl-Z, and the program continues. Signals
 * are blocked except during the wait for input, so that one that arrives just before the wait
 * interrupts it. */
static const char *read_once(const char *question, struct prompt_secret *secret, bool *stopped) {
    struct termios shown;
    *stopped = false;
    struct sigaction action = {.sa_handler = catch}, before[CAUGHT_COUNT];
    sigset_t held, waiting;
    if (tcgetattr(STDIN_FILENO, &shown) != 0)
        return "cannot read the terminal settings";
    /* Block the signals, then catch them: they are delivered in ppoll only. */
    caught = 0;
    sigemptyset(&held);
    for (size_t i = 0; i < CAUGHT_COUNT; i++)
        sigaddset(&held, CAUGHT[i]);
    /* `waiting` is the mask of before, which lets the signals in. */
    sigprocmask(SIG_BLOCK, &held, &waiting);
    for (size_t i = 0; i < CAUGHT_COUNT; i++)
        sigaction(CAUGHT[i], &action, &before[i]);
    const char *problem = "cannot switch off the echo of the terminal";
    if (hide(&shown)) {
        /* On standard error, since standard output may be piped. */
        fprintf(stderr, "%s", question);
        problem = read_line(secret->bytes, sizeof(secret->bytes), &secret->len, &waiting);
        fprintf(stderr, "\n");
    }
    /* Discard the rest of a line that was too long; the shell must not see it. */
    if (tcsetattr(STDIN_FILENO, TCSAFLUSH, &shown) != 0 && !problem)
        problem = "cannot restore the terminal";
    /* In the reverse order of above: handlers first, then the mask, so that no signal meets our
     * handler. */
    for (size_t i = 0; i < CAUGHT_COUNT; i++)
        sigaction(CAUGHT[i], &before[i], NULL);
    sigprocmask(SIG_SETMASK, &waiting, NULL);
    /* The handlers of before are in place again: let the signal take effect. */
    const int signal = caught;
    *stopped = signal == SIGTSTP;
    if (signal)
        raise(signal);
    return problem;
}

/* The same; after Ctrl-Z and fg the question is asked again. */
static const char *read_hidden(const char *question, struct prompt_secret *secret) {
    const char *problem;
    bool stopped;
    /* Only Ctrl-Z returns here: other signals have ended the program. */
    do
        problem = read_once(question, secret, &stopped);
    while (stopped);
    return problem;
}

const char *prompt_password(const char *username, struct prompt_secret *secret) {
    char question[96];
    struct prompt_secret again;
    /* From a script: one line, without a question and without a second one. */
    if (!isatty(STDIN_FILENO))
        return read_line(secret->bytes, sizeof(secret->bytes), &secret->len, NULL);
    /* Twice, since the input is not shown. */
    snprintf(question, sizeof(question), "Password for %.64s: ", username);
    const char *problem = read_hidden(question, secret);
    if (problem)
        return problem;
    /* The first one stays in memory until the caller wipes it. */
    problem = read_hidden("Retype the password: ", &again);
    if (!problem &&
        (again.len != secret->len || memcmp(again.bytes, secret->bytes, secret->len) != 0))
        problem = "passwords do not match";
    prompt_wipe(&again);
    return problem;
}

struct text prompt_text(const struct prompt_secret *secret) {
    return (struct text){secret->bytes, secret->len};
}

void prompt_wipe(struct prompt_secret *secret) {
    /* explicit_bzero is not removed by the compiler, as memset of a dying variable is. */
    explicit_bzero(secret, sizeof(*secret));
}

bool prompt_is_possible(void) {
    return isatty(STDIN_FILENO);
}

bool prompt_confirm(const char *question) {
    char answer[16];
    size_t len;
    fprintf(stderr, "%s [y/N] ", question);
    /* End of file, or a line that is too long: no. */
    if (read_line(answer, sizeof(answer), &len, NULL) != NULL)
        return false;
    const struct text text = {answer, len};
    return text_equals_nocase(text, text_of("y")) || text_equals_nocase(text, text_of("yes"));
}
