#include "arazzo/request.h"

#include "arazzo/parameter_style.h"
#include "arazzo/request_parts.h"
#include "arazzo/value.h"
#include "base/encoding.h"

/* ---- parameters ---- */

/* Those of the step, then those of its workflow that the step does not give itself. */
static const struct parameter *parameter_at(const struct request_parts *parts, size_t index)
{
    const struct parameters *own = &parts->step->parameters, *shared = &parts->workflow->parameters;
    if (index < own->count)
        return &own->items[index];
    return index - own->count < shared->count ? &shared->items[index - own->count] : NULL;
}

/* One of the workflow's that the step has too. */
static bool is_overridden(const struct request_parts *parts, size_t index)
{
    const struct parameters *own = &parts->step->parameters;
    const struct parameter *parameter = parameter_at(parts, index);
    for (size_t i = 0; i < own->count && index >= own->count; i++) {
        if (own->items[i].in == parameter->in && strcmp(own->items[i].name, parameter->name) == 0)
            return true;
    }
    return false;
}

/* Name and value go out in one line. */
bool request_add_header(struct request_parts *parts, struct text name, struct text value)
{
    if (text_find_byte(value, '\r') >= 0 || text_find_byte(value, '\n') >= 0 || text_find_byte(value, '\0') >= 0)
        return error_set(parts->error, ERROR_INVALID, "header %.*s: the value has a line break or NUL in it",
                         TEXT_ARGS(name));
    if (exchange_header(parts->exchange, name).data != NULL)
        return true; /* what the step says goes before what we would add */
    return exchange_add_header(parts->exchange, name, value) ||
           error_set(parts->error, ERROR_TOO_LARGE, "the request has more than %d headers", EXCHANGE_HEADERS_MOST);
}

bool request_add_header_value(struct request_parts *parts, const char *name, const json_t *declaration,
                              const json_t *value)
{
    struct buffer text = {0};
    if (name[0] == '\0' || name[strspn(name, "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyz"
                                             "ABCDEFGHIJKLMNOPQRSTUVWXYZ")] != '\0')
        return error_set(parts->error, ERROR_INVALID, "\"%s\" is no name of a header", name);
    style_write_header(&text, declaration, value);
    bool good = request_add_header(parts, text_of(name), buffer_text(&text));
    buffer_free(&text);
    return good;
}

void request_add_query(struct request_parts *parts, const char *name, const json_t *declaration, const json_t *value)
{
    size_t before = parts->query.size;
    if (before > 0)
        buffer_append_byte(&parts->query, '&');
    size_t start = parts->query.size;
    style_write_query(&parts->query, declaration, name, value);
    if (parts->query.size == start)
        parts->query.size = before;
}

void request_add_cookie(struct request_parts *parts, const char *name, const json_t *declaration, const json_t *value)
{
    if (parts->cookies.size > 0)
        buffer_append_string(&parts->cookies, "; ");
    style_write_cookie(&parts->cookies, declaration, name, value);
}

/* The query as a whole (1.1.0): a text that was written by hand, or an object as a form. */
static bool add_querystring(struct request_parts *parts, const json_t *value)
{
    const char *name;
    json_t *member;
    if (json_is_string(value)) {
        struct text text = {json_string_value(value), json_string_length(value)};
        if (text.size > 0 && parts->query.size > 0)
            buffer_append_byte(&parts->query, '&');
        text = text_starts_with(text, TEXT("?")) ? text_slice(text, 1, text.size) : text;
        for (size_t i = 0; i < text.size; i++) {
            if ((unsigned char)text.data[i] <= ' ' || (unsigned char)text.data[i] >= 0x7F || text.data[i] == '#')
                percent_encode(&parts->query, text_slice(text, i, 1));
            else
                buffer_append_byte(&parts->query, text.data[i]);
        }
        return true;
    }
    if (!json_is_object(value))
        return error_set(parts->error, ERROR_INVALID, "a query as a whole is a text or an object, not %s",
                         json_type_name(value));
    json_object_foreach((json_t *)value, name, member) {
        request_add_query(parts, name, NULL, member);
        json_object_set(parts->exchange->query_values, name, member);
    }
    return true;
}

static bool add_parameter(struct request_parts *parts, const struct parameter *parameter, const json_t *declaration,
                          json_t *value)
{
    switch (parameter->in) {
    case IN_PATH: json_object_set(parts->exchange->path_values, parameter->name, value); return true;
    case IN_QUERY:
        request_add_query(parts, parameter->name, declaration, value);
        json_object_set(parts->exchange->query_values, parameter->name, value);
        return true;
    case IN_HEADER: return request_add_header_value(parts, parameter->name, declaration, value);
    case IN_COOKIE: request_add_cookie(parts, parameter->name, declaration, value); return true;
    case IN_QUERYSTRING: return add_querystring(parts, value);
    case IN_BODY: parts->body_parameter = parameter->value; return true;
    default: return error_set(parts->error, ERROR_INVALID, "parameter %s: \"in\" is missing", parameter->name);
    }
}

/* An input that was not given may be absent; anything else that is not there may hide a mistake. */
static void note_absent(struct request_parts *parts, const struct parameter *parameter, const struct error *reason)
{
    if (parts->notes != NULL && !text_starts_with(text_of(json_string_value(parameter->value)), TEXT("$inputs.")))
        buffer_printf(parts->notes, "parameter %s is left out: %s\n", parameter->name, reason->message);
}

