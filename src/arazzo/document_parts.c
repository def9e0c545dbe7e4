#include "arazzo/document_parts.h"

#include "arazzo/criterion.h"
#include "arazzo/expression.h"
#include "arazzo/json_pointer.h"
#include "arazzo/selector.h"
#include "arazzo/value.h"

const char *const parameter_in_names[] = {"path", "query", "header", "cookie", "querystring", "body", NULL};
const char *const action_type_names[] = {"end", "goto", "retry", NULL};
const char *const criterion_type_names[] = {"simple", "regex", "jsonpath", "xpath", NULL};

void check_expressions(const struct object_reader *reader, const char *member, const json_t *value)
{
    const char *key;
    json_t *item;
    size_t index;
    struct expression expression;
    struct error error = {0};
    if (json_is_string(value)) {
        struct text text = {json_string_value(value), json_string_length(value)};
        bool looks_so = text.size > 1 && text.data[0] == '$' &&
                        ((text.data[1] >= 'a' && text.data[1] <= 'z') || (text.data[1] >= 'A' && text.data[1] <= 'Z'));
        if (looks_so && !expression_parse(text, &expression, &error))
            object_warning(reader, member, "\"%s\" looks like an expression but is none (%s): it is sent as it is",
                           text.data, error.message);
    }
    if (selector_is(value) && !selector_check(value, &error))
        object_error(reader, member, "%s", error.message);
    json_array_foreach(value, index, item)
        check_expressions(reader, member, item);
    json_object_foreach((json_t *)value, key, item)
        check_expressions(reader, member, item);
}

void want_map_key(const struct object_reader *reader, const char *name)
{
    static const char bytes[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-";
    if (name[0] == '\0' || name[strspn(name, bytes)] != '\0')
        problem_add_by(&reader->document->problems, true,
                       yaml_tree_line_of_member(&reader->document->yaml, reader->object, name), reader->place,
                       rule_at(reader->place, NULL), NULL,
                       "\"%s\" must be made of letters, digits, \".\", \"_\" and \"-\"", name);
}

/* ---- components ---- */

/*
 * A "reference" object gives way to the component that it names, of the kind that is asked for. NULL with an error
 * when there is none. *override becomes the "value" beside the reference.
 */
static const json_t *follow_reference(struct document *document, const json_t *item, const struct place *place,
                                      const char *kind, const json_t **override)
{
    static const char *const members[] = {"reference", "value", NULL};
    if (!json_is_object(item) || json_object_get(item, "reference") == NULL)
        return item;
    struct object_reader reader = object_begin(document, item, place, members);
    const char *reference = object_text(&reader, "reference", true);
    if (reference == NULL)
        return NULL;
    struct buffer prefix = {0};
    buffer_printf(&prefix, "$components.%s.", kind);
    bool fits = text_starts_with(text_of(reference), buffer_text(&prefix));
    const json_t *group = document->components ? json_object_get(document->components, kind) : NULL;
    const json_t *component = fits && group ? json_object_get(group, reference + prefix.size) : NULL;
    if (component == NULL)
        object_error(&reader, "reference",
                     fits ? "there is no component %s" : "\"%s\" is no reference to components.%s",
                     reference, kind);
    buffer_free(&prefix);
    if (override != NULL)
        *override = json_object_get(item, "value");
    return component;
}

/* ---- parameters ---- */

bool read_parameter(struct document *document, const json_t *item, const struct place *place,
                    bool calls_workflow, struct parameter *parameter)
{
    static const char *const members[] = {"name", "in", "value", NULL};
    const json_t *override = NULL;
    item = follow_reference(document, item, place, "parameters", &override);
    if (item == NULL)
        return false;
    struct object_reader reader = object_begin(document, item, place, members);
    parameter->name = object_text(&reader, "name", true);
    int in = object_choice(&reader, "in", !calls_workflow, parameter_in_names);
    parameter->in = in >= 0 ? (enum parameter_in)in : IN_UNSAID;
    parameter->value = override != NULL ? override : reader.object ? json_object_get(reader.object, "value") : NULL;
    if (reader.object != NULL && parameter->value == NULL)
        object_error(&reader, NULL, "\"value\" is missing");
    check_expressions(&reader, "value", parameter->value);
    return parameter->name != NULL && parameter->value != NULL && (in >= 0 || calls_workflow);
}

struct parameters read_parameters(const struct object_reader *reader, bool calls_workflow)
{
    const json_t *list = object_list(reader, "parameters", false);
    struct parameters parameters = {0};
    struct place place = {reader->place, "parameters", 0};
    json_t *item;
    size_t index;
    if (list != NULL)
        parameters.items = ARENA_ARRAY(&reader->document->arena, struct parameter, json_array_size(list));
    json_array_foreach(list, index, item) {
        struct place item_place = {&place, NULL, index};
        struct parameter parameter = {0};
        if (!read_parameter(reader->document, item, &item_place, calls_workflow, &parameter))
            continue;
        for (size_t i = 0; i < parameters.count; i++) {
            if (parameters.items[i].in == parameter.in && strcmp(parameters.items[i].name, parameter.name) == 0)
                object_error(reader, "parameters", "the parameter \"%s\" is there twice", parameter.name);
        }
        parameters.items[parameters.count++] = parameter;
    }
    return parameters;
}

/* ---- criteria ---- */

/* Later versions have all of the first. */
static void check_xpath_version(const struct object_reader *reader, const char *version)
{
    static const char *const known[] = {"xpath-10", "xpath-20", "xpath-30", "xpath-31"};
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        if (strcmp(version, known[i]) == 0) {
            if (i > 0)
                object_warning(reader, "version", "what is in %s beyond XPath 1.0 is not known here", version);
            return;
        }
    }
    object_error(reader, "version", "\"%s\" is no version of XPath that is known", version);
}

