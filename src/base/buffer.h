/*
 * buffer.h - bytes that grow.
 *
 * {0} is an empty buffer. The buffer owns its bytes until buffer_free. Appending uses
 * memory_try_resize: when memory cannot be had the buffer becomes `failed`, keeps what it has, and
 * every later append does nothing, so a caller checks once at the end.
 */
#pragma once

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/text.h"

struct buffer {
    char *data;
    size_t size;
    size_t capacity;
    bool failed;
};

bool buffer_reserve(struct buffer *buffer, size_t more); /* room for `more` further bytes */

static inline bool buffer_append(struct buffer *buffer, const void *bytes, size_t size)
{
    if (size == 0)
        return !buffer->failed;
    if (size > buffer->capacity - buffer->size && !buffer_reserve(buffer, size))
        return false;
    memcpy(buffer->data + buffer->size, bytes, size);
    buffer->size += size;
    return true;
}

static inline bool buffer_append_text(struct buffer *buffer, struct text text)
{
    return buffer_append(buffer, text.data, text.size);
}

static inline bool buffer_append_string(struct buffer *buffer, const char *string)
{
    return buffer_append(buffer, string, strlen(string));
}

static inline bool buffer_append_byte(struct buffer *buffer, char byte)
{
    return buffer_append(buffer, &byte, 1);
}

bool buffer_printf(struct buffer *buffer, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
bool buffer_vprintf(struct buffer *buffer, const char *format, va_list arguments)
    __attribute__((format(printf, 2, 0)));
void buffer_clear(struct buffer *buffer); /* size 0, keeps the memory, no longer failed */
void buffer_free(struct buffer *buffer);  /* back to {0} */
/* The bytes as a NUL-terminated string inside the buffer (the NUL is not counted); "" when empty or failed. */
const char *buffer_string(struct buffer *buffer);
struct text buffer_text(const struct buffer *buffer);
