/* Does a value match a compiled filter? */
#include "rules/filter_node.h"

#include <stdio.h>

#include "base/limits.h"

/* Arrays inside of arrays that are entered; what lies deeper does not match. */
enum { MOST_POSITIONS = 64, KEYS_A_STEP = 8 };

struct matching {
    struct json_view root;
    size_t positions[MOST_POSITIONS];
    size_t position_count;
    int64_t steps; /* left; below 0 nothing matches */
};

/* Of a key that is not there. Only $exist knows; what it does not know is false, and so is its contrary. */
enum knowledge { KNOWN_FALSE, KNOWN_TRUE, UNKNOWN };

static bool match(struct matching *matching, const struct filter_node *node, struct json_view input);

/* ---- values and operators ---- */

typedef bool (*item_test)(struct matching *matching, const void *what, struct json_view item);

/* Does an item, or one of an array inside, pass? */
static bool match_any_item(struct matching *matching, struct json_view array, item_test test, const void *what)
{
    struct json_walk walk = json_view_walk(array);
    struct text key;
    struct json_view item;
    bool found = false;
    if (matching->position_count == MOST_POSITIONS)
        return false;
    size_t *position = &matching->positions[matching->position_count++];
    for (*position = 0; !found && json_walk_next(&walk, &key, &item) && --matching->steps >= 0; ++*position)
        found = item.type == JSON_VIEW_ARRAY ? match_any_item(matching, item, test, what) : test(matching, what, item);
    matching->position_count--;
    return found;
}

static bool item_equals(struct matching *matching, const void *what, struct json_view item)
{
    const struct json_view *value = what;
    (void)matching;
    return value_is_scalar(item) && values_equal_loosely(*value, item);
}

static bool match_value(struct matching *matching, struct json_view value, struct json_view input)
{
    return input.type == JSON_VIEW_ARRAY ? match_any_item(matching, input, item_equals, &value)
                                         : item_equals(matching, &value, input);
}

static bool equal(struct matching *matching, struct json_view a, struct json_view b)
{
    if (value_is_scalar(a) && value_is_scalar(b))
        return values_equal_loosely(a, b);
    return values_equal_as_json(a, b, &matching->steps);
}

static bool match_in(struct matching *matching, const void *what, struct json_view input)
{
    const struct json_view *operand = what;
    struct json_walk walk = json_view_walk(*operand);
    struct text key;
    struct json_view item;
    if (operand->type == JSON_VIEW_TEXT)
        return input.type == JSON_VIEW_TEXT && text_find(input.text, operand->text) >= 0;
    while (operand->type == JSON_VIEW_ARRAY && json_walk_next(&walk, &key, &item) && --matching->steps >= 0) {
        if (item.type == input.type && value_is_scalar(item) && values_equal_loosely(item, input))
            return true;
    }
    return false;
}

static bool is_in(struct matching *matching, struct json_view operand, struct json_view input)
{
    return input.type == JSON_VIEW_ARRAY ? match_any_item(matching, input, match_in, &operand)
                                         : match_in(matching, &operand, input);
}

/* What $in cannot look at is not outside either. */
static bool is_not_in(struct matching *matching, struct json_view operand, struct json_view input)
{
    bool can_tell = input.type != JSON_VIEW_OBJECT &&
                    (operand.type == JSON_VIEW_ARRAY ||
                     (operand.type == JSON_VIEW_TEXT && (input.type == JSON_VIEW_TEXT || input.type == JSON_VIEW_ARRAY)));
    return can_tell && !is_in(matching, operand, input);
}

static bool has_affix(struct json_view input, struct json_view affix, bool at_start)
{
    return affix.type == JSON_VIEW_TEXT && (at_start ? text_starts_with(input.text, affix.text)
                                                     : text_ends_with(input.text, affix.text));
}

static bool match_affix(struct matching *matching, struct json_view operand, struct json_view input, bool at_start)
{
    struct json_walk walk = json_view_walk(operand);
    struct text key;
    struct json_view item;
    if (input.type != JSON_VIEW_TEXT || operand.type != JSON_VIEW_ARRAY)
        return input.type == JSON_VIEW_TEXT && has_affix(input, operand, at_start);
    while (json_walk_next(&walk, &key, &item) && --matching->steps >= 0) {
        if (has_affix(input, item, at_start))
            return true;
    }
    return false;
}

static bool match_reference(struct matching *matching, struct json_view value, struct json_view input)
{
    return value_is_scalar(value) ? match_value(matching, value, input) : equal(matching, value, input);
}

static bool is_no_more(struct json_view a, struct json_view b)
{
    int order = values_compare(a, b);
    return order == -1 || order == 0;
}

static bool match_operation(struct matching *matching, const struct operation_node *operation, struct json_view input)
{
    struct json_view operand = operation->operand;
    if (operation->reference != NULL)
        operand = reference_find(operation->reference, matching->root, matching->positions, matching->position_count);
    switch (operation->operator) {
    case FILTER_EQ: return equal(matching, operand, input);
    case FILTER_NEQ: return !equal(matching, operand, input);
    case FILTER_GT: return values_compare(input, operand) == 1;
    case FILTER_LT: return values_compare(input, operand) == -1;
    case FILTER_GTE: return is_no_more(operand, input);
    case FILTER_LTE: return is_no_more(input, operand);
    case FILTER_IN: return is_in(matching, operand, input);
    case FILTER_NIN: return is_not_in(matching, operand, input);
    case FILTER_STARTS_WITH: return match_affix(matching, operand, input, true);
    case FILTER_ENDS_WITH: return match_affix(matching, operand, input, false);
    case FILTER_EXIST: return operation->wanted;
    case FILTER_REF: return match_reference(matching, operand, input);
    case FILTER_NOT: return !match(matching, operation->schemas, input);
    case FILTER_OR:
    case FILTER_AND: break;
    }
    bool any = operation->operator == FILTER_OR;
    for (size_t i = 0; i < operation->count; i++) {
        if (match(matching, &operation->schemas[i], input) == any)
            return any;
    }
    return !any;
}

