/* One connection: connects, sends the request, reads the reply. */
#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/limits.h"
#include "base/memory.h"
#include "http/failure.h"
#include "http/plain_parts.h"
#include "http/redirect.h"

enum {
    READS = 16, /* in a row: then it is the others' turn */
    CONNECT_PATIENCE_MS = 1000, /* then libcurl may try whether another address is better */
    SPARED_US = 1000000,
    KEPT_HEAD = 16 * 1024,
};

/* ---- time ---- */

static void set_deadline(struct plain_connection *connection, int64_t deadline_us)
{
    struct heap_node *timer = &connection->timer;
    connection->deadline_us = deadline_us;
    if (timer->place == 0 || timer->moment > deadline_us)
        heap_put(&connection->plain->timers, timer, deadline_us);
}

static int64_t earlier(int64_t one_us, int64_t since_us, int64_t after_ms)
{
    int64_t other_us = since_us + after_ms * 1000;
    return after_ms != 0 && other_us < one_us ? other_us : one_us;
}

static int64_t end_of_call(const struct http_call *call)
{
    return earlier(INT64_MAX, call->plain.begun_us, call->timeout_ms);
}

/* Something went over the wire. */
static void heard(struct plain_connection *connection, int64_t now_us)
{
    const struct http_call *call = connection->call;
    connection->since_us = now_us;
    set_deadline(connection, earlier(end_of_call(call), now_us, connection->answered ? call->timeouts.idle_ms
                                                                                    : call->timeouts.first_byte_ms));
}

/* ---- the list of all, by their last use ---- */

static void unlink_connection(struct plain_connection *connection)
{
    struct plain *plain = connection->plain;
    if (connection->previous != NULL)
        connection->previous->next = connection->next;
    else
        plain->oldest = connection->next;
    if (connection->next != NULL)
        connection->next->previous = connection->previous;
    else
        plain->newest = connection->previous;
    connection->next = connection->previous = NULL;
}

static void link_newest(struct plain_connection *connection)
{
    struct plain *plain = connection->plain;
    connection->previous = plain->newest;
    if (plain->newest != NULL)
        plain->newest->next = connection;
    else
        plain->oldest = connection;
    plain->newest = connection;
}

/* ---- ending ---- */

void plain_close(struct plain_connection *connection)
{
    struct plain *plain = connection->plain;
    if (connection->state == PLAIN_IDLE)
        origin_forget_idle(connection);
    heap_remove(&plain->timers, &connection->timer);
    unlink_connection(connection);
    close(connection->socket);
    connection->state = PLAIN_CLOSED;
    connection->call = NULL;
    connection->origin->connections--;
    plain->connections--;
    connection->next = plain->closed;
    plain->closed = connection;
}

void plain_free_closed(struct plain *plain)
{
    while (plain->closed != NULL) {
        struct plain_connection *connection = plain->closed;
        plain->closed = connection->next;
        buffer_free(&connection->head);
        buffer_free(&connection->kept_head);
        reply_free(&connection->reply);
        free(connection);
    }
}

static void go_idle(struct plain_connection *connection)
{
    connection->state = PLAIN_IDLE;
    connection->call = NULL;
    reply_shrink(&connection->reply);
    if (connection->head.capacity > KEPT_HEAD)
        buffer_free(&connection->head);
    if (connection->kept_head.capacity > KEPT_HEAD)
        buffer_free(&connection->kept_head);
    unlink_connection(connection);
    link_newest(connection);
    origin_put_idle(connection);
    set_deadline(connection, connection->since_us + limits.delivery_connection_idle_ms * 1000);
}

static void fail(struct plain_connection *connection, enum http_failure failure, const char *text)
{
    struct http_call *call = connection->call;
    struct plain *plain = connection->plain;
    plain_close(connection);
    plain_fail(plain, call, failure, "%s", text);
}

void plain_cancel(struct plain_connection *connection)
{
    fail(connection, HTTP_CANCELLED, "the call was cancelled");
}

/* The request was not sent: libcurl does it, and finds out what is wrong. */
static void leave(struct plain_connection *connection, int64_t now_us)
{
    struct http_call *call = connection->call;
    struct plain *plain = connection->plain;
    connection->origin->spared_until_us = now_us + SPARED_US;
    plain_close(connection);
    plain_leave(plain, call);
}

