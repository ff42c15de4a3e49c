/*
 * H, the floor of a login: argon2id as libsodium does it, and nothing else.
 *
 *     hash PROCESSES SECONDS PASSES KIB
 */
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "crew.h"

static const char PASSWORD[] = "a password of some length";

static char hash[crypto_pwhash_STRBYTES];

static void *prepare(void *context, unsigned index) {
    (void)index;
    return context;
}

static bool work(void *state) {
    return crypto_pwhash_argon2id_str_verify(state, PASSWORD, strlen(PASSWORD)) == 0;
}

int main(int argc, char **argv) {
    if (argc != 5 || sodium_init() < 0) {
        fputs("usage: hash PROCESSES SECONDS PASSES KIB\n", stderr);
        return 2;
    }
    if (crypto_pwhash_argon2id_str(hash, PASSWORD, strlen(PASSWORD), strtoull(argv[3], NULL, 10),
                                   strtoul(argv[4], NULL, 10) * 1024) != 0) {
        fputs("out of memory\n", stderr);
        return 1;
    }
    return crew_run((unsigned)strtoul(argv[1], NULL, 10), strtod(argv[2], NULL), prepare, work,
                    hash);
}
