#include "http/client.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/limits.h"
#include "base/memory.h"
#include "http/client_parts.h"

enum { EVENTS_AT_ONCE = 256, KEPT_BUFFER = 64 * 1024 };

static pthread_once_t curl_once = PTHREAD_ONCE_INIT;

static void start_curl(void)
{
    curl_global_init(CURL_GLOBAL_DEFAULT);
}

/* ---- calls ---- */

static struct transfer *take_transfer(struct http_client *client)
{
    struct transfer *transfer = client->idle;
    if (transfer == NULL)
        return transfer_create(client);
    client->idle = transfer->next;
    transfer->next = NULL;
    return transfer;
}

static void put_away(struct http_client *client, struct transfer *transfer)
{
    if (transfer->own_settings) {
        transfer_free_all(transfer);
        return;
    }
    arena_free(&transfer->arena);
    if (transfer->body.capacity > KEPT_BUFFER)
        buffer_free(&transfer->body);
    transfer->next = client->idle;
    client->idle = transfer;
}

static void run(struct http_client *client, struct transfer *transfer)
{
    transfer->next = client->running;
    if (client->running != NULL)
        client->running->previous = transfer;
    client->running = transfer;
    client->running_count++;
    client_watch_over(client, transfer);
    curl_multi_add_handle(client->multi, transfer->easy);
}

void client_start_transfer(struct http_client *client, struct http_call *call, int64_t begun_us)
{
    struct transfer *transfer = take_transfer(client);
    transfer->call = call;
    transfer_begin(transfer, begun_us);
    run(client, transfer);
}

/* As libcurl reads it, against the URL of the call. NULL: it is none; freed with curl_free. */
static char *resolve_location(const char *base, struct text location)
{
    CURLU *parts = curl_url();
    char *copy = strndup(location.data, location.size), *url = NULL;
    bool good = parts != NULL && copy != NULL && curl_url_set(parts, CURLUPART_URL, base, 0) == CURLUE_OK &&
                curl_url_set(parts, CURLUPART_URL, copy,
                             CURLU_URLENCODE | CURLU_ALLOW_SPACE | CURLU_NON_SUPPORT_SCHEME) == CURLUE_OK &&
                curl_url_get(parts, CURLUPART_URL, &url, 0) == CURLUE_OK;
    free(copy);
    curl_url_cleanup(parts);
    return good ? url : NULL;
}

bool client_follow(struct http_client *client, struct http_call *call, int64_t begun_us, struct text location)
{
    struct transfer *transfer = take_transfer(client);
    int status = call->status;
    char *url = resolve_location(call->url, location);
    transfer->call = call;
    transfer_begin(transfer, begun_us);
    bool follows = transfer_follow_to(transfer, url != NULL ? url : "(unreadable)", status);
    curl_free(url);
    if (follows)
        run(client, transfer);
    else
        put_away(client, transfer);
    return follows;
}

void http_client_start(struct http_client *client, struct http_call *call)
{
    call->plain.asks = false;
    if (!plain_start(client->plain, call))
        client_start_transfer(client, call, 0);
}

static void unlink_running(struct http_client *client, struct transfer *transfer)
{
    if (transfer->previous != NULL)
        transfer->previous->next = transfer->next;
    else
        client->running = transfer->next;
    if (transfer->next != NULL)
        transfer->next->previous = transfer->previous;
    transfer->next = transfer->previous = NULL;
    client->running_count--;
}

/* The address that a new connection over plain HTTP came to. */
static void teach_plain(struct http_client *client, const struct transfer *transfer)
{
    const struct http_call *call = transfer->call;
    const char *address = NULL;
    long connections = 0;
    bool usual = call->connect_to == NULL && transfer->direct && transfer->hop.count == 0;
    if (call->failure != HTTP_OK || !usual || strncmp(call->url, "http:", 5) != 0)
        return;
    curl_easy_getinfo(transfer->easy, CURLINFO_NUM_CONNECTS, &connections);
    curl_easy_getinfo(transfer->easy, CURLINFO_PRIMARY_IP, &address);
    if (connections == 1 && address != NULL)
        plain_learn(client->plain, call->url, address);
}

void client_finish(struct http_client *client, struct transfer *transfer, CURLcode result)
{
    struct http_call *call = transfer->call;
    transfer_read_outcome(transfer, result);
    teach_plain(client, transfer);
    curl_multi_remove_handle(client->multi, transfer->easy);
    if (transfer_follow(transfer) || transfer_again(transfer, result)) {
        client_watch_over(client, transfer);
        curl_multi_add_handle(client->multi, transfer->easy);
        return;
    }
    unlink_running(client, transfer);
    if (call->done == NULL) { /* http_client_perform: the outcome is read after the return */
        transfer->next = client->finished;
        client->finished = transfer;
        return;
    }
    call->done(call);
    put_away(client, transfer);
}

static void finish_all(struct http_client *client)
{
    CURLMsg *message;
    int left;
    while ((message = curl_multi_info_read(client->multi, &left)) != NULL) {
        char *private = NULL;
        CURLcode result = message->data.result;
        if (message->msg != CURLMSG_DONE)
            continue;
        curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &private);
        client_finish(client, (struct transfer *)(void *)private, result);
    }
}

/* ---- the loop ---- */

