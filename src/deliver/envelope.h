/*
 * envelope.h - what is sent for an event: URL, method and headers. Pure but for signatures.
 *
 * Path and query of the request are forwarded behind the destination's URL (a query of the URL's own replaces the
 * request's), the sender's headers are kept but for those of the connection they came on, and the gateway's own
 * are added. The forms are those of the hosted service.
 */
#pragma once

#include "base/arena.h"
#include "catalog/catalog.h"
#include "http/message.h"
#include "model/model.h"

struct envelope_input {
    const struct event *event;
    const struct request *request;
    const struct catalog_connection *connection;
    const struct catalog_destination *destination;
    const struct catalog_source *source;   /* may be NULL */
    const struct catalog_project *project; /* may be NULL: then nothing is signed */
    const char *public_url;
    int64_t attempt_number;
    enum attempt_trigger trigger;
    int64_t retry_after_s; /* wait before the planned retry if this attempt fails; -1: none is planned */
    int64_t now;           /* wall-clock ms: signatures with a time are made for it */
    struct text token;     /* for destinations whose auth needs one (auth.h); TEXT_NONE: none is known */
};

struct envelope {
    const char *url, *method; /* NUL-terminated */
    const char *shown_url;    /* the same without the destination's key, for records */
    struct text path, query;  /* what follows the destination's own URL, as sent */
    struct http_headers headers;
    size_t added_from;        /* headers from this index on are the gateway's */
    size_t auth_from, auth_to; /* of these, what the destination's auth added */
};

/*
 * All in the arena, or in the input's own memory. A destination of type MOCK_API has the URL "mock://fairlead".
 * MISSING_URL when the destination has none, INVALID_CHARACTER when a header cannot be sent; the envelope is
 * complete all the same, for the record.
 */
enum attempt_error envelope_write(struct arena *arena, const struct envelope_input *input,
                                  struct envelope *envelope);
