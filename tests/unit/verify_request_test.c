/* Who knows the secret: signatures over a body, Basic and API keys, and everything that only looks like them. */
#include "case.h"

#include "verify/verify.h"

#define BODY "{\"id\":1}"
#define KEY "topsecret"

enum { MOST_HEADERS = 3 };

struct row {
    enum verdict verdict;
    const char *query;
    struct http_header headers[MOST_HEADERS];
};

static struct verify_input input_of(const struct http_headers *headers, struct text query, struct text body)
{
    return (struct verify_input){.method = TEXT("POST"), .origin = TEXT("https://here.example"), .path = TEXT("/e/x"),
                                 .query = query, .headers = headers, .body = body, .now_ms = 1000000};
}

static void check(const struct verifier *verifier, const struct row *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct http_headers headers = {(struct http_header *)rows[i].headers, 0};
        while (headers.count < MOST_HEADERS && rows[i].headers[headers.count].name.data != NULL)
            headers.count++;
        struct verify_input input = input_of(&headers, text_of(rows[i].query), TEXT(BODY));
        enum verdict verdict = verify_request(verifier, &input);
        if (verdict != rows[i].verdict)
            fail_msg("row %zu: %d, not %d", i, verdict, rows[i].verdict);
    }
}
#define CHECK(verifier, rows) check(verifier, rows, sizeof rows / sizeof rows[0])

/* Made with: printf '{"id":1}' | openssl dgst -ALGORITHM -hmac topsecret */
#define MD5_HEX "d0a669d8c18783424f9535d602cf0996"
#define SHA1_HEX "34b08e54f243264c7d69c4e7a276a2846fdacdae"
#define SHA256_HEX "da3557bb01e9adb585273452a18d40553fcd71fd1aeeae35eb30c81a7b082850"
#define SHA256_HEX_UPPER "DA3557BB01E9ADB585273452A18D40553FCD71FD1AEEAE35EB30C81A7B082850"
#define SHA256_BASE64 "2jVXuwHprbWFJzRSoY1AVT/Ncf0a7q416zDIGnsIKFA="
#define SHA256_BASE64URL "2jVXuwHprbWFJzRSoY1AVT_Ncf0a7q416zDIGnsIKFA"
#define SHA512_HEX \
    "911c9016b4f0aae66b5f11b56cf42c1d8eae30fee50b239922ef800757c2f186" \
    "d78c561c576739041d9c029a77f44d92b5549b488042c1d5bf6a4dfcecb08b97"
#define SIGNED(value) {{{"x-signature", 11}, {value, sizeof value - 1}}}

static struct verifier *verifier_of(const char *config)
{
    struct error error = {0};
    struct verifier *verifier = verifier_new(TEXT("WEBHOOK"), text_of(config), &error);
    if (error.code != ERROR_NONE)
        fail_msg("%s: %s", config, error.message);
    return verifier;
}

static struct verifier *hmac(const char *algorithm, const char *encoding)
{
    char config[256];
    snprintf(config, sizeof config,
             "{\"auth_type\":\"HMAC\",\"auth\":{\"header_key\":\"X-Signature\",\"webhook_secret_key\":\"" KEY
             "\",\"algorithm\":\"%s\",\"encoding\":\"%s\"}}", algorithm, encoding);
    return verifier_of(config);
}

