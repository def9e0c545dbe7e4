/*
 * model.h - every record of the domain and its states, in one place.
 *
 * The words are those of the API: a source receives requests; a connection binds a source to a destination
 * and makes an event of each request; delivering an event to its destination is an attempt.
 *
 *   project ─┬─ source ──────┐
 *            │               ├─ connection ── event ── attempt
 *            ├─ destination ─┘                  │
 *            └─ request (of a source) ──────────┘
 *
 * Keys are made by base/id.h. Moments are wall-clock milliseconds, 0 meaning never. Texts in records that the
 * store returns live in the arena given to it; records passed to the store are only read.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/text.h"

struct project {
    int64_t id;
    struct text name;           /* unique among live projects */
    struct text signing_secret; /* key of x-hookdeck-signature */
    struct text previous_secret; /* the one before, good until previous_until; TEXT_NONE: none */
    int64_t previous_until;
    int64_t created_at, updated_at, deleted_at;
};

enum { PROJECT_SECRET_DIGITS = 44 };

struct source {
    int64_t id, project_id;
    struct text token;       /* the part of the ingest URL that must not be guessed; never changes */
    struct text name;        /* unique among the project's live sources */
    struct text description; /* TEXT_NONE: null */
    struct text type;        /* "WEBHOOK", "HTTP", "STRIPE", ... */
    struct text config;      /* JSON object, as the API gives it, secrets included */
    int64_t disabled_at, deleted_at, created_at, updated_at;
};

enum destination_type { DESTINATION_HTTP, DESTINATION_CLI, DESTINATION_MOCK_API };

struct destination {
    int64_t id, project_id;
    struct text name; /* unique among the project's live destinations */
    struct text description;
    enum destination_type type;
    struct text config; /* JSON object */
    int64_t disabled_at, deleted_at, created_at, updated_at;
};

struct connection {
    int64_t id, project_id, source_id, destination_id;
    struct text name; /* TEXT_NONE: none; else unique among the live connections of its source */
    struct text description;
    struct text rules; /* JSON array, in the order given */
    int64_t disabled_at, paused_at, deleted_at, created_at, updated_at;
};

/* Why a request made no events. The numbers are stored: append only. */
enum rejection_cause {
    REJECTION_NONE = 0,
    REJECTION_SOURCE_DISABLED = 1,
    REJECTION_NO_CONNECTION = 2,
    REJECTION_VERIFICATION_FAILED = 3,
    REJECTION_UNSUPPORTED_HTTP_METHOD = 4,
    REJECTION_UNSUPPORTED_CONTENT_TYPE = 5,
    REJECTION_UNPARSABLE_JSON = 6,
    REJECTION_PAYLOAD_TOO_LARGE = 7,
    REJECTION_INGESTION_FATAL = 8,
    REJECTION_UNKNOWN = 9,
};

/* What a sender sent. Written once; only the counts change (when a request is retried). */
struct request {
    int64_t id, project_id, source_id;
    int64_t ingested_at;
    bool verified; /* the source checks signatures and this one passed, or it came by the publish call */
    enum rejection_cause rejection_cause;
    struct text rejection_detail; /* TEXT_NONE: nothing more is known of it; not read with the others */
    int64_t events_count, cli_events_count, ignored_count;
    int64_t updated_at;
    struct text method;
    struct text path;    /* behind the token, as sent: "" or "/..." */
    struct text query;   /* as sent, without "?"; "" without */
    struct text headers; /* http/message.h's stored form */
    struct text body;    /* byte for byte */
};

enum ignored_cause { /* stored: append only */
    IGNORED_DISABLED = 1,
    IGNORED_FILTERED = 2,
    IGNORED_TRANSFORMATION_FAILED = 3,
    IGNORED_CLI_DISCONNECTED = 4,
    IGNORED_DUPLICATE = 5, /* of a request before, by a deduplicate rule; a word of our own */
};

/* A connection that made no event of a request. Its public id is "request id:connection id". */
struct ignored_event {
    int64_t id, request_id, connection_id;
    enum ignored_cause cause;
    struct text meta; /* JSON, TEXT_NONE: null */
};

/*
 * The states of an event, and what moves it on (stored: append only).
 *
 *   SCHEDULED   waits for its delay rule               -> QUEUED (delivery starts), HOLD, CANCELLED
 *   QUEUED      waits for a delivery                   -> SUCCESSFUL, FAILED, HOLD, CANCELLED
 *   HOLD        its connection is paused               -> QUEUED (unpause), CANCELLED
 *   SUCCESSFUL  the last attempt got a 2xx             -> QUEUED (manual or bulk retry)
 *   FAILED      the last attempt failed; with next_attempt_at an automatic retry is planned
 *                                                      -> QUEUED, SUCCESSFUL, CANCELLED
 *   CANCELLED   stopped by a user, or its connection was disabled or deleted -> QUEUED (retry)
 */
enum event_status {
    EVENT_SCHEDULED = 1,
    EVENT_QUEUED = 2,
    EVENT_HOLD = 3,
    EVENT_SUCCESSFUL = 4,
    EVENT_FAILED = 5,
    EVENT_CANCELLED = 6,
};

