/* Slack's export. Members and times are in the files of each channel; users
 * are known by their ids, in the text as well. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "import/import_readers.h"
#include "import/slack_text.h"

struct slack {
    struct import_source *source;
    struct import_model *model;
    enum import_kind kind; /* of the list that is read */
    struct text room;      /* the id of the channel that is read */
    struct buffer text;
};

/* ---- users and channels ---- */

/* Returns the first of the two texts that is not empty. */
static struct text first_of(struct text one, struct text other) {
    return one.len > 0 ? one : other;
}

/* A user of users.json. */
static void read_user(void *context, struct json_object *object) {
    struct slack *slack = context;
    /* Fields of the profile come first: they are what Slack shows. */
    struct json_object *profile = import_json_object(object, "profile");
    const struct text shown =
        first_of(import_json_text(profile, "display_name"), import_json_text(profile, "real_name"));
    const struct import_user user = {
        .id = import_keep(slack->model, import_json_text(object, "id")),
        .name = import_keep(slack->model, import_json_text(object, "name")),
        .display_name =
            import_keep(slack->model, first_of(shown, import_json_text(object, "real_name"))),
        .email = import_keep(slack->model, import_json_text(profile, "email")),
        .email_verified = import_json_bool(object, "is_email_confirmed"),
        .is_bot = import_json_bool(object, "is_bot"),
        .is_deleted = import_json_bool(object, "deleted"),
    };
    if (user.id.len > 0)
        import_add_user(slack->model, user);
}

/* The key of a room: its name, if that is a valid key, else its id. */
static struct text key_of(struct slack *slack, struct text name, struct text id) {
    /* Letters of other scripts are allowed in names there. */
    bool is_key = name.len >= 1 && name.len <= 128;
    for (size_t i = 0; is_key && i < name.len; i++)
        is_key = strchr("abcdefghijklmnopqrstuvwxyz0123456789._-", name.at[i]) != NULL;
    return is_key ? name : import_keep(slack->model, id);
}

/* A channel of one of the lists of channels, groups and direct conversations. */
static void read_channel(void *context, struct json_object *object) {
    struct slack *slack = context;
    struct import_model *model = slack->model;
    struct json_object *members = import_json_array(object, "members");
    const struct text id = import_keep(model, import_json_text(object, "id"));
    const struct text name = import_keep(model, import_json_text(object, "name"));
    const struct text topic = import_json_text(import_json_object(object, "topic"), "value");
    if (id.len == 0)
        return;
    /* `kind` depends on the list: the objects themselves look alike. */
    struct import_room room = {.id = id, .kind = slack->kind};
    if (room.kind == IMPORT_DIRECT && import_json_length(members) != 2) {
        import_note(model, "direct conversations that are not of two users", 1);
        return;
    }
    if (room.kind != IMPORT_DIRECT) {
        room.key = key_of(slack, name, id);
        room.name = import_keep_points(model, first_of(name, id), 128);
        room.topic = import_keep_points(model, topic, 500);
    }
    import_add_room(model, room);
    for (size_t i = 0; i < import_json_length(members); i++) {
        const struct text user = import_keep(model, import_json_element(members, i));
        /* Slack has no admins of channels; the creator becomes one. */
        import_add_member(model, id, user, text_equals(user, import_json_text(object, "creator")));
    }
}

/* ---- messages ---- */

/* The name that a mention shows. */
static struct text name_of(void *context, char sign, struct text id) {
    const struct import_model *model = ((const struct slack *)context)->model;
    /* @ is a user, # a channel. */
    if (sign == '@') {
        const size_t user = import_user_index(model, id);
        return user == IMPORT_NONE ? text_of("") : model->users.items[user].name;
    }
    const size_t room = import_room_index(model, id);
    return room == IMPORT_NONE ? text_of("") : model->rooms.items[room].name;
}

/* "1355517523.000005"; 0 if it is not a time. */
static int64_t time_of(struct text ts) {
    struct text rest = ts, seconds, fraction = {"", 0};
    uint64_t whole, micros = 0;
    /* A ts is the id of a message as well, so its fraction is read exactly. */
    if (!text_split(&rest, '.', &seconds) || !text_to_u64(seconds, &whole) ||
        whole > (uint64_t)4000000000u)
        return 0;
    fraction = rest;
    if (fraction.len > 0 && (fraction.len > 6 || !text_to_u64(fraction, &micros)))
        return 0;
    /* Filled up to six digits: ".5" is half a second. */
    for (size_t i = fraction.len; i > 0 && i < 6; i++)
        micros *= 10;
    return (int64_t)(whole * 1000000 + micros);
}

