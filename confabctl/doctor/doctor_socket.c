/*
 * doctor_socket: the checks of WebSockets: a handshake through the web server, and frames in both
 * directions. They write the protocol (RFC 6455) by hand, since libwebsockets belongs to pushd.
 * doctor_upgrade opens the connection, doctor_delay uses it: the greeting must come at once, and a
 * ping must be answered, although proxies on the way may buffer.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/text.h"
#include "doctor/doctor.h"
#include "secrets/secret.h"

#define HANDSHAKE_MS 10000
/* For the body of a refusal, and how many bytes of it are read. */
#define REFUSAL_MS 1000
#define MAX_REFUSAL 1024
/* Time within which frames that pushd sends immediately must arrive. */
#define LATE_MS 10000

/* Key and Sec-WebSocket-Accept of the example in RFC 6455, section 1.3. */
#define KEY "dGhlIHNhbXBsZSBub25jZQ=="
#define ACCEPT "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="

static const char FIX_UPGRADE[] =
    "pass upgrades to pushd: ProxyPass ... upgrade=websocket (Apache), proxy_set_header Upgrade "
    "$http_upgrade and Connection upgrade (nginx), proxy.header = ( \"upgrade\" => \"enable\" ) "
    "(lighttpd); check that pushd is running";
static const char FIX_REFUSED[] =
    "see the limits and allowed_origins in the configuration of pushd";
static const char FIX_DELAY[] =
    "turn off response buffering for /ws/ in the web server and in proxies before it";

/* ---- the handshake ---- */

/* Receives the response head. Returns its length with the empty line, or 0 if it is not
 * complete in time. */
static size_t receive_head(struct doctor *doctor, struct buffer *in) {
    const int64_t deadline = clock_monotonic_ms() + HANDSHAKE_MS;
    /* Bytes after the empty line are frames already. */
    const char *end;
    while (!(end = strstr(buffer_str(in), "\r\n\r\n")))
        if (!http_client_read(doctor->http, in, deadline))
            return 0;
    return (size_t)(end - buffer_str(in)) + 4;
}

/* The token goes into the subprotocol, as from a browser. */
static bool send_handshake(struct doctor *doctor) {
    struct buffer out = BUFFER_EMPTY;
    /* Path and Host as the address has them. */
    http_client_append_head(doctor->http, "/ws/chat/notifications/", &out);
    buffer_printf(&out,
                  "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
                  "Sec-WebSocket-Key: " KEY
                  "\r\n"
                  "Sec-WebSocket-Protocol: confab, token.%s\r\n\r\n",
                  doctor->key);
    const bool sent = http_client_write(doctor->http, out.data, out.len);
    buffer_free(&out);
    return sent;
}

/* What a refusal of pushd says, which has a JSON body and then closes the connection; empty for a
 * page of the web server. */
static struct text refusal_detail(struct doctor *doctor, struct buffer *in, size_t len) {
    static const char DETAIL[] = "{\"detail\":\"";
    const int64_t deadline = clock_monotonic_ms() + REFUSAL_MS;
    /* The body is short; the server closes after it, which ends the loop. */
    while (in->len - len < MAX_REFUSAL && http_client_read(doctor->http, in, deadline)) {
    }
    struct text rest = {buffer_str(in) + len, in->len - len}, detail = {"", 0};
    /* A page of a web server does not begin so. */
    if (text_skip(&rest, DETAIL))
        text_split(&rest, '"', &detail);
    return detail;
}

/* The handshake was refused. */
static void report_refusal(struct doctor *doctor, struct buffer *in, size_t len,
                           struct doctor_result *result) {
    const struct text detail = refusal_detail(doctor, in, len);
    const char *head = buffer_str(in);
    const int line = (int)strcspn(head, "\r\n");
    /* 426: the upgrade did not reach pushd. Otherwise pushd had a reason of its own. */
    const bool by_pushd = detail.len > 0 && strncmp(head, "HTTP/1.1 426 ", 13) != 0;
    doctor_set_result(result, REPORT_FAILED, by_pushd ? FIX_REFUSED : FIX_UPGRADE,
                      "unexpected response to the handshake: %.*s%s%.*s", line, head,
                      detail.len > 0 ? ": " : "", (int)detail.len, detail.at);
}

/* Checks the response head, of `len` bytes; what follows it is kept for doctor_delay. */
static void check_head(struct doctor *doctor, struct buffer *in, size_t len,
                       struct doctor_result *result) {
    const char *head = buffer_str(in);
    /* Only a WebSocket server can answer with ACCEPT, which is computed from KEY. */
    if (len == 0) {
        doctor_set_result(result, REPORT_FAILED, FIX_UPGRADE, "no response to the handshake");
    } else if (strncmp(head, "HTTP/1.1 101 ", 13) != 0) {
        report_refusal(doctor, in, len, result);
    } else if (!strstr(head, ACCEPT)) {
        doctor_set_result(result, REPORT_FAILED, FIX_UPGRADE,
                          "the response to the handshake has no valid Sec-WebSocket-Accept");
    } else {
        /* Frames may have come with the head already. */
        doctor->have |= DOCTOR_SOCKET;
        buffer_append(&doctor->received, in->data + len, in->len - len);
        doctor_set_result(result, REPORT_OK, NULL, "WebSocket opened");
    }
}

