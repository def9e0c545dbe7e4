#include "http/reply.h"

#include "http/head.h"

enum { KEPT_BUFFER = 16 * 1024, INFLATED_PIECE = 16 * 1024, SHORTEST_STATUS_LINE = 12 };

static const char *const NO_STATUS_LINE = "the reply does not begin with a status line of HTTP/1.1 or HTTP/1.0";
static const char *const TOO_LONG = "the headers of the reply are too long";

static enum reply_result malformed(const char **problem, const char *text)
{
    *problem = text;
    return REPLY_MALFORMED;
}

void reply_begin(struct reply *reply, bool to_head, int64_t most_head, int64_t most_kept, int64_t most_read)
{
    struct buffer head = reply->head, body = reply->body;
    struct arena arena = reply->arena;
    buffer_clear(&head);
    buffer_clear(&body);
    arena_clear(&arena);
    inflater_end(&reply->inflater);
    *reply = (struct reply){.to_head = to_head, .most_head = most_head, .most_kept = most_kept,
                            .most_read = most_read, .head = head, .body = body, .arena = arena};
}

/* ---- the head ---- */

static bool is_digit(char byte)
{
    return byte >= '0' && byte <= '9';
}

/* "HTTP/1.1 200" and perhaps " OK". */
static bool parse_status_line(struct reply *reply, struct text line)
{
    const char *at = line.data;
    if (line.size < SHORTEST_STATUS_LINE || memcmp(at, "HTTP/1.", 7) != 0 || (at[7] != '0' && at[7] != '1') ||
        at[8] != ' ' || !is_digit(at[9]) || !is_digit(at[10]) || !is_digit(at[11]) || at[9] == '0')
        return false;
    for (size_t i = SHORTEST_STATUS_LINE; i < line.size; i++) {
        if (at[i] == '\r' || at[i] == '\0')
            return false;
    }
    if (line.size > SHORTEST_STATUS_LINE && at[SHORTEST_STATUS_LINE] != ' ')
        return false;
    reply->minor_version = at[7] - '0';
    reply->status = (at[9] - '0') * 100 + (at[10] - '0') * 10 + (at[11] - '0');
    return true;
}

/* The next line without its end. */
static struct text take_line(struct reply *reply, struct text *rest)
{
    size_t end = (size_t)text_find_byte(*rest, '\n');
    struct text line = text_slice(*rest, 0, end);
    *rest = text_slice(*rest, end + 1, rest->size);
    if (line.size > 0 && line.data[line.size - 1] == '\r')
        line.size--;
    else
        reply->loose = true;
    return line;
}

static bool frames_the_body(struct text name)
{
    return text_equal_ignoring_case(name, TEXT("content-length")) ||
           text_equal_ignoring_case(name, TEXT("transfer-encoding"));
}

/* A line that is no proper header and cannot be taken for one that says how long the body is. */
static bool may_be_left_out(const struct reply *reply, struct text line)
{
    const struct http_headers *before = &reply->headers;
    ptrdiff_t colon = text_find_byte(line, ':');
    if (text_find_byte(line, '\r') >= 0 || text_find_byte(line, '\0') >= 0)
        return false;
    if (line.data[0] == ' ' || line.data[0] == '\t')
        return before->count > 0 && !frames_the_body(before->items[before->count - 1].name);
    return colon >= 0 && !frames_the_body(text_trim(text_slice(line, 0, (size_t)colon)));
}

static bool parse_head(struct reply *reply, const char **problem)
{
    struct text rest = buffer_text(&reply->head), line = take_line(reply, &rest);
    size_t lines = 0;
    if (!parse_status_line(reply, line)) {
        *problem = NO_STATUS_LINE;
        return false;
    }
    for (size_t i = 0; i < rest.size; i++)
        lines += rest.data[i] == '\n';
    arena_clear(&reply->arena);
    reply->headers = (struct http_headers){ARENA_ARRAY(&reply->arena, struct http_header, lines), 0};
    while ((line = take_line(reply, &rest)).size > 0) {
        if (head_parse_field(reply->head.data + (line.data - reply->head.data), line.size,
                             &reply->headers.items[reply->headers.count], problem))
            reply->headers.count++;
        else if (may_be_left_out(reply, line))
            reply->loose = true;
        else
            return false;
    }
    return true;
}

/* -1: there is none. False: they are no numbers, or not the same. */
static bool read_length(struct reply *reply, int64_t *length)
{
    *length = -1;
    for (size_t i = 0; i < reply->headers.count; i++) {
        const struct http_header *header = &reply->headers.items[i];
        int64_t another;
        if (!text_equal(header->name, TEXT("content-length")))
            continue;
        if (!head_parse_length(header->value, &another) || (*length >= 0 && *length != another))
            return false;
        reply->loose |= *length >= 0;
        *length = another;
    }
    return true;
}

