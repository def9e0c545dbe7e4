/* The buckets of time, and the steps of latencies. */
#include "case.h"

#include <stdio.h>

#include "base/clock.h"
#include "store/granularity.h"
#include "store/latency.h"

static int64_t moment_of(const char *text)
{
    int64_t moment;
    assert_true(clock_parse(text_of(text), &moment));
    return moment;
}

static void buckets_begin_where_they_should(void **state)
{
    static const struct {
        const char *granularity, *moment, *bucket;
    } rows[] = {
        {"1s", "2026-11-25T08:42:56.789Z", "2026-11-25T08:42:56.000Z"},
        {"30s", "2026-11-25T08:42:56.789Z", "2026-11-25T08:42:30.000Z"},
        {"5m", "2026-11-25T08:42:56.789Z", "2026-11-25T08:40:00.000Z"},
        {"60m", "2026-11-25T08:42:56.789Z", "2026-11-25T08:00:00.000Z"},
        {"6h", "2026-11-25T08:42:56.789Z", "2026-11-25T06:00:00.000Z"},
        {"1d", "2026-11-25T23:59:59.999Z", "2026-11-25T00:00:00.000Z"},
        {"2d", "1970-01-04T12:00:00.000Z", "1970-01-03T00:00:00.000Z"},
        {"1w", "2026-11-25T08:42:56.789Z", "2026-11-23T00:00:00.000Z"}, /* a Monday */
        {"1w", "2026-11-23T00:00:00.000Z", "2026-11-23T00:00:00.000Z"},
        {"1w", "2026-11-22T23:59:59.999Z", "2026-11-16T00:00:00.000Z"},
        {"1M", "2026-11-30T23:59:59.999Z", "2026-11-01T00:00:00.000Z"},
        {"1M", "2024-02-29T12:00:00.000Z", "2024-02-01T00:00:00.000Z"},
        {"1M", "2024-03-01T00:00:00.000Z", "2024-03-01T00:00:00.000Z"},
        {"3M", "2026-12-31T00:00:00.000Z", "2026-10-01T00:00:00.000Z"},
        {"12M", "2026-12-31T00:00:00.000Z", "2026-01-01T00:00:00.000Z"},
        {"1M", "1970-01-01T00:00:00.000Z", "1970-01-01T00:00:00.000Z"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct granularity granularity;
        char text[CLOCK_TEXT_SIZE];
        assert_true(granularity_parse(text_of(rows[i].granularity), &granularity));
        clock_format(granularity_bucket(granularity, moment_of(rows[i].moment)), text);
        assert_string_equal(text, rows[i].bucket);
    }
}

static void every_month_of_four_centuries_begins_on_its_first(void **state)
{
    struct granularity month = {1, 'M'};
    (void)state;
    for (int year = 1970; year < 2370; year++) {
        for (int number = 1; number <= 12; number++) {
            char first[CLOCK_TEXT_SIZE], inside[CLOCK_TEXT_SIZE];
            snprintf(first, sizeof first, "%04d-%02d-01T00:00:00.000Z", year % 10000, number % 100);
            snprintf(inside, sizeof inside, "%04d-%02d-28T23:59:59.999Z", year % 10000, number % 100);
            assert_int_equal(granularity_bucket(month, moment_of(first)), moment_of(first));
            assert_int_equal(granularity_bucket(month, moment_of(inside)), moment_of(first));
            assert_true(granularity_bucket(month, moment_of(first) - 1) < moment_of(first));
        }
    }
}

static void what_is_no_granularity_is_refused(void **state)
{
    static const char *const texts[] = {"", "m", "5", "0m", "61s", "61m", "25h", "32d", "5w", "13M", "-1m", "+1m", "1.5h",
                                        "1 h", "1y", "5mm", "99999999999999999999m", "1H"};
    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        struct granularity granularity;
        if (granularity_parse(text_of(texts[i]), &granularity))
            fail_msg("\"%s\" was taken", texts[i]);
    }
}

static void a_bucket_holds_whole_spans_or_not(void **state)
{
    enum { MINUTE = 60000, HOUR = 3600000 };
    (void)state;
    assert_true(granularity_holds((struct granularity){0, 0}, HOUR));
    assert_true(granularity_holds((struct granularity){1, 'M'}, HOUR));
    assert_true(granularity_holds((struct granularity){7, 'h'}, HOUR));
    assert_true(granularity_holds((struct granularity){60, 'm'}, HOUR));
    assert_true(granularity_holds((struct granularity){60, 's'}, MINUTE));
    assert_false(granularity_holds((struct granularity){45, 'm'}, HOUR));
    assert_false(granularity_holds((struct granularity){30, 's'}, MINUTE));
    assert_int_equal(granularity_buckets((struct granularity){0, 0}, 0, HOUR), 1);
    assert_true(granularity_buckets((struct granularity){1, 'm'}, 0, HOUR) >= 60);
}

static void steps_of_latencies_are_narrow(void **state)
{
    size_t before = 0;
    (void)state;
    for (int64_t latency = 0; latency < 1000000; latency += 1 + latency / 100) {
        size_t step = latency_step(latency);
        int64_t middle = latency_of_step(step);
        assert_true(step >= before);
        assert_int_equal(latency_step(middle), step);
        if (latency < 16)
            assert_int_equal(middle, latency);
        else
            assert_true((middle > latency ? middle - latency : latency - middle) * 100 <= latency * 7);
        before = step;
    }
    assert_int_equal(latency_step(INT64_MAX), LATENCY_STEPS - 1);
    assert_int_equal(latency_step(-5), 0);
}

static void percentiles_are_told_of_what_was_packed(void **state)
{
    int64_t counts[LATENCY_STEPS] = {0}, copy[LATENCY_STEPS] = {0};
    unsigned char packed[LATENCY_BYTES];
    (void)state;
    assert_int_equal(latency_percentile(counts, 95), 0);
    for (int64_t latency = 1; latency <= 1000; latency++)
        counts[latency_step(latency)]++;
    counts[LATENCY_STEPS - 1] = INT64_MAX >> 1;
    size_t size = latency_pack(counts, packed);
    latency_add_packed(copy, (struct text){(const char *)packed, size});
    assert_memory_equal(counts, copy, sizeof counts);
    counts[LATENCY_STEPS - 1] = 0;
    assert_in_range(latency_percentile(counts, 95), 950 * 93 / 100, 950 * 107 / 100);
    assert_in_range(latency_percentile(counts, 99), 990 * 93 / 100, 990 * 107 / 100);
    for (size_t cut = 0; cut < size; cut++) /* half of it, or garbage, does no harm */
        latency_add_packed(copy, (struct text){(const char *)packed, cut});
    memset(packed, 0xFF, sizeof packed);
    latency_add_packed(copy, (struct text){(const char *)packed, sizeof packed});
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(buckets_begin_where_they_should),
        cmocka_unit_test(every_month_of_four_centuries_begins_on_its_first),
        cmocka_unit_test(what_is_no_granularity_is_refused),
        cmocka_unit_test(a_bucket_holds_whole_spans_or_not),
        cmocka_unit_test(steps_of_latencies_are_narrow),
        cmocka_unit_test(percentiles_are_told_of_what_was_packed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
