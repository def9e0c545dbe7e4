/* A request as what filters look at. */
#include "case.h"

#include "base/json.h"
#include "rules/content.h"

#define JSON_HEADERS "content-type: application/json; charset=utf-8\n"

static const struct row {
    bool matches;
    enum content_part part;
    const char *schema;
    struct text path, query, headers, body;
} ROWS[] = {
    {true, CONTENT_BODY, "{\"a\":1}", TEXT(""), TEXT(""), TEXT(JSON_HEADERS), TEXT("{\"a\":1}")},
    {true, CONTENT_BODY, "{\"a\":1}", TEXT(""), TEXT(""), TEXT("content-type: application/cloudevents+json\n"), TEXT("{\"a\":1}")},
    {false, CONTENT_BODY, "{\"a\":1}", TEXT(""), TEXT(""), TEXT("content-type: text/plain\n"), TEXT("{\"a\":1}")},
    {true, CONTENT_BODY, "\"{\\\"a\\\":1}\"", TEXT(""), TEXT(""), TEXT("content-type: text/plain\n"), TEXT("{\"a\":1}")},
    {true, CONTENT_BODY, "\"{no\"", TEXT(""), TEXT(""), TEXT(JSON_HEADERS), TEXT("{no")},
    {true, CONTENT_BODY, "\"\"", TEXT(""), TEXT(""), TEXT(JSON_HEADERS), TEXT("")},
    {true, CONTENT_BODY, "\"<a/>\"", TEXT(""), TEXT(""), TEXT("content-type: application/xml\n"), TEXT("<a/>")},
    {true, CONTENT_HEADERS, "{\"x-a\":\"1\"}", TEXT(""), TEXT(""), TEXT("x-a: 1\nx-b: 2\n"), TEXT("")},
    {true, CONTENT_HEADERS, "{\"x-a\":\"1, 2\"}", TEXT(""), TEXT(""), TEXT("x-a: 1\nx-b: 3\nx-a: 2\n"), TEXT("")},
    {true, CONTENT_HEADERS, "{\"x-a\":\"\\\"q\\\" \\\\ \\t\"}", TEXT(""), TEXT(""), TEXT("x-a: \"q\" \\ \t\n"), TEXT("")},
    {true, CONTENT_HEADERS, "{\"x-a\":\"\\uFFFD\"}", TEXT(""), TEXT(""), TEXT("x-a: \xFF\n"), TEXT("")},
    {true, CONTENT_HEADERS, "{\"x-a\":{\"$exist\":false}}", TEXT(""), TEXT(""), TEXT(""), TEXT("")},
    {true, CONTENT_QUERY, "{\"a\":1,\"b\":\"c d\"}", TEXT(""), TEXT("b=c%20d&a=1"), TEXT(""), TEXT("")},
    {true, CONTENT_QUERY, "{\"a\":[\"2\",\"1\"]}", TEXT(""), TEXT("a=1&&b=3&a=2"), TEXT(""), TEXT("")},
    {true, CONTENT_QUERY, "{\"a\":{\"$eq\":[\"1\",\"2\"]}}", TEXT(""), TEXT("a=1&b=3&a=2"), TEXT(""), TEXT("")},
    {true, CONTENT_QUERY, "{\"a\":\"\"}", TEXT(""), TEXT("a"), TEXT(""), TEXT("")},
    {true, CONTENT_QUERY, "{}", TEXT(""), TEXT(""), TEXT(""), TEXT("")},
    {true, CONTENT_PATH, "{\"$startsWith\":\"/a\"}", TEXT("/a/b"), TEXT(""), TEXT(""), TEXT("")},
    {false, CONTENT_PATH, "\"/a\"", TEXT("/a/b"), TEXT(""), TEXT(""), TEXT("")},
    {true, CONTENT_PATH, "{\"$not\":\"/a\"}", TEXT("/a/b"), TEXT(""), TEXT(""), TEXT("")},
};

static void parts_of_requests(void **state)
{
    struct content *content = content_new();
    (void)state;
    for (size_t i = 0; i < COUNT(ROWS); i++) {
        const struct row *row = &ROWS[i];
        json_t *schema = json_loads(row->schema, JSON_DECODE_ANY, NULL);
        assert_non_null(schema);
        struct filter *filter = filter_compile(schema, NULL);
        assert_non_null(filter);
        struct content_filter parts = {.content = content};
        struct request request = {.path = row->path, .query = row->query, .headers = row->headers, .body = row->body};
        parts.parts[row->part] = filter;
        if (content_matches(&parts, &request) != row->matches)
            fail_msg("row %zu: %s", i, row->schema);
        filter_free(filter);
        json_decref(schema);
    }
    content_free(content);
}

/* As many names as fit into a request; each is looked up among the others. */
static void a_query_of_many_names(void **state)
{
    struct buffer query = {0};
    struct content *content = content_new();
    (void)state;
    for (int i = 0; i < 20000; i++)
        buffer_printf(&query, "%sn%d=%d", i ? "&" : "", i % 10000, i);
    struct request request = {.query = buffer_text(&query)};
    content_set(content, &request);
    struct json_view last = json_view_find(content_part(content, CONTENT_QUERY), TEXT("n9999"));
    assert_int_equal(last.type, JSON_VIEW_ARRAY);
    assert_int_equal(json_view_size(last), 2);
    content_free(content);
    buffer_free(&query);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(parts_of_requests), cmocka_unit_test(a_query_of_many_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
