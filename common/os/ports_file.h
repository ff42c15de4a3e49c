/*
 * ports_file: the file in which a program writes the ports that it listens on (--ports-file), for
 * scripts that start it on free ones.
 */
#ifndef CONFAB_OS_PORTS_FILE_H
#define CONFAB_OS_PORTS_FILE_H

#include <stdbool.h>

/* Replaces the file by one with these lines, in one step, so that it can be read at any moment.
 * False with the cause logged. */
bool ports_file_write(const char *path, const char *lines);

#endif
