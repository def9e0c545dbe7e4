/*
 * client.h - the HTTP client, on libcurl: many requests at once on one event loop.
 *
 * An http_client belongs to the thread that runs it: http_client_start, _run and _free are called on that
 * thread only; http_client_wake may be called from any thread. TLS certificates are verified against the
 * system's store. Only http and https are spoken, also after redirects, in HTTP/1.1 and HTTP/2.
 *
 * Connections are kept and used again, so many to a host and so many in all (limits.delivery_connections and the
 * like); calls to an HTTP/2 server share one, up to limits.delivery_streams. One that is too old is not used again,
 * and names are looked up anew, so that a host may move.
 *
 * Where it may connect to is the egress policy's to say (egress.h), for each connection and each redirect; redirect.h says
 * what a redirect changes of the request.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/error.h"
#include "http/client_settings.h"
#include "http/message.h"

struct http_client;
struct origin;
struct egress;

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
    HTTP_EGRESS_REFUSED,        /* by the egress policy, or that of redirects; failure_text says by which rule */
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

/* How long each part of a call may take; 0: as long as the call. A call that takes longer fails, and says which. */
struct http_timeouts {
    int64_t lookup_ms;     /* the host's addresses */
    int64_t tls_ms;        /* the TLS handshake; with a proxy: and the proxy's answer */
    int64_t first_byte_ms; /* from the sent request to the first byte of the reply */
    int64_t idle_ms;       /* between two bytes of the reply */
};

enum { MOST_HEAD_BYTES = 262144 };

struct http_call {
    /* The request. All texts and headers must stay valid until `done`. */
    const char *method;
    const char *url;
    const struct http_header *headers; /* sent exactly these, beside Host, Content-Length and Accept-Encoding */
    size_t header_count;
    size_t credentials_from, credentials_to; /* of the headers, those that no other origin may see */
    struct text body;                  /* TEXT_NONE: none */
    bool has_body;                     /* sends "Content-Length: 0" for an empty body */
    struct http_timeouts timeouts;
    int64_t timeout_ms;                /* of all together */
    int64_t connect_timeout_ms;        /* until a connection stands, TLS with it if that has no limit of its own */
    int64_t response_keep_bytes;       /* kept of the reply's body, decompressed; the rest is read and dropped */
    int64_t response_read_bytes;       /* beyond this, compressed or not, the reply counts as complete */
    int64_t response_head_keep_bytes;  /* kept of the reply's headers, for response_head; 0: none */
    int64_t response_head_read_bytes;  /* headers beyond this are no good reply; 0: MOST_HEAD_BYTES */
    int redirects;                     /* followed at most; 0: a 3xx is the reply */
    bool keep_response_headers;
    enum http_version version;         /* HTTP_VERSION_ANY: as the client's settings say */
    bool without_proxy;                /* goes straight there, whatever the client's settings say */
    struct http_tls tls;
    const char *connect_to;            /* "HOST:PORT:ADDRESS:PORT": such a URL is called there; NULL: as its name says */

    /* Called once on the client's thread. The call may be started anew or freed inside. */
    void (*done)(struct http_call *call);
    void *user;

    /* The outcome, valid in `done`; the buffers belong to the client and are reused afterwards. */
    enum http_failure failure;
    char failure_text[512];            /* a sentence when failure != HTTP_OK */
    int status;                        /* 0 without a reply */
    struct text response_body;
    bool response_cut;                 /* there was more than response_keep_bytes */
    struct http_headers response_headers; /* of the last reply; names in lower case */
    struct text response_head;         /* the same in their stored form, as many as were to be kept */
    struct text content_type;          /* of the last reply, TEXT_NONE without */
    struct text retry_after;           /* the Retry-After header of the last reply */
    int64_t started_ms, ended_ms;      /* wall clock */
    int64_t first_byte_us;             /* from the start to the first byte of the reply, 0 without */
    int64_t total_us;

    struct { /* the client's own */
        int64_t begun_us;
        bool again; /* sent anew, after a kept connection was found closed */
        bool asks;  /* makes a new connection, so that the host's present address is known */
        struct origin *origin;
        struct http_call *next; /* of those that wait for a connection */
    } plain;
};

/* `egress` is kept by reference; NULL: everything may be called, for commands that a person runs. */
struct http_client *http_client_create(const struct egress *egress, struct error *error);
/* How it goes out; before the first call. The settings must stay valid; NULL: the defaults. */
void http_client_set(struct http_client *client, const struct http_client_settings *settings);
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
