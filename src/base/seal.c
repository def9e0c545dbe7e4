#include "base/seal.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>

#include "base/encoding.h"
#include "base/memory.h"
#include "base/random.h"

static const struct text PREFIX = {"sealed1:", 8};
enum { NONCE_BYTES = 12, TAG_BYTES = 16, TEXT_MOST = 1 << 28 };

/* ---- the ring ---- */

void seal_ring_init(struct seal_ring *ring)
{
    *ring = (struct seal_ring){0};
    pthread_rwlock_init(&ring->lock, NULL);
}

void seal_ring_free(struct seal_ring *ring)
{
    OPENSSL_cleanse(ring->keys, sizeof ring->keys);
    pthread_rwlock_destroy(&ring->lock);
}

void seal_key_make(struct seal_key *key)
{
    static const char digits[] = "0123456789abcdef";
    unsigned char id[SEAL_ID_DIGITS];
    random_bytes(key->bytes, sizeof key->bytes);
    random_bytes(id, sizeof id);
    for (size_t i = 0; i < sizeof id; i++)
        key->id[i] = digits[id[i] & 15];
    key->id[SEAL_ID_DIGITS] = '\0';
}

void seal_ring_add(struct seal_ring *ring, const struct seal_key *key)
{
    pthread_rwlock_wrlock(&ring->lock);
    if (ring->count == SEAL_KEYS_MOST)
        memmove(ring->keys, ring->keys + 1, --ring->count * sizeof *key);
    ring->keys[ring->count++] = *key;
    pthread_rwlock_unlock(&ring->lock);
}

static bool find_key(struct seal_ring *ring, struct text id, struct seal_key *key)
{
    bool found = false;
    pthread_rwlock_rdlock(&ring->lock);
    for (size_t i = 0; i < ring->count && !found; i++) {
        found = text_equal(text_of(ring->keys[i].id), id);
        if (found)
            *key = ring->keys[i];
    }
    pthread_rwlock_unlock(&ring->lock);
    return found;
}

struct seal_key seal_ring_current(struct seal_ring *ring)
{
    struct seal_key key = {0};
    pthread_rwlock_rdlock(&ring->lock);
    if (ring->count > 0)
        key = ring->keys[ring->count - 1];
    pthread_rwlock_unlock(&ring->lock);
    return key;
}

/* ---- texts ---- */

bool seal_is_sealed(struct text text)
{
    return text_starts_with(text, PREFIX);
}

/* `out` has room for nonce, bytes and tag. */
static bool encrypt(const struct seal_key *key, struct text plain, struct text place, unsigned char *out)
{
    int size = 0, rest = 0;
    unsigned char *bytes = out + NONCE_BYTES;
    EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
    random_bytes(out, NONCE_BYTES);
    bool done = context != NULL && EVP_EncryptInit_ex(context, EVP_aes_256_gcm(), NULL, key->bytes, out) == 1 &&
                EVP_EncryptUpdate(context, NULL, &size, (const unsigned char *)place.data, (int)place.size) == 1 &&
                (plain.size == 0 || EVP_EncryptUpdate(context, bytes, &size, (const unsigned char *)plain.data,
                                                      (int)plain.size) == 1) &&
                EVP_EncryptFinal_ex(context, bytes + plain.size, &rest) == 1 &&
                EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_GCM_GET_TAG, TAG_BYTES, bytes + plain.size) == 1;
    EVP_CIPHER_CTX_free(context);
    return done;
}

bool seal_close(struct seal_ring *ring, struct text plain, struct text place, struct buffer *out)
{
    struct seal_key key = seal_ring_current(ring);
    if (key.id[0] == '\0' || plain.size > TEXT_MOST)
        return false;
    size_t size = NONCE_BYTES + plain.size + TAG_BYTES;
    unsigned char *bytes = memory_allocate(size);
    bool done = encrypt(&key, plain, place, bytes);
    if (done) {
        buffer_printf(out, "%.*s%s:", TEXT_ARGS(PREFIX), key.id);
        base64url_encode(out, (struct text){(const char *)bytes, size});
    }
    free(bytes);
    OPENSSL_cleanse(&key, sizeof key);
    return done;
}

static bool decrypt(const struct seal_key *key, struct text bytes, struct text place, unsigned char *out)
{
    const unsigned char *nonce = (const unsigned char *)bytes.data;
    size_t plain_size = bytes.size - NONCE_BYTES - TAG_BYTES;
    unsigned char tag[TAG_BYTES];
    int size = 0, rest = 0;
    EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
    memcpy(tag, nonce + NONCE_BYTES + plain_size, TAG_BYTES);
    bool done = context != NULL && EVP_DecryptInit_ex(context, EVP_aes_256_gcm(), NULL, key->bytes, nonce) == 1 &&
                EVP_DecryptUpdate(context, NULL, &size, (const unsigned char *)place.data, (int)place.size) == 1 &&
                (plain_size == 0 ||
                 EVP_DecryptUpdate(context, out, &size, nonce + NONCE_BYTES, (int)plain_size) == 1) &&
                EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_GCM_SET_TAG, TAG_BYTES, tag) == 1 &&
                EVP_DecryptFinal_ex(context, out + plain_size, &rest) == 1;
    EVP_CIPHER_CTX_free(context);
    return done;
}

bool seal_open(struct seal_ring *ring, struct text sealed, struct text place, struct buffer *out, struct error *error)
{
    struct seal_key key;
    struct buffer bytes = {0};
    size_t head = PREFIX.size + SEAL_ID_DIGITS;
    if (!seal_is_sealed(sealed) || sealed.size <= head || sealed.data[head] != ':' || sealed.size > 2 * (size_t)TEXT_MOST)
        return error_set(error, ERROR_INVALID, "it is not in the sealed form");
    struct text id = text_slice(sealed, PREFIX.size, SEAL_ID_DIGITS);
    if (!find_key(ring, id, &key))
        return error_set(error, ERROR_INVALID, "it is sealed with the key %.*s, which the key file has not",
                         TEXT_ARGS(id));
    bool done = base64_decode(&bytes, text_slice(sealed, head + 1, sealed.size)) &&
                bytes.size >= NONCE_BYTES + TAG_BYTES;
    if (done) {
        size_t size = bytes.size - NONCE_BYTES - TAG_BYTES;
        unsigned char *plain = memory_allocate(size + 1);
        done = decrypt(&key, buffer_text(&bytes), place, plain);
        if (done)
            buffer_append(out, plain, size);
        OPENSSL_cleanse(plain, size + 1);
        free(plain);
    }
    buffer_free(&bytes);
    OPENSSL_cleanse(&key, sizeof key);
    return done || error_set(error, ERROR_INVALID, "it is damaged, or was sealed for another place");
}
