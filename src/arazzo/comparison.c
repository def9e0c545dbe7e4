#include "arazzo/comparison.h"

#include <math.h>
#include <stdlib.h>
#include <strings.h>

enum { NUMBER_DIGITS_MOST = 64 };

size_t comparison_read(struct text text, enum comparison *comparison)
{
    static const struct {
        const char *token;
        enum comparison comparison;
    } tokens[] = { /* the longer ones first */
        {"==", COMPARISON_EQUAL}, {"!=", COMPARISON_NOT_EQUAL}, {"<=", COMPARISON_LESS_EQUAL},
        {">=", COMPARISON_GREATER_EQUAL}, {"<", COMPARISON_LESS}, {">", COMPARISON_GREATER},
    };
    for (size_t i = 0; i < sizeof tokens / sizeof tokens[0]; i++) {
        if (text_starts_with(text, text_of(tokens[i].token))) {
            *comparison = tokens[i].comparison;
            return strlen(tokens[i].token);
        }
    }
    return 0;
}

/* What the six operators ask of an order: -1, 0 or 1. */
static bool order_fits(int order, enum comparison comparison)
{
    switch (comparison) {
    case COMPARISON_EQUAL: return order == 0;
    case COMPARISON_NOT_EQUAL: return order != 0;
    case COMPARISON_LESS_EQUAL: return order <= 0;
    case COMPARISON_GREATER_EQUAL: return order >= 0;
    case COMPARISON_LESS: return order < 0;
    default: return order > 0;
    }
}

/* A new integer or real when the text is a number as a whole, else NULL. */
static json_t *number_of_text(const json_t *value)
{
    char copy[NUMBER_DIGITS_MOST + 1], *end;
    size_t size = json_string_length(value);
    int64_t integer;
    if (size == 0 || size > NUMBER_DIGITS_MOST || strspn(json_string_value(value), "0123456789+-.eE") != size)
        return NULL;
    if (text_to_integer((struct text){json_string_value(value), size}, &integer))
        return json_integer(integer);
    memcpy(copy, json_string_value(value), size);
    copy[size] = '\0';
    double real = strtod(copy, &end);
    return *end == '\0' && isfinite(real) ? json_real(real) : NULL;
}

static int order_of_numbers(const json_t *left, const json_t *right)
{
    if (json_is_integer(left) && json_is_integer(right)) {
        json_int_t a = json_integer_value(left), b = json_integer_value(right);
        return (a > b) - (a < b);
    }
    double a = json_number_value(left), b = json_number_value(right);
    return (a > b) - (a < b);
}

static int order_of_texts(const json_t *left, const json_t *right)
{
    size_t a = json_string_length(left), b = json_string_length(right);
    int order = strncasecmp(json_string_value(left), json_string_value(right), a < b ? a : b);
    return order != 0 ? order : (a > b) - (a < b);
}

bool comparison_holds(const json_t *left, enum comparison comparison, const json_t *right)
{
    if (json_is_number(left) && json_is_number(right))
        return order_fits(order_of_numbers(left, right), comparison);
    if (json_is_string(left) && json_is_string(right))
        return order_fits(order_of_texts(left, right), comparison);
    if ((json_is_number(left) && json_is_string(right)) || (json_is_string(left) && json_is_number(right))) {
        json_t *number = number_of_text(json_is_string(left) ? left : right);
        bool holds = number == NULL             ? comparison == COMPARISON_NOT_EQUAL
                     : json_is_string(left)     ? order_fits(order_of_numbers(number, right), comparison)
                                                : order_fits(order_of_numbers(left, number), comparison);
        json_decref(number);
        return holds;
    }
    bool left_null = left == NULL || json_is_null(left), right_null = right == NULL || json_is_null(right);
    bool equal = left_null || right_null ? left_null && right_null : json_equal(left, right);
    return comparison == COMPARISON_NOT_EQUAL ? !equal : comparison == COMPARISON_EQUAL && equal;
}
