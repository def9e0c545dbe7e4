#include "base/text.h"

static char lower(char byte)
{
    return byte >= 'A' && byte <= 'Z' ? (char)(byte + ('a' - 'A')) : byte;
}

bool text_equal_ignoring_case(struct text a, struct text b)
{
    if (a.size != b.size)
        return false;
    for (size_t i = 0; i < a.size; i++) {
        if (lower(a.data[i]) != lower(b.data[i]))
            return false;
    }
    return true;
}

bool text_starts_with(struct text text, struct text prefix)
{
    return text.size >= prefix.size && text_equal(text_slice(text, 0, prefix.size), prefix);
}

bool text_ends_with(struct text text, struct text suffix)
{
    return text.size >= suffix.size &&
           text_equal(text_slice(text, text.size - suffix.size, suffix.size), suffix);
}

ptrdiff_t text_find(struct text text, struct text needle)
{
    if (needle.size == 0)
        return 0;
    if (text.size < needle.size)
        return -1;
    const char *found = memmem(text.data, text.size, needle.data, needle.size);
    return found ? found - text.data : -1;
}

ptrdiff_t text_find_byte(struct text text, char byte)
{
    if (text.size == 0)
        return -1;
    const char *found = memchr(text.data, byte, text.size);
    return found ? found - text.data : -1;
}

struct text text_slice(struct text text, size_t start, size_t size)
{
    if (start > text.size)
        start = text.size;
    if (size > text.size - start)
        size = text.size - start;
    return (struct text){text.data ? text.data + start : NULL, size};
}

static bool is_space(char byte)
{
    return byte == ' ' || byte == '\t' || byte == '\r' || byte == '\n';
}

struct text text_trim(struct text text)
{
    while (text.size > 0 && is_space(text.data[0]))
        text = text_slice(text, 1, text.size);
    while (text.size > 0 && is_space(text.data[text.size - 1]))
        text.size--;
    return text;
}

bool text_split(struct text *rest, char separator, struct text *part)
{
    if (rest->data == NULL)
        return false;
    ptrdiff_t at = text_find_byte(*rest, separator);
    if (at < 0) {
        *part = *rest;
        *rest = TEXT_NONE;
        return true;
    }
    *part = text_slice(*rest, 0, (size_t)at);
    *rest = text_slice(*rest, (size_t)at + 1, rest->size);
    return true;
}

bool text_to_integer(struct text text, int64_t *value)
{
    size_t i = 0;
    bool negative = text.size > 0 && text.data[0] == '-';
    if (negative)
        i = 1;
    if (i == text.size)
        return false;
    int64_t result = 0;
    for (; i < text.size; i++) {
        if (text.data[i] < '0' || text.data[i] > '9')
            return false;
        if (__builtin_mul_overflow(result, 10, &result) ||
            __builtin_sub_overflow(result, text.data[i] - '0', &result))
            return false;
    }
    if (!negative && __builtin_sub_overflow(0, result, &result))
        return false;
    *value = result;
    return true;
}

bool text_equal_constant_time(struct text a, struct text b)
{
    if (a.size != b.size)
        return false;
    unsigned char difference = 0;
    for (size_t i = 0; i < a.size; i++)
        difference |= (unsigned char)(a.data[i] ^ b.data[i]);
    return *(volatile unsigned char *)&difference == 0;
}

/* How many bytes the well-formed UTF-8 sequence at `p` has, 0 if there is none (RFC 3629). */
static size_t utf8_sequence(const unsigned char *p, size_t left)
{
    if (p[0] < 0x80)
        return 1;
    if (p[0] < 0xC2)
        return 0;
    size_t size = p[0] < 0xE0 ? 2 : p[0] < 0xF0 ? 3 : p[0] < 0xF5 ? 4 : 0;
    if (size == 0 || size > left)
        return 0;
    unsigned char low = p[0] == 0xE0 ? 0xA0 : p[0] == 0xF0 ? 0x90 : 0x80;
    unsigned char high = p[0] == 0xED ? 0x9F : p[0] == 0xF4 ? 0x8F : 0xBF;
    if (p[1] < low || p[1] > high)
        return 0;
    for (size_t i = 2; i < size; i++) {
        if ((p[i] & 0xC0) != 0x80)
            return 0;
    }
    return size;
}

bool text_is_utf8(struct text text)
{
    const unsigned char *p = (const unsigned char *)text.data;
    for (size_t i = 0; i < text.size;) {
        size_t size = utf8_sequence(p + i, text.size - i);
        if (size == 0)
            return false;
        i += size;
    }
    return true;
}