/* Whether a message was written by a user or a program, and is not a notice, such as of a join. An
 * empty subtype is an ordinary message. */
static bool is_said(struct text subtype) {
    static const char *const SAID[] = {"",           "bot_message", "thread_broadcast",
                                       "me_message", "file_share",  "file_comment"};
    for (size_t i = 0; i < sizeof(SAID) / sizeof(SAID[0]); i++)
        if (text_equals(subtype, text_of(SAID[i])))
            return true;
    return false;
}

/* Appends the texts of attachments, where programs put the text of their messages. */
static void write_attachments(struct slack *slack, struct json_object *object) {
    struct json_object *attachments = import_json_array(object, "attachments");
    for (size_t i = 0; i < import_json_length(attachments); i++) {
        struct json_object *one = json_object_array_get_idx(attachments, i);
        /* fallback is the plain text for old clients. */
        const struct text text =
            first_of(import_json_text(one, "text"), import_json_text(one, "fallback"));
        if (slack->text.len > 0 && text.len > 0)
            buffer_append_char(&slack->text, '\n');
        slack_text_write(&slack->text, text, name_of, slack);
    }
}

/* A file whose bytes the export does not have is named, with its address. */
static char *find_file(struct slack *slack, struct json_object *file) {
    const struct text id = import_json_text(file, "id"), name = import_json_text(file, "name");
    const struct text address = import_json_text(file, "url_private");
    /* An id or name with a slash would lead out of the folder. */
    char *path = memchr(id.at, '/', id.len) || memchr(name.at, '/', name.len)
                     ? NULL
                     : import_source_find(slack->source, "__uploads/%.*s/%.*s", (int)id.len, id.at,
                                          (int)name.len, name.at);
    /* No bytes and no id: a file that was deleted there. */
    if (path || id.len == 0)
        return path;
    import_note(slack->model, "files that are not in the export; messages have their addresses", 1);
    if (slack->text.len > 0)
        buffer_append_char(&slack->text, '\n');
    buffer_printf(&slack->text, "%.*s %.*s", (int)name.len, name.at, (int)address.len, address.at);
    return NULL;
}

#define FILES_MOST 10

/* The sender: a user, or a program, which becomes one. */
static struct text sender_of(struct slack *slack, struct json_object *object) {
    struct text id = import_json_text(object, "user");
    if (id.len > 0)
        return import_keep(slack->model, id);
    /* Programs have a bot_id, and no entry in users.json. */
    id = import_keep(slack->model, import_json_text(object, "bot_id"));
    if (id.len > 0 && !import_has_user(slack->model, id)) {
        struct text name = import_json_text(object, "username");
        if (name.len == 0)
            name = import_json_text(import_json_object(object, "bot_profile"), "name");
        name = import_keep(slack->model, name);
        import_add_user(
            slack->model,
            (struct import_user){.id = id, .name = name, .display_name = name, .is_bot = true});
    }
    return id;
}

/* Adds the reactions. The export has each emoji with a list of its users. */
static void add_reactions(struct slack *slack, struct json_object *object) {
    struct json_object *reactions = import_json_array(object, "reactions");
    for (size_t i = 0; i < import_json_length(reactions); i++) {
        struct json_object *reaction = json_object_array_get_idx(reactions, i);
        struct json_object *users = import_json_array(reaction, "users");
        /* One user at a time. */
        for (size_t j = 0; j < import_json_length(users); j++)
            import_add_reaction(slack->model,
                                import_keep(slack->model, import_json_element(users, j)),
                                import_json_text(reaction, "name"));
    }
}

