/*
 * bell_file: small static files with a number each, which clients read from the web server to find
 * out, without starting a program, that a stream has moved.
 *
 * A file has the decimal number of the last event and nothing else. It is changed in place, under a
 * lock, and never to a lower number: of two processes that write at once, the later event wins.
 */
#ifndef CONFAB_OS_BELL_FILE_H
#define CONFAB_OS_BELL_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The name of a file: 32 hexadecimal digits, and a terminator. */
#define BELL_FILE_NAME_SIZE 33

/* Writes a number into the file `name` of a folder. Creates the file, readable for all users, if it
 * does not exist. False, with errno, if the file does not have the number or a higher one then. */
bool bell_file_write(const char *folder, const char *name, uint64_t number);

/* Removes a file; true if it was there. */
bool bell_file_remove(const char *folder, const char *name);

/* Removes up to `most` files that were not written for `seconds`; returns their number. Files with
 * other names stay. */
size_t bell_file_clean(const char *folder, uint64_t seconds, size_t most);

#endif
