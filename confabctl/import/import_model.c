/* The model of an export: growing lists, texts in chunks, and connecting what belongs together by
 * binary search. */
#include "import/import_model.h"

#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/xalloc.h"
#include "import/emoji_names.h"
#include "unicode/emoji.h"

/* Longest content of a message, in code points. */
#define CONTENT_POINTS 8000

#define CHUNK ((size_t)256 * 1024)

/* Makes room for one more item and returns where it goes. */
#define ADD(list)                                                                                 \
    ((list)->items =                                                                              \
         array_reserve((list)->items, &(list)->space, (list)->count + 1, sizeof(*(list)->items)), \
     &(list)->items[(list)->count++])

/* ---- texts ---- */

/* Memory for texts, which is freed with the model. The bytes are zero. */
static char *chunk_take(struct import_model *model, size_t len) {
    /* A text that is larger than a chunk gets a chunk of its own; what was left of the former one
     * is lost. */
    if (model->chunk_left < len) {
        model->chunk_left = len > CHUNK ? len : CHUNK;
        *ADD(&model->chunks) = xcalloc(model->chunk_left, 1);
    }
    /* From the end of the chunk. */
    model->chunk_left -= len;
    return model->chunks.items[model->chunks.count - 1] + model->chunk_left;
}

struct text import_keep(struct import_model *model, struct text text) {
    size_t len = 0;
    if (text.len == 0)
        return text_of("");
    char *out = chunk_take(model, text.len);
    for (size_t i = 0; i < text.len; i++) {
        const char c = text.at[i];
        /* Control characters are removed, except line feeds and tabs: the API would refuse them. */
        if ((unsigned char)c >= ' ' || c == '\n' || c == '\t')
            out[len++] = c;
    }
    return (struct text){out, len};
}

/* The beginning of a text, of at most this many code points. */
static struct text first_points(struct text text, size_t points) {
    size_t at = 0;
    while (at < text.len && points-- > 0) {
        uint32_t point;
        const size_t size = text_decode(text.at + at, text.len - at, &point);
        /* A byte that is not valid counts as a character, so that this ends. */
        at += size ? size : 1;
    }
    return (struct text){text.at, at};
}

struct text import_keep_points(struct import_model *model, struct text text, size_t points) {
    /* Trimmed again, since the cut may leave a blank at the end. */
    return import_keep(model, text_trim(first_points(text_trim(text), points)));
}

/* ---- adding ---- */

void import_note(struct import_model *model, const char *what, uint64_t count) {
    if (count == 0)
        return;
    /* Compared as texts, since equal literals may have different addresses. */
    for (size_t i = 0; i < model->notes.count; i++)
        if (strcmp(model->notes.items[i].what, what) == 0) {
            model->notes.items[i].count += count;
            return;
        }
    *ADD(&model->notes) = (struct import_note){what, count};
}

void import_add_user(struct import_model *model, struct import_user user) {
    *ADD(&model->users) = user;
}

void import_add_room(struct import_model *model, struct import_room room) {
    *ADD(&model->rooms) = room;
}

void import_add_member(struct import_model *model, struct text room, struct text user,
                       bool is_admin) {
    *ADD(&model->members) =
        (struct import_member){.room = room, .user = user, .is_admin = is_admin};
}

void import_add_message(struct import_model *model, struct import_message message) {
    struct text rest = message.content;
    const struct text id = message.id;
    /* Without a time the message has no place in the order. */
    if (message.at <= 0) {
        import_note(model, "messages without a valid time", 1);
        return;
    }
    for (unsigned part = 1;; part++) {
        /* A long content becomes several messages with the same time, in order. */
        message.content = first_points(rest, CONTENT_POINTS);
        rest.at += message.content.len;
        rest.len -= message.content.len;
        message.order = model->messages.count;
        /* Those that are added next begin here. */
        message.first_reaction = model->reactions.count;
        message.first_file = model->files.count;
        *ADD(&model->messages) = message;
        if (rest.len == 0)
            return;
        /* The next part has an id of its own; reactions and files are those of the last. */
        char *next = chunk_take(model, id.len + 1);
        memcpy(next, id.at, id.len);
        next[id.len] = (char)('0' + part % 10);
        message.id = (struct text){next, id.len + 1};
    }
}

