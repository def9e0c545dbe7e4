/* Deduplicate rules: which two requests have the same key, and which paths are refused. */
#include "case.h"

#include <stdlib.h>

#include "base/json.h"
#include "base/limits.h"
#include "rules/deduplicate.h"

#define JSON_HEADERS "content-type: application/json\n"
#define INCLUDE(...) "{\"type\":\"deduplicate\",\"window\":1000,\"include_fields\":[" #__VA_ARGS__ "]}"
#define EXCLUDE(...) "{\"type\":\"deduplicate\",\"window\":1000,\"exclude_fields\":[" #__VA_ARGS__ "]}"
#define WHOLE "{\"type\":\"deduplicate\",\"window\":1000}"

/* Bodies of two requests that are otherwise alike. */
static const struct {
    bool same;
    const char *rule, *one, *other;
} BODIES[] = {
    /* ---- the whole payload ---- */
    {true, WHOLE, "{\"a\":1}", "{\"a\":1}"}, {true, WHOLE, "{\"a\":1}", " { \"a\" : 1.0 } "},
    {false, WHOLE, "{\"a\":1}", "{\"a\":2}"}, {false, WHOLE, "{\"a\":1,\"b\":2}", "{\"b\":2,\"a\":1}"},
    {false, WHOLE, "{\"a\":1}", "{\"a\":\"1\"}"}, {false, WHOLE, "{\"a\":null}", "{}"}, {false, WHOLE, "[1,[2]]", "[1,2]"},
    {false, WHOLE, "[[1],2]", "[[1,2]]"}, {false, WHOLE, "[\"ab\",\"c\"]", "[\"a\",\"bc\"]"}, {true, WHOLE, "", ""},
    {false, WHOLE, "[]", "{}"}, {false, WHOLE, "[true]", "[1]"}, {false, WHOLE, "[true]", "[\"true\"]"},
    {false, WHOLE, "[false]", "[true]"}, {false, WHOLE, "[null]", "[false]"}, {true, WHOLE, "[\"\\u0041\"]", "[\"A\"]"},
    {true, WHOLE, "no {json", "no {json"}, {false, WHOLE, "no {json", "no {jsom"},
    /* ---- numbers ---- */
    {false, WHOLE, "[9007199254740993]", "[9007199254740992]"}, {false, WHOLE, "[18446744073709551615]", "[18446744073709551614]"},
    {false, WHOLE, "[-9223372036854775808]", "[9223372036854775808]"}, {false, WHOLE, "[-1]", "[1]"}, {true, WHOLE, "[-0.0]", "[0]"},
    {true, WHOLE, "[1e3]", "[1000]"}, {false, WHOLE, "[0.1]", "[0.2]"}, {true, WHOLE, "[0.10]", "[0.1]"},
    {false, WHOLE, "[1e300]", "[1e301]"}, {true, WHOLE, "[-5]", "[-5.0]"},
    /* ---- include: one value ---- */
    {true, INCLUDE("body.a"), "{\"a\":1,\"b\":1}", "{\"b\":2,\"a\":1}"}, {false, INCLUDE("body.a"), "{\"a\":1}", "{\"a\":2}"},
    {false, INCLUDE("body.a"), "{\"a\":1}", "{\"a\":\"1\"}"}, {true, INCLUDE("body.a.b"), "{\"a\":{\"b\":1,\"c\":1}}", "{\"a\":{\"b\":1}}"},
    {true, INCLUDE("body.a"), "{\"a\":\"\"}", "{}"}, {false, INCLUDE("body.a"), "{\"a\":null}", "{}"}, {true, INCLUDE("body.a"), "{}", "[]"},
    {true, INCLUDE("body.a"), "plain", "other"}, {false, INCLUDE("body"), "plain", "other"}, {true, INCLUDE("body.a.b"), "{\"a\":5}", "{}"},
    {false, INCLUDE("body.a"), "{\"a\":{\"b\":1,\"c\":2}}", "{\"a\":{\"c\":2,\"b\":1}}"},
    {true, INCLUDE("body.a", "body.b"), "{\"a\":1,\"b\":2,\"c\":3}", "{\"b\":2,\"a\":1,\"c\":4}"},
    {false, INCLUDE("body.a", "body.b"), "{\"a\":\"x\",\"b\":\"\"}", "{\"a\":\"\",\"b\":\"x\"}"},
    {false, INCLUDE("body.a", "body.b"), "{\"a\":1}", "{\"b\":1}"},
    {true, INCLUDE("body.id", "headers"), "{\"id\":1,\"x\":1}", "{\"id\":1,\"x\":2}"},
    /* ---- include: [n] and [*] ---- */
    {true, INCLUDE("body.items[1].id"), "{\"items\":[{\"id\":1},{\"id\":2}]}", "{\"items\":[{\"id\":9},{\"id\":2},3]}"},
    {false, INCLUDE("body.items[1].id"), "{\"items\":[{\"id\":1},{\"id\":2}]}", "{\"items\":[{\"id\":1},{\"id\":3}]}"},
    {true, INCLUDE("body.items[1].id"), "{\"items\":[{\"id\":1}]}", "{\"items\":[]}"},
    {true, INCLUDE("body.items[1].id"), "{\"items\":{\"1\":{\"id\":2}}}", "{}"},
    {true, INCLUDE("body.items[*].id"), "{\"items\":[{\"id\":1,\"q\":1},{\"id\":2}]}", "{\"items\":[{\"id\":1,\"q\":2},{\"id\":2}]}"},
    {false, INCLUDE("body.items[*].id"), "{\"items\":[{\"id\":1},{\"id\":2}]}", "{\"items\":[{\"id\":2},{\"id\":1}]}"},
    {false, INCLUDE("body.items[*].id"), "{\"items\":[{\"id\":1}]}", "{\"items\":[{\"id\":1},{}]}"},
    {false, INCLUDE("body.items[*].id"), "{\"items\":[{\"id\":1},{}]}", "{\"items\":[{},{\"id\":1}]}"},
    {true, INCLUDE("body.items[*].id"), "{\"items\":[1,{\"id\":1}]}", "{\"items\":[{},{\"id\":1}]}"},
    {true, INCLUDE("body.items[*].id"), "{\"items\":5}", "{}"}, {false, INCLUDE("body.items[*].id"), "{\"items\":[{}]}", "{\"items\":[{},{}]}"},
    {true, INCLUDE("body[*].id"), "[{\"id\":1,\"x\":1}]", "[{\"id\":1,\"x\":2}]"}, {false, INCLUDE("body[0].id"), "[{\"id\":1}]", "[{\"id\":2}]"},
    {false, INCLUDE("body.a[*].b[*].c"), "{\"a\":[{\"b\":[{\"c\":1}]},{\"b\":[]}]}", "{\"a\":[{\"b\":[]},{\"b\":[{\"c\":1}]}]}"},
    {true, INCLUDE("body.a[*].b[*].c"), "{\"a\":[{\"b\":[{\"c\":1,\"d\":1}]}]}", "{\"a\":[{\"b\":[{\"c\":1,\"d\":2}]}]}"},
    {true, INCLUDE("body.a[*][1].c"), "{\"a\":[[0,{\"c\":1}]]}", "{\"a\":[[7,{\"c\":1}]]}"},
    {false, INCLUDE("body.a[*].x", "body.b[*].x", "body.c[*].x"), "{\"a\":[{}],\"c\":[]}", "{\"b\":[],\"c\":[{}]}"},
    /* ---- include: a path within another chooses nothing more ---- */
    {false, INCLUDE("body.a.b", "body.a"), "{\"a\":{\"b\":1,\"c\":1}}", "{\"a\":{\"b\":1,\"c\":2}}"},
    {false, INCLUDE("body.a", "body.a.b"), "{\"a\":{\"b\":1,\"c\":1}}", "{\"a\":{\"b\":1,\"c\":2}}"},
    /* ---- exclude ---- */
    {true, EXCLUDE("body.t"), "{\"a\":1,\"t\":1}", "{\"a\":1,\"t\":2}"}, {false, EXCLUDE("body.t"), "{\"a\":1,\"t\":1}", "{\"a\":2,\"t\":1}"},
    {true, EXCLUDE("body.t"), "{\"a\":1,\"t\":1}", "{\"a\":1}"}, {false, EXCLUDE("body.t"), "{\"a\":{\"t\":1}}", "{\"a\":{\"t\":2}}"},
    {true, EXCLUDE("body.a.t"), "{\"a\":{\"t\":1}}", "{\"a\":{\"t\":2}}"}, {false, EXCLUDE("body.a.t"), "{\"a\":{\"t\":1}}", "{}"},
    {true, EXCLUDE("body.a.t"), "{\"a\":{\"t\":1}}", "{\"a\":{}}"}, {false, EXCLUDE("body.a.t"), "{\"t\":1}", "{\"t\":2}"},
    {true, EXCLUDE("body.items[*].t"), "{\"items\":[{\"i\":1,\"t\":1},{\"i\":2,\"t\":2}]}", "{\"items\":[{\"i\":1,\"t\":3},{\"i\":2}]}"},
    {false, EXCLUDE("body.items[*].t"), "{\"items\":[{\"i\":1,\"t\":1}]}", "{\"items\":[{\"i\":2,\"t\":1}]}"},
    {false, EXCLUDE("body.items[*].t"), "{\"items\":[{\"t\":1}]}", "{\"items\":[{\"t\":1},{\"t\":1}]}"},
    {false, EXCLUDE("body.items[*].t"), "{\"items\":{\"x\":{\"t\":1}}}", "{\"items\":{\"x\":{\"t\":2}}}"},
    {false, EXCLUDE("body.items[*].t"), "{\"items\":[[{\"t\":1}]]}", "{\"items\":[[{\"t\":2}]]}"},
    {true, EXCLUDE("body.items[*][*].t"), "{\"items\":[[{\"t\":1}]]}", "{\"items\":[[{\"t\":2}]]}"},
    {true, EXCLUDE("body.items[1].t"), "{\"items\":[{\"t\":1},{\"t\":1}]}", "{\"items\":[{\"t\":1},{\"t\":2}]}"},
    {false, EXCLUDE("body.items[1].t"), "{\"items\":[{\"t\":1},{\"t\":1}]}", "{\"items\":[{\"t\":2},{\"t\":1}]}"},
    {true, EXCLUDE("body.items[*].a", "body.items[0].b"), "{\"items\":[{\"a\":1,\"b\":1},{\"a\":1,\"b\":1}]}", "{\"items\":[{\"a\":2,\"b\":2},{\"a\":2,\"b\":1}]}"},
    {false, EXCLUDE("body.items[*].a", "body.items[0].b"), "{\"items\":[{\"a\":1,\"b\":1},{\"a\":1,\"b\":1}]}", "{\"items\":[{\"a\":1,\"b\":1},{\"a\":1,\"b\":2}]}"},
    {true, EXCLUDE("body.a.b", "body.a"), "{\"a\":{\"b\":1,\"c\":1}}", "{\"a\":{\"b\":2,\"c\":2}}"},
    {true, EXCLUDE("body.a", "body.a.b"), "{\"a\":{\"b\":1,\"c\":1}}", "{\"a\":5}"},
    {true, EXCLUDE("body"), "{\"a\":1}", "other"}, {false, EXCLUDE("body.a"), "plain", "other"}, {true, EXCLUDE("body.a"), "{\"a\":1,\"a\":2}", "{\"a\":3}"},
    {true, EXCLUDE("body[*].t"), "[{\"t\":1}]", "[{\"t\":2}]"}, {false, EXCLUDE("body.a"), "{\"b\":[]}", "{\"b\":{}}"},
};

