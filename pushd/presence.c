#include "presence.h"

#include <stdlib.h>
#include <string.h>

#include "idmap.h"
#include "memory.h"

/* How often the rooms that are open are looked over for what dead processes left. */
#define SWEEP_MS 5000

/* A user in one room. Online as long as one of the three holds: a socket here, the grace
 * after the last one, or Redis says so. */
struct person {
    uint64_t id;
    char *name;
    uint32_t sockets;     /* here */
    int64_t leaves_at_ms; /* end of the grace; 0: none is running */
    bool leaving;         /* Redis has yet to answer that the user left */
    bool shown;           /* the sockets here know of the user */
    bool elsewhere;       /* by what Redis said last */
    uint32_t seen;        /* the reading that named the user last */
    uint32_t left;        /* the reading during which a user_left came */
};

/* Who is in one room. */
struct view {
    uint64_t room_id;
    struct presence *presence;
    struct idmap people;
    bool open;        /* somebody here has the room open */
    bool complete;    /* Redis has been asked, or is away */
    bool answering;   /* presence_room_opened has not returned yet */
    bool asking;      /* a reading is under way */
    uint32_t reading; /* the number of the last reading */
};

struct presence {
    const struct presence_hooks *hooks;
    struct idmap views;
    bool well;
    int64_t sweep_at_ms;
};

/* What an answer of the bus is for; the room may be gone when it comes. */
struct question {
    struct presence *presence;
    uint64_t room_id;
    uint64_t user_id;
    uint32_t reading;
};

struct presence *presence_new(const struct presence_hooks *hooks) {
    struct presence *presence = memory_zeroed(1, sizeof(*presence));
    presence->hooks = hooks;
    return presence;
}

static struct view *find_view(const struct presence *presence, uint64_t room_id) {
    return idmap_get(&presence->views, room_id);
}

static struct question *ask(struct presence *presence, uint64_t room_id, uint64_t user_id,
                            uint32_t reading) {
    struct question *question = memory_zeroed(1, sizeof(*question));
    *question = (struct question){presence, room_id, user_id, reading};
    return question;
}

/* ---- people ---- */

static bool is_here(const struct person *person) {
    return person->sockets > 0 || person->leaves_at_ms > 0 || person->leaving;
}

static bool is_online(const struct person *person) {
    return is_here(person) || person->elsewhere;
}

static struct person *find_person(struct view *view, uint64_t user_id, struct text name) {
    struct person *person = idmap_get(&view->people, user_id);
    if (person)
        return person;
    person = memory_zeroed(1, sizeof(*person));
    person->id = user_id;
    person->name = memory_copy(name.at, name.len);
    idmap_put(&view->people, user_id, person);
    return person;
}

static void free_person(struct person *person) {
    free(person->name);
    free(person);
}

static void tell(const struct view *view, unsigned type, const struct person *person) {
    const struct presence_hooks *hooks = view->presence->hooks;
    if (view->open)
        hooks->tell(hooks->context, view->room_id, type, person->id, text_of(person->name));
}

static void show(struct view *view, struct person *person) {
    if (!person->shown)
        tell(view, EVENT_USER_JOINED, person);
    person->shown = true;
}

/* Tells that a user went, if nothing keeps the user here, and forgets about it; but not
 * while a reading is under way that may name who has just left. */
static void drop_if_gone(struct view *view, struct person *person) {
    if (is_online(person))
        return;
    if (person->shown)
        tell(view, EVENT_USER_LEFT, person);
    person->shown = false;
    if (view->asking && person->left == view->reading)
        return;
    idmap_remove(&view->people, person->id);
    free_person(person);
}

static void set_elsewhere(struct view *view, struct person *person) {
    person->elsewhere = true;
    person->seen = view->reading;
    show(view, person);
}

/* ---- reading a room ---- */

static void read_user(void *context, uint64_t user_id, struct text name) {
    const struct question *question = context;
    struct view *view = find_view(question->presence, question->room_id);
    if (!view || view->reading != question->reading)
        return;
    struct person *person = find_person(view, user_id, name);
    /* Who was said to leave after the question was put is not brought back by its answer. */
    if (person->left != question->reading)
        set_elsewhere(view, person);
}

/* People to be looked at one by one, when the map may not change under the walk. */
struct missing {
    struct view *view;
    struct person **people;
    size_t count;
};

static void collect_missing(void *context, uint64_t user_id, void *value) {
    struct missing *missing = context;
    struct person *person = value;
    (void)user_id;
    if (person->seen != missing->view->reading)
        missing->people[missing->count++] = person;
}

