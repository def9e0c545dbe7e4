/* Bodies that are forms: application/x-www-form-urlencoded and multipart (OpenAPI 3.0.3, section 4.7.14). */
#include "arazzo/body_form.h"

#include "arazzo/parameter_style.h"
#include "arazzo/value.h"
#include "base/encoding.h"
#include "base/random.h"

bool body_write_form(struct request_parts *parts, struct text type, const json_t *payload)
{
    const char *name;
    json_t *value;
    struct buffer *out = &parts->exchange->body;
    const char *media = arena_copy_string(&parts->exchange->arena, type);
    json_object_foreach((json_t *)payload, name, value) {
        size_t before = out->size;
        if (before > 0)
            buffer_append_byte(out, '&');
        size_t start = out->size;
        style_write_query(out, operation_body_encoding(parts->operation, media, name), name, value);
        if (out->size == start)
            out->size = before;
    }
    return true;
}

/* ---- multipart ---- */

/* Quotes and line breaks in names, as browsers write them. */
static void write_quoted(struct buffer *out, const char *text)
{
    buffer_append_byte(out, '"');
    for (; *text != '\0'; text++) {
        if (*text == '"' || *text == '\r' || *text == '\n')
            buffer_printf(out, "%%%02X", (unsigned)*text);
        else
            buffer_append_byte(out, *text);
    }
    buffer_append_byte(out, '"');
}

static bool is_binary(const json_t *schema)
{
    struct text format = json_member_text(schema, "format"), type = json_member_text(schema, "type");
    return text_equal(format, TEXT("binary")) || text_equal(format, TEXT("base64")) || text_equal(type, TEXT("file")) ||
           json_object_get(schema, "contentMediaType") != NULL;
}

/* What OpenAPI says: the encoding's contentType, else by the kind of value. */
static struct text part_type(const struct request_parts *parts, const char *media, const char *name,
                             const json_t *value)
{
    struct text said = json_member_text(operation_body_encoding(parts->operation, media, name), "contentType");
    const json_t *schema = operation_body_property(parts->operation, media, name);
    ptrdiff_t comma = text_find_byte(said, ',');
    if (said.size > 0)
        return text_trim(comma < 0 ? said : text_slice(said, 0, (size_t)comma));
    if (is_binary(schema))
        return TEXT("application/octet-stream");
    return json_is_object(value) || json_is_array(value) ? TEXT("application/json") : TEXT_NONE;
}

static void write_part(struct request_parts *parts, const char *media, const char *boundary, const char *name,
                       const json_t *value)
{
    struct buffer *out = &parts->exchange->body;
    struct text type = part_type(parts, media, name, value);
    bool is_file = is_binary(operation_body_property(parts->operation, media, name));
    buffer_printf(out, "--%s\r\nContent-Disposition: form-data; name=", boundary);
    write_quoted(out, name);
    if (is_file) {
        buffer_append_string(out, "; filename=");
        write_quoted(out, name);
    }
    if (type.size > 0)
        buffer_printf(out, "\r\nContent-Type: %.*s", TEXT_ARGS(type));
    buffer_append_string(out, "\r\n\r\n");
    if (!json_is_null(value))
        value_write_text(out, value);
    buffer_append_string(out, "\r\n");
}

/* A boundary that the document names is used; else a random one, which no content can hold by chance. */
static const char *choose_boundary(struct request_parts *parts, struct text *type)
{
    struct arena *arena = &parts->exchange->arena;
    ptrdiff_t at = text_find(*type, TEXT("boundary="));
    if (at >= 0) {
        struct text said = text_slice(*type, (size_t)at + 9, type->size);
        ptrdiff_t end = text_find_byte(said, ';');
        said = text_trim(end < 0 ? said : text_slice(said, 0, (size_t)end));
        if (said.size > 2 && said.data[0] == '"')
            said = text_slice(said, 1, said.size - 2);
        return arena_copy_string(arena, said);
    }
    unsigned char bytes[12];
    struct buffer digits = {0};
    random_bytes(bytes, sizeof bytes);
    hex_encode(&digits, (struct text){(const char *)bytes, sizeof bytes});
    const char *boundary = arena_printf(arena, "fairlead-%s", buffer_string(&digits));
    buffer_free(&digits);
    *type = text_of(arena_printf(arena, "%.*s; boundary=%s", TEXT_ARGS(*type), boundary));
    return boundary;
}

/* A list is several parts of one name. */
bool body_write_multipart(struct request_parts *parts, struct text *type, const json_t *payload)
{
    const char *name, *media = arena_copy_string(&parts->exchange->arena, *type);
    const char *boundary = choose_boundary(parts, type);
    json_t *value, *item;
    size_t index;
    json_object_foreach((json_t *)payload, name, value) {
        if (!json_is_array(value))
            write_part(parts, media, boundary, name, value);
        json_array_foreach(value, index, item)
            write_part(parts, media, boundary, name, item);
    }
    buffer_printf(&parts->exchange->body, "--%s--\r\n", boundary);
    return true;
}
