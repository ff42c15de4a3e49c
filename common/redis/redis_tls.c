/* OpenSSL between two buffers in memory (BIOs): `in` has what came from the socket, `out` what is
 * to be sent. So the code of the socket, its deadlines and its partial writes are the same with and
 * without TLS. */
#include "redis/redis_tls.h"

#include <arpa/inet.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/xalloc.h"

struct redis_tls {
    SSL_CTX *context;
    SSL *ssl;
    BIO *in, *out; /* owned by ssl */
    bool ready;
    char error[160];
};

/* Records the first error of OpenSSL, or why the certificate was refused. */
static bool fail(struct redis_tls *tls) {
    /* A refused certificate has the better explanation than the error that followed from it. */
    const long verified = SSL_get_verify_result(tls->ssl);
    const unsigned long code = ERR_get_error();
    const char *why = ERR_reason_error_string(code);
    if (verified != X509_V_OK)
        why = X509_verify_cert_error_string(verified);
    snprintf(tls->error, sizeof(tls->error), "TLS: %s", why ? why : "connection closed");
    ERR_clear_error();
    return false;
}

/* ---- settings ---- */

/* Loads the certificates and the key of the configuration. NULL, or what cannot be used. */
static const char *use_files(SSL_CTX *context, const struct config *config) {
    const bool verify = config->redis_tls == CONFIG_TLS_VERIFY;
    /* With redis_ca only that authority counts; without, those of the system. */
    if (verify && config->redis_ca[0] &&
        SSL_CTX_load_verify_locations(context, config->redis_ca, NULL) != 1)
        return "TLS: redis_ca cannot be used";
    if (verify && !config->redis_ca[0] && SSL_CTX_set_default_verify_paths(context) != 1)
        return "TLS: the system has no certificates of authorities";
    if (config->redis_cert[0] &&
        SSL_CTX_use_certificate_chain_file(context, config->redis_cert) != 1)
        return "TLS: redis_cert cannot be used";
    if (config->redis_key[0] &&
        SSL_CTX_use_PrivateKey_file(context, config->redis_key, SSL_FILETYPE_PEM) != 1)
        return "TLS: redis_key cannot be used";
    SSL_CTX_set_verify(context, verify ? SSL_VERIFY_PEER : SSL_VERIFY_NONE, NULL);
    return NULL;
}

/* The certificate must be for the host. An address is compared with the addresses in it, a name is
 * also sent to the server. */
static bool set_host(SSL *ssl, const char *host) {
    struct in6_addr address;
    const bool is_address =
        inet_pton(AF_INET, host, &address) == 1 || inet_pton(AF_INET6, host, &address) == 1;
    /* A certificate has names and addresses apart; SNI (RFC 6066) allows names only. */
    if (is_address)
        return X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), host) == 1;
    return SSL_set_tlsext_host_name(ssl, host) == 1 && SSL_set1_host(ssl, host) == 1;
}

struct redis_tls *redis_tls_new(const struct config *config, const char *host, const char **error) {
    struct redis_tls *tls = xcalloc(1, sizeof(*tls));
    tls->context = SSL_CTX_new(TLS_client_method());
    /* Kept as the reason until the next step. */
    *error = "TLS: out of memory";
    if (!tls->context)
        goto failed;
    /* Older versions are broken and switched off in Redis too. */
    SSL_CTX_set_min_proto_version(tls->context, TLS1_2_VERSION);
    *error = use_files(tls->context, config);
    if (*error)
        goto failed;
    *error = "TLS: out of memory";
    tls->ssl = SSL_new(tls->context);
    if (!tls->ssl)
        goto failed;
    tls->in = BIO_new(BIO_s_mem());
    tls->out = BIO_new(BIO_s_mem());
    if (!tls->in || !tls->out) {
        BIO_free(tls->in);
        BIO_free(tls->out);
        goto failed;
    }
    /* ssl owns both from here on. */
    SSL_set_bio(tls->ssl, tls->in, tls->out);
    SSL_set_connect_state(tls->ssl);
    /* In other modes nothing of the certificate is compared. */
    if (config->redis_tls == CONFIG_TLS_VERIFY && !set_host(tls->ssl, host))
        goto failed;
    ERR_clear_error();
    return tls;
failed:
    ERR_clear_error();
    redis_tls_free(tls);
    return NULL;
}

void redis_tls_free(struct redis_tls *tls) {
    if (!tls)
        return;
    SSL_free(tls->ssl);
    SSL_CTX_free(tls->context);
    free(tls);
}

/* ---- bytes ---- */

bool redis_tls_feed(struct redis_tls *tls, const char *bytes, size_t len) {
    /* A memory BIO takes everything. */
    if (len > 0 && BIO_write(tls->in, bytes, (int)len) != (int)len)
        return fail(tls);
    /* After the handshake SSL_read processes what was fed. */
    if (tls->ready)
        return true;
    const int done = SSL_do_handshake(tls->ssl);
    tls->ready = done == 1;
    /* Needs more bytes: not an error. */
    return tls->ready || SSL_get_error(tls->ssl, done) == SSL_ERROR_WANT_READ || fail(tls);
}

bool redis_tls_is_ready(const struct redis_tls *tls) {
    return tls->ready;
}

bool redis_tls_read(struct redis_tls *tls, struct buffer *out) {
    int got;
    /* Until OpenSSL has no complete record left. */
    do {
        got = SSL_read(tls->ssl, buffer_reserve(out, 16384), 16384);
        out->len += got > 0 ? (size_t)got : 0;
    } while (got > 0);
    /* Closed by the server (close_notify) counts as a failure: the caller disconnects. */
    return SSL_get_error(tls->ssl, got) == SSL_ERROR_WANT_READ || fail(tls);
}

bool redis_tls_write(struct redis_tls *tls, const char *bytes, size_t len) {
    size_t written;
    /* A memory BIO never blocks, so the write is whole or failed. */
    return len == 0 || SSL_write_ex(tls->ssl, bytes, len, &written) == 1 || fail(tls);
}

void redis_tls_take(struct redis_tls *tls, struct buffer *out) {
    /* Records of the handshake as well as encrypted commands. */
    int got;
    do {
        got = BIO_read(tls->out, buffer_reserve(out, 16384), 16384);
        out->len += got > 0 ? (size_t)got : 0;
    } while (got > 0);
}

const char *redis_tls_error(const struct redis_tls *tls) {
    return tls->error;
}
