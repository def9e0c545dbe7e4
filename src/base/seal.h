/*
 * seal.h - texts that only the holder of a key can read, and that nobody can change or move unnoticed.
 *
 * AES-256-GCM. A sealed text names the key it was sealed with: "sealed1:KEY:" and base64url of nonce (96 bits, random),
 * encrypted bytes and tag (128 bits). `place` says where the text belongs ("source.config.auth:17"); at any other place it
 * does not open.
 *
 * A ring holds the keys; the last one seals, all of them open. A new key joins the ring while others read with it, so
 * every call here takes its lock: thread-safe, but for seal_ring_free.
 *
 * The key file has one line for each key, "ID KEY" in hexadecimal, the current one last; lines that begin with # are
 * remarks. It is replaced as a whole, and on disk before a call returns.
 */
#pragma once

#include <pthread.h>
#include <stdbool.h>

#include "base/buffer.h"
#include "base/error.h"
#include "base/text.h"

enum {
    SEAL_KEY_BYTES = 32,
    SEAL_ID_DIGITS = 8,
    SEAL_KEYS_MOST = 8, /* in memory; when one more comes, the oldest goes */
};

struct seal_key {
    char id[SEAL_ID_DIGITS + 1];
    unsigned char bytes[SEAL_KEY_BYTES];
};

struct seal_ring {
    pthread_rwlock_t lock;
    struct seal_key keys[SEAL_KEYS_MOST]; /* the oldest first */
    size_t count;
};

void seal_ring_init(struct seal_ring *ring);
void seal_ring_free(struct seal_ring *ring); /* wipes the keys */
void seal_key_make(struct seal_key *key);
/* It seals from now on. */
void seal_ring_add(struct seal_ring *ring, const struct seal_key *key);
struct seal_key seal_ring_current(struct seal_ring *ring);

/* A text in the sealed form: behind the store, one that could not be opened. */
bool seal_is_sealed(struct text text);
/* Appends the sealed text. False without memory or keys. */
bool seal_close(struct seal_ring *ring, struct text plain, struct text place, struct buffer *out);
/* Appends the text that was sealed. False with an error that says why it does not open, and nothing is appended. */
bool seal_open(struct seal_ring *ring, struct text sealed, struct text place, struct buffer *out, struct error *error);

/* Adds the file's keys to the ring. ERROR_NOT_FOUND when there is no such file. */
bool seal_file_read(const char *path, struct seal_ring *ring, struct error *error);
/* The keys of that order. */
bool seal_file_write(const char *path, const struct seal_key *keys, size_t count, struct error *error);
