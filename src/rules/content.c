#include "rules/content.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/encoding.h"
#include "base/json.h"
#include "base/limits.h"
#include "base/memory.h"

struct content {
    struct request request;
    bool read[CONTENT_PARTS];
    struct json_view views[CONTENT_PARTS];
    struct json_reader *readers[CONTENT_PARTS];
    struct buffer written; /* JSON of headers and query while it is parsed */
    struct arena arena;
    bool is_json; /* of the body, once it was read */
};

/* ---- headers and query as JSON ---- */

static void write_escaped(struct buffer *out, unsigned char byte)
{
    if (byte < ' ')
        buffer_printf(out, "\\u%04x", byte);
    else
        buffer_printf(out, "\\%c", byte);
}

static bool is_escaped(char byte)
{
    return byte == '"' || byte == '\\' || (unsigned char)byte < ' ';
}

void content_write_text(struct buffer *out, struct text text)
{
    json_t *repaired = text_is_utf8(text) ? NULL : json_text(text);
    if (repaired != NULL)
        text = text_of(json_string_value(repaired));
    buffer_append_byte(out, '"');
    for (size_t i = 0, plain; i < text.size; i += plain) {
        for (plain = 0; i + plain < text.size && !is_escaped(text.data[i + plain]);)
            plain++;
        buffer_append(out, text.data + i, plain);
        if (i + plain < text.size)
            write_escaped(out, (unsigned char)text.data[i + plain++]);
    }
    buffer_append_byte(out, '"');
    json_decref(repaired);
}

struct pair {
    struct text name, value;
    size_t index; /* the order in which they came */
};

static int by_name(const void *left, const void *right)
{
    const struct pair *a = left, *b = right;
    size_t size = a->name.size < b->name.size ? a->name.size : b->name.size;
    int order = size > 0 ? memcmp(a->name.data, b->name.data, size) : 0;
    if (order == 0)
        order = (a->name.size > b->name.size) - (a->name.size < b->name.size);
    return order != 0 ? order : (a->index > b->index) - (a->index < b->index);
}

/* The values of one name that came more than once: one text, or an array. */
static void write_values(struct buffer *out, const struct pair *pairs, size_t count, bool joined)
{
    struct buffer values = {0};
    if (!joined)
        buffer_append_byte(out, '[');
    for (size_t i = 0; i < count; i++) {
        if (i > 0)
            buffer_append_string(joined ? &values : out, joined ? ", " : ",");
        if (joined)
            buffer_append_text(&values, pairs[i].value);
        else
            content_write_text(out, pairs[i].value);
    }
    if (joined)
        content_write_text(out, buffer_text(&values));
    else
        buffer_append_byte(out, ']');
    buffer_free(&values);
}

static void write_pairs(struct buffer *out, struct pair *pairs, size_t count, bool joined)
{
    buffer_append_byte(out, '{');
    if (count > 1)
        qsort(pairs, count, sizeof *pairs, by_name); /* senders choose how many there are */
    for (size_t i = 0, twins; i < count; i += twins) {
        for (twins = 1; i + twins < count && text_equal(pairs[i].name, pairs[i + twins].name);)
            twins++;
        if (i > 0)
            buffer_append_byte(out, ',');
        content_write_text(out, pairs[i].name);
        buffer_append_byte(out, ':');
        if (twins > 1)
            write_values(out, &pairs[i], twins, joined);
        else
            content_write_text(out, pairs[i].value);
    }
    buffer_append_byte(out, '}');
}

/* Takes the next header off the stored ones. */
static bool next_header(struct text *rest, struct pair *header)
{
    struct text line;
    while (rest->size > 0 && text_split(rest, '\n', &line)) {
        ptrdiff_t colon = text_find_byte(line, ':'); /* no name has one */
        if (colon < 0 || (size_t)colon + 2 > line.size)
            continue;
        header->name = text_slice(line, 0, (size_t)colon);
        header->value = text_slice(line, (size_t)colon + 2, line.size);
        return true;
    }
    return false;
}

static size_t count_bytes(struct text text, char byte)
{
    size_t count = 0;
    for (size_t i = 0; i < text.size; i++)
        count += text.data[i] == byte;
    return count;
}

static void write_headers(struct content *content, struct buffer *out)
{
    struct text rest = content->request.headers;
    struct pair *pairs = ARENA_ARRAY(&content->arena, struct pair, count_bytes(rest, '\n') + 1);
    size_t count = 0;
    while (next_header(&rest, &pairs[count])) {
        pairs[count].index = count;
        count++;
    }
    write_pairs(out, pairs, count, true);
}