/* Formats that do not say the type of a file have its name. */
static struct text type_of_name(struct text name) {
    static const char *const TYPES[][2] = {
        {".png", "image/png"}, {".jpg", "image/jpeg"},  {".jpeg", "image/jpeg"},
        {".gif", "image/gif"}, {".webp", "image/webp"}, {".mp3", "audio/mpeg"},
        {".mp4", "video/mp4"}, {".webm", "video/webm"},
    };
    for (size_t i = 0; i < sizeof(TYPES) / sizeof(TYPES[0]); i++) {
        const struct text end = text_of(TYPES[i][0]);
        if (name.len > end.len &&
            text_equals_nocase((struct text){name.at + name.len - end.len, end.len}, end))
            return text_of(TYPES[i][1]);
    }
    return text_of("");
}

void import_add_file(struct import_model *model, struct import_file file) {
    /* The last message that was added. */
    struct import_message *message = &model->messages.items[model->messages.count - 1];
    if (file.media_type.len == 0)
        file.media_type = type_of_name(file.name);
    *ADD(&model->files) = file;
    message->file_count++;
}

void import_add_reaction(struct import_model *model, struct text user, struct text name) {
    struct import_message *message = &model->messages.items[model->messages.count - 1];
    struct text emoji;
    /* A name, or the emoji itself as some programs store it. */
    if (!emoji_of_name(name, &emoji) && !emoji_find(name, &emoji)) {
        import_note(model, "reactions with custom emoji", 1);
        return;
    }
    *ADD(&model->reactions) = (struct import_reaction){.user = user, .emoji = emoji};
    message->reaction_count++;
}

/* ---- sorting and finding ---- */

static int compare_numbers(uint64_t a, uint64_t b) {
    return (a > b) - (a < b);
}

static int compare_users(const void *a, const void *b) {
    return text_compare(((const struct import_user *)a)->id, ((const struct import_user *)b)->id);
}

static int compare_rooms(const void *a, const void *b) {
    return text_compare(((const struct import_room *)a)->id, ((const struct import_room *)b)->id);
}

static int compare_names(const void *a, const void *b, void *context) {
    const struct import_user *users = context;
    return text_compare(users[*(const size_t *)a].name, users[*(const size_t *)b].name);
}

/* By room, then by user, so that the members of a room are together. */
static int compare_members(const void *a, const void *b) {
    const struct import_member *one = a, *other = b;
    const int order = compare_numbers(one->room_index, other->room_index);
    return order ? order : compare_numbers(one->user_index, other->user_index);
}

/* By room and time; equal times in the order of the export. */
static int compare_times(const void *a, const void *b) {
    /* The index of the room, since messages are imported room by room. */
    const struct import_message *one = a, *other = b;
    int order = compare_numbers(one->room_index, other->room_index);
    if (!order)
        order = (one->at > other->at) - (one->at < other->at);
    return order ? order : compare_numbers(one->order, other->order);
}

/* Indexes of messages by room and id. */
static int compare_ids(const void *a, const void *b, void *context) {
    const struct import_message *messages = context;
    const struct import_message *one = &messages[*(const size_t *)a];
    const struct import_message *other = &messages[*(const size_t *)b];
    int order = compare_numbers(one->room_index, other->room_index);
    if (!order)
        order = text_compare(one->id, other->id);
    return order ? order : compare_numbers(one->order, other->order);
}

size_t import_room_index(const struct import_model *model, struct text room) {
    const struct import_room key = {.id = room};
    /* bsearch must not be given a NULL array. */
    const struct import_room *found =
        model->rooms.count == 0
            ? NULL
            : bsearch(&key, model->rooms.items, model->rooms.count, sizeof(key), compare_rooms);
    return found ? (size_t)(found - model->rooms.items) : IMPORT_NONE;
}

