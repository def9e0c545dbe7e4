#include "http/client.h"

#include <curl/curl.h>
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/limits.h"
#include "base/memory.h"
#include "http/failure.h"

enum { EVENTS_AT_ONCE = 256, KEPT_BUFFER = 64 * 1024 };

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
    struct curl_slist *connect_to;
    bool own_settings;       /* its easy handle has settings of its own, and is used for no other call */
    bool enough;        /* response_read_bytes is reached: we broke it off ourselves */
    int64_t begun_us;
    char failure_text[CURL_ERROR_SIZE];
    struct transfer *next, *previous; /* in client->running */
};

/* What libcurl wants to know of a socket, and what epoll was told. */
struct interest {
    uint8_t wanted, watched; /* CURL_POLL_IN | CURL_POLL_OUT */
    bool kept;               /* a connection's: we hear of its end, and keep it in epoll while it is idle */
};

struct http_client {
    CURLM *multi;
    int epoll, wakeup;
    struct interest *sockets; /* by descriptor */
    size_t socket_room;
    int64_t timer_us; /* when libcurl wants to be called, -1: never */
    struct transfer *idle, *running;
    size_t running_count;
    struct transfer *finished; /* called back already within _perform: their buffers are still read */
};

static pthread_once_t curl_once = PTHREAD_ONCE_INIT;

static void start_curl(void)
{
    curl_global_init(CURL_GLOBAL_DEFAULT);
}

/* ---- libcurl asks us to watch sockets and a timer ---- */

static struct interest *interest_of(struct http_client *client, curl_socket_t socket)
{
    size_t index = (size_t)socket;
    if (index >= client->socket_room) {
        size_t room = (index + 1) * 2;
        client->sockets = memory_resize(client->sockets, room * sizeof *client->sockets);
        memset(client->sockets + client->socket_room, 0,
               (room - client->socket_room) * sizeof *client->sockets);
        client->socket_room = room;
    }
    return &client->sockets[index];
}

static void tell_epoll(struct http_client *client, curl_socket_t socket, struct interest *interest, int what)
{
    struct epoll_event event = {
        .events = (what & CURL_POLL_IN ? EPOLLIN : 0u) | (what & CURL_POLL_OUT ? EPOLLOUT : 0u), .data.fd = socket};
    int operation = what == 0 ? EPOLL_CTL_DEL : interest->watched == 0 ? EPOLL_CTL_ADD : EPOLL_CTL_MOD;
    epoll_ctl(client->epoll, operation, socket, &event);
    interest->watched = (uint8_t)what;
}

/*
 * A connection that goes idle stays in epoll: the next transfer on it mostly asks for the same. Should something
 * come in on an idle one, it is taken out then (see take_events). Sockets of the resolver are not kept: libcurl
 * closes them without a word.
 */
static int watch_socket(CURL *easy, curl_socket_t socket, int what, void *context, void *known)
{
    (void)easy;
    (void)known;
    struct http_client *client = context;
    struct interest *interest = interest_of(client, socket);
    interest->wanted = what == CURL_POLL_REMOVE ? 0 : (uint8_t)(what & CURL_POLL_INOUT);
    bool as_before = interest->wanted == interest->watched || (interest->wanted == 0 && interest->kept);
    if (!as_before)
        tell_epoll(client, socket, interest, interest->wanted);
    return 0;
}

static curl_socket_t open_socket(void *context, curlsocktype purpose, struct curl_sockaddr *address)
{
    (void)purpose;
    struct http_client *client = context;
    int opened = socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
    if (opened >= 0)
        *interest_of(client, opened) = (struct interest){.kept = true};
    return opened < 0 ? CURL_SOCKET_BAD : opened;
}

/* The kernel takes a closed socket out of epoll; its number may come back as another's. */
static int close_socket(void *context, curl_socket_t socket)
{
    struct http_client *client = context;
    *interest_of(client, socket) = (struct interest){0};
    return close(socket);
}

static int set_timer(CURLM *multi, long timeout_ms, void *context)
{
    (void)multi;
    struct http_client *client = context;
    client->timer_us = timeout_ms < 0 ? -1 : clock_monotonic_us() + (int64_t)timeout_ms * 1000;
    return 0;
}

/* ---- what comes in ---- */

static size_t take_body(char *bytes, size_t one, size_t size, void *context)
{
    (void)one;
    struct transfer *transfer = context;
    const struct http_call *call = transfer->call;
    int64_t room = call->response_keep_bytes - (int64_t)transfer->body.size;
    transfer->read_bytes += (int64_t)size;
    if (room > 0)
        buffer_append(&transfer->body, bytes, (int64_t)size < room ? size : (size_t)room);
    if (transfer->read_bytes > call->response_read_bytes) {
        transfer->enough = true;
        return 0;
    }
    return size;
}

