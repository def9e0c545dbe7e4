/*
 * The answers that senders want signed, so that they know that it was their receiver who took what they sent.
 *
 * With a digest the secret that signed the request signs the answer too, of two that are valid the one that the sender has.
 * With RSA it is a key of the receiver's own, which the user enters; without it the answer goes unsigned, which some
 * of these senders take.
 */
#include "verify/verifier.h"

#include <openssl/err.h>
#include <openssl/evp.h>

#include "base/encoding.h"
#include "verify/hasher.h"

/* ---- reading the row ---- */

static bool read_header(struct verifier *verifier, const char *header, const json_t *auth)
{
    struct ready_acknowledgement *ready = &verifier->acknowledgement;
    const char *colon = strstr(header, ": ");
    if (colon == NULL)
        return false;
    ready->header_names[ready->header_count] = (struct text){header, (size_t)(colon - header)};
    return template_read(&verifier->arena, colon + 2, auth, &ready->header_values[ready->header_count++]);
}

static bool read_row(struct verifier *verifier, const struct acknowledgement *row, const json_t *auth)
{
    struct ready_acknowledgement *ready = &verifier->acknowledgement;
    bool good = template_read(&verifier->arena, row->body, auth, &ready->body) &&
                template_read(&verifier->arena, row->content, auth, &ready->content);
    for (size_t i = 0; good && i < ACKNOWLEDGEMENT_HEADERS && row->headers[i] != NULL; i++)
        good = read_header(verifier, row->headers[i], auth);
    ready->row = row;
    return good;
}

bool acknowledgement_read(struct verifier *verifier, const json_t *auth, struct error *error)
{
    const struct acknowledgement *row = verifier->scheme->acknowledgement;
    if (row == NULL)
        return true;
    if (!read_row(verifier, row, auth))
        return error_set(error, ERROR_INTERNAL, "the table of %s is wrong: acknowledgement", verifier->scheme->type);
    struct text pem = row->private_key != NULL ? json_member_text(auth, row->private_key) : TEXT_NONE;
    if (pem.data == NULL)
        return true;
    verifier->acknowledgement.private_key = verify_private_key_read(text_trim(pem));
    return verifier->acknowledgement.private_key != NULL ||
           error_set(error, ERROR_INVALID, "config.auth.%s: must be a private RSA key in PEM", row->private_key);
}

void acknowledgement_free(struct ready_acknowledgement *acknowledgement)
{
    EVP_PKEY_free(acknowledgement->private_key);
}

/* ---- signing ---- */

static void take_hasher(void *context, struct text piece)
{
    hasher_add(context, piece);
}

static bool hash(const struct ready_acknowledgement *ready, struct reading *reading, struct buffer *out)
{
    unsigned char bytes[DIGEST_BYTES_MOST];
    struct hasher hasher = hasher_of_digest(ready->row->digest);
    size_t size = template_write(&ready->content, reading, (struct template_sink){take_hasher, &hasher})
                      ? hasher_end(&hasher, bytes)
                      : 0;
    return size > 0 && buffer_append(out, bytes, size);
}

/* Some tenths of a millisecond of a processor, for senders only whose own signature passed. */
static bool sign(const struct ready_acknowledgement *ready, struct reading *reading, struct buffer *out)
{
    struct buffer content = {0};
    size_t size = (size_t)EVP_PKEY_get_size(ready->private_key);
    unsigned char *signature = arena_allocate(&reading->arena, size);
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    bool done = template_append(&ready->content, reading, &content) && context != NULL &&
                EVP_DigestSignInit(context, NULL, digest_method(ready->row->digest), NULL, ready->private_key) == 1 &&
                EVP_DigestSign(context, signature, &size, (const unsigned char *)content.data, content.size) == 1 &&
                buffer_append(out, signature, size);
    EVP_MD_CTX_free(context);
    ERR_clear_error();
    buffer_free(&content);
    return done;
}

/* reading->signed_text: in the form that goes into headers. */
static bool write_signature(const struct ready_acknowledgement *ready, struct reading *reading)
{
    struct buffer bytes = {0}, encoded = {0}, out = {0};
    bool done = ready->row->method == METHOD_RSA ? sign(ready, reading, &bytes) : hash(ready, reading, &bytes);
    if (ready->row->encoding == ENCODING_HEX)
        hex_encode(&encoded, buffer_text(&bytes));
    else
        base64_encode(&encoded, buffer_text(&bytes));
    if (ready->row->percent_encoded)
        percent_encode(&out, buffer_text(&encoded));
    else
        buffer_append_text(&out, buffer_text(&encoded));
    reading->signed_text = arena_copy_text(&reading->arena, buffer_text(&out));
    done = done && !out.failed && !encoded.failed;
    buffer_free(&bytes);
    buffer_free(&encoded);
    buffer_free(&out);
    return done;
}

/* ---- the answer ---- */

static bool write_text(const struct template *template, struct reading *reading, struct arena *arena, struct text *text)
{
    struct buffer out = {0};
    bool done = template_append(template, reading, &out);
    *text = arena_copy_text(arena, buffer_text(&out));
    buffer_free(&out);
    return done;
}

/* Its headers, all or none: a header of the request that is missing is needed by what is signed. */
static void add_headers(const struct ready_acknowledgement *ready, struct reading *reading, struct arena *arena,
                        struct acknowledgement_reply *reply)
{
    if (!write_signature(ready, reading))
        return;
    for (size_t i = 0; i < ready->header_count; i++) {
        reply->headers[i].name = ready->header_names[i];
        if (!write_text(&ready->header_values[i], reading, arena, &reply->headers[i].value))
            return;
    }
    reply->header_count = ready->header_count;
}

bool verify_acknowledge(const struct verifier *verifier, const struct verify_input *input, struct arena *arena,
                        struct acknowledgement_reply *reply)
{
    const struct ready_acknowledgement *ready = &verifier->acknowledgement;
    if (ready->row == NULL || verifier->broken)
        return false;
    *reply = (struct acknowledgement_reply){.type = ready->row->type};
    struct reading reading = {.input = input};
    bool has_key = ready->private_key != NULL || ready->row->method == METHOD_HASH;
    /* once more: which secret does the sender have? And nobody else is given a signature. */
    bool known = has_key && verify_finding_secret(verifier, input, &reading.secret) == VERDICT_PASSED;
    bool done = write_text(&ready->body, &reading, arena, &reply->body);
    reading.reply = reply->body;
    if (done && known)
        add_headers(ready, &reading, arena, reply);
    reading_end(&reading);
    return done;
}
