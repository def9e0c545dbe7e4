/*
 * JSON web tokens, against keys of each kind. The first byte says which; with its highest bit set the token is signed
 * rightly, so that its claims are looked at.
 */
#include "fuzz.h"

#include "base/encoding.h"
#include "verify/hasher.h"
#include "verify/verify.h"

#define BEGIN "{\"auth_type\":\"FUSIONAUTH\",\"auth\":{\"webhook_secret_key\":\"-----BEGIN PUBLIC KEY-----"
#define END "-----END PUBLIC KEY-----\"}}"

/* P-256 and Ed25519 */
#define EC_KEY "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE/y6O7UABTE/ySdofW8ZyUTmb9mBgHZGPMCr4HUUICPtBokfh0UVohRFjExOhReJ5" \
    "Noc/XGh6am4dP8g1Y2G66A=="
#define EDWARDS_KEY "MCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE="

static const char *const CONFIGS[] = {
    "{\"auth_type\":\"FUSIONAUTH\",\"auth\":{\"webhook_secret_key\":\"secret\"}}",
    (BEGIN EC_KEY END),
    (BEGIN EDWARDS_KEY END),
};

/* The bytes as claims, under a head and a signature that are right. */
static void sign(struct text claims, struct buffer *out)
{
    unsigned char bytes[DIGEST_BYTES_MOST];
    base64url_encode(out, TEXT("{\"alg\":\"HS256\"}"));
    buffer_append_byte(out, '.');
    base64url_encode(out, claims);
    struct hasher hasher = hasher_of_hmac(DIGEST_SHA256, TEXT("secret"));
    hasher_add(&hasher, buffer_text(out));
    struct text digest = {(const char *)bytes, hasher_end(&hasher, bytes)};
    buffer_append_byte(out, '.');
    base64url_encode(out, digest);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    static struct verifier *verifiers[3];
    if (size < 1)
        return 0;
    int which = bytes[0] & 0x80 ? 0 : bytes[0] % 3;
    if (verifiers[which] == NULL)
        verifiers[which] = verifier_new(TEXT("WEBHOOK"), text_of(CONFIGS[which]), NULL);
    struct text token = {(const char *)bytes + 1, size - 1};
    struct buffer made = {0};
    if (bytes[0] & 0x80) {
        sign(token, &made);
        token = buffer_text(&made);
    }
    struct http_header header = {TEXT("x-fusionauth-signature-jwt"), token};
    struct http_headers headers = {&header, 1};
    struct verify_input input = {.method = TEXT("POST"), .headers = &headers, .body = TEXT("{}"), .now_ms = 1800000000000};
    enum verdict verdict = verify_request(verifiers[which], &input);
    MUST(which == 0 || verdict == VERDICT_FAILED); /* nobody has those private keys */
    buffer_free(&made);
    return 0;
}