/* "type" is a name, or an object with the name and a version. */
static int read_criterion_type(const struct object_reader *reader)
{
    static const char *const members[] = {"type", "version", NULL};
    const json_t *type = reader->object ? json_object_get(reader->object, "type") : NULL;
    if (type == NULL)
        return CRITERION_SIMPLE;
    if (!json_is_object(type))
        return object_choice(reader, "type", false, criterion_type_names);
    struct place place = {reader->place, "type", 0};
    struct object_reader inner = object_begin(reader->document, type, &place, members);
    const char *version = object_text(&inner, "version", true);
    int chosen = object_choice(&inner, "type", true, criterion_type_names);
    if (chosen == CRITERION_JSONPATH && version != NULL && strcmp(version, "rfc9535") != 0 &&
        strcmp(version, "draft-goessner-dispatch-jsonpath-00") != 0)
        object_error(&inner, "version", "\"%s\" is no version of JSONPath that is known", version);
    if (chosen == CRITERION_XPATH && version != NULL)
        check_xpath_version(&inner, version);
    return chosen;
}

static bool read_criterion(struct document *document, const json_t *item, const struct place *place,
                           struct criterion *criterion)
{
    static const char *const members[] = {"context", "condition", "type", NULL};
    struct object_reader reader = object_begin(document, item, place, members);
    struct error error = {0};
    struct expression expression;
    bool tolerated;
    int type = read_criterion_type(&reader);
    criterion->condition = object_text(&reader, "condition", true);
    criterion->context = object_text(&reader, "context", false);
    if (type < 0 || criterion->condition == NULL)
        return false;
    criterion->type = (enum criterion_type)type;
    if (type != CRITERION_SIMPLE && criterion->context == NULL)
        object_error(&reader, NULL, "\"context\" is missing, which a %s condition looks at",
                     criterion_type_names[type]);
    if (criterion->context != NULL && !expression_parse(text_of(criterion->context), &expression, &error))
        object_error(&reader, "context", "%s", error.message);
    if (!criterion_check(criterion, &tolerated, &error))
        object_error(&reader, "condition", "%s", error.message);
    else if (tolerated)
        object_warning(&reader, "condition", "this is no JSONPath (RFC 9535); it is taken as a comparison");
    return true;
}

struct criteria read_criteria(const struct object_reader *reader, const char *member)
{
    const json_t *list = object_list(reader, member, false);
    struct criteria criteria = {0};
    struct place place = {reader->place, member, 0};
    json_t *item;
    size_t index;
    if (list != NULL && json_array_size(list) == 0)
        object_error(reader, member, "there is no criterion in the list");
    if (list != NULL)
        criteria.items = ARENA_ARRAY(&reader->document->arena, struct criterion, json_array_size(list));
    json_array_foreach(list, index, item) {
        struct place item_place = {&place, NULL, index};
        if (read_criterion(reader->document, item, &item_place, &criteria.items[criteria.count]))
            criteria.count++;
    }
    return criteria;
}

/* ---- actions ---- */

static void check_target(const struct object_reader *reader, const struct action *action)
{
    bool has_target = action->step_id != NULL || action->workflow_id != NULL;
    if (action->step_id != NULL && action->workflow_id != NULL)
        object_error(reader, NULL, "stepId and workflowId exclude each other");
    if (action->type == ACTION_GOTO && !has_target)
        object_error(reader, NULL, "goto needs a stepId or a workflowId");
    if (action->type == ACTION_END && has_target)
        object_warning(reader, NULL, "an end goes nowhere: stepId and workflowId are ignored");
}

/* What goes to a workflow may say its inputs (1.1.0). */
static struct parameters read_action_parameters(const struct object_reader *reader, const struct action *action)
{
    if (action->workflow_id == NULL && reader->object != NULL && json_object_get(reader->object, "parameters") != NULL)
        object_error(reader, "parameters", "only an action with a workflowId has parameters");
    return read_parameters(reader, true);
}

