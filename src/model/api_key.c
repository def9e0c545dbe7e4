#include "model/api_key.h"

#include <openssl/evp.h>
#include <stdio.h>

enum { SHOWN = 4, DIGEST_SIZE = 32 };

bool api_key_hash(struct text key, char hash[API_KEY_HASH_SIZE])
{
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned size = 0;
    if (EVP_Digest(key.data, key.size, digest, &size, EVP_sha256(), NULL) != 1 || size != DIGEST_SIZE)
        return false;
    for (size_t i = 0; i < DIGEST_SIZE; i++)
        snprintf(hash + 2 * i, 3, "%02x", digest[i]);
    return true;
}

struct text api_key_last_digits(struct text key)
{
    return key.size > SHOWN ? text_slice(key, key.size - SHOWN, SHOWN) : TEXT("");
}
