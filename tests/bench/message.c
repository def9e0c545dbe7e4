#include "message.h"

#include <stdint.h>
#include <string.h>
#include <strings.h>

#define CHUNK_LINE_MAX 256u

void message_start(struct message *message, bool is_response)
{
    *message = (struct message){.is_response = is_response};
}

/*
 * True when `line` is the header `name` (given with its colon); `value` and `value_length` are set
 * trimmed.
 */
static bool header_is(const char *line, size_t length, const char *name, const char **value,
                      size_t *value_length)
{
    size_t name_length = strlen(name);
    if (length < name_length || strncasecmp(line, name, name_length) != 0)
        return false;
    const char *start = line + name_length;
    const char *end = line + length;
    while (start < end && (*start == ' ' || *start == '\t'))
        start++;
    while (end > start && (end[-1] == ' ' || end[-1] == '\t'))
        end--;
    *value = start;
    *value_length = (size_t)(end - start);
    return true;
}

static bool read_number(const char *text, size_t length, size_t limit, size_t *number)
{
    *number = 0;
    for (size_t i = 0; i < length; i++) {
        if (text[i] < '0' || text[i] > '9')
            return false;
        *number = *number * 10 + (size_t)(text[i] - '0');
        if (*number > limit)
            return false;
    }
    return length > 0;
}

static bool message_start_line(struct message *message, const char *data, size_t length)
{
    if (message->is_response) {
        size_t status;
        if (length < 12 || memcmp(data, "HTTP/1.", 7) != 0 ||
            !read_number(data + 9, 3, 999, &status))
            return false;
        message->status = (int)status;
        message->keep_alive = data[7] != '0';
        return true;
    }
    const char *target = memchr(data, ' ', length);
    if (!target)
        return false;
    target++;
    const char *end = memchr(target, ' ', (size_t)(data + length - target));
    if (!end || data + length - end < 9)
        return false;
    message->target_offset = (size_t)(target - data);
    message->target_length = (size_t)(end - target);
    message->keep_alive = end[8] != '0';
    return true;
}

static bool message_header(struct message *message, const char *line, size_t length,
                           bool *has_length)
{
    const char *value;
    size_t value_length;
    if (header_is(line, length, "Content-Length:", &value, &value_length)) {
        *has_length = true;
        return read_number(value, value_length, MESSAGE_BODY_MAX, &message->body_length);
    }
    if (header_is(line, length, "Transfer-Encoding:", &value, &value_length)) {
        message->chunked = true;
        return value_length == 7 && strncasecmp(value, "chunked", 7) == 0;
    }
    if (header_is(line, length, "Connection:", &value, &value_length) && value_length == 5 &&
        strncasecmp(value, "close", 5) == 0)
        message->keep_alive = false;
    return true;
}

static bool message_read_head(struct message *message, const char *data, size_t head_length)
{
    const char *end = data + head_length - 2;
    const char *line_end = memmem(data, head_length, "\r\n", 2);
    bool has_length = false;
    if (!message_start_line(message, data, (size_t)(line_end - data)))
        return false;
    for (const char *line = line_end + 2; line < end; line = line_end + 2) {
        line_end = memmem(line, (size_t)(end + 2 - line), "\r\n", 2);
        /*
         * Only these three headers frame a message; their first letters spare the others a
         * comparison.
         */
        if (strchr("CcTt", *line) &&
            !message_header(message, line, (size_t)(line_end - line), &has_length))
            return false;
    }
    if (message->chunked)
        message->body_length = 0;
    else if (message->is_response && !has_length && message->status != 204 &&
             message->status != 304)
        return false;
    message->head_length = head_length;
    message->scanned = head_length;
    return true;
}

static bool read_chunk_size(const char *line, size_t length, size_t *size)
{
    size_t digits = 0;
    *size = 0;
    for (; digits < length; digits++) {
        char c = line[digits];
        int value = c >= '0' && c <= '9'   ? c - '0'
                    : c >= 'a' && c <= 'f' ? c - 'a' + 10
                    : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                           : -1;
        if (value < 0)
            break;
        *size = *size * 16 + (size_t)value;
        if (*size > MESSAGE_BODY_MAX)
            return false;
    }
    return digits > 0 && (digits == length || line[digits] == ';' || line[digits] == ' ');
}

/* Takes the chunk that begins at `scanned`; trailers are not supported. */
static enum message_verdict message_take_chunk(struct message *message, char *data, size_t length)
{
    char *line = data + message->scanned;
    size_t left = length - message->scanned;
    char *line_end = memmem(line, left < CHUNK_LINE_MAX ? left : CHUNK_LINE_MAX, "\r\n", 2);
    size_t size;
    if (!line_end)
        return left < CHUNK_LINE_MAX ? MESSAGE_MORE : MESSAGE_BAD;
    if (!read_chunk_size(line, (size_t)(line_end - line), &size) ||
        message->body_length + size > MESSAGE_BODY_MAX)
        return MESSAGE_BAD;
    size_t prefix = (size_t)(line_end - line) + 2;
    if (left < prefix + size + 2)
        return MESSAGE_MORE;
    if (memcmp(line + prefix + size, "\r\n", 2) != 0)
        return MESSAGE_BAD;
    memmove(data + message->head_length + message->body_length, line + prefix, size);
    message->body_length += size;
    message->scanned += prefix + size + 2;
    message->total_length = message->scanned;
    return size ? MESSAGE_MORE : MESSAGE_WHOLE;
}

static enum message_verdict message_read_chunks(struct message *message, char *data, size_t length)
{
    for (;;) {
        size_t before = message->scanned;
        enum message_verdict verdict = message_take_chunk(message, data, length);
        if (verdict != MESSAGE_MORE || message->scanned == before)
            return verdict;
    }
}

enum message_verdict message_parse(struct message *message, char *data, size_t length)
{
    if (!message->head_length) {
        size_t from = message->scanned > 3 ? message->scanned - 3 : 0;
        char *end = length > from ? memmem(data + from, length - from, "\r\n\r\n", 4) : NULL;
        if (!end) {
            message->scanned = length;
            return length < MESSAGE_HEAD_MAX ? MESSAGE_MORE : MESSAGE_BAD;
        }
        if (!message_read_head(message, data, (size_t)(end - data) + 4))
            return MESSAGE_BAD;
    }
    if (message->chunked)
        return message_read_chunks(message, data, length);
    message->total_length = message->head_length + message->body_length;
    return length >= message->total_length ? MESSAGE_WHOLE : MESSAGE_MORE;
}
