/* The evaluation of RFC 9535, section 2: segments and selectors; filters by section 2.3.5. */
#include <stdlib.h>

#include "arazzo/jsonpath_tree.h"
#include "arazzo/pattern.h"
#include "base/memory.h"

enum { MOST_WORK = 20000000 }; /* nodes looked at in one evaluation */

struct evaluation {
    json_t *root;
    int64_t work;
    struct pattern *pattern; /* the last one compiled, most often the same for all nodes */
    struct text pattern_text;
    struct error *error;
};

static bool run_query(struct evaluation *evaluation, const struct path_query *query, json_t *from,
                      struct jsonpath_nodes *out);
static bool test_node(struct evaluation *evaluation, const struct path_node *node, json_t *current, bool *verdict);

static bool spend(struct evaluation *evaluation, size_t work)
{
    evaluation->work += (int64_t)work + 1;
    return evaluation->work <= MOST_WORK ||
           error_set(evaluation->error, ERROR_TOO_LARGE, "the JSONPath query takes too much work on this data");
}

static void add_node(struct jsonpath_nodes *nodes, json_t *value)
{
    if (nodes->count == nodes->capacity) {
        nodes->capacity = nodes->capacity ? nodes->capacity * 2 : 8;
        nodes->items = memory_resize(nodes->items, nodes->capacity * sizeof *nodes->items);
    }
    nodes->items[nodes->count++] = value;
}

/* ---- values ---- */

static double number_of(const json_t *value)
{
    return json_number_value(value);
}

static bool numbers_equal(const json_t *a, const json_t *b)
{
    if (json_is_integer(a) && json_is_integer(b))
        return json_integer_value(a) == json_integer_value(b);
    return !(number_of(a) < number_of(b)) && !(number_of(a) > number_of(b));
}

/* As json_equal, but 1 equals 1.0. The depth is that of the data, which its parser bounds. */
static bool values_equal(const json_t *a, const json_t *b)
{
    const char *key;
    json_t *member;
    if (a == NULL || b == NULL)
        return a == b;
    if (json_is_number(a) && json_is_number(b))
        return numbers_equal(a, b);
    if (json_is_array(a) && json_is_array(b) && json_array_size(a) == json_array_size(b)) {
        for (size_t i = 0; i < json_array_size(a); i++) {
            if (!values_equal(json_array_get(a, i), json_array_get(b, i)))
                return false;
        }
        return true;
    }
    if (json_is_object(a) && json_is_object(b) && json_object_size(a) == json_object_size(b)) {
        json_object_foreach((json_t *)a, key, member) {
            if (!values_equal(member, json_object_get(b, key)) || json_object_get(b, key) == NULL)
                return false;
        }
        return true;
    }
    return !json_is_array(a) && !json_is_object(a) && json_equal(a, b);
}

static struct text text_value(const json_t *value)
{
    return (struct text){json_string_value(value), json_string_length(value)};
}

static bool value_less(const json_t *a, const json_t *b)
{
    if (json_is_integer(a) && json_is_integer(b))
        return json_integer_value(a) < json_integer_value(b);
    if (json_is_number(a) && json_is_number(b))
        return number_of(a) < number_of(b);
    if (!json_is_string(a) || !json_is_string(b))
        return false;
    struct text left = text_value(a), right = text_value(b);
    int order = memcmp(left.data, right.data, left.size < right.size ? left.size : right.size);
    return order < 0 || (order == 0 && left.size < right.size);
}

static bool compare(enum path_comparison comparison, const json_t *a, const json_t *b)
{
    switch (comparison) {
    case COMPARE_EQUAL: return values_equal(a, b);
    case COMPARE_NOT_EQUAL: return !values_equal(a, b);
    case COMPARE_LESS: return value_less(a, b);
    case COMPARE_GREATER: return value_less(b, a);
    case COMPARE_LESS_EQUAL: return value_less(a, b) || values_equal(a, b);
    case COMPARE_GREATER_EQUAL: return value_less(b, a) || values_equal(a, b);
    }
    return false;
}

/* ---- functions ---- */

static json_t *length_of(const json_t *value)
{
    json_int_t length = 0;
    if (json_is_array(value))
        return json_integer((json_int_t)json_array_size(value));
    if (json_is_object(value))
        return json_integer((json_int_t)json_object_size(value));
    if (!json_is_string(value))
        return NULL;
    struct text text = text_value(value);
    for (size_t i = 0; i < text.size; i++)
        length += ((unsigned char)text.data[i] & 0xC0) != 0x80; /* continuation bytes begin no character */
    return json_integer(length);
}

