#include "arazzo/inputs.h"

#include <stdlib.h>

#include "arazzo/json_schema.h"

enum { TEXT_MOST = 60 };

/* Of the schema itself or of one that "allOf" adds to it. */
static const json_t *property_schema(const json_t *root, const json_t *schema, const char *name, int depth)
{
    enum { DEPTH_MOST = 8 };
    json_t *part;
    size_t index;
    schema = json_schema_follow(root, schema);
    const json_t *found = json_object_get(json_object_get(schema, "properties"), name);
    if (found != NULL)
        return json_schema_follow(root, found);
    json_array_foreach(json_object_get(schema, "allOf"), index, part) {
        if (found == NULL && depth < DEPTH_MOST)
            found = property_schema(root, part, name, depth + 1);
    }
    return found;
}

/* "type" is a name or a list of names. */
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

json_t *input_from_text(const json_t *schema, const char *name, struct text text, struct error *error)
{
    const json_t *property = property_schema(schema, schema, name, 0);
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

/* A schema that is put together may have its properties anywhere; only a plain one tells all of them. */
static bool tells_all_names(const json_t *schema)
{
    static const char *const others[] = {"allOf", "anyOf", "oneOf", "if", "$ref", "patternProperties",
                                         "dependentSchemas", "additionalProperties"};
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        if (json_object_get(schema, others[i]) != NULL)
            return false;
    }
    return json_object_get(schema, "properties") != NULL;
}

bool input_is_declared(const json_t *schema, const char *name)
{
    return property_schema(schema, schema, name, 0) != NULL ||
           (!tells_all_names(schema) && !json_is_false(json_object_get(schema, "additionalProperties")));
}

/* A name that is not declared is a slip of the pen, unless the schema allows further ones or declares none. */
static bool check_names(const json_t *schema, const json_t *given, struct error *error)
{
    const json_t *properties = json_object_get(schema, "properties");
    const char *key;
    json_t *value;
    struct buffer known = {0};
    if (!tells_all_names(schema))
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
    if (schema == NULL || (check_names(schema, inputs, error) && json_schema_check(schema, "input", inputs, error)))
        return inputs;
    json_decref(inputs);
    return NULL;
}

bool input_is_secret(const json_t *schema, const char *name)
{
    return text_equal(json_member_text(property_schema(schema, schema, name, 0), "format"), TEXT("password"));
}
