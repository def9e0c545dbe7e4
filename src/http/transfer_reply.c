/* What comes in of a reply, and what is told of it in the end. */
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

/* A header line, or the status line that begins a further reply (after 1xx and redirects). */
static size_t take_header(char *bytes, size_t one, size_t size, void *context)
{
    (void)one;
    struct transfer *transfer = context;
    struct text line = text_trim((struct text){bytes, size});
    ptrdiff_t colon = text_find_byte(line, ':');
    if (text_starts_with(line, TEXT("HTTP/"))) {
        buffer_clear(&transfer->head);
    } else if (colon > 0 && transfer->call->keep_response_headers) {
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

/* Of a name's addresses some may have been refused, and the others have failed. */
static void write_failure(struct transfer *transfer, CURLcode result, bool refused)
{
    struct http_call *call = transfer->call;
    const char *text = transfer->failure_text[0] != '\0' ? transfer->failure_text : curl_easy_strerror(result);
    if (result == CURLE_OK)
        call->failure_text[0] = '\0';
    else if (refused)
        snprintf(call->failure_text, sizeof call->failure_text, "%s", transfer->refusal);
    else
        snprintf(call->failure_text, sizeof call->failure_text, "%.250s%s%s", text, transfer->refusal[0] ? "; " : "",
                 transfer->refusal);
}

void transfer_read_outcome(struct transfer *transfer, CURLcode result)
{
    struct http_call *call = transfer->call;
    CURL *easy = transfer->easy;
    long status = 0, system_error = 0, verify = 0;
    curl_off_t first_byte = 0;
    curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
    curl_easy_getinfo(easy, CURLINFO_STARTTRANSFER_TIME_T, &first_byte);
    if (result == CURLE_WRITE_ERROR && transfer->enough)
        result = CURLE_OK;
    if (result != CURLE_OK) {
        curl_easy_getinfo(easy, CURLINFO_OS_ERRNO, &system_error);
        curl_easy_getinfo(easy, CURLINFO_SSL_VERIFYRESULT, &verify);
    }
    bool refused = transfer->refusal[0] != '\0' && !transfer->tried;
    call->failure = result != CURLE_OK && refused ? HTTP_EGRESS_REFUSED : http_failure_of(result, system_error, verify);
    write_failure(transfer, result, refused);
    call->status = call->failure == HTTP_OK ? (int)status : 0;
    call->response_body = buffer_text(&transfer->body);
    call->response_cut = transfer->read_bytes > (int64_t)transfer->body.size;
    call->response_headers = (struct http_headers){0};
    if (transfer->head.size > 0)
        call->response_headers = http_headers_read(&transfer->arena, buffer_text(&transfer->head));
    const char *type = NULL;
    curl_easy_getinfo(easy, CURLINFO_CONTENT_TYPE, &type);
    call->content_type = text_of(type);
    struct curl_header *retry = NULL;
    call->retry_after = curl_easy_header(easy, "Retry-After", 0, CURLH_HEADER, -1, &retry) == CURLHE_OK
                            ? text_of(retry->value) : TEXT_NONE;
    call->first_byte_us = first_byte;
    call->total_us = clock_monotonic_us() - transfer->begun_us;
    call->ended_ms = clock_now_ms();
}
