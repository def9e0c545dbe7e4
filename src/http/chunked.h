/*
 * chunked.h - takes the chunks of a body apart as they come in (RFC 9112 section 7.1), strictly. Pure.
 *
 * Sizes are 1 to 15 hexadecimal digits; extensions are skipped; every line ends in CRLF; trailers are "name: value"
 * and are dropped.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"

enum chunk_state {
    CHUNK_SIZE, CHUNK_EXTENSION, CHUNK_SIZE_LF, CHUNK_DATA, CHUNK_DATA_CR, CHUNK_DATA_LF,
    CHUNK_TRAILER_START, CHUNK_TRAILER_NAME, CHUNK_TRAILER, CHUNK_TRAILER_LF, CHUNK_END_LF, CHUNK_DONE,
};

struct chunked {
    enum chunk_state state;
    int digits;      /* of the size so far */
    int64_t left;    /* of the chunk */
    size_t overhead; /* bytes of extensions and trailers, bounded */
};

enum chunk_result { CHUNKS_MORE, CHUNKS_COMPLETE, CHUNKS_MALFORMED, CHUNKS_TOO_LARGE, CHUNKS_NO_MEMORY };

/* Up to the end of the next piece of data, which lies in `bytes`; empty when there is none so far. */
enum chunk_result chunked_next(struct chunked *chunked, const char *bytes, size_t size, size_t *used,
                               struct text *data);
/* Appends what is data to *body (at most `most` bytes in all). *used: how many of the bytes were taken. */
enum chunk_result chunked_read(struct chunked *chunked, const char *bytes, size_t size, size_t *used,
                               struct buffer *body, int64_t most);
