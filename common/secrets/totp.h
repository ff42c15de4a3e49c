/*
 * totp: one-time codes of authenticator apps, by RFC 6238 with what all apps support: HMAC-SHA-1,
 * six digits, a new code every 30 seconds. The clocks may differ by one such step.
 */
#ifndef CONFAB_COMMON_SECRETS_TOTP_H
#define CONFAB_COMMON_SECRETS_TOTP_H

#include <stdbool.h>
#include <stdint.h>

#include "base/text.h"

/* The length of HMAC-SHA-1, as RFC 4226 recommends. */
#define TOTP_SECRET_SIZE 20
/* In base32, which apps are given: without padding, with a terminator. */
#define TOTP_BASE32_SIZE 33
/* Six digits and a terminator. */
#define TOTP_CODE_SIZE 7

/* Writes the secret in base32 (RFC 4648), capital letters. */
void totp_base32(const unsigned char secret[TOTP_SECRET_SIZE], char out[TOTP_BASE32_SIZE]);

/* Writes the code of one step, a number of 30 seconds since 1970. */
void totp_code(const unsigned char secret[TOTP_SECRET_SIZE], uint64_t step,
               char code[TOTP_CODE_SIZE]);

/* Finds the step of a code that is valid at now_s, in seconds since 1970: that step, the one before
 * or the one after it, if it is later than used_step. A used_step later than all of them is of a
 * clock that was ahead, and does not count. False if there is none: the code is wrong, too old, or
 * was used. */
bool totp_find(const unsigned char secret[TOTP_SECRET_SIZE], int64_t now_s, uint64_t used_step,
               struct text code, uint64_t *step);

#endif
