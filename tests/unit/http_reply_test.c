/* Replies: what is taken, what is refused, whole and in pieces. */
#include "case.h"

#include <stdio.h>

#include "http/reply.h"

enum { MOST_HEAD = 200, MOST_KEPT = 20, MOST_READ = 100 };

#define OK "HTTP/1.1 200 OK\r\n"

enum end { OPEN, CLOSED };

static const struct row {
    enum reply_result result;
    enum end end; /* what comes after the bytes */
    int status;
    const char *body;
    bool reusable;
    struct text raw;
} ROWS[] = {
    {REPLY_COMPLETE, OPEN, 200, "hello", true, TEXT(OK "content-length: 5\r\n\r\nhello")},
    {REPLY_COMPLETE, OPEN, 200, "", true, TEXT(OK "Content-Length: 0\r\n\r\n")},
    {REPLY_COMPLETE, OPEN, 200, "hello", false, TEXT(OK "content-length: 5\r\nconnection: close\r\n\r\nhello")},
    {REPLY_COMPLETE, OPEN, 200, "hello", false, TEXT(OK "content-length: 5\r\nConnection: x, Close\r\n\r\nhello")},
    {REPLY_COMPLETE, OPEN, 200, "hello", false, TEXT(OK "content-length: 5\r\n\r\nhello and more")},
    {REPLY_COMPLETE, OPEN, 200, "a", false, TEXT("HTTP/1.0 200 OK\r\ncontent-length: 1\r\n\r\na")},
    {REPLY_COMPLETE, OPEN, 200, "a", true, TEXT("HTTP/1.0 200 OK\r\nconnection: keep-alive\r\ncontent-length: 1\r\n\r\na")},
    {REPLY_COMPLETE, OPEN, 418, "", true, TEXT("HTTP/1.1 418\r\ncontent-length: 0\r\n\r\n")},
    {REPLY_COMPLETE, OPEN, 999, "", true, TEXT("HTTP/1.1 999 \r\ncontent-length: 0\r\n\r\n")},
    /* without a body, whatever is announced */
    {REPLY_COMPLETE, OPEN, 204, "", true, TEXT("HTTP/1.1 204 No Content\r\n\r\n")},
    {REPLY_COMPLETE, OPEN, 304, "", true, TEXT("HTTP/1.1 304 Not Modified\r\ncontent-length: 5\r\n\r\n")},
    /* interim replies */
    {REPLY_COMPLETE, OPEN, 200, "", true, TEXT("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Hints\r\nlink: x\r\n\r\n" OK "content-length: 0\r\n\r\n")},
    {REPLY_MORE, CLOSED, 0, "", false, TEXT("HTTP/1.1 100 Continue\r\n\r\n")},
    {REPLY_MALFORMED, OPEN, 101, "", false, TEXT("HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\n\r\n")},
    /* chunks */
    {REPLY_COMPLETE, OPEN, 200, "hello", true, TEXT(OK "Transfer-Encoding: Chunked\r\n\r\n2;x\r\nhe\r\n3\r\nllo\r\n0\r\nx: y\r\n\r\n")},
    {REPLY_COMPLETE, OPEN, 200, "", true, TEXT(OK "transfer-encoding: chunked\r\n\r\n0\r\n\r\n")},
    {REPLY_COMPLETE, OPEN, 200, "", false, TEXT(OK "transfer-encoding: chunked\r\n\r\n0\r\n\r\n0\r\n\r\n")},
    {REPLY_MORE, CLOSED, 200, "he", false, TEXT(OK "transfer-encoding: chunked\r\n\r\n5\r\nhe")},
    {REPLY_MALFORMED, OPEN, 200, "", false, TEXT(OK "transfer-encoding: chunked\r\n\r\n-5\r\nhello\r\n")},
    {REPLY_MALFORMED, OPEN, 200, "", false, TEXT(OK "transfer-encoding: chunked\r\n\r\n0x5\r\nhello\r\n")},
    {REPLY_MALFORMED, OPEN, 200, "", false, TEXT(OK "transfer-encoding: chunked\r\n\r\nffffffffffffffff\r\n")},
    {REPLY_MALFORMED, OPEN, 200, "hello", false, TEXT(OK "transfer-encoding: chunked\r\n\r\n5\r\nhelloworld")},
    {REPLY_COMPLETE, OPEN, 200, "01234567890123456789", false, TEXT(OK "transfer-encoding: chunked\r\n\r\nfffffffffffffff\r\n"
        "0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789xx")},
    /* until the end */
    {REPLY_COMPLETE, CLOSED, 200, "hello", false, TEXT(OK "\r\nhello")},
    {REPLY_COMPLETE, CLOSED, 200, "", false, TEXT(OK "\r\n")},
    {REPLY_MORE, OPEN, 200, "hello", false, TEXT(OK "\r\nhello")},
    {REPLY_COMPLETE, OPEN, 200, "01234567890123456789", false, TEXT(OK "\r\n"
        "0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789x")},
    {REPLY_MORE, CLOSED, 200, "hell", false, TEXT(OK "content-length: 5\r\n\r\nhell")},
    /* lengths */
    {REPLY_COMPLETE, OPEN, 200, "hello", false, TEXT(OK "content-length: 5\r\ncontent-length: 5\r\n\r\nhello")},
    {REPLY_COMPLETE, OPEN, 200, "he", false, TEXT(OK "content-length: 9\r\ntransfer-encoding: chunked\r\n\r\n2\r\nhe\r\n0\r\n\r\n")},
    {REPLY_MALFORMED, OPEN, 200, "", false, TEXT(OK "content-length: 5\r\ncontent-length: 6\r\n\r\nhello")},
    {REPLY_MALFORMED, OPEN, 200, "", false, TEXT(OK "content-length: -5\r\n\r\nhello")},
    {REPLY_MALFORMED, OPEN, 200, "", false, TEXT(OK "content-length: +5\r\n\r\nhello")},
    {REPLY_MALFORMED, OPEN, 200, "", false, TEXT(OK "content-length: 0x5\r\n\r\nhello")},
    {REPLY_MALFORMED, OPEN, 200, "", false, TEXT(OK "content-length: 5, 5\r\n\r\nhello")},
    {REPLY_MALFORMED, OPEN, 200, "", false, TEXT(OK "content-length:\r\n\r\nhello")},
    {REPLY_MALFORMED, OPEN, 200, "", false, TEXT(OK "content-length: 18446744073709551621\r\n\r\nhello")},
    {REPLY_MALFORMED, OPEN, 200, "", false, TEXT(OK "transfer-encoding: gzip, chunked\r\n\r\n0\r\n\r\n")},
    {REPLY_MALFORMED, OPEN, 200, "", false, TEXT(OK "transfer-encoding: xchunked\r\n\r\n0\r\n\r\n")},
    {REPLY_MALFORMED, OPEN, 200, "", false, TEXT(OK "transfer-encoding: chunked\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n")},
    {REPLY_MALFORMED, OPEN, 200, "", false, TEXT("HTTP/1.0 200 OK\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n")},
    /* lines */
    {REPLY_COMPLETE, OPEN, 200, "hello", false, TEXT("HTTP/1.1 200 OK\ncontent-length: 5\n\nhello")},
    {REPLY_MALFORMED, OPEN, 0, "", false, TEXT("HTTP/2 200\r\n\r\n")},
    {REPLY_MALFORMED, OPEN, 0, "", false, TEXT("HTTP/1.1 20 OK\r\n\r\n")},
    {REPLY_MALFORMED, OPEN, 0, "", false, TEXT("HTTP/1.1 2000 OK\r\n\r\n")},
    {REPLY_MALFORMED, OPEN, 0, "", false, TEXT("HTTP/1.1 099 OK\r\n\r\n")},
    {REPLY_MALFORMED, OPEN, 0, "", false, TEXT("HTTP/1.1  200 OK\r\n\r\n")},
    {REPLY_MALFORMED, OPEN, 0, "", false, TEXT("\r\n" OK "\r\n")},
    {REPLY_MALFORMED, OPEN, 0, "", false, TEXT("SSH-2.0-OpenSSH_9.2\r\n")},
    {REPLY_MALFORMED, OPEN, 0, "", false, TEXT("\0\0\0\0")},
    {REPLY_COMPLETE, OPEN, 200, "", false, TEXT(OK "x: y\r\n z\r\ncontent-length: 0\r\n\r\n")},
    {REPLY_COMPLETE, OPEN, 200, "", false, TEXT(OK "x : y\r\ncontent-length: 0\r\n\r\n")},
    {REPLY_MALFORMED, OPEN, 200, "", false, TEXT(OK "x\r\ncontent-length: 0\r\n\r\n")},
    {REPLY_COMPLETE, OPEN, 200, "", false, TEXT(OK ": y\r\ncontent-length: 0\r\n\r\n")},
    {REPLY_COMPLETE, OPEN, 200, "", false, TEXT(OK "x: a\001b\r\ncontent-length: 0\r\n\r\n")},
    {REPLY_MALFORMED, OPEN, 200, "", false, TEXT(OK " z\r\ncontent-length: 0\r\n\r\n")},
    {REPLY_MALFORMED, OPEN, 200, "", false, TEXT(OK "content-length : 0\r\n\r\n")},
    {REPLY_MALFORMED, OPEN, 200, "", false, TEXT(OK "content-length: 1\r\n 0\r\n\r\n")},
    {REPLY_MALFORMED, OPEN, 200, "", false, TEXT(OK "Transfer-Encoding\t: chunked\r\n\r\n")},
    {REPLY_MALFORMED, OPEN, 200, "", false, TEXT(OK "Transfer-Encoding: chunked\001\r\n\r\n")},
    {REPLY_MALFORMED, OPEN, 200, "", false, TEXT(OK "x: a\rb\r\n\r\n")},
    {REPLY_MALFORMED, OPEN, 200, "", false, TEXT(OK "x: a\0b\r\n\r\n")},
    {REPLY_MORE, CLOSED, 0, "", false, TEXT(OK "content-length: 0\r\n")},
    {REPLY_MALFORMED, OPEN, 0, "", false, TEXT(OK "x: 0123456789012345678901234567890123456789012345678901234567890123456789"
        "012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789")},
    /* codings */
    {REPLY_COMPLETE, OPEN, 200, "hello", true, TEXT(OK "content-encoding: identity\r\ncontent-length: 5\r\n\r\nhello")},
    {REPLY_COMPLETE, OPEN, 200, "", true, TEXT(OK "content-encoding: br\r\ncontent-length: 5\r\n\r\nhello")},
    {REPLY_COMPLETE, OPEN, 200, "hello", true, TEXT(OK "content-encoding: deflate\r\ncontent-length: 7\r\n\r\n\xcb\x48\xcd\xc9\xc9\x07\x00")},
    {REPLY_COMPLETE, OPEN, 200, "hello", true, TEXT(OK "content-encoding: deflate\r\ncontent-length: 13\r\n\r\n"
        "\x78\x9c\xcb\x48\xcd\xc9\xc9\x07\x00\x06\x2c\x02\x15")},
    {REPLY_COMPLETE, OPEN, 200, "hello", true, TEXT(OK "content-encoding: X-GZIP\r\ncontent-length: 25\r\n\r\n"
        "\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03\xcb\x48\xcd\xc9\xc9\x07\x00\x86\xa6\x10\x36\x05\x00\x00\x00")},
    {REPLY_BROKEN_CODING, OPEN, 200, "", false, TEXT(OK "content-encoding: gzip\r\ncontent-length: 5\r\n\r\nhello")},
    {REPLY_BROKEN_CODING, OPEN, 200, "hello", false, TEXT(OK "content-encoding: gzip\r\ncontent-length: 25\r\n\r\n"
        "\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03\xcb\x48\xcd\xc9\xc9\x07\x00\xff\xff\xff\xff\x05\x00\x00\x00")},
};

