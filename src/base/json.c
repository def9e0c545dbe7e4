#include "base/json.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/memory.h"

json_t *json_parse(struct text text, struct error *error)
{
    json_error_t problem;
    ptrdiff_t nul = text_find_byte(text, '\0');
    if (nul >= 0) { /* jansson takes one behind a word for the end of the text */
        error_set(error, ERROR_INVALID, "invalid JSON: a NUL at byte %td", nul + 1);
        return NULL;
    }
    json_t *value = json_loadb(text.data ? text.data : "", text.size,
                               JSON_DECODE_ANY | JSON_REJECT_DUPLICATES, &problem);
    if (value == NULL) {
        const char *near = strstr(problem.text, " near '"); /* what stands there may be a secret */
        error_set(error, ERROR_INVALID, "invalid JSON at line %d, column %d: %.*s", problem.line, problem.column,
                  near != NULL ? (int)(near - problem.text) : (int)strlen(problem.text), problem.text);
    }
    return value;
}

static int append_chunk(const char *bytes, size_t size, void *out)
{
    return buffer_append(out, bytes, size) ? 0 : -1;
}

bool json_write(struct buffer *out, const json_t *value)
{
    return json_dump_callback(value, append_chunk, out, JSON_COMPACT | JSON_ENCODE_ANY) == 0;
}

char *json_to_string(const json_t *value)
{
    return json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY);
}

json_t *json_member(const json_t *object, const char *name)
{
    return json_object_get(object, name);
}

struct text json_member_text(const json_t *object, const char *name)
{
    const json_t *member = json_object_get(object, name);
    if (!json_is_string(member))
        return TEXT_NONE;
    return (struct text){json_string_value(member), json_string_length(member)};
}

int64_t json_member_integer(const json_t *object, const char *name, int64_t otherwise)
{
    const json_t *member = json_object_get(object, name);
    return json_is_integer(member) ? json_integer_value(member) : otherwise;
}

bool json_member_true(const json_t *object, const char *name)
{
    return json_is_true(json_object_get(object, name));
}

/* Copies the text with every byte that is no part of well-formed UTF-8 replaced. */
static json_t *repaired_string(struct text text)
{
    struct buffer out = {0};
    for (size_t i = 0; i < text.size;) {
        size_t size = 1;
        while (size <= 4 && i + size <= text.size && !text_is_utf8(text_slice(text, i, size)))
            size++;
        if (size > 4 || i + size > text.size) {
            buffer_append_string(&out, "\xEF\xBF\xBD");
            i++;
        } else {
            buffer_append(&out, text.data + i, size);
            i += size;
        }
    }
    json_t *value = json_stringn(out.data ? out.data : "", out.size);
    buffer_free(&out);
    return value;
}

json_t *json_text(struct text text)
{
    if (text.data == NULL)
        return json_null();
    json_t *value = json_stringn(text.data, text.size);
    return value ? value : repaired_string(text);
}

json_t *json_moment(int64_t moment_ms)
{
    if (moment_ms == 0)
        return json_null();
    char text[CLOCK_TEXT_SIZE];
    clock_format(moment_ms, text);
    return json_string(text);
}

const char *json_type_name(const json_t *value)
{
    static const char *const names[] = {
        [JSON_OBJECT] = "an object", [JSON_ARRAY] = "an array", [JSON_STRING] = "a string",
        [JSON_INTEGER] = "an integer", [JSON_REAL] = "a number", [JSON_TRUE] = "true",
        [JSON_FALSE] = "false", [JSON_NULL] = "null",
    };
    return value ? names[json_typeof(value)] : "absent";
}
