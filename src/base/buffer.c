#include "base/buffer.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/memory.h"

bool buffer_reserve(struct buffer *buffer, size_t more)
{
    if (buffer->failed)
        return false;
    size_t need;
    if (__builtin_add_overflow(buffer->size, more, &need)) {
        buffer->failed = true;
        return false;
    }
    if (need <= buffer->capacity)
        return true;
    size_t capacity = buffer->capacity < 64 ? 64 : buffer->capacity;
    while (capacity < need)
        capacity = capacity > SIZE_MAX / 2 ? need : capacity * 2;
    char *data = memory_try_resize(buffer->data, capacity);
    if (data == NULL) {
        buffer->failed = true;
        return false;
    }
    buffer->data = data;
    buffer->capacity = capacity;
    return true;
}

bool buffer_vprintf(struct buffer *buffer, const char *format, va_list arguments)
{
    va_list again;
    va_copy(again, arguments);
    size_t room = buffer->capacity - buffer->size; /* mostly it is enough */
    int length = vsnprintf(room > 0 ? buffer->data + buffer->size : NULL, room, format, arguments);
    bool fits = length >= 0 && (size_t)length < room && !buffer->failed;
    bool done = fits || (length >= 0 && buffer_reserve(buffer, (size_t)length + 1));
    if (done && !fits)
        vsnprintf(buffer->data + buffer->size, (size_t)length + 1, format, again);
    if (done)
        buffer->size += (size_t)length;
    va_end(again);
    return done;
}

bool buffer_printf(struct buffer *buffer, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    bool done = buffer_vprintf(buffer, format, arguments);
    va_end(arguments);
    return done;
}

void buffer_clear(struct buffer *buffer)
{
    buffer->size = 0;
    buffer->failed = false;
}

void buffer_free(struct buffer *buffer)
{
    free(buffer->data);
    *buffer = (struct buffer){0};
}

const char *buffer_string(struct buffer *buffer)
{
    if (!buffer_reserve(buffer, 1))
        return "";
    buffer->data[buffer->size] = '\0';
    return buffer->data;
}

struct text buffer_text(const struct buffer *buffer)
{
    return (struct text){buffer->data, buffer->size};
}