static void read_row(struct reply *reply, const struct row *row, size_t step)
{
    enum reply_result result = REPLY_MORE;
    const char *problem = NULL;
    reply_begin(reply, false, MOST_HEAD, MOST_KEPT, MOST_READ);
    for (size_t at = 0; at < row->raw.size && result == REPLY_MORE; at += step)
        result = reply_read(reply, row->raw.data + at, row->raw.size - at < step ? row->raw.size - at : step, &problem);
    if (result == REPLY_MORE && row->end == CLOSED)
        result = reply_closed(reply);
    if (result != row->result || reply->status != row->status)
        fail_msg("%d with status %d in steps of %zu for:\n%.*s", result, reply->status, step, TEXT_ARGS(row->raw));
    ASSERT_TEXT(buffer_text(&reply->body), row->body);
    if (result == REPLY_MALFORMED || result == REPLY_BROKEN_CODING)
        assert_non_null(problem);
    else if (step > row->raw.size && reply->reusable != row->reusable)
        fail_msg("reusable: %d for:\n%.*s", reply->reusable, TEXT_ARGS(row->raw));
}

static void every_form_has_its_result(void **state)
{
    static const size_t steps[] = {1, 2, 3, 7, 1000};
    struct reply reply = {0};
    (void)state;
    for (size_t i = 0; i < COUNT(ROWS); i++) {
        for (size_t k = 0; k < COUNT(steps); k++)
            read_row(&reply, &ROWS[i], steps[k]);
    }
    reply_free(&reply);
}

