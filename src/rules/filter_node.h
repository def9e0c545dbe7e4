/*
 * filter_node.h - a compiled filter. Internal to rules/filter*.c.
 */
#pragma once

#include "base/arena.h"
#include "rules/filter.h"

enum node_kind { NODE_VALUE, NODE_ARRAY, NODE_OBJECT };

enum filter_operator {
    FILTER_EQ, FILTER_NEQ, FILTER_GT, FILTER_GTE, FILTER_LT, FILTER_LTE, FILTER_IN, FILTER_NIN, FILTER_STARTS_WITH,
    FILTER_ENDS_WITH, FILTER_EXIST, FILTER_OR, FILTER_AND, FILTER_NOT, FILTER_REF,
};

/* One step of a $ref: a key, an index, or (`loop`) the next position of the arrays that were entered. */
struct reference_step {
    struct text key; /* TEXT_NONE: an index */
    size_t index;
    bool loop;
};

struct reference {
    struct reference_step *steps;
    size_t count;
};

struct operation_node {
    enum filter_operator operator;
    struct json_view operand;          /* of comparisons; points into the filter's own document */
    const struct reference *reference; /* of FILTER_REF, and the operand's when it is a $ref; NULL: none */
    struct filter_node *schemas;       /* of FILTER_OR, FILTER_AND and FILTER_NOT */
    size_t count;
    bool wanted;                       /* of FILTER_EXIST */
};

struct filter_node {
    enum node_kind kind;
    struct json_view value; /* NODE_VALUE */
    /* NODE_ARRAY: items without keys. NODE_OBJECT: the plain keys that count. */
    struct text *keys;
    struct filter_node *items;
    size_t count;
    struct operation_node *operations; /* NODE_OBJECT */
    size_t operation_count;
    bool only_operations; /* NODE_OBJECT with operators whose plain keys are not looked at */
};

struct filter {
    struct filter_node root;
    struct arena arena;
    struct json_reader *reader; /* holds the document of the values and operands */
};

/* filter_reference.c: reads "$.a[0]['b c'][$index]"; ERROR_INVALID says what is wrong. */
bool reference_parse(struct arena *arena, struct text text, struct reference *reference, struct error *error);
/* The value that it leads to from the root; null when there is none. */
struct json_view reference_find(const struct reference *reference, struct json_view root, const size_t *positions,
                                size_t position_count);

/* filter_value.c: how JavaScript compares values. */
bool values_equal_loosely(struct json_view a, struct json_view b); /* neither is an array or an object */
bool value_is_scalar(struct json_view view);
/* As JSON.stringify writes them. Takes its steps from *steps, and is false when they run out. */
bool values_equal_as_json(struct json_view a, struct json_view b, int64_t *steps);
/* -1, 0, 1; 2 when they cannot be compared. Numbers and texts only. */
int values_compare(struct json_view a, struct json_view b);
