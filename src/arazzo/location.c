#include "arazzo/location.h"

#include <stdio.h>
#include <sys/stat.h>

#include "base/limits.h"

bool location_is_address(const char *location)
{
    return strncmp(location, "http://", 7) == 0 || strncmp(location, "https://", 8) == 0;
}

struct text location_origin(struct text url)
{
    ptrdiff_t scheme = text_find(url, TEXT("://"));
    size_t start = scheme < 0 ? 0 : (size_t)scheme + 3;
    ptrdiff_t slash = text_find_byte(text_slice(url, start, url.size), '/');
    return slash < 0 ? url : text_slice(url, 0, start + (size_t)slash);
}

/* The path of a URL without "." and ".." (RFC 3986, section 5.2.4). */
static void write_path(struct buffer *out, struct text path)
{
    size_t base = out->size;
    struct text part;
    while (text_split(&path, '/', &part)) {
        bool up = text_equal(part, TEXT("..")), here = text_equal(part, TEXT("."));
        struct text done = {out->data ? out->data + base : NULL, out->size - base};
        bool can_rise = done.size > 1;
        if (up && can_rise) {
            size_t end = done.size - 1;
            while (end > 0 && done.data[end - 1] != '/')
                end--;
            out->size = base + end;
        } else if (!here && !up) {
            buffer_append_text(out, part);
            if (path.data != NULL)
                buffer_append_byte(out, '/');
        }
    }
}

static struct text folder_of(struct text location)
{
    size_t size = location.size;
    while (size > 0 && location.data[size - 1] != '/')
        size--;
    return text_slice(location, 0, size);
}

const char *location_resolve(struct arena *arena, const char *base, const char *reference)
{
    struct buffer out = {0};
    struct text rest = text_of(reference);
    if (strncmp(reference, "file://", 7) == 0)
        return arena_copy_string(arena, text_slice(rest, 7, rest.size));
    if (location_is_address(reference) || base == NULL)
        return arena_copy_string(arena, rest);
    struct text whole = text_of(base), origin = TEXT_NONE;
    if (location_is_address(base)) {
        ptrdiff_t query = text_find_byte(whole, '?');
        whole = query < 0 ? whole : text_slice(whole, 0, (size_t)query);
        origin = location_origin(whole);
        whole = text_slice(whole, origin.size, whole.size);
    }
    struct buffer joined = {0};
    if (rest.size == 0 || rest.data[0] != '/')
        buffer_append_text(&joined, folder_of(whole));
    if (origin.size > 0 && joined.size == 0 && (rest.size == 0 || rest.data[0] != '/'))
        buffer_append_byte(&joined, '/');
    buffer_append_text(&joined, rest);
    buffer_append_text(&out, origin);
    if (origin.size > 0)
        write_path(&out, buffer_text(&joined));
    else /* symbolic links make ".." of a path the business of the file system */
        buffer_append_text(&out, buffer_text(&joined));
    const char *resolved = arena_copy_string(arena, buffer_text(&out));
    buffer_free(&joined);
    buffer_free(&out);
    return resolved;
}

static bool read_file(const char *path, struct buffer *out, struct error *error)
{
    struct stat status;
    FILE *file = stat(path, &status) == 0 && S_ISREG(status.st_mode) ? fopen(path, "rb") : NULL;
    char block[65536];
    size_t size;
    if (file == NULL)
        return error_set(error, ERROR_NOT_FOUND, "%s: there is no such file", path);
    while (out->size <= (size_t)limits.workflow_document_bytes && (size = fread(block, 1, sizeof block, file)) > 0)
        buffer_append(out, block, size);
    bool good = !ferror(file) && !out->failed;
    fclose(file);
    return good || error_set(error, ERROR_INVALID, "%s cannot be read", path);
}

static bool read_address(const char *url, struct http_client *client, struct buffer *out, struct error *error)
{
    const struct http_header accept = {TEXT("accept"), TEXT("application/json, application/yaml")};
    struct http_call call = {
        .method = "GET", .url = url, .headers = &accept, .header_count = 1,
        .timeout_ms = limits.workflow_request_timeout_ms, .connect_timeout_ms = limits.workflow_request_timeout_ms,
        .response_keep_bytes = limits.workflow_document_bytes + 1,
        .response_read_bytes = limits.workflow_document_bytes + 1, .redirects = 5,
    };
    http_client_perform(client, &call);
    if (call.failure != HTTP_OK)
        return error_set(error, ERROR_UNREACHABLE, "%s: %s", url, call.failure_text);
    if (call.status < 200 || call.status > 299)
        return error_set(error, ERROR_NOT_FOUND, "%s answered %d", url, call.status);
    return buffer_append_text(out, call.response_body) ||
           error_set(error, ERROR_TOO_LARGE, "%s: no memory for it", url);
}

bool location_read(const char *location, struct http_client *client, struct buffer *out, struct error *error)
{
    return location_is_address(location) ? read_address(location, client, out, error)
                                         : read_file(location, out, error);
}
