#include "presence.h"

#include <stdlib.h>
#include <string.h>

#include "base/idmap.h"
#include "base/xalloc.h"

/* How often Redis is asked to sweep, what it refused is asked for again, and what is of no
 * more use is forgotten. */
#define TEND_MS 5000
/* What is of no use for so many times in a row is forgotten: not at once, since news that are
 * older may still come. */
#define IDLE_TIMES 3
/* After Redis was away those who are missing in it have so long to come back, since their
 * pushd may need a moment longer to find out that it is there again. */
#define RETURN_MS 10000
/* No user's name is longer; who has a longer one is none of ours. */
#define MAX_NAME 128

/* What Redis holds of a user by this process. */
enum in_redis { OUT, MAYBE, IN };

/* A user in one room; online as long as one of the first four holds. */
struct person {
    int64_t until_ms;   /* end of the grace, 0 if there is none */
    uint64_t moment;    /* of what another pushd is said to have, by Redis; older is no news */
    uint32_t sockets;   /* here */
    uint32_t asked;     /* answers that are still to come, to entering and leaving */
    bool leaving : 1;   /* the grace is over, Redis has yet to say who else has the user */
    bool remote : 1;    /* another pushd has the user */
    bool left_last : 1; /* of entering and leaving, leaving was asked for last */
    unsigned char in_redis : 2;
    unsigned char idle;
    unsigned char name_len;
    char name[];
};

struct room {
    struct idmap people;
    bool open;           /* has sockets here, or is about to: notices are heard */
    bool ready;          /* the view is complete */
    bool opening;        /* presence_room_opened has not returned yet */
    bool reading;        /* an answer is to come */
    bool complete;       /* whom it does not name is not there */
    bool again;          /* it was asked for again meanwhile, ... */
    bool again_complete; /* ... like this */
    uint64_t reading_number;
    uint64_t moment; /* of the last complete reading: no older notice is news of anybody */
};

/* The end of a grace, as it was when it began: not true any more if the user came back. */
struct grace {
    int64_t until_ms;
    uint64_t room_id;
    uint64_t user_id;
};

struct presence {
    const struct presence_hooks *hooks;
    struct idmap rooms;
    bool well;
    bool unsettled; /* Redis refused something */
    uint64_t epoch; /* of what is known to be in Redis */
    uint64_t readings;
    int64_t tend_at_ms;
    int64_t reread_at_ms; /* 0: no room needs to be read */
    struct grace *graces; /* a ring; all graces are equally long, so the first ends first */
    size_t graces_first, graces_count, graces_space;
};

/* What an answer of the pubsub is about. Room and user may be gone when it comes. */
struct question {
    struct presence *presence;
    uint64_t room_id;
    uint64_t user_id;
    uint64_t reading_number;
};

static struct question *new_question(struct presence *presence, uint64_t room_id, uint64_t user_id,
                                     uint64_t reading_number) {
    struct question *question = xcalloc(1, sizeof(*question));
    *question = (struct question){presence, room_id, user_id, reading_number};
    return question;
}

/* ---- looking up ---- */

static struct room *find_room(const struct presence *presence, uint64_t room_id) {
    return idmap_get(&presence->rooms, room_id);
}

static struct person *find_person(const struct presence *presence, uint64_t room_id,
                                  uint64_t user_id) {
    const struct room *room = find_room(presence, room_id);
    return room ? idmap_get(&room->people, user_id) : NULL;
}

static struct person *make_person(struct room *room, uint64_t user_id, struct text name) {
    struct person *person = idmap_get(&room->people, user_id);
    if (person || name.len > MAX_NAME)
        return person;
    person = xcalloc(1, offsetof(struct person, name) + name.len);
    person->name_len = (unsigned char)name.len;
    memcpy(person->name, name.at, name.len);
    idmap_put(&room->people, user_id, person);
    return person;
}

static struct text name_of(const struct person *person) {
    return (struct text){person->name, person->name_len};
}

static bool is_here(const struct person *person) {
    return person->sockets > 0 || person->until_ms > 0;
}

static bool is_online(const struct person *person) {
    return is_here(person) || person->leaving || person->remote;
}