/* Whom the reading did not name is not elsewhere. */
static void drop_missing(struct view *view) {
    struct missing missing = {view, memory_zeroed(idmap_count(&view->people) + 1, sizeof(void *)),
                              0};
    idmap_each(&view->people, collect_missing, &missing);
    for (size_t i = 0; i < missing.count; i++) {
        missing.people[i]->elsewhere = false;
        drop_if_gone(view, missing.people[i]);
    }
    free(missing.people);
}

static void read_end(void *context, bool ok) {
    struct question *question = context;
    struct view *view = find_view(question->presence, question->room_id);
    if (view && view->reading == question->reading) {
        const bool was_complete = view->complete;
        view->asking = false;
        if (ok)
            drop_missing(view);
        view->complete = true;
        if (!was_complete && !view->answering)
            view->presence->hooks->ready(view->presence->hooks->context, view->room_id);
    }
    free(question);
}

static void read_room(struct view *view) {
    const struct presence_hooks *hooks = view->presence->hooks;
    view->reading++;
    view->asking = true;
    hooks->read(hooks->bus, view->room_id, read_user, read_end,
                ask(view->presence, view->room_id, 0, view->reading));
}

bool presence_room_opened(struct presence *presence, uint64_t room_id) {
    struct view *view = find_view(presence, room_id);
    if (!view) {
        view = memory_zeroed(1, sizeof(*view));
        view->room_id = room_id;
        view->presence = presence;
        idmap_put(&presence->views, room_id, view);
    }
    if (!view->open) {
        view->open = true;
        view->complete = !presence->well;
        view->answering = true;
        if (!view->complete)
            read_room(view);
        view->answering = false;
    }
    return view->complete;
}

void presence_room_closed(struct presence *presence, uint64_t room_id) {
    struct view *view = find_view(presence, room_id);
    if (view)
        view->open = false;
}

/* ---- sockets ---- */

static void enter(struct view *view, const struct person *person) {
    const struct presence_hooks *hooks = view->presence->hooks;
    if (view->presence->well)
        hooks->enter(hooks->bus, view->room_id, person->id, text_of(person->name), NULL, NULL);
}

void presence_socket_opened(struct presence *presence, uint64_t room_id, uint64_t user_id,
                            struct text name) {
    struct view *view = find_view(presence, room_id);
    if (!view)
        return;
    struct person *person = find_person(view, user_id, name);
    const bool was_here = is_here(person) && !person->leaving;
    person->sockets++;
    person->leaves_at_ms = 0;
    if (!was_here)
        enter(view, person);
    person->leaving = false;
    show(view, person);
}

void presence_socket_closed(struct presence *presence, uint64_t room_id, uint64_t user_id) {
    struct view *view = find_view(presence, room_id);
    struct person *person = view ? idmap_get(&view->people, user_id) : NULL;
    if (!person || person->sockets == 0)
        return;
    if (--person->sockets == 0)
        person->leaves_at_ms = presence->hooks->now_ms() + presence->hooks->grace_ms + 1;
}

/* Redis publishes user_left in the same step if nobody else has the user; then that is what
 * ends it here too. Without an answer it ends at once. */
static void left(void *context, bool ok, bool alone) {
    struct question *question = context;
    struct view *view = find_view(question->presence, question->room_id);
    struct person *person = view ? idmap_get(&view->people, question->user_id) : NULL;
    if (person && person->leaving) {
        person->leaving = false;
        person->elsewhere = ok && !alone;
        drop_if_gone(view, person);
    }
    free(question);
}

static void leave(struct view *view, struct person *person) {
    const struct presence_hooks *hooks = view->presence->hooks;
    person->leaves_at_ms = 0;
    person->leaving = true;
    struct question *question = ask(view->presence, view->room_id, person->id, 0);
    if (view->presence->well)
        hooks->leave(hooks->bus, view->room_id, person->id, text_of(person->name), left, question);
    else
        left(question, false, true);
}

/* ---- what Redis says ---- */

/* The user's name stands in the notice as shape_user_notice writes it; names need no
 * escapes. */
static struct text name_in(struct text json) {
    static const char KEY[] = "\"user\":\"";
    const char *at = json.len ? memmem(json.at, json.len, KEY, sizeof(KEY) - 1) : NULL;
    if (!at)
        return (struct text){"", 0};
    at += sizeof(KEY) - 1;
    const char *end = memchr(at, '"', json.len - (size_t)(at - json.at));
    return (struct text){at, end ? (size_t)(end - at) : 0};
}

