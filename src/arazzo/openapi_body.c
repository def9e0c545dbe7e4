/* What the request body of an operation looks like: in 3.0 its "content", in 2.0 "consumes" and its parameters. */
#include "arazzo/openapi.h"

static const json_t *content_of(const struct operation *operation)
{
    return json_object_get(openapi_follow(operation->openapi, json_object_get(operation->object, "requestBody")),
                           "content");
}

/* JSON before others, else the first. */
static const char *better(const char *chosen, const char *type)
{
    bool is_json = text_find(text_of(type), TEXT("json")) >= 0;
    return chosen == NULL || (is_json && text_find(text_of(chosen), TEXT("json")) < 0) ? type : chosen;
}

static const json_t *form_parameter(const struct operation *operation, const char *name)
{
    return operation_parameter(operation, name, "formData");
}

static bool has_form(const struct operation *operation, bool *has_file)
{
    json_t *item;
    size_t index;
    bool found = false;
    json_array_foreach(json_object_get(operation->object, "parameters"), index, item) {
        const json_t *parameter = openapi_follow(operation->openapi, item);
        bool in_form = text_equal(json_member_text(parameter, "in"), TEXT("formData"));
        found = found || in_form;
        *has_file = *has_file || (in_form && text_equal(json_member_text(parameter, "type"), TEXT("file")));
    }
    return found;
}

static const char *swagger_content_type(const struct operation *operation)
{
    const json_t *list = json_object_get(operation->object, "consumes");
    const char *chosen = NULL;
    bool has_file = false;
    json_t *item;
    size_t index;
    if (list == NULL)
        list = json_object_get(operation->openapi->root, "consumes");
    json_array_foreach(list, index, item) {
        if (json_is_string(item))
            chosen = better(chosen, json_string_value(item));
    }
    if (chosen == NULL && has_form(operation, &has_file))
        chosen = has_file ? "multipart/form-data" : "application/x-www-form-urlencoded";
    return chosen;
}

const char *operation_content_type(const struct operation *operation)
{
    const char *type, *chosen = NULL;
    json_t *media;
    if (operation->openapi->is_swagger)
        return swagger_content_type(operation);
    json_object_foreach((json_t *)content_of(operation), type, media)
        chosen = better(chosen, type);
    return chosen;
}

static const json_t *media_of(const struct operation *operation, const char *type)
{
    const json_t *content = content_of(operation), *media = json_object_get(content, type);
    struct text wanted = text_of(type);
    ptrdiff_t semicolon = text_find_byte(wanted, ';');
    if (media == NULL && semicolon > 0)
        media = json_object_getn(content, wanted.data, (size_t)semicolon);
    return media;
}

const json_t *operation_body_encoding(const struct operation *operation, const char *type, const char *property)
{
    if (operation->openapi->is_swagger)
        return form_parameter(operation, property);
    return json_object_get(json_object_get(media_of(operation, type), "encoding"), property);
}

const json_t *operation_body_property(const struct operation *operation, const char *type, const char *property)
{
    const struct openapi *openapi = operation->openapi;
    if (openapi->is_swagger)
        return form_parameter(operation, property);
    const json_t *schema = openapi_follow(openapi, json_object_get(media_of(operation, type), "schema"));
    return openapi_follow(openapi, json_object_get(json_object_get(schema, "properties"), property));
}
