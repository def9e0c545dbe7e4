/* JSONPath (RFC 9535): what queries find, and what is no query. */
#include "case.h"

#include "arazzo/jsonpath.h"
#include "base/buffer.h"

static const char STORE[] =
    "{\"books\":[{\"title\":\"A\",\"price\":8,\"tags\":[\"x\"]},{\"title\":\"B\",\"price\":12.5},{\"title\":\"C\",\"isbn\":\"1\","
    "\"price\":8}],\"bike\":{\"price\":19},\"n\":null,\"s\":\"text\",\"a b\":1,\"\":2}";

static const struct {
    const char *query, *found; /* as a list */
} FINDING[] = {
    {"$.s", "[\"text\"]"}, {"$['s']", "[\"text\"]"}, {"$[\"a b\"]", "[1]"}, {"$['']", "[2]"}, {"$.none", "[]"},
    {"$.n", "[null]"}, {"$.books[0].title", "[\"A\"]"}, {"$.books[-1].title", "[\"C\"]"}, {"$.books[3]", "[]"},
    {"$.books[*].title", "[\"A\",\"B\",\"C\"]"}, {"$.books[0,2].title", "[\"A\",\"C\"]"},
    {"$.books[1:].title", "[\"B\",\"C\"]"}, {"$.books[:2].title", "[\"A\",\"B\"]"}, {"$.books[::-1].title", "[\"C\",\"B\",\"A\"]"},
    {"$.books[::2].title", "[\"A\",\"C\"]"}, {"$.books[0:3:0]", "[]"}, {"$..price", "[8,12.5,8,19]"}, {"$..tags[0]", "[\"x\"]"},
    {"$.books[?@.isbn].title", "[\"C\"]"}, {"$.books[?@.price < 10].title", "[\"A\",\"C\"]"},
    {"$.books[?@.price == 8 && !@.isbn].title", "[\"A\"]"}, {"$.books[?@.price > $.bike.price].title", "[]"},
    {"$.books[?@.title == 'B' || @.isbn == \"1\"].title", "[\"B\",\"C\"]"}, {"$.books[?length(@.title) == 1].price", "[8,12.5,8]"},
    {"$.books[?count(@.*) > 2].title", "[\"A\",\"C\"]"}, {"$.books[?match(@.title, '[AB]')].title", "[\"A\",\"B\"]"},
    {"$.books[?search(@.title, 'C')].title", "[\"C\"]"}, {"$.books[?value(@..tags[0]) == 'x'].title", "[\"A\"]"},
    {"$.books[?@.none == @.nothing].title", "[\"A\",\"B\",\"C\"]"}, {"$[?@.price].price", "[19]"}, {"$.s[*]", "[]"},
    {"$.books[?(@.price)].price", "[8,12.5,8]"}, {"$ .books [0] .title", "[\"A\"]"},
};

static const char *const REFUSED[] = {
    "", "s", "$.", "$..", "$[", "$[]", "$['a'", "$[a]", "$[1.0]", "$[01]", "$[-0]", "$[1:2:3:4]", "$.a b", "$ ", " $", "$.1a",
    "$[?]", "$[?@.a = 1]", "$[?@.a == ]", "$[?1]", "$[?'a']", "$[?@.a && ]", "$[?(@.a]", "$[?@.* == 1]", "$[?length(@.*)]",
    "$[?count(1) == 1]", "$[?none(@.a)]", "$[?match(@.a)]", "$[?match(@.a, 'b') == true]", "$['\\x']", "$['\\ud800']", "$[?@.a == {}]",
    "$.models.length > 0", "$[9007199254740992]", "$['a\nb']",
};

static void queries_find(void **state)
{
    (void)state;
    json_t *root = json_parse(text_of(STORE), NULL);
    for (size_t i = 0; i < sizeof FINDING / sizeof FINDING[0]; i++) {
        struct error error = {0};
        struct jsonpath_nodes nodes = {0};
        struct jsonpath *path = jsonpath_parse(text_of(FINDING[i].query), &error);
        if (path == NULL)
            fail_msg("%s: %s", FINDING[i].query, error.message);
        assert_true(jsonpath_select(path, root, &nodes, &error));
        json_t *list = json_array();
        struct buffer text = {0};
        for (size_t j = 0; j < nodes.count; j++)
            json_array_append(list, nodes.items[j]);
        json_write(&text, list);
        if (!text_equal(buffer_text(&text), text_of(FINDING[i].found)))
            fail_msg("%s found %s, not %s", FINDING[i].query, buffer_string(&text), FINDING[i].found);
        buffer_free(&text);
        json_decref(list);
        jsonpath_nodes_free(&nodes);
        jsonpath_free(path);
    }
    json_decref(root);
}

