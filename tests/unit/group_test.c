/* Which delivery group a request is in. */
#include "case.h"

#include "base/buffer.h"
#include "deliver/group.h"
#include "http/message.h"

static void groups_are_found_by_their_key(void **state)
{
    (void)state;
    static const char body[] = "{\"id\":7,\"big\":1234567890123,\"part\":-0.5,\"yes\":true,\"nothing\":null,\"name\":\"a b\","
                               "\"list\":[1,{\"x\":\"y\"}],\"deep\":{\"er\":{\"est\":\"found\"}},\"empty\":\"\"}";
    static const struct {
        const char *key, *expected;
    } cases[] = {
        {"body.id", "7"}, {"body.big", "1234567890123"}, {"body.part", "-0.5"}, {"body.yes", "true"},
        {"body.nothing", "null"}, {"body.name", "a b"}, {"body.empty", ""}, {"body.list", "[1,{\"x\":\"y\"}]"},
        {"body.list.0", "1"}, {"body.list.1.x", "y"}, {"body.list.2", "__unknown__"}, {"body.list.-1", "__unknown__"},
        {"body.list.x", "__unknown__"}, {"body.deep.er.est", "found"}, {"body.deep.er.est.more", "__unknown__"},
        {"body.deep", "{\"er\":{\"est\":\"found\"}}"}, {"body.missing", "__unknown__"}, {"headers.X-Tenant", "t"},
        {"headers.x-tenant", "t"}, {"headers.other", "__unknown__"}, {"query.q", "1 2"}, {"query.list", "[\"a\",\"b\"]"},
        {"path", "/p/q"}, {"path.x", "__unknown__"},
    };
    struct http_header items[] = {{TEXT("Content-Type"), TEXT("application/json")}, {TEXT("X-Tenant"), TEXT("t")}};
    struct buffer headers = {0};
    http_headers_write(&headers, &(struct http_headers){items, 2});
    struct request request = {.path = TEXT("/p/q"), .query = TEXT("q=1%202&list=a&list=b"), .body = text_of(body),
                              .headers = buffer_text(&headers)};
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct arena arena = {0};
        struct delivery_policy policy = {.group_key = text_of(cases[i].key)};
        struct event event = {.connection_id = 5};
        group_assign(&arena, &policy, &request, NULL, &event);
        check_text(cases[i].key, event.delivery_group, cases[i].expected);
        check_integer(cases[i].key, "lane", event.lane, lane_of_group(text_of(cases[i].expected)));
        arena_free(&arena);
    }
    buffer_free(&headers);
}

static void lanes_follow_the_policy(void **state)
{
    (void)state;
    struct arena arena = {0};
    struct request request = {.path = TEXT("/p")};
    struct event event = {.connection_id = 5};
    group_assign(&arena, &(struct delivery_policy){0}, &request, NULL, &event);
    assert_int_equal(event.lane, 0);
    assert_null(event.delivery_group.data);
    group_assign(&arena, &(struct delivery_policy){.order = ORDER_BY_CONNECTION}, &request, NULL, &event);
    assert_int_equal(event.lane, 5);
    group_assign(&arena, &(struct delivery_policy){.order = ORDER_BY_GROUP, .group_key = TEXT("path")}, &request, NULL,
                 &event);
    assert_int_equal(event.lane, lane_of_group(TEXT("/p")));
    arena_free(&arena);
}

static void policies_are_read(void **state)
{
    (void)state;
    struct arena arena = {0};
    struct delivery_policy policy;
    json_t *config = json_loads(
        "{\"delivery_policy\":{\"rate\":5,\"period\":\"hour\",\"groups\":{\"key\":\"body.a\",\"rate\":2,\"rate_period\":\"minute\","
        "\"overrides\":{\"x\":{\"rate\":9,\"rate_period\":\"second\"},\"y\":{\"rate\":1,\"rate_period\":\"hour\"}}}},"
        "\"delivery_order\":{\"by\":\"group\"}}", 0, NULL);
    delivery_policy_read(&arena, config, &policy);
    json_decref(config);
    assert_int_equal(policy.rate.limit, 5);
    assert_int_equal(policy.rate.period, PERIOD_HOUR);
    ASSERT_TEXT(policy.group_key, "body.a");
    assert_int_equal(policy.order, ORDER_BY_GROUP);
    assert_int_equal(delivery_policy_group_rate(&policy, lane_of_group(TEXT("x"))).limit, 9);
    assert_int_equal(delivery_policy_group_rate(&policy, lane_of_group(TEXT("y"))).period, PERIOD_HOUR);
    struct rate other = delivery_policy_group_rate(&policy, lane_of_group(TEXT("z")));
    assert_int_equal(other.limit, 2);
    assert_int_equal(other.period, PERIOD_MINUTE);
    arena_free(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(groups_are_found_by_their_key),
        cmocka_unit_test(lanes_follow_the_policy),
        cmocka_unit_test(policies_are_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
