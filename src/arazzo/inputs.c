#include "arazzo/inputs.h"

#include <stdlib.h>

#include "arazzo/comparison.h"
#include "arazzo/pattern.h"

enum { TEXT_MOST = 60 };

static const json_t *property_schema(const json_t *schema, const char *name)
{
    return json_object_get(json_object_get(schema, "properties"), name);
}

/* ---- types ---- */

static bool is_of_type(const json_t *value, const char *type)
{
    if (strcmp(type, "number") == 0)
        return json_is_number(value);
    if (strcmp(type, "integer") == 0)
        return json_is_integer(value) ||
               (json_is_real(value) && json_real_value(value) == (double)(int64_t)json_real_value(value));
    return (strcmp(type, "string") == 0 && json_is_string(value)) ||
           (strcmp(type, "boolean") == 0 && json_is_boolean(value)) ||
           (strcmp(type, "object") == 0 && json_is_object(value)) ||
           (strcmp(type, "array") == 0 && json_is_array(value)) || (strcmp(type, "null") == 0 && json_is_null(value));
}

/* "type" is a name or a list of names; absent allows everything. */
static bool allows_type(const json_t *schema, const char *type)
{
    const json_t *types = json_object_get(schema, "type");
    json_t *item;
    size_t index;
    if (json_is_string(types))
        return strcmp(json_string_value(types), type) == 0;
    json_array_foreach(types, index, item) {
        if (json_is_string(item) && strcmp(json_string_value(item), type) == 0)
            return true;
    }
    return false;
}

static bool check_type(const json_t *schema, const char *name, const json_t *value, struct error *error)
{
    static const char *const names[] = {"string", "integer", "number", "boolean", "object", "array", "null"};
    const json_t *types = json_object_get(schema, "type");
    if (types == NULL)
        return true;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (allows_type(schema, names[i]) && is_of_type(value, names[i]))
            return true;
    }
    char *wanted = json_is_string(types) ? NULL : json_to_string(types);
    error_set(error, ERROR_INVALID, "input %s: %s is wanted, not %s", name,
              wanted ? wanted : json_string_value(types), json_type_name(value));
    free(wanted);
    return false;
}

json_t *input_from_text(const json_t *schema, const char *name, struct text text, struct error *error)
{
    const json_t *property = property_schema(schema, name);
    if (property == NULL || json_object_get(property, "type") == NULL || allows_type(property, "string")) {
        if (text_is_utf8(text))
            return json_text(text);
        error_set(error, ERROR_INVALID, "input %s: the text is no UTF-8", name);
        return NULL;
    }
    json_t *value = json_loadb(text.data ? text.data : "", text.size, JSON_DECODE_ANY | JSON_REJECT_DUPLICATES, NULL);
    if (value != NULL)
        return value;
    const char *type = json_string_value(json_object_get(property, "type"));
    error_set(error, ERROR_INVALID, "input %s: \"%.*s\" is no %s", name,
              (int)(text.size < TEXT_MOST ? text.size : TEXT_MOST), text.data, type ? type : "value of its types");
    return NULL;
}

/* ---- values ---- */

static bool check_enum(const json_t *schema, const char *name, const json_t *value, struct error *error)
{
    const json_t *allowed = json_object_get(schema, "enum");
    json_t *item;
    size_t index;
    if (allowed == NULL)
        return true;
    json_array_foreach(allowed, index, item) {
        if (json_equal(item, value))
            return true;
    }
    char *list = json_to_string(allowed);
    error_set(error, ERROR_INVALID, "input %s: the value is none of %s", name, list ? list : "those that are allowed");
    free(list);
    return false;
}

static bool check_range(const json_t *schema, const char *name, const json_t *value, struct error *error)
{
    const json_t *least = json_object_get(schema, "minimum"), *most = json_object_get(schema, "maximum");
    if (!json_is_number(value))
        return true;
    if (json_is_number(least) && comparison_holds(value, COMPARISON_LESS, least))
        return error_set(error, ERROR_INVALID, "input %s: at least %g is wanted", name, json_number_value(least));
    if (json_is_number(most) && comparison_holds(value, COMPARISON_GREATER, most))
        return error_set(error, ERROR_INVALID, "input %s: at most %g is wanted", name, json_number_value(most));
    return true;
}

