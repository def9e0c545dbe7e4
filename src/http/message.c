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
        ptrdiff_t colon = text_find_byte(line, ':'); /* names have none */
        if (colon < 0 || !text_starts_with(text_slice(line, (size_t)colon, 2), TEXT(": ")))
            continue;
        headers.items[headers.count++] = (struct http_header){
            text_slice(line, 0, (size_t)colon), text_slice(line, (size_t)colon + 2, line.size)};
    }
    return headers;
}

static const struct status_row {
    int status;
    const char *phrase, *code;
} status_rows[] = {
    {200, "OK", NULL}, {204, "No Content", NULL}, {301, "Moved Permanently", NULL}, {302, "Found", NULL},
    {304, "Not Modified", NULL}, {307, "Temporary Redirect", NULL}, {308, "Permanent Redirect", NULL},
    {400, "Bad Request", "BAD_REQUEST"}, {401, "Unauthorized", "UNAUTHORIZED"}, {403, "Forbidden", "FORBIDDEN"},
    {404, "Not Found", "NOT_FOUND"}, {405, "Method Not Allowed", "METHOD_NOT_ALLOWED"},
    {408, "Request Timeout", "REQUEST_TIMEOUT"}, {409, "Conflict", "RESOURCE_ALREADY_EXISTS"}, {410, "Gone", "GONE"},
    {411, "Length Required", "LENGTH_REQUIRED"}, {413, "Content Too Large", "PAYLOAD_TOO_LARGE"},
    {414, "URI Too Long", "URI_TOO_LONG"}, {415, "Unsupported Media Type", "UNSUPPORTED_CONTENT_TYPE"},
    {417, "Expectation Failed", "EXPECTATION_FAILED"}, {422, "Unprocessable Content", "UNPROCESSABLE_ENTITY"},
    {429, "Too Many Requests", "TOO_MANY_REQUESTS"},
    {431, "Request Header Fields Too Large", "HEADERS_TOO_LARGE"}, {500, "Internal Server Error", "FATAL_ERROR"},
    {501, "Not Implemented", "NOT_IMPLEMENTED"}, {502, "Bad Gateway", "BAD_GATEWAY"},
    {503, "Service Unavailable", "UNAVAILABLE"}, {504, "Gateway Timeout", "GATEWAY_TIMEOUT"},
    {505, "HTTP Version Not Supported", "HTTP_VERSION_NOT_SUPPORTED"},
    {507, "Insufficient Storage", "STORAGE_FULL"},
};

static const struct status_row *find_status(int status)
{
    for (size_t i = 0; i < sizeof status_rows / sizeof status_rows[0]; i++) {
        if (status_rows[i].status == status)
            return &status_rows[i];
    }
    return NULL;
}

const char *http_status_phrase(int status)
{
    const struct status_row *row = find_status(status);
    return row != NULL ? row->phrase : "Unknown";
}

const char *http_status_code(int status)
{
    const struct status_row *row = find_status(status);
    return row != NULL && row->code != NULL ? row->code : "FATAL_ERROR";
}

bool http_error_write(struct buffer *out, int status, const char *message)
{
    buffer_printf(out, "{\"code\":\"%s\",\"status\":%d,\"message\":\"", http_status_code(status), status);
    for (; *message != '\0'; message++) {
        if (*message == '"' || *message == '\\')
            buffer_append_byte(out, '\\');
        buffer_append_byte(out, *message);
    }
    return buffer_append_string(out, "\",\"data\":null}");
}
