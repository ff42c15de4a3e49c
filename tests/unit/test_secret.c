/* secret: keys, their hashes, passwords. */
#include <string.h>

#include "base/clock.h"
#include "secrets/secret.h"
#include "support/unit.h"

/* The lowest cost that libsodium accepts. */
#define PASSES 1
#define MEMORY 8

#define TEXT(literal) ((struct text){(literal), sizeof(literal) - 1})

static int set_up(void **state) {
    (void)state;
    return secret_init() && secret_init() ? 0 : -1; /* a second call does no harm */
}

static void keys_are_40_lower_hex_digits_and_differ(void **state) {
    char keys[100][SECRET_KEY_SIZE];

    (void)state;
    for (int i = 0; i < 100; i++) {
        memset(keys[i], 'z', sizeof keys[i]);
        secret_make_key(keys[i]);
        assert_int_equal(strlen(keys[i]), 40);
        assert_int_equal(strspn(keys[i], "0123456789abcdef"), 40);
        for (int j = 0; j < i; j++)
            assert_string_not_equal(keys[i], keys[j]);
    }
}

/* Checked with another implementation: Python's hashlib.blake2b(digest_size=32). */
static void a_hash_is_blake2b_of_the_digits(void **state) {
    static const unsigned char wanted[SECRET_HASH_SIZE] = {
        0x98, 0x0c, 0x1c, 0x09, 0x09, 0xf5, 0xe7, 0xd2, 0x1a, 0x2c, 0x13,
        0x40, 0x18, 0x7c, 0x8b, 0x9e, 0x5d, 0xfd, 0xf7, 0xc4, 0xed, 0x68,
        0xb3, 0x1c, 0x69, 0xcf, 0x45, 0x03, 0x2e, 0x1f, 0xf2, 0x75,
    };
    unsigned char hash[SECRET_HASH_SIZE] = {0};
    unsigned char upper[SECRET_HASH_SIZE] = {0};
    unsigned char other[SECRET_HASH_SIZE] = {0};

    (void)state;
    assert_true(secret_hash_key(TEXT("0123456789abcdef0123456789abcdef01234567"), hash));
    assert_memory_equal(hash, wanted, sizeof hash);
    assert_true(secret_hash_key(TEXT("0123456789ABCDEF0123456789aBcDeF01234567"), upper));
    assert_memory_equal(upper, wanted, sizeof upper);
    assert_true(secret_hash_key(TEXT("0123456789abcdef0123456789abcdef01234568"), other));
    assert_memory_not_equal(other, wanted, sizeof other);
}

static void an_invalid_key_has_no_hash(void **state) {
    static const struct text bad[] = {
        TEXT(""),
        TEXT("0"),
        TEXT("0123456789abcdef0123456789abcdef0123456"),
        TEXT("0123456789abcdef0123456789abcdef012345678"),
        TEXT("0123456789abcdef0123456789abcdef0123456g"),
        TEXT("g123456789abcdef0123456789abcdef01234567"),
        TEXT("0123456789abcdef0123 56789abcdef01234567"),
        TEXT("0123456789abcdef0123\0"
             "56789abcdef01234567"),
        TEXT("0123456789abcdef0123456789abcdef012345\xC3\xA9"),
        TEXT("0123456789abcdef0123456789abcdef0123456/"),
        TEXT("0123456789abcdef0123456789abcdef0123456:"),
        TEXT("0123456789abcdef0123456789abcdef0123456`"),
        TEXT("0123456789abcdef0123456789abcdef0123456@"),
        {NULL, 0},
    };
    unsigned char untouched[SECRET_HASH_SIZE];
    unsigned char hash[SECRET_HASH_SIZE];

    (void)state;
    memset(untouched, 0xA5, sizeof untouched);
    memset(hash, 0xA5, sizeof hash);
    for (size_t i = 0; i < COUNT(bad); i++) {
        assert_false(secret_hash_key(bad[i], hash));
        assert_memory_equal(hash, untouched, sizeof hash);
    }
}

