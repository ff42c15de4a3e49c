/* handshake: parsing of path, query, headers and origin. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "net/conn_limit.h"
#include "net/handshake.h"
#include "support/unit.h"

#define NONE \
    { NULL, 0 }

/* A handshake for room 5 without credentials. */
#define KEY "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define OTHER_KEY "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"

static struct handshake_input input_of_room(void) {
    return (struct handshake_input){.path = text_of("/ws/chat/5/"), .host = text_of("x.example")};
}

static struct handshake read_of(const struct handshake_input *input) {
    struct handshake handshake;
    assert_true(handshake_parse(input, &handshake));
    return handshake;
}

static void assert_key(const struct handshake_input *input, bool token, const char *key) {
    const struct handshake handshake = read_of(input);
    assert_int_equal(handshake.has_token, token);
    assert_int_equal(handshake.has_cookie, !token);
    if (!text_equals(handshake.key, text_of(key)))
        fail_msg("the key is '%.*s', not '%s'", (int)handshake.key.len, handshake.key.at, key);
}

/* ---- path ---- */

static void a_path_names_a_room(void **state) {
    static const struct {
        const char *path;
        uint64_t room_id;
    } cases[] = {
        {"/ws/chat/1/", 1},
        {"/ws/chat/1", 1},
        {"/ws/chat/12345/", 12345},
        {"/ws/chat/9223372036854775807/", INT64_MAX},
        /* numbers that no room can have */
        {"/ws/chat/0/", 0},
        {"/ws/chat/9223372036854775808/", 0},
        {"/ws/chat/18446744073709551615", 0},
        {"/ws/chat/99999999999999999999999999/", 0},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        const struct handshake_input input = {.path = text_of(cases[i].path)};
        const struct handshake handshake = read_of(&input);
        assert_false(handshake.notifications);
        assert_true(handshake.room_id == cases[i].room_id);
    }
}

static void a_path_names_the_notifications(void **state) {
    static const char *const paths[] = {"/ws/chat/notifications/", "/ws/chat/notifications"};
    (void)state;
    for (size_t i = 0; i < COUNT(paths); i++) {
        const struct handshake_input input = {.path = text_of(paths[i])};
        const struct handshake handshake = read_of(&input);
        assert_true(handshake.notifications);
        assert_int_equal(handshake.room_id, 0);
    }
}

static void other_paths_are_refused(void **state) {
    static const char *const paths[] = {
        "",
        "/",
        "/ws",
        "/ws/chat",
        "/ws/chat/",
        "/ws/chat//",
        "/ws/chat/5//",
        "/ws/chat/x/",
        "/ws/chat/5x/",
        "/ws/chat/-5/",
        "/ws/chat/+5/",
        "/ws/chat/ 5/",
        "/ws/chat/5/6/",
        "/ws/chat/0x5/",
        "/WS/chat/5/",
        "/ws/chat/Notifications/",
        "/ws/chat/notifications//",
        "/ws/chat/notifications/5",
        "/ws/chats/5/",
        "ws/chat/5/",
        "//ws/chat/5/",
        "/api/ws/chat/5/",
    };
    struct handshake handshake;
    (void)state;
    for (size_t i = 0; i < COUNT(paths); i++) {
        const struct handshake_input input = {.path = text_of(paths[i])};
        if (handshake_parse(&input, &handshake))
            fail_msg("'%s' was taken", paths[i]);
    }
    const struct handshake_input nothing = {.path = NONE};
    assert_false(handshake_parse(&nothing, &handshake));
    const struct handshake_input with_nul = {.path = {"/ws/chat/5\0/", 12}};
    assert_false(handshake_parse(&with_nul, &handshake));
}

/* ---- since ---- */

