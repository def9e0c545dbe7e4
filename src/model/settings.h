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
#include "base/json.h"
#include "base/text.h"
#include "http/client_settings.h"
#include "model/model.h"
#include "model/policy.h"

enum method_bit {
    METHOD_GET = 1, METHOD_POST = 2, METHOD_PUT = 4, METHOD_PATCH = 8, METHOD_DELETE = 16, METHOD_HEAD = 32,
};
unsigned method_bit_of(struct text method); /* 0: none of these */

/* The members of a config that are secrets: sealed in the store, and shown only when they are asked for. NULL ends them. */
extern const char *const SECRET_MEMBERS[];
/* Is one of them neither an object nor null? Then the store could not open it, and nothing may be done as if it were not set. */
bool config_is_unreadable(const json_t *config);

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
    DESTINATION_AUTH_OAUTH2_CLIENT, /* a token from an authorization server, by the client's credentials */
    DESTINATION_AUTH_OAUTH2_CODE,   /* the same, by a refresh token */
    DESTINATION_AUTH_GCP,           /* the same, by an assertion that a service account signs */
    DESTINATION_AUTH_AWS,
    DESTINATION_AUTH_STANDARD_WEBHOOKS,
};

/* How a client tells an authorization server who it is. */
enum client_authentication { CLIENT_BASIC, CLIENT_BEARER, CLIENT_FORM };

/* Where a token comes from: OAuth2 and GCP. */
struct token_settings {
    struct text server;        /* auth_server; of a service account: token_uri */
    struct text client_id;     /* of a service account: client_email */
    struct text client_secret; /* of a service account: private_key, in PEM */
    struct text key_id;        /* of a service account: private_key_id, TEXT_NONE without */
    struct text scope;         /* TEXT_NONE: none is asked for */
    struct text refresh_token; /* as it was saved; what the server gave since is kept apart */
    enum client_authentication authentication;
};

/* In PEM; TEXT_NONE: none. */
struct tls_settings {
    struct text ca; /* the only authorities that are trusted */
    struct text client_certificate, client_key;
};

/* How it is called, where that differs from the gateway's settings. */
struct transport_settings {
    enum http_version version; /* HTTP_VERSION_ANY: the gateway's */
    int64_t timeout_ms;        /* of a whole delivery; 0: limits.delivery_timeout_ms */
    bool without_proxy;
};

struct destination_settings {
    bool unreadable;          /* what auth or tls hold could not be opened: nothing can be sent */
    struct text url;          /* HTTP */
    bool path_forwarding_disabled;
    struct text method;       /* TEXT_NONE: the request's */
    enum destination_auth auth;
    struct text key;          /* header or parameter name; AWS: access_key_id */
    struct text secret;       /* signing_secret, api_key, token, secret_access_key, secret */
    bool key_in_query;
    struct text username, password;
    struct text region, service; /* AWS */
    struct token_settings token;
    struct tls_settings tls;
    struct transport_settings transport;
    struct delivery_policy policy;
};
bool destination_settings_read(struct arena *arena, const struct destination *destination,
                               struct destination_settings *settings, struct error *error);
