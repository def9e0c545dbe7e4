/*
 * client_parts.h - the HTTP client's own data and who may touch it. Internal to the client's files:
 *
 *   client.c            calls, the loop
 *   client_sockets.c    the sockets and the timer that libcurl wants watched
 *   transfer.c          an easy handle for a call: what is asked
 *   transfer_headers.c  the request's headers, as libcurl takes them
 *   transfer_reply.c    what comes in, and the outcome
 *   transfer_redirect.c the next request, when the reply was a redirect
 */
#pragma once

#include <curl/curl.h>

#include "http/client.h"
#include "http/egress.h"

/* Where a call stands on its way through redirects; zeros at its start. */
struct hop {
    char *url;         /* owned; NULL: the call's own */
    int count;         /* redirects followed */
    bool without_body; /* a GET in the place of what was asked */
    bool elsewhere;    /* it has left the call's own origin, and with it the credentials */
};

/* One running call: an easy handle and what it has gathered. Pooled. */
struct transfer {
    CURL *easy;
    struct http_client *client;
    struct http_call *call;
    struct curl_slist *headers; /* an array, linked; the texts are in header_lines */
    size_t header_room, header_bytes;
    char *header_lines;
    struct buffer body;
    struct buffer head; /* the reply's headers in stored form, names in lower case */
    struct arena arena; /* their parsed form */
    int64_t read_bytes; /* of the reply's body */
    bool own_tls;       /* its easy handle has certificates of its own, and is used for no other call */
    bool enough;        /* response_read_bytes is reached: we broke it off ourselves */
    int64_t begun_us;
    struct hop hop;
    char refusal[EGRESS_REASON]; /* the last of the egress policy; "": none so far */
    bool tried;         /* an address that it allows */
    char failure_text[CURL_ERROR_SIZE];
    struct transfer *next, *previous; /* in client->running */
};

/* What libcurl wants to know of a socket, and what epoll was told. */
struct interest {
    uint8_t wanted, watched; /* CURL_POLL_IN | CURL_POLL_OUT */
    bool kept;               /* a connection's: we hear of its end, and keep it in epoll while it is idle */
};

struct http_client {
    const struct egress *egress;
    CURLM *multi;
    int epoll, wakeup;
    struct interest *sockets; /* by descriptor */
    size_t socket_room;
    int64_t timer_us; /* when libcurl wants to be called, -1: never */
    struct transfer *idle, *running;
    size_t running_count;
    struct transfer *finished; /* called back already within _perform: their buffers are still read */
};

/* client_sockets.c */
struct interest *client_interest(struct http_client *client, curl_socket_t socket);
void client_tell_epoll(struct http_client *client, curl_socket_t socket, struct interest *interest, int what);
void client_watch(struct http_client *client);                         /* sets the callbacks of the multi handle */
void client_watch_connections(struct transfer *transfer);              /* and of an easy one */

/* transfer.c */
struct transfer *transfer_create(struct http_client *client);
void transfer_begin(struct transfer *transfer);   /* with transfer->call */
void transfer_prepare(struct transfer *transfer); /* the next request of it */
void transfer_free_all(struct transfer *transfers);

/* transfer_headers.c */
void transfer_set_headers(struct transfer *transfer);

/* transfer_reply.c */
void transfer_take_reply(struct transfer *transfer); /* sets the callbacks */
void transfer_read_outcome(struct transfer *transfer, CURLcode result);

/* transfer_redirect.c: true when the outcome is a redirect and the next request is prepared. */
bool transfer_follow(struct transfer *transfer);
