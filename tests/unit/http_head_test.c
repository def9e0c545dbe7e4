/* The head of a request: what is taken, and every form that two programs could understand in two ways. */
#include "case.h"

#include <stdio.h>

#include "base/limits.h"
#include "http/head.h"

/* ---- reading, as a connection does it ---- */

struct reading {
    struct arena arena;
    char bytes[40000];
    struct request_head head;
    struct head_problem problem;
    int status; /* 0: taken; 400 also for a line end that is no CRLF; -1: not complete */
};

/* Gives `step` bytes more at a time; the outcome must not depend on it. */
static void read_in_steps(struct reading *reading, struct text raw, size_t step)
{
    size_t seen = 0;
    ptrdiff_t size = 0;
    *reading = (struct reading){.status = -1};
    assert_true(raw.size < sizeof reading->bytes);
    memcpy(reading->bytes, raw.data, raw.size);
    for (size_t have = 0; have < raw.size && size == 0;) {
        have = have + step < raw.size ? have + step : raw.size;
        size = head_find_end(reading->bytes, have, &seen);
    }
    if (size < 0)
        reading->status = 400;
    else if (size > 0 && head_parse(&reading->arena, reading->bytes, (size_t)size, &reading->head, &reading->problem))
        reading->status = 0;
    else if (size > 0)
        reading->status = reading->problem.status;
}

static int status_of(struct text raw, size_t step)
{
    static struct reading reading;
    read_in_steps(&reading, raw, step);
    arena_free(&reading.arena);
    return reading.status;
}

/* ---- what is refused, and how ---- */

#define GET "GET / HTTP/1.1\r\n"
#define POST "POST /e/t HTTP/1.1\r\nhost: a\r\n"
#define END "\r\n\r\n"

