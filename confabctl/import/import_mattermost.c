/* Mattermost's bulk export: one object on each line. Users and channels are known by their names,
 * posts by their time and sender. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "import/import_readers.h"
#include "secrets/secret.h"

struct mattermost {
    struct import_source *source;
    struct import_model *model;
    /* The first line of each bulk export is its version. */
    bool has_version;
};

/* A name made of two, such as that of a channel and its team. Channels of different teams may have
 * the same name; a slash is in neither. */
static struct text join(struct import_model *model, struct text one, struct text other) {
    struct buffer name = BUFFER_EMPTY;
    buffer_append(&name, one.at, one.len);
    buffer_append_char(&name, '/');
    buffer_append(&name, other.at, other.len);
    const struct text kept = import_keep(model, (struct text){name.data, name.len});
    buffer_free(&name);
    return kept;
}

/* ---- users and channels ---- */

/* A user, and the channels that the user is in. */
static void read_user(struct mattermost *mm, struct json_object *object) {
    struct import_model *model = mm->model;
    const struct text name = import_keep(model, import_json_text(object, "username"));
    struct json_object *teams = import_json_array(object, "teams");
    struct buffer shown = BUFFER_EMPTY;
    buffer_append(&shown, import_json_text(object, "first_name").at,
                  import_json_text(object, "first_name").len);
    buffer_append_char(&shown, ' ');
    buffer_append(&shown, import_json_text(object, "last_name").at,
                  import_json_text(object, "last_name").len);
    /* The nickname is what Mattermost shows before the full name. */
    const struct text nick = text_trim(import_json_text(object, "nickname"));
    const struct text full = text_trim((struct text){shown.data, shown.len});
    if (name.len > 0)
        import_add_user(model, (struct import_user){
                                   .id = name,
                                   .name = name,
                                   .display_name = import_keep(model, nick.len > 0 ? nick : full),
                                   .email = import_keep(model, import_json_text(object, "email")),
                                   .is_deleted = import_json_number(object, "delete_at") > 0});
    buffer_free(&shown);
    /* Memberships are in the row of the user, by team and channel. */
    for (size_t i = 0; i < import_json_length(teams); i++) {
        struct json_object *team = json_object_array_get_idx(teams, i);
        struct json_object *channels = import_json_array(team, "channels");
        for (size_t j = 0; j < import_json_length(channels); j++) {
            struct json_object *channel = json_object_array_get_idx(channels, j);
            const struct text roles = import_json_text(channel, "roles");
            const struct text id =
                join(model, import_json_text(team, "name"), import_json_text(channel, "name"));
            /* Roles are words separated by blanks. */
            import_add_member(model, id, name,
                              roles.len > 0 &&
                                  memmem(roles.at, roles.len, "channel_admin", 13) != NULL);
        }
    }
}

/* Bots have no addresses and no memberships in the export. */
static void read_bot(struct mattermost *mm, struct json_object *object) {
    const struct text name = import_keep(mm->model, import_json_text(object, "username"));
    if (name.len > 0)
        import_add_user(mm->model, (struct import_user){
                                       .id = name,
                                       .name = name,
                                       .display_name = import_keep(
                                           mm->model, import_json_text(object, "display_name")),
                                       .is_bot = true});
}

/* A channel; its members are known from the users. */
static void read_channel(struct mattermost *mm, struct json_object *object) {
    struct import_model *model = mm->model;
    const struct text name = import_json_text(object, "name");
    const struct text shown = import_json_text(object, "display_name");
    /* The same id as by read_user. */
    const struct text id = join(model, import_json_text(object, "team"), name);
    import_add_room(model,
                    (struct import_room){
                        .id = id,
                        .key = id,
                        .name = import_keep_points(model, shown.len > 0 ? shown : name, 128),
                        .topic = import_keep_points(model, import_json_text(object, "header"), 500),
                        /* O is open; P is private. */
                        .kind = text_equals(import_json_text(object, "type"), text_of("O"))
                                    ? IMPORT_PUBLIC
                                    : IMPORT_PRIVATE});
}

