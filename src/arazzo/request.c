#include "arazzo/request.h"

#include <stdlib.h>
#include <strings.h>

#include "arazzo/json_pointer.h"
#include "arazzo/parameter_style.h"
#include "arazzo/value.h"
#include "base/encoding.h"

/* What a request is made from and into. */
struct build {
    struct exchange *exchange;
    const struct workflow_source *source;
    const struct operation *operation;
    const struct workflow *workflow;
    const struct step *step;
    const struct scope *scope;
    struct buffer query, cookies; /* "a=b&c=d", "a=b; c=d" */
    struct error *error;
};

/* ---- parameters ---- */

/* Those of the step, then those of its workflow that the step does not give itself. */
static const struct parameter *parameter_at(const struct build *build, size_t index)
{
    const struct parameters *own = &build->step->parameters, *shared = &build->workflow->parameters;
    if (index < own->count)
        return &own->items[index];
    return index - own->count < shared->count ? &shared->items[index - own->count] : NULL;
}

static bool is_overridden(const struct build *build, const struct parameter *parameter)
{
    const struct parameters *own = &build->step->parameters;
    if (parameter >= own->items && parameter < own->items + own->count)
        return false;
    for (size_t i = 0; i < own->count; i++) {
        if (own->items[i].in == parameter->in && strcmp(own->items[i].name, parameter->name) == 0)
            return true;
    }
    return false;
}

/* Name and value go out in one line. */
static bool add_header(struct build *build, struct text name, struct text value)
{
    if (text_find_byte(value, '\r') >= 0 || text_find_byte(value, '\n') >= 0 || text_find_byte(value, '\0') >= 0)
        return error_set(build->error, ERROR_INVALID, "header %.*s: the value has a line break or NUL in it",
                         TEXT_ARGS(name));
    if (exchange_header(build->exchange, name).data != NULL)
        return true; /* what the step says goes before what we would add */
    return exchange_add_header(build->exchange, name, value) ||
           error_set(build->error, ERROR_TOO_LARGE, "the request has more than %d headers", EXCHANGE_HEADERS_MOST);
}

static bool add_header_parameter(struct build *build, const char *name, const json_t *declaration,
                                 const json_t *value)
{
    struct buffer text = {0};
    if (name[0] == '\0' || name[strspn(name, "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyz"
                                             "ABCDEFGHIJKLMNOPQRSTUVWXYZ")] != '\0')
        return error_set(build->error, ERROR_INVALID, "\"%s\" is no name of a header", name);
    style_write_header(&text, declaration, value);
    bool good = add_header(build, text_of(name), buffer_text(&text));
    buffer_free(&text);
    return good;
}

static bool add_parameter(struct build *build, const struct parameter *parameter, const json_t *declaration,
                          json_t *value)
{
    switch (parameter->in) {
    case IN_PATH:
        json_object_set(build->exchange->path_values, parameter->name, value);
        return true;
    case IN_QUERY: {
        size_t before = build->query.size;
        if (before > 0)
            buffer_append_byte(&build->query, '&');
        size_t start = build->query.size;
        style_write_query(&build->query, declaration, parameter->name, value);
        if (build->query.size == start)
            build->query.size = before;
        json_object_set(build->exchange->query_values, parameter->name, value);
        return true;
    }
    case IN_HEADER: return add_header_parameter(build, parameter->name, declaration, value);
    case IN_COOKIE:
        if (build->cookies.size > 0)
            buffer_append_string(&build->cookies, "; ");
        style_write_cookie(&build->cookies, declaration, parameter->name, value);
        return true;
    default: return error_set(build->error, ERROR_INVALID, "parameter %s: \"in\" is missing", parameter->name);
    }
}

static bool add_parameters(struct build *build)
{
    const struct parameter *parameter;
    for (size_t i = 0; (parameter = parameter_at(build, i)) != NULL; i++) {
        struct error reason = {0};
        if (is_overridden(build, parameter))
            continue;
        const char *in = parameter->in == IN_UNSAID ? "" : parameter_in_names[parameter->in];
        const json_t *declaration = operation_parameter(build->operation, parameter->name, in);
        json_t *value = value_resolve(parameter->value, build->scope, &reason);
        if (value == NULL) {
            if (parameter->in == IN_PATH || json_member_true(declaration, "required"))
                return error_set(build->error, ERROR_INVALID, "parameter %s is needed, but has no value: %s",
                                 parameter->name, reason.message);
            continue;
        }
        bool good = add_parameter(build, parameter, declaration, value);
        json_decref(value);
        if (!good)
            return false;
    }
    return true;
}

