#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/secret.h"
#include "doctor/doctor.h"

#define HANDSHAKE_MS 10000
/* What pushd sends at once is late when it has not come by then. */
#define LATE_MS 10000

/* Key and answer of the example in RFC 6455, section 1.3: only who knows WebSockets gives it. */
#define KEY "dGhlIHNhbXBsZSBub25jZQ=="
#define ACCEPT "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="

static const char MEND_UPGRADE[] =
    "pass the upgrade on: ProxyPass ... upgrade=websocket (Apache), proxy_set_header Upgrade "
    "$http_upgrade and Connection upgrade (nginx), proxy.header = ( \"upgrade\" => \"enable\" ) "
    "(lighttpd); and check that pushd runs";
static const char MEND_DELAY[] =
    "something on the way collects what it should pass on: turn its buffering off for /ws/";

/* ---- the handshake ---- */

/* Receives until the head is whole; its length with the empty line, or 0. */
static size_t receive_head(struct doctor *doctor, struct buffer *in) {
    const int64_t deadline = clock_monotonic_ms() + HANDSHAKE_MS;
    const char *end;
    while (!(end = strstr(buffer_str(in), "\r\n\r\n")))
        if (!site_receive(doctor->site, in, deadline))
            return 0;
    return (size_t)(end - buffer_str(in)) + 4;
}

static bool send_handshake(struct doctor *doctor) {
    struct buffer out = BUFFER_EMPTY;
    site_head(doctor->site, "/ws/chat/notifications/", &out);
    buffer_printf(&out,
                  "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
                  "Sec-WebSocket-Key: " KEY
                  "\r\n"
                  "Sec-WebSocket-Protocol: confab, token.%s\r\n\r\n",
                  doctor->key);
    const bool sent = site_send(doctor->site, out.data, out.len);
    buffer_free(&out);
    return sent;
}

static void judge_head(struct doctor *doctor, struct buffer *in, size_t len,
                       struct finding *finding) {
    const char *head = buffer_str(in);
    const int line = (int)strcspn(head, "\r\n");
    if (len == 0) {
        doctor_found(finding, FINDINGS_FAILED, MEND_UPGRADE, "no answer to the handshake");
    } else if (strncmp(head, "HTTP/1.1 101 ", 13) != 0) {
        doctor_found(finding, FINDINGS_FAILED, MEND_UPGRADE, "the handshake is answered %.*s", line,
                     head);
    } else if (!strstr(head, ACCEPT)) {
        doctor_found(finding, FINDINGS_FAILED, MEND_UPGRADE,
                     "the handshake is answered by something that is no WebSocket");
    } else {
        doctor->have |= DOCTOR_SOCKET;
        buffer_append(&doctor->early, in->data + len, in->len - len);
        doctor_found(finding, FINDINGS_OK, NULL, "WebSockets open");
    }
}

void doctor_upgrade(struct doctor *doctor, struct finding *finding) {
    struct buffer in = BUFFER_EMPTY;
    char error[SITE_ERROR_SIZE];
    if (!site_connect(doctor->site, error)) {
        doctor_found(finding, FINDINGS_FAILED, MEND_UPGRADE, "cannot connect: %s", error);
        return;
    }
    const size_t len = send_handshake(doctor) ? receive_head(doctor, &in) : 0;
    judge_head(doctor, &in, len, finding);
    buffer_free(&in);
}

/* ---- frames ---- */

/* The first frame in `in`, as pushd sends them (unmasked, whole, below 64 KiB): its text, and
 * how much of `in` it takes. False if it is not whole yet. */
static bool first_frame(const struct buffer *in, struct text *text, size_t *taken) {
    const unsigned char *at = (const unsigned char *)in->data;
    if (in->len < 2)
        return false;
    size_t len = at[1] & 0x7f, head = 2;
    if (len == 126) {
        if (in->len < 4)
            return false;
        len = (size_t)at[2] << 8 | at[3];
        head = 4;
    }
    *text = (struct text){in->data + head, len};
    *taken = head + len;
    return in->len >= *taken;
}

/* Waits for a frame of this type, dropping those before it; the last one dropped is in
 * `other`. False at the deadline, or when the socket ends. */
static bool receive_type(struct doctor *doctor, const char *type, char other[SITE_ERROR_SIZE]) {
    const int64_t deadline = clock_monotonic_ms() + LATE_MS;
    struct buffer *in = &doctor->early;
    char start[64];
    const int start_len = snprintf(start, sizeof(start), "{\"type\":\"%s\"", type);
    for (;;) {
        struct text text;
        size_t taken;
        while (!first_frame(in, &text, &taken))
            if (!site_receive(doctor->site, in, deadline))
                return false;
        const bool found =
            text.len >= (size_t)start_len && memcmp(text.at, start, (size_t)start_len) == 0;
        snprintf(other, SITE_ERROR_SIZE, "%.*s", (int)text.len, text.at);
        memmove(in->data, in->data + taken, in->len - taken);
        in->len -= taken;
        if (found)
            return true;
    }
}

/* A frame as clients have to send it, with a mask; which one is all the same. */
static bool send_ping(struct doctor *doctor) {
    static const char TEXT[] = "{\"type\":\"ping\"}";
    enum { LEN = sizeof(TEXT) - 1 };
    static const unsigned char MASK[4] = {0x63, 0x6f, 0x6e, 0x66};
    unsigned char frame[6 + LEN] = {0x81, 0x80 | LEN};
    memcpy(frame + 2, MASK, sizeof(MASK));
    for (size_t i = 0; i < LEN; i++)
        frame[6 + i] = (unsigned char)TEXT[i] ^ MASK[i % 4];
    return site_send(doctor->site, frame, sizeof(frame));
}

void doctor_delay(struct doctor *doctor, struct finding *finding) {
    char other[SITE_ERROR_SIZE] = "";
    const bool greeted = receive_type(doctor, "connected", other);
    if (!greeted && other[0])
        doctor_found(finding, FINDINGS_FAILED, "the log of pushd says more",
                     "the socket begins with %s", other);
    else if (!greeted)
        doctor_found(finding, FINDINGS_FAILED, MEND_DELAY,
                     "nothing comes in %d s after the handshake", LATE_MS / 1000);
    else if (!send_ping(doctor) || !receive_type(doctor, "pong", other))
        doctor_found(finding, FINDINGS_FAILED, MEND_DELAY,
                     "what is sent over a socket is not answered in %d s", LATE_MS / 1000);
    else
        doctor_found(finding, FINDINGS_OK, NULL, "frames come at once");
}
