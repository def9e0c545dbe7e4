/* The buckets of calls: what a key may do at once and over time, and that their number is bounded. */
#include "case.h"

#include "access/rate.h"
#include "base/limits.h"

enum { SECOND_US = 1000000 };

static void a_minute_holds_as_many_calls_as_the_limit(void **state)
{
    struct rate *rate = rate_create();
    struct rate_state now;
    (void)state;
    for (int64_t left = 59; left >= 0; left--) {
        assert_true(rate_take(rate, 1, 60, 0, &now));
        assert_int_equal(now.remaining, left);
        assert_int_equal(now.reset_ms, (60 - left) * 1000);
    }
    assert_false(rate_take(rate, 1, 60, 0, &now));
    assert_int_equal(now.remaining, 0);
    assert_int_equal(now.wait_ms, 1000);
    assert_true(rate_take(rate, 2, 60, 0, &now)); /* another key has its own */
    assert_false(rate_take(rate, 1, 60, SECOND_US - 1, &now));
    assert_true(rate_take(rate, 1, 60, SECOND_US, &now));
    assert_false(rate_take(rate, 1, 60, SECOND_US, &now));
    assert_true(rate_take(rate, 1, 60, 100 * (int64_t)SECOND_US, &now)); /* full again, and no fuller */
    assert_int_equal(now.remaining, 59);
    rate_free(rate);
}

static void without_a_limit_nothing_is_counted(void **state)
{
    struct rate *rate = rate_create();
    struct rate_state now;
    (void)state;
    for (int i = 0; i < 100000; i++)
        assert_true(rate_take(rate, 1, 0, 0, &now));
    assert_int_equal(now.limit, 0);
    rate_free(rate);
}

static void a_limit_may_change(void **state)
{
    struct rate *rate = rate_create();
    struct rate_state now;
    (void)state;
    for (int i = 0; i < 1000; i++)
        assert_true(rate_take(rate, 1, 1000, 0, &now));
    assert_false(rate_take(rate, 1, 1, 0, &now));
    assert_int_equal(now.wait_ms, 60000); /* never longer than a minute */
    assert_true(rate_take(rate, 1, 1, 60 * (int64_t)SECOND_US, &now));
    assert_int_equal(now.remaining, 0);
    assert_true(rate_take(rate, 1, 1000000, 61 * (int64_t)SECOND_US, &now));
    rate_free(rate);
}

static void the_buckets_are_bounded(void **state)
{
    struct rate *rate = rate_create();
    struct rate_state now;
    (void)state;
    for (int64_t key = 1; key <= limits.rate_buckets; key++)
        assert_true(rate_take(rate, key, 60, 0, &now));
    assert_false(rate_take(rate, limits.rate_buckets + 1, 60, 0, &now));
    assert_int_equal(now.wait_ms, 60000);
    assert_true(rate_take(rate, 1, 60, 0, &now)); /* those that are there go on */
    assert_true(rate_take(rate, limits.rate_buckets + 1, 60, SECOND_US, &now)); /* full ones made room */
    rate_free(rate);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_minute_holds_as_many_calls_as_the_limit),
        cmocka_unit_test(without_a_limit_nothing_is_counted),
        cmocka_unit_test(a_limit_may_change),
        cmocka_unit_test(the_buckets_are_bounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