/* ---- the body ---- */

static bool is_json_type(struct text type)
{
    return text_find(type, TEXT("json")) >= 0;
}

static json_t *replaced_payload(struct build *build)
{
    const struct request_body *body = &build->step->body;
    struct error reason = {0};
    json_t *payload = body->payload ? value_resolve(body->payload, build->scope, &reason) : json_object();
    if (payload == NULL)
        error_set(build->error, ERROR_INVALID, "the body has no value: %s", reason.message);
    if (payload != NULL && body->replacement_count > 0 && body->payload != NULL) {
        json_t *copy = json_deep_copy(payload);
        json_decref(payload);
        payload = copy;
    }
    for (size_t i = 0; payload != NULL && i < body->replacement_count; i++) {
        json_t *value = value_resolve(body->replacements[i].value, build->scope, &reason);
        bool good = value != NULL && json_pointer_set(&payload, text_of(body->replacements[i].target), value, &reason);
        json_decref(value);
        if (!good) {
            error_set(build->error, ERROR_INVALID, "replacement %s: %s", body->replacements[i].target, reason.message);
            json_decref(payload);
            return NULL;
        }
    }
    return payload;
}

static bool write_form(struct build *build, const json_t *payload)
{
    const char *name;
    json_t *value;
    struct buffer *out = &build->exchange->body;
    if (!json_is_object(payload))
        return error_set(build->error, ERROR_INVALID, "a form body is made from an object, not %s",
                         json_type_name(payload));
    json_object_foreach((json_t *)payload, name, value) {
        if (out->size > 0)
            buffer_append_byte(out, '&');
        style_write_query(out, NULL, name, value);
    }
    return true;
}

static bool write_payload(struct build *build, struct text type, const json_t *payload)
{
    struct buffer *out = &build->exchange->body;
    if (text_starts_with(type, TEXT("multipart/")))
        return error_set(build->error, ERROR_INVALID, "multipart bodies are not supported yet");
    if (text_starts_with(type, TEXT("application/x-www-form-urlencoded")) && !json_is_string(payload))
        return write_form(build, payload);
    /* A text is a template that was written out by hand, also of JSON. */
    bool template = json_is_string(payload) && (!is_json_type(type) || strpbrk(json_string_value(payload), "{[\"") != NULL);
    if (template)
        value_write_text(out, payload);
    else
        json_write(out, payload);
    return !out->failed || error_set(build->error, ERROR_TOO_LARGE, "the body is too large");
}

static bool add_body(struct build *build)
{
    if (!build->step->has_body || (build->step->body.payload == NULL && build->step->body.replacement_count == 0))
        return true;
    struct text type = text_of(build->step->body.content_type);
    if (type.size == 0)
        type = text_of(operation_content_type(build->operation));
    if (type.size == 0)
        type = TEXT("application/json");
    build->exchange->body_json = replaced_payload(build);
    build->exchange->has_body = true;
    return build->exchange->body_json != NULL && write_payload(build, type, build->exchange->body_json) &&
           add_header(build, TEXT("Content-Type"), type);
}

/* ---- credentials ---- */

static bool is_usable(const json_t *scheme)
{
    struct text type = json_member_text(scheme, "type"), name = json_member_text(scheme, "scheme");
    return text_equal(type, TEXT("apiKey")) ||
           (text_equal(type, TEXT("http")) &&
            (text_equal_ignoring_case(name, TEXT("bearer")) || text_equal_ignoring_case(name, TEXT("basic"))));
}

static bool add_api_key(struct build *build, const json_t *scheme, const char *key)
{
    struct text in = json_member_text(scheme, "in"), name = json_member_text(scheme, "name");
    char *copy = arena_copy_string(&build->exchange->arena, name);
    json_t *value = json_text(text_of(key));
    bool good = true;
    if (text_equal(in, TEXT("header")))
        good = add_header_parameter(build, copy, NULL, value);
    else if (text_equal(in, TEXT("query"))) {
        buffer_append_string(&build->query, build->query.size > 0 ? "&" : "");
        style_write_query(&build->query, NULL, copy, value);
    } else {
        buffer_append_string(&build->cookies, build->cookies.size > 0 ? "; " : "");
        style_write_cookie(&build->cookies, NULL, copy, value);
    }
    json_decref(value);
    return good;
}

