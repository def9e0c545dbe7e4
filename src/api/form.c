#include "api/form.h"

#include "api/validate.h"

enum { FORM_DEPTH = 6, KEY_MOST = 64, PARAMETERS_OF_FORM = 8 };

/* "[a][0]": the next key, in its own memory; false at the end or when it is malformed. */
static bool next_key(struct call *call, struct text *brackets, char **key)
{
    if (!text_starts_with(*brackets, TEXT("[")))
        return false;
    ptrdiff_t close = text_find_byte(*brackets, ']');
    if (close < 0 || close > KEY_MOST)
        return false;
    *key = arena_copy_string(call->arena, text_slice(*brackets, 1, (size_t)close - 1));
    *brackets = text_slice(*brackets, (size_t)close + 1, brackets->size);
    return true;
}

static bool is_index(const char *key)
{
    int64_t index;
    return *key == 0 || text_to_integer(text_of(key), &index);
}

/* A name that comes again makes an array of its values. */
static void put(json_t *parent, const char *key, json_t *value)
{
    json_t *before = json_is_object(parent) ? json_member(parent, key) : NULL;
    if (json_is_array(parent))
        json_array_append_new(parent, value);
    else if (json_is_array(before))
        json_array_append_new(before, value);
    else if (before != NULL)
        json_object_set_new(parent, key, json_pack("[O, o]", before, value));
    else
        json_object_set_new(parent, key, value);
}

/* The container under that key, made if need be; NULL when something else is there. Indices make arrays. */
static json_t *descend(json_t *parent, const char *key, bool array)
{
    json_t *child = json_is_object(parent) ? json_member(parent, key) : NULL;
    if (child == NULL) {
        child = array ? json_array() : json_object();
        if (json_is_array(parent))
            json_array_append_new(parent, child);
        else
            json_object_set_new(parent, key, child);
    }
    return array == json_is_array(child) && (array || json_is_object(child)) ? child : NULL;
}

/* The row of what is under that key; NULL when none says what it is. */
static const struct field_row *row_under(const struct field_row *row, const char *key)
{
    if (row == NULL || is_index(key))
        return row != NULL ? row->item : NULL;
    const struct field_row *member = row->fields;
    while (member != NULL && member->name != NULL && strcmp(member->name, key) != 0)
        member++;
    return member != NULL && member->name != NULL ? member : NULL;
}

void form_add(struct call *call, const struct parameter_row *row, struct text brackets, struct text value)
{
    struct text rest = brackets;
    const char *key = row->name;
    const struct field_row *field = row->fields;
    char *next;
    json_t *parent, *read = NULL;
    if (call->query.form == NULL)
        call->query.form = json_object();
    parent = call->query.form;
    for (int depth = 0; parent != NULL && next_key(call, &rest, &next); depth++) {
        parent = depth < FORM_DEPTH ? descend(parent, key, is_index(next)) : NULL;
        field = row_under(field, next);
        key = next;
    }
    if (text_starts_with(value, TEXT("{")) && (field == NULL || !field->any_text))
        read = json_parse(value, NULL);
    if (parent == NULL || rest.size > 0 || !text_is_utf8(value)) {
        call_problem(call, "%s%.*s: is malformed, or given in two ways", row->name,
                     TEXT_ARGS(text_slice(brackets, 0, 100)));
        json_decref(read);
        return;
    }
    put(parent, key, read != NULL ? read : json_text(value));
}

/* ---- types --------------------------------------------------------------------------------------- */

static json_t *typed(json_t *value, const struct field_row *row);

static json_t *typed_text(json_t *value, unsigned types)
{
    struct text text = {json_string_value(value), json_string_length(value)};
    int64_t integer;
    if (types & VALUE_INTEGER && text_to_integer(text, &integer))
        return json_integer(integer);
    if (types & VALUE_BOOLEAN && text_equal(text, TEXT("true")))
        return json_true();
    if (types & VALUE_BOOLEAN && text_equal(text, TEXT("false")))
        return json_false();
    if (types & VALUE_NULL && text_equal(text, TEXT("null")))
        return json_null();
    return json_incref(value);
}

static json_t *typed_array(const json_t *array, const struct field_row *item)
{
    json_t *copy = json_array(), *value;
    size_t i;
    json_array_foreach(array, i, value)
        json_array_append_new(copy, item != NULL ? typed(value, item) : json_incref(value));
    return copy;
}

static json_t *typed_object(json_t *object, const struct field_row *fields)
{
    json_t *copy = json_object(), *value;
    const char *name;
    json_object_foreach(object, name, value)
    {
        const struct field_row *row = fields;
        while (row->name != NULL && strcmp(row->name, name) != 0)
            row++;
        json_object_set_new(copy, name, row->name != NULL ? typed(value, row) : json_incref(value));
    }
    return copy;
}

/* "a,b" for an array. */
static json_t *split(json_t *value)
{
    json_t *array = json_array();
    struct text rest = {json_string_value(value), json_string_length(value)}, part;
    while (text_split(&rest, ',', &part)) {
        if (part.size > 0)
            json_array_append_new(array, json_text(part));
    }
    return array;
}

/* The tables nest a few levels only, so the recursion is bounded by them. */
static json_t *typed(json_t *value, const struct field_row *row)
{
    if (json_is_string(value) && row->types & VALUE_ARRAY && !(row->types & VALUE_TEXT)) {
        json_t *array = split(value), *copy = typed_array(array, row->item);
        json_decref(array);
        return copy;
    }
    if (json_is_string(value))
        return typed_text(value, row->types);
    if (json_is_array(value))
        return typed_array(value, row->item);
    if (json_is_object(value) && row->fields != NULL)
        return typed_object(value, row->fields);
    return json_incref(value);
}

void form_check(struct call *call)
{
    struct field_row fields[PARAMETERS_OF_FORM + 1] = {{0}};
    size_t count = 0;
    for (const struct parameter_row *row = call->operation->parameters; row != NULL && row->name != NULL; row++) {
        if (row->kind == PARAMETER_FORM && count < PARAMETERS_OF_FORM)
            fields[count++] = *row->fields;
    }
    if (count == 0)
        return;
    json_t *given = call->query.form != NULL ? call->query.form : json_object();
    call->query.form = typed_object(given, fields);
    json_decref(given);
    validate_object(call, call->query.form, fields, "");
}
