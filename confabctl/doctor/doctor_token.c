#include "doctor/doctor_token.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/secret.h"
#include "event/publish.h"
#include "store/token.h"

/* What the keeper says once there is a token. */
#define MADE 'm'

/* ---- the keeper ---- */

static enum tool_end end_token(const struct tool *tool, uint64_t token_id) {
    struct user_change change;
    const enum error error = token_end(tool->db, token_id, &change);
    if (error)
        return tool_store_failed(tool, error);
    if (change.changed)
        publish_credentials_changed(tool->redis, tool->config.redis_prefix, &change);
    redis_client_flush(tool->redis);
    return TOOL_DONE;
}

static void wait_for_end(int line) {
    char byte;
    ssize_t size;
    do
        size = read(line, &byte, 1);
    while (size > 0 || (size < 0 && errno == EINTR));
}

/* What ends the doctor, and all that was started with it, leaves the keeper alone; nobody
 * waits for the end of its output. */
static void step_aside(void) {
    static const int NUMBERS[] = {SIGHUP, SIGINT, SIGQUIT, SIGTERM};
    for (size_t i = 0; i < sizeof(NUMBERS) / sizeof(NUMBERS[0]); i++)
        signal(NUMBERS[i], SIG_IGN);
    setsid();
    close(STDOUT_FILENO);
}

/* The doctor's connections are not touched: it has its own. */
static enum tool_end keep(const struct tool *doctor, uint64_t user_id,
                          const unsigned char hash[SECRET_HASH_SIZE], int line) {
    const char made = MADE;
    struct tool tool = {.given_config = doctor->given_config};
    struct buffer problems = BUFFER_EMPTY;
    uint64_t token_id = 0;
    if (!tool_open(&tool, &problems))
        return tool_fail("%s", buffer_str(&problems));
    const enum error error = token_add(tool.db, user_id, hash, &token_id);
    if (error)
        return tool_store_failed(&tool, error);
    if (write(line, &made, 1) == 1)
        wait_for_end(line);
    return end_token(&tool, token_id);
}

/* ---- the doctor ---- */

enum tool_end doctor_token_make(const struct tool *tool, uint64_t user_id,
                                const unsigned char hash[SECRET_HASH_SIZE],
                                struct doctor_token *token) {
    int lines[2];
    char said = 0;
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, lines) != 0)
        return tool_fail("cannot speak to another process: %s", strerror(errno));
    token->line = lines[0];
    token->keeper = fork();
    if (token->keeper == 0) {
        close(lines[0]);
        step_aside();
        _exit((int)keep(tool, user_id, hash, lines[1]));
    }
    close(lines[1]);
    if (token->keeper < 0) {
        close(token->line);
        return tool_fail("cannot start another process: %s", strerror(errno));
    }
    if (read(token->line, &said, 1) == 1 && said == MADE)
        return TOOL_DONE;
    doctor_token_end(token);
    return TOOL_FAILED;
}

enum tool_end doctor_token_end(struct doctor_token *token) {
    int status = 0;
    pid_t ended;
    close(token->line);
    do
        ended = waitpid(token->keeper, &status, 0);
    while (ended < 0 && errno == EINTR);
    return ended > 0 && WIFEXITED(status) && WEXITSTATUS(status) == 0 ? TOOL_DONE : TOOL_FAILED;
}
