/* doctor_token: the child process that creates and revokes the token. Parent and child are
 * connected by a socket pair. The child writes one byte when the token exists, then reads until the
 * end of file, which comes when the parent closes its end or dies, and revokes the token. */
#include "doctor/doctor_token.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "event/publish.h"
#include "secrets/secret.h"
#include "store/logins/token.h"

/* The byte that the child sends when the token exists. */
#define ADDED 'a'

/* ---- the child ---- */

/* Revokes the token; it may have been revoked already. */
static enum cli_status revoke_token(const struct cli *cli, uint64_t token_id) {
    struct user_change change;
    const enum error error = token_end(cli->db, token_id, &change);
    if (error)
        return cli_store_error(cli, error);
    /* The events let pushd close sockets that use the token. */
    if (change.changed)
        publish_credentials_changed(cli->redis, &cli->publisher, &change);
    redis_client_flush(cli->redis);
    return CLI_OK;
}

/* Returns when the parent has closed its end, also by being killed. */
static void wait_for_eof(int fd) {
    /* A byte from the parent is never sent; only the end matters. */
    char byte;
    ssize_t size;
    do
        size = read(fd, &byte, 1);
    while (size > 0 || (size < 0 && errno == EINTR));
}

/* Protects the child from the signals that end the parent's process group. It also leaves standard
 * output, so that a reader of the parent's output sees its end. */
static void detach(void) {
    static const int NUMBERS[] = {SIGHUP, SIGINT, SIGQUIT, SIGTERM};
    for (size_t i = 0; i < sizeof(NUMBERS) / sizeof(NUMBERS[0]); i++)
        signal(NUMBERS[i], SIG_IGN);
    /* Out of the terminal's process group, to which Ctrl-C sends its signal. */
    setsid();
    /* Not only closed: the next descriptor would get its number, and what is printed with it. */
    const int null = open("/dev/null", O_WRONLY | O_CLOEXEC);
    if (null < 0 || dup2(null, STDOUT_FILENO) < 0)
        close(STDOUT_FILENO);
    if (null > STDOUT_FILENO)
        close(null);
}

/* Creates the token, waits until the parent ends, and revokes it. It uses connections of its
 * own, since the parent still uses those that it shares by the fork. */
static enum cli_status run_child(const struct cli *parent, uint64_t user_id,
                                 const unsigned char hash[SECRET_HASH_SIZE], int fd) {
    const char added = ADDED;
    struct cli cli = {.given_config = parent->given_config};
    struct buffer problems = BUFFER_EMPTY;
    uint64_t token_id = 0;
    if (!cli_open(&cli, &problems))
        return cli_error("%s", buffer_str(&problems));
    const enum error error = token_add(cli.db, user_id, hash, &token_id);
    if (error)
        return cli_store_error(&cli, error);
    /* If the parent is gone already, the token is revoked at once. */
    if (write(fd, &added, 1) == 1)
        wait_for_eof(fd);
    return revoke_token(&cli, token_id);
}

/* ---- the parent ---- */

enum cli_status doctor_token_add(const struct cli *cli, uint64_t user_id,
                                 const unsigned char hash[SECRET_HASH_SIZE],
                                 struct doctor_token *token) {
    int fds[2];
    char byte = 0;
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) != 0)
        return cli_error("cannot create a socket pair: %s", strerror(errno));
    token->fd = fds[0];
    token->child = fork();
    /* _exit: buffers and exit handlers belong to the parent. */
    if (token->child == 0) {
        /* The child closes its copy of the parent's end, or it would never see the end of file. */
        close(fds[0]);
        detach();
        /* The exit status is what doctor_token_revoke reads. */
        _exit((int)run_child(cli, user_id, hash, fds[1]));
    }
    /* The parent must not keep the child's end open: it could not notice that the child has
     * died. */
    close(fds[1]);
    if (token->child < 0) {
        close(token->fd);
        return cli_error("cannot fork: %s", strerror(errno));
    }
    /* Nothing but the byte means that the child has failed and ended. */
    if (read(token->fd, &byte, 1) == 1 && byte == ADDED)
        return CLI_OK;
    doctor_token_revoke(token);
    return CLI_FAILED;
}

enum cli_status doctor_token_revoke(struct doctor_token *token) {
    int status = 0;
    pid_t ended;
    /* This is the end of file for which the child waits; its exit status says whether it could
     * revoke. */
    close(token->fd);
    do
        ended = waitpid(token->child, &status, 0);
    while (ended < 0 && errno == EINTR);
    return ended > 0 && WIFEXITED(status) && WEXITSTATUS(status) == 0 ? CLI_OK : CLI_FAILED;
}
