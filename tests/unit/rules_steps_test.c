/* Steps of a connection: what is one, in which order they are taken, where a walk ends and goes on. */
#include "case.h"

#include <stdio.h>

#include "base/id.h"
#include "base/json.h"
#include "base/limits.h"
#include "rules/steps.h"

#define HEADERS "content-type: application/json\nx-a: 1\n"
#define FAILED(part) (1U << CONTENT_##part)

static const struct row {
    const char *rules;
    size_t from;
    const char *body;
    enum walk_end end;
    size_t position;
    unsigned failed_parts;
    size_t key_count;
} ROWS[] = {
    /* ---- filters ---- */
    {"[{\"type\":\"filter\"}]", 0, "{}", WALK_PASSED, 0, 0, 0},
    {"[{\"type\":\"filter\",\"body\":null,\"path\":null}]", 0, "{}", WALK_PASSED, 0, 0, 0},
    {"[{\"type\":\"filter\",\"body\":{\"a\":1}}]", 0, "{\"a\":1}", WALK_PASSED, 0, 0, 0},
    {"[{\"type\":\"filter\",\"body\":{\"a\":1}}]", 0, "{\"a\":2}", WALK_FILTERED, 0, FAILED(BODY), 0},
    {"[{\"type\":\"filter\",\"body\":{\"a\":1},\"path\":\"/p\",\"query\":{\"q\":1},\"headers\":{\"x-a\":1}}]", 0, "{\"a\":1}", WALK_PASSED, 0, 0, 0},
    {"[{\"type\":\"filter\",\"body\":{\"a\":1},\"path\":\"/x\",\"query\":{\"q\":2},\"headers\":{\"x-a\":2}}]", 0, "{}", WALK_FILTERED, 0,
     FAILED(BODY) | FAILED(PATH) | FAILED(QUERY) | FAILED(HEADERS), 0},
    {"[{\"type\":\"filter\",\"body\":{\"a\":1},\"headers\":{\"x-a\":2}}]", 0, "{\"a\":1}", WALK_FILTERED, 0, FAILED(HEADERS), 0},
    {"[{\"type\":\"filter\",\"body\":[1]}]", 0, "[1,2]", WALK_PASSED, 0, 0, 0},
    {"[{\"type\":\"filter\",\"body\":true}]", 0, "true", WALK_PASSED, 0, 0, 0},
    {"[{\"type\":\"filter\",\"body\":7}]", 0, "7", WALK_PASSED, 0, 0, 0},
    {"[{\"type\":\"filter\",\"path\":{\"$startsWith\":\"/q\"}}]", 0, "", WALK_FILTERED, 0, FAILED(PATH), 0},
    /* ---- names of headers in any letter case ---- */
    {"[{\"type\":\"filter\",\"headers\":{\"X-A\":1}}]", 0, "", WALK_PASSED, 0, 0, 0},
    {"[{\"type\":\"filter\",\"headers\":{\"$or\":[{\"X-B\":1},{\"$and\":[{\"X-A\":1}]}]}}]", 0, "", WALK_PASSED, 0, 0, 0},
    {"[{\"type\":\"filter\",\"headers\":{\"$not\":{\"X-A\":1}}}]", 0, "", WALK_FILTERED, 0, FAILED(HEADERS), 0},
    {"[{\"type\":\"filter\",\"headers\":{\"X-A\":{\"$exist\":false}}}]", 0, "", WALK_FILTERED, 0, FAILED(HEADERS), 0},
    {"[{\"type\":\"filter\",\"body\":{\"A\":1}}]", 0, "{\"a\":1}", WALK_FILTERED, 0, FAILED(BODY), 0},
    /* ---- in order; retry and delay are none ---- */
    {"[{\"type\":\"retry\",\"strategy\":\"linear\"},{\"type\":\"filter\",\"body\":{\"a\":1}},{\"type\":\"delay\",\"delay\":1},"
     "{\"type\":\"filter\",\"body\":{\"b\":1}}]", 0, "{\"a\":1}", WALK_FILTERED, 1, FAILED(BODY), 0},
    {"[{\"type\":\"filter\",\"body\":{\"a\":1}},{\"type\":\"filter\",\"body\":{\"b\":1}}]", 0, "{\"b\":1}", WALK_FILTERED, 0, FAILED(BODY), 0},
    {"[{\"type\":\"filter\",\"body\":{\"a\":1}},{\"type\":\"filter\",\"body\":{\"b\":1}}]", 1, "{\"b\":1}", WALK_PASSED, 1, 0, 0},
    {"[{\"type\":\"filter\",\"body\":{\"a\":1}}]", 1, "{\"b\":1}", WALK_PASSED, 0, 0, 0},
    {"[{\"type\":\"filter\",\"body\":{\"a\":1}}]", 7, "{\"b\":1}", WALK_PASSED, 0, 0, 0},
    /* ---- deduplicate: keys of what was walked, whatever comes behind ---- */
    {"[{\"type\":\"deduplicate\",\"window\":1000}]", 0, "{}", WALK_PASSED, 0, 0, 1},
    {"[{\"type\":\"deduplicate\",\"window\":1000},{\"type\":\"filter\",\"body\":{\"a\":1}}]", 0, "{}", WALK_FILTERED, 1, FAILED(BODY), 1},
    {"[{\"type\":\"filter\",\"body\":{\"a\":1}},{\"type\":\"deduplicate\",\"window\":1000}]", 0, "{}", WALK_FILTERED, 0, FAILED(BODY), 0},
    {"[{\"type\":\"deduplicate\",\"window\":1000},{\"type\":\"deduplicate\",\"window\":2000}]", 0, "{}", WALK_PASSED, 1, 0, 2},
    /* ---- a transformation ends the walk; another one begins behind it ---- */
    {"[{\"type\":\"transform\",\"transformation_id\":\"@\"}]", 0, "{}", WALK_TRANSFORM, 0, 0, 0},
    {"[{\"type\":\"transform\",\"transformation_id\":\"@\"}]", 1, "{}", WALK_PASSED, 0, 0, 0},
    {"[{\"type\":\"filter\",\"body\":{\"a\":1}},{\"type\":\"transform\",\"transformation_id\":\"@\"}]", 0, "{}", WALK_FILTERED, 0, FAILED(BODY), 0},
    {"[{\"type\":\"deduplicate\",\"window\":1000},{\"type\":\"transform\",\"transformation_id\":\"@\"},{\"type\":\"deduplicate\",\"window\":1000},"
     "{\"type\":\"transform\",\"transformation_id\":\"@\"}]", 0, "{}", WALK_TRANSFORM, 1, 0, 1},
    {"[{\"type\":\"deduplicate\",\"window\":1000},{\"type\":\"transform\",\"transformation_id\":\"@\"},{\"type\":\"deduplicate\",\"window\":1000},"
     "{\"type\":\"transform\",\"transformation_id\":\"@\"}]", 2, "{}", WALK_TRANSFORM, 3, 0, 1},
    {"[{\"type\":\"delay\",\"delay\":1},{\"type\":\"transform\",\"transformation_id\":\"@\"},{\"type\":\"filter\",\"body\":{\"a\":1}}]", 1, "{}",
     WALK_FILTERED, 1, FAILED(BODY), 0},
};

