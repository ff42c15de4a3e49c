/* files check: compares the folder of files with the database, both ways. Both lists are sorted by
 * the name on disk and then read side by side. Nothing is changed. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "command.h"
#include "json/json_writer.h"
#include "os/file_store.h"
#include "store/messages/file.h"
#include "table.h"

/* What lies in the folder under one name. */
struct found {
    char name[FILE_STORE_NAME_SIZE];
    bool has_file, has_thumbnail;
    uint64_t size;
};

struct files_check {
    /* Filled by the list of the folder, then compared with the rows. */
    struct cli *cli;
    struct found *found; /* sorted, each name once */
    size_t count, space;
    size_t at; /* the next one that no row has named yet */
    uint64_t files, bytes, problems;
    struct table *table;
    struct buffer json;
    struct json_writer w;
};

/* ---- problems ---- */

/* path: in the folder; file_id 0: there is no row. */
static void add_problem(struct files_check *check, const char *kind, uint64_t file_id,
                        const char *path, const char *meaning) {
    check->problems++;
    if (check->cli->json) {
        /* JSON goes to an array, which is printed at the end like the table. */
        json_write_object(&check->w);
        json_write_member_str(&check->w, "kind", kind);
        json_write_member_id(&check->w, "file_id", file_id);
        json_write_member_str(&check->w, "path", path);
        json_write_member_str(&check->w, "meaning", meaning);
        json_write_object_end(&check->w);
        return;
    }
    table_str(check->table, kind);
    if (file_id)
        table_u64(check->table, file_id);
    else
        table_str(check->table, "-");
    table_str(check->table, path);
    table_str(check->table, meaning);
}

/* ---- the folder ---- */

/* Keeps what is in the folder by name, to compare it with the rows afterwards. */
static void add_entry(void *context, const char *name, bool is_foreign, enum file_store_part part,
                      uint64_t size) {
    /* A foreign entry has no name of the store: it is reported at once. */
    struct files_check *check = context;
    if (is_foreign) {
        add_problem(check, "foreign", 0, name, "not a file of confab, or of another user");
        return;
    }
    check->found =
        array_reserve(check->found, &check->space, check->count + 1, sizeof(*check->found));
    struct found *found = &check->found[check->count++];
    /* The size is that of the file only, which is what a row has. */
    *found = (struct found){.has_file = part == FILE_STORE_WHOLE,
                            .has_thumbnail = part == FILE_STORE_THUMBNAIL,
                            .size = part == FILE_STORE_WHOLE ? size : 0};
    snprintf(found->name, sizeof(found->name), "%s", name);
}

static int compare(const void *one, const void *other) {
    return strcmp(((const struct found *)one)->name, ((const struct found *)other)->name);
}

/* Sorts by name, and joins a file and its thumbnail into one element. */
static void sort_found(struct files_check *check) {
    size_t kept = 0;
    if (check->count == 0)
        return;
    qsort(check->found, check->count, sizeof(*check->found), compare);
    for (size_t i = 0; i < check->count; i++) {
        /* Equal names are neighbours after sorting: a file and its thumbnail. */
        struct found *former = kept > 0 ? &check->found[kept - 1] : NULL;
        if (former && strcmp(former->name, check->found[i].name) == 0) {
            former->has_file = former->has_file || check->found[i].has_file;
            former->has_thumbnail = former->has_thumbnail || check->found[i].has_thumbnail;
            former->size += check->found[i].size;
        } else {
            check->found[kept++] = check->found[i];
        }
    }
    check->count = kept;
}

/* ---- the rows ---- */

/* Reports a file of the folder that has no row. */
static void add_orphan(struct files_check *check, const struct found *found) {
    /* The path, so that an administrator can remove the file. */
    char path[FILE_STORE_PATH_SIZE];
    file_store_path(found->name, found->has_file ? FILE_STORE_WHOLE : FILE_STORE_THUMBNAIL, path);
    add_problem(check, "orphan", 0, path, "the database has no such file");
}

