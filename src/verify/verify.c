#include "verify/verify.h"

#include <openssl/evp.h>

#include "base/clock.h"
#include "base/encoding.h"
#include "verify/hasher.h"
#include "verify/signature.h"
#include "verify/verifier.h"

enum { CREDENTIALS_MOST = 1024 }; /* bytes of a header that holds some */

struct text verify_query_parameter(struct text query, struct text name)
{
    struct text rest = query, part;
    while (text_split(&rest, '&', &part)) {
        ptrdiff_t equals = text_find_byte(part, '=');
        struct text key = equals < 0 ? part : text_slice(part, 0, (size_t)equals);
        if (text_equal_ignoring_case(key, name))
            return equals < 0 ? TEXT("") : text_slice(part, (size_t)equals + 1, part.size);
    }
    return TEXT_NONE;
}

/* Every key is compared, whichever fits. */
static bool is_a_key(const struct verifier *verifier, struct text given)
{
    bool equal = false;
    for (size_t i = 0; i < verifier->key_count; i++)
        equal |= text_equal_constant_time(given, verifier->keys[i].bytes);
    return equal && given.size > 0;
}

/* ---- secrets that are sent ---- */

static bool check_token(const struct verifier *verifier, struct reading *reading)
{
    struct text given;
    return reading_value(reading, verifier->signature, &given) && is_a_key(verifier, given);
}

static bool check_basic(const struct verifier *verifier, struct reading *reading)
{
    struct text header;
    if (!reading_value(reading, (struct place){PLACE_HEADER, TEXT("authorization")}, &header) ||
        header.size > CREDENTIALS_MOST || header.size < 6 ||
        !text_equal_ignoring_case(text_slice(header, 0, 6), TEXT("basic ")))
        return false;
    struct buffer given = {0}, wanted = {0};
    bool well_formed = base64_decode(&given, text_trim(text_slice(header, 6, header.size))), equal = false;
    for (size_t i = 0; i < verifier->key_count; i++) {
        buffer_clear(&wanted);
        buffer_append_text(&wanted, verifier->username);
        buffer_append_byte(&wanted, ':');
        buffer_append_text(&wanted, verifier->keys[i].bytes);
        equal |= text_equal_constant_time(buffer_text(&given), buffer_text(&wanted));
    }
    buffer_free(&given);
    buffer_free(&wanted);
    return well_formed && equal;
}

static bool check_api_key(const struct verifier *verifier, struct reading *reading)
{
    struct text given;
    struct text name = verifier->signature.name;
    if (!reading_value(reading, verifier->signature, &given))
        return false;
    if (given.data != NULL)
        return is_a_key(verifier, given);
    struct buffer decoded = {0};
    percent_decode(&decoded, verify_query_parameter(reading->input->query, name), true);
    bool equal = is_a_key(verifier, buffer_text(&decoded));
    buffer_free(&decoded);
    return equal;
}

/* ---- signatures ---- */

static bool read_time(const struct verifier *verifier, struct text text, int64_t *moment_ms)
{
    int64_t number;
    if (verifier->scheme->unit == TIME_RFC3339)
        return clock_parse(text, moment_ms);
    if (!text_to_integer(text, &number) || number < 0 || number > INT64_MAX / 1000)
        return false;
    *moment_ms = verifier->scheme->unit == TIME_SECONDS ? number * 1000 : number;
    return true;
}

bool verify_is_fresh(const struct verifier *verifier, struct reading *reading)
{
    struct text text;
    int64_t moment_ms, tolerance_ms = (int64_t)verifier->scheme->tolerance_s * 1000;
    if (verifier->time.kind == PLACE_NONE)
        return true;
    if (!reading_value(reading, verifier->time, &text) || !read_time(verifier, text, &moment_ms))
        return false;
    return moment_ms >= reading->input->now_ms - tolerance_ms && moment_ms <= reading->input->now_ms + tolerance_ms;
}

struct decoded {
    unsigned char bytes[SIGNATURE_BYTES_MOST];
    size_t size;
};

static void take_hasher(void *context, struct text piece)
{
    hasher_add(context, piece);
}

static const struct template *content_of(const struct verifier *verifier, struct reading *reading)
{
    struct text value;
    bool other = verifier->other_when.kind != PLACE_NONE && reading_value(reading, verifier->other_when, &value) &&
                 value.data != NULL;
    return other ? &verifier->other_content : &verifier->content;
}

static size_t hash_content(const struct verifier *verifier, enum digest digest, bool is_hmac, struct reading *reading,
                           unsigned char out[DIGEST_BYTES_MOST])
{
    struct hasher hasher = is_hmac ? hasher_of_hmac(digest, reading->secret) : hasher_of_digest(digest);
    return template_write(content_of(verifier, reading), reading, (struct template_sink){take_hasher, &hasher})
               ? hasher_end(&hasher, out)
               : 0;
}

/* With one key, against one signature of the right size. */
static bool check_hash(const struct verifier *verifier, const struct decoded *given, struct reading *reading)
{
    unsigned char bytes[DIGEST_BYTES_MOST];
    bool is_hmac = verifier->scheme->method == METHOD_HMAC;
    enum digest digest = reading->digest;
    if (verifier->scheme->sha256_too && given->size == digest_size(DIGEST_SHA256))
        digest = DIGEST_SHA256;
    if (given->size != digest_size(digest))
        return false;
    size_t size = hash_content(verifier, digest, is_hmac, reading, bytes);
    return size > 0 && text_equal_constant_time((struct text){(const char *)given->bytes, given->size},
                                                (struct text){(const char *)bytes, size});
}

