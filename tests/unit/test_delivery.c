/* delivery: the body, its id, its signatures and the time
 * until the next try; the addresses that a hook may have. */
#include <sodium.h>
#include <string.h>

#include "delivery.h"
#include "secrets/secret.h"
#include "store/followers/hook.h"
#include "support/unit.h"

static struct hook hook_of(const char *secret) {
    struct hook hook = {.id = 3, .url = {"https://example.org/", 20}};
    size_t len = 0;
    assert_int_equal(sodium_base642bin(hook.secret, sizeof(hook.secret), secret, strlen(secret),
                                       NULL, &len, NULL, sodium_base64_VARIANT_ORIGINAL),
                     0);
    return hook;
}

static const char SECRET[] = "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=";

static void the_body_has_room_key_range_and_events(void **state) {
    const struct hook hook = hook_of(SECRET);
    (void)state;
    struct delivery *delivery = delivery_new(&hook, 7, text_of("course-17"), 20, 22, "0123");
    buffer_append_str(&delivery->body, "{\"seq\":21},{\"seq\":22}");
    delivery_end(delivery);
    assert_string_equal(buffer_str(&delivery->body),
                        "{\"hook_id\":3,\"room_id\":7,\"key\":\"course-17\",\"first_seq\":21,"
                        "\"last_seq\":22,\"events\":[{\"seq\":21},{\"seq\":22}]}");
    assert_string_equal(delivery->id, "msg_0123_3_7_21_22");
    delivery_free(delivery);
}

static void a_room_without_key_and_a_test_have_null(void **state) {
    const struct hook hook = hook_of(SECRET);
    (void)state;
    struct delivery *delivery = delivery_new(&hook, 0, text_of(""), 0, 1, "0123");
    delivery_end(delivery);
    assert_string_equal(buffer_str(&delivery->body),
                        "{\"hook_id\":3,\"room_id\":null,\"key\":null,\"first_seq\":1,"
                        "\"last_seq\":1,\"events\":[]}");
    delivery_free(delivery);
}

/* Computed by Python's hmac: base64(hmac_sha256(secret, "msg_0123_3_0_1_1.1700000000." + body)). */
static void the_signature_is_that_of_standard_webhooks(void **state) {
    const struct hook hook = hook_of(SECRET);
    char signatures[DELIVERY_SIGNATURES_SIZE];
    (void)state;
    struct delivery *delivery = delivery_new(&hook, 0, text_of(""), 0, 1, "0123");
    delivery_end(delivery);
    delivery_sign(delivery, 1700000000, signatures);
    assert_string_equal(signatures, "v1,LBLSkBgpSHfv121PxGT+AMZ/4gdh3sxacXHKwWuS0uQ=");
    delivery_free(delivery);
}

static void a_secret_that_is_replaced_signs_as_well(void **state) {
    struct hook hook = hook_of(SECRET);
    char one[DELIVERY_SIGNATURES_SIZE], two[DELIVERY_SIGNATURES_SIZE];
    (void)state;
    struct delivery *delivery = delivery_new(&hook, 0, text_of(""), 0, 1, "0123");
    delivery_sign(delivery, 5, one);
    delivery_free(delivery);
    memcpy(hook.old_secret, hook.secret, sizeof(hook.secret));
    memset(hook.secret, 'x', sizeof(hook.secret));
    hook.has_old_secret = true;
    delivery = delivery_new(&hook, 0, text_of(""), 0, 1, "0123");
    delivery_sign(delivery, 5, two);
    delivery_free(delivery);
    const char *second = strchr(two, ' ');
    assert_non_null(second);
    assert_string_equal(second + 1, one);
    assert_memory_equal(two, "v1,", 3);
    assert_memory_not_equal(two, one, strlen(one));
}

static void the_longest_id_fits(void **state) {
    struct hook hook = hook_of(SECRET);
    (void)state;
    hook.id = UINT64_MAX;
    struct delivery *delivery = delivery_new(&hook, UINT64_MAX, text_of(""), UINT64_MAX - 1,
                                             UINT64_MAX, "0123456789abcdef");
    assert_true(strlen(delivery->id) < DELIVERY_ID_SIZE - 1);
    assert_int_equal(strlen(delivery->id), 4 + 16 + 4 + 4 * 20);
    delivery_free(delivery);
}

static void delays_double_from_five_seconds_to_an_hour(void **state) {
    (void)state;
    for (uint64_t tries = 0; tries < 100; tries++) {
        const uint64_t whole = tries < 10 ? (uint64_t)5000 << tries : 3600000;
        const uint64_t nominal = whole < 3600000 ? whole : 3600000;
        const uint64_t delay = delivery_delay_ms(tries);
        assert_true(delay >= nominal - nominal / 10 && delay <= nominal + nominal / 10 + 1);
    }
}

static void secrets_are_written_with_their_prefix(void **state) {
    const struct hook hook = hook_of(SECRET);
    char text[HOOK_SECRET_SIZE];
    (void)state;
    hook_secret_text(hook.secret, text);
    assert_string_equal(text, "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=");
}

static void addresses_of_hooks_are_checked(void **state) {
    static const char *const GOOD[] = {
        "https://example.org",     "http://127.0.0.1:8000/x?y=z", "https://example.org/a@b",
        "https://[2003::1]:8443/", "https://example.org?a=b#c",   "https://xn--bcher-kva.example/",
        "https://a_b:65535"};
    static const char *const BAD[] = {"",
                                      "example.org",
                                      "ftp://example.org/",
                                      "HTTPS://",
                                      "https://",
                                      "https:///path",
                                      "https://?x",
                                      "https://:80/",
                                      "https://x:99999/",
                                      "https://x:0/",
                                      "https://x:/",
                                      "https://x:8a/",
                                      "https://[2003::1/",
                                      "https://[127.0.0.1]/",
                                      "https://user:word@example.org/",
                                      "https://@example.org/",
                                      "https://exa mple.org/",
                                      "https://example.org/\r\nX: y",
                                      "https://\xc3\xbc.example/",
                                      "javascript:alert(1)",
                                      "file:///etc/passwd",
                                      "https//example.org"};
    char longest[HOOK_URL_MAX + 2];
    (void)state;
    for (size_t i = 0; i < COUNT(GOOD); i++)
        if (!hook_url_is_valid(text_of(GOOD[i])))
            fail_msg("%s", GOOD[i]);
    for (size_t i = 0; i < COUNT(BAD); i++)
        if (hook_url_is_valid(text_of(BAD[i])))
            fail_msg("%s", BAD[i]);
    memset(longest, 'x', sizeof(longest));
    memcpy(longest, "https://", 8);
    assert_true(hook_url_is_valid((struct text){longest, HOOK_URL_MAX}));
    assert_false(hook_url_is_valid((struct text){longest, HOOK_URL_MAX + 1}));
}

static int set_up(void **state) {
    (void)state;
    return secret_init() ? 0 : 1;
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_body_has_room_key_range_and_events),
        cmocka_unit_test(a_room_without_key_and_a_test_have_null),
        cmocka_unit_test(the_signature_is_that_of_standard_webhooks),
        cmocka_unit_test(a_secret_that_is_replaced_signs_as_well),
        cmocka_unit_test(the_longest_id_fits),
        cmocka_unit_test(delays_double_from_five_seconds_to_an_hour),
        cmocka_unit_test(secrets_are_written_with_their_prefix),
        cmocka_unit_test(addresses_of_hooks_are_checked),
    };
    return cmocka_run_group_tests(tests, set_up, NULL);
}
