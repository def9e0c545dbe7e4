/* The HTTP client against a server of a few lines: connections are kept, and their end is noticed. */
#include "case.h"

#include <arpa/inet.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/limits.h"
#include "http/client.h"

enum { MOST_CONNECTIONS = 64, CALLS_AT_ONCE = 8, TIMEOUT_MS = 10000 };

/* Answers every request with its head as the body. */
struct server {
    pthread_t thread;
    int listener, stop[2];
    uint16_t port;
    bool closes;       /* a connection after its reply, which does not say so */
    bool tires;        /* takes a second request on a connection and ends it without a reply */
    _Atomic int accepted, closed, requests;
};

/* False when the connection is over. `before`: requests on it. */
static bool answer(struct server *server, int socket, int before)
{
    char head[8192], reply[9216];
    size_t size = 0;
    while (size < sizeof head - 1) {
        ssize_t got = recv(socket, head + size, sizeof head - 1 - size, 0);
        if (got <= 0)
            return false;
        size += (size_t)got;
        head[size] = '\0';
        if (strstr(head, "\r\n\r\n") != NULL)
            break;
    }
    server->requests++;
    if (server->tires && before > 0)
        return false;
    int length = snprintf(reply, sizeof reply, "HTTP/1.1 200 OK\r\ncontent-length: %zu\r\n\r\n%s", size, head);
    return send(socket, reply, (size_t)length, MSG_NOSIGNAL) == length && !server->closes;
}

static void *serve(void *argument)
{
    struct server *server = argument;
    int requests[MOST_CONNECTIONS + 2] = {0};
    struct pollfd sockets[MOST_CONNECTIONS + 2] = {{server->stop[0], POLLIN, 0}, {server->listener, POLLIN, 0}};
    nfds_t count = 2;
    while (poll(sockets, count, -1) > 0 && sockets[0].revents == 0) {
        for (nfds_t i = 2; i < count; i++) {
            if (sockets[i].revents != 0 && !answer(server, sockets[i].fd, requests[i]++)) {
                close(sockets[i].fd);
                server->closed++;
                requests[i] = requests[count - 1];
                sockets[i--] = sockets[--count];
            }
        }
        if (sockets[1].revents != 0 && count < MOST_CONNECTIONS + 2) {
            requests[count] = 0;
            sockets[count++] = (struct pollfd){accept(server->listener, NULL, NULL), POLLIN, 0};
            server->accepted++;
        }
    }
    for (nfds_t i = 2; i < count; i++)
        close(sockets[i].fd);
    return NULL;
}

static void start_server(struct server *server)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    server->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(server->listener, (struct sockaddr *)&address, size), 0);
    assert_int_equal(listen(server->listener, MOST_CONNECTIONS), 0);
    getsockname(server->listener, (struct sockaddr *)&address, &size);
    server->port = ntohs(address.sin_port);
    assert_int_equal(pipe(server->stop), 0);
    assert_int_equal(pthread_create(&server->thread, NULL, serve, server), 0);
}

static void stop_server(struct server *server)
{
    assert_int_equal(write(server->stop[1], "x", 1), 1);
    pthread_join(server->thread, NULL);
    close(server->listener);
    close(server->stop[0]);
    close(server->stop[1]);
}

static int done_calls, good_calls;

static void count_call(struct http_call *call)
{
    done_calls++;
    good_calls += call->failure == HTTP_OK && call->status == 200;
    if (call->failure != HTTP_OK)
        print_error("%s\n", call->failure_text);
}

static void keep_body(struct http_call *call)
{
    struct text body = call->failure == HTTP_OK ? call->response_body : text_of(call->failure_text);
    snprintf(call->user, 8193, "%.*s", TEXT_ARGS(body));
}

static struct http_call a_call(const char *url)
{
    return (struct http_call){.method = "GET", .url = url, .timeout_ms = TIMEOUT_MS, .connect_timeout_ms = TIMEOUT_MS,
                              .response_keep_bytes = 8192, .response_read_bytes = 8192, .done = count_call};
}

