/* The reply to a step: a line with its content type, and below it the body, as expressions and criteria see it. */
#include "fuzz.h"

#include "arazzo/criterion.h"
#include "arazzo_scope.h"

static const struct criterion CRITERIA[] = {
    {NULL, "$response.body#/a/0 == 'x' || $response.body != null", CRITERION_SIMPLE},
    {"$response.body", "^[a-z]+.*x$", CRITERION_REGEX},
    {"$response.body", "$..[?@.a == 1 || length(@) > 2]", CRITERION_JSONPATH},
    {"$response.body", "$.a.length > 0", CRITERION_JSONPATH},
    {"$response.body", "//a[b = 1] or count(//*) > 3", CRITERION_XPATH},
};

static const char *const EXPRESSIONS[] = {"$response.body", "$response.body#/a/0", "$response.header.content-type"};

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    struct text rest = {(const char *)bytes, size}, line = TEXT_NONE;
    text_split(&rest, '\n', &line);
    struct exchange *exchange = exchange_create();
    struct http_header header = {TEXT("content-type"), line};
    struct http_call call = {.status = 200, .response_body = rest.data ? rest : TEXT(""), .content_type = line,
                             .response_headers = {&header, 1}};
    exchange_take_reply(exchange, &call);
    struct scope scope = {.exchange = exchange};
    for (size_t i = 0; i < sizeof CRITERIA / sizeof CRITERIA[0]; i++) {
        struct buffer why = {0};
        criterion_holds(&CRITERIA[i], &scope, &why);
        MUST(why.size > 0);
        buffer_free(&why);
    }
    for (size_t i = 0; i < sizeof EXPRESSIONS / sizeof EXPRESSIONS[0]; i++)
        json_decref(expression_value(text_of(EXPRESSIONS[i]), &scope, NULL));
    exchange_free(exchange);
    return 0;
}
