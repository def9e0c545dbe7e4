/*
 * What the rules of a connection cost for each webhook: from a request as it is kept to the end of steps_walk, parsing
 * included. Prints nanoseconds of processor time, the best of several rounds, as one line of JSON.
 *
 *     bench-rules [--count N]
 */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/json.h"
#include "rules/steps.h"

enum { BODY_BYTES = 1024, ROUNDS = 9, COUNT = 200000 };

static const char HEADERS[] =
    "host: hooks.example.com\nuser-agent: Stripe/1.0 (+https://stripe.com/docs/webhooks)\ncontent-length: 1024\n"
    "accept: */*; q=0.5, application/xml\ncache-control: no-cache\ncontent-type: application/json; charset=utf-8\n"
    "x-signature: t=1700000000,v1=5257a869e7ecebeda32affa62cdca3fa51cad7e77a0e56ff536d0ce8e108d8bd\n"
    "accept-encoding: gzip\nx-topic: orders/paid\nx-request-id: 0f8fad5b-d9cb-469f-a165-70867728950e\n";

static const char BODY[] =
    "{\"id\":\"evt_1NG8Du2eZvKYlo2CUI79vXWy\",\"object\":\"event\",\"api_version\":\"2024-06-20\",\"created\":1686089970,"
    "\"type\":\"order.paid\",\"livemode\":true,\"pending_webhooks\":2,\"data\":{\"object\":{\"id\":\"ord_18842\","
    "\"amount\":129900,\"currency\":\"eur\",\"paid\":true,\"refunded\":false,\"description\":null,\"customer\":{"
    "\"id\":\"cus_4021\",\"email\":\"jenny.rosen@example.com\",\"country\":\"DE\",\"vip\":false},\"items\":[{\"sku\":"
    "\"TS-0042\",\"quantity\":2,\"price\":25900,\"tags\":[\"summer\",\"cotton\"]},{\"sku\":\"HD-0007\",\"quantity\":1,"
    "\"price\":78100,\"tags\":[\"winter\"]}],\"shipping\":{\"method\":\"express\",\"city\":\"Berlin\",\"zip\":\"10115\","
    "\"street\":\"Invalidenstr. 116\"},\"metadata\":{\"campaign\":\"spring-2024\",\"channel\":\"web\"}}},"
    "\"request\":{\"id\":\"req_8Yq2\",\"idempotency_key\":\"7c9e6679-7425-40de-944b-e07fc1f90ae7\"},\"note\":\"";

#define TEN_CONDITIONS                                                                                   \
    "\"body\":{\"type\":\"order.paid\",\"livemode\":true,\"created\":{\"$gte\":1600000000},\"data\":{\"object\":{"   \
    "\"amount\":{\"$gt\":100000},\"currency\":{\"$in\":[\"usd\",\"eur\"]},\"customer\":{\"country\":{\"$neq\":\"US\"},"  \
    "\"email\":{\"$endsWith\":\"@example.com\"}},\"items\":{\"sku\":{\"$startsWith\":\"HD-\"}},"                     \
    "\"shipping\":{\"method\":{\"$or\":[\"standard\",\"express\"]}},\"refunded\":{\"$not\":true}}}}"

static const struct {
    const char *name, *rules;
} CASES[] = {
    {"filter_ns", "[{\"type\":\"filter\"," TEN_CONDITIONS "}]"},
    {"filter_headers_ns", "[{\"type\":\"filter\"," TEN_CONDITIONS ",\"headers\":{\"x-topic\":\"orders/paid\"},\"path\":\"/orders\"}]"},
    {"deduplicate_ns", "[{\"type\":\"deduplicate\",\"window\":60000}]"},
    {"deduplicate_field_ns", "[{\"type\":\"deduplicate\",\"window\":60000,\"include_fields\":[\"body.data.object.id\"]}]"},
    {"filter_deduplicate_ns", "[{\"type\":\"filter\"," TEN_CONDITIONS "},{\"type\":\"deduplicate\",\"window\":60000,"
                              "\"exclude_fields\":[\"body.created\",\"body.data.object.items[*].price\"]}]"},
};

static double processor_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return (double)now.tv_sec * 1e9 + (double)now.tv_nsec;
}

/* One webhook after another, as ingest does it. */
static void walk_all(const struct steps *steps, const struct request *request, struct content *content, int count)
{
    struct arena arena = {0};
    struct walked walked;
    for (int i = 0; i < count; i++) {
        content_set(content, request);
        steps_walk(steps, 0, content, &arena, &walked);
        if (walked.end != WALK_PASSED)
            abort();
        arena_clear(&arena);
    }
    arena_free(&arena);
}

static double best_ns(const char *text, const struct request *request, int count)
{
    json_t *rules = json_parse(text_of(text), NULL);
    struct steps *steps = steps_compile(rules, NULL);
    struct content *content = content_new();
    double best = 1e12;
    for (int round = 0; round < ROUNDS; round++) {
        double start = processor_ns();
        walk_all(steps, request, content, count / ROUNDS);
        double took = (processor_ns() - start) / (count / ROUNDS);
        best = took < best ? took : best;
    }
    content_free(content);
    steps_free(steps);
    json_decref(rules);
    return best;
}

int main(int argc, char **argv)
{
    static const struct option OPTIONS[] = {{"count", required_argument, NULL, 'c'}, {0}};
    int count = COUNT;
    for (int option; (option = getopt_long(argc, argv, "", OPTIONS, NULL)) != -1;) {
        if (option != 'c' || (count = atoi(optarg)) < ROUNDS)
            return 2;
    }
    char body[BODY_BYTES];
    memset(body, 'x', sizeof body);
    memcpy(body, BODY, sizeof BODY - 1);
    memcpy(body + sizeof body - 2, "\"}", 2);
    struct request request = {.method = TEXT("POST"), .path = TEXT("/orders"), .query = TEXT(""), .headers = text_of(HEADERS),
                              .body = {body, sizeof body}};
    for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++)
        printf("%s\"%s\": %.0f", i ? ", " : "{", CASES[i].name, best_ns(CASES[i].rules, &request, count));
    printf("}\n");
    return 0;
}
