/*
 * envelope.h - what is sent to a destination for an event: URL, method and headers. Pure.
 *
 * URL: the request's path is appended to that of the destination's URL unless that is switched off; a query in the
 * destination's URL replaces the request's, otherwise the request's is forwarded.
 * Headers: those of the sender without what belongs to one connection only (RFC 9110 section 7.6.1) and without
 * what the gateway sets itself, then the gateway's own: Accept, Idempotency-Key, X-Hookdeck-*, authentication.
 */
#pragma once

#include "http/message.h"
#include "model/model.h"
#include "model/settings.h"

struct envelope_input {
    const struct event *event;
    const struct request *request; /* with its data */
    enum destination_type type;
    const struct destination_settings *settings;
    struct text source_name, connection_name, destination_name; /* TEXT_NONE: sent empty */
    struct text signing_secret;    /* the project's */
    const char *public_url;        /* of the gateway, without "/" at the end */
    int64_t attempt_number;
    enum attempt_trigger trigger;
    int64_t will_retry_after_ms;   /* until the retry that would follow a failure; -1: none would */
};

struct envelope {
    const char *url, *method;
    struct http_headers headers;
    size_t added; /* the last `added` of them are the gateway's own */
};

/*
 * Texts are in the arena or are those of the input, which must outlive the envelope. Returns why it cannot be sent:
 * ATTEMPT_ERROR_NONE, _MISSING_URL, _CLI_UNAVAILABLE or _INTERNAL_ERROR.
 */
enum attempt_error envelope_make(struct arena *arena, const struct envelope_input *input, struct envelope *envelope);

/* base64 of HMAC-SHA256 over the body. NULL when the library refuses. */
const char *envelope_sign(struct arena *arena, struct text secret, struct text body);
