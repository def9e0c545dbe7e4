#include "arazzo/openapi.h"

#include "arazzo/json_pointer.h"
#include "arazzo/openapi_files.h"
#include "base/encoding.h"

enum { MOST_REFERENCES = 16 };

static const struct {
    const char *member, *method;
} METHODS[] = {
    {"get", "GET"}, {"put", "PUT"}, {"post", "POST"}, {"delete", "DELETE"}, {"options", "OPTIONS"},
    {"head", "HEAD"}, {"patch", "PATCH"}, {"trace", "TRACE"},
};

enum { METHOD_COUNT = sizeof METHODS / sizeof METHODS[0] };

/* Each operation once, by its id, so that finding them takes no search. */
static void index_operations(struct openapi *openapi)
{
    const char *path;
    json_t *item;
    json_object_foreach(json_object_get(openapi->root, "paths"), path, item) {
        const json_t *path_item = openapi_follow(openapi, item);
        for (size_t i = 0; i < METHOD_COUNT; i++) {
            const json_t *object = json_object_get(path_item, METHODS[i].member);
            struct text id = json_member_text(object, "operationId");
            if (id.size == 0 || hash_map_get_text(&openapi->operations, id) != NULL)
                continue;
            struct operation *operation = ARENA_NEW(&openapi->arena, struct operation);
            *operation = (struct operation){openapi, METHODS[i].method, path, path_item, object};
            hash_map_put_text(&openapi->operations, id, operation);
        }
    }
}

static bool is_known_version(struct openapi *openapi)
{
    const char *version = json_string_value(json_object_get(openapi->root, "openapi"));
    const char *swagger = json_string_value(json_object_get(openapi->root, "swagger"));
    openapi->is_swagger = version == NULL && swagger != NULL && strcmp(swagger, "2.0") == 0;
    return openapi->is_swagger || (version != NULL && strncmp(version, "3.", 2) == 0);
}

bool openapi_read(struct openapi *openapi, struct text text, const char *location, struct http_client *client,
                  struct buffer *warnings, struct error *error)
{
    *openapi = (struct openapi){0};
    if (!yaml_tree_read(&openapi->yaml, text, error))
        return false;
    openapi->root = openapi->yaml.root;
    if (!is_known_version(openapi)) {
        openapi_free(openapi);
        return error_set(error, ERROR_INVALID, "this is no OpenAPI description (\"openapi: 3\" or \"swagger: '2.0'\")");
    }
    if (location != NULL)
        openapi_files_load(openapi, location, client, warnings);
    index_operations(openapi);
    return true;
}

void openapi_free(struct openapi *openapi)
{
    yaml_tree_free(&openapi->yaml);
    hash_map_free(&openapi->operations);
    arena_free(&openapi->arena);
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
    const struct operation *found = hash_map_get_text(&openapi->operations, operation_id);
    if (found != NULL)
        *operation = *found;
    return found != NULL;
}

/* "PATH/METHOD", behind "/paths/". */
static bool find_in_paths(const struct openapi *openapi, struct text rest, struct operation *operation)
{
    struct buffer name = {0};
    json_t *paths = json_object_get(openapi->root, "paths");
    ptrdiff_t slash = text_find_byte(rest, '/');
    struct text member = text_slice(rest, slash < 0 ? rest.size : (size_t)slash + 1, rest.size);
    json_pointer_unescape(&name, slash < 0 ? rest : text_slice(rest, 0, (size_t)slash));
    void *entry = json_object_iter_at(paths, buffer_string(&name));
    buffer_free(&name);
    const json_t *path_item = entry ? openapi_follow(openapi, json_object_iter_value(entry)) : NULL;
    for (size_t i = 0; i < METHOD_COUNT; i++) {
        const json_t *object = json_object_get(path_item, METHODS[i].member);
        if (!text_equal(member, text_of(METHODS[i].member)) || !json_is_object(object))
            continue;
        *operation = (struct operation){openapi, METHODS[i].method, json_object_iter_key(entry), path_item, object};
        return true;
    }
    return false;
}

/* In a URI a pointer may be percent-encoded (RFC 6901, section 6); as it is written goes first. */
bool openapi_find_at(const struct openapi *openapi, struct text pointer, struct operation *operation)
{
    static const struct text prefix = {"/paths/", 7};
    struct buffer decoded = {0};
    if (!text_starts_with(pointer, prefix))
        return false;
    bool found = find_in_paths(openapi, text_slice(pointer, prefix.size, pointer.size), operation);
    if (!found) {
        percent_decode(&decoded, pointer, false);
        found = find_in_paths(openapi, text_slice(buffer_text(&decoded), prefix.size, decoded.size), operation);
        buffer_free(&decoded);
    }
    return found;
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
