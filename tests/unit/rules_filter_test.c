/* The filter language: every kind of schema and every operator on every kind of input, and what is refused. */
#include "case.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/json.h"
#include "base/limits.h"
#include "rules/filter.h"

static const struct row {
    bool matches;
    const char *schema, *input;
} ROWS[] = {
    /* ---- a primitive and a primitive: as == in JavaScript ---- */
    {true, "1", "1"}, {true, "1", "1.0"}, {true, "1", "\"1\""}, {true, "\"1\"", "1"}, {true, "\" 1\\n\"", "1"},
    {true, "true", "1"}, {true, "true", "\"1\""}, {false, "true", "\"true\""}, {true, "\"\"", "0"},
    {true, "0", "\"\""}, {true, "false", "\"\""}, {true, "false", "0"}, {false, "\"\"", "\"0\""},
    {true, "false", "\"0\""}, {true, "null", "null"}, {false, "null", "0"}, {false, "0", "null"},
    {false, "null", "false"}, {false, "null", "\"\""}, {false, "1", "2"}, {false, "\"a\"", "\"A\""},
    {true, "\"a\"", "\"a\""}, {false, "\"1\"", "\"1.0\""}, {true, "16", "\"0x10\""}, {true, "1000", "\"1e3\""},
    {false, "1", "\"1 2\""}, {false, "1", "\"1x\""}, {true, "\"\\u00e4\"", "\"\\u00e4\""}, {true, "-0", "0"},
    {false, "0", "\"nan\""}, {false, "8", "\"0o9\""}, {true, "5", "\"0b101\""}, {false, "0", "\"0x\""},
    {true, "9007199254740993", "9007199254740992"}, /* one and the same double */
    {false, "\"9007199254740993\"", "\"9007199254740992\""},
    {true, "123456789012345678901234567890", "123456789012345678901234567890"},
    /* ---- a primitive and an array ---- */
    {true, "1", "[2,1]"}, {true, "1", "[2,[3,[1]]]"}, {false, "1", "[2,[3]]"}, {false, "1", "[]"},
    {true, "\"a\"", "[\"b\",\"a\"]"}, {true, "null", "[1,null]"}, {false, "null", "[1]"}, {true, "\"1\"", "[1]"},
    {false, "1", "[{\"a\":1}]"},
    /* ---- a primitive and an object ---- */
    {false, "1", "{\"a\":1}"}, {false, "\"a\"", "{\"a\":1}"}, {false, "null", "{}"},
    /* ---- an object and an object ---- */
    {true, "{\"a\":1}", "{\"a\":1,\"b\":2}"}, {true, "{\"a\":1,\"b\":2}", "{\"b\":2,\"a\":1}"},
    {false, "{\"a\":1,\"b\":3}", "{\"a\":1,\"b\":2}"}, {true, "{}", "{\"a\":1}"}, {true, "{}", "{}"},
    {false, "{\"a.b\":1}", "{\"a\":{\"b\":1}}"}, {true, "{\"a.b\":1}", "{\"a.b\":1}"},
    {true, "{\"a\":{\"b\":{\"c\":true}}}", "{\"a\":{\"b\":{\"c\":true,\"d\":0}}}"},
    {false, "{\"a\":{\"b\":1}}", "{\"a\":1}"}, {true, "{\"a\":1}", "{\"a\":0,\"a\":1}"},
    /* ---- an object and an array ---- */
    {true, "{\"a\":1}", "[{\"a\":2},{\"a\":1}]"}, {false, "{\"a\":1,\"b\":2}", "[{\"a\":1},{\"b\":2}]"},
    {true, "{\"a\":1,\"b\":2}", "[{\"a\":1},{\"a\":1,\"b\":2}]"}, {false, "{}", "[1,2]"}, {true, "{}", "[1,{}]"},
    {false, "{}", "[]"}, {true, "{\"a\":1}", "[[{\"a\":1}]]"},
    {true, "{\"items\":{\"id\":7}}", "{\"items\":[{\"id\":6},{\"id\":7}]}"},
    /* ---- an object and a primitive ---- */
    {false, "{\"a\":1}", "1"}, {false, "{}", "1"}, {false, "{}", "\"a\""}, {false, "{}", "null"}, {false, "{}", "true"},
    /* ---- an array and an array ---- */
    {true, "[1,2]", "[3,2,1]"}, {false, "[1,4]", "[3,2,1]"}, {true, "[]", "[1]"}, {true, "[]", "[]"},
    {false, "[1]", "[]"}, {true, "[\"1\"]", "[1]"}, {true, "[{\"a\":1}]", "[{\"a\":1,\"b\":2}]"},
    {true, "[[1]]", "[[1,2]]"}, {true, "[{\"$gt\":5}]", "[1,6]"}, {false, "[{\"$gt\":5}]", "[1,2]"},
    /* ---- an array and something else ---- */
    {false, "[1]", "1"}, {false, "[]", "\"a\""}, {false, "[]", "null"}, {true, "[1,2]", "{\"0\":1,\"1\":2}"},
    {false, "[1,2]", "{\"0\":2,\"1\":1}"}, {false, "[1]", "{\"a\":1}"}, {true, "[]", "{}"},
    /* ---- a key that is not there ---- */
    {false, "{\"a\":1}", "{}"}, {false, "{\"a\":null}", "{}"}, {false, "{\"a\":{\"$neq\":1}}", "{}"},
    {false, "{\"a\":{\"$nin\":[1]}}", "{}"}, {false, "{\"a\":{}}", "{}"}, {false, "{\"a\":[]}", "{}"},
    {true, "{\"a\":{\"$exist\":false}}", "{}"}, {false, "{\"a\":{\"$exist\":true}}", "{}"},
    {false, "{\"a\":{\"$not\":1}}", "{}"}, {true, "{\"a\":{\"$not\":{\"$exist\":true}}}", "{}"},
    {false, "{\"a\":{\"$not\":{\"$exist\":false}}}", "{}"}, {false, "{\"a\":{\"b\":{\"$exist\":false}}}", "{}"},
    {true, "{\"a\":{\"b\":{\"$exist\":false}}}", "{\"a\":{}}"},
    {true, "{\"a\":{\"$or\":[{\"$exist\":false},1]}}", "{}"}, {false, "{\"a\":{\"$or\":[1,2]}}", "{}"},
    {true, "{\"a\":{\"$and\":[{\"$exist\":false}]}}", "{}"}, {false, "{\"a\":{\"$and\":[{\"$exist\":false},1]}}", "{}"},
    {false, "{\"a\":{\"$exist\":false,\"$eq\":1}}", "{}"},
    /* ---- $exist of what is there ---- */
    {true, "{\"a\":{\"$exist\":true}}", "{\"a\":null}"}, {false, "{\"a\":{\"$exist\":false}}", "{\"a\":null}"},
    {true, "{\"a\":{\"$exist\":true}}", "{\"a\":[]}"}, {false, "{\"a\":{\"$exist\":false}}", "{\"a\":{}}"},
    {true, "{\"a\":{\"$exist\":true,\"$gt\":1}}", "{\"a\":2}"}, {true, "{\"$exist\":true}", "0"},
    /* ---- several operators; plain keys beside operators ---- */
    {true, "{\"$gt\":1,\"$lt\":3}", "2"}, {false, "{\"$gt\":1,\"$lt\":3}", "3"},
    {true, "{\"a\":{\"$exist\":true,\"b\":1}}", "{\"a\":{\"b\":2}}"}, {true, "{\"$exist\":true,\"b\":1}", "{\"b\":2}"},
    {false, "{\"$or\":[{\"a\":1},{\"a\":2}],\"b\":1}", "{\"a\":1,\"b\":2}"},
    {true, "{\"$or\":[{\"a\":1},{\"a\":2}],\"b\":1}", "{\"a\":2,\"b\":1}"},
    {true, "{\"c\":{\"$or\":[{\"a\":1},{\"a\":2}],\"b\":1}}", "{\"c\":{\"a\":1,\"b\":2}}"},
    {false, "{\"c\":{\"$and\":[{\"a\":1}],\"b\":1}}", "{\"c\":{\"a\":1,\"b\":2}}"},
    {false, "{\"c\":{\"$not\":{\"a\":2},\"b\":1}}", "{\"c\":{\"a\":1,\"b\":2}}"},
    {true, "{\"c\":{\"$not\":{\"a\":2},\"b\":2}}", "{\"c\":{\"a\":1,\"b\":2}}"},
    /* ---- $eq, $neq, $ne ---- */
    {true, "{\"$eq\":1}", "\"1\""}, {false, "{\"$eq\":1}", "2"}, {false, "{\"$eq\":1}", "[1]"},
    {true, "{\"$eq\":[1,2]}", "[1,2]"}, {false, "{\"$eq\":[1,2]}", "[2,1]"}, {false, "{\"$eq\":[1]}", "[\"1\"]"},
    {true, "{\"$eq\":{\"a\":1,\"b\":2}}", "{\"a\":1,\"b\":2}"}, {false, "{\"$eq\":{\"a\":1,\"b\":2}}", "{\"b\":2,\"a\":1}"},
    {false, "{\"$eq\":{\"a\":1}}", "{\"a\":1,\"b\":2}"}, {true, "{\"$eq\":null}", "null"}, {false, "{\"$eq\":null}", "0"},
    {true, "{\"$eq\":{\"$gt\":1}}", "{\"$gt\":1}"}, {true, "{\"$eq\":true}", "true"}, {false, "{\"$eq\":\"a\"}", "{}"},
    {false, "{\"$neq\":1}", "\"1\""}, {true, "{\"$neq\":1}", "2"}, {true, "{\"$ne\":1}", "2"}, {false, "{\"$ne\":1}", "1"},
    {true, "{\"$neq\":null}", "0"}, {false, "{\"$neq\":[1]}", "[1]"}, {true, "{\"$neq\":[1]}", "[2]"},
    {true, "{\"$neq\":1}", "[1]"}, {true, "{\"$neq\":1}", "{}"},
    /* ---- $gt $gte $lt $lte ---- */
    {true, "{\"$gt\":9}", "\"10\""}, {false, "{\"$gt\":\"9\"}", "\"10\""}, {true, "{\"$gte\":2}", "2"},
    {false, "{\"$gt\":2}", "2"}, {true, "{\"$lt\":2}", "1.5"}, {true, "{\"$lte\":2}", "2"}, {false, "{\"$lte\":2}", "2.1"},
    {true, "{\"$gt\":\"2024-01-01\"}", "\"2024-01-02T00:00:00Z\""}, {false, "{\"$lt\":\"2024-01-01\"}", "\"2024-01-01\""},
    {false, "{\"$gt\":1}", "\"abc\""}, {false, "{\"$lte\":1}", "\"abc\""}, {false, "{\"$gte\":0}", "null"},
    {false, "{\"$gte\":0}", "true"}, {false, "{\"$gt\":1}", "[2]"}, {false, "{\"$gt\":1}", "{}"},
    {true, "{\"$lt\":\"\\uE000\"}", "\"\\uD83D\\uDE00\""}, {true, "{\"$lt\":\"ab\"}", "\"a\""},
    {true, "{\"$gt\":99999999999999999999}", "1e21"}, {true, "{\"$gt\":1}", "1e999"}, {true, "{\"$lt\":0}", "-1e999"},
    /* ---- $in, $nin ---- */
    {true, "{\"$in\":\"ell\"}", "\"hello\""}, {false, "{\"$in\":\"elo\"}", "\"hello\""}, {false, "{\"$in\":\"1\"}", "1"},
    {true, "{\"$in\":[1,\"a\"]}", "\"a\""}, {true, "{\"$in\":[1,\"a\"]}", "1"}, {false, "{\"$in\":[1]}", "\"1\""},
    {false, "{\"$in\":[]}", "1"}, {true, "{\"$in\":[null]}", "null"}, {true, "{\"$in\":[true]}", "true"},
    {false, "{\"$in\":[1]}", "true"}, {true, "{\"$in\":\"a\"}", "[\"b\",\"a\"]"}, {false, "{\"$in\":\"c\"}", "[\"b\",\"a\"]"},
    {true, "{\"$in\":[1,2]}", "[3,2]"}, {false, "{\"$in\":[1,2]}", "[3,\"2\"]"}, {false, "{\"$in\":\"a\"}", "{\"a\":1}"},
    {false, "{\"$in\":[1]}", "{\"a\":1}"}, {false, "{\"$in\":\"a\"}", "null"},
    {false, "{\"$nin\":\"ell\"}", "\"hello\""}, {true, "{\"$nin\":\"x\"}", "\"hello\""}, {true, "{\"$nin\":[1]}", "2"},
    {false, "{\"$nin\":[1]}", "1"}, {true, "{\"$nin\":[1]}", "\"1\""}, {true, "{\"$nin\":\"c\"}", "[\"b\",\"a\"]"},
    {false, "{\"$nin\":\"a\"}", "[\"b\",\"a\"]"}, {false, "{\"$nin\":[1]}", "{}"}, {true, "{\"$nin\":[1]}", "null"},
    {false, "{\"$nin\":\"a\"}", "5"},
    /* ---- $startsWith, $endsWith ---- */
    {true, "{\"$startsWith\":\"ab\"}", "\"abc\""}, {false, "{\"$startsWith\":\"b\"}", "\"abc\""},
    {true, "{\"$startsWith\":[\"x\",\"a\"]}", "\"abc\""}, {false, "{\"$startsWith\":[]}", "\"abc\""},
    {false, "{\"$startsWith\":\"1\"}", "12"}, {false, "{\"$startsWith\":\"a\"}", "[\"abc\"]"},
    {false, "{\"$startsWith\":\"a\"}", "{}"}, {false, "{\"$startsWith\":\"n\"}", "null"},
    {true, "{\"$endsWith\":\"bc\"}", "\"abc\""}, {false, "{\"$endsWith\":\"b\"}", "\"abc\""},
    {true, "{\"$endsWith\":[\"x\",\"c\"]}", "\"abc\""}, {true, "{\"$endsWith\":\"\"}", "\"abc\""},
    {false, "{\"$endsWith\":\"2\"}", "12"}, {false, "{\"$endsWith\":\"longer\"}", "\"er\""},
    /* ---- $or, $and, $not ---- */
    {true, "{\"$or\":[1,2]}", "2"}, {false, "{\"$or\":[1,2]}", "3"}, {false, "{\"$or\":[]}", "1"},
    {true, "{\"a\":{\"$or\":[{\"$lt\":1},{\"$gt\":5}]}}", "{\"a\":6}"}, {true, "{\"$or\":[1,{\"a\":1}]}", "{\"a\":1}"},
    {true, "{\"$or\":[3,4]}", "[1,4]"}, {true, "{\"$and\":[{\"a\":1},{\"b\":2}]}", "{\"a\":1,\"b\":2}"},
    {false, "{\"$and\":[{\"a\":1},{\"b\":2}]}", "{\"a\":1}"}, {true, "{\"a\":{\"$and\":[{\"$gt\":1},{\"$lt\":3}]}}", "{\"a\":2}"},
    {false, "{\"a\":{\"$and\":[{\"$gt\":1},{\"$lt\":3}]}}", "{\"a\":3}"}, {true, "{\"$and\":[]}", "1"},
    {true, "{\"$and\":[1,2]}", "[2,1]"}, {true, "{\"$not\":{\"a\":1}}", "{\"a\":2}"}, {false, "{\"$not\":{\"a\":1}}", "{\"a\":1}"},
    {true, "{\"$not\":{\"a\":1}}", "{}"}, {true, "{\"a\":{\"$not\":1}}", "{\"a\":2}"}, {false, "{\"a\":{\"$not\":1}}", "{\"a\":1}"},
    {true, "{\"a\":{\"$not\":{\"$gt\":1}}}", "{\"a\":\"x\"}"}, {true, "{\"$not\":\"/a\"}", "\"/b\""},
    {false, "{\"$not\":\"/a\"}", "\"/a\""}, {false, "{\"a\":{\"$not\":1}}", "{\"a\":[1,2]}"},
    {true, "{\"a\":{\"$not\":{\"$in\":[1,2]}}}", "{\"a\":3}"}, {true, "{\"$not\":{\"a\":1},\"b\":2}", "{\"b\":2}"},
    {false, "{\"$not\":{\"a\":1},\"b\":2}", "{\"b\":3}"}, {true, "{\"$not\":{\"$not\":1}}", "1"},
    /* ---- $ref ---- */
    {true, "{\"a\":{\"$ref\":\"b\"}}", "{\"a\":1,\"b\":1}"}, {false, "{\"a\":{\"$ref\":\"$.b\"}}", "{\"a\":1,\"b\":2}"},
    {true, "{\"a\":{\"$ref\":\"$.b.c[1]\"}}", "{\"a\":1,\"b\":{\"c\":[0,1]}}"},
    {true, "{\"a\":{\"$ref\":\"nowhere\"}}", "{\"a\":null}"}, {false, "{\"a\":{\"$ref\":\"nowhere\"}}", "{\"a\":0}"},
    {true, "{\"a\":{\"$gte\":{\"$ref\":\"b\"}}}", "{\"a\":3,\"b\":2}"},
    {false, "{\"a\":{\"$gt\":{\"$ref\":\"b\"}}}", "{\"a\":2,\"b\":2}"},
    {true, "{\"a\":{\"$neq\":{\"$ref\":\"b\"}}}", "{\"a\":2,\"b\":1}"},
    {true, "{\"a\":{\"$in\":{\"$ref\":\"b\"}}}", "{\"a\":2,\"b\":[1,2]}"},
    {true, "{\"a\":{\"$in\":{\"$ref\":\"b\"}}}", "{\"a\":[5,2],\"b\":[1,2]}"},
    {true, "{\"a\":{\"$startsWith\":{\"$ref\":\"b\"}}}", "{\"a\":\"xy\",\"b\":\"x\"}"},
    {false, "{\"a\":{\"$startsWith\":{\"$ref\":\"b\"}}}", "{\"a\":\"xy\",\"b\":1}"},
    {true, "{\"items\":{\"price\":{\"$ref\":\"items[$index].paid\"}}}",
     "{\"items\":[{\"price\":1,\"paid\":2},{\"price\":3,\"paid\":3}]}"},
    {false, "{\"items\":{\"price\":{\"$ref\":\"items[$index].paid\"}}}",
     "{\"items\":[{\"price\":1,\"paid\":2},{\"price\":2,\"paid\":1}]}"},
    {true, "{\"a\":{\"b\":{\"c\":{\"$ref\":\"$.a[$index].b[$index].d\"}}}}",
     "{\"a\":[{\"b\":[]},{\"b\":[{\"c\":1,\"d\":2},{\"c\":7,\"d\":7}]}]}"},
    {true, "{\"a\":{\"$ref\":\"['b-c']\"}}", "{\"a\":1,\"b-c\":1}"}, {true, "{\"a\":{\"$ref\":\"$.b-c\"}}", "{\"a\":1,\"b-c\":1}"},
    {true, "{\"a\":{\"$ref\":\"b\"}}", "{\"a\":[1,2],\"b\":2}"}, {true, "{\"a\":{\"$ref\":\"b\"}}", "{\"a\":[1,2],\"b\":[1,2]}"},
    {false, "{\"a\":{\"$ref\":\"items[$index]\"}}", "{\"a\":1,\"items\":[1]}"},
};

