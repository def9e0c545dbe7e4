/* Chunked bodies: what is taken, what is refused, whole and in pieces. */
#include "case.h"

#include <stdio.h>

#include "http/chunked.h"

enum { MOST = 100 };

static const struct row {
    enum chunk_result result;
    const char *body; /* what was read by then */
    struct text raw;
    size_t left; /* bytes behind the end that were not taken */
} ROWS[] = {
    {CHUNKS_COMPLETE, "", TEXT("0\r\n\r\n"), 0},
    {CHUNKS_COMPLETE, "hello", TEXT("5\r\nhello\r\n0\r\n\r\n"), 0},
    {CHUNKS_COMPLETE, "hello world", TEXT("5\r\nhello\r\n006\r\n world\r\n000\r\n\r\n"), 0},
    {CHUNKS_COMPLETE, "0123456789abcdef0123456789", TEXT("1A\r\n0123456789abcdef0123456789\r\n0\r\n\r\n"), 0},
    {CHUNKS_COMPLETE, "0123456789", TEXT("a\r\n0123456789\r\n0\r\n\r\n"), 0},
    {CHUNKS_COMPLETE, "\r\n0\r\n\r", TEXT("6\r\n\r\n0\r\n\r\r\n0\r\n\r\n"), 0},
    {CHUNKS_COMPLETE, "a", TEXT("1;x=y;z=\"q\"\r\na\r\n0;last\r\n\r\n"), 0},
    {CHUNKS_COMPLETE, "a", TEXT("000000000000001\r\na\r\n0\r\n\r\n"), 0},
    {CHUNKS_COMPLETE, "a", TEXT("1\r\na\r\n0\r\nx: y\r\nlong-name:\r\n\r\n"), 0},
    {CHUNKS_COMPLETE, "a", TEXT("1\r\na\r\n0\r\n\r\nGET / HTTP/1.1\r\n"), 16},
    {CHUNKS_MORE, "", TEXT("5"), 0},
    {CHUNKS_MORE, "hel", TEXT("5\r\nhel"), 0},
    {CHUNKS_MORE, "a", TEXT("1\r\na\r\n0\r\n"), 0},
    {CHUNKS_MORE, "a", TEXT("1\r\na\r\n0\r\n\r"), 0},
    {CHUNKS_MALFORMED, "", TEXT("\r\n"), 0},
    {CHUNKS_MALFORMED, "", TEXT("g\r\n"), 0},
    {CHUNKS_MALFORMED, "", TEXT(";x\r\n"), 0},
    {CHUNKS_MALFORMED, "", TEXT(" 5\r\nhello\r\n"), 0},
    {CHUNKS_MALFORMED, "", TEXT("5 \r\nhello\r\n"), 0},
    {CHUNKS_MALFORMED, "", TEXT("5\t;x\r\nhello\r\n"), 0},
    {CHUNKS_MALFORMED, "", TEXT("0x5\r\nhello\r\n"), 0},
    {CHUNKS_MALFORMED, "", TEXT("+5\r\nhello\r\n"), 0},
    {CHUNKS_MALFORMED, "", TEXT("-5\r\nhello\r\n"), 0},
    {CHUNKS_MALFORMED, "", TEXT("5\nhello\r\n0\r\n\r\n"), 0},
    {CHUNKS_MALFORMED, "", TEXT("5\rhello\r\n"), 0},
    {CHUNKS_MALFORMED, "", TEXT("5\r\rhello\r\n"), 0},
    {CHUNKS_MALFORMED, "", TEXT("5\0\r\nhello\r\n"), 0},
    {CHUNKS_MALFORMED, "", TEXT("5;x\ny\r\nhello\r\n"), 0},
    {CHUNKS_MALFORMED, "", TEXT("5;x\0\r\nhello\r\n"), 0},
    {CHUNKS_MALFORMED, "", TEXT("5;x\rX\r\n"), 0},
    {CHUNKS_MALFORMED, "hello", TEXT("5\r\nhello0\r\n\r\n"), 0},
    {CHUNKS_MALFORMED, "hello", TEXT("5\r\nhello\n0\r\n\r\n"), 0},
    {CHUNKS_MALFORMED, "hello", TEXT("5\r\nhello\rX"), 0},
    {CHUNKS_MALFORMED, "", TEXT("0000000000000001\r\na\r\n"), 0},
    {CHUNKS_MALFORMED, "", TEXT("10000000000000000\r\n"), 0},
    {CHUNKS_MALFORMED, "", TEXT("ffffffffffffffff\r\n"), 0},
    {CHUNKS_MALFORMED, "a", TEXT("1\r\na\r\n0\r\n\n"), 0},
    {CHUNKS_MALFORMED, "a", TEXT("1\r\na\r\n0\r\nx: y\n\r\n"), 0},
    {CHUNKS_MALFORMED, "a", TEXT("1\r\na\r\n0\r\nx\r\n\r\n"), 0},
    {CHUNKS_MALFORMED, "a", TEXT("1\r\na\r\n0\r\nx : y\r\n\r\n"), 0},
    {CHUNKS_MALFORMED, "a", TEXT("1\r\na\r\n0\r\n x: y\r\n\r\n"), 0},
    {CHUNKS_MALFORMED, "a", TEXT("1\r\na\r\n0\r\n: y\r\n\r\n"), 0},
    {CHUNKS_MALFORMED, "a", TEXT("1\r\na\r\n0\r\nx: \0\r\n\r\n"), 0},
    {CHUNKS_MALFORMED, "a", TEXT("1\r\na\r\n0\r\nx: y\r\n z\r\n\r\n"), 0},
    {CHUNKS_MALFORMED, "a", TEXT("1\r\na\r\n0\r\n\rX"), 0},
    {CHUNKS_TOO_LARGE, "", TEXT("65\r\n"), 0},
    {CHUNKS_TOO_LARGE, "", TEXT("fffffffffffffff\r\n"), 0},
    {CHUNKS_TOO_LARGE, "a", TEXT("1\r\na\r\n64\r\n"), 0},
};

