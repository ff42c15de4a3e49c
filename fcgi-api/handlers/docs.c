/* /api/: the version and features of this server; the schemas of API and WebSockets, made from the
 * tables that serve; and a page that shows them. Its script and style are files of web/docs/. */
#include <stdio.h>

#include "handlers/handlers.h"
#include "schema/schema_answer.h"

/* As the web servers send it with the page (conf/): own files only, no markup from texts. */
static const char POLICY[] =
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
    "media-src 'self' blob:; connect-src 'self'; manifest-src 'self'; base-uri 'none'; "
    "form-action 'self'; frame-ancestors 'none'; require-trusted-types-for 'script'; "
    "trusted-types 'none'";

/* What clients need to know before they log in: which parts of the API are on. */
enum error docs_info(struct exchange *x) {
    const struct config *config = x->service->config;
    struct json_writer w = json_writer_start(&x->response.body);
    json_write_object(&w);
    json_write_member_str(&w, "version", CONFAB_VERSION);
    json_write_key(&w, "features");
    json_write_array(&w);
/* The table has one row for each feature: its word, and when it is there. */
#define FEATURE(word, condition) \
    if (condition)               \
        json_write_str(&w, word);
#include "schema/features.def"
#undef FEATURE
    json_write_array_end(&w);
    json_write_object_end(&w);
    return ERROR_NONE;
}

/* The path of the chat without the slash at its end: "", or "/chat". */
static struct text path_of(const struct request *request) {
    struct text path = request->prefix;
    if (path.len > 0 && path.at[path.len - 1] == '/')
        path.len--;
    return path;
}

enum error docs_openapi(struct exchange *x) {
    /* Made by the build; only the address of the server is put in. */
    const struct request *request = x->request;
    schema_answer_api(&x->response.body, request->is_https, request->host, path_of(request));
    return ERROR_NONE;
}

enum error docs_asyncapi(struct exchange *x) {
    const struct request *request = x->request;
    schema_answer_events(&x->response.body, request->is_https, request->host, path_of(request));
    return ERROR_NONE;
}

enum error docs_page(struct exchange *x) {
    const struct text path = x->request->path;
    /* The files are beside api/; what the browser takes as the folder depends on the slash. */
    const char *up = path.len > 0 && path.at[path.len - 1] == '/' ? "../.." : "..";
    response_header(&x->response, "Content-Security-Policy", POLICY);
    response_header(&x->response, "Referrer-Policy", "no-referrer");
    /* The only HTML that the server makes: no text of a user is in it. */
    x->response.is_html = true;
    buffer_printf(&x->response.body,
                  "<!doctype html>\n"
                  "<html lang=\"en\">\n"
                  "<meta charset=\"utf-8\" />\n"
                  "<meta name=\"viewport\" content=\"width=device-width\" />\n"
                  "<title>API of this chat</title>\n"
                  "<link rel=\"icon\" href=\"%s/icon.svg\" type=\"image/svg+xml\" />\n"
                  "<link rel=\"stylesheet\" href=\"%s/docs/docs.css\" />\n"
                  "<script type=\"module\" src=\"%s/docs/docs.js\"></script>\n"
                  "<main id=\"docs\"></main>\n"
                  "<noscript>This page needs JavaScript. The schemas are at <a "
                  "href=\"%s/api/schema/\">api/schema/</a> and <a "
                  "href=\"%s/api/schema/events/\">api/schema/events/</a>.</noscript>\n"
                  "</html>\n",
                  up, up, up, up, up);
    return ERROR_NONE;
}