/* Everything else. */
struct parts {
    struct text path, query, headers;
};
static const struct {
    bool same;
    const char *rule;
    struct parts one, other;
} PARTS[] = {
    {true, WHOLE, {TEXT("/a"), TEXT("q=1"), TEXT(JSON_HEADERS "x-id: 1\n")}, {TEXT("/a"), TEXT("q=1"), TEXT(JSON_HEADERS "x-id: 2\n")}},
    {false, WHOLE, {TEXT("/a"), TEXT(""), TEXT("")}, {TEXT("/b"), TEXT(""), TEXT("")}},
    {false, WHOLE, {TEXT(""), TEXT("a=1"), TEXT("")}, {TEXT(""), TEXT("a=2"), TEXT("")}},
    {true, WHOLE, {TEXT(""), TEXT("a=1&b=2"), TEXT("")}, {TEXT(""), TEXT("b=2&a=1"), TEXT("")}},
    {false, WHOLE, {TEXT(""), TEXT("a=1&a=2"), TEXT("")}, {TEXT(""), TEXT("a=2&a=1"), TEXT("")}},
    {true, INCLUDE("headers.x-id"), {TEXT("/a"), TEXT(""), TEXT("x-id: 1\nx-b: 1\n")}, {TEXT("/b"), TEXT(""), TEXT("x-b: 2\nx-id: 1\n")}},
    {true, INCLUDE("headers.X-Id"), {TEXT(""), TEXT(""), TEXT("x-id: 1\n")}, {TEXT(""), TEXT(""), TEXT("x-id: 1\nx-b: 2\n")}},
    {false, INCLUDE("headers.X-Id"), {TEXT(""), TEXT(""), TEXT("x-id: 1\n")}, {TEXT(""), TEXT(""), TEXT("x-id: 2\n")}},
    {false, INCLUDE("headers"), {TEXT(""), TEXT(""), TEXT("x-id: 1\n")}, {TEXT(""), TEXT(""), TEXT("x-id: 2\n")}},
    {true, INCLUDE("headers"), {TEXT("/a"), TEXT(""), TEXT("a: 1\nb: 2\n")}, {TEXT("/b"), TEXT(""), TEXT("b: 2\na: 1\n")}},
    {true, INCLUDE("path"), {TEXT("/a"), TEXT("a=1"), TEXT("")}, {TEXT("/a"), TEXT("a=2"), TEXT("")}},
    {false, INCLUDE("path"), {TEXT("/a"), TEXT(""), TEXT("")}, {TEXT("/A"), TEXT(""), TEXT("")}},
    {true, INCLUDE("query.a"), {TEXT(""), TEXT("a=1&b=1"), TEXT("")}, {TEXT(""), TEXT("a=1&b=2"), TEXT("")}},
    {false, INCLUDE("query.a"), {TEXT(""), TEXT("a=1"), TEXT("")}, {TEXT(""), TEXT("a=1&a=1"), TEXT("")}},
    {false, INCLUDE("query"), {TEXT(""), TEXT("a=1"), TEXT("")}, {TEXT(""), TEXT("b=1"), TEXT("")}},
    {false, INCLUDE("path", "query.p"), {TEXT("/a"), TEXT(""), TEXT("")}, {TEXT(""), TEXT("p=/a"), TEXT("")}},
    {true, EXCLUDE("path"), {TEXT("/a"), TEXT(""), TEXT("")}, {TEXT("/b"), TEXT(""), TEXT("")}},
    {true, EXCLUDE("query.t"), {TEXT(""), TEXT("a=1&t=1"), TEXT("")}, {TEXT(""), TEXT("a=1&t=2"), TEXT("")}},
    {false, EXCLUDE("query.t"), {TEXT(""), TEXT("a=1&t=1"), TEXT("")}, {TEXT(""), TEXT("a=2&t=1"), TEXT("")}},
    {true, EXCLUDE("query"), {TEXT(""), TEXT("a=1"), TEXT("")}, {TEXT(""), TEXT(""), TEXT("")}},
    {true, EXCLUDE("body.t"), {TEXT(""), TEXT(""), TEXT("x-id: 1\n")}, {TEXT(""), TEXT(""), TEXT("x-id: 2\n")}},
    {true, EXCLUDE("headers.X-Id"), {TEXT(""), TEXT(""), TEXT("x-id: 1\n")}, {TEXT(""), TEXT(""), TEXT("x-id: 2\n")}},
    {false, EXCLUDE("headers.x-id"), {TEXT(""), TEXT(""), TEXT("x-b: 1\n")}, {TEXT(""), TEXT(""), TEXT("x-b: 2\n")}},
    {true, EXCLUDE("headers"), {TEXT(""), TEXT(""), TEXT("x-b: 1\n")}, {TEXT(""), TEXT(""), TEXT("x-b: 2\n")}},
    {true, EXCLUDE("headers", "headers.x-id"), {TEXT(""), TEXT(""), TEXT("x-b: 1\n")}, {TEXT(""), TEXT(""), TEXT("x-b: 2\n")}},
};

