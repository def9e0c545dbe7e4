/*
 * criterion.h - the tests of a step: simple conditions, regular expressions, JSONPath and XPath over a context.
 *
 * A context that is null or not there fails. XPath conditions pass by the effective boolean value (XPath 1.0).
 * JSONPath conditions pass when the query finds a node. Two tolerances, because documents in the wild need them:
 * "path operator literal" ("$.models.length > 0"), which is no JSONPath, is a comparison with the first node, where
 * ".length" is also that of a list or text and what is missing is null; and a filter at the root of an object is
 * tried as written and then over a list that holds the object.
 */
#pragma once

#include <stdbool.h>

#include "arazzo/document.h"
#include "arazzo/expression.h"
#include "base/buffer.h"
#include "base/error.h"

/*
 * Is the condition well formed? *tolerated (NULL: not wanted) tells whether it is only by tolerance. Conditions with
 * braced expressions in them, whose form shows only at run time, count as well formed.
 */
bool criterion_check(const struct criterion *criterion, bool *tolerated, struct error *error);
/* `why` gets a sentence about what was found, also when the criterion holds. What cannot be evaluated does not hold. */
bool criterion_holds(const struct criterion *criterion, const struct scope *scope, struct buffer *why);
