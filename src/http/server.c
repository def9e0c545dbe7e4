#include "http/server.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/thread.h"
#include "http/loop.h"

enum { EVENTS_AT_ONCE = 256, ACCEPTS_AT_ONCE = 64, LISTEN_BACKLOG = 1024, ACCEPT_PAUSE_MS = 100, STOP_POLL_MS = 5 };

/* ---- between threads ---- */

static _Thread_local const struct http_loop *own_loop; /* set on the loops' threads */

bool loop_is_own_thread(const struct http_loop *loop)
{
    return own_loop == loop;
}

static void wake(struct http_loop *loop)
{
    uint64_t one = 1;
    ssize_t written = write(loop->wakeup, &one, sizeof one);
    (void)written; /* full means that it is awake already */
}

void loop_push_replied(struct http_loop *loop, struct http_connection *connection)
{
    pthread_mutex_lock(&loop->lock);
    bool first = loop->replied == NULL;
    connection->next_replied = loop->replied;
    loop->replied = connection;
    pthread_mutex_unlock(&loop->lock);
    if (first && !loop_is_own_thread(loop))
        wake(loop);
}

static struct http_connection *take_replied(struct http_loop *loop)
{
    pthread_mutex_lock(&loop->lock);
    struct http_connection *list = loop->replied;
    loop->replied = NULL;
    pthread_mutex_unlock(&loop->lock);
    return list;
}

/* ---- accepting ---- */

static void name_peer(const struct sockaddr_storage *address, char out[64])
{
    const void *bytes = address->ss_family == AF_INET6
                            ? (const void *)&((const struct sockaddr_in6 *)address)->sin6_addr
                            : (const void *)&((const struct sockaddr_in *)address)->sin_addr;
    if (inet_ntop(address->ss_family, bytes, out, 64) == NULL)
        out[0] = '\0';
}

static void add_connection(struct http_loop *loop, int socket, const struct sockaddr_storage *address)
{
    int on = 1;
    struct http_connection *connection = NEW(struct http_connection);
    setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    connection->loop = loop;
    connection->socket = socket;
    name_peer(address, connection->peer);
    connection->next = loop->connections;
    if (loop->connections != NULL)
        loop->connections->previous = connection;
    loop->connections = connection;
    heap_put(&loop->deadlines, &connection->deadline, clock_monotonic_ms() + limits.idle_timeout_ms);
    struct epoll_event event = {.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET, .data.ptr = connection};
    if (epoll_ctl(loop->epoll, EPOLL_CTL_ADD, socket, &event) != 0)
        connection_free(connection);
}

static void watch_listener(struct http_loop *loop, bool on)
{
    struct epoll_event event = {.events = EPOLLIN | EPOLLEXCLUSIVE, .data.ptr = loop->server};
    if (on != loop->listening &&
        epoll_ctl(loop->epoll, on ? EPOLL_CTL_ADD : EPOLL_CTL_DEL, loop->server->listener, &event) == 0)
        loop->listening = on;
}

/* Leaves the others in the backlog for a moment instead of spinning. */
static void pause_accepting(struct http_loop *loop)
{
    watch_listener(loop, false);
    loop->listen_again = clock_monotonic_ms() + ACCEPT_PAUSE_MS;
}

/*
 * Closes this loop's connection that has been idle for longest; those of the other loops are theirs. One that has
 * just come, or has just been answered, may be about to speak.
 */
static bool make_room(struct http_loop *loop)
{
    struct http_connection *oldest = NULL;
    int64_t just_now = clock_monotonic_ms() + limits.idle_timeout_ms - ACCEPT_PAUSE_MS;
    for (struct http_connection *connection = loop->connections; connection != NULL; connection = connection->next) {
        if (connection_is_idle(connection) && connection->deadline.moment <= just_now &&
            (oldest == NULL || connection->deadline.moment <= oldest->deadline.moment))
            oldest = connection;
    }
    if (oldest != NULL)
        connection_free(oldest);
    return oldest != NULL;
}

