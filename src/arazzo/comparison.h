/*
 * comparison.h - two JSON values compared as the conditions of workflows do (Arazzo 1.1.0, section "Criterion
 * Object", which settles what 1.0.1 leaves open).
 *
 * Texts are compared without regard to the case of ASCII letters. A text that is a number as a whole counts as one
 * beside a number. null equals only null; lists and objects can only be equal or not; what has no order is neither
 * less nor greater.
 */
#pragma once

#include <stdbool.h>

#include "base/json.h"
#include "base/text.h"

enum comparison {
    COMPARISON_EQUAL, COMPARISON_NOT_EQUAL, COMPARISON_LESS_EQUAL, COMPARISON_GREATER_EQUAL, COMPARISON_LESS,
    COMPARISON_GREATER,
};

/* The operator at the beginning of the text: its size, or 0 when there is none. */
size_t comparison_read(struct text text, enum comparison *comparison);
/* NULL counts as null. */
bool comparison_holds(const json_t *left, enum comparison comparison, const json_t *right);
