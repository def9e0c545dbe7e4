/*
 * What hostile and broken servers answer, by both ways of the client: a URL with a fragment is not for plain.h, so libcurl
 * calls it.
 */
#include "case.h"

#include <arpa/inet.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "http/client.h"

enum { TIMEOUT_MS = 400, SLOW_MS = 30, KEEP = 64, READ = 4096, LARGE_BODY = 4 << 20 };

#define OK "HTTP/1.1 200 OK\r\n"

enum manner {
    STAYS,      /* sends the bytes and keeps the connection */
    CLOSES,     /* ends it after them */
    RESETS,
    DRIPS,      /* sends them byte by byte, slowly */
    ENDLESS,    /* sends the first part once and the second without end */
    BEFOREHAND, /* answers before it has read the request, and never reads it */
};

enum { SOME = HTTP_FAILED + 1 }; /* failures that libcurl calls otherwise */

static const struct row {
    const char *name;
    enum manner manner;
    enum http_failure failure;
    int failure_by_libcurl;
    int status;
    const char *body;
    struct text raw, again;
} ROWS[] = {
    {"a usual one", STAYS, HTTP_OK, HTTP_OK, 200, "hello", TEXT(OK "content-length: 5\r\n\r\nhello"), TEXT_NONE},
    {"a failure", STAYS, HTTP_OK, HTTP_OK, 503, "no", TEXT("HTTP/1.1 503 No\r\nretry-after: 7\r\ncontent-length: 2\r\n\r\nno"), TEXT_NONE},
    {"chunks", STAYS, HTTP_OK, HTTP_OK, 200, "hello", TEXT(OK "transfer-encoding: chunked\r\n\r\n2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n"), TEXT_NONE},
    {"until the end", CLOSES, HTTP_OK, HTTP_OK, 200, "hello", TEXT(OK "\r\nhello"), TEXT_NONE},
    {"interim replies", STAYS, HTTP_OK, HTTP_OK, 204, "", TEXT("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Hints\r\n\r\nHTTP/1.1 204 None\r\n\r\n"), TEXT_NONE},
    {"HTTP/1.0", CLOSES, HTTP_OK, HTTP_OK, 200, "x", TEXT("HTTP/1.0 200 OK\r\n\r\nx"), TEXT_NONE},
    {"line feeds", STAYS, HTTP_OK, HTTP_OK, 200, "hello", TEXT("HTTP/1.1 200 OK\ncontent-length: 5\n\nhello"), TEXT_NONE},
    {"deflated", STAYS, HTTP_OK, HTTP_OK, 200, "hello", TEXT(OK "content-encoding: deflate\r\ncontent-length: 7\r\n\r\n\xcb\x48\xcd\xc9\xc9\x07\x00"), TEXT_NONE},
    {"broken gzip", STAYS, HTTP_BAD_ENCODING, HTTP_BAD_ENCODING, 0, NULL, TEXT(OK "content-encoding: gzip\r\ncontent-length: 5\r\n\r\nhello"), TEXT_NONE},
    {"an unknown coding", STAYS, HTTP_OK, HTTP_OK, 200, "", TEXT(OK "content-encoding: secret\r\ncontent-length: 5\r\n\r\nhello"), TEXT_NONE},
    {"nothing", CLOSES, HTTP_SOCKET_CLOSED, HTTP_SOCKET_CLOSED, 0, NULL, TEXT(""), TEXT_NONE},
    {"a reset", RESETS, HTTP_CONNECTION_RESET, HTTP_CONNECTION_RESET, 0, NULL, TEXT(""), TEXT_NONE},
    {"silence", STAYS, HTTP_TIMEOUT, HTTP_TIMEOUT, 0, NULL, TEXT(""), TEXT_NONE},
    {"half a head", CLOSES, HTTP_SOCKET_CLOSED, HTTP_OK, 0, NULL, TEXT(OK "content-le"), TEXT_NONE},
    {"half a head and silence", STAYS, HTTP_TIMEOUT, HTTP_TIMEOUT, 0, NULL, TEXT(OK "content-le"), TEXT_NONE},
    {"half a body", CLOSES, HTTP_SOCKET_CLOSED, HTTP_SOCKET_CLOSED, 0, NULL, TEXT(OK "content-length: 9\r\n\r\nhello"), TEXT_NONE},
    {"half a body and silence", STAYS, HTTP_TIMEOUT, HTTP_TIMEOUT, 0, NULL, TEXT(OK "content-length: 9\r\n\r\nhello"), TEXT_NONE},
    {"half a chunk", CLOSES, HTTP_SOCKET_CLOSED, HTTP_SOCKET_CLOSED, 0, NULL, TEXT(OK "transfer-encoding: chunked\r\n\r\n9\r\nhello"), TEXT_NONE},
    {"a slow drip", DRIPS, HTTP_TIMEOUT, HTTP_TIMEOUT, 0, NULL, TEXT(OK "content-length: 900\r\n\r\nhello"), TEXT_NONE},
    {"rubbish", CLOSES, HTTP_BAD_RESPONSE, SOME, 0, NULL, TEXT("SSH-2.0-OpenSSH_9.2\r\n"), TEXT_NONE},
    {"a huge chunk", ENDLESS, HTTP_OK, HTTP_OK, 200, NULL, TEXT(OK "transfer-encoding: chunked\r\n\r\nfffffffffffffff\r\n"), TEXT("hello")},
    {"a chunk that is none", CLOSES, HTTP_BAD_RESPONSE, SOME, 0, NULL, TEXT(OK "transfer-encoding: chunked\r\n\r\n-5\r\nhello"), TEXT_NONE},
    {"a negative length", CLOSES, HTTP_BAD_RESPONSE, HTTP_BAD_RESPONSE, 0, NULL, TEXT(OK "content-length: -5\r\n\r\nhello"), TEXT_NONE},
    {"two lengths", CLOSES, HTTP_BAD_RESPONSE, HTTP_OK, 0, NULL, TEXT(OK "content-length: 5\r\ncontent-length: 2\r\n\r\nhello"), TEXT_NONE},
    {"two equal lengths", CLOSES, HTTP_OK, HTTP_OK, 200, "hello", TEXT(OK "content-length: 5\r\ncontent-length: 5\r\n\r\nhello"), TEXT_NONE},
    {"a length and chunks", CLOSES, HTTP_OK, HTTP_OK, 200, "he", TEXT(OK "content-length: 5\r\ntransfer-encoding: chunked\r\n\r\n2\r\nhe\r\n0\r\n\r\n"), TEXT_NONE},
    {"an endless body", ENDLESS, HTTP_OK, HTTP_OK, 200, NULL, TEXT(OK "\r\n"), TEXT("0123456789")},
    {"endless headers", ENDLESS, HTTP_BAD_RESPONSE, HTTP_BAD_RESPONSE, 0, NULL, TEXT(OK), TEXT("x: 0123456789\r\n")},
    {"an endless header", ENDLESS, HTTP_BAD_RESPONSE, HTTP_BAD_RESPONSE, 0, NULL, TEXT(OK "x: "), TEXT("0123456789")},
    {"endless interim replies", ENDLESS, HTTP_BAD_RESPONSE, HTTP_BAD_RESPONSE, 0, NULL, TEXT(""), TEXT("HTTP/1.1 100 Continue\r\n\r\n")},
    {"an answer before the body is sent", BEFOREHAND, HTTP_OK, HTTP_OK, 413, "no", TEXT("HTTP/1.1 413 No\r\nconnection: close\r\ncontent-length: 2\r\n\r\nno"), TEXT_NONE},
};