/* Keys of a map, so that whatever is called for each may add to the map. Nothing is taken
 * out of a map but at a tick. */
struct keys {
    uint64_t *keys;
    size_t count;
};

static void add_key(void *context, uint64_t key, void *value) {
    struct keys *keys = context;
    (void)value;
    keys->keys[keys->count++] = key;
}

static struct keys keys_of(const struct idmap *map) {
    struct keys keys = {xcalloc(idmap_count(map), sizeof(*keys.keys)), 0};
    idmap_each(map, add_key, &keys);
    return keys;
}

/* ---- telling ---- */

/* After any change: the sockets here hear of it if it shows. */
static void changed(const struct presence *presence, uint64_t room_id, uint64_t user_id,
                    bool was_online) {
    const struct room *room = find_room(presence, room_id);
    const struct person *person = find_person(presence, room_id, user_id);
    if (!room->open || is_online(person) == was_online)
        return;
    presence->hooks->tell(presence->hooks->context, room_id,
                          was_online ? EVENT_USER_LEFT : EVENT_USER_JOINED, user_id,
                          name_of(person));
}

/* Whether another pushd has the user, as Redis had it at that moment. */
static void learn(struct person *person, uint64_t moment, bool remote) {
    if (moment < person->moment)
        return;
    person->moment = moment;
    person->remote = remote;
}

/* ---- entering and leaving in Redis ---- */

/* The answer to entering or leaving. Of what others do while this process has the user,
 * nothing is published: so it is learned here. */
static void on_answer(void *context, bool ok, bool alone, uint64_t moment) {
    const struct question question = *(struct question *)context;
    struct presence *presence = question.presence;
    struct person *person = find_person(presence, question.room_id, question.user_id);
    const bool was_online = is_online(person);
    free(context);
    person->asked--;
    if (!ok)
        presence->unsettled = true;
    else if (find_room(presence, question.room_id)->open)
        learn(person, moment, !alone);
    if (person->asked == 0 && ok)
        person->in_redis = person->left_last ? OUT : IN;
    if (person->asked == 0)
        person->leaving = false;
    changed(presence, question.room_id, question.user_id, was_online);
}

static void enter(struct presence *presence, uint64_t room_id, uint64_t user_id) {
    const struct presence_hooks *hooks = presence->hooks;
    struct person *person = find_person(presence, room_id, user_id);
    person->asked++;
    person->in_redis = MAYBE;
    person->left_last = false;
    hooks->enter(hooks->pubsub, room_id, user_id, name_of(person), on_answer,
                 new_question(presence, room_id, user_id, 0));
}

static void leave(struct presence *presence, uint64_t room_id, uint64_t user_id) {
    const struct presence_hooks *hooks = presence->hooks;
    struct person *person = find_person(presence, room_id, user_id);
    person->asked++;
    person->in_redis = MAYBE;
    person->left_last = true;
    hooks->leave(hooks->pubsub, room_id, user_id, name_of(person), on_answer,
                 new_question(presence, room_id, user_id, 0));
}

/* Brings Redis to what is the case here. */
static void settle(struct presence *presence, uint64_t room_id, uint64_t user_id) {
    const struct person *person = find_person(presence, room_id, user_id);
    if (!presence->well)
        return;
    if (is_here(person) && person->in_redis != IN)
        enter(presence, room_id, user_id);
    else if (!is_here(person) && !person->leaving && person->in_redis != OUT)
        leave(presence, room_id, user_id);
}

static void settle_room(struct presence *presence, uint64_t room_id) {
    const struct keys users = keys_of(&find_room(presence, room_id)->people);
    for (size_t i = 0; i < users.count; i++)
        settle(presence, room_id, users.keys[i]);
    free(users.keys);
}

/* ---- reading a room ---- */

/* The room that an answer is for; NULL if it was closed or read anew since. */
static struct room *asking_room(const struct question *question) {
    struct room *room = find_room(question->presence, question->room_id);
    return room && room->reading && room->reading_number == question->reading_number ? room : NULL;
}

