/* doctor_web: the checks of the web server: does it pass headers, addresses and bodies to fcgi-api
 * unchanged? Each sends requests whose answers fcgi-api can only give if what they test has
 * arrived. X-Request-ID tells its answers from those of the web server (response->is_ours). */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"
#include "doctor/doctor.h"
#include "os/bell_file.h"

/* Length of the excerpt of an unexpected response. */
#define EXCERPT 80

/* The header that carries the token: Authorization, the one for hosts that strip that, or both. */
enum token_header { TOKEN_AUTHORIZATION = 1, TOKEN_X_CONFAB = 2, TOKEN_BOTH = 3 };

/* Sends a request with the token in one header or both. */
static void send_request(struct doctor *doctor, enum token_header token_header,
                         struct http_client_request request,
                         struct http_client_response *response) {
    char authorization[SECRET_KEY_SIZE + 32], own[SECRET_KEY_SIZE + 32];
    /* Two at most, and the NULL at the end. */
    const char *headers[3] = {NULL};
    /* The token is only valid for the time of the run. */
    size_t count = 0;
    snprintf(authorization, sizeof(authorization), "Authorization: Token %s", doctor->key);
    snprintf(own, sizeof(own), "X-Confab-Token: %s", doctor->key);
    if (token_header & TOKEN_AUTHORIZATION)
        headers[count++] = authorization;
    if (token_header & TOKEN_X_CONFAB)
        headers[count++] = own;
    request.headers = headers;
    http_client_send(doctor->http, &request, response);
}

/* Reports an unexpected response. */
static void unexpected(struct doctor_result *result, const char *what,
                       const struct http_client_response *response, const char *fix) {
    /* A shallow copy, since buffer_str needs one that is not const; nothing is freed by it. */
    struct buffer body = response->body;
    /* No response at all: the cause is libcurl's. */
    if (response->status == 0)
        doctor_set_result(result, REPORT_FAILED, fix, "%s: %s", what, response->error);
    else
        doctor_set_result(result, REPORT_FAILED, fix, "%s: the %s returned %ld: %.*s", what,
                          response->is_ours ? "API" : "web server", response->status, EXCERPT,
                          buffer_str(&body));
}

/* Does the API answer at this address? The response is kept for later checks. */
void doctor_address(struct doctor *doctor, struct doctor_result *result) {
    struct http_client_response *response = &doctor->first;
    http_client_send(doctor->http, &(struct http_client_request){.path = "/healthz"}, response);
    /* A redirect, to https or www, means that the address is not the one of the site. 503 from
     * fcgi-api means that it cannot use its database. */
    if (response->status == 200 && response->is_ours) {
        doctor->have |= DOCTOR_SITE;
        /* Without redirects: the address is shown as libcurl took it apart. */
        doctor_set_result(result, REPORT_OK, NULL, "%s", http_client_address(doctor->http));
    } else if (response->location[0]) {
        doctor_set_result(result, REPORT_FAILED, "run doctor with the address of the redirect",
                          "%s redirects to %s", http_client_address(doctor->http),
                          response->location);
    } else if (response->status == 503 && response->is_ours) {
        unexpected(result, "/healthz", response, "run `confabctl check`");
    } else {
        unexpected(
            result, "/healthz", response,
            "check that the web server and fcgi-api are running and that the web server passes "
            "/healthz and /api/ to fcgi-api; see its log");
    }
}

