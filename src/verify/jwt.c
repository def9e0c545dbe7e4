/*
 * JSON web tokens (RFC 7519), in a header or as the whole body.
 *
 * The algorithm is the one that fits the configured key: HS256 for a shared secret, RS256 (RS512 if the row has it), ES256
 * or EdDSA for a public key. A token that names another one in its head is refused; so what a token says decides nothing.
 */
#include "verify/verifier.h"

#include "base/encoding.h"
#include "base/limits.h"
#include "verify/hasher.h"

#include <openssl/evp.h>

enum { LEEWAY_S = 60, JWT_MOST = 1048576 };

struct token {
    struct text signed_part; /* head and payload with the dot between them */
    struct buffer head, payload, signature;
    struct buffer joined;    /* the signed part, when the payload came apart from the token */
};

static void token_free(struct token *token)
{
    buffer_free(&token->head);
    buffer_free(&token->payload);
    buffer_free(&token->signature);
    buffer_free(&token->joined);
}

static bool token_read(struct text text, struct token *token)
{
    struct text rest = text, head, payload, signature, more;
    *token = (struct token){0};
    if (text.size > JWT_MOST || !text_split(&rest, '.', &head) || !text_split(&rest, '.', &payload) ||
        !text_split(&rest, '.', &signature) || text_split(&rest, '.', &more))
        return false;
    token->signed_part = text_slice(text, 0, head.size + 1 + payload.size);
    return base64_decode(&token->head, head) && base64_decode(&token->payload, payload) &&
           base64_decode(&token->signature, signature);
}

/* The body takes the place of the payload that the token leaves out (RFC 7515 appendix F). */
static bool token_attach(struct token *token, struct text text, struct text payload)
{
    ptrdiff_t dot = text_find_byte(text, '.');
    buffer_append_text(&token->joined, text_slice(text, 0, (size_t)dot + 1));
    base64url_encode(&token->joined, payload);
    token->signed_part = buffer_text(&token->joined);
    return token->payload.size == 0 && !token->joined.failed;
}

/* The payload is the body, or what the scheme makes of the request. */
static bool attach_content(struct token *token, struct text text, const struct verifier *verifier,
                           struct reading *reading)
{
    struct buffer content = {0};
    if (verifier->content.count == 0)
        return token_attach(token, text, reading->input->body);
    bool done = template_append(&verifier->content, reading, &content) &&
                token_attach(token, text, buffer_text(&content));
    buffer_free(&content);
    return done;
}

static struct json_view parse(const struct buffer *bytes)
{
    struct json_view root = {0};
    const char *reason;
    struct json_reader *reader = thread_json_reader();
    size_t depth = (size_t)limits.json_depth;
    if (reader == NULL || !json_reader_parse(reader, bytes->data, bytes->size, depth, &root, &reason))
        root = (struct json_view){0};
    return root;
}

static struct text algorithm_of(const struct verify_key *key, enum digest digest)
{
    if (key->public_key == NULL)
        return TEXT("HS256");
    switch (EVP_PKEY_get_base_id(key->public_key)) {
    case EVP_PKEY_RSA: return digest == DIGEST_SHA512 ? TEXT("RS512") : TEXT("RS256");
    case EVP_PKEY_EC: return TEXT("ES256");
    case EVP_PKEY_ED25519: return TEXT("EdDSA");
    default: return TEXT_NONE;
    }
}

static bool is_signed_by(const struct token *token, const struct verify_key *key, enum digest digest)
{
    struct json_view head = parse(&token->head);
    struct json_view algorithm = json_view_find(head, TEXT("alg"));
    if (algorithm.type != JSON_VIEW_TEXT || !text_equal(algorithm.text, algorithm_of(key, digest)) ||
        json_view_find(head, TEXT("crit")).type != JSON_VIEW_ABSENT)
        return false;
    struct text signature = buffer_text(&token->signature);
    if (key->public_key != NULL)
        return verify_key_signed(key, METHOD_JWT, digest, token->signed_part, signature);
    unsigned char bytes[DIGEST_BYTES_MOST];
    struct hasher hasher = hasher_of_hmac(DIGEST_SHA256, key->bytes);
    hasher_add(&hasher, token->signed_part);
    size_t size = hasher_end(&hasher, bytes);
    return size > 0 && text_equal_constant_time(signature, (struct text){(const char *)bytes, size});
}

