/*
 * redis_conn: from CLOSED to OPEN: looking up the host, connecting the socket, beginning TLS, and
 * logging in.
 */
#include "redis/redis_conn_private.h"

#include <stdio.h>

#include "base/log.h"
#include "base/xalloc.h"
#include "redis/redis_command.h"

/* One buffer is enough for all connections: libuv calls redis_conn_on_read before the next
 * on_alloc. */
static void on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *buf) {
    static char bytes[65536];
    (void)handle;
    (void)suggested;
    *buf = uv_buf_init(bytes, sizeof(bytes));
}

/* An error is only logged: if Redis insists on the password, the PING that follows fails, and
 * ends the connection. */
static void on_authenticated(void *context, const struct redis_reply *reply) {
    (void)context;
    if (reply && reply->kind == REDIS_ERROR)
        log_error("redis: authentication failed: %s", reply->text.at);
}

static void on_selected(void *context, const struct redis_reply *reply) {
    (void)context;
    if (reply && reply->kind == REDIS_ERROR)
        log_error("redis: redis_database cannot be used: %s", reply->text.at);
}

/* A Sentinel may not know yet that the server is a replica by now. */
static void on_role(void *context, const struct redis_reply *reply) {
    struct redis_conn *conn = context;
    if (reply && reply->kind == REDIS_LIST && reply->count > 0 &&
        reply->items[0]->kind == REDIS_TEXT && text_equals(reply->items[0]->text, text_of("slave")))
        redis_conn_disconnect(conn, "it is a replica");
}

/* Authenticates and chooses the database. Sent together, without waiting: Redis handles them in
 * order. */
static void log_in(struct redis_conn *conn) {
    static redis_conn_done *const REPLIES[] = {
        [REDIS_LOGIN_AUTH] = on_authenticated,
        [REDIS_LOGIN_SELECT] = on_selected,
        [REDIS_LOGIN_ROLE] = on_role,
    };
    struct redis_login login;
    redis_login_make(&login, conn->config, conn->of_sentinel, conn->is_given);
    for (size_t i = 0; i < login.count; i++) {
        const struct redis_login_command *command = &login.commands[i];
        redis_conn_command(conn, command->args, command->count, REPLIES[command->kind], conn);
    }
}

/* The socket is connected, and the handshake of TLS complete. */
void redis_conn_become_open(struct redis_conn *conn) {
    conn->state = OPEN;
    log_in(conn);
    conn->callbacks->opened(conn->callbacks->context);
    /* Last, so that its answer means that all of these were answered. */
    redis_conn_ping(conn);
}

/* Begins the handshake. */
static void start_tls(struct redis_conn *conn) {
    const char *error = NULL;
    struct redis_tls *tls = redis_tls_new(conn->config, conn->to.name, &error);
    if (!tls) {
        redis_conn_disconnect(conn, error);
        return;
    }
    conn->transport->tls = tls;
    /* Without bytes: makes and writes the first message of the handshake. */
    redis_conn_decrypt(conn->transport, NULL, 0);
}

/* On a Unix socket. */
static bool is_local(const struct redis_conn *conn) {
    return !conn->is_given && conn->config->redis_socket[0] != '\0';
}

/* The socket is connected, or could not be. */
static void on_connected(uv_connect_t *request, int status) {
    struct transport *transport = request->data;
    struct redis_conn *conn = transport->conn;
    /* Given up meanwhile. */
    if (!conn)
        return;
    if (status == 0)
        status = uv_read_start(&transport->stream, on_alloc, redis_conn_on_read);
    if (status < 0) {
        redis_conn_disconnect(conn, uv_strerror(status));
        return;
    }
    /* On a Unix socket there is no TLS. */
    if (!is_local(conn) && conn->config->redis_tls != CONFIG_TLS_OFF)
        start_tls(conn);
    else
        redis_conn_become_open(conn);
}

/* An attempt; on_connected tells how it ended. */
static void connect_tcp(struct transport *transport, const struct sockaddr *address) {
    /* The handle exists from now on; redis_conn_disconnect closes it. */
    uv_tcp_init(transport->conn->loop, &transport->tcp);
    transport->handle.data = transport;
    uv_tcp_nodelay(&transport->tcp, 1);
    const int error = uv_tcp_connect(&transport->connect, &transport->tcp, address, on_connected);
    if (error)
        redis_conn_disconnect(transport->conn, uv_strerror(error));
}

/* The host was looked up: connects to one of its addresses. */
static void on_resolved(void *context, const struct name_lookup_result *result) {
    struct redis_conn *conn = context;
    struct transport *transport = conn->transport;
    conn->resolver = NULL;
    /* The attempt was given up; the next one asks again. */
    if (!transport || !transport->is_resolving)
        return;
    /* Such as a name that does not exist. With the next attempt the lookup is repeated. */
    if (result->count == 0) {
        redis_conn_disconnect(conn, name_lookup_error(result));
        return;
    }
    transport->is_resolving = false;
    /* Each attempt tries the next address. */
    const size_t at = conn->address++ % result->count;
    connect_tcp(transport, (const struct sockaddr *)&result->addresses[at]);
}

/* Looks the host up. A lookup that takes longer than the attempt that began it serves the next
 * one. */
static void resolve(struct redis_conn *conn) {
    conn->transport->is_resolving = true;
    if (!conn->resolver)
        conn->resolver =
            resolver_start(conn->loop, conn->to.name, conn->to.port, on_resolved, conn);
    if (!conn->resolver)
        redis_conn_disconnect(conn, "cannot start a thread to look up redis_host");
}

/* Begins an attempt, with a transport of its own. */
void redis_conn_connect(struct redis_conn *conn) {
    struct transport *transport = xcalloc(1, sizeof(*transport));
    transport->conn = conn;
    transport->connect.data = transport;
    /* Each attempt has its own parser, without the rest of a former connection. */
    transport->reader = redis_reply_reader();
    conn->transport = transport;
    conn->state = CONNECTING;
    conn->ticks = 0;
    if (is_local(conn)) {
        uv_pipe_init(conn->loop, &transport->pipe, 0);
        transport->handle.data = transport;
        uv_pipe_connect(&transport->connect, &transport->pipe, conn->config->redis_socket,
                        on_connected);
        return;
    }
    if (!conn->is_given) {
        snprintf(conn->to.name, sizeof(conn->to.name), "%s", conn->config->redis_host);
        conn->to.port = (unsigned)conn->config->redis_port;
    }
    resolve(conn);
}