static bool matches(const char *schema, const char *input)
{
    struct error error = {0};
    struct json_view root;
    const char *reason = NULL;
    json_t *parsed = json_loads(schema, JSON_DECODE_ANY | JSON_DECODE_INT_AS_REAL * (strlen(schema) > 25), NULL);
    if (parsed == NULL)
        fail_msg("%s is no JSON", schema);
    struct filter *filter = filter_compile(parsed, &error);
    if (filter == NULL)
        fail_msg("%s: %s", schema, error.message);
    struct json_reader *reader = json_reader_new();
    if (!json_reader_parse(reader, input, strlen(input), 600, &root, &reason))
        fail_msg("%s: %s", input, reason);
    bool match = filter_match(filter, root);
    json_reader_free(reader);
    filter_free(filter);
    json_decref(parsed);
    return match;
}

static void every_kind_on_every_kind(void **state)
{
    (void)state;
    assert_true(COUNT(ROWS) >= 150);
    for (size_t i = 0; i < COUNT(ROWS); i++) {
        if (matches(ROWS[i].schema, ROWS[i].input) != ROWS[i].matches)
            fail_msg("row %zu: %s %s %s", i, ROWS[i].schema, ROWS[i].matches ? "must match" : "must not match",
                     ROWS[i].input);
    }
}

