/*
 * fuzz_handshake: any bytes as path, query, headers and address of a handshake. Besides memory
 * errors, checks that the parsed texts lie within the input, that a token takes precedence over
 * the cookie, and that a cookie is accepted from this site and listed origins only.
 *
 * The input has a line for each member of struct handshake_input, in their order, and one for
 * X-Forwarded-For; no header can contain a line feed.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"
#include "net/handshake.h"
#include "secrets/secret.h"

static const char ALLOWED[] = "https://www.example.org http://chat.example.org:8080";
static const struct config PROXIES = {.push_proxies = "127.0.0.1",
                                      .trusted_proxies = "10.0.0.0/8 ::1"};

static void require(bool holds, const char *what) {
    if (!holds) {
        fprintf(stderr, "fuzz_handshake: failed: %s\n", what);
        abort();
    }
}

/* Copies the next line, so that reading beyond its end is detected. The caller frees it. */
static struct text next_line(struct text *rest) {
    const char *stop = rest->len ? memchr(rest->at, '\n', rest->len) : NULL;
    const size_t len = stop ? (size_t)(stop - rest->at) : rest->len;
    char *copy = malloc(len ? len : 1);
    require(copy != NULL, "malloc succeeds");
    if (len)
        memcpy(copy, rest->at, len);
    rest->at += len + (stop ? 1 : 0);
    rest->len -= len + (stop ? 1 : 0);
    return (struct text){copy, len};
}

static bool lies_in(struct text part, struct text whole) {
    return part.at >= whole.at && part.at + part.len <= whole.at + whole.len;
}

static void check(const struct handshake_input *input, const struct handshake *handshake) {
    unsigned char hash[SECRET_HASH_SIZE];
    uint64_t since;
    require(!handshake->notifications || handshake->room_id == 0, "notifications have no room");
    require(handshake->room_id <= INT64_MAX, "the room number is possible");
    require(!handshake->has_token || !handshake->has_cookie, "a token takes precedence");
    if (handshake->has_since)
        require(handshake->since.len == 0 || lies_in(handshake->since, input->query),
                "since is in the query");
    require(handshake->user.len == 0 || lies_in(handshake->user, input->user),
            "the user is in the header");
    if (handshake->has_token)
        require(lies_in(handshake->key, input->authorization) ||
                    lies_in(handshake->key, input->protocols) ||
                    lies_in(handshake->key, input->own_token),
                "the token is in a header");
    if (handshake->has_cookie)
        require(handshake->key.len == 0 || lies_in(handshake->key, input->cookie),
                "the key is in the cookie");
    text_to_u64(handshake->since, &since);
    if (handshake->has_token || handshake->has_cookie)
        if (!secret_hash_key(handshake->key, hash))
            secret_hash_api_key(handshake->key, hash);
}

static bool contains(struct text whole, struct text part) {
    for (size_t at = 0; at + part.len <= whole.len; at++)
        if (text_equals_nocase((struct text){whole.at + at, part.len}, part))
            return true;
    return false;
}

/* Without a default port. */
static struct text without_port(struct text host) {
    const struct text ports[] = {text_of(":443"), text_of(":80")};
    for (size_t i = 0; i < 2; i++)
        if (host.len > ports[i].len &&
            memcmp(host.at + host.len - ports[i].len, ports[i].at, ports[i].len) == 0)
            return (struct text){host.at, host.len - ports[i].len};
    return host;
}

static void check_origin(const struct handshake_input *input, const struct handshake *handshake) {
    const struct handshake with_cookie = {.has_cookie = true};
    const struct handshake_input no_host = {.origin = input->origin, .host = text_of("")};
    const bool allowed = handshake_origin_allowed(input, handshake, ALLOWED);
    const bool listed = handshake_origin_allowed(&no_host, &with_cookie, ALLOWED);
    if (!handshake->has_cookie)
        require(allowed, "the origin matters with a cookie only");
    else if (allowed && !listed)
        require(input->host.len > 0 && input->origin.len > 7 &&
                    contains(input->origin, without_port(input->host)),
                "the origin is this site, or listed");
    require(!listed || contains(text_of(ALLOWED), without_port(input->origin)),
            "the origin is in the list");
}

static void check_address(struct text forwarded) {
    char address[HANDSHAKE_ADDRESS_SIZE] = "127.0.0.1";
    handshake_client_address(address, forwarded, &PROXIES);
    require(memchr(address, '\0', sizeof(address)) != NULL, "the address is terminated");
    require(address[0] != '\0', "the address is not empty");
    char peer[HANDSHAKE_ADDRESS_SIZE] = "192.0.2.1";
    handshake_client_address(peer, forwarded, &PROXIES);
    require(strcmp(peer, "192.0.2.1") == 0, "only proxies are trusted");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct handshake_input input = {.cookie_name = "chat"};
    struct handshake handshake;
    struct text forwarded, rest = {(const char *)data, size};
    struct text *const pieces[] = {&input.path,      &input.query,     &input.authorization,
                                   &input.own_token, &input.protocols, &input.cookie,
                                   &input.origin,    &input.host,      &forwarded,
                                   &input.user};
    const size_t count = sizeof(pieces) / sizeof(pieces[0]);
    for (size_t i = 0; i < count; i++)
        *pieces[i] = next_line(&rest);
    handshake_accepts_subprotocol(&input);
    if (handshake_parse(&input, &handshake)) {
        check(&input, &handshake);
        check_origin(&input, &handshake);
    }
    check_address(forwarded);
    for (size_t i = 0; i < count; i++)
        free((char *)pieces[i]->at);
    return 0;
}
