/* The query of a bulk operation: what it means to the store, and what is refused of it. */
#include "case.h"

#include "api/api.h"
#include "api/bulk_query.h"

static json_t *parse(const char *query)
{
    json_t *object = json_parse(text_of(query), NULL);
    assert_non_null(object);
    return object;
}

static void a_member_is_a_filter(void **state)
{
    (void)state;
    static const struct {
        enum bulk_kind kind;
        const char *query;
        enum store_field field;
        enum store_operator operator;
        size_t count;
        int64_t first; /* of the values, when they are numbers */
    } cases[] = {
        {BULK_EVENTS_RETRY, "{\"status\":\"FAILED\"}", FIELD_STATUS, OP_IN, 1, EVENT_FAILED},
        {BULK_EVENTS_CANCEL, "{\"status\":[\"HOLD\",\"QUEUED\"]}", FIELD_STATUS, OP_IN, 2, EVENT_HOLD},
        {BULK_EVENTS_RETRY, "{\"status\":\"HOLD,QUEUED\"}", FIELD_STATUS, OP_IN, 2, EVENT_HOLD},
        {BULK_EVENTS_RETRY, "{\"attempts\":3}", FIELD_ATTEMPTS, OP_IN, 1, 3},
        {BULK_EVENTS_RETRY, "{\"attempts\":\"3\"}", FIELD_ATTEMPTS, OP_IN, 1, 3},
        {BULK_EVENTS_RETRY, "{\"attempts\":{\"gte\":3}}", FIELD_ATTEMPTS, OP_GTE, 1, 3},
        {BULK_EVENTS_RETRY, "{\"created_at\":{\"lt\":\"1970-01-01T00:00:01Z\"}}", FIELD_CREATED_AT, OP_LT, 1, 1000},
        {BULK_EVENTS_RETRY, "{\"successful_at\":{\"any\":false}}", FIELD_SUCCESSFUL_AT, OP_IS_NULL, 0, 0},
        {BULK_EVENTS_RETRY, "{\"successful_at\":{\"any\":true}}", FIELD_SUCCESSFUL_AT, OP_IS_NOT_NULL, 0, 0},
        {BULK_EVENTS_RETRY, "{\"webhook_id\":\"no id\"}", FIELD_CONNECTION_ID, OP_IN, 1, -1},
        {BULK_EVENTS_RETRY, "{\"search_term\":\"a,b\"}", FIELD_SEARCH_TERM, OP_CONTAINS, 1, 0},
        {BULK_IGNORED_RETRY, "{\"cause\":\"FILTERED\"}", FIELD_CAUSE, OP_IN, 1, IGNORED_FILTERED},
        {BULK_REQUESTS_RETRY, "{\"verified\":true}", FIELD_VERIFIED, OP_IN, 1, 1},
        {BULK_REQUESTS_RETRY, "{\"status\":\"rejected\"}", FIELD_REJECTED, OP_IN, 1, 1},
        {BULK_REQUESTS_REPLAY, "{\"verified\":\"false\",\"target\":{}}", FIELD_VERIFIED, OP_IN, 1, 0},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct arena arena = {0};
        struct error error = {0};
        struct bulk_plan plan;
        const char *what = cases[i].query;
        if (!bulk_query_plan(cases[i].kind, text_of(what), &arena, &plan, &error))
            fail_msg("%s: %s", what, error.message);
        check_integer(what, "filters", (int64_t)plan.filter_count, 1);
        check_integer(what, "field", plan.filters[0].field, cases[i].field);
        check_integer(what, "operator", plan.filters[0].operator, cases[i].operator);
        check_integer(what, "values", (int64_t)plan.filters[0].count, (int64_t)cases[i].count);
        if (cases[i].count > 0)
            check_integer(what, "first value", plan.filters[0].values[0].integer, cases[i].first);
        arena_free(&arena);
    }
}

