#include "arazzo/value.h"

#include "arazzo/selector.h"

void value_write_text(struct buffer *out, const json_t *value)
{
    if (json_is_string(value))
        buffer_append(out, json_string_value(value), json_string_length(value));
    else
        json_write(out, value);
}

bool value_is_expression(struct text text)
{
    struct expression expression;
    return text.size > 0 && text.data[0] == '$' && expression_parse(text, &expression, NULL);
}

/* Behind the opening brace: the expression up to the closing one, or an empty text. */
static struct text braced_expression(struct text rest)
{
    ptrdiff_t close = text_find_byte(rest, '}');
    struct text inner = close < 0 ? TEXT_NONE : text_slice(rest, 0, (size_t)close);
    return value_is_expression(inner) ? inner : TEXT_NONE;
}

bool value_expand(struct buffer *out, struct text text, const struct scope *scope, struct error *error)
{
    for (size_t at = 0; at < text.size;) {
        struct text rest = text_slice(text, at, text.size);
        ptrdiff_t open = text_find(rest, TEXT("{$"));
        struct text inner = open < 0 ? TEXT_NONE : braced_expression(text_slice(rest, (size_t)open + 1, rest.size));
        if (inner.size == 0) { /* no more braces, or braces around something else */
            size_t plain = open < 0 ? rest.size : (size_t)open + 2;
            buffer_append_text(out, text_slice(rest, 0, plain));
            at += plain;
            continue;
        }
        json_t *value = expression_value(inner, scope, error);
        if (value == NULL)
            return false;
        buffer_append_text(out, text_slice(rest, 0, (size_t)open));
        value_write_text(out, value);
        json_decref(value);
        at += (size_t)open + 1 + inner.size + 1;
    }
    return true;
}

static json_t *resolve_text(const json_t *value, const struct scope *scope, struct error *error)
{
    struct text text = {json_string_value(value), json_string_length(value)};
    struct buffer out = {0};
    if (value_is_expression(text))
        return expression_value(text, scope, error);
    if (text_find(text, TEXT("{$")) < 0)
        return json_incref((json_t *)value);
    bool good = value_expand(&out, text, scope, error) && !out.failed;
    json_t *expanded = good ? json_text(buffer_text(&out)) : NULL;
    buffer_free(&out);
    return expanded;
}

/*
 * A part of a value, NULL when it is unresolved. That is noted, unless it is an input, which may be absent by intent.
 */
static json_t *resolve_part(const json_t *part, const char *name, const struct scope *scope)
{
    struct error reason = {0};
    json_t *resolved = value_resolve(part, scope, &reason);
    if (resolved == NULL && scope->notes != NULL &&
        !text_starts_with(text_of(json_string_value(part)), TEXT("$inputs.")))
        buffer_printf(scope->notes, "%s is left out: %s\n", name, reason.message);
    return resolved;
}

json_t *value_resolve(const json_t *value, const struct scope *scope, struct error *error)
{
    const char *key;
    json_t *item, *result;
    size_t index;
    if (json_is_string(value))
        return resolve_text(value, scope, error);
    if (json_is_array(value)) {
        result = json_array();
        json_array_foreach(value, index, item) {
            json_t *resolved = resolve_part(item, "an item", scope);
            if (resolved != NULL)
                json_array_append_new(result, resolved);
        }
        return result;
    }
    if (selector_is(value))
        return selector_value(value, scope, error);
    if (json_is_object(value)) {
        result = json_object();
        json_object_foreach((json_t *)value, key, item) {
            json_t *resolved = resolve_part(item, key, scope);
            if (resolved != NULL)
                json_object_set_new(result, key, resolved);
        }
        return result;
    }
    return json_incref((json_t *)value);
}
