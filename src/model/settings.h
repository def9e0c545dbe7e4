/*
 * settings.h - the config objects of sources and destinations and the rules of connections, read into
 * structs that the hot paths can use without touching JSON. Pure.
 *
 * The API validates a config before it is stored (so these functions do not repeat that): a member that is
 * absent or null takes its default; ERROR_INVALID is only for text that is no JSON object or array.
 * All texts are copied into the arena.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/text.h"
#include "model/model.h"
#include "model/policy.h"

enum method_bit {
    METHOD_GET = 1, METHOD_POST = 2, METHOD_PUT = 4, METHOD_PATCH = 8, METHOD_DELETE = 16, METHOD_HEAD = 32,
};
unsigned method_bit_of(struct text method); /* 0: none of these */

/* What is verified is read by verify/verify.h. */
struct source_settings {
    unsigned methods;          /* method_bit */
    struct text response_body; /* custom_response.body; TEXT_NONE: none */
    const char *response_content_type;
};
bool source_settings_read(struct arena *arena, const struct source *source, struct source_settings *settings,
                          struct error *error);

enum destination_auth {
    DESTINATION_AUTH_SIGNATURE, /* HOOKDECK_SIGNATURE, also when none is set */
    DESTINATION_AUTH_CUSTOM_SIGNATURE,
    DESTINATION_AUTH_BASIC,
    DESTINATION_AUTH_API_KEY,
    DESTINATION_AUTH_BEARER,
};

struct destination_settings {
    struct text url;          /* HTTP */
    bool path_forwarding_disabled;
    struct text method;       /* TEXT_NONE: the request's */
    enum destination_auth auth;
    struct text key;          /* header or parameter name */
    struct text secret;       /* signing_secret, api_key, token */
    bool key_in_query;
    struct text username, password;
    struct delivery_policy policy;
};
bool destination_settings_read(struct arena *arena, const struct destination *destination,
                               struct destination_settings *settings, struct error *error);
