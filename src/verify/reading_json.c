/* Members of a JSON body as they were written: some providers sign a part of the body's text. */
#include "verify/reading.h"

#include "base/buffer.h"

static bool is_space(char byte)
{
    return byte == ' ' || byte == '\t' || byte == '\n' || byte == '\r';
}

static size_t skip_space(struct text text, size_t at)
{
    while (at < text.size && is_space(text.data[at]))
        at++;
    return at;
}

/* Behind the string that begins at `at`. */
static size_t skip_string(struct text text, size_t at)
{
    for (at++; at < text.size && text.data[at] != '"'; at++)
        at += text.data[at] == '\\';
    return at + 1;
}

/* Behind the value that begins at `at`: where its depth is back and a comma or an end follows. */
static size_t skip_value(struct text text, size_t at)
{
    size_t depth = 0;
    while (at < text.size) {
        char byte = text.data[at];
        if (byte == '"') {
            at = skip_string(text, at);
            continue;
        }
        if (depth == 0 && (byte == ',' || byte == '}' || byte == ']'))
            break;
        depth += byte == '{' || byte == '[';
        depth -= byte == '}' || byte == ']';
        at++;
    }
    return at;
}

/* The last member of that name, as readers of JSON have it. The body is well formed: it was parsed before. */
struct text reading_raw_member(struct reading *reading, struct text name)
{
    struct text body = reading->input->body, found = TEXT_NONE;
    if (reading_json(reading).type != JSON_VIEW_OBJECT)
        return found;
    size_t at = skip_space(body, 0) + 1;
    while ((at = skip_space(body, at)) < body.size && body.data[at] == '"') {
        size_t key_end = skip_string(body, at);
        struct text key = text_slice(body, at + 1, key_end - at - 2);
        size_t value = skip_space(body, skip_space(body, key_end) + 1), end = skip_value(body, value);
        if (text_equal(key, name))
            found = text_trim(text_slice(body, value, end - value));
        at = skip_space(body, end);
        at += at < body.size && body.data[at] == ',';
    }
    return found;
}

/* The code point of the UTF-8 sequence at `at`, which is well formed. */
static unsigned code_point(struct text text, size_t *at)
{
    unsigned char first = (unsigned char)text.data[*at];
    size_t more = first >= 0xF0 ? 3 : first >= 0xE0 ? 2 : 1;
    unsigned point = first & (0x3Fu >> more);
    for (size_t i = 0; i < more && *at + 1 < text.size; i++)
        point = point << 6 | ((unsigned char)text.data[++*at] & 0x3F);
    return point;
}

static void write_escaped(struct buffer *out, unsigned point)
{
    if (point >= 0x10000)
        buffer_printf(out, "\\u%04x\\u%04x", 0xD800 + ((point - 0x10000) >> 10), 0xDC00 + ((point - 0x10000) & 0x3FF));
    else
        buffer_printf(out, "\\u%04x", point);
}

struct text reading_php_json(struct reading *reading, struct text json)
{
    struct buffer *out = &reading->built;
    bool in_string = false;
    buffer_clear(out);
    for (size_t i = 0; i < json.size; i++) {
        char byte = json.data[i];
        if (byte == '\\' && in_string && i + 1 < json.size) {
            buffer_append_byte(out, byte);
            buffer_append_byte(out, json.data[++i]);
        } else if (in_string && (unsigned char)byte >= 0x80) {
            write_escaped(out, code_point(json, &i));
        } else if (in_string && byte == '/') {
            buffer_append_string(out, "\\/");
        } else if (in_string || !is_space(byte)) {
            in_string ^= byte == '"';
            buffer_append_byte(out, byte);
        }
    }
    return json.data != NULL && !out->failed ? buffer_text(out) : TEXT_NONE;
}
