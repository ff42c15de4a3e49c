/*
 * site_value: secrets of the whole site, made when one is first needed.
 */
#ifndef CONFAB_COMMON_STORE_SITE_SITE_VALUE_H
#define CONFAB_COMMON_STORE_SITE_SITE_VALUE_H

#include "db/db.h"

/* 64 characters, and a terminator. */
#define SITE_VALUE_SIZE 65

/* Reads the secret of this name, 64 random hexadecimal digits; makes it if there is none. */
enum error site_value_secret(struct db *db, const char *name, char value[SITE_VALUE_SIZE]);

#endif
