/* Keywords of JSON Schema about lists and objects (2020-12 Core, section 10.3; Validation, sections 6.4 and 6.5). */
#include <inttypes.h>

#include "arazzo/pattern.h"
#include "arazzo/json_schema_internal.h"

/* ---- lists ---- */

static bool check_count(const struct validation *check, const json_t *schema, const struct value_place *place,
                        size_t count, const char *least_word, const char *most_word, const char *things)
{
    int64_t least = json_member_integer(schema, least_word, 0);
    int64_t most = json_member_integer(schema, most_word, INT64_MAX);
    if ((int64_t)count < least)
        return schema_refuse(check, place, "at least %" PRId64 " %s are wanted", least, things);
    return (int64_t)count <= most || schema_refuse(check, place, "at most %" PRId64 " %s are allowed", most, things);
}

static bool check_unique(const struct validation *check, const json_t *schema, const struct value_place *place,
                         const json_t *value)
{
    enum { COMPARED_MOST = 2000 }; /* the work is quadratic */
    if (!json_member_true(schema, "uniqueItems"))
        return true;
    if (json_array_size(value) > COMPARED_MOST)
        return schema_refuse(check, place, "a list of unique items may have %d of them", COMPARED_MOST);
    for (size_t i = 0; i < json_array_size(value); i++) {
        for (size_t j = 0; j < i; j++) {
            if (schema_equal(json_array_get(value, i), json_array_get(value, j)))
                return schema_refuse(check, place, "the items %zu and %zu are equal", j, i);
        }
    }
    return true;
}

static bool check_contains(struct validation *check, const json_t *schema, const struct value_place *place,
                           json_t *value)
{
    const json_t *wanted = json_object_get(schema, "contains");
    struct validation trial = *check;
    json_t *item;
    size_t index;
    int64_t count = 0;
    if (wanted == NULL)
        return true;
    trial.error = NULL;
    trial.fills_defaults = false;
    json_array_foreach(value, index, item)
        count += json_schema_apply(&trial, wanted, place, item);
    check->work = trial.work;
    return (count >= json_member_integer(schema, "minContains", 1) &&
            count <= json_member_integer(schema, "maxContains", INT64_MAX)) ||
           schema_refuse(check, place, "%" PRId64 " items are what \"contains\" wants", count);
}

bool json_schema_check_list(struct validation *check, const json_t *schema, const struct value_place *place,
                            json_t *value)
{
    const json_t *first = json_object_get(schema, "prefixItems"), *items = json_object_get(schema, "items");
    json_t *item;
    size_t index;
    if (!json_is_array(value))
        return true;
    json_array_foreach(value, index, item) {
        const json_t *of_item = index < json_array_size(first) ? json_array_get(first, index) : items;
        struct value_place here = {place, NULL, index};
        if (of_item != NULL && !json_schema_apply(check, of_item, &here, item))
            return false;
    }
    return check_count(check, schema, place, json_array_size(value), "minItems", "maxItems", "items") &&
           check_unique(check, schema, place, value) && check_contains(check, schema, place, value);
}

/* ---- objects ---- */

static void fill_defaults(const struct validation *check, const json_t *schema, json_t *value)
{
    const char *key;
    json_t *property;
    if (!check->fills_defaults)
        return;
    json_object_foreach(json_object_get(schema, "properties"), key, property) {
        json_t *otherwise = json_object_get(json_schema_follow(check->root, property), "default");
        otherwise = json_object_get(property, "default") ? json_object_get(property, "default") : otherwise;
        if (otherwise != NULL && json_object_get(value, key) == NULL)
            json_object_set_new(value, key, json_deep_copy(otherwise));
    }
}

static bool check_names(const struct validation *check, const json_t *names, const struct value_place *place,
                        const json_t *value, const char *because)
{
    json_t *name;
    size_t index;
    json_array_foreach(names, index, name) {
        if (json_is_string(name) && json_object_get(value, json_string_value(name)) == NULL)
            return schema_refuse(check, place, "%s is missing%s%s", json_string_value(name),
                                 because ? ", which comes with " : "",
                                 because ? because : "");
    }
    return true;
}

static bool check_dependencies(struct validation *check, const json_t *schema, const struct value_place *place,
                               json_t *value)
{
    const char *key;
    json_t *wanted;
    json_object_foreach(json_object_get(schema, "dependentRequired"), key, wanted) {
        if (json_object_get(value, key) != NULL && !check_names(check, wanted, place, value, key))
            return false;
    }
    json_object_foreach(json_object_get(schema, "dependentSchemas"), key, wanted) {
        if (json_object_get(value, key) != NULL && !json_schema_apply(check, wanted, place, value))
            return false;
    }
    return true;
}

/* Applies the schemas whose patterns fit the name; *found tells whether one did. */
static bool apply_patterns(struct validation *check, const json_t *patterns, const struct value_place *place,
                           const char *name, json_t *member, bool *found)
{
    const char *expression;
    json_t *schema;
    json_object_foreach((json_t *)patterns, expression, schema) {
        bool matched = false;
        struct pattern *pattern = pattern_compile(text_of(expression), PATTERN_PCRE, NULL);
        bool good = pattern != NULL && pattern_match(pattern, text_of(name), false, &matched, NULL);
        pattern_free(pattern);
        if (!good)
            return schema_refuse(check, place, "the pattern \"%s\" of its schema is faulty", expression);
        *found = *found || matched;
        if (matched && !json_schema_apply(check, schema, place, member))
            return false;
    }
    return true;
}

static bool check_member(struct validation *check, const json_t *schema, const struct value_place *place,
                         const char *name, json_t *member)
{
    const json_t *own = json_object_get(json_object_get(schema, "properties"), name);
    const json_t *others = json_object_get(schema, "additionalProperties");
    const json_t *names = json_object_get(schema, "propertyNames");
    struct value_place here = {place, name, 0};
    bool found = own != NULL;
    if (own != NULL && !json_schema_apply(check, own, &here, member))
        return false;
    if (!apply_patterns(check, json_object_get(schema, "patternProperties"), &here, name, member, &found))
        return false;
    if (!found && json_is_false(others))
        return schema_refuse(check, place, "it has no member \"%s\"", name);
    if (!found && others != NULL && !json_schema_apply(check, others, &here, member))
        return false;
    if (names == NULL)
        return true;
    json_t *text = json_string(name);
    bool good = json_schema_apply(check, names, &here, text);
    json_decref(text);
    return good;
}

bool json_schema_check_object(struct validation *check, const json_t *schema, const struct value_place *place,
                         json_t *value)
{
    const char *key;
    json_t *member;
    if (!json_is_object(value))
        return true;
    fill_defaults(check, schema, value);
    if (!check_names(check, json_object_get(schema, "required"), place, value, NULL))
        return false;
    json_object_foreach(value, key, member) {
        if (!check_member(check, schema, place, key, member))
            return false;
    }
    return check_count(check, schema, place, json_object_size(value), "minProperties", "maxProperties", "members") &&
           check_dependencies(check, schema, place, value);
}
