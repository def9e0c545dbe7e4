/*
 * case.h - what every table test needs: cmocka in the order it wants, and comparisons of texts.
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