/* A header line, or the status line that begins a further reply (after 1xx and redirects). */
static size_t take_header(char *bytes, size_t one, size_t size, void *context)
{
    (void)one;
    struct transfer *transfer = context;
    struct text line = text_trim((struct text){bytes, size});
    ptrdiff_t colon = text_find_byte(line, ':');
    if (text_starts_with(line, TEXT("HTTP/"))) {
        buffer_clear(&transfer->head);
    } else if (colon > 0 && transfer->call->keep_response_headers) {
        struct http_header header = {text_trim(text_slice(line, 0, (size_t)colon)),
                                     text_trim(text_slice(line, (size_t)colon + 1, line.size))};
        http_headers_write(&transfer->head, &(struct http_headers){&header, 1});
    }
    return size;
}

/* ---- starting ---- */

static struct transfer *take_transfer(struct http_client *client)
{
    struct transfer *transfer = client->idle;
    if (transfer != NULL) {
        client->idle = transfer->next;
        transfer->next = NULL;
        return transfer;
    }
    transfer = NEW(struct transfer);
    transfer->client = client;
    transfer->easy = curl_easy_init();
    CURL *easy = transfer->easy;
    curl_easy_setopt(easy, CURLOPT_PRIVATE, transfer);
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(easy, CURLOPT_REDIR_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    curl_easy_setopt(easy, CURLOPT_POSTREDIR, (long)CURL_REDIR_POST_ALL);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, take_body);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, transfer);
    curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, take_header);
    curl_easy_setopt(easy, CURLOPT_HEADERDATA, transfer);
    curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, open_socket);
    curl_easy_setopt(easy, CURLOPT_OPENSOCKETDATA, client);
    curl_easy_setopt(easy, CURLOPT_CLOSESOCKETFUNCTION, close_socket);
    curl_easy_setopt(easy, CURLOPT_CLOSESOCKETDATA, client);
    curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, transfer->failure_text);
    curl_easy_setopt(easy, CURLOPT_TCP_KEEPALIVE, 1L);
    curl_easy_setopt(easy, CURLOPT_ACCEPT_ENCODING, "");
    curl_easy_setopt(easy, CURLOPT_PROXY, "");
    return transfer;
}

static char *put(char *to, struct text text)
{
    if (text.size > 0)
        memcpy(to, text.data, text.size);
    return to + text.size;
}

/* One line of the list that libcurl takes, at *next in header_lines. */
static void add_line(struct transfer *transfer, size_t index, char **next, const struct http_header *header)
{
    struct curl_slist *item = &transfer->headers[index];
    bool unwanted = header->value.data == NULL;
    *item = (struct curl_slist){*next, NULL};
    if (index > 0)
        transfer->headers[index - 1].next = item;
    *next = put(*next, header->name);
    /* libcurl's way to leave one out is ":", and to send an empty value ";". */
    *next = put(*next, unwanted ? TEXT(":") : header->value.size == 0 ? TEXT(";") : TEXT(": "));
    *next = put(*next, header->value);
    *(*next)++ = '\0';
}

/* Room for so many lines, which then do not move. Both are bounded by limits.header_count and header_bytes. */
static void make_room(struct transfer *transfer, size_t lines, size_t bytes)
{
    if (transfer->header_room < lines) {
        transfer->headers = memory_resize(transfer->headers, lines * sizeof *transfer->headers);
        transfer->header_room = lines;
    }
    if (transfer->header_bytes < bytes) {
        transfer->header_lines = memory_resize(transfer->header_lines, bytes);
        transfer->header_bytes = bytes;
    }
}

/* Only what the call names is sent: what libcurl would add by itself is taken out. */
static void set_headers(struct transfer *transfer)
{
    static const struct http_header unwanted[] = {
        {{"Accept", 6}, {NULL, 0}}, {{"User-Agent", 10}, {NULL, 0}}, {{"Content-Type", 12}, {NULL, 0}},
        {{"Expect", 6}, {NULL, 0}}};
    enum { UNWANTED = sizeof unwanted / sizeof unwanted[0], UNWANTED_BYTES = 64, LINE_OVERHEAD = 3 };
    const struct http_call *call = transfer->call;
    struct http_headers given = {(struct http_header *)call->headers, call->header_count};
    size_t count = 0, bytes = UNWANTED_BYTES;
    for (size_t i = 0; i < given.count; i++)
        bytes += given.items[i].name.size + given.items[i].value.size + LINE_OVERHEAD;
    make_room(transfer, given.count + UNWANTED, bytes);
    char *next = transfer->header_lines;
    for (size_t i = 0; i < UNWANTED; i++) {
        if (http_headers_get(&given, unwanted[i].name).data == NULL)
            add_line(transfer, count++, &next, &unwanted[i]);
    }
    for (size_t i = 0; i < given.count; i++) {
        struct http_header header = given.items[i];
        if (header.value.data == NULL)
            header.value = TEXT("");
        add_line(transfer, count++, &next, &header);
    }
    curl_easy_setopt(transfer->easy, CURLOPT_HTTPHEADER, count > 0 ? transfer->headers : NULL);
}

