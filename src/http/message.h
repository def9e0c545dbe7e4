/*
 * message.h - what requests and responses are made of.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/buffer.h"
#include "base/text.h"

struct http_header {
    struct text name; /* in lower case where we keep it; compared without regard to case */
    struct text value;
};

struct http_headers {
    struct http_header *items;
    size_t count;
};

/* The value of the first header of that name, or TEXT_NONE. */
struct text http_headers_get(const struct http_headers *headers, struct text name);

/*
 * The stored form of headers: "name: value\n" for each, in the order of arrival, names in lower case.
 * Neither names nor values can hold a line feed. Reading copies into the arena.
 */
bool http_headers_write(struct buffer *out, const struct http_headers *headers);
struct http_headers http_headers_read(struct arena *arena, struct text stored);

/* "OK", "Not Found", ... ; "Unknown" for others. */
const char *http_status_phrase(int status);
/* The `code` of an error reply: "NOT_FOUND", ... ; "FATAL_ERROR" for others. */
const char *http_status_code(int status);
/* The body of every error: {"code", "status", "message", "data": null}. The message holds no control characters. */
bool http_error_write(struct buffer *out, int status, const char *message);
