#include "arazzo/schema_check.h"

#include "arazzo/pattern.h"

/* What the value of a keyword has to be. */
enum form { FORM_SCHEMA, FORM_SCHEMAS, FORM_NAMED_SCHEMAS, FORM_NAMES, FORM_LIST, FORM_NUMBER, FORM_COUNT, FORM_PATTERN,
            FORM_TYPE, FORM_TEXT };

static const struct keyword {
    const char *name;
    enum form form;
    const char *wanted;
} KEYWORDS[] = {
    {"type", FORM_TYPE, "string, number, integer, boolean, object, array, null or a list of them"},
    {"properties", FORM_NAMED_SCHEMAS, "an object of schemas"},
    {"items", FORM_SCHEMA, "a schema"},
    {"allOf", FORM_SCHEMAS, "a list of schemas"},
    {"anyOf", FORM_SCHEMAS, "a list of schemas"},
    {"oneOf", FORM_SCHEMAS, "a list of schemas"},
    {"required", FORM_NAMES, "a list of names"},
    {"enum", FORM_LIST, "a list"},
    {"minimum", FORM_NUMBER, "a number"},
    {"maximum", FORM_NUMBER, "a number"},
    {"minLength", FORM_COUNT, "a whole number, not below 0,"},
    {"maxLength", FORM_COUNT, "a whole number, not below 0,"},
    {"pattern", FORM_PATTERN, "a regular expression"},
    {"format", FORM_TEXT, "a text"},
    {"description", FORM_TEXT, "a text"},
};

static bool is_type(const json_t *value)
{
    static const char *const types[] = {"string", "number", "integer", "boolean", "object", "array", "null"};
    for (size_t i = 0; json_is_string(value) && i < sizeof types / sizeof types[0]; i++) {
        if (strcmp(types[i], json_string_value(value)) == 0)
            return true;
    }
    return false;
}

static bool is_each(const json_t *list, bool (*fits)(const json_t *item))
{
    json_t *item;
    size_t index;
    json_array_foreach(list, index, item) {
        if (!fits(item))
            return false;
    }
    return json_is_array(list);
}

static bool is_some(const json_t *list)
{
    return json_array_size(list) > 0;
}

static bool is_text(const json_t *value)
{
    return json_is_string(value);
}

static bool is_pattern(const json_t *value)
{
    struct pattern *pattern =
        json_is_string(value)
            ? pattern_compile((struct text){json_string_value(value), json_string_length(value)}, PATTERN_PCRE, NULL)
            : NULL;
    bool good = pattern != NULL;
    pattern_free(pattern);
    return good;
}

static bool fits(const json_t *value, enum form form)
{
    switch (form) {
    case FORM_SCHEMA: return true; /* it is looked at by itself */
    case FORM_SCHEMAS: return is_some(value);
    case FORM_LIST: return json_is_array(value);
    case FORM_NAMED_SCHEMAS: return json_is_object(value);
    case FORM_NAMES: return is_each(value, is_text);
    case FORM_NUMBER: return json_is_number(value);
    case FORM_COUNT: return json_is_integer(value) && json_integer_value(value) >= 0;
    case FORM_PATTERN: return is_pattern(value);
    case FORM_TYPE: return is_type(value) || (is_some(value) && is_each(value, is_type));
    case FORM_TEXT: return json_is_string(value);
    }
    return true;
}

static void check_below(struct document *document, const json_t *value, enum form form, const struct place *place)
{
    const char *name;
    json_t *item;
    size_t index;
    if (form == FORM_SCHEMA)
        schema_check(document, value, place);
    else if (form == FORM_SCHEMAS)
        json_array_foreach(value, index, item) {
            struct place item_place = {place, NULL, index};
            schema_check(document, item, &item_place);
        }
    else if (form == FORM_NAMED_SCHEMAS)
        json_object_foreach((json_t *)value, name, item) {
            struct place item_place = {place, name, 0};
            schema_check(document, item, &item_place);
        }
}

void schema_check(struct document *document, const json_t *schema, const struct place *place)
{
    const struct rule *rule = rule_named("schema");
    if (json_is_boolean(schema))
        return;
    if (!json_is_object(schema)) {
        problem_add_by(&document->problems, true, yaml_tree_line(&document->yaml, schema), place, rule, NULL,
                       "a schema is an object, not %s", json_type_name(schema));
        return;
    }
    for (size_t i = 0; i < sizeof KEYWORDS / sizeof KEYWORDS[0]; i++) {
        const json_t *value = json_object_get(schema, KEYWORDS[i].name);
        struct place keyword_place = {place, KEYWORDS[i].name, 0};
        if (value == NULL)
            continue;
        if (fits(value, KEYWORDS[i].form))
            check_below(document, value, KEYWORDS[i].form, &keyword_place);
        else
            problem_add_by(&document->problems, true,
                           yaml_tree_line_of_member(&document->yaml, schema, KEYWORDS[i].name), &keyword_place, rule,
                           NULL, "%s belongs here", KEYWORDS[i].wanted);
    }
}