static void what_is_not_understood_is_refused_by_name(void **state)
{
    (void)state;
    static const struct {
        enum bulk_kind kind;
        const char *query, *problem; /* how it begins */
    } cases[] = {
        {BULK_EVENTS_RETRY, "{\"status\":\"FAILED\",\"connection_id\":\"web_1\"}", "query.connection_id: is not a filter"},
        {BULK_EVENTS_RETRY, "{\"limit\":1}", "query.limit: is not a filter"},
        {BULK_EVENTS_RETRY, "{\"next\":\"x\"}", "query.next: is not a filter"},
        {BULK_EVENTS_RETRY, "{\"include\":\"data\"}", "query.include: is not a filter"},
        {BULK_EVENTS_RETRY, "{\"target\":{}}", "query.target: is not a filter"},
        {BULK_EVENTS_RETRY, "{\"cause\":\"FILTERED\"}", "query.cause: is not a filter"},
        {BULK_IGNORED_RETRY, "{\"status\":\"FAILED\"}", "query.status: is not a filter"},
        {BULK_EVENTS_RETRY, "{\"status\":\"failed\"}", "query.status: \"failed\" is not"},
        {BULK_EVENTS_RETRY, "{\"status\":\"\"}", "query.status: must not be empty"},
        {BULK_EVENTS_RETRY, "{\"status\":\" \"}", "query.status: must not be empty"},
        {BULK_EVENTS_RETRY, "{\"status\":null}", "query.status: must not be"},
        {BULK_EVENTS_RETRY, "{\"status\":[]}", "query.status: must not be an empty array"},
        {BULK_EVENTS_RETRY, "{\"status\":[[\"FAILED\"]]}", "query.status: must not be an array"},
        {BULK_EVENTS_RETRY, "{\"status\":{}}", "query.status: must not be an object"},
        {BULK_EVENTS_RETRY, "{\"attempts\":{}}", "query.attempts: must not be an empty object"},
        {BULK_EVENTS_RETRY, "{\"attempts\":true}", "query.attempts: must not be"},
        {BULK_EVENTS_RETRY, "{\"attempts\":-1}", "query.attempts: \"-1\" is not"},
        {BULK_EVENTS_RETRY, "{\"attempts\":{\"gte\":null}}", "query.attempts.gte: must not be"},
        {BULK_EVENTS_RETRY, "{\"attempts\":{\"gte\":[1]}}", "query.attempts.gte: must not be an array"},
        {BULK_EVENTS_RETRY, "{\"attempts\":{\"any\":1}}", "query.attempts.any: must be a boolean"},
        {BULK_EVENTS_RETRY, "{\"attempts\":{\"contains\":1}}", "query.attempts.contains: is not an operator"},
        {BULK_EVENTS_RETRY, "{\"webhook_id\":7}", "query.webhook_id: must not be"},
        {BULK_EVENTS_RETRY, "{\"search_term\":[\"abc\"]}", "query.search_term: must not be an array"},
        {BULK_EVENTS_RETRY, "{\"search_term\":\"ab\"}", "query.search_term: \"ab\" is not"},
        {BULK_REQUESTS_REPLAY, "{\"verified\":true,\"target\":[]}", "query.target: must be an object"},
        {BULK_REQUESTS_REPLAY, "{\"target\":{\"id\":1}}", "query.target.id: is not a field"},
        {BULK_EVENTS_RETRY, "[]", "the query is no JSON object"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct arena arena = {0};
        struct error error = {0};
        struct bulk_plan plan;
        if (bulk_query_plan(cases[i].kind, text_of(cases[i].query), &arena, &plan, &error))
            fail_msg("%s was taken", cases[i].query);
        assert_int_equal(error.code, ERROR_INVALID);
        if (strncmp(error.message, cases[i].problem, strlen(cases[i].problem)) != 0)
            fail_msg("%s: \"%s\" in place of \"%s\"", cases[i].query, error.message, cases[i].problem);
        arena_free(&arena);
    }
}

/* All filters together must leave room for the ids of a slice in the store's statement. */
static void the_values_of_all_filters_are_bounded(void **state)
{
    (void)state;
    struct arena arena = {0};
    struct error error = {0};
    struct bulk_plan plan;
    json_t *query = json_object();
    static const char *const names[] = {"id", "webhook_id", "source_id", "destination_id"};
    for (size_t i = 0; i < COUNT(names); i++) {
        json_t *values = json_array();
        for (int k = 0; k < 255; k++)
            json_array_append_new(values, json_string("evt_00000000000"));
        json_object_set_new(query, names[i], values);
    }
    struct call call = {.arena = &arena};
    struct text text = bulk_query_text(&call, query);
    assert_false(bulk_query_plan(BULK_EVENTS_RETRY, text, &arena, &plan, &error));
    assert_non_null(strstr(error.message, "query: has more than 1000 values"));
    json_decref(query);
    arena_free(&arena);
}

static void the_same_query_is_the_same_text(void **state)
{
    (void)state;
    struct arena arena = {0};
    struct call call = {.arena = &arena};
    json_t *one = parse("{ \"status\": \"FAILED\", \"attempts\": {\"lt\":5, \"gt\":1} }");
    json_t *other = parse("{\"attempts\":{\"gt\":1,\"lt\":5},\"status\":\"FAILED\"}");
    ASSERT_TEXT(bulk_query_text(&call, one), "{\"attempts\":{\"gt\":1,\"lt\":5},\"status\":\"FAILED\"}");
    assert_true(text_equal(bulk_query_text(&call, one), bulk_query_text(&call, other)));
    json_decref(one);
    json_decref(other);
    json_t *texts = parse("{\"attempts\":{\"gt\":\"1\"},\"response_status\":[\"500\"],\"status\":\"5\"}");
    json_t *typed = bulk_query_typed(BULK_EVENTS_RETRY, texts);
    ASSERT_TEXT(bulk_query_text(&call, typed), "{\"attempts\":{\"gt\":1},\"response_status\":[500],\"status\":\"5\"}");
    json_decref(texts);
    json_decref(typed);
    arena_free(&arena);
}

static void a_query_without_filters_is_empty(void **state)
{
    (void)state;
    static const struct {
        const char *query;
        bool empty;
    } cases[] = {{"{}", true}, {"{\"target\":{}}", true}, {"{\"id\":\"x\"}", false}, {"{\"id\":\"x\",\"target\":{}}", false}};
    for (size_t i = 0; i < COUNT(cases); i++) {
        json_t *query = parse(cases[i].query);
        check_integer(cases[i].query, "empty", bulk_query_is_empty(query), cases[i].empty);
        json_decref(query);
    }
}

static void a_replay_knows_its_target(void **state)
{
    (void)state;
    struct arena arena = {0};
    struct error error = {0};
    struct bulk_plan plan;
    char source[ID_TEXT_SIZE], connection[ID_TEXT_SIZE];
    id_format(ID_SOURCE, 41, source);
    id_format(ID_CONNECTION, 42, connection);
    const char *query = arena_printf(&arena, "{\"verified\":true,\"target\":{\"source_id\":\"%s\",\"webhook_ids\":[\"%s\"]}}",
                                     source, connection);
    assert_true(bulk_query_plan(BULK_REQUESTS_REPLAY, text_of(query), &arena, &plan, &error));
    assert_int_equal(plan.source_id, 41);
    assert_int_equal(plan.connection_count, 1);
    assert_int_equal(plan.connection_ids[0], 42);
    assert_true(bulk_query_plan(BULK_REQUESTS_REPLAY, TEXT("{\"verified\":true}"), &arena, &plan, &error));
    assert_int_equal(plan.source_id, 0);
    assert_null(plan.connection_ids);
    arena_free(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_member_is_a_filter),
        cmocka_unit_test(what_is_not_understood_is_refused_by_name),
        cmocka_unit_test(the_values_of_all_filters_are_bounded),
        cmocka_unit_test(the_same_query_is_the_same_text),
        cmocka_unit_test(a_query_without_filters_is_empty),
        cmocka_unit_test(a_replay_knows_its_target),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
