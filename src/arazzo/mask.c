#include "arazzo/mask.h"

#include <stdlib.h>

#include "arazzo/inputs.h"
#include "base/encoding.h"
#include "base/memory.h"

static void add_copy(struct mask *mask, struct text secret)
{
    if (mask->count == MASK_SECRETS_MOST || secret.size < MASK_SHORTEST)
        return;
    for (size_t i = 0; i < mask->count; i++) {
        if (text_equal(text_of(mask->secrets[i]), secret))
            return;
    }
    char *copy = memory_allocate(secret.size + 1);
    memcpy(copy, secret.data, secret.size);
    copy[secret.size] = '\0';
    mask->secrets[mask->count++] = copy;
}

void mask_add(struct mask *mask, struct text secret)
{
    struct buffer encoded = {0};
    add_copy(mask, secret);
    percent_encode(&encoded, secret);
    if (!text_equal(buffer_text(&encoded), secret))
        add_copy(mask, buffer_text(&encoded));
    buffer_free(&encoded);
}

void mask_add_inputs(struct mask *mask, const json_t *schema, const json_t *inputs)
{
    const char *name;
    json_t *value;
    json_object_foreach((json_t *)inputs, name, value) {
        if (json_is_string(value) && input_is_secret(schema, name))
            mask_add(mask, (struct text){json_string_value(value), json_string_length(value)});
    }
}

/* The secret that begins at this place, 0 bytes for none. */
static size_t secret_at(const struct mask *mask, struct text text)
{
    for (size_t i = 0; i < mask->count; i++) {
        if (text_starts_with(text, text_of(mask->secrets[i])))
            return strlen(mask->secrets[i]);
    }
    return 0;
}

void mask_write(struct buffer *out, const struct mask *mask, struct text text)
{
    size_t plain = 0;
    for (size_t at = 0; at < text.size;) {
        size_t hidden = secret_at(mask, text_slice(text, at, text.size));
        if (hidden == 0) {
            at++;
            continue;
        }
        buffer_append_text(out, text_slice(text, plain, at - plain));
        buffer_append_string(out, "***");
        at += hidden;
        plain = at;
    }
    buffer_append_text(out, text_slice(text, plain, text.size));
}

static json_t *masked_text(const struct mask *mask, const json_t *value)
{
    struct buffer out = {0};
    mask_write(&out, mask, (struct text){json_string_value(value), json_string_length(value)});
    json_t *masked = json_text((struct text){buffer_string(&out), out.size});
    buffer_free(&out);
    return masked;
}

json_t *mask_json(const struct mask *mask, const json_t *value)
{
    const char *key;
    json_t *item, *copy;
    size_t index;
    if (json_is_string(value))
        return masked_text(mask, value);
    if (json_is_array(value)) {
        copy = json_array();
        json_array_foreach(value, index, item)
            json_array_append_new(copy, mask_json(mask, item));
        return copy;
    }
    if (json_is_object(value)) {
        copy = json_object();
        json_object_foreach((json_t *)value, key, item)
            json_object_set_new(copy, key, mask_json(mask, item));
        return copy;
    }
    return json_incref((json_t *)value);
}

static bool hides_header(struct text name)
{
    static const char *const names[] = {"authorization", "proxy-authorization", "cookie", "set-cookie", "x-api-key",
                                        "api-key"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (text_equal_ignoring_case(name, text_of(names[i])))
            return true;
    }
    return false;
}

json_t *mask_headers(const struct http_header *headers, size_t count)
{
    json_t *list = json_array();
    for (size_t i = 0; i < count; i++) {
        json_t *value = hides_header(headers[i].name) ? json_string("***") : json_text(headers[i].value);
        json_array_append_new(list, json_pack("{s:o, s:o}", "name", json_text(headers[i].name), "value", value));
    }
    return list;
}

void mask_free(struct mask *mask)
{
    for (size_t i = 0; i < mask->count; i++)
        free(mask->secrets[i]);
    *mask = (struct mask){0};
}
