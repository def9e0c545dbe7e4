/* Calls: which are taken, their outcome, those that wait. */
#include "http/plain.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/limits.h"
#include "base/memory.h"
#include "http/plain_parts.h"

enum { LOOK_US = 20000, ASK_US = 1000000 };

/* ---- the end of a call ---- */

void plain_end(struct plain *plain, struct http_call *call)
{
    call->total_us = clock_monotonic_us() - call->plain.begun_us;
    call->ended_ms = clock_now_ms();
    plain->running--;
    call->done(call);
}

void plain_fail(struct plain *plain, struct http_call *call, enum http_failure failure, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(call->failure_text, sizeof call->failure_text, format, arguments);
    va_end(arguments);
    call->failure = failure;
    call->status = 0;
    call->response_body = call->response_head = call->content_type = call->retry_after = TEXT_NONE;
    call->response_headers = (struct http_headers){0};
    plain_end(plain, call);
}

void plain_leave(struct plain *plain, struct http_call *call)
{
    plain->running--;
    client_start_transfer(plain->client, call, call->plain.begun_us);
}

void plain_follow(struct plain *plain, struct http_call *call, struct text location)
{
    if (client_follow(plain->client, call, call->plain.begun_us, location))
        plain->running--;
    else
        plain_end(plain, call);
}

/* ---- waiting for a connection ---- */

static void wait_for_one(struct plain *plain, struct origin *origin, struct http_call *call)
{
    call->plain.origin = origin;
    call->plain.next = NULL;
    if (plain->waiting == NULL) {
        plain->waiting = call;
        plain->look_us = clock_monotonic_us() + LOOK_US;
    } else {
        plain->last_waiting->plain.next = call;
    }
    plain->last_waiting = call;
    origin->waiting++;
}

/* Takes the one behind `before` out; NULL: the first. */
static struct http_call *take_waiting(struct plain *plain, struct http_call *before)
{
    struct http_call *call = before == NULL ? plain->waiting : before->plain.next;
    if (before == NULL)
        plain->waiting = call->plain.next;
    else
        before->plain.next = call->plain.next;
    if (plain->last_waiting == call)
        plain->last_waiting = before;
    call->plain.origin->waiting--;
    return call;
}

/* Those for whom something has become free. */
static void serve_waiting(struct plain *plain)
{
    struct http_call *before = NULL, *call = plain->waiting;
    while (call != NULL) {
        struct http_call *next = call->plain.next;
        struct origin *origin = call->plain.origin;
        if (origin->idle != NULL || origin_may_open(plain, origin))
            plain_begin(plain, take_waiting(plain, before), false);
        else
            before = call;
        call = next;
    }
}

static void look_at_waiting(struct plain *plain, int64_t now_us)
{
    struct http_call *before = NULL, *call = plain->waiting;
    while (call != NULL) {
        struct http_call *next = call->plain.next;
        int64_t waited_ms = (now_us - call->plain.begun_us) / 1000;
        if (call->timeout_ms != 0 && waited_ms >= call->timeout_ms) {
            take_waiting(plain, before);
            plain_fail(plain, call, HTTP_TIMEOUT, "timed out after %" PRId64 " ms in all, at the end waiting for a"
                       " connection: as many as are allowed were in use", waited_ms);
        } else {
            before = call;
        }
        call = next;
    }
    plain->look_us = plain->waiting != NULL ? now_us + LOOK_US : -1;
}

/* ---- the beginning ---- */

/* libcurl is asked for the address of a name by a call that makes a new connection. */
static bool knows_address(struct origin *origin, struct http_call *call, int64_t now_us)
{
    if (origin->is_literal || now_us < origin->known_until_us)
        return true;
    call->plain.asks = now_us - origin->asked_us >= ASK_US;
    if (call->plain.asks)
        origin->asked_us = now_us;
    return false;
}

static bool may_use(const struct plain_connection *connection, const struct http_call *call)
{
    char reason[EGRESS_REASON];
    return egress_request_is_allowed(connection->plain->client->egress, call->url, connection->peer, connection->port,
                                     reason);
}

/* libcurl refuses the call, and says why. */
static void put_back(struct plain *plain, struct plain_connection *connection, struct http_call *call)
{
    origin_put_idle(connection);
    plain_leave(plain, call);
}

