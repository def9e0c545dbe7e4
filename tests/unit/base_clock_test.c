/* Moments as text, and back. */
#include "case.h"

#include "base/clock.h"

enum { NOT = -1 };

static void moments_are_written(void **state)
{
    static const struct {
        int64_t moment;
        const char *text;
    } rows[] = {
        {0, "1970-01-01T00:00:00.000Z"},
        {1, "1970-01-01T00:00:00.001Z"},
        {-1, "1969-12-31T23:59:59.999Z"},
        {1763980830123, "2025-11-24T10:40:30.123Z"},
        {951782400000, "2000-02-29T00:00:00.000Z"},
        {253402300799999, "9999-12-31T23:59:59.999Z"},
        {INT64_MAX, "9999-12-31T23:59:59.999Z"},
        {-62167219200000, "0000-01-01T00:00:00.000Z"},
        {INT64_MIN, "0000-01-01T00:00:00.000Z"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char text[CLOCK_TEXT_SIZE];
        int64_t moment;
        clock_format(rows[i].moment, text);
        assert_string_equal(text, rows[i].text);
        assert_true(clock_parse(text_of(text), &moment));
        if (rows[i].moment != INT64_MAX && rows[i].moment != INT64_MIN)
            assert_int_equal(moment, rows[i].moment);
    }
}

static void moments_are_read(void **state)
{
    static const struct {
        int64_t moment; /* NOT: refused */
        struct text text;
    } rows[] = {
        {1767225600000, TEXT("2026-01-01")},
        {1767225600000, TEXT("2026-01-01T00:00:00Z")},
        {1767225600000, TEXT("2026-01-01t00:00:00z")},
        {1767225600000, TEXT("2026-01-01 00:00:00Z")},
        {1767225600000, TEXT("2026-01-01T01:30:00+01:30")},
        {1767225600000, TEXT("2025-12-31T19:00:00-05:00")},
        {1767225600100, TEXT("2026-01-01T00:00:00.1Z")},
        {1767225600123, TEXT("2026-01-01T00:00:00.123456789Z")},
        {1772236800000, TEXT("2026-02-28")},
        {1709164800000, TEXT("2024-02-29")},
        {1767225660000, TEXT("2026-01-01T00:00:60Z")},
        {NOT, TEXT("2026-02-29")},
        {NOT, TEXT("1900-02-29")},
        {NOT, TEXT("2026-00-01")},
        {NOT, TEXT("2026-13-01")},
        {NOT, TEXT("2026-01-00")},
        {NOT, TEXT("2026-04-31")},
        {NOT, TEXT("2026-1-1")},
        {NOT, TEXT("26-01-01")},
        {NOT, TEXT("+2026-01-01")},
        {NOT, TEXT("2026-01-01T")},
        {NOT, TEXT("2026-01-01T00:00Z")},
        {NOT, TEXT("2026-01-01T00:00:00")},
        {NOT, TEXT("2026-01-01T24:00:00Z")},
        {NOT, TEXT("2026-01-01T00:60:00Z")},
        {NOT, TEXT("2026-01-01T00:00:61Z")},
        {NOT, TEXT("2026-01-01T00:00:00.Z")},
        {NOT, TEXT("2026-01-01T00:00:00.1234567890Z")},
        {NOT, TEXT("2026-01-01T00:00:00+24:00")},
        {NOT, TEXT("2026-01-01T00:00:00+01")},
        {NOT, TEXT("2026-01-01T00:00:00+0100")},
        {NOT, TEXT("2026-01-01T00:00:00Zx")},
        {NOT, TEXT("2026-01-01\0")},
        {NOT, TEXT("yesterday")},
        {NOT, TEXT("1767225600000")},
        {NOT, TEXT("")},
        {NOT, {NULL, 0}},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        int64_t moment = NOT;
        bool good = clock_parse(rows[i].text, &moment);
        if (good != (rows[i].moment != NOT) || moment != rows[i].moment)
            fail_msg("%.*s: %lld", TEXT_ARGS(rows[i].text), (long long)moment);
    }
}

static void http_dates_are_read_in_their_three_forms(void **state)
{
    static const struct {
        bool good;
        struct text text;
    } rows[] = {
        {true, TEXT("Sun, 06 Nov 1994 08:49:37 GMT")},
        {true, TEXT("Sunday, 06-Nov-94 08:49:37 GMT")},
        {true, TEXT("Sun Nov  6 08:49:37 1994")},
        {false, TEXT("Sun, 06 Nov 1994 08:49:37 CET")},
        {false, TEXT("Sun, 31 Feb 1994 08:49:37 GMT")},
        {false, TEXT("Sun, 06 Nov 1994 25:49:37 GMT")},
        {false, TEXT("06 Nov 1994")},
        {false, TEXT("1994-11-06T08:49:37Z")},
        {false, TEXT("Sun, 06 Nov 1994 08:49:37 GMT and a lot more than fits into one of these dates")},
        {false, TEXT("\0")},
        {false, {NULL, 0}},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        int64_t moment = 0;
        if (clock_parse_http_date(rows[i].text, &moment) != rows[i].good)
            fail_msg("%.*s", TEXT_ARGS(rows[i].text));
        assert_int_equal(moment, rows[i].good ? 784111777000 : 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(moments_are_written), cmocka_unit_test(moments_are_read),
        cmocka_unit_test(http_dates_are_read_in_their_three_forms),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