/* count and value; *result is a new reference, or NULL for nothing. */
static bool call_on_nodes(struct evaluation *evaluation, const struct path_node *node, json_t *current, json_t **result)
{
    struct jsonpath_nodes nodes = {0};
    bool good = run_query(evaluation, node->left->query, current, &nodes);
    *result = NULL;
    if (good && node->function->id == FUNCTION_COUNT)
        *result = json_integer((json_int_t)nodes.count);
    else if (good && nodes.count == 1)
        *result = json_incref(nodes.items[0]);
    jsonpath_nodes_free(&nodes);
    return good;
}

/* A new reference, or NULL for nothing: a query that finds no node, a function without a result. */
static bool value_of(struct evaluation *evaluation, const struct path_node *node, json_t *current, json_t **result)
{
    struct jsonpath_nodes nodes = {0};
    json_t *argument;
    *result = NULL;
    if (node->kind == NODE_LITERAL) {
        *result = json_incref(node->literal);
        return true;
    }
    if (node->kind == NODE_QUERY) {
        bool good = run_query(evaluation, node->query, current, &nodes);
        *result = nodes.count > 0 ? json_incref(nodes.items[0]) : NULL;
        jsonpath_nodes_free(&nodes);
        return good;
    }
    if (node->function->id != FUNCTION_LENGTH)
        return call_on_nodes(evaluation, node, current, result);
    if (!value_of(evaluation, node->left, current, &argument))
        return false;
    *result = length_of(argument);
    json_decref(argument);
    return true;
}

static const struct pattern *pattern_for(struct evaluation *evaluation, struct text text)
{
    if (evaluation->pattern == NULL || !text_equal(evaluation->pattern_text, text)) {
        pattern_free(evaluation->pattern);
        free((char *)evaluation->pattern_text.data);
        evaluation->pattern = pattern_compile(text, PATTERN_IREGEXP, NULL);
        char *copy = memory_allocate(text.size + 1);
        memcpy(copy, text.data, text.size);
        evaluation->pattern_text = (struct text){copy, text.size};
    }
    return evaluation->pattern;
}

/* match and search; a malformed expression matches nothing. */
static bool call_pattern(struct evaluation *evaluation, const struct path_node *node, json_t *current, bool *verdict)
{
    json_t *subject = NULL, *expression = NULL;
    bool good = value_of(evaluation, node->left, current, &subject) &&
                value_of(evaluation, node->right, current, &expression);
    *verdict = false;
    if (good && json_is_string(subject) && json_is_string(expression)) {
        const struct pattern *pattern = pattern_for(evaluation, text_value(expression));
        good = pattern == NULL || pattern_match(pattern, text_value(subject), node->function->id == FUNCTION_MATCH,
                                                verdict, evaluation->error);
    }
    json_decref(subject);
    json_decref(expression);
    return good;
}

/* ---- filters ---- */

static bool test_comparison(struct evaluation *evaluation, const struct path_node *node, json_t *current, bool *verdict)
{
    json_t *left = NULL, *right = NULL;
    bool good = value_of(evaluation, node->left, current, &left) && value_of(evaluation, node->right, current, &right);
    *verdict = good && compare(node->comparison, left, right);
    json_decref(left);
    json_decref(right);
    return good;
}

static bool test_existence(struct evaluation *evaluation, const struct path_node *node, json_t *current, bool *verdict)
{
    struct jsonpath_nodes nodes = {0};
    bool good = run_query(evaluation, node->query, current, &nodes);
    *verdict = nodes.count > 0;
    jsonpath_nodes_free(&nodes);
    return good;
}

static bool test_node(struct evaluation *evaluation, const struct path_node *node, json_t *current, bool *verdict)
{
    *verdict = false;
    switch (node->kind) {
    case NODE_QUERY: return test_existence(evaluation, node, current, verdict);
    case NODE_FUNCTION: return call_pattern(evaluation, node, current, verdict);
    case NODE_COMPARE: return test_comparison(evaluation, node, current, verdict);
    case NODE_LITERAL: return true; /* the parser lets no literal stand alone */
    case NODE_NOT: {
        bool good = test_node(evaluation, node->left, current, verdict);
        *verdict = !*verdict;
        return good;
    }
    case NODE_AND:
    case NODE_OR:
        if (!test_node(evaluation, node->left, current, verdict))
            return false;
        return *verdict == (node->kind == NODE_OR) || test_node(evaluation, node->right, current, verdict);
    }
    return true;
}

/* ---- selectors ---- */