/* The connection ended before the reply was complete; system_error 0: by the peer, in order. */
static void lose(struct plain_connection *connection, int system_error)
{
    struct http_call *call = connection->call;
    struct plain *plain = connection->plain;
    if (connection->used && !connection->answered && !call->plain.again) {
        call->plain.again = true; /* the peer had given it up before it saw the request */
        plain_close(connection);
        plain_begin(plain, call, true);
    } else if (system_error == 0) {
        fail(connection, HTTP_SOCKET_CLOSED,
             connection->answered ? "the connection was closed in the middle of the reply"
                                  : "the connection was closed without a reply");
    } else {
        struct failure_facts facts = {.result = CURLE_RECV_ERROR, .system_error = system_error};
        char text[128];
        snprintf(text, sizeof text, "the connection broke: %s", strerror(system_error));
        fail(connection, http_failure_of(&facts), text);
    }
}

static bool watch(struct plain_connection *connection, int operation)
{
    /* Edge-triggered: for both directions from the beginning to the end. */
    struct epoll_event event = {.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET,
                                .data.u64 = PLAIN_EVENT | (uint64_t)(uintptr_t)connection};
    return epoll_ctl(connection->plain->client->epoll, operation, connection->socket, &event) == 0;
}

/* ---- the outcome ---- */

static bool is_all_sent(const struct plain_connection *connection)
{
    return connection->head_sent == connection->head.size && connection->body_sent == connection->call->body.size;
}

static void keep_head(struct plain_connection *connection)
{
    const struct http_call *call = connection->call;
    const struct http_headers *headers = &connection->reply.headers;
    struct buffer *kept = &connection->kept_head;
    buffer_clear(kept);
    for (size_t i = 0; i < headers->count && call->response_head_keep_bytes > 0; i++) {
        const struct http_header *header = &headers->items[i];
        if ((int64_t)(kept->size + header->name.size + header->value.size) + 2 < call->response_head_keep_bytes)
            http_headers_write(kept, &(struct http_headers){(struct http_header *)header, 1});
    }
}

static void succeed(struct plain_connection *connection, int64_t now_us)
{
    struct http_call *call = connection->call;
    const struct reply *reply = &connection->reply;
    struct plain *plain = connection->plain;
    struct text location = http_headers_get(&reply->headers, TEXT("location"));
    bool reusable = reply->reusable && is_all_sent(connection) && !connection->mute && !connection->hung_up &&
                    now_us - connection->opened_us < limits.delivery_connection_age_ms * 1000;
    keep_head(connection);
    call->status = reply->status;
    call->response_body = buffer_text(&connection->reply.body);
    call->response_cut = reply->cut || reply->body_bytes > (int64_t)reply->body.size;
    call->response_headers = call->keep_response_headers ? reply->headers : (struct http_headers){0};
    call->response_head = buffer_text(&connection->kept_head);
    call->content_type = http_headers_get(&reply->headers, TEXT("content-type"));
    call->retry_after = http_headers_get(&reply->headers, TEXT("retry-after"));
    call->first_byte_us = connection->first_byte_us - call->plain.begun_us;
    if (call->redirects > 0 && location.data != NULL && redirect_is_one(call->status))
        plain_follow(plain, call, location);
    else
        plain_end(plain, call);
    connection->since_us = now_us;
    if (reusable)
        go_idle(connection);
    else
        plain_close(connection);
}

/* ---- reading ---- */

static void take_bytes(struct plain_connection *connection, const char *bytes, size_t size, int64_t now_us)
{
    const char *problem = "";
    char text[128];
    bool first = !connection->answered;
    connection->answered = true;
    if (first)
        connection->first_byte_us = now_us;
    switch (reply_read(&connection->reply, bytes, size, &problem)) {
    case REPLY_MORE:
        heard(connection, now_us);
        break;
    case REPLY_COMPLETE:
        succeed(connection, now_us);
        break;
    case REPLY_MALFORMED:
        if (connection->reply.too_long)
            snprintf(text, sizeof text, "the headers of the reply are larger than %" PRId64 " bytes",
                     connection->reply.most_head);
        fail(connection, HTTP_BAD_RESPONSE, connection->reply.too_long ? text : problem);
        break;
    case REPLY_BROKEN_CODING:
        fail(connection, HTTP_BAD_ENCODING, problem);
        break;
    }
}

