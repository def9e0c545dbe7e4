/* Keywords of JSON Schema about any value, numbers and texts (2020-12 Validation, sections 6.1 to 6.3 and 7). */
#include <arpa/inet.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>

#include "arazzo/comparison.h"
#include "arazzo/pattern.h"
#include "arazzo/json_schema_internal.h"

bool schema_equal(const json_t *a, const json_t *b)
{
    const char *key;
    json_t *member;
    size_t index;
    if (json_is_number(a) && json_is_number(b))
        return comparison_holds(a, COMPARISON_EQUAL, b);
    if (json_is_array(a) && json_is_array(b) && json_array_size(a) == json_array_size(b)) {
        json_array_foreach(a, index, member) {
            if (!schema_equal(member, json_array_get(b, index)))
                return false;
        }
        return true;
    }
    if (json_is_object(a) && json_is_object(b) && json_object_size(a) == json_object_size(b)) {
        json_object_foreach((json_t *)a, key, member) {
            if (json_object_get(b, key) == NULL || !schema_equal(member, json_object_get(b, key)))
                return false;
        }
        return true;
    }
    return json_equal(a, b);
}

/* ---- types ---- */

static bool is_of_type(const json_t *value, const char *type)
{
    if (strcmp(type, "integer") == 0)
        return json_is_integer(value) ||
               (json_is_real(value) && rint(json_real_value(value)) == json_real_value(value));
    return (strcmp(type, "number") == 0 && json_is_number(value)) ||
           (strcmp(type, "string") == 0 && json_is_string(value)) ||
           (strcmp(type, "boolean") == 0 && json_is_boolean(value)) ||
           (strcmp(type, "object") == 0 && json_is_object(value)) ||
           (strcmp(type, "array") == 0 && json_is_array(value)) || (strcmp(type, "null") == 0 && json_is_null(value));
}

static bool check_type(const struct validation *check, const json_t *schema, const struct value_place *place,
                       const json_t *value)
{
    const json_t *types = json_object_get(schema, "type");
    json_t *item;
    size_t index;
    if (types == NULL || (json_is_null(value) && json_member_true(schema, "nullable")))
        return true;
    if (json_is_string(types))
        return is_of_type(value, json_string_value(types)) ||
               schema_refuse(check, place, "%s is wanted, not %s", json_string_value(types), json_type_name(value));
    json_array_foreach(types, index, item) {
        if (json_is_string(item) && is_of_type(value, json_string_value(item)))
            return true;
    }
    char *wanted = json_to_string(types);
    schema_refuse(check, place, "%s is wanted, not %s", wanted ? wanted : "another type", json_type_name(value));
    free(wanted);
    return false;
}

static bool check_choice(const struct validation *check, const json_t *schema, const struct value_place *place,
                         const json_t *value)
{
    const json_t *allowed = json_object_get(schema, "enum"), *only = json_object_get(schema, "const");
    json_t *item;
    size_t index;
    bool found = !json_is_array(allowed);
    json_array_foreach(allowed, index, item)
        found = found || schema_equal(item, value);
    if (found && (only == NULL || schema_equal(only, value)))
        return true;
    char *list = json_to_string(found ? only : allowed);
    schema_refuse(check, place, "the value is %s %s", found ? "not" : "none of", list ? list : "what is allowed");
    free(list);
    return false;
}

/* ---- numbers ---- */

static bool check_number(const struct validation *check, const json_t *schema, const struct value_place *place,
                         const json_t *value)
{
    static const struct {
        const char *keyword, *words;
        enum comparison refused;
    } bounds[] = {
        {"minimum", "at least", COMPARISON_LESS},
        {"maximum", "at most", COMPARISON_GREATER},
        {"exclusiveMinimum", "more than", COMPARISON_LESS_EQUAL},
        {"exclusiveMaximum", "less than", COMPARISON_GREATER_EQUAL},
    };
    if (!json_is_number(value))
        return true;
    for (size_t i = 0; i < sizeof bounds / sizeof bounds[0]; i++) {
        const json_t *bound = json_object_get(schema, bounds[i].keyword);
        if (json_is_number(bound) && comparison_holds(value, bounds[i].refused, bound))
            return schema_refuse(check, place, "%s %g is wanted", bounds[i].words, json_number_value(bound));
    }
    const json_t *factor = json_object_get(schema, "multipleOf");
    if (!json_is_number(factor) || json_number_value(factor) <= 0)
        return true;
    double ratio = json_number_value(value) / json_number_value(factor);
    return fabs(ratio - rint(ratio)) < 1e-9 ||
           schema_refuse(check, place, "a multiple of %g is wanted", json_number_value(factor));
}

