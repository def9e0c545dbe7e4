/* Is this request one that its source takes? */
#include "case.h"

#include "base/limits.h"
#include "ingest/screen.h"

static void the_first_cause_that_applies_is_given(void **state)
{
    (void)state;
    enum { DISABLED = 1, PUBLISHED = 2, LONELY = 4, KEYED = 8 };
    static const struct {
        const char *what, *type, *method, *content_type, *body;
        int traits;
        enum http_refusal refusal;
        enum rejection_cause cause;
        int status;
        bool verified;
    } cases[] = {
        {"taken", "WEBHOOK", "POST", "application/json", "{}", 0, 0, REJECTION_NONE, 200, false},
        {"no body, no type", "WEBHOOK", "POST", NULL, "", 0, 0, REJECTION_NONE, 200, false},
        {"disabled before all", "WEBHOOK", "GET", "x/y", "{", DISABLED, 0, REJECTION_SOURCE_DISABLED, 200, false},
        {"method", "WEBHOOK", "GET", "x/y", "{", 0, 0, REJECTION_UNSUPPORTED_HTTP_METHOD, 405, false},
        {"size", "WEBHOOK", "POST", "x/y", "", 0, HTTP_BODY_TOO_LARGE, REJECTION_PAYLOAD_TOO_LARGE, 413, false},
        {"content type", "WEBHOOK", "POST", "x/y", "{", KEYED, 0, REJECTION_UNSUPPORTED_CONTENT_TYPE, 415, false},
        {"a body without type", "WEBHOOK", "POST", NULL, "{}", 0, 0, REJECTION_UNSUPPORTED_CONTENT_TYPE, 415, false},
        {"signature", "WEBHOOK", "POST", "application/json", "{", KEYED, 0, REJECTION_VERIFICATION_FAILED, 401, false},
        {"JSON", "WEBHOOK", "POST", "application/json", "{", 0, 0, REJECTION_UNPARSABLE_JSON, 400, false},
        {"JSON of a kind", "WEBHOOK", "POST", "application/x+JSON; a=b", "{", 0, 0, REJECTION_UNPARSABLE_JSON, 400,
         false},
        {"text is not parsed", "WEBHOOK", "POST", "text/plain", "{", 0, 0, REJECTION_NONE, 200, false},
        {"no connection", "WEBHOOK", "POST", "text/plain", "a", LONELY, 0, REJECTION_NO_CONNECTION, 200, false},
        {"published", "WEBHOOK", "POST", "application/json", "{}", PUBLISHED | KEYED, 0, REJECTION_NONE, 200, true},
        {"published to its own kind", "PUBLISH_API", "POST", "application/json", "{}", PUBLISHED, 0, REJECTION_NONE, 200,
         true},
        {"sent to what is published to", "PUBLISH_API", "POST", "application/json", "{}", 0, 0,
         REJECTION_VERIFICATION_FAILED, 401, false},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct http_header header = {TEXT("content-type"), text_of(cases[i].content_type)};
        struct text config = cases[i].traits & KEYED ? TEXT("{\"auth\":{\"header_key\":\"x-key\",\"api_key\":\"k\"}}")
                                                     : TEXT("{}");
        struct catalog_source source = {
            .record = {.type = text_of(cases[i].type), .disabled_at = cases[i].traits & DISABLED},
            .settings = {.methods = METHOD_POST}, .verifier = verifier_new(text_of(cases[i].type), config, NULL),
            .connection_count = cases[i].traits & LONELY ? 0 : 1};
        struct http_exchange exchange = {.method = text_of(cases[i].method), .path = TEXT("/e/token"),
                                         .headers = {&header, cases[i].content_type ? 1 : 0},
                                         .body = text_of(cases[i].body)};
        struct screening screening = screen_request(
            &(struct screened){.source = &source, .exchange = &exchange, .origin = "https://here.example",
                               .refusal = cases[i].refusal, .published = (cases[i].traits & PUBLISHED) != 0});
        check_integer(cases[i].what, "cause", screening.cause, cases[i].cause);
        check_integer(cases[i].what, "status", screening.status, cases[i].status);
        check_integer(cases[i].what, "verified", screening.verified, cases[i].verified);
        verifier_free(source.verifier);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(the_first_cause_that_applies_is_given)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
