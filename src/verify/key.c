#include "verify/key.h"

#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <stdlib.h>

#include "base/buffer.h"
#include "base/encoding.h"
#include "verify/hasher.h"

enum { ED25519_BYTES = 32, ES256_HALF = 32, RSA_BITS_LEAST = 1024, RSA_BITS_MOST = 6144 };

/* ---- reading ---- */

/* The base64 inside of PEM: without the lines around it, without white space and the "\n" of shells. */
static void strip_pem(struct text text, struct buffer *out)
{
    struct text rest = text;
    ptrdiff_t begin = text_find(rest, TEXT("-----BEGIN "));
    if (begin >= 0) {
        rest = text_slice(rest, (size_t)begin + 11, rest.size);
        begin = text_find(rest, TEXT("-----"));
        rest = begin >= 0 ? text_slice(rest, (size_t)begin + 5, rest.size) : rest;
        ptrdiff_t end = text_find(rest, TEXT("-----END "));
        rest = end >= 0 ? text_slice(rest, 0, (size_t)end) : rest;
    }
    for (size_t i = 0; i < rest.size; i++) {
        char byte = rest.data[i];
        if (byte == '\\' && i + 1 < rest.size && (rest.data[i + 1] == 'n' || rest.data[i + 1] == 'r'))
            i++;
        else if (byte != ' ' && byte != '\t' && byte != '\r' && byte != '\n')
            buffer_append_byte(out, byte);
    }
}

static EVP_PKEY *key_of_certificate(const unsigned char *bytes, long size)
{
    X509 *certificate = d2i_X509(NULL, &bytes, size);
    EVP_PKEY *key = certificate != NULL ? X509_get_pubkey(certificate) : NULL;
    X509_free(certificate);
    return key;
}

static EVP_PKEY *key_of_der(struct text der)
{
    const unsigned char *bytes = (const unsigned char *)der.data;
    long size = (long)der.size;
    EVP_PKEY *key = d2i_PUBKEY(NULL, &bytes, size);
    if (key == NULL)
        key = key_of_certificate((const unsigned char *)der.data, size);
    bytes = (const unsigned char *)der.data;
    if (key == NULL)
        key = d2i_PublicKey(EVP_PKEY_RSA, NULL, &bytes, size); /* "BEGIN RSA PUBLIC KEY" */
    ERR_clear_error(); /* the forms that it is not */
    return key;
}

static bool read_pem(struct text text, struct verify_key *key, struct error *error)
{
    struct buffer digits = {0}, der = {0};
    strip_pem(text, &digits);
    if (base64_decode(&der, buffer_text(&digits)) && der.size > 0)
        key->public_key = key_of_der(buffer_text(&der));
    buffer_free(&digits);
    buffer_free(&der);
    return key->public_key != NULL || error_set(error, ERROR_INVALID, "must be a public key in PEM");
}

static bool read_ed25519(struct text text, struct verify_key *key, struct error *error)
{
    struct buffer bytes = {0};
    bool hexadecimal = text.size == (size_t)2 * ED25519_BYTES && hex_decode(&bytes, text);
    if (!hexadecimal) {
        buffer_clear(&bytes);
        if (!base64_decode(&bytes, text))
            buffer_clear(&bytes);
    }
    if (bytes.size == ED25519_BYTES)
        key->public_key = EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, (const unsigned char *)bytes.data,
                                                      ED25519_BYTES);
    buffer_free(&bytes);
    if (key->public_key != NULL || read_pem(text, key, NULL))
        return true;
    return error_set(error, ERROR_INVALID, "must be an Ed25519 public key in hexadecimal, base64 or PEM");
}

static bool read_decoded(struct arena *arena, bool (*decode)(struct buffer *, struct text), struct text text,
                         struct verify_key *key)
{
    struct buffer bytes = {0};
    bool good = decode(&bytes, text) && bytes.size > 0;
    if (good)
        key->bytes = arena_copy_text(arena, buffer_text(&bytes));
    buffer_free(&bytes);
    return good;
}

static bool read_secret(struct arena *arena, enum key_form form, struct text text, struct verify_key *keys,
                        size_t *count, struct error *error)
{
    struct text prefix = TEXT("whsec_");
    switch (form) {
    case KEY_BASE64:
        return read_decoded(arena, base64_decode, text, &keys[(*count)++]) ||
               error_set(error, ERROR_INVALID, "must be base64");
    case KEY_HEX:
        return read_decoded(arena, hex_decode, text, &keys[(*count)++]) ||
               error_set(error, ERROR_INVALID, "must be hexadecimal");
    case KEY_WHSEC:
        if (text_starts_with(text, prefix))
            text = text_slice(text, prefix.size, text.size);
        return read_decoded(arena, base64_decode, text, &keys[(*count)++]) ||
               error_set(error, ERROR_INVALID, "must be \"whsec_\" and base64");
    case KEY_RAW_OR_BASE64:
        if (read_decoded(arena, base64_decode, text, &keys[*count]))
            ++*count;
        break;
    default: break;
    }
    keys[(*count)++].bytes = arena_copy_text(arena, text);
    return text.size > 0 || error_set(error, ERROR_INVALID, "must not be empty");
}

