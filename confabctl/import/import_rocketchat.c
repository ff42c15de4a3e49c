/* Collections of Rocket.Chat as mongoexport writes them: a document on each line, or an array. */
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "import/import_readers.h"

struct rocketchat {
    struct import_source *source;
    struct import_model *model;
};

/* {"$date": "2024-01-15T10:30:00.123Z"}, {"$date": {"$numberLong": "..."}}, {"$date": millis}, or
 * the time itself; 0 without one. */
static int64_t time_of(struct json_object *object, const char *name) {
    /* Three forms of MongoDB's Extended JSON, and plain numbers or texts of other tools. */
    struct json_object *date = import_json_object(object, name);
    struct json_object *inner = import_json_object(date, "$date");
    const char *member = date ? "$date" : name;
    struct json_object *from = date ? date : object;
    const struct text text = import_json_text(from, member);
    int64_t micros = 0, millis = import_json_number(from, member);
    uint64_t number;
    /* Milliseconds, up to the year 2096. */
    if (inner && text_to_u64(import_json_text(inner, "$numberLong"), &number))
        millis = (int64_t)(number < 4000000000000 ? number : 0);
    if (text.len > 0)
        return clock_parse(text, &micros) && micros > 0 ? micros : 0;
    return millis > 0 && millis < 4000000000000 ? millis * 1000 : 0;
}

/* ---- users and rooms ---- */

/* A user of the file of users. */
static void read_user(void *context, struct json_object *object) {
    struct import_model *model = ((struct rocketchat *)context)->model;
    struct json_object *emails = import_json_array(object, "emails");
    /* The first address is the main one. */
    struct json_object *email =
        import_json_length(emails) > 0 ? json_object_array_get_idx(emails, 0) : NULL;
    const struct text type = import_json_text(object, "type");
    struct json_object *active = NULL;
    /* `active` may be missing, which is not the same as false. */
    const bool has_active = json_object_object_get_ex(object, "active", &active);
    const struct import_user user = {
        .id = import_keep(model, import_json_id(object, "_id")),
        .name = import_keep(model, import_json_text(object, "username")),
        .display_name = import_keep(model, import_json_text(object, "name")),
        .email = import_keep(model, import_json_text(email, "address")),
        .email_verified = import_json_bool(email, "verified"),
        .is_bot = text_equals(type, text_of("bot")) || text_equals(type, text_of("app")),
        .is_deleted = has_active && !import_json_bool(object, "active"),
    };
    if (user.id.len > 0)
        import_add_user(model, user);
}

static void add_members(struct import_model *model, struct text room, struct json_object *users) {
    for (size_t i = 0; i < import_json_length(users); i++)
        import_add_member(model, room, import_keep(model, import_json_element(users, i)), false);
}

/* A room of the file of rooms; which kind it is depends on its letter and its members. */
static void read_room(void *context, struct json_object *object) {
    struct import_model *model = ((struct rocketchat *)context)->model;
    const struct text type = import_json_text(object, "t");
    const struct text name = import_json_text(object, "name");
    const struct text shown = import_json_text(object, "fname");
    struct json_object *users = import_json_array(object, "usernames");
    struct json_object *ids = import_json_array(object, "uids");
    struct import_room room = {.id = import_keep(model, import_json_id(object, "_id")),
                               .kind = IMPORT_DIRECT};
    const bool is_direct = text_equals(type, text_of("d"));
    /* Newer versions have ids, older ones names. */
    const size_t count = import_json_length(ids ? ids : users);
    /* l is a conversation with a visitor of a web site, v such a visitor's in newer versions. */
    if (text_equals(type, text_of("l")) || text_equals(type, text_of("v")) ||
        (is_direct && count < 2)) {
        import_note(model, "conversations of visitors, or with oneself", 1);
        return;
    }
    if (!is_direct || count > 2) {
        /* c is a channel for all, p a private one. */
        room.kind = text_equals(type, text_of("c")) ? IMPORT_PUBLIC : IMPORT_PRIVATE;
        /* A direct conversation of several has no name. */
        room.key = is_direct || name.len == 0 ? room.id : import_keep(model, name);
        room.name = import_keep_points(model, shown.len > 0 ? shown : name, 128);
        room.topic = import_keep_points(model, import_json_text(object, "topic"), 500);
    }
    /* Every room has a name here. */
    if (room.kind != IMPORT_DIRECT && room.name.len == 0)
        room.name = room.id;
    import_add_room(model, room);
    add_members(model, room.id, ids ? ids : users);
}

/* The members of channels, and their roles. */
static void read_subscription(void *context, struct json_object *object) {
    struct import_model *model = ((struct rocketchat *)context)->model;
    struct json_object *roles = import_json_array(object, "roles");
    bool is_admin = false;
    /* Owners are admins; moderators become members. */
    for (size_t i = 0; i < import_json_length(roles); i++)
        is_admin = is_admin || text_equals(import_json_element(roles, i), text_of("owner"));
    import_add_member(model, import_keep(model, import_json_id(object, "rid")),
                      import_keep(model, import_json_id(import_json_object(object, "u"), "_id")),
                      is_admin);
}

