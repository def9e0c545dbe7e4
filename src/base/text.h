/*
 * text.h - a slice of bytes that somebody else owns.
 *
 * Not NUL-terminated. Two texts with size 0 are equal whatever their data pointers.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct text {
    const char *data;
    size_t size;
};

#define TEXT(literal) ((struct text){"" literal, sizeof(literal) - 1})
#define TEXT_NONE ((struct text){NULL, 0})
/* For printf's "%.*s". */
#define TEXT_ARGS(text) (int)(text).size, (text).data

static inline struct text text_of(const char *string) /* NULL gives TEXT_NONE */
{
    return (struct text){string, string ? strlen(string) : 0};
}

static inline bool text_equal(struct text a, struct text b)
{
    return a.size == b.size && (a.size == 0 || memcmp(a.data, b.data, a.size) == 0);
}

bool text_equal_ignoring_case(struct text a, struct text b); /* ASCII only */
bool text_starts_with(struct text text, struct text prefix);
bool text_ends_with(struct text text, struct text suffix);
/* Index of the first occurrence, or -1. */
ptrdiff_t text_find(struct text text, struct text needle);
ptrdiff_t text_find_byte(struct text text, char byte);
/* From start (cut to the end) up to `size` bytes. */
struct text text_slice(struct text text, size_t start, size_t size);
/* Without spaces, tabs, CR and LF at both ends. */
struct text text_trim(struct text text);
/*
 * Takes the part before the next separator off *rest and returns true, until nothing is left:
 * "a," gives "a" and "", an empty text gives one empty part, TEXT_NONE gives none.
 */
bool text_split(struct text *rest, char separator, struct text *part);
/* Decimal, optional minus, the whole text, no overflow. */
bool text_to_integer(struct text text, int64_t *value);
/* Constant time in the content (not in the sizes). */
bool text_equal_constant_time(struct text a, struct text b);
bool text_is_utf8(struct text text);
