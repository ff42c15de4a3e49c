/* The words of roles and of who posts. */
#include "store/rooms/role.h"

static const char *const ROLES[] = {[ROLE_READER] = "reader",
                                    [ROLE_MEMBER] = "member",
                                    [ROLE_MODERATOR] = "moderator",
                                    [ROLE_ADMIN] = "admin"};
static const char *const POLICIES[] = {[POST_BY_MEMBERS] = "members",
                                       [POST_BY_MODERATORS] = "moderators",
                                       [POST_BY_NOBODY] = "nobody"};

#define ROLE_COUNT (sizeof(ROLES) / sizeof(ROLES[0]))
#define POLICY_COUNT (sizeof(POLICIES) / sizeof(POLICIES[0]))

const char *role_name(enum role role) {
    return (size_t)role < ROLE_COUNT ? ROLES[role] : ROLES[ROLE_MEMBER];
}

enum role role_of(struct text name) {
    for (unsigned role = 0; role < ROLE_COUNT; role++)
        if (text_equals(name, text_of(ROLES[role])))
            return (enum role)role;
    return ROLE_MEMBER;
}

const char *post_policy_name(enum post_policy policy) {
    return (size_t)policy < POLICY_COUNT ? POLICIES[policy] : POLICIES[POST_BY_NOBODY];
}

enum post_policy post_policy_of(struct text name) {
    for (unsigned policy = 0; policy < POLICY_COUNT; policy++)
        if (text_equals(name, text_of(POLICIES[policy])))
            return (enum post_policy)policy;
    return POST_BY_MEMBERS;
}