static int wait_ms(const struct http_client *client, int timeout_ms)
{
    int64_t next_us = client->timer_us;
    int64_t plain_us = plain_next_us(client->plain);
    if (client->look_us >= 0 && (next_us < 0 || client->look_us < next_us))
        next_us = client->look_us;
    if (plain_us >= 0 && (next_us < 0 || plain_us < next_us))
        next_us = plain_us;
    if (next_us < 0)
        return timeout_ms;
    int64_t left = next_us - clock_monotonic_us();
    int64_t milliseconds = left <= 0 ? 0 : (left + 999) / 1000;
    return timeout_ms >= 0 && timeout_ms < milliseconds ? timeout_ms : (int)milliseconds;
}

static void drain_wakeup(struct http_client *client)
{
    uint64_t count;
    ssize_t got = read(client->wakeup, &count, sizeof count);
    (void)got; /* nothing there is fine */
}

static void take_events(struct http_client *client, const struct epoll_event *event)
{
    int running, socket = event->data.fd;
    if ((event->data.u64 & PLAIN_EVENT) != 0) {
        plain_take_event(client->plain, event);
        return;
    }
    if (socket == client->wakeup) {
        drain_wakeup(client);
        return;
    }
    struct interest *interest = client_interest(client, socket);
    if (interest->wanted == 0) { /* an idle connection: libcurl sees what it is when it would use it again */
        if (interest->watched != 0)
            client_tell_epoll(client, socket, interest, 0);
        return;
    }
    int what = (event->events & EPOLLIN ? CURL_CSELECT_IN : 0) | (event->events & EPOLLOUT ? CURL_CSELECT_OUT : 0) |
               (event->events & (EPOLLERR | EPOLLHUP) ? CURL_CSELECT_ERR : 0);
    curl_multi_socket_action(client->multi, socket, what, &running);
}

void http_client_run(struct http_client *client, int timeout_ms)
{
    struct epoll_event events[EVENTS_AT_ONCE];
    int running, ready = epoll_wait(client->epoll, events, EVENTS_AT_ONCE, wait_ms(client, timeout_ms));
    for (int i = 0; i < ready; i++)
        take_events(client, &events[i]);
    if (client->timer_us >= 0 && clock_monotonic_us() >= client->timer_us) {
        client->timer_us = -1;
        curl_multi_socket_action(client->multi, CURL_SOCKET_TIMEOUT, 0, &running);
    }
    finish_all(client);
    client_look(client);
    plain_turn(client->plain);
}

void http_client_wake(struct http_client *client)
{
    uint64_t one = 1;
    ssize_t written = write(client->wakeup, &one, sizeof one);
    (void)written; /* full means that it is awake already */
}

size_t http_client_running(const struct http_client *client)
{
    return client->running_count + plain_running(client->plain);
}

void http_client_cancel_all(struct http_client *client)
{
    plain_cancel_all(client->plain);
    while (client->running != NULL) {
        client->running->refusal[0] = '\0';
        client_finish(client, client->running, CURLE_ABORTED_BY_CALLBACK);
    }
}

struct http_client *http_client_create(const struct egress *egress, struct error *error)
{
    pthread_once(&curl_once, start_curl);
    struct http_client *client = NEW(struct http_client);
    static const struct http_client_settings defaults;
    client->settings = &defaults;
    client->egress = egress;
    client->timer_us = -1;
    client->plain = plain_create(client);
    client_start_watching(client);
    client->multi = curl_multi_init();
    client->epoll = epoll_create1(EPOLL_CLOEXEC);
    client->wakeup = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    struct epoll_event event = {.events = EPOLLIN, .data.u64 = (uint64_t)client->wakeup};
    if (client->multi == NULL || client->epoll < 0 || client->wakeup < 0 ||
        epoll_ctl(client->epoll, EPOLL_CTL_ADD, client->wakeup, &event) != 0) {
        error_set(error, ERROR_INTERNAL, "the HTTP client cannot start: %s", strerror(errno));
        http_client_free(client);
        return NULL;
    }
    client_watch(client);
    curl_multi_setopt(client->multi, CURLMOPT_MAXCONNECTS, (long)limits.delivery_connections);
    curl_multi_setopt(client->multi, CURLMOPT_MAX_TOTAL_CONNECTIONS, (long)limits.delivery_connections);
    curl_multi_setopt(client->multi, CURLMOPT_MAX_HOST_CONNECTIONS, (long)limits.delivery_host_connections);
    curl_multi_setopt(client->multi, CURLMOPT_MAX_CONCURRENT_STREAMS, (long)limits.delivery_streams);
    return client;
}

void http_client_set(struct http_client *client, const struct http_client_settings *settings)
{
    if (settings != NULL)
        client->settings = settings;
}

void http_client_free(struct http_client *client)
{
    http_client_cancel_all(client);
    plain_free(client->plain);
    transfer_free_all(client->idle);
    transfer_free_all(client->finished);
    if (client->multi != NULL)
        curl_multi_cleanup(client->multi);
    if (client->epoll >= 0)
        close(client->epoll);
    if (client->wakeup >= 0)
        close(client->wakeup);
    free(client->sockets);
    free(client);
}

void http_client_perform(struct http_client *client, struct http_call *call)
{
    size_t before = http_client_running(client);
    http_client_start(client, call);
    while (http_client_running(client) > before)
        http_client_run(client, -1);
}
