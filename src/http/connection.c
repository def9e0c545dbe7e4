#include "http/connection.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/limits.h"
#include "http/loop.h"

enum {
    READ_SIZE = 16 * 1024,
    KEPT_BUFFER = 32 * 1024, /* larger buffers are given back after the request */
    LINGER_MS = 2000,
    LINGER_BYTES = 16 * 1024 * 1024,
};

static const char *const CONTINUE = "HTTP/1.1 100 Continue\r\n\r\n";

static void set_deadline(struct http_connection *connection, int64_t after_ms)
{
    heap_put(&connection->loop->deadlines, &connection->deadline, clock_monotonic_ms() + after_ms);
}

/* ---- replies ---- */

/* The Date of RFC 9110 section 6.6.1, made once a second on each thread that replies. */
static const char *current_date(void)
{
    static _Thread_local char date[32];
    static _Thread_local time_t made;
    time_t now = time(NULL);
    if (now != made) {
        struct tm parts;
        gmtime_r(&now, &parts);
        strftime(date, sizeof date, "%a, %d %b %Y %H:%M:%S GMT", &parts);
        made = now;
    }
    return date;
}

static void append_header(struct buffer *out, struct text name, struct text value)
{
    buffer_append_text(out, name);
    buffer_append(out, ": ", 2);
    buffer_append_text(out, value);
    buffer_append(out, "\r\n", 2);
}

static void append_reply(struct http_connection *connection, const struct http_reply *reply)
{
    struct buffer *out = &connection->reply;
    buffer_clear(out);
    connection->sent = 0;
    buffer_reserve(out, 256 + (connection->request_is_head ? 0 : reply->body.size));
    buffer_printf(out, "HTTP/1.1 %d %s\r\ndate: %s\r\ncontent-length: %zu\r\n", reply->status,
                  http_status_phrase(reply->status), current_date(), reply->body.size);
    if (reply->content_type != NULL)
        append_header(out, TEXT("content-type"), text_of(reply->content_type));
    for (size_t i = 0; i < reply->header_count; i++)
        append_header(out, reply->headers[i].name, reply->headers[i].value);
    if (connection->close_after)
        buffer_append_string(out, "connection: close\r\n");
    buffer_append_string(out, "\r\n");
    if (!connection->request_is_head)
        buffer_append_text(out, reply->body);
}

/* Answers by ourselves and closes. */
static void refuse(struct http_connection *connection, int status, const char *message)
{
    struct buffer body = {0};
    http_error_write(&body, status, message);
    atomic_fetch_add(&connection->loop->server->refused, 1);
    connection->close_after = true;
    connection->request_is_head = false;
    append_reply(connection, &(struct http_reply){.status = status, .content_type = "application/json",
                                                  .body = buffer_text(&body)});
    buffer_free(&body);
    connection->state = CONNECTION_WRITING;
    set_deadline(connection, limits.idle_timeout_ms);
}

void http_reply(struct http_exchange *exchange, const struct http_reply *reply)
{
    struct http_connection *connection = (struct http_connection *)exchange;
    struct http_loop *loop = connection->loop;
    connection->close_after = reply->close || connection->close_after || !connection->request_keep_alive ||
                              atomic_load_explicit(&loop->server->quiescing, memory_order_relaxed);
    append_reply(connection, reply);
    loop_push_replied(loop, connection);
}

/* ---- bodies ---- */

/* Counts the bytes against the server's room for bodies. False: there is none. */
static bool count_bytes(struct http_connection *connection, int64_t bytes)
{
    struct http_server *server = connection->loop->server;
    if (atomic_fetch_add(&server->body_bytes, bytes) + bytes > limits.bodies_in_memory_bytes) {
        atomic_fetch_sub(&server->body_bytes, bytes);
        return false;
    }
    connection->counted_bytes += bytes;
    return true;
}

static void release_bytes(struct http_connection *connection)
{
    atomic_fetch_sub(&connection->loop->server->body_bytes, connection->counted_bytes);
    connection->counted_bytes = 0;
}

/* ---- the application ---- */