/* ---- the server: one connection after the other, all in the same manner ---- */

struct server {
    pthread_t thread;
    int listener;
    uint16_t port;
    const struct row *row;
};

static bool send_all(int socket, struct text bytes)
{
    return bytes.size == 0 || send(socket, bytes.data, bytes.size, MSG_NOSIGNAL) == (ssize_t)bytes.size;
}

static void read_request(int socket)
{
    char bytes[READ];
    size_t size = 0;
    ssize_t got;
    while (size < sizeof bytes - 1 && (got = recv(socket, bytes + size, sizeof bytes - 1 - size, 0)) > 0) {
        size += (size_t)got;
        bytes[size] = '\0';
        if (strstr(bytes, "\r\n\r\n") != NULL)
            return;
    }
}

static void wait_for_end(int socket)
{
    char bytes[READ];
    while (recv(socket, bytes, sizeof bytes, 0) > 0)
        ;
}

static void answer(const struct row *row, int socket)
{
    struct linger at_once = {1, 0};
    if (row->manner != BEFOREHAND)
        read_request(socket);
    for (size_t i = 0; row->manner == DRIPS && i < row->raw.size; i++) {
        if (!send_all(socket, text_slice(row->raw, i, 1)))
            return;
        usleep(SLOW_MS * 1000);
    }
    if (row->manner != DRIPS)
        send_all(socket, row->raw);
    while (row->manner == ENDLESS && send_all(socket, row->again))
        ;
    if (row->manner == STAYS)
        wait_for_end(socket);
    if (row->manner == BEFOREHAND)
        usleep(SLOW_MS * 1000);
    if (row->manner == RESETS)
        setsockopt(socket, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
}

static void *serve(void *argument)
{
    struct server *server = argument;
    int socket;
    while ((socket = accept(server->listener, NULL, NULL)) >= 0) {
        answer(server->row, socket);
        close(socket);
    }
    return NULL;
}

static void start_server(struct server *server, const struct row *row)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    server->row = row;
    server->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(server->listener, (struct sockaddr *)&address, size), 0);
    assert_int_equal(listen(server->listener, 8), 0);
    getsockname(server->listener, (struct sockaddr *)&address, &size);
    server->port = ntohs(address.sin_port);
    assert_int_equal(pthread_create(&server->thread, NULL, serve, server), 0);
}

