/*
 * unit: cmocka with the headers that it needs before it, and what most unit tests use.
 */
#ifndef CONFAB_TESTS_UNIT_H
#define CONFAB_TESTS_UNIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/* The number of elements of an array. */
#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

#endif