static const struct {
    const char *rule, *message;
} REFUSED[] = {
    {"{}", "window: must be from 1000 to 3600000"},
    {"{\"window\":999}", "window: must be from 1000 to 3600000"},
    {"{\"window\":3600001}", "window: must be from 1000 to 3600000"},
    {"{\"window\":1000.5}", "window: must be from 1000 to 3600000"},
    {"{\"window\":1000,\"include_fields\":[\"body\"],\"exclude_fields\":[\"body\"]}",
     "exclude_fields: cannot be given together with include_fields"},
    {INCLUDE(), "include_fields: must be an array of 1 to 50 paths"},
    {EXCLUDE(), "exclude_fields: must be an array of 1 to 50 paths"},
    {"{\"window\":1000,\"include_fields\":\"body\"}", "include_fields: must be an array of 1 to 50 paths"},
    {INCLUDE("body", 5), "include_fields[1]: must be a string, not an integer"},
    {INCLUDE(""), "include_fields[0]: must begin with headers, body, query or path"},
    {INCLUDE("method"), "include_fields[0]: must begin with headers, body, query or path"},
    {INCLUDE("bodyx.a"), "include_fields[0]: must begin with headers, body, query or path"},
    {INCLUDE("$.body"), "include_fields[0]: must begin with headers, body, query or path"},
    {INCLUDE("Body.a"), "include_fields[0]: must begin with headers, body, query or path"},
    {EXCLUDE("body."), "exclude_fields[0]: is not a path like body.user.id or body.items[*].sku"},
    {EXCLUDE("body..a"), "exclude_fields[0]: is not a path like body.user.id or body.items[*].sku"},
    {EXCLUDE("body.a[]"), "exclude_fields[0]: is not a path like body.user.id or body.items[*].sku"},
    {EXCLUDE("body.a[-1].b"), "exclude_fields[0]: is not a path like body.user.id or body.items[*].sku"},
    {EXCLUDE("body.a[x].b"), "exclude_fields[0]: is not a path like body.user.id or body.items[*].sku"},
    {EXCLUDE("body.a[0"), "exclude_fields[0]: is not a path like body.user.id or body.items[*].sku"},
    {EXCLUDE("body.a]"), "exclude_fields[0]: is not a path like body.user.id or body.items[*].sku"},
    {EXCLUDE("body.a[0]b"), "exclude_fields[0]: is not a path like body.user.id or body.items[*].sku"},
    {EXCLUDE("body.a[99999999999999999999].b"), "exclude_fields[0]: is not a path like body.user.id or body.items[*].sku"},
    {INCLUDE("body.items[*]"), "include_fields[0]: [*] and [n] must be followed by a name"},
    {INCLUDE("body.items[0]"), "include_fields[0]: [*] and [n] must be followed by a name"},
    {INCLUDE("body[*]"), "include_fields[0]: [*] and [n] must be followed by a name"},
    {INCLUDE("path.a"), "include_fields[0]: the path is one text, without fields"},
    {INCLUDE("headers[0].a"), "include_fields[0]: only arrays have [*] and [n]: write a name"},
    {INCLUDE("query[*].a"), "include_fields[0]: only arrays have [*] and [n]: write a name"},
};

