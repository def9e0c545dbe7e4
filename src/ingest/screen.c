#include "ingest/screen.h"

#include "base/json_scan.h"
#include "base/limits.h"
#include "verify/verify.h"

/* The sender's own widening in the ingest URL: x-hookdeck-allow-methods=get,post */
static unsigned methods_of_query(struct text query)
{
    struct text list = verify_query_parameter(query, TEXT("x-hookdeck-allow-methods")), name;
    unsigned methods = 0;
    while (text_split(&list, ',', &name)) {
        static const char *const names[] = {"GET", "POST", "PUT", "PATCH", "DELETE", "HEAD"};
        for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
            if (text_equal_ignoring_case(name, text_of(names[i])))
                methods |= method_bit_of(text_of(names[i]));
        }
    }
    return methods;
}

/* "application/json" of "application/json; charset=utf-8". */
static struct text media_type(const struct http_headers *headers)
{
    struct text value = http_headers_get(headers, TEXT("content-type"));
    ptrdiff_t end = text_find_byte(value, ';');
    return text_trim(end < 0 ? value : text_slice(value, 0, (size_t)end));
}

static bool ends_with_ignoring_case(struct text text, struct text suffix)
{
    return text.size >= suffix.size &&
           text_equal_ignoring_case(text_slice(text, text.size - suffix.size, suffix.size), suffix);
}

static bool is_json(struct text type)
{
    return text_equal_ignoring_case(type, TEXT("application/json")) ||
           (type.size > 12 && text_equal_ignoring_case(text_slice(type, 0, 12), TEXT("application/")) &&
            ends_with_ignoring_case(type, TEXT("+json")));
}

static bool is_taken(struct text type)
{
    static const char *const types[] = {
        "application/x-www-form-urlencoded", "application/xml", "text/xml", "text/plain",
        "application/jwt", "application/x-ndjson", "multipart/form-data",
    };
    if (is_json(type))
        return true;
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
        if (text_equal_ignoring_case(type, text_of(types[i])))
            return true;
    }
    return false;
}

static struct screening reject(enum rejection_cause cause, int status, const char *message)
{
    return (struct screening){.cause = cause, .status = status, .message = message};
}

struct verify_input screen_verify_input(const struct http_exchange *exchange, const char *origin)
{
    return (struct verify_input){
        .method = exchange->method, .origin = text_of(origin), .path = exchange->path, .query = exchange->query,
        .headers = &exchange->headers, .body = exchange->body, .now_ms = exchange->received_ms,
    };
}

struct screening screen_without_key(const struct screened *subject, bool is_final, const char *detail)
{
    struct screening refused = reject(REJECTION_VERIFICATION_FAILED,
                                      is_final ? verifier_refused_status(subject->source->verifier) : 503,
                                      "whether this was signed could not be checked now; send it again later");
    refused.detail = detail;
    return refused;
}

static struct screening reject_unverified(const struct verifier *verifier)
{
    struct screening refused = reject(REJECTION_VERIFICATION_FAILED, verifier_refused_status(verifier), "");
    if (verifier_is_broken(verifier))
        refused.detail = "the gateway cannot read what the source's requests are checked with: set config.auth anew";
    return refused;
}

/* JSON, and whether anybody wants it. */
static struct screening screen_content(const struct screened *subject, bool verified)
{
    const struct http_exchange *exchange = subject->exchange;
    struct screening taken = {.cause = REJECTION_NONE, .status = 200, .verified = verified};
    if (is_json(media_type(&exchange->headers)) && exchange->body.size > 0 &&
        (taken.message = json_scan_check(exchange->body.data, exchange->body.size,
                                         (size_t)limits.json_depth)) != NULL) {
        taken.cause = REJECTION_UNPARSABLE_JSON;
        taken.status = 400;
    } else if (subject->source->connection_count == 0) {
        taken.cause = REJECTION_NO_CONNECTION;
    }
    return taken;
}

struct screening screen_request(const struct screened *subject)
{
    const struct catalog_source *source = subject->source;
    struct http_exchange *exchange = subject->exchange;
    const struct source_settings *settings = &source->settings;
    struct text type = media_type(&exchange->headers);
    struct screening waits = {.wants_key = true};
    if (source->record.disabled_at != 0)
        return reject(REJECTION_SOURCE_DISABLED, 200, NULL);
    unsigned methods = settings->methods | methods_of_query(exchange->query);
    if ((method_bit_of(exchange->method) & methods) == 0)
        return reject(REJECTION_UNSUPPORTED_HTTP_METHOD, 405, "this source does not take that method");
    if (subject->refusal == HTTP_BODY_TOO_LARGE)
        return reject(REJECTION_PAYLOAD_TOO_LARGE, 413, "the body is larger than this gateway takes");
    if (type.size > 0 ? !is_taken(type) : exchange->body.size > 0)
        return reject(REJECTION_UNSUPPORTED_CONTENT_TYPE, 415,
                      type.size > 0 ? "this content type is not taken" : "a body needs a content-type");
    if (subject->published)
        return screen_content(subject, true);
    if (text_equal(source->record.type, TEXT("PUBLISH_API")))
        return reject(REJECTION_VERIFICATION_FAILED, 401, ""); /* it is fed by the publish call only */
    struct verify_input input = screen_verify_input(exchange, subject->origin);
    input.key = subject->key;
    if (input.key == NULL && verify_wants_key(source->verifier, &input, &exchange->arena, &waits.wanted))
        return waits;
    enum verdict verdict = verify_request(source->verifier, &input);
    return verdict == VERDICT_FAILED ? reject_unverified(source->verifier)
                                     : screen_content(subject, verdict == VERDICT_PASSED);
}