static void receive(struct plain_connection *connection)
{
    struct plain *plain = connection->plain;
    int64_t now_us = clock_monotonic_us();
    for (int reads = 0; connection->state == PLAIN_BUSY; reads++) {
        if (reads == READS) {
            watch(connection, EPOLL_CTL_MOD); /* tells once more of what is there already */
            return;
        }
        ssize_t got = recv(connection->socket, plain->bytes, sizeof plain->bytes, 0);
        if (got > 0) {
            take_bytes(connection, plain->bytes, (size_t)got, now_us);
            if ((size_t)got < sizeof plain->bytes && !connection->hung_up)
                return;
        } else if (got < 0 && errno == EINTR) {
            continue;
        } else if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
            return;
        } else if (got == 0 && reply_closed(&connection->reply) == REPLY_COMPLETE) {
            succeed(connection, now_us);
        } else {
            lose(connection, got < 0 ? errno : 0);
        }
    }
}

/* ---- sending ---- */

/* As much of the head and the body as the socket takes. False: writing is over for good. */
static bool send_more(struct plain_connection *connection)
{
    const struct http_call *call = connection->call;
    struct buffer *head = &connection->head;
    size_t of_head = head->size - connection->head_sent;
    struct text body = text_slice(call->body, connection->body_sent, call->body.size);
    struct iovec parts[2] = {{head->data + connection->head_sent, of_head},
                             {(char *)(uintptr_t)body.data, body.size}};
    struct msghdr message = {.msg_iov = parts, .msg_iovlen = parts[1].iov_len > 0 ? 2 : 1};
    ssize_t sent;
    do
        sent = sendmsg(connection->socket, &message, MSG_NOSIGNAL);
    while (sent < 0 && errno == EINTR);
    if (sent < 0)
        return errno == EAGAIN || errno == EWOULDBLOCK;
    if ((size_t)sent < of_head)
        of_head = (size_t)sent;
    connection->head_sent += of_head;
    connection->body_sent += (size_t)sent - of_head;
    return true;
}

/* Writes the request and sends what the socket takes of it. */
static void begin_request(struct plain_connection *connection, int64_t now_us)
{
    const struct http_call *call = connection->call;
    struct plain_url url;
    plain_read_url(call->url, &url);
    buffer_clear(&connection->head);
    plain_write_head(&connection->head, call, &url, text_of(connection->plain->client->settings->user_agent));
    connection->head_sent = connection->body_sent = 0;
    connection->state = PLAIN_BUSY;
    connection->answered = connection->mute = false;
    int64_t most_head = call->response_head_read_bytes != 0 ? call->response_head_read_bytes : MOST_HEAD_BYTES;
    reply_begin(&connection->reply, strcmp(call->method, "HEAD") == 0, most_head, call->response_keep_bytes,
                call->response_read_bytes);
    connection->mute = !send_more(connection);
    heard(connection, now_us);
}

/* There is room in the socket again; or there is none and never will be, but perhaps a reply came before that. */
static void go_on_sending(struct plain_connection *connection)
{
    size_t before = connection->body_sent + connection->head_sent;
    if (connection->mute || is_all_sent(connection))
        return;
    connection->mute = !send_more(connection);
    if (connection->body_sent + connection->head_sent != before)
        heard(connection, clock_monotonic_us());
}

void plain_send(struct plain_connection *connection, struct http_call *call)
{
    connection->call = call;
    connection->used = true;
    unlink_connection(connection);
    link_newest(connection);
    begin_request(connection, clock_monotonic_us());
}

/* ---- connecting ---- */

