/*
 * inflater.h - decompresses a body as it comes in, on zlib: gzip, and "deflate" in both forms. Pure but for memory.
 */
#pragma once

#include <stdbool.h>
#include <zlib.h>

#include "base/text.h"

struct inflater {
    z_stream stream;
    bool raw_possible; /* "deflate" may come with zlib's header or without; the first byte tells */
    bool open, over;
};

enum inflate_result { INFLATED_MORE, INFLATED_ALL, INFLATED_BROKEN };

/* `deflate`: the coding of that name; else gzip. */
void inflater_begin(struct inflater *inflater, bool deflate);
/*
 * Decompresses into `out`, and takes what it used off *bytes. INFLATED_MORE: call it again, there may be more in the
 * same bytes. INFLATED_ALL: the bytes are used up, or the stream has ended and what follows is ignored.
 */
enum inflate_result inflater_next(struct inflater *inflater, struct text *bytes, char *out, size_t room, size_t *made);
void inflater_end(struct inflater *inflater); /* back to {0} */