static bool check_public(const struct verifier *verifier, const struct verify_key *key, const struct decoded *given,
                         struct reading *reading)
{
    unsigned char bytes[DIGEST_BYTES_MOST];
    struct buffer content = {0};
    const struct scheme *scheme = verifier->scheme;
    bool good;
    if (scheme->digest_is_signed) {
        size_t size = hash_content(verifier, reading->digest, false, reading, bytes);
        good = size > 0 && buffer_append(&content, bytes, size);
    } else {
        good = template_append(&verifier->content, reading, &content);
    }
    good = good && verify_key_signed(key, scheme->method, reading->digest, buffer_text(&content),
                                     (struct text){(const char *)given->bytes, given->size});
    buffer_free(&content);
    return good;
}

static bool check_candidate(const struct verifier *verifier, struct text candidate, struct reading *reading)
{
    struct decoded given;
    bool shared = verifier->scheme->method == METHOD_HMAC || verifier->scheme->method == METHOD_HASH;
    if (!signature_decode(verifier->encoding, candidate, given.bytes, &given.size))
        return false;
    for (size_t i = 0; i < reading->key_count; i++) {
        reading->secret = reading->keys[i].bytes;
        if (shared ? check_hash(verifier, &given, reading)
                   : check_public(verifier, &reading->keys[i], &given, reading))
            return true;
    }
    return false;
}

static bool finds_digest(const struct verifier *verifier, struct reading *reading)
{
    struct text name;
    reading->digest = verifier->digest;
    if (verifier->digest_at.kind == PLACE_NONE)
        return true;
    if (!reading_value(reading, verifier->digest_at, &name))
        return false;
    const struct named_digest *row = verifier->scheme->digests;
    while (row->name != NULL && !text_equal(name, text_of(row->name)))
        row++;
    reading->digest = row->digest;
    return row->name != NULL;
}

static bool meets_requirements(const struct verifier *verifier, struct reading *reading)
{
    struct text value;
    for (size_t i = 0; i < verifier->requirements.count; i++) {
        const struct ready_requirement *requirement = &verifier->requirements.items[i];
        if (!reading_value(reading, requirement->place, &value) || !requirement_is_met(requirement, value))
            return false;
    }
    return true;
}

bool verify_read_signature(const struct verifier *verifier, struct reading *reading, struct candidates *candidates)
{
    struct text value;
    reading->part_count = 0;
    if (verifier->form.numbered) {
        if (!signature_read_numbered(verifier->signature.name, reading, candidates))
            return false;
    } else if (!reading_value(reading, verifier->signature, &value) || value.data == NULL ||
               !signature_read(&verifier->form, text_trim(value), reading, candidates)) {
        return false;
    }
    return verify_is_fresh(verifier, reading) && finds_digest(verifier, reading) &&
           meets_requirements(verifier, reading);
}

/* Where several signatures may stand, one that fits is enough: senders rotate their keys so. */
static bool check_signature(const struct verifier *verifier, struct reading *reading)
{
    struct candidates candidates = {0};
    if (!verify_read_signature(verifier, reading, &candidates) ||
        (verifier->signs_words && is_handshake_word(reading->input->body)))
        return false;
    for (size_t i = 0; i < candidates.count; i++) {
        if (check_candidate(verifier, candidates.items[i], reading))
            return true;
    }
    return false;
}

/* Every item of the array is signed by itself, and there is at least one. */
static bool check_each(const struct verifier *verifier, struct reading *reading)
{
    const struct scheme *scheme = verifier->scheme;
    struct json_view array = json_view_find(reading_json(reading), text_of(scheme->each)), item;
    struct json_walk walk = json_view_walk(array);
    struct text key;
    size_t count = 0;
    if (array.type != JSON_VIEW_ARRAY)
        return false;
    for (; json_walk_next(&walk, &key, &item); count++) {
        reading->json = json_view_find(item, text_of(scheme->item));
        if (!check_signature(verifier, reading))
            return false;
    }
    return count > 0;
}

static bool passes(const struct verifier *verifier, struct reading *reading)
{
    switch (verifier->scheme->method) {
    case METHOD_TOKEN: return check_token(verifier, reading);
    case METHOD_BASIC: return check_basic(verifier, reading);
    case METHOD_API_KEY: return check_api_key(verifier, reading);
    case METHOD_JWT: return jwt_passes(verifier, reading);
    case METHOD_HMAC:
    case METHOD_HASH:
    case METHOD_RSA:
    case METHOD_RSA_PSS:
    case METHOD_ECDSA:
    case METHOD_ED25519:
        return verifier->scheme->each != NULL ? check_each(verifier, reading) : check_signature(verifier, reading);
    case METHOD_NONE:
    case METHOD_CHOSEN:
    case METHOD_PUBLISH: break;
    }
    return false;
}

enum verdict verify_finding_secret(const struct verifier *verifier, const struct verify_input *input,
                                   struct text *secret)
{
    if (!verifier->checks)
        return VERDICT_UNCHECKED;
    if (verifier->broken)
        return VERDICT_FAILED;
    if (verifier->fetches && (input->key == NULL || !verify_key_fits(input->key, verifier->scheme->method)))
        return VERDICT_FAILED;
    struct reading reading = {.input = input, .keys = verifier->fetches ? input->key : verifier->keys,
                              .key_count = verifier->fetches ? 1 : verifier->key_count, .digest = verifier->digest};
    bool passed = passes(verifier, &reading);
    *secret = reading.secret;
    reading_end(&reading);
    return passed ? VERDICT_PASSED : VERDICT_FAILED;
}

enum verdict verify_request(const struct verifier *verifier, const struct verify_input *input)
{
    struct text secret;
    return verify_finding_secret(verifier, input, &secret);
}
