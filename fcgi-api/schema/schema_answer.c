/* The texts of the build, with the servers put between their parts: only the request knows
 * them. */
#include "schema/schema_answer.h"

#include "schema/schema_text.h"
#include "json/json_writer.h"

void schema_answer_api(struct buffer *out, bool is_https, struct text host, struct text path) {
    struct buffer url = BUFFER_EMPTY;
    buffer_append_str(&url, is_https ? "https://" : "http://");
    buffer_append(&url, host.at, host.len);
    buffer_append(&url, path.at, path.len);
    buffer_append_str(out, SCHEMA_TEXT_API_START);
    struct json_writer w = json_writer_start(out);
    json_write_array(&w);
    json_write_object(&w);
    json_write_member_text(&w, "url", (struct text){url.data, url.len});
    json_write_object_end(&w);
    json_write_array_end(&w);
    buffer_append_str(out, SCHEMA_TEXT_API_END);
    buffer_free(&url);
}

/* In AsyncAPI a server has host and path apart. A chat at the root has no path. */
void schema_answer_events(struct buffer *out, bool is_https, struct text host, struct text path) {
    static const char SECURITY[] =
        "[{\"$ref\":\"#/components/securitySchemes/token\"},"
        "{\"$ref\":\"#/components/securitySchemes/session\"}]";
    buffer_append_str(out, SCHEMA_TEXT_EVENTS_START);
    struct json_writer w = json_writer_start(out);
    json_write_object(&w);
    json_write_key(&w, "chat");
    json_write_object(&w);
    json_write_member_text(&w, "host", host);
    if (path.len > 0)
        json_write_member_text(&w, "pathname", path);
    json_write_member_str(&w, "protocol", is_https ? "wss" : "ws");
    json_write_key(&w, "security");
    json_write_raw(&w, SECURITY, sizeof(SECURITY) - 1);
    json_write_object_end(&w);
    json_write_object_end(&w);
    buffer_append_str(out, SCHEMA_TEXT_EVENTS_END);
}
