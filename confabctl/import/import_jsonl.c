/* The archives that confab itself writes: of a room, and of a user's own data. Reactions and files
 * are read before the messages that they belong to, since import_add_message takes them with it. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/array.h"
#include "base/clock.h"
#include "import/import_readers.h"
#include "secrets/secret.h"

/* A reaction or file, which is in a list of its own. */
struct part {
    struct text message, user, text;
    struct text media_type;
};

struct parts {
    struct part *items;
    size_t count, space;
};

struct jsonl {
    struct import_source *source;
    struct import_model *model;
    struct text own;      /* the id of the user whose archive it is; empty: of a room */
    struct text own_name; /* and the user name */
    struct text room;     /* the id of the room whose archive it is; empty: of a user */
    struct parts reactions, files;
};

/* 0 if the time is missing or not valid. */
static int64_t time_of(struct json_object *object, const char *name) {
    int64_t micros;
    /* Times are texts in ISO 8601, as the API writes them. */
    return clock_parse(import_json_text(object, name), &micros) && micros > 0 ? micros : 0;
}

static struct text keep_id(struct jsonl *jsonl, struct json_object *object, const char *name) {
    return import_keep(jsonl->model, import_json_id(object, name));
}

/* ---- rooms and users ---- */

/* A room without a key gets one that is made of its id and name. */
static struct text key_of(struct jsonl *jsonl, struct json_object *object) {
    struct text key = import_json_text(object, "key");
    /* Rooms that the site knows by a key keep it. */
    if (key.len > 0)
        return import_keep(jsonl->model, key);
    struct buffer text = BUFFER_EMPTY;
    unsigned char digest[16];
    const struct text name = import_json_text(object, "name");
    /* Both, since another database may have the same id for another room. */
    buffer_printf(&text, "%" PRId64 " %.*s", import_json_number(object, "room_id"), (int)name.len,
                  name.at);
    secret_digest((struct text){text.data, text.len}, digest, sizeof(digest));
    buffer_clear(&text);
    buffer_append_str(&text, "import/");
    /* 8 bytes of the digest are enough for the rooms of one site. */
    for (size_t i = 0; i < sizeof(digest) / 2; i++)
        buffer_printf(&text, "%02x", digest[i]);
    key = import_keep(jsonl->model, (struct text){text.data, text.len});
    buffer_free(&text);
    return key;
}

/* A room of the archive, with the one or two members that are known from it. */
static void read_room(void *context, struct json_object *object) {
    struct jsonl *jsonl = context;
    struct import_model *model = jsonl->model;
    /* Direct, unless the object says otherwise. */
    struct import_room room = {.id = keep_id(jsonl, object, "room_id"), .kind = IMPORT_DIRECT};
    /* Without an own user it is the archive of a room, whose only room this is. */
    if (jsonl->own.len == 0)
        jsonl->room = room.id;
    if (!import_json_bool(object, "is_direct")) {
        room.kind = import_json_bool(object, "is_private") ? IMPORT_PRIVATE : IMPORT_PUBLIC;
        room.key = key_of(jsonl, object);
        room.name = import_keep_points(model, import_json_text(object, "name"), 128);
        room.topic = import_keep_points(model, import_json_text(object, "topic"), 500);
    }
    /* Added before its members. */
    import_add_room(model, room);
    if (jsonl->own.len == 0)
        return;
    import_add_member(model, room.id, jsonl->own,
                      text_equals(import_json_text(object, "role"), text_of("admin")));
    /* In the archive of a user a direct room has the name of the other one. */
    if (room.kind == IMPORT_DIRECT) {
        const struct text other = import_keep(model, import_json_text(object, "name"));
        /* Known by the name, which is all that the archive has. */
        if (!import_has_user(model, other))
            import_add_user(model, (struct import_user){.id = other, .name = other});
        import_add_member(model, room.id, other, false);
    }
}

/* Reads a user of account.json, or of members.jsonl. */
static void read_user(void *context, struct json_object *object) {
    struct jsonl *jsonl = context;
    struct import_model *model = jsonl->model;
    const struct text name = import_keep(model, import_json_text(object, "username"));
    /* A line without a user name describes no user. */
    if (name.len == 0)
        return;
    import_add_user(
        model, (struct import_user){
                   .id = name,
                   .name = name,
                   .display_name = import_keep(model, import_json_text(object, "display_name")),
                   .email = import_keep(model, import_json_text(object, "email")),
                   .email_verified = import_json_bool(object, "email_verified"),
                   .is_bot = import_json_bool(object, "is_bot")});
    /* The members of the room, or the user whose archive it is. */
    if (jsonl->room.len > 0)
        import_add_member(model, jsonl->room, name,
                          text_equals(import_json_text(object, "role"), text_of("admin")));
    else
        jsonl->own = jsonl->own_name = name;
}

/* ---- messages ---- */

/* By the id of the message that the parts belong to. */
static int compare_parts(const void *a, const void *b) {
    const struct part *one = a, *other = b;
    return text_compare(one->message, other->message);
}

/* Sets *first and *end to those of a message. */
static void find_parts(const struct parts *parts, struct text message, size_t *first, size_t *end) {
    const struct part key = {.message = message};
    const struct part *found =
        parts->count == 0 ? NULL
                          : bsearch(&key, parts->items, parts->count, sizeof(key), compare_parts);
    *first = *end = found ? (size_t)(found - parts->items) : 0;
    if (!found)
        return;
    /* Any of the equal ones is found: the first and the end are beside it. */
    while (*first > 0 && compare_parts(&parts->items[*first - 1], &key) == 0)
        --*first;
    while (*end < parts->count && compare_parts(&parts->items[*end], &key) == 0)
        ++*end;
}

