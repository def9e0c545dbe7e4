/*
 * key_set.h - the keys that a provider published, read from what its server answered. Pure, but for the trusted
 * authorities, which OpenSSL has from a file.
 *
 * A set does not change and is used by any number of threads, each with a reference of its own.
 */
#pragma once

#include <openssl/types.h>
#include <stdint.h>

#include "base/error.h"
#include "verify/fetch.h"

struct verify_key;
struct key_set;

enum { KEY_SET_MOST = 64, CERTIFICATES_MOST = 8 }; /* keys of a set; certificates of a chain */

/*
 * NULL with a sentence in `error` when the document does not hold what the origin of `wanted` says. Certificates must be
 * valid at now_ms, lead to one of the authorities, and be for one of the origin's names.
 */
struct key_set *key_set_read(const struct key_wanted *wanted, struct text document, X509_STORE *authorities,
                             int64_t now_ms, struct error *error);
struct key_set *key_set_share(struct key_set *set);
void key_set_release(struct key_set *set); /* NULL is fine */
/* The key of that id; TEXT_NONE: the only one. NULL: there is none. It lives as long as the set. */
const struct verify_key *key_set_find(const struct key_set *set, struct text id);
/* Wall-clock ms: not good any more from then on; INT64_MAX: nothing was said. */
int64_t key_set_end(const struct key_set *set);
