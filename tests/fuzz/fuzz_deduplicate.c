/*
 * Deduplicate rules on hostile paths and bodies (a line each): what is excluded makes no difference, and what is not
 * included neither.
 */
#include "fuzz.h"

#include "base/json.h"
#include "rules/deduplicate.h"
#include "rules/field_path.h"

static const char UNRELATED[] = "\x01unrelated";

static struct deduplicate_key key_of(const struct deduplicate *rule, struct text body)
{
    struct request request = {.path = TEXT("/p"), .query = TEXT("a=1&a=2"), .headers = TEXT("content-type: application/json\nx: 1\n"),
                              .body = body};
    struct content *content = content_new();
    struct deduplicate_key key;
    content_set(content, &request);
    MUST(deduplicate_key(rule, content, &key));
    content_free(content);
    return key;
}

/* Takes what the path leads to out of the value, by other means than the rule's. */
static void take_out(json_t *value, const struct field_path *path, size_t level)
{
    const struct field_step *step = &path->steps[level];
    if (step->kind == PATH_NAME) {
        if (level + 1 == path->count)
            json_object_deln(value, step->name.data, step->name.size);
        else
            take_out(json_object_getn(value, step->name.data, step->name.size), path, level + 1);
        return;
    }
    for (size_t i = 0; i < json_array_size(value); i++) {
        if (step->kind == PATH_EACH || step->index == i)
            take_out(json_array_get(value, i), path, level + 1);
    }
}

static void take_out_all(json_t *body, const json_t *fields)
{
    struct arena arena = {0};
    size_t i;
    const json_t *field;
    json_array_foreach(fields, i, field)
    {
        struct field_path path;
        struct text text = {json_string_value(field), json_string_length(field)};
        MUST(field_path_parse(&arena, text, &path, NULL));
        if (path.part == CONTENT_BODY && path.count > 0)
            take_out(body, &path, 0);
    }
    arena_free(&arena);
}

static bool has_body(const json_t *fields)
{
    size_t i;
    const json_t *field;
    json_array_foreach(fields, i, field)
    {
        if (text_equal(text_of(json_string_value(field)), TEXT("body")))
            return true;
    }
    return false;
}

static void check(const struct deduplicate *rule, const json_t *source, struct text body)
{
    struct buffer written = {0};
    json_t *changed = json_parse(body, NULL), *include = json_member(source, "include_fields");
    struct deduplicate_key key = key_of(rule, body);
    if (include == NULL)
        take_out_all(changed, json_member(source, "exclude_fields"));
    else if (!has_body(include))
        json_object_set_new(changed, UNRELATED, json_true());
    if (changed != NULL && json_write(&written, changed)) {
        struct deduplicate_key other = key_of(rule, buffer_text(&written));
        MUST(memcmp(key.bytes, other.bytes, sizeof key.bytes) == 0);
    }
    json_decref(changed);
    buffer_free(&written);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    struct text rest = {(const char *)bytes, size}, line = TEXT_NONE;
    text_split(&rest, '\n', &line);
    json_t *source = json_parse(line, NULL);
    struct deduplicate *rule = source != NULL && rest.data != NULL ? deduplicate_compile(source, 0, NULL) : NULL;
    if (rule != NULL)
        check(rule, source, rest);
    deduplicate_free(rule);
    json_decref(source);
    return 0;
}
