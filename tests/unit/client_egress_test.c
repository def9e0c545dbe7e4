/*
 * The HTTP client under an egress policy: what is refused is never connected to, whatever a name server says and however
 * often it changes its mind. The name server is getaddrinfo in this program, which libcurl finds before the system's.
 */
#include "case.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "http/client.h"
#include "http/egress.h"

enum { TIMEOUT_MS = 10000, MOST_ANSWERS = 4, MOST_ADDRESSES = 4 };

/* ---- the name server ---- */

/* What it says the first time, the second and so on; the last is said for ever. */
static struct name {
    const char *name;
    const char *answers[MOST_ANSWERS][MOST_ADDRESSES];
    _Atomic int lookups;
} names[] = {
    {"good.test", {{"127.0.0.1"}}, 0},
    {"metadata.test", {{"169.254.169.254"}}, 0},
    {"mapped.test", {{"::ffff:169.254.169.254", "64:ff9b::169.254.169.254", "2002:a9fe:a9fe::1"}}, 0},
    {"wide.test", {{"::1", "::ffff:127.0.0.1", "64:ff9b::a9fe:a9fe", "fd00:ec2::254"}}, 0},
    {"mixed.test", {{"169.254.169.254", "fe80::1", "127.0.0.1"}}, 0},
    {"rebinding.test", {{"127.0.0.1"}, {"169.254.169.254"}, {"127.0.0.2"}, {"0.0.0.0"}}, 0},
    {"denied.test", {{"127.0.0.1"}}, 0},
};

static struct name *find_name(const char *name)
{
    for (size_t i = 0; i < COUNT(names); i++) {
        if (strcmp(names[i].name, name) == 0)
            return &names[i];
    }
    return NULL;
}

static struct addrinfo *an_answer(const char *text, uint16_t port, struct addrinfo *next)
{
    struct answer {
        struct addrinfo info;
        struct sockaddr_storage address;
    } *answer = calloc(1, sizeof *answer);
    struct sockaddr_in *ipv4 = (struct sockaddr_in *)&answer->address;
    struct sockaddr_in6 *ipv6 = (struct sockaddr_in6 *)&answer->address;
    bool is_ipv4 = inet_pton(AF_INET, text, &ipv4->sin_addr) == 1;
    if (is_ipv4)
        *ipv4 = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons(port), .sin_addr = ipv4->sin_addr};
    else
        *ipv6 = (struct sockaddr_in6){.sin6_family = AF_INET6, .sin6_port = htons(port)};
    if (!is_ipv4)
        assert_int_equal(inet_pton(AF_INET6, text, &ipv6->sin6_addr), 1);
    answer->info = (struct addrinfo){.ai_family = is_ipv4 ? AF_INET : AF_INET6, .ai_socktype = SOCK_STREAM,
                                     .ai_protocol = IPPROTO_TCP, .ai_addr = (struct sockaddr *)&answer->address,
                                     .ai_addrlen = is_ipv4 ? sizeof *ipv4 : sizeof *ipv6, .ai_next = next};
    return &answer->info;
}

int getaddrinfo(const char *restrict node, const char *restrict service, const struct addrinfo *restrict hints,
                struct addrinfo **restrict found)
{
    (void)hints;
    struct name *name = find_name(node);
    *found = NULL;
    if (name == NULL)
        return EAI_NONAME;
    int turn = name->lookups++;
    const char **answer = name->answers[turn < MOST_ANSWERS ? turn : MOST_ANSWERS - 1];
    while (answer[0] == NULL)
        answer -= MOST_ADDRESSES;
    for (size_t i = MOST_ADDRESSES; i-- > 0;) {
        if (answer[i] != NULL)
            *found = an_answer(answer[i], (uint16_t)strtol(service, NULL, 10), *found);
    }
    return 0;
}

void freeaddrinfo(struct addrinfo *found)
{
    while (found != NULL) {
        struct addrinfo *next = found->ai_next;
        free(found);
        found = next;
    }
}

/* ---- a server on all of this machine's addresses, which counts its connections ---- */

static struct {
    pthread_t thread;
    int listener, stop[2];
    uint16_t port;
    _Atomic int accepted;
} server;

static void answer(int socket)
{
    static const char reply[] = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";
    char head[4096];
    ssize_t size;
    struct pollfd ready[] = {{server.stop[0], POLLIN, 0}, {socket, POLLIN, 0}};
    while (poll(ready, 2, -1) > 0 && ready[0].revents == 0 && (size = recv(socket, head, sizeof head - 1, 0)) > 0) {
        head[size] = '\0';
        assert_non_null(strstr(head, "\r\n\r\n"));
        if (send(socket, reply, sizeof reply - 1, MSG_NOSIGNAL) < 0)
            break;
        if (strstr(head, "/close") != NULL)
            break;
    }
    close(socket);
}

static void *serve(void *unused)
{
    struct pollfd sockets[] = {{server.stop[0], POLLIN, 0}, {server.listener, POLLIN, 0}};
    while (poll(sockets, 2, -1) > 0 && sockets[0].revents == 0) {
        int socket = accept(server.listener, NULL, NULL);
        server.accepted++;
        answer(socket);
    }
    return unused;
}

