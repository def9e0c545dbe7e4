/*
 * connection.h - one connection of the server: reads requests, hands them out, writes replies. Internal to http/.
 *
 *   HEAD       reads until the head is whole            -> BODY, HANDLING, or WRITING a refusal
 *   BODY       reads the body                            -> HANDLING, or WRITING a refusal
 *   HANDLING   the application has it; only http_reply leads on, from any thread
 *   WRITING    sends the reply                           -> HEAD of the next request, or LINGERING
 *   LINGERING  half-closed: drops what still comes in so that the peer can read the reply, then closes
 *
 * A connection belongs to its loop's thread, except for `reply` while HANDLING: that belongs to the application's
 * thread until the connection is on the loop's list of replied ones.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/heap.h"
#include "http/chunked.h"
#include "http/head.h"
#include "http/server.h"

enum connection_state {
    CONNECTION_HEAD,
    CONNECTION_BODY,
    CONNECTION_HANDLING,
    CONNECTION_WRITING,
    CONNECTION_LINGERING,
};

struct http_loop;

struct http_connection {
    struct http_exchange exchange; /* first: an exchange is turned back into its connection */
    struct http_loop *loop;
    int socket;
    enum connection_state state;
    bool readable;           /* edge-triggered: what the kernel told and we have not used up */
    bool hung_up;            /* the end of what the peer sends is told already: read on until it comes */
    bool peer_closed, broken;
    bool close_after;        /* the reply that is written is the last */
    bool request_keep_alive, request_is_head;
    char peer[64];

    struct buffer in;        /* bytes of the request being read, and of what was sent ahead */
    size_t head_seen;        /* see head_find_end */
    bool skipped_line;       /* the empty line that may stand before a request */
    size_t head_size;
    struct buffer head_copy; /* the parsed head lives here */
    struct buffer body;      /* unless the whole body is in `in` */
    int64_t body_limit, content_length;
    int64_t counted_bytes;   /* of limits.bodies_in_memory_bytes */
    struct chunked chunked;
    bool is_chunked;

    struct buffer reply;
    size_t sent;

    struct heap_node deadline; /* monotonic ms, in loop->deadlines */
    struct http_connection *next_replied; /* in loop->replied */
    struct http_connection *previous, *next; /* in loop->connections */
};

/* True between two requests, or before the first. */
bool connection_is_idle(const struct http_connection *connection);
/* Goes on as far as possible without waiting. False: the connection is finished and must be freed. */
bool connection_advance(struct http_connection *connection);
/* The reply that the application gave is in `reply`: goes on to send it. As connection_advance. */
bool connection_replied(struct http_connection *connection);
/* The deadline passed. As connection_advance. */
bool connection_expired(struct http_connection *connection);
void connection_free(struct http_connection *connection);
