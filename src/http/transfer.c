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
    curl_easy_setopt(easy, CURLOPT_REDIR_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    curl_easy_setopt(easy, CURLOPT_POSTREDIR, (long)CURL_REDIR_POST_ALL);
    transfer_take_reply(transfer);
    client_watch_connections(client, easy);
    curl_easy_setopt(easy, CURLOPT_TCP_KEEPALIVE, 1L);
    curl_easy_setopt(easy, CURLOPT_ACCEPT_ENCODING, "");
    curl_easy_setopt(easy, CURLOPT_PROXY, "");
    return transfer;
}

static void set_method(CURL *easy, const struct http_call *call)
{
    bool get = strcmp(call->method, "GET") == 0, head = strcmp(call->method, "HEAD") == 0;
    bool post = strcmp(call->method, "POST") == 0;
    bool body = call->body.size > 0 || call->has_body;
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
        curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, call->method);
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
    set_blob(easy, CURLOPT_SSLCERT_BLOB, tls->certificate);
    set_blob(easy, CURLOPT_SSLKEY_BLOB, tls->key);
}

void transfer_prepare(struct transfer *transfer)
{
    struct http_call *call = transfer->call;
    CURL *easy = transfer->easy;
    transfer->read_bytes = 0;
    transfer->enough = false;
    transfer->failure_text[0] = '\0';
    buffer_clear(&transfer->body);
    buffer_clear(&transfer->head);
    call->failure = HTTP_OK;
    call->status = 0;
    call->started_ms = clock_now_ms();
    transfer->begun_us = clock_monotonic_us();
    curl_easy_setopt(easy, CURLOPT_URL, call->url);
    set_method(easy, call);
    transfer_set_headers(transfer);
    curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, (long)call->timeout_ms);
    curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, (long)call->connect_timeout_ms);
    curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, call->redirects > 0 ? 1L : 0L);
    curl_easy_setopt(easy, CURLOPT_MAXREDIRS, (long)call->redirects);
    set_tls(transfer, &call->tls);
}

void transfer_free_all(struct transfer *transfer)
{
    while (transfer != NULL) {
        struct transfer *next = transfer->next;
        curl_easy_cleanup(transfer->easy);
        free(transfer->headers);
        free(transfer->header_lines);
        buffer_free(&transfer->body);
        buffer_free(&transfer->head);
        arena_free(&transfer->arena);
        free(transfer);
        transfer = next;
    }
}
