#include "buffer.h"

#include <stdlib.h>
#include <string.h>

#define BUFFER_FIRST_CAPACITY 4096u

bool buffer_reserve(struct buffer *buffer, size_t room)
{
    if (buffer->capacity - buffer->length >= room)
        return true;
    if (room > BUFFER_MAX - buffer->length)
        return false;
    size_t wanted = buffer->length + room;
    size_t capacity = buffer->capacity ? buffer->capacity : BUFFER_FIRST_CAPACITY;
    while (capacity < wanted)
        capacity *= 2;
    char *data = realloc(buffer->data, capacity);
    if (!data)
        return false;
    buffer->data = data;
    buffer->capacity = capacity;
    return true;
}

bool buffer_append(struct buffer *buffer, const void *bytes, size_t length)
{
    if (!buffer_reserve(buffer, length))
        return false;
    if (length)
        memcpy(buffer->data + buffer->length, bytes, length);
    buffer->length += length;
    return true;
}

void buffer_drop(struct buffer *buffer, size_t length)
{
    if (length < buffer->length)
        memmove(buffer->data, buffer->data + length, buffer->length - length);
    buffer->length -= length < buffer->length ? length : buffer->length;
}

void buffer_free(struct buffer *buffer)
{
    free(buffer->data);
    *buffer = (struct buffer){0};
}