static int compare_names(const void *a, const void *b) {
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* The id of a direct channel is made of the names of its members, sorted. */
static struct text direct_id(struct import_model *model, struct json_object *members) {
    /* The number of members is not limited for groups. */
    const size_t count = import_json_length(members);
    char **names = calloc(count + 1, sizeof(*names));
    struct buffer id = BUFFER_EMPTY;
    if (!names)
        abort();
    for (size_t i = 0; i < count; i++) {
        struct json_object *member = json_object_array_get_idx(members, i);
        /* Older exports list names, newer ones objects. */
        const struct text name = json_object_is_type(member, json_type_object)
                                     ? import_json_text(member, "username")
                                     : import_json_element(members, i);
        names[i] = strndup(name.at, name.len);
    }
    qsort(names, count, sizeof(*names), compare_names);
    for (size_t i = 0; i < count; i++) {
        buffer_printf(&id, "%s%s", i == 0 ? "" : ",", names[i]);
        free(names[i]);
    }
    free(names);
    const struct text kept = import_keep(model, (struct text){id.data, id.len});
    buffer_free(&id);
    return kept;
}

/* A direct conversation of two users; for a conversation of several a private room is made. */
static void read_direct_channel(struct mattermost *mm, struct json_object *object) {
    struct import_model *model = mm->model;
    struct json_object *members = import_json_array(object, "members");
    /* The older name of the same list. */
    if (!members)
        members = import_json_array(object, "participants");
    const size_t count = import_json_length(members);
    const struct text id = direct_id(model, members);
    struct import_room room = {.id = id, .kind = IMPORT_DIRECT};
    if (count < 2) {
        import_note(model, "direct conversations that are not of two users", 1);
        return;
    }
    /* More than two: a private room. */
    if (count > 2) {
        /* A key has no commas, and at most 128 characters. */
        unsigned char digest[16];
        char key[64] = "group/";
        secret_digest(id, digest, sizeof(digest));
        for (size_t i = 0; i < sizeof(digest); i++)
            text_put_hex(key + 6 + 2 * i, 2, digest[i]);
        key[6 + 2 * sizeof(digest)] = '\0';
        room.kind = IMPORT_PRIVATE;
        room.key = import_keep(model, text_of(key));
        room.name = import_keep_points(model, id, 128);
    }
    import_add_room(model, room);
    struct text rest = id, name;
    while (text_split(&rest, ',', &name))
        import_add_member(model, id, name, false);
}

/* ---- posts ---- */

/* A post has no id: it is made of time, sender and content. */
static struct text post_id(struct import_model *model, struct json_object *object) {
    const struct text user = import_json_text(object, "user");
    const struct text words = import_json_text(object, "message");
    unsigned char digest[16];
    struct buffer id = BUFFER_EMPTY;
    /* A digest of the content distinguishes two posts of one user in the same millisecond. */
    secret_digest(words, digest, sizeof(digest));
    buffer_printf(&id, "%" PRId64 "/%.*s/", import_json_number(object, "create_at"), (int)user.len,
                  user.at);
    for (size_t i = 0; i < sizeof(digest); i++)
        buffer_printf(&id, "%02x", digest[i]);
    const struct text kept = import_keep(model, (struct text){id.data, id.len});
    buffer_free(&id);
    return kept;
}

/* 0 if the time is missing or out of bounds. */
static int64_t micros_of(struct json_object *object, const char *name) {
    const int64_t millis = import_json_number(object, name);
    /* Milliseconds since 1970; from 4,000,000,000,000 on (the year 2096) it is not a valid time. */
    return millis > 0 && millis < 4000000000000 ? millis * 1000 : 0;
}

/* The files of a post, looked for in the places where versions of the export have them. */
static void add_files(struct mattermost *mm, struct json_object *object) {
    /* The folders where different versions of Mattermost put attachments, beside the file of
     * lines. */
    static const char *const FOLDERS[] = {"", "data/", "bulk-export-attachments/"};
    struct json_object *files = import_json_array(object, "attachments");
    for (size_t i = 0; i < import_json_length(files); i++) {
        const struct text named = import_json_text(json_object_array_get_idx(files, i), "path");
        char *path = NULL;
        for (size_t j = 0; !path && j < sizeof(FOLDERS) / sizeof(FOLDERS[0]); j++)
            path = import_source_find(mm->source, "%s%.*s", FOLDERS[j], (int)named.len, named.at);
        /* At most ten files of a message, as for posts. */
        if (path && i < 10)
            import_add_file(mm->model, (struct import_file){
                                           import_keep(mm->model, text_of(strrchr(path, '/') + 1)),
                                           text_of(""), import_keep(mm->model, text_of(path))});
        else
            import_note(mm->model, "files that are not in the export", 1);
        free(path);
    }
}

/* Reactions are in the row of the post. */
static void add_reactions(struct import_model *model, struct json_object *object) {
    struct json_object *reactions = import_json_array(object, "reactions");
    for (size_t i = 0; i < import_json_length(reactions); i++) {
        struct json_object *one = json_object_array_get_idx(reactions, i);
        /* Users are named, not numbered, in reactions and posts. */
        import_add_reaction(model, import_keep(model, import_json_text(one, "user")),
                            import_json_text(one, "emoji_name"));
    }
}

/* parent: the id of the post that this one answers; empty: none. */
static struct text add_post(struct mattermost *mm, struct text room, struct text parent,
                            struct json_object *object) {
    struct import_model *model = mm->model;
    const struct import_message message = {
        .room = room,
        .id = post_id(model, object),
        .user = import_keep(model, import_json_text(object, "user")),
        .content = import_keep(model, import_json_text(object, "message")),
        .parent = parent,
        .at = micros_of(object, "create_at"),
        .edited_at = micros_of(object, "edit_at"),
    };
    const size_t before = model->messages.count;
    import_add_message(model, message);
    /* Reactions and files are added only if the post was. */
    if (model->messages.count > before) {
        add_files(mm, object);
        add_reactions(model, object);
    }
    return message.id;
}

/* A post and its replies. */
static void read_post(struct mattermost *mm, struct text room, struct json_object *object) {
    struct json_object *replies = import_json_array(object, "replies");
    struct text type = import_json_text(object, "type");
    /* The types of notices begin so. */
    if (text_skip(&type, "system_")) {
        import_note(mm->model, "notices, such as of users who joined", 1);
        return;
    }
    const struct text id = add_post(mm, room, text_of(""), object);
    /* Replies are part of their post, and come after it. */
    for (size_t i = 0; i < import_json_length(replies); i++)
        add_post(mm, room, id, json_object_array_get_idx(replies, i));
}

/* ---- lines ---- */

/* Each line is one object, with its type beside it. */
static void read_line(void *context, struct json_object *line) {
    struct mattermost *mm = context;
    const struct text type = import_json_text(line, "type");
    char name[32];
    /* Types are short: a longer one is unknown in any case. */
    snprintf(name, sizeof(name), "%.*s", (int)type.len, type.at);
    /* The object has the name of its type. */
    struct json_object *object = import_json_object(line, name);
    if (strcmp(name, "version") == 0)
        mm->has_version = true;
    else if (strcmp(name, "user") == 0)
        read_user(mm, object);
    else if (strcmp(name, "bot") == 0)
        read_bot(mm, object);
    else if (strcmp(name, "channel") == 0)
        read_channel(mm, object);
    else if (strcmp(name, "direct_channel") == 0)
        read_direct_channel(mm, object);
    /* Other types, such as emoji and teams, are not needed. */
    else if (strcmp(name, "post") == 0)
        read_post(
            mm,
            join(mm->model, import_json_text(object, "team"), import_json_text(object, "channel")),
            object);
    else if (strcmp(name, "direct_post") == 0)
        read_post(mm, direct_id(mm->model, import_json_array(object, "channel_members")), object);
}

/* The first file of lines in the folder; the archive of Mattermost has one. */
static char *find_lines(const struct import_source *source) {
    char **names = import_source_list(source, ""), *path = NULL;
    for (size_t i = 0; names && names[i] && !path; i++) {
        const char *end = strrchr(names[i], '.');
        if (end && strcmp(end, ".jsonl") == 0)
            path = import_source_find(source, "%s", names[i]);
    }
    import_source_free_list(names);
    return path;
}

bool import_mattermost(struct import_source *source, struct import_model *model) {
    struct mattermost mm = {.source = source, .model = model};
    /* The lines alone, or a folder with them and the attachments. */
    char *path = source->file ? strdup(source->file) : find_lines(source);
    bool fine = path && import_source_read(source, path, read_line, &mm);
    if (!path || (fine && !mm.has_version)) {
        buffer_append_str(&source->problem,
                          "it has no line of the type version: it is not a bulk export of "
                          "Mattermost");
        fine = false;
    }
    free(path);
    return fine;
}