static void every_algorithm_and_encoding(void **state)
{
    static const struct {
        const char *algorithm, *encoding;
        struct row row;
    } rows[] = {
        {"md5", "hex", {VERDICT_PASSED, NULL, SIGNED(MD5_HEX)}},
        {"sha1", "hex", {VERDICT_PASSED, NULL, SIGNED(SHA1_HEX)}},
        {"sha1", "hex", {VERDICT_PASSED, NULL, SIGNED("sha1=" SHA1_HEX)}},
        {"sha256", "hex", {VERDICT_PASSED, NULL, SIGNED(SHA256_HEX)}},
        {"sha256", "hex", {VERDICT_PASSED, NULL, SIGNED(SHA256_HEX_UPPER)}},
        {"sha256", "hex", {VERDICT_PASSED, NULL, SIGNED(" sha256=" SHA256_HEX " ")}},
        {"sha512", "hex", {VERDICT_PASSED, NULL, SIGNED(SHA512_HEX)}},
        {"sha256", "base64", {VERDICT_PASSED, NULL, SIGNED(SHA256_BASE64)}},
        {"sha256", "base64url", {VERDICT_PASSED, NULL, SIGNED(SHA256_BASE64URL)}},
        {"sha256", "base64", {VERDICT_FAILED, NULL, SIGNED(SHA256_HEX)}},
        {"sha256", "hex", {VERDICT_FAILED, NULL, SIGNED(SHA256_BASE64)}},
        {"sha256", "hex", {VERDICT_FAILED, NULL, SIGNED(SHA1_HEX)}},
        {"sha1", "hex", {VERDICT_FAILED, NULL, SIGNED(SHA256_HEX)}},
        {"md5", "hex", {VERDICT_FAILED, NULL, SIGNED("md5=")}},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct verifier *verifier = hmac(rows[i].algorithm, rows[i].encoding);
        check(verifier, &rows[i].row, 1);
        verifier_free(verifier);
    }
}

static void signatures_that_are_none(void **state)
{
    static char endless[5000];
    static const struct row rows[] = {
        {VERDICT_FAILED, NULL, {{{NULL, 0}, {NULL, 0}}}},
        {VERDICT_FAILED, NULL, SIGNED("")},
        {VERDICT_FAILED, NULL, SIGNED("sha256=")},
        {VERDICT_FAILED, NULL, SIGNED("sha256=sha256=" SHA256_HEX)},
        {VERDICT_FAILED, NULL, SIGNED("v1=" SHA256_HEX)},
        {VERDICT_FAILED, NULL, SIGNED(SHA256_HEX "00")},
        {VERDICT_FAILED, NULL, SIGNED(SHA256_HEX "0")},
        {VERDICT_FAILED, NULL, SIGNED("zz" SHA256_HEX)},
        {VERDICT_FAILED, NULL, SIGNED("0000000000000000000000000000000000000000000000000000000000000000")},
        {VERDICT_FAILED, NULL, SIGNED(SHA256_HEX "," SHA256_HEX)},
        /* a doubled header fails, whichever of the two is right */
        {VERDICT_FAILED, NULL, {{TEXT("x-signature"), TEXT(SHA256_HEX)}, {TEXT("x-signature"), TEXT(SHA256_HEX)}}},
        {VERDICT_FAILED, NULL, {{TEXT("x-signature"), TEXT("x")}, {TEXT("X-SIGNATURE"), TEXT(SHA256_HEX)}}},
        {VERDICT_FAILED, NULL, {{TEXT("x-signature"), {endless, sizeof endless}}}},
        {VERDICT_FAILED, "x-signature=" SHA256_HEX, {{{NULL, 0}, {NULL, 0}}}},
        {VERDICT_PASSED, NULL, {{TEXT("x-other"), TEXT("x")}, {TEXT("X-Signature"), TEXT(SHA256_HEX)}}},
    };
    struct verifier *verifier = hmac("sha256", "hex");
    (void)state;
    memset(endless, '0', sizeof endless);
    CHECK(verifier, rows);
    struct http_header header = {TEXT("x-signature"), TEXT(SHA256_HEX)};
    struct http_headers headers = {&header, 1};
    struct verify_input other = input_of(&headers, TEXT_NONE, TEXT(BODY " "));
    struct verify_input empty = input_of(&headers, TEXT_NONE, TEXT_NONE);
    assert_int_equal(verify_request(verifier, &other), VERDICT_FAILED);
    assert_int_equal(verify_request(verifier, &empty), VERDICT_FAILED);
    verifier_free(verifier);
}