static struct http_client *create_client(void)
{
    struct error error = {0};
    struct http_client *client = http_client_create(NULL, &error);
    if (client == NULL)
        fail_msg("%s", error.message);
    return client;
}

/* Makes so many calls at once and waits for them. */
static void make_calls(struct http_client *client, const char *url, int count)
{
    struct http_call calls[CALLS_AT_ONCE];
    done_calls = good_calls = 0;
    for (int i = 0; i < count; i++) {
        calls[i] = a_call(url);
        http_client_start(client, &calls[i]);
    }
    while (done_calls < count)
        http_client_run(client, -1);
    assert_int_equal(good_calls, count);
}

static void connections_are_used_again(void **state)
{
    (void)state;
    char url[64];
    struct server server = {0};
    start_server(&server);
    struct http_client *client = create_client();
    snprintf(url, sizeof url, "http://127.0.0.1:%u/", server.port);
    for (int round = 0; round < 20; round++)
        make_calls(client, url, CALLS_AT_ONCE);
    assert_in_range(server.accepted, 1, CALLS_AT_ONCE);
    http_client_free(client);
    stop_server(&server);
}

/* Their descriptors come back as those of the next connections, and what the resolver used, too. */
static void connections_that_were_closed_are_replaced(void **state)
{
    (void)state;
    static const char *const hosts[] = {"127.0.0.1", "localhost"};
    for (size_t i = 0; i < COUNT(hosts); i++) {
        char url[64];
        struct server server = {.closes = true};
        start_server(&server);
        struct http_client *client = create_client();
        snprintf(url, sizeof url, "http://%s:%u/", hosts[i], server.port);
        for (int round = 1; round <= 20; round++) {
            make_calls(client, url, 1 + round % CALLS_AT_ONCE);
            while (server.closed < server.accepted)
                usleep(100);
        }
        assert_in_range(server.accepted, 20, 20 * CALLS_AT_ONCE);
        http_client_free(client);
        stop_server(&server);
    }
}

static void only_what_was_named_is_sent(void **state)
{
    (void)state;
    char url[64], expected[256];
    static char body[8193];
    struct server server = {0};
    start_server(&server);
    struct http_client *client = create_client();
    snprintf(url, sizeof url, "http://127.0.0.1:%u/p?q", server.port);
    snprintf(expected, sizeof expected, "GET /p?q HTTP/1.1\r\nHost: 127.0.0.1:%u\r\nAccept-Encoding: ", server.port);
    const struct http_header headers[] = {{TEXT("x-one"), TEXT("1")}, {TEXT("x-empty"), TEXT("")},
                                          {TEXT("User-Agent"), TEXT("them")}};
    for (int way = 0; way < 2; way++) { /* calls that nobody waits for are libcurl's */
        struct http_call call = a_call(url);
        call.headers = headers;
        call.header_count = COUNT(headers);
        call.done = way == 0 ? NULL : keep_body;
        call.user = body;
        http_client_perform(client, &call);
        assert_int_equal(call.status, 200);
        struct text sent = way == 0 ? call.response_body : text_of(body);
        assert_int_equal(text_find(sent, TEXT(", br")) > 0, way == 0);
        assert_true(text_starts_with(sent, text_of(expected)));
        assert_true(text_ends_with(sent, TEXT("\r\nx-one: 1\r\nx-empty:\r\nUser-Agent: them\r\n\r\n")));
        assert_int_equal(text_find(sent, TEXT("Accept: ")), -1);
    }
    http_client_free(client);
    stop_server(&server);
}

/* Whether a request came by libcurl is seen by what it can decompress. */
static bool came_by_libcurl(struct http_client *client, const char *url, const struct http_header *header)
{
    static char body[8193];
    struct http_call call = a_call(url);
    call.user = body;
    call.done = keep_body;
    call.headers = header;
    call.header_count = header != NULL;
    body[0] = '\0';
    http_client_start(client, &call);
    while (body[0] == '\0')
        http_client_run(client, -1);
    assert_true(strncmp(body, "GET ", 4) == 0);
    return strstr(body, ", br") != NULL;
}

