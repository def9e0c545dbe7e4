/*
 * server.h - the HTTP/1.1 server, on epoll. Why it is our own: docs/decisions/0001-http-server.md.
 *
 * The server reads a whole request (head and body, within limits), hands it to the application as an
 * exchange, and sends the reply when the application gives it: at once or later, from any thread.
 * It refuses by itself, with a 4xx and a closed connection, whatever is malformed or could be understood
 * in two ways: a body length that is doubled, garbled or given in two forms, unknown transfer codings,
 * white space before a colon, folded lines, control characters in names or values, no Host or two,
 * too many or too long headers, bodies and heads that come too slowly (RFC 9112 sections 2 to 7 and 11.2).
 *
 * Threads: `loops` event loops of the server's own. `begin` and `handle` run on them and must not block.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buffer.h"
#include "base/error.h"
#include "http/message.h"

struct http_server;
struct sockaddr_storage;

/* One request and its reply. Owned by the server; valid until http_reply returns. */
struct http_exchange {
    struct text method;   /* as sent: methods are case-sensitive */
    struct text path;     /* as sent, percent-encoding kept; begins with "/" */
    struct text query;    /* as sent, without "?"; TEXT_NONE when there is no "?" */
    struct http_headers headers; /* all of them, in order; names in lower case */
    struct text body;     /* complete; TEXT_NONE without one. Lives as long as the exchange */
    struct text peer;     /* the address of the other end, without port */
    int64_t received_ms;  /* wall clock, when the head was complete */
    struct arena arena;   /* for the application's use; freed with the exchange */
    void *user;           /* the application's own */
};

/* Why a request is answered without its body having been read. */
enum http_refusal {
    HTTP_ACCEPTED = 0,
    HTTP_BODY_TOO_LARGE, /* its announced or actual size is over the limit given by `begin` */
    HTTP_NO_MEMORY,      /* limits.bodies_in_memory_bytes is reached */
};

struct http_application {
    void *context;
    /*
     * The head has arrived: returns the largest body, in bytes, that this request may have.
     */
    int64_t (*begin)(void *context, const struct http_exchange *exchange);
    /*
     * The request is complete (refusal == HTTP_ACCEPTED), or was refused while its body came in (then body
     * is TEXT_NONE and the connection closes after the reply). The application must call http_reply once,
     * now or later. It is not called for requests that the server refuses by itself.
     */
    void (*handle)(void *context, struct http_exchange *exchange, enum http_refusal refusal);
};

struct http_reply {
    int status;
    const char *content_type;          /* NULL: none */
    struct text body;                  /* copied */
    const struct http_header *headers; /* further ones, copied; may be NULL */
    size_t header_count;
    bool close;                        /* close the connection afterwards */
};

/*
 * Listens on host:port (port 0: any free one) and starts the loops. ERROR_UNREACHABLE with a sentence that
 * names the address when it cannot. Uses base/limits.h: header_bytes, header_count, connections,
 * idle_timeout_ms, header_timeout_ms, body_timeout_ms, bodies_in_memory_bytes.
 */
struct http_server *http_server_start(const char *host, uint16_t port, unsigned loops,
                                      struct http_application application, struct error *error);
uint16_t http_server_port(const struct http_server *server);
/* Where it listens, while it does. */
void http_server_address(const struct http_server *server, struct sockaddr_storage *address);

/* Sends the reply. Any thread; exactly once per exchange; the exchange is gone afterwards. */
void http_reply(struct http_exchange *exchange, const struct http_reply *reply);

struct http_server_counts {
    int64_t connections; /* open now */
    int64_t requests;    /* handed to the application since the start */
    int64_t refused;     /* answered with a 4xx or 5xx by the server itself */
    int64_t body_bytes;  /* bodies in memory now */
};
struct http_server_counts http_server_counts(struct http_server *server);

/*
 * Stops listening: new connections are refused, kept-alive ones are told to close with their next reply.
 * Requests that are being handled go on.
 */
void http_server_quiesce(struct http_server *server);
/* Waits until every exchange was replied to, or timeout_ms passed; then ends the loops and frees the server. */
void http_server_stop(struct http_server *server, int64_t timeout_ms);