static bool check_text(const json_t *schema, const char *name, const json_t *value, struct error *error)
{
    const char *expression = json_string_value(json_object_get(schema, "pattern"));
    bool matched = true;
    if (!json_is_string(value))
        return true;
    int64_t size = (int64_t)json_string_length(value);
    if (size < json_member_integer(schema, "minLength", 0))
        return error_set(error, ERROR_INVALID, "input %s: the text is too short", name);
    if (size > json_member_integer(schema, "maxLength", INT64_MAX))
        return error_set(error, ERROR_INVALID, "input %s: the text is too long", name);
    if (expression == NULL)
        return true;
    struct pattern *pattern = pattern_compile(text_of(expression), PATTERN_PCRE, error);
    bool good = pattern != NULL && pattern_match(pattern, text_of(json_string_value(value)), false, &matched, error);
    pattern_free(pattern);
    if (!good)
        return error_prefix(error, "input %s: its pattern", name);
    return matched || error_set(error, ERROR_INVALID, "input %s: the text does not fit %s", name, expression);
}

static bool check_value(const json_t *schema, const char *name, json_t *value, struct error *error);

static bool check_items(const json_t *schema, const char *name, json_t *value, struct error *error)
{
    const json_t *items = json_object_get(schema, "items");
    json_t *item;
    size_t index;
    if (!json_is_object(items))
        return true;
    json_array_foreach(value, index, item) {
        if (!check_value(items, name, item, error))
            return false;
    }
    return true;
}

/* Fills the defaults in, then looks at what is there. */
static bool check_members(const json_t *schema, const char *name, json_t *value, struct error *error)
{
    const char *key;
    json_t *property, *item;
    size_t index;
    if (!json_is_object(value))
        return true;
    json_object_foreach(json_object_get(schema, "properties"), key, property) {
        json_t *otherwise = json_object_get(property, "default");
        if (json_object_get(value, key) == NULL && otherwise != NULL)
            json_object_set_new(value, key, json_deep_copy(otherwise));
    }
    json_array_foreach(json_object_get(schema, "required"), index, item) {
        if (json_is_string(item) && json_object_get(value, json_string_value(item)) == NULL)
            return error_set(error, ERROR_INVALID, name[0] ? "input %s: %s is missing" : "input %s%s is missing", name,
                             json_string_value(item));
    }
    json_object_foreach(json_object_get(schema, "properties"), key, property) {
        json_t *member = json_object_get(value, key);
        if (member != NULL && !check_value(property, name[0] ? name : key, member, error))
            return false;
    }
    return true;
}

/* The depth is that of the document, which is bounded. */
static bool check_value(const json_t *schema, const char *name, json_t *value, struct error *error)
{
    return check_type(schema, name, value, error) && check_enum(schema, name, value, error) &&
           check_range(schema, name, value, error) && check_text(schema, name, value, error) &&
           check_items(schema, name, value, error) && check_members(schema, name, value, error);
}

/* A name that is not declared is a slip of the pen, unless the schema allows further ones or declares none. */
static bool check_names(const json_t *schema, const json_t *given, struct error *error)
{
    const json_t *properties = json_object_get(schema, "properties");
    const json_t *further = json_object_get(schema, "additionalProperties");
    const char *key;
    json_t *value;
    struct buffer known = {0};
    if (properties == NULL || json_is_true(further) || json_is_object(further))
        return true;
    json_object_foreach((json_t *)given, key, value) {
        if (json_object_get(properties, key) != NULL)
            continue;
        const char *name;
        json_object_foreach((json_t *)properties, name, value)
            buffer_printf(&known, "%s%s", known.size > 0 ? ", " : "", name);
        error_set(error, ERROR_INVALID, "the workflow has no input \"%s\"; it has: %s", key,
                  known.size > 0 ? buffer_string(&known) : "none");
        buffer_free(&known);
        return false;
    }
    return true;
}

json_t *inputs_resolve(const json_t *schema, const json_t *given, struct error *error)
{
    json_t *inputs = given ? json_deep_copy(given) : json_object();
    if (check_names(schema, inputs, error) && check_members(schema, "", inputs, error))
        return inputs;
    json_decref(inputs);
    return NULL;
}

bool input_is_secret(const json_t *schema, const char *name)
{
    return text_equal(json_member_text(property_schema(schema, name), "format"), TEXT("password"));
}