static void on_user(void *context, uint64_t moment, uint64_t user_id, struct text name) {
    const struct question *question = context;
    struct room *room = asking_room(question);
    struct person *person = room ? make_person(room, user_id, name) : NULL;
    if (!person)
        return;
    const bool was_online = is_online(person);
    learn(person, moment, true);
    changed(question->presence, question->room_id, user_id, was_online);
}

/* Whom a complete reading did not name no other pushd has. */
static void drop_unnamed(struct presence *presence, uint64_t room_id, uint64_t moment) {
    struct room *room = find_room(presence, room_id);
    const struct keys users = keys_of(&room->people);
    room->moment = moment;
    for (size_t i = 0; i < users.count; i++) {
        struct person *person = find_person(presence, room_id, users.keys[i]);
        const bool was_online = is_online(person);
        if (person->moment < moment)
            learn(person, moment, false);
        changed(presence, room_id, users.keys[i], was_online);
    }
    free(users.keys);
}

static void read_room(struct presence *presence, uint64_t room_id, bool complete);

static void become_ready(struct presence *presence, uint64_t room_id) {
    struct room *room = find_room(presence, room_id);
    if (!room || !room->open || room->ready)
        return;
    room->ready = true;
    if (!room->opening)
        presence->hooks->ready(presence->hooks->context, room_id);
}

static void on_end(void *context, bool ok, uint64_t moment) {
    const struct question question = *(struct question *)context;
    struct presence *presence = question.presence;
    struct room *room = asking_room(&question);
    free(context);
    if (!room)
        return;
    room->reading = false;
    const bool again = room->again, again_complete = room->again_complete;
    room->again = room->again_complete = false;
    if (ok && room->complete)
        drop_unnamed(presence, question.room_id, moment);
    if (!ok)
        presence->reread_at_ms = presence->hooks->now_ms() + RETURN_MS;
    if (again && presence->well)
        read_room(presence, question.room_id, again_complete);
    become_ready(presence, question.room_id);
}

static void read_room(struct presence *presence, uint64_t room_id, bool complete) {
    const struct presence_hooks *hooks = presence->hooks;
    struct room *room = find_room(presence, room_id);
    if (!room || !room->open)
        return;
    if (room->reading) {
        room->again = true;
        room->again_complete |= complete;
        return;
    }
    room->reading = true;
    room->complete = complete;
    room->reading_number = ++presence->readings;
    hooks->read(hooks->pubsub, room_id, on_user, on_end,
                new_question(presence, room_id, 0, room->reading_number));
}

/* ---- rooms ---- */

bool presence_room_opened(struct presence *presence, uint64_t room_id) {
    struct room *room = find_room(presence, room_id);
    if (!room) {
        room = xcalloc(1, sizeof(*room));
        idmap_put(&presence->rooms, room_id, room);
    }
    if (room->open)
        return room->ready;
    room->open = room->opening = true;
    if (presence->well)
        read_room(presence, room_id, true);
    else
        room->ready = true;
    room->opening = false;
    return room->ready;
}

static void forget_remote(void *context, uint64_t user_id, void *value) {
    struct person *person = value;
    (void)context;
    (void)user_id;
    person->remote = false;
    person->moment = 0;
}

void presence_room_closed(struct presence *presence, uint64_t room_id) {
    struct room *room = find_room(presence, room_id);
    if (!room || !room->open)
        return;
    room->open = room->ready = room->reading = room->again = room->again_complete = false;
    room->moment = 0;
    idmap_each(&room->people, forget_remote, NULL);
}

/* ---- sockets ---- */

void presence_socket_opened(struct presence *presence, uint64_t room_id, uint64_t user_id,
                            struct text name) {
    struct room *room = find_room(presence, room_id);
    struct person *person = room ? make_person(room, user_id, name) : NULL;
    if (!person)
        return;
    const bool was_online = is_online(person);
    person->sockets++;
    person->until_ms = 0;
    person->leaving = false;
    if (person->sockets == 1)
        settle(presence, room_id, user_id);
    changed(presence, room_id, user_id, was_online);
}