static void hand_out(struct http_connection *connection, enum http_refusal refusal)
{
    struct http_server *server = connection->loop->server;
    connection->state = CONNECTION_HANDLING;
    heap_remove(&connection->loop->deadlines, &connection->deadline);
    atomic_fetch_add_explicit(&server->requests, 1, memory_order_relaxed);
    atomic_fetch_add(&server->exchanges, 1);
    if (refusal != HTTP_ACCEPTED) {
        connection->exchange.body = TEXT_NONE;
        connection->close_after = true;
    }
    server->application.handle(server->application.context, &connection->exchange, refusal);
}

/* The bytes of the finished request go; what was sent ahead stays. */
static void drop_request(struct http_connection *connection, size_t used)
{
    struct buffer *in = &connection->in;
    memmove(in->data, in->data + used, in->size - used);
    in->size -= used;
}

static void begin_body(struct http_connection *connection, const struct request_head *head)
{
    struct http_server *server = connection->loop->server;
    connection->body_limit = server->application.begin(server->application.context, &connection->exchange);
    connection->content_length = head->content_length < 0 ? 0 : head->content_length;
    connection->is_chunked = head->chunked;
    connection->chunked = (struct chunked){0};
    buffer_clear(&connection->body);
    connection->state = CONNECTION_BODY;
    set_deadline(connection, limits.body_timeout_ms);
    if (connection->content_length > connection->body_limit) {
        hand_out(connection, HTTP_BODY_TOO_LARGE);
    } else if (head->expects_continue && connection->in.size == 0 &&
               (head->chunked || connection->content_length > 0)) {
        ssize_t sent = send(connection->socket, CONTINUE, strlen(CONTINUE), MSG_NOSIGNAL | MSG_DONTWAIT);
        (void)sent; /* a peer that does not take 25 bytes sends its body unasked after a while */
    }
}

/* Parses the head that `in` begins with. */
static void begin_request(struct http_connection *connection, size_t head_size)
{
    struct http_exchange *exchange = &connection->exchange;
    struct request_head head;
    struct head_problem problem;
    struct buffer *copy = &connection->head_copy;
    buffer_clear(copy);
    if (!buffer_append(copy, connection->in.data, head_size)) {
        refuse(connection, 503, "no memory");
        return;
    }
    drop_request(connection, head_size);
    connection->head_seen = 0;
    if (!head_parse(&exchange->arena, copy->data, copy->size, &head, &problem)) {
        refuse(connection, problem.status, problem.message);
        return;
    }
    exchange->method = head.method;
    exchange->path = head.path;
    exchange->query = head.query;
    exchange->headers = head.headers;
    exchange->body = TEXT_NONE;
    exchange->peer = text_of(connection->peer);
    exchange->received_ms = clock_now_ms();
    exchange->user = NULL;
    connection->request_keep_alive = head.keep_alive;
    connection->request_is_head = text_equal(head.method, TEXT("HEAD"));
    connection->close_after = false;
    begin_body(connection, &head);
}

/* ---- reading ---- */

/* Reads ahead of the present request by READ_SIZE at most: what is behind it is moved up when it is done. */
static size_t wanted_bytes(const struct http_connection *connection)
{
    size_t have = connection->in.size, whole = (size_t)connection->content_length;
    bool in_body = connection->state == CONNECTION_BODY && !connection->is_chunked;
    return in_body && whole > have + READ_SIZE ? whole - have : READ_SIZE;
}

/* True when something came in. */
static bool fill(struct http_connection *connection)
{
    struct buffer *in = &connection->in;
    size_t most = wanted_bytes(connection);
    if (!connection->readable || connection->broken)
        return false;
    if (!buffer_reserve(in, READ_SIZE)) {
        connection->broken = true;
        return false;
    }
    if (most > in->capacity - in->size)
        most = in->capacity - in->size;
    ssize_t got = recv(connection->socket, in->data + in->size, most, 0);
    if (got > 0) {
        connection->readable = (size_t)got == most || connection->hung_up;
        in->size += (size_t)got;
        return true;
    }
    if (got == 0)
        connection->peer_closed = true;
    else if (errno == EINTR)
        return true;
    else if (errno != EAGAIN && errno != EWOULDBLOCK)
        connection->broken = true;
    connection->readable = false;
    return false;
}

