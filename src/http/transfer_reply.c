/* What comes in of a reply, and what is told of it in the end. */
#include <openssl/x509_vfy.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "http/client_parts.h"
#include "http/failure.h"

static size_t take_body(char *bytes, size_t one, size_t size, void *context)
{
    (void)one;
    struct transfer *transfer = context;
    const struct http_call *call = transfer->call;
    int64_t room = call->response_keep_bytes - (int64_t)transfer->body.size;
    transfer->read_bytes += (int64_t)size;
    if (room > 0)
        buffer_append(&transfer->body, bytes, (int64_t)size < room ? size : (size_t)room);
    if (transfer->read_bytes > call->response_read_bytes) {
        transfer->enough = true;
        return 0;
    }
    return size;
}

static int64_t most_head_bytes(const struct http_call *call)
{
    return call->response_head_read_bytes != 0 ? call->response_head_read_bytes : MOST_HEAD_BYTES;
}

/* A header line, or the status line that begins a further reply (after 1xx and redirects). */
static size_t take_header(char *bytes, size_t one, size_t size, void *context)
{
    (void)one;
    struct transfer *transfer = context;
    struct text line = text_trim((struct text){bytes, size});
    ptrdiff_t colon = text_find_byte(line, ':');
    const struct http_call *call = transfer->call;
    transfer->head_bytes += (int64_t)size;
    if (transfer->head_bytes > most_head_bytes(call)) {
        transfer->head_too_big = true;
        return 0;
    }
    if (text_starts_with(line, TEXT("HTTP/"))) {
        buffer_clear(&transfer->head);
    } else if (colon > 0 && (call->keep_response_headers ||
                             (int64_t)(transfer->head.size + line.size) < call->response_head_keep_bytes)) {
        struct http_header header = {text_trim(text_slice(line, 0, (size_t)colon)),
                                     text_trim(text_slice(line, (size_t)colon + 1, line.size))};
        http_headers_write(&transfer->head, &(struct http_headers){&header, 1});
    }
    return size;
}

void transfer_take_reply(struct transfer *transfer)
{
    CURL *easy = transfer->easy;
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, take_body);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, transfer);
    curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, take_header);
    curl_easy_setopt(easy, CURLOPT_HEADERDATA, transfer);
    curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, transfer->failure_text);
}

/* An encoding that nobody knows is no failure: the reply is there, only its body cannot be read. */
static bool is_unknown_encoding(const struct transfer *transfer, CURLcode result)
{
    return result == CURLE_BAD_CONTENT_ENCODING &&
           text_starts_with(text_of(transfer->failure_text), TEXT("Unrecognized content encoding"));
}

/*
 * What failed between here and the proxy. Its own TLS comes before it is asked for a tunnel; for http destinations there
 * is no other.
 */
static bool failed_at_proxy(const struct transfer *transfer, CURLcode result)
{
    long tunnel = 0;
    if (transfer->direct)
        return false;
    if (result == CURLE_COULDNT_CONNECT || result == CURLE_SSL_CACERT_BADFILE)
        return true;
    curl_easy_getinfo(transfer->easy, CURLINFO_HTTP_CONNECTCODE, &tunnel);
    return (result == CURLE_SSL_CONNECT_ERROR || result == CURLE_PEER_FAILED_VERIFICATION) && tunnel == 0 &&
           http_client_settings_proxy_is_secure(transfer->client->settings);
}

/* Of a name's addresses some may have been refused, and the others have failed. */
static void write_failure(struct transfer *transfer, CURLcode result, bool at_proxy)
{
    struct http_call *call = transfer->call;
    const char *text = transfer->failure_text[0] != '\0' ? transfer->failure_text : curl_easy_strerror(result);
    snprintf(call->failure_text, sizeof call->failure_text, "%s%.240s%s%s", at_proxy ? "the proxy: " : "", text,
             transfer->refusal[0] ? "; " : "", transfer->refusal);
}

