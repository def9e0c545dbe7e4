#include "base/json_grammar.h"

/* What stands before the reader: values and the punctuation between them. */
struct reader {
    struct text rest;
    size_t depth, most;
    unsigned char is_object[JSON_GRAMMAR_DEPTH / 8 + 1]; /* one bit for each open level */
};

static void skip(struct reader *reader, size_t size)
{
    reader->rest = text_slice(reader->rest, size, reader->rest.size);
}

static char next(const struct reader *reader)
{
    return reader->rest.size > 0 ? reader->rest.data[0] : '\0';
}

static bool take(struct reader *reader, char byte)
{
    if (reader->rest.size == 0 || reader->rest.data[0] != byte)
        return false;
    skip(reader, 1);
    return true;
}

static void skip_space(struct reader *reader)
{
    size_t size = 0;
    while (size < reader->rest.size && strchr(" \t\r\n", reader->rest.data[size]) != NULL &&
           reader->rest.data[size] != '\0')
        size++;
    skip(reader, size);
}

static bool take_digits(struct reader *reader)
{
    size_t size = 0;
    while (size < reader->rest.size && reader->rest.data[size] >= '0' && reader->rest.data[size] <= '9')
        size++;
    skip(reader, size);
    return size > 0;
}

static bool take_number(struct reader *reader)
{
    take(reader, '-');
    if (!take(reader, '0') && !take_digits(reader))
        return false;
    if (take(reader, '.') && !take_digits(reader))
        return false;
    if (take(reader, 'e') || take(reader, 'E')) {
        if (!take(reader, '+'))
            take(reader, '-');
        return take_digits(reader);
    }
    return true;
}

/* Four hexadecimal digits. */
static bool take_unit(struct reader *reader, unsigned *unit)
{
    *unit = 0;
    for (int i = 0; i < 4; i++) {
        char digit = next(reader);
        int value = digit >= '0' && digit <= '9'   ? digit - '0'
                    : digit >= 'a' && digit <= 'f' ? digit - 'a' + 10
                    : digit >= 'A' && digit <= 'F' ? digit - 'A' + 10
                                                   : -1;
        if (value < 0)
            return false;
        *unit = *unit * 16 + (unsigned)value;
        skip(reader, 1);
    }
    return true;
}

/* What follows a backslash. Surrogates come in pairs, or the string would have no form in UTF-8. */
static bool take_escape(struct reader *reader)
{
    unsigned unit, low;
    if (!take(reader, 'u')) {
        char byte = next(reader);
        skip(reader, 1);
        return byte != '\0' && strchr("\"\\/bfnrt", byte) != NULL;
    }
    if (!take_unit(reader, &unit) || (unit >= 0xDC00 && unit <= 0xDFFF))
        return false;
    if (unit < 0xD800 || unit > 0xDBFF)
        return true;
    return take(reader, '\\') && take(reader, 'u') && take_unit(reader, &low) && low >= 0xDC00 && low <= 0xDFFF;
}

static bool take_string(struct reader *reader)
{
    if (!take(reader, '"'))
        return false;
    while (reader->rest.size > 0) {
        if (take(reader, '"'))
            return true;
        if (take(reader, '\\')) {
            if (!take_escape(reader))
                return false;
        } else if ((unsigned char)next(reader) < ' ') {
            return false;
        } else {
            skip(reader, 1);
        }
    }
    return false;
}

static bool take_word(struct reader *reader)
{
    static const struct text words[] = {{"true", 4}, {"false", 5}, {"null", 4}};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (text_starts_with(reader->rest, words[i])) {
            skip(reader, words[i].size);
            return true;
        }
    }
    return false;
}

static bool in_object(const struct reader *reader)
{
    size_t level = reader->depth - 1;
    return (reader->is_object[level / 8] >> level % 8 & 1) != 0;
}

static bool open_level(struct reader *reader, bool object)
{
    size_t level = reader->depth;
    if (level >= reader->most)
        return false;
    unsigned bit = 1u << level % 8, others = reader->is_object[level / 8] & ~bit;
    reader->is_object[level / 8] = (unsigned char)(object ? others | bit : others);
    reader->depth++;
    return true;
}

static bool take_name(struct reader *reader)
{
    skip_space(reader);
    if (!take_string(reader))
        return false;
    skip_space(reader);
    return take(reader, ':');
}

/* Behind a value: closes what ends there, up to a comma (then a value follows) or the end of the document. */
static bool take_separator(struct reader *reader, bool *more)
{
    for (*more = false; reader->depth > 0; reader->depth--) {
        skip_space(reader);
        if (take(reader, ',')) {
            *more = true;
            return !in_object(reader) || take_name(reader);
        }
        if (!take(reader, in_object(reader) ? '}' : ']'))
            return false;
    }
    return true;
}

/* One value, or the beginning of an array or object that is not empty (then *inside). */
static const char *take_value(struct reader *reader, bool *inside)
{
    *inside = false;
    skip_space(reader);
    char first = next(reader);
    if (first == '{' || first == '[') {
        bool object = first == '{';
        if (!open_level(reader, object))
            return "the document is nested too deeply";
        skip(reader, 1);
        skip_space(reader);
        if (take(reader, object ? '}' : ']')) {
            reader->depth--;
            return NULL;
        }
        *inside = true;
        return !object || take_name(reader) ? NULL : "a member has no name";
    }
    if (first == '"')
        return take_string(reader) ? NULL : "a string is malformed";
    if (first == '-' || (first >= '0' && first <= '9'))
        return take_number(reader) ? NULL : "a number is malformed";
    return take_word(reader) ? NULL : "a value is malformed or missing";
}

const char *json_grammar_check(struct text text, size_t depth)
{
    struct reader reader = {.rest = text, .most = depth < JSON_GRAMMAR_DEPTH ? depth : JSON_GRAMMAR_DEPTH};
    bool more = true;
    if (!text_is_utf8(text))
        return "the document is not UTF-8";
    while (more) {
        const char *problem = take_value(&reader, &more);
        if (problem != NULL)
            return problem;
        if (!more && !take_separator(&reader, &more))
            return "a comma or closing bracket is missing";
    }
    skip_space(&reader);
    return reader.rest.size == 0 ? NULL : "something follows the document";
}