/* The call is among those that run. It goes on somehow. */
void plain_begin(struct plain *plain, struct http_call *call, bool on_new_connection)
{
    struct plain_url url;
    int64_t now_us = clock_monotonic_us();
    plain_read_url(call->url, &url);
    struct origin *origin = origin_get(plain, &url);
    struct plain_connection *connection = on_new_connection ? NULL : origin_take_idle(origin, now_us);
    if (connection != NULL && may_use(connection, call))
        plain_send(connection, call);
    else if (connection != NULL)
        put_back(plain, connection, call);
    else if (now_us < origin->spared_until_us || !knows_address(origin, call, now_us))
        plain_leave(plain, call);
    else if (!origin_may_open(plain, origin))
        wait_for_one(plain, origin, call);
    else if (!plain_open(plain, origin, call))
        plain_leave(plain, call);
}

/* Nothing that would be done in another way by libcurl. */
static bool is_for_us(const struct plain *plain, const struct http_call *call)
{
    const struct http_client_settings *settings = plain->client->settings;
    bool proxied = settings->proxy[0] != '\0' && !call->without_proxy;
    enum http_version version = call->version != HTTP_VERSION_ANY ? call->version : settings->version;
    struct plain_url url;
    return call->done != NULL && call->connect_to == NULL && !proxied && settings->source[0] == '\0' &&
           settings->family == HTTP_FAMILY_ANY && version != HTTP_VERSION_2_PLAIN &&
           plain_read_url(call->url, &url) && plain_takes_request(call);
}

bool plain_start(struct plain *plain, struct http_call *call)
{
    if (!is_for_us(plain, call))
        return false;
    call->failure = HTTP_OK;
    call->failure_text[0] = '\0';
    call->status = 0;
    call->first_byte_us = 0;
    call->started_ms = clock_now_ms();
    call->plain.begun_us = clock_monotonic_us();
    call->plain.again = call->plain.asks = false;
    plain->running++;
    plain_begin(plain, call, false);
    return true;
}

void plain_learn(struct plain *plain, const char *url, const char *address)
{
    struct plain_url parts;
    union plain_address known;
    if (limits.delivery_lookup_cache_ms == 0 || !plain_read_url(url, &parts) ||
        !plain_read_address(&parts, text_of(address), &known))
        return;
    struct origin *origin = origin_get(plain, &parts);
    if (!origin->is_literal) {
        origin->address = known;
        origin->known_until_us = clock_monotonic_us() + limits.delivery_lookup_cache_ms * 1000;
    }
}

/* ---- the loop ---- */

int64_t plain_next_us(const struct plain *plain)
{
    const struct heap_node *first = heap_first(&plain->timers);
    int64_t next = first != NULL && first->moment != INT64_MAX ? first->moment : -1; /* that one has no limit */
    return plain->look_us >= 0 && (next < 0 || plain->look_us < next) ? plain->look_us : next;
}

void plain_turn(struct plain *plain)
{
    struct heap_node *first = heap_first(&plain->timers);
    if (first != NULL || plain->look_us >= 0) {
        int64_t now_us = clock_monotonic_us();
        for (; first != NULL && first->moment <= now_us; first = heap_first(&plain->timers))
            plain_expire((struct plain_connection *)(void *)((char *)first - offsetof(struct plain_connection, timer)),
                         now_us);
        if (plain->look_us >= 0 && now_us >= plain->look_us)
            look_at_waiting(plain, now_us);
    }
    if (plain->waiting != NULL)
        serve_waiting(plain);
    plain_free_closed(plain);
}

size_t plain_running(const struct plain *plain)
{
    return plain->running;
}

/* A call that is started in `done` is cancelled, too. */
void plain_cancel_all(struct plain *plain)
{
    while (plain->waiting != NULL)
        plain_fail(plain, take_waiting(plain, NULL), HTTP_CANCELLED, "the call was cancelled");
    for (struct plain_connection *connection = plain->oldest; connection != NULL; connection = plain->oldest) {
        if (connection->call != NULL)
            plain_cancel(connection);
        else
            plain_close(connection);
    }
    plain_free_closed(plain);
}

struct plain *plain_create(struct http_client *client)
{
    struct plain *plain = NEW(struct plain);
    plain->client = client;
    plain->look_us = -1;
    plain->most_connections = limits.delivery_connections > 0 ? limits.delivery_connections : limits.deliveries * 2;
    return plain;
}

void plain_free(struct plain *plain)
{
    plain_cancel_all(plain);
    origins_free(plain);
    heap_free(&plain->timers);
    free(plain);
}
