#include "arazzo/expression.h"

#include "arazzo/json_pointer.h"

/* How an expression goes on behind its root. */
enum continuation { GOES_NOWHERE, GOES_TO_PART, GOES_TO_NAME };

static const struct {
    const char *word;
    enum expression_root root;
    enum continuation continuation;
} ROOTS[] = {
    {"$url", EXPRESSION_URL, GOES_NOWHERE},
    {"$method", EXPRESSION_METHOD, GOES_NOWHERE},
    {"$statusCode", EXPRESSION_STATUS, GOES_NOWHERE},
    {"$request", EXPRESSION_REQUEST, GOES_TO_PART},
    {"$response", EXPRESSION_RESPONSE, GOES_TO_PART},
    {"$inputs", EXPRESSION_INPUTS, GOES_TO_NAME},
    {"$outputs", EXPRESSION_OUTPUTS, GOES_TO_NAME},
    {"$steps", EXPRESSION_STEPS, GOES_TO_NAME},
    {"$workflows", EXPRESSION_WORKFLOWS, GOES_TO_NAME},
    {"$sourceDescriptions", EXPRESSION_SOURCES, GOES_TO_NAME},
    {"$components", EXPRESSION_COMPONENTS, GOES_TO_NAME},
    {"$self", EXPRESSION_SELF, GOES_NOWHERE},
};

static const struct {
    const char *word;
    enum expression_part part;
} PARTS[] = {{"header", PART_HEADER}, {"query", PART_QUERY}, {"path", PART_PATH}, {"body", PART_BODY}};

static bool is_name_byte(char byte)
{
    return (byte >= 'A' && byte <= 'Z') || (byte >= 'a' && byte <= 'z') || (byte >= '0' && byte <= '9') ||
           byte == '_' || byte == '-' || byte == '.' || (unsigned char)byte >= 0x80;
}

/* The part before the first dot, which is taken off with its dot. */
static struct text take_word(struct text *rest, bool *more)
{
    ptrdiff_t dot = text_find_byte(*rest, '.');
    struct text word = dot < 0 ? *rest : text_slice(*rest, 0, (size_t)dot);
    *more = dot >= 0;
    *rest = dot < 0 ? text_slice(*rest, rest->size, 0) : text_slice(*rest, (size_t)dot + 1, rest->size);
    return word;
}

static bool parse_part(struct expression *expression, struct text rest, struct error *error)
{
    bool more;
    struct text word = take_word(&rest, &more);
    for (size_t i = 0; i < sizeof PARTS / sizeof PARTS[0]; i++) {
        if (text_equal(word, text_of(PARTS[i].word)))
            expression->part = PARTS[i].part;
    }
    bool of_reply = expression->root == EXPRESSION_RESPONSE;
    if (expression->part == PART_NONE ||
        (of_reply && expression->part != PART_HEADER && expression->part != PART_BODY))
        return error_set(error, ERROR_INVALID, "%s has no \"%.*s\", but %s", of_reply ? "$response" : "$request",
                         TEXT_ARGS(word), of_reply ? "header and body" : "header, query, path and body");
    expression->name = rest;
    if (expression->part == PART_BODY && more)
        return error_set(error, ERROR_INVALID, "members of a body are named by a JSON Pointer: $%s.body#/%.*s",
                         of_reply ? "response" : "request", TEXT_ARGS(rest));
    if (expression->part != PART_BODY && rest.size == 0)
        return error_set(error, ERROR_INVALID, "the name of a %.*s is missing", TEXT_ARGS(word));
    return expression->part == PART_BODY || !expression->has_pointer ||
           error_set(error, ERROR_INVALID, "only a body is followed by a JSON Pointer here");
}

static bool check_name(struct text name, struct error *error)
{
    for (size_t i = 0; i < name.size; i++) {
        if (!is_name_byte(name.data[i]))
            return error_set(error, ERROR_INVALID, "\"%c\" belongs to no name", name.data[i]);
    }
    return name.size > 0 || error_set(error, ERROR_INVALID, "a name is missing behind the dot");
}

