#include "http/accept.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "base/limits.h"

enum { AT_ONCE = 64, PAUSE_MS = 50 };

static void name_peer(const struct sockaddr_storage *address, char *out, size_t size)
{
    const struct sockaddr_in6 *six = (const struct sockaddr_in6 *)address;
    const void *bytes = address->ss_family == AF_INET6 ? (const void *)&six->sin6_addr
                                                       : &((const struct sockaddr_in *)address)->sin_addr;
    int family = address->ss_family;
    if (family == AF_INET6 && IN6_IS_ADDR_V4MAPPED(&six->sin6_addr)) {
        family = AF_INET;
        bytes = &six->sin6_addr.s6_addr[12];
    }
    if (inet_ntop(family, bytes, out, (socklen_t)size) == NULL)
        out[0] = '\0';
}

void accept_watch(struct http_server *server, bool on)
{
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = server};
    if (on != server->listening &&
        epoll_ctl(server->loops[0].epoll, on ? EPOLL_CTL_ADD : EPOLL_CTL_DEL, server->listener, &event) == 0)
        server->listening = on;
}

/* Leaves the others in the kernel's queue for a moment instead of spinning. */
static void pause_accepting(struct http_server *server)
{
    accept_watch(server, false);
    server->listen_again = server->loops[0].now_ms + PAUSE_MS;
}

void accept_resume(struct http_server *server)
{
    if (server->listen_again == 0 || server->loops[0].now_ms < server->listen_again)
        return;
    server->listen_again = 0;
    accept_watch(server, true);
}

/* Closes this loop's connection that has been idle for longest. The other loops' cannot be touched from here. */
static bool make_room(struct http_loop *loop)
{
    struct http_connection *oldest = NULL;
    for (struct http_connection *connection = loop->connections; connection != NULL; connection = connection->next) {
        if (connection_is_idle(connection) &&
            (oldest == NULL || connection->deadline.moment < oldest->deadline.moment))
            oldest = connection;
    }
    if (oldest != NULL)
        connection_free(oldest);
    return oldest != NULL;
}

void accept_waiting(struct http_server *server)
{
    struct http_loop *first = &server->loops[0];
    for (int i = 0; i < AT_ONCE; i++) {
        struct http_loop *loop = &server->loops[server->next_loop];
        struct sockaddr_storage address;
        socklen_t size = sizeof address;
        if (atomic_load(&server->connections) >= limits.connections) {
            if (!make_room(first)) {
                pause_accepting(server);
                return;
            }
            loop = first;
        }
        int on = 1, socket = accept4(server->listener, (struct sockaddr *)&address, &size, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (socket < 0) {
            if (errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR && errno != ECONNABORTED)
                pause_accepting(server); /* out of descriptors or of memory */
            return;
        }
        setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        struct http_connection *connection = connection_new(loop, socket);
        name_peer(&address, connection->peer, sizeof connection->peer);
        server->next_loop = (server->next_loop + 1) % server->loop_count;
        loop_post(loop, connection);
    }
}