/* Does the token reach fcgi-api? Many web servers keep Authorization from CGI programs. */
void doctor_authorization(struct doctor *doctor, struct doctor_result *result) {
    const struct http_client_request request = {.path = "/api/auth/me/"};
    struct http_client_response response, again;
    send_request(doctor, TOKEN_AUTHORIZATION, request, &response);
    /* Once with both headers, for the checks that follow: they work if one of the two arrives. */
    send_request(doctor, TOKEN_BOTH, request, &again);
    if (again.status == 200)
        doctor->have |= DOCTOR_TOKEN;
    if (response.status == 200)
        doctor_set_result(result, REPORT_OK, NULL, "the Authorization header reaches fcgi-api");
    /* fcgi-api has read the token and does not know it. */
    else if (response.status == 401 && strstr(buffer_str(&response.body), "Invalid token"))
        doctor_set_result(result, REPORT_FAILED,
                          "use the same configuration for fcgi-api and confabctl",
                          "the new token is unknown: fcgi-api uses another database");
    else if (response.status == 401)
        doctor_set_result(
            result, REPORT_FAILED,
            "Apache: CGIPassAuth On, or in .htaccess "
            "SetEnvIf Authorization \"(.+)\" HTTP_AUTHORIZATION=$1 (with suexec a RewriteRule "
            "with E= is not enough); a proxy must not consume Authorization; clients can send "
            "X-Confab-Token instead",
            "the web server removes the Authorization header%s",
            again.status == 200 ? "" : ", and X-Confab-Token");
    else
        unexpected(result, request.path, &response, "see the log of the web server");
    http_client_response_free(&response);
    http_client_response_free(&again);
}

/* ---- methods ---- */

/* Whether fcgi-api answers this method, or POST with it as X-HTTP-Method-Override. No path has all
 * methods: it answers 405, with its own name for the method. */
static bool method_arrives(struct doctor *doctor, const char *method, bool by_override,
                           struct http_client_response *response) {
    char header[64], own[64];
    /* The error names the method as fcgi-api has seen it. */
    const char *headers[] = {header, NULL};
    snprintf(header, sizeof(header), "X-HTTP-Method-Override: %s", method);
    snprintf(own, sizeof(own), "Method \\\"%s\\\" not allowed.", method);
    /* /healthz allows GET only, so nothing is changed by these. */
    struct http_client_request request = {.path = "/healthz", .method = method};
    if (by_override)
        request = (struct http_client_request){
            .path = "/healthz", .headers = headers, .body = "{}", .body_len = 2};
    /* The override is for clients behind firewalls; fcgi-api names the overridden method in its
     * answer. */
    http_client_send(doctor->http, &request, response);
    return response->is_ours && response->status == 405 &&
           strstr(buffer_str(&response->body), own) != NULL;
}

/* Do PATCH and DELETE reach fcgi-api? Firewalls of shared hosts often refuse them. */
void doctor_methods(struct doctor *doctor, struct doctor_result *result) {
    static const char *const METHODS[] = {"PATCH", "DELETE"};
    const size_t count = sizeof(METHODS) / sizeof(METHODS[0]);
    struct http_client_response response, again;
    const char *refused = NULL;
    long status = 0;
    bool overridden = true;
    /* For a method that is refused, whether it arrives as an override. */
    for (size_t i = 0; i < count; i++) {
        if (!method_arrives(doctor, METHODS[i], false, &response)) {
            refused = refused ? "PATCH and DELETE" : METHODS[i];
            status = response.status;
            overridden = method_arrives(doctor, METHODS[i], true, &again) && overridden;
            http_client_response_free(&again);
        }
        http_client_response_free(&response);
    }
    /* Only refused methods are reported, one or both. */
    if (!refused)
        doctor_set_result(result, REPORT_OK, NULL, "PATCH and DELETE reach fcgi-api");
    else
        doctor_set_result(result, REPORT_FAILED,
                          "allow all methods (Apache: Require method, Limit and LimitExcept, the "
                          "rules of a firewall); clients can send POST with "
                          "X-HTTP-Method-Override instead",
                          "the web server refuses %s (%ld)%s", refused, status,
                          overridden ? "; POST with X-HTTP-Method-Override arrives, which the "
                                       "page uses"
                                     : ", and drops X-HTTP-Method-Override");
}

/* ---- links ---- */

/* Returns a copy of a string member of the JSON response, or NULL. */
static char *member(struct http_client_response *response, const char *key) {
    /* A search for the text is enough: the JSON is fcgi-api's own, without blanks. */
    char start[32];
    snprintf(start, sizeof(start), "\"%s\":\"", key);
    const char *found = strstr(buffer_str(&response->body), start);
    return found ? strndup(found + strlen(start), strcspn(found + strlen(start), "\"")) : NULL;
}

