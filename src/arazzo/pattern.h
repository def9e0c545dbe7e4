/*
 * pattern.h - regular expressions (PCRE2), with limits on what one match may cost.
 *
 * A pattern and a subject may come from outsiders: a match that backtracks too much is an error, never a hang.
 */
#pragma once

#include <stdbool.h>

#include "base/error.h"
#include "base/text.h"

struct pattern;

enum pattern_form {
    PATTERN_PCRE,  /* as written */
    PATTERN_IREGEXP, /* RFC 9485: "." matches neither LF nor CR */
};

/* NULL when the expression is malformed; the error says where and why. */
struct pattern *pattern_compile(struct text expression, enum pattern_form form, struct error *error);
/* Anywhere in the subject, or the whole of it. False with *matched untouched when a limit was hit. */
bool pattern_match(const struct pattern *pattern, struct text subject, bool whole, bool *matched,
                   struct error *error);
void pattern_free(struct pattern *pattern); /* NULL is fine */
