/*
 * plain_parts.h - the data of plain.h and who may touch it:
 *
 *   plain.c             calls: which are taken, their outcome, those that wait
 *   plain_request.c     the URL and the request's head
 *   plain_origin.c      hosts, their addresses and their connections
 *   plain_connection.c  one connection: connects, sends, reads the reply
 */
#pragma once

#include <netinet/in.h>

#include "base/hash_map.h"
#include "base/heap.h"
#include "http/client_parts.h"
#include "http/plain.h"
#include "http/reply.h"

/* The parts of a URL; texts lie in it. */
struct plain_url {
    struct text authority; /* host and port as written */
    struct text host;      /* without brackets */
    struct text target;    /* path and query; may lack the first "/" */
    uint16_t port;
};

union plain_address {
    struct sockaddr any;
    struct sockaddr_in ipv4;
    struct sockaddr_in6 ipv6;
};

struct plain_connection;

/* A host and port that are or were called. */
struct origin {
    char *authority; /* owned: the key in plain->origins */
    bool is_literal;
    union plain_address address;
    int64_t known_until_us; /* the address; 0: it is not known */
    int64_t asked_us;       /* libcurl was last asked for it */
    int64_t spared_until_us; /* connecting failed: libcurl does it all until then */
    int64_t connections, waiting;
    struct plain_connection *idle; /* the one that was used last is first */
    struct origin *previous, *next;
};

/*
 *   CONNECTING  has a call, which is nobody's yet but ours: libcurl may still do it      -> BUSY, or CLOSED
 *   BUSY        its request is being sent or its reply read                              -> IDLE, or CLOSED
 *   IDLE        in its origin's list; whatever comes in ends it                          -> BUSY, or CLOSED
 *   CLOSED      freed at the end of the turn, since an event of it may still come
 */
enum plain_state { PLAIN_CONNECTING, PLAIN_BUSY, PLAIN_IDLE, PLAIN_CLOSED };

struct plain_connection {
    struct plain *plain;
    struct origin *origin;
    int socket;
    enum plain_state state;
    struct http_call *call;
    bool used;      /* has carried a request before this one */
    bool answered;  /* a byte of the reply has come */
    bool hung_up;   /* the peer has closed its side */
    bool mute;      /* writing failed; there may still be a reply to read */
    struct buffer head; /* the request's */
    size_t head_sent, body_sent;
    struct reply reply;
    struct buffer kept_head; /* the reply's headers in stored form */
    int64_t opened_us, since_us, first_byte_us; /* since: when something last went over the wire */
    int64_t deadline_us;
    struct heap_node timer;  /* in plain->timers: never later than the deadline, often earlier */
    char peer[INET6_ADDRSTRLEN]; /* its address */
    uint16_t port;
    struct plain_connection *next_idle, *previous_idle; /* in origin->idle */
    struct plain_connection *next, *previous;           /* in plain->connections, or plain->closed */
};

enum { PLAIN_READ = 64 * 1024 };

struct plain {
    struct http_client *client;
    struct hash_map origins; /* by authority */
    struct origin *first_origin;
    struct plain_connection *oldest, *newest; /* all that are open, by their last use */
    struct plain_connection *closed;
    int64_t connections, most_connections;
    size_t running;                       /* calls */
    struct http_call *waiting, *last_waiting;
    int64_t look_us;                      /* at those that wait: who is overdue; -1: nobody waits */
    struct heap timers;
    char bytes[PLAIN_READ];               /* what was read */
};

/* plain_request.c. False: the URL may have another reading, or is none for us. */
bool plain_read_url(const char *url, struct plain_url *parts);
/* False when the host is a name. */
bool plain_read_address(const struct plain_url *url, struct text host, union plain_address *address);
bool plain_takes_request(const struct http_call *call);
/* agent: in the place of the call's own; TEXT_NONE: none. */
void plain_write_head(struct buffer *out, const struct http_call *call, const struct plain_url *url, struct text agent);

/* plain.c */
void plain_begin(struct plain *plain, struct http_call *call, bool on_new_connection);
void plain_leave(struct plain *plain, struct http_call *call); /* to libcurl */
void plain_follow(struct plain *plain, struct http_call *call, struct text location); /* a redirect: as well */
void plain_end(struct plain *plain, struct http_call *call); /* its outcome is filled in */
void plain_fail(struct plain *plain, struct http_call *call, enum http_failure failure, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* plain_origin.c */
struct origin *origin_get(struct plain *plain, const struct plain_url *url);
bool origin_may_open(struct plain *plain, const struct origin *origin); /* may close an idle one of another's for it */
void origin_put_idle(struct plain_connection *connection);
struct plain_connection *origin_take_idle(struct origin *origin, int64_t now_us);
void origin_forget_idle(struct plain_connection *connection);
void origins_free(struct plain *plain);

/* plain_connection.c */
bool plain_open(struct plain *plain, struct origin *origin, struct http_call *call); /* false: nothing is begun */
void plain_send(struct plain_connection *connection, struct http_call *call);
void plain_expire(struct plain_connection *connection, int64_t now_us);
void plain_cancel(struct plain_connection *connection); /* its call, which ends */
void plain_close(struct plain_connection *connection);
void plain_free_closed(struct plain *plain);