#define AUTHORIZED(value) {{{"authorization", 13}, {value, sizeof value - 1}}}

static void basic(void **state)
{
    static const struct row rows[] = {
        {VERDICT_PASSED, NULL, AUTHORIZED("Basic dXNlcjpwOnc=")}, /* user:p:w */
        {VERDICT_PASSED, NULL, AUTHORIZED("basic  dXNlcjpwOnc=")},
        {VERDICT_PASSED, NULL, AUTHORIZED("BASIC dXNlcjpwOnc")},
        {VERDICT_FAILED, NULL, {{{NULL, 0}, {NULL, 0}}}},
        {VERDICT_FAILED, NULL, AUTHORIZED("")},
        {VERDICT_FAILED, NULL, AUTHORIZED("Basic")},
        {VERDICT_FAILED, NULL, AUTHORIZED("Basic ")},
        {VERDICT_FAILED, NULL, AUTHORIZED("Basicx dXNlcjpwOnc=")},
        {VERDICT_FAILED, NULL, AUTHORIZED("Bearer dXNlcjpwOnc=")},
        {VERDICT_FAILED, NULL, AUTHORIZED("Basic dXNlcjpwOnc=!")},
        {VERDICT_FAILED, NULL, AUTHORIZED("Basic user:p:w")},
        {VERDICT_FAILED, NULL, AUTHORIZED("Basic dXNlcjpwOnd4")},  /* user:p:wx */
        {VERDICT_FAILED, NULL, AUTHORIZED("Basic dXNlcjpwOg==")},  /* user:p: */
        {VERDICT_FAILED, NULL, AUTHORIZED("Basic VXNlcjpwOnc=")},  /* User:p:w */
        {VERDICT_FAILED, NULL, AUTHORIZED("Basic Og==")},          /* : */
        {VERDICT_FAILED, NULL, {{TEXT("authorization"), TEXT("Basic dXNlcjpwOnc=")},
                                {TEXT("authorization"), TEXT("Basic dXNlcjpwOnc=")}}},
    };
    struct verifier *verifier = verifier_of("{\"auth\":{\"username\":\"user\",\"password\":\"p:w\"}}");
    (void)state;
    CHECK(verifier, rows);
    verifier_free(verifier);
    /* while the password changes, both pass */
    static const struct row changing[] = {
        {VERDICT_PASSED, NULL, AUTHORIZED("Basic dXNlcjpwOnc=")},
        {VERDICT_PASSED, NULL, AUTHORIZED("Basic dXNlcjpu")}, /* user:n */
        {VERDICT_FAILED, NULL, AUTHORIZED("Basic dXNlcjpv")}, /* user:o */
    };
    verifier = verifier_of("{\"auth\":{\"username\":\"user\",\"password\":\"n\",\"previous_password\":\"p:w\"}}");
    CHECK(verifier, changing);
    verifier_free(verifier);
}