static void random_hex_has_the_length_asked_for(void **state) {
    static const size_t sizes[] = {0, 1, 8, 31, 32, 33, 64, 100};

    (void)state;
    for (size_t i = 0; i < COUNT(sizes); i++) {
        char out[202];

        memset(out, 'z', sizeof out);
        secret_random_hex(out, sizes[i]);
        assert_int_equal(strlen(out), 2 * sizes[i]);
        assert_int_equal(strspn(out, "0123456789abcdef"), 2 * sizes[i]);
        assert_int_equal(out[2 * sizes[i] + 1], 'z');
    }
}

static void a_password_matches_its_hash(void **state) {
    char hash[SECRET_PASSWORD_SIZE];
    char again[SECRET_PASSWORD_SIZE];

    (void)state;
    assert_true(secret_hash_password(TEXT("p\xC3\xA4ss w\xC3\xB6rd "), PASSES, MEMORY, hash));
    assert_memory_equal(hash, "$argon2id$v=19$m=8,t=1,p=1$", 27);
    assert_true(secret_check_password(hash, TEXT("p\xC3\xA4ss w\xC3\xB6rd "), PASSES, MEMORY));
    assert_false(secret_check_password(hash, TEXT("p\xC3\xA4ss w\xC3\xB6rd"), PASSES, MEMORY));
    assert_false(secret_check_password(hash, TEXT("P\xC3\xA4ss w\xC3\xB6rd "), PASSES, MEMORY));
    assert_false(secret_check_password(hash, TEXT(""), PASSES, MEMORY));
    /* The hash has its cost; the configured one does not matter. */
    assert_true(secret_check_password(hash, TEXT("p\xC3\xA4ss w\xC3\xB6rd "), 3, 64));
    assert_true(secret_hash_password(TEXT("p\xC3\xA4ss w\xC3\xB6rd "), PASSES, MEMORY, again));
    assert_string_not_equal(hash, again); /* each has a salt of its own */
}

static void every_byte_of_a_long_password_counts(void **state) {
    char hash[SECRET_PASSWORD_SIZE];
    char password[1024];

    (void)state;
    memset(password, 'p', sizeof password);
    assert_true(secret_hash_password((struct text){password, 1024}, PASSES, MEMORY, hash));
    assert_true(secret_check_password(hash, (struct text){password, 1024}, PASSES, MEMORY));
    assert_false(secret_check_password(hash, (struct text){password, 1023}, PASSES, MEMORY));
    password[1023] = 'q';
    assert_false(secret_check_password(hash, (struct text){password, 1024}, PASSES, MEMORY));
}

static void an_invalid_hash_matches_nothing(void **state) {
    static const char *const broken[] = {
        "",
        "!",
        "x",
        "$argon2id$",
        "$argon2id$v=19$m=8,t=1,p=1$",
        "$2b$12$abc",
        "$argon2id$v=19$m=8,t=1,p=1$AAAAAAAAAAAAAAAAAAAAAA$",
    };

    (void)state;
    for (size_t i = 0; i < COUNT(broken); i++) {
        assert_false(secret_check_password(broken[i], TEXT(""), PASSES, MEMORY));
        assert_false(secret_check_password(broken[i], TEXT("password"), PASSES, MEMORY));
        assert_true(secret_password_is_stale(broken[i], PASSES, MEMORY));
    }
}

/* The shortest of a few checks, in CPU time of this thread, which other processes do not affect,
 * in microseconds. */
static int64_t time_of_check(const char *hash) {
    int64_t least = INT64_MAX;

    for (int i = 0; i < 5; i++) {
        int64_t start = clock_thread_us();

        assert_false(secret_check_password(hash, TEXT("wrong"), 2, 4096));

        int64_t spent = clock_thread_us() - start;

        least = spent < least ? spent : least;
    }
    return least;
}