static void begin_grace(struct presence *presence, const struct grace *grace) {
    if (presence->graces_count == presence->graces_space) {
        const size_t space = presence->graces_space ? presence->graces_space * 2 : 16;
        struct grace *graces = xcalloc(space, sizeof(*graces));
        for (size_t i = 0; i < presence->graces_count; i++)
            graces[i] = presence->graces[(presence->graces_first + i) % presence->graces_space];
        free(presence->graces);
        presence->graces = graces;
        presence->graces_first = 0;
        presence->graces_space = space;
    }
    const size_t at = presence->graces_first + presence->graces_count++;
    presence->graces[at % presence->graces_space] = *grace;
}

void presence_socket_closed(struct presence *presence, uint64_t room_id, uint64_t user_id) {
    struct person *person = find_person(presence, room_id, user_id);
    if (!person || person->sockets == 0 || --person->sockets > 0)
        return;
    const int64_t until_ms = presence->hooks->now_ms() + presence->hooks->grace_ms;
    person->until_ms = until_ms > 0 ? until_ms : 1;
    begin_grace(presence, &(struct grace){person->until_ms, room_id, user_id});
}

static void end_grace(struct presence *presence, const struct grace *grace) {
    struct person *person = find_person(presence, grace->room_id, grace->user_id);
    if (!person || person->until_ms != grace->until_ms)
        return;
    const bool was_online = is_online(person);
    person->until_ms = 0;
    if (presence->well && person->in_redis != OUT) {
        person->leaving = true;
        leave(presence, grace->room_id, grace->user_id);
    }
    changed(presence, grace->room_id, grace->user_id, was_online);
}

/* ---- notices ---- */

/* The name in the JSON of serialize_user_notice; names need no escapes. */
static bool name_in(struct text json, struct text *name) {
    static const char KEY[] = "\"user\":\"";
    const char *key = json.len ? memmem(json.at, json.len, KEY, sizeof(KEY) - 1) : NULL;
    if (!key)
        return false;
    name->at = key + sizeof(KEY) - 1;
    const char *end = memchr(name->at, '"', json.len - (size_t)(name->at - json.at));
    name->len = end ? (size_t)(end - name->at) : 0;
    return name->len > 0 && !memchr(name->at, '\\', name->len);
}

void presence_notice(struct presence *presence, uint64_t room_id,
                     const struct event_envelope *envelope) {
    struct room *room = find_room(presence, room_id);
    const uint64_t user_id = envelope->actor_id;
    const uint64_t moment = envelope->subject_id;
    struct text name;
    if (!room || !room->open || moment <= room->moment || !name_in(envelope->text, &name))
        return;
    struct person *person = make_person(room, user_id, name);
    if (!person)
        return;
    const bool was_online = is_online(person);
    /* The notice of what this process did itself is as old as the answer, and less exact. */
    if (moment > person->moment)
        learn(person, moment, envelope->type == EVENT_USER_JOINED);
    changed(presence, room_id, user_id, was_online);
}

/* ---- who is online ---- */

struct visit {
    void (*visit)(void *context, uint64_t user_id, struct text name);
    void *context;
};

static void visit_online(void *context, uint64_t user_id, void *value) {
    const struct visit *visit = context;
    if (is_online(value))
        visit->visit(visit->context, user_id, name_of(value));
}

void presence_online(const struct presence *presence, uint64_t room_id,
                     void (*visit)(void *context, uint64_t user_id, struct text name),
                     void *context) {
    const struct room *room = find_room(presence, room_id);
    struct visit visiting = {visit, context};
    if (room)
        idmap_each(&room->people, visit_online, &visiting);
}

/* ---- Redis comes and goes ---- */

static void for_each_room(struct presence *presence,
                          void (*fn)(struct presence *presence, uint64_t room_id)) {
    const struct keys rooms = keys_of(&presence->rooms);
    for (size_t i = 0; i < rooms.count; i++)
        fn(presence, rooms.keys[i]);
    free(rooms.keys);
}

/* Who was leaving has left, and nobody waits any longer for what Redis would say. */
static void go_on_alone(struct presence *presence, uint64_t room_id) {
    const struct keys users = keys_of(&find_room(presence, room_id)->people);
    for (size_t i = 0; i < users.count; i++) {
        struct person *person = find_person(presence, room_id, users.keys[i]);
        if (!person->leaving)
            continue;
        person->leaving = false;
        changed(presence, room_id, users.keys[i], true);
    }
    free(users.keys);
    become_ready(presence, room_id);
}

