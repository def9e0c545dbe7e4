#include "arazzo/pattern.h"

#include <stdlib.h>

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include "base/buffer.h"
#include "base/memory.h"

enum { MATCH_STEPS = 1000000, MATCH_HEAP_KIB = 20000, PATTERN_BYTES = 65536 };

struct pattern {
    pcre2_code *code;
    pcre2_match_context *bounds;
};

/* Outside of brackets "." becomes a class; everything else has the same meaning in both forms. */
static void translate_iregexp(struct buffer *out, struct text expression)
{
    bool in_class = false;
    for (size_t i = 0; i < expression.size; i++) {
        char byte = expression.data[i];
        if (byte == '\\' && i + 1 < expression.size) {
            buffer_append_byte(out, byte);
            buffer_append_byte(out, expression.data[++i]);
            continue;
        }
        if (byte == '[')
            in_class = true;
        else if (byte == ']')
            in_class = false;
        if (byte == '.' && !in_class)
            buffer_append_string(out, "[^\\n\\r]");
        else
            buffer_append_byte(out, byte);
    }
}

struct pattern *pattern_compile(struct text expression, enum pattern_form form, struct error *error)
{
    struct buffer translated = {0};
    int number;
    PCRE2_SIZE offset;
    if (expression.size > PATTERN_BYTES) {
        error_set(error, ERROR_TOO_LARGE, "a regular expression may have %d bytes", PATTERN_BYTES);
        return NULL;
    }
    if (form == PATTERN_IREGEXP)
        translate_iregexp(&translated, expression);
    else
        buffer_append_text(&translated, expression);
    pcre2_code *code = pcre2_compile((PCRE2_SPTR)buffer_string(&translated), translated.size,
                                     PCRE2_UTF | PCRE2_NEVER_BACKSLASH_C, &number, &offset, NULL);
    buffer_free(&translated);
    if (code == NULL) {
        PCRE2_UCHAR reason[160];
        pcre2_get_error_message(number, reason, sizeof reason);
        error_set(error, ERROR_INVALID, "the regular expression is malformed at character %zu: %s", (size_t)offset,
                  (const char *)reason);
        return NULL;
    }
    struct pattern *pattern = NEW(struct pattern);
    pattern->code = code;
    pattern->bounds = pcre2_match_context_create(NULL);
    if (pattern->bounds == NULL) {
        pattern_free(pattern);
        error_set(error, ERROR_TOO_LARGE, "no memory for a regular expression");
        return NULL;
    }
    pcre2_set_match_limit(pattern->bounds, MATCH_STEPS);
    pcre2_set_heap_limit(pattern->bounds, MATCH_HEAP_KIB);
    return pattern;
}

bool pattern_match(const struct pattern *pattern, struct text subject, bool whole, bool *matched,
                   struct error *error)
{
    pcre2_match_data *data = pcre2_match_data_create(1, NULL);
    if (data == NULL)
        return error_set(error, ERROR_TOO_LARGE, "no memory for a regular expression");
    int result = pcre2_match(pattern->code, (PCRE2_SPTR)(subject.data ? subject.data : ""), subject.size, 0,
                             whole ? PCRE2_ANCHORED | PCRE2_ENDANCHORED : 0, data, pattern->bounds);
    pcre2_match_data_free(data);
    if (result < 0 && result != PCRE2_ERROR_NOMATCH) {
        PCRE2_UCHAR reason[160];
        pcre2_get_error_message(result, reason, sizeof reason);
        return error_set(error, ERROR_TOO_LARGE, "the regular expression gave up: %s", (const char *)reason);
    }
    *matched = result >= 0;
    return true;
}

void pattern_free(struct pattern *pattern)
{
    if (pattern == NULL)
        return;
    pcre2_match_context_free(pattern->bounds);
    pcre2_code_free(pattern->code);
    free(pattern);
}