static void since_is_found_in_the_query(void **state) {
    static const struct {
        const char *query;
        const char *since; /* NULL: none */
    } cases[] = {
        {"", NULL},
        {"a=1", NULL},
        {"sinc=1&xsince=2&since2=3", NULL},
        {"since=17", "17"},
        {"a=1&since=17&b=2", "17"},
        {"&&since=17&&", "17"},
        {"since=1&since=2", "2"},
        {"since=", ""},
        {"since", ""},
        {"since=1&since", ""},
        {"since=x", "x"},
        {"since=1=2", "1=2"},
        {"since=-1", "-1"},
        {"Since=1", NULL},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct handshake_input input = input_of_room();
        input.query = text_of(cases[i].query);
        const struct handshake handshake = read_of(&input);
        assert_int_equal(handshake.has_since, cases[i].since != NULL);
        if (cases[i].since && !text_equals(handshake.since, text_of(cases[i].since)))
            fail_msg("'%s' gives '%.*s'", cases[i].query, (int)handshake.since.len,
                     handshake.since.at);
    }
}

/* ---- who ---- */

static void no_credentials(void **state) {
    (void)state;
    const struct handshake_input input = input_of_room();
    const struct handshake handshake = read_of(&input);
    assert_false(handshake.has_token);
    assert_false(handshake.has_cookie);
    assert_int_equal(handshake.key.len, 0);
}

static void authorization_has_a_token(void **state) {
    static const struct {
        const char *header;
        const char *key;
    } cases[] = {
        {"Token abc", "abc"}, {"token abc", "abc"},         {"TOKEN\tabc", "abc"},
        {"Token", ""},        {"Token   abc  ", "abc"},     {"Token ", ""},
        {"Token a b", "a b"}, {"tOkEn \"abc\"", "\"abc\""},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct handshake_input input = input_of_room();
        input.authorization = text_of(cases[i].header);
        assert_key(&input, true, cases[i].key);
    }
}

/* A site behind Basic authentication sends that along with its own credentials. */
static void other_scheme_is_ignored(void **state) {
    static const char *const headers[] = {"Basic abc", "Bearer token", "Tokens abc", "Toke",
                                          "",          "Token=abc",    " Token abc"};
    (void)state;
    for (size_t i = 0; i < COUNT(headers); i++) {
        struct handshake_input input = input_of_room();
        input.authorization = text_of(headers[i]);
        input.cookie = text_of("sessionid=" KEY);
        assert_key(&input, false, KEY);
    }
}

