/* When a failed attempt is followed by another. */
#include "case.h"

#include "base/clock.h"
#include "base/limits.h"
#include "rules/retry.h"

enum { START = 1000000, NOW = START + 500 };

/* ---- status expressions ---- */

static void status_expressions(void **state)
{
    static const struct {
        const char *expression;
        int first, last; /* first 0: refused */
        bool excluded;
    } rows[] = {
        {"500", 500, 500, false},    {"200", 200, 200, false},    {"599", 599, 599, false},   {"500-599", 500, 599, false},
        {"404-404", 404, 404, false}, {">400", 401, 599, false},  {">=500", 500, 599, false}, {"<500", 200, 499, false},
        {"<=499", 200, 499, false},  {"!501", 501, 501, true},    {">599", 600, 599, false},  {"<200", 200, 199, false},
        {"", 0, 0, false},           {"199", 0, 0, false},        {"600", 0, 0, false},       {"0500", 0, 0, false},
        {"50", 0, 0, false},         {"5xx", 0, 0, false},        {"+50", 0, 0, false},       {"-50", 0, 0, false},
        {" 500", 0, 0, false},       {"500 ", 0, 0, false},       {"500-", 0, 0, false},      {"-500", 0, 0, false},
        {"599-500", 0, 0, false},    {"500-600", 0, 0, false},    {"500--599", 0, 0, false},  {"500-599-599", 0, 0, false},
        {"!500-599", 0, 0, false},   {"!!500", 0, 0, false},      {"!>500", 0, 0, false},     {">", 0, 0, false},
        {">=", 0, 0, false},         {"=500", 0, 0, false},       {"==500", 0, 0, false},     {"=>500", 0, 0, false},
        {"> 500", 0, 0, false},      {">>500", 0, 0, false},      {"500,501", 0, 0, false},   {"*", 0, 0, false},
        {"99999999999999999999", 0, 0, false}, {"\xFF", 0, 0, false},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct status_range range = {0};
        struct error error = {0};
        bool good = status_range_parse(text_of(rows[i].expression), &range, &error);
        if (good != (rows[i].first != 0) || range.first != rows[i].first || range.last != rows[i].last ||
            range.excluded != rows[i].excluded)
            fail_msg("%s: %d %d-%d", rows[i].expression, good, range.first, range.last);
        assert_int_equal(error.code, good ? ERROR_NONE : ERROR_INVALID);
    }
}

/* ---- rules ---- */

static struct retry_rule rule_of(const char *json)
{
    struct retry_rule rule;
    struct error error = {0};
    if (!retry_rule_read(text_of(json), &rule, &error))
        fail_msg("%s: %s", json, error.message);
    return rule;
}

static void rules_are_read(void **state)
{
    struct retry_rule rule = rule_of("[{\"type\":\"delay\",\"delay\":5},{\"type\":\"retry\",\"strategy\":\"exponential\","
                                     "\"interval\":100,\"count\":7,\"response_status_codes\":[\"500-599\",\"!503\",404]}]");
    struct error error = {0};
    (void)state;
    assert_int_equal(rule.strategy, RETRY_EXPONENTIAL);
    assert_int_equal(rule.interval_ms, 100);
    assert_int_equal(rule.count, 7);
    assert_int_equal(rule.range_count, 3);
    assert_int_equal(rule.ranges[2].first, 404);
    rule = rule_of("[{\"type\":\"retry\",\"strategy\":\"linear\"},{\"type\":\"retry\",\"strategy\":\"exponential\"}]");
    assert_int_equal(rule.strategy, RETRY_LINEAR);
    assert_int_equal(rule.interval_ms, RETRY_DEFAULT_INTERVAL_MS);
    assert_int_equal(rule.count, RETRY_DEFAULT_COUNT);
    assert_int_equal(rule_of("").strategy, RETRY_NONE);
    assert_int_equal(rule_of("[]").strategy, RETRY_NONE);
    assert_int_equal(rule_of("{}").strategy, RETRY_NONE);
    assert_int_equal(rule_of("[null,1,\"x\",{\"type\":7}]").strategy, RETRY_NONE);
    assert_false(retry_rule_read(TEXT("[{"), &rule, &error));
    assert_false(retry_rule_read(TEXT("[{\"type\":\"retry\",\"response_status_codes\":[\"x\"]}]"), &rule, &error));
    assert_false(retry_rule_read(TEXT("[{\"type\":\"retry\",\"response_status_codes\":[{}]}]"), &rule, &error));
    assert_false(retry_rule_read(TEXT("[{\"type\":\"retry\",\"response_status_codes\":[500,500,500,500,500,500,500,500,"
                                      "500,500,500]}]"), &rule, &error));
    assert_int_equal(delay_rule_read(TEXT("[{\"type\":\"delay\",\"delay\":60000}]")), 60000);
    assert_int_equal(delay_rule_read(TEXT("[{\"type\":\"delay\",\"delay\":-1}]")), 0);
    assert_int_equal(delay_rule_read(TEXT("[{\"type\":\"delay\",\"delay\":\"5\"}]")), 0);
    assert_int_equal(delay_rule_read(TEXT("")), 0);
    assert_int_equal(delay_rule_read(TEXT("no json")), 0);
}

