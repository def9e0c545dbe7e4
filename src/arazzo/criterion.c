#include "arazzo/criterion.h"

#include <stdlib.h>

#include "arazzo/comparison.h"
#include "arazzo/condition.h"
#include "arazzo/jsonpath.h"
#include "arazzo/pattern.h"
#include "arazzo/value.h"
#include "arazzo/xml.h"

/* ---- "path operator literal" ---- */

struct path_comparison_text {
    struct text path; /* with ".length", where it is written */
    enum comparison comparison;
    json_t *literal; /* owned */
};

static json_t *read_literal(struct text text)
{
    if (text.size >= 2 && text.data[0] == '\'' && text.data[text.size - 1] == '\'')
        return json_text(text_slice(text, 1, text.size - 2));
    return json_loadb(text.data ? text.data : "", text.size, JSON_DECODE_ANY, NULL);
}

static bool read_path_comparison(struct text condition, struct path_comparison_text *parts)
{
    size_t used;
    struct jsonpath *path = jsonpath_parse_prefix(condition, &used, NULL);
    if (path == NULL)
        return false;
    jsonpath_free(path);
    struct text rest = text_trim(text_slice(condition, used, condition.size));
    size_t operator_size = comparison_read(rest, &parts->comparison);
    parts->path = text_slice(condition, 0, used);
    parts->literal = operator_size > 0 ? read_literal(text_trim(text_slice(rest, operator_size, rest.size))) : NULL;
    return parts->literal != NULL;
}

/* The first node of a query, a new reference; NULL when there is none. */
static json_t *first_node(struct text query, json_t *context)
{
    struct jsonpath_nodes nodes = {0};
    struct jsonpath *path = jsonpath_parse(query, NULL);
    bool found = path != NULL && jsonpath_select(path, context, &nodes, NULL) && nodes.count > 0;
    json_t *node = found ? json_incref(nodes.items[0]) : NULL;
    jsonpath_nodes_free(&nodes);
    jsonpath_free(path);
    return node;
}

static json_t *length_of(const json_t *value)
{
    if (json_is_array(value))
        return json_integer((json_int_t)json_array_size(value));
    return json_is_string(value) ? json_integer((json_int_t)json_string_length(value)) : NULL;
}

static bool path_comparison_holds(const struct path_comparison_text *parts, json_t *context, struct buffer *why)
{
    static const struct text suffix = {".length", 7};
    json_t *value = first_node(parts->path, context);
    if (value == NULL && text_ends_with(parts->path, suffix)) {
        json_t *measured = first_node(text_slice(parts->path, 0, parts->path.size - suffix.size), context);
        value = length_of(measured);
        json_decref(measured);
    }
    bool holds = comparison_holds(value, parts->comparison, parts->literal);
    buffer_printf(why, "%.*s is ", TEXT_ARGS(parts->path));
    if (value != NULL)
        json_write(why, value);
    else
        buffer_append_string(why, "not there");
    json_decref(value);
    return holds;
}

/* ---- the types ---- */

static bool path_finds(const struct jsonpath *path, json_t *context, struct buffer *why)
{
    struct jsonpath_nodes nodes = {0};
    struct error error = {0};
    bool good = jsonpath_select(path, context, &nodes, &error);
    size_t count = nodes.count;
    jsonpath_nodes_free(&nodes);
    buffer_clear(why);
    if (good)
        buffer_printf(why, "the query found %zu node%s", count, count == 1 ? "" : "s");
    else
        buffer_append_string(why, error.message);
    return good && count > 0;
}

static bool jsonpath_holds(struct text condition, json_t *context, struct buffer *why)
{
    struct error error = {0};
    struct path_comparison_text parts;
    struct jsonpath *path = jsonpath_parse(condition, &error);
    if (path == NULL) {
        if (!read_path_comparison(condition, &parts)) {
            buffer_append_string(why, error.message);
            return false;
        }
        bool holds = path_comparison_holds(&parts, context, why);
        json_decref(parts.literal);
        return holds;
    }
    bool holds = path_finds(path, context, why);
    if (!holds && json_is_object(context) && jsonpath_is_root_filter(path)) {
        json_t *list = json_pack("[O]", context);
        holds = path_finds(path, list, why);
        if (holds) /* else it is the answer for the object itself */
            buffer_append_string(why, ", tried over a list that holds the object");
        json_decref(list);
    }
    jsonpath_free(path);
    return holds;
}

