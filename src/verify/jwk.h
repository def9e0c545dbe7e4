/* jwk.h - public keys in JSON (RFC 7517, 7518 section 6, 8037). */
#pragma once

#include <openssl/types.h>

#include "base/json.h"

/* RSA, EC on P-256, or Ed25519, if it may be used for signatures. NULL: it is none of these. */
EVP_PKEY *jwk_read(const json_t *jwk);
