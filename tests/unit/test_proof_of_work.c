/* proof_of_work: which proofs are right, and for how long. */
#include <stdio.h>
#include <string.h>

#include "secrets/proof_of_work.h"
#include "secrets/secret.h"
#include "support/unit.h"

#define NOW 1764467318
#define BITS 6

static int set_up(void **state) {
    (void)state;
    return secret_init() ? 0 : -1;
}

/* Compared with Python's hashlib. */
static void zero_bits_are_counted_from_the_front(void **state) {
    (void)state;
    assert_int_equal(secret_zero_bits(text_of("abc")), 0);
    assert_int_equal(secret_zero_bits(text_of("10")), 1);
    assert_int_equal(secret_zero_bits(text_of("39")), 4);
    assert_int_equal(secret_zero_bits(text_of("671")), 8);
    assert_int_equal(secret_zero_bits(text_of("886")), 12);
}

/* Adds the first number with which the proof has exactly this many zero bits, or more. */
static void prove(const char *challenge, bool is_right, char *proof, size_t size) {
    unsigned bits;
    int number = 0;
    do {
        snprintf(proof, size, "%s:%d", challenge, number++);
        bits = secret_zero_bits(text_of(proof));
    } while ((bits >= BITS) != is_right);
}

static bool is_valid(const char *proof, int64_t now_s) {
    struct text challenge;
    int64_t expires_s;
    return proof_of_work_check(text_of("key"), text_of(proof), BITS, now_s, &challenge, &expires_s);
}

static void a_proof_is_valid_until_its_challenge_expires(void **state) {
    char challenge[PROOF_OF_WORK_CHALLENGE_SIZE], proof[PROOF_OF_WORK_CHALLENGE_SIZE + 20];
    struct text found;
    int64_t expires_s = 0;
    (void)state;
    proof_of_work_challenge(text_of("key"), NOW, challenge);
    prove(challenge, true, proof, sizeof(proof));
    assert_true(proof_of_work_check(text_of("key"), text_of(proof), BITS, NOW, &found, &expires_s));
    assert_true(text_equals(found, text_of(challenge)));
    assert_int_equal(expires_s, NOW + PROOF_OF_WORK_SECONDS);
    assert_true(is_valid(proof, NOW + PROOF_OF_WORK_SECONDS - 1));
    assert_false(is_valid(proof, NOW + PROOF_OF_WORK_SECONDS));
    assert_false(
        proof_of_work_check(text_of("other"), text_of(proof), BITS, NOW, &found, &expires_s));
    assert_false(proof_of_work_check(text_of("key"), text_of(proof), 256, NOW, &found, &expires_s));
    prove(challenge, false, proof, sizeof(proof));
    assert_false(is_valid(proof, NOW));
}

static void what_was_changed_is_refused(void **state) {
    char challenge[PROOF_OF_WORK_CHALLENGE_SIZE], proof[PROOF_OF_WORK_CHALLENGE_SIZE + 20];
    (void)state;
    proof_of_work_challenge(text_of("key"), NOW, challenge);
    for (size_t i = 0; i < strlen(challenge); i++) {
        const char was = challenge[i];
        challenge[i] = was == '1' ? '2' : '1';
        prove(challenge, true, proof, sizeof(proof));
        assert_false(is_valid(proof, NOW));
        challenge[i] = was;
    }
    assert_false(is_valid("", NOW));
    assert_false(is_valid(":", NOW));
    assert_false(is_valid("0123456789012345678901234567890123456789:1", NOW));
    assert_false(is_valid(".0123456789012345678901234567890123456789:1", NOW));
}

static void challenges_differ(void **state) {
    char one[PROOF_OF_WORK_CHALLENGE_SIZE], other[PROOF_OF_WORK_CHALLENGE_SIZE];
    (void)state;
    proof_of_work_challenge(text_of("key"), NOW, one);
    proof_of_work_challenge(text_of("key"), NOW, other);
    assert_string_not_equal(one, other);
    /* The longest time there is. */
    proof_of_work_challenge(text_of("key"), INT64_MAX - PROOF_OF_WORK_SECONDS, one);
    assert_int_equal(strlen(one), 19 + 1 + 16 + 1 + 40);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(zero_bits_are_counted_from_the_front),
        cmocka_unit_test(a_proof_is_valid_until_its_challenge_expires),
        cmocka_unit_test(what_was_changed_is_refused),
        cmocka_unit_test(challenges_differ),
    };
    return cmocka_run_group_tests(tests, set_up, NULL);
}
