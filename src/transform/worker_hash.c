/*
 * The functions that OpenSSL calls low level: they read nothing from the system and load no providers, which the
 * sandbox would forbid, and bring only themselves into the worker.
 */
#define OPENSSL_SUPPRESS_DEPRECATED
#include "transform/worker_hash.h"

#include <openssl/md5.h>
#include <openssl/sha.h>
#include <string.h>

union state {
    MD5_CTX md5;
    SHA_CTX sha1;
    SHA256_CTX sha256;
    SHA512_CTX sha512;
};

struct hash {
    const char *name;
    uint32_t size, block;
    void (*start)(union state *);
    void (*add)(union state *, const void *, size_t);
    void (*finish)(unsigned char *, union state *);
};

#define HASH_FUNCTIONS(name, field, init, update, final)                                                \
    static void name##_start(union state *state) { init(&state->field); }                               \
    static void name##_add(union state *state, const void *data, size_t size)                           \
    {                                                                                                   \
        update(&state->field, data, size);                                                              \
    }                                                                                                   \
    static void name##_finish(unsigned char *out, union state *state) { final(out, &state->field); }

HASH_FUNCTIONS(md5, md5, MD5_Init, MD5_Update, MD5_Final)
HASH_FUNCTIONS(sha1, sha1, SHA1_Init, SHA1_Update, SHA1_Final)
HASH_FUNCTIONS(sha224, sha256, SHA224_Init, SHA224_Update, SHA224_Final)
HASH_FUNCTIONS(sha256, sha256, SHA256_Init, SHA256_Update, SHA256_Final)
HASH_FUNCTIONS(sha384, sha512, SHA384_Init, SHA384_Update, SHA384_Final)
HASH_FUNCTIONS(sha512, sha512, SHA512_Init, SHA512_Update, SHA512_Final)

static const struct hash HASHES[] = {
    {"md5", 16, 64, md5_start, md5_add, md5_finish},
    {"sha1", 20, 64, sha1_start, sha1_add, sha1_finish},
    {"sha224", 28, 64, sha224_start, sha224_add, sha224_finish},
    {"sha256", 32, 64, sha256_start, sha256_add, sha256_finish},
    {"sha384", 48, 128, sha384_start, sha384_add, sha384_finish},
    {"sha512", 64, 128, sha512_start, sha512_add, sha512_finish},
};

static const struct hash *find(struct span name)
{
    for (size_t i = 0; i < sizeof HASHES / sizeof HASHES[0]; i++) {
        if (name.size == strlen(HASHES[i].name) && memcmp(name.data, HASHES[i].name, name.size) == 0)
            return &HASHES[i];
    }
    return NULL;
}

static void digest(const struct hash *hash, struct span first, struct span second, unsigned char *out)
{
    union state state;
    hash->start(&state);
    hash->add(&state, first.data, first.size);
    hash->add(&state, second.data, second.size);
    hash->finish(out, &state);
}

uint32_t hash_digest(struct span name, struct span data, unsigned char out[HASH_MOST])
{
    const struct hash *hash = find(name);
    if (hash == NULL)
        return 0;
    digest(hash, data, (struct span){"", 0}, out);
    return hash->size;
}

/* RFC 2104 */
uint32_t hash_hmac(struct span name, struct span key, struct span data, unsigned char out[HASH_MOST])
{
    enum { BLOCK_MOST = 128 };
    unsigned char inner[BLOCK_MOST] = {0}, outer[BLOCK_MOST], within[HASH_MOST];
    const struct hash *hash = find(name);
    if (hash == NULL)
        return 0;
    if (key.size > hash->block)
        digest(hash, key, (struct span){"", 0}, inner);
    else
        memcpy(inner, key.data, key.size);
    for (uint32_t i = 0; i < hash->block; i++) {
        outer[i] = inner[i] ^ 0x5c;
        inner[i] ^= 0x36;
    }
    digest(hash, (struct span){(char *)inner, hash->block}, data, within);
    digest(hash, (struct span){(char *)outer, hash->block}, (struct span){(char *)within, hash->size}, out);
    return hash->size;
}