/* Compares a row with what the folder has by its name. */
static void check_row(struct files_check *check, const struct file *file,
                      const struct found *found) {
    /* Other states have no bytes yet, part of them, or none any more. */
    const bool is_whole = file->state == FILE_SCANNING || file->state == FILE_READY;
    char path[FILE_STORE_PATH_SIZE];
    file_store_path(file->stored_as, FILE_STORE_WHOLE, path);
    if (is_whole && (!found || !found->has_file))
        add_problem(check, "missing", file->id, path, "the file does not exist");
    else if (is_whole && found->size != file->size)
        add_problem(check, "size", file->id, path, "the file has another size");
    else if (file->state == FILE_UPLOADING && found && found->size > file->size)
        add_problem(check, "size", file->id, path, "the file is larger than announced");
    else if (file->state == FILE_REMOVED && found && found->has_file)
        add_problem(check, "left", file->id, path, "the scanner has found something; remove it");
    if (is_whole && file->thumbnail && (!found || !found->has_thumbnail)) {
        file_store_path(file->stored_as, FILE_STORE_THUMBNAIL, path);
        add_problem(check, "missing", file->id, path, "the thumbnail does not exist");
    }
}

/* Walks rows and folder side by side, in the order of names. */
static void visit_row(void *context, const struct file *file) {
    struct files_check *check = context;
    const struct found *found = NULL;
    /* Both lists are in the order of names: what comes before this row in the folder has no row. */
    while (check->at < check->count && strcmp(check->found[check->at].name, file->stored_as) < 0)
        add_orphan(check, &check->found[check->at++]);
    if (check->at < check->count && strcmp(check->found[check->at].name, file->stored_as) == 0)
        found = &check->found[check->at++];
    /* Counted are rows, and the bytes that are there. */
    check->files++;
    check->bytes += found ? found->size : 0;
    check_row(check, file, found);
}

/* ---- the command ---- */

/* The problems, as JSON or as a table, with what was counted. */
static void print(struct files_check *check) {
    struct buffer out = BUFFER_EMPTY;
    if (check->cli->json) {
        struct json_writer w = json_writer_start(&out);
        json_write_array_end(&check->w);
        json_write_object(&w);
        /* "ok" for scripts; the exit status says the same. */
        json_write_member_bool(&w, "ok", check->problems == 0);
        json_write_member_u64(&w, "files", check->files);
        json_write_member_u64(&w, "bytes", check->bytes);
        json_write_key(&w, "problems");
        json_write_raw(&w, check->json.data, check->json.len);
        json_write_object_end(&w);
        buffer_append_char(&out, '\n');
    } else {
        if (check->problems > 0)
            table_write(check->table, &out);
        buffer_printf(&out, "%" PRIu64 " file%s, %" PRIu64 " byte%s, %" PRIu64 " problem%s\n",
                      check->files, text_plural(check->files), check->bytes,
                      text_plural(check->bytes), check->problems, text_plural(check->problems));
    }
    cli_output(&out);
}

/* Compares the folder with the rows, and prints what differs. */
static enum cli_status compare_all(struct files_check *check) {
    const struct cli *cli = check->cli;
    const char *folder = cli->config.file_dir;
    if (!file_store_list(folder, add_entry, check))
        return cli_error("file_dir %s cannot be read: %s", folder, file_store_problem());
    sort_found(check);
    const enum error error = file_each(cli->db, visit_row, check);
    if (error)
        return cli_store_error(cli, error);
    /* What is left in the folder comes after the last row. */
    while (check->at < check->count)
        add_orphan(check, &check->found[check->at++]);
    print(check);
    /* Differences are a failure, so that cron reports them. */
    return check->problems > 0 ? CLI_FAILED : CLI_OK;
}

enum cli_status command_files_check(struct cli *cli, struct arguments *arguments) {
    /* Nothing is repaired: an administrator decides what is lost. */
    static const char *const HEADINGS[] = {"PROBLEM", ">FILE", "PATH IN file_dir", "MEANING"};
    struct files_check check = {.cli = cli};
    if (!arguments_read(arguments, NULL, 0, 0, 0))
        return CLI_USAGE;
    if (!cli->config.file_dir[0])
        return cli_error("file_dir is not set: there are no files");
    check.table = table_new(HEADINGS, 4);
    check.w = json_writer_start(&check.json);
    if (cli->json)
        json_write_array(&check.w);
    const enum cli_status status = compare_all(&check);
    table_free(check.table);
    buffer_free(&check.json);
    free(check.found);
    return status;
}
