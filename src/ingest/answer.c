#include "ingest/answer.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/encoding.h"
#include "base/id.h"
#include "base/json.h"
#include "verify/verify.h"

static const struct http_header CORS[] = {
    {{"access-control-allow-origin", 27}, {"*", 1}},
    {{"access-control-allow-methods", 28}, {"GET,HEAD,PUT,PATCH,DELETE,POST,OPTIONS", 38}},
    {{"access-control-allow-headers", 28}, {"*", 1}},
    {{"access-control-max-age", 22}, {"86400", 5}},
};

static void send(struct http_exchange *exchange, int status, const char *type, struct text body)
{
    http_reply(exchange, &(struct http_reply){.status = status, .content_type = type, .body = body,
                                              .headers = CORS, .header_count = 2});
}

/* x-hookdeck-response in the ingest URL: empty or "null" for an empty body, else "[json]...", "[text]...", "[xml]...". */
static bool answer_as_asked(struct http_exchange *exchange, int status)
{
    static const struct {
        const char *mark, *type;
    } kinds[] = {{"[json]", "application/json"}, {"[text]", "text/plain"}, {"[xml]", "application/xml"}};
    struct text raw = verify_query_parameter(exchange->query, TEXT("x-hookdeck-response"));
    if (raw.data == NULL)
        return false;
    struct buffer value = {0};
    percent_decode(&value, raw, true);
    struct text text = buffer_text(&value), body = TEXT("");
    const char *type = NULL;
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        if (text_starts_with(text, text_of(kinds[i].mark))) {
            type = kinds[i].type;
            body = text_slice(text, strlen(kinds[i].mark), text.size);
        }
    }
    bool known = type != NULL || text.size == 0 || text_equal(text, TEXT("null"));
    if (known)
        send(exchange, status, type, body);
    buffer_free(&value);
    return known;
}

static void answer_acknowledged(struct http_exchange *exchange, const struct acknowledgement_reply *acknowledgement)
{
    http_reply(exchange, &(struct http_reply){.status = 200, .content_type = acknowledgement->type,
                                              .body = acknowledgement->body, .headers = acknowledgement->headers,
                                              .header_count = acknowledgement->header_count});
}

static void answer_success(struct http_exchange *exchange, const struct catalog_source *source,
                           const struct acknowledgement_reply *acknowledgement, int64_t request_id,
                           const char *public_url)
{
    if (answer_as_asked(exchange, 200))
        return;
    if (acknowledgement != NULL) {
        answer_acknowledged(exchange, acknowledgement);
        return;
    }
    if (source->settings.response_body.data != NULL) {
        send(exchange, 200, source->settings.response_content_type, source->settings.response_body);
        return;
    }
    char id[ID_TEXT_SIZE], body[512];
    id_format(ID_REQUEST, request_id, id);
    int size = snprintf(body, sizeof body,
                        "{\"status\":\"SUCCESS\",\"message\":\"Stored. Follow it at %.256s/requests/%s\","
                        "\"request_id\":\"%s\"}",
                        public_url, id, id);
    send(exchange, 200, "application/json", (struct text){body, (size_t)size});
}

void answer_recorded(struct http_exchange *exchange, const struct catalog_source *source,
                     const struct screening *screening, const struct acknowledgement_reply *acknowledgement,
                     int64_t request_id, const char *public_url)
{
    if (screening->status == 200)
        answer_success(exchange, source, acknowledgement, request_id, public_url);
    else if (screening->status == 401)
        send(exchange, 401, NULL, TEXT(""));
    else
        answer_refused(exchange, screening->status, rejection_cause_name(screening->cause), screening->message);
}

bool answer_handshake(struct http_exchange *exchange, const struct catalog_source *source, const char *origin)
{
    struct handshake_reply reply;
    struct verify_input input = screen_verify_input(exchange, origin);
    if (source->record.disabled_at != 0 || !verify_handshake(source->verifier, &input, &exchange->arena, &reply))
        return false;
    /* what strangers wrote is sent back: no browser may take it for a page */
    struct http_header headers[] = {{TEXT("x-content-type-options"), TEXT("nosniff")}, reply.header};
    http_reply(exchange, &(struct http_reply){.status = reply.status, .content_type = reply.type, .body = reply.body,
                                              .headers = headers,
                                              .header_count = reply.header.name.data != NULL ? 2 : 1});
    return true;
}

void answer_confirmed(struct http_exchange *exchange)
{
    http_reply(exchange, &(struct http_reply){.status = 200, .body = TEXT("")});
}

void answer_refused(struct http_exchange *exchange, int status, const char *code, const char *message)
{
    json_t *body = json_pack("{s:s, s:i, s:s, s:n}", "code", code, "status", status, "message", message, "data");
    char *text = body ? json_to_string(body) : NULL;
    send(exchange, status, "application/json", text_of(text ? text : "{}"));
    free(text);
    json_decref(body);
}

void answer_deleted(struct http_exchange *exchange)
{
    send(exchange, 410, "application/json",
         TEXT("{\"status\":\"DELETED\",\"message\":\"This source was deleted. Stop sending to this URL.\"}"));
}

void answer_preflight(struct http_exchange *exchange)
{
    http_reply(exchange, &(struct http_reply){.status = 200, .body = TEXT(""), .headers = CORS,
                                              .header_count = sizeof CORS / sizeof CORS[0]});
}

void answer_failed(struct http_exchange *exchange, const struct error *error)
{
    static const struct http_header retry[] = {{{"retry-after", 11}, {"5", 1}}};
    bool full = error->code == ERROR_STORE_FULL;
    struct text body = full ? TEXT("{\"code\":\"STORAGE_FULL\",\"status\":507,\"message\":\"The gateway's disk is full. "
                                   "Nothing was stored: send it again later.\",\"data\":null}")
                            : TEXT("{\"code\":\"UNAVAILABLE\",\"status\":503,\"message\":\"The gateway could not store "
                                   "this now. Send it again later.\",\"data\":null}");
    http_reply(exchange, &(struct http_reply){.status = full ? 507 : 503, .content_type = "application/json",
                                              .body = body, .headers = retry, .header_count = 1});
}
