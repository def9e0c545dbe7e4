/* Which URLs are a sender's, which key a request needs, and what published keys are made of. */
#include "case.h"

#include <openssl/x509.h>

#include "base/clock.h"
#include "verify/key.h"
#include "verify/key_set.h"

static void only_urls_of_a_location_fit(void **state)
{
    (void)state;
    static const char *const locations[] = {"a.*.example/keys/*.pem", "**.wide.example/**/jwks.json",
                                            "q.example/?Action=Go&**", NULL};
    static const struct {
        const char *url;
        bool fits;
    } cases[] = {
        {"https://a.b.example/keys/x-1_Y.pem", true},   {"https://a.b.example/keys/.pem", false},
        {"https://a.b.c.example/keys/x.pem", false},    {"https://a..example/keys/x.pem", false},
        {"https://a.b.example/keys/x/y.pem", false},    {"https://a.b.example/keys/x.pem?y", false},
        {"https://a.b.example/keys/x.pem.pem", false},  {"https://a.b.example/keys/x.pem#", false},
        {"http://a.b.example/keys/x.pem", false},       {"https:///keys/x.pem", false},
        {"https://a.b.example:443/keys/x.pem", false},  {"https://u@a.b.example/keys/x.pem", false},
        {"https://A.b.example/keys/x.pem", false},      {"https://a.B.example/keys/x.pem", false},
        {"https://a.b_c.example/keys/x.pem", false},    {"https://a.b.example./keys/x.pem", false},
        {"https://a.b.example", false},                 {"https://", false},
        {"", false},                                    {"https://x.y.wide.example/p/q.r/jwks.json", true},
        {"https://wide.example/p/jwks.json", false},    {"https://x.wide.example/jwks.json", false},
        {"https://x.wide.example/p//jwks.json", false}, {"https://x.wide.example/p/../jwks.json", false},
        {"https://x.wide.example/./jwks.json", false},  {"https://evil.example/x.wide.example/p/jwks.json", false},
        {"https://x.wide.example/p/%0d/jwks.json", true}, {"https://x.wide.example/p\n/jwks.json", false},
        {"https://q.example/?Action=Go&a=b:c%20&d=+~.", true}, {"https://q.example/?Action=Go&", false},
        {"https://q.example/?Action=Stop&a", false},    {"https://q.example/?Action=Go&a#b", false},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        if (origin_takes(locations, text_of(cases[i].url)) != cases[i].fits)
            fail_msg("%s: fits %s", cases[i].url, cases[i].fits ? "not" : "");
    }
    char longer[ORIGIN_URL_BYTES_MOST + 64] = "https://x.wide.example/";
    memset(longer + 23, 'a', ORIGIN_URL_BYTES_MOST);
    memcpy(longer + 23 + ORIGIN_URL_BYTES_MOST, "/jwks.json", 11);
    assert_false(origin_takes(locations, text_of(longer)));
}

static void every_url_of_the_table_lies_in_its_locations(void **state)
{
    (void)state;
    const struct scheme *scheme;
    for (size_t i = 0; (scheme = scheme_at(i)) != NULL; i++) {
        const struct key_origin *origin = scheme->origin;
        for (size_t k = 0; origin != NULL && k < ORIGIN_URLS_MOST && origin->urls[k].url != NULL; k++) {
            if (origin->urls[k].token_url != NULL && !origin_takes(origin->locations, text_of(origin->urls[k].token_url)))
                fail_msg("%s: its token's URL is nowhere", scheme->type);
            if (strchr(origin->urls[k].url, '{') == NULL && !origin_takes(origin->locations, text_of(origin->urls[k].url)))
                fail_msg("%s: its URL is nowhere", scheme->type);
        }
    }
}

static struct key_set *read_set(enum document_form form, enum scheme_method method, const char *document)
{
    static struct key_origin origin;
    origin = (struct key_origin){.form = form, .member = "data.key"};
    struct key_wanted wanted = {.origin = &origin, .method = method, .url = TEXT("https://x.example/")};
    struct error error = {0};
    struct key_set *set = key_set_read(&wanted, text_of(document), NULL, clock_now_ms(), &error);
    assert_true(set != NULL || error.message[0] != '\0');
    return set;
}