static bool regex_holds(struct text condition, const json_t *context, struct buffer *why)
{
    struct error error = {0};
    struct buffer subject = {0};
    bool matched = false;
    value_write_text(&subject, context);
    struct pattern *pattern = pattern_compile(condition, PATTERN_PCRE, &error);
    bool good = pattern != NULL && pattern_match(pattern, buffer_text(&subject), false, &matched, &error);
    buffer_append_string(why, !good ? error.message : matched ? "it matches" : "it does not match");
    pattern_free(pattern);
    buffer_free(&subject);
    return good && matched;
}

static bool xpath_holds(struct text condition, const json_t *context, struct buffer *why)
{
    struct error error = {0};
    bool holds = false, good = false;
    struct text xml = {json_string_value(context), json_string_length(context)};
    if (!json_is_string(context))
        error_set(&error, ERROR_INVALID, "XPath wants a text of XML, not %s", json_type_name(context));
    else
        good = xml_holds(xml, condition, &holds, &error);
    buffer_append_string(why, !good ? error.message : holds ? "it is so" : "it is not so");
    return holds;
}

static bool simple_holds(const struct criterion *criterion, const struct scope *scope, struct buffer *why)
{
    struct error error = {0};
    struct condition *condition = condition_parse(text_of(criterion->condition), &error);
    if (condition == NULL) {
        buffer_append_string(why, error.message);
        return false;
    }
    bool holds = condition_holds(condition, scope, why);
    condition_free(condition);
    return holds;
}

bool criterion_holds(const struct criterion *criterion, const struct scope *scope, struct buffer *why)
{
    struct error error = {0};
    struct buffer condition = {0};
    bool holds = false;
    if (criterion->type == CRITERION_SIMPLE)
        return simple_holds(criterion, scope, why);
    json_t *context = expression_value(text_of(criterion->context), scope, &error);
    if (context == NULL)
        buffer_printf(why, "%s: %s", criterion->context, error.message);
    else if (json_is_null(context))
        buffer_printf(why, "%s is null", criterion->context);
    else if (!value_expand(&condition, text_of(criterion->condition), scope, &error))
        buffer_append_string(why, error.message);
    else if (criterion->type == CRITERION_REGEX)
        holds = regex_holds(buffer_text(&condition), context, why);
    else if (criterion->type == CRITERION_XPATH)
        holds = xpath_holds(buffer_text(&condition), context, why);
    else
        holds = jsonpath_holds(buffer_text(&condition), context, why);
    json_decref(context);
    buffer_free(&condition);
    return holds;
}

static bool jsonpath_check(struct text condition, bool *tolerated, struct error *error)
{
    struct path_comparison_text parts;
    struct jsonpath *path = jsonpath_parse(condition, error);
    *tolerated = path == NULL && read_path_comparison(condition, &parts);
    if (*tolerated)
        json_decref(parts.literal);
    bool good = path != NULL || *tolerated;
    jsonpath_free(path);
    return good;
}

bool criterion_check(const struct criterion *criterion, bool *tolerated, struct error *error)
{
    bool by_tolerance = false, good;
    struct text condition = text_of(criterion->condition);
    if (criterion->type == CRITERION_SIMPLE) {
        struct condition *parsed = condition_parse(condition, error);
        good = parsed != NULL;
        condition_free(parsed);
    } else if (text_find(condition, TEXT("{$")) >= 0) {
        good = true;
    } else if (criterion->type == CRITERION_REGEX) {
        struct pattern *pattern = pattern_compile(condition, PATTERN_PCRE, error);
        good = pattern != NULL;
        pattern_free(pattern);
    } else if (criterion->type == CRITERION_XPATH) {
        good = xml_check_expression(condition, error);
    } else {
        good = jsonpath_check(condition, &by_tolerance, error);
    }
    if (tolerated != NULL)
        *tolerated = by_tolerance;
    return good;
}
