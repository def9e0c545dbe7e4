/* The data of requests and events: headers, query and body as JSON. */
#include "api/nouns.h"

#include "base/encoding.h"
#include "base/limits.h"

/* Requests have no more than limits.header_count; replies may have, of which the first are shown. */
json_t *data_headers_json(struct call *call, struct text stored)
{
    struct http_headers headers = http_headers_read(call->arena, stored);
    size_t shown = headers.count < (size_t)limits.header_count ? headers.count : (size_t)limits.header_count;
    json_t *object = json_object();
    for (size_t i = 0; i < shown; i++) {
        const char *name = arena_copy_string(call->arena, headers.items[i].name);
        struct text before = json_member_text(object, name);
        struct text value = headers.items[i].value;
        if (before.data != NULL)
            value = text_of(arena_printf(call->arena, "%.*s, %.*s", TEXT_ARGS(before), TEXT_ARGS(value)));
        json_object_set_new(object, name, json_text(value));
    }
    return object;
}

static const char *decode(struct call *call, struct text text)
{
    struct buffer out = {0};
    percent_decode(&out, text, true);
    json_t *repaired = json_text(buffer_text(&out));
    const char *copy = arena_copy_string(call->arena, text_of(json_string_value(repaired)));
    json_decref(repaired);
    buffer_free(&out);
    return copy;
}

/* A name that comes again makes an array of its values. */
json_t *data_query_json(struct call *call, struct text query)
{
    json_t *object = json_object();
    struct text rest = query, pair;
    while (query.size > 0 && text_split(&rest, '&', &pair)) {
        ptrdiff_t equals = text_find_byte(pair, '=');
        size_t size = equals < 0 ? pair.size : (size_t)equals;
        const char *name = decode(call, text_slice(pair, 0, size));
        json_t *value = json_string(decode(call, text_slice(pair, size + 1, pair.size)));
        json_t *before = json_member(object, name);
        if (pair.size == 0)
            json_decref(value);
        else if (json_is_array(before))
            json_array_append_new(before, value);
        else if (before != NULL)
            json_object_set_new(object, name, json_pack("[O, o]", before, value));
        else
            json_object_set_new(object, name, value);
    }
    return object;
}

/* About what a body takes as JSON values: a few bytes of "[[],[],..." become a hundred times as many. */
static int64_t cost_of(struct text body, bool is_json)
{
    enum { NODE_BYTES = 64 };
    int64_t nodes = 1;
    for (size_t i = 0; is_json && i < body.size; i++)
        nodes += body.data[i] == ',' || body.data[i] == '[' || body.data[i] == '{';
    return (int64_t)body.size + nodes * NODE_BYTES;
}

bool data_is_json(struct text content_type)
{
    struct text kind = content_type;
    ptrdiff_t end = text_find_byte(kind, ';');
    if (end >= 0)
        kind = text_slice(kind, 0, (size_t)end);
    kind = text_trim(kind);
    return text_equal_ignoring_case(kind, TEXT("application/json")) || text_ends_with(kind, TEXT("+json"));
}

json_t *data_body_json(struct call *call, struct text content_type, struct text body, bool *large)
{
    bool is_json = data_is_json(content_type);
    int64_t cost = cost_of(body, is_json);
    *large = cost > limits.api_data_bytes - call->data_bytes;
    if (*large)
        return json_null();
    call->data_bytes += cost;
    json_t *value = is_json && body.size > 0 ? json_parse(body, NULL) : NULL;
    return value != NULL ? value : json_text(body.data != NULL ? body : TEXT(""));
}

json_t *data_request_json(struct call *call, const struct request *request)
{
    struct http_headers headers = http_headers_read(call->arena, request->headers);
    bool large;
    json_t *body = data_body_json(call, http_headers_get(&headers, TEXT("content-type")), request->body, &large);
    return json_pack("{s:o, s:o, s:o, s:o, s:o, s:b}", "path", json_text(request->path.size ? request->path : TEXT("")),
                     "query", json_text(request->query.size ? request->query : TEXT("")), "parsed_query",
                     data_query_json(call, request->query), "headers", data_headers_json(call, request->headers),
                     "body", body, "is_large_payload", large);
}