static void head_has_no_body(void **state)
{
    static const char raw[] = OK "content-length: 5\r\n\r\n";
    struct reply reply = {0};
    const char *problem;
    (void)state;
    reply_begin(&reply, true, MOST_HEAD, MOST_KEPT, MOST_READ);
    assert_int_equal(reply_read(&reply, raw, sizeof raw - 1, &problem), REPLY_COMPLETE);
    assert_true(reply.reusable);
    reply_free(&reply);
}

/* A megabyte of zeros, compressed a thousand times, is read as far as it is allowed to be large. */
static void what_is_compressed_is_bounded(void **state)
{
    static char zeros[1 << 20], packed[4096];
    z_stream stream = {.next_in = (Bytef *)zeros, .avail_in = sizeof zeros, .next_out = (Bytef *)packed,
                       .avail_out = sizeof packed};
    struct reply reply = {0};
    const char *problem;
    (void)state;
    assert_int_equal(deflateInit2(&stream, 9, Z_DEFLATED, 16 + MAX_WBITS, 9, Z_DEFAULT_STRATEGY), Z_OK);
    assert_int_equal(deflate(&stream, Z_FINISH), Z_STREAM_END);
    deflateEnd(&stream);
    reply_begin(&reply, false, MOST_HEAD, MOST_KEPT, 100000);
    static const char head[] = OK "content-encoding: gzip\r\n\r\n";
    assert_int_equal(reply_read(&reply, head, sizeof head - 1, &problem), REPLY_MORE);
    assert_int_equal(reply_read(&reply, packed, stream.total_out, &problem), REPLY_COMPLETE);
    assert_int_equal(reply.body.size, MOST_KEPT);
    assert_true(reply.cut && !reply.reusable && reply.body_bytes < 200000);
    reply_free(&reply);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_form_has_its_result),
        cmocka_unit_test(head_has_no_body),
        cmocka_unit_test(what_is_compressed_is_bounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