static void others_are_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof REFUSED / sizeof REFUSED[0]; i++) {
        struct jsonpath *path = jsonpath_parse(text_of(REFUSED[i]), NULL);
        if (path != NULL)
            fail_msg("%s is taken for a query", REFUSED[i]);
    }
}

static void a_query_may_be_a_prefix(void **state)
{
    (void)state;
    size_t used = 0;
    struct jsonpath *path = jsonpath_parse_prefix(TEXT("$.models.length > 0"), &used, NULL);
    assert_non_null(path);
    assert_int_equal(used, 15);
    jsonpath_free(path);
}

/* Every step multiplies the nodes: the work must end, with an error. */
static void the_work_is_bounded(void **state)
{
    (void)state;
    struct error error = {0};
    struct jsonpath_nodes nodes = {0};
    json_t *root = json_array();
    for (int i = 0; i < 300; i++)
        json_array_append_new(root, json_pack("[i,i,i]", i, i, i));
    struct jsonpath *path = jsonpath_parse(TEXT("$..[?count($..*[?count($..*) > 1]) > 1]"), &error);
    assert_non_null(path);
    assert_false(jsonpath_select(path, root, &nodes, &error));
    assert_int_equal(error.code, ERROR_TOO_LARGE);
    jsonpath_nodes_free(&nodes);
    jsonpath_free(path);
    json_decref(root);
}

/* One of "results", or "result": the order of an object's members is free. */
static bool is_expected(json_t *list, const json_t *entry)
{
    json_t *result;
    size_t index;
    if (json_object_get(entry, "result") != NULL)
        return json_equal(list, json_object_get(entry, "result"));
    json_array_foreach(json_object_get(entry, "results"), index, result) {
        if (json_equal(list, result))
            return true;
    }
    return false;
}

static void check_entry(const json_t *entry, size_t index)
{
    struct error error = {0};
    struct jsonpath_nodes nodes = {0};
    const json_t *selector = json_object_get(entry, "selector");
    const char *name = json_string_value(json_object_get(entry, "name"));
    struct jsonpath *path =
        jsonpath_parse((struct text){json_string_value(selector), json_string_length(selector)}, &error);
    if (json_is_true(json_object_get(entry, "invalid_selector"))) {
        if (path != NULL)
            fail_msg("case %zu, %s: \"%s\" is taken for a query", index, name, json_string_value(selector));
        return;
    }
    if (path == NULL || !jsonpath_select(path, json_object_get(entry, "document"), &nodes, &error))
        fail_msg("case %zu, %s: %s", index, name, error.message);
    json_t *list = json_array();
    for (size_t i = 0; i < nodes.count; i++)
        json_array_append(list, nodes.items[i]);
    if (!is_expected(list, entry))
        fail_msg("case %zu, %s: \"%s\" found %s", index, name, json_string_value(selector), json_to_string(list));
    json_decref(list);
    jsonpath_nodes_free(&nodes);
    jsonpath_free(path);
}

/* Every case of the suite that the standard's authors keep (tests/unit/jsonpath, with its licence). */
static void the_compliance_suite_passes(void **state)
{
    (void)state;
    json_error_t error;
    json_t *suite = json_load_file(SOURCE_ROOT "/tests/unit/jsonpath/cts.json", JSON_ALLOW_NUL, &error), *entry;
    size_t index;
    if (suite == NULL)
        fail_msg("line %d: %s", error.line, error.text);
    assert_int_equal(json_array_size(json_object_get(suite, "tests")), 703);
    json_array_foreach(json_object_get(suite, "tests"), index, entry)
        check_entry(entry, index);
    json_decref(suite);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(queries_find),
        cmocka_unit_test(others_are_refused),
        cmocka_unit_test(a_query_may_be_a_prefix),
        cmocka_unit_test(the_work_is_bounded),
        cmocka_unit_test(the_compliance_suite_passes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