/* ---- the next attempt ---- */

static int64_t next_of(const char *rules, int64_t retries, int status, const char *retry_after)
{
    struct retry_rule rule = rule_of(rules);
    struct failed_attempt failed = {.started_at = START, .event_created_at = START, .automatic_retries = retries,
                                    .status = status, .retry_after = text_of(retry_after), .now = NOW};
    return retry_next_at(&rule, &failed);
}

#define LINEAR "[{\"type\":\"retry\",\"strategy\":\"linear\",\"interval\":1000,\"count\":3}]"
#define EXPONENTIAL "[{\"type\":\"retry\",\"strategy\":\"exponential\",\"interval\":1000,\"count\":50}]"
#define ONLY(codes) "[{\"type\":\"retry\",\"strategy\":\"linear\",\"interval\":1000,\"response_status_codes\":[" codes "]}]"

/* Two events that fail at one time are tried again at different ones, and each when it was said before. */
static void waits_are_spread_when_they_are_to_be(void **state)
{
    (void)state;
    struct retry_rule rule = rule_of(LINEAR);
    struct failed_attempt failed = {.started_at = START, .event_created_at = START, .status = 500, .now = NOW};
    int64_t sum = 0;
    limits.retry_jitter_percent = 30;
    for (failed.event_id = 1; failed.event_id <= 1000; failed.event_id++) {
        int64_t next = retry_next_at(&rule, &failed);
        assert_in_range(next - START, 1000, 1300);
        assert_int_equal(retry_next_at(&rule, &failed), next);
        sum += next - START;
    }
    assert_in_range(sum / 1000, 1140, 1160);
    failed.retry_after = TEXT("10");
    assert_int_equal(retry_next_at(&rule, &failed), NOW + 10000);
    limits.retry_jitter_percent = 0;
}

static void waits_grow_as_the_strategy_says(void **state)
{
    (void)state;
    for (int64_t i = 0; i < 5; i++)
        assert_int_equal(next_of(LINEAR, i, 500, NULL), i < 3 ? START + 1000 : 0);
    for (int64_t i = 0; i < 20; i++)
        assert_int_equal(next_of(EXPONENTIAL, i, 500, NULL), START + (1000LL << i));
    /* beyond the span of all retries there is none, and nothing overflows on the way */
    assert_int_equal(next_of(EXPONENTIAL, 30, 500, NULL), 0);
    assert_int_equal(next_of(EXPONENTIAL, 49, 500, NULL), 0);
    assert_int_equal(next_of("[]", 0, 500, NULL), 0);
    assert_int_equal(next_of("[{\"type\":\"retry\",\"strategy\":\"linear\",\"interval\":0}]", 0, 500, NULL), NOW);
    assert_int_equal(next_of("[{\"type\":\"retry\",\"strategy\":\"linear\",\"interval\":1,\"count\":1000}]",
                             limits.automatic_retries, 500, NULL), 0);
    assert_int_equal(next_of("[{\"type\":\"retry\",\"strategy\":\"linear\",\"count\":0}]", 0, 500, NULL), 0);
}