static bool add_parameters(struct request_parts *parts)
{
    const struct parameter *parameter;
    for (size_t i = 0; (parameter = parameter_at(parts, i)) != NULL; i++) {
        struct error reason = {0};
        if (is_overridden(parts, i))
            continue;
        const char *in = parameter->in == IN_UNSAID ? "" : parameter_in_names[parameter->in];
        const json_t *declaration = operation_parameter(parts->operation, parameter->name, in);
        json_t *value = value_resolve(parameter->value, parts->scope, &reason);
        if (value == NULL) {
            if (parameter->in == IN_PATH || json_member_true(declaration, "required"))
                return error_set(parts->error, ERROR_INVALID, "parameter %s is needed, but has no value: %s",
                                 parameter->name, reason.message);
            note_absent(parts, parameter, &reason);
            continue;
        }
        bool good = add_parameter(parts, parameter, declaration, value);
        json_decref(value);
        if (!good)
            return false;
    }
    return true;
}

/* ---- the URL ---- */

/* "/events/{id}" with the values in it; every name must have one. */
static bool write_path(struct request_parts *parts, struct buffer *url)
{
    struct text rest = text_of(parts->operation->path);
    while (rest.size > 0) {
        ptrdiff_t open = text_find_byte(rest, '{'), close = text_find_byte(rest, '}');
        if (open < 0 || close < open)
            return buffer_append_text(url, rest);
        char *name = arena_copy_string(&parts->exchange->arena,
                                       text_slice(rest, (size_t)open + 1, (size_t)(close - open) - 1));
        const json_t *value = json_object_get(parts->exchange->path_values, name);
        if (value == NULL)
            return error_set(parts->error, ERROR_INVALID, "the step gives no value for {%s} in %s", name,
                             parts->operation->path);
        buffer_append_text(url, text_slice(rest, 0, (size_t)open));
        size_t before = url->size;
        style_write_path(url, operation_parameter(parts->operation, name, "path"), name, value);
        if (url->size == before)
            return error_set(parts->error, ERROR_INVALID, "the value of {%s} in %s is empty", name,
                             parts->operation->path);
        rest = text_slice(rest, (size_t)close + 1, rest.size);
    }
    return true;
}

/* "." and ".." would lead to another path than the one that is meant. */
static bool check_path(struct request_parts *parts, struct text path)
{
    struct text segment;
    while (text_split(&path, '/', &segment)) {
        if (text_equal(segment, TEXT(".")) || text_equal(segment, TEXT("..")))
            return error_set(parts->error, ERROR_INVALID, "a value makes a part of the path \"%.*s\"",
                             TEXT_ARGS(segment));
    }
    return true;
}

static bool write_url(struct request_parts *parts)
{
    struct buffer url = {0};
    struct error unknown = {0};
    bool known = source_base_url(parts->source, parts->operation, &url, &unknown);
    if (!known && !parts->scope->rehearsal)
        *parts->error = unknown;
    size_t base = url.size;
    bool good = (known || parts->scope->rehearsal) && write_path(parts, &url) &&
                check_path(parts, text_slice(buffer_text(&url), base, url.size));
    if (good && parts->query.size > 0) {
        buffer_append_byte(&url, '?');
        buffer_append_text(&url, buffer_text(&parts->query));
    }
    if (good)
        parts->exchange->url = arena_copy_string(&parts->exchange->arena, buffer_text(&url));
    buffer_free(&url);
    return good;
}

bool request_build(const struct request_plan *plan, struct exchange *exchange, struct buffer *notes,
                   struct error *error)
{
    struct request_parts parts = {.exchange = exchange, .source = plan->source, .operation = plan->operation,
                                  .workflow = plan->workflow, .step = plan->step, .scope = plan->scope,
                                  .notes = notes, .error = error};
    exchange->method = plan->operation->method;
    bool good = add_parameters(&parts) && request_add_body(&parts) &&
                credential_store_apply(plan->credentials, &parts) && write_url(&parts);
    if (good && parts.cookies.size > 0)
        good = request_add_header(&parts, TEXT("Cookie"), buffer_text(&parts.cookies));
    good = good && request_add_header(&parts, TEXT("Accept"), TEXT("application/json, */*;q=0.5")) &&
           request_add_header(&parts, TEXT("User-Agent"), TEXT("fairlead/" FAIRLEAD_VERSION));
    buffer_free(&parts.query);
    buffer_free(&parts.cookies);
    return good;
}

json_t *request_inputs(const struct parameters *own, const struct parameters *shared, const struct scope *scope)
{
    json_t *inputs = json_object();
    for (size_t i = 0; i < own->count + (shared ? shared->count : 0); i++) {
        const struct parameter *parameter = i < own->count ? &own->items[i] : &shared->items[i - own->count];
        /* Parameters of HTTP that the whole workflow shares are no inputs of what it calls. */
        if (parameter->in != IN_UNSAID || json_object_get(inputs, parameter->name) != NULL)
            continue;
        json_t *value = value_resolve(parameter->value, scope, NULL);
        if (value != NULL)
            json_object_set_new(inputs, parameter->name, value);
    }
    return inputs;
}
