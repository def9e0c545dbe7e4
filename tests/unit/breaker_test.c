/* The circuit breaker of a destination, on a clock of the test's own. */
#include "case.h"

#include "base/limits.h"
#include "deliver/breaker.h"

static const int64_t MS = 1000, S = 1000000;
static const struct breaker_rule RULE = {4, 0, false};

/* One delivery that begins when it may and ends `took_us` later. Returns when it ended. */
static int64_t deliver(struct breaker *breaker, int64_t now_us, int64_t took_us, enum breaker_end end)
{
    int64_t at = breaker_next_at(breaker, now_us);
    assert_false(breaker_is_full(breaker, 0));
    bool probe = breaker_begin(breaker);
    breaker_end(breaker, end, probe, at, at + took_us);
    return at + took_us;
}

static int64_t fail_often(struct breaker *breaker, int64_t now_us, int count)
{
    while (count-- > 0)
        now_us = deliver(breaker, now_us, MS, BREAKER_BADLY);
    return now_us;
}

static void it_opens_after_failures_in_a_row(void **state)
{
    (void)state;
    static const struct {
        const char *what, *ends; /* w: well, b: badly, n: nothing */
        struct breaker_rule rule;
        enum breaker_state state;
    } cases[] = {
        {"as many", "bbbb", {4, 0, false}, BREAKER_OPEN},
        {"one less", "bbb", {4, 0, false}, BREAKER_CLOSED},
        {"with an answer among them", "bbbwbbb", {4, 0, false}, BREAKER_CLOSED},
        {"with one that asked nothing", "bbnb", {3, 0, false}, BREAKER_OPEN},
        {"never", "bbbbbbbbbbbbbbbb", {0, 0, false}, BREAKER_CLOSED},
        {"the first", "b", {1, 0, false}, BREAKER_OPEN},
        {"not for long enough", "bbbbbbbb", {4, 9, false}, BREAKER_CLOSED},
        {"for long enough", "bbbbbbbbbb", {4, 9, false}, BREAKER_OPEN},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct breaker breaker = {0};
        int64_t now_us = S;
        breaker_set(&breaker, cases[i].rule, now_us);
        for (const char *end = cases[i].ends; *end != 0; end++)
            now_us = deliver(&breaker, now_us, MS, *end == 'w' ? BREAKER_WELL : *end == 'b' ? BREAKER_BADLY : BREAKER_NOTHING);
        check_integer(cases[i].what, "state", breaker.state, cases[i].state);
    }
}

/* What began before the last good answer does not make the row look longer than it is. */
static void a_row_is_as_long_as_there_were_only_failures(void **state)
{
    (void)state;
    struct breaker breaker = {0};
    breaker_set(&breaker, (struct breaker_rule){2, 1000, false}, S);
    breaker_end(&breaker, BREAKER_WELL, false, 9 * S, 10 * S);
    breaker_end(&breaker, BREAKER_BADLY, false, 2 * S, 10 * S + MS);
    breaker_end(&breaker, BREAKER_BADLY, false, 2 * S, 10 * S + 2 * MS);
    assert_int_equal(breaker.state, BREAKER_CLOSED);
    breaker_end(&breaker, BREAKER_BADLY, false, 10 * S, 11 * S);
    assert_int_equal(breaker.state, BREAKER_OPEN);
}

static void probes_go_one_at_a_time_and_less_and_less_often(void **state)
{
    (void)state;
    struct breaker breaker = {0};
    breaker_set(&breaker, RULE, S);
    int64_t now_us = fail_often(&breaker, S, 4), wait_us = limits.breaker_probe_ms * MS;
    for (int i = 0; i < 10; i++) {
        int64_t at = breaker_next_at(&breaker, now_us);
        check_integer("a probe", "wait", at - now_us, wait_us);
        assert_true(breaker_begin(&breaker));
        assert_true(breaker_is_full(&breaker, 1));
        breaker_end(&breaker, BREAKER_WELL, false, S, at); /* one of before: says nothing about now */
        assert_true(breaker_is_full(&breaker, 1));
        now_us = at + MS;
        breaker_end(&breaker, BREAKER_BADLY, true, at, now_us);
        wait_us = wait_us * 2 < limits.breaker_probe_most_ms * MS ? wait_us * 2 : limits.breaker_probe_most_ms * MS;
    }
    assert_true(breaker_is_outage(&breaker));
    int64_t at = breaker_next_at(&breaker, now_us);
    assert_true(breaker_begin(&breaker));
    breaker_end(&breaker, BREAKER_NOTHING, true, at, at);
    assert_int_equal(breaker_next_at(&breaker, at), at); /* the next one is asked in its place */
}

