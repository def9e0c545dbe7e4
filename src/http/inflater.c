#include "http/inflater.h"

enum { GZIP_WINDOW = 16 + MAX_WBITS, ZLIB_METHOD = 8, ZLIB_WINDOWS = 7 };

void inflater_begin(struct inflater *inflater, bool deflate)
{
    *inflater = (struct inflater){.raw_possible = deflate};
}

/* RFC 1950 section 2.2: method 8 and a window of 7 at most; as deflate's own first byte it would be a stored block. */
static int window_of(const struct inflater *inflater, unsigned char first)
{
    bool zlib = (first & 0x0f) == ZLIB_METHOD && first >> 4 <= ZLIB_WINDOWS;
    return !inflater->raw_possible ? GZIP_WINDOW : zlib ? MAX_WBITS : -MAX_WBITS;
}

enum inflate_result inflater_next(struct inflater *inflater, struct text *bytes, char *out, size_t room, size_t *made)
{
    z_stream *stream = &inflater->stream;
    *made = 0;
    if (bytes->size == 0 || inflater->over)
        return INFLATED_ALL;
    if (!inflater->open && inflateInit2(stream, window_of(inflater, (unsigned char)bytes->data[0])) != Z_OK)
        return INFLATED_BROKEN;
    inflater->open = true;
    stream->next_in = (Bytef *)(uintptr_t)bytes->data;
    stream->avail_in = (uInt)(bytes->size < UINT32_MAX ? bytes->size : UINT32_MAX);
    stream->next_out = (Bytef *)out;
    stream->avail_out = (uInt)room;
    int result = inflate(stream, Z_SYNC_FLUSH);
    *bytes = text_slice(*bytes, (size_t)((const char *)stream->next_in - bytes->data), bytes->size);
    *made = room - stream->avail_out;
    inflater->over = result == Z_STREAM_END;
    if (result != Z_OK && result != Z_STREAM_END && result != Z_BUF_ERROR)
        return INFLATED_BROKEN;
    return stream->avail_out == 0 || bytes->size > 0 ? INFLATED_MORE : INFLATED_ALL;
}

void inflater_end(struct inflater *inflater)
{
    if (inflater->open)
        inflateEnd(&inflater->stream);
    *inflater = (struct inflater){0};
}
