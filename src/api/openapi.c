/* The OpenAPI description, made from the contract. */
#include "api/api.h"

#include <stdio.h>

#include "api/contract_rows.h"
#include "base/json.h"
#include "base/limits.h"

static json_t *names_json(const char *const *names)
{
    json_t *array = json_array();
    for (; *names != NULL; names++)
        json_array_append_new(array, json_string(*names));
    return array;
}

static json_t *fields_json(const struct field_row *fields);

/* The tables nest a few levels only, so the recursion is bounded by them. */
static json_t *field_json(const struct field_row *row)
{
    static const struct {
        unsigned type;
        const char *name;
    } types[] = {
        {VALUE_TEXT, "string"}, {VALUE_INTEGER, "integer"}, {VALUE_BOOLEAN, "boolean"}, {VALUE_NUMBER, "number"},
        {VALUE_OBJECT, "object"}, {VALUE_ARRAY, "array"},
    };
    json_t *schema = row->fields != NULL ? fields_json(row->fields) : json_object();
    json_t *forms = json_array();
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
        if (row->types & types[i].type)
            json_array_append_new(forms, json_pack("{s:s}", "type", types[i].name));
    }
    if (row->types & VALUE_NULL)
        json_object_set_new(json_array_get(forms, 0), "nullable", json_true());
    if (json_array_size(forms) == 1)
        json_object_update(schema, json_array_get(forms, 0));
    else if (json_array_size(forms) > 1 && row->types != VALUE_ANY)
        json_object_set(schema, "anyOf", forms);
    json_decref(forms);
    if (row->is_moment)
        json_object_set_new(schema, "format", json_string("date-time"));
    if (row->types & VALUE_TEXT && row->most > 0)
        json_object_set_new(schema, "maxLength", json_integer(row->most));
    if (row->types & VALUE_TEXT && row->least > 0)
        json_object_set_new(schema, "minLength", json_integer(row->least));
    if (row->types & VALUE_INTEGER && row->most > 0) {
        json_object_set_new(schema, "minimum", json_integer(row->least));
        json_object_set_new(schema, "maximum", json_integer(row->most));
    }
    if (row->is_name)
        json_object_set_new(schema, "pattern", json_string("^[A-z0-9-]+$"));
    if (row->names != NULL) {
        json_t *names = names_json(row->names);
        if (row->types & VALUE_NULL)
            json_array_append_new(names, json_null());
        json_object_set_new(schema, "enum", names);
    }
    if (row->types & VALUE_ARRAY)
        json_object_set_new(schema, "items", row->item != NULL ? field_json(row->item) : json_object());
    return schema;
}

static json_t *fields_json(const struct field_row *fields)
{
    json_t *properties = json_object(), *required = json_array();
    for (const struct field_row *row = fields; row->name != NULL; row++) {
        if (row->older)
            continue;
        json_object_set_new(properties, row->name, field_json(row));
        if (row->required)
            json_array_append_new(required, json_string(row->name));
    }
    json_t *schema = json_pack("{s:s, s:o}", "type", "object", "properties", properties);
    if (json_array_size(required) > 0)
        json_object_set(schema, "required", required);
    json_decref(required);
    return schema;
}

static void add_range(json_t *schema, const struct parameter_row *row)
{
    bool integer = row->kind == PARAMETER_INTEGER;
    if (row->most <= 0 || (!integer && row->kind != PARAMETER_NAME && row->kind != PARAMETER_TEXT &&
                           row->kind != PARAMETER_SEARCH))
        return;
    if (row->least > 0 || integer)
        json_object_set_new(schema, integer ? "minimum" : "minLength", json_integer(row->least));
    if (row->most < INT64_MAX)
        json_object_set_new(schema, integer ? "maximum" : "maxLength", json_integer(row->most));
}

static json_t *parameter_schema(const struct parameter_row *row)
{
    json_t *schema = json_pack("{s:s}", "type", "string");
    const char *type = NULL;
    switch (row->kind) {
    case PARAMETER_BOOLEAN:
    case PARAMETER_DISABLED: type = "boolean"; break;
    case PARAMETER_INTEGER: type = "integer"; break;
    case PARAMETER_LIMIT:
        type = "integer";
        json_object_set_new(schema, "minimum", json_integer(0));
        json_object_set_new(schema, "maximum", json_integer(limits.list_limit));
        json_object_set_new(schema, "default", json_integer(row->least));
        break;
    case PARAMETER_DATE: json_object_set_new(schema, "format", json_string("date-time")); break;
    case PARAMETER_ENUM: json_object_set_new(schema, "enum", names_json(row->names)); break;
    case PARAMETER_DIRECTION: json_object_set_new(schema, "enum", json_pack("[s, s]", "asc", "desc")); break;
    case PARAMETER_INCLUDE_DATA: json_object_set_new(schema, "enum", json_pack("[s]", "data")); break;
    case PARAMETER_INCLUDE_AUTH: json_object_set_new(schema, "enum", json_pack("[s]", "config.auth")); break;
    case PARAMETER_ORDER: {
        json_t *names = json_array();
        for (const struct order_row *order = row->orders; order->name != NULL; order++)
            json_array_append_new(names, json_string(order->name));
        json_object_set_new(schema, "enum", names);
        break;
    }
    default: break;
    }
    if (type != NULL)
        json_object_set_new(schema, "type", json_string(type));
    add_range(schema, row);
    return schema;
}