static void api_key(void **state)
{
    static const struct row rows[] = {
        {VERDICT_PASSED, NULL, {{TEXT("x-key"), TEXT("k&y")}}},
        {VERDICT_PASSED, NULL, {{TEXT("X-KEY"), TEXT("k&y")}}},
        {VERDICT_PASSED, "x-key=k%26y", {{{NULL, 0}, {NULL, 0}}}},
        {VERDICT_PASSED, "a=b&X-Key=k%26y&x-key=z", {{{NULL, 0}, {NULL, 0}}}},
        {VERDICT_FAILED, "x-key=z&x-key=k%26y", {{{NULL, 0}, {NULL, 0}}}},
        {VERDICT_FAILED, "x-key=k&y", {{{NULL, 0}, {NULL, 0}}}},
        {VERDICT_FAILED, "x-key", {{{NULL, 0}, {NULL, 0}}}},
        {VERDICT_FAILED, "x-key=", {{{NULL, 0}, {NULL, 0}}}},
        {VERDICT_FAILED, "", {{{NULL, 0}, {NULL, 0}}}},
        {VERDICT_FAILED, NULL, {{{NULL, 0}, {NULL, 0}}}},
        {VERDICT_FAILED, NULL, {{TEXT("x-key"), TEXT("")}}},
        {VERDICT_FAILED, NULL, {{TEXT("x-key"), TEXT("k&")}}},
        {VERDICT_FAILED, NULL, {{TEXT("x-key"), TEXT("k&yy")}}},
        {VERDICT_FAILED, NULL, {{TEXT("x-key"), TEXT("K&Y")}}},
        {VERDICT_FAILED, NULL, {{TEXT("x-key2"), TEXT("k&y")}}},
        /* a wrong header is not made good by the query */
        {VERDICT_FAILED, "x-key=k%26y", {{TEXT("x-key"), TEXT("z")}}},
        {VERDICT_FAILED, NULL, {{TEXT("x-key"), TEXT("k&y")}, {TEXT("x-key"), TEXT("k&y")}}},
    };
    struct verifier *verifier = verifier_of("{\"auth\":{\"header_key\":\"X-Key\",\"api_key\":\"k&y\"}}");
    (void)state;
    CHECK(verifier, rows);
    verifier_free(verifier);
}

static void without_authentication_nothing_is_checked(void **state)
{
    struct row row = {VERDICT_UNCHECKED, NULL, AUTHORIZED("Basic dXNlcjpwOnc=")};
    static const char *const configs[] = {"", "{}", "{\"auth\":{}}", "{\"auth\":null}", "{\"auth_type\":\"STRIPE\"}"};
    (void)state;
    for (size_t i = 0; i < COUNT(configs); i++) {
        struct verifier *verifier = verifier_of(configs[i]);
        check(verifier, &row, 1);
        verifier_free(verifier);
    }
}

