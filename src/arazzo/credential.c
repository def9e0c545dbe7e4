#include "arazzo/credential.h"

#include <stdlib.h>

#include "arazzo/location.h"
#include "arazzo/token_cache.h"
#include "base/encoding.h"
#include "base/memory.h"

struct credential_store {
    const struct credentials *given;
    struct http_client *client;
    struct mask *mask;
    struct token_cache tokens;
};

/* A credential that may be sent to the server of the request; value NULL: there is none. */
struct choice {
    const char *value;
    bool from_environment;
};

struct credential_store *credential_store_create(const struct credentials *given, struct http_client *client,
                                                 struct mask *mask)
{
    struct credential_store *store = NEW(struct credential_store);
    *store = (struct credential_store){.given = given, .client = client, .mask = mask};
    return store;
}

void credential_store_free(struct credential_store *store)
{
    if (store == NULL)
        return;
    token_cache_free(&store->tokens);
    free(store);
}

/* ---- which one ---- */

static struct choice choose(const struct credential_store *store, const struct request_parts *parts, const char *scheme)
{
    const struct credentials *given = store->given;
    bool is_named_server = parts->source->server != NULL;
    for (size_t i = 0; i < given->named_count; i++) {
        if (strcmp(given->named[i].scheme, scheme) == 0)
            return (struct choice){given->named[i].value, false};
    }
    const char *found = given->find && is_named_server ? given->find(scheme) : NULL;
    if (found != NULL)
        return (struct choice){found, true};
    bool may_be_sent = given->key != NULL && (!given->only_named_servers || is_named_server);
    return (struct choice){may_be_sent ? given->key : NULL, given->only_named_servers};
}

static bool is_of_type(const json_t *scheme, const char *type)
{
    return text_equal(json_member_text(scheme, "type"), text_of(type));
}

struct usable {
    const struct credential_store *store;
    const struct request_parts *parts;
};

static bool is_usable(void *user, const char *name, const json_t *scheme)
{
    const struct usable *usable = user;
    struct text kind = json_member_text(scheme, "scheme");
    bool known = is_of_type(scheme, "apiKey") || is_of_type(scheme, "oauth2") || is_of_type(scheme, "openIdConnect") ||
                 (is_of_type(scheme, "http") && (text_equal_ignoring_case(kind, TEXT("bearer")) ||
                                                 text_equal_ignoring_case(kind, TEXT("basic"))));
    return known && choose(usable->store, usable->parts, name).value != NULL;
}

/* ---- putting it there ---- */

static bool add_api_key(struct request_parts *parts, const json_t *scheme, const char *key)
{
    struct text in = json_member_text(scheme, "in");
    char *name = arena_copy_string(&parts->exchange->arena, json_member_text(scheme, "name"));
    json_t *value = json_text(text_of(key));
    bool good = true;
    if (text_equal(in, TEXT("header")))
        good = request_add_header_value(parts, name, NULL, value);
    else if (text_equal(in, TEXT("query")))
        request_add_query(parts, name, NULL, value);
    else
        request_add_cookie(parts, name, NULL, value);
    json_decref(value);
    return good;
}

static bool add_bearer(struct request_parts *parts, const char *token)
{
    struct buffer value = {0};
    buffer_printf(&value, "Bearer %s", token);
    bool good = request_add_header(parts, TEXT("Authorization"), buffer_text(&value));
    buffer_free(&value);
    return good;
}

/* A key without a colon is the user name, as gateways of this kind have it. */
static bool add_basic(struct request_parts *parts, const char *key)
{
    struct buffer value = {0}, pair = {0};
    buffer_printf(&pair, "%s%s", key, strchr(key, ':') != NULL ? "" : ":");
    buffer_append_string(&value, "Basic ");
    base64_encode(&value, buffer_text(&pair));
    bool good = request_add_header(parts, TEXT("Authorization"), buffer_text(&value));
    buffer_free(&value);
    buffer_free(&pair);
    return good;
}

/* ---- OAuth 2 ---- */

static char *join_scopes(struct arena *arena, const json_t *scopes)
{
    struct buffer joined = {0};
    json_t *scope;
    size_t index;
    json_array_foreach(scopes, index, scope) {
        if (json_is_string(scope))
            buffer_printf(&joined, "%s%s", joined.size > 0 ? " " : "", json_string_value(scope));
    }
    char *text = arena_copy_string(arena, buffer_text(&joined));
    buffer_free(&joined);
    return text;
}

/* Relative ones start from the server of the request. */
static bool find_token_url(struct request_parts *parts, const json_t *scheme, const struct choice *choice,
                           const char **url)
{
    struct arena *arena = &parts->exchange->arena;
    struct buffer server = {0};
    json_t *flow = json_object_get(json_object_get(scheme, "flows"), "clientCredentials");
    const char *said = json_string_value(json_object_get(flow, "tokenUrl"));
    *url = NULL;
    if (said == NULL)
        return true;
    if (!source_base_url(parts->source, parts->operation, &server, parts->error)) {
        buffer_free(&server);
        return false;
    }
    struct text origin = location_origin(buffer_text(&server));
    *url = location_resolve(arena, arena_printf(arena, "%.*s/", TEXT_ARGS(origin)), said);
    bool good = !choice->from_environment || text_equal(location_origin(text_of(*url)), origin) ||
                error_set(parts->error, ERROR_UNAUTHORIZED,
                          "the token URL %s is of another server: give the credential by a flag to have it sent there",
                          *url);
    buffer_free(&server);
    return good;
}

static bool add_oauth(struct credential_store *store, struct request_parts *parts, const json_t *scheme,
                      const json_t *scopes, const struct choice *choice)
{
    struct text pair = text_of(choice->value);
    ptrdiff_t colon = text_find_byte(pair, ':');
    const char *url = NULL;
    if (colon > 0 && !find_token_url(parts, scheme, choice, &url))
        return false;
    if (url == NULL)
        return add_bearer(parts, choice->value);
    if (parts->scope->rehearsal)
        return add_bearer(parts, "***");
    struct text id = text_slice(pair, 0, (size_t)colon), secret = text_slice(pair, (size_t)colon + 1, pair.size);
    const char *token = token_cache_get(&store->tokens, store->client, url, id, secret,
                                        join_scopes(&parts->exchange->arena, scopes), parts->error);
    if (token != NULL && store->mask != NULL)
        mask_add(store->mask, text_of(token));
    return token != NULL && add_bearer(parts, token);
}

/* ---- the whole ---- */

static bool apply_one(struct credential_store *store, struct request_parts *parts, const json_t *entry)
{
    const json_t *scheme = json_object_get(entry, "scheme");
    struct choice choice = choose(store, parts, json_string_value(json_object_get(entry, "name")));
    if (is_of_type(scheme, "apiKey"))
        return add_api_key(parts, scheme, choice.value);
    if (!is_of_type(scheme, "http"))
        return add_oauth(store, parts, scheme, json_object_get(entry, "scopes"), &choice);
    return text_equal_ignoring_case(json_member_text(scheme, "scheme"), TEXT("bearer"))
               ? add_bearer(parts, choice.value) : add_basic(parts, choice.value);
}

bool credential_store_apply(struct credential_store *store, struct request_parts *parts)
{
    struct usable usable = {store, parts};
    json_t *schemes = operation_security(parts->operation, is_usable, &usable), *entry;
    size_t index;
    bool good = true;
    json_array_foreach(schemes, index, entry)
        good = good && apply_one(store, parts, entry);
    json_decref(schemes);
    return good;
}