static void select_slice(const struct path_selector *selector, json_t *array, struct jsonpath_nodes *out)
{
    int64_t size = (int64_t)json_array_size(array), step = selector->slice.step;
    int64_t start = selector->slice.has_start ? selector->slice.start : step > 0 ? 0 : size - 1;
    int64_t end = selector->slice.has_end ? selector->slice.end : step > 0 ? size : -size - 1;
    int64_t least = step > 0 ? 0 : -1, most = step > 0 ? size : size - 1;
    start += start < 0 ? size : 0;
    end += end < 0 ? size : 0;
    start = start < least ? least : start > most ? most : start;
    end = end < least ? least : end > most ? most : end;
    for (int64_t i = start; step != 0 && (step > 0 ? i < end : i > end); i += step)
        add_node(out, json_array_get(array, (size_t)i));
}

static void select_index(int64_t index, json_t *array, struct jsonpath_nodes *out)
{
    int64_t size = (int64_t)json_array_size(array);
    int64_t place = index < 0 ? size + index : index;
    if (place >= 0 && place < size)
        add_node(out, json_array_get(array, (size_t)place));
}

/* One child of a node with a wildcard or a filter. */
static bool select_child(struct evaluation *evaluation, const struct path_selector *selector, json_t *child,
                         struct jsonpath_nodes *out)
{
    bool chosen = true;
    if (selector->kind == SELECT_FILTER && !test_node(evaluation, selector->filter, child, &chosen))
        return false;
    if (chosen)
        add_node(out, child);
    return true;
}

static bool select_children(struct evaluation *evaluation, const struct path_selector *selector, json_t *value,
                            struct jsonpath_nodes *out)
{
    const char *key;
    json_t *child;
    size_t index;
    json_array_foreach(value, index, child) {
        if (!select_child(evaluation, selector, child, out))
            return false;
    }
    json_object_foreach(value, key, child) {
        if (!select_child(evaluation, selector, child, out))
            return false;
    }
    return true;
}

static bool apply_selector(struct evaluation *evaluation, const struct path_selector *selector, json_t *value,
                           struct jsonpath_nodes *out)
{
    json_t *member;
    bool many = selector->kind != SELECT_NAME && selector->kind != SELECT_INDEX;
    if (!spend(evaluation, many ? json_array_size(value) + json_object_size(value) : 0))
        return false;
    switch (selector->kind) {
    case SELECT_NAME:
        member = json_object_getn(value, selector->name.data ? selector->name.data : "", selector->name.size);
        if (member != NULL)
            add_node(out, member);
        return true;
    case SELECT_INDEX: select_index(selector->index, value, out); return true;
    case SELECT_SLICE: select_slice(selector, value, out); return true;
    case SELECT_WILDCARD:
    case SELECT_FILTER: return select_children(evaluation, selector, value, out);
    }
    return true;
}

/* ---- segments ---- */

static bool apply_segment(struct evaluation *evaluation, const struct path_segment *segment, json_t *value,
                          struct jsonpath_nodes *out)
{
    const char *key;
    json_t *child;
    size_t index;
    for (const struct path_selector *selector = segment->selectors; selector != NULL; selector = selector->next) {
        if (!apply_selector(evaluation, selector, value, out))
            return false;
    }
    if (!segment->descendant)
        return true;
    json_array_foreach(value, index, child) {
        if (!apply_segment(evaluation, segment, child, out))
            return false;
    }
    json_object_foreach(value, key, child) {
        if (!apply_segment(evaluation, segment, child, out))
            return false;
    }
    return true;
}

static bool run_query(struct evaluation *evaluation, const struct path_query *query, json_t *from,
                      struct jsonpath_nodes *out)
{
    struct jsonpath_nodes nodes = {0};
    bool good = spend(evaluation, 0);
    add_node(&nodes, query->from_root ? evaluation->root : from);
    for (const struct path_segment *segment = query->segments; good && segment != NULL; segment = segment->next) {
        struct jsonpath_nodes next = {0};
        for (size_t i = 0; good && i < nodes.count; i++)
            good = apply_segment(evaluation, segment, nodes.items[i], &next);
        jsonpath_nodes_free(&nodes);
        nodes = next;
    }
    for (size_t i = 0; good && i < nodes.count; i++)
        add_node(out, nodes.items[i]);
    jsonpath_nodes_free(&nodes);
    return good;
}

bool jsonpath_select(const struct jsonpath *path, json_t *root, struct jsonpath_nodes *nodes, struct error *error)
{
    struct evaluation evaluation = {.root = root, .error = error};
    bool good = run_query(&evaluation, &path->query, root, nodes);
    pattern_free(evaluation.pattern);
    free((char *)evaluation.pattern_text.data);
    return good;
}

void jsonpath_nodes_free(struct jsonpath_nodes *nodes)
{
    free(nodes->items);
    *nodes = (struct jsonpath_nodes){0};
}