static void stop_server(struct server *server)
{
    shutdown(server->listener, SHUT_RDWR);
    pthread_join(server->thread, NULL);
    close(server->listener);
}

/* ---- the calls ---- */

struct outcome {
    bool over;
    enum http_failure failure;
    int status;
    char body[KEEP + 1], text[512];
};

static void note(struct http_call *call)
{
    struct outcome *outcome = call->user;
    struct text body = call->response_body;
    *outcome = (struct outcome){.over = true, .failure = call->failure, .status = call->status};
    snprintf(outcome->body, sizeof outcome->body, "%.*s", TEXT_ARGS(body));
    snprintf(outcome->text, sizeof outcome->text, "%s", call->failure_text);
}

/* By a client of its own, whose connections end with it. */
static struct outcome call_once(uint16_t port, const char *fragment, struct text body)
{
    char url[64];
    struct outcome outcome = {0};
    struct error error = {0};
    struct http_client *client = http_client_create(NULL, &error);
    assert_non_null(client);
    snprintf(url, sizeof url, "http://127.0.0.1:%u/%s", port, fragment);
    struct http_call call = {.method = "POST", .url = url, .body = body, .has_body = true, .timeout_ms = TIMEOUT_MS,
                             .connect_timeout_ms = TIMEOUT_MS, .response_keep_bytes = KEEP, .response_read_bytes = 100000,
                             .response_head_read_bytes = 4096, .done = note, .user = &outcome};
    http_client_start(client, &call);
    while (!outcome.over)
        http_client_run(client, -1);
    assert_int_equal(http_client_running(client), 0);
    http_client_free(client);
    return outcome;
}

static void check(const struct row *row, const char *way, const struct outcome *outcome, int failure)
{
    bool as_expected = failure == SOME ? outcome->failure != HTTP_OK : (int)outcome->failure == failure;
    if (!as_expected)
        fail_msg("%s by %s: failure %d in place of %d: %s", row->name, way, outcome->failure, failure, outcome->text);
    if (failure != HTTP_OK) {
        assert_int_equal(outcome->status, 0);
        assert_true(outcome->text[0] != '\0');
        return;
    }
    if (row->status != 0)
        check_integer(row->name, way, outcome->status, row->status);
    if (row->body != NULL && strcmp(outcome->body, row->body) != 0)
        fail_msg("%s by %s: \"%s\" in place of \"%s\"", row->name, way, outcome->body, row->body);
}

static void every_reply_has_its_outcome(void **state)
{
    static char large[LARGE_BODY];
    (void)state;
    for (size_t i = 0; i < COUNT(ROWS); i++) {
        const struct row *row = &ROWS[i];
        struct server server = {0};
        struct text body = row->manner == BEFOREHAND ? (struct text){large, sizeof large} : TEXT("body");
        start_server(&server, row);
        struct outcome outcome = call_once(server.port, "", body);
        check(row, "itself", &outcome, (int)row->failure);
        outcome = call_once(server.port, "#", body);
        check(row, "libcurl", &outcome, row->failure_by_libcurl);
        stop_server(&server);
    }
}

static void nobody_listens(void **state)
{
    struct server server = {0};
    (void)state;
    start_server(&server, &ROWS[0]);
    stop_server(&server);
    for (int i = 0; i < 3; i++) {
        struct outcome outcome = call_once(server.port, i == 1 ? "#" : "", TEXT("body"));
        assert_int_equal(outcome.failure, HTTP_CONNECTION_REFUSED);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_reply_has_its_outcome),
        cmocka_unit_test(nobody_listens),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