static const struct {
    const char *schema, *message;
} REFUSED[] = {
    {"{\"a\":{\"$foo\":1}}", "a.$foo: is not an operator of filters"},
    {"{\"$regex\":\"x\"}", "$regex: is not an operator of filters"},
    {"{\"a\":{\"$gt\":1,\"$bar\":2}}", "a.$bar: is not an operator of filters"},
    {"{\"a\":{\"$gt\":true}}", "a.$gt: must be a string or a number"},
    {"{\"a\":{\"$lte\":null}}", "a.$lte: must be a string or a number"},
    {"{\"$in\":5}", "$in: must be a string, or an array of strings, numbers, booleans and null"},
    {"{\"$nin\":[{}]}", "$nin: must be a string, or an array of strings, numbers, booleans and null"},
    {"{\"$startsWith\":[1]}", "$startsWith: must be a string or an array of strings"},
    {"{\"$endsWith\":{}}", "$endsWith: must be a string or an array of strings"},
    {"{\"$exist\":1}", "$exist: must be true or false"},
    {"{\"$or\":{\"a\":1}}", "$or: must be an array of filters"},
    {"{\"b\":{\"$and\":1}}", "b.$and: must be an array of filters"},
    {"{\"b\":{\"$or\":[{\"$x\":1}]}}", "b.$or.$x: is not an operator of filters"},
    {"{\"$not\":{\"$exist\":\"yes\"}}", "$not.$exist: must be true or false"},
    {"{\"a\":{\"$ref\":1}}", "a.$ref: must be a string"},
    {"{\"a\":{\"$ref\":\"\"}}", "a.$ref: is not a path like $.a.b[0] or items[$index].id"},
    {"{\"a\":{\"$ref\":\"$.\"}}", "a.$ref: is not a path like $.a.b[0] or items[$index].id"},
    {"{\"a\":{\"$ref\":\"a..b\"}}", "a.$ref: is not a path like $.a.b[0] or items[$index].id"},
    {"{\"a\":{\"$ref\":\"a[x]\"}}", "a.$ref: is not a path like $.a.b[0] or items[$index].id"},
    {"{\"a\":{\"$ref\":\"a[-1]\"}}", "a.$ref: is not a path like $.a.b[0] or items[$index].id"},
    {"{\"a\":{\"$ref\":\"a['b\"}}", "a.$ref: is not a path like $.a.b[0] or items[$index].id"},
    {"{\"a\":{\"$gt\":{\"$ref\":\"a[\"}}}", "a.$gt: is not a path like $.a.b[0] or items[$index].id"},
    {"[[[[[1]]]]]", "the filter is nested too deeply (filter_depth)"},
    {"[1,2,3,4,5,6,7,8,9,10]", "the filter has too many values (filter_nodes)"},
};