static void add_part(struct parts *parts, struct part part) {
    parts->items =
        array_reserve(parts->items, &parts->space, parts->count + 1, sizeof(*parts->items));
    parts->items[parts->count++] = part;
}

/* Kept until the message that it belongs to is read. */
static void read_reaction(void *context, struct json_object *object) {
    struct jsonl *jsonl = context;
    const struct text user = import_json_text(object, "username");
    add_part(&jsonl->reactions,
             (struct part){.message = keep_id(jsonl, object, "message_id"),
                           /* In the archive of a user the reactions are the user's own, without a
                            * name. */
                           .user = user.len > 0 ? import_keep(jsonl->model, user) : jsonl->own_name,
                           .text = import_keep(jsonl->model, import_json_text(object, "emoji"))});
}

/* The bytes are in files/ID, under a name that may differ. */
static void read_file(void *context, struct json_object *object) {
    struct jsonl *jsonl = context;
    char folder[64];
    snprintf(folder, sizeof(folder), "files/%" PRId64, import_json_number(object, "file_id"));
    /* The only file in its folder. */
    char **names = import_source_list(jsonl->source, folder);
    char *path =
        names && names[0] ? import_source_find(jsonl->source, "%s/%s", folder, names[0]) : NULL;
    if (path)
        add_part(&jsonl->files,
                 (struct part){.message = keep_id(jsonl, object, "message_id"),
                               /* `user` has the path here, `text` the name. */
                               .user = import_keep(jsonl->model, text_of(path)),
                               .text = import_keep(jsonl->model, import_json_text(object, "name")),
                               .media_type = import_keep(jsonl->model,
                                                         import_json_text(object, "media_type"))});
    else
        import_note(jsonl->model, "files that are not in the export", 1);
    import_source_free_list(names);
    free(path);
}

/* A message with its files and reactions, which were read before. */
static void read_message(void *context, struct json_object *object) {
    struct jsonl *jsonl = context;
    struct import_model *model = jsonl->model;
    size_t first, end;
    /* Deleted messages have no content. */
    if (import_json_bool(object, "is_deleted")) {
        import_note(model, "messages that were deleted", 1);
        return;
    }
    const struct import_message message = {
        .room = keep_id(jsonl, object, "room_id"),
        .id = keep_id(jsonl, object, "message_id"),
        .user = import_keep(model, import_json_text(object, "sender_username")),
        .content = import_keep(model, import_json_text(object, "content")),
        .parent = keep_id(jsonl, object, "reply_to_id"),
        .at = time_of(object, "created_at"),
        .edited_at = time_of(object, "edited_at"),
        .is_system = text_equals(import_json_text(object, "message_type"), text_of("system")),
    };
    const size_t before = model->messages.count;
    import_add_message(model, message);
    /* The message was left out, since it has no valid time: so are its parts. */
    if (model->messages.count == before)
        return;
    find_parts(&jsonl->files, message.id, &first, &end);
    for (; first < end; first++) {
        const struct part *file = &jsonl->files.items[first];
        import_add_file(model, (struct import_file){file->text, file->media_type, file->user});
    }
    find_parts(&jsonl->reactions, message.id, &first, &end);
    for (; first < end; first++)
        import_add_reaction(model, jsonl->reactions.items[first].user,
                            jsonl->reactions.items[first].text);
}

/* ---- the archive ---- */

/* A part that is missing is not an error: an archive of a user has no members.jsonl. */
static bool read_part(struct jsonl *jsonl, const char *name, import_object_visit *visit) {
    char *path = import_source_find(jsonl->source, "%s", name);
    const bool fine = import_source_read(jsonl->source, path, visit, jsonl);
    free(path);
    return fine;
}

static void sort_parts(struct parts *parts) {
    if (parts->count > 0)
        qsort(parts->items, parts->count, sizeof(*parts->items), compare_parts);
}

bool import_jsonl(struct import_source *source, struct import_model *model) {
    struct jsonl jsonl = {.source = source, .model = model};
    /* If there is a room.json, it is the archive of a room. */
    bool fine = read_part(&jsonl, "room.json", read_room);
    if (fine && jsonl.room.len > 0)
        fine = read_part(&jsonl, "members.jsonl", read_user);
    else if (fine)
        fine = read_part(&jsonl, "account.json", read_user) &&
               read_part(&jsonl, "rooms.jsonl", read_room);
    if (fine && jsonl.room.len == 0 && jsonl.own.len == 0) {
        buffer_append_str(&source->problem,
                          "it has no room.json and no account.json: it is not an "
                          "archive of confab");
        fine = false;
    }
    fine = fine && read_part(&jsonl, "reactions.jsonl", read_reaction) &&
           read_part(&jsonl, "files.jsonl", read_file);
    sort_parts(&jsonl.reactions);
    /* Sorted, for the binary searches of read_message. */
    sort_parts(&jsonl.files);
    fine = fine && read_part(&jsonl, "messages.jsonl", read_message);
    free(jsonl.reactions.items);
    free(jsonl.files.items);
    return fine;
}
