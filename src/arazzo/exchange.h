/*
 * exchange.h - one request of a step and what came back, as expressions, criteria, reports and archives see it.
 *
 * The exchange owns everything in it. Header names keep the letters they were sent with; the reply's are in lower
 * case. Text in the arena ends with a NUL.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buffer.h"
#include "base/json.h"
#include "http/client.h"

enum { EXCHANGE_HEADERS_MOST = 128 };

struct exchange {
    struct arena arena;

    const char *method; /* upper case */
    const char *url;
    json_t *path_values, *query_values; /* owned; objects of name to value, for $request.path and .query */
    struct http_header headers[EXCHANGE_HEADERS_MOST];
    size_t header_count;
    bool has_body;
    struct buffer body;
    json_t *body_json; /* owned; the payload as a value, NULL: none */

    bool sent;         /* else what follows is empty */
    enum http_failure failure;
    const char *failure_text; /* a sentence, when failure != HTTP_OK */
    int status;               /* 0: no reply */
    struct http_headers reply_headers;
    struct buffer reply;
    bool reply_cut;     /* it was larger than limits.workflow_response_bytes */
    json_t *reply_json; /* owned; NULL: the reply is no JSON */
    int64_t started_ms; /* wall clock */
    int64_t first_byte_us, total_us;
};

struct exchange *exchange_create(void);
/* Copies both; false when there are too many headers already. */
bool exchange_add_header(struct exchange *exchange, struct text name, struct text value);
/* The value of a request header, TEXT_NONE when it is not set. */
struct text exchange_header(const struct exchange *exchange, struct text name);
/* Sends the request and waits for the reply. Whatever happens is in the exchange afterwards. */
void exchange_send(struct exchange *exchange, struct http_client *client, int64_t timeout_ms);
/* Copies the outcome of a call into the exchange. */
void exchange_take_reply(struct exchange *exchange, const struct http_call *call);
void exchange_free(struct exchange *exchange); /* NULL is fine */
