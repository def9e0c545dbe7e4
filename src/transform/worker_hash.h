/*
 * worker_hash.h - the hash functions that transformations may use, from libcrypto's plain implementations.
 */
#pragma once

#include <stdint.h>

#include "transform/worker_engine.h"

enum { HASH_MOST = 64 };

/* The digest of md5, sha1, sha224, sha256, sha384 or sha512; its size, 0 for any other name. */
uint32_t hash_digest(struct span name, struct span data, unsigned char out[HASH_MOST]);
/* The same as a HMAC. */
uint32_t hash_hmac(struct span name, struct span key, struct span data, unsigned char out[HASH_MOST]);