bool expression_parse(struct text text, struct expression *expression, struct error *error)
{
    ptrdiff_t hash = text_find_byte(text, '#');
    struct text rest = hash < 0 ? text : text_slice(text, 0, (size_t)hash);
    bool more, known = false;
    *expression = (struct expression){.has_pointer = hash >= 0};
    if (hash >= 0)
        expression->pointer = text_slice(text, (size_t)hash + 1, text.size);
    if (!json_pointer_is_valid(expression->pointer))
        return error_set(error, ERROR_INVALID, "\"%.*s\" is no JSON Pointer", TEXT_ARGS(expression->pointer));
    struct text word = take_word(&rest, &more);
    enum continuation continuation = GOES_NOWHERE;
    for (size_t i = 0; i < sizeof ROOTS / sizeof ROOTS[0]; i++) {
        if (text_equal(word, text_of(ROOTS[i].word))) {
            expression->root = ROOTS[i].root;
            continuation = ROOTS[i].continuation;
            known = true;
        }
    }
    if (!known)
        return error_set(error, ERROR_INVALID, "no expression begins with \"%.*s\"", TEXT_ARGS(word));
    if (continuation == GOES_NOWHERE)
        return (!more && hash < 0) || error_set(error, ERROR_INVALID, "nothing follows %.*s", TEXT_ARGS(word));
    if (!more)
        return error_set(error, ERROR_INVALID, "\".\" and a name must follow %.*s", TEXT_ARGS(word));
    expression->name = rest;
    return continuation == GOES_TO_PART ? parse_part(expression, rest, error) : check_name(rest, error);
}

size_t expression_extent(struct text text)
{
    static const char pointer_ends[] = " \t\r\n()[]{}<>=!&|,;\"'";
    size_t at = 1;
    if (text.size == 0 || text.data[0] != '$')
        return 0;
    while (at < text.size && is_name_byte(text.data[at]))
        at++;
    struct text name = text_slice(text, 0, at);
    if (text_starts_with(name, TEXT("$response.body.")) || text_starts_with(name, TEXT("$request.body.")))
        at = (size_t)text_find(text, TEXT(".body")) + 5; /* what follows are members, in a condition */
    if (at < text.size && text.data[at] == '#') {
        while (at < text.size && memchr(pointer_ends, text.data[at], sizeof pointer_ends - 1) == NULL)
            at++;
    }
    return at > 1 ? at : 0;
}

/* ---- evaluation ---- */

json_t *expression_descend(const json_t *object, struct text name)
{
    for (size_t size = name.size; size > 0; size--) { /* the longest name first: names may hold dots */
        if (size < name.size && name.data[size] != '.')
            continue;
        json_t *member = json_object_getn(object, name.data, size);
        if (member != NULL && size < name.size)
            member = expression_descend(member, text_slice(name, size + 1, name.size));
        if (member != NULL)
            return member;
    }
    return NULL;
}

/* `what` with a name in quotes behind it, or alone. */
static json_t *unresolved(struct error *error, const char *what, struct text name)
{
    if (name.size > 0)
        error_set(error, ERROR_NOT_FOUND, "%s \"%.*s\"", what, TEXT_ARGS(name));
    else
        error_set(error, ERROR_NOT_FOUND, "%s", what);
    return NULL;
}

static json_t *request_value(const struct expression *expression, const struct exchange *exchange, struct error *error)
{
    json_t *found = NULL;
    if (expression->part == PART_BODY)
        found = exchange->body_json;
    else if (expression->part == PART_HEADER)
        return exchange_header(exchange, expression->name).data
                   ? json_text(exchange_header(exchange, expression->name))
                   : unresolved(error, "the request has no header", expression->name);
    else
        found = json_object_getn(expression->part == PART_PATH ? exchange->path_values : exchange->query_values,
                                 expression->name.data, expression->name.size);
    return found ? json_incref(found)
                 : unresolved(error, expression->part == PART_BODY ? "the request has no body" : "the request has no",
                              expression->name);
}

