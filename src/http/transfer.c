/* An easy handle for a call. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/clock.h"
#include "base/limits.h"
#include "base/memory.h"
#include "http/client_parts.h"

const char *transfer_url(const struct transfer *transfer)
{
    return transfer->hop.url != NULL ? transfer->hop.url : transfer->call->url;
}

/* In whole seconds, as libcurl wants it, and at least one: 0 would mean its default, or for ever. */
static long seconds(int64_t milliseconds)
{
    return milliseconds < 1000 ? 1 : (long)(milliseconds / 1000);
}

static void set_pools(CURL *easy)
{
    curl_easy_setopt(easy, CURLOPT_MAXAGE_CONN, seconds(limits.delivery_connection_idle_ms));
    curl_easy_setopt(easy, CURLOPT_MAXLIFETIME_CONN, seconds(limits.delivery_connection_age_ms));
    curl_easy_setopt(easy, CURLOPT_DNS_CACHE_TIMEOUT,
                     limits.delivery_lookup_cache_ms == 0 ? 0L : seconds(limits.delivery_lookup_cache_ms));
    curl_easy_setopt(easy, CURLOPT_TCP_KEEPALIVE, 1L);
}

static void set_proxy(struct transfer *transfer, bool direct)
{
    const struct http_client_settings *settings = transfer->client->settings;
    transfer->direct = direct || settings->proxy[0] == '\0';
    curl_easy_setopt(transfer->easy, CURLOPT_PROXY, transfer->direct ? "" : settings->proxy);
}

/* Decided here and not by libcurl, because the egress policy must know whether an address is the proxy's. */
static void choose_proxy(struct transfer *transfer)
{
    bool direct = transfer->call->without_proxy ||
                  http_client_settings_direct(transfer->client->settings, transfer_url(transfer));
    if (direct != transfer->direct)
        set_proxy(transfer, direct);
}

/* What is the same for all calls of a client. */
static void set_way_out(struct transfer *transfer)
{
    static const long families[] = {[HTTP_FAMILY_ANY] = CURL_IPRESOLVE_WHATEVER,
                                    [HTTP_FAMILY_IPV4] = CURL_IPRESOLVE_V4,
                                    [HTTP_FAMILY_IPV6] = CURL_IPRESOLVE_V6};
    const struct http_client_settings *settings = transfer->client->settings;
    CURL *easy = transfer->easy;
    curl_easy_setopt(easy, CURLOPT_IPRESOLVE, families[settings->family]);
    if (settings->source[0] != '\0')
        curl_easy_setopt(easy, CURLOPT_INTERFACE, settings->source);
    curl_easy_setopt(easy, CURLOPT_NOPROXY, ""); /* choose_proxy decides */
    curl_easy_setopt(easy, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
    if (settings->proxy_ca[0] != '\0') {
        curl_easy_setopt(easy, CURLOPT_PROXY_CAINFO, settings->proxy_ca);
        curl_easy_setopt(easy, CURLOPT_PROXY_CAPATH, NULL); /* the system's would be trusted beside them */
    }
    if (http_client_settings_proxy_is_secure(settings))
        transfer_note_verdicts(transfer);
    set_proxy(transfer, false);
}

struct transfer *transfer_create(struct http_client *client)
{
    struct transfer *transfer = NEW(struct transfer);
    transfer->client = client;
    transfer->easy = curl_easy_init();
    CURL *easy = transfer->easy;
    curl_easy_setopt(easy, CURLOPT_PRIVATE, transfer);
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    /* Without it whoever gives up a call waits until the lookup of its host is over, and the whole loop with him. */
    curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L);
    curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(easy, CURLOPT_ACCEPT_ENCODING, "");
    transfer_take_reply(transfer);
    client_watch_connections(transfer);
    set_pools(easy);
    set_way_out(transfer);
    return transfer;
}

/*
 * HTTP/2 only where a TLS server chooses it, or where it was asked for. While the first connection to a server is being
 * made, the others wait to see whether they may share it: not so for HTTP/1.1, where they never may.
 */