static int start_server(void **state)
{
    (void)state;
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_ANY)};
    socklen_t size = sizeof address;
    server.listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(server.listener, (struct sockaddr *)&address, size), 0);
    assert_int_equal(listen(server.listener, 16), 0);
    getsockname(server.listener, (struct sockaddr *)&address, &size);
    server.port = ntohs(address.sin_port);
    assert_int_equal(pipe(server.stop), 0);
    return pthread_create(&server.thread, NULL, serve, NULL);
}

static int stop_server(void **state)
{
    (void)state;
    assert_int_equal(write(server.stop[1], "x", 1), 1);
    pthread_join(server.thread, NULL);
    close(server.listener);
    close(server.stop[0]);
    close(server.stop[1]);
    return 0;
}

/* ---- the cases ---- */

static struct http_client *create_client(const struct egress *egress)
{
    struct error error = {0};
    struct http_client *client = http_client_create(egress, &error);
    if (client == NULL)
        fail_msg("%s", error.message);
    return client;
}

/* Calls host:port/path; `reason` NULL: it must be answered, else it must be refused with it. */
static void call(struct http_client *client, const char *host, const char *path, const char *reason)
{
    char url[256];
    snprintf(url, sizeof url, "http://%s:%u%s", host, server.port, path);
    struct http_call one = {.method = "POST", .url = url, .timeout_ms = TIMEOUT_MS, .connect_timeout_ms = TIMEOUT_MS,
                            .response_keep_bytes = 100, .response_read_bytes = 1000};
    int accepted = server.accepted;
    http_client_perform(client, &one);
    if (one.failure != (reason == NULL ? HTTP_OK : HTTP_EGRESS_REFUSED))
        fail_msg("%s: failure %d, status %d: %s", url, (int)one.failure, one.status, one.failure_text);
    if (reason == NULL)
        return;
    if (strstr(one.failure_text, reason) == NULL)
        fail_msg("%s: %s", url, one.failure_text);
    check_integer(url, "connections", server.accepted, accepted);
}

/* One call by a client of its own, so that nothing is remembered of earlier ones. */
static void call_anew(const struct egress *egress, const char *host, const char *reason)
{
    struct http_client *client = create_client(egress);
    call(client, host, "/close", reason);
    http_client_free(client);
}

static void every_answer_of_a_name_server_is_checked(void **state)
{
    (void)state;
    struct egress egress = {0};
    call_anew(&egress, "good.test", NULL);
    call_anew(&egress, "metadata.test", "metadata.test (169.254.169.254) is not called: it is a cloud metadata address");
    call_anew(&egress, "mapped.test", "it is a cloud metadata address");
    call_anew(&egress, "mixed.test", NULL);
    egress.private_refused = true;
    call_anew(&egress, "wide.test", "is not called");
    call_anew(&egress, "good.test", "a loopback address, which egress_private refuses");
    call_anew(&egress, "mixed.test", "is not called");
    call_anew(NULL, "good.test", NULL);
}

static void a_name_that_is_bound_anew_is_checked_anew(void **state)
{
    (void)state;
    struct egress egress = {0};
    struct name *name = find_name("rebinding.test");
    name->lookups = 0;
    call_anew(&egress, "rebinding.test", NULL);
    call_anew(&egress, "rebinding.test", "cloud metadata");
    call_anew(&egress, "rebinding.test", NULL);
    call_anew(&egress, "rebinding.test", "the unspecified address");
    assert_int_equal(name->lookups, 4);
}

static void a_denied_name_is_not_even_looked_up(void **state)
{
    (void)state;
    struct egress egress = {0};
    struct error error = {0};
    assert_true(egress_set(&egress, TEXT("egress_deny"), TEXT("denied.test, *.denied.test"), &error));
    call_anew(&egress, "denied.test", "denied.test is not called: egress_deny holds denied.test");
    call_anew(&egress, "DENIED.test.", "egress_deny");
    call_anew(&egress, "x.denied.test", "egress_deny holds *.denied.test");
    assert_int_equal(find_name("denied.test")->lookups, 0);
    egress_free(&egress);
}

static void a_kept_connection_is_checked_with_each_request(void **state)
{
    (void)state;
    struct egress egress = {0};
    struct sockaddr_in own = {.sin_family = AF_INET, .sin_port = htons(server.port)};
    egress_add_listener(&egress, (const struct sockaddr *)&own);
    struct http_client *client = create_client(&egress);
    int accepted = server.accepted;
    call(client, "good.test", "/e/token", NULL);
    call(client, "good.test", "/e/token", NULL);
    assert_int_equal(server.accepted, accepted + 1);
    call(client, "good.test", "/metrics", "it is this gateway");
    call(client, "good.test", "/e/%2e%2e/x", NULL);
    call(client, "good.test", "/e/../metrics", "it is this gateway");
    call(client, "good.test", "/e/token", NULL);
    http_client_free(client);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_answer_of_a_name_server_is_checked),
        cmocka_unit_test(a_name_that_is_bound_anew_is_checked_anew),
        cmocka_unit_test(a_denied_name_is_not_even_looked_up),
        cmocka_unit_test(a_kept_connection_is_checked_with_each_request),
    };
    return cmocka_run_group_tests(tests, start_server, stop_server);
}
