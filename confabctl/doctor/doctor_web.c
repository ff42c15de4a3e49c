#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"
#include "doctor/doctor.h"

/* What is shown of an answer that was not expected. */
#define EXCERPT 80

/* Asks with the token, in Authorization, in the header for hosts that strip that, or both. */
enum way { WAY_AUTHORIZATION = 1, WAY_OWN_HEADER = 2, WAY_BOTH = 3 };

static void ask(struct doctor *doctor, enum way way, struct site_request request,
                struct site_answer *answer) {
    char authorization[SECRET_KEY_SIZE + 32], own[SECRET_KEY_SIZE + 32];
    const char *headers[3] = {NULL};
    size_t count = 0;
    snprintf(authorization, sizeof(authorization), "Authorization: Token %s", doctor->key);
    snprintf(own, sizeof(own), "X-Confab-Token: %s", doctor->key);
    if (way & WAY_AUTHORIZATION)
        headers[count++] = authorization;
    if (way & WAY_OWN_HEADER)
        headers[count++] = own;
    request.headers = headers;
    site_ask(doctor->site, &request, answer);
}

/* Says what came instead of what should have. */
static void unexpected(struct finding *finding, const char *what, const struct site_answer *answer,
                       const char *mend) {
    struct buffer body = answer->body;
    if (answer->status == 0)
        doctor_found(finding, FINDINGS_FAILED, mend, "%s: %s", what, answer->error);
    else
        doctor_found(finding, FINDINGS_FAILED, mend, "%s: the %s answers %ld: %.*s", what,
                     answer->is_ours ? "API" : "web server", answer->status, EXCERPT,
                     buffer_str(&body));
}

void doctor_address(struct doctor *doctor, struct finding *finding) {
    struct site_answer *answer = &doctor->first;
    site_ask(doctor->site, &(struct site_request){.path = "/healthz"}, answer);
    if (answer->status == 200 && answer->is_ours) {
        doctor->have |= DOCTOR_SITE;
        doctor_found(finding, FINDINGS_OK, NULL, "%s", site_address(doctor->site));
    } else if (answer->location[0]) {
        doctor_found(finding, FINDINGS_FAILED, "ask for the address that people use",
                     "%s leads to %s", site_address(doctor->site), answer->location);
    } else if (answer->status == 503 && answer->is_ours) {
        unexpected(finding, "/healthz", answer, "`confabctl check` says what is down");
    } else {
        unexpected(finding, "/healthz", answer,
                   "is the web server running, does it pass /healthz and /api/ on to fcgi-api, "
                   "and does that run? Its log says more");
    }
}

void doctor_authorization(struct doctor *doctor, struct finding *finding) {
    const struct site_request request = {.path = "/api/auth/me/"};
    struct site_answer answer, again;
    ask(doctor, WAY_AUTHORIZATION, request, &answer);
    ask(doctor, WAY_BOTH, request, &again);
    if (again.status == 200)
        doctor->have |= DOCTOR_TOKEN;
    if (answer.status == 200)
        doctor_found(finding, FINDINGS_OK, NULL, "Authorization is passed on");
    else if (answer.status == 401 && strstr(buffer_str(&answer.body), "Invalid token"))
        doctor_found(finding, FINDINGS_FAILED,
                     "check that fcgi-api there and confabctl here use the same configuration",
                     "the site does not know a token that was just made: it uses another database");
    else if (answer.status == 401)
        doctor_found(finding, FINDINGS_FAILED,
                     "Apache: CGIPassAuth On, or in .htaccess "
                     "RewriteRule .* - [E=HTTP_AUTHORIZATION:%{HTTP:Authorization}]; a proxy must "
                     "not take Authorization for its own; clients can send X-Confab-Token instead",
                     "the web server keeps Authorization to itself%s",
                     again.status == 200 ? "" : ", and X-Confab-Token too");
    else
        unexpected(finding, request.path, &answer, "the log of the web server says more");
    site_answer_free(&answer);
    site_answer_free(&again);
}

/* ---- links ---- */