/* The fix for a link that differs from the address. */
static const char *link_fix(const struct http_client *http,
                            enum http_client_difference difference) {
    switch (difference) {
    case HTTP_CLIENT_OTHER_SCHEME:
        /* The address that was given decides which of the two is wrong. */
        return strncmp(http_client_address(http), "https:", 6) == 0
                   ? "let the proxy that terminates TLS set X-Forwarded-Proto, and add its "
                     "address to trusted_proxies (FastCGI: REQUEST_SCHEME or HTTPS)"
                   : "remove the setting that sends X-Forwarded-Proto or HTTPS without TLS";
    case HTTP_CLIENT_OTHER_HOST:
        return "pass the Host of the client, with its port: ProxyPreserveHost On "
               "(Apache), proxy_set_header Host $http_host (nginx), HTTP_HOST (FastCGI)";
    default:
        return "pass the path of the client unchanged (REQUEST_URI)";
    }
}

/* The second page of a list has a link to the first one, also if the list is empty. */
void doctor_links(struct doctor *doctor, struct doctor_result *result) {
    const struct http_client_request request = {.path = "/api/chat/rooms/?limit=1&offset=1"};
    struct http_client_response response;
    /* Any list with a link to another page is suitable. */
    send_request(doctor, TOKEN_BOTH, request, &response);
    /* fcgi-api makes links from scheme, host and path as it sees them. */
    char *link = member(&response, "previous");
    if (response.status != 200 || !link) {
        unexpected(result, request.path, &response, "see the log of fcgi-api");
    } else {
        /* The first part that differs says which setting is wrong. */
        const enum http_client_difference difference = http_client_compare(doctor->http, link);
        if (difference == HTTP_CLIENT_SAME)
            doctor_set_result(result, REPORT_OK, NULL, "links point to this address");
        else
            doctor_set_result(result, REPORT_FAILED, link_fix(doctor->http, difference),
                              "links have the wrong %s: %s instead of %s",
                              difference == HTTP_CLIENT_OTHER_SCHEME ? "scheme"
                              : difference == HTTP_CLIENT_OTHER_HOST ? "host"
                                                                     : "path",
                              link, http_client_address(doctor->http));
    }
    free(link);
    http_client_response_free(&response);
}

/* ---- bodies ---- */

/* Sends a body of this size that fcgi-api reads and rejects: a room without a name. */
static void send_body(struct doctor *doctor, size_t size, struct http_client_response *response) {
    static const char START[] = "{\"name\":\"\",\"filler\":\"", END[] = "\"}";
    /* The body is {"name":"","filler":"xxx..."}, of exactly this size. */
    char *body = xcalloc(size + 1, 1);
    memset(body, 'x', size);
    memcpy(body, START, sizeof(START) - 1);
    memcpy(body + size - (sizeof(END) - 1), END, sizeof(END) - 1);
    send_request(
        doctor, TOKEN_BOTH,
        (struct http_client_request){.path = "/api/chat/rooms/", .body = body, .body_len = size},
        response);
    free(body);
}

/* Does a body of body_limit arrive, and is one byte more refused? */
void doctor_bodies(struct doctor *doctor, struct doctor_result *result) {
    static const char FIX[] =
        "raise the web server's limit above body_limit: FcgidMaxRequestLen, LimitRequestBody "
        "(Apache), client_max_body_size (nginx), server.max-request-size (lighttpd)";
    /* One exactly of the limit, and one byte over it. */
    const uint64_t limit = doctor->cli->config.body_limit;
    struct http_client_response fits, over;
    /* body_limit is in KiB. */
    send_body(doctor, (size_t)limit * 1024, &fits);
    send_body(doctor, (size_t)limit * 1024 + 1, &over);
    /* 400 is the answer to the empty name: the body was read. */
    if (fits.status == 413 && fits.is_ours)
        doctor_set_result(result, REPORT_FAILED, "reload fcgi-api",
                          "fcgi-api uses a smaller body_limit than the configured %" PRIu64 " KiB",
                          limit);
    else if (fits.status != 400 || !fits.is_ours)
        unexpected(result, "a body of body_limit", &fits, FIX);
    else if (over.status != 413)
        unexpected(result, "a body over body_limit (expected 413)", &over, FIX);
    else
        doctor_set_result(result, REPORT_OK, NULL,
                          "%" PRIu64 " KiB accepted, larger bodies rejected", limit);
    http_client_response_free(&fits);
    http_client_response_free(&over);
}