/* Does the web server pass the upgrade to pushd? */
void doctor_upgrade(struct doctor *doctor, struct doctor_result *result) {
    struct buffer in = BUFFER_EMPTY;
    char error[HTTP_CLIENT_ERROR_SIZE];
    if (!http_client_connect(doctor->http, error)) {
        doctor_set_result(result, REPORT_FAILED, FIX_UPGRADE, "cannot connect: %s", error);
        return;
    }
    const size_t len = send_handshake(doctor) ? receive_head(doctor, &in) : 0;
    check_head(doctor, &in, len, result);
    buffer_free(&in);
}

/* ---- frames ---- */

#define OPCODE_CLOSE 8

/* Parses the first frame of `in`: its opcode, its payload and its whole size. pushd sends unmasked,
 * unfragmented frames; those expected here are below 64 KiB. Returns false if the frame is not
 * complete. */
static bool first_frame(const struct buffer *in, unsigned *opcode, struct text *text,
                        size_t *frame_len) {
    /* RFC 6455, section 5.2: FIN and opcode, then the mask bit and the length. */
    const unsigned char *at = (const unsigned char *)in->data;
    if (in->len < 2)
        return false;
    *opcode = at[0] & 0x0f;
    size_t len = at[1] & 0x7f, head = 2;
    /* 126: the length is in the next two bytes, in network order. 127 would be 64 KiB and more. */
    if (len == 126) {
        if (in->len < 4)
            return false;
        len = (size_t)at[2] << 8 | at[3];
        head = 4;
    }
    /* The text may reach beyond what has come; the result says so. */
    *text = (struct text){in->data + head, len};
    *frame_len = head + len;
    return in->len >= *frame_len;
}

/* The server has closed the socket. The message before that says why, if there is one. */
static void note_close(struct text payload, char last[HTTP_CLIENT_ERROR_SIZE]) {
    const unsigned char *code = (const unsigned char *)payload.at;
    /* The first two bytes of a close frame are the code (RFC 6455, section 5.5.1). */
    if (last[0] == '\0' && payload.len >= 2)
        snprintf(last, HTTP_CLIENT_ERROR_SIZE, "closed with code %d", code[0] << 8 | code[1]);
    else if (last[0] == '\0')
        snprintf(last, HTTP_CLIENT_ERROR_SIZE, "closed without a code");
}

/* Waits for a message of this type and discards those before it; `last` is the last one read.
 * Returns false at the deadline or if the connection ends. */
static bool receive_type(struct doctor *doctor, const char *type,
                         char last[HTTP_CLIENT_ERROR_SIZE]) {
    const int64_t deadline = clock_monotonic_ms() + LATE_MS;
    struct buffer *in = &doctor->received;
    char start[64];
    /* pushd writes `type` first, without blanks. */
    const int start_len = snprintf(start, sizeof(start), "{\"type\":\"%s\"", type);
    for (;;) {
        /* Other messages, such as presence, may come before the one that is awaited. */
        struct text text;
        size_t frame_len;
        unsigned opcode;
        while (!first_frame(in, &opcode, &text, &frame_len))
            if (!http_client_read(doctor->http, in, deadline))
                return false;
        if (opcode == OPCODE_CLOSE) {
            note_close(text, last);
            return false;
        }
        const bool found =
            text.len >= (size_t)start_len && memcmp(text.at, start, (size_t)start_len) == 0;
        snprintf(last, HTTP_CLIENT_ERROR_SIZE, "%.*s", (int)text.len, text.at);
        /* Remove the message from the buffer, also if it was another one. */
        memmove(in->data, in->data + frame_len, in->len - frame_len);
        in->len -= frame_len;
        if (found)
            return true;
    }
}

/* Sends a ping message. Frames of clients must be masked; any mask is valid. */
static bool send_ping(struct doctor *doctor) {
    static const char TEXT[] = "{\"type\":\"ping\"}";
    enum { LEN = sizeof(TEXT) - 1 };
    static const unsigned char MASK[4] = {0x63, 0x6f, 0x6e, 0x66};
    /* FIN and text; masked, with a length below 126; then the mask and the masked text. */
    unsigned char frame[6 + LEN] = {0x81, 0x80 | LEN};
    memcpy(frame + 2, MASK, sizeof(MASK));
    for (size_t i = 0; i < LEN; i++)
        frame[6 + i] = (unsigned char)TEXT[i] ^ MASK[i % 4];
    return http_client_write(doctor->http, frame, sizeof(frame));
}

/* Do frames pass the web server in both directions without being held back? */
void doctor_delay(struct doctor *doctor, struct doctor_result *result) {
    char last[HTTP_CLIENT_ERROR_SIZE] = "";
    const bool greeted = receive_type(doctor, "connected", last);
    const bool refused = !greeted && last[0];
    /* The greeting itself is not an unexpected answer to the ping. */
    last[0] = greeted ? '\0' : last[0];
    const bool answered = greeted && send_ping(doctor) && receive_type(doctor, "pong", last);
    if (answered)
        doctor_set_result(result, REPORT_OK, NULL, "frames are not delayed");
    else if (refused)
        doctor_set_result(result, REPORT_FAILED, "see the log of pushd",
                          "unexpected first message: %s", last);
    /* Without a message in time the usual cause is a proxy that buffers. */
    else if (!greeted)
        doctor_set_result(result, REPORT_FAILED, FIX_DELAY,
                          "no message within %d s after the handshake", LATE_MS / 1000);
    else if (last[0])
        doctor_set_result(result, REPORT_FAILED, "see the log of pushd",
                          "unexpected response to a message: %s", last);
    else
        doctor_set_result(result, REPORT_FAILED, FIX_DELAY, "no response to a message within %d s",
                          LATE_MS / 1000);
}
