#include "http/loop.h"

#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/memory.h"
#include "http/accept.h"

enum { EVENTS_AT_ONCE = 256, LONGEST_WAIT_MS = 60000 };

static _Thread_local const struct http_loop *own_loop; /* set on the loops' threads */

/* ---- mail ---- */

void loop_wake(struct http_loop *loop)
{
    uint64_t one = 1;
    ssize_t written = write(loop->wakeup, &one, sizeof one);
    (void)written; /* full means that it is awake already */
}

static void drop_mail(struct http_connection *connection)
{
    struct http_server *server = connection->loop->server;
    bool was_handled = connection->state == CONNECTION_HANDLING;
    connection_free(connection);
    if (was_handled)
        server_release(server);
}

void loop_post(struct http_loop *loop, struct http_connection *connection)
{
    connection->next_mail = NULL;
    pthread_mutex_lock(&loop->lock);
    bool first = loop->mail == NULL, ended = loop->ended;
    if (ended) {
        /* The reply has nobody to go to. Under the lock: replies of other threads end here, too. */
        connection->broken = true;
    } else if (first) {
        loop->mail = loop->last_mail = connection;
    } else {
        loop->last_mail->next_mail = connection;
        loop->last_mail = connection;
    }
    if (!ended && first && own_loop != loop)
        loop_wake(loop);
    pthread_mutex_unlock(&loop->lock);
    if (ended)
        drop_mail(connection);
}

static struct http_connection *take_mail(struct http_loop *loop)
{
    pthread_mutex_lock(&loop->lock);
    struct http_connection *mail = loop->mail;
    loop->mail = loop->last_mail = NULL;
    pthread_mutex_unlock(&loop->lock);
    return mail;
}

static bool has_mail(struct http_loop *loop)
{
    pthread_mutex_lock(&loop->lock);
    bool some = loop->mail != NULL;
    pthread_mutex_unlock(&loop->lock);
    return some;
}

static bool take_in(struct http_connection *connection)
{
    struct epoll_event event = {.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET, .data.ptr = connection};
    return epoll_ctl(connection->loop->epoll, EPOLL_CTL_ADD, connection->stream.socket, &event) == 0 &&
           connection_arrived(connection);
}

/* What comes while this goes on waits for the next turn, so that no peer keeps the loop to itself. */
static void handle_mail(struct http_loop *loop)
{
    struct http_connection *next;
    for (struct http_connection *connection = take_mail(loop); connection != NULL; connection = next) {
        next = connection->next_mail;
        bool arriving = connection->state == CONNECTION_ARRIVING;
        if (!(arriving ? take_in(connection) : connection_replied(connection)))
            connection_free(connection);
        if (!arriving)
            server_release(loop->server);
    }
}

/* ---- a turn of the loop ---- */

static void handle_event(struct http_connection *connection, uint32_t events)
{
    if (events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR))
        connection->hung_up = true;
    if (events & (EPOLLIN | EPOLLRDHUP | EPOLLHUP | EPOLLERR))
        connection->readable = true;
    if (connection->state != CONNECTION_HANDLING && !connection_advance(connection))
        connection_free(connection);
}

static void handle_events(struct http_loop *loop, const struct epoll_event *events, int count)
{
    for (int i = 0; i < count; i++) {
        uint64_t wakeups;
        if (events[i].data.ptr == loop->server)
            accept_waiting(loop->server);
        else if (events[i].data.ptr != loop)
            handle_event(events[i].data.ptr, events[i].events);
        else if (read(loop->wakeup, &wakeups, sizeof wakeups) < 0)
            continue; /* somebody woke us twice */
    }
}

static void handle_deadlines(struct http_loop *loop)
{
    struct heap_node *node;
    while ((node = heap_first(&loop->deadlines)) != NULL && node->moment <= loop->now_ms) {
        struct http_connection *connection =
            (struct http_connection *)((char *)node - offsetof(struct http_connection, deadline));
        heap_remove(&loop->deadlines, node);
        if (!connection_expired(connection))
            connection_free(connection);
    }
}

/* Connections between two requests are closed, unless the next one has just come in. The others end with their reply. */
static void close_idle(struct http_loop *loop)
{
    struct http_connection *next;
    for (struct http_connection *connection = loop->connections; connection != NULL; connection = next) {
        next = connection->next;
        if (!connection_is_idle(connection))
            continue;
        connection->readable = true;
        if (!connection_advance(connection) || connection_is_idle(connection))
            connection_free(connection);
    }
}

static int wait_ms(struct http_loop *loop)
{
    const struct heap_node *first = heap_first(&loop->deadlines);
    int64_t until = first != NULL ? first->moment : INT64_MAX;
    if (loop == loop->server->loops && loop->server->listen_again != 0 && loop->server->listen_again < until)
        until = loop->server->listen_again;
    if (has_mail(loop))
        return 0;
    int64_t left = until - clock_monotonic_ms();
    return left < 0 ? 0 : left > LONGEST_WAIT_MS ? LONGEST_WAIT_MS : (int)left;
}

static void *run(void *argument)
{
    struct http_loop *loop = argument;
    struct http_server *server = loop->server;
    struct epoll_event events[EVENTS_AT_ONCE];
    own_loop = loop;
    while (!atomic_load(&server->stopping)) {
        int count = epoll_wait(loop->epoll, events, EVENTS_AT_ONCE, wait_ms(loop));
        bool quiescing = atomic_load(&server->quiescing), first = loop == server->loops;
        loop->now_ms = clock_monotonic_ms();
        if (first && quiescing) {
            server->listen_again = 0;
            accept_watch(server, false);
        }
        handle_events(loop, events, count);
        handle_mail(loop);
        handle_deadlines(loop);
        if (quiescing)
            close_idle(loop);
        else if (first)
            accept_resume(server);
    }
    return NULL;
}

/* ---- life ---- */

bool loop_open(struct http_loop *loop, struct http_server *server)
{
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = loop};
    loop->server = server;
    pthread_mutex_init(&loop->lock, NULL);
    loop->now_ms = clock_monotonic_ms();
    loop->space = memory_allocate(LOOP_SPACE);
    loop->epoll = epoll_create1(EPOLL_CLOEXEC);
    loop->wakeup = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    return loop->epoll >= 0 && loop->wakeup >= 0 &&
           epoll_ctl(loop->epoll, EPOLL_CTL_ADD, loop->wakeup, &event) == 0;
}

bool loop_start(struct http_loop *loop)
{
    loop->started = pthread_create(&loop->thread, NULL, run, loop) == 0;
    return loop->started;
}

void loop_end(struct http_loop *loop)
{
    struct http_connection *next;
    pthread_mutex_lock(&loop->lock);
    loop->ended = true;
    pthread_mutex_unlock(&loop->lock);
    for (struct http_connection *connection = take_mail(loop); connection != NULL; connection = next) {
        next = connection->next_mail;
        drop_mail(connection);
    }
    pthread_mutex_lock(&loop->lock); /* replies that come now free their connections, too */
    for (struct http_connection *connection = loop->connections; connection != NULL; connection = next) {
        next = connection->next;
        if (connection->state != CONNECTION_HANDLING)
            connection_free(connection);
    }
    pthread_mutex_unlock(&loop->lock);
}

void loop_free(struct http_loop *loop)
{
    heap_free(&loop->deadlines);
    pthread_mutex_destroy(&loop->lock);
    free(loop->space);
    if (loop->epoll >= 0)
        close(loop->epoll);
    if (loop->wakeup >= 0)
        close(loop->wakeup);
}
