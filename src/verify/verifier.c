#include "verify/verifier.h"

#include <stdlib.h>

#include "base/memory.h"
#include "model/settings.h"
#include "verify/hasher.h"

/* ---- which row ---- */

/* Clients that leave auth_type out are understood by the members they send. */
static const struct scheme *generic_scheme(const json_t *auth)
{
    const char *type = json_member(auth, "username") != NULL || json_member(auth, "password") != NULL ? "BASIC_AUTH"
                       : json_member(auth, "api_key") != NULL                                         ? "API_KEY"
                       : json_member(auth, "webhook_secret_key") != NULL                              ? "HMAC"
                                                                                                      : "";
    return scheme_find(text_of(type));
}

const struct scheme *verifier_scheme_of(struct text source_type, const json_t *config, struct error *error)
{
    const struct scheme *own = scheme_find(source_type), *named = NULL;
    const json_t *auth = json_member(config, "auth");
    struct text auth_type = json_member_text(config, "auth_type");
    if (own == NULL) {
        error_set(error, ERROR_INVALID, "type: \"%.*s\" is not a type of sources",
                  (int)(source_type.size < 60 ? source_type.size : 60), source_type.data);
        return NULL;
    }
    if (auth_type.data != NULL) {
        named = scheme_find(auth_type);
        if (named == NULL || !scheme_takes_auth_type(own, named)) {
            error_set(error, ERROR_INVALID, "config.auth_type: a source of type %s does not take \"%.*s\"", own->type,
                      (int)(auth_type.size < 60 ? auth_type.size : 60), auth_type.data);
            return NULL;
        }
        return named;
    }
    if (own->method != METHOD_CHOSEN || json_object_size(auth) == 0)
        return own;
    named = generic_scheme(auth);
    if (named == NULL)
        error_set(error, ERROR_INVALID, "config.auth_type: is required with these members of config.auth");
    return named;
}

/* ---- what the config says ---- */

static bool fail(struct error *error, const char *member)
{
    return error_set(error, ERROR_INVALID, "config.auth.%s: is required", member);
}

static bool add_key(struct verifier *verifier, struct text text, const char *previous, struct error *error)
{
    struct verify_key keys[KEYS_OF_ONE] = {0};
    size_t count = 0;
    bool good = verify_key_read(&verifier->arena, verifier->scheme->key, text, keys, &count, error);
    for (size_t i = 0; i < count; i++) {
        good = good && (verify_key_fits(&keys[i], verifier->scheme->method) ||
                        error_set(error, ERROR_INVALID, "is a key of another kind than this type's"));
        verifier->keys[verifier->key_count++] = keys[i];
    }
    return good || error_prefix(error, "config.auth.%s%s", previous, verifier->scheme->secret);
}

static bool add_keys(struct verifier *verifier, const json_t *auth, struct error *error)
{
    const struct scheme *scheme = verifier->scheme;
    char *previous = arena_printf(&verifier->arena, "previous_%s", scheme->secret);
    struct text secret = json_member_text(auth, scheme->secret), old = json_member_text(auth, previous);
    if (secret.size == 0)
        return fail(error, scheme->secret);
    return add_key(verifier, secret, "", error) && (old.data == NULL || add_key(verifier, old, "previous_", error));
}

/* HMAC and VAPI: the user says how the sender signs. */
static bool read_chosen_hmac(struct verifier *verifier, const json_t *auth, struct error *error)
{
    struct text header = json_member_text(auth, "header_key"), algorithm = json_member_text(auth, "algorithm");
    struct text encoding = json_member_text(auth, "encoding");
    verifier->digest = DIGEST_SHA256;
    verifier->encoding = text_equal(encoding, TEXT("base64"))      ? ENCODING_BASE64
                         : text_equal(encoding, TEXT("base64url")) ? ENCODING_BASE64URL
                                                                   : ENCODING_HEX;
    if (header.size == 0)
        return fail(error, "header_key");
    if (algorithm.data != NULL && !digest_read(algorithm, &verifier->digest))
        return error_set(error, ERROR_INVALID, "config.auth.algorithm: is not one of the allowed values");
    verifier->signature = (struct place){PLACE_HEADER, arena_copy_text(&verifier->arena, header)};
    verifier->form.prefix = arena_printf(&verifier->arena, "%.*s=", algorithm.data ? (int)algorithm.size : 6,
                                         algorithm.data ? algorithm.data : "sha256");
    verifier->form.prefix_optional = true;
    return true;
}

static bool read_facts(struct verifier *verifier, const json_t *auth, struct error *error)
{
    const struct scheme *scheme = verifier->scheme;
    struct arena *arena = &verifier->arena;
    struct text username = json_member_text(auth, "username"), header = json_member_text(auth, "header_key");
    verifier->digest = scheme->digest;
    verifier->encoding = scheme->encoding;
    verifier->form = scheme->form;
    if (scheme->method == METHOD_HMAC && scheme->signature == NULL && !read_chosen_hmac(verifier, auth, error))
        return false;
    if (scheme->signature != NULL && !place_read(text_of(scheme->signature), &verifier->signature))
        return error_set(error, ERROR_INTERNAL, "the table of %s is wrong: signature", scheme->type);
    if (scheme->time != NULL && !place_read(text_of(scheme->time), &verifier->time))
        return error_set(error, ERROR_INTERNAL, "the table of %s is wrong: time", scheme->type);
    if (scheme->content != NULL && !template_read(arena, scheme->content, auth, &verifier->content))
        return error_set(error, ERROR_INTERNAL, "the table of %s is wrong: content", scheme->type);
    if (scheme->other_when != NULL && (!place_read(text_of(scheme->other_when), &verifier->other_when) ||
                                       !template_read(arena, scheme->other_content, auth, &verifier->other_content)))
        return error_set(error, ERROR_INTERNAL, "the table of %s is wrong: other content", scheme->type);
    if (scheme->digest_at != NULL && !place_read(text_of(scheme->digest_at), &verifier->digest_at))
        return error_set(error, ERROR_INTERNAL, "the table of %s is wrong: digest", scheme->type);
    if (!requirements_read(arena, scheme->requirements, false, auth, &verifier->requirements) ||
        !requirements_read(arena, scheme->claims, true, auth, &verifier->claims))
        return error_set(error, ERROR_INTERNAL, "the table of %s is wrong: requirements", scheme->type);
    if (scheme->method == METHOD_BASIC && username.size == 0)
        return fail(error, "username");
    if (scheme->method == METHOD_API_KEY && header.size == 0)
        return fail(error, "header_key");
    verifier->username = arena_copy_text(arena, username);
    if (scheme->method == METHOD_API_KEY)
        verifier->signature = (struct place){PLACE_HEADER, arena_copy_text(arena, header)};
    return true;
}

