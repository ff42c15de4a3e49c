/*
 * F, the floor of a request: a FastCGI program with a constant answer.
 *
 *     fcgi SOCKET PROCESSES STATUS BYTES
 *
 * PROCESSES processes accept on one socket and answer everything with that status and a body of
 * that size, until SIGTERM.
 */
#include <fcgiapp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define BACKLOG 4096

static int listen_at(const char *path) {
    struct sockaddr_un name = {.sun_family = AF_UNIX};
    if (strlen(path) >= sizeof(name.sun_path))
        return -1;
    memcpy(name.sun_path, path, strlen(path) + 1);
    unlink(path);
    const int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    if (fd < 0 || bind(fd, (const struct sockaddr *)&name, sizeof(name)) < 0 ||
        listen(fd, BACKLOG) < 0)
        return -1;
    return fd;
}

static void serve(int fd, const char *head, const char *body, size_t size) {
    FCGX_Request request;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (FCGX_Init() != 0 || FCGX_InitRequest(&request, fd, 0) != 0)
        return;
    while (FCGX_Accept_r(&request) == 0) {
        FCGX_PutS(head, request.out);
        FCGX_PutStr(body, (int)size, request.out);
        FCGX_Finish_r(&request);
    }
}

int main(int argc, char **argv) {
    char head[128];
    if (argc != 5) {
        fputs("usage: fcgi SOCKET PROCESSES STATUS BYTES\n", stderr);
        return 2;
    }
    const size_t size = strtoul(argv[4], NULL, 10);
    char *body = malloc(size + 1);
    const int fd = listen_at(argv[1]);
    if (fd < 0 || !body) {
        perror(argv[1]);
        return 1;
    }
    memset(body, 'x', size);
    snprintf(head, sizeof(head), "Status: %s\r\n%s\r\n", argv[3],
             size ? "Content-Type: application/json; charset=utf-8\r\n" : "");
    for (unsigned long i = strtoul(argv[2], NULL, 10); i > 0; i--)
        if (fork() == 0) {
            serve(fd, head, body, size);
            _exit(1);
        }
    pause();
    return 0;
}