size_t import_user_index(const struct import_model *model, struct text user) {
    const struct import_user key = {.id = user};
    /* Before import_model_finish nothing is sorted, and nothing is found. */
    if (user.len == 0 || model->sorted_users == 0)
        return IMPORT_NONE;
    const struct import_user *found =
        bsearch(&key, model->users.items, model->sorted_users, sizeof(key), compare_users);
    if (found)
        return (size_t)(found - model->users.items);
    /* Not by id: by name, which some formats use in mentions and reactions. */
    size_t low = 0, high = model->sorted_users;
    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        const int order = text_compare(model->users.items[model->by_name[middle]].name, user);
        if (order == 0)
            return model->by_name[middle];
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return IMPORT_NONE;
}

bool import_has_user(const struct import_model *model, struct text user) {
    /* Those that were added since the last sorting are few. */
    for (size_t i = model->sorted_users; i < model->users.count; i++)
        if (text_equals(model->users.items[i].id, user))
            return true;
    return import_user_index(model, user) != IMPORT_NONE;
}

/* Sorts users by id, without doubles, and makes the index of their names. */
static void sort_users(struct import_model *model) {
    size_t kept = 0;
    if (model->users.count == 0)
        return;
    qsort(model->users.items, model->users.count, sizeof(*model->users.items), compare_users);
    /* The first of several users with the same id is kept. */
    for (size_t i = 0; i < model->users.count; i++)
        if (kept == 0 || compare_users(&model->users.items[kept - 1], &model->users.items[i]) != 0)
            model->users.items[kept++] = model->users.items[i];
    model->users.count = kept;
    model->sorted_users = kept;
    /* Sorted again after senders were added. */
    free(model->by_name);
    model->by_name = xcalloc(kept, sizeof(*model->by_name));
    for (size_t i = 0; i < kept; i++)
        model->by_name[i] = i;
    qsort_r(model->by_name, kept, sizeof(*model->by_name), compare_names, model->users.items);
}

/* Sorts rooms by id; of several with one id the first is kept. */
static void sort_rooms(struct import_model *model) {
    size_t kept = 0;
    if (model->rooms.count == 0)
        return;
    qsort(model->rooms.items, model->rooms.count, sizeof(*model->rooms.items), compare_rooms);
    for (size_t i = 0; i < model->rooms.count; i++)
        if (kept == 0 || compare_rooms(&model->rooms.items[kept - 1], &model->rooms.items[i]) != 0)
            model->rooms.items[kept++] = model->rooms.items[i];
    model->rooms.count = kept;
}

/* ---- connecting ---- */

/* Adds senders that the export does not describe, such as users of another workspace. */
static void add_senders(struct import_model *model) {
    for (size_t i = 0; i < model->messages.count; i++) {
        const struct text id = model->messages.items[i].user;
        if (id.len > 0 && !import_has_user(model, id))
            import_add_user(model, (struct import_user){.id = id, .name = id});
    }
    /* Users by id again: the new ones have to be among them. */
    sort_users(model);
}

/* Resolves the ids of members to indices, once users and rooms are sorted. */
static void connect_members(struct import_model *model) {
    size_t kept = 0;
    /* Members that are left out are overwritten by the next ones; the order stays. */
    for (size_t i = 0; i < model->members.count; i++) {
        struct import_member *member = &model->members.items[i];
        member->room_index = import_room_index(model, member->room);
        member->user_index = import_user_index(model, member->user);
        if (member->room_index == IMPORT_NONE || member->user_index == IMPORT_NONE)
            import_note(model, "members that the export does not describe", 1);
        else
            model->members.items[kept++] = *member;
    }
    model->members.count = kept;
    /* Sorted by room, for first_member of import_run.c. */
    if (kept > 0)
        qsort(model->members.items, kept, sizeof(*model->members.items), compare_members);
}