void presence_notice(struct presence *presence, uint64_t room_id,
                     const struct event_envelope *envelope) {
    struct view *view = find_view(presence, room_id);
    if (!view)
        return;
    struct person *person = find_person(view, envelope->actor_id, name_in(envelope->text));
    if (envelope->type == EVENT_USER_JOINED) {
        person->left = 0;
        set_elsewhere(view, person);
        return;
    }
    person->elsewhere = false;
    person->left = view->reading;
    drop_if_gone(view, person);
}

struct visit {
    void (*visit)(void *context, uint64_t user_id, struct text name);
    void *context;
};

static void visit_online(void *context, uint64_t user_id, void *value) {
    const struct visit *visit = context;
    const struct person *person = value;
    if (is_online(person))
        visit->visit(visit->context, user_id, text_of(person->name));
}

void presence_online(const struct presence *presence, uint64_t room_id,
                     void (*visit)(void *context, uint64_t user_id, struct text name),
                     void *context) {
    const struct view *view = find_view(presence, room_id);
    struct visit visiting = {visit, context};
    if (view)
        idmap_each(&view->people, visit_online, &visiting);
}

/* ---- Redis comes and goes ---- */

static void enter_again(void *context, uint64_t user_id, void *value) {
    const struct person *person = value;
    (void)user_id;
    if (is_here(person) && !person->leaving)
        enter(context, person);
}

static void bring_together(void *context, uint64_t room_id, void *value) {
    struct view *view = value;
    (void)context;
    (void)room_id;
    idmap_each(&view->people, enter_again, view);
    if (view->open)
        read_room(view);
}

/* Who waits for an answer that will not come goes on with what is known here. */
static void stop_waiting(void *context, uint64_t room_id, void *value) {
    struct view *view = value;
    const struct presence_hooks *hooks = view->presence->hooks;
    (void)context;
    if (view->complete)
        return;
    view->complete = true;
    hooks->ready(hooks->context, room_id);
}

void presence_bus_state(struct presence *presence, bool well) {
    presence->well = well;
    idmap_each(&presence->views, well ? bring_together : stop_waiting, NULL);
}

/* ---- ticks ---- */

static void collect_leavers(void *context, uint64_t user_id, void *value) {
    struct missing *leavers = context;
    struct person *person = value;
    (void)user_id;
    const int64_t now = leavers->view->presence->hooks->now_ms();
    if (person->leaves_at_ms > 0 && person->leaves_at_ms <= now)
        leavers->people[leavers->count++] = person;
}

static void note_here(void *context, uint64_t user_id, void *value) {
    bool *here = context;
    (void)user_id;
    *here = *here || is_here(value);
}

static void free_each(void *context, uint64_t user_id, void *value) {
    (void)context;
    (void)user_id;
    free_person(value);
}

static void free_view(struct view *view) {
    idmap_each(&view->people, free_each, NULL);
    idmap_free(&view->people);
    free(view);
}

/* Ends graces and sweeps; false if the view is of no more use, and freed. */
static bool tend(void *context, uint64_t room_id, void *value) {
    const bool *sweep = context;
    struct view *view = value;
    const struct presence_hooks *hooks = view->presence->hooks;
    struct missing leavers = {view, memory_zeroed(idmap_count(&view->people) + 1, sizeof(void *)),
                              0};
    bool here = false;
    idmap_each(&view->people, collect_leavers, &leavers);
    for (size_t i = 0; i < leavers.count; i++)
        leave(view, leavers.people[i]);
    free(leavers.people);
    if (*sweep && view->open && view->presence->well)
        hooks->sweep(hooks->bus, room_id);
    idmap_each(&view->people, note_here, &here);
    if (view->open || here)
        return true;
    free_view(view);
    return false;
}

void presence_tick(struct presence *presence) {
    const int64_t now = presence->hooks->now_ms();
    bool sweep = now >= presence->sweep_at_ms;
    if (sweep)
        presence->sweep_at_ms = now + SWEEP_MS;
    idmap_filter(&presence->views, tend, &sweep);
}

static void free_any_view(void *context, uint64_t room_id, void *value) {
    (void)context;
    (void)room_id;
    free_view(value);
}

void presence_free(struct presence *presence) {
    idmap_each(&presence->views, free_any_view, NULL);
    idmap_free(&presence->views);
    free(presence);
}