/* RFC 8037 appendix A.2, and RFC 7515 appendix A.3 */
#define ED25519_JWK "\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo\""
#define P256_JWK                                                                                        \
    "\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU\","              \
    "\"y\":\"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0\""

static void sets_hold_the_keys_that_can_sign(void **state)
{
    (void)state;
    static const struct {
        const char *document, *id;
        bool is_set, has_key;
    } cases[] = {
        {"{\"keys\":[{" ED25519_JWK ",\"kid\":\"a\"}]}", "a", true, true},
        {"{\"keys\":[{" P256_JWK ",\"kid\":\"a\",\"use\":\"sig\"}]}", "a", true, true},
        {"{\"keys\":[{" ED25519_JWK ",\"kid\":\"a\"},{" P256_JWK ",\"kid\":\"b\"}]}", "b", true, true},
        {"{\"keys\":[{" ED25519_JWK ",\"kid\":\"a\"}]}", "b", true, false},
        {"{\"keys\":[{" ED25519_JWK "}]}", "", true, false},
        {"{\"keys\":[{" ED25519_JWK ",\"kid\":\"a\",\"use\":\"enc\"}]}", "a", false, false},
        {"{\"keys\":[{\"kty\":\"OKP\",\"crv\":\"X25519\",\"x\":\"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo\"}]}", "", false,
         false},
        {"{\"keys\":[{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU\","
         "\"y\":\"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU\"}]}", "", false, false}, /* not on the curve */
        {"{\"keys\":[{\"kty\":\"RSA\",\"n\":\"AQAB\",\"e\":\"AQAB\",\"kid\":\"a\"}]}", "a", false, false},
        {"{\"keys\":[{\"kty\":\"oct\",\"k\":\"AAAA\",\"kid\":\"a\"}]}", "a", false, false},
        {"{\"keys\":[]}", "", false, false}, {"{\"keys\":{}}", "", false, false}, {"{}", "", false, false},
        {"{\"keys\":[7,null,{}]}", "", false, false}, {"[]", "", false, false}, {"", "", false, false},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct key_set *set = read_set(DOCUMENT_JWKS, METHOD_JWT, cases[i].document);
        if ((set != NULL) != cases[i].is_set)
            fail_msg("%s: is a set or not?", cases[i].document);
        if (set != NULL && (key_set_find(set, text_of(cases[i].id)) != NULL) != cases[i].has_key)
            fail_msg("%s: has the key \"%s\" or not?", cases[i].document, cases[i].id);
        key_set_release(set);
    }
}

static void a_key_stands_where_its_origin_says(void **state)
{
    (void)state;
#define KEY "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEklZAj5aYRrelrPZRUIbMyjDSoLLH14j1498sXQGlSKkSD/kYYdG4fjSRSnS+f72n65sGu6pBT+bzLgDfMeCSWA=="
    static const struct {
        const char *document;
        enum scheme_method method;
        bool good;
    } cases[] = {
        {"{\"data\":{\"key\":\"" KEY "\"}}", METHOD_ECDSA, true},
        {"{\"data\":{\"key\":\"-----BEGIN PUBLIC KEY-----" KEY "-----END PUBLIC KEY-----\"}}", METHOD_ECDSA, true},
        {"{\"data\":{\"key\":\"" KEY "\"}}", METHOD_RSA, false}, {"{\"key\":\"" KEY "\"}", METHOD_ECDSA, false},
        {"{\"data\":\"" KEY "\"}", METHOD_ECDSA, false}, {"{\"data\":{\"key\":7}}", METHOD_ECDSA, false},
        {"{\"data\":{\"key\":\"\"}}", METHOD_ECDSA, false}, {"\"" KEY "\"", METHOD_ECDSA, false}, {KEY, METHOD_ECDSA, false},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct key_set *set = read_set(DOCUMENT_KEY, cases[i].method, cases[i].document);
        if ((set != NULL) != cases[i].good)
            fail_msg("%s: is a key or not?", cases[i].document);
        assert_true(set == NULL || key_set_find(set, TEXT_NONE) != NULL);
        key_set_release(set);
    }
}

static bool wants(struct verifier *verifier, struct http_header *header, const char *body, struct key_wanted *wanted,
                  struct arena *arena)
{
    struct http_headers headers = {header, header != NULL ? 1 : 0};
    struct verify_input input = {.method = TEXT("POST"), .headers = &headers, .body = text_of(body),
                                 .now_ms = 1800000000000};
    return verify_wants_key(verifier, &input, arena, wanted);
}