/* ---- pictures of users ---- */

/* Separators of the entries of avatar_origins, and of the sources in a policy. */
#define SEPARATORS ", \t"

/* The sources of images in a Content-Security-Policy; empty if it has none. */
static struct text image_sources(struct text policy) {
    /* Names of directives are case-insensitive (CSP, section 2.2). */
    struct text directive, word;
    while (text_split(&policy, ';', &directive))
        if (text_next_word(&directive, " \t", &word) &&
            text_equals_nocase(word, text_of("img-src")))
            return directive;
    return (struct text){"", 0};
}

/* The first entry of a list that another list lacks; .len is 0 if there is none. */
static struct text first_missing(struct text entries, struct text list) {
    struct text entry, rest, word;
    while (text_next_word(&entries, SEPARATORS, &entry)) {
        bool is_there = entry.at[0] == '\''; /* 'self' */
        for (rest = list; !is_there && text_next_word(&rest, SEPARATORS, &word);)
            is_there = text_equals_nocase(word, entry);
        if (!is_there)
            return entry;
    }
    return (struct text){"", 0};
}

/* May the page show pictures from avatar_origins, and from nowhere else? */
void doctor_pictures(struct doctor *doctor, struct doctor_result *result) {
    static const char FIX[] =
        "give the web server the same list: CONFAB_AVATARS (Apache), $confab_avatars (nginx), "
        "var.confab_avatars (lighttpd); on a shared host install again";
    const struct text origins = text_of(doctor->cli->config.avatar_origins);
    struct http_client_response response;
    http_client_send(doctor->http, &(struct http_client_request){.path = "/"}, &response);
    const struct text sources =
        image_sources((struct text){buffer_str(&response.policy), response.policy.len});
    /* Both directions: what the page must allow, and what it must not. */
    const struct text missing = first_missing(origins, sources);
    const struct text other = first_missing(sources, origins);
    if (response.status != 200)
        unexpected(result, "the page", &response, "see the log of the web server");
    else if (missing.len > 0)
        doctor_set_result(result, REPORT_FAILED, FIX,
                          "the page may not show pictures of %.*s, which is in avatar_origins",
                          (int)missing.len, missing.at);
    else if (other.len > 0)
        doctor_set_result(result, REPORT_WARNING, FIX,
                          "the page may show pictures of %.*s, which is not in avatar_origins",
                          (int)other.len, other.at);
    else
        doctor_set_result(result, REPORT_OK, NULL, "the page may show those of avatar_origins");
    http_client_response_free(&response);
}

/* ---- bells ---- */

/* Can bells be written, and does the web server serve them at /bell/? */
void doctor_bells(struct doctor *doctor, struct doctor_result *result) {
    const char *folder = doctor->cli->config.bell_dir;
    char name[BELL_FILE_NAME_SIZE], path[BELL_FILE_NAME_SIZE + 8];
    struct http_client_response response;
    /* A new bell with a random name and number. */
    secret_random_hex(name, (sizeof(name) - 1) / 2);
    if (!bell_file_write(folder, name, 4711)) {
        doctor_set_result(result, REPORT_FAILED,
                          "create the folder, let the user of fcgi-api write to it, and free space",
                          "bell_dir %s: %s; clients poll as without it", folder, strerror(errno));
        return;
    }
    /* The name is new, so no cache can have an older answer. */
    snprintf(path, sizeof(path), "/bell/%s", name);
    http_client_send(doctor->http, &(struct http_client_request){.path = path}, &response);
    if (response.status == 200 && strcmp(buffer_str(&response.body), "4711") == 0)
        doctor_set_result(result, REPORT_OK, NULL, "written to %s and served", folder);
    else
        unexpected(result, "a new file of bell_dir", &response,
                   "have the web server serve the folder at /bell/, and let it read the files");
    http_client_response_free(&response);
    /* Also if it was not served. */
    bell_file_remove(folder, name);
}
