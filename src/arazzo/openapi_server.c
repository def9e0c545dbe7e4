/* Where an operation is served: "servers" of 3.0, "host" and its companions of 2.0. */
#include "arazzo/openapi.h"

static const json_t *first_server(const json_t *object)
{
    return json_array_get(json_object_get(object, "servers"), 0);
}

/* https where the description leaves the choice. */
static const char *swagger_scheme(const struct operation *operation)
{
    const json_t *list = json_object_get(operation->object, "schemes");
    const char *chosen = NULL;
    json_t *item;
    size_t index;
    if (list == NULL)
        list = json_object_get(operation->openapi->root, "schemes");
    json_array_foreach(list, index, item) {
        const char *scheme = json_string_value(item);
        bool known = scheme != NULL && (strcmp(scheme, "http") == 0 || strcmp(scheme, "https") == 0);
        if (known && (chosen == NULL || strcmp(scheme, "https") == 0))
            chosen = scheme;
    }
    return chosen ? chosen : "https";
}

static void swagger_server(const struct operation *operation, struct buffer *url)
{
    struct text host = json_member_text(operation->openapi->root, "host");
    struct text path = json_member_text(operation->openapi->root, "basePath");
    if (host.size > 0)
        buffer_printf(url, "%s://%.*s", swagger_scheme(operation), TEXT_ARGS(host));
    buffer_append_text(url, path);
}

void operation_server(const struct operation *operation, struct buffer *url)
{
    if (operation->openapi->is_swagger) {
        swagger_server(operation, url);
        return;
    }
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