static void subprotocol_has_a_token(void **state) {
    static const struct {
        const char *header;
        const char *key;
    } cases[] = {
        {"confab, token.abc", "abc"},    {"token.abc, confab", "abc"}, {"confab,token.abc", "abc"},
        {"confab ,  token.abc ", "abc"}, {"token.abc", "abc"},         {"confab, token.", ""},
        {"token.a, token.b", "a"},       {",,token.abc,,", "abc"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct handshake_input input = input_of_room();
        input.protocols = text_of(cases[i].header);
        assert_key(&input, true, cases[i].key);
    }
}

static void other_subprotocols_have_no_token(void **state) {
    static const char *const headers[] = {"confab",    "token",      "confab, token",
                                          "Token.abc", "xtoken.abc", "confab token.abc"};
    (void)state;
    for (size_t i = 0; i < COUNT(headers); i++) {
        struct handshake_input input = input_of_room();
        input.protocols = text_of(headers[i]);
        assert_false(read_of(&input).has_token);
    }
}

static void x_confab_token_has_a_token(void **state) {
    (void)state;
    struct handshake_input input = input_of_room();
    input.own_token = text_of(" abc ");
    assert_key(&input, true, "abc");
}

static void x_confab_user_is_kept_as_it_is(void **state) {
    (void)state;
    struct handshake_input input = input_of_room();
    assert_int_equal(read_of(&input).user.len, 0);
    input.user = text_of(" ext:7 ");
    assert_true(text_equals(read_of(&input).user, text_of("ext:7")));
}

static void cookie_has_a_session(void **state) {
    static const struct {
        const char *header;
        const char *key;
    } cases[] = {
        {"sessionid=" KEY, KEY},
        {"a=b; sessionid=" KEY "; c=d", KEY},
        {"sessionid=" KEY "; sessionid=" OTHER_KEY, KEY},
        {"sessionid=another-application; sessionid=" KEY, KEY},
        {"__Host-sessionid=" KEY "; sessionid=" OTHER_KEY, KEY},
        {"sessionid=" OTHER_KEY "; __Host-sessionid=" KEY, KEY},
        {"sessionid=", ""},
        {"sessionid=abc", ""},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct handshake_input input = input_of_room();
        input.cookie = text_of(cases[i].header);
        assert_key(&input, false, cases[i].key);
    }
}

static void all_session_keys_of_a_cookie_are_found(void **state) {
    struct handshake_input input = input_of_room();
    (void)state;
    input.cookie = text_of("sessionid=" KEY "; chat=" OTHER_KEY);
    assert_int_equal(read_of(&input).sessions.count, 1);
    input.cookie_name = "chat";
    assert_key(&input, false, OTHER_KEY);
    assert_int_equal(read_of(&input).sessions.count, 2);
    assert_true(text_equals(read_of(&input).sessions.keys[1], text_of(KEY)));
}

static void other_cookies_have_no_session(void **state) {
    static const char *const headers[] = {"sessionid", "SESSIONID=abc", "session=abc",
                                          "a=sessionid=abc", "sessionid =abc"};
    (void)state;
    for (size_t i = 0; i < COUNT(headers); i++) {
        struct handshake_input input = input_of_room();
        input.cookie = text_of(headers[i]);
        assert_false(read_of(&input).has_cookie);
    }
}

static void token_takes_precedence_over_the_cookie(void **state) {
    (void)state;
    struct handshake_input input = input_of_room();
    input.cookie = text_of("sessionid=cookie");
    input.own_token = text_of("own");
    assert_key(&input, true, "own");
    input.protocols = text_of("confab, token.protocol");
    assert_key(&input, true, "protocol");
    input.authorization = text_of("Token header");
    assert_key(&input, true, "header");
    /* A bad token is not made good by what comes behind it. */
    input.authorization = text_of("Token");
    assert_key(&input, true, "");
}

/* ---- from where ---- */

static bool is_welcome(const char *origin, const char *host, const char *allowed) {
    struct handshake_input input = input_of_room();
    input.cookie = text_of("sessionid=abc");
    input.origin = text_of(origin);
    input.host = text_of(host);
    const struct handshake handshake = read_of(&input);
    return handshake_origin_allowed(&input, &handshake, allowed);
}

static void own_origin_is_allowed(void **state) {
    static const struct {
        const char *origin, *host;
    } cases[] = {
        {"http://chat.example", "chat.example"},
        {"https://chat.example", "chat.example"},
        {"http://chat.example:8000", "chat.example:8000"},
        {"https://Chat.Example", "chat.example"},
        {"http://chat.example", "chat.example:80"},
        {"http://chat.example:80", "chat.example"},
        {"https://chat.example", "chat.example:443"},
        {"https://chat.example:443", "chat.example"},
        {"http://127.0.0.1:8000", "127.0.0.1:8000"},
        {"http://[::1]:8000", "[::1]:8000"},
        {"http://[::1]", "[::1]:80"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++)
        if (!is_welcome(cases[i].origin, cases[i].host, ""))
            fail_msg("%s is not welcome at %s", cases[i].origin, cases[i].host);
}

static void other_origins_are_refused(void **state) {
    static const struct {
        const char *origin, *host;
    } cases[] = {
        {"", "chat.example"},
        {"null", "chat.example"},
        {"http://evil.example", "chat.example"},
        {"http://chat.example.evil.example", "chat.example"},
        {"http://evil.chat.example", "chat.example"},
        {"http://chat.example:8000", "chat.example"},
        {"http://chat.example", "chat.example:8000"},
        {"http://chat.example:443", "chat.example"},
        {"https://chat.example:80", "chat.example"},
        {"http://chat.example/", "chat.example"},
        {"http://user@chat.example", "chat.example"},
        {"ftp://chat.example", "chat.example"},
        {"chat.example", "chat.example"},
        {"http://", ""},
        {"http://", "chat.example"},
        {"http://chat.example", ""},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++)
        if (is_welcome(cases[i].origin, cases[i].host, ""))
            fail_msg("%s is welcome at %s", cases[i].origin, cases[i].host);
}

static void listed_origins_are_allowed(void **state) {
    static const char allowed[] = "https://app.example, http://dev.example:3000";
    (void)state;
    assert_true(is_welcome("https://app.example", "chat.example", allowed));
    assert_true(is_welcome("HTTPS://App.example", "chat.example", allowed));
    assert_true(is_welcome("http://dev.example:3000", "chat.example", allowed));
    assert_false(is_welcome("http://app.example", "chat.example", allowed));
    assert_false(is_welcome("http://dev.example", "chat.example", allowed));
    assert_false(is_welcome("https://app.example,", "chat.example", allowed));
    assert_false(is_welcome(allowed, "chat.example", allowed));
    assert_false(is_welcome("", "chat.example", allowed));
}

/* An origin that only starts like one that is allowed is another one. */
static void origin_is_compared_in_full(void **state) {
    char allowed[400], longer[401];
    (void)state;
    memset(allowed, 'a', sizeof(allowed));
    memcpy(allowed, "https://", 8);
    for (size_t len = 290; len < sizeof(allowed) - 1; len++) {
        char saved = allowed[len];
        allowed[len] = '\0';
        snprintf(longer, sizeof(longer), "%sa", allowed);
        assert_true(is_welcome(allowed, "chat.example", allowed));
        assert_false(is_welcome(longer, "chat.example", allowed));
        allowed[len] = saved;
    }
    struct handshake_input input = input_of_room();
    input.cookie = text_of("sessionid=abc");
    input.origin = (struct text){"https://app.example\0.evil.example", 33};
    const struct handshake handshake = read_of(&input);
    assert_false(handshake_origin_allowed(&input, &handshake, "https://app.example"));
}

/* A page of another site can send the cookie along, but no token. */
static void origin_matters_with_a_cookie_only(void **state) {
    (void)state;
    struct handshake_input input = input_of_room();
    struct handshake handshake = read_of(&input);
    input.origin = text_of("https://evil.example");
    assert_true(handshake_origin_allowed(&input, &handshake, ""));
    input.authorization = text_of("Token abc");
    input.cookie = text_of("sessionid=abc");
    handshake = read_of(&input);
    assert_true(handshake_origin_allowed(&input, &handshake, ""));
}

static void subprotocol_must_be_confab_or_absent(void **state) {
    static const struct {
        const char *protocols;
        bool named;
    } cases[] = {
        {"", true},
        {"confab", true},
        {"confab, token.abc", true},
        {"token.abc ,\tconfab", true},
        {"a1, b_c.d-e, confab", true},
        {",,confab", false},
        {"123, confab", false},
        {"a b, confab", false},
        {"token.abc", false},
        {"Confab", false},
        {"confab2, xconfab, con fab", false},
        {",", false},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        const struct handshake_input input = {.protocols = text_of(cases[i].protocols)};
        assert_int_equal(handshake_accepts_subprotocol(&input), cases[i].named);
    }
}

static const struct config proxies = {.push_proxies = "::1",
                                      .trusted_proxies = "127.0.0.1, 10.0.0.0/8"};

static const char *seen_from(const char *peer, const char *forwarded) {
    static char address[HANDSHAKE_ADDRESS_SIZE];
    snprintf(address, sizeof(address), "%s", peer);
    handshake_client_address(address, text_of(forwarded), &proxies);
    return address;
}

static void address_is_the_last_hop_that_is_not_a_trusted_proxy(void **state) {
    (void)state;
    assert_string_equal(seen_from("127.0.0.1", ""), "127.0.0.1");
    assert_string_equal(seen_from("127.0.0.1", "192.0.2.7"), "192.0.2.7");
    assert_string_equal(seen_from("127.0.0.1", "6.6.6.6, 192.0.2.7 , 10.1.2.3"), "192.0.2.7");
    assert_string_equal(seen_from("127.0.0.1", "10.0.0.1, 10.0.0.2"), "10.0.0.1");
    assert_string_equal(seen_from("192.0.2.1", "192.0.2.7"), "192.0.2.1");
}

static void web_server_is_trusted_for_its_own_peer_only(void **state) {
    (void)state;
    assert_string_equal(seen_from("::1", "6.6.6.6, 192.0.2.7"), "192.0.2.7");
    assert_string_equal(seen_from("::1", "6.6.6.6, ::1"), "::1");
    assert_string_equal(seen_from("::1", "192.0.2.7, 10.0.0.1"), "192.0.2.7");
    assert_string_equal(seen_from("192.0.2.1", "192.0.2.7, ::1"), "192.0.2.1");
}

static void unix_socket_is_trusted_but_not_its_name(void **state) {
    (void)state;
    assert_string_equal(seen_from(CONN_LIMIT_UNIX, "6.6.6.6, 192.0.2.7"), "192.0.2.7");
    assert_string_equal(seen_from(CONN_LIMIT_UNIX, ""), CONN_LIMIT_UNIX);
    assert_string_equal(seen_from("127.0.0.1", "6.6.6.6, unix"), "127.0.0.1");
}

static void hop_that_is_not_an_address_ends_the_search(void **state) {
    (void)state;
    static const char nul[] = "6.6.6.6,\0001";
    char address[HANDSHAKE_ADDRESS_SIZE] = "127.0.0.1";
    assert_string_equal(seen_from("127.0.0.1", "6.6.6.6,"), "127.0.0.1");
    assert_string_equal(seen_from("127.0.0.1", "6.6.6.6, , 10.0.0.1"), "10.0.0.1");
    assert_string_equal(seen_from("127.0.0.1", "6.6.6.6, unknown"), "127.0.0.1");
    handshake_client_address(address, (struct text){nul, sizeof(nul) - 1}, &proxies);
    assert_string_equal(address, "127.0.0.1");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_path_names_a_room),
        cmocka_unit_test(a_path_names_the_notifications),
        cmocka_unit_test(other_paths_are_refused),
        cmocka_unit_test(since_is_found_in_the_query),
        cmocka_unit_test(no_credentials),
        cmocka_unit_test(authorization_has_a_token),
        cmocka_unit_test(other_scheme_is_ignored),
        cmocka_unit_test(subprotocol_has_a_token),
        cmocka_unit_test(other_subprotocols_have_no_token),
        cmocka_unit_test(subprotocol_must_be_confab_or_absent),
        cmocka_unit_test(x_confab_token_has_a_token),
        cmocka_unit_test(x_confab_user_is_kept_as_it_is),
        cmocka_unit_test(cookie_has_a_session),
        cmocka_unit_test(all_session_keys_of_a_cookie_are_found),
        cmocka_unit_test(other_cookies_have_no_session),
        cmocka_unit_test(token_takes_precedence_over_the_cookie),
        cmocka_unit_test(own_origin_is_allowed),
        cmocka_unit_test(other_origins_are_refused),
        cmocka_unit_test(listed_origins_are_allowed),
        cmocka_unit_test(origin_is_compared_in_full),
        cmocka_unit_test(origin_matters_with_a_cookie_only),
        cmocka_unit_test(address_is_the_last_hop_that_is_not_a_trusted_proxy),
        cmocka_unit_test(web_server_is_trusted_for_its_own_peer_only),
        cmocka_unit_test(unix_socket_is_trusted_but_not_its_name),
        cmocka_unit_test(hop_that_is_not_an_address_ends_the_search),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