static struct deduplicate *compile(const char *text, size_t earlier)
{
    struct error error = {0};
    json_t *rule = json_parse(text_of(text), &error);
    struct deduplicate *compiled = rule != NULL ? deduplicate_compile(rule, earlier, &error) : NULL;
    if (compiled == NULL)
        fail_msg("%s: %s", text, error.message);
    json_decref(rule);
    return compiled;
}

static struct deduplicate_key key_of(const char *text, size_t earlier, const struct request *request)
{
    struct deduplicate *rule = compile(text, earlier);
    struct content *content = content_new();
    struct deduplicate_key key = {0};
    content_set(content, request);
    assert_true(deduplicate_key(rule, content, &key));
    content_free(content);
    deduplicate_free(rule);
    return key;
}

static bool same(const char *rule, const struct request *one, const struct request *other)
{
    struct deduplicate_key a = key_of(rule, 0, one), b = key_of(rule, 0, other);
    return memcmp(a.bytes, b.bytes, sizeof a.bytes) == 0;
}

static void bodies(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(BODIES); i++) {
        struct request one = {.headers = TEXT(JSON_HEADERS), .body = text_of(BODIES[i].one)};
        struct request other = {.headers = TEXT(JSON_HEADERS), .body = text_of(BODIES[i].other)};
        if (same(BODIES[i].rule, &one, &other) != BODIES[i].same)
            fail_msg("row %zu: %s: %s and %s must %sbe the same", i, BODIES[i].rule, BODIES[i].one, BODIES[i].other,
                     BODIES[i].same ? "" : "not ");
    }
}

