#include "verify/verify.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "base/buffer.h"
#include "base/encoding.h"

enum { LONGEST_HEADER = 1024 }; /* a signature or credential beyond this is none of ours */

/* The header's value when it is there exactly once. */
static struct text single_header(const struct http_headers *headers, struct text name)
{
    struct text found = TEXT_NONE;
    for (size_t i = 0; i < headers->count; i++) {
        if (!text_equal_ignoring_case(headers->items[i].name, name))
            continue;
        if (found.data != NULL)
            return TEXT_NONE;
        found = headers->items[i].value;
    }
    return found.size <= LONGEST_HEADER ? found : TEXT_NONE;
}

static const EVP_MD *digest_of(enum hmac_algorithm algorithm)
{
    switch (algorithm) {
    case HMAC_MD5:
        return EVP_md5();
    case HMAC_SHA1:
        return EVP_sha1();
    case HMAC_SHA512:
        return EVP_sha512();
    case HMAC_SHA256:
        break;
    }
    return EVP_sha256();
}

/* "sha256=..." and the like: providers put the algorithm in front. */
static struct text without_prefix(struct text signature)
{
    static const char *const prefixes[] = {"md5=", "sha1=", "sha256=", "sha512="};
    for (size_t i = 0; i < sizeof prefixes / sizeof prefixes[0]; i++) {
        if (text_starts_with(signature, text_of(prefixes[i])))
            return text_slice(signature, strlen(prefixes[i]), signature.size);
    }
    return signature;
}

static bool check_hmac(const struct source_settings *settings, const struct verify_input *input)
{
    unsigned char mac[EVP_MAX_MD_SIZE];
    unsigned size = 0;
    struct text given = without_prefix(text_trim(single_header(input->headers, settings->header_key)));
    if (given.size == 0 || settings->secret.size == 0)
        return false;
    if (HMAC(digest_of(settings->algorithm), settings->secret.data, (int)settings->secret.size,
             (const unsigned char *)input->body.data, input->body.size, mac, &size) == NULL)
        return false;
    struct buffer decoded = {0};
    bool well_formed = settings->encoding == ENCODING_HEX ? hex_decode(&decoded, given)
                                                          : base64_decode(&decoded, given);
    bool equal = well_formed &&
                 text_equal_constant_time(buffer_text(&decoded), (struct text){(const char *)mac, size});
    buffer_free(&decoded);
    return equal;
}

static bool check_basic(const struct source_settings *settings, const struct verify_input *input)
{
    struct text header = single_header(input->headers, TEXT("authorization"));
    if (header.size < 6 || !text_equal_ignoring_case(text_slice(header, 0, 6), TEXT("basic ")))
        return false;
    struct buffer given = {0}, wanted = {0};
    bool well_formed = base64_decode(&given, text_trim(text_slice(header, 6, header.size)));
    buffer_append_text(&wanted, settings->username);
    buffer_append_byte(&wanted, ':');
    buffer_append_text(&wanted, settings->password);
    bool equal = well_formed && text_equal_constant_time(buffer_text(&given), buffer_text(&wanted));
    buffer_free(&given);
    buffer_free(&wanted);
    return equal;
}

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

static bool check_api_key(const struct source_settings *settings, const struct verify_input *input)
{
    if (settings->secret.size == 0)
        return false;
    struct text header = single_header(input->headers, settings->header_key);
    if (header.data != NULL)
        return text_equal_constant_time(header, settings->secret);
    struct buffer decoded = {0};
    percent_decode(&decoded, verify_query_parameter(input->query, settings->header_key), true);
    bool equal = text_equal_constant_time(buffer_text(&decoded), settings->secret);
    buffer_free(&decoded);
    return equal;
}

enum verdict verify_request(const struct source_settings *settings, const struct verify_input *input)
{
    bool passed = false;
    switch (settings->auth) {
    case SOURCE_AUTH_NONE:
        return VERDICT_UNCHECKED;
    case SOURCE_AUTH_UNREADABLE:
        return VERDICT_FAILED;
    case SOURCE_AUTH_HMAC:
        passed = check_hmac(settings, input);
        break;
    case SOURCE_AUTH_BASIC:
        passed = check_basic(settings, input);
        break;
    case SOURCE_AUTH_API_KEY:
        passed = check_api_key(settings, input);
        break;
    }
    return passed ? VERDICT_PASSED : VERDICT_FAILED;
}