static const struct row {
    int status;
    struct text raw;
} ROWS[] = {
    /* whole and well formed */
    {0, TEXT(GET "host: a" END)},
    {0, TEXT(GET "Host:a" END)},
    {0, TEXT(GET "host: \t a \t" END)},
    {0, TEXT(GET "host:" END)},
    {0, TEXT(GET "host: [::1]:8420" END)},
    {0, TEXT("GET / HTTP/1.0" END)},
    {0, TEXT("M-SEARCH /~x;a=b?q=%00&&[]'! HTTP/1.1\r\nhost: a" END)},
    {0, TEXT(GET "host: a\r\nx-empty:\r\nx_!#$%&'*+-.^`|~9: v" END)},
    {0, TEXT(GET "host: a\r\nx-obs-text: \xE4\xFF" END)},
    {0, TEXT("GET http://a/x?y HTTP/1.1\r\nhost: a" END)},
    {0, TEXT("GET https://a:1 HTTP/1.1\r\nhost: A:1" END)},
    {0, TEXT("GET http://a/ HTTP/1.0" END)},
    {0, TEXT(POST "content-length: 0" END)},
    {0, TEXT(POST "content-length: 000000000000000010" END)},
    {0, TEXT(POST "content-length:\t10 " END)},
    {0, TEXT(POST "transfer-encoding: chunked" END)},
    {0, TEXT(POST "Transfer-Encoding: CHUNKED" END)},
    {0, TEXT(POST "expect: 100-Continue\r\ncontent-length: 3" END)},
    /* not complete */
    {-1, TEXT("G")},
    {-1, TEXT(GET "host: a\r\n\r")},
    {-1, TEXT(GET "host: a")},
    /* lines */
    {400, TEXT("GET / HTTP/1.1\nhost: a\n\n")},
    {400, TEXT("GET / HTTP/1.1\r\nhost: a\n\r\n")},
    {400, TEXT("GET / HTTP/1.1\r\nhost: a\r\n\n")},
    {400, TEXT("GET / HTTP/1.1\r\nhost: a\r\r\n\r\n")},
    {400, TEXT("GET / HTTP/1.1\r\nhost: a\rx: y\r\n\r\n")},
    {400, TEXT("\nGET / HTTP/1.1\r\nhost: a\r\n\r\n")},
    {400, TEXT("GET / HTTP/1.1\r\nhost: a\r\nx: b\0c\r\n\r\n")},
    {400, TEXT("GET / HTTP/1.1\r\n\0host: a\r\n\r\n")},
    {400, TEXT("\r\nGET / HTTP/1.1\r\nhost: a\r\n\r\n")},
    {400, TEXT("\r\n\r\n")},
    /* the request line */
    {400, TEXT("GET" END)},
    {400, TEXT("GET /" END)},
    {400, TEXT("GET  / HTTP/1.1\r\nhost: a" END)},
    {400, TEXT("GET /  HTTP/1.1\r\nhost: a" END)},
    {400, TEXT("GET / HTTP/1.1 \r\nhost: a" END)},
    {400, TEXT(" GET / HTTP/1.1\r\nhost: a" END)},
    {400, TEXT("GET\t/\tHTTP/1.1\r\nhost: a" END)},
    {400, TEXT("G(T / HTTP/1.1\r\nhost: a" END)},
    {400, TEXT("G\0T / HTTP/1.1\r\nhost: a" END)},
    {400, TEXT("METHODMETHODMETHODMETHODMETHODMET / HTTP/1.1\r\nhost: a" END)},
    {400, TEXT("CONNECT a:80 HTTP/1.1\r\nhost: a" END)},
    {400, TEXT("OPTIONS * HTTP/1.1\r\nhost: a" END)},
    {400, TEXT("GET x HTTP/1.1\r\nhost: a" END)},
    {400, TEXT("GET ?x HTTP/1.1\r\nhost: a" END)},
    {400, TEXT("GET /\x7F HTTP/1.1\r\nhost: a" END)},
    {400, TEXT("GET /\xC3\xA4 HTTP/1.1\r\nhost: a" END)},
    {400, TEXT("GET /a\0b HTTP/1.1\r\nhost: a" END)},
    {400, TEXT("GET /a\tb HTTP/1.1\r\nhost: a" END)},
    {400, TEXT("GET /a#b HTTP/1.1\r\nhost: a" END)},
    {505, TEXT("GET / HTTP/2.0\r\nhost: a" END)},
    {505, TEXT("GET / HTTP/1.2\r\nhost: a" END)},
    {505, TEXT("GET / HTTP/0.9" END)},
    {505, TEXT("PRI * HTTP/2.0" END)},
    {400, TEXT("GET / http/1.1\r\nhost: a" END)},
    {400, TEXT("GET / HTTP/1.10\r\nhost: a" END)},
    {400, TEXT("GET / HTTP/1\r\nhost: a" END)},
    {400, TEXT("GET / HTTPS/1.1\r\nhost: a" END)},
    {400, TEXT("GET / XTTP/1.1\r\nhost: a" END)},
    /* absolute form */
    {400, TEXT("GET http:///x HTTP/1.1\r\nhost: a" END)},
    {400, TEXT("GET http:// HTTP/1.1\r\nhost: a" END)},
    {400, TEXT("GET http://u@a/x HTTP/1.1\r\nhost: a" END)},
    {400, TEXT("GET http://a?x HTTP/1.1\r\nhost: a" END)},
    {400, TEXT("GET http://a?/x HTTP/1.1\r\nhost: a" END)},
    {400, TEXT("GET http://b/x HTTP/1.1\r\nhost: a" END)},
    {400, TEXT("GET ftp://a/x HTTP/1.1\r\nhost: a" END)},
    {400, TEXT("GET http://a/x HTTP/1.1" END)},
    /* header lines */
    {400, TEXT(GET "host : a" END)},
    {400, TEXT(GET "host\t: a" END)},
    {400, TEXT(GET " host: a" END)},
    {400, TEXT(GET "host: a\r\nx: y\r\n z" END)},
    {400, TEXT(GET "host: a\r\nx: y\r\n\tz" END)},
    {400, TEXT(GET "host: a\r\n \r\n" END)},
    {400, TEXT(GET "host: a\r\n: y" END)},
    {400, TEXT(GET "host: a\r\nx" END)},
    {400, TEXT(GET "host: a\r\nx y: z" END)},
    {400, TEXT(GET "host: a\r\nx\x80: z" END)},
    {400, TEXT(GET "host: a\r\nx@: z" END)},
    {400, TEXT(GET "host: a\r\nx: \x01" END)},
    {400, TEXT(GET "host: a\r\nx: \x7F" END)},
    {400, TEXT(GET "host: a\r\nx: \x0B" END)},
    /* Host */
    {400, TEXT("GET / HTTP/1.1" END)},
    {400, TEXT(GET "host: a\r\nhost: a" END)},
    {400, TEXT(GET "host: a\r\nHOST: b" END)},
    {400, TEXT("GET / HTTP/1.0\r\nhost: a\r\nhost: b" END)},
    {400, TEXT(GET "host: a b" END)},
    {400, TEXT(GET "host: a, b" END)},
    {400, TEXT(GET "host: a/b" END)},
    {400, TEXT(GET "host: u@a" END)},
    {400, TEXT(GET "host: a?" END)},
    {400, TEXT(GET "host: \xC3\xA4" END)},
    /* the body's length */
    {400, TEXT(POST "content-length: 5\r\ncontent-length: 5" END)},
    {400, TEXT(POST "content-length: 5\r\nContent-Length: 6" END)},
    {400, TEXT(POST "content-length: 5, 5" END)},
    {400, TEXT(POST "content-length: 5,6" END)},
    {400, TEXT(POST "content-length: +5" END)},
    {400, TEXT(POST "content-length: -5" END)},
    {400, TEXT(POST "content-length: -0" END)},
    {400, TEXT(POST "content-length: 0x5" END)},
    {400, TEXT(POST "content-length: 5e1" END)},
    {400, TEXT(POST "content-length: 5.0" END)},
    {400, TEXT(POST "content-length: 5 5" END)},
    {400, TEXT(POST "content-length: \"5\"" END)},
    {400, TEXT(POST "content-length: a" END)},
    {400, TEXT(POST "content-length:" END)},
    {400, TEXT(POST "content-length: 9223372036854775808" END)},
    {400, TEXT(POST "content-length: 18446744073709551617" END)},
    {400, TEXT(POST "content-length: 4294967296000000000000000000000000005" END)},
    {400, TEXT(POST "content-length: 5\r\ntransfer-encoding: chunked" END)},
    {400, TEXT(POST "transfer-encoding: chunked\r\ncontent-length: 5" END)},
    {400, TEXT(POST "content-length: 0\r\nTransfer-Encoding: chunked" END)},
    {400, TEXT(POST "transfer-encoding: chunked\r\ntransfer-encoding: chunked" END)},
    {400, TEXT(POST "transfer-encoding: identity\r\ntransfer-encoding: chunked" END)},
    {400, TEXT(POST "transfer-encoding: gzip, chunked" END)},
    {400, TEXT(POST "transfer-encoding: chunked, identity" END)},
    {400, TEXT(POST "transfer-encoding: chunked, chunked" END)},
    {400, TEXT(POST "transfer-encoding: chunked," END)},
    {400, TEXT(POST "transfer-encoding: ,chunked" END)},
    {400, TEXT(POST "transfer-encoding: identity" END)},
    {400, TEXT(POST "transfer-encoding: xchunked" END)},
    {400, TEXT(POST "transfer-encoding: chunked;q=1" END)},
    {400, TEXT(POST "transfer-encoding: \"chunked\"" END)},
    {400, TEXT(POST "transfer-encoding:" END)},
    {400, TEXT(POST "transfer-encoding : chunked" END)},
    {400, TEXT(POST "transfer-encoding:\x0B" "chunked" END)},
    {400, TEXT(POST "x: y\rtransfer-encoding: chunked" END)},
    {400, TEXT(POST "x: y\ntransfer-encoding: chunked" END)},
    {400, TEXT(POST "transfer-encoding\0: chunked" END)},
    {400, TEXT("POST / HTTP/1.0\r\ntransfer-encoding: chunked" END)},
    /* expectations */
    {417, TEXT(POST "expect: 200-ok" END)},
    {417, TEXT(POST "expect: 100-continue\r\nexpect: 100-continue" END)},
    {417, TEXT(POST "expect:" END)},
};