bool verify_key_read(struct arena *arena, enum key_form form, struct text text, struct verify_key keys[KEYS_OF_ONE],
              size_t *count, struct error *error)
{
    bool is_pem = form == KEY_PEM || (form == KEY_RAW_OR_PEM && text_find(text, TEXT("-----BEGIN ")) >= 0);
    *count = 0;
    if (is_pem)
        return read_pem(text_trim(text), &keys[(*count)++], error);
    if (form == KEY_ED25519)
        return read_ed25519(text_trim(text), &keys[(*count)++], error);
    return read_secret(arena, form, text, keys, count, error);
}

EVP_PKEY *verify_private_key_read(struct text text)
{
    struct buffer digits = {0}, der = {0};
    EVP_PKEY *key = NULL;
    strip_pem(text, &digits);
    if (base64_decode(&der, buffer_text(&digits)) && der.size > 0) {
        const unsigned char *bytes = (const unsigned char *)der.data;
        key = d2i_AutoPrivateKey(NULL, &bytes, (long)der.size);
    }
    ERR_clear_error();
    OPENSSL_cleanse(digits.data, digits.size);
    OPENSSL_cleanse(der.data, der.size);
    buffer_free(&digits);
    buffer_free(&der);
    int bits = key != NULL && EVP_PKEY_get_base_id(key) == EVP_PKEY_RSA ? EVP_PKEY_get_bits(key) : 0;
    if (bits >= RSA_BITS_LEAST && bits <= RSA_BITS_MOST)
        return key;
    EVP_PKEY_free(key);
    return NULL;
}

void verify_key_free(struct verify_key *key)
{
    EVP_PKEY_free(key->public_key);
}

/* ---- using ---- */

static bool is_p256(const EVP_PKEY *key)
{
    char group[64] = "";
    size_t size = 0;
    return EVP_PKEY_get_group_name(key, group, sizeof group, &size) == 1 && strcmp(group, "prime256v1") == 0;
}

bool verify_key_fits(const struct verify_key *key, enum scheme_method method)
{
    if (key->public_key == NULL)
        return method != METHOD_RSA && method != METHOD_RSA_PSS && method != METHOD_ECDSA && method != METHOD_ED25519;
    int kind = EVP_PKEY_get_base_id(key->public_key), bits = EVP_PKEY_get_bits(key->public_key);
    bool rsa = kind == EVP_PKEY_RSA && bits >= RSA_BITS_LEAST && bits <= RSA_BITS_MOST;
    bool p256 = kind == EVP_PKEY_EC && is_p256(key->public_key);
    switch (method) {
    case METHOD_RSA:
    case METHOD_RSA_PSS: return rsa;
    case METHOD_ECDSA: return p256;
    case METHOD_ED25519: return kind == EVP_PKEY_ED25519;
    case METHOD_JWT: return rsa || p256 || kind == EVP_PKEY_ED25519;
    default: return false;
    }
}

/* Two halves become the ASN.1 form. NULL without memory; freed with OPENSSL_free. */
static unsigned char *joined_halves(struct text signature, size_t *size)
{
    unsigned char *out = NULL;
    const unsigned char *bytes = (const unsigned char *)signature.data;
    ECDSA_SIG *pair = ECDSA_SIG_new();
    BIGNUM *r = BN_bin2bn(bytes, ES256_HALF, NULL), *s = BN_bin2bn(bytes + ES256_HALF, ES256_HALF, NULL);
    if (pair != NULL && r != NULL && s != NULL && ECDSA_SIG_set0(pair, r, s) == 1) {
        int length = i2d_ECDSA_SIG(pair, &out);
        *size = length > 0 ? (size_t)length : 0;
    } else {
        BN_free(r);
        BN_free(s);
    }
    ECDSA_SIG_free(pair);
    return out;
}

static bool verify_bytes(EVP_PKEY *key, bool pss, const EVP_MD *digest, struct text content,
                         const unsigned char *signature, size_t size)
{
    EVP_PKEY_CTX *settings = NULL;
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    bool good = context != NULL && EVP_DigestVerifyInit(context, &settings, digest, NULL, key) == 1;
    if (good && pss)
        good = EVP_PKEY_CTX_set_rsa_padding(settings, RSA_PKCS1_PSS_PADDING) == 1 &&
               EVP_PKEY_CTX_set_rsa_pss_saltlen(settings, RSA_PSS_SALTLEN_AUTO) == 1;
    const char *bytes = content.data != NULL ? content.data : "";
    good = good && EVP_DigestVerify(context, signature, size, (const unsigned char *)bytes, content.size) == 1;
    EVP_MD_CTX_free(context);
    ERR_clear_error(); /* of a signature that does not fit: nobody else in this thread is to find it */
    return good;
}

bool verify_key_signed(const struct verify_key *key, enum scheme_method method, enum digest digest, struct text content,
                  struct text signature)
{
    if (key->public_key == NULL || !verify_key_fits(key, method))
        return false;
    int kind = EVP_PKEY_get_base_id(key->public_key);
    const EVP_MD *hash = kind == EVP_PKEY_ED25519 ? NULL : digest_method(digest);
    if (kind != EVP_PKEY_EC || method != METHOD_JWT)
        return verify_bytes(key->public_key, method == METHOD_RSA_PSS, hash, content,
                            (const unsigned char *)signature.data, signature.size);
    size_t size = 0;
    unsigned char *whole = signature.size == (size_t)2 * ES256_HALF ? joined_halves(signature, &size) : NULL;
    bool good = whole != NULL && size > 0 && verify_bytes(key->public_key, false, hash, content, whole, size);
    OPENSSL_free(whole);
    return good;
}
