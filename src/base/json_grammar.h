/*
 * json_grammar.h - is this one JSON document by the letter of RFC 8259? Pure.
 *
 * Slower than json_scan.h, but it looks at the form of numbers only and not at their size: the standard knows no
 * largest number, and senders of amounts in the smallest unit of a currency go beyond 64 bits.
 */
#pragma once

#include <stddef.h>

#include "base/text.h"

enum { JSON_GRAMMAR_DEPTH = 10000 };

/* NULL when it is (UTF-8, at most `depth` levels, never more than JSON_GRAMMAR_DEPTH), else what is wrong. */
const char *json_grammar_check(struct text text, size_t depth);
