/*
 * filter.h - the filter language: does a JSON value match a schema? Pure.
 *
 * A schema is JSON too. A plain value matches an equal one, loosely as JavaScript's == does (1 and "1"), and an array
 * that has it. An object matches one that has all its keys, and an array with one such object. An array matches one
 * that has all its items. An object with operators:
 *
 *   $eq $neq ($ne)        equal, loosely; arrays and objects by their JSON, with the order of keys
 *   $gt $gte $lt $lte     numbers and texts, as JavaScript compares them
 *   $in $nin              part of a text, one of a list; an array when one of its items is
 *   $startsWith $endsWith of texts; the operand may be a list
 *   $exist                whether the key is there; everything else is false for what is not there
 *   $or $and $not         schemas, combined
 *   $ref                  the value at a path from the root, in the place of a value or an operand: "$.a.b[0]",
 *                         "items[$index].id" with the positions of the arrays that were entered, outermost first
 *
 * All operators of an object must hold. Beside $or, $and and $not at the top, and beside $and and $not everywhere,
 * plain keys count too; beside other operators they do not. Unknown operators are refused.
 *
 * A compiled filter never changes: threads may share it.
 */
#pragma once

#include <jansson.h>
#include <stdbool.h>

#include "base/error.h"
#include "base/json_view.h"

struct filter;

/*
 * Checks and copies a schema. NULL with ERROR_INVALID, or ERROR_TOO_LARGE beyond limits.filter_depth or filter_nodes,
 * and a sentence that begins with where it is: "a.b.$gt: must be a string or a number".
 */
struct filter *filter_compile(const json_t *schema, struct error *error);
/* The same for a schema that stands at `where`, which then begins the sentence: "rules[0].body.a.$gt: must be ...". */
struct filter *filter_compile_at(const json_t *schema, const char *where, struct error *error);
void filter_free(struct filter *filter); /* NULL is fine */
/* An input that asks for more than limits.filter_steps comparisons does not match. */
bool filter_match(const struct filter *filter, struct json_view input);