/* ---- texts ---- */

static int64_t count_characters(const json_t *value)
{
    const char *bytes = json_string_value(value);
    int64_t count = 0;
    for (size_t i = 0; i < json_string_length(value); i++)
        count += ((unsigned char)bytes[i] & 0xC0) != 0x80;
    return count;
}

static bool is_address_of(int family, const char *text)
{
    unsigned char bytes[16];
    return inet_pton(family, text, bytes) == 1;
}

/* The formats that are looked at; the forms are those of the RFCs that the specification names. */
static const struct {
    const char *name, *expression;
} FORMATS[] = {
    {"date", "^\\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\\d|3[01])$"},
    {"time", "^([01]\\d|2[0-3]):[0-5]\\d:([0-5]\\d|60)(\\.\\d+)?([zZ]|[+-]([01]\\d|2[0-3]):[0-5]\\d)$"},
    {"date-time", "^\\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\\d|3[01])[tT ]([01]\\d|2[0-3]):[0-5]\\d:([0-5]\\d|60)(\\.\\d+)?"
                  "([zZ]|[+-]([01]\\d|2[0-3]):[0-5]\\d)$"},
    {"email", "^[^@\\s]+@[^@\\s]+$"},
    {"uri", "^[A-Za-z][A-Za-z0-9+.-]*:[^\\s<>\"{}|\\\\^`]*$"},
    {"uuid", "^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$"},
    {"hostname", "^(?=.{1,253}$)[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
                 "(\\.[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?)*$"},
};

/* Does the expression match somewhere? A faulty expression is an error of the schema. */
static bool check_expression(const struct validation *check, const struct value_place *place, const char *expression,
                             const json_t *value, const char *otherwise)
{
    struct error error = {0};
    bool matched = false;
    struct pattern *pattern = pattern_compile(text_of(expression), PATTERN_PCRE, &error);
    bool good = pattern != NULL &&
                pattern_match(pattern, (struct text){json_string_value(value), json_string_length(value)}, false,
                              &matched, &error);
    pattern_free(pattern);
    if (!good)
        return schema_refuse(check, place, "its pattern: %s", error.message);
    return matched || schema_refuse(check, place, "the text %s %s", otherwise == expression ? "does not fit" : "is no",
                                    otherwise);
}

static bool check_format(const struct validation *check, const json_t *schema, const struct value_place *place,
                         const json_t *value)
{
    const char *format = json_string_value(json_object_get(schema, "format"));
    if (format == NULL)
        return true;
    for (size_t i = 0; i < sizeof FORMATS / sizeof FORMATS[0]; i++) {
        if (strcmp(format, FORMATS[i].name) == 0)
            return check_expression(check, place, FORMATS[i].expression, value, format);
    }
    bool four = strcmp(format, "ipv4") == 0, six = strcmp(format, "ipv6") == 0;
    return (!four && !six) || is_address_of(four ? AF_INET : AF_INET6, json_string_value(value)) ||
           schema_refuse(check, place, "the text is no %s", format);
}

static bool check_text(const struct validation *check, const json_t *schema, const struct value_place *place,
                       const json_t *value)
{
    const char *expression = json_string_value(json_object_get(schema, "pattern"));
    if (!json_is_string(value))
        return true;
    int64_t size = count_characters(value);
    int64_t least = json_member_integer(schema, "minLength", 0), most = json_member_integer(schema, "maxLength",
                                                                                            INT64_MAX);
    if (size < least)
        return schema_refuse(check, place, "the text is too short: at least %" PRId64 " characters are wanted", least);
    if (size > most)
        return schema_refuse(check, place, "the text is too long: at most %" PRId64 " characters are allowed", most);
    return (expression == NULL || check_expression(check, place, expression, value, expression)) &&
           check_format(check, schema, place, value);
}

bool json_schema_check_scalar(const struct validation *check, const json_t *schema, const struct value_place *place,
                         const json_t *value)
{
    return check_type(check, schema, place, value) && check_choice(check, schema, place, value) &&
           check_number(check, schema, place, value) && check_text(check, schema, place, value);
}
