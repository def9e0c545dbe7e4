/* certificate.h - the public key of a certificate that somebody trusted signed. */
#pragma once

#include "verify/key_set.h"

/*
 * Reads PEM: the key's certificate first. *key is the caller's, *end_ms the end of the certificate's validity. False with
 * a sentence in `error`.
 */
bool certificate_read(const struct key_origin *origin, struct text pem, X509_STORE *authorities, int64_t now_ms,
                      EVP_PKEY **key, int64_t *end_ms, struct error *error);