/*
 * A server may answer over HTTP/2 before it has the whole request, and then wants no more of it (RST_STREAM without an
 * error, RFC 9113, 8.1). libcurl 7.88 takes that for a failure, and has no words for it.
 */
static bool is_early_reply(const struct transfer *transfer, CURLcode result, long status)
{
    return transfer_was_cut_short(transfer, result) && status >= 200;
}

/* A handshake that failed for a reason that only transfer_verdict.c knows. */
static bool has_verdict(const struct transfer *transfer, CURLcode result)
{
    return transfer->verdict != 0 && result == CURLE_SSL_CONNECT_ERROR;
}

static void read_failure(struct transfer *transfer, CURLcode result)
{
    if (has_verdict(transfer, result)) {
        result = CURLE_PEER_FAILED_VERIFICATION;
        snprintf(transfer->failure_text, sizeof transfer->failure_text, "SSL certificate problem: %s",
                 X509_verify_cert_error_string(transfer->verdict));
    }
    struct http_call *call = transfer->call;
    struct failure_facts facts = {
        .result = result, .at_proxy = failed_at_proxy(transfer, result), .text = text_of(transfer->failure_text)};
    curl_easy_getinfo(transfer->easy, CURLINFO_OS_ERRNO, &facts.system_error);
    curl_easy_getinfo(transfer->easy, CURLINFO_SSL_VERIFYRESULT, &facts.verify_result);
    if (transfer->verdict != 0)
        facts.verify_result = transfer->verdict;
    curl_easy_getinfo(transfer->easy, CURLINFO_PROXY_ERROR, &facts.proxy_error);
    if (transfer->refusal[0] != '\0' && !transfer->tried) {
        call->failure = HTTP_EGRESS_REFUSED;
        snprintf(call->failure_text, sizeof call->failure_text, "%s", transfer->refusal);
    } else if (result == CURLE_OPERATION_TIMEDOUT) {
        client_explain_timeout(transfer);
    } else if (transfer->head_too_big) {
        call->failure = HTTP_BAD_RESPONSE;
        snprintf(call->failure_text, sizeof call->failure_text, "the headers of the reply are larger than %lld bytes",
                 (long long)most_head_bytes(call));
    } else {
        call->failure = http_failure_of(&facts);
        write_failure(transfer, result, facts.at_proxy);
    }
}

void transfer_read_outcome(struct transfer *transfer, CURLcode result)
{
    struct http_call *call = transfer->call;
    CURL *easy = transfer->easy;
    long status = 0;
    curl_off_t first_byte = 0;
    curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
    curl_easy_getinfo(easy, CURLINFO_STARTTRANSFER_TIME_T, &first_byte);
    bool incomplete = is_unknown_encoding(transfer, result) || is_early_reply(transfer, result, status);
    if ((result == CURLE_WRITE_ERROR && transfer->enough) || incomplete)
        result = CURLE_OK;
    call->failure = HTTP_OK;
    call->failure_text[0] = '\0';
    if (result != CURLE_OK)
        read_failure(transfer, result);
    call->status = call->failure == HTTP_OK ? (int)status : 0;
    call->response_body = buffer_text(&transfer->body);
    call->response_cut = transfer->enough || incomplete || transfer->read_bytes > (int64_t)transfer->body.size;
    call->response_head = buffer_text(&transfer->head);
    call->response_headers = (struct http_headers){0};
    if (call->keep_response_headers)
        call->response_headers = http_headers_read(&transfer->arena, call->response_head);
    const char *type = NULL;
    curl_easy_getinfo(easy, CURLINFO_CONTENT_TYPE, &type);
    call->content_type = text_of(type);
    struct curl_header *retry = NULL;
    call->retry_after = curl_easy_header(easy, "Retry-After", 0, CURLH_HEADER, -1, &retry) == CURLHE_OK
                            ? text_of(retry->value) : TEXT_NONE;
    call->first_byte_us = first_byte > 0 ? transfer->asked_us - transfer->begun_us + first_byte : 0;
    call->total_us = clock_monotonic_us() - transfer->begun_us;
    call->ended_ms = clock_now_ms();
}