static struct request request_of(struct parts parts)
{
    return (struct request){.path = parts.path, .query = parts.query, .headers = parts.headers, .body = TEXT("x")};
}

static void other_parts(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(PARTS); i++) {
        struct request one = request_of(PARTS[i].one), other = request_of(PARTS[i].other);
        if (same(PARTS[i].rule, &one, &other) != PARTS[i].same)
            fail_msg("row %zu: %s", i, PARTS[i].rule);
    }
}

static void what_is_no_rule(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(REFUSED); i++) {
        struct error error = {0};
        json_t *rule = json_parse(text_of(REFUSED[i].rule), NULL);
        assert_non_null(rule);
        if (deduplicate_compile(rule, 0, &error) != NULL)
            fail_msg("%s was taken", REFUSED[i].rule);
        check_text(REFUSED[i].rule, text_of(error.message), REFUSED[i].message);
        json_decref(rule);
    }
}

/* A rule that was changed, and a second one of the same text, have keys of their own; the order of members is no change. */
static void the_rule_is_part_of_the_key(void **state)
{
    static const char *const RULES[] = {
        WHOLE, "{\"type\":\"deduplicate\",\"window\":2000}", INCLUDE("body"), EXCLUDE("headers"), INCLUDE("body.a"),
    };
    struct request request = {.headers = TEXT(JSON_HEADERS), .body = TEXT("{\"a\":1}")};
    struct deduplicate_key keys[COUNT(RULES)], key;
    (void)state;
    for (size_t i = 0; i < COUNT(RULES); i++) {
        keys[i] = key_of(RULES[i], 0, &request);
        for (size_t j = 0; j < i; j++)
            assert_memory_not_equal(keys[i].bytes, keys[j].bytes, sizeof keys[i].bytes);
    }
    assert_int_equal(keys[0].window_ms, 1000);
    assert_int_equal(keys[1].window_ms, 2000);
    key = key_of(WHOLE, 1, &request);
    assert_memory_not_equal(key.bytes, keys[0].bytes, sizeof key.bytes);
    key = key_of("{\"window\":1000,\"type\":\"deduplicate\"}", 0, &request);
    assert_memory_equal(key.bytes, keys[0].bytes, sizeof key.bytes);
}

