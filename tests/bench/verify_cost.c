/*
 * What a verification costs: nanoseconds of processor time for a body of 1 KiB, by scheme, as JSON.
 *
 *     bench-verify [ROUNDS]
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/encoding.h"
#include "verify/hasher.h"
#include "verify/verify.h"

enum { BODY_BYTES = 1024, NOW_S = 1800000000 };

static char body[BODY_BYTES];

/* The signature of `prefix` and the body, as the scheme wants it in its header. */
static void sign(const char *key, const char *prefix, const char *before, bool base64, char *out, size_t size)
{
    unsigned char bytes[DIGEST_BYTES_MOST];
    struct buffer text = {0};
    struct hasher hasher = hasher_of_hmac(DIGEST_SHA256, text_of(key));
    hasher_add(&hasher, text_of(prefix));
    hasher_add(&hasher, (struct text){body, BODY_BYTES});
    struct text digest = {(const char *)bytes, hasher_end(&hasher, bytes)};
    if (base64)
        base64_encode(&text, digest);
    else
        hex_encode(&text, digest);
    snprintf(out, size, "%s%s", before, buffer_string(&text));
    buffer_free(&text);
}

static const struct bench {
    const char *type, *config, *header, *prefix, *before;
    bool base64;
} BENCHES[] = {
    {"GITHUB", "{\"auth\":{\"webhook_secret_key\":\"secret\"}}", "x-hub-signature-256", "", "sha256=", false},
    {"SHOPIFY", "{\"auth\":{\"webhook_secret_key\":\"secret\"}}", "x-shopify-hmac-sha256", "", "", true},
    {"STRIPE", "{\"auth\":{\"webhook_secret_key\":\"secret\"}}", "stripe-signature", "1800000000.", "t=1800000000,v1=",
     false},
    {"SVIX", "{\"auth\":{\"webhook_secret_key\":\"whsec_c2VjcmV0\"}}", "svix-signature", "msg_1.1800000000.", "v1,", true},
    {"HMAC", "{\"auth_type\":\"HMAC\",\"auth\":{\"webhook_secret_key\":\"secret\",\"header_key\":\"x-s\"}}", "x-s", "", "",
     false},
};

/* Processor time, so that what else runs on the machine does not count. */
static int64_t processor_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static double measure(const struct bench *bench, long rounds)
{
    char signature[256];
    struct error error = {0};
    sign("secret", bench->prefix, bench->before, bench->base64, signature, sizeof signature);
    struct http_header items[12];
    struct http_headers headers = {items, 0};
    for (; headers.count < 8; headers.count++)
        items[headers.count] = (struct http_header){TEXT("accept-encoding"), TEXT("gzip, deflate")};
    items[headers.count++] = (struct http_header){TEXT("svix-id"), TEXT("msg_1")};
    items[headers.count++] = (struct http_header){TEXT("svix-timestamp"), TEXT("1800000000")};
    items[headers.count++] = (struct http_header){text_of(bench->header), text_of(signature)};
    struct text type = text_of(strcmp(bench->type, "HMAC") == 0 ? "WEBHOOK" : bench->type);
    struct verifier *verifier = verifier_new(type, text_of(bench->config), &error);
    struct verify_input input = {.method = TEXT("POST"), .origin = TEXT("https://here.example"), .path = TEXT("/e/x"),
                                 .headers = &headers, .body = {body, BODY_BYTES}, .now_ms = (int64_t)NOW_S * 1000};
    int64_t best = INT64_MAX;
    for (int trial = 0; trial < 5; trial++) {
        int64_t began = processor_ns();
        for (long i = 0; i < rounds; i++) {
            if (verify_request(verifier, &input) != VERDICT_PASSED) {
                fprintf(stderr, "%s does not pass: %s\n", bench->type, error.message);
                exit(1);
            }
        }
        int64_t took = processor_ns() - began;
        best = took < best ? took : best;
    }
    verifier_free(verifier);
    return (double)best / (double)rounds;
}

int main(int count, char **arguments)
{
    long rounds = count > 1 ? atol(arguments[1]) : 100000;
    memset(body, 'x', sizeof body);
    printf("{");
    for (size_t i = 0; i < sizeof BENCHES / sizeof BENCHES[0]; i++)
        printf("%s\"%s\":%.0f", i > 0 ? "," : "", BENCHES[i].type, measure(&BENCHES[i], rounds));
    printf("}\n");
    return 0;
}