static int connect_to(const union plain_address *address)
{
    int one = 1, opened = socket(address->any.sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    socklen_t size = address->any.sa_family == AF_INET ? sizeof address->ipv4 : sizeof address->ipv6;
    if (opened < 0)
        return -1;
    setsockopt(opened, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    setsockopt(opened, SOL_SOCKET, SO_KEEPALIVE, &one, sizeof one);
    if (connect(opened, &address->any, size) == 0 || errno == EINPROGRESS)
        return opened;
    close(opened);
    return -1;
}

static void note_peer(struct plain_connection *connection)
{
    const union plain_address *address = &connection->origin->address;
    bool is_ipv4 = address->any.sa_family == AF_INET;
    connection->port = ntohs(is_ipv4 ? address->ipv4.sin_port : address->ipv6.sin6_port);
    inet_ntop(address->any.sa_family, is_ipv4 ? (const void *)&address->ipv4.sin_addr : &address->ipv6.sin6_addr,
              connection->peer, sizeof connection->peer);
}

bool plain_open(struct plain *plain, struct origin *origin, struct http_call *call)
{
    char reason[EGRESS_REASON];
    if (!egress_connect_is_allowed(plain->client->egress, call->url, &origin->address.any, reason))
        return false;
    int opened = connect_to(&origin->address);
    int64_t now_us = clock_monotonic_us();
    if (opened < 0)
        return false;
    struct plain_connection *connection = NEW(struct plain_connection);
    *connection = (struct plain_connection){.plain = plain, .origin = origin, .socket = opened, .call = call,
                                            .opened_us = now_us, .since_us = now_us};
    note_peer(connection);
    link_newest(connection);
    origin->connections++;
    plain->connections++;
    if (!watch(connection, EPOLL_CTL_ADD)) {
        plain_close(connection);
        return false;
    }
    int64_t patience_ms = call->connect_timeout_ms != 0 && call->connect_timeout_ms < CONNECT_PATIENCE_MS
                              ? call->connect_timeout_ms : CONNECT_PATIENCE_MS;
    set_deadline(connection, earlier(end_of_call(call), now_us, patience_ms));
    return true;
}

static void connected(struct plain_connection *connection)
{
    int problem = 0;
    socklen_t size = sizeof problem;
    int64_t now_us = clock_monotonic_us();
    if (getsockopt(connection->socket, SOL_SOCKET, SO_ERROR, &problem, &size) != 0 || problem != 0)
        leave(connection, now_us);
    else
        begin_request(connection, now_us);
}

/* ---- events ---- */

void plain_take_event(struct plain *plain, const struct epoll_event *event)
{
    (void)plain;
    struct plain_connection *connection =
        (struct plain_connection *)(uintptr_t)(event->data.u64 & ~PLAIN_EVENT);
    uint32_t events = event->events;
    if ((events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0)
        connection->hung_up = true;
    if (connection->state == PLAIN_CONNECTING && (events & (EPOLLOUT | EPOLLHUP | EPOLLERR)) != 0)
        connected(connection);
    else if (connection->state == PLAIN_BUSY && (events & EPOLLOUT) != 0)
        go_on_sending(connection);
    bool more = (events & EPOLLIN) != 0 || connection->hung_up;
    if (connection->state == PLAIN_BUSY && (more || connection->mute))
        receive(connection);
    else if (connection->state == PLAIN_IDLE && more)
        plain_close(connection); /* it ended, or speaks unasked */
}

static void time_out(struct plain_connection *connection, int64_t now_us, const char *doing)
{
    const struct http_call *call = connection->call;
    bool in_all = now_us >= end_of_call(call);
    char text[128];
    snprintf(text, sizeof text, "timed out after %" PRId64 " ms%s %s",
             (now_us - (in_all ? call->plain.begun_us : connection->since_us)) / 1000,
             in_all ? " in all, at the end" : "", doing);
    fail(connection, HTTP_TIMEOUT, text);
}

void plain_expire(struct plain_connection *connection, int64_t now_us)
{
    const struct http_call *call = connection->call;
    if (now_us < connection->deadline_us) {
        heap_put(&connection->plain->timers, &connection->timer, connection->deadline_us);
    } else if (connection->state == PLAIN_IDLE) {
        plain_close(connection);
    } else if (connection->state == PLAIN_BUSY) {
        time_out(connection, now_us, connection->answered ? "in the middle of the reply"
                                                          : "waiting for the first byte of the reply");
    } else if (now_us >= end_of_call(call) ||
               now_us >= earlier(INT64_MAX, connection->since_us, call->connect_timeout_ms)) {
        time_out(connection, now_us, "connecting");
    } else {
        leave(connection, now_us);
    }
}