static void set_method(CURL *easy, const struct http_call *call)
{
    bool get = strcmp(call->method, "GET") == 0, head = strcmp(call->method, "HEAD") == 0;
    bool post = strcmp(call->method, "POST") == 0;
    bool body = call->body.size > 0 || call->has_body;
    curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, NULL);
    curl_easy_setopt(easy, CURLOPT_NOBODY, 0L);
    curl_easy_setopt(easy, CURLOPT_HTTPGET, 1L);
    if (head && !body) {
        curl_easy_setopt(easy, CURLOPT_NOBODY, 1L);
    } else if (body || post) {
        curl_easy_setopt(easy, CURLOPT_POST, 1L);
        curl_easy_setopt(easy, CURLOPT_POSTFIELDS, call->body.data ? call->body.data : "");
        curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)call->body.size);
    }
    if (!(get && !body) && !(head && !body) && !post)
        curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, call->method);
}

static void set_blob(CURL *easy, CURLoption option, struct text pem)
{
    struct curl_blob blob = {(void *)(uintptr_t)pem.data, pem.size, CURL_BLOB_COPY};
    if (pem.data != NULL)
        curl_easy_setopt(easy, option, &blob);
}

static void set_tls(struct transfer *transfer, const struct http_tls *tls)
{
    CURL *easy = transfer->easy;
    transfer->own_settings = tls->authorities.data != NULL || tls->certificate.data != NULL;
    if (!transfer->own_settings)
        return;
    if (tls->authorities.data != NULL)
        curl_easy_setopt(easy, CURLOPT_CAPATH, NULL); /* the system's would be trusted beside them */
    set_blob(easy, CURLOPT_CAINFO_BLOB, tls->authorities);
    set_blob(easy, CURLOPT_SSLCERT_BLOB, tls->certificate);
    set_blob(easy, CURLOPT_SSLKEY_BLOB, tls->key);
}

static void set_connect_to(struct transfer *transfer, const char *connect_to)
{
    if (connect_to == NULL)
        return;
    transfer->own_settings = true;
    transfer->connect_to = curl_slist_append(NULL, connect_to);
    curl_easy_setopt(transfer->easy, CURLOPT_CONNECT_TO, transfer->connect_to);
}

static void prepare(struct transfer *transfer)
{
    struct http_call *call = transfer->call;
    CURL *easy = transfer->easy;
    transfer->read_bytes = 0;
    transfer->enough = false;
    transfer->failure_text[0] = '\0';
    buffer_clear(&transfer->body);
    buffer_clear(&transfer->head);
    call->failure = HTTP_OK;
    call->status = 0;
    call->started_ms = clock_now_ms();
    transfer->begun_us = clock_monotonic_us();
    curl_easy_setopt(easy, CURLOPT_URL, call->url);
    set_method(easy, call);
    set_headers(transfer);
    curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, (long)call->timeout_ms);
    curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, (long)call->connect_timeout_ms);
    curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, call->redirects > 0 ? 1L : 0L);
    curl_easy_setopt(easy, CURLOPT_MAXREDIRS, (long)call->redirects);
    set_tls(transfer, &call->tls);
    set_connect_to(transfer, call->connect_to);
}

void http_client_start(struct http_client *client, struct http_call *call)
{
    struct transfer *transfer = take_transfer(client);
    transfer->call = call;
    prepare(transfer);
    transfer->next = client->running;
    if (client->running != NULL)
        client->running->previous = transfer;
    client->running = transfer;
    client->running_count++;
    curl_multi_add_handle(client->multi, transfer->easy);
}

/* ---- finishing ---- */