/* False: there is one that is not one "chunked". */
static bool read_transfer_coding(const struct reply *reply, bool *chunked)
{
    size_t count = 0;
    *chunked = false;
    for (size_t i = 0; i < reply->headers.count; i++) {
        const struct http_header *header = &reply->headers.items[i];
        if (text_equal(header->name, TEXT("transfer-encoding"))) {
            *chunked = text_equal_ignoring_case(header->value, TEXT("chunked"));
            count++;
        }
    }
    return count == 0 || (count == 1 && *chunked && reply->minor_version == 1);
}

static enum reply_coding read_coding(const struct reply *reply)
{
    static const struct {
        struct text name;
        enum reply_coding coding;
    } codings[] = {{{"", 0}, CODING_NONE},      {{"identity", 8}, CODING_NONE}, {{"none", 4}, CODING_NONE},
                   {{"gzip", 4}, CODING_GZIP},  {{"x-gzip", 6}, CODING_GZIP},   {{"deflate", 7}, CODING_DEFLATE}};
    struct text value = http_headers_get(&reply->headers, TEXT("content-encoding"));
    for (size_t i = 0; i < sizeof codings / sizeof codings[0]; i++) {
        if (text_equal_ignoring_case(value, codings[i].name))
            return codings[i].coding;
    }
    return CODING_UNKNOWN;
}

/* The head is complete: how long is the body? */
static enum reply_result begin_body(struct reply *reply, const char **problem)
{
    int64_t length;
    bool chunked;
    if (!read_length(reply, &length))
        return malformed(problem, "the reply's Content-Length is malformed");
    if (!read_transfer_coding(reply, &chunked))
        return malformed(problem, "the reply has a Transfer-Encoding other than one \"chunked\"");
    bool wants_close = head_has_token(&reply->headers, TEXT("connection"), TEXT("close"));
    bool wants_more = head_has_token(&reply->headers, TEXT("connection"), TEXT("keep-alive"));
    reply->reusable = !reply->loose && !(chunked && length >= 0) && !wants_close &&
                      (reply->minor_version == 1 || wants_more);
    bool bodiless = reply->to_head || reply->status == 204 || reply->status == 304;
    if (bodiless || (length == 0 && !chunked)) {
        reply->state = REPLY_DONE;
        return REPLY_COMPLETE;
    }
    reply->coding = read_coding(reply);
    inflater_begin(&reply->inflater, reply->coding == CODING_DEFLATE);
    reply->chunked = (struct chunked){0};
    reply->left = length;
    reply->state = chunked ? REPLY_CHUNKED : length >= 0 ? REPLY_LENGTH : REPLY_UNTIL_CLOSE;
    reply->reusable &= reply->state != REPLY_UNTIL_CLOSE;
    return REPLY_MORE;
}

/* A 1xx is over: the next head. */
static void drop_head(struct reply *reply)
{
    reply->earlier_heads += (int64_t)reply->head.size;
    buffer_clear(&reply->head);
    reply->line = reply->seen = 0;
    reply->status = 0;
    reply->headers = (struct http_headers){0};
}

/* Looks for the empty line. 0: not there. */
static size_t find_end(struct reply *reply)
{
    const char *bytes = reply->head.data, *end;
    while ((end = memchr(bytes + reply->seen, '\n', reply->head.size - reply->seen)) != NULL) {
        size_t place = (size_t)(end - bytes), length = place - reply->line;
        bool first = reply->line == 0;
        reply->seen = reply->line = place + 1;
        if (!first && (length == 0 || (length == 1 && bytes[place - 1] == '\r')))
            return place + 1;
    }
    reply->seen = reply->head.size;
    return 0;
}

static bool begins_like_a_reply(const struct buffer *head)
{
    static const char beginning[] = "HTTP/1.";
    size_t size = head->size < sizeof beginning - 1 ? head->size : sizeof beginning - 1;
    return memcmp(head->data, beginning, size) == 0;
}