static struct text decode(struct content *content, struct text text)
{
    struct buffer out = {0};
    percent_decode(&out, text, true);
    struct text copy = arena_copy_text(&content->arena, buffer_text(&out));
    buffer_free(&out);
    return copy;
}

static void write_query(struct content *content, struct buffer *out)
{
    struct text query = content->request.query, rest = query, part;
    size_t count = 0;
    struct pair *pairs = ARENA_ARRAY(&content->arena, struct pair, count_bytes(query, '&') + 1);
    while (text_split(&rest, '&', &part)) {
        ptrdiff_t equals = text_find_byte(part, '=');
        size_t size = equals < 0 ? part.size : (size_t)equals;
        if (part.size == 0)
            continue;
        pairs[count] = (struct pair){decode(content, text_slice(part, 0, size)),
                                     decode(content, text_slice(part, size + 1, part.size)), count};
        count++;
    }
    write_pairs(out, pairs, count, false);
}

/* ---- parts ---- */

static bool body_is_json(struct content *content)
{
    struct text rest = content->request.headers, kind = TEXT_NONE;
    struct pair header;
    while (kind.data == NULL && next_header(&rest, &header)) {
        if (text_equal(header.name, TEXT("content-type")))
            kind = header.value;
    }
    ptrdiff_t end = text_find_byte(kind, ';');
    if (end >= 0)
        kind = text_slice(kind, 0, (size_t)end);
    kind = text_trim(kind);
    return text_equal_ignoring_case(kind, TEXT("application/json")) || text_ends_with(kind, TEXT("+json"));
}

/* False: it is no JSON. */
static bool read_json(struct content *content, enum content_part part, struct text text)
{
    const char *reason;
    if (content->readers[part] == NULL)
        content->readers[part] = json_reader_new();
    return content->readers[part] != NULL && text.size > 0 &&
           json_reader_parse(content->readers[part], text.data, text.size, (size_t)limits.json_depth,
                             &content->views[part], &reason);
}

void content_write(struct content *content, enum content_part part, struct buffer *out)
{
    if (part == CONTENT_HEADERS)
        write_headers(content, out);
    else
        write_query(content, out);
}

bool content_body_is_json(struct content *content)
{
    content_part(content, CONTENT_BODY);
    return content->is_json;
}

static void read_part(struct content *content, enum content_part part)
{
    const struct request *request = &content->request;
    switch (part) {
    case CONTENT_PATH: content->views[part] = json_view_of_text(request->path); break;
    case CONTENT_BODY:
        content->is_json = body_is_json(content) && read_json(content, part, request->body);
        if (!content->is_json)
            content->views[part] = json_view_of_text(request->body);
        break;
    default:
        buffer_clear(&content->written);
        content_write(content, part, &content->written);
        if (!read_json(content, part, buffer_text(&content->written)))
            content->views[part] = (struct json_view){0};
    }
}

struct content *content_new(void)
{
    return NEW(struct content);
}

void content_free(struct content *content)
{
    for (size_t i = 0; content != NULL && i < CONTENT_PARTS; i++)
        json_reader_free(content->readers[i]);
    if (content != NULL) {
        buffer_free(&content->written);
        arena_free(&content->arena);
    }
    free(content);
}

/* ---- the one of a thread ---- */

enum { KEPT_BODY_BYTES = 1048576 }; /* what was made for larger ones is not kept */

static pthread_key_t of_thread;
static pthread_once_t of_thread_once = PTHREAD_ONCE_INIT;

static void free_of_thread(void *content)
{
    content_free(content);
}

static void make_key(void)
{
    pthread_key_create(&of_thread, free_of_thread);
}

struct content *content_of(const struct request *request)
{
    pthread_once(&of_thread_once, make_key);
    struct content *content = pthread_getspecific(of_thread);
    if (content != NULL && content->request.body.size > KEPT_BODY_BYTES) {
        content_free(content);
        content = NULL;
    }
    if (content == NULL) {
        content = content_new();
        pthread_setspecific(of_thread, content);
    }
    content_set(content, request);
    return content;
}

void content_set(struct content *content, const struct request *request)
{
    content->request = *request;
    arena_clear(&content->arena);
    for (size_t i = 0; i < CONTENT_PARTS; i++)
        content->read[i] = false;
}

struct json_view content_part(struct content *content, enum content_part part)
{
    if (!content->read[part])
        read_part(content, part);
    content->read[part] = true;
    return content->views[part];
}

bool content_matches(void *filter, const struct request *request)
{
    struct content_filter *this = filter;
    content_set(this->content, request);
    for (size_t i = 0; i < CONTENT_PARTS; i++) {
        if (this->parts[i] != NULL && !filter_match(this->parts[i], content_part(this->content, (enum content_part)i)))
            return false;
    }
    return true;
}
