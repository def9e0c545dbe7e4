/*
 * Each part of a call has its time. libcurl knows the time of a whole call and of its connecting; the rest is looked
 * after here, now and then, so that it costs a call that is quick nothing.
 */
#include <inttypes.h>
#include <stdio.h>
#include <sys/socket.h>

#include "base/clock.h"
#include "http/client_parts.h"

enum { LOOKS_IN_A_LIMIT = 8, LEAST_PAUSE_US = 10000, MOST_PAUSE_US = 250000, WAIT_US = 50000 };

/* Where a call is. Each begins when the one before it is over. */
enum phase {
    PHASE_WAITING, /* for one of its host's connections, or for any */
    PHASE_LOOKUP,
    PHASE_CONNECT,
    PHASE_TLS,
    PHASE_FIRST_BYTE,
    PHASE_REPLY,
};

static int64_t moment(CURL *easy, CURLINFO which)
{
    curl_off_t us = 0;
    curl_easy_getinfo(easy, which, &us);
    return us;
}

/* The TCP connection stands. libcurl does not tell before TLS stands as well. */
static bool has_tcp(const struct transfer *transfer)
{
    struct sockaddr_storage peer;
    for (size_t i = 0; i < sizeof transfer->sockets / sizeof transfer->sockets[0]; i++) {
        curl_socket_t socket = transfer->sockets[i];
        socklen_t size = sizeof peer;
        if (socket != CURL_SOCKET_BAD && client_interest(transfer->client, socket)->opener == transfer &&
            getpeername(socket, (struct sockaddr *)&peer, &size) == 0)
            return true;
    }
    return false;
}

/* *since_us: when it began, or when something last went over the wire in it. */
static enum phase phase_of(struct transfer *transfer, int64_t now_us, int64_t *since_us)
{
    int64_t end;
    if ((end = moment(transfer->easy, CURLINFO_PRETRANSFER_TIME_T)) > 0) {
        int64_t first_byte = moment(transfer->easy, CURLINFO_STARTTRANSFER_TIME_T);
        *since_us = transfer->asked_us + (first_byte > 0 ? first_byte : end);
        if (transfer->heard_us > *since_us)
            *since_us = transfer->heard_us;
        return first_byte > 0 ? PHASE_REPLY : PHASE_FIRST_BYTE;
    }
    if ((end = moment(transfer->easy, CURLINFO_NAMELOOKUP_TIME_T)) > 0) {
        if (transfer->tcp_us == 0 && has_tcp(transfer))
            transfer->tcp_us = now_us;
        *since_us = transfer->tcp_us > 0 ? transfer->tcp_us : transfer->asked_us + end;
        return transfer->tcp_us > 0 ? PHASE_TLS : PHASE_CONNECT;
    }
    *since_us = transfer->lookup_us > 0 ? transfer->lookup_us : transfer->asked_us;
    return transfer->lookup_us > 0 ? PHASE_LOOKUP : PHASE_WAITING;
}

static int64_t limit_ms(const struct http_call *call, enum phase phase)
{
    switch (phase) {
    case PHASE_LOOKUP:
        return call->timeouts.lookup_ms;
    case PHASE_CONNECT:
        return call->connect_timeout_ms;
    case PHASE_TLS:
        return call->timeouts.tls_ms;
    case PHASE_FIRST_BYTE:
        return call->timeouts.first_byte_ms;
    case PHASE_REPLY:
        return call->timeouts.idle_ms;
    default:
        return 0;
    }
}

void client_explain_timeout(struct transfer *transfer)
{
    static const char *const doing[] = {
        [PHASE_WAITING] = "waiting for a connection: as many as are allowed were in use",
        [PHASE_LOOKUP] = "looking up the host's addresses",
        [PHASE_CONNECT] = "connecting",
        [PHASE_TLS] = "in the TLS handshake",
        [PHASE_FIRST_BYTE] = "waiting for the first byte of the reply",
        [PHASE_REPLY] = "in the middle of the reply",
    };
    struct http_call *call = transfer->call;
    int64_t since_us, now_us = clock_monotonic_us();
    enum phase phase = phase_of(transfer, now_us, &since_us);
    bool in_all = call->timeout_ms != 0 && now_us - transfer->begun_us >= call->timeout_ms * 1000;
    call->failure = phase == PHASE_LOOKUP ? HTTP_DNS_LOOKUP_FAILED : HTTP_TIMEOUT;
    snprintf(call->failure_text, sizeof call->failure_text, "timed out after %" PRId64 " ms%s %s",
             (now_us - (in_all ? transfer->begun_us : since_us)) / 1000, in_all ? " in all, at the end" : "",
             phase == PHASE_TLS && !transfer->direct ? "waiting for the proxy, or in the TLS handshake behind it" : doing[phase]);
}

