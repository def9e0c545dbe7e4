/*
 * condition.h - simple conditions: "$statusCode == 200 && $response.body#/items[0].state != 'gone'".
 *
 * The grammar of Arazzo 1.0.1: expressions, literals (true, false, null, numbers, texts in single quotes with '' for
 * a quote), < <= > >= == != ! && ||, parentheses, and [n] and .name behind a value. Beyond it, ['name'], texts in
 * double quotes and a condition wholly in braces are understood, because the specification's own examples have them.
 *
 * A value that is not there counts as null. A value alone is a test: false and null do not hold, all else does.
 */
#pragma once

#include <stdbool.h>

#include "arazzo/expression.h"
#include "base/buffer.h"
#include "base/error.h"

struct condition;

/* NULL when the text is no condition; the error names the character. */
struct condition *condition_parse(struct text text, struct error *error);
/* `seen` (NULL: not wanted) gets "EXPRESSION is VALUE" for each expression that was looked at. */
bool condition_holds(const struct condition *condition, const struct scope *scope, struct buffer *seen);
void condition_free(struct condition *condition); /* NULL is fine */