static bool needs_nothing(const struct scheme *scheme)
{
    const struct auth_field *field = scheme->fields;
    while (field->name != NULL && field->optional)
        field++;
    return field->name == NULL;
}

/* Nothing is checked without a secret; VAPI and log drains may be used so, the others with an empty auth only. */
static bool wants_checks(const struct scheme *scheme, const json_t *auth)
{
    if (!scheme_checks(scheme) || (json_object_size(auth) == 0 && (scheme->origin == NULL || !needs_nothing(scheme))))
        return false;
    if (scheme->origin != NULL)
        return true;
    const struct auth_field *field = scheme->fields;
    while (field->name != NULL && strcmp(field->name, scheme->secret) != 0)
        field++;
    if (field->optional && json_member(auth, field->name) == NULL)
        return false;
    return scheme->signature != NULL || scheme->method != METHOD_HMAC || scheme->auth_type_only ||
           json_member_text(auth, "header_key").size > 0;
}

bool verifier_would_check(struct text source_type, const json_t *config)
{
    const struct scheme *scheme = verifier_scheme_of(source_type, config, NULL);
    if (config_is_unreadable(config))
        return true; /* it did, and refuses everything now */
    return scheme != NULL && wants_checks(scheme, json_member(config, "auth"));
}

static bool read_all(struct verifier *verifier, struct text source_type, const json_t *config, struct error *error)
{
    const json_t *auth = json_member(config, "auth");
    const struct scheme *scheme = verifier_scheme_of(source_type, config, error);
    if (scheme == NULL)
        return false;
    verifier->scheme = scheme;
    if (config_is_unreadable(config))
        return error_set(error, ERROR_REFUSED, "config.auth: the gateway cannot read it: set it anew");
    verifier->checks = wants_checks(scheme, auth);
    verifier->fetches = verifier->checks && scheme->origin != NULL &&
                        (scheme->secret == NULL || json_member_text(auth, scheme->secret).size == 0);
    if (verifier->checks && (!read_facts(verifier, auth, error) ||
                             !(verifier->fetches ? fetching_read(verifier, auth, error) : add_keys(verifier, auth, error))))
        return false;
    if (!acknowledgement_read(verifier, auth, error))
        return false;
    return handshakes_read(verifier, auth) ||
           error_set(error, ERROR_INTERNAL, "the table of %s is wrong: handshakes", scheme->type);
}

struct verifier *verifier_new(struct text source_type, struct text config, struct error *error)
{
    struct verifier *verifier = NEW(struct verifier);
    atomic_init(&verifier->owners, 1);
    json_t *object = json_parse(config.size > 0 ? config : TEXT("{}"), error);
    if (object == NULL || !read_all(verifier, source_type, object, error)) {
        verifier->broken = true;
        verifier->checks = true;
        verifier->handshake_count = 0;
        if (verifier->scheme == NULL)
            verifier->scheme = scheme_find(TEXT("WEBHOOK"));
    }
    json_decref(object);
    return verifier;
}

struct verifier *verifier_share(struct verifier *verifier)
{
    atomic_fetch_add(&verifier->owners, 1);
    return verifier;
}

void verifier_restrict(struct verifier *verifier, bool with_checks, bool with_handshakes)
{
    verifier->checks = verifier->checks && with_checks;
    verifier->handshake_count = with_handshakes ? verifier->handshake_count : 0;
}

void verifier_free(struct verifier *verifier)
{
    if (verifier == NULL || atomic_fetch_sub(&verifier->owners, 1) != 1)
        return;
    for (size_t i = 0; i < verifier->key_count; i++)
        verify_key_free(&verifier->keys[i]);
    acknowledgement_free(&verifier->acknowledgement);
    arena_free(&verifier->arena);
    free(verifier);
}

const struct scheme *verifier_scheme(const struct verifier *verifier)
{
    return verifier->scheme;
}

bool verifier_checks(const struct verifier *verifier)
{
    return verifier->checks;
}

bool verifier_is_broken(const struct verifier *verifier)
{
    return verifier->broken;
}

/* The hosted service answers 200 to most providers, and to HMACs with MD5. */
int verifier_refused_status(const struct verifier *verifier)
{
    const struct scheme *scheme = verifier->scheme;
    bool is_hmac = scheme->method == METHOD_HMAC && scheme->auth_type_only && scheme->signature == NULL;
    if (is_hmac || verifier->broken)
        return verifier->digest == DIGEST_MD5 && !verifier->broken ? 200 : 401;
    return scheme->refused_status != 0 ? scheme->refused_status : 200;
}