/* The key is the user name, as gateways of this kind have it. */
static bool add_http_key(struct build *build, const json_t *scheme, const char *key)
{
    struct buffer value = {0}, pair = {0};
    if (text_equal_ignoring_case(json_member_text(scheme, "scheme"), TEXT("bearer"))) {
        buffer_printf(&value, "Bearer %s", key);
    } else {
        buffer_printf(&pair, "%s:", key);
        buffer_append_string(&value, "Basic ");
        base64_encode(&value, buffer_text(&pair));
    }
    bool good = add_header(build, TEXT("Authorization"), buffer_text(&value));
    buffer_free(&value);
    buffer_free(&pair);
    return good;
}

static bool add_credentials(struct build *build, const struct credentials *credentials)
{
    json_t *scheme;
    size_t index;
    bool good = true;
    if (credentials->key == NULL || (credentials->only_named_servers && build->source->server == NULL))
        return true;
    json_t *schemes = operation_security(build->operation, is_usable);
    json_array_foreach(schemes, index, scheme) {
        bool of_http = text_equal(json_member_text(scheme, "type"), TEXT("http"));
        good = good && (of_http ? add_http_key(build, scheme, credentials->key)
                                : add_api_key(build, scheme, credentials->key));
    }
    json_decref(schemes);
    return good;
}

/* ---- the URL ---- */

/* "/events/{id}" with the values in it; every name must have one. */
static bool write_path(struct build *build, struct buffer *url)
{
    struct text rest = text_of(build->operation->path);
    while (rest.size > 0) {
        ptrdiff_t open = text_find_byte(rest, '{'), close = text_find_byte(rest, '}');
        if (open < 0 || close < open)
            return buffer_append_text(url, rest);
        char *name = arena_copy_string(&build->exchange->arena,
                                       text_slice(rest, (size_t)open + 1, (size_t)(close - open) - 1));
        const json_t *value = json_object_get(build->exchange->path_values, name);
        if (value == NULL)
            return error_set(build->error, ERROR_INVALID, "the step gives no value for {%s} in %s", name,
                             build->operation->path);
        buffer_append_text(url, text_slice(rest, 0, (size_t)open));
        size_t before = url->size;
        style_write_path(url, operation_parameter(build->operation, name, "path"), name, value);
        if (url->size == before)
            return error_set(build->error, ERROR_INVALID, "the value of {%s} in %s is empty", name,
                             build->operation->path);
        rest = text_slice(rest, (size_t)close + 1, rest.size);
    }
    return true;
}

static bool write_url(struct build *build)
{
    struct buffer url = {0};
    struct error unknown = {0};
    bool known = source_base_url(build->source, build->operation, &url, &unknown);
    if (!known && !build->scope->rehearsal)
        *build->error = unknown;
    bool good = (known || build->scope->rehearsal) && write_path(build, &url);
    if (good && build->query.size > 0) {
        buffer_append_byte(&url, '?');
        buffer_append_text(&url, buffer_text(&build->query));
    }
    if (good)
        build->exchange->url = arena_copy_string(&build->exchange->arena, buffer_text(&url));
    buffer_free(&url);
    return good;
}

bool request_build(struct exchange *exchange, const struct workflow_source *source, const struct operation *operation,
                   const struct workflow *workflow, const struct step *step, const struct scope *scope,
                   const struct credentials *credentials, struct error *error)
{
    struct build build = {exchange, source, operation, workflow, step, scope, {0}, {0}, error};
    exchange->method = operation->method;
    bool good = add_parameters(&build) && add_body(&build) && add_credentials(&build, credentials) &&
                write_url(&build);
    if (good && build.cookies.size > 0)
        good = add_header(&build, TEXT("Cookie"), buffer_text(&build.cookies));
    good = good && add_header(&build, TEXT("Accept"), TEXT("application/json, */*;q=0.5")) &&
           add_header(&build, TEXT("User-Agent"), TEXT("fairlead/" FAIRLEAD_VERSION));
    buffer_free(&build.query);
    buffer_free(&build.cookies);
    return good;
}

json_t *request_inputs(const struct workflow *workflow, const struct step *step, const struct scope *scope)
{
    struct build build = {.workflow = workflow, .step = step, .scope = scope};
    const struct parameter *parameter;
    json_t *inputs = json_object();
    for (size_t i = 0; (parameter = parameter_at(&build, i)) != NULL; i++) {
        /* Parameters of HTTP that the whole workflow shares are no inputs of what it calls. */
        if (parameter->in != IN_UNSAID || json_object_get(inputs, parameter->name) != NULL)
            continue;
        json_t *value = value_resolve(parameter->value, scope, NULL);
        if (value != NULL)
            json_object_set_new(inputs, parameter->name, value);
    }
    return inputs;
}
