/*
 * client_parts.h - the HTTP client's own data and who may touch it. Internal to the client's files:
 *
 *   client.c            calls, the loop
 *   client_sockets.c    the sockets and the timer that libcurl wants watched
 *   client_watchdog.c   how long each part of a call may take
 *   plain.h             calls that need no libcurl
 *   transfer.c          an easy handle for a call: what is asked
 *   transfer_headers.c  the request's headers, as libcurl takes them
 *   transfer_reply.c    what comes in, and the outcome
 *   transfer_verdict.c  what is wrong with a certificate, where libcurl does not tell
 *   transfer_redirect.c the next request, when the reply was a redirect
 */
#pragma once

#include <curl/curl.h>

#include "http/client.h"
#include "http/egress.h"
#include "http/plain.h"

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
    struct curl_slist *connect_to;
    struct buffer body;
    struct buffer head; /* the reply's headers in stored form, names in lower case */
    struct arena arena; /* their parsed form */
    int64_t read_bytes; /* of the reply's body */
    int64_t head_bytes; /* of all its headers, those of interim replies and redirects with them */
    bool own_settings;       /* its easy handle has settings of its own, and is used for no other call */
    bool enough;        /* response_read_bytes is reached: we broke it off ourselves */
    bool head_too_big;  /* response_head_read_bytes is reached: the same */
    bool again;         /* transfer_again has sent it anew */
    bool direct;        /* as its easy handle was told last: goes without the proxy */
    long version;       /* as its easy handle was told last: CURL_HTTP_VERSION_* */
    int64_t begun_us;
    int64_t asked_us;    /* when libcurl was given the present request of it */
    struct hop hop;
    char refusal[EGRESS_REASON]; /* the last of the egress policy; "": none so far */
    bool tried;          /* an address that it allows */
    curl_socket_t sockets[2]; /* opened for it, the last ones: libcurl tries two addresses at one time */
    int64_t look_us;     /* the watchdog looks at it from then on */
    int64_t lookup_us;   /* the lookup of its host began; 0: there was none yet */
    int64_t tcp_us;      /* when the watchdog first saw that one of its sockets was connected */
    int64_t heard_us;    /* when it last saw that bytes had gone over the wire */
    int64_t heard_bytes; /* and how many there were */
    int verdict;         /* X509_V_ERR_*, with a proxy that is spoken to over TLS: what was found wrong with a certificate */
    char failure_text[CURL_ERROR_SIZE];
    struct transfer *next, *previous; /* in client->running */
};

/* What libcurl wants to know of a socket, and what epoll was told. */
struct interest {
    uint8_t wanted, watched; /* CURL_POLL_IN | CURL_POLL_OUT */
    bool kept;               /* a connection's: we hear of its end, and keep it in epoll while it is idle */
    const struct transfer *opener; /* only to be compared: it may be gone */
};

struct http_client {
    const struct egress *egress;
    CURLM *multi;
    struct plain *plain;
    const struct http_client_settings *settings;
    int epoll, wakeup;
    struct interest *sockets; /* by descriptor */
    size_t socket_room;
    int64_t timer_us; /* when libcurl wants to be called, -1: never */
    int64_t look_us;  /* when the watchdog looks next, -1: never */
    int64_t pause_us; /* between two looks */
    struct transfer *idle, *running;
    size_t running_count;
    struct transfer *finished; /* called back already within _perform: their buffers are still read */
};

/* client.c */
void client_finish(struct http_client *client, struct transfer *transfer, CURLcode result);
void client_start_transfer(struct http_client *client, struct http_call *call, int64_t begun_us); /* 0: begins now */
/* Goes on where the reply says that is in call->status; false when it does not: then the outcome says why. */
bool client_follow(struct http_client *client, struct http_call *call, int64_t begun_us, struct text location);

/* client_watchdog.c */
void client_start_watching(struct http_client *client);
void client_watch_over(struct http_client *client, struct transfer *transfer); /* which has just begun */
void client_look(struct http_client *client); /* if it is time: ends what takes too long */
void client_explain_timeout(struct transfer *transfer); /* sets failure and failure_text */

/* client_sockets.c */
struct interest *client_interest(struct http_client *client, curl_socket_t socket);
void client_tell_epoll(struct http_client *client, curl_socket_t socket, struct interest *interest, int what);
void client_watch(struct http_client *client);               /* sets the callbacks of the multi handle */
void client_watch_connections(struct transfer *transfer); /* and of an easy one */

/* transfer.c */
const char *transfer_url(const struct transfer *transfer); /* of the present request */
struct transfer *transfer_create(struct http_client *client);
/* With transfer->call, which began at begun_us; 0: begins now. */
void transfer_begin(struct transfer *transfer, int64_t begun_us);
void transfer_prepare(struct transfer *transfer); /* the next request of it */
/*
 * The connection broke as a whole and nothing came of a reply: true when the request is prepared anew, once. A server that
 * gives up an HTTP/2 connection ends what it has begun (GOAWAY, RFC 9113, 6.8); of requests that cross with that
 * libcurl 7.88 often only knows that the connection is unusable, or ended: GOAWAY's last stream is told to nobody. So
 * that is done for requests on a connection that stood before them; one that opened its connection may be what
 * the server fell over, and fails. Webhooks arrive at least once.
 */
bool transfer_again(struct transfer *transfer, CURLcode result);
/*
 * Its stream was closed while it was being sent, and libcurl 7.88 has no word of why: it was answered before it was whole.
 * The answer was read and counts, or is lost on us.
 */
bool transfer_was_cut_short(const struct transfer *transfer, CURLcode result);
void transfer_free_all(struct transfer *transfers);

/* transfer_headers.c */
void transfer_set_headers(struct transfer *transfer);

/* transfer_reply.c */
void transfer_take_reply(struct transfer *transfer); /* sets the callbacks */
void transfer_read_outcome(struct transfer *transfer, CURLcode result);

/* transfer_verdict.c */
void transfer_note_verdicts(struct transfer *transfer); /* in transfer->verdict */

/* transfer_redirect.c: true when the outcome is a redirect and the next request is prepared. */
bool transfer_follow(struct transfer *transfer);
bool transfer_follow_to(struct transfer *transfer, const char *url, int status); /* the same for a reply of that status */