/* Filters take several values, and some take operators, as an object in the deep form. */
static json_t *filter_schema(const struct parameter_row *row)
{
    json_t *one = parameter_schema(row);
    bool several = row->kind == PARAMETER_ID || row->kind == PARAMETER_IGNORED_ID || row->kind == PARAMETER_NAME ||
                   row->kind == PARAMETER_ENUM || row->kind == PARAMETER_INTEGER || row->kind == PARAMETER_UNUSED ||
                   row->kind == PARAMETER_TEXT || row->kind == PARAMETER_ORDER || row->kind == PARAMETER_DIRECTION ||
                   row->kind == PARAMETER_DATE;
    if (!several && !row->operators)
        return one;
    json_t *forms = json_pack("[O]", one);
    if (row->operators)
        json_array_append_new(forms, json_pack("{s:s}", "type", "object"));
    if (several)
        json_array_append_new(forms, json_pack("{s:s, s:O}", "type", "array", "items", one));
    json_decref(one);
    return json_pack("{s:o}", "anyOf", forms);
}

static json_t *parameters_json(const struct operation *operation)
{
    json_t *list = json_array();
    struct text path = text_of(operation->path), part;
    while (text_split(&path, '/', &part)) {
        if (text_starts_with(part, TEXT("{")))
            json_array_append_new(list, json_pack("{s:s, s:o, s:b, s:{s:s}}", "in", "path", "name",
                                                  json_text(text_slice(part, 1, part.size - 2)), "required", 1,
                                                  "schema", "type", "string"));
    }
    for (const struct parameter_row *row = operation->parameters; row != NULL && row->name != NULL; row++) {
        bool form = row->kind == PARAMETER_FORM;
        json_t *parameter = json_pack("{s:s, s:s, s:b, s:o}", "in", "query", "name", row->name, "required",
                                      form && row->fields->required, "schema",
                                      form ? field_json(row->fields) : filter_schema(row));
        if (form && row->fields->types & VALUE_OBJECT)
            json_object_set_new(parameter, "style", json_string("deepObject"));
        json_array_append_new(list, parameter);
    }
    return list;
}

static json_t *response_json(const char *description, const char *schema)
{
    struct buffer reference = {0};
    buffer_printf(&reference, "#/components/schemas/%s", schema);
    json_t *response = json_pack("{s:s, s:{s:{s:{s:s}}}}", "description", description, "content",
                                 "application/json", "schema", "$ref", buffer_string(&reference));
    buffer_free(&reference);
    return response;
}

static json_t *operation_json(const struct operation *operation)
{
    static const struct {
        const char *status, *description;
    } refusals[] = {
        {"400", "the body is no JSON"}, {"401", "no valid API key"}, {"403", "not with this key"},
        {"404", "no such thing"}, {"409", "a name is taken"}, {"410", "it was deleted"},
        {"422", "the input does not fit"}, {"429", "more calls than the key may make"},
    };
    json_t *responses = json_pack("{s:o}", "200", response_json("done", operation->reply));
    for (size_t i = 0; i < sizeof refusals / sizeof refusals[0]; i++)
        json_object_set_new(responses, refusals[i].status,
                            response_json(refusals[i].description, "APIErrorResponse"));
    json_t *object = json_pack("{s:s, s:s, s:o, s:o}", "operationId", operation->id, "summary",
                               operation->summary, "parameters", parameters_json(operation), "responses", responses);
    if (operation_is_open(operation))
        json_object_set_new(object, "security", json_array());
    if (operation->body != NULL)
        json_object_set_new(object, "requestBody",
                            json_pack("{s:b, s:{s:{s:o}}}", "required", operation->body[0].required, "content",
                                      "application/json", "schema", fields_json(operation->body)));
    return object;
}

/* ---- replies ---- */

static const struct field_row *find_shape(struct text name)
{
    for (const struct operation_table *const *table = operation_tables; *table != NULL; table++) {
        for (const struct shape *shape = (*table)->shapes; shape != NULL && shape->name != NULL; shape++) {
            if (text_equal(name, text_of(shape->name)))
                return shape->fields;
        }
    }
    return NULL;
}