/* The API refuses these; should one ever be stored, nothing passes. */
static void a_config_that_is_wrong_lets_nothing_pass(void **state)
{
    struct row row = {VERDICT_FAILED, NULL, SIGNED(SHA256_HEX)};
    static const struct {
        const char *config, *message;
    } cases[] = {
        {"[", "invalid JSON"},
        {"{\"auth_type\":\"NOBODY\",\"auth\":{\"webhook_secret_key\":\"x\"}}", "config.auth_type"},
        {"{\"auth_type\":\"HMAC\",\"auth\":{\"webhook_secret_key\":\"x\"}}", "config.auth.header_key: is required"},
        {"{\"auth_type\":\"HMAC\",\"auth\":{\"header_key\":\"x\"}}", "config.auth.webhook_secret_key: is required"},
        {"{\"auth_type\":\"HMAC\",\"auth\":{\"header_key\":\"x\",\"webhook_secret_key\":\"\"}}",
         "config.auth.webhook_secret_key: is required"},
        {"{\"auth_type\":\"BASIC_AUTH\",\"auth\":{\"password\":\"x\"}}", "config.auth.username: is required"},
        {"{\"auth\":{\"what\":\"x\"}}", "config.auth_type: is required"},
        {"{\"auth_type\":\"SVIX\",\"auth\":{\"webhook_secret_key\":\"whsec_?\"}}", "config.auth.webhook_secret_key: must be"},
        {"{\"auth_type\":\"SVIX\",\"auth\":{\"webhook_secret_key\":\"whsec_aaaa\",\"previous_webhook_secret_key\":\"?\"}}",
         "config.auth.previous_webhook_secret_key: must be"},
        {"{\"auth_type\":\"ADYEN\",\"auth\":{\"webhook_secret_key\":\"xy\"}}", "config.auth.webhook_secret_key: must be hex"},
        {"{\"auth_type\":\"UTILA\",\"auth\":{\"public_key\":\"xy\"}}", "config.auth.public_key: must be a public key"},
        {"{\"auth_type\":\"DISCORD\",\"auth\":{\"public_key\":\"00\"}}", "config.auth.public_key: must be an Ed25519"},
        {"{\"auth_type\":\"UTILA\",\"auth\":{\"public_key\":\"" "MCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE="
         "\"}}", "config.auth.public_key: is a key of another kind"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct error error = {0};
        struct verifier *verifier = verifier_new(TEXT("WEBHOOK"), text_of(cases[i].config), &error);
        if (strstr(error.message, cases[i].message) == NULL)
            fail_msg("%s: \"%s\" is not about \"%s\"", cases[i].config, error.message, cases[i].message);
        check(verifier, &row, 1);
        assert_int_equal(verifier_refused_status(verifier), 401);
        verifier_free(verifier);
    }
}

/* One key: as it is published, as certificate, in PKCS #1; made with openssl. */
#define KEY_DER \
    "MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEArSkmr2gyUYymwO05ocNwnV5K1+3DApEoelwHO/gULRt0t7S+2xmOObD7ELp11oYtWb" \
    "1qXmzuYLX3ZFJR/Fk+fUvvQ3oQHwaMX/KacGZixn50fnCpCIKJC69la+h9MtMUvQvQcdKEqUShHl3sApw1EcWmI366jqmbKix+Hg4WpJ0RKHVh" \
    "MEG/hTEr6LWoiwH5Fy/bA+wKkvsAh1P3HKE23o/Ez9wz680l0t/84iUh6oLMrPvJoQK+uULEEd6s6aRK2xTTSMAg4vVt+VuOP9yGJtvqoZObsF" \
    "UttMNCb8dPKEycRUk+iTLBXEWN7Eirxgygw+Wbc7hRvvz0sVH7tOC35QIDAQAB"
#define CERTIFICATE_DER \
    "MIIDATCCAemgAwIBAgIUL/XdQgqElsqUpwue6iod4/pju/YwDQYJKoZIhvcNAQELBQAwDzENMAsGA1UEAwwEdGVzdDAgFw0yNjExMjUxMjIwMD" \
    "RaGA8yMTI2MTEwMTEyMjAwNFowDzENMAsGA1UEAwwEdGVzdDCCASIwDQYJKoZIhvcNAQEBBQADggEPADCCAQoCggEBAK0pJq9oMlGMpsDtOaHD" \
    "cJ1eStftwwKRKHpcBzv4FC0bdLe0vtsZjjmw+xC6ddaGLVm9al5s7mC192RSUfxZPn1L70N6EB8GjF/ymnBmYsZ+dH5wqQiCiQuvZWvofTLTFL" \
    "0L0HHShKlEoR5d7AKcNRHFpiN+uo6pmyosfh4OFqSdESh1YTBBv4UxK+i1qIsB+Rcv2wPsCpL7AIdT9xyhNt6PxM/cM+vNJdLf/OIlIeqCzKz7" \
    "yaECvrlCxBHerOmkStsU00jAIOL1bflbjj/chibb6qGTm7BVLbTDQm/HTyhMnEVJPokywVxFjexIq8YMoMPlm3O4Ub789LFR+7Tgt+UCAwEAAa" \
    "NTMFEwHQYDVR0OBBYEFFy+iSJZC7GUy9k/apxxT0la7uFlMB8GA1UdIwQYMBaAFFy+iSJZC7GUy9k/apxxT0la7uFlMA8GA1UdEwEB/wQFMAMB" \
    "Af8wDQYJKoZIhvcNAQELBQADggEBAJ+YrYL4YwZqowLfI/GAJit5Foc/5+xFA/oGm4UwDXDU1QQ60ANJVcnyR5NEC39Bofw1F+c97vX/lHlHv4" \
    "QyUwsQ7JPzYz+JiQyUIh4tBxHj0AAzGAWywLylCw8B6eqoGsl6x1s6g9/5GEb01X4CjWgYKwSYSFmzwXZ2ElG9Cq17xpnzM3B7R3HKBfyDNZOu" \
    "HXcRttv3GnA5DxLg+X2qwM1af3G8LGNtFsFj6zxExPzmNf57P97hVBanT6eP3MjoqQ8XeYmDN4W5pvREJg8mIa8lfKO4H22TAmupYcZ+I5NJeg" \
    "wz2lgFrJhrRtrhU+Ti6lv0C+UCMasriGVDQdrO5Tw="
#define PKCS1_DER \
    "MIIBCgKCAQEArSkmr2gyUYymwO05ocNwnV5K1+3DApEoelwHO/gULRt0t7S+2xmOObD7ELp11oYtWb1qXmzuYLX3ZFJR/Fk+fUvvQ3oQHwaMX/" \
    "KacGZixn50fnCpCIKJC69la+h9MtMUvQvQcdKEqUShHl3sApw1EcWmI366jqmbKix+Hg4WpJ0RKHVhMEG/hTEr6LWoiwH5Fy/bA+wKkvsAh1P3" \
    "HKE23o/Ez9wz680l0t/84iUh6oLMrPvJoQK+uULEEd6s6aRK2xTTSMAg4vVt+VuOP9yGJtvqoZObsFUttMNCb8dPKEycRUk+iTLBXEWN7Eirxg" \
    "ygw+Wbc7hRvvz0sVH7tOC35QIDAQAB"
#define PEM(name, between, base64) "-----BEGIN " name "-----" between base64 between "-----END " name "-----" between

static void public_keys_in_every_form(void **state)
{
    static const struct {
        const char *key;
        bool good;
    } cases[] = {
        {KEY_DER, true}, {PEM("PUBLIC KEY", "\\n", KEY_DER), true}, {PEM("PUBLIC KEY", "\\r\\n", KEY_DER), true},
        {PEM("PUBLIC KEY", "\\\\n", KEY_DER), true}, {PEM("PUBLIC KEY", " ", KEY_DER), true},
        {PEM("CERTIFICATE", "\\n", CERTIFICATE_DER), true}, {PEM("RSA PUBLIC KEY", "\\n", PKCS1_DER), true},
        {PEM("CERTIFICATE", "\\n", CERTIFICATE_DER) PEM("CERTIFICATE", "\\n", "AAAA"), true}, /* a chain: the first */
        {PEM("PUBLIC KEY", "\\n", "AAAA"), false}, {PEM("PUBLIC KEY", "\\n", ""), false},
        {"-----BEGIN PUBLIC KEY-----", false}, {"-----BEGIN ", false}, {"-----BEGIN -----END ", false}, {"\\\\", false},
        {"-----END PUBLIC KEY----------BEGIN PUBLIC KEY-----", false},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        char config[4096];
        struct error error = {0};
        snprintf(config, sizeof config, "{\"auth_type\":\"UTILA\",\"auth\":{\"public_key\":\"%s\"}}", cases[i].key);
        verifier_free(verifier_new(TEXT("WEBHOOK"), text_of(config), &error));
        if ((error.code == ERROR_NONE) != cases[i].good)
            fail_msg("%s: %s", cases[i].key, error.message);
    }
}

static void query_parameters(void **state)
{
    (void)state;
    ASSERT_TEXT(verify_query_parameter(TEXT("a=1&b=2&A=3"), TEXT("a")), "1");
    ASSERT_TEXT(verify_query_parameter(TEXT("b=x%20=y"), TEXT("B")), "x%20=y");
    assert_non_null(verify_query_parameter(TEXT("&a"), TEXT("a")).data);
    assert_null(verify_query_parameter(TEXT("aa=1"), TEXT("a")).data);
    assert_null(verify_query_parameter(TEXT_NONE, TEXT("a")).data);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_algorithm_and_encoding), cmocka_unit_test(signatures_that_are_none),
        cmocka_unit_test(basic), cmocka_unit_test(api_key),
        cmocka_unit_test(without_authentication_nothing_is_checked),
        cmocka_unit_test(a_config_that_is_wrong_lets_nothing_pass), cmocka_unit_test(public_keys_in_every_form),
        cmocka_unit_test(query_parameters),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
