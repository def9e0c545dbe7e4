/*
 * client.h - the HTTP client, on libcurl: many requests at once on one event loop.
 *
 * An http_client belongs to the thread that runs it: http_client_start, _run and _free are called on that
 * thread only; http_client_wake may be called from any thread. TLS certificates are verified against the
 * system's store. Only http and https are spoken, also after redirects. Connections are kept and reused.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/error.h"
#include "http/message.h"

struct http_client;

/* What went wrong below HTTP. The names are those of the API's error codes (model/error_codes). */
enum http_failure {
    HTTP_OK = 0,                /* a reply came, whatever its status */
    HTTP_TIMEOUT,
    HTTP_CONNECTION_REFUSED,
    HTTP_CONNECTION_RESET,
    HTTP_DNS_LOOKUP_FAILED,
    HTTP_NOT_FOUND,             /* the name exists nowhere */
    HTTP_HOST_UNREACHABLE,
    HTTP_NETWORK_UNREACHABLE,
    HTTP_NETWORK_ERROR,
    HTTP_SOCKET_CLOSED,         /* closed without a reply */
    HTTP_BAD_RESPONSE,          /* not HTTP */
    HTTP_PROTOCOL_ERROR,
    HTTP_BAD_ENCODING,          /* broken compression */
    HTTP_TOO_MANY_REDIRECTS,
    HTTP_INVALID_URL,
    HTTP_SELF_SIGNED_CERT,
    HTTP_CERT_NAME_INVALID,
    HTTP_CERT_EXPIRED,
    HTTP_CERT_UNKNOWN_AUTHORITY,
    HTTP_CERT_ISSUER_UNKNOWN,
    HTTP_NOT_TLS,               /* the peer does not speak TLS */
    HTTP_CANCELLED,             /* by http_client_cancel_all */
    HTTP_FAILED,                /* anything else */
};

/* In PEM; TEXT_NONE: none. Texts are copied by http_client_start. */
struct http_tls {
    struct text authorities; /* trusted in place of the system's */
    struct text certificate, key;
};

struct http_call {
    /* The request. All texts and headers must stay valid until `done`. */
    const char *method;
    const char *url;
    const struct http_header *headers; /* sent exactly these, beside Host, Content-Length and Accept-Encoding */
    size_t header_count;
    struct text body;                  /* TEXT_NONE: none */
    bool has_body;                     /* sends "Content-Length: 0" for an empty body */
    int64_t timeout_ms, connect_timeout_ms;
    int64_t response_keep_bytes;       /* kept of the reply's body; the rest is read and dropped */
    int64_t response_read_bytes;       /* beyond this the reply counts as complete and the connection is closed */
    int redirects;                     /* followed at most; 0: a 3xx is the reply */
    bool keep_response_headers;
    struct http_tls tls;
    const char *connect_to;            /* "HOST:PORT:ADDRESS:PORT": such a URL is called there; NULL: as its name says */

    /* Called once on the client's thread. The call may be started anew or freed inside. */
    void (*done)(struct http_call *call);
    void *user;

    /* The outcome, valid in `done`; the buffers belong to the client and are reused afterwards. */
    enum http_failure failure;
    char failure_text[256];            /* a sentence when failure != HTTP_OK */
    int status;                        /* 0 without a reply */
    struct text response_body;
    bool response_cut;                 /* there was more than response_keep_bytes */
    struct http_headers response_headers; /* of the last reply; names in lower case */
    struct text content_type;          /* of the last reply, TEXT_NONE without */
    struct text retry_after;           /* the Retry-After header of the last reply */
    int64_t started_ms, ended_ms;      /* wall clock */
    int64_t first_byte_us;             /* from the start to the first byte of the reply, 0 without */
    int64_t total_us;
};

struct http_client *http_client_create(struct error *error);
/* Starts the call; `done` always comes later, never inside. */
void http_client_start(struct http_client *client, struct http_call *call);
/* Works until something happened, http_client_wake was called or timeout_ms passed (-1: no limit). */
void http_client_run(struct http_client *client, int timeout_ms);
void http_client_wake(struct http_client *client); /* any thread */
size_t http_client_running(const struct http_client *client);
void http_client_cancel_all(struct http_client *client); /* each `done` comes with HTTP_CANCELLED */
void http_client_free(struct http_client *client);       /* cancels what still runs */

/*
 * One request from start to end on the caller's thread, for commands and tools. The outcome's buffers live
 * until http_client_free. `call->done` may be NULL.
 */
void http_client_perform(struct http_client *client, struct http_call *call);