static void forget_entered(void *context, uint64_t user_id, void *value) {
    struct person *person = value;
    (void)context;
    (void)user_id;
    person->in_redis = OUT;
}

static void forget_room_entered(void *context, uint64_t room_id, void *value) {
    const struct room *room = value;
    (void)room_id;
    idmap_each(&room->people, forget_entered, context);
}

static void come_together(struct presence *presence, uint64_t room_id) {
    settle_room(presence, room_id);
    read_room(presence, room_id, false);
}

void presence_bus_state(struct presence *presence, bool well) {
    presence->well = well;
    if (!well) {
        for_each_room(presence, go_on_alone);
        return;
    }
    const uint64_t epoch = presence->hooks->epoch(presence->hooks->pubsub);
    if (epoch != presence->epoch)
        idmap_each(&presence->rooms, forget_room_entered, NULL);
    presence->epoch = epoch;
    presence->unsettled = false;
    presence->reread_at_ms = presence->hooks->now_ms() + RETURN_MS;
    for_each_room(presence, come_together);
}

/* ---- ticks ---- */

static void sweep_room(struct presence *presence, uint64_t room_id) {
    if (find_room(presence, room_id)->open)
        presence->hooks->sweep(presence->hooks->pubsub, room_id);
}

static void reread_room(struct presence *presence, uint64_t room_id) {
    read_room(presence, room_id, true);
}

static bool is_of_use(void *context, uint64_t user_id, void *value) {
    const bool *reading = context;
    struct person *person = value;
    (void)user_id;
    if (is_online(person) || person->asked > 0 || person->in_redis != OUT || *reading)
        person->idle = 0;
    else if (++person->idle == IDLE_TIMES) {
        free(person);
        return false;
    }
    return true;
}

static bool room_is_of_use(void *context, uint64_t room_id, void *value) {
    struct room *room = value;
    (void)context;
    (void)room_id;
    idmap_filter(&room->people, is_of_use, &room->reading);
    if (room->open || idmap_count(&room->people) > 0)
        return true;
    free(room);
    return false;
}

static void tend(struct presence *presence) {
    idmap_filter(&presence->rooms, room_is_of_use, NULL);
    if (!presence->well)
        return;
    for_each_room(presence, sweep_room);
    if (presence->unsettled) {
        presence->unsettled = false;
        for_each_room(presence, settle_room);
    }
}

static void end_graces(struct presence *presence, int64_t now) {
    while (presence->graces_count > 0 && presence->graces[presence->graces_first].until_ms <= now) {
        const struct grace grace = presence->graces[presence->graces_first];
        presence->graces_first = (presence->graces_first + 1) % presence->graces_space;
        presence->graces_count--;
        end_grace(presence, &grace);
    }
}

void presence_tick(struct presence *presence) {
    const int64_t now = presence->hooks->now_ms();
    end_graces(presence, now);
    if (presence->well && presence->reread_at_ms != 0 && now >= presence->reread_at_ms) {
        presence->reread_at_ms = 0;
        for_each_room(presence, reread_room);
    }
    if (now >= presence->tend_at_ms) {
        presence->tend_at_ms = now + TEND_MS;
        tend(presence);
    }
}

/* ---- beginning and end ---- */

struct presence *presence_new(const struct presence_hooks *hooks) {
    struct presence *presence = xcalloc(1, sizeof(*presence));
    presence->hooks = hooks;
    return presence;
}

static void free_person(void *context, uint64_t user_id, void *value) {
    (void)context;
    (void)user_id;
    free(value);
}

static void free_room(void *context, uint64_t room_id, void *value) {
    struct room *room = value;
    (void)room_id;
    idmap_each(&room->people, free_person, context);
    idmap_free(&room->people);
    free(room);
}

void presence_free(struct presence *presence) {
    idmap_each(&presence->rooms, free_room, NULL);
    idmap_free(&presence->rooms);
    free(presence->graces);
    free(presence);
}