static void it_recovers_little_by_little(void **state)
{
    (void)state;
    struct breaker breaker = {0};
    breaker_set(&breaker, RULE, S);
    int64_t now_us = deliver(&breaker, fail_often(&breaker, S, 4), MS, BREAKER_WELL), began_us = now_us;
    assert_int_equal(breaker.state, BREAKER_RECOVERING);
    assert_true(breaker_is_full(&breaker, 1));
    int64_t most = 1;
    for (; now_us < began_us + 2 * S; now_us += MS) {
        breaker_end(&breaker, BREAKER_WELL, false, now_us - MS, now_us);
        if (breaker.allowed > most)
            assert_int_equal(breaker.allowed, most * 2);
        most = breaker.allowed;
    }
    assert_in_range(most, 8, 16);
    breaker_turn(&breaker, began_us + limits.breaker_recovery_ms * MS - 1);
    assert_true(breaker_is_outage(&breaker));
    breaker_turn(&breaker, began_us + limits.breaker_recovery_ms * MS);
    assert_true(breaker_is_well(&breaker));
}

static void a_relapse_waits_longer(void **state)
{
    (void)state;
    struct breaker breaker = {0};
    breaker_set(&breaker, (struct breaker_rule){50, 60000, false}, S);
    breaker_reopen(&breaker, S);
    int64_t now_us = deliver(&breaker, S, MS, BREAKER_WELL);
    breaker_end(&breaker, BREAKER_BADLY, false, S - 1, now_us + MS); /* began before the probe */
    now_us = fail_often(&breaker, now_us + MS, 2);
    assert_int_equal(breaker.state, BREAKER_RECOVERING);
    now_us = fail_often(&breaker, now_us, 1);
    assert_int_equal(breaker.state, BREAKER_OPEN);
    assert_int_equal(breaker_next_at(&breaker, now_us) - now_us, 2 * limits.breaker_probe_ms * MS);
}

static void a_wait_that_was_asked_for_holds(void **state)
{
    (void)state;
    struct breaker breaker = {0};
    breaker_set(&breaker, RULE, S);
    breaker_slow(&breaker, 9 * S);
    breaker_slow(&breaker, 5 * S);
    assert_int_equal(breaker_next_at(&breaker, S), 9 * S);
    assert_false(breaker_is_well(&breaker));
    assert_false(breaker_is_outage(&breaker));
    assert_true(breaker_next_at(&breaker, 9 * S) <= 9 * S);
    assert_int_equal(breaker.state, BREAKER_RECOVERING);
    assert_false(breaker_is_outage(&breaker));
    assert_true(breaker_is_full(&breaker, 1));
    fail_often(&breaker, 9 * S, 3); /* no relapse: it was not open */
    assert_int_equal(breaker.state, BREAKER_RECOVERING);
    fail_often(&breaker, 10 * S, 1);
    assert_true(breaker_is_outage(&breaker));
}

static void a_wait_is_forgotten_when_nothing_came(void **state)
{
    (void)state;
    struct breaker breaker = {0};
    breaker_set(&breaker, RULE, S);
    breaker_slow(&breaker, 9 * S);
    breaker_turn(&breaker, 9 * S + limits.breaker_recovery_ms * MS - 1);
    assert_false(breaker_is_well(&breaker));
    breaker_turn(&breaker, 9 * S + limits.breaker_recovery_ms * MS);
    assert_true(breaker_is_well(&breaker));
}

static void a_change_is_tried_at_once(void **state)
{
    (void)state;
    struct breaker breaker = {0};
    breaker_set(&breaker, RULE, S);
    int64_t now_us = fail_often(&breaker, S, 4);
    breaker_slow(&breaker, now_us + 100 * S);
    breaker_set(&breaker, RULE, now_us);
    assert_true(breaker_next_at(&breaker, now_us) <= now_us);
    assert_true(breaker_begin(&breaker));
    breaker_set(&breaker, (struct breaker_rule){0, 0, false}, now_us);
    assert_true(breaker_is_well(&breaker));
    breaker_end(&breaker, BREAKER_BADLY, true, now_us, now_us + MS); /* the probe, whose breaker is gone */
    assert_true(breaker_is_well(&breaker));
    breaker_reopen(&breaker, now_us);
    assert_true(breaker_is_well(&breaker));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_opens_after_failures_in_a_row),
        cmocka_unit_test(a_row_is_as_long_as_there_were_only_failures),
        cmocka_unit_test(probes_go_one_at_a_time_and_less_and_less_often),
        cmocka_unit_test(it_recovers_little_by_little),
        cmocka_unit_test(a_relapse_waits_longer),
        cmocka_unit_test(a_wait_that_was_asked_for_holds),
        cmocka_unit_test(a_wait_is_forgotten_when_nothing_came),
        cmocka_unit_test(a_change_is_tried_at_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
