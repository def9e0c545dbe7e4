/* How JavaScript compares values. */
#include "rules/filter_node.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { LONGEST_NUMBER = 400, DEEPEST_VALUE = 200 };

bool value_is_scalar(struct json_view view)
{
    return view.type >= JSON_VIEW_NULL && view.type <= JSON_VIEW_TEXT;
}

static bool is_space(char byte)
{
    return byte == ' ' || (byte >= '\t' && byte <= '\r');
}

/* Digits of base 2, 8 or 16 behind "0b", "0o", "0x". */
static double prefixed_number(const char *text)
{
    static const struct {
        char name;
        int base;
    } bases[] = {{'b', 2}, {'o', 8}, {'x', 16}};
    for (size_t i = 0; i < sizeof bases / sizeof bases[0]; i++) {
        if ((text[1] | ('a' - 'A')) != bases[i].name || text[2] == '\0')
            continue;
        double number = 0;
        for (const char *at = text + 2; *at != '\0'; at++) {
            int lower = *at | ('a' - 'A');
            int digit = *at >= '0' && *at <= '9' ? *at - '0' : lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : 16;
            if (digit >= bases[i].base)
                return NAN;
            number = number * bases[i].base + digit;
        }
        return number;
    }
    return NAN;
}

/* JavaScript's Number(text). */
static double number_of_text(struct text text)
{
    char copy[LONGEST_NUMBER + 1], *end;
    while (text.size > 0 && is_space(text.data[0]))
        text = text_slice(text, 1, text.size);
    while (text.size > 0 && is_space(text.data[text.size - 1]))
        text.size--;
    if (text.size == 0)
        return 0;
    if (text.size > LONGEST_NUMBER)
        return NAN;
    memcpy(copy, text.data, text.size);
    copy[text.size] = '\0';
    const char *digits = copy + (copy[0] == '-' || copy[0] == '+');
    if (strcmp(digits, "Infinity") == 0)
        return copy[0] == '-' ? -INFINITY : INFINITY;
    if (copy[0] == '0' && (copy[1] | ('a' - 'A')) >= 'b' && (copy[1] | ('a' - 'A')) != 'e')
        return prefixed_number(copy);
    /* strtod would take "inf", "nan" and hexadecimal fractions too. */
    if (strspn(digits, "0123456789.eE+-") != strlen(digits))
        return NAN;
    double number = strtod(copy, &end);
    return end == copy + text.size ? number : NAN;
}

static double number_of(struct json_view view)
{
    return view.type == JSON_VIEW_TEXT ? number_of_text(view.text) : view.number;
}

bool values_equal_loosely(struct json_view a, struct json_view b)
{
    if (a.type == JSON_VIEW_NULL || b.type == JSON_VIEW_NULL)
        return a.type == b.type;
    if (a.type == JSON_VIEW_TEXT && b.type == JSON_VIEW_TEXT)
        return text_equal(a.text, b.text);
    return number_of(a) == number_of(b);
}

static bool equal_at(struct json_view a, struct json_view b, int64_t *steps, int depth)
{
    if (a.type != b.type || --*steps < 0 || depth > DEEPEST_VALUE)
        return false;
    if (value_is_scalar(a))
        return a.type == JSON_VIEW_TEXT ? text_equal(a.text, b.text) : a.number == b.number;
    struct json_walk of_a = json_view_walk(a), of_b = json_view_walk(b);
    struct json_view item_a, item_b;
    struct text key_a, key_b;
    for (;;) {
        bool more_a = json_walk_next(&of_a, &key_a, &item_a), more_b = json_walk_next(&of_b, &key_b, &item_b);
        if (!more_a || !more_b)
            return more_a == more_b;
        if (!text_equal(key_a, key_b) || !equal_at(item_a, item_b, steps, depth + 1))
            return false;
    }
}

bool values_equal_as_json(struct json_view a, struct json_view b, int64_t *steps)
{
    return equal_at(a, b, steps, 0);
}

/* By UTF-16 units: what takes two of them (4 bytes here) comes before U+E000 to U+FFFF. */
static int compare_texts(struct text a, struct text b)
{
    size_t size = a.size < b.size ? a.size : b.size, i = 0;
    while (i < size && a.data[i] == b.data[i])
        i++;
    if (i == size)
        return a.size < b.size ? -1 : a.size > b.size;
    unsigned char byte_a = (unsigned char)a.data[i], byte_b = (unsigned char)b.data[i];
    bool below = byte_a < byte_b;
    if (byte_a >= 0xEE && byte_b >= 0xEE && (byte_a >= 0xF0) != (byte_b >= 0xF0))
        below = !below;
    return below ? -1 : 1;
}

int values_compare(struct json_view a, struct json_view b)
{
    bool comparable = (a.type == JSON_VIEW_TEXT || a.type == JSON_VIEW_NUMBER) &&
                      (b.type == JSON_VIEW_TEXT || b.type == JSON_VIEW_NUMBER);
    if (!comparable)
        return 2;
    if (a.type == JSON_VIEW_TEXT && b.type == JSON_VIEW_TEXT)
        return compare_texts(a.text, b.text);
    double left = number_of(a), right = number_of(b);
    return left < right ? -1 : left > right ? 1 : left == right ? 0 : 2;
}
