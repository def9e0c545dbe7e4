/*
 * selector.h - Selector Objects (Arazzo 1.1.0): {"context": EXPRESSION, "selector": TEXT, "type": TYPE}, where a value
 * is wanted: in outputs, parameters, payloads and replacements, at any depth.
 *
 * Types are jsonpointer, jsonpath and xpath, as a name or with a version. One thing that is found is the value,
 * several are a list, none means unresolved. Expressions in braces inside of the selector are replaced first.
 */
#pragma once

#include <stdbool.h>

#include "arazzo/expression.h"

enum selector_type { SELECTOR_POINTER, SELECTOR_JSONPATH, SELECTOR_XPATH };

extern const char *const selector_type_names[]; /* by enum selector_type, ends with NULL */

/* Has it exactly the three members, the first two being texts, and the context an expression? */
bool selector_is(const json_t *value);
/* The type from "jsonpath" or {"type": "jsonpath", "version": "rfc9535"}; false when it is neither. */
bool selector_type(const json_t *type, enum selector_type *known, struct error *error);
/* Is a selector object well formed? */
bool selector_check(const json_t *selector, struct error *error);
/* Is the text well formed for that type? One with braced expressions in it counts as such. */
bool selector_check_text(enum selector_type type, struct text text, struct error *error);
/* What it gives: a new reference, NULL when unresolved. */
json_t *selector_value(const json_t *selector, const struct scope *scope, struct error *error);