static void an_unknown_user_takes_the_same_time(void **state) {
    char hash[SECRET_PASSWORD_SIZE];

    (void)state;
    assert_true(secret_hash_password(TEXT("right"), 2, 4096, hash));

    int64_t known = time_of_check(hash);
    int64_t unknown = time_of_check(NULL);

    /* Wide bounds: the machine may be busy. Without the work it takes a thousandth. */
    assert_true(unknown * 3 > known);
    assert_true(known * 3 > unknown);
}

static void another_cost_makes_a_hash_stale(void **state) {
    char hash[SECRET_PASSWORD_SIZE];

    (void)state;
    assert_true(secret_hash_password(TEXT("password"), 2, 16, hash));
    assert_false(secret_password_is_stale(hash, 2, 16));
    assert_true(secret_password_is_stale(hash, 3, 16));
    assert_true(secret_password_is_stale(hash, 1, 16));
    assert_true(secret_password_is_stale(hash, 2, 32));
    assert_true(secret_password_is_stale(hash, 2, 8));
}

/* Costs below libsodium's minimum are raised to it in all functions. */
static void tiny_costs_are_raised(void **state) {
    char hash[SECRET_PASSWORD_SIZE];

    (void)state;
    assert_true(secret_hash_password(TEXT("password"), 0, 0, hash));
    assert_memory_equal(hash, "$argon2id$v=19$m=8,t=1,p=1$", 27);
    assert_false(secret_password_is_stale(hash, 0, 0));
    assert_false(secret_password_is_stale(hash, 1, 8));
    assert_false(secret_check_password(NULL, TEXT("password"), 0, 0));
}

static void an_api_key_has_a_hash_of_its_own(void **state) {
#define DIGITS "0123456789abcdef0123456789abcdef01234567"
    static const char *const bad[] = {"ck_",
                                      "ck_" DIGITS "0",
                                      "ck_0123456789ABCDEF" DIGITS,
                                      "CK_" DIGITS,
                                      DIGITS,
                                      "ck_ck_" DIGITS,
                                      "",
                                      "ck_0123456789abcdef0123456789abcdef0123456G",
                                      "ck_0123456789ABCDEF0123456789abcdef01234567"};
    unsigned char hash[SECRET_HASH_SIZE], of_digits[SECRET_HASH_SIZE];
    char key[SECRET_API_KEY_SIZE];
    (void)state;
    secret_make_api_key(key);
    assert_int_equal(strlen(key), 43);
    assert_true(secret_is_api_key(text_of(key)));
    assert_true(secret_hash_api_key(text_of(key), hash));
    /* Neither is ever taken for the other. */
    assert_false(secret_hash_key(text_of(key), of_digits));
    assert_true(secret_hash_key(text_of(key + 3), of_digits));
    assert_memory_not_equal(hash, of_digits, sizeof(hash));
    for (size_t i = 0; i < COUNT(bad); i++)
        assert_false(secret_hash_api_key(text_of(bad[i]), hash));
    assert_true(secret_is_api_key(TEXT("ck_")));
    assert_false(secret_is_api_key(TEXT("ck")));
    assert_false(secret_is_api_key(TEXT(DIGITS)));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keys_are_40_lower_hex_digits_and_differ),
        cmocka_unit_test(a_hash_is_blake2b_of_the_digits),
        cmocka_unit_test(an_invalid_key_has_no_hash),
        cmocka_unit_test(random_hex_has_the_length_asked_for),
        cmocka_unit_test(a_password_matches_its_hash),
        cmocka_unit_test(every_byte_of_a_long_password_counts),
        cmocka_unit_test(an_invalid_hash_matches_nothing),
        cmocka_unit_test(an_unknown_user_takes_the_same_time),
        cmocka_unit_test(another_cost_makes_a_hash_stale),
        cmocka_unit_test(tiny_costs_are_raised),
        cmocka_unit_test(an_api_key_has_a_hash_of_its_own),
    };

    return cmocka_run_group_tests(tests, set_up, NULL);
}
