#ifndef BENCH_BUFFER_H
#define BENCH_BUFFER_H

#include <stdbool.h>
#include <stddef.h>

/* The most bytes any buffer may hold: a whole message of the largest size plus its head. */
#define BUFFER_MAX (17u * 1024 * 1024)

/*
 * Growing bytes. A zeroed struct is an empty buffer; the owner calls buffer_free. A function that
 * returns false found no memory or would have passed BUFFER_MAX, and left the content as it was.
 */
struct buffer {
    char *data;
    size_t length;
    size_t capacity;
};

bool buffer_reserve(struct buffer *buffer, size_t room);
bool buffer_append(struct buffer *buffer, const void *bytes, size_t length);

/* Forgets the first `length` bytes and moves what follows to the front. */
void buffer_drop(struct buffer *buffer, size_t length);

void buffer_free(struct buffer *buffer);

#endif