/* A message with its files and reactions. Text in Slack's notation becomes plain text. */
static void read_message(void *context, struct json_object *object) {
    struct slack *slack = context;
    struct json_object *files = import_json_array(object, "files");
    const struct text ts = import_json_text(object, "ts");
    const struct text thread = import_json_text(object, "thread_ts");
    char *paths[FILES_MOST] = {NULL};
    if (!is_said(import_json_text(object, "subtype"))) {
        import_note(slack->model, "notices, such as of users who joined", 1);
        return;
    }
    /* The buffer is reused for each message. */
    buffer_clear(&slack->text);
    slack_text_write(&slack->text, import_json_text(object, "text"), name_of, slack);
    /* Attachments are used only if the message itself has no text. */
    if (slack->text.len == 0)
        write_attachments(slack, object);
    for (size_t i = 0; i < import_json_length(files) && i < FILES_MOST; i++)
        paths[i] = find_file(slack, json_object_array_get_idx(files, i));
    const struct import_message message = {
        .room = slack->room,
        .id = import_keep(slack->model, ts),
        .user = sender_of(slack, object),
        .content = import_keep(slack->model, (struct text){slack->text.data, slack->text.len}),
        /* The first message of a thread has its own ts there. */
        .parent = text_equals(thread, ts) ? text_of("") : import_keep(slack->model, thread),
        .at = time_of(ts),
        .edited_at = time_of(import_json_text(import_json_object(object, "edited"), "ts")),
    };
    const size_t before = slack->model->messages.count;
    import_add_message(slack->model, message);
    /* A message without a valid time is left out, and its files with it. */
    const bool is_added = slack->model->messages.count > before;
    for (size_t i = 0; i < FILES_MOST; i++) {
        struct json_object *file = paths[i] ? json_object_array_get_idx(files, i) : NULL;
        if (file && is_added)
            import_add_file(
                slack->model,
                (struct import_file){import_keep(slack->model, import_json_text(file, "name")),
                                     import_keep(slack->model, import_json_text(file, "mimetype")),
                                     import_keep(slack->model, text_of(paths[i]))});
        /* Copied by import_keep. */
        free(paths[i]);
    }
    if (is_added)
        add_reactions(slack, object);
}

/* The files of a channel, which are named by the day, are in the order of time. */
static bool read_folder(struct slack *slack, const struct import_room *room) {
    /* Channels have a folder by name, direct conversations by id. */
    const struct text folder = room->kind == IMPORT_DIRECT ? room->id : room->name;
    char name[600], **days = NULL;
    bool fine = true;
    /* Names come from the export: none may lead out of it. */
    if (folder.len == 0 || folder.at[0] == '.' || memchr(folder.at, '/', folder.len))
        return true;
    snprintf(name, sizeof(name), "%.*s", (int)folder.len, folder.at);
    /* NULL if the channel has no folder: no messages. */
    days = import_source_list(slack->source, name);
    for (size_t i = 0; fine && days && days[i]; i++) {
        char *path = import_source_find(slack->source, "%s/%s", name, days[i]);
        fine = import_source_read(slack->source, path, read_message, slack);
        free(path);
    }
    import_source_free_list(days);
    return fine;
}

bool import_slack(struct import_source *source, struct import_model *model) {
    static const struct {
        const char *name;
        enum import_kind kind;
    } LISTS[] = {{"channels.json", IMPORT_PUBLIC},
                 {"groups.json", IMPORT_PRIVATE},
                 {"mpims.json", IMPORT_PRIVATE},
                 {"dms.json", IMPORT_DIRECT}};
    struct slack slack = {.source = source, .model = model, .text = BUFFER_EMPTY};
    char *users = import_source_find(source, "users.json");
    bool fine = users != NULL && import_source_read(source, users, read_user, &slack);
    if (!users)
        buffer_append_str(&source->problem, "it has no users.json: it is not an export of Slack");
    free(users);
    /* All lists but users.json may be missing. */
    for (size_t i = 0; fine && i < sizeof(LISTS) / sizeof(LISTS[0]); i++) {
        char *path = import_source_find(source, "%s", LISTS[i].name);
        slack.kind = LISTS[i].kind;
        fine = import_source_read(source, path, read_channel, &slack);
        free(path);
    }
    /* Sorted, so that mentions find names. */
    import_model_finish(model);
    for (size_t i = 0; fine && i < model->rooms.count; i++) {
        /* Each message gets the room whose folder is read. */
        slack.room = model->rooms.items[i].id;
        fine = read_folder(&slack, &model->rooms.items[i]);
    }
    buffer_free(&slack.text);
    return fine;
}
