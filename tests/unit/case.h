/*
 * case.h - what every table-driven test program begins with: cmocka and its needs, texts compared with a readable
 * failure.
 */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/text.h"

#define ASSERT_TEXT(actual, expected)                                                                   \
    do {                                                                                                \
        struct text got_ = (actual);                                                                    \
        if (!text_equal(got_, text_of(expected)))                                                       \
            fail_msg("\"%.*s\" is not \"%s\"", TEXT_ARGS(got_), (expected));                            \
    } while (0)

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

/* `what` names the case. NULL stands for TEXT_NONE. */
static inline void check_text(const char *what, struct text text, const char *expected)
{
    bool same = expected == NULL ? text.data == NULL : text.data != NULL && text_equal(text, text_of(expected));
    if (!same)
        fail_msg("%s: \"%.*s\" in place of \"%s\"", what, TEXT_ARGS(text), expected ? expected : "(none)");
}

static inline void check_integer(const char *what, const char *field, int64_t value, int64_t expected)
{
    if (value != expected)
        fail_msg("%s: %s is %lld in place of %lld", what, field, (long long)value, (long long)expected);
}