/* ---- messages ---- */

/* A file of a message, if the export has its bytes. */
static void add_file(struct rocketchat *rocket, struct json_object *file) {
    struct import_model *model = rocket->model;
    const struct text id = import_json_id(file, "_id"), name = import_json_text(file, "name");
    /* Not a file of the message. */
    if (id.len == 0)
        return;
    /* An id with a slash would lead out of the folder. */
    char *path = memchr(id.at, '/', id.len)
                     ? NULL
                     : import_source_find(rocket->source, "uploads/%.*s", (int)id.len, id.at);
    if (path)
        import_add_file(model,
                        (struct import_file){import_keep(model, name),
                                             import_keep(model, import_json_text(file, "type")),
                                             import_keep(model, text_of(path))});
    else
        import_note(model, "files that are not in the export", 1);
    free(path);
}

/* {":thumbsup:": {"usernames": ["ann"]}} */
static void add_reactions(struct import_model *model, struct json_object *object) {
    struct json_object *reactions = import_json_object(object, "reactions");
    if (!reactions)
        return;
    json_object_object_foreach(reactions, name, reaction) {
        /* By user names, which import_user_index finds as well. */
        struct json_object *users = import_json_array(reaction, "usernames");
        for (size_t i = 0; i < import_json_length(users); i++)
            import_add_reaction(model, import_keep(model, import_json_element(users, i)),
                                text_of(name));
    }
}

/* The content of a message: its text, or the descriptions of its files. */
static struct text words_of(struct import_model *model, struct json_object *object) {
    struct json_object *attachments = import_json_array(object, "attachments");
    struct text words = import_json_text(object, "msg");
    /* Descriptions of files are the words of a message without any. */
    for (size_t i = 0; words.len == 0 && i < import_json_length(attachments); i++) {
        struct json_object *one = json_object_array_get_idx(attachments, i);
        words = import_json_text(one, "description");
        if (words.len == 0)
            words = import_json_text(one, "text");
        if (words.len == 0)
            words = import_json_text(one, "title");
    }
    return import_keep(model, words);
}

/* A message with its sender, file and reactions. */
static void read_message(void *context, struct json_object *object) {
    struct rocketchat *rocket = context;
    struct import_model *model = rocket->model;
    struct json_object *sender = import_json_object(object, "u");
    struct json_object *files = import_json_array(object, "files");
    /* Messages with a type are notices. */
    if (import_json_text(object, "t").len > 0) {
        import_note(model, "notices, such as of users who joined", 1);
        return;
    }
    const size_t before = model->messages.count;
    /* The sender comes with name and id. */
    const struct text user = import_keep(model, import_json_id(sender, "_id"));
    /* Users who were deleted are named by their messages only. */
    if (user.len > 0 && !import_has_user(model, user))
        import_add_user(model, (struct import_user){
                                   .id = user,
                                   .name = import_keep(model, import_json_text(sender, "username")),
                                   .is_deleted = true});
    import_add_message(
        model, (struct import_message){.room = import_keep(model, import_json_id(object, "rid")),
                                       .id = import_keep(model, import_json_id(object, "_id")),
                                       .user = user,
                                       .content = words_of(model, object),
                                       .parent = import_keep(model, import_json_id(object, "tmid")),
                                       .at = time_of(object, "ts"),
                                       .edited_at = time_of(object, "editedAt")});
    /* Left out: its files and reactions as well. */
    if (model->messages.count == before)
        return;
    /* "files" repeats "file" and has pictures made small. */
    if (import_json_object(object, "file"))
        add_file(rocket, import_json_object(object, "file"));
    else if (import_json_length(files) > 0)
        add_file(rocket, json_object_array_get_idx(files, 0));
    add_reactions(model, object);
}

bool import_rocketchat(struct import_source *source, struct import_model *model) {
    static const struct {
        const char *names[2];
        import_object_visit *visit;
        bool is_needed;
    /* In this order: users and rooms before what names them. */
    } COLLECTIONS[] = {
        {{"users.json", "rocketchat_user.json"}, read_user, true},
        {{"rocketchat_room.json", "rooms.json"}, read_room, true},
        {{"rocketchat_subscription.json", "subscriptions.json"}, read_subscription, false},
        {{"rocketchat_message.json", "messages.json"}, read_message, true},
    };
    struct rocketchat rocket = {source, model};
    bool fine = true;
    for (size_t i = 0; fine && i < sizeof(COLLECTIONS) / sizeof(COLLECTIONS[0]); i++) {
        char *path = import_source_find(source, "%s", COLLECTIONS[i].names[0]);
        if (!path)
            path = import_source_find(source, "%s", COLLECTIONS[i].names[1]);
        fine = path || !COLLECTIONS[i].is_needed;
        if (!fine)
            buffer_printf(&source->problem, "it has no %s", COLLECTIONS[i].names[0]);
        else
            fine = import_source_read(source, path, COLLECTIONS[i].visit, &rocket);
        free(path);
        /* Sorted before the messages are read, since read_message looks users up. */
        if (fine && COLLECTIONS[i].visit == read_subscription)
            import_model_finish(model);
    }
    return fine;
}
