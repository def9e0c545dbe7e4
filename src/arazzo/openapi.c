#include "arazzo/openapi.h"

#include "arazzo/json_pointer.h"

enum { MOST_REFERENCES = 16 };

static const struct {
    const char *member, *method;
} METHODS[] = {
    {"get", "GET"}, {"put", "PUT"}, {"post", "POST"}, {"delete", "DELETE"}, {"options", "OPTIONS"},
    {"head", "HEAD"}, {"patch", "PATCH"}, {"trace", "TRACE"},
};

enum { METHOD_COUNT = sizeof METHODS / sizeof METHODS[0] };

bool openapi_read(struct openapi *openapi, struct text text, struct error *error)
{
    *openapi = (struct openapi){0};
    if (!yaml_tree_read(&openapi->yaml, text, error))
        return false;
    openapi->root = openapi->yaml.root;
    const char *version = json_string_value(json_object_get(openapi->root, "openapi"));
    bool swagger = json_object_get(openapi->root, "swagger") != NULL;
    if (version != NULL && strncmp(version, "3.", 2) == 0)
        return true;
    openapi_free(openapi);
    return error_set(error, ERROR_INVALID, swagger ? "Swagger 2 is not supported, OpenAPI 3 is"
                                                   : "this is no OpenAPI 3 description");
}

void openapi_free(struct openapi *openapi)
{
    yaml_tree_free(&openapi->yaml);
    *openapi = (struct openapi){0};
}

const json_t *openapi_follow(const struct openapi *openapi, const json_t *value)
{
    for (int i = 0; i < MOST_REFERENCES; i++) {
        const char *reference = json_string_value(json_object_get(value, "$ref"));
        if (reference == NULL)
            return value;
        value = reference[0] == '#' ? json_pointer_get(openapi->root, text_of(reference + 1)) : NULL;
    }
    return NULL;
}

/* ---- operations ---- */

bool openapi_find(const struct openapi *openapi, struct text operation_id, struct operation *operation)
{
    const char *path;
    json_t *item;
    json_object_foreach(json_object_get(openapi->root, "paths"), path, item) {
        const json_t *path_item = openapi_follow(openapi, item);
        for (size_t i = 0; i < METHOD_COUNT; i++) {
            const json_t *object = json_object_get(path_item, METHODS[i].member);
            if (object == NULL || !text_equal(json_member_text(object, "operationId"), operation_id))
                continue;
            *operation = (struct operation){openapi, METHODS[i].method, path, path_item, object};
            return true;
        }
    }
    return false;
}

bool openapi_find_at(const struct openapi *openapi, struct text pointer, struct operation *operation)
{
    const char *path;
    json_t *item;
    const json_t *wanted = json_pointer_get(openapi->root, pointer);
    if (!json_is_object(wanted))
        return false;
    json_object_foreach(json_object_get(openapi->root, "paths"), path, item) {
        const json_t *path_item = openapi_follow(openapi, item);
        for (size_t i = 0; i < METHOD_COUNT; i++) {
            if (json_object_get(path_item, METHODS[i].member) == wanted) {
                *operation = (struct operation){openapi, METHODS[i].method, path, path_item, wanted};
                return true;
            }
        }
    }
    return false;
}

static const json_t *find_parameter(const struct openapi *openapi, const json_t *list, const char *name,
                                    const char *in)
{
    json_t *item;
    size_t index;
    json_array_foreach(list, index, item) {
        const json_t *parameter = openapi_follow(openapi, item);
        if (text_equal(json_member_text(parameter, "name"), text_of(name)) &&
            text_equal(json_member_text(parameter, "in"), text_of(in)))
            return parameter;
    }
    return NULL;
}

const json_t *operation_parameter(const struct operation *operation, const char *name, const char *in)
{
    const json_t *own =
        find_parameter(operation->openapi, json_object_get(operation->object, "parameters"), name, in);
    if (own != NULL)
        return own;
    return find_parameter(operation->openapi, json_object_get(operation->path_item, "parameters"), name, in);
}

/* ---- servers ---- */

static const json_t *first_server(const json_t *object)
{
    return json_array_get(json_object_get(object, "servers"), 0);
}

void operation_server(const struct operation *operation, struct buffer *url)
{
    const json_t *const places[] = {operation->object, operation->path_item, operation->openapi->root};
    const json_t *server = NULL;
    for (size_t i = 0; server == NULL && i < sizeof places / sizeof places[0]; i++)
        server = first_server(places[i]);
    struct text rest = json_member_text(server, "url");
    while (rest.size > 0) {
        ptrdiff_t open = text_find_byte(rest, '{'), close = text_find_byte(rest, '}');
        if (open < 0 || close < open) {
            buffer_append_text(url, rest);
            return;
        }
        struct text name = text_slice(rest, (size_t)open + 1, (size_t)(close - open) - 1);
        const json_t *variable = json_object_getn(json_object_get(server, "variables"), name.data, name.size);
        buffer_append_text(url, text_slice(rest, 0, (size_t)open));
        buffer_append_text(url, json_member_text(variable, "default"));
        rest = text_slice(rest, (size_t)close + 1, rest.size);
    }
}

/* ---- bodies ---- */

const char *operation_content_type(const struct operation *operation)
{
    const json_t *body = openapi_follow(operation->openapi, json_object_get(operation->object, "requestBody"));
    const char *type, *first = NULL;
    json_t *media;
    json_object_foreach(json_object_get(body, "content"), type, media) {
        if (text_find(text_of(type), TEXT("json")) >= 0)
            return type;
        first = first ? first : type;
    }
    return first;
}

/* ---- security ---- */

/* The schemes that one requirement names; NULL when one of them is unknown or not usable. */
static json_t *requirement_schemes(const struct operation *operation, const json_t *requirement,
                                   bool (*usable)(const json_t *scheme))
{
    const json_t *declared = json_object_get(json_object_get(operation->openapi->root, "components"), "securitySchemes");
    json_t *schemes = json_array();
    const char *name;
    json_t *scopes;
    json_object_foreach((json_t *)requirement, name, scopes) {
        const json_t *scheme = openapi_follow(operation->openapi, json_object_get(declared, name));
        if (scheme == NULL || !usable(scheme)) {
            json_decref(schemes);
            return NULL;
        }
        json_array_append(schemes, (json_t *)scheme);
    }
    return schemes;
}

json_t *operation_security(const struct operation *operation, bool (*usable)(const json_t *scheme))
{
    const json_t *requirements = json_object_get(operation->object, "security");
    json_t *requirement;
    size_t index;
    if (requirements == NULL)
        requirements = json_object_get(operation->openapi->root, "security");
    json_array_foreach(requirements, index, requirement) {
        json_t *schemes = requirement_schemes(operation, requirement, usable);
        if (schemes != NULL)
            return schemes;
    }
    return NULL;
}
