/* The URL and the request's head. */
#include <arpa/inet.h>
#include <stdio.h>

#include "http/head.h"
#include "http/plain_parts.h"

enum { HTTP_PORT = 80, MOST_HOST = 255 };

static const struct text SCHEME = {"http://", 7};

/* ---- the URL ---- */

static bool is_host_byte(char byte)
{
    return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') || (byte >= '0' && byte <= '9') ||
           byte == '-' || byte == '.' || byte == '_';
}

/* ":8080"; empty: the usual one. */
static bool read_port(struct text text, uint16_t *port)
{
    int64_t number = HTTP_PORT;
    if (text.size > 0 && (text.data[0] != ':' || text.size < 2 || text.data[1] < '0' || text.data[1] > '9' ||
                          !text_to_integer(text_slice(text, 1, text.size), &number)))
        return false;
    *port = (uint16_t)number;
    return number >= 1 && number <= UINT16_MAX;
}

/* What has digits where a top-level domain would be is an address, whose odd forms are libcurl's to read. */
static bool is_plain_name(struct text host)
{
    size_t last = host.size;
    if (host.size == 0 || host.data[host.size - 1] == '.')
        return false;
    while (last > 0 && host.data[last - 1] != '.')
        last--;
    return host.data[last] < '0' || host.data[last] > '9';
}

static bool read_host(struct plain_url *parts)
{
    struct text authority = parts->authority;
    union plain_address address;
    size_t end = 0;
    if (authority.size > 0 && authority.data[0] == '[') {
        ptrdiff_t bracket = text_find_byte(authority, ']');
        parts->host = bracket < 0 ? TEXT_NONE : text_slice(authority, 1, (size_t)bracket - 1);
        end = (size_t)bracket + 1;
    } else {
        while (end < authority.size && is_host_byte(authority.data[end]))
            end++;
        parts->host = text_slice(authority, 0, end);
    }
    if (parts->host.size == 0 || parts->host.size > MOST_HOST ||
        !read_port(text_slice(authority, end, authority.size), &parts->port))
        return false;
    bool bracketed = authority.data[0] == '[';
    return plain_read_address(parts, parts->host, &address) ? bracketed == (address.any.sa_family == AF_INET6)
                                                            : !bracketed && is_plain_name(parts->host);
}

/* No byte that must be percent-encoded, no fragment, no segment "." or ".." in any writing, which are to be removed. */
static bool is_plain_target(struct text target)
{
    bool in_path = true;
    for (size_t i = 0; i < target.size; i++) {
        unsigned char byte = (unsigned char)target.data[i];
        if (byte <= ' ' || byte >= 0x7F || byte == '#' || byte == '\\')
            return false;
        in_path &= byte != '?';
        bool segment_begins = in_path && byte == '/' && i + 1 < target.size;
        if (segment_begins && (target.data[i + 1] == '.' || target.data[i + 1] == '%'))
            return false;
    }
    return true;
}

bool plain_read_url(const char *url, struct plain_url *parts)
{
    struct text whole = text_of(url);
    if (!text_starts_with(whole, SCHEME))
        return false;
    size_t end = SCHEME.size;
    while (end < whole.size && whole.data[end] != '/' && whole.data[end] != '?')
        end++;
    parts->authority = text_slice(whole, SCHEME.size, end - SCHEME.size);
    parts->target = text_slice(whole, end, whole.size);
    return read_host(parts) && is_plain_target(parts->target);
}

bool plain_read_address(const struct plain_url *url, struct text host, union plain_address *address)
{
    char copy[INET6_ADDRSTRLEN];
    if (host.size >= sizeof copy)
        return false;
    memcpy(copy, host.data, host.size);
    copy[host.size] = '\0';
    *address = (union plain_address){.ipv4 = {.sin_family = AF_INET, .sin_port = htons(url->port)}};
    if (inet_pton(AF_INET, copy, &address->ipv4.sin_addr) == 1)
        return true;
    *address = (union plain_address){.ipv6 = {.sin6_family = AF_INET6, .sin6_port = htons(url->port)}};
    return inet_pton(AF_INET6, copy, &address->ipv6.sin6_addr) == 1;
}

/* ---- the head ---- */

/* Headers that we write ourselves, or that would change how the reply is to be read. */
static bool is_special(struct text name)
{
    static const struct text names[] = {
        {"te", 2}, {"host", 4}, {"expect", 6}, {"upgrade", 7}, {"trailer", 7}, {"connection", 10}, {"keep-alive", 10},
        {"content-length", 14}, {"accept-encoding", 15}, {"transfer-encoding", 17}};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (name.size == names[i].size && text_equal_ignoring_case(name, names[i]))
            return true;
    }
    return false;
}

static bool has_body(const struct http_call *call)
{
    return call->body.size > 0 || call->has_body || strcmp(call->method, "POST") == 0;
}

bool plain_takes_request(const struct http_call *call)
{
    for (size_t i = 0; i < call->header_count; i++) {
        if (is_special(call->headers[i].name))
            return false;
    }
    bool to_head = strcmp(call->method, "HEAD") == 0;
    return head_is_token(text_of(call->method)) && strcmp(call->method, "CONNECT") != 0 && !(to_head && has_body(call));
}

static void append_header(struct buffer *out, struct text name, struct text value)
{
    buffer_append_text(out, name);
    buffer_append(out, ": ", value.size > 0 ? 2 : 1);
    buffer_append_text(out, value);
    buffer_append(out, "\r\n", 2);
}

void plain_write_head(struct buffer *out, const struct http_call *call, const struct plain_url *url, struct text agent)
{
    struct text host = url->authority;
    if (url->port == HTTP_PORT && text_ends_with(host, TEXT(":80")))
        host.size -= 3;
    buffer_append_string(out, call->method);
    buffer_append(out, " /", url->target.size > 0 && url->target.data[0] == '/' ? 1 : 2);
    buffer_append_text(out, url->target);
    buffer_append_text(out, TEXT(" HTTP/1.1\r\n"));
    append_header(out, TEXT("Host"), host);
    append_header(out, TEXT("Accept-Encoding"), TEXT("deflate, gzip"));
    if (agent.size > 0)
        append_header(out, TEXT("user-agent"), agent);
    for (size_t i = 0; i < call->header_count; i++) {
        if (agent.size == 0 || !text_equal_ignoring_case(call->headers[i].name, TEXT("user-agent")))
            append_header(out, call->headers[i].name, call->headers[i].value);
    }
    if (has_body(call)) {
        char length[24];
        int size = snprintf(length, sizeof length, "%zu", call->body.size);
        append_header(out, TEXT("Content-Length"), (struct text){length, (size_t)size});
    }
    buffer_append(out, "\r\n", 2);
}