static void only_the_named_statuses_are_retried(void **state)
{
    static const struct {
        const char *rules;
        int status;
        bool retried;
    } rows[] = {
        {ONLY("\"500-599\""), 500, true},  {ONLY("\"500-599\""), 599, true},   {ONLY("\"500-599\""), 404, false},
        {ONLY("\"500-599\""), 0, true},    {ONLY("\"!404\""), 404, false},     {ONLY("\"!404\""), 500, true},
        {ONLY("\">=500\",\"!503\""), 503, false}, {ONLY("\"!503\",\">=500\""), 503, false},
        {ONLY("\">=500\",\"!503\""), 502, true},  {ONLY("\">=500\",\"!503\""), 404, false},
        {ONLY("\"404\",\"500\""), 500, true},     {ONLY("\">599\""), 500, false}, {ONLY("\"<300\""), 302, false},
        {ONLY("\"302\""), 302, true},      {ONLY("\"!404\",\"!405\""), 405, false},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        int64_t next = next_of(rows[i].rules, 0, rows[i].status, NULL);
        if (next != (rows[i].retried ? START + 1000 : 0))
            fail_msg("%s on %d: %lld", rows[i].rules, rows[i].status, (long long)next);
    }
}

static void retry_after_wins(void **state)
{
    static const struct {
        const char *value;
        int64_t next; /* after NOW; -1: none; -2: as if there were no header */
    } rows[] = {
        {"0", 0},            {"1", 1000},          {" 120 ", 120000},  {"604799", 604799000}, {"604801", -1},
        {"9223372036854775807", -1}, {"99999999999999999999999", -2}, {"-1", -1},           {"-2", -2},
        {"", -2},            {"soon", -2},         {"1.5", -2},        {"+5", -2},            {"5 seconds", -2},
        {"0x10", -2},        {"\xFF", -2},         {"Thu, 01 Jan 1970 00:17:00 GMT", 1020000 - NOW},
        {"Thu, 01 Jan 1970 00:00:00 GMT", -2},     {"Mon, 01 Jan 1900 00:00:00 GMT", 0},
        {"Fri, 31 Dec 9999 23:59:59 GMT", -1},     {"Thu, 99 Jan 1970 00:17:00 GMT", -2},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        int64_t with = next_of(LINEAR, 0, 503, rows[i].value), without = next_of("[]", 0, 503, rows[i].value);
        int64_t asked = rows[i].next >= 0 ? NOW + rows[i].next : 0;
        if (with != (rows[i].next == -2 ? START + 1000 : asked) || without != asked)
            fail_msg("\"%s\": %lld and %lld", rows[i].value, (long long)with, (long long)without);
    }
    assert_int_equal(next_of(LINEAR, 3, 503, "5"), 0); /* the count holds for these, too */
    assert_int_equal(next_of("[]", limits.automatic_retries, 503, "5"), 0);
}

static void an_old_event_is_let_go(void **state)
{
    struct retry_rule rule = rule_of(LINEAR);
    struct failed_attempt failed = {.started_at = START + limits.retry_span_ms, .event_created_at = START,
                                    .now = START + limits.retry_span_ms};
    (void)state;
    assert_int_equal(retry_next_at(&rule, &failed), 0);
    failed.started_at -= 1000;
    assert_int_equal(retry_next_at(&rule, &failed), START + limits.retry_span_ms);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(status_expressions), cmocka_unit_test(rules_are_read),
        cmocka_unit_test(waits_grow_as_the_strategy_says),
        cmocka_unit_test(waits_are_spread_when_they_are_to_be), cmocka_unit_test(only_the_named_statuses_are_retried),
        cmocka_unit_test(retry_after_wins), cmocka_unit_test(an_old_event_is_let_go),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
