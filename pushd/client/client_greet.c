/* session_greet: what a session is told first, and what it missed. */
#include <stdlib.h>
#include <string.h>

#include "client/client_opening.h"
#include "event/serialize.h"

/* What is sent together, of what was missed. */
#define GATHER_FRAMES 64
#define GATHER_BYTES 32768

struct subscription *session_main(const struct session *session) {
    return session->notifications ? session->own : session->room.subscription;
}

uint64_t session_head(const struct session *session) {
    const struct caller *caller = &session->opening->caller;
    return session->notifications ? caller->last_seq : caller->room.last_seq;
}

static void write_online(void *context, uint64_t user_id, struct text name) {
    struct jsonw *w = context;
    jsonw_object(w);
    jsonw_member_u64(w, "user_id", user_id);
    jsonw_member_text(w, "username", name);
    jsonw_object_end(w);
}

static struct frame *make_connected(struct session *session) {
    struct buffer json = BUFFER_EMPTY;
    struct jsonw w = jsonw_start(&json);
    jsonw_object(&w);
    jsonw_member_str(&w, "type", "connected");
    if (!session->notifications)
        jsonw_member_u64(&w, "room_id", session->room.id);
    jsonw_member_u64(&w, "user_id", session->user_id);
    jsonw_member_u64(&w, "seq", session->opening->position);
    if (!session->notifications) {
        jsonw_key(&w, "online");
        jsonw_array(&w);
        presence_online(session->shared->presence, session->room.id, write_online, &w);
        jsonw_array_end(&w);
    }
    jsonw_object_end(&w);
    struct frame *frame = frame_text((struct text){json.data, json.len});
    buffer_free(&json);
    return frame;
}

static void send_resync(struct session *session, uint64_t last_seq) {
    struct buffer json = BUFFER_EMPTY;
    struct jsonw w = jsonw_start(&json);
    jsonw_object(&w);
    jsonw_member_str(&w, "type", "resync");
    jsonw_member_u64(&w, "seq", last_seq);
    jsonw_object_end(&w);
    socket_send_text(session->socket, (struct text){json.data, json.len});
    buffer_free(&json);
    session->shared->figures->resyncs++;
}

void session_resync(struct subscription *subscription, uint64_t last_seq) {
    struct session *session = subscription->session;
    if (session->state == SESSION_LIVE && subscription == session_main(session))
        send_resync(session, last_seq);
}

/* Frames that go out together. */
struct gathering {
    struct socket *socket;
    struct frame *frames[GATHER_FRAMES];
    size_t count, bytes;
};

static void send_gathered(struct gathering *gathering) {
    struct frame *all = frame_join(gathering->frames, gathering->count);
    socket_send_soon(gathering->socket, all);
    frame_release(all);
    gathering->count = gathering->bytes = 0;
}

static void gather(struct gathering *gathering, struct frame *frame) {
    gathering->frames[gathering->count++] = frame;
    gathering->bytes += frame->len;
    if (gathering->count == GATHER_FRAMES || gathering->bytes >= GATHER_BYTES)
        send_gathered(gathering);
}

/* Few writes: many come back at once when a pushd or a web server has started anew. */
static void send_connected_and_replayed(struct session *session, struct frame *connected) {
    struct session_opening *opening = session->opening;
    struct gathering gathering = {.socket = session->socket};
    uint32_t shown = 0;
    gather(&gathering, connected);
    for (uint32_t i = 0; i < opening->missed.count; i++)
        if (opening->missed.events[i].frame) {
            gather(&gathering, opening->missed.events[i].frame);
            shown++;
        }
    if (gathering.count > 0)
        send_gathered(&gathering);
    session->shared->figures->replayed_events += shown;
    session->shared->figures->replays += shown > 0;
    opening->position = opening->replayed;
}

/* Events of the tail on their way to one session. */
struct handover {
    struct stream_event events[STREAM_TAIL];
    uint32_t count;
};

static void take_from_tail(void *context, const struct stream_event *event) {
    struct handover *handover = context;
    handover->events[handover->count++] = *event;
}

/* Hands out the first of the events that wait as if they had come just now, in one frame;
 * returns how many. One before them may have made the session give the subscription back. */
static uint32_t hand_over(struct subscription *subscription, const struct stream_event *events,
                          uint32_t count) {
    struct frame *frames[STREAM_TAIL], *all = NULL;
    size_t shown = 0, bytes = 0;
    uint32_t taken = 0;
    for (; taken < count && bytes < GATHER_BYTES; taken++)
        if (events[taken].frame) {
            frames[shown++] = events[taken].frame;
            bytes += events[taken].frame->len;
        }
    if (shown > 0)
        all = frame_join(frames, shown);
    subscription->after = events[taken - 1].seq;
    if (subscription->session)
        session_events(subscription, events, taken, all);
    frame_release(all);
    return taken;
}

bool session_catch_up(struct subscription *subscription, uint64_t position) {
    const struct stream *stream = &subscription->feed->stream;
    struct handover handover;
    handover.count = 0;
    subscription->after = position;
    if (stream->last_seq > position && !stream_tail(stream, position, take_from_tail, &handover))
        return false;
    for (uint32_t done = 0; done < handover.count;)
        done += hand_over(subscription, handover.events + done, handover.count - done);
    subscription->live = subscription->session != NULL;
    return true;
}

/* Says that it is connected, and what was missed, or that it cannot be had. */
void session_greet(struct session *session) {
    struct session_opening *opening = session->opening;
    struct frame *connected = make_connected(session);
    if (opening->resync) {
        opening->position = session_head(session);
        socket_send(session->socket, connected);
        send_resync(session, opening->position);
    } else {
        send_connected_and_replayed(session, connected);
    }
    frame_release(connected);
}
