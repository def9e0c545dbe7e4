#include "verify/template.h"

#include <stdio.h>

#include "base/encoding.h"
#include "verify/hasher.h"

enum item_kind {
    ITEM_LITERAL, ITEM_PLACE, ITEM_HEADERS, ITEM_JSON, ITEM_SHA256_HEX, ITEM_HMAC_HEX, ITEM_HMAC_BASE64,
    ITEM_CRC32, ITEM_BASE64URL, ITEM_LINES,
};

struct template_item {
    enum item_kind kind;
    struct text literal;
    struct place place;     /* ITEM_PLACE, ITEM_HEADERS */
    struct template inside; /* what the others are made of */
};

enum { HEADERS_MOST = 16 };

static const struct {
    const char *name;
    enum item_kind kind;
} FUNCTION_ROWS[] = {
    {"headers(", ITEM_HEADERS}, {"json(", ITEM_JSON}, {"sha256hex(", ITEM_SHA256_HEX}, {"hmachex(", ITEM_HMAC_HEX},
    {"hmacbase64(", ITEM_HMAC_BASE64}, {"crc32(", ITEM_CRC32}, {"base64url(", ITEM_BASE64URL},
    {"lines(", ITEM_LINES},
};

/* ---- reading ---- */

static bool read_place(struct arena *arena, struct text text, const json_t *auth, struct place *place)
{
    if (!place_read(text, place))
        return false;
    if (place->kind == PLACE_CONFIG) {
        struct text value = json_member_text(auth, arena_copy_string(arena, place->name));
        place->name = value.data != NULL ? arena_copy_text(arena, value) : TEXT_NONE;
    }
    return true;
}

/* "a+b" inside of a function's parentheses. */
static bool read_sum(struct arena *arena, struct text text, const json_t *auth, struct template *sum)
{
    struct text rest = text, part;
    while (text_split(&rest, '+', &part))
        sum->count++;
    sum->items = ARENA_ARRAY(arena, struct template_item, sum->count);
    rest = text;
    for (size_t i = 0; text_split(&rest, '+', &part); i++) {
        sum->items[i].kind = ITEM_PLACE;
        if (!read_place(arena, part, auth, &sum->items[i].place))
            return false;
    }
    return true;
}

/* What stands between two braces. */
static bool read_item(struct arena *arena, struct text text, const json_t *auth, struct template_item *item)
{
    for (size_t i = 0; i < sizeof FUNCTION_ROWS / sizeof FUNCTION_ROWS[0]; i++) {
        struct text name = text_of(FUNCTION_ROWS[i].name);
        if (!text_starts_with(text, name) || !text_ends_with(text, TEXT(")")))
            continue;
        struct text inside = text_slice(text, name.size, text.size - name.size - 1);
        item->kind = FUNCTION_ROWS[i].kind;
        return item->kind == ITEM_HEADERS ? read_place(arena, inside, auth, &item->place)
                                          : read_sum(arena, inside, auth, &item->inside);
    }
    item->kind = ITEM_PLACE;
    return read_place(arena, text, auth, &item->place);
}

/* The end of the literal text that begins at `at`: the next brace that opens a place. */
static size_t literal_end(struct text text, size_t at)
{
    while (at < text.size && !(text.data[at] == '{' && at + 1 < text.size && text.data[at + 1] >= 'a' &&
                               text.data[at + 1] <= 'z'))
        at++;
    return at;
}

bool template_read(struct arena *arena, const char *string, const json_t *auth, struct template *template)
{
    struct text text = text_of(string);
    size_t most = 1, at = 0;
    for (size_t i = 0; i < text.size; i++)
        most += text.data[i] == '{' ? 2 : 0;
    *template = (struct template){ARENA_ARRAY(arena, struct template_item, most), 0};
    while (at < text.size) {
        size_t end = literal_end(text, at);
        struct template_item *item = &template->items[template->count++];
        if (end > at) {
            *item = (struct template_item){.kind = ITEM_LITERAL, .literal = text_slice(text, at, end - at)};
            at = end;
            continue;
        }
        ptrdiff_t close = text_find_byte(text_slice(text, at, text.size), '}');
        if (close < 0 || !read_item(arena, text_slice(text, at + 1, (size_t)close - 1), auth, item))
            return false;
        at += (size_t)close + 1;
    }
    return true;
}

/* ---- writing ---- */

static void give(struct template_sink sink, struct text piece)
{
    sink.take(sink.context, piece);
}

static bool write_place(struct place place, struct reading *reading, struct template_sink sink)
{
    struct text value;
    if (!reading_value(reading, place, &value))
        return false;
    if (value.data != NULL) {
        give(sink, value);
        return true;
    }
    return place.kind == PLACE_JSON || place.kind == PLACE_QUERY || place.kind == PLACE_FORM;
}

static bool write_headers(struct place place, struct reading *reading, struct template_sink sink)
{
    struct text names, name, value;
    size_t count = 0;
    if (!reading_value(reading, place, &names) || names.data == NULL)
        return false;
    while (text_split(&names, ' ', &name)) {
        if (count == HEADERS_MOST || !reading_value(reading, (struct place){PLACE_HEADER, name}, &value) ||
            value.data == NULL)
            return false;
        if (count++ > 0)
            give(sink, TEXT("."));
        give(sink, value);
    }
    return true;
}