static void every_form_has_its_answer(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof ROWS / sizeof ROWS[0]; i++) {
        static const size_t steps[] = {1, 2, 3, 7, 1000000};
        for (size_t k = 0; k < sizeof steps / sizeof steps[0]; k++) {
            int status = status_of(ROWS[i].raw, steps[k]);
            if (status != ROWS[i].status)
                fail_msg("%d, not %d, in steps of %zu for:\n%.*s", status, ROWS[i].status, steps[k],
                         TEXT_ARGS(ROWS[i].raw));
        }
    }
}

/* ---- what a taken head says ---- */

static void a_head_is_read(void **state)
{
    static struct reading reading;
    (void)state;
    read_in_steps(&reading, TEXT("PoST /a/b%20?c=d?e HTTP/1.1\r\nHoSt: A:1\r\nX-One:  two words\t\r\nx-one: \r\n"
                                 "Content-Length: 12\r\nExpect: 100-continue\r\n\r\nGET /next"), 5);
    assert_int_equal(reading.status, 0);
    ASSERT_TEXT(reading.head.method, "PoST");
    ASSERT_TEXT(reading.head.path, "/a/b%20");
    ASSERT_TEXT(reading.head.query, "c=d?e");
    assert_int_equal(reading.head.headers.count, 5);
    ASSERT_TEXT(reading.head.headers.items[1].name, "x-one");
    ASSERT_TEXT(reading.head.headers.items[1].value, "two words");
    ASSERT_TEXT(reading.head.headers.items[2].value, "");
    assert_int_equal(reading.head.content_length, 12);
    assert_int_equal(reading.head.minor_version, 1);
    assert_true(reading.head.keep_alive);
    assert_true(reading.head.expects_continue);
    assert_false(reading.head.chunked);
    arena_free(&reading.arena);

    read_in_steps(&reading, TEXT("GET http://a HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n"), 1000);
    assert_int_equal(reading.status, 0);
    ASSERT_TEXT(reading.head.path, "/");
    assert_null(reading.head.query.data);
    ASSERT_TEXT(reading.head.authority, "a");
    assert_int_equal(reading.head.content_length, -1);
    assert_true(reading.head.chunked);
    arena_free(&reading.arena);

    read_in_steps(&reading, TEXT("GET /? HTTP/1.1\r\nhost: a\r\n\r\n"), 1000);
    assert_non_null(reading.head.query.data);
    assert_int_equal(reading.head.query.size, 0);
    arena_free(&reading.arena);
}