/* ---- looking ---- */

static int64_t least(int64_t one, int64_t other)
{
    return one == 0 || (other != 0 && other < one) ? other : one;
}

void client_watch_over(struct http_client *client, struct transfer *transfer)
{
    const struct http_call *call = transfer->call;
    const struct http_timeouts *timeouts = &call->timeouts;
    int64_t shortest_us = 1000 * least(least(least(timeouts->lookup_ms, timeouts->tls_ms),
                                             least(timeouts->first_byte_ms, timeouts->idle_ms)),
                                       least(call->connect_timeout_ms, call->timeout_ms));
    int64_t pause_us = shortest_us > 0 ? shortest_us / LOOKS_IN_A_LIMIT : MOST_PAUSE_US;
    transfer->look_us = transfer->begun_us + shortest_us;
    transfer->heard_us = transfer->lookup_us = transfer->tcp_us = 0;
    transfer->heard_bytes = 0;
    transfer->sockets[0] = transfer->sockets[1] = CURL_SOCKET_BAD;
    if (pause_us < client->pause_us)
        client->pause_us = pause_us > LEAST_PAUSE_US ? pause_us : LEAST_PAUSE_US;
    if (client->look_us < 0 || transfer->begun_us + client->pause_us < client->look_us)
        client->look_us = transfer->begun_us + client->pause_us;
}

static int64_t bytes_so_far(CURL *easy)
{
    long heads = 0;
    curl_easy_getinfo(easy, CURLINFO_HEADER_SIZE, &heads);
    return heads + moment(easy, CURLINFO_SIZE_DOWNLOAD_T) + moment(easy, CURLINFO_SIZE_UPLOAD_T);
}

static bool is_overdue(struct transfer *transfer, int64_t now_us)
{
    const struct http_call *call = transfer->call;
    int64_t since_us, bytes = bytes_so_far(transfer->easy);
    if (bytes != transfer->heard_bytes) {
        transfer->heard_bytes = bytes;
        transfer->heard_us = now_us;
    }
    int64_t limit = limit_ms(call, phase_of(transfer, now_us, &since_us));
    return (limit != 0 && now_us - since_us >= limit * 1000) ||
           (call->timeout_ms != 0 && now_us - transfer->begun_us >= call->timeout_ms * 1000);
}

/*
 * libcurl 7.88 wakes one of those that wait for a connection when a call ends, whichever it is: should it be one that has
 * to go on waiting, the wake is lost on the others. So whoever waits asks again. Nothing was sent for it yet.
 */
static void ask_again(struct transfer *transfer, int64_t now_us)
{
    CURLM *multi = transfer->client->multi;
    transfer->asked_us = now_us;
    curl_multi_remove_handle(multi, transfer->easy);
    curl_multi_add_handle(multi, transfer->easy);
}

/* Returns whether it waits for a connection. */
static bool look_at(struct transfer *transfer, int64_t now_us)
{
    struct http_client *client = transfer->client;
    CURL *easy = transfer->easy;
    int64_t since_us;
    /* When its TCP connection stands is seen here only, so that it is looked at often until it does. */
    bool connecting = moment(easy, CURLINFO_PRETRANSFER_TIME_T) == 0;
    /* What is compressed may come without end and yield nothing, so that take_body does not see it. */
    if (moment(easy, CURLINFO_SIZE_DOWNLOAD_T) > transfer->call->response_read_bytes) {
        transfer->enough = true;
        client_finish(client, transfer, CURLE_WRITE_ERROR);
    } else if ((connecting || now_us >= transfer->look_us) && is_overdue(transfer, now_us)) {
        client_finish(client, transfer, CURLE_OPERATION_TIMEDOUT);
    } else if (connecting && phase_of(transfer, now_us, &since_us) == PHASE_WAITING) {
        if (now_us - transfer->asked_us >= WAIT_US)
            ask_again(transfer, now_us);
        return true;
    }
    return false;
}

void client_look(struct http_client *client)
{
    int64_t now_us = clock_monotonic_us();
    bool any_waits = false;
    if (client->look_us < 0 || now_us < client->look_us)
        return;
    for (struct transfer *transfer = client->running, *next; transfer != NULL; transfer = next) {
        next = transfer->next;
        any_waits |= look_at(transfer, now_us);
    }
    if (client->running == NULL)
        client->pause_us = MOST_PAUSE_US;
    client->look_us = client->running == NULL ? -1
                      : any_waits && client->pause_us > WAIT_US ? now_us + WAIT_US
                                                                : now_us + client->pause_us;
}

void client_start_watching(struct http_client *client)
{
    client->look_us = -1;
    client->pause_us = MOST_PAUSE_US;
}
