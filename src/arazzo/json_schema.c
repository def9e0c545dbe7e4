/* References and the keywords that combine schemas; the others are in json_schema_scalar.c and _container.c. */
#include "arazzo/json_schema.h"

#include <inttypes.h>
#include <stdarg.h>

#include "arazzo/json_pointer.h"
#include "arazzo/json_schema_internal.h"
#include "base/buffer.h"
#include "base/encoding.h"

enum { REFERENCES_MOST = 16, DEPTH_MOST = 200, WORK_MOST = 1000000 };

static void write_place(struct buffer *out, const struct value_place *place)
{
    if (place == NULL)
        return;
    write_place(out, place->above);
    if (place->member != NULL)
        buffer_printf(out, "%s%s", out->size > 0 ? "." : "", place->member);
    else
        buffer_printf(out, "[%zu]", place->index);
}

bool schema_refuse(const struct validation *check, const struct value_place *place, const char *format, ...)
{
    struct buffer sentence = {0};
    va_list arguments;
    if (check->error == NULL)
        return false;
    buffer_append_string(&sentence, check->name);
    struct buffer where = {0};
    write_place(&where, place);
    buffer_printf(&sentence, "%s%s: ", check->name[0] != '\0' && where.size > 0 ? " " : "", buffer_string(&where));
    va_start(arguments, format);
    buffer_vprintf(&sentence, format, arguments);
    va_end(arguments);
    error_set(check->error, ERROR_INVALID, "%s", buffer_string(&sentence));
    buffer_free(&where);
    buffer_free(&sentence);
    return false;
}

/* ---- references ---- */

/* The schema with that "$anchor", at any depth that a document can have. */
static const json_t *find_anchor(const json_t *schema, struct text name)
{
    const char *key;
    json_t *item;
    size_t index;
    const json_t *found = NULL;
    if (json_is_object(schema) && text_equal(json_member_text(schema, "$anchor"), name))
        return schema;
    json_array_foreach(schema, index, item) {
        if (found == NULL)
            found = find_anchor(item, name);
    }
    json_object_foreach((json_t *)schema, key, item) {
        if (found == NULL)
            found = find_anchor(item, name);
    }
    return found;
}

static const json_t *find_reference(const json_t *root, const char *reference)
{
    struct buffer pointer = {0};
    if (reference[0] != '#')
        return NULL;
    percent_decode(&pointer, text_of(reference + 1), false);
    struct text text = buffer_text(&pointer);
    const json_t *found = text.size == 0 || text.data[0] == '/' ? json_pointer_get(root, text) : find_anchor(root,
                                                                                                             text);
    buffer_free(&pointer);
    return found;
}

const json_t *json_schema_follow(const json_t *root, const json_t *schema)
{
    for (int i = 0; i < REFERENCES_MOST; i++) {
        const char *reference = json_string_value(json_object_get(schema, "$ref"));
        if (reference == NULL)
            return schema;
        schema = find_reference(root, reference);
    }
    return NULL;
}

/* ---- combinations ---- */

/* Does it fit, without saying why not and without filling anything in? */
static bool fits(struct validation *check, const json_t *schema, const struct value_place *place, json_t *value)
{
    struct validation trial = *check;
    trial.error = NULL;
    trial.fills_defaults = false;
    bool good = json_schema_apply(&trial, schema, place, value);
    check->work = trial.work;
    return good;
}

static size_t count_fitting(struct validation *check, const json_t *list, const struct value_place *place,
                            json_t *value)
{
    json_t *item;
    size_t index, count = 0;
    json_array_foreach(list, index, item)
        count += fits(check, item, place, value);
    return count;
}

static bool check_alternatives(struct validation *check, const json_t *schema, const struct value_place *place,
                               json_t *value)
{
    const json_t *any = json_object_get(schema, "anyOf"), *one = json_object_get(schema, "oneOf");
    const json_t *none = json_object_get(schema, "not");
    if (json_is_array(any) && count_fitting(check, any, place, value) == 0)
        return schema_refuse(check, place, "it fits none of the %zu schemas of anyOf", json_array_size(any));
    size_t fitting = json_is_array(one) ? count_fitting(check, one, place, value) : 1;
    if (fitting != 1)
        return schema_refuse(check, place, "it fits %zu of the %zu schemas of oneOf, but must fit exactly one", fitting,
                             json_array_size(one));
    return none == NULL || !fits(check, none, place, value) ||
           schema_refuse(check, place, "it fits what \"not\" forbids");
}

static bool check_condition(struct validation *check, const json_t *schema, const struct value_place *place,
                            json_t *value)
{
    const json_t *condition = json_object_get(schema, "if");
    if (condition == NULL)
        return true;
    const json_t *then = json_object_get(schema, fits(check, condition, place, value) ? "then" : "else");
    return then == NULL || json_schema_apply(check, then, place, value);
}

static bool check_all(struct validation *check, const json_t *schema, const struct value_place *place, json_t *value)
{
    json_t *item;
    size_t index;
    json_array_foreach(json_object_get(schema, "allOf"), index, item) {
        if (!json_schema_apply(check, item, place, value))
            return false;
    }
    return true;
}

static bool apply_object(struct validation *check, const json_t *schema, const struct value_place *place,
                         json_t *value)
{
    const char *reference = json_string_value(json_object_get(schema, "$ref"));
    if (reference != NULL) {
        const json_t *target = find_reference(check->root, reference);
        if (target == NULL)
            return schema_refuse(check, place, "its schema refers to \"%s\", where there is nothing", reference);
        if (!json_schema_apply(check, target, place, value))
            return false;
    }
    return json_schema_check_scalar(check, schema, place, value) && json_schema_check_list(check, schema, place,
                                                                                           value) &&
           json_schema_check_object(check, schema, place, value) && check_all(check, schema, place, value) &&
           check_alternatives(check, schema, place, value) && check_condition(check, schema, place, value);
}

bool json_schema_apply(struct validation *check, const json_t *schema, const struct value_place *place, json_t *value)
{
    if (json_is_false(schema))
        return schema_refuse(check, place, "nothing is allowed here");
    if (!json_is_object(schema))
        return true;
    if (check->depth >= DEPTH_MOST || ++check->work > WORK_MOST)
        return schema_refuse(check, place, "the schema is too deep or refers to itself");
    check->depth++;
    bool good = apply_object(check, schema, place, value);
    check->depth--;
    return good;
}

bool json_schema_check(const json_t *schema, const char *name, json_t *value, struct error *error)
{
    struct validation check = {.root = schema, .name = name, .fills_defaults = true, .error = error};
    return json_schema_apply(&check, schema, NULL, value);
}