static void accept_some(struct http_loop *loop)
{
    struct http_server *server = loop->server;
    bool full = false;
    for (int i = 0; i < ACCEPTS_AT_ONCE && !full; i++) {
        struct sockaddr_storage address;
        socklen_t size = sizeof address;
        full = atomic_load(&server->connections) >= limits.connections; /* then one a turn: the search takes time */
        if (full && !make_room(loop)) {
            pause_accepting(loop);
            return;
        }
        int socket = accept4(server->listener, (struct sockaddr *)&address, &size, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (socket < 0) {
            if (errno == EMFILE || errno == ENFILE || errno == ENOMEM || errno == ENOBUFS)
                pause_accepting(loop);
            return;
        }
        atomic_fetch_add(&server->connections, 1);
        add_connection(loop, socket, &address);
    }
}

/* ---- the loop ---- */

static void handle_event(struct http_connection *connection, uint32_t events)
{
    connection->hung_up |= (events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0;
    connection->readable |= connection->hung_up || (events & EPOLLIN) != 0;
    if (connection->state == CONNECTION_HANDLING)
        return; /* only these two are the loop's while the application has the exchange */
    if (!connection_advance(connection))
        connection_free(connection);
}

/* Accepting comes last: it may free a connection that has an event in the same batch. */
static void handle_events(struct http_loop *loop, const struct epoll_event *events, int count)
{
    bool arrivals = false;
    for (int i = 0; i < count; i++) {
        uint64_t wakeups;
        if (events[i].data.ptr == loop->server)
            arrivals = true;
        else if (events[i].data.ptr != loop)
            handle_event(events[i].data.ptr, events[i].events);
        else if (read(loop->wakeup, &wakeups, sizeof wakeups) < 0)
            continue; /* somebody woke us twice */
    }
    if (arrivals)
        accept_some(loop);
}

/* What is replied to meanwhile waits for the next turn: no peer that sends ahead keeps the loop to itself. */
static void handle_replied(struct http_loop *loop)
{
    for (struct http_connection *list = take_replied(loop), *next; list != NULL; list = next) {
        next = list->next_replied;
        if (!connection_replied(list))
            connection_free(list);
    }
}

static void handle_deadlines(struct http_loop *loop)
{
    struct heap_node *node;
    int64_t now = clock_monotonic_ms();
    while ((node = heap_first(&loop->deadlines)) != NULL && node->moment <= now) {
        struct http_connection *connection =
            (struct http_connection *)((char *)node - offsetof(struct http_connection, deadline));
        heap_remove(&loop->deadlines, node);
        if (!connection_expired(connection))
            connection_free(connection);
    }
    if (loop->listen_again != 0 && now >= loop->listen_again) {
        loop->listen_again = 0;
        watch_listener(loop, !atomic_load(&loop->server->quiescing));
    }
}

static bool has_replied(struct http_loop *loop)
{
    pthread_mutex_lock(&loop->lock);
    bool some = loop->replied != NULL;
    pthread_mutex_unlock(&loop->lock);
    return some;
}

static int wait_ms(struct http_loop *loop)
{
    if (has_replied(loop))
        return 0;
    const struct heap_node *first = heap_first(&loop->deadlines);
    int64_t until = first != NULL ? first->moment : INT64_MAX;
    if (loop->listen_again != 0 && loop->listen_again < until)
        until = loop->listen_again;
    if (until == INT64_MAX)
        return -1;
    int64_t left = until - clock_monotonic_ms();
    return left < 0 ? 0 : left > 60000 ? 60000 : (int)left;
}

/* Connections that wait for a request are closed; the others end with their reply. */
static void close_idle(struct http_loop *loop)
{
    for (struct http_connection *connection = loop->connections, *next; connection != NULL; connection = next) {
        next = connection->next;
        if (connection_is_idle(connection))
            connection_free(connection);
    }
}

static void *run_loop(void *argument)
{
    struct http_loop *loop = argument;
    struct epoll_event events[EVENTS_AT_ONCE];
    own_loop = loop;
    while (!atomic_load(&loop->server->stopping)) {
        int count = epoll_wait(loop->epoll, events, EVENTS_AT_ONCE, wait_ms(loop));
        handle_events(loop, events, count);
        handle_replied(loop);
        handle_deadlines(loop);
        if (atomic_load_explicit(&loop->server->quiescing, memory_order_relaxed)) {
            watch_listener(loop, false);
            close_idle(loop);
        }
    }
    return NULL;
}

/* ---- start and stop ---- */

static int open_listener(const char *host, uint16_t port, struct error *error)
{
    char service[8];
    struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE}, *found;
    snprintf(service, sizeof service, "%u", port);
    int problem = getaddrinfo(host, service, &hints, &found);
    if (problem != 0) {
        error_set(error, ERROR_UNREACHABLE, "cannot listen on %s:%u: %s", host, port, gai_strerror(problem));
        return -1;
    }
    int on = 1, listener = socket(found->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (listener >= 0)
        setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (listener < 0 || bind(listener, found->ai_addr, found->ai_addrlen) != 0 || listen(listener, LISTEN_BACKLOG) != 0) {
        error_set(error, ERROR_UNREACHABLE, "cannot listen on %s:%u: %s", host, port, strerror(errno));
        if (listener >= 0)
            close(listener);
        listener = -1;
    }
    freeaddrinfo(found);
    return listener;
}

void http_server_address(const struct http_server *server, struct sockaddr_storage *address)
{
    socklen_t size = sizeof *address;
    getsockname(server->listener, (struct sockaddr *)address, &size);
}

static uint16_t port_of(int listener)
{
    struct sockaddr_storage address;
    socklen_t size = sizeof address;
    getsockname(listener, (struct sockaddr *)&address, &size);
    return ntohs(address.ss_family == AF_INET6 ? ((struct sockaddr_in6 *)&address)->sin6_port
                                               : ((struct sockaddr_in *)&address)->sin_port);
}

static void free_loop(struct http_loop *loop)
{
    while (loop->connections != NULL)
        connection_free(loop->connections);
    heap_free(&loop->deadlines);
    pthread_mutex_destroy(&loop->lock);
    close(loop->epoll);
    close(loop->wakeup);
}

static bool start_loop(struct http_server *server, struct http_loop *loop)
{
    loop->server = server;
    loop->epoll = epoll_create1(EPOLL_CLOEXEC);
    loop->wakeup = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    pthread_mutex_init(&loop->lock, NULL);
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = loop};
    if (loop->epoll >= 0 && loop->wakeup >= 0 && epoll_ctl(loop->epoll, EPOLL_CTL_ADD, loop->wakeup, &event) == 0) {
        watch_listener(loop, true);
        if (thread_start(&loop->thread, "http", run_loop, loop))
            return true;
    }
    free_loop(loop);
    return false;
}

struct http_server *http_server_start(const char *host, uint16_t port, unsigned loops,
                                      struct http_application application, struct error *error)
{
    int listener = open_listener(host, port, error);
    if (listener < 0)
        return NULL;
    struct http_server *server = NEW(struct http_server);
    server->application = application;
    server->listener = listener;
    server->port = port_of(listener);
    server->loops = memory_allocate_zeroed(loops * sizeof *server->loops);
    while (server->loop_count < loops && start_loop(server, &server->loops[server->loop_count]))
        server->loop_count++;
    if (server->loop_count == loops)
        return server;
    http_server_stop(server, 0);
    error_set(error, ERROR_INTERNAL, "no thread or descriptor for the server");
    return NULL;
}

uint16_t http_server_port(const struct http_server *server)
{
    return server->port;
}

struct http_server_counts http_server_counts(struct http_server *server)
{
    return (struct http_server_counts){atomic_load(&server->connections), atomic_load(&server->requests),
                                       atomic_load(&server->refused), atomic_load(&server->body_bytes)};
}

void http_server_quiesce(struct http_server *server)
{
    atomic_store(&server->quiescing, true);
    for (unsigned i = 0; i < server->loop_count; i++)
        wake(&server->loops[i]);
}

/* Nothing is being handled and no reply is half sent. */
static bool is_quiet(struct http_server *server)
{
    return atomic_load(&server->exchanges) == 0 && atomic_load(&server->connections) == 0;
}

void http_server_stop(struct http_server *server, int64_t timeout_ms)
{
    int64_t give_up = clock_monotonic_ms() + timeout_ms;
    http_server_quiesce(server);
    while (!is_quiet(server) && clock_monotonic_ms() < give_up) {
        usleep(STOP_POLL_MS * 1000);
        if (atomic_load(&server->exchanges) == 0 && clock_monotonic_ms() > give_up - timeout_ms / 2)
            break; /* only peers that neither read nor close are left */
    }
    atomic_store(&server->stopping, true);
    for (unsigned i = 0; i < server->loop_count; i++) {
        wake(&server->loops[i]);
        pthread_join(server->loops[i].thread, NULL);
    }
    close(server->listener);
    if (atomic_load(&server->exchanges) != 0) {
        log_warn("%lld requests were not answered in time", (long long)atomic_load(&server->exchanges));
        return; /* their replies may still come: the memory must stay */
    }
    for (unsigned i = 0; i < server->loop_count; i++)
        free_loop(&server->loops[i]);
    free(server->loops);
    free(server);
}
