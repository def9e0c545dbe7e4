#include "arazzo/json_pointer.h"

#include "base/buffer.h"

bool json_pointer_is_valid(struct text pointer)
{
    if (pointer.size > 0 && pointer.data[0] != '/')
        return false;
    for (size_t i = 0; i < pointer.size; i++) {
        bool escape = pointer.data[i] == '~';
        if (escape && (i + 1 == pointer.size || (pointer.data[i + 1] != '0' && pointer.data[i + 1] != '1')))
            return false;
    }
    return true;
}

void json_pointer_unescape(struct buffer *out, struct text part)
{
    for (size_t i = 0; i < part.size; i++) {
        if (part.data[i] == '~' && i + 1 < part.size)
            buffer_append_byte(out, part.data[++i] == '1' ? '/' : '~');
        else
            buffer_append_byte(out, part.data[i]);
    }
}

/* "0" or digits without a leading zero. */
static bool read_index(struct text part, size_t *index)
{
    int64_t number;
    if (part.size == 0 || part.data[0] == '-' || (part.data[0] == '0' && part.size > 1) ||
        !text_to_integer(part, &number))
        return false;
    *index = (size_t)number;
    return true;
}

static json_t *child(const json_t *value, struct text part)
{
    size_t index;
    if (json_is_array(value))
        return read_index(part, &index) ? json_array_get(value, index) : NULL;
    struct buffer name = {0};
    json_pointer_unescape(&name, part);
    json_t *found = name.failed ? NULL : json_object_getn(value, name.data ? name.data : "", name.size);
    buffer_free(&name);
    return found;
}

json_t *json_pointer_get(const json_t *root, struct text pointer)
{
    struct text part, rest = text_slice(pointer, 1, pointer.size);
    if (!json_pointer_is_valid(pointer))
        return NULL;
    json_t *value = (json_t *)root;
    if (pointer.size == 0)
        return value;
    while (value != NULL && text_split(&rest, '/', &part))
        value = child(value, part);
    return value;
}

static bool set_child(json_t *parent, struct text part, json_t *value)
{
    size_t index;
    if (json_is_array(parent)) {
        if (text_equal(part, TEXT("-")))
            return json_array_append(parent, value) == 0;
        return read_index(part, &index) && json_array_set(parent, index, value) == 0;
    }
    struct buffer name = {0};
    json_pointer_unescape(&name, part);
    bool good = json_object_setn(parent, buffer_string(&name), name.size, value) == 0;
    buffer_free(&name);
    return good;
}

bool json_pointer_set(json_t **root, struct text pointer, json_t *value, struct error *error)
{
    if (!json_pointer_is_valid(pointer))
        return error_set(error, ERROR_INVALID, "\"%.*s\" is no JSON Pointer", TEXT_ARGS(pointer));
    if (pointer.size == 0) {
        json_incref(value);
        json_decref(*root);
        *root = value;
        return true;
    }
    size_t slash = pointer.size - 1;
    while (pointer.data[slash] != '/')
        slash--;
    json_t *parent = json_pointer_get(*root, text_slice(pointer, 0, slash));
    if (parent == NULL || !set_child(parent, text_slice(pointer, slash + 1, pointer.size), value))
        return error_set(error, ERROR_INVALID, "there is no place \"%.*s\" to put a value", TEXT_ARGS(pointer));
    return true;
}