static void take_hasher(void *context, struct text piece)
{
    hasher_add(context, piece);
}

static bool write_digest(const struct template_item *item, struct reading *reading, struct template_sink sink)
{
    unsigned char bytes[DIGEST_BYTES_MOST];
    struct buffer text = {0};
    struct hasher hasher = item->kind == ITEM_SHA256_HEX ? hasher_of_digest(DIGEST_SHA256)
                                                         : hasher_of_hmac(DIGEST_SHA256, reading->secret);
    if (!template_write(&item->inside, reading, (struct template_sink){take_hasher, &hasher}))
        return false;
    struct text digest = {(const char *)bytes, hasher_end(&hasher, bytes)};
    if (item->kind == ITEM_HMAC_BASE64)
        base64_encode(&text, digest);
    else
        hex_encode(&text, digest);
    bool done = digest.size > 0 && !text.failed;
    if (done)
        give(sink, buffer_text(&text));
    buffer_free(&text);
    return done;
}

/* ISO 3309, half a byte at a time. */
static void take_crc32(void *context, struct text piece)
{
    static const uint32_t table[16] = {
        0x00000000, 0x1DB71064, 0x3B6E20C8, 0x26D930AC, 0x76DC4190, 0x6B6B51F4, 0x4DB26158, 0x5005713C,
        0xEDB88320, 0xF00F9344, 0xD6D6A3E8, 0xCB61B38C, 0x9B64C2B0, 0x86D3D2D4, 0xA00AE278, 0xBDBDF21C,
    };
    uint32_t *sum = context;
    for (size_t i = 0; i < piece.size; i++) {
        *sum ^= (unsigned char)piece.data[i];
        *sum = *sum >> 4 ^ table[*sum & 15];
        *sum = *sum >> 4 ^ table[*sum & 15];
    }
}

static bool write_crc32(const struct template_item *item, struct reading *reading, struct template_sink sink)
{
    uint32_t sum = 0xFFFFFFFF;
    char decimal[16];
    if (!template_write(&item->inside, reading, (struct template_sink){take_crc32, &sum}))
        return false;
    snprintf(decimal, sizeof decimal, "%u", ~sum);
    give(sink, text_of(decimal));
    return true;
}

static void take_buffer(void *context, struct text piece)
{
    buffer_append_text(context, piece);
}

static bool write_base64url(const struct template_item *item, struct reading *reading, struct template_sink sink)
{
    struct buffer plain = {0}, encoded = {0};
    bool done = template_write(&item->inside, reading, (struct template_sink){take_buffer, &plain}) && !plain.failed;
    base64url_encode(&encoded, buffer_text(&plain));
    done = done && !encoded.failed;
    if (done)
        give(sink, buffer_text(&encoded));
    buffer_free(&plain);
    buffer_free(&encoded);
    return done;
}

static bool write_lines(const struct template_item *item, struct reading *reading, struct template_sink sink)
{
    for (size_t i = 0; i < item->inside.count; i++) {
        struct place place = item->inside.items[i].place;
        struct text value;
        if (!reading_value(reading, place, &value))
            return false;
        if (value.data == NULL)
            continue;
        give(sink, place.name);
        give(sink, TEXT("\n"));
        give(sink, value);
        give(sink, TEXT("\n"));
    }
    return true;
}

static void take_json(void *context, struct text piece)
{
    const struct template_sink *sink = context;
    for (size_t i = 0; i < piece.size; i++) {
        unsigned char byte = (unsigned char)piece.data[i];
        char escape[] = "\\u0000";
        if (byte >= ' ' && byte != '"' && byte != '\\') {
            give(*sink, text_slice(piece, i, 1));
            continue;
        }
        escape[4] = "0123456789abcdef"[byte >> 4];
        escape[5] = "0123456789abcdef"[byte & 15];
        give(*sink, text_of(escape));
    }
}

static bool write_item(const struct template_item *item, struct reading *reading, struct template_sink sink)
{
    switch (item->kind) {
    case ITEM_LITERAL: give(sink, item->literal); return true;
    case ITEM_PLACE: return write_place(item->place, reading, sink);
    case ITEM_HEADERS: return write_headers(item->place, reading, sink);
    case ITEM_JSON: return template_write(&item->inside, reading, (struct template_sink){take_json, &sink});
    case ITEM_CRC32: return write_crc32(item, reading, sink);
    case ITEM_BASE64URL: return write_base64url(item, reading, sink);
    case ITEM_LINES: return write_lines(item, reading, sink);
    case ITEM_SHA256_HEX:
    case ITEM_HMAC_HEX:
    case ITEM_HMAC_BASE64: return write_digest(item, reading, sink);
    }
    return false;
}

/* Functions do not nest, so the recursion is one level deep. */
bool template_write(const struct template *template, struct reading *reading, struct template_sink sink)
{
    for (size_t i = 0; i < template->count; i++) {
        if (!write_item(&template->items[i], reading, sink))
            return false;
    }
    return true;
}

bool template_append(const struct template *template, struct reading *reading, struct buffer *out)
{
    return template_write(template, reading, (struct template_sink){take_buffer, out}) && !out->failed;
}