static void set_version(struct transfer *transfer)
{
    const struct http_call *call = transfer->call;
    enum http_version wanted = call->version != HTTP_VERSION_ANY ? call->version : transfer->client->settings->version;
    bool secure = strncasecmp(transfer_url(transfer), "https:", 6) == 0;
    long version = wanted == HTTP_VERSION_1_1       ? CURL_HTTP_VERSION_1_1
                   : secure                         ? CURL_HTTP_VERSION_2TLS
                   : wanted == HTTP_VERSION_2_PLAIN ? CURL_HTTP_VERSION_2_PRIOR_KNOWLEDGE
                                                    : CURL_HTTP_VERSION_1_1;
    if (version == transfer->version)
        return;
    transfer->version = version;
    curl_easy_setopt(transfer->easy, CURLOPT_HTTP_VERSION, version);
    curl_easy_setopt(transfer->easy, CURLOPT_PIPEWAIT, version != CURL_HTTP_VERSION_1_1 ? 1L : 0L);
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
    transfer->own_settings = tls->authorities.data != NULL || tls->certificate.data != NULL;
    if (!transfer->own_settings)
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

static void set_connect_to(struct transfer *transfer, const char *connect_to)
{
    if (connect_to == NULL)
        return;
    transfer->own_settings = true;
    if (transfer->connect_to != NULL)
        return; /* after a redirect */
    transfer->connect_to = curl_slist_append(NULL, connect_to);
    curl_easy_setopt(transfer->easy, CURLOPT_CONNECT_TO, transfer->connect_to);
}

/* What redirects have left of the call's time. */
static long left_ms(const struct transfer *transfer)
{
    int64_t used_ms = (transfer->asked_us - transfer->begun_us) / 1000;
    int64_t timeout_ms = transfer->call->timeout_ms;
    return (long)(timeout_ms == 0 ? 0 : timeout_ms > used_ms ? timeout_ms - used_ms : 1); /* 0 would be for ever */
}

/* libcurl counts lookup, connecting and TLS together; the watchdog tells them apart. */
static long connect_limit_ms(const struct http_call *call)
{
    const struct http_timeouts *timeouts = &call->timeouts;
    return (long)(call->connect_timeout_ms + (timeouts->tls_ms != 0 ? timeouts->lookup_ms + timeouts->tls_ms : 0));
}

void transfer_prepare(struct transfer *transfer)
{
    struct http_call *call = transfer->call;
    CURL *easy = transfer->easy;
    transfer->read_bytes = 0;
    transfer->enough = transfer->head_too_big = false;
    transfer->failure_text[0] = '\0';
    transfer->refusal[0] = '\0';
    transfer->tried = false;
    transfer->verdict = 0;
    buffer_clear(&transfer->body);
    buffer_clear(&transfer->head);
    call->failure = HTTP_OK;
    call->status = 0;
    transfer->asked_us = clock_monotonic_us();
    curl_easy_setopt(easy, CURLOPT_URL, transfer_url(transfer));
    set_method(transfer);
    transfer_set_headers(transfer);
    curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, left_ms(transfer));
    curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, connect_limit_ms(call));
    curl_easy_setopt(easy, CURLOPT_FRESH_CONNECT, call->plain.asks ? 1L : 0L);
    set_version(transfer);
    if (transfer->client->settings->proxy[0] != '\0')
        choose_proxy(transfer);
    set_tls(transfer, &call->tls);
    set_connect_to(transfer, call->connect_to);
}

void transfer_begin(struct transfer *transfer, int64_t begun_us)
{
    free(transfer->hop.url);
    transfer->hop = (struct hop){0};
    transfer->head_bytes = 0;
    transfer->again = false;
    if (begun_us == 0)
        transfer->call->started_ms = clock_now_ms();
    transfer->begun_us = begun_us != 0 ? begun_us : clock_monotonic_us();
    transfer_prepare(transfer);
}

/* It was not the only one there, or not the first. */
static bool on_shared_connection(const struct transfer *transfer)
{
    long opened = 0;
    return transfer->version != CURL_HTTP_VERSION_1_1 &&
           curl_easy_getinfo(transfer->easy, CURLINFO_NUM_CONNECTS, &opened) == CURLE_OK && opened == 0;
}

bool transfer_was_cut_short(const struct transfer *transfer, CURLcode result)
{
    return result == CURLE_HTTP2_STREAM && transfer->failure_text[0] == '\0';
}

bool transfer_again(struct transfer *transfer, CURLcode result)
{
    bool ended = result == CURLE_SEND_ERROR || result == CURLE_RECV_ERROR || result == CURLE_PARTIAL_FILE;
    bool broke = result == CURLE_HTTP2 || transfer_was_cut_short(transfer, result) ||
                 (ended && on_shared_connection(transfer));
    if (!broke || transfer->again || transfer->head_bytes > 0)
        return false;
    transfer->again = true;
    transfer_prepare(transfer);
    curl_easy_setopt(transfer->easy, CURLOPT_FRESH_CONNECT, 1L); /* it would be given the broken one again */
    return true;
}

void transfer_free_all(struct transfer *transfer)
{
    while (transfer != NULL) {
        struct transfer *next = transfer->next;
        curl_easy_cleanup(transfer->easy);
        curl_slist_free_all(transfer->connect_to);
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