static json_t *page_json(struct text model)
{
    struct buffer reference = {0};
    buffer_printf(&reference, "#/components/schemas/%.*s", TEXT_ARGS(model));
    json_t *one_or_more = json_pack("{s:[{s:s}, {s:s, s:{s:s}}]}", "anyOf", "type", "string", "type", "array", "items",
                                    "type", "string");
    json_t *pagination = json_pack(
        "{s:s, s:[s, s, s], s:{s:O, s:o, s:{s:s}, s:{s:s}, s:{s:s}, s:{s:s}}}", "type", "object", "required", "order_by",
        "dir", "limit", "properties", "order_by", one_or_more, "dir", one_or_more, "limit", "type", "integer", "next",
        "type", "string", "prev", "type", "string", "partial", "type", "boolean");
    json_t *schema = json_pack("{s:s, s:[s, s, s], s:{s:o, s:{s:s}, s:{s:s, s:{s:s}}}}", "type", "object", "required",
                               "pagination", "count", "models", "properties", "pagination", pagination, "count", "type",
                               "integer", "models", "type", "array", "items", "$ref", buffer_string(&reference));
    buffer_free(&reference);
    return schema;
}

/* Each may carry further members. */
static void add_schema(json_t *schemas, const char *name)
{
    static const struct text suffix = TEXT("PaginatedResult");
    struct text text = text_of(name), model = text;
    if (json_member(schemas, name) != NULL)
        return;
    const struct field_row *fields = find_shape(text);
    bool page = fields == NULL && text_ends_with(text, suffix);
    bool array = fields != NULL && fields[0].name != NULL && fields[0].name[0] == 0;
    json_t *schema = page             ? NULL
                     : array          ? field_json(&fields[0])
                     : fields != NULL ? fields_json(fields)
                                      : json_pack("{s:s}", "type", "object");
    if (page) {
        model.size -= suffix.size;
        schema = page_json(model);
    }
    if (!array)
        json_object_set_new(schema, "additionalProperties", json_true());
    json_object_set_new(schemas, name, schema);
    if (page) {
        char model_name[128];
        snprintf(model_name, sizeof model_name, "%.*s", TEXT_ARGS(model));
        add_schema(schemas, model_name);
    }
}

static const struct field_row sentence_item = {.name = "", VALUE_TEXT};
static const struct field_row error_shape[] = {
    ALWAYS("level", VALUE_TEXT), ALWAYS("handled", VALUE_BOOLEAN), ALWAYS("status", VALUE_INTEGER),
    ALWAYS("code", VALUE_TEXT), ALWAYS("message", VALUE_TEXT),
    /* 422: what does not fit, by its name; 404, 410 and 409: what is meant */
    {"data", VALUE_ARRAY | VALUE_OBJECT | VALUE_NULL, .required = true, .item = &sentence_item}, END,
};

static json_t *schemas_json(void)
{
    json_t *schemas = json_object();
    const struct operation *operation;
    for (size_t i = 0; (operation = operation_at(i)) != NULL; i++)
        add_schema(schemas, operation->reply);
    json_object_set_new(schemas, "APIErrorResponse", fields_json(error_shape));
    return schemas;
}

static json_t *paths_json(void)
{
    json_t *paths = json_object();
    const struct operation *operation;
    for (size_t i = 0; (operation = operation_at(i)) != NULL; i++) {
        char method[8] = "";
        for (size_t k = 0; operation->method[k] != 0 && k < sizeof method - 1; k++)
            method[k] = (char)(operation->method[k] | 0x20);
        json_t *path = json_member(paths, operation->path);
        if (path == NULL) {
            path = json_object();
            json_object_set_new(paths, operation->path, path);
        }
        json_object_set_new(path, method, operation_json(operation));
    }
    return paths;
}

char *api_openapi(void)
{
    json_t *document = json_pack(
        "{s:s, s:{s:s, s:s}, s:[{s:s}], s:[{s:[]}, {s:[]}], s:o, s:{s:o, s:{s:{s:s, s:s}, s:{s:s, s:s}}}}",
        "openapi", "3.0.3", "info", "title", "fairlead", "version", "2025-07-01", "servers", "url", "/2025-07-01",
        "security", "bearerAuth", "basicAuth", "paths", paths_json(), "components", "schemas", schemas_json(),
        "securitySchemes", "bearerAuth", "type", "http", "scheme", "bearer", "basicAuth", "type", "http", "scheme",
        "basic");
    char *text = document != NULL ? json_to_string(document) : NULL;
    json_decref(document);
    return text;
}
