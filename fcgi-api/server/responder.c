/* The file in memory that stands for the connection of libfcgi, first with a request, then with a
 * response. So libfcgi never touches a socket and never blocks. */
#include "server/responder.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <fcgiapp.h>

#include "base/log.h"
#include "base/xalloc.h"

struct responder {
    FCGX_Request request;
    int file;
    struct buffer records; /* of the request */
    struct buffer body;
};

struct responder *responder_new(void) {
    const int file = memfd_create("fastcgi", MFD_CLOEXEC);
    if (file < 0 || FCGX_Init() != 0) {
        log_error("cannot create a file in memory: %s", strerror(errno));
        if (file >= 0)
            close(file);
        return NULL;
    }
    struct responder *responder = xcalloc(1, sizeof(*responder));
    /* Without a listening socket, so that libfcgi cannot wait for a connection. */
    FCGX_InitRequest(&responder->request, -1, 0);
    responder->file = file;
    return responder;
}

void responder_free(struct responder *responder) {
    FCGX_Free(&responder->request, 0);
    close(responder->file);
    buffer_free(&responder->records);
    buffer_free(&responder->body);
    free(responder);
}

/* Ends the process, which the parent replaces. */
static void fail(const char *what) {
    log_error("%s: %s", what, strerror(errno));
    /* SIGABRT leaves a core for the developer, and the log has the reason. */
    abort();
}

/* Makes the file empty, and writes the bytes that are read next. */
static void fill_file(int file, const struct buffer *bytes) {
    if (ftruncate(file, 0) < 0 || pwrite(file, bytes->data, bytes->len, 0) != (ssize_t)bytes->len ||
        lseek(file, 0, SEEK_SET) < 0)
        fail("cannot write to a file in memory"); /* there is no memory left */
}

char *const *responder_read(struct responder *responder, const struct fastcgi *fastcgi,
                            struct text *body) {
    FCGX_Request *request = &responder->request;
    buffer_clear(&responder->records);
    /* The request as records again, without what the web server's packets looked like. */
    fastcgi_write(fastcgi, &responder->records);
    fill_file(responder->file, &responder->records);

    /* With a descriptor, and told to keep it, libfcgi does not accept a connection. */
    request->ipcFd = responder->file;
    request->keepConnection = 1;
    if (FCGX_Accept_r(request) < 0)
        fail("libfcgi rejects a request"); /* although fastcgi.c accepted it: a bug */

    /* No more bytes than were collected, so that a wrong length cannot be read here. */
    buffer_clear(&responder->body);
    /* One more byte for the terminator. */
    char *at = buffer_reserve(&responder->body, fastcgi->body.len + 1);
    responder->body.len = (size_t)FCGX_GetStr(at, (int)fastcgi->body.len, request->in);
    *body = (struct text){buffer_str(&responder->body), responder->body.len};
    return request->envp;
}

void responder_write(struct responder *responder, const struct buffer *head,
                     const struct buffer *body, struct buffer *out) {
    FCGX_Request *request = &responder->request;
    static const struct buffer nothing = BUFFER_EMPTY;
    /* From here on the file takes the response. */
    fill_file(responder->file, &nothing);
    FCGX_PutStr(head->data, (int)head->len, request->out);
    if (body->len > 0)
        FCGX_PutStr(body->data, (int)body->len, request->out);
    /* Writes STDOUT to its end, and END_REQUEST. */
    FCGX_Finish_r(request);

    /* libfcgi wrote from offset 0 on, so the offset is the length. */
    const off_t len = lseek(responder->file, 0, SEEK_CUR);
    char *at = buffer_reserve(out, (size_t)len);
    if (pread(responder->file, at, (size_t)len, 0) == len)
        out->len += (size_t)len;
}