/* The rooms and users of messages; those without are left out. */
static void connect_messages(struct import_model *model) {
    size_t kept = 0;
    for (size_t i = 0; i < model->messages.count; i++) {
        struct import_message *message = &model->messages.items[i];
        message->room_index = import_room_index(model, message->room);
        message->user_index = import_user_index(model, message->user);
        if (message->room_index == IMPORT_NONE || message->user_index == IMPORT_NONE)
            import_note(model, "messages without a room or sender", 1);
        /* A file alone is content enough. */
        else if (text_trim(message->content).len == 0 && message->file_count == 0)
            import_note(model, "messages without content", 1);
        else
            model->messages.items[kept++] = *message;
    }
    model->messages.count = kept;
    /* Rooms are imported one after the other, each in the order of time. */
    if (kept > 0)
        qsort(model->messages.items, kept, sizeof(*model->messages.items), compare_times);
    /* IMPORT_NONE for users that are unknown: import_batch.c leaves those out. */
    for (size_t i = 0; i < model->reactions.count; i++)
        model->reactions.items[i].user_index =
            import_user_index(model, model->reactions.items[i].user);
}

/* Indexes of the messages, sorted by room and id. */
static size_t *sort_ids(const struct import_model *model) {
    size_t *ids = xcalloc(model->messages.count + 1, sizeof(*ids));
    for (size_t i = 0; i < model->messages.count; i++)
        ids[i] = i;
    qsort_r(ids, model->messages.count, sizeof(*ids), compare_ids, model->messages.items);
    return ids;
}

/* Drops messages that are there twice; those that are left stay in their order. */
static void drop_repeated(struct import_model *model) {
    size_t *ids = sort_ids(model), kept = 0;
    struct import_message *messages = model->messages.items;
    /* Equal neighbours by room and id; `order` decides which one is the former. */
    for (size_t i = 1; i < model->messages.count; i++) {
        const struct import_message *former = &messages[ids[i - 1]];
        struct import_message *message = &messages[ids[i]];
        /* Only marked here and removed below, since moving them now would change the indexes. */
        if (former->room_index == message->room_index && text_compare(former->id, message->id) == 0)
            message->order = IMPORT_NONE;
    }
    for (size_t i = 0; i < model->messages.count; i++)
        if (messages[i].order != IMPORT_NONE)
            messages[kept++] = messages[i];
    model->messages.count = kept;
    free(ids);
}

/* Sets the parents of replies. A parent must come before its replies. */
static void connect_parents(struct import_model *model) {
    size_t *ids = sort_ids(model);
    struct import_message *messages = model->messages.items;
    for (size_t i = 0; i < model->messages.count; i++) {
        struct import_message *message = &messages[i];
        /* A message without a parent is not searched for. */
        size_t low = 0, high = message->parent.len > 0 ? model->messages.count : 0;
        message->parent_index = IMPORT_NONE;
        while (low < high) {
            const size_t middle = low + (high - low) / 2;
            const struct import_message *other = &messages[ids[middle]];
            int order = compare_numbers(other->room_index, message->room_index);
            if (!order)
                order = text_compare(other->id, message->parent);
            /* Found, but a message cannot answer a later one: then it is not a reply. */
            if (!order && ids[middle] < i)
                message->parent_index = ids[middle];
            if (!order)
                break;
            if (order < 0)
                low = middle + 1;
            else
                high = middle;
        }
        if (message->parent.len > 0 && message->parent_index == IMPORT_NONE)
            import_note(model, "replies to messages that are not in the export", 1);
    }
    free(ids);
}

void import_model_finish(struct import_model *model) {
    /* In this order: what is connected must be sorted. */
    sort_users(model);
    sort_rooms(model);
    add_senders(model);
    connect_members(model);
    connect_messages(model);
    if (model->messages.count == 0)
        return;
    /* Before the parents are sought, whose indexes would change. */
    drop_repeated(model);
    connect_parents(model);
}

void import_model_free(struct import_model *model) {
    /* All kept texts are in the chunks. */
    for (size_t i = 0; i < model->chunks.count; i++)
        free(model->chunks.items[i]);
    free(model->chunks.items);
    free(model->users.items);
    free(model->rooms.items);
    free(model->members.items);
    free(model->messages.items);
    free(model->reactions.items);
    free(model->files.items);
    free(model->notes.items);
    free(model->by_name);
}
