/*
 * value.h - JSON values with expressions in them, and values as text.
 *
 * A text that is an expression as a whole ("$inputs.limit") becomes the value, with its type. Expressions in braces
 * inside a text ("Bearer {$inputs.token}") are replaced by their text. A text that begins with "$" but is no
 * expression ("$5") stays as it is.
 */
#pragma once

#include <stdbool.h>

#include "arazzo/expression.h"
#include "base/buffer.h"
#include "base/json.h"

/* Texts as they are, everything else as compact JSON. */
void value_write_text(struct buffer *out, const json_t *value);

/* Is the text an expression as a whole? */
bool value_is_expression(struct text text);

/* The text with its braced expressions replaced; false when one of them is unresolved, *error saying which. */
bool value_expand(struct buffer *out, struct text text, const struct scope *scope, struct error *error);

/*
 * The value with all its expressions resolved; members and items that are unresolved are left out. NULL when the
 * value as a whole is unresolved. A new reference; the depth is that of the document, which is bounded.
 */
json_t *value_resolve(const json_t *value, const struct scope *scope, struct error *error);
