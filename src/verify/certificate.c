#include "verify/certificate.h"

#include <openssl/asn1.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <time.h>

/* ---- reading ---- */

/* All of them in order; none is left out: a text that holds more is refused. NULL: it holds none. */
static STACK_OF(X509) *read_chain(struct text pem)
{
    BIO *memory = BIO_new_mem_buf(pem.data != NULL ? pem.data : "", (int)pem.size);
    STACK_OF(X509) *chain = sk_X509_new_null();
    X509 *certificate;
    /* the empty password keeps OpenSSL from asking for one at the terminal */
    while (memory != NULL && chain != NULL && (certificate = PEM_read_bio_X509(memory, NULL, NULL, "")) != NULL) {
        if (sk_X509_num(chain) == CERTIFICATES_MOST || sk_X509_push(chain, certificate) <= 0) {
            X509_free(certificate);
            sk_X509_pop_free(chain, X509_free);
            chain = NULL;
        }
    }
    BIO_free(memory);
    ERR_clear_error(); /* the end of the text */
    if (chain != NULL && sk_X509_num(chain) == 0) {
        sk_X509_free(chain);
        chain = NULL;
    }
    return chain;
}

static bool moment_of(const ASN1_TIME *time, int64_t *moment_ms)
{
    struct tm parts;
    if (time == NULL || ASN1_TIME_to_tm(time, &parts) != 1)
        return false;
    *moment_ms = (int64_t)timegm(&parts) * 1000;
    return true;
}

/* ---- whose it is ---- */

static struct text text_of_string(const ASN1_STRING *string)
{
    int size = string != NULL ? ASN1_STRING_length(string) : 0;
    return size > 0 ? (struct text){(const char *)ASN1_STRING_get0_data(string), (size_t)size} : TEXT_NONE;
}

/* The host names of the extension count; only without any does the subject's. */
static bool is_for(const X509 *certificate, const char *const *names)
{
    GENERAL_NAMES *alternatives = X509_get_ext_d2i(certificate, NID_subject_alt_name, NULL, NULL);
    bool found = false, any = false;
    for (int i = 0; i < sk_GENERAL_NAME_num(alternatives); i++) {
        const GENERAL_NAME *name = sk_GENERAL_NAME_value(alternatives, i);
        if (name->type != GEN_DNS)
            continue;
        any = true;
        found = found || origin_has_name(names, text_of_string(name->d.dNSName));
    }
    GENERAL_NAMES_free(alternatives);
    if (any)
        return found;
    const X509_NAME *subject = X509_get_subject_name(certificate);
    int at = X509_NAME_get_index_by_NID(subject, NID_commonName, -1);
    return at >= 0 &&
           origin_has_name(names, text_of_string(X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, at))));
}

/* ---- who vouches for it ---- */

static int lead_to_authority(STACK_OF(X509) *chain, X509_STORE *authorities, int64_t now_ms)
{
    X509_STORE_CTX *context = X509_STORE_CTX_new();
    int result = X509_V_ERR_UNSPECIFIED;
    if (context != NULL && X509_STORE_CTX_init(context, authorities, sk_X509_value(chain, 0), chain) == 1) {
        X509_STORE_CTX_set_time(context, 0, (time_t)(now_ms / 1000));
        X509_STORE_CTX_set_depth(context, CERTIFICATES_MOST);
        bool good = X509_verify_cert(context) == 1;
        result = good ? X509_V_OK : X509_STORE_CTX_get_error(context);
        if (!good && result == X509_V_OK)
            result = X509_V_ERR_UNSPECIFIED;
    }
    X509_STORE_CTX_free(context);
    ERR_clear_error();
    return result;
}

/*
 * Some publish the certificate by itself, so that nothing leads from it to an authority. Then what vouches for it is the
 * connection that it came by: TLS, to a host that the origin names. One that vouches for itself is never taken.
 */
static bool is_vouched_for(const struct key_origin *origin, STACK_OF(X509) *chain, X509_STORE *authorities,
                           int64_t now_ms, struct error *error)
{
    int result = lead_to_authority(chain, authorities, now_ms);
    bool lone = origin->alone && sk_X509_num(chain) == 1 &&
                (result == X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY ||
                 result == X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE);
    return result == X509_V_OK || lone ||
           error_set(error, ERROR_REFUSED, "the certificate is not trusted: %s", X509_verify_cert_error_string(result));
}

static bool judge(const struct key_origin *origin, STACK_OF(X509) *chain, X509_STORE *authorities, int64_t now_ms,
                  EVP_PKEY **key, int64_t *end_ms, struct error *error)
{
    X509 *own = sk_X509_value(chain, 0);
    int64_t begin_ms;
    if (!moment_of(X509_get0_notBefore(own), &begin_ms) || !moment_of(X509_get0_notAfter(own), end_ms) ||
        now_ms < begin_ms || now_ms >= *end_ms)
        return error_set(error, ERROR_REFUSED, "the certificate is not valid at this time");
    if (!is_for(own, origin->names))
        return error_set(error, ERROR_REFUSED, "the certificate is for another name than the sender's");
    if (!is_vouched_for(origin, chain, authorities, now_ms, error))
        return false;
    *key = X509_get_pubkey(own);
    ERR_clear_error();
    return *key != NULL || error_set(error, ERROR_REFUSED, "the certificate's key cannot be read");
}

bool certificate_read(const struct key_origin *origin, struct text pem, X509_STORE *authorities, int64_t now_ms,
                      EVP_PKEY **key, int64_t *end_ms, struct error *error)
{
    STACK_OF(X509) *chain = read_chain(pem);
    *key = NULL;
    if (chain == NULL)
        return error_set(error, ERROR_REFUSED, "what was answered are no certificates, or too many");
    bool good = judge(origin, chain, authorities, now_ms, key, end_ms, error);
    sk_X509_pop_free(chain, X509_free);
    return good;
}