/* A claim that is a moment in seconds, when it is there, must lie on that side of now. */
static bool moment_fits(struct json_view claims, struct text name, double now_s, bool must_be_later)
{
    struct json_view claim = json_view_find(claims, name);
    if (claim.type == JSON_VIEW_ABSENT)
        return true;
    return claim.type == JSON_VIEW_NUMBER &&
           (must_be_later ? claim.number + LEEWAY_S > now_s : claim.number - LEEWAY_S < now_s);
}

static bool body_digest_fits(struct text given, struct text body)
{
    unsigned char bytes[DIGEST_BYTES_MOST];
    struct buffer decoded = {0};
    struct hasher hasher = hasher_of_digest(DIGEST_SHA256);
    hasher_add(&hasher, body);
    size_t size = hasher_end(&hasher, bytes);
    bool fits = size > 0 && base64_decode(&decoded, given) &&
                text_equal_constant_time(buffer_text(&decoded), (struct text){(const char *)bytes, size});
    buffer_free(&decoded);
    return fits;
}

static bool claims_meet(const struct ready_requirements *requirements, struct json_view claims)
{
    for (size_t i = 0; i < requirements->count; i++) {
        const struct ready_requirement *requirement = &requirements->items[i];
        struct json_view claim = json_view_find(claims, text_of(requirement->row->at));
        struct text value = claim.type == JSON_VIEW_TEXT      ? claim.text
                            : claim.type == JSON_VIEW_BOOLEAN ? (claim.number != 0 ? TEXT("true") : TEXT("false"))
                                                              : TEXT_NONE;
        if (!requirement_is_met(requirement, value))
            return false;
    }
    /* who publishes the key gives tokens to many: one without an end would be good for ever */
    return requirements->count == 0 || json_view_find(claims, TEXT("exp")).type == JSON_VIEW_NUMBER;
}

static bool claims_fit(const struct token *token, const struct verifier *verifier, const struct reading *reading)
{
    struct json_view claims = parse(&token->payload);
    double now_s = (double)reading->input->now_ms / 1000;
    if (claims.type != JSON_VIEW_OBJECT || !moment_fits(claims, TEXT("exp"), now_s, true) ||
        !moment_fits(claims, TEXT("nbf"), now_s, false) || !claims_meet(&verifier->claims, claims))
        return false;
    if (verifier->form.named == NULL)
        return true;
    struct json_view digest = json_view_find(claims, text_of(verifier->form.named));
    return digest.type == JSON_VIEW_TEXT && body_digest_fits(digest.text, reading->input->body);
}

/* The value that carries it, without the word in front of it. */
static bool find_token(const struct verifier *verifier, struct reading *reading, struct text *text)
{
    struct text prefix = text_of(verifier->form.prefix);
    if (!reading_value(reading, verifier->signature, text) || text->data == NULL ||
        (verifier->signature.kind != PLACE_BODY && text->size > SIGNATURE_MOST))
        return false;
    *text = text_trim(*text);
    if (!text_equal_ignoring_case(text_slice(*text, 0, prefix.size), prefix))
        return false;
    *text = text_trim(text_slice(*text, prefix.size, text->size));
    return true;
}

bool jwt_key_id(const struct verifier *verifier, struct reading *reading, struct text *id)
{
    struct token token;
    struct text text;
    if (!find_token(verifier, reading, &text) || !verify_is_fresh(verifier, reading))
        return false;
    bool good = token_read(text, &token);
    struct json_view head = good ? parse(&token.head) : (struct json_view){0};
    struct json_view name = json_view_find(head, TEXT("kid"));
    *id = name.type == JSON_VIEW_TEXT ? arena_copy_text(&reading->arena, name.text) : TEXT_NONE;
    token_free(&token);
    return good;
}

bool jwt_passes(const struct verifier *verifier, struct reading *reading)
{
    struct token token;
    struct text text;
    bool passes = false, detached = verifier->scheme->detached;
    if (!find_token(verifier, reading, &text) || !verify_is_fresh(verifier, reading))
        return false;
    if (token_read(text, &token) && (!detached || attach_content(&token, text, verifier, reading))) {
        for (size_t i = 0; i < reading->key_count && !passes; i++)
            passes = is_signed_by(&token, &reading->keys[i], verifier->digest);
        passes = passes && (detached || claims_fit(&token, verifier, reading));
    }
    token_free(&token);
    return passes;
}