/* An empty line before a request is tolerated once (RFC 9112 section 2.2). */
static void skip_empty_line(struct http_connection *connection)
{
    if (connection->skipped_line || connection->in.size < 2 || memcmp(connection->in.data, "\r\n", 2) != 0)
        return;
    drop_request(connection, 2);
    connection->head_seen = 0;
    connection->skipped_line = true;
}

/* True when there is progress to build on. */
static bool read_head(struct http_connection *connection)
{
    struct buffer *in = &connection->in;
    if (in->size == 0 && !fill(connection))
        return false;
    skip_empty_line(connection);
    if (connection->head_seen == 0 && in->size > 0)
        set_deadline(connection, limits.header_timeout_ms);
    ptrdiff_t size = head_find_end(in->data, in->size, &connection->head_seen);
    if (size < 0) {
        refuse(connection, 400, "lines must end in CRLF");
        return true;
    }
    if (size > 0 ? size > limits.header_bytes : in->size > (size_t)limits.header_bytes) {
        bool in_first_line = memchr(in->data, '\n', in->size) == NULL;
        refuse(connection, in_first_line ? 414 : 431,
               in_first_line ? "the request line is too long" : "the headers are too long");
        return true;
    }
    if (size > 0) {
        begin_request(connection, (size_t)size);
        return true;
    }
    return fill(connection);
}

/* Room is counted as the bytes come, so that announcing large bodies takes none from others. */
static bool read_plain_body(struct http_connection *connection)
{
    struct buffer *in = &connection->in;
    int64_t whole = connection->content_length, have = (int64_t)in->size < whole ? (int64_t)in->size : whole;
    if (!count_bytes(connection, have - connection->counted_bytes)) {
        hand_out(connection, HTTP_NO_MEMORY);
        return true;
    }
    if (have < whole)
        return fill(connection);
    if (whole > 0)
        connection->exchange.body = text_slice(buffer_text(in), 0, (size_t)whole);
    hand_out(connection, HTTP_ACCEPTED);
    return true;
}

static bool read_chunked_body(struct http_connection *connection)
{
    struct buffer *in = &connection->in;
    size_t used = 0, before = connection->body.size;
    if (in->size == 0 && !fill(connection))
        return false;
    enum chunk_result result =
        chunked_read(&connection->chunked, in->data, in->size, &used, &connection->body, connection->body_limit);
    drop_request(connection, used);
    bool counted = count_bytes(connection, (int64_t)(connection->body.size - before));
    if (result == CHUNKS_MALFORMED)
        refuse(connection, 400, "a chunk of the body is malformed");
    else if (result == CHUNKS_TOO_LARGE)
        hand_out(connection, HTTP_BODY_TOO_LARGE);
    else if (result == CHUNKS_NO_MEMORY || !counted)
        hand_out(connection, HTTP_NO_MEMORY);
    else if (result == CHUNKS_COMPLETE) {
        connection->content_length = 0; /* nothing of it is left in `in` */
        connection->exchange.body = connection->body.size > 0 ? buffer_text(&connection->body) : TEXT_NONE;
        hand_out(connection, HTTP_ACCEPTED);
    }
    return true;
}

/* ---- writing and ending ---- */

/* Gives a large buffer back, but for what is in it. */
static void shrink(struct buffer *buffer)
{
    struct buffer smaller = {0};
    if (buffer->capacity <= KEPT_BUFFER || !buffer_append_text(&smaller, buffer_text(buffer)))
        return;
    buffer_free(buffer);
    *buffer = smaller;
}

static void begin_next_request(struct http_connection *connection)
{
    connection->state = CONNECTION_HEAD;
    connection->head_seen = 0;
    connection->skipped_line = false;
    set_deadline(connection, connection->in.size > 0 ? limits.header_timeout_ms : limits.idle_timeout_ms);
    buffer_clear(&connection->body);
    buffer_clear(&connection->reply);
    shrink(&connection->in);
    shrink(&connection->body);
    shrink(&connection->reply);
}

static void begin_linger(struct http_connection *connection)
{
    connection->state = CONNECTION_LINGERING;
    connection->content_length = 0; /* counts what is dropped */
    buffer_clear(&connection->in);
    shutdown(connection->socket, SHUT_WR);
    set_deadline(connection, LINGER_MS);
}

