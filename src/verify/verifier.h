/* verifier.h - what verifier_new makes of a source's config; internal to verify/. */
#pragma once

#include <stdatomic.h>

#include "verify/key.h"
#include "verify/template.h"

enum { VERIFIER_KEYS_MOST = 2 * KEYS_OF_ONE, CONDITIONS_MOST = 4 };

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

/* Does a token pass? See jwt.c. */
bool jwt_passes(const struct verifier *verifier, struct text token, struct reading *reading);
