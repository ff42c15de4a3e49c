/* An entry is named after the method and the route; the id in the path is that of a user, a room,
 * or another subject. */
#include "key_audit.h"

#include <stdio.h>
#include <string.h>

#include "store/moderation/audit_log.h"

static bool is_below(const char *pattern, const char *path) {
    return strncmp(pattern, path, strlen(path)) == 0;
}

/* The name has the method and the pattern below api/site/, such as "PATCH users/#": one word
 * for the same change of all users. */
void key_audit_begin(struct exchange *x, const char *pattern) {
    char action[48];
    const bool of_user = is_below(pattern, "api/site/users/");
    const bool of_room = is_below(pattern, "api/site/rooms/");
    snprintf(action, sizeof(action), "%s %s", x->request->method_name,
             pattern + strlen("api/site/"));
    const struct audit_entry entry = {.action = text_of(action),
                                      .actor = AUDIT_BY_KEY,
                                      .actor_id = x->key.id,
                                      .user_id = of_user ? x->ids[0] : 0,
                                      .room_id = of_room ? x->ids[0] : 0,
                                      .subject_id = of_user || of_room ? 0 : x->ids[0]};
    audit_log_begin(x->service->db, &entry, false);
}

void key_audit_end(struct exchange *x) {
    audit_log_end(x->service->db);
}
