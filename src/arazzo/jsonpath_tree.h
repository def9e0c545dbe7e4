/*
 * jsonpath_tree.h - a parsed JSONPath query, between its parser and its evaluation.
 *
 * Everything lies in the arena of struct jsonpath and is read-only after parsing.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "arazzo/jsonpath.h"
#include "base/arena.h"

struct path_node;

enum path_selector_kind { SELECT_NAME, SELECT_WILDCARD, SELECT_INDEX, SELECT_SLICE, SELECT_FILTER };

struct path_selector {
    enum path_selector_kind kind;
    struct text name;
    int64_t index;
    struct {
        bool has_start, has_end;
        int64_t start, end, step;
    } slice;
    struct path_node *filter;
    struct path_selector *next;
};

struct path_segment {
    bool descendant; /* "..": the node and everything below it */
    struct path_selector *selectors;
    struct path_segment *next;
};

struct path_query {
    bool from_root; /* "$", else "@" */
    bool singular;  /* can give at most one node */
    struct path_segment *segments;
};

enum path_type { TYPE_VALUE, TYPE_LOGICAL, TYPE_NODES };

enum path_function_id { FUNCTION_LENGTH, FUNCTION_COUNT, FUNCTION_MATCH, FUNCTION_SEARCH, FUNCTION_VALUE };

enum { PATH_FUNCTION_ARGUMENTS = 2 };

struct path_function {
    const char *name;
    enum path_function_id id;
    enum path_type result;
    size_t argument_count;
    enum path_type arguments[PATH_FUNCTION_ARGUMENTS];
};

enum path_comparison { COMPARE_EQUAL, COMPARE_NOT_EQUAL, COMPARE_LESS, COMPARE_LESS_EQUAL, COMPARE_GREATER,
                       COMPARE_GREATER_EQUAL };

enum path_node_kind { NODE_LITERAL, NODE_QUERY, NODE_FUNCTION, NODE_COMPARE, NODE_AND, NODE_OR, NODE_NOT };

/* A part of a filter. */
struct path_node {
    enum path_node_kind kind;
    json_t *literal;                      /* owned by struct jsonpath */
    struct path_query *query;
    const struct path_function *function; /* its arguments are left and right */
    enum path_comparison comparison;
    struct path_node *left, *right;       /* NOT has left only */
};

struct jsonpath {
    struct arena arena;
    json_t *literals; /* the array that owns them */
    struct path_query query;
};
