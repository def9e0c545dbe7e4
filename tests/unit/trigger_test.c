/* Which trigger decides. */
#include "case.h"

#include <stdio.h>

#include "base/id.h"
#include "model/execution.h"
#include "model/model.h"
#include "rules/trigger.h"

static void patterns_fit_names(void **state)
{
    (void)state;
    static const struct {
        const char *pattern, *name;
        bool fits;
    } cases[] = {
        {"*", "", true},           {"*", "anything", true},     {"", "", true},           {"", "a", false},
        {"a", "a", true},          {"a", "A", false},           {"a", "ab", false},       {"ab", "a", false},
        {"a*", "a", true},         {"a*", "abc", true},         {"a*", "ba", false},      {"*a", "ba", true},
        {"*a", "ab", false},       {"a*c", "abc", true},        {"a*c", "ac", true},      {"a*c", "acb", false},
        {"*b*", "abc", true},      {"*b*", "ac", false},        {"a*b*c", "axbxbxc", true}, {"a*b*c", "axcxb", false},
        {"**", "", true},          {"a**b", "ab", true},        {"*aab", "aaab", true},   {"*ab*ab", "abab", true},
        {"*ab*ab", "ab", false},   {"*-eu-*", "orders-eu-1", true}, {"*-eu-*", "orders-us-1", false},
    };
    for (size_t i = 0; i < COUNT(cases); i++)
        check_integer(cases[i].pattern, cases[i].name,
                      trigger_pattern_fits(text_of(cases[i].pattern), text_of(cases[i].name)), cases[i].fits);
}

static void a_hostile_pattern_takes_no_time(void **state)
{
    (void)state;
    char pattern[256], name[256];
    for (size_t i = 0; i < sizeof pattern - 1; i++)
        pattern[i] = i % 2 ? 'a' : '*';
    memset(name, 'a', sizeof name - 1);
    pattern[sizeof pattern - 2] = 'b';
    pattern[sizeof pattern - 1] = name[sizeof name - 1] = '\0';
    assert_false(trigger_pattern_fits(text_of(pattern), text_of(name)));
}

struct stored {
    enum issue_type type;
    const char *configs;
};

/* The position of the one that decides, by the ids 1, 2, ...; 0: none. */
static int64_t decides(const struct stored *stored, size_t count, enum issue_type type, int64_t id, const char *name,
                       int64_t detail)
{
    struct arena arena = {0};
    struct trigger_rule rules[8];
    for (size_t i = 0; i < count; i++) {
        struct error error = {0};
        struct issue_trigger trigger = {.id = (int64_t)i + 1, .type = stored[i].type, .configs = text_of(stored[i].configs)};
        if (!trigger_rule_read(&arena, &trigger, &rules[i], &error))
            fail_msg("%s: %s", stored[i].configs, error.message);
    }
    const struct trigger_rule *rule = trigger_choose(rules, count, type, id, text_of(name), detail);
    int64_t found = rule != NULL ? rule->id : 0;
    arena_free(&arena);
    return found;
}

static void the_most_specific_of_a_connection_decides(void **state)
{
    (void)state;
    char by_id[128], id[ID_TEXT_SIZE];
    id_format(ID_CONNECTION, 42, id);
    snprintf(by_id, sizeof by_id, "{\"strategy\":\"first_attempt\",\"connections\":[\"%s\"]}", id);
    const struct stored stored[] = {
        {ISSUE_DELIVERY, by_id},
        {ISSUE_DELIVERY, "{\"strategy\":\"final_attempt\",\"connections\":\"orders\"}"},
        {ISSUE_DELIVERY, "{\"strategy\":\"final_attempt\",\"connections\":\"ord*\"}"},
        {ISSUE_DELIVERY, "{\"strategy\":\"final_attempt\",\"connections\":\"o*\"}"},
        {ISSUE_DELIVERY, "{\"strategy\":\"final_attempt\",\"connections\":\"*\"}"},
        {ISSUE_DELIVERY, "{\"strategy\":\"first_attempt\",\"connections\":\"*\"}"},
        {ISSUE_BACKPRESSURE, "{\"delay\":60000,\"destinations\":\"orders\"}"},
    };
    static const struct {
        int64_t id;
        const char *name;
        int64_t expected;
    } cases[] = {{42, "orders", 1}, {42, "other", 1}, {7, "orders", 2}, {7, "ordinary", 3}, {7, "other", 4},
                 {7, "shop", 6},    {7, "", 6}};
    for (size_t i = 0; i < COUNT(cases); i++)
        check_integer("decides", cases[i].name,
                      decides(stored, COUNT(stored), ISSUE_DELIVERY, cases[i].id, cases[i].name, 0), cases[i].expected);
    assert_int_equal(decides(stored, COUNT(stored), ISSUE_BACKPRESSURE, 42, "orders", 0), 7);
    assert_int_equal(decides(stored, COUNT(stored), ISSUE_REQUEST, 42, "orders", REJECTION_UNKNOWN), 0);
}

static void log_levels_and_causes_decide_among_equals(void **state)
{
    (void)state;
    static const struct stored stored[] = {
        {ISSUE_TRANSFORMATION, "{\"log_level\":\"fatal\",\"transformations\":\"*\"}"},
        {ISSUE_TRANSFORMATION, "{\"log_level\":\"warn\",\"transformations\":\"*\"}"},
        {ISSUE_TRANSFORMATION, "{\"log_level\":\"debug\",\"transformations\":\"own\"}"},
        {ISSUE_REQUEST, "{\"rejection_causes\":[\"NO_CONNECTION\"],\"sources\":\"*\"}"},
        {ISSUE_REQUEST, "{\"rejection_causes\":\"*\",\"excluded_rejection_causes\":[\"UNKNOWN\"],\"sources\":\"*\"}"},
        {ISSUE_REQUEST, "{\"rejection_causes\":\"*\",\"sources\":\"*\"}"},
    };
    static const struct {
        enum issue_type type;
        const char *name;
        int64_t detail, expected;
    } cases[] = {
        {ISSUE_TRANSFORMATION, "x", EXECUTION_FATAL, 1},  {ISSUE_TRANSFORMATION, "x", EXECUTION_ERROR, 2},
        {ISSUE_TRANSFORMATION, "x", EXECUTION_WARN, 2},   {ISSUE_TRANSFORMATION, "x", EXECUTION_INFO, 0},
        {ISSUE_TRANSFORMATION, "own", EXECUTION_FATAL, 3}, {ISSUE_REQUEST, "x", REJECTION_NO_CONNECTION, 4},
        {ISSUE_REQUEST, "x", REJECTION_SOURCE_DISABLED, 5}, {ISSUE_REQUEST, "x", REJECTION_UNKNOWN, 6},
    };
    for (size_t i = 0; i < COUNT(cases); i++)
        check_integer(cases[i].name, "trigger",
                      decides(stored, COUNT(stored), cases[i].type, 1, cases[i].name, cases[i].detail),
                      cases[i].expected);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(patterns_fit_names),
        cmocka_unit_test(a_hostile_pattern_takes_no_time),
        cmocka_unit_test(the_most_specific_of_a_connection_decides),
        cmocka_unit_test(log_levels_and_causes_decide_among_equals),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