/* The text of a member of the answer, copied; NULL if there is none. */
static char *member(struct site_answer *answer, const char *key) {
    char start[32];
    snprintf(start, sizeof(start), "\"%s\":\"", key);
    const char *found = strstr(buffer_str(&answer->body), start);
    return found ? strndup(found + strlen(start), strcspn(found + strlen(start), "\"")) : NULL;
}

static const char *mend_link(const struct site *site, enum site_difference difference) {
    switch (difference) {
    case SITE_OTHER_SCHEME:
        return strncmp(site_address(site), "https:", 6) == 0
                   ? "have the proxy that speaks https set X-Forwarded-Proto, and name its "
                     "address in trusted_proxies (FastCGI: REQUEST_SCHEME or HTTPS)"
                   : "somebody sets X-Forwarded-Proto or HTTPS without https: remove that";
    case SITE_OTHER_HOST:
        return "the Host of the client has to be passed on with its port: ProxyPreserveHost On "
               "(Apache), proxy_set_header Host $http_host (nginx), HTTP_HOST (FastCGI)";
    default:
        return "the path of the client has to be passed on unchanged (REQUEST_URI)";
    }
}

/* A page behind the first has a link to the one before, also of an empty list. */
void doctor_links(struct doctor *doctor, struct finding *finding) {
    const struct site_request request = {.path = "/api/chat/users/?limit=1&offset=1"};
    struct site_answer answer;
    ask(doctor, WAY_BOTH, request, &answer);
    char *link = member(&answer, "previous");
    if (answer.status != 200 || !link) {
        unexpected(finding, request.path, &answer, "the log of fcgi-api says more");
    } else {
        const enum site_difference difference = site_compare(doctor->site, link);
        if (difference == SITE_SAME)
            doctor_found(finding, FINDINGS_OK, NULL, "links lead here");
        else
            doctor_found(finding, FINDINGS_FAILED, mend_link(doctor->site, difference),
                         "links have the wrong %s: %s instead of %s",
                         difference == SITE_OTHER_SCHEME ? "scheme"
                         : difference == SITE_OTHER_HOST ? "host"
                                                         : "path",
                         link, site_address(doctor->site));
    }
    free(link);
    site_answer_free(&answer);
}

/* ---- bodies ---- */

/* Sends a body of so many bytes that fcgi-api reads and refuses: a room without a name. */
static void send_body(struct doctor *doctor, size_t size, struct site_answer *answer) {
    static const char START[] = "{\"name\":\"\",\"filler\":\"", END[] = "\"}";
    char *body = xcalloc(size + 1, 1);
    memset(body, 'x', size);
    memcpy(body, START, sizeof(START) - 1);
    memcpy(body + size - (sizeof(END) - 1), END, sizeof(END) - 1);
    ask(doctor, WAY_BOTH,
        (struct site_request){.path = "/api/chat/rooms/", .body = body, .body_len = size}, answer);
    free(body);
}

void doctor_bodies(struct doctor *doctor, struct finding *finding) {
    static const char MEND[] =
        "raise the web server's limit above body_limit: FcgidMaxRequestLen, LimitRequestBody "
        "(Apache), client_max_body_size (nginx), server.max-request-size (lighttpd)";
    const uint64_t limit = doctor->tool->config.body_limit;
    struct site_answer fits, over;
    send_body(doctor, (size_t)limit * 1024, &fits);
    send_body(doctor, (size_t)limit * 1024 + 1, &over);
    if (fits.status == 413 && fits.is_ours)
        doctor_found(finding, FINDINGS_FAILED, "have fcgi-api read its configuration again",
                     "fcgi-api has a smaller body_limit than the %" PRIu64 " KiB configured",
                     limit);
    else if (fits.status != 400 || !fits.is_ours)
        unexpected(finding, "a body as large as body_limit allows", &fits, MEND);
    else if (over.status != 413)
        unexpected(finding, "a body over body_limit, which is 413", &over, MEND);
    else
        doctor_found(finding, FINDINGS_OK, NULL, "%" PRIu64 " KiB pass, more is refused", limit);
    site_answer_free(&fits);
    site_answer_free(&over);
}
