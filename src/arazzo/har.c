#include "arazzo/har.h"

#include <stdlib.h>

#include "arazzo/value.h"
#include "base/limits.h"
#include "base/memory.h"

struct har {
    const struct mask *mask;
    json_t *entries;
};

static json_t *query_json(const json_t *values)
{
    const char *name;
    json_t *value, *list = json_array();
    json_object_foreach((json_t *)values, name, value) {
        struct buffer text = {0};
        value_write_text(&text, value);
        json_array_append_new(list, json_pack("{s:s, s:o}", "name", name, "value",
                                              json_text((struct text){buffer_string(&text), text.size})));
        buffer_free(&text);
    }
    return list;
}

/* "a=b; c=d" of each header of that name, or the one cookie of a Set-Cookie; values are not shown. */
static json_t *cookies_json(const struct http_header *headers, size_t count, struct text header, bool several)
{
    json_t *list = json_array();
    for (size_t i = 0; i < count; i++) {
        struct text rest = headers[i].value, pair;
        if (!text_equal_ignoring_case(headers[i].name, header))
            continue;
        while (text_split(&rest, ';', &pair)) {
            ptrdiff_t equals = text_find_byte(pair, '=');
            if (equals > 0)
                json_array_append_new(list, json_pack("{s:o, s:s}", "name",
                                                      json_text(text_trim(text_slice(pair, 0, (size_t)equals))),
                                                      "value", "***"));
            if (!several)
                break;
        }
    }
    return list;
}

static struct text cut(const struct buffer *body)
{
    struct text text = text_slice(buffer_text(body), 0, (size_t)limits.workflow_report_body_bytes);
    return text.size > 0 ? text : TEXT("");
}

static json_t *request_json(const struct exchange *exchange)
{
    json_t *request = json_pack("{s:s, s:s, s:s, s:o, s:o, s:o, s:i, s:I}", "method", exchange->method, "url",
                                exchange->url, "httpVersion", "HTTP/1.1", "cookies",
                                cookies_json(exchange->headers, exchange->header_count, TEXT("cookie"), true),
                                "headers",
                                mask_headers(exchange->headers, exchange->header_count), "queryString",
                                query_json(exchange->query_values), "headersSize", -1, "bodySize",
                                (json_int_t)exchange->body.size);
    if (exchange->has_body)
        json_object_set_new(request, "postData",
                            json_pack("{s:o, s:o}", "mimeType",
                                      json_text(exchange_header(exchange, TEXT("content-type"))), "text",
                                      json_text(cut(&exchange->body))));
    return request;
}

static json_t *response_json(const struct exchange *exchange)
{
    struct text type = http_headers_get(&exchange->reply_headers, TEXT("content-type"));
    struct text location = http_headers_get(&exchange->reply_headers, TEXT("location"));
    json_t *content = json_pack("{s:I, s:o, s:o}", "size", (json_int_t)exchange->reply.size, "mimeType",
                                json_text(type.data ? type : TEXT("")), "text", json_text(cut(&exchange->reply)));
    const struct http_headers *headers = &exchange->reply_headers;
    return json_pack("{s:i, s:s, s:s, s:o, s:o, s:o, s:o, s:i, s:I}", "status", exchange->status, "statusText",
                     exchange->status ? http_status_phrase(exchange->status) : "", "httpVersion", "HTTP/1.1", "cookies",
                     cookies_json(headers->items, headers->count, TEXT("set-cookie"), false), "headers",
                     mask_headers(headers->items, headers->count), "content", content,
                     "redirectURL", json_text(location.data ? location : TEXT("")), "headersSize", -1,
                     "bodySize", (json_int_t)exchange->reply.size);
}

static void step_ended(void *user, const struct step_result *result)
{
    struct har *har = user;
    const struct exchange *exchange = result->exchange;
    if (exchange == NULL || !exchange->sent)
        return;
    double wait = (double)exchange->first_byte_us / 1000, total = (double)exchange->total_us / 1000;
    json_t *timings = json_pack("{s:i, s:f, s:f}", "send", 0, "wait", wait, "receive", total > wait ? total - wait : 0);
    json_array_append_new(har->entries,
                          json_pack("{s:o, s:f, s:o, s:o, s:{}, s:o, s:s}", "startedDateTime",
                                    json_moment(exchange->started_ms), "time", total, "request",
                                    request_json(exchange), "response", response_json(exchange), "cache", "timings",
                                    timings, "comment", result->step->id));
}

struct har *har_create(const struct mask *mask)
{
    struct har *har = NEW(struct har);
    *har = (struct har){mask, json_array()};
    return har;
}

struct run_observer har_observer(struct har *har)
{
    return (struct run_observer){.step_ended = step_ended, .user = har};
}

json_t *har_json(struct har *har)
{
    json_t *whole = json_pack("{s:{s:s, s:{s:s, s:s}, s:O}}", "log", "version", "1.2", "creator", "name", "fairlead",
                              "version", FAIRLEAD_VERSION, "entries", har->entries);
    json_t *masked = mask_json(har->mask, whole);
    json_decref(whole);
    return masked;
}

void har_free(struct har *har)
{
    json_decref(har->entries);
    free(har);
}
