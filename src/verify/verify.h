/*
 * verify.h - did the one who knows the secret send this? Pure: no I/O, no clock.
 *
 * What is built: generic HMAC (md5, sha1, sha256, sha512 over the raw body; base64, base64url, hex; an
 * "algorithm=" prefix in the header is skipped), Basic (RFC 7617) and an API key in a header or query parameter.
 * Comparisons take constant time in the secret. A doubled header fails.
 */
#pragma once

#include <stdbool.h>

#include "base/text.h"
#include "http/message.h"
#include "model/settings.h"

enum verdict {
    VERDICT_UNCHECKED, /* the source has no authentication */
    VERDICT_PASSED,
    VERDICT_FAILED,
};

struct verify_input {
    const struct http_headers *headers;
    struct text query; /* as sent */
    struct text body;
};

enum verdict verify_request(const struct source_settings *settings, const struct verify_input *input);

/* The value of a query parameter as sent, still percent-encoded; TEXT_NONE when absent. */
struct text verify_query_parameter(struct text query, struct text name);