bool read_action(struct document *document, const json_t *item, const struct place *place, bool of_failure,
                 struct action *action)
{
    static const char *const members[] = {"name", "type", "workflowId", "stepId", "criteria", "parameters",
                                          NULL};
    static const char *const failure_members[] = {"name",       "type",       "workflowId", "stepId", "criteria",
                                                  "retryAfter", "retryLimit", "parameters", NULL};
    static const char *const success_types[] = {"end", "goto", NULL};
    item = follow_reference(document, item, place, of_failure ? "failureActions" : "successActions", NULL);
    if (item == NULL)
        return false;
    struct object_reader reader = object_begin(document, item, place, of_failure ? failure_members : members);
    int type = object_choice(&reader, "type", true, of_failure ? action_type_names : success_types);
    action->name = object_text(&reader, "name", true);
    action->workflow_id = object_text(&reader, "workflowId", false);
    action->step_id = object_text(&reader, "stepId", false);
    action->parameters = read_action_parameters(&reader, action);
    action->criteria = read_criteria(&reader, "criteria");
    action->retry_after_s = object_number(&reader, "retryAfter", -1);
    action->retry_limit = (int64_t)object_number(&reader, "retryLimit", 1);
    if (type < 0 || action->name == NULL)
        return false;
    action->type = (enum action_type)type;
    check_target(&reader, action);
    return true;
}

struct actions read_actions(const struct object_reader *reader, const char *member, bool of_failure)
{
    const json_t *list = object_list(reader, member, false);
    struct actions actions = {0};
    struct place place = {reader->place, member, 0};
    json_t *item;
    size_t index;
    if (list != NULL)
        actions.items = ARENA_ARRAY(&reader->document->arena, struct action, json_array_size(list));
    json_array_foreach(list, index, item) {
        struct place item_place = {&place, NULL, index};
        if (read_action(reader->document, item, &item_place, of_failure, &actions.items[actions.count]))
            actions.count++;
    }
    return actions;
}

/* ---- bodies and outputs ---- */

/* A JSON Pointer, or XPath in a body of XML; 1.1.0 lets the type be said. */
static bool read_target(const struct object_reader *reader, struct replacement *replacement, bool of_xml)
{
    struct error error = {0};
    const json_t *type = reader->object ? json_object_get(reader->object, "targetSelectorType") : NULL;
    replacement->target = object_text(reader, "target", false);
    if (replacement->target == NULL) {
        if (reader->object != NULL && json_object_get(reader->object, "target") == NULL)
            object_error(reader, NULL, "\"target\" is missing");
        return false;
    }
    replacement->has_type = type != NULL || of_xml;
    replacement->type = of_xml ? SELECTOR_XPATH : SELECTOR_POINTER;
    if (type != NULL && !selector_type(type, &replacement->type, &error)) {
        object_error(reader, "targetSelectorType", "%s", error.message);
        return false;
    }
    bool good = selector_check_text(replacement->type, text_of(replacement->target), &error) ||
                (!replacement->has_type && selector_check_text(SELECTOR_XPATH, text_of(replacement->target), NULL));
    if (!good)
        object_error(reader, "target", "%s", error.message);
    return good;
}

static void read_replacements(const struct object_reader *reader, struct request_body *body)
{
    static const char *const members[] = {"target", "value", "targetSelectorType", NULL};
    const json_t *list = object_list(reader, "replacements", false);
    struct place place = {reader->place, "replacements", 0};
    bool of_xml = body->content_type != NULL && strstr(body->content_type, "xml") != NULL;
    json_t *item;
    size_t index;
    if (list != NULL)
        body->replacements = ARENA_ARRAY(&reader->document->arena, struct replacement, json_array_size(list));
    json_array_foreach(list, index, item) {
        struct place item_place = {&place, NULL, index};
        struct object_reader inner = object_begin(reader->document, item, &item_place, members);
        struct replacement replacement = {0};
        replacement.value = inner.object ? json_object_get(inner.object, "value") : NULL;
        if (replacement.value == NULL && inner.object != NULL)
            object_error(&inner, NULL, "\"value\" is missing");
        check_expressions(&inner, "value", replacement.value);
        if (read_target(&inner, &replacement, of_xml) && replacement.value != NULL)
            body->replacements[body->replacement_count++] = replacement;
    }
}

bool read_request_body(const struct object_reader *reader, struct request_body *body)
{
    static const char *const members[] = {"contentType", "payload", "replacements", NULL};
    const json_t *value = object_object(reader, "requestBody");
    if (value == NULL)
        return false;
    struct place place = {reader->place, "requestBody", 0};
    struct object_reader inner = object_begin(reader->document, value, &place, members);
    body->content_type = object_text(&inner, "contentType", false);
    body->payload = json_object_get(value, "payload");
    check_expressions(&inner, "payload", body->payload);
    read_replacements(&inner, body);
    return true;
}

const json_t *read_outputs(const struct object_reader *reader)
{
    const json_t *outputs = object_object(reader, "outputs");
    const char *name;
    json_t *value;
    struct expression expression;
    struct error error = {0};
    json_object_foreach((json_t *)outputs, name, value) {
        if (selector_is(value)) {
            if (!selector_check(value, &error))
                object_error(reader, "outputs", "%s: %s", name, error.message);
        } else if (!json_is_string(value)) {
            object_error(reader, "outputs", "%s: an expression belongs here, not %s", name, json_type_name(value));
        } else if (!expression_parse(text_of(json_string_value(value)), &expression, &error)) {
            object_error(reader, "outputs", "%s: \"%s\": %s", name, json_string_value(value), error.message);
        }
    }
    return outputs;
}