static void a_connection_goes_on_when_both_want_it(void **state)
{
    static const struct {
        bool keep_alive;
        struct text raw;
    } rows[] = {
        {true, TEXT(GET "host: a" END)},
        {true, TEXT(GET "host: a\r\nconnection: upgrade" END)},
        {false, TEXT(GET "host: a\r\nconnection: close" END)},
        {false, TEXT(GET "host: a\r\nconnection: x , CLOSE" END)},
        {false, TEXT(GET "host: a\r\nconnection: keep-alive\r\nconnection: close" END)},
        {false, TEXT("GET / HTTP/1.0" END)},
        {true, TEXT("GET / HTTP/1.0\r\nconnection: Keep-Alive" END)},
        {false, TEXT("GET / HTTP/1.0\r\nconnection: keep-alive, close" END)},
    };
    static struct reading reading;
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        read_in_steps(&reading, rows[i].raw, 1000);
        assert_int_equal(reading.status, 0);
        assert_int_equal(reading.head.keep_alive, rows[i].keep_alive);
        arena_free(&reading.arena);
    }
}

static void headers_are_counted(void **state)
{
    (void)state;
    for (int64_t more = -1; more <= 1; more++) {
        struct buffer raw = {0};
        buffer_append_string(&raw, GET "host: a\r\n");
        for (int64_t i = 1; i < limits.header_count + more; i++)
            buffer_append_string(&raw, "a:\r\n");
        buffer_append_string(&raw, "\r\n");
        assert_int_equal(status_of(buffer_text(&raw), 1000000), more > 0 ? 431 : 0);
        buffer_free(&raw);
    }
}

/* ---- tokens ---- */

static void tokens_are_those_of_the_standard(void **state)
{
    static const char others[] = "!#$%&'*+-.^_`|~";
    (void)state;
    for (int byte = 0; byte < 256; byte++) {
        bool wanted = (byte >= '0' && byte <= '9') || (byte >= 'A' && byte <= 'Z') || (byte >= 'a' && byte <= 'z') ||
                      (byte != 0 && strchr(others, byte) != NULL);
        assert_int_equal(head_is_token_byte((char)byte), wanted);
    }
    assert_true(head_is_token(TEXT("x-api-key")));
    assert_false(head_is_token(TEXT("")));
    assert_false(head_is_token(TEXT("x\r\ny")));
    assert_false(head_is_token(TEXT("x ")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_form_has_its_answer),
        cmocka_unit_test(a_head_is_read),
        cmocka_unit_test(a_connection_goes_on_when_both_want_it),
        cmocka_unit_test(headers_are_counted),
        cmocka_unit_test(tokens_are_those_of_the_standard),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