/* Keys are stored: they must not change from one version to the next. */
static void keys_stay_what_they_are(void **state)
{
    static const unsigned char EXPECTED[DEDUPLICATE_KEY_BYTES] = {
        0xfe, 0xa1, 0xc5, 0x14, 0x74, 0x58, 0xff, 0x2d, 0x82, 0xc5, 0xb0, 0xad, 0xd9, 0xb0, 0xac, 0x3f};
    struct request request = {.path = TEXT("/p"), .query = TEXT("q=1"), .headers = TEXT(JSON_HEADERS),
                              .body = TEXT("{\"a\":[1,-2,0.5,\"t\",null,true,{}]}")};
    struct deduplicate_key key = key_of(WHOLE, 0, &request);
    (void)state;
    assert_memory_equal(key.bytes, EXPECTED, sizeof EXPECTED);
}

static void large_bodies(void **state)
{
    struct buffer body = {0};
    (void)state;
    buffer_append_string(&body, "{\"items\":[");
    for (int i = 0; i < 100000; i++)
        buffer_printf(&body, "%s{\"id\":%d,\"t\":%d}", i ? "," : "", i, i);
    buffer_append_string(&body, "]}");
    struct request one = {.headers = TEXT(JSON_HEADERS), .body = buffer_text(&body)}, other = one;
    struct buffer changed = {0};
    buffer_append_text(&changed, buffer_text(&body));
    changed.data[changed.size - 4] = '8'; /* the last digit of the last "t" */
    other.body = buffer_text(&changed);
    assert_true(same(EXCLUDE("body.items[*].t"), &one, &other));
    assert_false(same(EXCLUDE("body.items[*].id"), &one, &other));
    assert_true(same(INCLUDE("body.items[*].id"), &one, &other));
    assert_false(same(INCLUDE("body.items[99999].t"), &one, &other));
    buffer_free(&body);
    buffer_free(&changed);
}

