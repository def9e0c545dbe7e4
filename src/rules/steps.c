#include "rules/steps.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/id.h"
#include "base/json.h"
#include "base/memory.h"
#include "rules/deduplicate.h"

enum { PLACE_SIZE = 96 };

enum step_kind { STEP_CLOSED, STEP_FILTER, STEP_DEDUPLICATE, STEP_TRANSFORM };

struct step {
    enum step_kind kind;
    struct filter *parts[CONTENT_PARTS]; /* STEP_FILTER; NULL: any */
    struct deduplicate *deduplicate;     /* STEP_DEDUPLICATE */
    int64_t transformation_id;           /* STEP_TRANSFORM */
};

struct steps {
    size_t count;
    struct step items[];
};

static const char *const PART_NAMES[CONTENT_PARTS] = {
    [CONTENT_HEADERS] = "headers", [CONTENT_BODY] = "body", [CONTENT_QUERY] = "query", [CONTENT_PATH] = "path",
};

/* ---- compiled ---- */

static json_t *lower_names(json_t *schema, const char *place, struct error *error);

/* The schemas behind $or, $and and $not. */
static json_t *lower_inside(json_t *schemas, const char *place, struct error *error)
{
    size_t i;
    json_t *schema;
    if (!json_is_array(schemas))
        return lower_names(schemas, place, error);
    json_t *lowered = json_array();
    json_array_foreach(schemas, i, schema)
    {
        if (json_array_append_new(lowered, lower_names(schema, place, error)) != 0) {
            json_decref(lowered);
            return NULL;
        }
    }
    return lowered;
}

static json_t *lower_member(json_t *lowered, const char *name, json_t *value, const char *place, struct error *error)
{
    if (strcmp(name, "$or") == 0 || strcmp(name, "$and") == 0 || strcmp(name, "$not") == 0)
        return lower_inside(value, place, error);
    if (json_object_get(lowered, name) == NULL)
        return json_incref(value);
    error_set(error, ERROR_INVALID, "%s.%.60s: is there in another letter case too", place, name);
    return NULL;
}

/* Names of headers have no letter case: those of the schema become as those of the headers are kept. */
static json_t *lower_names(json_t *schema, const char *place, struct error *error)
{
    const char *name;
    json_t *value;
    if (!json_is_object(schema))
        return json_incref(schema);
    json_t *lowered = json_object();
    json_object_foreach(schema, name, value)
    {
        char *lower = memory_copy_string(name);
        for (char *at = lower; name[0] != '$' && *at != '\0'; at++)
            *at = *at >= 'A' && *at <= 'Z' ? (char)(*at + 'a' - 'A') : *at;
        bool done = json_object_set_new(lowered, lower, lower_member(lowered, lower, value, place, error)) == 0;
        free(lower);
        if (!done) {
            json_decref(lowered);
            return NULL;
        }
    }
    return lowered;
}

static struct filter *compile_part(json_t *schema, enum content_part part, const char *place, struct error *error)
{
    char where[PLACE_SIZE];
    snprintf(where, sizeof where, "%s.%s", place, PART_NAMES[part]);
    json_t *meant = part == CONTENT_HEADERS ? lower_names(schema, where, error) : json_incref(schema);
    struct filter *filter = meant != NULL ? filter_compile_at(meant, where, error) : NULL;
    json_decref(meant);
    return filter;
}

static bool compile_filter(struct step *step, const json_t *rule, const char *place, struct error *error)
{
    for (size_t i = 0; i < CONTENT_PARTS; i++) {
        json_t *schema = json_member(rule, PART_NAMES[i]);
        if (schema == NULL || json_is_null(schema))
            continue;
        step->parts[i] = compile_part(schema, (enum content_part)i, place, error);
        if (step->parts[i] == NULL)
            return false;
    }
    return true;
}

static bool compile_deduplicate(struct step *step, const json_t *rule, size_t earlier, const char *place,
                                struct error *error)
{
    struct error inside = {0};
    step->deduplicate = deduplicate_compile(rule, earlier, &inside);
    return step->deduplicate != NULL || error_set(error, inside.code, "%s.%s", place, inside.message);
}

