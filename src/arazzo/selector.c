#include "arazzo/selector.h"

#include "arazzo/json_pointer.h"
#include "arazzo/jsonpath.h"
#include "arazzo/value.h"
#include "arazzo/xml.h"

const char *const selector_type_names[] = {"jsonpointer", "jsonpath", "xpath", NULL};

bool selector_is(const json_t *value)
{
    struct expression expression;
    struct text context = json_member_text(value, "context");
    return json_object_size(value) == 3 && json_is_string(json_object_get(value, "selector")) &&
           json_object_get(value, "type") != NULL && expression_parse(context, &expression, NULL);
}

bool selector_type(const json_t *type, enum selector_type *known, struct error *error)
{
    const char *name = json_string_value(json_is_object(type) ? json_object_get(type, "type") : type);
    for (int i = 0; name != NULL && selector_type_names[i] != NULL; i++) {
        if (strcmp(name, selector_type_names[i]) == 0) {
            *known = (enum selector_type)i;
            return true;
        }
    }
    return error_set(error, ERROR_INVALID, "\"%s\" is none of: jsonpointer, jsonpath, xpath", name ? name : "");
}

bool selector_check_text(enum selector_type type, struct text text, struct error *error)
{
    if (text_find(text, TEXT("{$")) >= 0)
        return true;
    if (type == SELECTOR_POINTER)
        return json_pointer_is_valid(text) ||
               error_set(error, ERROR_INVALID, "\"%.*s\" is no JSON Pointer", TEXT_ARGS(text));
    if (type == SELECTOR_XPATH)
        return xml_check_expression(text, error);
    struct jsonpath *path = jsonpath_parse(text, error);
    jsonpath_free(path);
    return path != NULL;
}

bool selector_check(const json_t *selector, struct error *error)
{
    enum selector_type type;
    return selector_type(json_object_get(selector, "type"), &type, error) &&
           selector_check_text(type, json_member_text(selector, "selector"), error);
}

/* ---- values ---- */

static json_t *nothing(struct error *error, struct text selector)
{
    error_set(error, ERROR_NOT_FOUND, "\"%.*s\" selects nothing", TEXT_ARGS(selector));
    return NULL;
}

/* The only item by itself. Takes the reference. */
static json_t *only_or_all(json_t *list, struct text selector, struct error *error)
{
    json_t *value = json_array_size(list) == 0   ? nothing(error, selector)
                    : json_array_size(list) == 1 ? json_incref(json_array_get(list, 0))
                                                 : json_incref(list);
    json_decref(list);
    return value;
}

static json_t *select_path(json_t *context, struct text selector, struct error *error)
{
    struct jsonpath_nodes nodes = {0};
    struct jsonpath *path = jsonpath_parse(selector, error);
    json_t *list = path != NULL && jsonpath_select(path, context, &nodes, error) ? json_array() : NULL;
    for (size_t i = 0; list != NULL && i < nodes.count; i++)
        json_array_append(list, nodes.items[i]);
    jsonpath_nodes_free(&nodes);
    jsonpath_free(path);
    return list ? only_or_all(list, selector, error) : NULL;
}

static json_t *select_xml(const json_t *context, struct text selector, struct error *error)
{
    if (!json_is_string(context)) {
        error_set(error, ERROR_INVALID, "XPath wants a text of XML, not %s", json_type_name(context));
        return NULL;
    }
    json_t *found = xml_select((struct text){json_string_value(context), json_string_length(context)}, selector, error);
    return json_is_array(found) ? only_or_all(found, selector, error) : found;
}

static json_t *select_value(enum selector_type type, json_t *context, struct text selector, struct error *error)
{
    if (type == SELECTOR_JSONPATH)
        return select_path(context, selector, error);
    if (type == SELECTOR_XPATH)
        return select_xml(context, selector, error);
    json_t *found = json_pointer_get(context, selector);
    return found ? json_incref(found) : nothing(error, selector);
}

json_t *selector_value(const json_t *selector, const struct scope *scope, struct error *error)
{
    struct buffer text = {0};
    enum selector_type type;
    json_t *value = NULL;
    json_t *context = expression_value(json_member_text(selector, "context"), scope, error);
    if (context != NULL && scope->rehearsal && json_is_string(context) &&
        expression_is_stand_in(json_member_text(selector, "context"), context)) {
        value = json_incref(context);
    } else if (context != NULL && selector_type(json_object_get(selector, "type"), &type, error) &&
               value_expand(&text, json_member_text(selector, "selector"), scope, error)) {
        value = select_value(type, context, buffer_text(&text), error);
    }
    buffer_free(&text);
    json_decref(context);
    return value;
}