static void read_outcome(struct transfer *transfer, CURLcode result)
{
    struct http_call *call = transfer->call;
    CURL *easy = transfer->easy;
    long status = 0, system_error = 0, verify = 0;
    curl_off_t first_byte = 0;
    curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
    curl_easy_getinfo(easy, CURLINFO_STARTTRANSFER_TIME_T, &first_byte);
    if (result == CURLE_WRITE_ERROR && transfer->enough)
        result = CURLE_OK;
    if (result != CURLE_OK) {
        curl_easy_getinfo(easy, CURLINFO_OS_ERRNO, &system_error);
        curl_easy_getinfo(easy, CURLINFO_SSL_VERIFYRESULT, &verify);
    }
    call->failure = http_failure_of(result, system_error, verify);
    snprintf(call->failure_text, sizeof call->failure_text, "%s",
             result == CURLE_OK                ? ""
             : transfer->failure_text[0] != '\0' ? transfer->failure_text
                                               : curl_easy_strerror(result));
    call->status = call->failure == HTTP_OK ? (int)status : 0;
    call->response_body = buffer_text(&transfer->body);
    call->response_cut = transfer->read_bytes > (int64_t)transfer->body.size;
    call->response_headers = (struct http_headers){0};
    if (transfer->head.size > 0)
        call->response_headers = http_headers_read(&transfer->arena, buffer_text(&transfer->head));
    const char *type = NULL;
    curl_easy_getinfo(easy, CURLINFO_CONTENT_TYPE, &type);
    call->content_type = text_of(type);
    struct curl_header *retry = NULL;
    call->retry_after = curl_easy_header(easy, "Retry-After", 0, CURLH_HEADER, -1, &retry) == CURLHE_OK
                            ? text_of(retry->value) : TEXT_NONE;
    call->first_byte_us = first_byte;
    call->total_us = clock_monotonic_us() - transfer->begun_us;
    call->ended_ms = clock_now_ms();
}

static void free_transfers(struct transfer *transfer)
{
    while (transfer != NULL) {
        struct transfer *next = transfer->next;
        curl_easy_cleanup(transfer->easy);
        curl_slist_free_all(transfer->connect_to);
        free(transfer->headers);
        free(transfer->header_lines);
        buffer_free(&transfer->body);
        buffer_free(&transfer->head);
        arena_free(&transfer->arena);
        free(transfer);
        transfer = next;
    }
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

static void finish(struct http_client *client, struct transfer *transfer, CURLcode result)
{
    struct http_call *call = transfer->call;
    read_outcome(transfer, result);
    curl_multi_remove_handle(client->multi, transfer->easy);
    unlink_running(client, transfer);
    if (call->done == NULL) { /* http_client_perform: the outcome is read after the return */
        transfer->next = client->finished;
        client->finished = transfer;
        return;
    }
    call->done(call);
    if (transfer->own_settings) {
        free_transfers(transfer);
        return;
    }
    arena_free(&transfer->arena);
    if (transfer->body.capacity > KEPT_BUFFER)
        buffer_free(&transfer->body);
    transfer->next = client->idle;
    client->idle = transfer;
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
        finish(client, (struct transfer *)(void *)private, result);
    }
}

/* ---- the loop ---- */

static int wait_ms(const struct http_client *client, int timeout_ms)
{
    if (client->timer_us < 0)
        return timeout_ms;
    int64_t left = client->timer_us - clock_monotonic_us();
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
    if (socket == client->wakeup) {
        drain_wakeup(client);
        return;
    }
    struct interest *interest = interest_of(client, socket);
    if (interest->wanted == 0) { /* an idle connection: libcurl sees what it is when it would use it again */
        if (interest->watched != 0)
            tell_epoll(client, socket, interest, 0);
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
}

void http_client_wake(struct http_client *client)
{
    uint64_t one = 1;
    ssize_t written = write(client->wakeup, &one, sizeof one);
    (void)written; /* full means that it is awake already */
}

size_t http_client_running(const struct http_client *client)
{
    return client->running_count;
}

void http_client_cancel_all(struct http_client *client)
{
    while (client->running != NULL)
        finish(client, client->running, CURLE_ABORTED_BY_CALLBACK);
}

struct http_client *http_client_create(struct error *error)
{
    pthread_once(&curl_once, start_curl);
    struct http_client *client = NEW(struct http_client);
    client->timer_us = -1;
    client->multi = curl_multi_init();
    client->epoll = epoll_create1(EPOLL_CLOEXEC);
    client->wakeup = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    struct epoll_event event = {.events = EPOLLIN, .data.fd = client->wakeup};
    if (client->multi == NULL || client->epoll < 0 || client->wakeup < 0 ||
        epoll_ctl(client->epoll, EPOLL_CTL_ADD, client->wakeup, &event) != 0) {
        error_set(error, ERROR_INTERNAL, "the HTTP client cannot start: %s", strerror(errno));
        http_client_free(client);
        return NULL;
    }
    curl_multi_setopt(client->multi, CURLMOPT_SOCKETFUNCTION, watch_socket);
    curl_multi_setopt(client->multi, CURLMOPT_SOCKETDATA, client);
    curl_multi_setopt(client->multi, CURLMOPT_TIMERFUNCTION, set_timer);
    curl_multi_setopt(client->multi, CURLMOPT_TIMERDATA, client);
    curl_multi_setopt(client->multi, CURLMOPT_MAXCONNECTS, (long)limits.deliveries * 2);
    return client;
}

void http_client_free(struct http_client *client)
{
    http_client_cancel_all(client);
    free_transfers(client->idle);
    free_transfers(client->finished);
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
    size_t before = client->running_count;
    http_client_start(client, call);
    while (client->running_count > before)
        http_client_run(client, -1);
}
