/* Simple conditions: what they hold for, and what is none. */
#include "case.h"

#include "arazzo/condition.h"

static const char STEPS[] = "{\"one\": {\"outputs\": {\"id\": \"A1\", \"list\": [1, {\"x\": 2}], \"none\": null, \"no\": false}}}";

static const struct {
    bool holds;
    const char *condition;
} HOLDING[] = {
    {true, "1 == 1"}, {false, "1 == 2"}, {true, "1 != 2"}, {true, "1 < 2"}, {false, "2 < 1"}, {true, "2 >= 2"},
    {true, "2 <= 2"}, {false, "2 > 2"}, {true, "1.5 > 1"}, {true, "1e2 == 100"}, {true, "-1 < 0"},
    {true, "9007199254740993 > 9007199254740992"},
    {true, "'a' == 'A'"}, {false, "'a' != 'A'"}, {true, "'a' < 'B'"}, {true, "'ab' > 'a'"}, {true, "\"a\" == 'a'"},
    {true, "'it''s' == 'IT''S'"}, {true, "'' == ''"},
    {true, "'10' > 9"}, {true, "9 < '10'"}, {false, "'x' == 9"}, {true, "'x' != 9"}, {false, "'x' < 9"},
    {true, "null == null"}, {false, "null == 0"}, {false, "null == false"}, {false, "null < 1"}, {false, "null >= null"},
    {true, "true == true"}, {false, "true == 'true'"}, {false, "true > false"},
    {true, "true"}, {false, "false"}, {false, "null"}, {true, "0"}, {true, "''"}, {true, "!false"}, {true, "!!true"},
    {true, "true || false && false"}, {false, "(true || false) && false"}, {true, "!(1 == 2) && 'a' == 'a'"},
    {true, "  1==1&&2==2  "}, {true, "{1 == 1}"},
    {true, "$steps.one.outputs.id == 'a1'"}, {true, "$steps.one.outputs.list[1].x == 2"},
    {false, "$steps.one.outputs.list[2]"}, {true, "$steps.one.outputs.list[9].x.y == null"},
    {true, "$steps.one.outputs.none == null"}, {true, "$steps.two.outputs.id == null"}, {false, "$steps.one.outputs.no"},
    {true, "$inputs.word == 'x.y'"}, {true, "$steps.one.outputs#/list/0 == 1"}, {false, "$response.body#/id"},
    {true, "$steps.one.outputs.list == $steps.one.outputs.list"},
    {true, "$steps.one['outputs']['id'] == 'A1'"}, {true, "$steps.one.outputs[\"list\"][0] == 1"}, {true, "true == !false"},
    {false, "true == !(1 == 1)"}, {true, "!$steps.one.outputs.no == true"},
};

static const char *const REFUSED[] = {
    "", "  ", "1 ==", "== 1", "1 = 1", "1 == 1 1", "(1 == 1", "1 == 1)", "'a", "\"a", "a == 'a'", "1 & 2", "1 | 2", "!",
    "1 == 1 &&", "1 1", "--1", "1.2.3", "$", "$nothing == 1", "$inputs", "$steps. == 1", "$response.status == 1",
    "$steps.one.outputs.list[x]", "$steps.one.outputs.list[-1]", "$steps.one.outputs.list[1", "{1 == 1", "'a' 'b'",
};

static void conditions_hold(void **state)
{
    (void)state;
    json_t *steps = json_parse(text_of(STEPS), NULL), *inputs = json_pack("{s:s}", "word", "x.y");
    struct scope scope = {.steps = steps, .inputs = inputs};
    for (size_t i = 0; i < sizeof HOLDING / sizeof HOLDING[0]; i++) {
        struct error error = {0};
        struct condition *condition = condition_parse(text_of(HOLDING[i].condition), &error);
        if (condition == NULL)
            fail_msg("%s: %s", HOLDING[i].condition, error.message);
        if (condition_holds(condition, &scope, NULL) != HOLDING[i].holds)
            fail_msg("%s should%s hold", HOLDING[i].condition, HOLDING[i].holds ? "" : " not");
        condition_free(condition);
    }
    json_decref(steps);
    json_decref(inputs);
}

static void others_are_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof REFUSED / sizeof REFUSED[0]; i++) {
        struct error error = {0};
        struct condition *condition = condition_parse(text_of(REFUSED[i]), &error);
        if (condition != NULL)
            fail_msg("%s is taken for a condition", REFUSED[i]);
        assert_int_equal(error.code, ERROR_INVALID);
    }
}

static void nesting_is_bounded(void **state)
{
    (void)state;
    struct buffer deep = {0};
    for (int i = 0; i < 100000; i++)
        buffer_append_byte(&deep, '(');
    assert_null(condition_parse(buffer_text(&deep), NULL));
    buffer_free(&deep);
}

static void what_was_seen_is_told(void **state)
{
    (void)state;
    json_t *inputs = json_pack("{s:i}", "n", 3);
    struct scope scope = {.inputs = inputs};
    struct buffer seen = {0};
    struct condition *condition = condition_parse(TEXT("$inputs.n == 4 || $inputs.m == 1"), NULL);
    assert_false(condition_holds(condition, &scope, &seen));
    ASSERT_TEXT(buffer_text(&seen), "$inputs.n is 3, $inputs.m is not there");
    condition_free(condition);
    buffer_free(&seen);
    json_decref(inputs);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(conditions_hold),
        cmocka_unit_test(others_are_refused),
        cmocka_unit_test(nesting_is_bounded),
        cmocka_unit_test(what_was_seen_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
