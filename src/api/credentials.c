/* Keys and certificates in the configs of destinations: what OpenSSL would not take later is refused when it is saved. */
#include "api/nouns.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include "base/encoding.h"
#include "http/url.h"

enum { RSA_BITS_LEAST = 2048, RSA_BITS_MOST = 4096, SECRET_BYTES_LEAST = 24, SECRET_BYTES_MOST = 64, CERTIFICATES_MOST = 100 };

/* ---- in PEM ---- */

static BIO *reader_of(struct text pem)
{
    return BIO_new_mem_buf(pem.data ? pem.data : "", (int)pem.size);
}

/* One under a passphrase is none that can be used. The caller frees it. */
static EVP_PKEY *read_key(struct text pem)
{
    BIO *reader = reader_of(pem);
    EVP_PKEY *key = PEM_read_bio_PrivateKey(reader, NULL, NULL, "");
    BIO_free(reader);
    return key;
}

/* How many there are; 0 when one of them cannot be read. *first is the caller's, may be NULL. */
static size_t read_certificates(struct text pem, X509 **first)
{
    BIO *reader = reader_of(pem);
    X509 *certificate;
    size_t count = 0;
    *first = NULL;
    while (count <= CERTIFICATES_MOST && (certificate = PEM_read_bio_X509(reader, NULL, NULL, "")) != NULL) {
        if (count++ == 0)
            *first = certificate;
        else
            X509_free(certificate);
    }
    bool to_the_end = ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE;
    ERR_clear_error();
    BIO_free(reader);
    return to_the_end ? count : 0;
}

/* ---- TLS of one's own ---- */

#define TLS "config.tls."

static void check_client_certificate(struct call *call, struct text certificate_pem, struct text key_pem)
{
    X509 *certificate;
    EVP_PKEY *key = NULL;
    if (certificate_pem.size == 0 || key_pem.size == 0) {
        call_problem(call, TLS "%s: is required with " TLS "%s",
                     key_pem.size == 0 ? "client_key" : "client_certificate",
                     key_pem.size == 0 ? "client_certificate" : "client_key");
        return;
    }
    if (read_certificates(certificate_pem, &certificate) == 0)
        call_problem(call, TLS "client_certificate: must be a certificate in PEM, with those that lead to its authority");
    else if ((key = read_key(key_pem)) == NULL)
        call_problem(call, TLS "client_key: must be a private key in PEM, without a passphrase");
    else if (X509_check_private_key(certificate, key) != 1)
        call_problem(call, TLS "client_key: is not the key of " TLS "client_certificate");
    EVP_PKEY_free(key);
    X509_free(certificate);
}

void tls_check_destination(struct call *call, enum destination_type type, const json_t *config)
{
    const json_t *tls = json_member(config, "tls");
    struct text ca = json_member_text(tls, "ca"), certificate = json_member_text(tls, "client_certificate");
    struct text key = json_member_text(tls, "client_key");
    X509 *first = NULL;
    if (json_object_size(tls) == 0)
        return;
    if (type == DESTINATION_HTTP && !text_starts_with(json_member_text(config, "url"), TEXT("https://")))
        call_problem(call, "config.tls: is for destinations with an https URL");
    if (ca.data != NULL && read_certificates(ca, &first) == 0)
        call_problem(call, TLS "ca: must be certificates in PEM");
    X509_free(first);
    if (certificate.data != NULL || key.data != NULL)
        check_client_certificate(call, certificate, key);
    ERR_clear_error();
}

/* ---- auth ---- */

#define ACCOUNT "config.auth.service_account_key: "

void auth_check_service_account(struct call *call, const json_t *auth)
{
    json_t *account = json_parse(json_member_text(auth, "service_account_key"), NULL);
    struct text server = json_member_text(account, "token_uri");
    if (json_member_text(auth, "service_account_key").size == 0) {
        json_decref(account);
        return; /* that is told already */
    }
    EVP_PKEY *key = read_key(json_member_text(account, "private_key"));
    if (!json_is_object(account))
        call_problem(call, ACCOUNT "must be the JSON file of a service account's key, as a string");
    else if (json_member_text(account, "client_email").size == 0)
        call_problem(call, ACCOUNT "holds no client_email");
    else if (json_member(account, "token_uri") != NULL && !http_url_is_valid(server))
        call_problem(call, ACCOUNT "its token_uri must be an absolute http or https URL");
    else if (key == NULL || !EVP_PKEY_is_a(key, "RSA") || EVP_PKEY_get_bits(key) < RSA_BITS_LEAST ||
             EVP_PKEY_get_bits(key) > RSA_BITS_MOST)
        call_problem(call, ACCOUNT "its private_key must be an RSA key in PEM of %d to %d bits", RSA_BITS_LEAST,
                     RSA_BITS_MOST);
    EVP_PKEY_free(key);
    json_decref(account);
    ERR_clear_error();
}

void auth_check_standard_webhooks(struct call *call, const json_t *auth)
{
    static const struct text prefix = {"whsec_", 6};
    struct text secret = json_member_text(auth, "secret");
    struct buffer key = {0};
    bool good = text_starts_with(secret, prefix) &&
                base64_decode(&key, text_slice(secret, prefix.size, secret.size)) && key.size >= SECRET_BYTES_LEAST &&
                key.size <= SECRET_BYTES_MOST;
    if (secret.size > 0 && !good)
        call_problem(call, "config.auth.secret: must be whsec_ and the base64 of %d to %d bytes", SECRET_BYTES_LEAST,
                     SECRET_BYTES_MOST);
    buffer_free(&key);
}
