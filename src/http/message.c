#include "http/message.h"

struct text http_headers_get(const struct http_headers *headers, struct text name)
{
    for (size_t i = 0; i < headers->count; i++) {
        if (text_equal_ignoring_case(headers->items[i].name, name))
            return headers->items[i].value;
    }
    return TEXT_NONE;
}

bool http_headers_write(struct buffer *out, const struct http_headers *headers)
{
    for (size_t i = 0; i < headers->count; i++) {
        size_t start = out->size;
        buffer_append_text(out, headers->items[i].name);
        for (size_t k = start; k < out->size; k++) {
            if (out->data[k] >= 'A' && out->data[k] <= 'Z')
                out->data[k] = (char)(out->data[k] + ('a' - 'A'));
        }
        buffer_append(out, ": ", 2);
        buffer_append_text(out, headers->items[i].value);
        buffer_append_byte(out, '\n');
    }
    return !out->failed;
}

struct http_headers http_headers_read(struct arena *arena, struct text stored)
{
    size_t lines = 0;
    for (size_t i = 0; i < stored.size; i++)
        lines += stored.data[i] == '\n';
    struct http_headers headers = {ARENA_ARRAY(arena, struct http_header, lines), 0};
    struct text rest = arena_copy_text(arena, stored), line;
    while (headers.count < lines && text_split(&rest, '\n', &line)) {
        ptrdiff_t colon = text_find(line, TEXT(": "));
        if (colon < 0)
            continue;
        headers.items[headers.count++] = (struct http_header){
            text_slice(line, 0, (size_t)colon), text_slice(line, (size_t)colon + 2, line.size)};
    }
    return headers;
}

const char *http_status_phrase(int status)
{
    static const struct {
        int status;
        const char *phrase;
    } phrases[] = {
        {200, "OK"}, {204, "No Content"}, {301, "Moved Permanently"}, {302, "Found"},
        {304, "Not Modified"}, {307, "Temporary Redirect"}, {308, "Permanent Redirect"},
        {400, "Bad Request"}, {401, "Unauthorized"}, {403, "Forbidden"}, {404, "Not Found"},
        {405, "Method Not Allowed"}, {408, "Request Timeout"}, {409, "Conflict"}, {410, "Gone"},
        {411, "Length Required"}, {413, "Content Too Large"}, {414, "URI Too Long"},
        {415, "Unsupported Media Type"}, {417, "Expectation Failed"}, {422, "Unprocessable Content"},
        {429, "Too Many Requests"}, {431, "Request Header Fields Too Large"},
        {500, "Internal Server Error"}, {501, "Not Implemented"}, {502, "Bad Gateway"},
        {503, "Service Unavailable"}, {504, "Gateway Timeout"}, {505, "HTTP Version Not Supported"},
        {507, "Insufficient Storage"},
    };
    for (size_t i = 0; i < sizeof phrases / sizeof phrases[0]; i++) {
        if (phrases[i].status == status)
            return phrases[i].phrase;
    }
    return "Unknown";
}
