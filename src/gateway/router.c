#include "gateway/router.h"

#include <inttypes.h>

#include "api/api.h"
#include "base/buffer.h"
#include "base/limits.h"
#include "deliver/deliver.h"
#include "ingest/ingest.h"
#include "store/store.h"

static void reply(struct http_exchange *exchange, int status, const char *type, struct text body)
{
    http_reply(exchange, &(struct http_reply){.status = status, .content_type = type, .body = body});
}

/* The same form for all that is refused outside of the API; docs/configuration.md describes it. */
static void refuse(struct http_exchange *exchange, int status, const char *message)
{
    static const struct http_header allow[] = {{{"allow", 5}, {"GET, HEAD", 9}}};
    struct buffer body = {0};
    http_error_write(&body, status, message);
    http_reply(exchange, &(struct http_reply){.status = status, .content_type = "application/json",
                                              .body = buffer_text(&body), .headers = allow,
                                              .header_count = status == 405 ? 1 : 0});
    buffer_free(&body);
}

static void reply_health(struct parts *parts, struct http_exchange *exchange)
{
    (void)parts;
    reply(exchange, 200, "application/json", TEXT("{\"status\":\"ok\"}"));
}

static void reply_readiness(struct parts *parts, struct http_exchange *exchange)
{
    if (store_is_writable(parts->store))
        reply(exchange, 200, "application/json", TEXT("{\"status\":\"ready\"}"));
    else
        reply(exchange, 503, "application/json",
              TEXT("{\"status\":\"the last commit failed: look at the disk and the log\"}"));
}

static void reply_metrics(struct parts *parts, struct http_exchange *exchange)
{
    struct http_server_counts http = http_server_counts(parts->server);
    struct ingest_counts ingest = ingest_counts(parts->ingest);
    struct deliver_counts deliver = deliver_counts(parts->deliver);
    struct passages_counts passages = passages_counts(parts->passages);
    const struct {
        const char *name, *type, *help;
        int64_t value;
    } rows[] = {
        {"http_connections", "gauge", "open connections from senders and API clients", http.connections},
        {"http_requests_total", "counter", "requests received whole", http.requests},
        {"http_refused_total", "counter", "malformed or too slow requests", http.refused},
        {"http_body_bytes", "gauge", "request bodies in memory", http.body_bytes},
        {"ingest_waiting", "gauge", "webhooks received but not yet committed", ingest.waiting},
        {"ingest_stored_total", "counter", "webhooks committed", ingest.accepted},
        {"ingest_failed_total", "counter", "webhooks answered with a 5xx", ingest.failed},
        {"passages_held", "gauge", "requests in memory on their way through transformations", passages.held},
        {"passages_events_total", "counter", "requests that transformations made events of", passages.events},
        {"passages_ignored_total", "counter", "requests that came to no event behind a transformation", passages.ignored},
        {"deliveries_running", "gauge", "attempts under way", deliver.running},
        {"delivery_queue", "gauge", "events held in memory", deliver.queued},
        {"delivery_queue_bytes", "gauge", "payloads held in memory", deliver.queued_bytes},
        {"outcomes_unrecorded", "gauge", "finished attempts that the store has not taken yet", deliver.unrecorded},
        {"destination_outages", "gauge", "destinations whose circuit breaker is open, or was until just now",
         deliver.outages},
        {"attempts_successful_total", "counter", "attempts answered with a 2xx", deliver.delivered},
        {"attempts_failed_total", "counter", "attempts that failed", deliver.failed},
        {"store_writable", "gauge", "1 unless the last commit failed", store_is_writable(parts->store)},
    };
    struct buffer out = {0};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        buffer_printf(&out, "# HELP fairlead_%s %s\n# TYPE fairlead_%s %s\nfairlead_%s %" PRId64 "\n", rows[i].name,
                      rows[i].help, rows[i].name, rows[i].type, rows[i].name, rows[i].value);
    reply(exchange, 200, "text/plain; version=0.0.4", buffer_text(&out));
    buffer_free(&out);
}

static void reply_openapi(struct parts *parts, struct http_exchange *exchange)
{
    reply(exchange, 200, "application/json", text_of(parts->openapi));
}

static void reply_welcome(struct parts *parts, struct http_exchange *exchange)
{
    struct buffer out = {0};
    buffer_printf(&out,
                  "fairlead " FAIRLEAD_VERSION ", a webhook event gateway\n\n"
                  "API          %s/2025-07-01 (Authorization: Bearer KEY)\n"
                  "description  %s/openapi.json\n"
                  "metrics      %s/metrics\n",
                  parts->public_url, parts->public_url, parts->public_url);
    reply(exchange, 200, "text/plain; charset=utf-8", buffer_text(&out));
    buffer_free(&out);
}

static const struct {
    const char *path;
    bool before_ready;
    void (*answer)(struct parts *, struct http_exchange *);
} PAGES[] = {
    {"/healthz", true, reply_health},      {"/readyz", false, reply_readiness},
    {"/metrics", false, reply_metrics},    {"/openapi.json", true, reply_openapi},
    {"/", false, reply_welcome},
};

static void reply_page(struct parts *parts, struct http_exchange *exchange, bool ready)
{
    bool reads = text_equal(exchange->method, TEXT("GET")) || text_equal(exchange->method, TEXT("HEAD"));
    for (size_t i = 0; i < sizeof PAGES / sizeof PAGES[0]; i++) {
        if (!text_equal(exchange->path, text_of(PAGES[i].path)) || !(ready || PAGES[i].before_ready))
            continue;
        if (reads)
            PAGES[i].answer(parts, exchange);
        else
            refuse(exchange, 405, "this page is only read");
        return;
    }
    if (ready)
        refuse(exchange, 404, "there is nothing at this path: the API is below /YYYY-MM-DD/, webhooks go to a source's "
                              "url");
    else
        refuse(exchange, 503, "the gateway is starting");
}

static int64_t body_limit(void *context, const struct http_exchange *exchange)
{
    struct parts *parts = context;
    bool ready = atomic_load_explicit(&parts->ready, memory_order_acquire);
    return ready && ingest_wants(parts->ingest, exchange) ? limits.ingest_body_bytes : limits.api_body_bytes;
}

static void refuse_body(struct http_exchange *exchange, enum http_refusal refusal)
{
    bool too_large = refusal == HTTP_BODY_TOO_LARGE;
    (api_wants(exchange->path) ? api_refuse : refuse)(
        exchange, too_large ? 413 : 503,
        too_large ? "the body is larger than this gateway takes" : "too many bodies are under way: try again later");
}

static void handle(void *context, struct http_exchange *exchange, enum http_refusal refusal)
{
    struct parts *parts = context;
    bool ready = atomic_load_explicit(&parts->ready, memory_order_acquire);
    if (ready && ingest_wants(parts->ingest, exchange))
        ingest_handle(parts->ingest, exchange, refusal);
    else if (refusal != HTTP_ACCEPTED)
        refuse_body(exchange, refusal);
    else if (ready && api_wants(exchange->path))
        api_handle(parts->api, exchange);
    else
        reply_page(parts, exchange, ready);
}

struct http_application router_application(struct parts *parts)
{
    return (struct http_application){parts, body_limit, handle};
}