/* ---- what is not there ---- */

static enum knowledge know(const struct filter_node *node);

static enum knowledge know_operation(const struct operation_node *operation)
{
    enum knowledge all = operation->operator == FILTER_AND ? KNOWN_TRUE : KNOWN_FALSE;
    if (operation->operator == FILTER_EXIST)
        return operation->wanted ? KNOWN_FALSE : KNOWN_TRUE;
    if (operation->operator == FILTER_NOT) {
        enum knowledge inside = know(operation->schemas);
        return inside == UNKNOWN ? UNKNOWN : inside == KNOWN_TRUE ? KNOWN_FALSE : KNOWN_TRUE;
    }
    if (operation->operator != FILTER_OR && operation->operator != FILTER_AND)
        return UNKNOWN;
    for (size_t i = 0; i < operation->count; i++) {
        enum knowledge one = know(&operation->schemas[i]);
        if (one == UNKNOWN)
            all = UNKNOWN;
        else if (one == (operation->operator == FILTER_OR ? KNOWN_TRUE : KNOWN_FALSE))
            return one;
    }
    return all;
}

/* Whether a schema holds of a key that is not there. */
static enum knowledge know(const struct filter_node *node)
{
    enum knowledge all = KNOWN_TRUE;
    if (node->kind != NODE_OBJECT || node->operation_count == 0 || node->count > 0)
        return UNKNOWN;
    for (size_t i = 0; i < node->operation_count; i++) {
        enum knowledge one = know_operation(&node->operations[i]);
        if (one == KNOWN_FALSE)
            return KNOWN_FALSE;
        all = one == UNKNOWN ? UNKNOWN : all;
    }
    return all;
}

/* ---- nodes ---- */

static bool match_key(struct matching *matching, struct text key, const struct filter_node *schema,
                      struct json_view object)
{
    matching->steps -= (int64_t)(json_view_size(object) / KEYS_A_STEP);
    if (matching->steps < 0)
        return false;
    struct json_view value = json_view_find(object, key);
    return value.type == JSON_VIEW_ABSENT ? know(schema) == KNOWN_TRUE : match(matching, schema, value);
}

static bool match_keys(struct matching *matching, const void *what, struct json_view input)
{
    const struct filter_node *node = what;
    if (input.type != JSON_VIEW_OBJECT)
        return false;
    for (size_t i = 0; i < node->count; i++) {
        if (!match_key(matching, node->keys[i], &node->items[i], input))
            return false;
    }
    return true;
}

static bool match_object(struct matching *matching, const struct filter_node *node, struct json_view input)
{
    for (size_t i = 0; i < node->operation_count; i++) {
        if (!match_operation(matching, &node->operations[i], input))
            return false;
    }
    if (node->operation_count > 0 && node->count == 0)
        return true;
    return input.type == JSON_VIEW_ARRAY ? match_any_item(matching, input, match_keys, node)
                                         : match_keys(matching, node, input);
}

/* Is the schema matched by an item? */
static bool match_item(struct matching *matching, const struct filter_node *schema, struct json_view array)
{
    struct json_walk walk = json_view_walk(array);
    struct text key;
    struct json_view item;
    bool found = false;
    if (matching->position_count == MOST_POSITIONS)
        return false;
    size_t *position = &matching->positions[matching->position_count++];
    for (*position = 0; !found && json_walk_next(&walk, &key, &item) && --matching->steps >= 0; ++*position)
        found = match(matching, schema, item);
    matching->position_count--;
    return found;
}

static bool match_array(struct matching *matching, const struct filter_node *node, struct json_view input)
{
    if (input.type != JSON_VIEW_ARRAY && input.type != JSON_VIEW_OBJECT)
        return false;
    for (size_t i = 0; i < node->count; i++) {
        if (input.type == JSON_VIEW_ARRAY) {
            if (!match_item(matching, &node->items[i], input))
                return false;
            continue;
        }
        char position[24];
        int size = snprintf(position, sizeof position, "%zu", i);
        if (!match_key(matching, (struct text){position, (size_t)size}, &node->items[i], input))
            return false;
    }
    return true;
}

static bool match(struct matching *matching, const struct filter_node *node, struct json_view input)
{
    if (--matching->steps < 0)
        return false;
    switch (node->kind) {
    case NODE_VALUE: return match_value(matching, node->value, input);
    case NODE_ARRAY: return match_array(matching, node, input);
    case NODE_OBJECT: return match_object(matching, node, input);
    }
    return false;
}

bool filter_match(const struct filter *filter, struct json_view input)
{
    struct matching matching = {.root = input, .steps = limits.filter_steps};
    return match(&matching, &filter->root, input) && matching.steps >= 0;
}
