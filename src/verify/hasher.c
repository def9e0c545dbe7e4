#include "verify/hasher.h"

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <pthread.h>
#include <stdlib.h>

#include "base/json_view.h"
#include "base/memory.h"

static const struct {
    const char *name;         /* in configs */
    const char *openssl_name;
    size_t size;
} DIGEST_ROWS[DIGESTS] = {
    [DIGEST_MD5] = {"md5", "MD5", 16}, [DIGEST_SHA1] = {"sha1", "SHA1", 20}, [DIGEST_SHA256] = {"sha256", "SHA256", 32},
    [DIGEST_SHA384] = {"sha384", "SHA384", 48}, [DIGEST_SHA512] = {"sha512", "SHA512", 64},
};

/* What OpenSSL looks up by name is looked up once. */
static struct {
    EVP_MD *digests[DIGESTS];
    EVP_MAC *hmac;
    pthread_key_t key; /* struct tools * of a thread */
} shared;

struct tools {
    EVP_MAC_CTX *hmacs[DIGESTS]; /* each with its digest set */
    EVP_MD_CTX *digests[DIGESTS];
    struct json_reader *reader;
};

static void free_tools(void *pointer)
{
    struct tools *tools = pointer;
    for (int i = 0; i < DIGESTS; i++) {
        EVP_MAC_CTX_free(tools->hmacs[i]);
        EVP_MD_CTX_free(tools->digests[i]);
    }
    json_reader_free(tools->reader);
    free(tools);
}

static void fetch(void)
{
    for (int i = 0; i < DIGESTS; i++)
        shared.digests[i] = EVP_MD_fetch(NULL, DIGEST_ROWS[i].openssl_name, NULL);
    shared.hmac = EVP_MAC_fetch(NULL, "HMAC", NULL);
    pthread_key_create(&shared.key, free_tools);
}

static void need_shared(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, fetch);
}

static struct tools *thread_tools(void)
{
    static __thread struct tools *known; /* the key is for the end of the thread only */
    if (known == NULL) {
        need_shared();
        known = NEW(struct tools);
        pthread_setspecific(shared.key, known);
    }
    return known;
}

/* The context with its digest, not yet with a key. */
static EVP_MAC_CTX *hmac_context(struct tools *tools, enum digest digest)
{
    if (tools->hmacs[digest] == NULL && shared.hmac != NULL) {
        EVP_MAC_CTX *context = EVP_MAC_CTX_new(shared.hmac);
        OSSL_PARAM parameters[] = {
            OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, (char *)DIGEST_ROWS[digest].openssl_name, 0),
            OSSL_PARAM_construct_end(),
        };
        if (context != NULL && EVP_MAC_CTX_set_params(context, parameters) != 1) {
            EVP_MAC_CTX_free(context);
            context = NULL;
        }
        tools->hmacs[digest] = context;
    }
    return tools->hmacs[digest];
}

struct hasher hasher_of_hmac(enum digest digest, struct text key)
{
    EVP_MAC_CTX *context = hmac_context(thread_tools(), digest);
    if (context == NULL || key.size == 0 ||
        EVP_MAC_init(context, (const unsigned char *)key.data, key.size, NULL) != 1)
        return (struct hasher){NULL, true};
    return (struct hasher){context, true};
}

struct hasher hasher_of_digest(enum digest digest)
{
    struct tools *tools = thread_tools();
    if (tools->digests[digest] == NULL)
        tools->digests[digest] = EVP_MD_CTX_new();
    EVP_MD_CTX *context = tools->digests[digest];
    if (context == NULL || shared.digests[digest] == NULL ||
        EVP_DigestInit_ex2(context, shared.digests[digest], NULL) != 1)
        return (struct hasher){NULL, false};
    return (struct hasher){context, false};
}

void hasher_add(struct hasher *hasher, struct text piece)
{
    if (hasher->context == NULL || piece.size == 0)
        return;
    int done = hasher->is_hmac ? EVP_MAC_update(hasher->context, (const unsigned char *)piece.data, piece.size)
                               : EVP_DigestUpdate(hasher->context, piece.data, piece.size);
    if (done != 1)
        hasher->context = NULL;
}

size_t hasher_end(struct hasher *hasher, unsigned char out[DIGEST_BYTES_MOST])
{
    size_t size = 0;
    unsigned digest_bytes = 0;
    if (hasher->context == NULL)
        return 0;
    if (hasher->is_hmac)
        return EVP_MAC_final(hasher->context, out, &size, DIGEST_BYTES_MOST) == 1 ? size : 0;
    return EVP_DigestFinal_ex(hasher->context, out, &digest_bytes) == 1 ? digest_bytes : 0;
}

size_t digest_size(enum digest digest)
{
    return DIGEST_ROWS[digest].size;
}

bool digest_read(struct text name, enum digest *digest)
{
    for (int i = 0; i < DIGESTS; i++) {
        if (text_equal(name, text_of(DIGEST_ROWS[i].name))) {
            *digest = (enum digest)i;
            return true;
        }
    }
    return false;
}

const void *digest_method(enum digest digest)
{
    need_shared();
    return shared.digests[digest];
}

struct json_reader *thread_json_reader(void)
{
    struct tools *tools = thread_tools();
    if (tools->reader == NULL)
        tools->reader = json_reader_new();
    return tools->reader;
}
