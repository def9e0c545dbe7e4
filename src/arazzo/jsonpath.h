/*
 * jsonpath.h - JSONPath (RFC 9535): queries over JSON that give lists of nodes.
 *
 * A parsed path is read-only and can be used any number of times. Queries and data may come from outsiders: the
 * nesting of a query and the work of one evaluation are bounded.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "base/json.h"
#include "base/text.h"

struct jsonpath;

/* The nodes that were found, in the order of the RFC, borrowed from the data. */
struct jsonpath_nodes {
    json_t **items;
    size_t count, capacity;
};

/* NULL when the whole text is no well-formed and well-typed query; the error names the character. */
struct jsonpath *jsonpath_parse(struct text text, struct error *error);
/* The longest query at the beginning of the text; *used is its size. What follows is the caller's. */
struct jsonpath *jsonpath_parse_prefix(struct text text, size_t *used, struct error *error);
/* Appends to *nodes; false with ERROR_TOO_LARGE when the evaluation takes too much work. */
bool jsonpath_select(const struct jsonpath *path, json_t *root, struct jsonpath_nodes *nodes, struct error *error);
void jsonpath_nodes_free(struct jsonpath_nodes *nodes); /* back to {0} */
/* Begins the query with "$" and a filter on it, so that it tests the items of a list? */
bool jsonpath_is_root_filter(const struct jsonpath *path);
void jsonpath_free(struct jsonpath *path); /* NULL is fine */
