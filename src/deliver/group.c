#include "deliver/group.h"

#include <openssl/sha.h>

#include "base/encoding.h"
#include "base/limits.h"

static const struct text UNKNOWN = {"__unknown__", 11};

/* ---- values as JSON ---- */

static void write_text(struct buffer *out, struct text text)
{
    buffer_append_byte(out, '"');
    for (size_t i = 0; i < text.size; i++) {
        unsigned char byte = (unsigned char)text.data[i];
        if (byte == '"' || byte == '\\')
            buffer_append_byte(out, '\\');
        if (byte < ' ')
            buffer_printf(out, "\\u%04x", byte);
        else
            buffer_append_byte(out, (char)byte);
    }
    buffer_append_byte(out, '"');
}

/* Whole numbers as such; others with as many digits as tell them apart. */
static void write_number(struct buffer *out, double number)
{
    if (number > -1e15 && number < 1e15 && number == (double)(int64_t)number)
        buffer_printf(out, "%lld", (long long)number);
    else
        buffer_printf(out, "%.17g", number);
}

/* The document's depth is bounded by limits.json_depth. */
static void write_json(struct buffer *out, struct json_view value)
{
    struct json_walk walk = json_view_walk(value);
    struct text key;
    struct json_view item;
    const char *separator = "";
    switch (value.type) {
    case JSON_VIEW_ABSENT:
    case JSON_VIEW_NULL: buffer_append_string(out, "null"); break;
    case JSON_VIEW_BOOLEAN: buffer_append_string(out, value.number != 0 ? "true" : "false"); break;
    case JSON_VIEW_NUMBER: write_number(out, value.number); break;
    case JSON_VIEW_TEXT: write_text(out, value.text); break;
    case JSON_VIEW_ARRAY:
    case JSON_VIEW_OBJECT:
        buffer_append_byte(out, value.type == JSON_VIEW_ARRAY ? '[' : '{');
        while (json_walk_next(&walk, &key, &item)) {
            buffer_append_string(out, separator);
            separator = ",";
            if (value.type == JSON_VIEW_OBJECT) {
                write_text(out, key);
                buffer_append_byte(out, ':');
            }
            write_json(out, item);
        }
        buffer_append_byte(out, value.type == JSON_VIEW_ARRAY ? ']' : '}');
    }
}

/* ---- the place of the key ---- */

static struct json_view item_at(struct json_view array, struct text index)
{
    struct json_walk walk = json_view_walk(array);
    struct json_view item = {0};
    struct text key;
    int64_t number;
    if (!text_to_integer(index, &number) || number < 0 || (size_t)number >= json_view_size(array))
        return (struct json_view){0};
    while (number-- >= 0 && json_walk_next(&walk, &key, &item))
        ;
    return item;
}

static struct json_view member_of(struct json_view value, struct text name, bool is_header)
{
    struct buffer lower = {0};
    if (value.type == JSON_VIEW_ARRAY)
        return item_at(value, name);
    for (size_t i = 0; i < name.size; i++) {
        char byte = name.data[i];
        buffer_append_byte(&lower, is_header && byte >= 'A' && byte <= 'Z' ? (char)(byte + ('a' - 'A')) : byte);
    }
    struct json_view member = json_view_find(value, buffer_text(&lower));
    buffer_free(&lower);
    return member;
}

static struct json_view value_at(struct content *content, struct text key)
{
    static const struct {
        const char *name;
        enum content_part part;
    } parts[] = {
        {"headers", CONTENT_HEADERS}, {"body", CONTENT_BODY}, {"query", CONTENT_QUERY}, {"path", CONTENT_PATH}};
    struct text name;
    struct json_view value = {0};
    bool is_header = false;
    text_split(&key, '.', &name);
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        if (text_equal(name, text_of(parts[i].name))) {
            value = content_part(content, parts[i].part);
            is_header = parts[i].part == CONTENT_HEADERS;
        }
    }
    while (text_split(&key, '.', &name))
        value = member_of(value, name, is_header);
    return value;
}

/* ---- groups ---- */

static struct text shortened(struct arena *arena, struct text group)
{
    unsigned char digest[SHA256_DIGEST_LENGTH];
    struct buffer hash = {0};
    if (group.size <= (size_t)limits.delivery_group_bytes)
        return arena_copy_text(arena, group);
    SHA256((const unsigned char *)group.data, group.size, digest);
    buffer_append_string(&hash, "sha256:");
    hex_encode(&hash, (struct text){(const char *)digest, sizeof digest});
    struct text copy = arena_copy_text(arena, buffer_text(&hash));
    buffer_free(&hash);
    return copy;
}

struct text group_of(struct arena *arena, const struct delivery_policy *policy, struct content *content)
{
    if (policy->group_key.size == 0)
        return TEXT_NONE;
    struct json_view value = value_at(content, policy->group_key);
    if (value.type == JSON_VIEW_ABSENT)
        return UNKNOWN;
    if (value.type == JSON_VIEW_TEXT)
        return shortened(arena, value.text);
    struct buffer json = {0};
    write_json(&json, value);
    struct text group = json.failed ? UNKNOWN : shortened(arena, buffer_text(&json));
    buffer_free(&json);
    return group;
}

void group_assign(struct arena *arena, const struct delivery_policy *policy, const struct request *request,
                  struct content *content, struct event *event)
{
    if (policy->group_key.size > 0) {
        event->delivery_group = group_of(arena, policy, content != NULL ? content : content_of(request));
        event->lane = lane_of_group(event->delivery_group);
    }
    if (policy->order == ORDER_BY_CONNECTION)
        event->lane = event->connection_id;
}
