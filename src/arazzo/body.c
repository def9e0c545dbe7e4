/* The payload of a step with its replacements, as the body of a request. */
#include "arazzo/body_form.h"
#include "arazzo/json_pointer.h"
#include "arazzo/jsonpath.h"
#include "arazzo/request_parts.h"
#include "arazzo/value.h"
#include "arazzo/xml.h"

static bool is_json_type(struct text type)
{
    return text_find(type, TEXT("json")) >= 0;
}

static bool is_xml_type(struct text type)
{
    return text_find(type, TEXT("xml")) >= 0;
}

/* ---- replacements ---- */

static bool replace_in_xml(json_t **payload, struct text target, const json_t *value, struct error *error)
{
    struct buffer content = {0}, written = {0};
    if (!json_is_string(*payload))
        return error_set(error, ERROR_INVALID, "XPath wants a payload that is a text of XML, not %s",
                         json_type_name(*payload));
    struct text xml = {json_string_value(*payload), json_string_length(*payload)};
    value_write_text(&content, value);
    bool good = xml_replace(&written, xml, target, buffer_text(&content), error);
    if (good) {
        json_decref(*payload);
        *payload = json_text(buffer_text(&written));
    }
    buffer_free(&content);
    buffer_free(&written);
    return good;
}

/* Puts the value in the place of one node: found by identity, as paths of nodes are not kept. */
static bool replace_node(json_t **value, const json_t *node, json_t *with)
{
    const char *key;
    json_t *item;
    size_t index;
    if (*value == node) {
        json_incref(with);
        json_decref(*value);
        *value = with;
        return true;
    }
    json_array_foreach(*value, index, item) {
        json_t *own = json_incref(item);
        bool done = replace_node(&own, node, with);
        if (done)
            json_array_set(*value, index, own);
        json_decref(own);
        if (done)
            return true;
    }
    json_object_foreach(*value, key, item) {
        json_t *own = json_incref(item);
        bool done = replace_node(&own, node, with);
        if (done)
            json_object_set(*value, key, own);
        json_decref(own);
        if (done)
            return true;
    }
    return false;
}

/* true, false and null are one value each, however often they stand in a payload: those cannot be told apart. */
static bool replace_by_path(json_t **payload, struct text target, json_t *value, struct error *error)
{
    struct jsonpath_nodes nodes = {0};
    struct jsonpath *path = jsonpath_parse(target, error);
    bool good = path != NULL && jsonpath_select(path, *payload, &nodes, error);
    if (good && nodes.count == 0)
        good = error_set(error, ERROR_INVALID, "\"%.*s\" finds nothing", TEXT_ARGS(target));
    for (size_t i = 0; good && i < nodes.count; i++) {
        if (json_is_boolean(nodes.items[i]) || json_is_null(nodes.items[i]))
            good = error_set(error, ERROR_INVALID, "\"%.*s\" finds a value that only a JSON Pointer can name",
                             TEXT_ARGS(target));
        else
            replace_node(payload, nodes.items[i], value);
    }
    jsonpath_nodes_free(&nodes);
    jsonpath_free(path);
    return good;
}

static bool replace(struct request_parts *parts, json_t **payload, const struct replacement *replacement,
                    bool of_xml, struct error *error)
{
    struct buffer target = {0};
    enum selector_type type = replacement->has_type || !of_xml ? replacement->type : SELECTOR_XPATH;
    json_t *value = value_resolve(replacement->value, parts->scope, error);
    bool good = value != NULL && value_expand(&target, text_of(replacement->target), parts->scope, error);
    if (good && type == SELECTOR_XPATH)
        good = replace_in_xml(payload, buffer_text(&target), value, error);
    else if (good && type == SELECTOR_JSONPATH)
        good = replace_by_path(payload, buffer_text(&target), value, error);
    else if (good)
        good = json_pointer_set(payload, buffer_text(&target), value, error);
    json_decref(value);
    buffer_free(&target);
    return good;
}

/* ---- the payload ---- */

/* A template that is JSON counts as the value that it is. */
static json_t *as_value(json_t *payload, struct text type)
{
    if (!json_is_string(payload) || !is_json_type(type))
        return payload;
    json_t *value = json_loadb(json_string_value(payload), json_string_length(payload), JSON_DECODE_ANY, NULL);
    if (!json_is_object(value) && !json_is_array(value)) {
        json_decref(value);
        return payload;
    }
    json_decref(payload);
    return value;
}

/* The payload with its expressions and replacements, a new reference; NULL with an error. */
static json_t *resolved_payload(struct request_parts *parts, struct text type)
{
    const struct request_body *body = &parts->step->body;
    struct error reason = {0};
    const json_t *written = parts->body_parameter ? parts->body_parameter : body->payload;
    json_t *payload = written ? value_resolve(written, parts->scope, &reason) : json_object();
    if (payload == NULL) {
        error_set(parts->error, ERROR_INVALID, "the body has no value: %s", reason.message);
        return NULL;
    }
    if (body->replacement_count == 0)
        return payload;
    json_t *whole = as_value(json_deep_copy(payload), type);
    json_decref(payload);
    for (size_t i = 0; i < body->replacement_count; i++) {
        if (replace(parts, &whole, &body->replacements[i], is_xml_type(type), &reason))
            continue;
        error_set(parts->error, ERROR_INVALID, "replacement %s: %s", body->replacements[i].target, reason.message);
        json_decref(whole);
        return NULL;
    }
    return whole;
}

static bool write_payload(struct request_parts *parts, struct text *type, const json_t *payload)
{
    struct buffer *out = &parts->exchange->body;
    bool is_form = text_starts_with(*type, TEXT("application/x-www-form-urlencoded"));
    bool is_multipart = text_starts_with(*type, TEXT("multipart/"));
    if ((is_form || is_multipart) && json_is_object(payload))
        return is_form ? body_write_form(parts, *type, payload) : body_write_multipart(parts, type, payload);
    if ((is_form || is_multipart || is_xml_type(*type)) && !json_is_string(payload))
        return error_set(parts->error, ERROR_INVALID, "a body of %.*s is made from %s, not %s", TEXT_ARGS(*type),
                         is_xml_type(*type) ? "a text" : "an object or a text", json_type_name(payload));
    /* A text is a template that was written out by hand, also of JSON. */
    bool template = json_is_string(payload) &&
                    (!is_json_type(*type) || strpbrk(json_string_value(payload), "{[\"") != NULL);
    if (template)
        value_write_text(out, payload);
    else
        json_write(out, payload);
    return !out->failed || error_set(parts->error, ERROR_TOO_LARGE, "the body is too large");
}

static struct text media_type(const struct request_parts *parts)
{
    struct text said = text_of(parts->step->body.content_type);
    if (said.size == 0)
        said = exchange_header(parts->exchange, TEXT("content-type"));
    if (said.size == 0)
        said = text_of(operation_content_type(parts->operation));
    return said.size > 0 ? said : TEXT("application/json");
}

bool request_add_body(struct request_parts *parts)
{
    const struct request_body *body = &parts->step->body;
    bool has_payload = parts->step->has_body && (body->payload != NULL || body->replacement_count > 0);
    if (!has_payload && parts->body_parameter == NULL)
        return true;
    struct text type = media_type(parts);
    json_t *payload = resolved_payload(parts, type);
    if (payload == NULL)
        return false;
    parts->exchange->has_body = true;
    bool good = write_payload(parts, &type, payload) && request_add_header(parts, TEXT("Content-Type"), type);
    parts->exchange->body_json = as_value(payload, type);
    return good;
}
