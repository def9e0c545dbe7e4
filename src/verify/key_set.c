#include "verify/key_set.h"

#include <stdatomic.h>
#include <stdlib.h>

#include "base/json.h"
#include "base/memory.h"
#include "verify/certificate.h"
#include "verify/jwk.h"
#include "verify/key.h"

struct key_set {
    atomic_int references;
    struct arena arena;
    int64_t end_ms;
    struct {
        struct text id; /* TEXT_NONE: it has none */
        struct verify_key key;
    } keys[KEY_SET_MOST];
    size_t count;
};

/* Takes the key over. False: it is not of the kind that the sender signs with. */
static bool add(struct key_set *set, struct text id, struct verify_key key, enum scheme_method method)
{
    if (!verify_key_fits(&key, method)) {
        verify_key_free(&key);
        return false;
    }
    set->keys[set->count].id = id.data != NULL ? arena_copy_text(&set->arena, id) : TEXT_NONE;
    set->keys[set->count++].key = key;
    return true;
}

/* Keys of other kinds may stand beside those that are looked for. */
static bool read_jwks(struct key_set *set, const struct key_wanted *wanted, struct text document, struct error *error)
{
    json_t *root = json_parse(document, NULL), *keys = json_member(root, "keys"), *jwk;
    size_t i;
    bool good = json_is_array(keys) && json_array_size(keys) <= KEY_SET_MOST;
    json_array_foreach(keys, i, jwk) {
        struct verify_key key = {.public_key = good ? jwk_read(jwk) : NULL};
        if (key.public_key != NULL)
            add(set, json_member_text(jwk, "kid"), key, wanted->method);
    }
    json_decref(root);
    if (!good)
        return error_set(error, ERROR_REFUSED, "what was answered is no set of keys");
    return set->count > 0 || error_set(error, ERROR_REFUSED, "the set holds no key of a kind that signs");
}

static bool read_certificates(struct key_set *set, const struct key_wanted *wanted, struct text document,
                              X509_STORE *authorities, int64_t now_ms, struct error *error)
{
    struct verify_key key = {0};
    return certificate_read(wanted->origin, document, authorities, now_ms, &key.public_key, &set->end_ms, error) &&
           (add(set, TEXT_NONE, key, wanted->method) ||
            error_set(error, ERROR_REFUSED, "the certificate's key is of another kind than the sender's"));
}

static bool read_key(struct key_set *set, const struct key_wanted *wanted, struct text document, struct error *error)
{
    json_t *root = json_parse(document, NULL);
    const json_t *object = root;
    struct text path = text_of(wanted->origin->member), name, last = TEXT_NONE;
    struct verify_key keys[KEYS_OF_ONE] = {0};
    struct error bad = {0};
    size_t count = 0;
    while (text_split(&path, '.', &name)) {
        if (last.data != NULL)
            object = json_member(object, arena_copy_string(&set->arena, last));
        last = name;
    }
    struct text pem = json_member_text(object, arena_copy_string(&set->arena, last));
    bool good = pem.size > 0 && verify_key_read(&set->arena, KEY_PEM, pem, keys, &count, &bad) &&
                add(set, TEXT_NONE, keys[0], wanted->method);
    json_decref(root);
    return good || error_set(error, ERROR_REFUSED, "what was answered holds no public key of the sender's kind");
}

struct key_set *key_set_read(const struct key_wanted *wanted, struct text document, X509_STORE *authorities,
                             int64_t now_ms, struct error *error)
{
    struct key_set *set = NEW(struct key_set);
    bool good = false;
    atomic_init(&set->references, 1);
    set->end_ms = INT64_MAX;
    switch (wanted->origin->form) {
    case DOCUMENT_JWKS: good = read_jwks(set, wanted, document, error); break;
    case DOCUMENT_CERTIFICATES:
        good = read_certificates(set, wanted, document, authorities, now_ms, error);
        break;
    case DOCUMENT_KEY: good = read_key(set, wanted, document, error); break;
    }
    if (good)
        return set;
    key_set_release(set);
    return NULL;
}

struct key_set *key_set_share(struct key_set *set)
{
    atomic_fetch_add(&set->references, 1);
    return set;
}

void key_set_release(struct key_set *set)
{
    if (set == NULL || atomic_fetch_sub(&set->references, 1) != 1)
        return;
    for (size_t i = 0; i < set->count; i++)
        verify_key_free(&set->keys[i].key);
    arena_free(&set->arena);
    free(set);
}

const struct verify_key *key_set_find(const struct key_set *set, struct text id)
{
    for (size_t i = 0; i < set->count; i++) {
        struct text own = set->keys[i].id;
        if ((own.data == NULL) == (id.data == NULL) && text_equal(own, id))
            return &set->keys[i].key;
    }
    return NULL;
}

int64_t key_set_end(const struct key_set *set)
{
    return set->end_ms;
}
