/*
 * hash: 64-bit FNV-1a, for tables and entity tags: fast, and not secret. Hashes that must not be
 * guessed or forged are in secrets/secret.h.
 */
#ifndef CONFAB_BASE_HASH_H
#define CONFAB_BASE_HASH_H

#include <stdint.h>

/* The hash of no bytes (the offset basis of FNV-1a). */
#define HASH_START 14695981039346656037u

/* Continues a hash, HASH_START at first, with one byte; returns the new hash. */
static inline uint64_t hash_byte(uint64_t hash, unsigned char byte) {
    return (hash ^ byte) * 1099511628211u;
}

/* Continues a hash with the eight bytes of a number, lowest first. */
static inline uint64_t hash_u64(uint64_t hash, uint64_t number) {
    for (int i = 0; i < 8; i++, number >>= 8)
        hash = hash_byte(hash, number & 255);
    return hash;
}

#endif
