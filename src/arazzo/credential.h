/*
 * credential.h - the keys that the user brought, put where the security schemes of an operation want them.
 *
 * apiKey: the key, in its header, query or cookie. http bearer: the key. http basic: "user:password", or a user name
 * alone. oauth2 and openIdConnect: a token as it is; "client_id:client_secret" is exchanged for one where the scheme
 * has the client credentials flow, once for the scopes that are asked for, until it expires.
 *
 * What came from the environment goes only to servers that the user named, and for a token only to a token URL of such
 * a server.
 */
#pragma once

#include <stdbool.h>

#include "arazzo/mask.h"
#include "arazzo/request_parts.h"

/* One for a security scheme by its name. */
struct credential {
    const char *scheme, *value;
};

struct credentials {
    const char *key;         /* of every scheme that has none of its own; NULL: none */
    bool only_named_servers; /* the key: not sent to servers that the user did not name */
    const struct credential *named;
    size_t named_count;
    /*
     * Looks a scheme up where named ones are not given, for instance "FAIRLEAD_CREDENTIAL_" and the name in the
     * environment; NULL: nowhere. What it gives counts as from the environment.
     */
    const char *(*find)(const char *scheme);
};

/* The credentials of a run, with the tokens that were got. */
struct credential_store;

/* Both are borrowed; tokens are added to the mask (NULL: none). */
struct credential_store *credential_store_create(const struct credentials *given, struct http_client *client,
                                                 struct mask *mask);
/* Adds to the request what its operation asks for. False with an error when a token cannot be had. */
bool credential_store_apply(struct credential_store *store, struct request_parts *parts);
void credential_store_free(struct credential_store *store); /* NULL is fine */
