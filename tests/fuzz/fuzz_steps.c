/*
 * Hostile rules of a connection on hostile requests (rules, headers, query and path, a line each but the headers,
 * which end with a tab, then the body): walks
 * end where they must, and the same way again.
 */
#include "fuzz.h"

#include "base/json.h"
#include "rules/steps.h"

static void check_walk(const struct steps *steps, size_t from, size_t count, struct content *content)
{
    struct arena arena = {0};
    struct walked walked, again;
    steps_walk(steps, from, content, &arena, &walked);
    steps_walk(steps, from, content, &arena, &again);
    MUST(walked.end == again.end && walked.position == again.position && walked.key_count == again.key_count);
    MUST(walked.key_count <= count && walked.position < count);
    MUST((walked.end == WALK_FILTERED) == (walked.failed_parts != 0));
    MUST((walked.end == WALK_TRANSFORM) == (walked.transformation_id != 0));
    for (size_t i = 0; i < walked.key_count; i++) {
        MUST(memcmp(walked.keys[i].bytes, again.keys[i].bytes, DEDUPLICATE_KEY_BYTES) == 0);
        for (size_t j = 0; j < i; j++)
            MUST(memcmp(walked.keys[i].bytes, walked.keys[j].bytes, DEDUPLICATE_KEY_BYTES) != 0);
    }
    arena_free(&arena);
}

/* What the API takes must compile, and the other way round. */
static void check_rules(const json_t *rules, bool compiled)
{
    size_t i;
    json_t *rule;
    bool good = true;
    json_array_foreach(rules, i, rule)
    {
        struct text type = json_member_text(rule, "type");
        if (!text_equal(type, TEXT("retry")) && !text_equal(type, TEXT("delay")))
            good = step_check(rule, "rules[0]", NULL) && good;
    }
    MUST(good == compiled);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    struct text rest = {(const char *)bytes, size}, line = TEXT_NONE;
    struct request request = {0};
    struct error error = {0};
    text_split(&rest, '\n', &line);
    json_t *rules = json_parse(line, NULL);
    if (!json_is_array(rules) || !text_split(&rest, '\t', &request.headers) || !text_split(&rest, '\n', &request.query) ||
        !text_split(&rest, '\n', &request.path)) {
        json_decref(rules);
        return 0;
    }
    request.body = rest.data != NULL ? rest : TEXT("");
    struct steps *steps = steps_compile(rules, &error);
    check_rules(rules, error.code == ERROR_NONE);
    if (steps != NULL) {
        struct content *content = content_new();
        content_set(content, &request);
        for (size_t from = 0; from < json_array_size(rules); from++)
            check_walk(steps, from, json_array_size(rules), content);
        content_free(content);
    }
    steps_free(steps);
    json_decref(rules);
    return 0;
}
