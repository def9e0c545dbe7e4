#include "transform/exchange.h"

#include "http/message.h"

/* ---- to the run ---------------------------------------------------------------------------------- */

static void write_member(struct buffer *out, const char *name, struct text text)
{
    buffer_append_string(out, name);
    content_write_text(out, text.data != NULL ? text : TEXT(""));
}

void exchange_give(struct transform_input *input, struct content *content, const struct request *request,
                   struct buffer *head)
{
    buffer_append_string(head, "{\"headers\":");
    content_write(content, CONTENT_HEADERS, head);
    write_member(head, ",\"path\":", request->path);
    write_member(head, ",\"query\":", request->query);
    buffer_append_string(head, ",\"parsed_query\":");
    content_write(content, CONTENT_QUERY, head);
    buffer_append_byte(head, '}');
    input->head = buffer_text(head);
    input->body = request->body;
    input->body_kind = content_body_is_json(content) ? FRAME_BODY_JSON : FRAME_BODY_TEXT;
}

/* ---- from the run -------------------------------------------------------------------------------- */

json_t *exchange_lines(const json_t *console)
{
    enum { LINE_MORE = 128 };
    size_t count = json_array_size(console), bytes = 2 + LINE_MORE;
    json_t *kept = json_array(), *last = json_array_get(console, count - 1);
    for (size_t i = 0; i < count; i++) {
        json_t *line = json_array_get(console, i);
        bytes += json_dumpb(line, NULL, 0, JSON_COMPACT) + 1;
        size_t reserved = line == last ? 0 : json_dumpb(last, NULL, 0, JSON_COMPACT) + 1;
        if (bytes + reserved > EXECUTION_LOGS_BYTES) {
            json_array_append_new(kept, json_pack("{s:s, s:s}", "type", "warn", "message",
                                                  "more was printed than is kept"));
            json_array_append(kept, last);
            break;
        }
        json_array_append(kept, line);
    }
    return kept;
}

static struct text lower_case(struct arena *arena, const char *name)
{
    char *copy = arena_copy_string(arena, text_of(name));
    for (char *c = copy; *c != '\0'; c++)
        *c = *c >= 'A' && *c <= 'Z' ? (char)(*c - 'A' + 'a') : *c;
    return text_of(copy);
}

static struct text stored_headers(struct arena *arena, const json_t *object)
{
    struct buffer out = {0};
    const char *name;
    json_t *value;
    struct http_headers headers = {ARENA_ARRAY(arena, struct http_header, json_object_size(object)), 0};
    json_object_foreach((json_t *)object, name, value)
        headers.items[headers.count++] = (struct http_header){
            lower_case(arena, name), {json_string_value(value), json_string_length(value)}};
    http_headers_write(&out, &headers);
    struct text stored = arena_copy_text(arena, buffer_text(&out));
    buffer_free(&out);
    return stored;
}

static struct text written(struct arena *arena, const json_t *value)
{
    struct buffer out = {0};
    json_write(&out, value);
    struct text text = arena_copy_text(arena, buffer_text(&out));
    buffer_free(&out);
    return text;
}

void exchange_take(struct arena *arena, const struct transform_result *result, struct execution *execution)
{
    json_t *lines = exchange_lines(result->console);
    execution->log_level = result->log_level;
    execution->logs = written(arena, lines);
    json_decref(lines);
    execution->has_result = result->outcome == TRANSFORM_DONE;
    if (!execution->has_result)
        return;
    struct text path = json_member_text(result->request, "path"), query = json_member_text(result->request, "query");
    execution->result = (struct request){
        .path = arena_copy_text(arena, path), .query = arena_copy_text(arena, query),
        .headers = stored_headers(arena, json_member(result->request, "headers")),
        .body = result->body.data != NULL ? result->body : TEXT("")};
}
