/* resolver: polls the descriptor of a lookup on the loop. */
#include "redis/resolver.h"

#include <stdlib.h>
#include <unistd.h>

#include "base/xalloc.h"

struct resolver {
    uv_poll_t poll;
    int fd;
    resolver_done *done;
    void *context;
};

static void on_closed(uv_handle_t *handle) {
    free(handle->data);
}

void resolver_cancel(struct resolver *resolver) {
    /* uv_close stops polling at once, so that the descriptor can be closed. */
    uv_close((uv_handle_t *)&resolver->poll, on_closed);
    close(resolver->fd);
}

/* The result of the lookup can be read. */
static void on_readable(uv_poll_t *poll, int failed, int events) {
    struct resolver *resolver = poll->data;
    struct name_lookup_result result;
    (void)failed;
    (void)events;
    /* Woken for nothing: the result comes as one piece, and is not there yet. */
    if (!name_lookup_read(resolver->fd, &result))
        return;
    /* The callback may start another lookup, so this one is gone before. */
    resolver_done *done = resolver->done;
    void *context = resolver->context;
    resolver_cancel(resolver);
    done(context, &result);
}

struct resolver *resolver_start(uv_loop_t *loop, const char *host, uint64_t port,
                                resolver_done *done, void *context) {
    const int fd = name_lookup_start(host, port);
    if (fd < 0)
        return NULL;
    struct resolver *resolver = xcalloc(1, sizeof(*resolver));
    *resolver = (struct resolver){.fd = fd, .done = done, .context = context};
    resolver->poll.data = resolver;
    uv_poll_init(loop, &resolver->poll, resolver->fd);
    uv_poll_start(&resolver->poll, UV_READABLE, on_readable);
    return resolver;
}
