/*
 * What those who send publish and ask: the first byte picks what the rest is: a key set, certificates, a key in JSON, the
 * body of an SNS message, a header of eBay, a URL. Its highest bit says how long a signature is tried against the key.
 */
#include "fuzz.h"

#include <openssl/x509.h>
#include <string.h>

#include "verify/key.h"
#include "verify/key_set.h"

enum { WHAT_JWKS, WHAT_SNS_CERTIFICATE, WHAT_PAYPAL_CERTIFICATE, WHAT_KEY, WHAT_SNS_BODY, WHAT_EBAY_HEADER, WHAT_URL, WHATS };
static const int64_t NOW_MS = 1800000000000;

static const struct scheme *scheme_of(int what)
{
    static const char *const types[WHATS] = {"GOOGLE_PUBSUB", "AWS_SNS", "PAYPAL", "CIRCLE", "AWS_SNS", "EBAY", "NEON"};
    return scheme_find(text_of(types[what]));
}

/* Nobody is trusted: only a certificate that comes by itself, as its origin has it, makes a set. */
static void read_document(const struct scheme *scheme, struct text document, bool last)
{
    static X509_STORE *trusted;
    if (trusted == NULL)
        trusted = X509_STORE_new();
    struct key_wanted wanted = {.origin = scheme->origin, .method = scheme->method};
    struct error error = {0};
    struct key_set *set = key_set_read(&wanted, document, trusted, NOW_MS, &error);
    MUST((set != NULL) == (error.code == ERROR_NONE));
    if (set == NULL)
        return;
    const struct verify_key *key = key_set_find(set, scheme->origin->form == DOCUMENT_JWKS ? TEXT("k-1") : TEXT_NONE);
    MUST(scheme->origin->form == DOCUMENT_JWKS || key != NULL);
    MUST(scheme->origin->form != DOCUMENT_CERTIFICATES || (scheme->origin->alone && key_set_end(set) > NOW_MS));
    if (key != NULL) {
        MUST(verify_key_fits(key, scheme->method));
        struct text signature = text_slice(document, 0, last ? 64 : 256);
        MUST(!verify_key_signed(key, scheme->method, scheme->digest, TEXT("content"), signature));
    }
    key_set_release(set);
}

static void look_at_request(const struct scheme *scheme, struct text header, struct text body)
{
    static struct verifier *verifiers[2];
    bool is_ebay = header.data != NULL;
    struct verifier **verifier = &verifiers[is_ebay];
    if (*verifier == NULL)
        *verifier = verifier_new(text_of(scheme->type),
                                 is_ebay ? TEXT("{\"auth\":{\"environment\":\"SANDBOX\",\"dev_id\":\"d\",\"client_id\":\"c\","
                                                "\"client_secret\":\"s\",\"verification_token\":\"v\"}}")
                                         : TEXT("{}"), NULL);
    struct http_header item = {TEXT("x-ebay-signature"), header};
    struct http_headers headers = {&item, is_ebay};
    struct verify_input input = {.method = TEXT("POST"), .headers = &headers, .body = body, .now_ms = NOW_MS};
    struct arena arena = {0};
    struct key_wanted wanted;
    struct text url;
    if (verify_wants_key(*verifier, &input, &arena, &wanted))
        MUST(text_starts_with(wanted.url, is_ebay ? TEXT("https://api.sandbox.ebay.com/") : TEXT("https://sns.")));
    if (verify_confirmation(*verifier, &input, &arena, &url) == CONFIRMATION_WANTED)
        MUST(text_starts_with(url, TEXT("https://sns.")) && text_find(url, TEXT(".amazonaws.com")) > 0);
    MUST(verify_request(*verifier, &input) == VERDICT_FAILED);
    arena_free(&arena);
}

static void look_at_url(struct text url)
{
    static const char *const locations[] = {"*.x.example/a/*.pem", "**.y.example/**/b", NULL};
    if (!origin_takes(locations, url))
        return;
    struct text host = text_slice(url, 8, url.size);
    ptrdiff_t slash = text_find_byte(host, '/');
    MUST(slash > 0);
    host = text_slice(host, 0, (size_t)slash);
    MUST(text_ends_with(host, TEXT(".x.example")) || text_ends_with(host, TEXT(".y.example")));
    MUST(text_find_byte(url, '@') < 0 && text_find_byte(host, ':') < 0 && text_find(url, TEXT("..")) < 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    if (size < 1)
        return 0;
    int what = (bytes[0] & 0x7F) % WHATS;
    struct text rest = {(const char *)bytes + 1, size - 1};
    if (what <= WHAT_KEY)
        read_document(scheme_of(what), rest, (bytes[0] & 0x80) != 0);
    else if (what == WHAT_URL)
        look_at_url(rest);
    else if (what == WHAT_EBAY_HEADER)
        look_at_request(scheme_of(what), rest, TEXT("{}"));
    else
        look_at_request(scheme_of(what), TEXT_NONE, rest);
    return 0;
}
