/*
 * api_key.h - API keys. The key itself is nowhere but with its user: the store has its SHA-256.
 *
 * A key acts in the project it belongs to. The operator's key (setting api_key or DATA/api-key; there is one at a time)
 * also acts in any other project that a call names, and it alone changes projects and keys.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/text.h"

struct api_key {
    int64_t id, project_id;
    struct text name;        /* TEXT_NONE: none */
    struct text last_digits; /* for showing */
    int64_t rate_limit;      /* calls a minute; 0: none of its own, limits.api_rate_limit counts */
    bool is_operator;
    int64_t created_at;
};

enum { API_KEY_DIGITS = 32, API_KEY_HASH_SIZE = 65 };

/* SHA-256 in hexadecimal; false when libcrypto refuses. */
bool api_key_hash(struct text key, char hash[API_KEY_HASH_SIZE]);
/* The part of a key that is shown. */
struct text api_key_last_digits(struct text key);