enum attempt_trigger { /* stored: append only */
    TRIGGER_INITIAL = 1,
    TRIGGER_AUTOMATIC = 2,
    TRIGGER_MANUAL = 3,
    TRIGGER_BULK_RETRY = 4,
    TRIGGER_UNPAUSE = 5,
};

/* Why an attempt brought no reply. Stored as numbers: append only. The names are the API's. */
#define ATTEMPT_ERRORS(X)                                                                               \
    X(1, BAD_RESPONSE) X(2, CANCELLED) X(3, TIMEOUT) X(4, NOT_FOUND) X(5, CANCELLED_PAST_RETENTION)     \
    X(6, CONNECTION_REFUSED) X(7, CONNECTION_RESET) X(8, MISSING_URL) X(9, CLI) X(10, CLI_UNAVAILABLE)  \
    X(11, SELF_SIGNED_CERT) X(12, ERR_TLS_CERT_ALTNAME_INVALID) X(13, ERR_SSL_WRONG_VERSION_NUMBER)     \
    X(14, NETWORK_ERROR) X(15, NETWORK_REQUEST_CANCELED) X(16, NETWORK_UNREACHABLE)                     \
    X(17, TOO_MANY_REDIRECTS) X(18, INVALID_CHARACTER) X(19, INVALID_URL) X(20, SSL_ERROR_CA_UNKNOWN)   \
    X(21, DATA_ARCHIVED) X(22, SSL_CERT_EXPIRED) X(23, BULK_RETRY_CANCELLED) X(24, DNS_LOOKUP_FAILED)   \
    X(25, HOST_UNREACHABLE) X(26, INTERNAL_ERROR) X(27, PROTOCOL_ERROR) X(28, PAYLOAD_MISSING)          \
    X(29, UNABLE_TO_GET_ISSUER_CERT) X(30, SOCKET_CLOSED) X(31, OAUTH2_HANDSHAKE_FAILED)                \
    X(32, Z_DATA_ERROR) X(33, UNKNOWN)

enum attempt_error {
    ATTEMPT_ERROR_NONE = 0,
#define ATTEMPT_ERROR_VALUE(number, name) ATTEMPT_ERROR_##name = number,
    ATTEMPT_ERRORS(ATTEMPT_ERROR_VALUE)
#undef ATTEMPT_ERROR_VALUE
};

struct event {
    int64_t id, project_id, request_id, connection_id, source_id, destination_id;
    enum event_status status;
    /*
     * When a delivery may start; 0: none is wanted. It alone decides what is delivered: QUEUED has its moment in
     * the past, SCHEDULED and FAILED-with-a-retry in the future, HOLD and the final states have 0.
     */
    int64_t due_at;
    int64_t next_attempt_at; /* the planned automatic retry or the end of the delay; 0: none */
    enum attempt_trigger next_trigger; /* of the attempt that due_at asks for */
    int64_t attempts;          /* all of them */
    int64_t automatic_retries; /* those of the retry rule only */
    int64_t last_attempt_at, successful_at;
    int64_t response_status; /* 0: null */
    enum attempt_error error_code;
    int64_t created_at, updated_at;
    int64_t bulk_id; /* the bulk operation that made it or asked for it last; 0: none */
    int64_t execution_id; /* the run of a transformation whose result it delivers; 0: the request as it came */
    /*
     * Which of its destination's lanes it waits in; never changes. 0 where the destination has neither groups nor an
     * order: then all its events share one.
     */
    int64_t lane;
    struct text delivery_group; /* TEXT_NONE: null. Only in events that a reader gave, while its arena lasts */
};

struct attempt {
    int64_t id, project_id, event_id, destination_id;
    bool successful;
    int64_t attempt_number; /* from 1 */
    enum attempt_trigger trigger;
    int64_t response_status; /* 0: no reply */
    enum attempt_error error_code;
    struct text requested_url;
    struct text method;
    struct text body;         /* of the reply, cut at limits.response_body_bytes; TEXT_NONE: none */
    struct text content_type; /* of the reply */
    struct text response_headers; /* in http/message.h's stored form, cut at limits.response_headers_kept_bytes; TEXT_NONE: none */
    int64_t delivered_at;     /* the attempt started */
    int64_t responded_at;     /* the reply was complete; 0: none came */
    int64_t delivery_latency_ms; /* from the ingest of the request to the start of the attempt; -1 after the first */
    int64_t response_latency_ms; /* from the start to the reply; -1: none came */
    int64_t bulk_id;          /* of a TRIGGER_BULK_RETRY: the operation that asked for it; else 0 */
};

/* The API's names, both ways. Unknown names give false. */
const char *rejection_cause_name(enum rejection_cause cause); /* NULL for none */
const char *ignored_cause_name(enum ignored_cause cause);
const char *event_status_name(enum event_status status);
const char *attempt_trigger_name(enum attempt_trigger trigger);
const char *attempt_error_name(enum attempt_error error); /* NULL for none */
const char *destination_type_name(enum destination_type type);
bool rejection_cause_parse(struct text name, int64_t *cause);
bool ignored_cause_parse(struct text name, int64_t *cause);
bool event_status_parse(struct text name, int64_t *status);
bool attempt_error_parse(struct text name, int64_t *error);
bool destination_type_parse(struct text name, int64_t *type);