static json_t *response_value(const struct expression *expression, const struct exchange *exchange, struct error *error)
{
    if (exchange->status == 0)
        return unresolved(error, "there is no reply", TEXT_NONE);
    if (expression->part == PART_HEADER) {
        struct text value = http_headers_get(&exchange->reply_headers, expression->name);
        return value.data ? json_text(value) : unresolved(error, "the reply has no header", expression->name);
    }
    if (exchange->reply_json != NULL)
        return json_incref(exchange->reply_json);
    if (exchange->reply.size == 0)
        return unresolved(error, "the reply has no body", TEXT_NONE);
    return json_text(buffer_text(&exchange->reply));
}

static json_t *exchange_value(const struct expression *expression, const struct exchange *exchange, struct error *error)
{
    if (exchange == NULL)
        return unresolved(error, "there is no request here", TEXT_NONE);
    switch (expression->root) {
    case EXPRESSION_URL: return json_text(text_of(exchange->url));
    case EXPRESSION_METHOD: return json_text(text_of(exchange->method));
    case EXPRESSION_STATUS:
        return exchange->status ? json_integer(exchange->status)
                                : unresolved(error, "there is no reply", TEXT_NONE);
    case EXPRESSION_REQUEST: return request_value(expression, exchange, error);
    default: return response_value(expression, exchange, error);
    }
}

static json_t *named_value(const struct expression *expression, const struct scope *scope, struct error *error)
{
    static const char *const otherwise[] = {
        [EXPRESSION_INPUTS] = "there is no input",
        [EXPRESSION_OUTPUTS] = "there is no output",
        [EXPRESSION_STEPS] = "no step has given",
        [EXPRESSION_WORKFLOWS] = "no workflow has given",
        [EXPRESSION_SOURCES] = "there is no source description",
        [EXPRESSION_COMPONENTS] = "there is no component",
    };
    const json_t *const places[] = {
        [EXPRESSION_INPUTS] = scope->inputs,       [EXPRESSION_OUTPUTS] = scope->outputs,
        [EXPRESSION_STEPS] = scope->steps,         [EXPRESSION_WORKFLOWS] = scope->workflows,
        [EXPRESSION_SOURCES] = scope->sources,     [EXPRESSION_COMPONENTS] = scope->components,
    };
    if (expression->root == EXPRESSION_SELF)
        return scope->self ? json_text(text_of(scope->self)) : unresolved(error, "the document has no $self", TEXT_NONE);
    json_t *found = expression_descend(places[expression->root], expression->name);
    return found ? json_incref(found) : unresolved(error, otherwise[expression->root], expression->name);
}

json_t *expression_evaluate(const struct expression *expression, const struct scope *scope, struct error *error)
{
    json_t *value = expression->root <= EXPRESSION_RESPONSE ? exchange_value(expression, scope->exchange, error)
                                                            : named_value(expression, scope, error);
    if (value == NULL || !expression->has_pointer)
        return value;
    json_t *inner = json_incref(json_pointer_get(value, expression->pointer));
    json_decref(value);
    return inner ? inner : unresolved(error, "there is nothing at", expression->pointer);
}

/* Inputs are known without sending anything; the rest may come from a reply. */
static bool needs_reply(const struct expression *expression)
{
    return expression->root != EXPRESSION_INPUTS && expression->root != EXPRESSION_SOURCES &&
           expression->root != EXPRESSION_COMPONENTS && expression->root != EXPRESSION_SELF;
}

bool expression_is_stand_in(struct text text, const json_t *value)
{
    struct text shown = {json_string_value(value), json_string_length(value)};
    return shown.size == text.size + 2 && shown.data[0] == '{' &&
           text_equal(text_slice(shown, 1, text.size), text);
}

json_t *expression_value(struct text text, const struct scope *scope, struct error *error)
{
    struct expression expression;
    if (!expression_parse(text, &expression, error))
        return NULL;
    json_t *value = expression_evaluate(&expression, scope, error);
    if (value != NULL || !scope->rehearsal || !needs_reply(&expression))
        return value;
    return json_sprintf("{%.*s}", TEXT_ARGS(text));
}