enum { TRANSFORMATION = 4711 };

/* The rules with the transformation's id in the place of "@". */
static json_t *read_rules(const char *text)
{
    struct buffer out = {0};
    char id[ID_TEXT_SIZE];
    id_format(ID_TRANSFORMATION, TRANSFORMATION, id);
    for (; *text != '\0'; text++) {
        if (*text == '@')
            buffer_append_string(&out, id);
        else
            buffer_append_byte(&out, *text);
    }
    json_t *rules = json_parse(buffer_text(&out), NULL);
    assert_non_null(rules);
    buffer_free(&out);
    return rules;
}

static void walks(void **state)
{
    struct content *content = content_new();
    struct arena arena = {0};
    (void)state;
    for (size_t i = 0; i < COUNT(ROWS); i++) {
        const struct row *row = &ROWS[i];
        struct error error = {0};
        json_t *rules = read_rules(row->rules);
        struct steps *steps = steps_compile(rules, &error);
        if (steps == NULL)
            fail_msg("%s: %s", row->rules, error.message);
        struct request request = {.path = TEXT("/p"), .query = TEXT("q=1"), .headers = TEXT(HEADERS), .body = text_of(row->body)};
        struct walked walked;
        content_set(content, &request);
        steps_walk(steps, row->from, content, &arena, &walked);
        check_integer(row->rules, "end", walked.end, row->end);
        if (row->end != WALK_PASSED)
            check_integer(row->rules, "position", (int64_t)walked.position, (int64_t)row->position);
        check_integer(row->rules, "failed_parts", walked.failed_parts, row->failed_parts);
        check_integer(row->rules, "key_count", (int64_t)walked.key_count, (int64_t)row->key_count);
        check_integer(row->rules, "transformation_id", walked.transformation_id, row->end == WALK_TRANSFORM ? TRANSFORMATION : 0);
        steps_free(steps);
        json_decref(rules);
    }
    content_free(content);
    arena_free(&arena);
}

