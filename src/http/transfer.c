/* An easy handle for a call. */
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/memory.h"
#include "http/client_parts.h"

struct transfer *transfer_create(struct http_client *client)
{
    struct transfer *transfer = NEW(struct transfer);
    transfer->client = client;
    transfer->easy = curl_easy_init();
    CURL *easy = transfer->easy;
    curl_easy_setopt(easy, CURLOPT_PRIVATE, transfer);
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    transfer_take_reply(transfer);
    client_watch_connections(transfer);
    curl_easy_setopt(easy, CURLOPT_TCP_KEEPALIVE, 1L);
    curl_easy_setopt(easy, CURLOPT_ACCEPT_ENCODING, "");
    curl_easy_setopt(easy, CURLOPT_PROXY, "");
    return transfer;
}

static void set_method(const struct transfer *transfer)
{
    const struct http_call *call = transfer->call;
    CURL *easy = transfer->easy;
    const char *method = transfer->hop.without_body ? "GET" : call->method;
    bool get = strcmp(method, "GET") == 0, head = strcmp(method, "HEAD") == 0;
    bool post = strcmp(method, "POST") == 0;
    bool body = !transfer->hop.without_body && (call->body.size > 0 || call->has_body);
    curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, NULL);
    curl_easy_setopt(easy, CURLOPT_NOBODY, 0L);
    curl_easy_setopt(easy, CURLOPT_HTTPGET, 1L);
    if (head && !body) {
        curl_easy_setopt(easy, CURLOPT_NOBODY, 1L);
    } else if (body || post) {
        curl_easy_setopt(easy, CURLOPT_POST, 1L);
        curl_easy_setopt(easy, CURLOPT_POSTFIELDS, call->body.data ? call->body.data : "");
        curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)call->body.size);
    }
    if (!(get && !body) && !(head && !body) && !post)
        curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, method);
}

static void set_blob(CURL *easy, CURLoption option, struct text pem)
{
    struct curl_blob blob = {(void *)(uintptr_t)pem.data, pem.size, CURL_BLOB_COPY};
    if (pem.data != NULL)
        curl_easy_setopt(easy, option, &blob);
}

static void set_tls(struct transfer *transfer, const struct http_tls *tls)
{
    CURL *easy = transfer->easy;
    transfer->own_tls = tls->authorities.data != NULL || tls->certificate.data != NULL;
    if (!transfer->own_tls)
        return;
    if (tls->authorities.data != NULL)
        curl_easy_setopt(easy, CURLOPT_CAPATH, NULL); /* the system's would be trusted beside them */
    set_blob(easy, CURLOPT_CAINFO_BLOB, tls->authorities);
    if (transfer->hop.elsewhere) {
        curl_easy_setopt(easy, CURLOPT_SSLCERT_BLOB, NULL);
        curl_easy_setopt(easy, CURLOPT_SSLKEY_BLOB, NULL);
        return;
    }
    set_blob(easy, CURLOPT_SSLCERT_BLOB, tls->certificate);
    set_blob(easy, CURLOPT_SSLKEY_BLOB, tls->key);
}

/* What redirects have left of the call's time; 0 would mean without end. */
static long left_ms(const struct transfer *transfer, int64_t timeout_ms)
{
    int64_t used = transfer->hop.count > 0 ? (clock_monotonic_us() - transfer->begun_us) / 1000 : 0;
    return (long)(timeout_ms == 0 ? 0 : timeout_ms > used ? timeout_ms - used : 1);
}

void transfer_prepare(struct transfer *transfer)
{
    struct http_call *call = transfer->call;
    CURL *easy = transfer->easy;
    transfer->read_bytes = 0;
    transfer->enough = false;
    transfer->failure_text[0] = '\0';
    transfer->refusal[0] = '\0';
    transfer->tried = false;
    buffer_clear(&transfer->body);
    buffer_clear(&transfer->head);
    call->failure = HTTP_OK;
    call->status = 0;
    curl_easy_setopt(easy, CURLOPT_URL, transfer->hop.url != NULL ? transfer->hop.url : call->url);
    set_method(transfer);
    transfer_set_headers(transfer);
    curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, left_ms(transfer, call->timeout_ms));
    curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, left_ms(transfer, call->connect_timeout_ms));
    set_tls(transfer, &call->tls);
}

void transfer_begin(struct transfer *transfer)
{
    free(transfer->hop.url);
    transfer->hop = (struct hop){0};
    transfer->call->started_ms = clock_now_ms();
    transfer->begun_us = clock_monotonic_us();
    transfer_prepare(transfer);
}

void transfer_free_all(struct transfer *transfer)
{
    while (transfer != NULL) {
        struct transfer *next = transfer->next;
        curl_easy_cleanup(transfer->easy);
        free(transfer->headers);
        free(transfer->header_lines);
        free(transfer->hop.url);
        buffer_free(&transfer->body);
        buffer_free(&transfer->head);
        arena_free(&transfer->arena);
        free(transfer);
        transfer = next;
    }
}
