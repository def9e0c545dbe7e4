/*
 * hasher.h - digests and HMACs, piece by piece. No memory is allocated once a thread has its contexts.
 *
 * One HMAC and one digest of a kind can be under way in a thread at one time, the digest inside of the HMAC too.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/text.h"
#include "verify/scheme.h"

struct json_reader;

struct hasher {
    void *context; /* NULL: it failed */
    bool is_hmac;
};

struct hasher hasher_of_hmac(enum digest digest, struct text key);
struct hasher hasher_of_digest(enum digest digest);
void hasher_add(struct hasher *hasher, struct text piece);
/* The size of the result; 0: it failed. */
size_t hasher_end(struct hasher *hasher, unsigned char out[DIGEST_BYTES_MOST]);

size_t digest_size(enum digest digest);
/* "sha256" of an algorithm's name; false: there is no such digest. */
bool digest_read(struct text name, enum digest *digest);
/* OpenSSL's, which lives as long as the process. */
const void *digest_method(enum digest digest);

/* The thread's reader of JSON bodies; NULL without memory. */
struct json_reader *thread_json_reader(void);