/* As deep as a setting allows: what takes a level of the stack for each must not run out of it. */
static void deep_bodies(void **state)
{
    enum { DEPTH = 10000 };
    struct buffer body = {0};
    (void)state;
    limits.json_depth = DEPTH;
    for (int i = 0; i < DEPTH; i++)
        buffer_append_string(&body, i % 2 ? "{\"a\":" : "[");
    buffer_append_byte(&body, '1');
    for (int i = DEPTH; i-- > 0;)
        buffer_append_byte(&body, i % 2 ? '}' : ']');
    struct request one = {.headers = TEXT(JSON_HEADERS), .body = buffer_text(&body)}, other = {.headers = TEXT(JSON_HEADERS), .body = TEXT("[]")};
    assert_true(same(WHOLE, &one, &one));
    assert_false(same(WHOLE, &one, &other));
    assert_false(same(EXCLUDE("body[*].b"), &one, &other));
    limits.json_depth = 512;
    buffer_free(&body);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bodies), cmocka_unit_test(other_parts), cmocka_unit_test(what_is_no_rule),
        cmocka_unit_test(the_rule_is_part_of_the_key), cmocka_unit_test(keys_stay_what_they_are),
        cmocka_unit_test(large_bodies), cmocka_unit_test(deep_bodies),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
