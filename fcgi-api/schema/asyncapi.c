/* The AsyncAPI 3.0 document: two channels, and for each the frames that the server sends and
 * accepts. Frames and their objects come from frames.def and objects.def. Runs in the build
 * only, by write_schemas.c. */
#include "schema/asyncapi.h"

#include <stdio.h>
#include <string.h>

#include "schema/json_schema.h"

/* Bits of frames.def: the channels of a frame, and whether clients send it. */
enum { ROOM = 1, OWN = 2, TAKEN = 4 };

/* One row for each frame. */
static const struct frame {
    const struct schema_object *object;
    unsigned where;
} FRAMES[] = {
#define FRAME(object, where) {&SCHEMA_##object, where},
#include "schema/frames.def"
#undef FRAME
};

#define FRAME_COUNT (sizeof(FRAMES) / sizeof(FRAMES[0]))

/* The addresses of pushd; `where` selects the frames of each. */
static const struct channel {
    const char *name;
    unsigned where;
    const char *address; /* below the chat's */
    const char *meaning;
} CHANNELS[] = {
    {"room", ROOM, "/ws/chat/{room_id}/",
     "Everything about one room: its events, each once and in order, typing and presence."},
    {"notifications", OWN, "/ws/chat/notifications/",
     "What concerns the user; and everything about the rooms that the client watches, each frame "
     "with its `room_id`."},
};

#define CHANNEL_COUNT (sizeof(CHANNELS) / sizeof(CHANNELS[0]))

/* Writes {"$ref": ...}, whose path is these four texts joined. */
static void write_ref(struct json_writer *w, const char *start, const char *name,
                      const char *middle, const char *end) {
    char ref[200];
    snprintf(ref, sizeof(ref), "%s%s%s%s", start, name, middle, end);
    json_write_object(w);
    json_write_member_str(w, "$ref", ref);
    json_write_object_end(w);
}

/* The parameter `since`, which both addresses take. */
static void write_bindings(struct json_writer *w) {
    static const char BINDINGS[] =
        "{\"ws\":{\"method\":\"GET\",\"query\":{\"type\":\"object\",\"properties\":{\"since\":"
        "{\"type\":\"integer\",\"minimum\":0,\"description\":\"The number of the last event that "
        "the client has: those after it follow.\"}}},\"bindingVersion\":\"0.1.0\"}}";
    json_write_key(w, "bindings");
    json_schema_raw(w, BINDINGS);
}

/* The addresses, each with its parameters and references to its messages. */
static void write_channels(struct json_writer *w) {
    static const char ROOM_ID[] = "{\"room_id\":{\"description\":\"The room's number.\"}}";
    json_write_key(w, "channels");
    json_write_object(w);
    for (size_t i = 0; i < CHANNEL_COUNT; i++) {
        const struct channel *channel = &CHANNELS[i];
        json_write_key(w, channel->name);
        json_write_object(w);
        json_write_member_str(w, "address", channel->address);
        json_write_member_str(w, "description", channel->meaning);
        /* Only this address has a parameter in its path. */
        if (channel->where == ROOM) {
            json_write_key(w, "parameters");
            json_schema_raw(w, ROOM_ID);
        }
        json_write_key(w, "messages");
        json_write_object(w);
        /* The messages of a channel are references to the components, by the names of the
         * frames. */
        for (size_t j = 0; j < FRAME_COUNT; j++) {
            const char *name = FRAMES[j].object->name;
            /* A frame may belong to both channels. */
            if (!(FRAMES[j].where & channel->where))
                continue;
            json_write_key(w, name);
            write_ref(w, "#/components/messages/", name, "", "");
        }
        json_write_object_end(w);
        write_bindings(w);
        json_write_object_end(w);
    }
    json_write_object_end(w);
}

/* The frames of one direction of a channel. In AsyncAPI the action is that of the server. */
static void write_operation(struct json_writer *w, const struct channel *channel, bool taken) {
    char name[64];
    /* room_sends, room_takes and so on: unique in the document. */
    snprintf(name, sizeof(name), "%s_%s", channel->name, taken ? "takes" : "sends");
    json_write_key(w, name);
    json_write_object(w);
    json_write_member_str(w, "action", taken ? "receive" : "send");
    json_write_member_str(w, "summary",
                          taken ? "What the server takes from a client."
                                : "What the server sends to a client.");
    json_write_key(w, "channel");
    write_ref(w, "#/channels/", channel->name, "", "");
    json_write_key(w, "messages");
    json_write_array(w);
    /* Frames of this channel whose direction is the right one. */
    for (size_t i = 0; i < FRAME_COUNT; i++)
        if ((FRAMES[i].where & channel->where) && !(FRAMES[i].where & TAKEN) == !taken)
            write_ref(w, "#/channels/", channel->name, "/messages/", FRAMES[i].object->name);
    json_write_array_end(w);
    json_write_object_end(w);
}