static void what_is_no_filter(void **state)
{
    (void)state;
    limits.filter_depth = 5;
    limits.filter_nodes = 10;
    for (size_t i = 0; i < COUNT(REFUSED); i++) {
        struct error error = {0};
        json_t *schema = json_loads(REFUSED[i].schema, JSON_DECODE_ANY, NULL);
        struct filter *filter = filter_compile(schema, &error);
        if (filter != NULL)
            fail_msg("%s was taken", REFUSED[i].schema);
        check_text(REFUSED[i].schema, text_of(error.message), REFUSED[i].message);
        json_decref(schema);
    }
    limits.filter_depth = 32;
    limits.filter_nodes = 2000;
}

/* An input that makes a filter compare everything with everything ends, and does not match either way. */
static void bounded_work(void **state)
{
    enum { ITEMS = 3000 };
    struct buffer input = {0};
    (void)state;
    buffer_append_string(&input, "{\"a\":[");
    for (int i = 0; i < ITEMS; i++)
        buffer_printf(&input, "%s%d", i ? "," : "", i);
    buffer_append_string(&input, "],\"b\":[");
    for (int i = 0; i < ITEMS; i++)
        buffer_printf(&input, "%s\"%d\"", i ? "," : "", i);
    buffer_append_string(&input, "]}");
    assert_false(matches("{\"a\":{\"$in\":{\"$ref\":\"b\"}}}", buffer_string(&input)));
    assert_false(matches("{\"$not\":{\"a\":{\"$in\":{\"$ref\":\"b\"}}}}", buffer_string(&input)));
    limits.filter_steps = 100000000;
    assert_true(matches("{\"$not\":{\"a\":{\"$in\":{\"$ref\":\"b\"}}}}", buffer_string(&input)));
    limits.filter_steps = 1000000;
    buffer_free(&input);
}

static void deep_arrays(void **state)
{
    struct buffer input = {0};
    (void)state;
    for (int i = 0; i < 500; i++)
        buffer_append_byte(&input, '[');
    buffer_append_byte(&input, '1');
    for (int i = 0; i < 500; i++)
        buffer_append_byte(&input, ']');
    assert_false(matches("1", buffer_string(&input))); /* deeper than is looked */
    assert_true(matches("{\"$neq\":[1]}", buffer_string(&input)));
    buffer_free(&input);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_kind_on_every_kind), cmocka_unit_test(what_is_no_filter),
        cmocka_unit_test(bounded_work), cmocka_unit_test(deep_arrays),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