static void what_is_special_is_left_to_libcurl(void **state)
{
    static const struct {
        const char *host, *rest;
        struct http_header header;
        bool by_libcurl;
    } rows[] = {
        {"http://127.0.0.1", "", {{0}, {0}}, false},
        {"http://127.0.0.1", "/a/b.c?d=../e", {{0}, {0}}, false},
        {"http://127.0.0.1", "?a", {{0}, {0}}, false},
        {"http://127.0.0.1", "/", {{"X-One", 5}, {"1", 1}}, false},
        {"http://127.0.0.1", "/", {{"Host", 4}, {"them", 4}}, true},
        {"http://127.0.0.1", "/", {{"Connection", 10}, {"close", 5}}, true},
        {"http://127.0.0.1", "/a#b", {{0}, {0}}, true},
        {"http://127.0.0.1", "/a/../b", {{0}, {0}}, true},
        {"http://127.0.0.1", "/a/%2e%2e/b", {{0}, {0}}, true},
        {"http://127.1", "/", {{0}, {0}}, true},
        {"http://2130706433", "/", {{0}, {0}}, true},
        {"http://0x7f.0.0.1", "/", {{0}, {0}}, true},
        {"http://somebody@127.0.0.1", "/", {{0}, {0}}, true},
        {"HTTP://127.0.0.1", "/", {{0}, {0}}, true},
    };
    struct server server = {0};
    (void)state;
    start_server(&server);
    struct http_client *client = create_client();
    for (size_t i = 0; i < COUNT(rows); i++) {
        char url[128];
        snprintf(url, sizeof url, "%s:%u%s", rows[i].host, server.port, rows[i].rest);
        if (came_by_libcurl(client, url, rows[i].header.name.size > 0 ? &rows[i].header : NULL) != rows[i].by_libcurl)
            fail_msg("%s", url);
    }
    http_client_free(client);
    stop_server(&server);
}

/* libcurl looks a name up, and the address that it came to is used from then on. */
static void names_are_learnt(void **state)
{
    char url[64];
    struct server server = {0};
    (void)state;
    start_server(&server);
    struct http_client *client = create_client();
    snprintf(url, sizeof url, "http://localhost:%u/", server.port);
    assert_true(came_by_libcurl(client, url, NULL));
    for (int i = 0; i < 3; i++)
        assert_false(came_by_libcurl(client, url, NULL));
    assert_int_equal(server.accepted, 2);
    http_client_free(client);
    stop_server(&server);
}

/* A kept connection that ends with the request: it is sent anew on another one, once. */
static void requests_on_lost_connections_are_sent_anew(void **state)
{
    char url[64];
    struct server server = {.tires = true};
    (void)state;
    start_server(&server);
    struct http_client *client = create_client();
    snprintf(url, sizeof url, "http://127.0.0.1:%u/", server.port);
    for (int i = 0; i < 10; i++)
        make_calls(client, url, 1);
    assert_int_equal(server.accepted, 10);
    assert_int_equal(server.requests, 19);
    http_client_free(client);
    stop_server(&server);
}

static void connections_to_a_host_are_bounded(void **state)
{
    char url[64];
    struct server server = {0};
    int64_t before = limits.delivery_host_connections;
    (void)state;
    limits.delivery_host_connections = 2;
    start_server(&server);
    struct http_client *client = create_client();
    snprintf(url, sizeof url, "http://127.0.0.1:%u/", server.port);
    for (int round = 0; round < 20; round++)
        make_calls(client, url, CALLS_AT_ONCE);
    assert_in_range(server.accepted, 1, 2);
    http_client_free(client);
    stop_server(&server);
    limits.delivery_host_connections = before;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(connections_are_used_again),
        cmocka_unit_test(connections_that_were_closed_are_replaced),
        cmocka_unit_test(only_what_was_named_is_sent),
        cmocka_unit_test(what_is_special_is_left_to_libcurl),
        cmocka_unit_test(names_are_learnt),
        cmocka_unit_test(requests_on_lost_connections_are_sent_anew),
        cmocka_unit_test(connections_to_a_host_are_bounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