/* Each frame once, with an example; the channels refer to these. */
static void write_messages(struct json_writer *w) {
    json_write_key(w, "messages");
    json_write_object(w);
    for (size_t i = 0; i < FRAME_COUNT; i++) {
        const struct schema_object *object = FRAMES[i].object;
        json_write_key(w, object->name);
        json_write_object(w);
        json_write_member_str(w, "name", object->name);
        json_write_member_str(w, "title", object->name);
        json_write_member_str(w, "summary", object->meaning);
        json_write_member_str(w, "contentType", "application/json");
        json_write_key(w, "payload");
        json_schema_ref(w, object->name);
        json_write_key(w, "examples");
        json_write_array(w);
        json_write_object(w);
        json_write_member_str(w, "name", object->name);
        json_write_key(w, "payload");
        json_schema_example(w, object);
        json_write_object_end(w);
        json_write_array_end(w);
        json_write_object_end(w);
    }
    json_write_object_end(w);
}

/* Frames, their objects, and the credentials. */
static void write_components(struct json_writer *w) {
    static const char SCHEMES[] =
        "{\"token\":{\"type\":\"httpApiKey\",\"in\":\"header\",\"name\":\"Authorization\","
        "\"description\":\"`Token <key>`; or the subprotocols `confab, token.<key>`.\"},"
        "\"session\":{\"type\":\"httpApiKey\",\"in\":\"cookie\",\"name\":\"sessionid\","
        "\"description\":\"Needs an Origin of this site, or of allowed_origins.\"}}";
    /* Along with a frame the set takes the objects inside of it, each once. */
    struct json_schema_set set = {.count = 0};
    for (size_t i = 0; i < FRAME_COUNT; i++)
        json_schema_add(&set, FRAMES[i].object);
    /* Unions, which no frame is by itself. */
    json_schema_add(&set, &SCHEMA_ROOM_EVENT);
    json_schema_add(&set, &SCHEMA_USER_EVENT);
    json_write_key(w, "components");
    json_write_object(w);
    write_messages(w);
    json_write_key(w, "schemas");
    json_write_object(w);
    json_schema_write_set(w, &set);
    json_write_object_end(w);
    /* The servers, which are put in for each request (schema_answer.c), refer to these names. */
    json_write_key(w, "securitySchemes");
    json_schema_raw(w, SCHEMES);
    json_write_object_end(w);
}

/* Version, title and license. */
static void write_info(struct json_writer *w) {
    json_write_member_str(w, "asyncapi", "3.0.0");
    json_write_key(w, "info");
    json_write_object(w);
    json_write_member_str(w, "title", "confab");
    json_write_member_str(w, "version", CONFAB_VERSION);
    json_write_member_str(w, "description",
                          "The WebSockets of a chat. Each text frame is one JSON object. Clients "
                          "ignore types and fields that they do not know.");
    json_write_key(w, "license");
    json_schema_raw(w, "{\"name\":\"BSD 2-Clause\"}");
    json_write_object_end(w);
    /* pushd sends no binary frames. */
    json_write_member_str(w, "defaultContentType", "application/json");
}

void asyncapi_write(struct buffer *out, const char *servers) {
    struct json_writer w = json_writer_start(out);
    json_write_object(&w);
    write_info(&w);
    /* JSON, or the placeholder that write_schemas.c finds again. */
    json_write_key(&w, "servers");
    json_schema_raw(&w, servers);
    write_channels(&w);
    json_write_key(&w, "operations");
    json_write_object(&w);
    for (size_t i = 0; i < CHANNEL_COUNT; i++) {
        write_operation(&w, &CHANNELS[i], false);
        write_operation(&w, &CHANNELS[i], true);
    }
    json_write_object_end(&w);
    write_components(&w);
    json_write_object_end(&w);
}