static bool compile_step(struct step *step, const json_t *rule, size_t earlier, const char *place, struct error *error)
{
    struct text type = json_member_text(rule, "type");
    *step = (struct step){0};
    if (text_equal(type, TEXT("filter"))) {
        step->kind = STEP_FILTER;
        return compile_filter(step, rule, place, error);
    }
    if (text_equal(type, TEXT("deduplicate"))) {
        step->kind = STEP_DEDUPLICATE;
        return compile_deduplicate(step, rule, earlier, place, error);
    }
    if (text_equal(type, TEXT("transform"))) {
        step->kind = STEP_TRANSFORM;
        return (id_parse(ID_TRANSFORMATION, json_member_text(rule, "transformation_id"), &step->transformation_id) &&
                step->transformation_id > 0) ||
               error_set(error, ERROR_INVALID, "%s.transformation_id: is no id of a transformation", place);
    }
    return error_set(error, ERROR_INVALID, "%s.type: is no type of rule", place);
}

/* Of what was made of a step that could not be compiled, too. */
static void free_step(struct step *step)
{
    for (size_t i = 0; i < CONTENT_PARTS; i++)
        filter_free(step->parts[i]);
    deduplicate_free(step->deduplicate);
}

bool step_check(const json_t *rule, const char *place, struct error *error)
{
    struct step step;
    bool good = compile_step(&step, rule, 0, place, error);
    free_step(&step);
    return good;
}

static bool is_step(const json_t *rule)
{
    struct text type = json_member_text(rule, "type");
    return !text_equal(type, TEXT("retry")) && !text_equal(type, TEXT("delay"));
}

/* How many rules before that one are the same. */
static size_t count_earlier(const json_t *rules, size_t index)
{
    size_t count = 0;
    for (size_t i = 0; i < index; i++)
        count += json_equal(json_array_get(rules, i), json_array_get(rules, index)) != 0;
    return count;
}

struct steps *steps_compile(const json_t *rules, struct error *error)
{
    size_t i, count = 0;
    const json_t *rule;
    json_array_foreach(rules, i, rule)
        count += is_step(rule);
    if (count == 0)
        return NULL;
    struct steps *steps = memory_allocate_zeroed(sizeof *steps + count * sizeof *steps->items);
    json_array_foreach(rules, i, rule)
    {
        char place[PLACE_SIZE];
        snprintf(place, sizeof place, "rules[%zu]", i);
        if (is_step(rule) &&
            !compile_step(&steps->items[steps->count++], rule, count_earlier(rules, i), place, error)) {
            steps_free(steps);
            return NULL;
        }
    }
    return steps;
}

struct steps *steps_closed(void)
{
    struct steps *steps = memory_allocate_zeroed(sizeof *steps + sizeof *steps->items);
    steps->count = 1;
    steps->items[0].kind = STEP_CLOSED;
    return steps;
}

void steps_free(struct steps *steps)
{
    for (size_t i = 0; steps != NULL && i < steps->count; i++)
        free_step(&steps->items[i]);
    free(steps);
}

/* ---- walked ---- */

static unsigned failed_parts(const struct step *step, struct content *content)
{
    unsigned failed = 0;
    for (size_t i = 0; i < CONTENT_PARTS; i++) {
        if (step->parts[i] != NULL && !filter_match(step->parts[i], content_part(content, (enum content_part)i)))
            failed |= 1U << i;
    }
    return failed;
}

/* A key that could not be made is left out: a webhook more is better than one that is lost. */
static void add_key(const struct steps *steps, const struct step *step, struct content *content, struct arena *arena,
                    struct walked *walked)
{
    if (walked->keys == NULL)
        walked->keys = ARENA_ARRAY(arena, struct deduplicate_key, steps->count);
    walked->key_count += deduplicate_key(step->deduplicate, content, &walked->keys[walked->key_count]);
}

void steps_walk(const struct steps *steps, size_t from, struct content *content, struct arena *arena,
                struct walked *walked)
{
    *walked = (struct walked){.end = WALK_PASSED};
    for (size_t i = from; i < steps->count && walked->end == WALK_PASSED; i++) {
        const struct step *step = &steps->items[i];
        walked->position = i;
        switch (step->kind) {
        case STEP_CLOSED: walked->end = WALK_FILTERED; break;
        case STEP_FILTER:
            walked->failed_parts = failed_parts(step, content);
            walked->end = walked->failed_parts != 0 ? WALK_FILTERED : WALK_PASSED;
            break;
        case STEP_DEDUPLICATE: add_key(steps, step, content, arena, walked); break;
        case STEP_TRANSFORM:
            walked->transformation_id = step->transformation_id;
            walked->end = WALK_TRANSFORM;
            break;
        }
    }
}
