/* key.h - what the user entered as a secret, made ready: bytes of a shared secret, or a public key. */
#pragma once

#include <openssl/types.h>

#include "base/arena.h"
#include "base/error.h"
#include "verify/scheme.h"

struct verify_key {
    struct text bytes;    /* in the arena; of shared secrets */
    EVP_PKEY *public_key; /* NULL: it is a shared secret */
};

enum { KEYS_OF_ONE = 2 }; /* a secret that can be read in two ways gives two keys */

/* Adds the key or keys of a text. False: it is none of that form; `error` says what it must be, without naming it. */
bool verify_key_read(struct arena *arena, enum key_form form, struct text text, struct verify_key keys[KEYS_OF_ONE],
              size_t *count, struct error *error);
/* A private RSA key in PEM, or the base64 inside of it. NULL: it is none. Freed with EVP_PKEY_free. */
EVP_PKEY *verify_private_key_read(struct text text);
void verify_key_free(struct verify_key *key);
/* RSA, EC (P-256) or Ed25519, as the method wants it? */
bool verify_key_fits(const struct verify_key *key, enum scheme_method method);

/*
 * Is `signature` one of `content` by this public key? METHOD_JWT takes the key as it is, elliptic curves in the
 * form of RFC 7518 section 3.4.
 */
bool verify_key_signed(const struct verify_key *key, enum scheme_method method, enum digest digest, struct text content,
                  struct text signature);