/* Reads in pieces of `step` bytes until something other than "more" comes out. */
static void read_row(const struct row *row, size_t step)
{
    struct chunked chunked = {0};
    struct buffer body = {0};
    enum chunk_result result = CHUNKS_MORE;
    size_t at = 0;
    while (at < row->raw.size && result == CHUNKS_MORE) {
        size_t used, size = row->raw.size - at < step ? row->raw.size - at : step;
        result = chunked_read(&chunked, row->raw.data + at, size, &used, &body, MOST);
        assert_true(used <= size);
        assert_true(result != CHUNKS_MORE || used == size);
        at += used;
    }
    if (result != row->result)
        fail_msg("%d, not %d, in steps of %zu for:\n%.*s", result, row->result, step, TEXT_ARGS(row->raw));
    ASSERT_TEXT(buffer_text(&body), row->body);
    if (result == CHUNKS_COMPLETE)
        assert_int_equal(row->raw.size - at, row->left);
    buffer_free(&body);
}

static void every_form_has_its_result(void **state)
{
    static const size_t steps[] = {1, 2, 3, 5, 1000};
    (void)state;
    for (size_t i = 0; i < sizeof ROWS / sizeof ROWS[0]; i++) {
        for (size_t k = 0; k < sizeof steps / sizeof steps[0]; k++)
            read_row(&ROWS[i], steps[k]);
    }
}

/* Feeds the same piece again and again; the number of bytes until it is refused must be bounded. */
static size_t bytes_until_refused(struct text first, struct text again)
{
    struct chunked chunked = {0};
    struct buffer body = {0};
    size_t used, sum = 0;
    enum chunk_result result = chunked_read(&chunked, first.data, first.size, &used, &body, MOST);
    while (result == CHUNKS_MORE && sum < 1000000) {
        result = chunked_read(&chunked, again.data, again.size, &used, &body, MOST);
        sum += used;
    }
    assert_true(result == CHUNKS_MALFORMED || result == CHUNKS_TOO_LARGE);
    buffer_free(&body);
    return sum;
}

static void what_is_no_data_is_bounded(void **state)
{
    (void)state;
    assert_true(bytes_until_refused(TEXT("1;"), TEXT("x")) < 20000);
    assert_true(bytes_until_refused(TEXT("0\r\n"), TEXT("a: b\r\n")) < 40000);
    assert_true(bytes_until_refused(TEXT("0\r\n"), TEXT("a:\r\n")) < 40000);
    assert_true(bytes_until_refused(TEXT("0\r\na"), TEXT("a")) < 20000);
    assert_true(bytes_until_refused(TEXT("0\r\na: "), TEXT("\t")) < 20000);
    assert_true(bytes_until_refused(TEXT(""), TEXT("0")) <= 16);
    assert_true(bytes_until_refused(TEXT(""), TEXT("1;x\r\na\r\n")) < 1000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_form_has_its_result),
        cmocka_unit_test(what_is_no_data_is_bounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
