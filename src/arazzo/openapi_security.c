/* How an operation wants its callers to authenticate themselves. */
#include "arazzo/openapi.h"

/* A scheme of 2.0 in the form of 3.0; a new reference. */
static json_t *translated(const json_t *scheme)
{
    struct text type = json_member_text(scheme, "type"), flow = json_member_text(scheme, "flow");
    if (text_equal(type, TEXT("basic")))
        return json_pack("{s:s, s:s}", "type", "http", "scheme", "basic");
    if (!text_equal(type, TEXT("oauth2")))
        return json_incref((json_t *)scheme);
    return json_pack("{s:s, s:{s:{s:o}}}", "type", "oauth2", "flows",
                     text_equal(flow, TEXT("application")) ? "clientCredentials" : "other", "tokenUrl",
                     json_text(json_member_text(scheme, "tokenUrl")));
}

static const json_t *declared_schemes(const struct openapi *openapi)
{
    return openapi->is_swagger ? json_object_get(openapi->root, "securityDefinitions")
                               : json_object_get(json_object_get(openapi->root, "components"), "securitySchemes");
}

/* What one requirement names; NULL when one of it is unknown or not usable. */
static json_t *requirement_schemes(const struct operation *operation, const json_t *requirement,
                                   bool (*usable)(void *user, const char *name, const json_t *scheme), void *user)
{
    const struct openapi *openapi = operation->openapi;
    json_t *list = json_array(), *scopes;
    const char *name;
    json_object_foreach((json_t *)requirement, name, scopes) {
        const json_t *declared = openapi_follow(openapi, json_object_get(declared_schemes(openapi), name));
        json_t *scheme = declared == NULL       ? NULL
                         : openapi->is_swagger ? translated(declared)
                                                : json_incref((json_t *)declared);
        if (scheme == NULL || !usable(user, name, scheme)) {
            json_decref(scheme);
            json_decref(list);
            return NULL;
        }
        json_array_append_new(list, json_pack("{s:s, s:o, s:O}", "name", name, "scheme", scheme, "scopes", scopes));
    }
    return list;
}

/* An empty requirement allows to come without credentials; it is what is left when no other can be met. */
json_t *operation_security(const struct operation *operation,
                           bool (*usable)(void *user, const char *name, const json_t *scheme), void *user)
{
    const json_t *requirements = json_object_get(operation->object, "security");
    json_t *requirement;
    size_t index;
    if (requirements == NULL)
        requirements = json_object_get(operation->openapi->root, "security");
    json_array_foreach(requirements, index, requirement) {
        json_t *schemes = json_object_size(requirement) > 0 ? requirement_schemes(operation, requirement, usable, user)
                                                            : NULL;
        if (schemes != NULL)
            return schemes;
    }
    return NULL;
}
