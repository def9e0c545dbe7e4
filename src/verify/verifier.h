/* verifier.h - what verifier_new makes of a source's config; internal to verify/. */
#pragma once

#include <stdatomic.h>

#include "verify/key.h"
#include "verify/signature.h"
#include "verify/template.h"

enum { VERIFIER_KEYS_MOST = 2 * KEYS_OF_ONE, CONDITIONS_MOST = 4 };

/* A requirement with what the config says to it. */
struct ready_requirement {
    const struct requirement *row;
    struct place place;   /* of requirements; of claims: nowhere */
    struct text equal_to; /* with `member`; TEXT_NONE: the names of the row count, or nothing */
};

struct ready_requirements {
    struct ready_requirement *items;
    size_t count;
};

/* One word of a handshake's `when`. */
struct condition {
    struct text method;   /* TEXT_NONE: any */
    bool empty_body;
    struct place place;
    bool absent;          /* it must not be there */
    bool word;            /* it must be a word: of letters, digits and "-_.~+/=" only, and short */
    struct text equal_to; /* TEXT_NONE: anything that is not empty */
};

struct ready_handshake {
    const struct handshake *row;
    struct condition conditions[CONDITIONS_MOST];
    size_t condition_count;
    struct template body, header_value;
    struct text header_name; /* TEXT_NONE: none */
};

/* The answer's row with its templates. */
struct ready_acknowledgement {
    const struct acknowledgement *row; /* NULL: there is none */
    struct template body, content, header_values[ACKNOWLEDGEMENT_HEADERS];
    struct text header_names[ACKNOWLEDGEMENT_HEADERS];
    size_t header_count;
    EVP_PKEY *private_key; /* NULL: none was entered */
};

struct verifier {
    atomic_int owners;
    const struct scheme *scheme;
    bool checks;
    bool broken; /* its config was wrong: nothing passes */
    enum digest digest;
    enum signature_encoding encoding;
    struct signature_form form;
    struct place signature, time;
    struct template content, other_content;
    struct place other_when; /* where other_content is signed; nowhere: there is none */
    struct verify_key keys[VERIFIER_KEYS_MOST];
    size_t key_count;
    struct ready_requirements requirements, claims;
    struct place digest_at;
    bool fetches; /* its key is not entered: it comes with the request's input */
    struct place key_id;
    struct template url, other_url, authorization;
    struct text token_url, token_authorization;
    struct text username;
    struct ready_handshake *handshakes;
    size_t handshake_count;
    struct ready_acknowledgement acknowledgement;
    bool signs_words; /* a handshake answers words with what could sign them: no webhook's body is one */
    struct arena arena; /* holds the texts */
};

/* Makes the scheme's handshakes ready. False: a row of the table is wrong. */
bool handshakes_read(struct verifier *verifier, const json_t *auth);

/* Makes the scheme's acknowledgement ready. False with an error: the table or the private key is wrong. */
bool acknowledgement_read(struct verifier *verifier, const json_t *auth, struct error *error);
void acknowledgement_free(struct ready_acknowledgement *acknowledgement);

/* As verify_request; of METHOD_HMAC and METHOD_HASH with the secret that fitted, which lives as long as the verifier. */
enum verdict verify_finding_secret(const struct verifier *verifier, const struct verify_input *input,
                                   struct text *secret);

/* Letters, digits and "-_.~+/=" only, and not many. */
bool is_handshake_word(struct text text);

/* Makes ready what fetches its key. False with an error that names the member of the config that is wrong. */
bool fetching_read(struct verifier *verifier, const json_t *auth, struct error *error);
/* Tables end with a row without `at`; `is_claims`: `at` is no place. False: the table is wrong. */
bool requirements_read(struct arena *arena, const struct requirement *rows, bool is_claims, const json_t *auth,
                       struct ready_requirements *ready);
bool requirement_is_met(const struct ready_requirement *requirement, struct text value);

/* Finds the signatures, and looks at all that can be seen without a key: the time, the digest's name, requirements. */
bool verify_read_signature(const struct verifier *verifier, struct reading *reading, struct candidates *candidates);
/* Is the time of signing near enough? */
bool verify_is_fresh(const struct verifier *verifier, struct reading *reading);

/* Does the token pass that the request carries? See jwt.c. */
bool jwt_passes(const struct verifier *verifier, struct reading *reading);
/* What the head of the token calls its key, TEXT_NONE when it does not; in the reading's arena. False: it is no token. */
bool jwt_key_id(const struct verifier *verifier, struct reading *reading, struct text *id);
