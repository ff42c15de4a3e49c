/* The words of roles and of settings of rooms. The numbers are stored, so the order of the lists
 * never changes. */
#include "store/rooms/role.h"

#include <stddef.h>

struct words {
    const char *const *words;
    unsigned count;
    unsigned otherwise; /* for any other number or word */
};

static const char *const ROLES[] = {[ROLE_READER] = "reader",
                                    [ROLE_MEMBER] = "member",
                                    [ROLE_MODERATOR] = "moderator",
                                    [ROLE_ADMIN] = "admin"};
static const char *const POLICIES[] = {[POST_BY_MEMBERS] = "members",
                                       [POST_BY_MODERATORS] = "moderators",
                                       [POST_BY_NOBODY] = "nobody"};
static const char *const HISTORIES[] = {[HISTORY_ALL] = "all", [HISTORY_JOINED] = "joined"};
static const char *const GUESTS[] = {
    [GUESTS_NONE] = "none", [GUESTS_READ] = "read", [GUESTS_WRITE] = "write"};

/* Unknown words and numbers, such as of a newer version, count as the cautious choice. */
static const struct words OF_ROLES = {ROLES, 4, ROLE_MEMBER};
static const struct words OF_POLICIES = {POLICIES, 3, POST_BY_NOBODY};
static const struct words OF_HISTORIES = {HISTORIES, 2, HISTORY_JOINED};
static const struct words OF_GUESTS = {GUESTS, 3, GUESTS_NONE};

static const char *name_of(const struct words *words, unsigned number) {
    return words->words[number < words->count ? number : words->otherwise];
}

/* The number of a word; another word is read as `otherwise`. */
static unsigned number_of(const struct words *words, struct text name) {
    for (unsigned number = 0; number < words->count; number++)
        if (text_equals(name, text_of(words->words[number])))
            return number;
    return words->otherwise;
}

const char *role_name(enum role role) {
    return name_of(&OF_ROLES, role);
}

enum role role_of(struct text name) {
    return (enum role)number_of(&OF_ROLES, name);
}

const char *post_policy_name(enum post_policy policy) {
    return name_of(&OF_POLICIES, policy);
}

enum post_policy post_policy_of(struct text name) {
    return (enum post_policy)number_of(&OF_POLICIES, name);
}

const char *room_history_name(enum room_history history) {
    return name_of(&OF_HISTORIES, history);
}

enum room_history room_history_of(struct text name) {
    return (enum room_history)number_of(&OF_HISTORIES, name);
}

const char *room_guests_name(enum room_guests guests) {
    return name_of(&OF_GUESTS, guests);
}

enum room_guests room_guests_of(struct text name) {
    return (enum room_guests)number_of(&OF_GUESTS, name);
}
