/*
 * proof_of_work: a puzzle that takes a client time to solve, and the server none to make or check.
 *
 * A challenge is "EXPIRES.RANDOM.SIGNATURE": a time in seconds since 1970, 16 hexadecimal digits,
 * and a signature by a key of the server, which keeps nothing. A proof is the challenge, a colon
 * and a text of the client's choice; the SHA-256 of the whole begins with a number of zero bits.
 */
#ifndef CONFAB_PROOF_OF_WORK_H
#define CONFAB_PROOF_OF_WORK_H

#include <stdbool.h>
#include <stdint.h>

#include "base/text.h"

/* How long a challenge is valid. */
#define PROOF_OF_WORK_SECONDS 600

/* A challenge with its terminator. */
#define PROOF_OF_WORK_CHALLENGE_SIZE 80

/* Makes a challenge, signed by the key. */
void proof_of_work_challenge(struct text key, int64_t now_s,
                             char challenge[PROOF_OF_WORK_CHALLENGE_SIZE]);

/* True if the challenge of the proof is signed by the key and has not expired, and the hash has
 * this many leading zero bits. Then *challenge is the part of the proof that the caller has to
 * accept only once until *expires_s. */
bool proof_of_work_check(struct text key, struct text proof, uint64_t bits, int64_t now_s,
                         struct text *challenge, int64_t *expires_s);

#endif
