/* libcurl asks us to watch sockets and a timer. */
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/memory.h"
#include "http/client_parts.h"

struct interest *client_interest(struct http_client *client, curl_socket_t socket)
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

void client_tell_epoll(struct http_client *client, curl_socket_t socket, struct interest *interest, int what)
{
    struct epoll_event event = {
        .events = (what & CURL_POLL_IN ? EPOLLIN : 0u) | (what & CURL_POLL_OUT ? EPOLLOUT : 0u), .data.u64 = (uint64_t)socket};
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
    struct interest *interest = client_interest(client, socket);
    interest->wanted = what == CURL_POLL_REMOVE ? 0 : (uint8_t)(what & CURL_POLL_INOUT);
    bool as_before = interest->wanted == interest->watched || (interest->wanted == 0 && interest->kept);
    if (!as_before)
        client_tell_epoll(client, socket, interest, interest->wanted);
    return 0;
}

/* Before a name is looked up, for an address too; what is remembered needs no lookup, and was allowed then. */
static int start_lookup(void *resolver, void *reserved, void *context)
{
    (void)resolver;
    (void)reserved;
    struct transfer *transfer = context;
    transfer->lookup_us = clock_monotonic_us();
    return egress_name_is_allowed(transfer->client->egress, transfer_url(transfer), transfer->refusal) ? 0 : 1;
}

/* A proxy is the operator's to choose; what it connects to is known by its name only. */
static bool may_connect(struct transfer *transfer, const struct sockaddr *address)
{
    const struct egress *egress = transfer->client->egress;
    return transfer->direct ? egress_connect_is_allowed(egress, transfer_url(transfer), address, transfer->refusal)
                            : egress_name_is_allowed(egress, transfer_url(transfer), transfer->refusal);
}

/* libcurl would try the next address when the half of the time for connecting is over: nothing else would wake it. */
static void go_on_at_once(CURL *easy)
{
    curl_easy_pause(easy, CURLPAUSE_ALL);
    curl_easy_pause(easy, CURLPAUSE_CONT);
}

/* For each address that is tried. Should it be refused, libcurl tries the name's next one. */
static curl_socket_t open_socket(void *context, curlsocktype purpose, struct curl_sockaddr *address)
{
    (void)purpose;
    struct transfer *transfer = context;
    if (!may_connect(transfer, &address->addr)) {
        go_on_at_once(transfer->easy);
        return CURL_SOCKET_BAD;
    }
    transfer->tried = true;
    int opened = socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
    if (opened < 0)
        return CURL_SOCKET_BAD;
    *client_interest(transfer->client, opened) = (struct interest){.kept = true, .opener = transfer};
    transfer->sockets[1] = transfer->sockets[0];
    transfer->sockets[0] = opened;
    return opened;
}

/* Before each request, also on a connection that was kept. */
static int start_request(void *context, char *address, char *own_address, int port, int own_port)
{
    (void)own_address;
    (void)own_port;
    struct transfer *transfer = context;
    const struct egress *egress = transfer->client->egress;
    const char *url = transfer_url(transfer);
    if (transfer->direct ? egress_request_is_allowed(egress, url, address, (uint16_t)port, transfer->refusal)
                         : egress_name_is_allowed(egress, url, transfer->refusal))
        return CURL_PREREQFUNC_OK;
    transfer->tried = false;
    return CURL_PREREQFUNC_ABORT;
}

/* The kernel takes a closed socket out of epoll; its number may come back as another's. */
static int close_socket(void *context, curl_socket_t socket)
{
    struct http_client *client = context;
    *client_interest(client, socket) = (struct interest){0};
    return close(socket);
}

static int set_timer(CURLM *multi, long timeout_ms, void *context)
{
    (void)multi;
    struct http_client *client = context;
    client->timer_us = timeout_ms < 0 ? -1 : clock_monotonic_us() + (int64_t)timeout_ms * 1000;
    return 0;
}

void client_watch(struct http_client *client)
{
    curl_multi_setopt(client->multi, CURLMOPT_SOCKETFUNCTION, watch_socket);
    curl_multi_setopt(client->multi, CURLMOPT_SOCKETDATA, client);
    curl_multi_setopt(client->multi, CURLMOPT_TIMERFUNCTION, set_timer);
    curl_multi_setopt(client->multi, CURLMOPT_TIMERDATA, client);
}

void client_watch_connections(struct transfer *transfer)
{
    CURL *easy = transfer->easy;
    curl_easy_setopt(easy, CURLOPT_RESOLVER_START_FUNCTION, start_lookup);
    curl_easy_setopt(easy, CURLOPT_RESOLVER_START_DATA, transfer);
    curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, open_socket);
    curl_easy_setopt(easy, CURLOPT_OPENSOCKETDATA, transfer);
    curl_easy_setopt(easy, CURLOPT_PREREQFUNCTION, start_request);
    curl_easy_setopt(easy, CURLOPT_PREREQDATA, transfer);
    curl_easy_setopt(easy, CURLOPT_CLOSESOCKETFUNCTION, close_socket);
    curl_easy_setopt(easy, CURLOPT_CLOSESOCKETDATA, transfer->client); /* it may outlive the transfer */
}
