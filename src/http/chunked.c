#include "http/chunked.h"

#include "http/head.h"

enum { MOST_DIGITS = 15, MOST_OVERHEAD = 16 * 1024 };

static int hex_digit(char byte)
{
    if (byte >= '0' && byte <= '9')
        return byte - '0';
    if (byte >= 'a' && byte <= 'f')
        return byte - 'a' + 10;
    return byte >= 'A' && byte <= 'F' ? byte - 'A' + 10 : -1;
}

static bool is_text_byte(char byte)
{
    return byte == '\t' || ((unsigned char)byte >= ' ' && byte != 0x7F);
}

/* The state after one byte outside of data; false: malformed. */
static bool step(struct chunked *chunked, char byte)
{
    int digit = hex_digit(byte);
    switch (chunked->state) {
    case CHUNK_SIZE:
        if (digit >= 0) {
            if (++chunked->digits > MOST_DIGITS)
                return false;
            chunked->left = chunked->left * 16 + digit;
            return true;
        }
        chunked->state = byte == ';' ? CHUNK_EXTENSION : CHUNK_SIZE_LF;
        return chunked->digits > 0 && (byte == ';' || byte == '\r');
    case CHUNK_EXTENSION:
        if (byte == '\r')
            chunked->state = CHUNK_SIZE_LF;
        return byte == '\r' || (is_text_byte(byte) && ++chunked->overhead <= MOST_OVERHEAD);
    case CHUNK_SIZE_LF:
        chunked->state = chunked->left > 0 ? CHUNK_DATA : CHUNK_TRAILER_START;
        return byte == '\n';
    case CHUNK_DATA_CR:
        chunked->state = CHUNK_DATA_LF;
        return byte == '\r';
    case CHUNK_DATA_LF:
        chunked->state = CHUNK_SIZE;
        chunked->digits = 0;
        return byte == '\n';
    case CHUNK_TRAILER_START:
        chunked->state = byte == '\r' ? CHUNK_END_LF : CHUNK_TRAILER_NAME;
        return byte == '\r' || (head_is_token_byte(byte) && ++chunked->overhead <= MOST_OVERHEAD);
    case CHUNK_TRAILER_NAME:
        if (byte == ':')
            chunked->state = CHUNK_TRAILER;
        return (byte == ':' || head_is_token_byte(byte)) && ++chunked->overhead <= MOST_OVERHEAD;
    case CHUNK_TRAILER:
        if (byte == '\r')
            chunked->state = CHUNK_TRAILER_LF;
        return byte == '\r' || (is_text_byte(byte) && ++chunked->overhead <= MOST_OVERHEAD);
    case CHUNK_TRAILER_LF:
        chunked->state = CHUNK_TRAILER_START;
        return byte == '\n' && ++chunked->overhead <= MOST_OVERHEAD;
    case CHUNK_END_LF:
        chunked->state = CHUNK_DONE;
        return byte == '\n';
    case CHUNK_DATA:
    case CHUNK_DONE:
        break;
    }
    return false;
}

enum chunk_result chunked_next(struct chunked *chunked, const char *bytes, size_t size, size_t *used,
                               struct text *data)
{
    size_t i = 0;
    bool good = true;
    *data = TEXT_NONE;
    while (good && i < size && chunked->state != CHUNK_DATA && chunked->state != CHUNK_DONE)
        good = step(chunked, bytes[i++]);
    if (good && chunked->state == CHUNK_DATA) {
        *data = text_slice((struct text){bytes, size}, i, (size_t)chunked->left);
        i += data->size;
        chunked->left -= (int64_t)data->size;
        if (chunked->left == 0)
            chunked->state = CHUNK_DATA_CR;
    }
    *used = i;
    return !good ? CHUNKS_MALFORMED : chunked->state == CHUNK_DONE ? CHUNKS_COMPLETE : CHUNKS_MORE;
}

enum chunk_result chunked_read(struct chunked *chunked, const char *bytes, size_t size, size_t *used,
                               struct buffer *body, int64_t most)
{
    enum chunk_result result = CHUNKS_MORE;
    *used = 0;
    while (*used < size && result == CHUNKS_MORE) {
        size_t taken;
        struct text data;
        result = chunked_next(chunked, bytes + *used, size - *used, &taken, &data);
        *used += taken;
        int64_t announced = (int64_t)data.size + (chunked->state == CHUNK_DATA ? chunked->left : 0);
        if (announced > most - (int64_t)body->size)
            return CHUNKS_TOO_LARGE;
        if (!buffer_append_text(body, data))
            return CHUNKS_NO_MEMORY;
    }
    return result;
}
