/* Entries of the audit by API keys; ends of silences and of the wait of slow mode. */
#include "order.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "json/json_writer.h"
#include "store/order/audit_log.h"
#include "store/rooms/silence.h"

static bool is_below(const char *pattern, const char *path) {
    return strncmp(pattern, path, strlen(path)) == 0;
}

enum error order_audit(struct exchange *x, const char *pattern) {
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
    return audit_log_add(x->service->db, &entry);
}

void order_say_how_long(struct exchange *x, enum error error) {
    const uint64_t user_id = x->identity.user.id;
    uint64_t seconds;
    int64_t until;
    if (error == ERROR_SLOW_MODE &&
        !silence_slow_wait(x->service->db, x->ids[0], user_id, &seconds))
        response_header_printf(&x->response, "Retry-After", "%" PRIu64, seconds);
    if (error != ERROR_SILENCED || silence_until(x->service->db, x->ids[0], user_id, &until))
        return;
    buffer_clear(&x->response.body);
    struct json_writer w = json_writer_start(&x->response.body);
    json_write_object(&w);
    json_write_member_str(&w, "detail", error_detail(error));
    json_write_member_str(&w, "code", error_code_word(CODE_SILENCED));
    json_write_member_time(&w, "until", until);
    json_write_object_end(&w);
}
