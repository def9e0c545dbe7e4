#include "verify/jwk.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>

#include "base/buffer.h"
#include "base/encoding.h"

enum { RSA_BYTES_MOST = 1024, EXPONENT_BYTES_MOST = 8, P256_HALF = 32, ED25519_BYTES = 32 };

static bool decode(const json_t *jwk, const char *member, size_t most, struct buffer *out)
{
    struct text text = json_member_text(jwk, member);
    return text.size > 0 && text.size <= 2 * most && base64_decode(out, text) && out->size > 0 && out->size <= most;
}

static EVP_PKEY *make(const char *kind, OSSL_PARAM_BLD *facts)
{
    OSSL_PARAM *parameters = OSSL_PARAM_BLD_to_param(facts);
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name(NULL, kind, NULL);
    EVP_PKEY *key = NULL;
    if (parameters != NULL && context != NULL && EVP_PKEY_fromdata_init(context) == 1)
        EVP_PKEY_fromdata(context, &key, EVP_PKEY_PUBLIC_KEY, parameters);
    EVP_PKEY_CTX_free(context);
    OSSL_PARAM_free(parameters);
    return key;
}

static EVP_PKEY *read_rsa(const json_t *jwk)
{
    struct buffer n = {0}, e = {0};
    EVP_PKEY *key = NULL;
    OSSL_PARAM_BLD *facts = OSSL_PARAM_BLD_new();
    BIGNUM *modulus = NULL, *exponent = NULL;
    if (facts != NULL && decode(jwk, "n", RSA_BYTES_MOST, &n) && decode(jwk, "e", EXPONENT_BYTES_MOST, &e)) {
        modulus = BN_bin2bn((const unsigned char *)n.data, (int)n.size, NULL);
        exponent = BN_bin2bn((const unsigned char *)e.data, (int)e.size, NULL);
        if (modulus != NULL && exponent != NULL && OSSL_PARAM_BLD_push_BN(facts, OSSL_PKEY_PARAM_RSA_N, modulus) == 1 &&
            OSSL_PARAM_BLD_push_BN(facts, OSSL_PKEY_PARAM_RSA_E, exponent) == 1)
            key = make("RSA", facts);
    }
    OSSL_PARAM_BLD_free(facts);
    BN_free(modulus);
    BN_free(exponent);
    buffer_free(&n);
    buffer_free(&e);
    return key;
}

/* The uncompressed form of the point: 4, x, y. OpenSSL refuses points that do not lie on the curve. */
static EVP_PKEY *read_ec(const json_t *jwk)
{
    struct buffer x = {0}, y = {0}, point = {0};
    EVP_PKEY *key = NULL;
    OSSL_PARAM_BLD *facts = OSSL_PARAM_BLD_new();
    if (facts != NULL && text_equal(json_member_text(jwk, "crv"), TEXT("P-256")) && decode(jwk, "x", P256_HALF, &x) &&
        decode(jwk, "y", P256_HALF, &y) && x.size == P256_HALF && y.size == P256_HALF) {
        buffer_append_byte(&point, 4);
        buffer_append_text(&point, buffer_text(&x));
        buffer_append_text(&point, buffer_text(&y));
        if (OSSL_PARAM_BLD_push_utf8_string(facts, OSSL_PKEY_PARAM_GROUP_NAME, "prime256v1", 0) == 1 &&
            OSSL_PARAM_BLD_push_octet_string(facts, OSSL_PKEY_PARAM_PUB_KEY, point.data, point.size) == 1)
            key = make("EC", facts);
    }
    OSSL_PARAM_BLD_free(facts);
    buffer_free(&x);
    buffer_free(&y);
    buffer_free(&point);
    return key;
}

static EVP_PKEY *read_ed25519(const json_t *jwk)
{
    struct buffer x = {0};
    EVP_PKEY *key = NULL;
    if (text_equal(json_member_text(jwk, "crv"), TEXT("Ed25519")) && decode(jwk, "x", ED25519_BYTES, &x) &&
        x.size == ED25519_BYTES)
        key = EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, (const unsigned char *)x.data, x.size);
    buffer_free(&x);
    return key;
}

EVP_PKEY *jwk_read(const json_t *jwk)
{
    struct text kind = json_member_text(jwk, "kty"), use = json_member_text(jwk, "use");
    EVP_PKEY *key = NULL;
    if (use.data != NULL && !text_equal(use, TEXT("sig")))
        return NULL;
    if (text_equal(kind, TEXT("RSA")))
        key = read_rsa(jwk);
    else if (text_equal(kind, TEXT("EC")))
        key = read_ec(jwk);
    else if (text_equal(kind, TEXT("OKP")))
        key = read_ed25519(jwk);
    ERR_clear_error();
    return key;
}