static enum reply_result read_head(struct reply *reply, struct text *bytes, const char **problem)
{
    struct buffer *head = &reply->head;
    size_t before = head->size;
    int64_t room = reply->most_head - reply->earlier_heads - (int64_t)before;
    struct text taken = text_slice(*bytes, 0, room > 0 ? (size_t)room : 0);
    reply->too_long = room <= 0;
    if (reply->too_long)
        return malformed(problem, TOO_LONG);
    if (!buffer_append_text(head, taken))
        return malformed(problem, "no memory for the reply's headers");
    if (!begins_like_a_reply(head))
        return malformed(problem, NO_STATUS_LINE);
    size_t end = find_end(reply);
    reply->too_long = end == 0 && (int64_t)taken.size == room;
    if (reply->too_long)
        return malformed(problem, TOO_LONG);
    if (end == 0) {
        *bytes = TEXT_NONE;
        return REPLY_MORE;
    }
    head->size = end;
    *bytes = text_slice(*bytes, end - before, bytes->size);
    if (!parse_head(reply, problem))
        return REPLY_MALFORMED;
    if (reply->status == 101)
        return malformed(problem, "the server switches to a protocol that was not asked for");
    if (reply->status >= 200)
        return begin_body(reply, problem);
    drop_head(reply);
    return REPLY_MORE;
}

/* ---- the body ---- */

static void keep(struct reply *reply, const char *bytes, size_t size)
{
    int64_t room = reply->most_kept - (int64_t)reply->body.size;
    reply->body_bytes += (int64_t)size;
    if (room > 0)
        buffer_append(&reply->body, bytes, (int64_t)size < room ? size : (size_t)room);
}

static bool is_enough(const struct reply *reply)
{
    return reply->wire_bytes > reply->most_read || reply->body_bytes > reply->most_read;
}

static bool inflate_piece(struct reply *reply, struct text bytes)
{
    char piece[INFLATED_PIECE];
    enum inflate_result result;
    do {
        size_t made;
        result = inflater_next(&reply->inflater, &bytes, piece, sizeof piece, &made);
        keep(reply, piece, made);
    } while (result == INFLATED_MORE && !is_enough(reply));
    return result != INFLATED_BROKEN;
}

/* Bytes of the body, as they came. */
static bool take(struct reply *reply, struct text bytes)
{
    reply->wire_bytes += (int64_t)bytes.size;
    if (reply->coding == CODING_GZIP || reply->coding == CODING_DEFLATE)
        return inflate_piece(reply, bytes);
    if (reply->coding == CODING_NONE)
        keep(reply, bytes.data, bytes.size);
    else
        reply->body_bytes += (int64_t)bytes.size;
    return true;
}

/* Takes a piece of the body off *bytes. */
static enum reply_result read_body(struct reply *reply, struct text *bytes, const char **problem)
{
    struct text data = *bytes;
    size_t used = bytes->size;
    enum chunk_result chunks = CHUNKS_MORE;
    if (reply->state == REPLY_CHUNKED) {
        chunks = chunked_next(&reply->chunked, bytes->data, bytes->size, &used, &data);
    } else if (reply->state == REPLY_LENGTH) {
        data = text_slice(*bytes, 0, (size_t)reply->left);
        used = data.size;
        reply->left -= (int64_t)used;
    }
    *bytes = text_slice(*bytes, used, bytes->size);
    if (chunks == CHUNKS_MALFORMED)
        return malformed(problem, "a chunk of the reply is malformed");
    if (!take(reply, data)) {
        *problem = "the reply's compressed body is broken";
        return REPLY_BROKEN_CODING;
    }
    bool over = chunks == CHUNKS_COMPLETE || (reply->state == REPLY_LENGTH && reply->left == 0);
    if (is_enough(reply)) {
        reply->cut = true;
        reply->reusable &= over;
        over = true;
    }
    if (over)
        reply->state = REPLY_DONE;
    return over ? REPLY_COMPLETE : REPLY_MORE;
}

enum reply_result reply_read(struct reply *reply, const char *bytes, size_t size, const char **problem)
{
    struct text rest = {bytes, size};
    enum reply_result result = REPLY_MORE;
    while (rest.size > 0 && result == REPLY_MORE)
        result = reply->state == REPLY_HEAD ? read_head(reply, &rest, problem) : read_body(reply, &rest, problem);
    if (rest.size > 0)
        reply->reusable = false;
    return result;
}

enum reply_result reply_closed(struct reply *reply)
{
    reply->reusable = false;
    if (reply->state != REPLY_UNTIL_CLOSE)
        return REPLY_MORE;
    reply->state = REPLY_DONE;
    return REPLY_COMPLETE;
}

/* ---- memory ---- */

void reply_shrink(struct reply *reply)
{
    inflater_end(&reply->inflater);
    if (reply->head.capacity > KEPT_BUFFER)
        buffer_free(&reply->head);
    if (reply->body.capacity > KEPT_BUFFER)
        buffer_free(&reply->body);
    arena_clear(&reply->arena);
}

void reply_free(struct reply *reply)
{
    inflater_end(&reply->inflater);
    buffer_free(&reply->head);
    buffer_free(&reply->body);
    arena_free(&reply->arena);
}
