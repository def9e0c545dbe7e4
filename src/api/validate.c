#include "api/validate.h"

#include <stdio.h>

#include "base/limits.h"

enum { WHERE_SIZE = 256 };

static unsigned type_of(const json_t *value)
{
    switch (json_typeof(value)) {
    case JSON_STRING: return VALUE_TEXT;
    case JSON_INTEGER: return VALUE_INTEGER | VALUE_NUMBER;
    case JSON_TRUE:
    case JSON_FALSE: return VALUE_BOOLEAN;
    case JSON_OBJECT: return VALUE_OBJECT;
    case JSON_ARRAY: return VALUE_ARRAY;
    case JSON_NULL: return VALUE_NULL;
    case JSON_REAL: return VALUE_NUMBER;
    }
    return 0;
}

/* "a string or null" */
static void describe_types(unsigned types, char *out, size_t size)
{
    static const struct {
        unsigned type;
        const char *name;
    } rows[] = {
        {VALUE_TEXT, "a string"}, {VALUE_INTEGER, "an integer"}, {VALUE_BOOLEAN, "a boolean"},
        {VALUE_NUMBER, "a number"},
        {VALUE_OBJECT, "an object"}, {VALUE_ARRAY, "an array"}, {VALUE_NULL, "null"},
    };
    size_t used = 0;
    out[0] = 0;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (types & rows[i].type && used < size)
            used += (size_t)snprintf(out + used, size - used, "%s%s", used ? " or " : "", rows[i].name);
    }
}

static bool is_name(struct text text)
{
    for (size_t i = 0; i < text.size; i++) {
        char c = text.data[i];
        if (!((c >= 'A' && c <= 'z') || (c >= '0' && c <= '9') || c == '-'))
            return false;
    }
    return text.size > 0;
}

static size_t characters(struct text text)
{
    size_t count = 0;
    for (size_t i = 0; i < text.size; i++)
        count += ((unsigned char)text.data[i] & 0xC0) != 0x80;
    return count;
}

static void check_text(struct call *call, struct text text, const struct field_row *row, const char *where)
{
    if (row->most > 0 && characters(text) > (size_t)row->most)
        call_problem(call, "%s: must have at most %lld characters", where, (long long)row->most);
    else if (text.size < (size_t)row->least)
        call_problem(call, "%s: must not be empty", where);
    else if (row->is_name && !is_name(text))
        call_problem(call, "%s: must consist of letters, digits, \"-\" and \"_\" and not be empty", where);
    else if (row->names != NULL) {
        for (const char *const *name = row->names; *name != NULL; name++) {
            if (text_equal(text, text_of(*name)))
                return;
        }
        const char *choices = call_choices(call, row->names);
        if (row->among_secrets)
            call_problem(call, "%s: is not one of the allowed values%s", where, choices);
        else
            call_problem(call, "%s: \"%.*s\" is not one of the allowed values%s", where,
                         (int)(text.size < 100 ? text.size : 100), text.data, choices);
    }
}

static void check_value(struct call *call, const json_t *value, const struct field_row *row, const char *where);

static void check_array(struct call *call, const json_t *array, const struct field_row *row, const char *where)
{
    size_t i;
    const json_t *item;
    if (json_array_size(array) > (size_t)limits.array_values) {
        call_problem(call, "%s: must have at most %lld items", where, (long long)limits.array_values);
        return;
    }
    json_array_foreach(array, i, item)
    {
        char place[WHERE_SIZE];
        snprintf(place, sizeof place, "%s[%zu]", where, i);
        if (row->item != NULL)
            check_value(call, item, row->item, place);
    }
}

static void check_value(struct call *call, const json_t *value, const struct field_row *row, const char *where)
{
    unsigned type = type_of(value);
    if (row->types == VALUE_ANY)
        return;
    if (!(type & row->types)) {
        char wanted[128];
        describe_types(row->types, wanted, sizeof wanted);
        call_problem(call, "%s: must be %s, not %s", where, wanted, json_type_name(value));
    } else if (type == VALUE_TEXT) {
        check_text(call, (struct text){json_string_value(value), json_string_length(value)}, row, where);
    } else if (type & VALUE_INTEGER) {
        int64_t number = json_integer_value(value);
        if (row->most > 0 && (number < row->least || number > row->most))
            call_problem(call, "%s: must be from %lld to %lld", where, (long long)row->least,
                         (long long)row->most);
    } else if (type == VALUE_OBJECT && row->fields != NULL) {
        char place[WHERE_SIZE];
        snprintf(place, sizeof place, "%s.", where);
        validate_object(call, value, row->fields, place);
    } else if (type == VALUE_ARRAY) {
        check_array(call, value, row, where);
    }
}

static const struct field_row *row_of(const struct field_row *fields, const char *name)
{
    for (; fields->name != NULL; fields++) {
        if (strcmp(fields->name, name) == 0)
            return fields;
    }
    return NULL;
}

/* The tables nest a few levels only, so the recursion is bounded by them. */
void validate_object(struct call *call, const json_t *object, const struct field_row *fields, const char *where)
{
    const char *name;
    json_t *value;
    json_object_foreach((json_t *)object, name, value)
    {
        const struct field_row *row = row_of(fields, name);
        char place[WHERE_SIZE];
        snprintf(place, sizeof place, "%s%.100s", where, name);
        if (row == NULL)
            call_problem(call, "%s: is not a field of this request", place);
        else
            check_value(call, value, row, place);
    }
    for (const struct field_row *row = fields; row->name != NULL; row++) {
        if (row->required && json_member(object, row->name) == NULL)
            call_problem(call, "%s%s: is required", where, row->name);
    }
}

bool validate_body(struct call *call)
{
    if (call->operation->body == NULL)
        return true;
    struct error error = {0};
    struct text body = text_trim(call->exchange->body);
    call->body = json_parse(body.size ? body : TEXT("{}"), &error);
    if (call->body == NULL)
        return call_fail(call, 400, NULL, "the body is no valid JSON: %s", error.message);
    if (!json_is_object(call->body)) {
        call_problem(call, "the body must be an object, not %s", json_type_name(call->body));
        return call_check(call);
    }
    validate_object(call, call->body, call->operation->body, "");
    return call_check(call);
}
