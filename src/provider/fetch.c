#include "provider/engine.h"

#include <string.h>

#include "base/json.h"
#include "base/limits.h"

enum { HEADERS = 3, TOKEN_BYTES_MOST = 8192 };

/* ---- asking ---- */

struct text fetch_host(struct text url)
{
    struct text rest = text_slice(url, strlen("https://"), url.size);
    ptrdiff_t slash = text_find_byte(rest, '/');
    return text_slice(rest, 0, slash < 0 ? rest.size : (size_t)slash);
}

static const char *connection_of(const struct provider *provider, struct text host)
{
    for (size_t i = 0; i < provider->connection_count; i++) {
        const struct connection_row *row = &provider->connections[i];
        if (text_equal(row->host, TEXT("*")) || text_equal(row->host, host))
            return row->connect_to;
    }
    return NULL;
}

struct text fetch_url(const struct fetch *fetch)
{
    switch (fetch->step) {
    case STEP_TOKEN: return fetch->document->wanted.token_url;
    case STEP_KEY: return fetch->document->wanted.url;
    case STEP_OTHER_KEY: return fetch->document->wanted.other_url;
    case STEP_CONFIRM: return text_of(fetch->url);
    }
    return TEXT_NONE;
}

static struct text authorization_of(const struct fetch *fetch)
{
    if (fetch->step == STEP_CONFIRM)
        return TEXT_NONE;
    if (fetch->step == STEP_TOKEN)
        return fetch->document->wanted.token_authorization;
    return fetch->token.data != NULL ? fetch->token : fetch->document->wanted.authorization;
}

void fetch_write(struct fetch *fetch)
{
    struct http_call *call = &fetch->call;
    struct http_header *headers = ARENA_ARRAY(&fetch->arena, struct http_header, HEADERS);
    struct text url = fetch_url(fetch), authorization = authorization_of(fetch);
    *call = (struct http_call){.method = fetch->step == STEP_TOKEN ? "POST" : "GET",
                               .url = arena_copy_string(&fetch->arena, url), .headers = headers,
                               .timeout_ms = limits.provider_call_ms, .connect_timeout_ms = limits.provider_call_ms,
                               .response_keep_bytes = limits.provider_response_bytes,
                               .response_read_bytes = limits.provider_response_bytes, .keep_response_headers = true,
                               .tls.authorities = fetch->provider->authorities, .user = fetch};
    call->connect_to = connection_of(fetch->provider, fetch_host(url));
    call->without_proxy = call->connect_to != NULL;
    headers[call->header_count++] = (struct http_header){TEXT("accept"), TEXT("*/*")};
    if (authorization.data != NULL)
        headers[call->header_count++] = (struct http_header){TEXT("authorization"), authorization};
    if (fetch->step == STEP_TOKEN) {
        headers[call->header_count++] =
            (struct http_header){TEXT("content-type"), TEXT("application/x-www-form-urlencoded")};
        call->body = text_of(fetch->document->wanted.origin->token_form);
    }
}

/* ---- the reply ---- */

enum reply_meaning fetch_read(const struct fetch *fetch, struct error *error)
{
    const struct http_call *call = &fetch->call;
    bool asks_for_key = fetch->step == STEP_KEY || fetch->step == STEP_OTHER_KEY;
    if (call->failure != HTTP_OK) {
        error_set(error, ERROR_UNREACHABLE, "no answer: %s", call->failure_text);
        return REPLY_FAILED;
    }
    if (asks_for_key && (call->status == 404 || call->status == 410 || call->status == 400)) {
        error_set(error, ERROR_NOT_FOUND, "answered %d: there is no such key", call->status);
        return REPLY_NONE;
    }
    if (call->status != 200)
        error_set(error, ERROR_REFUSED, "answered %d%s", call->status,
                  (call->status == 401 || call->status == 403) && authorization_of(fetch).data != NULL
                      ? ": it does not take the credentials of config.auth"
                      : "");
    else if (call->response_cut)
        error_set(error, ERROR_TOO_LARGE, "answered more than %lld bytes", (long long)limits.provider_response_bytes);
    else
        return REPLY_GOOD;
    return REPLY_FAILED;
}

static bool is_sendable(struct text token)
{
    for (size_t i = 0; i < token.size; i++) {
        if (token.data[i] <= ' ' || token.data[i] > 126)
            return false;
    }
    return token.size > 0 && token.size <= TOKEN_BYTES_MOST;
}

struct text fetch_token(const struct fetch *fetch, struct arena *arena, struct error *error)
{
    json_t *object = json_parse(fetch->call.response_body, NULL);
    struct text token = json_member_text(object, "access_token"), value = TEXT_NONE;
    if (is_sendable(token))
        value = text_of(arena_printf(arena, "Bearer %.*s", TEXT_ARGS(token)));
    else
        error_set(error, ERROR_REFUSED, "the answer of %s holds no access_token", fetch->call.url);
    json_decref(object);
    return value;
}

int64_t fetch_lifetime_ms(const struct http_call *call)
{
    struct text rest = http_headers_get(&call->response_headers, TEXT("cache-control")), directive;
    int64_t seconds = -1, age = 0;
    while (text_split(&rest, ',', &directive)) {
        directive = text_trim(directive);
        if (text_equal_ignoring_case(directive, TEXT("no-store")) || text_equal_ignoring_case(directive, TEXT("no-cache")))
            return 0;
        if (directive.size > 8 && text_equal_ignoring_case(text_slice(directive, 0, 8), TEXT("max-age=")) &&
            (!text_to_integer(text_slice(directive, 8, directive.size), &seconds) || seconds < 0))
            seconds = 0;
    }
    if (seconds < 0)
        return -1;
    if (!text_to_integer(http_headers_get(&call->response_headers, TEXT("age")), &age) || age < 0)
        age = 0;
    seconds = seconds > age ? seconds - age : 0;
    return seconds > INT32_MAX ? (int64_t)INT32_MAX * 1000 : seconds * 1000;
}
