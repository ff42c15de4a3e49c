/*
 * import_source: the files of an export: a folder, an archive, or one file.
 *
 * An archive (ZIP, tar, also compressed) is unpacked by unzip(1) or tar(1) into a temporary folder
 * below $TMPDIR or /tmp, which import_source_close removes. The folder is locked while it is in
 * use, so that the next import can remove the folder of an import that was killed.
 *
 * Paths in an export are not trusted: a path that leads out of its folder, by ".." or a link, is
 * treated as missing.
 */
#ifndef CONFAB_CONFABCTL_IMPORT_IMPORT_SOURCE_H
#define CONFAB_CONFABCTL_IMPORT_IMPORT_SOURCE_H

#include <json-c/json.h>
#include <stdbool.h>

#include "base/buffer.h"
#include "base/text.h"

struct import_source {
    char *root;            /* the folder, as realpath gives it; of one file, its folder */
    char *file;            /* the path of the one file; NULL: a folder */
    char *temporary;       /* to be removed; NULL: none */
    int lock;              /* its descriptor, which has the lock */
    struct buffer problem; /* why something failed: a line without its end */
};

/* Opens the export at this path. `marker` is a file that its top folder has (NULL: any): if the
 * archive has it in a folder of its own, this is the top. False, with source->problem. Close it in
 * either case. */
bool import_source_open(struct import_source *source, const char *path, const char *marker);
void import_source_close(struct import_source *source);

/* The path of a regular file below the folder, to be freed; NULL if there is none. */
char *import_source_find(const struct import_source *source, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* The names in a folder of the export, sorted by their bytes; NULL ends the list. NULL if there is
 * no such folder. Free each name and the list. */
char **import_source_list(const struct import_source *source, const char *folder);
void import_source_free_list(char **names);

/* Reads a file of JSON: visits each element of an array, or each value of a file with one value on
 * each line. True if there is no such file (path NULL), too. False, with source->problem, if it is
 * not valid. */
typedef void import_object_visit(void *context, struct json_object *object);
bool import_source_read(struct import_source *source, const char *path, import_object_visit *visit,
                        void *context);

/* Members of an object: those that are missing or of another type are an empty text, false, NULL
 * or -1. import_json_id also reads {"$oid": "..."} of MongoDB, and numbers. */
struct text import_json_text(struct json_object *object, const char *name);
struct text import_json_id(struct json_object *object, const char *name);
bool import_json_bool(struct json_object *object, const char *name);
int64_t import_json_number(struct json_object *object, const char *name);
struct json_object *import_json_object(struct json_object *object, const char *name);
struct json_object *import_json_array(struct json_object *object, const char *name);

/* The length of an array, 0 for NULL; and the text of one of its elements. */
size_t import_json_length(struct json_object *array);
struct text import_json_element(struct json_object *array, size_t index);

#endif