static void a_request_tells_which_key_it_needs(void **state)
{
    (void)state;
    struct arena arena = {0};
    struct key_wanted wanted;
    struct verifier *circle = verifier_new(TEXT("CIRCLE"), TEXT("{\"auth\":{\"api_key\":\"k\"}}"), NULL);
    struct verifier *entered = verifier_new(TEXT("CIRCLE"), TEXT("{\"auth\":{\"api_key\":\"k\",\"public_key\":\"" KEY "\"}}"), NULL);
    struct verifier *sns = verifier_new(TEXT("AWS_SNS"), TEXT("{}"), NULL);
    struct verifier *stripe = verifier_new(TEXT("STRIPE"), TEXT("{\"auth\":{\"webhook_secret_key\":\"k\"}}"), NULL);
    struct http_header items[] = {{TEXT("x-circle-signature"), TEXT("AAAA")}, {TEXT("x-circle-key-id"), TEXT("id-1")}};
    struct http_headers headers = {items, 2};
    struct verify_input input = {.method = TEXT("POST"), .headers = &headers, .body = TEXT("{}")};
    assert_true(verify_wants_key(circle, &input, &arena, &wanted));
    assert_true(text_equal(wanted.url, TEXT("https://api.circle.com/v2/notifications/publicKey/id-1")));
    assert_true(text_equal(wanted.other_url, TEXT("https://api.circle.com/v2/cpn/notifications/publicKey/id-1")));
    assert_true(text_equal(wanted.authorization, TEXT("Bearer k")));
    assert_true(wanted.id.data == NULL && wanted.token_url.data == NULL);
    assert_false(verify_wants_key(entered, &input, &arena, &wanted));
    assert_false(verify_wants_key(stripe, &input, &arena, &wanted));
    headers.count = 1; /* no key is named */
    assert_false(verify_wants_key(circle, &input, &arena, &wanted));
    assert_int_equal(verify_request(circle, &input), VERDICT_FAILED);
    assert_false(wants(sns, NULL, "{}", &wanted, &arena));
    assert_true(wants(sns, NULL, "{\"Type\":\"Notification\",\"SignatureVersion\":\"1\",\"Signature\":\"AAAA\",\"SigningCertURL\":"
                                 "\"https://sns.cn-north-1.amazonaws.com.cn/SimpleNotificationService-ab.pem\"}", &wanted, &arena));
    verifier_free(circle);
    verifier_free(entered);
    verifier_free(sns);
    verifier_free(stripe);
    arena_free(&arena);
}

static void a_config_must_be_whole(void **state)
{
    (void)state;
    struct error error = {0};
    struct verifier *verifier = verifier_new(TEXT("GOOGLE_PUBSUB"), TEXT("{\"auth\":{\"service_account_email\":\"a@b\"}}"), &error);
    assert_string_equal(error.message, "config.auth.audience: is required");
    struct http_headers none = {0};
    struct verify_input input = {.method = TEXT("POST"), .headers = &none, .body = TEXT("{}")};
    assert_int_equal(verify_request(verifier, &input), VERDICT_FAILED);
    verifier_free(verifier);
}

static void what_cannot_be_sent_is_refused(void **state)
{
    (void)state;
    struct error error = {0};
    verifier_free(verifier_new(TEXT("CIRCLE"), TEXT("{\"auth\":{\"api_key\":\"k\\r\\nx: y\"}}"), &error));
    assert_int_equal(error.code, ERROR_INVALID);
    error = (struct error){0};
    verifier_free(verifier_new(TEXT("NEON"), TEXT("{\"auth\":{\"neon_auth_url\":\"https://x.example/a\"}}"), &error));
    assert_string_equal(error.message, "config.auth.neon_auth_url: must be a URL of Neon, without a slash at its end");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_urls_of_a_location_fit),
        cmocka_unit_test(every_url_of_the_table_lies_in_its_locations),
        cmocka_unit_test(sets_hold_the_keys_that_can_sign),
        cmocka_unit_test(a_key_stands_where_its_origin_says),
        cmocka_unit_test(a_request_tells_which_key_it_needs),
        cmocka_unit_test(a_config_must_be_whole),
        cmocka_unit_test(what_cannot_be_sent_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
