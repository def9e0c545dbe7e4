#include "arazzo/exchange.h"

#include <stdlib.h>

#include "base/limits.h"
#include "base/memory.h"

struct exchange *exchange_create(void)
{
    struct exchange *exchange = NEW(struct exchange);
    exchange->path_values = json_object();
    exchange->query_values = json_object();
    return exchange;
}

bool exchange_add_header(struct exchange *exchange, struct text name, struct text value)
{
    if (exchange->header_count == EXCHANGE_HEADERS_MOST)
        return false;
    exchange->headers[exchange->header_count++] =
        (struct http_header){arena_copy_text(&exchange->arena, name), arena_copy_text(&exchange->arena, value)};
    return true;
}

struct text exchange_header(const struct exchange *exchange, struct text name)
{
    struct http_headers headers = {(struct http_header *)exchange->headers, exchange->header_count};
    return http_headers_get(&headers, name);
}

/* A reply is JSON when it says so or looks so; a later duplicate member wins, as peers may send what they like. */
static void read_json(struct exchange *exchange, struct text content_type)
{
    struct text body = text_trim(buffer_text(&exchange->reply));
    bool says_so = text_find(content_type, TEXT("json")) >= 0;
    bool looks_so = body.size > 0 && (body.data[0] == '{' || body.data[0] == '[');
    if (body.size > 0 && (says_so || (looks_so && text_find(content_type, TEXT("text/")) != 0)))
        exchange->reply_json = json_loadb(body.data, body.size, JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL);
}

void exchange_take_reply(struct exchange *exchange, const struct http_call *call)
{
    exchange->sent = true;
    exchange->failure = call->failure;
    exchange->failure_text = arena_copy_string(&exchange->arena, text_of(call->failure_text));
    exchange->status = call->status;
    exchange->reply_cut = call->response_cut;
    exchange->started_ms = call->started_ms;
    exchange->first_byte_us = call->first_byte_us;
    exchange->total_us = call->total_us;
    buffer_append_text(&exchange->reply, call->response_body);
    struct buffer stored = {0};
    http_headers_write(&stored, &call->response_headers);
    exchange->reply_headers = http_headers_read(&exchange->arena, buffer_text(&stored));
    buffer_free(&stored);
    if (!exchange->reply_cut)
        read_json(exchange, call->content_type);
}

static void copy_reply(struct http_call *call)
{
    exchange_take_reply(call->user, call);
}

void exchange_send(struct exchange *exchange, struct http_client *client, int64_t timeout_ms)
{
    struct http_call call = {
        .method = exchange->method, .url = exchange->url, .headers = exchange->headers,
        .header_count = exchange->header_count, .body = buffer_text(&exchange->body), .has_body = exchange->has_body,
        .timeout_ms = timeout_ms, .connect_timeout_ms = timeout_ms,
        .response_keep_bytes = limits.workflow_response_bytes, .response_read_bytes = limits.workflow_response_bytes,
        .keep_response_headers = true, .done = copy_reply, .user = exchange,
    };
    http_client_start(client, &call);
    while (!exchange->sent)
        http_client_run(client, -1);
}

void exchange_free(struct exchange *exchange)
{
    if (exchange == NULL)
        return;
    json_decref(exchange->path_values);
    json_decref(exchange->query_values);
    json_decref(exchange->body_json);
    json_decref(exchange->reply_json);
    buffer_free(&exchange->body);
    buffer_free(&exchange->reply);
    arena_free(&exchange->arena);
    free(exchange);
}