/* Else a webhook would be the duplicate of itself. */
static void equal_rules_have_keys_of_their_own(void **state)
{
    struct content *content = content_new();
    struct arena arena = {0};
    struct request request = {.headers = TEXT(HEADERS), .body = TEXT("{}")};
    struct walked walked;
    json_t *rules = read_rules("[{\"type\":\"deduplicate\",\"window\":1000},{\"type\":\"deduplicate\",\"window\":1000}]");
    struct steps *steps = steps_compile(rules, NULL);
    (void)state;
    content_set(content, &request);
    steps_walk(steps, 0, content, &arena, &walked);
    assert_int_equal(walked.key_count, 2);
    assert_memory_not_equal(walked.keys[0].bytes, walked.keys[1].bytes, DEDUPLICATE_KEY_BYTES);
    assert_int_equal(walked.keys[1].window_ms, 1000);
    steps_free(steps);
    json_decref(rules);
    content_free(content);
    arena_free(&arena);
}

static void rules_without_steps(void **state)
{
    static const char *const NONE[] = {"[]", "[{\"type\":\"retry\",\"strategy\":\"linear\"},{\"type\":\"delay\",\"delay\":1}]"};
    (void)state;
    for (size_t i = 0; i < COUNT(NONE); i++) {
        struct error error = {0};
        json_t *rules = read_rules(NONE[i]);
        assert_null(steps_compile(rules, &error));
        assert_int_equal(error.code, ERROR_NONE);
        json_decref(rules);
    }
    steps_free(NULL);
}

static const struct {
    const char *rules, *message;
} REFUSED[] = {
    {"[{\"type\":\"other\"}]", "rules[0].type: is no type of rule"},
    {"[{}]", "rules[0].type: is no type of rule"},
    {"[5]", "rules[0].type: is no type of rule"},
    {"[{\"type\":\"delay\",\"delay\":1},{\"type\":\"filter\",\"body\":{\"a\":{\"$gt\":{}}}}]", "rules[1].body.a.$gt: must be a string or a number"},
    {"[{\"type\":\"filter\",\"path\":{\"$regex\":1}}]", "rules[0].path.$regex: is not an operator of filters"},
    {"[{\"type\":\"filter\",\"headers\":{\"$or\":5}}]", "rules[0].headers.$or: must be an array of filters"},
    {"[{\"type\":\"filter\",\"headers\":{\"X-A\":1,\"x-a\":1}}]", "rules[0].headers.x-a: is there in another letter case too"},
    {"[{\"type\":\"filter\",\"headers\":{\"$not\":{\"x-a\":1,\"X-A\":1}}}]", "rules[0].headers.x-a: is there in another letter case too"},
    {"[{\"type\":\"filter\",\"body\":[[[[[1]]]]]}]", "rules[0].body: the filter is nested too deeply (filter_depth)"},
    {"[{\"type\":\"filter\",\"body\":[1,2,3,4,5,6,7,8,9,10]}]", "rules[0].body: the filter has too many values (filter_nodes)"},
    {"[{\"type\":\"deduplicate\",\"window\":1}]", "rules[0].window: must be from 1000 to 3600000"},
    {"[{\"type\":\"transform\"}]", "rules[0].transformation_id: is no id of a transformation"},
    {"[{\"type\":\"transform\",\"transformation_id\":\"x\"}]", "rules[0].transformation_id: is no id of a transformation"},
};

static void what_cannot_be_compiled(void **state)
{
    (void)state;
    limits.filter_depth = 5;
    limits.filter_nodes = 10;
    for (size_t i = 0; i < COUNT(REFUSED); i++) {
        struct error error = {0};
        json_t *rules = read_rules(REFUSED[i].rules);
        if (steps_compile(rules, &error) != NULL)
            fail_msg("%s was taken", REFUSED[i].rules);
        check_text(REFUSED[i].rules, text_of(error.message), REFUSED[i].message);
        json_decref(rules);
    }
    limits.filter_depth = 32;
    limits.filter_nodes = 2000;
}

static void nothing_passes_closed_steps(void **state)
{
    struct content *content = content_new();
    struct arena arena = {0};
    struct request request = {.body = TEXT("{}")};
    struct steps *steps = steps_closed();
    struct walked walked;
    (void)state;
    content_set(content, &request);
    steps_walk(steps, 0, content, &arena, &walked);
    assert_int_equal(walked.end, WALK_FILTERED);
    assert_int_equal(walked.failed_parts, 0);
    steps_free(steps);
    content_free(content);
    arena_free(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(walks), cmocka_unit_test(equal_rules_have_keys_of_their_own), cmocka_unit_test(rules_without_steps),
        cmocka_unit_test(what_cannot_be_compiled), cmocka_unit_test(nothing_passes_closed_steps),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