static bool write_reply(struct http_connection *connection)
{
    struct buffer *reply = &connection->reply;
    while (connection->sent < reply->size) {
        ssize_t sent = send(connection->socket, reply->data + connection->sent, reply->size - connection->sent,
                            MSG_NOSIGNAL);
        if (sent < 0 && errno == EINTR)
            continue;
        if (sent < 0) {
            connection->broken = errno != EAGAIN && errno != EWOULDBLOCK;
            set_deadline(connection, limits.idle_timeout_ms);
            return false;
        }
        connection->sent += (size_t)sent;
    }
    if (connection->close_after)
        begin_linger(connection);
    else
        begin_next_request(connection);
    return true;
}

static bool linger(struct http_connection *connection)
{
    bool more = fill(connection);
    connection->content_length += (int64_t)connection->in.size;
    buffer_clear(&connection->in);
    if (connection->content_length > LINGER_BYTES)
        connection->broken = true;
    return more;
}

static void advance(struct http_connection *connection)
{
    bool progress = true;
    while (progress && !connection->broken) {
        switch (connection->state) {
        case CONNECTION_HEAD:
            progress = read_head(connection);
            break;
        case CONNECTION_BODY:
            progress = connection->is_chunked ? read_chunked_body(connection) : read_plain_body(connection);
            break;
        case CONNECTION_HANDLING:
            return; /* not ours now: nothing of it may be touched */
        case CONNECTION_WRITING:
            progress = write_reply(connection);
            break;
        case CONNECTION_LINGERING:
            progress = linger(connection);
            break;
        }
    }
}

/* The peer has ended its side in the middle of a request; it may still read. */
static bool is_cut_off(const struct http_connection *connection)
{
    bool began = connection->state == CONNECTION_BODY ||
                 (connection->state == CONNECTION_HEAD && connection->in.size > 0);
    return connection->peer_closed && began;
}

bool connection_advance(struct http_connection *connection)
{
    advance(connection);
    if (!connection->broken && is_cut_off(connection)) {
        refuse(connection, 400, "the request ended before it was complete");
        advance(connection);
    }
    bool waits_for_peer = connection->state != CONNECTION_WRITING && connection->state != CONNECTION_HANDLING;
    return !connection->broken && !(connection->peer_closed && waits_for_peer);
}

bool connection_is_idle(const struct http_connection *connection)
{
    return connection->state == CONNECTION_HEAD && connection->in.size == 0;
}

bool connection_replied(struct http_connection *connection)
{
    struct http_server *server = connection->loop->server;
    atomic_fetch_sub(&server->exchanges, 1);
    release_bytes(connection);
    arena_free(&connection->exchange.arena);
    if (connection->content_length > 0 && (size_t)connection->content_length <= connection->in.size)
        drop_request(connection, (size_t)connection->content_length);
    connection->content_length = 0;
    connection->state = CONNECTION_WRITING;
    return connection_advance(connection);
}

bool connection_expired(struct http_connection *connection)
{
    bool late_head = connection->state == CONNECTION_HEAD && connection->in.size > 0;
    if (!late_head && connection->state != CONNECTION_BODY)
        return false;
    release_bytes(connection);
    arena_free(&connection->exchange.arena);
    refuse(connection, 408, late_head ? "the head came too slowly" : "the body came too slowly");
    return connection_advance(connection);
}

void connection_free(struct http_connection *connection)
{
    struct http_loop *loop = connection->loop;
    heap_remove(&loop->deadlines, &connection->deadline);
    if (connection->previous != NULL)
        connection->previous->next = connection->next;
    else
        loop->connections = connection->next;
    if (connection->next != NULL)
        connection->next->previous = connection->previous;
    release_bytes(connection);
    close(connection->socket);
    atomic_fetch_sub(&loop->server->connections, 1);
    arena_free(&connection->exchange.arena);
    buffer_free(&connection->in);
    buffer_free(&connection->head_copy);
    buffer_free(&connection->body);
    buffer_free(&connection->reply);
    free(connection);
}
