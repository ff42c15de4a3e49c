/*
 * file_store: the bytes of files on disk, in a folder that the web server does not serve.
 *
 * A file has a random name of 32 hexadecimal digits and lies in one of 256 folders, those of the
 * first two digits; its thumbnail lies beside it. The size of a file on disk is the only record of
 * how much was uploaded, so that an upload can continue after any interruption. No link is followed
 * below the folder, and the folder must belong to the user who runs this program and not be open to
 * all.
 *
 * Functions set errno when they fail.
 */
#ifndef CONFAB_COMMON_OS_FILE_STORE_H
#define CONFAB_COMMON_OS_FILE_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/text.h"

/* Sizes with the terminator: of a name, and of its path below the folder, also of a thumbnail. */
#define FILE_STORE_NAME_SIZE 33
#define FILE_STORE_PATH_SIZE (FILE_STORE_NAME_SIZE + 8)

enum file_store_part { FILE_STORE_WHOLE, FILE_STORE_THUMBNAIL };

enum file_store_result {
    FILE_STORE_DONE,
    FILE_STORE_ELSEWHERE, /* the file has another size, or another process is writing it */
    FILE_STORE_FULL,      /* no space is left; nothing of it was kept */
    FILE_STORE_FAILED,    /* with errno */
};

/* Why a function of this file has failed: errno as it has left it, in words for an administrator.
 * Valid until the next call of strerror. */
const char *file_store_problem(void);

/* Checks that the folder can be used. Makes it, for its user only, if it is missing and the folder
 * above is there. False, with errno: EPERM if it belongs to another user, EACCES if it is open to
 * all. */
bool file_store_check(const char *folder);

/* The same, but makes no folder. */
bool file_store_is_usable(const char *folder);

/* Sets *size to the bytes written so far; 0 if there is no such file. */
bool file_store_size(const char *folder, const char *name, uint64_t *size);

/* Appends bytes to a file that has `offset` bytes, and waits until they are on the disk. Sets *size
 * to the size that the file has then, also for FILE_STORE_ELSEWHERE. Two programs that write the
 * same file at once do not mix their bytes. */
enum file_store_result file_store_append(const char *folder, const char *name, uint64_t offset,
                                         struct text bytes, uint64_t *size);

/* Creates an empty file and opens it for writing; the caller closes the descriptor. -1 if it exists
 * or cannot be created. */
int file_store_create(const char *folder, const char *name);

/* Writes the thumbnail of a file, replacing an existing one. */
enum file_store_result file_store_put_thumbnail(const char *folder, const char *name,
                                                struct text bytes);

/* Opens a file for reading and sets *size. Returns the descriptor, -1 if there is none. */
int file_store_open(const char *folder, const char *name, enum file_store_part part,
                    uint64_t *size);

/* Removes a file and its thumbnail; true if neither is there any more. */
bool file_store_remove(const char *folder, const char *name);

/* Writes the path of a file below the folder ("5a/5a...", with a terminator). */
void file_store_path(const char *name, enum file_store_part part, char out[FILE_STORE_PATH_SIZE]);

/* Visits everything in the folder: files of the store by their names; anything else by its path
 * below the folder, with is_foreign set. False if the folder cannot be read. */
typedef void file_store_visit(void *context, const char *name, bool is_foreign,
                              enum file_store_part part, uint64_t size);
bool file_store_list(const char *folder, file_store_visit *visit, void *context);

#endif
